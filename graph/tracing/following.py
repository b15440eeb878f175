"""A trace from flows to its answer: one class, one currency, then the attribution. What is left out is said, with the reason."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from graph.tracing.attribution import Attribution, Money, Question, Result
from graph.tracing.choosing import Left
from graph.tracing.flows import transfer
from graph.tracing.rates import NoRate, Rate, Table, converted, rate
from graph.tracing.terms import Flow
from graph.tracing.trace import trace

#: Why a flow is not followed, beside the reasons of graph.tracing.choosing.
REASONS = {
    "other_currency": "It is in another currency than is asked about.",
    "no_rate": "There is no rate for its currency and day.",
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


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """`classes` and `currencies`: those of the flows that start the question, with how many; `left`: flows not followed."""

    result: Result
    flow_class: str
    currency: str
    classes: dict[str, int]
    currencies: dict[str, int]
    conversions: tuple[Conversion, ...]
    left: tuple[Left, ...]


class Undecided(Exception):
    """The flows are of several currencies, and the question names none."""


def class_asked(asked: str, met: Mapping[str, int], order: Sequence[str]) -> str:
    """The class that is followed: the one asked for, else the first in order that there is a flow of, else cash."""
    return asked or next((name for name in order if met.get(name)), order[0])


def in_one_currency(
    flows: Iterable[Flow], currency: str, table: Table | None
) -> tuple[list[Flow], list[Conversion], list[Left]]:
    """The flows with amounts in the currency; those without a rate are left out."""
    kept: list[Flow] = []
    made: list[Conversion] = []
    left: list[Left] = []
    for flow in flows:
        if flow.currency == currency:
            kept.append(flow)
            continue
        day = flow.value_date or flow.last
        found = rate(table, flow.currency, currency, day)
        if isinstance(found, NoRate):
            left.append(_left(flow, "other_currency" if table is None else "no_rate"))
            continue
        amount = converted(flow.used, found)
        made.append(
            Conversion(
                flow=flow.id,
                day=day,
                of_value_date=bool(flow.value_date),
                original=flow.used,
                amount=amount,
                rate=found,
            )
        )
        kept.append(msgspec.structs.replace(flow, used=amount, currency=currency))
    return kept, made, left


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


def followed(
    asked: Asked, flows: Sequence[Flow], left: Iterable[Left], table: Table | None, order: Sequence[str]
) -> Followed:
    """The answer out of all flows at the nodes that the money reaches; `order`: classes, the one to prefer first.

    Raises Undecided, and what the attribution refuses.
    """
    starts = frozenset(asked.sources or asked.targets)
    classes = Counter(flow.flow_class for flow in flows if flow.provider in starts or flow.receiver in starts)
    flow_class = class_asked(asked.flow_class, classes, order)
    of_class = [flow for flow in flows if flow.flow_class == flow_class]
    currency, currencies = currency_asked(asked.currency, of_class, starts)
    kept, conversions, unconverted = in_one_currency(of_class, currency, table)
    result = trace((transfer(flow) for flow in kept), asked.question(), asked.rule)
    return Followed(
        result=result,
        flow_class=flow_class,
        currency=currency,
        classes=dict(sorted(classes.items())),
        currencies=currencies,
        conversions=tuple(conversions),
        left=(*(one for one in left if one.flow_class == flow_class), *unconverted),
    )


def _left(flow: Flow, reason: str) -> Left:
    return Left(
        claim=flow.claims[0] if flow.claims else flow.id,
        fact="",
        provider=flow.provider,
        receiver=flow.receiver,
        flow_class=flow.flow_class,
        currency=flow.currency,
        amount=flow.used,
        reason=reason,
    )
