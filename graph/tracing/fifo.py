"""FIFO: what a node received first it gives first; what comes in after an outflow never pays for it.

Clayton's rule (Devaynes v Noble, 1816), for every node. Money is pieces of lots: asked for is what comes to the sources, or what
comes over the targets' boundary, and pieces of it are led from lot to lot along the links, or back. Amounts stay
whole. What a node held or gave from unknown money is as its days say, which may be more than over the whole time.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Final, TypeAlias, TypeVar

from graph.tracing.attribution import BITS, Attribution, LineKind, Money, Question
from graph.tracing.lots import Link, Lot, Matching, What, match
from graph.tracing.network import Network
from graph.tracing.report import Found, reached

#: Ways that are kept apart; beyond it money is followed all the same, but not which way it took.
ROUTES: Final = 200_000
_LOOPED, _LOST = -1, -2
#: Of pieces that are no longer followed, and that are not to be asked for again.
_DONE: Final = -3

_K = TypeVar("_K")
Piece: TypeAlias = tuple[int, int, int]  #: from where on in its lot, how much, and its route


class _Routes:
    """Ways from where the question starts, as a tree of (way before, node)."""

    def __init__(self) -> None:
        self.tree: list[tuple[int, int]] = []
        self.known: dict[tuple[int, int], int] = {}
        self.steps = 0

    def on(self, before: int, node: int, *, start: bool = False) -> int:
        """The way one node on; _LOOPED once it has been there before, _LOST where too many were kept or looked back at."""
        if before < 0 and not start:
            return before
        key = (before if not start else _LOST, node)
        if key not in self.known:
            if not start and node in self.nodes(before):
                self.known[key] = _LOOPED
            elif self.steps > 10 * ROUTES or len(self.tree) >= ROUTES:
                return _LOST
            else:
                self.known[key] = len(self.tree)
                self.tree.append(key)
        return self.known[key]

    def nodes(self, route: int) -> tuple[int, ...]:
        """The latest first."""
        found: list[int] = []
        while route >= 0:
            route, node = self.tree[route]
            found.append(node)
        self.steps += len(found)
        return tuple(found)


class _Pieces:
    """Pieces of one lot, sorted once, of which those between two places are wanted."""

    def __init__(self, pieces: list[Piece]) -> None:
        self.pieces = sorted(pieces)
        self.ends: list[int] = []
        for at, length, _ in self.pieces:
            self.ends.append(max(self.ends[-1] if self.ends else 0, at + length))

    def between(self, at: int, length: int) -> Iterator[Piece]:
        """The parts of pieces that lie there."""
        end = at + length
        for n in range(bisect_right(self.ends, at), len(self.pieces)):
            start, size, route = self.pieces[n]
            if start >= end:
                return
            low, high = max(start, at), min(start + size, end)
            if high > low:
                yield low, high - low, route


def _joined(pieces: list[Piece], piece: Piece) -> None:
    """Adds a piece, to the one before where it goes on and took the same way."""
    if pieces:
        at, length, route = pieces[-1]
        if route == piece[2] and at + length == piece[0]:
            pieces[-1] = (at, length + piece[1], route)
            return
        if route == piece[2] and piece[0] + piece[1] == at:
            pieces[-1] = (piece[0], length + piece[1], route)
            return
    pieces.append(piece)


class _Flow:
    """One question led through the lots."""

    def __init__(self, network: Network, matching: Matching, stops: set[int]) -> None:
        self.network, self.matching, self.stops = network, matching, stops
        self.routes = _Routes()
        self.asked: dict[int, list[Piece]] = {}
        self.sorted: dict[int, _Pieces] = {}
        self.amount = 0
        self.starts: set[int] = set()
        self.lines: defaultdict[tuple[int, str, LineKind], int] = defaultdict(int)
        self.through: defaultdict[int, int] = defaultdict(int)
        self.edges: defaultdict[int, int] = defaultdict(int)
        self.ways: defaultdict[int, int] = defaultdict(int)

    def pieces(self, lot: int) -> _Pieces:
        """Of a lot all of whose pieces are known."""
        if lot not in self.sorted:
            self.sorted[lot] = _Pieces(self.asked.pop(lot, []))
        return self.sorted[lot]

    def begin(self, lot: int, node: int, at: int, length: int) -> None:
        route = self.routes.on(_LOST, node, start=True)
        _joined(self.asked.setdefault(lot, []), (at, length, route))
        self.amount += length
        self.starts.add(node)
        self.through[node] += length

    def end(self, kind: LineKind, node: int, other: str, piece: Piece) -> None:
        self.lines[node, other, kind] += piece[1]
        self.ways[piece[2]] += piece[1]

    # ---- onward

    def onward(self, sources: frozenset[int], targets: frozenset[int], money: Money) -> None:
        """Leads what is asked of the sources to where it is."""
        lots = self.matching.lots
        for n, lot in enumerate(lots):
            if lot.what in (What.OWN, What.UNKNOWN) and lot.taker in sources:
                self.begin(n, lot.taker, 0, lot.amount)
        for n, links in groupby(self.matching.links, key=lambda link: link.new):
            lot = lots[n]
            for link in links:
                for piece in self.pieces(link.old).between(link.old_at, link.length):
                    self._forward(link, lot, piece, targets)
            if money is Money.ALL and lot.taker in sources:
                self._begin_gaps(n, lot)
        for n, at in sorted(self.matching.kept.items()):
            lot = lots[n]
            for piece in self.pieces(n).between(at, lot.amount - at):
                if piece[2] != _DONE:
                    self.end(LineKind.HELD, lot.taker, "", piece)

    def _begin_gaps(self, n: int, lot: Lot) -> None:
        """Asks for what of the lot is not asked for already: each unit is counted once."""
        at = 0
        known = sorted(self.asked.get(n, []))
        for start, length, _ in [*known, (lot.amount, 0, 0)]:
            if start > at:
                self.begin(n, lot.taker, at, start - at)
            at = max(at, start + length)

    def _forward(self, link: Link, lot: Lot, piece: Piece, targets: frozenset[int]) -> None:
        at, length, route = piece
        if lot.what is What.SPENT:
            if route != _DONE:
                self.end(LineKind.SPENT, lot.giver, lot.paid, piece)
            return
        if route != _DONE and lot.giver in self.stops:
            self.end(LineKind.CUT, lot.giver, "", piece)
            route = _DONE
        elif route != _DONE:
            self.edges[lot.edge] += length
            self.through[lot.taker] += length
            route = self.routes.on(route, lot.taker)
            if lot.taker in targets:
                self.end(LineKind.ARRIVED, lot.taker, "", (at, length, route))
                route = _DONE
        _joined(self.asked.setdefault(link.new, []), (link.new_at + at - link.old_at, length, route))

    # ---- back

    def back(self, targets: frozenset[int]) -> None:
        """Leads what came over the targets' boundary back to where it is from."""
        for n, lot in enumerate(self.matching.lots):
            if lot.taker in targets and lot.giver not in targets:
                self.begin(n, lot.taker, 0, lot.amount)
        links, lots = self.matching.links, self.matching.lots
        known: set[int] = set()
        for link in reversed(links):
            lot = lots[link.new]
            if link.new not in known:
                known.add(link.new)
                if lot.what is What.MOVED:
                    self._came_from(link.new, lot)
            for at, length, route in self.pieces(link.new).between(link.new_at, link.length):
                _joined(self.asked.setdefault(link.old, []), (link.old_at + at - link.new_at, length, route))
        for n, lot in enumerate(lots):
            if lot.what in (What.OWN, What.UNKNOWN):
                kind = LineKind.ORIGIN if lot.what is What.OWN else LineKind.UNKNOWN_ORIGIN
                for piece in self.asked.pop(n, []):
                    self.end(kind, lot.taker, "", piece)

    def _came_from(self, n: int, lot: Lot) -> None:
        """All pieces of the lot go one node back, to its giver; those of a node that is not followed stay with its taker."""
        pieces: list[Piece] = []
        for piece in self.asked.pop(n, []):
            at, length, route = piece
            if lot.taker in self.stops:
                self.end(LineKind.CUT, lot.taker, "", piece)
            elif lot.giver >= 0:
                self.edges[lot.edge] += length
                self.through[lot.giver] += length
                pieces.append((at, length, self.routes.on(route, lot.giver)))
        self.sorted[n] = _Pieces(pieces)


