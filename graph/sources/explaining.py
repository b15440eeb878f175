"""What is behind a figure: asked again of what was known then, with claims, documents, and a file to recompute it by."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from hashlib import sha256
from typing import Any, LiteralString

import msgspec

from graph.bindings import Calling, computed
from graph.engine import Graph
from graph.errors import QuestionRefused
from graph.money import decimal_text
from graph.sources import accounts, flows, tracing, transfers
from graph.sources.asking import MOST_FLOWS, arguments_of, conversions, exchange, money, said, time_of
from graph.sources.facts import was_known
from graph.sources.flows import Summed
from graph.tracing.choosing import side
from graph.tracing.following import Conversion
from graph.tracing.rates import Deflators, Listed, Table, Tables, still
from graph.tracing.reconciling import Side
from graph.tracing.terms import Flow, Report

#: Claims that an answer lists; claims that a file may hold.
LISTED, MOST_CLAIMS = 500, 20_000
FORMAT = "aidgraph explanation 2"
RULES = {
    "trace": "Flows are made of the claims: one for each provider, receiver, class, currency and period, by the provider's "
    "figure, else the receiver's, else that of others; then they are followed by the rule: {}",
    "totals": "Flows are made of the claims, and added by measure: gross is all that goes out.",
    "reconciliation": "Flows are made of the claims; reports of both sides are matched by amount, day and period.",
    "flows": "Each fact is added once, by the claim that speaks for it; none that is part of another, goes beyond the time "
    "asked about or overlaps another between the same two.",
}
#: Where claims stand, by their start.
STANDING: LiteralString = (
    "UNWIND $p.claims AS k MATCH (a:Entity {id: k[0]})-[c]->() WHERE c.id = k[1] "
    f"AND {was_known('c')} RETURN c.id, c.source, c.locators[0]"
)
DOCUMENTS: LiteralString = "UNWIND $p.ids AS i MATCH (s:Entity {id: i}) RETURN s.id, s.title, s.publisher, s.url"


class File(msgspec.Struct, frozen=True, kw_only=True):
    """All that a figure is made of. `arguments`: as they were asked, with ids of what they stand for in `nodes`.

    `rates`: [day, base, currency, numerator, denominator] of the table `rates_name`; `indexes` likewise.
    `stands`: claim to [source, locator];
    `documents`: source to [title, publisher, url]. `summed`: the facts of a row of sums, which takes the place of reports.
    `digest`: of all the rest, as `digest` gives it.
    """

    format: str
    question: str
    arguments: dict[str, Any]
    nodes: dict[str, list[str]]
    read: list[str]
    reports: list[Report]
    rates_name: str
    rates: list[tuple[str, str, str, str, str]]
    indexes_name: str
    indexes: list[tuple[str, int, str, str]]
    stands: dict[str, tuple[str, str]]
    documents: dict[str, tuple[str | None, str | None, str | None]]
    answer: Any
    summed: list[Summed] = []
    digest: str = ""

    @property
    def claims(self) -> int:
        """How many claims the figure is made of."""
        return len(self.reports) + sum(1 + len(fact.others) for fact in self.summed)


def digest(file: File) -> str:
    """SHA-256 of the file's content, however it is laid out; it tells a change, and not who made it."""
    return sha256(msgspec.json.encode(msgspec.structs.replace(file, digest=""))).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """A question asked again: its answer as lists, the figure in minor units, and what it is made of."""

    answer: list[Any]
    amount: int | None
    currency: str
    flows: Sequence[Flow]
    conversions: Sequence[Conversion]
    left: Mapping[str, str]  # claim to reason


