"""What the graph holds of broken links: the reports, flows and participants that graph/tracing/quality.py judges."""

from bisect import insort
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import LiteralString

from graph.engine import Graph
from graph.sources import reports, stored_flows
from graph.sources.facts import NOW
from graph.sources.nodes import Nodes, nodes, of_text
from graph.tracing.flows import made
from graph.tracing.quality import KINDS, Fault, Judge, Known, Round
from graph.tracing.reconciling import Tolerance
from graph.tracing.terms import Flow, Kind, Report

#: Faults listed of each kind; all are counted.
LISTED = 100
DESCRIBED: LiteralString = (
    "MATCH (e:Project) WHERE EXISTS { MATCH (e)-[d:DESCRIBED_IN]->() WHERE d.retracted_at IS NULL } RETURN e.id"
)
ORGANIZATIONS: LiteralString = "MATCH (e:Organization) RETURN e.id"
ROLES: LiteralString = (
    "MATCH (o)-[c:PARTICIPATES_IN]->(p) WHERE c.retracted_at IS NULL "
    "AND c.role IN ['funding', 'implementing', 'reporting'] RETURN p.id, c.role, o.id"
)
PAYING: LiteralString = (
    f"MATCH (a:Project) WHERE EXISTS {{ MATCH (a)-[c:{reports.money_types()}]-() WHERE c.retracted_at IS NULL }} "
    "RETURN a.id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How many faults there are of each kind of KINDS, and the first of each in order of project.

    `flows`: how many were looked at; `followable`: how many of them lead from one node to another.
    `rounds`: money that went round; `whole`: whether all of it was found.
    """

    counts: Mapping[str, int]
    listed: Mapping[str, list[Fault]]
    flows: int
    followable: int
    rounds: list[Round]
    whole: bool


async def quality(graph: Graph, *, listed: int = LISTED, tolerance: Tolerance | None = None) -> Quality:
    """Of all that is loaded and stands. Of the claims that are read, and of the stored flows, little is kept.

    Where the stored flows are not whole, or another tolerance is asked for, all claims are held at once to make them.
    """
    mark = await stored_flows.mark(graph)
    found = of_text(mark.nodes) if mark.built else await nodes(graph, NOW)
    judge = Judge(await _known(graph, found), tolerance)
    into = _Collected(listed)
    use_stored = mark.built and tolerance is None
    held: list[Report] = []
    async for some in _reports(graph, found):
        for report in some:
            into.add(judge.of_report(report))
        if not use_stored:
            held += some
    if use_stored:
        async for flow in stored_flows.all_of(graph):
            into.look(judge, flow)
    else:
        for flow in made(held, tolerance=tolerance).flows:
            into.look(judge, flow)
    for fault in judge.at_the_end():
        into.add(fault)
    rounds, whole = judge.rounds()
    return Quality(
        counts=into.counts, listed=into.listed, flows=into.flows, followable=into.followable, rounds=rounds, whole=whole
    )  # fmt: skip


class _Collected:
    """Counts all faults and keeps the first of each kind."""

    def __init__(self, most: int) -> None:
        self.counts = dict.fromkeys(KINDS, 0)
        self.listed: dict[str, list[Fault]] = {kind: [] for kind in KINDS}
        self.flows = self.followable = 0
        self._most = most

    def look(self, judge: Judge, flow: Flow) -> None:
        self.flows += 1
        self.followable += flow.kind is Kind.TRANSFER and flow.provider != flow.receiver
        self.add(judge.of_flow(flow))

    def add(self, fault: Fault | None) -> None:
        if fault is None:
            return
        self.counts[fault.kind] += 1
        insort(self.listed[fault.kind], fault)
        del self.listed[fault.kind][self._most :]


async def _known(graph: Graph, found: Nodes) -> Known:
    described = {found.of(id_) async for (id_,) in graph.stream(DESCRIBED)}
    organizations = {id_ async for (id_,) in graph.stream(ORGANIZATIONS)}
    roles: dict[str, dict[str, set[str]]] = {}
    async for project, role, organization in graph.stream(ROLES):
        roles.setdefault(role, {}).setdefault(found.of(project), set()).add(found.of(organization))
    reporting = roles.get("reporting", {})

    def others(role: str) -> dict[str, set[str]]:
        return {
            project: named - reporting.get(project, set()) for project, named in roles.get(role, {}).items()
        }  # fmt: skip

    return Known(
        described=described,
        organizations=organizations,
        funders=others("funding"),
        implementers=others("implementing"),
    )


async def _reports(graph: Graph, found: Nodes) -> AsyncIterator[list[Report]]:
    """Every report of money of a project, once, some at a time."""
    ids = sorted({found.of(id_) async for (id_,) in graph.stream(PAYING)})
    for first in range(0, len(ids), reports.CHUNK):
        some = ids[first : first + reports.CHUNK]
        into = await reports.at(graph, some, found, outgoing=False)
        yield await reports.at(graph, some, found, outgoing=True)
        yield [
            report for report in into if report.start_type != "Project"
        ]  # what starts at a project was read from there
