"""Systems t = s + Pᵗt of a component joined by cycles: what goes round in it, in floating point.

P is the part of each member's money that goes on to each other member; the rest leaks, and something always does.
Elimination keeps to sums of what is not negative (Grassmann, Taksar and Heyman, Oper. Res. 33, 1985), so a leak of
one in 10^15 is not lost; iteration is BiCGSTAB (van der Vorst, SIAM J. Sci. Stat. Comput. 13, 1992).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from heapq import heapify, heappop, heappush
from typing import Any, Final, TypeAlias

import numpy as np

Vector: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Solver: TypeAlias = Callable[[Vector], Vector]
#: Of a member that was eliminated: which, what does not stay with it, to whom and from whom.
Step: TypeAlias = tuple[int, float, list[tuple[int, float]], list[tuple[int, float]]]

#: Members up to which a component is solved as a dense matrix: a tenth of a second and 3 MB.
DENSE: Final = 600
#: Members up to which it can be solved in fractions, should all else fail.
_EXACT: Final = 24
_STEPS: Final = 400
#: Multiplications elimination may take, a few seconds.
_WORK: Final = 6_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """Edges between members by number, with `num` of the `den` of who gives; `leak` of it leaves the component."""

    size: int
    start: list[int]
    end: list[int]
    num: list[int]
    den: list[int]
    leak: list[int]

    def parts(self) -> list[float]:
        return [num / self.den[v] for v, num in zip(self.start, self.num, strict=True)]

    def leaks(self) -> list[float]:
        return [leak / den for leak, den in zip(self.leak, self.den, strict=True)]


def solvers(system: System) -> Iterator[Solver]:
    """Ways to solve it, the quickest first; the next is for when one does not get near enough."""
    if system.size <= DENSE:
        yield _dense(*_matrix(system))
        if system.size <= _EXACT:
            yield _dense(*_fractions(system))
        return
    yield _iterated(system)
    eliminated = _eliminated(system)
    if eliminated:
        yield eliminated


def _matrix(system: System) -> tuple[Vector, Vector]:
    matrix = np.zeros((system.size, system.size))
    np.add.at(matrix, (np.array(system.start), np.array(system.end)), np.array(system.parts()))
    return matrix, np.array(system.leaks())


def _fractions(system: System) -> tuple[Vector, Vector]:
    matrix = np.full((system.size, system.size), Fraction(0), dtype=object)
    for start, end, num in zip(system.start, system.end, system.num, strict=True):
        matrix[start, end] += Fraction(num, system.den[start])
    return matrix, np.array([Fraction(a, b) for a, b in zip(system.leak, system.den, strict=True)], dtype=object)


def _dense(matrix: Vector, leak: Vector) -> Solver:
    """Eliminates the members from the last to the first; the matrix is changed."""
    size = len(leak)
    stays = leak.copy()
    for k in range(size - 1, -1, -1):
        stays[k] = matrix[k, :k].sum() + leak[k]
        matrix[:k, k] /= stays[k]
        matrix[:k, :k] += np.outer(matrix[:k, k], matrix[k, :k])
        leak[:k] += matrix[:k, k] * leak[k]

    def solve(given: Vector) -> Vector:
        at = given.astype(matrix.dtype)
        for k in range(size - 1, 0, -1):
            at[:k] += at[k] / stays[k] * matrix[k, :k]
        for k in range(size):
            at[k] = at[k] / stays[k] + (at[:k] @ matrix[:k, k] if k else 0)
        return at

    return solve


def _iterated(system: System) -> Solver:
    """BiCGSTAB; one call gets nearer by many orders, and is to be repeated with what is missing.

    What hardly leaks is near to a circulation, in which t is in proportion to all the money of the members. That part is set
    beforehand, so that all that comes in leaves by the leaks.
    """
    start, end, part = np.array(system.start), np.array(system.end), np.array(system.parts())
    around = np.array([float(den) for den in system.den])
    around /= around.sum()
    leaves = _inner(around, np.array(system.leaks()))

    def left(t: Vector) -> Vector:
        return t - np.bincount(end, part * t[start], system.size)

    def solve(given: Vector) -> Vector:
        wanted = given.astype(float)
        best = around * (float(wanted.sum()) / leaves)
        rest = wanted - left(best)
        if float(np.abs(rest).sum()) > float(np.abs(wanted).sum()):
            best, rest = np.zeros(system.size), wanted
        return _stabilized(left, best, rest)

    return solve


def _inner(one: Vector, other: Vector) -> float:
    """Without BLAS, whose threads cost more than vectors of this size do, and sum in an order of their own."""
    return float((one * other).sum())


def _stabilized(left: Solver, t: Vector, rest: Vector) -> Vector:
    """From t and what is missing at it, to the best found within the steps."""
    best, least = t, float(np.abs(rest).sum())
    # not what is missing itself, which may be at one member alone and no cycle's length away from it
    enough, shadow = 1e-11 * least, np.random.default_rng(0).standard_normal(len(t))
    rho = alpha = omega = 1.0
    step = moved = np.zeros(len(t))
    for _ in range(_STEPS):
        before, rho = rho, _inner(shadow, rest)
        if not before or not omega or not rho:
            break
        step = rest + (rho / before) * (alpha / omega) * (step - omega * moved)
        moved = left(step)
        alpha = rho / (_inner(shadow, moved) or np.inf)
        half = rest - alpha * moved
        turned = left(half)
        omega = _inner(turned, half) / (_inner(turned, turned) or np.inf)
        t = t + alpha * step + omega * half
        rest = half - omega * turned
        missing = float(np.abs(rest).sum())
        if missing < least:
            best, least = t, missing
        if not enough < missing < np.inf:
            break
    return best


@dataclass(slots=True)
class _Sparse:
    """What elimination is left with: parts by who gives and who receives, and what leaks."""

    gives: list[dict[int, float]]
    takes: list[set[int]]
    leak: list[float]
    done: list[Step]

    def eliminate(self, v: int) -> set[int]:
        """Leads past the member; returns whom that concerns."""
        gives = [(w, part) for w, part in self.gives[v].items() if w != v]
        stays = self.leak[v] + sum(part for _, part in gives)
        takes = [(a, self.gives[a].pop(v)) for a in sorted(self.takes[v]) if a != v]
        for w, _ in gives:
            self.takes[w].discard(v)
        for a, part in takes:
            row, through = self.gives[a], part / stays
            for w, onward in gives:
                row[w] = row.get(w, 0.0) + through * onward
                self.takes[w].add(a)
            self.leak[a] += through * self.leak[v]
        self.done.append((v, stays, gives, takes))
        return {w for w, _ in gives} | {a for a, _ in takes}


def _eliminated(system: System) -> Solver | None:
    """Leads past members with few edges until a dense core is left; None where that takes too much."""
    sparse = _Sparse([{} for _ in range(system.size)], [set() for _ in range(system.size)], system.leaks(), [])
    for v, w, part in zip(system.start, system.end, system.parts(), strict=True):
        sparse.gives[v][w] = sparse.gives[v].get(w, 0.0) + part
        sparse.takes[w].add(v)
    left, work = set(range(system.size)), 0
    queue = [(len(sparse.gives[v]) * len(sparse.takes[v]), v) for v in left]
    heapify(queue)
    while len(left) > DENSE:
        cost, v = heappop(queue)
        if v not in left or cost != len(sparse.gives[v]) * len(sparse.takes[v]):
            continue
        work += cost + 1
        if work > _WORK:
            return None
        left.discard(v)
        for w in sparse.eliminate(v):
            heappush(queue, (len(sparse.gives[w]) * len(sparse.takes[w]), w))
    core = sorted(left)
    place = {v: n for n, v in enumerate(core)}
    matrix = np.zeros((len(core), len(core)))
    for v in core:
        for w, part in sparse.gives[v].items():
            matrix[place[v], place[w]] = part
    return _past(sparse.done, core, _dense(matrix, np.array([sparse.leak[v] for v in core])))


def _past(done: list[Step], core: list[int], inner: Solver) -> Solver:
    """Solves the core, and leads the way back past those eliminated."""

    def solve(given: Vector) -> Vector:
        at: list[float] = given.astype(float).tolist()
        for v, stays, gives, _ in done:
            share = at[v] / stays
            for w, part in gives:
                at[w] += share * part
        for v, t in zip(core, inner(np.array([at[v] for v in core])).tolist(), strict=True):
            at[v] = t
        for v, stays, _, takes in reversed(done):
            at[v] = (at[v] + sum(at[a] * part for a, part in takes)) / stays
        return np.array(at)

    return solve