def answered(file: File, tables: Tables | None = None) -> Again:
    """The figure out of the file alone, or with these tables in the place of its own; raises QuestionRefused."""
    if file.question == "flows":
        return _sum(file.summed)
    tables = tables or _tables(file)
    given, time = file.arguments, time_of(file.arguments)
    own = file.question != "trace"
    derived = transfers.derived(
        file.reports, frozenset(file.read), time, flow_class="" if own else given["class"],
        rate=exchange(tables.rates),
        tolerance=accounts.tolerance_of(given) if file.question == "reconciliation" else None,
    )  # fmt: skip
    if file.question == "trace":
        asked = tracing.asked_of(given, given.get("rule"), file.nodes.get("from", ()), file.nodes.get("to", ()))
        found = tracing.follow(asked, derived, tables)
        answer = tracing.listed(found, given, truncated=False, explain="")
        kept, left = derived.flows, found.left
        return Again(
            answer=answer, amount=found.result.amount, currency=found.currency, flows=kept,
            conversions=found.conversions, left={one.claim: one.reason for one in left},
        )  # fmt: skip
    if file.question == "totals":
        totals = accounts.totalled(
            given, file.nodes["of"], derived.flows, derived.left, tables, file.nodes.get("secondary", ())
        )
        answer = accounts.listed_totals(given["of"], len(file.nodes["of"]), totals, list(totals.missing), "")
        return Again(
            answer=answer, amount=totals.measures.gross.amount, currency=totals.currency, flows=totals.flows,
            conversions=totals.conversions, left={one.claim: one.reason for one in totals.left},
        )  # fmt: skip
    scopes = {name: frozenset(ids) for name, ids in file.nodes.items()}
    flows = accounts.asked_flows(derived.flows, scopes, given)
    answer = accounts.listed_reconciliation(given, flows, derived.matched, truncated=False, explain="")
    return Again(
        answer=answer, amount=None, currency="", flows=flows, conversions=(),
        left={one.claim: one.reason for one in derived.left},
    )  # fmt: skip


def _sum(facts: Sequence[Summed]) -> Again:
    """A row of sums: its sum, how many facts there are, how many of them are added, and how many have no amount."""
    added = [fact.amount for fact in facts if not fact.reason and fact.amount is not None]
    currency = facts[0].currency if facts else ""
    unknown = sum(fact.reason == "value_unknown" for fact in facts)
    return Again(
        answer=[money(sum(added), currency) if added else None, len(facts), len(added), unknown],
        amount=sum(added) if added else None, currency=currency, flows=(), conversions=(),
        left={fact.claim: fact.reason for fact in facts if fact.reason},
    )  # fmt: skip


def _tables(file: File) -> Tables:
    rows = [
        (date.fromisoformat(day), base, currency, Fraction(int(over), int(under)))
        for day, base, currency, over, under in file.rates
    ]
    indexes = {(currency, year): Fraction(int(over), int(under)) for currency, year, over, under in file.indexes}
    return Tables(
        rates=Listed.of(file.rates_name, rows) if file.rates_name else None,
        deflators=Deflators(file.indexes_name, indexes) if file.indexes_name else None,
        prices_of=file.arguments.get("constantPrices", 0),
    )


async def _explanation(calling: Calling) -> list[Any]:
    field, arguments = arguments_of(calling.parameters["question"])
    if field not in RULES:
        raise QuestionRefused(f"there is no explanation of {field}")
    tables = _asked_with(calling, arguments)
    file = await filed(calling.graph, field, arguments, tables)
    file, again = await asyncio.to_thread(_whole, file, tables)
    given = calling.parameters
    claims = _claims(file, again, given.get("provider", ""), given.get("receiver", ""))
    rule = RULES[field].format(arguments.get("rule", ""))
    amount = None if again.amount is None else decimal_text(again.amount, again.currency or "XXX")
    text = msgspec.json.format(msgspec.json.encode(file), indent=1).decode()
    return [
        f"{field}({said(arguments)})", rule, amount, again.currency or None, claims[:LISTED], len(claims),
        conversions(again.conversions, again.currency) if again.currency else [], text,
    ]  # fmt: skip


