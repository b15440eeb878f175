"""The real files of 360Giving and AidData, whole: counts and exact sums as their publishers give them."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from graph.dump import dump
from graph.engine import Graph
from loaders import pipeline
from loaders.records import Report
from tests.checks import SHARED, wipe

pytestmark = pytest.mark.soak

GRANTS, AIDDATA = SHARED / "360giving", SHARED / "aiddata-china"
needs_grants = pytest.mark.skipif(not GRANTS.is_dir(), reason="the grant files are not at hand")
needs_aiddata = pytest.mark.skipif(not AIDDATA.is_dir(), reason="AidData's files are not at hand")


async def load(graph: Graph, *files: Path, **more: Any) -> Report:
    return await pipeline.load(graph, list(files), pipeline.Options(dataset="d", **more))


async def canonical(graph: Graph) -> list[str]:
    """The dump without where things stand in their files."""
    found: list[str] = []
    async for line in dump(graph):
        said = json.loads(line)
        for name in ("locator", "locators"):
            said["properties"].pop(name, None)
        found.append(json.dumps(said, sort_keys=True))
    return found


@needs_grants
@pytest.mark.parametrize(("name", "grants"), [("a001p00000zgyHZAAY", 783), ("a003W000001B7PzQAK", 475)])
async def test_the_dump_of_json_is_that_of_xlsx(graph: Graph, name: str, grants: int) -> None:
    report = await load(graph, GRANTS / f"{name}.json")
    assert (report.rows, report.rejected) == (grants, 0)
    first = await canonical(graph)
    await wipe(graph)
    report = await load(graph, GRANTS / f"{name}.xlsx")
    assert (report.rows, report.rejected) == (grants, 0)
    assert await canonical(graph) == first


@needs_aiddata
async def test_the_geocoded_release_to_the_dollar(graph: Graph) -> None:
    files = [AIDDATA / f"{name}.csv" for name in ("locations", "transactions", "projects")]
    report = await load(graph, *files)
    assert (report.rows, report.rejected) == (3_485 + 1_967 + 6_190, 0)
    assert await graph.value("MATCH (p:Project) RETURN count(p)") == 3_485
    sums = "MATCH ()-[c:FUNDS]->() RETURN c.class, c.currency, count(c), sum(c.amount)"
    assert await graph.rows(sums) == [["commitment", "USD", 1_967, 273_611_118_916_00]]
    exact = [row[0] async for row in graph.stream("MATCH ()-[c:FUNDS]->() RETURN c.amount_text")]
    assert sum(map(Decimal, exact)) == 273_611_118_916


@needs_aiddata
async def test_table_1_1_over_1_0(graph: Graph) -> None:
    described = "MATCH (p:Project)-[c:DESCRIBED_IN]->() WHERE c.retracted_at IS {} NULL RETURN DISTINCT p.id"

    async def projects(state: str) -> set[str]:
        return {row[0] async for row in graph.stream(described.format(state))}

    report = await load(graph, AIDDATA / "aiddata_china_1.0.xlsx")
    assert (report.rows, report.rejected) == (3_717, 0)
    before = await projects("")
    with pytest.raises(Exception, match="--allow-retract"):
        await load(graph, AIDDATA / "aiddata_china_1.1.xlsx")
    report = await load(graph, AIDDATA / "aiddata_china_1.1.xlsx", allow_retract=True)
    assert (report.rows, report.rejected) == (2_697, 0)
    now = await projects("")
    assert (len(before), len(now)) == (3_717, 2_697)
    assert (len(before & now), len(before - now), len(now - before)) == (2_293, 1_424, 404)
    assert (
        await graph.value("MATCH (p:Project) RETURN count(p)") == 3_717 + 404
    )  # what is gone is retracted, not removed
