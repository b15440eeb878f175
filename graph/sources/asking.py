"""What questions about money have in common: their time, their bounds, rates as rows, and the id an explanation is asked by."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from graph.bindings import Calling, Means
from graph.dates import ALWAYS, NEVER
from graph.errors import QuestionRefused
from graph.money import decimal_text
from graph.sources.facts import NOW
from graph.sources.reports import Time
from graph.sources.transfers import Expanded, Scope
from graph.tracing import reconciling
from graph.tracing.following import Conversion
from graph.tracing.rates import Rate, Table, Tables, converted, rate
from graph.tracing.terms import Flow, Kind

#: Rows of what is left out and of conversions that an answer lists.
LISTED = 100
#: Flows that a question may be about: what is beyond is not read, and said.
MOST_FLOWS = 40_000
#: Arguments of the time asked about, as parameters.
TIME = ("event_from", "until")


def time_of(given: Mapping[str, Any]) -> Time:
    """The time asked about, out of the arguments of a question."""
    return Time(known=given["known"], first=given["event_from"], last=given["until"])


def tables_of(calling: Calling) -> Tables:
    """Raises QuestionRefused where constant prices are asked for and there is no table of them."""
    prices = calling.parameters.get("constantPrices", 0)
    if prices and calling.means.tables.deflators is None:
        raise QuestionRefused("constantPrices needs a table of price indexes: name one in AIDGRAPH_DEFLATORS")
    return replace(calling.means.tables, prices_of=prices)


def exchange(table: Table | None) -> reconciling.Rate | None:
    """A rate function as reconciling takes it; None without a table."""
    if table is None:
        return None

    def apply(amount: int, of: str, currency: str, day: str) -> int | None:
        found = rate(table, of, currency, day)
        return converted(amount, found) if isinstance(found, Rate) else None

    return apply


async def once_each(read: Callable[[reconciling.Rate | None], Awaitable[Expanded]], tables: Tables) -> Expanded:
    """Flows, read again with the rates where the two sides of one transfer may report it in two currencies.

    Without that, both figures would be converted and followed. What is too much to read again stays as it was, `unmatched`.
    """
    found = await read(None)
    if tables.rates is None or not _in_two_currencies(found.flows):
        return found
    again = await read(exchange(tables.rates))
    return replace(found, unmatched=True) if again.truncated else again


#: What `missing` says of these.
UNMATCHED = (
    "whether transfers that their two sides report in two currencies are the same: there are too many reports to match them, so "
    "that both figures may be counted; narrow the question"
)


def levels(scope: Scope, flows: Iterable[Flow], flow_class: str) -> list[str]:
    """Words for money that a place or group and what lies in it both give to one, or get from one: it may be the same."""
    own, inside = set(scope.own), set(scope.inside)
    met: dict[tuple[str, str], set[bool]] = {}
    for flow in flows:
        if (
            flow.flow_class != flow_class
            or flow.kind is not Kind.TRANSFER
            or {flow.provider, flow.receiver} <= own | inside
        ):
            continue
        for way, near, far in (("to", flow.provider, flow.receiver), ("from", flow.receiver, flow.provider)):
            if near in own or near in inside:
                met.setdefault((way, far), set()).add(near in own)
    count = sum(len(levels) > 1 for levels in met.values())
    if not count:
        return []
    return [
        f"whether money of what is asked about is also in figures of what lies in it: with {count:,} other(s) both are reported, "
        "and both are counted"
    ]


def _in_two_currencies(flows: Iterable[Flow]) -> bool:
    met: dict[tuple[str, str, str], str] = {}
    for flow in flows:
        key = (flow.provider, flow.receiver, flow.flow_class)
        if flow.kind is Kind.TRANSFER and met.setdefault(key, flow.currency) != flow.currency:
            return True
    return False


def sealed(calling: Calling, field: str) -> str:
    """The id by which the same can be asked again, of what is known now: the field, then names and values of arguments."""
    arguments = {
        name: value
        for name, value in calling.parameters.items()
        if name not in ("answer", "today", "state_from", "beyond") and value is not None
    }
    if rule := calling.shape.get("rule"):
        arguments["rule"] = rule
    tables = calling.means.tables
    if tables.rates is not None:
        arguments |= {"rates": tables.rates.name, "ratesState": tables.rates.state()}
    if tables.deflators is not None and arguments.get("constantPrices"):
        arguments |= {"indexes": tables.deflators.name, "indexesState": tables.deflators.state()}
    return sealed_of(calling.means, field, arguments)


def sealed_of(means: Means, field: str, arguments: Mapping[str, Any]) -> str:
    """Likewise, of arguments by name, the moment that is asked about among them."""
    known = {**arguments, "known": min(arguments["known"], means.now)}
    return means.sealed("explain", [field, *(part for item in sorted(known.items()) for part in item)])


def arguments_of(question: list[Any]) -> tuple[str, dict[str, Any]]:
    """The field and the arguments that `sealed` put together."""
    field, *parts = question
    return field, dict(zip(parts[::2], parts[1::2], strict=True))


#: Arguments that a question is not told by: its time is told in other words.
_UNSAID = (*TIME, "known", "state_from", "beyond", "timed", "ratesState", "indexesState")


def said(arguments: Mapping[str, Any]) -> str:
    """The arguments as they are written in a question, without those that ask for nothing."""
    shown = {name: value for name, value in arguments.items() if value not in ("", None, []) and name not in _UNSAID}
    first, last = (arguments[name] for name in TIME)
    if last != NEVER:
        shown |= {"during": f"{first} to {last}"} if first != ALWAYS else {"asOf": last}
    if arguments["known"] < NOW:
        shown["knownOn"] = datetime.fromtimestamp(arguments["known"] / 1000, UTC).isoformat(timespec="milliseconds")
    return ", ".join(f"{name}: {value}" for name, value in sorted(shown.items()))


def conversions(made: Iterable[Conversion], currency: str) -> list[list[Any]]:
    """One row for each currency and day, those of most flows first."""
    groups: dict[tuple[Any, ...], list[Conversion]] = {}
    for one in made:
        groups.setdefault((one.rate.of, one.day, one.of_value_date), []).append(one)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return [
        [
            of,
            day,
            of_value_date,
            digits(alike[0].rate.value),
            [leg.day for leg in alike[0].rate.legs],
            alike[0].rate.table,
            decimal_text(sum(c.original for c in alike), of),
            decimal_text(sum(c.amount for c in alike), currency),
            len(alike),
            digits(alike[0].prices) if alike[0].prices != 1 else None,
        ]
        for (of, day, of_value_date), alike in ordered[:LISTED]
    ]


def money(minor: int | None, currency: str) -> str | None:
    """An amount as text; None where it, or its currency, is not known."""
    return decimal_text(minor, currency) if minor is not None and currency else None


def digits(value: Fraction) -> str:
    """A rate to twelve significant digits."""
    with localcontext(prec=12):
        return format(Decimal(value.numerator) / Decimal(value.denominator), "f")
