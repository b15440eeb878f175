"""EARMARKED: money is followed over a node only where it is said to be the same money, and there is no other in it.

From (i→j) to (j→k), or to an end use of j, if (i→j) is linked, (j→k) is linked or the end use, and j has no second
provider; its own money, or some of unknown origin, counts as one. All else is pooled at j, but for the part of its money
that j still holds. Where the question starts there is nothing to go over: all that is given by a node whose money is
asked about whole is followed to its receiver; so is, backwards, all that came to a target.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from graph.tracing.attribution import BITS, LineKind, Money
from graph.tracing.chain import Chain, Rest
from graph.tracing.network import Network
from graph.tracing.pro_rata import by_receiver, origins_of, rests_of


@dataclass(slots=True)
class _Stations:
    """A chain while it is made."""

    node: list[int] = field(default_factory=list[int])
    first: list[int] = field(default_factory=lambda: [0])
    to: list[int] = field(default_factory=list[int])
    num: list[int] = field(default_factory=list[int])
    edge: list[int] = field(default_factory=list[int])
    den: list[int] = field(default_factory=list[int])
    rests: list[list[Rest]] = field(default_factory=list[list[Rest]])

    def add(self, node: int, den: int, edges: Iterable[tuple[int, int, int]], rests: list[Rest]) -> int:
        """A station with edges (network's edge, to, part), those of no part left out."""
        for edge, to, num in edges:
            if num:
                self.edge.append(edge)
                self.to.append(to)
                self.num.append(num)
        self.first.append(len(self.to))
        self.node.append(node)
        self.den.append(den)
        self.rests.append([rest for rest in rests if rest[3]])
        return len(self.node) - 1

    def chain(self, start: dict[int, int]) -> Chain:
        return Chain(
            node=self.node, first=self.first, to=self.to, num=self.num, edge=self.edge, den=self.den,
            rests=self.rests, start=start,
        )  # fmt: skip


def onward(network: Network, sources: frozenset[int], money: Money) -> Chain:
    """Where the money of each node is known to go; nothing begins yet. Stations are the nodes."""
    order, into = by_receiver(network)
    stations = _Stations()
    for node in range(len(network.ids)):
        edges = range(network.first[node], network.first[node + 1])
        came = order[into[node] : into[node + 1]]
        if node in sources and (money is Money.ALL or not came):
            goes = [(e, network.receiver[e], network.amount[e]) for e in edges]
            stations.add(node, network.through[node], goes, rests_of(network, node))
        elif _alone(network, node, came):
            _over(network, stations, node, came[0])
        else:
            gone: Rest = (LineKind.POOLED, node, "", network.outflow[node] + network.end_use[node])
            stations.add(node, network.through[node], (), [(LineKind.HELD, node, "", network.held[node]), gone])
    return stations.chain({})


def _alone(network: Network, node: int, came: list[int]) -> bool:
    return len(came) == 1 and not network.own[node] and not network.unknown[node]


def _over(network: Network, stations: _Stations, node: int, came: int) -> None:
    """A node with one provider. Of an edge with transfers that are linked and others, the linked part is."""
    used, linked = network.amount[came], network.linked[came]
    goes = [
        (e, network.receiver[e], linked * network.linked[e])
        for e in range(network.first[node], network.first[node + 1])
    ]
    spent = [
        (kind, at, paid, amount * (used if kind is LineKind.HELD else linked))
        for kind, at, paid, amount in rests_of(network, node)
    ]
    den = used * network.through[node]
    pooled = den - sum(part for *_, part in goes) - sum(rest[3] for rest in spent)
    stations.add(node, den, goes, [*spent, (LineKind.POOLED, node, "", pooled)])


def back(network: Network, targets: frozenset[int]) -> Chain:
    """Where the money of each node is known to be from, begun at the targets' boundary by stations of their own.

    What a node gave over transfers that are not linked is not followed over it: such money comes to a station beside the
    node's own.
    """
    order, into = by_receiver(network)
    stations = _Stations()
    beside: dict[int, int] = {}
    for node in range(len(network.ids)):
        came = order[into[node] : into[node + 1]]
        den = network.through[node]
        if not came:
            stations.add(node, den, (), origins_of(network, node))
        elif _alone(network, node, came):
            used, linked = network.amount[came[0]], network.linked[came[0]]
            pooled: Rest = (LineKind.POOLED, node, "", used - linked)
            stations.add(node, used, [(came[0], network.provider[came[0]], linked)], [pooled])
        else:
            stations.add(node, den, (), [(LineKind.POOLED, node, "", den)])
    over = {target: order[into[target] : into[target + 1]] for target in sorted(targets)}
    for e in (e for edges in over.values() for e in edges):
        provider = network.provider[e]
        if provider not in beside and provider not in targets and into[provider] != into[provider + 1]:
            den = network.through[provider]
            beside[provider] = stations.add(provider, den, (), [(LineKind.POOLED, provider, "", den)])
    return stations.chain(_begun(network, stations, targets, over, beside))


def _begun(
    network: Network, stations: _Stations, targets: frozenset[int], over: dict[int, list[int]], beside: dict[int, int]
) -> dict[int, int]:
    start: dict[int, int] = {}
    for target, edges in over.items():
        came: list[tuple[int, int, int]] = []
        for e in edges:
            provider, linked = network.provider[e], network.linked[e]
            if provider not in targets:
                other = beside.get(provider, provider)
                came += [(e, provider, linked), (e, other, network.amount[e] - linked)]
        origins = origins_of(network, target)
        amount = sum(part for *_, part in came) + sum(rest[3] for rest in origins)
        if amount:
            start[stations.add(target, amount, came, origins)] = amount << BITS
    return start
