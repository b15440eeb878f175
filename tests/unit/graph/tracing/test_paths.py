"""Ways of money against all ways there are, and the graphs that are hard: hubs, complete ones, millions of ways."""

import random
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from graph.errors import TraceRefused
from graph.tracing import linear, paths
from graph.tracing.attribution import Attribution, Question, RemainderKind
from graph.tracing.components import closed_cycles
from graph.tracing.network import Network, build
from graph.tracing.terms import Kind, Transfer
from graph.tracing.trace import trace
from tests.transfers import FEW, adds_up, asked, lines, networks

PRO_RATA, FIFO, EARMARKED = Attribution.PRO_RATA, Attribution.FIFO, Attribution.EARMARKED


def moves(*of: tuple[int, int, int]) -> list[Transfer]:
    """Flows between numbered nodes; own money and end uses where both ends are one, above and below zero."""
    found: list[Transfer] = []
    for n, (provider, receiver, amount) in enumerate(of):
        kind = Kind.TRANSFER if provider != receiver else (Kind.OWN if amount > 0 else Kind.END_USE)
        ends = f"n{provider:05}", f"n{receiver:05}"
        found.append(
            Transfer(id=f"t{n:06}", provider=ends[0], receiver=ends[1], amount=abs(amount), kind=kind, linked=True)
        )
    return found


FIRST = frozenset(["n00000"])


def every_way(
    network: Network, at: int, amount: Fraction, been: tuple[int, ...], found: dict[tuple[int, ...], Fraction]
) -> None:
    been = (*been, at)
    rest = amount * (network.end_use[at] + network.held[at]) / network.through[at]
    if rest:
        found[been] = rest
    for e in range(network.first[at], network.first[at + 1]):
        if network.receiver[e] not in been:
            every_way(network, network.receiver[e], amount * network.amount[e] / network.through[at], been, found)


@FEW
@given(networks(), st.sampled_from("ABCDEF"), st.sampled_from([1, 2, 5, 1000]))
def test_the_largest_ways_of_all(transfers: list[Transfer], source: str, limit: int) -> None:
    network = build(transfers)
    at = network.number.get(source, -1)
    assume(not closed_cycles(network) and at >= 0 and network.own[at] + network.unknown[at])
    found: dict[tuple[int, ...], Fraction] = {}
    every_way(network, at, Fraction(network.own[at] + network.unknown[at]), (), found)
    result = trace(transfers, asked(source, limit_paths=limit), PRO_RATA)
    adds_up(result)
    named = {tuple(network.ids[node] for node in way): amount for way, amount in found.items() if amount >= 1}
    assert all(abs(path.amount - named.get(path.nodes, 0)) <= 1 for path in result.paths)
    largest = sorted(named.values(), reverse=True)[:limit]
    assert len(result.paths) >= len(largest)
    assert all(abs(path.amount - amount) <= 1 for path, amount in zip(result.paths, largest, strict=False))
    if "paths" not in result.truncated and all(amount >= 1 for amount in found.values()):
        cycles = sum(line.amount for line in result.remainder if line.kind is RemainderKind.THROUGH_CYCLES)
        assert abs(cycles - (result.amount - sum(found.values()))) <= len(found) + 1


@pytest.mark.parametrize(
    "rule", [PRO_RATA, *(pytest.param(rule, marks=pytest.mark.soak) for rule in (FIFO, EARMARKED))]
)
def test_a_hub_of_30_000_edges(rule: Attribution) -> None:
    spokes = range(1, 30_001)
    hub = moves((0, 0, 10**9), *((0, n, 1_000 + n) for n in spokes), *((n, n, -500) for n in spokes))
    result = trace(hub, Question(sources=FIRST), rule)
    adds_up(result)
    assert (len(result.nodes), len(result.edges), len(result.paths)) == (500, 2_000, 20)
    assert result.truncated == ("nodes", "edges", "paths")
    assert result.paths[0].nodes == ("n00000",) and result.paths[1].nodes == ("n00000", "n30000")
    (below,) = result.remainder
    assert below.kind is RemainderKind.BELOW_CUT
    spent = [line for line in result.lines if line.kind.value == "spent"]
    assert len(spent) == 30_000 and {line.amount for line in spent} == {500}


