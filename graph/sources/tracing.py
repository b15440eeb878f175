"""Money followed along flows: what is read for it, and where each part of the answer stands in its list."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from graph.bindings import Calling, computed
from graph.errors import QuestionRefused
from graph.model import MONEY_CLASS
from graph.money import decimal_text
from graph.sources import reports
from graph.tracing import attribution, choosing, following
from graph.tracing.attribution import Attribution, Money
from graph.tracing.classes import flow_classes
from graph.tracing.following import Asked, Conversion, Followed

#: Rows of what is left out and of conversions that an answer lists.
LISTED = 100
#: Flows that a question may be about: what is beyond is not read, and said.
MOST_FLOWS = 200_000
#: Classes in the order in which one is chosen where none is asked for.
CLASSES_ORDER = flow_classes(tuple(code.value for code in MONEY_CLASS))

_CLASS_NAMES = {
    "cash": "Money that moved: disbursements, expenditure, reimbursements, and incoming funds as the receiver reports them.",
    "commitment": "Firmly promised, by either side.",
    "budget": "Planned, budgeted or expected, whatever was meant by it.",
    "pledge": "Promised, not firmly, by either side.",
    "unstated": "Of claims that name no class.",
}
_CODES = {code.value: code.description for code in MONEY_CLASS}
CLASS_NAMES = {
    name: _CLASS_NAMES.get(name) or f"{_CODES[name][0].upper()}{_CODES[name][1:]}." for name in CLASSES_ORDER
}
RULES = {
    "pro_rata": "Of all that came to a node, each outflow has a part in proportion.",
    "fifo": "What came first goes first; money never pays for what went before it came.",
    "earmarked": "Only along explicit links of activities, and only through nodes with one provider; the rest is pooled.",
}
MONEYS = {
    "own": "What the start put in itself: declared as its own, or of unknown origin.",
    "all": "All that came to the start or went out of it, whoever gave it; each unit once.",
}
LINE_KINDS = {
    "spent": "Spent: an end use.",
    "held": "It came, and no report says that it went on.",
    "pooled": "It came together with other money and cannot be told apart (EARMARKED).",
    "arrived": "It reached the entity asked about with `to`.",
    "cut": "Not followed on, for depth or for too small a share.",
    "origin": "Own money of the entity.",
    "unknown_origin": "Given by an entity that is not known to have had it.",
}
REMAINDERS = {
    "through_cycles": "It came back to an entity of its way.",
    "below_cut": "On ways of less money than those listed, or not searched.",
}
EFFECTS = {
    "flow_back": "More came back than went: a flow from receiver to provider.",
    "end_use_reduced": "Taken off another end use of the provider.",
    "own_given_back": "More own money given back than put in.",
    "not_applied": "There was nothing to take it off.",
}
REASONS = {**choosing.REASONS, **following.REASONS}

(FROM, TO, RULE, MONEY, CLASS, CLASSES, CURRENCY, CURRENCIES, AMOUNT, LINES, NODES, EDGES, PATHS, REMAINDER, CORRECTIONS,
 CLOSED, LEFT, LEFT_COUNT, CONVERSIONS, CHECK, TRUNCATED, MISSING, EXPLAIN) = range(23)  # fmt: skip


async def _answer(calling: Calling) -> list[Any] | None:
    given = calling.parameters
    starts = [await reports.scope(calling, given[name]) if given.get(name) else () for name in ("from", "to")]
    if not any(starts):
        raise QuestionRefused("neither from nor to is given: name who gave the money, who got it, or both")
    asked = _asked(calling, *starts)
    read = await reports.expanded(calling, asked.sources or asked.targets, onward=bool(asked.sources), most=MOST_FLOWS)
    found = await _followed(calling, asked, read)
    return listed(found, given, truncated=read.truncated, explain=_sealed(calling, "trace", _arguments(calling)))


def _asked(calling: Calling, sources: Iterable[str], targets: Iterable[str]) -> Asked:
    given = calling.parameters
    money = given.get("money")
    return Asked(
        sources=tuple(sorted(sources)),
        targets=tuple(sorted(targets)),
        rule=Attribution(calling.shape.get("rule") or "pro_rata"),
        money=Money(money) if money else None,
        flow_class=given.get("class", ""),
        currency=given.get("currency", ""),
        max_depth=given.get("maxDepth"),
        min_share=given.get("minShare", 0.0),
        paths=given.get("paths", 10),
    )


async def _followed(calling: Calling, asked: Asked, read: reports.Read) -> Followed:
    try:
        return await asyncio.to_thread(
            following.followed, asked, read.flows, read.left, calling.means.rates, CLASSES_ORDER
        )
    except following.Undecided as error:
        raise QuestionRefused(str(error)) from None


def listed(found: Followed, given: Mapping[str, Any], *, truncated: bool, explain: str) -> list[Any]:
    """The answer as the fields of a trace take it."""
    result, currency = found.result, found.currency or "XXX"

    def money(minor: int) -> str:
        return decimal_text(minor, currency)

    def share(minor: int) -> float:
        return minor / result.amount if result.amount else 0.0

    made: list[Any] = [None] * 23
    made[FROM], made[TO] = given.get("from", ""), given.get("to", "")
    made[RULE], made[MONEY] = result.rule.value, result.money and result.money.value
    made[CLASS] = found.flow_class
    made[CLASSES] = [[name, count] for name, count in found.classes.items()]
    made[CURRENCY], made[CURRENCIES] = found.currency or None, list(found.currencies)
    made[AMOUNT] = money(result.amount)
    lines = sorted(result.lines, key=lambda line: (-line.amount, line.kind, line.node, line.other))
    made[LINES] = [[x.kind.value, x.node, x.other, money(x.amount), share(x.amount)] for x in lines]
    made[NODES] = [
        [n.id, *map(money, (n.throughput, n.inflow, n.own, n.outflow, n.end_use, n.held, n.unknown)), n.depth]
        for n in result.nodes
    ]
    made[EDGES] = [[e.provider, e.receiver, money(e.amount), money(e.used)] for e in result.edges]
    made[PATHS] = [[list(p.nodes), money(p.amount), p.share] for p in result.paths]
    made[REMAINDER] = [[r.kind.value, money(r.amount)] for r in result.remainder]
    made[CORRECTIONS] = [[c.effect.value, c.provider, c.receiver, money(c.amount)] for c in result.corrections[:LISTED]]
    made[CLOSED] = [[list(members)] for members in result.closed[:LISTED]]
    made[LEFT] = [_left(one) for one in found.left[:LISTED]]
    made[LEFT_COUNT] = len(found.left)
    made[CONVERSIONS] = _conversions(found)
    check = result.check
    made[CHECK] = [money(check.amount), money(check.lines), money(check.paths), check.agrees]
    made[TRUNCATED] = [*result.truncated, *(["flows"] if truncated else [])]
    made[MISSING] = missing(found, given)
    made[EXPLAIN] = explain
    return made


def _left(one: choosing.Left) -> list[Any]:
    amount = None if one.amount is None or not one.currency else decimal_text(one.amount, one.currency)
    return [one.reason, one.provider, one.receiver, amount, one.currency or None, one.claim]


def _conversions(found: Followed) -> list[list[Any]]:
    """One row for each currency, day and rate, those of most flows first."""
    groups: dict[tuple[Any, ...], list[Conversion]] = {}
    for one in found.conversions:
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
            decimal_text(sum(c.amount for c in alike), found.currency),
            len(alike),
        ]
        for (of, day, of_value_date), alike in ordered[:LISTED]
    ]


def digits(value: Fraction) -> str:
    """A rate to twelve significant digits."""
    with localcontext(prec=12):
        return format(Decimal(value.numerator) / Decimal(value.denominator), "f")


def missing(found: Followed, given: Mapping[str, Any]) -> list[str]:
    """What the data would need for more of an answer."""
    result = found.result
    said: list[str] = []
    if not result.amount:
        where = given.get("from") or given.get("to")
        others = [f"{name} ({count:,} flows)" for name, count in found.classes.items() if name != found.flow_class]
        said.append(
            f"no money of class {found.flow_class} is reported at {where}"
            + (f"; there is {', '.join(others)}" if others else "")
        )
    sums: Counter[str] = Counter()
    for line in result.lines:
        sums[line.kind] += line.amount
    currency = found.currency or "XXX"
    if held := sums[attribution.LineKind.HELD]:
        said.append(f"where {decimal_text(held, currency)} {currency} went on from who got it: no report says it")
    if unknown := sums[attribution.LineKind.UNKNOWN_ORIGIN]:
        said.append(f"where {decimal_text(unknown, currency)} {currency} came from: no report says it")
    if pooled := sums[attribution.LineKind.POOLED]:
        said.append(f"which money {decimal_text(pooled, currency)} {currency} became: no link says it")
    if unpaid := sum(line.amount for line in result.lines if line.kind == "spent" and not line.other):
        said.append(f"who was paid {decimal_text(unpaid, currency)} {currency}: no report names them")
    reasons = Counter(one.reason for one in found.left)
    said += [f"{count:,} reports are left out: {REASONS[reason]}" for reason, count in sorted(reasons.items())]
    return said


def _arguments(calling: Calling) -> dict[str, Any]:
    """What an explanation needs to ask the same again."""
    time = {name: calling.parameters[name] for name in reports.TIME if name in calling.parameters}
    own = {name: value for name, value in calling.parameters.items() if name in _OWN}
    known = min(calling.parameters["known"], calling.means.now)
    return {**own, **time, "known": known, "rule": calling.shape.get("rule") or "pro_rata"}


_OWN = ("from", "to", "class", "currency", "money", "maxDepth", "minShare", "paths")


def _sealed(calling: Calling, field: str, arguments: Mapping[str, Any]) -> str:
    return calling.means.sealed("explain", [field, *(part for item in sorted(arguments.items()) for part in item)])


TRACE = computed(_answer)
