"""An absorbing chain: stations at which parts of the money go on to others and the rest comes to rest.

Parts are fractions of whole numbers, so that those of a station add up to one exactly. What comes to each station is in
2^-BITS minor units: cycles are solved in floating point and mended by residuals in whole numbers.
"""

from collections import deque
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np

from graph.errors import TraceRefused
from graph.tracing.attribution import BITS, LineKind
from graph.tracing.components import components
from graph.tracing.linear import System, solvers

#: Rounds of mending, and how far off, in 2^-BITS minor units, a component may stay: a millionth of a unit.
_ROUNDS: Final = 10
_ENOUGH: Final = 1 << (BITS - 20)

Rest: TypeAlias = tuple[LineKind, int, str, int]  #: what, at which node, to whom, and how much of `den`


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Station v is at `node[v]`; its edges are `first[v]` to `first[v + 1]`, each `num` of `den[v]`; the rest is in `rests`.

    `edge`: the network's edge of each. `start`: what begins at a station, in 2^-BITS minor units.
    """

    node: list[int]
    first: list[int]
    to: list[int]
    num: list[int]
    edge: list[int] | range
    den: list[int]
    rests: list[list[Rest]]
    start: dict[int, int]

    def depths(self) -> dict[int, int]:
        """Fewest edges from a start, of the stations that can be reached."""
        depth = dict.fromkeys(self.start, 0)
        queue = deque(depth)
        while queue:
            v = queue.popleft()
            below = depth[v] + 1
            for w in self.to[self.first[v] : self.first[v + 1]]:
                if w not in depth:
                    depth[w] = below
                    queue.append(w)
        return depth

    def cut(self, stations: set[int]) -> "Chain":
        """The same, with nothing followed on from these stations."""
        rests = self.rests[:]
        for v in stations:
            if onward := sum(self.num[self.first[v] : self.first[v + 1]]):
                rests[v] = [*rests[v], (LineKind.CUT, self.node[v], "", onward)]
        return self._without_edges(stations, rests)

    def absorbing(self, stations: set[int]) -> "Chain":
        """The same, in which all that comes to these stations has arrived."""
        rests = self.rests[:]
        for v in stations:
            rests[v] = [(LineKind.ARRIVED, self.node[v], "", self.den[v])]
        return self._without_edges(stations, rests)

    def _without_edges(self, stations: set[int], rests: list[list[Rest]]) -> "Chain":
        first, keep = [0], list[int]()
        for v in range(len(self.node)):
            if v not in stations:
                keep += range(self.first[v], self.first[v + 1])
            first.append(len(keep))
        to, num, edge = ([of[e] for e in keep] for of in (self.to, self.num, self.edge))
        return replace(self, first=first, to=to, num=num, edge=edge, rests=rests)

    def entered(self, stations: list[int], amounts: list[int]) -> "Chain":
        """The same, begun at new stations that are like the given ones and that nothing comes back to."""
        first, to, num, edge = self.first[:], self.to[:], self.num[:], list(self.edge)
        for v in stations:
            edges = slice(self.first[v], self.first[v + 1])
            to += self.to[edges]
            num += self.num[edges]
            edge += self.edge[edges]
            first.append(len(to))
        return Chain(
            node=[*self.node, *(self.node[v] for v in stations)],
            first=first,
            to=to,
            num=num,
            edge=edge,
            den=[*self.den, *(self.den[v] for v in stations)],
            rests=[*self.rests, *(self.rests[v] for v in stations)],
            start=dict(zip(range(len(self.node), len(first) - 1), amounts, strict=True)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """What comes to each station, the component each belongs to (-1: nothing comes), and a bound of all errors together.

    What is missing at a station is missing in all that comes of it, so the sum of what is missing bounds the errors of all
    that comes to rest. What comes to a station can be off by as many times more as money goes round there.
    """

    came: list[int]
    component: list[int]
    missed: int


def solve(chain: Chain, ids: list[str]) -> Solved:
    """Goes through the components in the order of the money; `ids` are the nodes', for the refusal."""
    came = [0] * len(chain.node)
    for v, amount in chain.start.items():
        came[v] += amount
    component, missed = [-1] * len(chain.node), 0
    first, to, num, den = chain.first, chain.to, chain.num, chain.den
    for mark, members in enumerate(reversed(components(first, to, chain.start))):
        if len(members) > 1:
            members.sort()
            for v in members:
                component[v] = mark
            missed += _turn(chain, members, came, component, ids)
            continue
        (v,) = members
        component[v] = mark
        if t := came[v]:
            whole = den[v]
            for e in range(first[v], first[v + 1]):
                came[to[e]] += t * num[e] // whole
            missed += first[v + 1] - first[v] + len(chain.rests[v])
    return Solved(came=came, component=component, missed=missed)


def _turn(chain: Chain, members: list[int], came: list[int], component: list[int], ids: list[str]) -> int:
    """Replaces what comes to the members from outside by all that comes to them, and passes on what leaves them."""
    mark, place = component[members[0]], {v: n for n, v in enumerate(members)}
    out: list[tuple[int, int, int, int]] = []
    start, end, num = list[int](), list[int](), list[int]()
    leak = [chain.den[v] for v in members]
    for n, v in enumerate(members):
        for e in range(chain.first[v], chain.first[v + 1]):
            w, part = chain.to[e], chain.num[e]
            if component[w] == mark:
                start.append(n)
                end.append(place[w])
                num.append(part)
                leak[n] -= part
            else:
                out.append((v, w, part, chain.den[v]))
    given = [came[v] for v in members]
    if not any(given):
        return 0
    system = System(size=len(members), start=start, end=end, num=num, den=[chain.den[v] for v in members], leak=leak)
    settled = _settled(system, given) if any(leak) else None
    if settled is None:
        names = tuple(ids[chain.node[v]] for v in members)
        raise TraceRefused(f"money cannot be followed to the minor unit through the cycles of {named(names)}", names)
    turned, missed = settled
    for v, t in zip(members, turned, strict=True):
        came[v] = t
    for v, w, part, den in out:
        came[w] += came[v] * part // den
    return missed + len(out) + sum(len(chain.rests[v]) for v in members)


def _settled(system: System, given: list[int]) -> tuple[list[int], int] | None:
    """What comes to each member, and how much is missing in all; None where no solver gets near enough."""
    exact = 2 * (len(system.num) + system.size)
    best: tuple[list[int], int] | None = None
    for solver in solvers(system):
        t, rest, before = [0] * system.size, given, sum(given) + 1
        for _ in range(_ROUNDS):
            with np.errstate(all="ignore"):
                step = solver(np.array(rest, dtype=object))
            if step.dtype != object and not np.isfinite(step).all():
                break
            t = [max(0, a + round(b)) for a, b in zip(t, step.tolist(), strict=True)]
            rest = _residual(system, given, t)
            missed = sum(map(abs, rest))
            if best is None or missed < best[1]:
                best = t, missed
            if missed <= exact or missed * 2 > before:
                break
            before = missed
        if best and best[1] <= max(exact, _ENOUGH):
            return best
    return None


def _residual(system: System, given: list[int], t: list[int]) -> list[int]:
    rest = [s - a for s, a in zip(given, t, strict=True)]
    den = system.den
    flows = [t[v] * part // den[v] for v, part in zip(system.start, system.num, strict=True)]
    for w, flow in zip(system.end, flows, strict=True):
        rest[w] += flow
    return rest


def named(ids: tuple[str, ...]) -> str:
    """The first ten, and how many more."""
    return ", ".join(ids[:10]) + (f" and {len(ids) - 10} more" if len(ids) > 10 else "")
