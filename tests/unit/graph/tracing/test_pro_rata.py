"""PRO_RATA against the definition in fractions, and what holds whatever the network."""

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from graph.errors import ClosedCycle, TraceRefused
from graph.tracing.attribution import Attribution, LineKind, Money, Question, RemainderKind
from graph.tracing.components import closed_cycles
from graph.tracing.network import Network, build
from graph.tracing.terms import Transfer
from graph.tracing.trace import follow, trace
from tests.transfers import FEW, GOLDEN, adds_up, asked, flows, lines, names_of, networks, shuffled

RULE = Attribution.PRO_RATA
UNIT = 10_000 * 100


def exactly(network: Network, start: dict[int, Fraction]) -> list[Fraction]:
    """t = s + Tᵗt by Gauss's elimination in fractions: the definition, one row a node."""
    size = len(network.ids)
    rows = [[Fraction(int(v == w)) for w in range(size)] + [start.get(v, Fraction(0))] for v in range(size)]
    for provider, receiver, amount in zip(network.provider, network.receiver, network.amount, strict=True):
        rows[receiver][provider] -= Fraction(amount, network.through[provider])
    for k in range(size):
        pivot = next(r for r in range(k, size) if rows[r][k])
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [value / rows[k][k] for value in rows[k]]
        for r in range(size):
            if r != k and rows[r][k]:
                rows[r] = [a - rows[r][k] * b for a, b in zip(rows[r], rows[k], strict=True)]
    return [row[-1] for row in rows]


def open_ones(transfers: list[Transfer]) -> Network:
    network = build(transfers)
    assume(not closed_cycles(network))
    return network


def test_golden_onward() -> None:
    from_a = trace(flows(GOLDEN, scale=UNIT), asked("A"), RULE)
    assert (from_a.amount, from_a.money) == (100 * UNIT, Money.OWN)
    assert lines(from_a) == {
        ("spent", "C"): 54_545455, ("spent", "B"): 12_121212, ("held", "A"): 27_272727, ("held", "B"): 6_060606,
    }  # fmt: skip
    assert {n.id: (n.throughput, n.depth) for n in from_a.nodes} == {
        "A": (118_181818, 0), "B": (90_909091, 1), "C": (54_545455, 2),
    }  # fmt: skip
    from_d = trace(flows(GOLDEN, scale=UNIT), asked("D"), RULE)
    assert lines(from_d) == {
        ("spent", "C"): 35_454545, ("spent", "B"): 7_878788, ("held", "A"): 2_727273, ("held", "B"): 3_939394,
    }  # fmt: skip
    assert {n.id: n.throughput for n in from_d.nodes} == {
        "A": 11_818182,
        "B": 59_090909,
        "C": 35_454545,
        "D": 50 * UNIT,
    }
    assert {n.id: (n.held, n.unknown) for n in from_d.nodes} == {
        "A": (30 * UNIT, 0), "B": (10 * UNIT, 0), "C": (0, 0), "D": (0, 0),
    }  # fmt: skip
    assert {(e.provider, e.receiver, e.amount, e.used) for e in from_a.edges} == {
        ("A", "B", 90_909091, 100 * UNIT), ("B", "C", 54_545455, 90 * UNIT), ("B", "A", 18_181818, 30 * UNIT),
    }  # fmt: skip


def test_golden_back() -> None:
    to_c = trace(flows(GOLDEN, scale=UNIT), asked(targets="C"), RULE)
    assert (to_c.amount, lines(to_c)) == (90 * UNIT, {("origin", "A"): 54_545455, ("origin", "D"): 35_454545})
    to_b = trace(flows(GOLDEN, scale=UNIT), asked(targets="B"), RULE)
    assert (to_b.amount, lines(to_b)) == (150 * UNIT, {("origin", "A"): 90_909091, ("origin", "D"): 59_090909})
    assert [(path.nodes, path.amount) for path in to_b.paths] == [(("A", "B"), 76_923077), (("D", "B"), 50 * UNIT)]
    assert [(line.kind, line.amount) for line in to_b.remainder] == [(RemainderKind.THROUGH_CYCLES, 23_076923)]


