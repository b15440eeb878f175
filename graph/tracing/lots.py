"""Which lot each flow takes its money from: first in, first out, in order of days."""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from itertools import groupby

import msgspec

from graph.tracing.components import components
from graph.tracing.network import Key, Network, key_of
from graph.tracing.terms import Kind, Transfer


class What(Enum):
    MOVED = auto()
    SPENT = auto()
    OWN = auto()
    UNKNOWN = auto()  #: money a node gave that it had not got yet


class Lot(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Money that moved at once. `giver` or `taker` is -1 where it is no node; `edge` is the network's, -1 for none."""

    what: What
    giver: int
    taker: int
    amount: int
    edge: int
    paid: str
    day: str
    id: str


class Link(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`length` of lot `old`, from `old_at` on, is that of lot `new` from `new_at` on. Numbers in `Matching.lots`."""

    old: int
    new: int
    old_at: int
    new_at: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """Lots, and links in the order in which money moved: all links to a lot stand before all from it.

    There are at most as many links as lots, and as many again for lots that are divided. `kept`: by lot, from where on its
    taker still has it.
    """

    lots: list[Lot]
    links: list[Link]
    kept: dict[int, int]


def match(network: Network) -> Matching:
    """Takes lots by date, then id. A flow counts on its last day; one without a day counts after all days.

    Within a day money comes in before it goes out: nodes are taken in the order in which the day's flows join them. Where
    they join them to a cycle, flows in it come first, by id. What a node gives without having it is an unknown lot.
    """
    ledger = _Ledger()
    edge_of = {pair: e for e, pair in enumerate(zip(network.provider, network.receiver, strict=True))}
    lots = sorted(
        (_lot(network, transfer, amount, edge_of) for transfer, amount in _left(network)),
        key=lambda lot: (not lot.day, lot.day, lot.id, lot.giver, lot.taker, lot.what.value, lot.paid, lot.amount),
    )
    for _, of_day in groupby(lots, key=lambda lot: lot.day):
        ledger.one_day(list(of_day))
    kept = {n: at for queue in ledger.queues.values() for n, at in queue}
    return Matching(lots=ledger.lots, links=ledger.links, kept=kept)


def _left(network: Network) -> Iterator[tuple[Transfer, int]]:
    """Transfers less corrections: of each edge the earliest, up to what is left of it; then flows back."""
    by_key: defaultdict[Key, list[Transfer]] = defaultdict(list)
    for transfer in network.transfers:
        if transfer.amount > 0:
            by_key[key_of(transfer)].append(transfer)
    for key, transfers in by_key.items():
        left = network.moved[key[:2]] if key[2] is Kind.TRANSFER else network.kept[key]
        for transfer in sorted(transfers, key=lambda t: (not t.day, t.day, t.id, t.amount)):
            if left > 0:
                yield transfer, min(left, transfer.amount)
            left -= transfer.amount
    for transfer in network.back:
        yield transfer, transfer.amount


def _lot(network: Network, transfer: Transfer, amount: int, edge_of: dict[tuple[int, int], int]) -> Lot:
    giver = network.number[transfer.provider]
    what = {Kind.TRANSFER: What.MOVED, Kind.END_USE: What.SPENT, Kind.OWN: What.OWN}[transfer.kind]
    taker = network.number[transfer.receiver] if what is What.MOVED else (giver if what is What.OWN else -1)
    return Lot(
        what=what,
        giver=-1 if what is What.OWN else giver,
        taker=taker,
        amount=amount,
        edge=edge_of[giver, taker] if what is What.MOVED else -1,
        # a flow back of own money is paid to nobody known
        paid=key_of(transfer)[3] if what is What.SPENT else "",
        day=transfer.day,
        id=transfer.id,
    )


class _Ledger:
    """What each node has: lots and from where on, the first to go first."""

    def __init__(self) -> None:
        self.lots: list[Lot] = []
        self.links: list[Link] = []
        self.queues: defaultdict[int, deque[tuple[int, int]]] = defaultdict(deque)

    def one_day(self, of_day: list[Lot]) -> None:
        """Lots of one day, in order of id."""
        if len(of_day) == 1:
            self._move(of_day[0])
            return
        nodes = sorted({node for lot in of_day for node in (lot.giver, lot.taker) if node >= 0})
        place = {node: n for n, node in enumerate(nodes)}
        goes: list[list[int]] = [[] for _ in nodes]
        for lot in of_day:
            if lot.what is What.MOVED:
                goes[place[lot.giver]].append(place[lot.taker])
        first = [0]
        for on in goes:
            first.append(first[-1] + len(on))
        found = components(first, [w for on in goes for w in on], range(len(nodes)))
        mark = {nodes[n]: m for m, members in enumerate(found) for n in members}
        out: defaultdict[int, list[Lot]] = defaultdict(list)
        for lot in of_day:
            out[mark[lot.taker if lot.what is What.OWN else lot.giver]].append(lot)
        self._in_order(out, mark, len(found))

    def _in_order(self, out: dict[int, list[Lot]], mark: dict[int, int], count: int) -> None:
        """Components are numbered against the way the money goes. Lots that come to one wait until all have, for order of id."""
        waiting: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
        for m in reversed(range(count)):
            mine = out.get(m, [])
            for lot in mine:
                if lot.what is What.OWN:
                    waiting[m].append((lot.id, self._new(lot)))
            for _, n in sorted(waiting.pop(m, [])):
                self.queues[self.lots[n].taker].append((n, 0))
            for lot in mine:
                if lot.what is What.MOVED and mark[lot.taker] == m:
                    self._move(lot)
            for lot in mine:
                if lot.what is What.MOVED and mark[lot.taker] != m:
                    waiting[mark[lot.taker]].append((lot.id, self._paid(lot)))
                elif lot.what is What.SPENT:
                    self._paid(lot)

    def _new(self, lot: Lot) -> int:
        self.lots.append(lot)
        return len(self.lots) - 1

    def _move(self, lot: Lot) -> None:
        n = self._new(lot) if lot.what is What.OWN else self._paid(lot)
        if lot.taker >= 0:
            self.queues[lot.taker].append((n, 0))

    def _paid(self, lot: Lot) -> int:
        """The lot's number, made of what its giver has."""
        queue, at, new = self.queues[lot.giver], 0, self._new(lot)
        while at < lot.amount:
            need = lot.amount - at
            if not queue:
                unknown = Lot(
                    what=What.UNKNOWN, giver=-1, taker=lot.giver, amount=need, edge=-1, paid="", day=lot.day, id=lot.id
                )
                queue.append((self._new(unknown), 0))
            old, old_at = queue.popleft()
            have = self.lots[old].amount - old_at
            length = min(have, need)
            if have > length:
                queue.appendleft((old, old_at + length))
            self.links.append(Link(old=old, new=new, old_at=old_at, new_at=at, length=length))
            at += length
        return new