def _asked_with(calling: Calling, arguments: Mapping[str, Any]) -> Tables:
    """The tables the figure was made with; raises QuestionRefused where these are not at hand, or hold other figures now."""
    at_hand = calling.means.tables
    for what, table, setting in (("rates", at_hand.rates, "AIDGRAPH_RATES"),
                                 ("indexes", at_hand.deflators, "AIDGRAPH_DEFLATORS")):  # fmt: skip
        named, state = arguments.get(what), arguments.get(f"{what}State", "")
        if named and (table is None or table.name != named):
            raise QuestionRefused(f"the figure was made with the {what} of {named}: name that table in {setting}")
        if named and table is not None and state and not still(table, state):
            raise QuestionRefused(
                f"the figure was made with {named} as it was: {what} in it up to {state.partition(' ')[0]} have changed since. "
                "Name the former table, or ask anew"
            )
    rates = at_hand.rates if arguments.get("rates") else None
    return Tables(rates=rates, deflators=at_hand.deflators, prices_of=arguments.get("constantPrices", 0))


def _whole(file: File, tables: Tables) -> tuple[File, Again]:
    """The file with the answer that the tables give, and what it takes of these to give it again."""
    noted = _Noted(tables.rates) if tables.rates else None
    again = answered(file, replace(tables, rates=noted))
    file = msgspec.structs.replace(file, answer=again.answer, rates=noted.rows if noted else [])
    return msgspec.structs.replace(file, digest=digest(file)), again


async def filed(graph: Graph, field: str, arguments: dict[str, Any], tables: Tables) -> File:
    """Everything that the question stands on, read from the claims known then; without its answer and its rates."""
    time = time_of(arguments)
    nodes: dict[str, list[str]] = {}
    if field == "flows":
        return await _row_filed(graph, arguments)
    if field == "trace":
        asked, read, *_ = await tracing.read_for(
            graph, arguments, arguments.get("rule"), time, tables, from_claims=True
        )
        arguments = {**arguments, "class": asked.flow_class}
        nodes = {"from": list(asked.sources), "to": list(asked.targets)}
    elif field == "totals":
        scope = await transfers.scope(graph, arguments["of"], time)
        nodes = {"of": list(scope.ids), "secondary": await accounts.secondary(graph, scope)}
        read = await transfers.expanded(
            graph, nodes["of"], flow_class="", time=time, max_depth=0, max_edges=MOST_FLOWS, from_claims=True
        )
    else:
        read, scopes = await accounts.read_for(graph, arguments, time, tables)
        nodes = {name: sorted(ids) for name, ids in scopes.items()}
    if len(read.reports) > MOST_CLAIMS or read.truncated:
        raise _too_many("a time, a depth or a class")
    stands = await _stands(graph, ((report.start, report.claim) for report in read.reports), time.known)
    return File(
        format=FORMAT,
        question=field,
        arguments=arguments,
        nodes=nodes,
        read=sorted(read.reached),
        reports=sorted(read.reports, key=lambda report: report.claim),
        rates_name=tables.rates.name if tables.rates else "",
        rates=[],
        indexes_name=tables.deflators.name if tables.deflators and tables.prices_of else "",
        indexes=_indexes(tables),
        stands=stands,
        documents=await _documents(graph, stands),
        answer=None,
    )


async def _row_filed(graph: Graph, arguments: dict[str, Any]) -> File:
    """Likewise of a row of sums."""
    summed = await flows.facts_of(graph, arguments, MOST_CLAIMS + 1)
    if not summed:
        raise QuestionRefused("who gives or gets in this row was decided to be one with another since: ask flows anew")
    if len(summed) > MOST_CLAIMS:
        raise _too_many("a time, who gives or who gets, or by grouping by more")
    claims = ((fact.start, claim) for fact in summed for claim in (fact.claim, *fact.others))
    stands = await _stands(graph, claims, arguments["known"])
    return File(
        format=FORMAT, question="flows", arguments=arguments, nodes={}, read=[], reports=[], rates_name="", rates=[],
        indexes_name="", indexes=[], stands=stands, documents=await _documents(graph, stands), answer=None, summed=summed,
    )  # fmt: skip


def _too_many(narrowed: str) -> QuestionRefused:
    return QuestionRefused(f"the figure stands on more than {MOST_CLAIMS:,} claims: narrow the question by {narrowed}")