def test_golden_between_and_all() -> None:
    both = trace(flows(GOLDEN, scale=UNIT), asked("A", "C"), RULE)
    assert lines(both)["arrived", "C"] == 54_545455 and both.amount == 100 * UNIT
    of_b = trace(flows(GOLDEN, scale=UNIT), asked("B"), RULE)  # nothing of its own: all that came to it, once
    assert (of_b.money, of_b.amount) == (Money.ALL, 126_923077)  # X / N = 150 / (1 + 100/130 · 30/150 + …)
    assert {n.id: n.throughput for n in of_b.nodes}["B"] == 150 * UNIT
    of_a = trace(flows(GOLDEN, scale=UNIT), asked("A", money=Money.ALL), RULE)
    assert of_a.amount == 110 * UNIT  # its 100, and the fifth of D's 50 that came to it by way of B
    # of a set: what enters it or is its own; what goes round within it is not counted again
    assert trace(flows(GOLDEN, scale=UNIT), asked("AB", money=Money.ALL), RULE).amount == 150 * UNIT
    assert trace(flows(GOLDEN, scale=UNIT), asked(targets="BC"), RULE).amount == 150 * UNIT


def test_unknown_origin_is_the_sources_own_and_a_line_backwards() -> None:
    network = "A own 10, A>B 10, B>C 30, C spends 30"
    from_b = trace(flows(network), asked("B"), RULE)
    assert (from_b.amount, lines(from_b)) == (20, {("spent", "C"): 20})
    to_c = trace(flows(network), asked(targets="C"), RULE)
    assert lines(to_c) == {("origin", "A"): 10, ("unknown_origin", "B"): 20}


def test_depth_and_share_cut() -> None:
    chain = "A own 1000, A>B 990, B>C 900, C>D 890, A>E 10, E>F 10, F spends 10, B spends 80, D spends 890"
    near = trace(flows(chain), asked("A", max_depth=1), RULE)
    assert lines(near) == {("spent", "B"): 80, ("held", "B"): 10, ("cut", "B"): 900, ("cut", "E"): 10}
    assert lines(trace(flows(chain), asked("A", max_depth=0), RULE)) == {("cut", "A"): 1000}
    large = trace(flows(chain), asked("A", min_share=0.011), RULE)
    assert ("cut", "E") in lines(large) and ("spent", "F") not in lines(large) and large.amount == 1000
    just = trace(flows(chain), asked("A", min_share=0.01), RULE)
    assert lines(just)["spent", "F"] == 10
    back = trace(flows(chain), asked(targets="D", max_depth=2), RULE)
    assert lines(back) == {("cut", "B"): 890}
    for result in (near, large, just, back):
        adds_up(result)


def test_a_closed_cycle_is_refused_by_its_members_and_named_elsewhere() -> None:
    network = flows("A>B 5, B>A 5, C own 3, C>D 3")
    for question in (asked("A"), asked(targets="B"), asked("CB"), asked("B", "D")):
        with pytest.raises(ClosedCycle, match="cycle of A, B") as refusal:
            trace(network, question, RULE)
        assert refusal.value.members == ("A", "B")
    result = trace(network, asked("C"), RULE)
    assert result.closed == (("A", "B"),) and lines(result) == {("held", "D"): 3}


@pytest.mark.parametrize(
    "question",
    [asked(), asked("A", "A"), asked("A", max_depth=-1), asked("A", min_share=1.5), asked("A", limit_paths=-1)],
)
def test_questions_that_make_no_sense_are_refused(question: Question) -> None:
    with pytest.raises(TraceRefused):
        trace(flows(GOLDEN), question, RULE)


def test_nodes_that_are_nowhere_have_no_money() -> None:
    for rule in Attribution:
        for question in (asked("Z"), asked(targets="Z"), asked("Z", "A")):
            result = trace(flows(GOLDEN), question, rule)
            assert (result.amount, result.lines, result.paths, result.check.agrees) == (0, (), (), True)


def test_limits_are_of_lists_and_not_of_sums() -> None:
    result = trace(flows(GOLDEN, scale=UNIT), asked("A", limit_nodes=1, limit_edges=1, limit_paths=1), RULE)
    assert result.truncated == ("nodes", "edges", "paths")
    assert [n.id for n in result.nodes] == ["A"] and [p.nodes for p in result.paths] == [("A", "B", "C")]
    assert len(result.lines) == 4
    adds_up(result)


