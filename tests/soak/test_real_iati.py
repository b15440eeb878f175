"""Every file of real publishers loaded: what is stored is what the files hold."""

from pathlib import Path

import pytest

from graph.engine import Graph
from loaders import pipeline
from tests.checks import SHARED
from tests.integration.test_iati import SMALL, assert_stored, expected, needs_files, summed

pytestmark = [pytest.mark.soak, needs_files]


@pytest.mark.timeout(900)
async def test_loads_of_all_real_files_store_the_same_sums(graph: Graph) -> None:
    for name, (_, _, sums) in expected().items():
        if name not in SMALL:
            await assert_stored(graph, name, sums)


@pytest.mark.timeout(900)
async def test_the_release_of_1_04(graph: Graph) -> None:
    path = SHARED / "aiddata-china" / "iati_1.04_China_GeocodedResearchRelease.xml"
    report = await pipeline.load(graph, [Path(path)], pipeline.Options(dataset="aiddata-iati"))
    assert report.notes[0].endswith("IATI 1.04: 3,485 activities, 1,967 transactions")
    assert {key: (n, int(total)) for key, (n, total) in summed(report).items()} == {
        ("commitment", "USD"): (1_967, 273_611_118_916)
    }
    # three elements that say nothing that can be used; their activities are there
    assert [(issue.column, issue.value) for issue in report.issues] == [
        ("recipient-country/@code", ""),
        ("recipient-country/@code", ""),
        ("activity-date", "2014-02-10"),
    ]
    assert await graph.value("MATCH (p:Project) WHERE p.name IS NOT NULL RETURN count(p)") == 3_485
    assert await graph.rows("MATCH ()-[c:FUNDS]->() RETURN count(c), sum(c.amount)") == [[1_967, 27_361_111_891_600]]
