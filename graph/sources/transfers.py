"""Where money goes on from some nodes, or came to them from: flows level by level, bounded, saying where it stopped.

From the stored flows where all that stands is asked about, and these are whole; else from the claims of the time asked about.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, LiteralString

from graph.engine import Graph
from graph.sources import reports, stored_flows
from graph.sources.facts import NOW, was_known
from graph.sources.help import LEVELS
from graph.sources.nodes import Nodes, nodes, of_text
from graph.sources.reports import Time
from graph.tracing import following
from graph.tracing.choosing import Left, class_of
from graph.tracing.flows import Matched, made
from graph.tracing.reconciling import Rate, Tolerance
from graph.tracing.terms import Flow, Kind, Report

Direction = Literal["from", "to"]
#: Flows of one question, unless told.
EDGES = 20_000
#: Nodes of most flows, which a level does not look at again.
HUBS = 50
#: Minor units beyond this are added apart, so that a sum cannot leave the 64 bits of an integer.
_PART: LiteralString = "1000000000"
SUMS: LiteralString = (
    "UNWIND $p.ids AS i MATCH (a:Entity {id: i})-[f:FLOW]-(b) WHERE ($p.flow_class = '' OR f.flow_class = $p.flow_class) "
    "AND ($p.currency = '' OR f.currency = $p.currency) WITH DISTINCT i, a, f WITH i, f.kind AS kind, f.currency AS currency, "
    f"startNode(f) = a AS out, sum(f.used / {_PART}) AS m1, sum(f.used % {_PART}) AS m2, count(f) AS n "
    "RETURN i, kind, currency, out, m1, m2, n"
)


CLASSES: LiteralString = (
    "UNWIND $p.ids AS i MATCH (a:Entity {id: i})-[f:FLOW]-() WITH DISTINCT f RETURN f.flow_class, count(f)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What is not listed of the flows at a node: their number, and their sums by currency."""

    flows: int = 0
    outgoing: Mapping[str, int] = field(default_factory=dict[str, int])  # transfers to others, and what it spent
    incoming: Mapping[str, int] = field(default_factory=dict[str, int])  # transfers from others, and money of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Expanded:
    """Flows at the nodes that were reached, in order of id: all of each node, whichever way they go.

    `left`: reports at these that are in no flow; of stored flows they are told by `left_out`.

    `cut`: reached nodes of which some flows are not here, since there were too many; `rest`: what these come to, where the
    flows are stored. `deeper`: nodes one step further, at which it was not looked since that was not asked for.
    `unmatched`: some transfers may stand twice, in two currencies.
    """

    starts: tuple[str, ...]
    flows: tuple[Flow, ...]
    matched: Mapping[str, Matched]
    left: tuple[Left, ...]
    reached: frozenset[str]
    deeper: frozenset[str]
    cut: frozenset[str]
    rest: Mapping[str, Rest]
    stored: bool
    unmatched: bool = False
    reports: tuple[Report, ...] = ()

    @property
    def truncated(self) -> bool:
        return bool(self.cut)


async def expanded(
    graph: Graph,
    starts: Collection[str],
    direction: Direction = "from",
    *,
    flow_class: str = "cash",
    currency: str = "",
    time: Time | None = None,
    max_edges: int = EDGES,
    max_depth: int | None = None,
    rate: Rate | None = None,
    tolerance: Tolerance | None = None,
    from_claims: bool = False,
) -> Expanded:
    """Breadth first from entities down the money, or (`to`) up to where it came from; one statement a level.

    `flow_class`, `currency`: '' is any. `max_depth`: levels beyond the starts; with 0 only what is at these. A rate lets
    reports in two currencies be matched, which needs the claims, as does a tolerance and `from_claims`.
    """
    time = time or Time()
    mark = await stored_flows.mark(graph)
    found = await _nodes(graph, time, mark)
    walk = _Walk(graph, found, direction, flow_class, currency, max_edges, max_depth)
    begin = sorted({found.of(id_) for id_ in starts})
    if mark.built and time.is_now and rate is None and tolerance is None and not from_claims:
        return await walk.stored(begin)
    return await walk.claims(begin, time, rate, tolerance)


