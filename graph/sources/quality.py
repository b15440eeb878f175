"""What the graph holds of broken links: the reports, flows and participants that graph/tracing/quality.py judges."""

from bisect import insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import LiteralString

from graph.engine import Graph
from graph.sources import reports
from graph.sources.nodes import Nodes, nodes
from graph.tracing.flows import made
from graph.tracing.quality import KINDS, Fault, Known, faults
from graph.tracing.reconciling import Tolerance

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
STARTS: LiteralString = (
    f"MATCH (a:Project) WHERE EXISTS {{ MATCH (a)-[c:{reports.money_types()}]-() WHERE c.retracted_at IS NULL }} "
    "RETURN a.id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How many faults there are of each kind of KINDS, and the first of each in order of project."""

    counts: Mapping[str, int]
    listed: Mapping[str, list[Fault]]


async def quality(graph: Graph, *, listed: int = LISTED, tolerance: Tolerance | None = None) -> Quality:
    """Of all that is loaded and stands. It reads every claim of a project's money."""
    found = await nodes(graph, reports.NOW)
    known = await _known(graph, found)
    read = await _reports(graph, found)
    flows = made(read, tolerance=tolerance).flows
    return collected(faults(read, flows, known, tolerance=tolerance), listed)


def collected(found: Iterable[Fault], listed: int = LISTED) -> Quality:
    counts = dict.fromkeys(KINDS, 0)
    kept: dict[str, list[Fault]] = {kind: [] for kind in KINDS}
    for fault in found:
        counts[fault.kind] += 1
        insort(kept[fault.kind], fault)
        del kept[fault.kind][listed:]
    return Quality(counts=counts, listed=kept)


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


async def _reports(graph: Graph, found: Nodes) -> list[reports.Report]:
    ids = [id_ async for (id_,) in graph.stream(STARTS)]
    read = {report.claim: report for report in await reports.at(graph, ids, found, outgoing=True)}
    read |= {report.claim: report for report in await reports.at(graph, ids, found, outgoing=False)}
    return list(read.values())


__all__ = ["LISTED", "Quality", "collected", "quality"]
