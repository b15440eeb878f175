"""EARMARKED: what is linked is followed where there is no other money; all else is pooled."""

from hypothesis import assume, given
from hypothesis import strategies as st

from graph.tracing.attribution import Attribution, LineKind, Money, Question
from graph.tracing.components import closed_cycles
from graph.tracing.network import build
from graph.tracing.terms import Transfer
from graph.tracing.trace import trace
from tests.transfers import FEW, adds_up, asked, flows, lines, networks, shuffled

RULE = Attribution.EARMARKED


def traced(text: str, sources: str = "", targets: str = "", **more: object) -> dict[tuple[str, ...], int]:
    result = trace(flows(text), asked(sources, targets, **more), RULE)
    adds_up(result)
    return lines(result)


CHAIN = "A own 100, A>B 100 linked, B>C 60 linked, B spends 30 x, C spends 60 y"


def test_links_are_followed_to_end_uses_and_what_is_held_is_held() -> None:
    found = {("spent", "C", "y"): 60, ("spent", "B", "x"): 30, ("held", "B"): 10}
    assert traced(CHAIN, "A") == found
    assert traced(CHAIN, targets="C") == {("origin", "A"): 60}
    assert traced(CHAIN, "A", "C") == {("arrived", "C"): 60, ("spent", "B", "x"): 30, ("held", "B"): 10}


def test_a_second_provider_pools() -> None:
    assert traced(f"{CHAIN}, D own 20, D>B 20 linked", "A") == {("held", "B"): 25, ("pooled", "B"): 75}
    for second in ("B own 5", "B spends 20"):  # its own, or money that it is not known to have got
        assert ("pooled", "B") in traced(f"{CHAIN}, {second}", "A")
    back = f"{CHAIN}, D own 20, D>B 20 linked"
    assert traced(back, targets="C") == {("pooled", "B"): 60}


def test_without_links_money_goes_one_step_and_no_further() -> None:
    unlinked_in = "A own 100, A>B 100, B>C 60 linked, C spends 60"
    assert traced(unlinked_in, "A") == {("held", "B"): 40, ("pooled", "B"): 60}
    assert traced(unlinked_in, targets="C") == {("pooled", "B"): 60}
    unlinked_out = "A own 100, A>B 100 linked, B>C 60, C spends 60"
    assert traced(unlinked_out, "A") == {("held", "B"): 40, ("pooled", "B"): 60}
    assert traced(unlinked_out, targets="C") == {("pooled", "B"): 60}
    assert traced(unlinked_out, "B", money=Money.ALL) == {("held", "B"): 40, ("pooled", "C"): 60}
    assert traced("A own 9, A>B 9", targets="B") == {("origin", "A"): 9}


def test_of_an_edge_the_linked_part_is_followed() -> None:
    partly = "A own 100, A>B 50 linked, A>B 50, B>C 80 linked, B spends 20, C spends 80"
    # half of what B has came by links; of what it gives, that half
    assert traced(partly, "A") == {("spent", "C"): 40, ("spent", "B"): 10, ("pooled", "B"): 50}
    assert traced(partly, targets="C") == {("origin", "A"): 40, ("pooled", "B"): 40}


def test_a_source_may_have_money_of_its_own_that_pro_rata_counts_to_another() -> None:
    text, asking = "B>C 1 linked, C>A 1 linked, A>C 1 linked", {"money": Money.ALL, "max_depth": 1}
    of = {rule: {n.id for n in trace(flows(text), asked("AB", "", **asking), rule).nodes} for rule in Attribution}
    assert of[RULE] - of[Attribution.PRO_RATA] == {"A"}


@FEW
@given(networks(), st.sets(st.sampled_from("ABCDEF"), min_size=1), st.sets(st.sampled_from("ABCDEF")), st.data())
def test_parts_add_up_and_pro_rata_reaches_as_far(
    transfers: list[Transfer], sources: set[str], targets: set[str], data: st.DataObject
) -> None:
    assume(not closed_cycles(build(transfers)))
    onward = Question(
        sources=frozenset(sources),
        targets=frozenset(targets - sources),
        money=data.draw(st.sampled_from([Money.OWN, Money.ALL])),
        max_depth=data.draw(st.sampled_from([None, None, 1])),
    )
    for question in (onward, Question(targets=frozenset(sources))):
        result = trace(transfers, question, RULE)
        adds_up(result)
        assert trace(shuffled(transfers, 3), question, RULE) == result
        wider = trace(transfers, question, Attribution.PRO_RATA)
        # by ALL a source is asked about, whether or not money comes back to it: it is not reached
        asked_about = question.sources if question.money is Money.ALL else frozenset[str]()
        assert {n.id for n in result.nodes} <= {n.id for n in wider.nodes} | asked_about
        if question.money is Money.OWN:
            assert result.amount == wider.amount
        kinds = {LineKind.SPENT, LineKind.ARRIVED, LineKind.ORIGIN, LineKind.UNKNOWN_ORIGIN}
        reached = {(line.kind, line.node, line.other): line.amount for line in wider.lines}
        for line in result.lines:
            if line.kind in kinds:  # and no less; small amounts may be rounded away
                more = reached.get((line.kind, line.node, line.other), 0)
                assert more >= line.amount - 1 or question.money is not Money.OWN
