"""Money followed along flows: what is read for it, and where each part of the answer stands in its list."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from graph.bindings import Calling, computed
from graph.engine import Graph
from graph.errors import QuestionRefused
from graph.model import MONEY_CLASS
from graph.money import decimal_text
from graph.sources import asking, transfers
from graph.sources.asking import LISTED, MOST_FLOWS, conversions, once_each, sealed, tables_of, time_of
from graph.sources.reports import Time
from graph.tracing import choosing, following
from graph.tracing.attribution import Attribution, LineKind, Money
from graph.tracing.classes import flow_classes
from graph.tracing.following import Asked, Followed
from graph.tracing.rates import Tables
from graph.tracing.reconciling import Rate

#: Lines of an answer; what is beyond is a line for each kind.
LINES_LISTED = 500
#: Classes in the order in which one is chosen where none is asked for.
CLASSES_ORDER = flow_classes(tuple(code.name for code in MONEY_CLASS))

_CLASS_NAMES = {
    "cash": "Money that moved: disbursements, expenditure, reimbursements, and incoming funds as the receiver reports them.",
    "commitment": "Firmly promised, by either side.",
    "budget": "Planned, budgeted or expected, whatever was meant by it.",
    "pledge": "Promised, not firmly, by either side.",
    "unstated": "Of claims that name no class.",
}
_CODES = {code.name: code.description for code in MONEY_CLASS}
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


async def _answer(calling: Calling) -> list[Any]:
    given = calling.parameters
    asked, read, classes, scopes = await read_for(
        calling.graph, given, calling.shape.get("rule"), time_of(calling.parameters), tables_of(calling)
    )
    if read.stored and calling.wants("leftOut", "leftOutCount", "missing"):
        left = await transfers.left_out(calling.graph, read, flow_class=asked.flow_class, max_edges=MOST_FLOWS)
        read = replace(read, left=left)
    found = await asyncio.to_thread(follow, asked, read, tables_of(calling), classes)
    made = listed(found, given, truncated=read.truncated, explain=sealed(calling, "trace"))
    if read.unmatched:
        made[MISSING].append(asking.UNMATCHED)
    for scope in scopes.values():
        made[MISSING] += asking.levels(scope, read.flows, asked.flow_class)
    return made


async def read_for(
    graph: Graph, given: Mapping[str, Any], rule: str | None, time: Time, tables: Tables, *, from_claims: bool = False
) -> tuple[Asked, transfers.Expanded, Counter[str], dict[str, transfers.Scope]]:
    """What is asked, the flows at all that the money reaches, the classes of those at the start with how many, and what
    `from` and `to` stand for.

    `given`: arguments by name.
    """
    scopes = {name: await transfers.scope(graph, given[name], time) for name in ("from", "to") if given.get(name)}
    if not scopes:
        raise QuestionRefused("neither from nor to is given: name who gave the money, who got it, or both")
    targets = frozenset(scopes["to"].ids) if "to" in scopes else frozenset[str]()
    sources = frozenset(scopes["from"].ids) - targets if "from" in scopes else frozenset[str]()
    if "from" in scopes and not sources:
        raise QuestionRefused("from lies in to, or is the same: there is no way between them")
    classes, left = await transfers.classes(graph, sources or targets, time, max_edges=MOST_FLOWS)
    flow_class = following.class_asked(given.get("class", ""), classes or left, CLASSES_ORDER)

    async def at(rate: Rate | None) -> transfers.Expanded:
        return await transfers.expanded(
            graph, sources or targets, "from" if sources else "to", flow_class=flow_class, time=time, rate=rate,
            max_edges=MOST_FLOWS, max_depth=given.get("maxDepth"), from_claims=from_claims,
        )  # fmt: skip

    read = await once_each(at, tables)
    return asked_of({**given, "class": flow_class}, rule, sources, targets), read, classes, scopes


def follow(
    asked: Asked, read: transfers.Expanded, tables: Tables, classes: Mapping[str, int] | None = None
) -> Followed:  # fmt: skip
    """The answer; raises QuestionRefused. `classes` at the start, where flows of others were not read."""
    beyond = following.Beyond(
        unread=read.cut - read.rest.keys(),
        outgoing={id_: dict(rest.outgoing) for id_, rest in read.rest.items()},
        incoming={id_: dict(rest.incoming) for id_, rest in read.rest.items()},
    )
    try:
        return following.followed(
            asked, read.flows, read.left, tables, CLASSES_ORDER, read=read.reached, beyond=beyond, classes=classes
        )  # fmt: skip
    except following.Undecided as error:
        raise QuestionRefused(str(error)) from None


def asked_of(given: Mapping[str, Any], rule: str | None, sources: Iterable[str], targets: Iterable[str]) -> Asked:
    money = given.get("money")
    return Asked(
        sources=tuple(sorted(sources)),
        targets=tuple(sorted(targets)),
        rule=Attribution(rule or "pro_rata"),
        money=Money(money) if money else None,
        flow_class=given.get("class", ""),
        currency=given.get("currency", ""),
        max_depth=given.get("maxDepth"),
        min_share=given.get("minShare", 0.0),
        paths=given.get("paths", 10),
    )


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
    made[AMOUNT] = None if _unconverted(found) else money(result.amount)
    lines = sorted(result.lines, key=lambda line: (-line.amount, line.kind, line.node, line.other))
    made[LINES] = [[x.kind.value, x.node, x.other, money(x.amount), share(x.amount), 1] for x in lines[:LINES_LISTED]]
    rest: dict[LineKind, list[int]] = {}
    for one in lines[LINES_LISTED:]:
        rest.setdefault(one.kind, []).append(one.amount)
    made[LINES] += [
        [kind.value, "", "", money(sum(some)), share(sum(some)), len(some)] for kind, some in sorted(rest.items())
    ]
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
    made[CONVERSIONS] = conversions(found.conversions, found.currency)
    check = result.check
    made[CHECK] = [money(check.amount), money(check.lines), money(check.paths), check.agrees]
    made[TRUNCATED] = [*(["lines"] if rest else []), *result.truncated, *(["flows"] if truncated else [])]
    made[MISSING] = missing(found)
    made[EXPLAIN] = explain
    return made


def _unconverted(found: Followed) -> bool:
    """Whether nothing could be followed for want of a rate: the amount is not 0, it is not known."""
    return not found.result.lines and any(one.reason in following.REASONS for one in found.left)


def _no_table(found: Followed) -> bool:
    return any(one.reason == "other_currency" for one in found.left)


def _left(one: choosing.Left) -> list[Any]:
    return [
        one.reason,
        one.provider,
        one.receiver,
        asking.money(one.amount, one.currency),
        one.currency or None,
        one.claim,
    ]


def missing(found: Followed) -> list[str]:
    """What the data would need for more of an answer."""
    result = found.result
    said: list[str] = []
    if not found.classes.get(found.flow_class):
        said.append(following.nothing_of(found.flow_class, found.classes, found.left))
    elif _unconverted(found):
        hint = "; name a table of rates, in AIDGRAPH_RATES or with --rates" if _no_table(found) else ""
        said.append(
            f"how much it is in {found.currency}: what is reported is in another currency or of no known price{hint}"
        )
    elif not result.amount:
        said.append(
            f"money of class {found.flow_class} to begin with: of what is reported here, nothing can be counted"
        )
    sums: Counter[str] = Counter()
    for line in result.lines:
        sums[line.kind] += line.amount

    def money(minor: int) -> str:
        return f"{Decimal(decimal_text(minor, found.currency or 'XXX')):,f} {found.currency}"

    if held := sums[LineKind.HELD]:
        said.append(f"where {money(held)} went on from who got it: no report says it")
    if unknown := sums[LineKind.UNKNOWN_ORIGIN]:
        said.append(f"where {money(unknown)} came from: no report says it")
    if pooled := sums[LineKind.POOLED]:
        said.append(f"which money {money(pooled)} became: no link says it")
    if unpaid := sum(line.amount for line in result.lines if line.kind == "spent" and not line.other):
        said.append(f"who was paid {money(unpaid)}: no report names them")
    if found.maybe_one:
        said.append(following.said_of(found.maybe_one))
    reasons = Counter(reason for _, reason in {(one.claim, one.reason) for one in found.left})
    return said + [left_out(count, REASONS[reason]) for reason, count in sorted(reasons.items())]


def left_out(count: int, reason: str) -> str:
    return f"{count:,} reports are left out: {reason}" if count > 1 else f"1 report is left out: {reason}"


TRACE = computed(_answer)
