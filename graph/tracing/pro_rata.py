"""PRO_RATA: what a node gives on or keeps has a part of each that came to it, in proportion.

Proportional sharing, as flows in power grids are traced (Bialek, IEE Proc. Gener. Transm. Distrib. 143, 1996): of the
money at a node, X = max(what came and its own, what went), the part used / X goes over each edge. Going round in cycles
needs no rule of its own, as long as something leaves them.
"""

from graph.tracing.attribution import BITS, LineKind
from graph.tracing.chain import Chain, Rest
from graph.tracing.network import Network


def onward(network: Network) -> Chain:
    """Where the money of each node goes; nothing begins yet. Stations are the nodes."""
    return Chain(
        node=list(range(len(network.ids))),
        first=network.first,
        to=network.receiver,
        num=network.amount,
        edge=range(len(network.amount)),
        den=network.through,
        rests=[rests_of(network, node) for node in range(len(network.ids))],
        start={},
    )


def rests_of(network: Network, node: int) -> list[Rest]:
    """What of a node's money is spent, by who was paid, and held; of X."""
    rests: list[Rest] = []
    if node in network.end_uses:
        rests += [(LineKind.SPENT, node, paid, amount) for paid, amount in network.end_uses[node].items() if amount]
    if network.held[node]:
        rests.append((LineKind.HELD, node, "", network.held[node]))
    return rests


def origins_of(network: Network, node: int) -> list[Rest]:
    """What of a node's money is from no other node; of X."""
    origins: list[Rest] = []
    if network.own[node]:
        origins.append((LineKind.ORIGIN, node, "", network.own[node]))
    if network.unknown[node]:
        origins.append((LineKind.UNKNOWN_ORIGIN, node, "", network.unknown[node]))
    return origins


def by_receiver(network: Network) -> tuple[list[int], list[int]]:
    """Edges in order of receiver and provider, and where those of each receiver begin."""
    order = sorted(range(len(network.receiver)), key=network.receiver.__getitem__)
    first = [0] * (len(network.ids) + 1)
    for receiver in network.receiver:
        first[receiver + 1] += 1
    for node in range(len(network.ids)):
        first[node + 1] += first[node]
    return order, first


def back(network: Network, targets: frozenset[int]) -> Chain:
    """Where the money of each node is from, begun at the targets' boundary by stations of their own."""
    order, first = by_receiver(network)
    nodes = len(network.ids)
    node, first = list(range(nodes)), first[:]
    to, num = [network.provider[e] for e in order], [network.amount[e] for e in order]
    den, rests = network.through[:], [origins_of(network, v) for v in range(nodes)]
    start: dict[int, int] = {}
    for target in sorted(targets):
        over = [e for e in order[first[target] : first[target + 1]] if network.provider[e] not in targets]
        amount = sum(network.amount[e] for e in over) + network.own[target] + network.unknown[target]
        if not amount:
            continue
        start[len(node)] = amount << BITS
        node.append(target)
        order += over
        to += [network.provider[e] for e in over]
        num += [network.amount[e] for e in over]
        den.append(amount)
        rests.append(rests[target])
        first.append(len(to))
    return Chain(node=node, first=first, to=to, num=num, edge=order, den=den, rests=rests, start=start)