def test_a_complete_graph_of_30_nodes() -> None:
    nodes = range(30)
    complete = moves(
        (0, 0, 10**8), *((a, b, 10**6 * (a * b % 17 + 1)) for a in nodes for b in nodes if a != b), (7, 7, -(10**8))
    )
    for rule in Attribution:
        result = trace(complete, Question(sources=FIRST), rule)
        adds_up(result)
    result = trace(complete, Question(sources=FIRST), PRO_RATA)
    assert len(result.paths) == 20 and result.truncated == ("paths",)
    assert {line.kind for line in result.remainder} == set(RemainderKind)


def test_millions_of_ways() -> None:
    width, layers = 4, 12
    edges = [(0, 1 + n, 10**9) for n in range(width)]
    for layer in range(layers):
        at = 1 + layer * width
        edges += [(at + a, at + width + b, 10**9 // width) for a in range(width) for b in range(width)]
    result = trace(moves((0, 0, width * 10**9), *edges), Question(sources=FIRST), PRO_RATA)
    adds_up(result)
    assert set(lines(result).values()) == {10**9} and len(result.lines) == width
    assert len(result.paths) == 20 and {path.share for path in result.paths} == {float(width) ** -(layers + 1)}
    assert result.truncated == ("paths",)
    (below,) = result.remainder
    assert below.amount == result.amount - sum(path.amount for path in result.paths) > 0


def test_work_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "WORK", 10)
    chain = moves((0, 0, 10**6), *((n, n + 1, 10**6) for n in range(50)))
    result = trace(chain, Question(sources=FIRST), PRO_RATA)
    adds_up(result)
    assert result.paths == () and result.truncated == ("paths",)
    assert [(line.kind, line.amount) for line in result.remainder] == [(RemainderKind.BELOW_CUT, 10**6)]


def test_a_cycle_that_leaks_one_unit_of_9_000_000_000_000_000() -> None:
    big = 9 * 10**15
    cycle = moves((0, 1, big), (1, 2, big), (2, 0, big - 1), (2, 2, -1), (0, 0, 1))
    result = trace(cycle, Question(sources=FIRST), PRO_RATA)
    adds_up(result)
    assert lines(result) == {("spent", "n00002"): 1}
    # a unit goes round nine thousand million million times, and what is left out of 2^-48 units with it
    assert all(abs(n.throughput - big) < 100 for n in result.nodes) and len(result.nodes) == 3


def circulation(nodes: int, rounds: int) -> list[Transfer]:
    """Nearly closed: a million comes in at one node and leaves at another, of a billion times as much that turns."""
    chance, edges = random.Random(3), [(0, 0, 10**6), (7, 7, -(10**6))]
    for n in range(rounds):
        order = list(range(nodes))
        chance.shuffle(order)
        edges += [(a, b, 10**9 + n) for a, b in zip(order, [*order[1:], order[0]], strict=True)]
    return moves(*edges)


def ring(nodes: int) -> list[Transfer]:
    """A cycle through all nodes with few edges across."""
    edges = [(n, (n + 1) % nodes, 10**12) for n in range(nodes)]
    edges += [(n, (n * 7 + 3) % nodes, 10**6) for n in range(0, nodes, 9) if (n * 7 + 3) % nodes != n]
    return moves((0, 0, 10**9), *edges, (nodes // 2, nodes // 2, -1000))


@pytest.mark.parametrize("network", [circulation(1_500, 4), ring(1_200)], ids=["iterated", "eliminated"])
def test_large_components_are_solved_far_below_a_unit(network: list[Transfer]) -> None:
    assert len({t.provider for t in network}) > linear.DENSE
    result = trace(network, Question(sources=FIRST), PRO_RATA)
    adds_up(result)
    assert result.check.missed < 1e-6 and result.amount >= 10**6


def test_what_no_way_of_solving_gets_near_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear, "_STEPS", 1)
    monkeypatch.setattr(linear, "_WORK", 10)
    with pytest.raises(TraceRefused, match=r"through the cycles of n00000, n00001, .* and 1190 more") as refusal:
        trace(ring(1_200), Question(sources=FIRST), PRO_RATA)
    assert len(refusal.value.members) == 1_200
