"""What attribution found, as an answer: rounded once, listed within limits, added up."""

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import itemgetter

from graph.tracing.attribution import (
    ONE,
    Attribution,
    Check,
    EdgeRow,
    Line,
    LineKind,
    Money,
    NodeRow,
    Path,
    Question,
    Remainder,
    RemainderKind,
    Result,
    apportion,
    rounded,
)
from graph.tracing.network import Network

_KINDS = {kind: n for n, kind in enumerate(LineKind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Amounts in 2^-BITS minor units, by number of node or edge. `held` and `unknown`: where a rule has its own."""

    rule: Attribution
    money: Money | None
    amount: int
    lines: dict[tuple[int, str, LineKind], int]
    through: dict[int, int]
    edges: dict[int, int]
    depth: dict[int, int]
    ways: list[tuple[tuple[int, ...], int]]
    through_cycles: int
    whole: bool
    missed: int
    held: dict[int, int] = field(default_factory=dict[int, int])
    unknown: dict[int, int] = field(default_factory=dict[int, int])


def answer(network: Network, question: Question, found: Found, closed: list[list[int]]) -> Result:
    """The result. Lines and paths are each apportioned to the one amount; nodes and edges are rounded one by one."""
    amount = rounded(found.amount)
    lines = _lines(network, found, amount)
    nodes, cut_nodes = _largest(found.through, question.limit_nodes)
    edges, cut_edges = _largest(found.edges, question.limit_edges)
    paths, remainder = _paths(network, found, amount)
    cuts = {"nodes": cut_nodes, "edges": cut_edges, "paths": not found.whole}
    return Result(
        rule=found.rule,
        money=found.money,
        amount=amount,
        lines=lines,
        nodes=tuple(_node(network, found, node, value) for node, value in nodes),
        edges=_edges(network, edges),
        paths=paths,
        remainder=remainder,
        truncated=tuple(name for name, cut in cuts.items() if cut),
        corrections=network.corrections,
        ignored=network.ignored,
        closed=tuple(tuple(network.ids[node] for node in members) for members in closed),
        check=_check(found, amount, lines, paths, remainder),
    )


def _largest(amounts: dict[int, int], limit: int) -> tuple[list[tuple[int, int]], bool]:
    """The largest, which are sorted by amount and number, and whether some were left out."""
    rows = sorted(amounts.items())
    rows.sort(key=itemgetter(1), reverse=True)  # stays in order of number where amounts tie
    return rows[:limit], len(rows) > limit


def _edges(network: Network, edges: list[tuple[int, int]]) -> tuple[EdgeRow, ...]:
    ids, providers, receivers, used = network.ids, network.provider, network.receiver, network.amount
    return tuple(
        [
            EdgeRow(provider=ids[providers[e]], receiver=ids[receivers[e]], amount=rounded(value), used=used[e])
            for e, value in edges
        ]
    )


def _lines(network: Network, found: Found, amount: int) -> tuple[Line, ...]:
    parts = sorted(found.lines.items())  # ties by node, then who was paid
    whole = apportion(amount, [part for _, part in parts])
    lines = [
        Line(kind=kind, node=network.ids[node], other=other, amount=part)
        for ((node, other, kind), _), part in zip(parts, whole, strict=True)
        if part
    ]
    return tuple(sorted(lines, key=lambda line: (_KINDS[line.kind], -line.amount, line.node, line.other)))


def _paths(network: Network, found: Found, amount: int) -> tuple[tuple[Path, ...], tuple[Remainder, ...]]:
    below = max(0, found.amount - found.through_cycles - sum(part for _, part in found.ways))
    whole = apportion(amount, [*(part for _, part in found.ways), found.through_cycles, below])
    paths = (
        Path(nodes=tuple(network.ids[node] for node in nodes), amount=part, share=exact / found.amount)
        for (nodes, exact), part in zip(found.ways, whole, strict=False)
        if part
    )
    remainder = (
        Remainder(kind=RemainderKind.THROUGH_CYCLES, amount=whole[-2]),
        Remainder(kind=RemainderKind.BELOW_CUT, amount=whole[-1]),
    )
    ranked = sorted(paths, key=lambda path: (-path.amount, path.nodes))
    return tuple(ranked), tuple(line for line in remainder if line.amount)


def _node(network: Network, found: Found, node: int, through: int) -> NodeRow:
    return NodeRow(
        id=network.ids[node],
        inflow=network.inflow[node],
        own=network.own[node],
        outflow=network.outflow[node],
        end_use=network.end_use[node],
        held=found.held.get(node, network.held[node]),
        unknown=found.unknown.get(node, network.unknown[node]),
        throughput=rounded(through),
        depth=found.depth[node],
    )


def _check(
    found: Found, amount: int, lines: tuple[Line, ...], paths: tuple[Path, ...], remainder: tuple[Remainder, ...]
) -> Check:
    """Before rounding as after: apportioning alone would make any parts add up."""
    of_lines = sum(line.amount for line in lines)
    of_paths = sum(path.amount for path in paths) + sum(line.amount for line in remainder)
    apart = abs(found.amount - sum(found.lines.values()))
    missed = max(apart, found.missed)
    return Check(
        amount=amount,
        lines=of_lines,
        paths=of_paths,
        missed=missed / ONE,
        agrees=of_lines == of_paths == amount and missed < ONE >> 4,
    )


def reached(starts: set[int], after: Callable[[int], list[int]]) -> dict[int, int]:
    """Fewest steps from the starts."""
    depth, layer, steps = dict.fromkeys(starts, 0), sorted(starts), 0
    while layer:
        steps += 1
        fresh = {w for v in layer for w in after(v)} - depth.keys()
        depth.update(dict.fromkeys(fresh, steps))
        layer = sorted(fresh)
    return depth
