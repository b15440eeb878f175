"""A question about where money went, or is from, answered by a rule."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from graph.errors import ClosedCycle, TraceRefused
from graph.tracing import earmarked, fifo, paths, pro_rata, report
from graph.tracing.attribution import BITS, Attribution, LineKind, Money, Question, Result
from graph.tracing.chain import Chain, Solved, named, solve
from graph.tracing.components import closed_cycles
from graph.tracing.network import Network, build
from graph.tracing.report import Found
from graph.tracing.terms import Transfer

#: Errors this small are none: money that comes to just the least share is followed.
_SLACK = 1 << (BITS - 20)


def trace(transfers: Iterable[Transfer], question: Question, rule: Attribution) -> Result:
    """Follows the transfers, which are of one class and currency. Raises TraceRefused, or ClosedCycle, which is one."""
    return follow(build(transfers), question, rule)


def follow(network: Network, question: Question, rule: Attribution) -> Result:
    """The same, of transfers that are put together already. Ids that are in no transfer have no money."""
    _check(question)
    sources, targets = (
        frozenset(network.number[id_] for id_ in ids if id_ in network.number)
        for ids in (question.sources, question.targets)
    )
    closed = closed_cycles(network)
    if rule is Attribution.FIFO:
        if not (sources if question.sources else targets):
            found = _nothing(rule)
        else:
            found = fifo.follow(network, question, sources, targets)
    else:
        _not_closed(network, closed, sources if question.sources else targets)
        begun = (
            _onward(network, question, rule, sources, targets) if question.sources else _back(network, rule, targets)
        )
        found = _along(network, question, rule, *begun)
    return report.answer(network, question, found, closed)


def _check(question: Question) -> None:
    if not question.sources and not question.targets:
        raise TraceRefused("a trace needs sources, targets or both")
    if both := sorted(question.sources & question.targets):
        raise TraceRefused(f"what money starts from cannot be what it is to reach: {named(tuple(both))}", tuple(both))
    if question.max_depth is not None and question.max_depth < 0:
        raise TraceRefused(f"the greatest depth is 0 or more, not {question.max_depth}")
    if not 0 <= question.min_share <= 1:
        raise TraceRefused(f"the least share is between 0 and 1, not {question.min_share}")
    if min(question.limit_nodes, question.limit_edges, question.limit_paths) < 0:
        raise TraceRefused("limits of nodes, edges and paths are 0 or more")


def _not_closed(network: Network, closed: list[list[int]], starts: frozenset[int]) -> None:
    for members in closed:
        if starts.intersection(members):
            names = tuple(network.ids[node] for node in members)
            raise ClosedCycle(
                f"no money enters or leaves the cycle of {named(names)}: it has no origin and no end", names
            )


def _nothing(rule: Attribution) -> Found:
    return Found(
        rule=rule, money=None, amount=0, lines={}, through={}, edges={}, depth={}, ways=[], through_cycles=0,
        whole=True, missed=0,
    )  # fmt: skip


def _onward(
    network: Network, question: Question, rule: Attribution, sources: frozenset[int], targets: frozenset[int]
) -> tuple[Chain, Money | None, int]:
    """The chain with what is asked begun, and by how much the beginning can be off."""
    own = {v: network.own[v] + network.unknown[v] for v in sorted(sources)}
    money = question.money or (Money.OWN if any(own.values()) else Money.ALL)
    made = earmarked.onward(network, sources, money) if rule is Attribution.EARMARKED else pro_rata.onward(network)
    missed = 0
    if money is Money.OWN:
        start = {v: amount << BITS for v, amount in own.items() if amount}
    else:
        start, missed = _first_arrivals(network, made, sorted(v for v in sources if network.through[v]))
    begun = replace(made, start=start)
    return (begun.absorbing(set(targets)) if targets else begun), money, missed


def _first_arrivals(network: Network, chain: Chain, sources: list[int]) -> tuple[dict[int, int], int]:
    """All money of the sources but what comes back to them: each unit when it is first there."""
    amounts = [network.through[v] << BITS for v in sources]
    leaving = chain.entered(sources, amounts).absorbing(set(sources))
    solved = solve(leaving, network.ids)
    start = {v: max(0, amount - solved.came[v]) for v, amount in zip(sources, amounts, strict=True)}
    # what is left over of rounding is no money
    return {v: amount for v, amount in start.items() if amount > solved.missed}, solved.missed


def _back(network: Network, rule: Attribution, targets: frozenset[int]) -> tuple[Chain, None, int]:
    made = earmarked.back(network, targets) if rule is Attribution.EARMARKED else pro_rata.back(network, targets)
    return made, None, 0


def _along(
    network: Network, question: Question, rule: Attribution, chain: Chain, money: Money | None, off: int
) -> Found:
    amount = sum(chain.start.values())
    depths = chain.depths()
    if question.max_depth is not None:
        chain = chain.cut({v for v, depth in depths.items() if depth >= question.max_depth})
    solved = solve(chain, network.ids)
    if question.min_share > 0:
        through = _by_node(chain, solved)
        least = question.min_share * amount - _SLACK
        small = {v for v in depths if v not in chain.start and 0 < through.get(chain.node[v], 0) < least}
        if small:
            chain = chain.cut(small)
            solved = solve(chain, network.ids)
    ways = paths.search(chain, solved, question.limit_paths, int(question.min_share * amount))
    back = not question.sources
    return Found(
        rule=rule,
        money=money,
        amount=amount,
        lines=_lines(chain, solved),
        through=_by_node(chain, solved),
        edges=_by_edge(chain, solved),
        depth=_least(chain, depths),
        ways=[(nodes[::-1], part) for nodes, part in ways.ways] if back else ways.ways,
        through_cycles=ways.through_cycles,
        whole=ways.whole,
        missed=solved.missed + off,
    )


def _by_node(chain: Chain, solved: Solved) -> dict[int, int]:
    found: defaultdict[int, int] = defaultdict(int)
    for node, came in zip(chain.node, solved.came, strict=True):
        if came:
            found[node] += came
    return found


def _by_edge(chain: Chain, solved: Solved) -> dict[int, int]:
    found: dict[int, int] = {}
    first, num, edge = chain.first, chain.num, chain.edge
    for v, came in enumerate(solved.came):
        if came:
            whole = chain.den[v]
            for e in range(first[v], first[v + 1]):
                if part := came * num[e] // whole:
                    found[edge[e]] = found.get(edge[e], 0) + part
    return found


def _lines(chain: Chain, solved: Solved) -> dict[tuple[int, str, LineKind], int]:
    found: defaultdict[tuple[int, str, LineKind], int] = defaultdict(int)
    for v, came in enumerate(solved.came):
        if came:
            for kind, node, other, part in chain.rests[v]:
                found[node, other, kind] += came * part // chain.den[v]
    return found


def _least(chain: Chain, depths: dict[int, int]) -> dict[int, int]:
    """Depth by node: of the nearest of its stations."""
    found: dict[int, int] = {}
    for v, depth in depths.items():
        found[chain.node[v]] = min(depth, found.get(chain.node[v], depth))
    return found