async def classes(
    graph: Graph, starts: Collection[str], time: Time, *, max_edges: int = EDGES
) -> tuple[Counter[str], Counter[str]]:
    """Classes of the flows at entities, with how many; and of reports there that are in no flow of the time asked about."""
    mark = await stored_flows.mark(graph)
    if not (mark.built and time.is_now):
        here = await expanded(graph, starts, flow_class="", time=time, max_depth=0, max_edges=max_edges)
        return Counter(flow.flow_class for flow in here.flows), Counter(left.flow_class for left in here.left)
    ids = sorted({of_text(mark.nodes).of(id_) for id_ in starts})
    return Counter(dict(await graph.rows(CLASSES, {"ids": ids}))), Counter()


async def left_out(
    graph: Graph, of: Expanded, *, flow_class: str = "cash", currency: str = "", max_edges: int = EDGES
) -> tuple[Left, ...]:
    """Reports at the nodes that were reached which are in no flow, with the reasons; it reads the claims there.

    The class and currency are those of the question. Where there are too many claims, some are missing.
    """
    if not of.stored:
        return of.left
    found = await expanded(
        graph, of.reached, flow_class=flow_class, currency=currency, max_edges=max_edges, max_depth=0, from_claims=True
    )
    return found.left


async def _nodes(graph: Graph, time: Time, mark: stored_flows.Mark) -> Nodes:
    """Those the stored flows lie between, where they are the ones of that time: to find them takes a scan."""
    return of_text(mark.nodes) if mark.built and time.known == NOW else await nodes(graph, time.known)


def derived(
    read: Iterable[Report],
    reached: frozenset[str],
    time: Time,
    *,
    flow_class: str = "",
    currency: str = "",
    rate: Rate | None = None,
    tolerance: Tolerance | None = None,
) -> Expanded:
    """Flows at the nodes reached, made of reports at them and beside them; '' is any class or currency."""

    def asked(one: Flow | Left) -> bool:
        here = one.provider in reached or one.receiver in reached
        return here and flow_class in ("", one.flow_class) and currency in ("", one.currency)

    read = list(read)
    kept, left = reports.within(read, time)
    done = made(kept, tolerance=tolerance, rate=rate)
    at_them = [flow for flow in done.flows if asked(flow)]
    flows = sorted((flow for flow in at_them if time.holds(flow)), key=lambda flow: flow.id)
    mine = {claim for flow in flows for claim in flow.claims}
    of_it = {report.claim for report in kept if time.touches(report)}
    left += [one for one in done.left if one.claim in of_it]
    left = [one for one in left if one.claim not in mine and asked(one)]
    once = {report.claim for report in kept if not report.per_year and report.claim in of_it} - mine
    left += [one for flow in at_them if not time.holds(flow) for one in _outside(flow, time, once)]
    return Expanded(
        starts=(),
        flows=tuple(flows),
        matched={flow.id: done.matched[flow.id] for flow in flows if flow.id in done.matched},
        left=tuple(sorted(left, key=lambda one: one.claim)),
        reached=reached,
        deeper=frozenset(),
        cut=frozenset(),
        rest={},
        stored=False,
        reports=tuple(read),
    )


def _outside(flow: Flow, time: Time, once: Collection[str]) -> list[Left]:
    """A flow that goes beyond the time asked about; or its reports of that time, where that which is used is of another.

    `once`: claims of the time that are in no flow of it; of so much a year, a year may lie outside where others do not.
    """
    if time.meets(flow):
        return [following.left_of(flow, "beyond_period")]
    return [following.left_of(flow, "other_period", claim) for claim in flow.claims if claim in once]


