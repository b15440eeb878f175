"""Totals of some nodes side by side: what moved, what was spent of it, what of it was new. Never added to one another.

Each leaves out what it must not count, and says why. Amounts are in minor units of the one currency of the flows.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from graph.tracing.attribution import Correction
from graph.tracing.choosing import Left
from graph.tracing.flows import transfer
from graph.tracing.network import Network, build
from graph.tracing.terms import Flow, Kind

#: Why a flow is not in a total, beside the reasons of graph/tracing/choosing.py.
REASONS = {
    "own_money": "It is money of the node's own: its giver is not named, so that it came from no other node.",
    "other_class": "It is of another stage of money.",
    "not_outgoing": "It comes in; only what goes out is added.",
    "passed_on": "It goes on to another node; only what is spent is added.",
    "to_itself": "It goes from a node to itself: two that are one.",
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
    Negative amounts are netted as where money is followed; `corrections` are those that go beyond their own edge.
    """

    gross: Measure
    net_spend: Measure
    net_new: Measure
    end_use: Measure
    new_money: int
    held: int
    passed_on: int
    corrections: tuple[Correction, ...] = ()


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
    """Flows of some nodes, entered one by one; what goes back by corrections is known when all are in."""

    def __init__(self, nodes: frozenset[str], flow_class: str) -> None:
        self._nodes = nodes
        self._class = flow_class
        self._flows: list[Flow] = []
        self._promised: Counter[str] = Counter()
        self._commitments: list[str] = []
        self._left: list[tuple[str, str]] = []

    def touched_by(self, flow: Flow) -> bool:
        return flow.provider in self._nodes or (flow.receiver in self._nodes and flow.kind is Kind.TRANSFER)

    def leave(self, id_: str, reason: str) -> None:
        self._left.append((id_, reason))

    def enter(self, flow: Flow) -> None:
        if flow.flow_class == self._class:
            self._flows.append(flow)
        elif flow.flow_class == "commitment" and flow.kind is not Kind.END_USE and flow.receiver in self._nodes:
            self._promised[flow.receiver] += flow.used
            self._commitments.append(flow.id)
        else:
            self.leave(flow.id, "other_class")

    def closed(self) -> Measures:
        network = build(map(transfer, self._flows))
        for loop in network.ignored:
            self.leave(loop.id, "to_itself")
        back = {(flow.receiver, flow.provider) for flow in network.back if flow.kind is Kind.TRANSFER}
        sent: list[str] = []
        got: list[str] = []
        spent: list[str] = []
        owned: list[str] = []
        for flow in self._flows:
            if flow.kind is Kind.OWN:
                owned.append(flow.id)
            elif flow.kind is Kind.END_USE:
                spent.append(flow.id)
            elif flow.provider != flow.receiver:
                ends = (flow.provider, flow.receiver)
                giver, taker = ends[::-1] if ends in back else ends
                if giver in self._nodes:
                    sent.append(flow.id)
                if taker in self._nodes:
                    got.append(flow.id)
        return self._measures(network, [*sent, *spent], got, spent, owned)

    def _measures(
        self, network: Network, sent: list[str], got: list[str], spent: list[str], owned: list[str]
    ) -> Measures:  # fmt: skip
        here = [(n, id_) for n, id_ in enumerate(network.ids) if id_ in self._nodes]
        went = {id_: network.outflow[n] + network.end_use[n] for n, id_ in here}
        came = {id_: network.inflow[n] for n, id_ in here}
        incoming = {id_: max(0, self._promised[id_], came[id_]) for id_ in came}
        balance = {id_: came[id_] + network.own[n] - went[id_] for n, id_ in here}
        passed_on, from_others = _crossing(network, self._nodes)
        own = [(id_, "own_money") for id_ in owned]
        commitments = [(id_, "other_class") for id_ in self._commitments]
        passing = [(id_, "passed_on") for id_ in sorted(set(sent) - set(spent))]
        only_in = [(id_, "not_outgoing") for id_ in sorted(set(got) - set(sent))]
        end_use = sum(network.end_use[n] for n, _ in here)
        unknown = sum(-amount for amount in balance.values() if amount < 0)
        return Measures(
            gross=self._measure(sum(went.values()), sent, left=[*own, *only_in, *commitments]),
            net_spend=self._measure(sum(went.values()) - sum(came.values()), sent, got, left=[*own, *commitments]),
            net_new=self._measure(sum(max(0, went[id_] - incoming[id_]) for id_ in went), sent, got, left=own),
            end_use=self._measure(end_use, spent, left=[*own, *passing, *only_in, *commitments]),
            new_money=sum(network.own[n] for n, _ in here) + from_others + unknown,
            held=sum(amount for amount in balance.values() if amount > 0),
            passed_on=passed_on,
            corrections=network.corrections,
        )

    def _measure(
        self,
        amount: int,
        added: Sequence[str],
        subtracted: Sequence[str] = (),
        *,
        left: Sequence[tuple[str, str]],
    ) -> Measure:
        return Measure(
            amount=amount,
            added=tuple(added),
            subtracted=tuple(subtracted),
            left=tuple(sorted({*self._left, *left})),
        )


def _crossing(network: Network, nodes: Collection[str]) -> tuple[int, int]:
    """What goes from the nodes to others, and from others to them."""
    passed_on = from_others = 0
    for start, end, amount in zip(network.provider, network.receiver, network.amount, strict=True):
        gives, takes = network.ids[start] in nodes, network.ids[end] in nodes
        passed_on += amount if gives and not takes else 0
        from_others += amount if takes and not gives else 0
    return passed_on, from_others
