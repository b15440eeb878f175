"""Claims of money as reports, at some entities: what flows are made of, on both engines, at any time.

A figure whose period goes beyond the time asked about is left out: how much of it falls in is not known.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from sys import intern
from typing import Any, LiteralString

import msgspec

from graph.dates import ALWAYS, NEVER, Bounds, Holds, day_after, jointly
from graph.engine import Graph
from graph.model import MODEL, Vocabulary
from graph.sources.facts import NOW, was_known
from graph.sources.nodes import Nodes
from graph.tracing.choosing import Left, class_of
from graph.tracing.reconciling import Tolerance
from graph.tracing.terms import Flow, Report

#: Entities asked of at once.
CHUNK = 500
_TEXTS: tuple[LiteralString, ...] = (
    "class", "basis", "currency", "valid_from", "valid_to", "earliest_from", "latest_to", "value_date", "reported_by",
    "provider", "receiver", "transaction", "part_of", "measure", "programme", "source", "stated_activity",
)  # fmt: skip
_COLUMNS: LiteralString = ", ".join(f"c.{name}" for name in _TEXTS)


class Time(msgspec.Struct, frozen=True, kw_only=True):
    """Of which time: what was known by `known` (epoch ms), events from `first` to `last` (ISO days).

    asOf d is `last` = d: what had begun by then. The default is all that stands.
    """

    known: int = NOW
    first: str = ALWAYS
    last: str = NEVER

    @property
    def is_now(self) -> bool:
        return self == Time()

    @property
    def read(self) -> tuple[str, str]:
        """The days that reports are read of: the other report of a transfer may be of a day outside the time asked about."""
        days = Tolerance().days
        return _moved(self.first, -days, ALWAYS), _moved(self.last, days, NEVER)

    def touches(self, report: Report) -> bool:
        """Whether the period of a report may share a day with the time asked about."""
        return (self.last == NEVER or report.earliest_from <= self.last) and report.latest_to > self.first

    def holds(self, flow: Flow) -> bool:
        """Whether the days of a flow lie in the time asked about."""
        return flow.first >= self.first and (self.last == NEVER or (flow.last or NEVER) <= self.last)

    def meets(self, flow: Flow) -> bool:
        """Whether the days of a flow may share one with the time asked about."""
        return (flow.last or NEVER) >= self.first and (self.last == NEVER or flow.first <= self.last)


def _moved(day: str, days: int, end: str) -> str:
    """A day so many later; `end` stays, and is taken where there are no such days."""
    try:
        return end if day == end else (date.fromisoformat(day) + timedelta(days=days)).isoformat()
    except OverflowError:
        return end


def money_types(vocabulary: Vocabulary = MODEL) -> LiteralString:
    return "|".join(r.name for r in vocabulary.relationships if r.money)


def _returned(match: LiteralString) -> LiteralString:
    return (
        f"{match} AND {was_known('c')} "
        f"RETURN c.id, c.fact, type(c), a.id, a.type, b.id, b.type, c.amount, c.standing, c.official, c.per_year, {_COLUMNS}, "
        "c.latest_from, c.earliest_to, c.open_end "
    )


#: Claims that start, or end, at entities; that lie between two. The embedded engine begins with the node named first.
OUT: LiteralString = _returned(f"UNWIND $p.ids AS i MATCH (a:Entity {{id: i}})-[c:{money_types()}]->(b) WHERE true")
IN: LiteralString = _returned(f"UNWIND $p.ids AS i MATCH (b:Entity {{id: i}})<-[c:{money_types()}]-(a) WHERE true")
#: `$p.by`: [start, {end: true}]; or [end, {start: true}].
BETWEEN: LiteralString = _returned(
    f"UNWIND $p.by AS g MATCH (a:Entity {{id: g[0]}})-[c:{money_types()}]->(b) WHERE g[1][b.id] IS NOT NULL"
)
BETWEEN_BY_END: LiteralString = _returned(
    f"UNWIND $p.by AS g MATCH (b:Entity {{id: g[0]}})<-[c:{money_types()}]-(a) WHERE g[1][a.id] IS NOT NULL"
)
_LIMIT: LiteralString = "ORDER BY c.id LIMIT $p.most"


async def at(
    graph: Graph, ids: Collection[str], nodes: Nodes, *, outgoing: bool, time: Time | None = None, most: int | None = None
) -> list[Report]:  # fmt: skip
    """Reports that start (or end) at the nodes of these ids, those of facts that may hold in the time.

    `most`: no more are read than that, of which the caller can tell that some are missing.
    """
    time = time or Time()
    found: list[Report] = []
    all_ids = nodes.under(ids)
    for first in range(0, len(all_ids), CHUNK):
        p: dict[str, Any] = {"ids": all_ids[first : first + CHUNK], "known": time.known}
        cypher = OUT if outgoing else IN
        if most is not None:
            cypher, p["most"] = cypher + _LIMIT, most - len(found)
            if p["most"] <= 0:
                break
        found += await _reports(graph, cypher, p, nodes, time)
    return found


async def between(
    graph: Graph, pairs: Collection[tuple[str, str]], nodes: Nodes, *, time: Time | None = None
) -> list[Report]:  # fmt: skip
    """Reports between pairs of nodes (start, end)."""
    time = time or Time()
    found: list[Report] = []
    raw = [(a, b) for start, end in sorted(pairs) for a in nodes.under([start]) for b in nodes.under([end])]
    for first in range(0, len(raw), CHUNK):
        some = raw[first : first + CHUNK]
        # come from the side with fewer nodes: a hub's claims are then walked once, not once a pair
        by_end = len({b for _, b in some}) < len({a for a, _ in some})
        by: dict[str, dict[str, bool]] = {}
        for a, b in some:
            near, far = (b, a) if by_end else (a, b)
            by.setdefault(near, {})[far] = True
        p = {"by": [[near, far] for near, far in by.items()], "known": time.known}
        found += await _reports(graph, BETWEEN_BY_END if by_end else BETWEEN, p, nodes, time)
    return found


async def _reports(graph: Graph, cypher: LiteralString, p: Mapping[str, Any], nodes: Nodes, time: Time) -> list[Report]:
    """Made row by row: around a hub, the rows together would take more memory than the reports."""
    read = [_report(row, nodes) async for row in graph.stream(cypher, p)]
    if time.first == ALWAYS and time.last == NEVER:
        return [report for report, _ in read]
    facts: dict[str, list[Holds]] = {}
    for report, bounds in read:
        facts.setdefault(report.fact, []).append(bounds.during(*time.read))
    holding = {fact for fact, said in facts.items() if jointly(said) is not Holds.NOT}
    return [report for report, _ in read if report.fact in holding]


def _report(row: Sequence[Any], nodes: Nodes) -> tuple[Report, Bounds]:
    claim, fact, type_, start, start_type, end, end_type, amount, standing, official, per_year, *rest = row
    # the same texts stand in most reports, and each row brings its own
    texts = {name: intern(text) if text else "" for name, text in zip(_TEXTS, rest, strict=False)}
    latest_from, earliest_to, open_end = rest[len(_TEXTS) :]
    bounds = Bounds(
        earliest_from=texts["earliest_from"],
        latest_from=latest_from or NEVER,
        earliest_to=earliest_to or ALWAYS,
        latest_to=texts["latest_to"] or NEVER,
        open_end=bool(open_end),
    )
    named = {name: nodes.of(texts.pop(name)) for name in ("reported_by", "provider", "receiver")}
    report = Report(
        claim=claim,
        fact=fact,
        type=intern(type_),
        start=nodes.of(intern(start)),
        start_type=intern(start_type),
        end=nodes.of(intern(end)),
        end_type=intern(end_type),
        amount=amount,
        standing=standing or 0,
        official=official is not False,
        per_year=bool(per_year),
        money_class=texts.pop("class"),
        **named,
        **texts,
    )
    return report, bounds


def within(reports: Iterable[Report], time: Time) -> tuple[list[Report], list[Left]]:
    """Reports whose period lies in the time asked about, or out of it, where they may be the other report of one that does;
    and those that go beyond it."""
    kept: list[Report] = []
    left: list[Left] = []
    for report in reports:
        beyond = report.earliest_from < time.first or _last_day_after(report.latest_to, time.last)
        if not beyond or report.per_year or not time.touches(report):
            kept.append(report)
            continue
        left.append(
            Left(
                claim=report.claim,
                fact=report.fact,
                provider=report.start,
                receiver=report.end,
                flow_class=class_of(report),
                currency=report.currency,
                amount=report.amount,
                reason="beyond_period",
            )
        )
    return kept, left


def _last_day_after(latest_to: str, last: str) -> bool:
    """Whether a period, given by the first day after it, goes on after a day."""
    return last != NEVER and latest_to > day_after(last)


#: (start, whether it is a project, end, whether it is one)
Pair = tuple[str, bool, str, bool]

#: Pairs without what is said: a hub has more claims than should be held at once.
_PAIR: LiteralString = "RETURN a.id, a.type = 'Project', b.id, b.type = 'Project'"
_STANDS: LiteralString = f"WHERE c.retracted_at IS NULL {_PAIR}"
TOUCHED: LiteralString = (
    f"MATCH (a)-[c:{money_types()}]->(b) WHERE c.recorded_at > $p.since OR c.retracted_at > $p.since {_PAIR}"
)
STANDING: LiteralString = f"MATCH (a)-[c:{money_types()}]->(b) {_STANDS}"
PAIRS_OUT: LiteralString = f"UNWIND $p.ids AS i MATCH (a:Entity {{id: i}})-[c:{money_types()}]->(b) {_STANDS}"
PAIRS_IN: LiteralString = f"UNWIND $p.ids AS i MATCH (b:Entity {{id: i}})<-[c:{money_types()}]-(a) {_STANDS}"


def pairs(graph: Graph, nodes: Nodes, since: int | None) -> AsyncIterator[Pair]:
    """Pairs of nodes that claims lie between, with which are projects; those recorded or retracted after `since`, or all.

    A pair comes as often as there are claims: the engine would keep millions of them to give each once.
    """
    return _pairs(graph, nodes, STANDING, {}) if since is None else _pairs(graph, nodes, TOUCHED, {"since": since})


async def pairs_at(graph: Graph, ids: Sequence[str], nodes: Nodes, *, outgoing: bool) -> AsyncIterator[Pair]:
    """Likewise, the pairs that start (or end) at the nodes of these ids."""
    for first in range(0, len(ids), CHUNK):
        p = {"ids": nodes.under(ids[first : first + CHUNK])}
        async for pair in _pairs(graph, nodes, PAIRS_OUT if outgoing else PAIRS_IN, p):
            yield pair


async def _pairs(graph: Graph, nodes: Nodes, cypher: LiteralString, p: Mapping[str, Any]) -> AsyncIterator[Pair]:
    async for start, from_project, end, to_project in graph.stream(cypher, p):
        yield nodes.of(start), from_project, nodes.of(end), to_project
