"""What decisions on pairs come to: the same in any order, and without one what it was before it."""

from hypothesis import given
from hypothesis import strategies as st

from graph.canonical import Decision, settle


def same(a: str, b: str, day: str = "2024-01-01", kept: str = "") -> Decision:
    return Decision(a=a, b=b, same=True, day=day, by="x", kept=kept)


def different(a: str, b: str, day: str = "2024-01-01") -> Decision:
    return Decision(a=a, b=b, same=False, day=day, by="x")


def test_a_chain_is_one_and_falls_apart_where_it_is_cut() -> None:
    links = [same("org:c", "org:bb"), same("org:a1", "org:bb"), same("org:dd1", "org:c")]
    whole = settle(links)
    assert whole.canonical == dict.fromkeys(("org:c", "org:bb", "org:a1", "org:dd1"), "org:c")
    assert whole.merged() == {"org:c": ["org:a1", "org:bb", "org:dd1"]}
    assert whole.of("org:other") == "org:other"
    cut = settle([*links, different("org:c", "org:bb", "2024-02-01")])
    assert cut.merged() == {"org:a1": ["org:bb"], "org:c": ["org:dd1"]}
    assert settle(links[1:]).merged() == {"org:a1": ["org:bb"], "org:c": ["org:dd1"]}
    assert settle([]).canonical == {}


def test_the_latest_decision_on_a_pair_counts_and_of_one_day_that_they_differ() -> None:
    assert settle([same("a", "b"), different("b", "a")]).canonical == {}
    assert settle([same("a", "b", "2024-01-02"), different("b", "a")]).merged() == {"a": ["b"]}
    assert settle([different("a", "b", "2024-01-02"), same("a", "b")]).different == {("a", "b")}


def test_the_id_that_stands_for_both_can_be_named() -> None:
    assert settle([same("a", "bb", kept="bb")]).merged() == {"bb": ["a"]}
    assert settle([same("a", "bb", kept="bb"), same("bb", "c", "2024-02-01", kept="c")]).merged() == {"c": ["a", "bb"]}
    assert settle([same("a", "bb", kept="elsewhere")]).merged() == {"a": ["bb"]}
    assert settle([same("ftm:a", "org:longer")]).merged() == {"org:longer": ["ftm:a"]}


def test_what_would_join_different_ones_is_left_with_the_reason() -> None:
    chain = [same("a", "b"), same("b", "c", "2024-01-02"), different("a", "c", "2024-01-03")]
    outcome = settle(chain)
    assert outcome.merged() == {"a": ["b"]}
    (left,) = outcome.left
    assert left.decision == chain[1]
    assert left.reason == "a and c, which would be one by it, were decided to be different"
    place = Decision(a="a", b="b", same=True, day="2024-01-01", kinds=("Place", "Official"))
    assert (settle([place]).canonical, settle([place]).left[0].reason) == (
        {},
        "they are of two kinds, Place and Official",
    )


IDS = st.sampled_from(["a", "bb", "c", "dd", "e", "ftm:f"])
DECISIONS = st.builds(
    Decision,
    a=IDS,
    b=IDS,
    same=st.booleans(),
    day=st.sampled_from(["2024-01-01", "2024-01-02", "2024-01-03"]),
    by=st.sampled_from(["x", "y"]),
    kept=st.one_of(st.just(""), IDS),
).filter(lambda d: d.a != d.b)


@given(st.lists(DECISIONS, max_size=12), st.randoms())
def test_the_order_does_not_matter_and_groups_hold_together(decisions: list[Decision], random: object) -> None:
    outcome = settle(decisions)
    shuffled = list(decisions)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert settle(shuffled) == outcome
    assert all(outcome.of(outcome.of(id_)) == outcome.of(id_) for id_ in outcome.canonical)
    assert all(outcome.of(a) != outcome.of(b) for a, b in outcome.different)
    followed = {d.pair for d in decisions if d.same and d.pair not in outcome.different}
    followed -= {left.decision.pair for left in outcome.left}
    assert all(outcome.of(a) == outcome.of(b) for a, b in followed)
    joined: dict[str, str] = {}  # nothing else is one: groups are what the followed pairs reach
    for id_ in outcome.canonical:
        reached, waiting = {id_}, [id_]
        while waiting:
            at = waiting.pop()
            new = {y for pair in followed if at in pair for y in pair} - reached
            reached |= new
            waiting += new
        joined[id_] = min(reached)
    assert {frozenset(k for k in joined if joined[k] == v) for v in joined.values()} == {
        frozenset(k for k in outcome.canonical if outcome.canonical[k] == v) for v in outcome.canonical.values()
    }