@FEW
@given(networks(), st.sampled_from("ABCDEF"))
def test_as_defined_to_the_unit(transfers: list[Transfer], source: str) -> None:
    """Also beyond 2^53: each line is the exact amount, rounded up or down."""
    network = open_ones(transfers)
    number = network.number.get(source, -1)
    own = network.own[number] + network.unknown[number] if number >= 0 else 0
    assume(own)
    came = exactly(network, {number: Fraction(own)})
    result = follow(network, asked(source), RULE)
    expected: dict[tuple[str, str, str], Fraction] = {}
    for node, t in enumerate(came):
        if t:
            for paid, amount in network.end_uses.get(node, {}).items():
                expected["spent", network.ids[node], paid] = t * amount / network.through[node]
            expected["held", network.ids[node], ""] = t * network.held[node] / network.through[node]
    found = {(line.kind.value, line.node, line.other): line.amount for line in result.lines}
    assert result.amount == own == sum(expected.values())
    assert set(found) <= {key for key, amount in expected.items() if amount}
    for key, amount in expected.items():
        assert abs(found.get(key, 0) - amount) < 1
    for row in result.nodes:
        assert abs(row.throughput - came[network.number[row.id]]) <= Fraction(1, 2) + Fraction(1, 1000)


@FEW
@given(networks())
def test_over_all_sources_throughput_is_all_the_money_of_a_node(transfers: list[Transfer]) -> None:
    network = open_ones(transfers)
    sources = [v for v in range(len(network.ids)) if network.own[v] + network.unknown[v]]
    total = dict.fromkeys(network.ids, 0)
    for source in sources:
        for row in follow(network, asked(network.ids[source]), RULE).nodes:
            total[row.id] += row.throughput
    for node, through in enumerate(network.through):
        assert abs(total[network.ids[node]] - through) <= len(sources)


@FEW
@given(networks(), st.sets(st.sampled_from("ABCDEF"), min_size=1), st.sets(st.sampled_from("ABCDEF")), st.data())
def test_parts_add_up_and_order_does_not_matter(
    transfers: list[Transfer], sources: set[str], targets: set[str], data: st.DataObject
) -> None:
    open_ones(transfers)
    question = Question(
        sources=frozenset(sources),
        targets=frozenset(targets - sources),
        money=data.draw(st.sampled_from([None, *Money])),
        max_depth=data.draw(st.sampled_from([None, None, 0, 1, 2])),
        min_share=data.draw(st.sampled_from([0.0, 0.0, 0.1, 0.4])),
        limit_paths=data.draw(st.sampled_from([1, 3, 20])),
    )
    result = trace(transfers, question, RULE)
    adds_up(result)
    assert trace(shuffled(transfers, 1), question, RULE) == result
    back = trace(transfers, Question(targets=frozenset(sources), max_depth=question.max_depth), RULE)
    adds_up(back)
    assert {line.kind for line in back.lines} <= {LineKind.ORIGIN, LineKind.UNKNOWN_ORIGIN, LineKind.CUT}


@FEW
@given(networks(), st.sampled_from("ABCDEF"))
def test_names_do_not_matter_but_for_ties(transfers: list[Transfer], source: str) -> None:
    open_ones(transfers)
    other = dict(zip(names_of(transfers), reversed(names_of(transfers)), strict=True))
    renamed = [
        Transfer(
            id=t.id, provider=other[t.provider], receiver=other[t.receiver], amount=t.amount, kind=t.kind, payee=t.payee
        )
        for t in transfers
    ]  # fmt: skip
    assume(source in other)
    here, there = trace(transfers, asked(source), RULE), trace(renamed, asked(other[source]), RULE)
    assert here.amount == there.amount
    one = {(line.kind, other[line.node], line.other): line.amount for line in here.lines}
    two = {(line.kind, line.node, line.other): line.amount for line in there.lines}
    assert all(abs(one.get(key, 0) - two.get(key, 0)) <= 1 for key in one | two)
    assert {other[n.id]: n.throughput for n in here.nodes}.keys() == {n.id for n in there.nodes}
