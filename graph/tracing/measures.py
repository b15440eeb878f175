"""Totals of some nodes side by side: what moved, what was spent of it, what of it was new. Never added to one another.

Each leaves out what it must not count, and says why. Amounts are in minor units of the one currency of the flows.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from graph.tracing.choosing import Left
from graph.tracing.terms import Flow, Kind

#: Why a flow is not in a total, beside the reasons of graph/tracing/choosing.py.
REASONS = {
    "beyond_period": "Its period goes beyond the one asked about: how much of it falls in is not known.",
    "own_money": "It is money of the node's own: its giver is not named, so that it came from no other node.",
    "other_class": "It is of another stage of money.",
    "not_outgoing": "It comes in; only what goes out is added.",
    "passed_on": "It goes on to another node; only what is spent is added.",
    "secondary_report": "Its project is of a secondary reporter, who reproduces what others report.",
}


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """A total with the flows that are added, those subtracted, and what was left out: (flow or claim id, reason)."""

    amount: int
    added: tuple[str, ...] = ()
    subtracted: tuple[str, ...] = ()
    left: tuple[tuple[str, str], ...] = ()


class Measures(msgspec.Struct, frozen=True, kw_only=True):
    """The totals of a set of nodes in one class and currency.

    `gross`: all that goes out of each node, be it to another of them, or is spent.
    `net_spend`: disbursements and expenditure less incoming funds.
    `net_new`: OCHA's: what of each node's outgoing money exceeds what came in, promised or paid, whichever is more.
    `end_use`: what is spent.
    `new_money`: what the nodes together have from outside: their own money, what comes from other nodes, and what they paid
    out or spent beyond what came in. It is spent, `held`, or `passed_on` to other nodes: these three add up to it.
    """

    gross: Measure
    net_spend: Measure
    net_new: Measure
    end_use: Measure
    new_money: int
    held: int
    passed_on: int


def measures(
    flows: Iterable[Flow],
    nodes: Collection[str],
    *,
    flow_class: str = "cash",
    first: str = "",
    last: str = "",
    left: Sequence[Left] = (),
    excluded: Mapping[str, str] | None = None,
) -> Measures:
    """Totals of `nodes` from the first to the last day ('' is open).

    `flows`: all that touch the nodes, with commitments (`net_new` needs them), in one currency. `left`: reports that became
    no flow. `excluded`: nodes whose flows do not count, with the reason out of REASONS.
    """
    books = _Books(frozenset(nodes) - set(excluded or ()), flow_class)
    currencies: set[str] = set()
    for flow in sorted(flows, key=lambda one: one.id):
        if reason := _outside(flow, nodes, excluded or {}):
            books.leave(flow.id, reason)
            continue
        if not books.touched_by(flow) or (place := _place(flow, first, last)) == "out":
            continue
        currencies.add(flow.currency)
        if place == "beyond":
            books.leave(flow.id, "beyond_period")
        else:
            books.enter(flow)
    if len(currencies) > 1:
        raise ValueError(f"flows in {', '.join(sorted(currencies))} cannot be added: convert them first")
    for one in left:
        if one.provider in nodes or one.receiver in nodes:
            books.leave(one.claim, one.reason)
    return books.closed()


def _outside(flow: Flow, nodes: Collection[str], excluded: Mapping[str, str]) -> str:
    for node in (flow.provider, flow.receiver):
        if node in nodes and node in excluded:
            return excluded[node]
    return ""


def _place(flow: Flow, first: str, last: str) -> str:
    """Whether the period of a flow lies in the time asked about, out of it, or goes beyond it."""
    if not first and not last:
        return "in"
    begins, ends = flow.first, flow.last or "9999"
    if ends < first or (last and begins > last):
        return "out"
    return "in" if begins >= first and (not last or ends <= last) else "beyond"


class _Books:
    def __init__(self, nodes: frozenset[str], flow_class: str) -> None:
        self._nodes = nodes
        self._class = flow_class
        self._out: dict[str, int] = dict.fromkeys(sorted(nodes), 0)
        self._in = dict(self._out)
        self._promised = dict(self._out)
        self._own = dict(self._out)
        self._sent: list[tuple[str, int]] = []
        self._got: list[tuple[str, int]] = []
        self._spent: list[tuple[str, int]] = []
        self._owned: list[str] = []
        self._commitments: list[str] = []
        self._left: list[tuple[str, str]] = []
        self._passed_on = self._from_others = 0

    def touched_by(self, flow: Flow) -> bool:
        return flow.provider in self._nodes or (flow.receiver in self._nodes and flow.kind is Kind.TRANSFER)

    def leave(self, id_: str, reason: str) -> None:
        self._left.append((id_, reason))

    def enter(self, flow: Flow) -> None:
        if flow.flow_class != self._class:
            if flow.flow_class == "commitment" and flow.kind is not Kind.END_USE and flow.receiver in self._nodes:
                self._promised[flow.receiver] += flow.used
                self._commitments.append(flow.id)
            else:
                self.leave(flow.id, "other_class")
            return
        if flow.kind is Kind.OWN:
            self._own[flow.provider] += flow.used
            self._owned.append(flow.id)
            return
        if flow.provider in self._nodes:
            self._out[flow.provider] += flow.used
            self._sent.append((flow.id, flow.used))
            if flow.kind is Kind.END_USE:
                self._spent.append((flow.id, flow.used))
            elif flow.receiver not in self._nodes:
                self._passed_on += flow.used
        if flow.kind is Kind.TRANSFER and flow.receiver in self._nodes:
            self._in[flow.receiver] += flow.used
            self._got.append((flow.id, flow.used))
            if flow.provider not in self._nodes:
                self._from_others += flow.used

    def closed(self) -> Measures:
        out, spent = _sum(self._sent), _sum(self._spent)
        own = [(id_, "own_money") for id_ in self._owned]
        commitments = [(id_, "other_class") for id_ in self._commitments]
        incoming = {node: max(0, self._promised[node], self._in[node]) for node in self._nodes}
        new = {node: max(0, self._out[node] - incoming[node]) for node in self._nodes}
        ends, sent = ({id_ for id_, _ in entries} for entries in (self._spent, self._sent))
        passed_on = [(id_, "passed_on") for id_ in sent - ends]
        only_in = [(id_, "not_outgoing") for id_, _ in self._got if id_ not in sent]
        held = {node: self._in[node] + self._own[node] - self._out[node] for node in self._nodes}
        unknown = sum(-amount for amount in held.values() if amount < 0)
        return Measures(
            gross=self._measure(out, self._sent, left=[*own, *only_in, *commitments]),
            net_spend=self._measure(out - _sum(self._got), self._sent, self._got, left=[*own, *commitments]),
            net_new=self._measure(sum(new.values()), self._sent, self._got, left=own),
            end_use=self._measure(spent, self._spent, left=[*own, *passed_on, *only_in, *commitments]),
            new_money=sum(self._own.values()) + self._from_others + unknown,
            held=sum(amount for amount in held.values() if amount > 0),
            passed_on=self._passed_on,
        )

    def _measure(
        self,
        amount: int,
        added: Sequence[tuple[str, int]],
        subtracted: Sequence[tuple[str, int]] = (),
        *,
        left: Sequence[tuple[str, str]],
    ) -> Measure:
        return Measure(
            amount=amount,
            added=tuple(id_ for id_, _ in added),
            subtracted=tuple(id_ for id_, _ in subtracted),
            left=tuple(sorted({*self._left, *left})),
        )


def _sum(entries: Iterable[tuple[str, int]]) -> int:
    return sum(amount for _, amount in entries)
