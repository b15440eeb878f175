"""Totals of an entity's money by four measures, the two reports of each transfer, and what is wrong with links."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, LiteralString

from graph.bindings import Calling, computed
from graph.dates import NEVER
from graph.engine import Graph
from graph.errors import QuestionRefused
from graph.money import decimal_text
from graph.sources import quality, transfers
from graph.sources.asking import (
    LISTED,
    MOST_FLOWS,
    UNMATCHED,
    conversions,
    exchange,
    levels,
    money,
    once_each,
    sealed,
    tables_of,
    time_of,
)
from graph.sources.facts import was_known
from graph.sources.reports import Time, money_types
from graph.sources.tracing import CLASSES_ORDER
from graph.tracing import choosing, following, measures
from graph.tracing import quality as faults
from graph.tracing.flows import Matched
from graph.tracing.measures import Measure, Measures
from graph.tracing.rates import Tables
from graph.tracing.reconciling import Rate, Side, Step, Tolerance
from graph.tracing.terms import Flow

REASONS = {**choosing.REASONS, **following.REASONS, **measures.REASONS}
SIDES = {
    Side.PROVIDER.value: "Who gives.",
    Side.RECEIVER.value: "Who gets.",
    Side.OTHERS.value: "A third party.",
}
STANDINGS = {
    "both": "Both sides report it, and their amounts differ by no more than the tolerance.",
    "differing": "Both sides report it, and their amounts differ by more.",
    "provider_only": "Only the provider reports it.",
    "receiver_only": "Only the receiver reports it.",
    "others_only": "Only a third party reports it.",
}
STEPS = {
    Step.AMOUNT.value: "Same two, same currency: by amount and day.",
    Step.PERIOD.value: "Same two, same currency and period; the amounts differ.",
    Step.PROVIDER_ORGANIZATION.value: "The receiver names the provider's organization, not its project.",
    Step.RECEIVER_ORGANIZATION.value: "The provider names the receiver's organization, not its project.",
    Step.EXCHANGED.value: "Same two, other currencies: by amount at the rate of the day, then by period.",
}
FAULTS, CYCLES = faults.KINDS, faults.CYCLES
#: Entities that money goes out of, by the claims of any time.
PROVIDERS: LiteralString = f"MATCH (a:Entity)-[:{money_types()}]->() RETURN DISTINCT a.id ORDER BY a.id LIMIT $p.most"

#: Those of the nodes whose publisher says that others report the same.
SECONDARY: LiteralString = (
    "UNWIND $p.ids AS i MATCH (e:Entity {id: i}) WHERE e.secondary = true RETURN e.id ORDER BY e.id"
)


#: Projects, and others that are a part of them or are reported as the same by a third party.
RETOLD: LiteralString = (
    f"UNWIND $p.ids AS i MATCH (a:Project {{id: i}})-[c:RELATED_TO]->(b) WHERE {was_known('c')} "
    "AND c.type IN ['parent', 'child', 'third_party'] RETURN DISTINCT a.id, b.id, c.type"
)


async def told_twice(graph: Graph, found: "following.Totalled", nodes: Iterable[str], known: int) -> list[str]:
    """Words for projects whose money may be told again of their parts, or by another: both stand in the totals."""
    ends = {end for flow in found.flows for end in (flow.provider, flow.receiver)}
    paying = {flow.provider for flow in found.flows if flow.flow_class == found.flow_class}
    rows = await graph.rows(RETOLD, {"ids": sorted(ends & set(nodes)), "known": known})
    uppers = {(b if type_ == "parent" else a) for a, b, type_ in rows if {a, b} <= paying}
    if not uppers:
        return []
    return [
        f"whether money of {len(uppers):,} project(s) is also in that of their parts, or of who reports on the same: both report "
        "some, and both are added"
    ]


async def secondary(graph: Graph, scope: transfers.Scope) -> list[str]:
    """Nodes whose money does not count in totals of what they lie in; asked about itself, each counts."""
    rows = await graph.rows(SECONDARY, {"ids": sorted(set(scope.ids) - set(scope.own))})
    return [row[0] for row in rows]


async def _totals(calling: Calling) -> list[Any] | None:
    given, time = calling.parameters, time_of(calling.parameters)
    scope = await transfers.scope(calling.graph, given["of"], time)

    async def at(rate: Rate | None) -> transfers.Expanded:
        return await transfers.expanded(
            calling.graph, scope.ids, flow_class="", time=time, max_depth=0, max_edges=MOST_FLOWS, rate=rate
        )

    tables = tables_of(calling)
    read = await once_each(at, tables)
    if read.stored:
        left = await transfers.left_out(calling.graph, read, flow_class="", max_edges=MOST_FLOWS)
        read = replace(read, left=left)
    others = await secondary(calling.graph, scope)
    found = await asyncio.to_thread(totalled, given, scope.ids, read.flows, read.left, tables, others)
    missing = [*found.missing, *(["more flows than were read: the totals are too small"] if read.truncated else [])]
    missing += [UNMATCHED] if read.unmatched else []
    missing += levels(scope, found.flows, found.flow_class)
    missing += await told_twice(calling.graph, found, scope.ids, time.known)
    return listed_totals(given["of"], len(scope.ids), found, missing, sealed(calling, "totals"))


def totalled(
    given: Mapping[str, Any],
    nodes: Iterable[str],
    flows: Iterable[Flow],
    left: Iterable[choosing.Left],
    tables: Tables,
    secondary: Iterable[str] = (),
) -> "following.Totalled":
    """Raises QuestionRefused where the currency is not decided."""
    try:
        return following.totalled(
            frozenset(nodes), list(flows), list(left), tables,
            flow_class=given.get("class", ""), currency=given.get("currency", ""),
            first=given["event_from"], last="" if given["until"] == NEVER else given["until"], order=CLASSES_ORDER,
            secondary=tuple(secondary),
        )  # fmt: skip
    except following.Undecided as error:
        raise QuestionRefused(str(error)) from None


def listed_totals(
    of: str, nodes: int, found: "following.Totalled", missing: list[str], explain: str
) -> list[Any]:  # fmt: skip
    made: Measures = found.measures
    currency = found.currency or "XXX"
    known = {flow.id: flow for flow in found.flows} | {one.claim: one for one in found.left}

    def size(left: tuple[str, str]) -> tuple[bool, int, str]:
        """The largest in the currency of the answer first, then those in others."""
        what = known.get(left[0])
        amount = (what.used if isinstance(what, Flow) else what.amount or 0) if what else 0
        alike = what is not None and what.currency == currency
        return not alike, -abs(amount) if alike else 0, left[0]

    def measure(one: Measure) -> list[Any]:
        shown = sorted(one.left, key=size)[:LISTED]
        rows = [_left(reason, id_, known.get(id_)) for id_, reason in shown]
        return [decimal_text(one.amount, currency), len(one.added), len(one.subtracted), rows, len(one.left)]

    return [
        of, found.flow_class, found.currency or None, measure(made.gross), measure(made.net_spend), measure(made.net_new),
        measure(made.end_use), *(decimal_text(one, currency) for one in (made.new_money, made.held, made.passed_on)), nodes,
        conversions(found.conversions, found.currency), missing, explain,
        [[one.effect.value, one.provider, one.receiver, decimal_text(one.amount, currency)] for one in made.corrections[:LISTED]],
    ]  # fmt: skip


def _left(reason: str, id_: str, what: Flow | choosing.Left | None) -> list[Any]:
    if what is None:
        return [reason, id_, "", "", None, None]
    amount = what.used if isinstance(what, Flow) else what.amount
    return [reason, id_, what.provider, what.receiver, money(amount, what.currency), what.currency or None]


async def _reconciliation(calling: Calling) -> list[Any]:
    given, time = calling.parameters, time_of(calling.parameters)
    read, scopes = await read_for(calling.graph, given, time, tables_of(calling))
    flows = asked_flows(read.flows, scopes, given)
    return listed_reconciliation(
        given, flows, read.matched, truncated=read.truncated, explain=sealed(calling, "reconciliation")
    )


async def read_for(
    graph: Graph, given: Mapping[str, Any], time: Time, tables: Tables
) -> tuple[transfers.Expanded, dict[str, frozenset[str]]]:
    """Flows derived anew from the claims, so that it is known how reports were matched; and what the ids stand for."""
    if given.get("of") and (given.get("from") or given.get("to")):
        raise QuestionRefused("of is given with from or to: name one entity as of, or two as from and to")
    scopes = {
        name: frozenset((await transfers.scope(graph, given[name], time)).ids)
        for name in ("of", "from", "to")
        if given.get(name)
    }
    starts: Iterable[str] = next(iter(scopes.values()), ())
    if not scopes:
        starts = [row[0] for row in await graph.rows(PROVIDERS, {"most": MOST_FLOWS})]
    read = await transfers.expanded(
        graph, list(starts), flow_class=given.get("class", ""), time=time, max_depth=0, max_edges=MOST_FLOWS,
        rate=exchange(tables.rates), tolerance=tolerance_of(given), from_claims=True,
    )  # fmt: skip
    return read, scopes


def tolerance_of(given: Mapping[str, Any]) -> Tolerance:
    return Tolerance(share=round(given["tolerance"] * 10_000))


def asked_flows(
    flows: Iterable[Flow], scopes: Mapping[str, frozenset[str]], given: Mapping[str, Any]
) -> list[Flow]:  # fmt: skip
    """Transfers between two, of what was asked about."""

    def asked(flow: Flow) -> bool:
        within = {"of": {flow.provider, flow.receiver}, "from": {flow.provider}, "to": {flow.receiver}}
        fits = given.get("class", "") in ("", flow.flow_class) and flow.provider != flow.receiver
        return fits and all(within[name] & ids for name, ids in scopes.items())

    return [flow for flow in flows if asked(flow)]


def listed_reconciliation(
    given: Mapping[str, Any], flows: list[Flow], matched: Mapping[str, Matched], *, truncated: bool, explain: str
) -> list[Any]:
    tolerance = tolerance_of(given)
    standing = {flow.id: standing_of(flow, tolerance) for flow in flows}
    counts = Counter(standing.values())
    only = given.get("only")
    shown = [flow for flow in flows if not only or standing[flow.id] in only]
    shown.sort(key=lambda flow: (-abs(flow.gap or 0), -abs(flow.used), flow.id))
    rows = [_reconciled(flow, standing[flow.id], matched.get(flow.id)) for flow in shown[: given["limit"]]]
    return [*(counts[name] for name in STANDINGS), given["tolerance"], rows, truncated, explain]


def standing_of(flow: Flow, tolerance: Tolerance) -> str:
    if flow.provider_says is not None and flow.receiver_says is not None:
        alike = tolerance.allows(flow.provider_says, flow.receiver_says, flow.currency)
        return "both" if alike else "differing"
    if flow.provider_says is not None:
        return "provider_only"
    return "receiver_only" if flow.receiver_says is not None else "others_only"


def _reconciled(flow: Flow, standing: str, how: Matched | None) -> list[Any]:
    def said(minor: int | None) -> str | None:
        return money(minor, flow.currency)

    larger = max(abs(flow.provider_says or 0), abs(flow.receiver_says or 0))
    return [
        flow.id, standing, flow.provider, flow.receiver, flow.flow_class, flow.currency, flow.first or None, flow.last or None,
        said(flow.provider_says), said(flow.receiver_says), said(flow.others_say), said(flow.used), flow.rule.value,
        said(flow.gap), flow.gap / larger if flow.gap is not None and larger else None,
        said(how.exchange) if how else None, how.step.value if how else None, how.days if how else None, list(flow.claims),
    ]  # fmt: skip


async def _quality(calling: Calling) -> list[Any]:
    first = calling.parameters["limit"]
    found = await quality.quality(calling.graph, listed=first)
    kinds = [
        [kind, count, [[one.project, one.value, one.about] for one in found.listed[kind][:first]]]
        for kind, count in found.counts.items()
    ]
    rounds = [
        [one.kind, one.currency, decimal_text(one.cycle.amount, one.currency), list(one.cycle.nodes)]
        for one in found.rounds[:first]
    ]
    return [found.flows, found.followable, kinds, not found.whole, rounds, len(found.rounds)]


TOTALS, RECONCILIATION, QUALITY = computed(_totals), computed(_reconciliation), computed(_quality)