class _Walk:
    def __init__(
        self,
        graph: Graph,
        found: Nodes,
        direction: Direction,
        flow_class: str,
        currency: str,
        max_edges: int,
        max_depth: int | None,
    ) -> None:
        self._graph = graph
        self._nodes = found
        self._down = direction == "from"
        self._class = flow_class
        self._currency = currency
        self._most = max_edges
        self._depth = max_depth
        self._reached: set[str] = set()
        self._cut: set[str] = set()
        self._deeper: set[str] = set()

    async def stored(self, starts: list[str]) -> Expanded:
        flows: dict[str, Flow] = {}
        matched: dict[str, Matched] = {}
        frontier = starts
        depth = 0
        while frontier:
            self._reached.update(frontier)
            room = self._most - len(flows)
            # flows to other nodes reached before are found again, so that there has to be room for them
            level, count = await stored_flows.at(
                self._graph,
                frontier,
                flow_class=self._class,
                currency=self._currency,
                most=self._most + 1,
                but=flows,
                before=self._hubs(flows.values(), frontier),
            )
            flows |= {flow.id: flow for flow, _ in level[:room]}
            matched |= {flow.id: how for flow, how in level if how}
            if len(level) > room or count > self._most:
                self._cut.update(frontier)
                break
            frontier = self._next((flow.kind, flow.provider, flow.receiver, flow.used) for flow, _ in level)
            depth += 1
            if self._depth is not None and depth > self._depth:
                self._deeper.update(frontier)
                break
        rest = await self._rest(flows.values()) if self._cut else {}
        self._cut &= rest.keys()
        return self._expanded(starts, flows.values(), matched, (), rest, stored=True)

    def _hubs(self, flows: Iterable[Flow], frontier: Collection[str]) -> list[str]:
        """Of the nodes reached before the frontier, all flows at which were read: those of most flows."""
        at = Counter(end for flow in flows for end in {flow.provider, flow.receiver})
        for id_ in at.keys() - (self._reached - set(frontier)):
            del at[id_]
        return sorted(at, key=lambda id_: (-at[id_], id_))[:HUBS]

    async def claims(self, starts: list[str], time: Time, rate: Rate | None, tolerance: Tolerance | None) -> Expanded:
        read: dict[str, Report] = {}
        frontier = starts
        depth = 0
        while frontier:
            self._reached.update(frontier)
            level = await self._at(frontier, time, outgoing=True, most=self._most - len(read) + 1)
            level += await self._at(frontier, time, outgoing=False, most=self._most - len(read) - len(level) + 1)
            read |= {report.claim: report for report in level}
            if len(read) > self._most:
                self._cut.update(frontier)
                break
            frontier = self._next(
                (Kind.TRANSFER, r.start, r.end, r.amount or 0) for r in level if r.start != r.end and time.touches(r)
            )
            depth += 1
            if self._depth is not None and depth > self._depth:
                self._deeper.update(frontier)
                break
        if not self._cut:
            await self._beside(read, time)
        made_ = derived(
            read.values(), frozenset(self._reached), time, flow_class=self._class, currency=self._currency, rate=rate,
            tolerance=tolerance,
        )  # fmt: skip
        return replace(made_, starts=tuple(starts), deeper=frozenset(self._deeper), cut=frozenset(self._cut))

    async def _at(self, ids: Collection[str], time: Time, *, outgoing: bool, most: int) -> list[Report]:
        found = await reports.at(self._graph, ids, self._nodes, outgoing=outgoing, time=time, most=max(0, most))
        return [report for report in found if self._class in ("", class_of(report))]

    async def _beside(self, read: dict[str, Report], time: Time) -> None:
        """What may be matched to the reports read: into the activities they go to, and out of those they come from."""
        projects = [(r.start, r.start_type == "Project", r.end, r.end_type == "Project") for r in read.values()]
        ends = {end for _, _, end, is_project in projects if is_project} - self._reached
        starts = {start for start, is_project, _, _ in projects if is_project} - self._reached
        for ids, outgoing in ((ends, False), (starts, True)):
            found = await self._at(ids, time, outgoing=outgoing, most=2 * self._most)
            read |= {report.claim: report for report in found}

    def _next(self, edges: Iterable[tuple[Kind, str, str, int]]) -> list[str]:
        """Nodes that money goes on to (or came from), and that were not reached before."""
        found: set[str] = set()
        for kind, provider, receiver, amount in edges:
            near, far = (provider, receiver) if self._down else (receiver, provider)
            if kind is Kind.TRANSFER and near in self._reached:
                found.add(far)
            elif kind is Kind.TRANSFER and amount < 0:  # a correction may be a flow back
                found.add(near)
        return sorted(found - self._reached)

    async def _rest(self, flows: Iterable[Flow]) -> dict[str, Rest]:
        """Of the nodes cut: all that is there, less what is listed."""
        totals: dict[str, tuple[dict[str, int], dict[str, int], int]] = {id_: ({}, {}, 0) for id_ in self._cut}
        p = {"ids": sorted(self._cut), "flow_class": self._class, "currency": self._currency}
        for id_, kind, currency, out, great, small, n in await self._graph.rows(SUMS, p):
            self._enter(totals, id_, Kind(kind), currency, bool(out), great * int(_PART) + small, n)
        for flow in flows:
            for id_ in {flow.provider, flow.receiver} & self._cut:
                self._enter(totals, id_, flow.kind, flow.currency, id_ == flow.provider, -flow.used, -1)
        return {id_: Rest(outgoing=out, incoming=in_, flows=n) for id_, (out, in_, n) in totals.items() if n}

    @staticmethod
    def _enter(
        totals: dict[str, tuple[dict[str, int], dict[str, int], int]],
        id_: str, kind: Kind, currency: str, out: bool, amount: int, n: int,
    ) -> None:  # fmt: skip
        outgoing, incoming, count = totals[id_]
        # an end use whose payee is a node of its own is nothing that this node gets
        if kind is Kind.OWN or (kind is Kind.TRANSFER and not out):
            incoming[currency] = incoming.get(currency, 0) + amount
        elif out:
            outgoing[currency] = outgoing.get(currency, 0) + amount
        totals[id_] = (outgoing, incoming, count + n)

    def _expanded(
        self,
        starts: list[str],
        flows: Iterable[Flow],
        matched: Mapping[str, Matched],
        left: Iterable[Left],
        rest: Mapping[str, Rest],
        *,
        stored: bool,
    ) -> Expanded:
        listed = tuple(sorted(flows, key=lambda flow: flow.id))
        return Expanded(
            starts=tuple(starts),
            flows=listed,
            matched={flow.id: matched[flow.id] for flow in listed if flow.id in matched},
            left=tuple(left),
            reached=frozenset(self._reached),
            deeper=frozenset(self._deeper),
            cut=frozenset(self._cut),
            rest=rest,
            stored=stored,
        )


