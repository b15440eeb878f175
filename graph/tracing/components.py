"""Strongly connected components: what is joined by cycles, and cycles that nothing enters or leaves."""

from collections.abc import Iterable

from graph.tracing.network import Network


def components(first: list[int], to: list[int], roots: Iterable[int]) -> list[list[int]]:
    """Components of what can be reached from the roots, each after all it leads to; members in no order.

    Edges of node v are `to[first[v]:first[v + 1]]`. Tarjan's algorithm (SIAM J. Comput. 1, 1972) without recursion.
    """
    nodes = len(first) - 1
    seen, low, done = [0] * nodes, [0] * nodes, nodes + 1
    ahead = first[:]
    count, path, open_, found = 0, list[int](), list[int](), list[list[int]]()
    for root in roots:
        if seen[root]:
            continue
        path.append(root)
        while path:
            v = path[-1]
            if not seen[v]:
                count += 1
                seen[v] = low[v] = count
                open_.append(v)
            edge = ahead[v]
            if edge < first[v + 1]:
                ahead[v] = edge + 1
                w = to[edge]
                if not seen[w]:
                    path.append(w)
                elif seen[w] < low[v]:
                    low[v] = seen[w]
                continue
            path.pop()
            if path and low[v] < low[path[-1]]:
                low[path[-1]] = low[v]
            if low[v] == seen[v]:
                found.append(_closed_off(v, seen, open_, done))
    return found


def _closed_off(v: int, seen: list[int], open_: list[int], done: int) -> list[int]:
    members: list[int] = []
    while True:
        w = open_.pop()
        seen[w] = done
        members.append(w)
        if w == v:
            return members


def closed_cycles(network: Network) -> list[list[int]]:
    """Cycles of the network that no money enters and none leaves; no question can come to one but by starting in it."""
    passing = [node for node, through in enumerate(network.through) if through and not _leaks(network, node)]
    local = {node: n for n, node in enumerate(passing)}
    first, to, whole = [0], list[int](), list[bool]()
    for node in passing:
        on = network.receiver[network.first[node] : network.first[node + 1]]
        inside = [local[w] for w in on if w in local]
        to += inside
        first.append(len(to))
        whole.append(len(inside) == len(on))
    found: list[list[int]] = []
    for members in components(first, to, range(len(passing))):
        component = set(members)
        if all(whole[v] and all(w in component for w in to[first[v] : first[v + 1]]) for v in members):
            found.append(sorted(passing[v] for v in members))
    return sorted(found)


def _leaks(network: Network, node: int) -> bool:
    return bool(network.end_use[node] or network.held[node] or network.own[node] or network.unknown[node])