def follow(network: Network, question: Question, sources: frozenset[int], targets: frozenset[int]) -> Found:
    """Takes time in proportion to lots and pieces; there are few pieces but where many ways meet and part again."""
    matching = match(network)
    money = question.money or _money(matching, sources) if sources else None
    stops = _too_far(network, question.max_depth, sources, targets)
    flow = _led(network, matching, stops, sources, targets, money)
    if question.min_share > 0:
        small = {v for v, came in flow.through.items() if came < question.min_share * flow.amount} - flow.starts
        if small:
            flow = _led(network, matching, stops | small, sources, targets, money)
    return _found(flow, question, money, back=not sources)


def _money(matching: Matching, sources: frozenset[int]) -> Money:
    own = any(lot.taker in sources and lot.what in (What.OWN, What.UNKNOWN) for lot in matching.lots)
    return Money.OWN if own else Money.ALL


def _too_far(network: Network, max_depth: int | None, sources: frozenset[int], targets: frozenset[int]) -> set[int]:
    if max_depth is None:
        return set()
    depth = reached(set(sources or targets), _after(network, range(len(network.amount)), back=not sources))
    # to what only other times join nothing comes; it is as far as any
    return {node for node in range(len(network.ids)) if depth.get(node, max_depth) >= max_depth}


