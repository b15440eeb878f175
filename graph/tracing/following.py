"""A trace from flows to its answer: one class, one currency, then the attribution. What is left out is said, with the reason."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

import msgspec

from graph.tracing.attribution import (
    Attribution,
    Line,
    LineKind,
    Money,
    Question,
    Remainder,
    RemainderKind,
    Result,
)
from graph.tracing.choosing import Left
from graph.tracing.flows import transfer
from graph.tracing.measures import Measures, measures
from graph.tracing.rates import NoRate, Rate, Tables, converted, rate
from graph.tracing.reconciling import Tolerance, ordinal
from graph.tracing.terms import Flow, Kind, Transfer
from graph.tracing.trace import trace

#: Why a flow is not followed, beside the reasons of graph.tracing.choosing.
REASONS = {
    "other_currency": "It is in another currency than is asked about.",
    "no_rate": "There is no rate for its currency and day.",
    "no_index": "There is no price index for its year.",
}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a trace is about. `flow_class` and `currency` '': the only one there is, cash before other classes."""

    sources: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    rule: Attribution = Attribution.PRO_RATA
    money: Money | None = None
    flow_class: str = ""
    currency: str = ""
    max_depth: int | None = None
    min_share: float = 0.0
    nodes: int = 200
    edges: int = 500
    paths: int = 20

    def question(self) -> Question:
        return Question(
            sources=frozenset(self.sources),
            targets=frozenset(self.targets),
            money=self.money,
            max_depth=self.max_depth,
            min_share=self.min_share,
            limit_nodes=self.nodes,
            limit_edges=self.edges,
            limit_paths=self.paths,
        )


class Conversion(msgspec.Struct, frozen=True, kw_only=True):
    """A flow in the currency asked about. `day`: whose rate applies; `of_value_date`: whether it is the flow's value date."""

    flow: str
    day: str
    of_value_date: bool
    original: int
    amount: int
    rate: Rate
    prices: Fraction = Fraction(1)  # what the converted amount was multiplied by, for constant prices


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """`classes` and `currencies`: those of the flows that start the question, with how many; `left`: flows not followed.

    `maybe_one`: see the function of that name.
    """

    result: Result
    flow_class: str
    currency: str
    classes: dict[str, int]
    currencies: dict[str, int]
    conversions: tuple[Conversion, ...]
    left: tuple[Left, ...]
    maybe_one: int = 0


class Totalled(msgspec.Struct, frozen=True, kw_only=True):
    """Measures of some nodes; `flows` are those they were made of, in the one currency; `missing` in words."""

    measures: Measures
    flow_class: str
    currency: str
    flows: tuple[Flow, ...]
    conversions: tuple[Conversion, ...]
    left: tuple[Left, ...]
    missing: tuple[str, ...]


class Undecided(Exception):
    """The flows are of several currencies, and the question names none."""


def class_asked(asked: str, met: Mapping[str, int], order: Sequence[str]) -> str:
    """The class that is followed: the one asked for, else the first in order that there is a flow of, else cash."""
    return asked or next((name for name in order if met.get(name)), order[0])


def in_one_currency(
    flows: Iterable[Flow], currency: str, tables: Tables
) -> tuple[list[Flow], list[Conversion], list[Left]]:
    """The flows with amounts in the currency, and in the prices of a year; those without a rate or an index are left out."""
    kept: list[Flow] = []
    made: list[Conversion] = []
    left: list[Left] = []
    for flow in flows:
        if flow.currency == currency and not tables.prices_of:
            kept.append(flow)
            continue
        found = _converted(flow, currency, tables)
        if isinstance(found, str):
            left.append(left_of(flow, found))
            continue
        made.append(found)
        kept.append(msgspec.structs.replace(flow, used=found.amount, currency=currency))
    return kept, made, left


def _converted(flow: Flow, currency: str, tables: Tables) -> Conversion | str:
    """The flow in the currency, or why it is in none, by a key of REASONS."""
    day = flow.value_date or flow.last
    found = rate(tables.rates, flow.currency, currency, day)
    if isinstance(found, NoRate):
        return "other_currency" if tables.rates is None else "no_rate"
    amount, factor = converted(flow.used, found), Fraction(1)
    if tables.prices_of:
        year = day[:4]
        index = tables.deflators.factor(currency, int(year), tables.prices_of) if tables.deflators and year else None
        if not isinstance(index, Fraction):
            return "no_index"
        amount, factor = converted(flow.used, replace(found, value=found.value * index)), index  # rounded once
    return Conversion(
        flow=flow.id, day=day, of_value_date=bool(flow.value_date), original=flow.used, amount=amount, rate=found,
        prices=factor,
    )  # fmt: skip