def _holds(claim: LiteralString) -> LiteralString:
    return f"{was_known(claim)} AND {claim}.earliest_from <= $p.last AND {claim}.latest_to > $p.first"


#: What lies in an entity, is part or a member of it.
BELOW: LiteralString = (
    f"UNWIND $p.ids AS i MATCH (a:Entity {{id: i}})<-[ps:PART_OF*1..{LEVELS}]-(b) "
    f"WHERE all(z IN ps WHERE {_holds('z')}) RETURN DISTINCT b.id AS id"
)
MEMBERS: LiteralString = (
    f"UNWIND $p.ids AS i MATCH (a:Entity {{id: i}})<-[c:MEMBER_OF]-(b) WHERE {_holds('c')} RETURN DISTINCT b.id AS id"
)
LOCATED: LiteralString = (
    "UNWIND $p.ids AS i MATCH (a:Entity {id: i})<-[c:LOCATED_IN]-(b:Project) "
    f"WHERE {_holds('c')} RETURN DISTINCT b.id AS id"
)
#: Activities that an organization reports or takes part in, and whose money it gives.
PROVIDED: LiteralString = (
    "UNWIND $p.ids AS i MATCH (a:Entity {id: i})-[c:PARTICIPATES_IN]->(b:Project) "
    f"WHERE {_holds('c')} WITH DISTINCT i, b MATCH (b)-[f:FUNDS]->() WHERE f.provider = i "
    f"AND {was_known('f')} RETURN DISTINCT b.id AS id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Ids of nodes an entity stands for when money is asked about. All are sorted; `ids` is all of them.

    `own`: the entity under every code; `inside`: what lies in it, is part or a member of it; `projects` are located in
    these; `activities` pay out of money whose provider one of these is.
    """

    own: tuple[str, ...]
    inside: tuple[str, ...]
    projects: tuple[str, ...]
    activities: tuple[str, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(sorted({*self.own, *self.inside, *self.projects, *self.activities}))


async def scope(graph: Graph, id_: str, time: Time | None = None) -> Scope:
    """What an entity stands for; only itself where there is no such entity."""
    time = time or Time()
    found = await _nodes(graph, time, await stored_flows.mark(graph))
    own = found.under([id_])

    async def ask(cypher: LiteralString, ids: Iterable[str]) -> set[str]:
        p = {"ids": sorted(ids), "known": time.known, "first": time.first, "last": time.last}
        return {row[0] for row in await graph.rows(cypher, p)}

    inside = await ask(BELOW, own) | await ask(MEMBERS, own)
    here = {*own, *found.under(inside)}  # below it under every code
    projects = await ask(LOCATED, here)
    activities = await ask(PROVIDED, here)

    def as_nodes(ids: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted({found.of(one) for one in ids}))

    return Scope(
        own=as_nodes(own),
        inside=as_nodes(inside),
        projects=as_nodes(projects),
        activities=as_nodes(activities),
    )


__all__ = ["EDGES", "NOW", "Direction", "Expanded", "Rest", "Scope", "Time", "expanded", "left_out", "scope"]