async def _stands(graph: Graph, claims: Iterable[tuple[str, str]], known: int) -> dict[str, tuple[str, str]]:
    """Where claims, given with their start, stand."""
    rows = await graph.rows(STANDING, {"claims": [list(one) for one in claims], "known": known})
    return {claim: (source, locator or "") for claim, source, locator in sorted(rows)}


async def _documents(
    graph: Graph, stands: Mapping[str, tuple[str, str]]
) -> dict[str, tuple[str | None, str | None, str | None]]:
    rows = await graph.rows(DOCUMENTS, {"ids": sorted({source for source, _ in stands.values()})})
    return {id_: (title, publisher, url) for id_, title, publisher, url in rows}


class _Noted:
    """A table that keeps which of its rates were asked for: those alone are part of a file."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.name = table.name
        self.found: dict[tuple[date, str, str], Fraction] = {}

    def state(self, until: str = "") -> str:
        return self._table.state(until)

    def on(self, base: str, currency: str, day: date) -> tuple[date, Fraction] | None:
        hit = self._table.on(base, currency, day)
        if hit is not None:
            self.found[hit[0], base, currency] = hit[1]
        return hit

    @property
    def rows(self) -> list[tuple[str, str, str, str, str]]:
        return [
            (day.isoformat(), base, currency, str(rate.numerator), str(rate.denominator))
            for (day, base, currency), rate in sorted(self.found.items())
        ]


def _indexes(tables: Tables) -> list[tuple[str, int, str, str]]:
    if tables.deflators is None or not tables.prices_of:
        return []
    return [
        (currency, year, str(index.numerator), str(index.denominator))
        for (currency, year), index in sorted(tables.deflators.indexes.items())
    ]


def _claims(file: File, again: Again, provider: str, receiver: str) -> list[list[Any]]:
    """Rows of the claims: those whose figure is used first, then the other reports of flows, then what is left out."""
    if file.question == "flows":
        return list(_summed(file, provider, receiver))
    flow_of = {claim: flow for flow in again.flows for claim in flow.claims}
    speaking: dict[tuple[str, Side], Report] = {}
    for report in file.reports:
        key = (report.fact, side(report))
        speaking[key] = min(report, speaking.get(key, report), key=lambda r: (r.standing, r.claim))
    rows: list[tuple[tuple[int, str], list[Any]]] = []
    for report in file.reports:
        flow = flow_of.get(report.claim)
        start, end = (flow.provider, flow.receiver) if flow else (report.start, report.end)
        if provider not in ("", start) or receiver not in ("", end):
            continue
        if flow is None:
            role, rank = again.left.get(report.claim, "not_needed").replace("_", " "), 2
        elif side(report).value != flow.rule.value:
            role, rank = "the other report", 1
        else:
            said = speaking[report.fact, side(report)] is report
            role, rank = ("used", 0) if said else ("the same from another source", 1)
        rows.append(((rank, report.claim), _claim(file, report, flow, role)))
    return [row for _, row in sorted(rows, key=lambda item: item[0])]


def _claim(file: File, report: Report, flow: Flow | None, role: str) -> list[Any]:
    source, locator = file.stands.get(report.claim, ("", ""))
    amount = money(report.amount, report.currency)
    return [
        report.claim, flow.id if flow else None, report.type, report.start, report.end, amount, report.currency or None,
        report.money_class or None, report.valid_from or None, report.reported_by, source, locator or None, role,
    ]  # fmt: skip


def _summed(file: File, provider: str, receiver: str) -> Iterator[list[Any]]:
    for fact in file.summed:
        if provider not in ("", fact.start) or receiver not in ("", fact.end):
            continue
        for claim in (fact.claim, *fact.others):
            source, locator = file.stands.get(claim, ("", ""))
            role = fact.reason.replace("_", " ") or "used"
            yield [
                claim, None, fact.type, fact.start, fact.end, money(fact.amount, fact.currency) if claim == fact.claim else None,
                fact.currency or None, fact.money_class or None, fact.valid_from or None, fact.reported_by, source,
                locator or None, role if claim == fact.claim else "the same from another source",
            ]  # fmt: skip


EXPLANATION = computed(_explanation)