def currency_asked(asked: str, flows: Iterable[Flow], starts: frozenset[str]) -> tuple[str, dict[str, int]]:
    """The currency of the answer, and those of the flows at the start; raises Undecided."""
    flows = list(flows)
    near = Counter(flow.currency for flow in flows if flow.provider in starts or flow.receiver in starts)
    met = near or Counter(flow.currency for flow in flows)
    if asked:
        return asked, dict(sorted(met.items()))
    if len(met) > 1:
        listed = ", ".join(f"{name} ({count:,})" for name, count in met.most_common())
        raise Undecided(f"the flows asked about are in {listed}: name one as currency")
    return next(iter(met), ""), dict(met)


class Beyond(msgspec.Struct, frozen=True, kw_only=True):
    """What was not read: nodes whose flows are not all here, and sums by currency of what is missing at some of them."""

    unread: frozenset[str] = frozenset()
    outgoing: dict[str, dict[str, int]] = {}
    incoming: dict[str, dict[str, int]] = {}


NOTHING_BEYOND = Beyond()
#: Stand for who gives to, and who gets from, a node whose flows are not all read.
_BEYOND = "\x01"  # no id begins with it
_FROM_BEYOND, _TO_BEYOND = f"{_BEYOND}from:", f"{_BEYOND}to:"


def followed(
    asked: Asked,
    flows: Sequence[Flow],
    left: Iterable[Left],
    tables: Tables,
    order: Sequence[str],
    *,
    read: frozenset[str] | None = None,
    beyond: Beyond = NOTHING_BEYOND,
    classes: Mapping[str, int] | None = None,
) -> Followed:
    """The answer out of the flows at the nodes that the money reaches; `order`: classes, the one to prefer first.

    `read`: nodes whose flows are given, None for all; what is held by others, or was given by them, is told as cut.
    `classes`: of flows at the start, None where all are given.
    Raises Undecided, and what the attribution refuses.
    """
    starts = frozenset(asked.sources or asked.targets)
    if classes is None:
        classes = Counter(flow.flow_class for flow in flows if flow.provider in starts or flow.receiver in starts)
    flow_class = class_asked(asked.flow_class, classes, order)
    of_class = [flow for flow in flows if flow.flow_class == flow_class]
    currency, currencies = currency_asked(asked.currency, of_class, starts)
    kept, conversions, unconverted = in_one_currency(of_class, currency, tables)
    transfers = [*(transfer(flow) for flow in kept), *_unread(beyond, currency)]
    result = trace(transfers, asked.question(), asked.rule)
    unread = beyond.unread if read is None else beyond.unread | _ends(kept) - read
    return Followed(
        result=_told(result, unread) if unread else result,
        flow_class=flow_class,
        currency=currency,
        classes=dict(sorted(classes.items())),
        currencies=currencies,
        conversions=tuple(conversions),
        left=(*(one for one in left if one.flow_class == flow_class), *unconverted),
        maybe_one=maybe_one(of_class),
    )


def _ends(flows: Iterable[Flow]) -> frozenset[str]:
    ends = ((flow.provider, flow.receiver if flow.kind is Kind.TRANSFER else flow.provider) for flow in flows)
    return frozenset(node for both in ends for node in both)


def _unread(beyond: Beyond, currency: str) -> Iterable[Transfer]:
    """Sums of flows that were not read, so that what is known of a node's money stays in proportion."""
    for node, sums in beyond.outgoing.items():
        yield Transfer(
            id=f"{_TO_BEYOND}{node}", provider=node, receiver=f"{_TO_BEYOND}{node}", amount=sums.get(currency, 0)
        )
    for node, sums in beyond.incoming.items():
        begin = f"{_FROM_BEYOND}{node}"
        yield Transfer(id=begin, provider=begin, receiver=node, amount=sums.get(currency, 0))


def _told(result: Result, unread: frozenset[str]) -> Result:
    """The result in which what became of money at nodes not read is said to be not known."""

    def line(one: Line) -> Line:
        node = one.node.removeprefix(_FROM_BEYOND).removeprefix(_TO_BEYOND)
        open_ = one.kind in (LineKind.HELD, LineKind.ORIGIN, LineKind.UNKNOWN_ORIGIN)
        cut = node != one.node or (node in unread and open_)
        return msgspec.structs.replace(one, node=node, kind=LineKind.CUT) if cut else one

    lines: dict[tuple[LineKind, str, str], Line] = {}
    for one in map(line, result.lines):
        key = (one.kind, one.node, one.other)
        found = lines.get(key)
        lines[key] = one if found is None else msgspec.structs.replace(found, amount=found.amount + one.amount)
    real = [path for path in result.paths if not any(id_.startswith(_BEYOND) for id_ in path.nodes)]
    hidden = sum(path.amount for path in result.paths) - sum(path.amount for path in real)
    rest = {one.kind: one.amount for one in result.remainder}
    rest[RemainderKind.BELOW_CUT] = rest.get(RemainderKind.BELOW_CUT, 0) + hidden
    return msgspec.structs.replace(
        result,
        lines=tuple(lines.values()),
        nodes=tuple(row for row in result.nodes if not row.id.startswith(_BEYOND)),
        edges=tuple(e for e in result.edges if not (e.provider + e.receiver).count(_BEYOND)),
        paths=tuple(real),
        remainder=tuple(Remainder(kind=kind, amount=amount) for kind, amount in rest.items() if amount),
    )


