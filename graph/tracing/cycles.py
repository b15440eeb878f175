"""Money that goes round: cycles of a network, each with how much of every flow of it turns there and in no other."""

from collections import deque
from collections.abc import Iterable, Mapping, Set

import msgspec

#: Flows that are looked at for cycles, at most.
WORK = 2_000_000


class Cycle(msgspec.Struct, frozen=True, kw_only=True):
    """Nodes in the direction of the money, the first by id at the head; `amount`: what each gives the next of it."""

    nodes: tuple[str, ...]
    amount: int


def cycles(
    given: Mapping[str, Mapping[str, int]], rings: Iterable[Set[str]], *, work: int = WORK
) -> tuple[list[Cycle], bool]:
    """Cycles by node of the first id, the shortest first; and whether all were found within the work.

    Each takes its amount, the least on its edges, off these before the next is looked for: no unit is in two. `given`: by
    provider and receiver; what is not above 0 is none, nor is what a node gives itself. `rings`: strongly connected parts.
    """
    found: list[Cycle] = []
    for ring in rings:
        rest = {
            node: {
                to: amount
                for to, amount in sorted(given.get(node, {}).items())
                if to in ring and amount > 0 and to != node
            }
            for node in sorted(ring)
        }
        for node in sorted(ring):
            while (walked := _shortest(rest, node))[0]:
                nodes, seen = walked
                work -= seen
                edges = list(zip(nodes, (*nodes[1:], nodes[0]), strict=True))
                amount = min(rest[a][b] for a, b in edges)
                found.append(Cycle(nodes=nodes, amount=amount))
                for a, b in edges:
                    rest[a][b] -= amount
                    if not rest[a][b]:
                        del rest[a][b]
                if work < 0:
                    return found, False
            work -= walked[1]
            if work < 0:
                return found, False
            del rest[node]  # no cycle leads through it any more
    return found, True


def _shortest(rest: Mapping[str, Mapping[str, int]], start: str) -> tuple[tuple[str, ...], int]:
    """The shortest cycle through a node, () where there is none; and how many edges were looked at."""
    before: dict[str, str] = {}
    queue = deque([start])
    seen = 0
    while queue:
        node = queue.popleft()
        for to in rest.get(node, ()):
            seen += 1
            if to == start:
                return _way(before, start, node), seen
            if to not in before and to in rest:
                before[to] = node
                queue.append(to)
    return (), seen


def _way(before: Mapping[str, str], start: str, end: str) -> tuple[str, ...]:
    nodes = [end]
    while nodes[-1] != start:
        nodes.append(before[nodes[-1]])
    return tuple(reversed(nodes))