def _after(network: Network, edges: Iterable[int], *, back: bool) -> Callable[[int], list[int]]:
    near: defaultdict[int, list[int]] = defaultdict(list)
    for e in edges:
        one, other = network.provider[e], network.receiver[e]
        near[other if back else one].append(one if back else other)
    return lambda node: near[node]


def _led(
    network: Network,
    matching: Matching,
    stops: set[int],
    sources: frozenset[int],
    targets: frozenset[int],
    money: Money | None,
) -> _Flow:
    flow = _Flow(network, matching, stops)
    if money:
        flow.onward(sources, targets, money)
    else:
        flow.back(targets)
    return flow


def _found(flow: _Flow, question: Question, money: Money | None, *, back: bool) -> Found:
    network, matching = flow.network, flow.matching
    depth = reached(flow.starts, _after(network, sorted(flow.edges), back=back))
    held: defaultdict[int, int] = defaultdict(int)
    unknown: defaultdict[int, int] = defaultdict(int)
    for n, at in matching.kept.items():
        held[matching.lots[n].taker] += matching.lots[n].amount - at
    for lot in matching.lots:
        if lot.what is What.UNKNOWN:
            unknown[lot.taker] += lot.amount
    least = question.min_share * flow.amount
    routes = [(amount, route) for route, amount in flow.ways.items() if route >= 0 and amount >= least]
    routes.sort(key=lambda way: (-way[0], way[1]))
    kept = [(flow.routes.nodes(route), amount) for amount, route in routes[: question.limit_paths]]
    return Found(
        rule=Attribution.FIFO,
        money=money,
        amount=flow.amount << BITS,
        lines=_exact(flow.lines),
        through=_exact(flow.through),
        edges=_exact(flow.edges),
        depth=depth,
        ways=[(nodes if back else nodes[::-1], amount << BITS) for nodes, amount in kept],
        through_cycles=flow.ways.get(_LOOPED, 0) << BITS,
        whole=len(routes) <= question.limit_paths and not flow.ways.get(_LOST),
        missed=0,
        held=held,
        unknown=unknown,
    )


def _exact(amounts: dict[_K, int]) -> dict[_K, int]:
    return {key: amount << BITS for key, amount in amounts.items() if amount}
