"""The largest ways money takes through a chain, without going round: best first, within a bound of work."""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from math import log2
from typing import Any, Final

import numpy as np

from graph.tracing.attribution import ONE
from graph.tracing.chain import Chain, Solved

#: Steps of a search: ways looked at, and nodes looked back at for cycles.
WORK: Final = 60_000
#: Rounds in which the best way on from each station is sought; fewer than it takes only make the search slower.
_ROUNDS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """Nodes of each way and what took it, the largest first; what came back to a node of its way; whether more was left."""

    ways: list[tuple[tuple[int, ...], int]]
    through_cycles: int
    whole: bool


def search(chain: Chain, solved: Solved, limit: int, smallest: int) -> Ways:
    """At most `limit` ways of at least `smallest`, in 2^-BITS minor units.

    A way's part is a product, so the best product on from each station bounds what a way begun can come to: the search
    goes straight to the best end (A*). All else is left: ways not looked at stay in no list.
    """
    return _Search(chain, solved).run(limit, smallest)


class _Search:
    """Ways begun are (station, the way before, money, first node), joined to a tree; the heap has the best way on from each."""

    def __init__(self, chain: Chain, solved: Solved) -> None:
        self.chain = chain
        self.component = solved.component
        self.best = _best(chain)
        self.options: dict[int, list[tuple[float, int]]] = {}
        self.begun: list[tuple[int, int, int, int]] = []
        self.heap: list[tuple[float, int, int]] = []  # of equal ones the way begun last, so that one is finished first
        self.steps = 0
        self.cycles = 0

    def run(self, limit: int, smallest: int) -> Ways:
        ways: list[tuple[tuple[int, ...], int]] = []
        for v, amount in sorted(self.chain.start.items()):
            self._begin(v, -1, amount, self.chain.node[v])
        # what rounds to nothing is no way to list
        least = -log2(max(smallest, ONE >> 1)) + 1e-6
        while self.heap and len(ways) < limit and self.steps < WORK and self.heap[0][0] <= least:
            self.steps += 1
            _, n, option = heappop(self.heap)
            n = -n
            self._offer(n, option + 1)
            v, _, money, _ = self.begun[n]
            e = self.options[v][option][1]
            if e < 0:
                rest = self.chain.den[v] - sum(self.chain.num[self.chain.first[v] : self.chain.first[v + 1]])
                ways.append((self._way(n), money * rest // self.chain.den[v]))
            else:
                self._step(n, e)
        ways.sort(key=lambda way: (-way[1], way[0]))
        whole = not self.heap or (self.heap[0][0] > least and smallest >= ONE >> 1)
        return Ways(ways=ways, through_cycles=self.cycles, whole=whole)

    def _begin(self, v: int, before: int, money: int, root: int) -> None:
        if money:
            self.begun.append((v, before, money, root))
            self._offer(len(self.begun) - 1, 0)

    def _offer(self, n: int, option: int) -> None:
        v, _, money, _ = self.begun[n]
        if v not in self.options:
            self.options[v] = sorted(self._ways_on(v), key=lambda way: (-way[0], way[1]))
        if option < len(self.options[v]):
            bound = log2(money) + log2(self.options[v][option][0])
            heappush(self.heap, (round(-bound, 9), -n, option))

    def _ways_on(self, v: int) -> Iterator[tuple[float, int]]:
        chain, left = self.chain, self.chain.den[v]
        for e in range(chain.first[v], chain.first[v + 1]):
            left -= chain.num[e]
            if value := chain.num[e] / chain.den[v] * self.best[chain.to[e]]:
                yield value, e
        if left:
            yield left / chain.den[v], -1

    def _step(self, n: int, e: int) -> None:
        v, _, money, root = self.begun[n]
        w = self.chain.to[e]
        onward = money * self.chain.num[e] // self.chain.den[v]
        if self._been(n, w):
            self.cycles += onward
        else:
            self._begin(w, n, onward, root)

    def _been(self, n: int, w: int) -> bool:
        """Whether the way has been at the node; only what is joined by a cycle can be met again.

        But for the first node, which may have a station of its own for the start.
        """
        node, mark = self.chain.node[w], self.component[w]
        if self.begun[n][3] == node:
            return True
        while n >= 0:
            v, before, _, _ = self.begun[n]
            if self.component[v] != mark:
                return False
            self.steps += 1
            if self.chain.node[v] == node:
                return True
            n = before
        return False

    def _way(self, n: int) -> tuple[int, ...]:
        nodes: list[int] = []
        while n >= 0:
            v, n, _, _ = self.begun[n]
            nodes.append(self.chain.node[v])
        self.steps += len(nodes) // 16
        return tuple(reversed(nodes))


def _best(chain: Chain) -> list[float]:
    """For each station at least the largest part of its money that takes one way to one end."""
    nodes = len(chain.node)
    first = np.array(chain.first)
    some = np.flatnonzero(np.diff(first))
    rest = np.ones(nodes)
    part = np.empty(0)
    if len(some):
        giver = np.repeat(np.arange(nodes), np.diff(first)).tolist()
        part = np.array([num / chain.den[v] for num, v in zip(chain.num, giver, strict=True)])
        given = np.add.reduceat(part, first[some])
        rest[some] = np.maximum(0, 1 - given + 1e-12)
    return _rounds(rest, part, np.array(chain.to, dtype=int), first[some], some).tolist()


def _rounds(rest: Any, part: Any, to: Any, starts: Any, some: Any) -> Any:
    best = np.ones(len(rest))
    for _ in range(_ROUNDS):
        better = rest.copy()
        if len(some):
            better[some] = np.maximum(better[some], np.maximum.reduceat(part * best[to], starts))
        if np.array_equal(better, best):
            break
        best = better
    return best