def totalled(
    nodes: frozenset[str], flows: list[Flow], left: list[Left], tables: Tables, *, flow_class: str, currency: str,
    first: str, last: str, order: Sequence[str], secondary: Collection[str] = (),
) -> Totalled:  # fmt: skip
    """The measures of some nodes' money; raises Undecided. Commitments are needed too, whatever the class.

    `secondary`: those of the nodes that reproduce what others report; their flows do not count.
    """
    classes = Counter(flow.flow_class for flow in flows if flow.provider in nodes or flow.receiver in nodes)
    flow_class = class_asked(flow_class, classes or Counter(one.flow_class for one in left), order)
    needed = [flow for flow in flows if flow.flow_class in (flow_class, "commitment")]
    currency, _ = currency_asked(currency, (f for f in needed if f.flow_class == flow_class), nodes)
    kept, conversions, unconverted = in_one_currency(needed, currency, tables)
    other = Counter(flow.flow_class for flow in flows if flow.flow_class != flow_class)
    own = [one for one in left if one.flow_class == flow_class]
    missing = [] if classes.get(flow_class) else [nothing_of(flow_class, other, own)]
    if count := maybe_one(flow for flow in needed if flow.flow_class == flow_class):
        missing.append(said_of(count))
    own += unconverted
    made = measures(kept, nodes, flow_class=flow_class, first=first, last=last, left=own,
                    excluded=dict.fromkeys(secondary, "secondary_report"))  # fmt: skip
    return Totalled(
        measures=made,
        flow_class=flow_class,
        currency=currency,
        flows=tuple(kept),
        conversions=tuple(conversions),
        left=tuple(own),
        missing=tuple(missing),
    )


def maybe_one(flows: Iterable[Flow]) -> int:
    """How many transfers only their provider reports while its receiver reports another of these days, of another amount.

    By amount they are two, and are followed as two; they may be one of which the reports differ by more than is tolerated,
    or are in two currencies.
    """
    alone: dict[tuple[str, str, str], tuple[list[Flow], list[Flow]]] = {}
    for flow in flows:
        if flow.kind is Kind.TRANSFER and flow.first and flow.last and flow.used > 0:
            key = (flow.provider, flow.receiver, flow.flow_class)
            if flow.receiver_says is None and flow.provider_says is not None:
                alone.setdefault(key, ([], []))[0].append(flow)
            elif flow.provider_says is None and flow.receiver_says is not None:
                alone.setdefault(key, ([], []))[1].append(flow)
    window, count = Tolerance().days, 0
    for given, got in alone.values():
        if given and got:
            days = sorted(ordinal(flow.first) for flow in got)
            for flow in given:
                near = bisect_left(days, ordinal(flow.first) - window), bisect_right(days, ordinal(flow.last) + window)
                count += near[0] < near[1]
    return count


def said_of(count: int) -> str:
    """Words for that."""
    return (
        f"whether {count:,} transfer(s) that only the provider reports are the same as those of near days that only the receiver "
        "reports, with another amount: they are followed as two; reconciliation lists them"
    )


def nothing_of(flow_class: str, others: Mapping[str, int], left: Collection[Left] = ()) -> str:
    """Words for a class of which there is nothing, or nothing but what is left out."""
    if left:
        return f"how much it is: none of the reports of class {flow_class} can be counted in the time asked about"
    there = ", ".join(f"{name} ({count:,} flows)" for name, count in sorted(others.items()) if name != flow_class)
    return f"no money of class {flow_class} is reported here" + (f"; there is {there}" if there else "")


def left_of(flow: Flow, reason: str, claim: str = "") -> Left:
    """A flow that is not followed, or a claim of it."""
    return Left(
        claim=claim or (flow.claims[0] if flow.claims else flow.id),
        fact="",
        provider=flow.provider,
        receiver=flow.receiver,
        flow_class=flow.flow_class,
        currency=flow.currency,
        amount=flow.used,
        reason=reason,
    )
