"""The doctor on a graph that is well, and on graphs that are not; it changes nothing in any of them."""

from pathlib import Path

import pytest

from graph import doctor, schema_ddl
from graph.doctor import Finding, examine
from graph.embedded import EmbeddedServer
from graph.engine import Graph, open_graph
from graph.settings import Settings
from loaders import pipeline
from tests import neo4j_server

PLACES = """entity,id,name,PART_OF
Prefecture,cn:330100,杭州市,
Prefecture,cn:522600,黔东南苗族侗族自治州,
"""
HEAP = "512m"
RUN = "CREATE (r:Entity:LoadRun) SET r = $p RETURN count(r)"
ALL = "MATCH (n) RETURN labels(n), n.id ORDER BY n.id"


@pytest.fixture
def settings(engine: str, neo4j_settings, tmp_path: Path) -> Settings:
    return neo4j_settings() if engine == "neo4j" else Settings(home=tmp_path / "home", heap=HEAP)


async def load_places(graph: Graph, folder: Path) -> None:
    (folder / "places.csv").write_text(PLACES, "utf-8")
    await schema_ddl.apply(graph)
    report = await pipeline.load(graph, [folder / "places.csv"], pipeline.Options(dataset="places"))
    assert (report.written, report.issues) == (True, [])


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    assert len({finding.name for finding in findings}) == len(findings)
    assert all(finding.mend for finding in findings if finding.ok is not True)
    return {finding.name: finding for finding in findings if not finding.name.startswith("port ")}


@pytest.mark.soak
async def test_graph_that_is_well(engine: str, settings: Settings, tmp_path: Path) -> None:
    async with open_graph(settings) as graph:
        await load_places(graph, tmp_path)
        before = await graph.rows(ALL)
    found = by_name(await examine(settings))
    assert {name for name, finding in found.items() if finding.ok is not True} == set()
    here = {"Java", "home", "disk", "store", "start"}
    there = {"reachable", "login", "version", "database", "clock"}
    both = {"platform", "engine", "loopback", "writes", "schema", "ids", "loads"}
    assert set(found) == both | (here if engine == "embedded" else there)
    assert found["ids"].says == "5 entities, 3 open claims; no id is given twice"
    assert found["loads"].says == "1 datasets, none half-loaded"
    if engine == "neo4j":
        assert found["version"].says == f"Neo4j/{neo4j_server.VERSION}, edition community"
    async with open_graph(settings) as graph:
        assert await graph.rows(ALL) == before


@pytest.mark.soak
async def test_half_loaded_dataset_missing_schema_and_id_given_twice(settings: Settings) -> None:
    runs = [("a", 1, "running", 10), ("a", 2, "done", 20), ("b", 3, "running", None), ("c", 4, "running", 7_000)]
    async with open_graph(settings) as graph:
        for dataset, sequence, state, done in runs:
            run = {"id": f"run:{sequence}:{dataset}", "dataset": dataset, "sequence": sequence, "state": state}
            await graph.write(lambda t, run=run, done=done: t.rows(RUN, {**run, "rows_done": done}))
        await graph.write(lambda t: t.rows(RUN, {"id": "run:1:a", "dataset": "a", "state": "done", "sequence": 1}))
    found = by_name(await examine(settings))
    assert found["loads"].ok is None
    assert found["loads"].says == "the load of b stopped after 0 rows; the load of c stopped after 7,000 rows"
    assert "b (begins anew), c (goes on)" in found["loads"].mend
    assert (found["schema"].ok, found["schema"].mend.partition(":")[0]) == (None, "run aidgraph load or aidgraph serve")
    finding = found["ids"]
    assert (finding.ok, finding.says) == (False, "5 entities, 0 open claims; 1 have no id of their own")


# What only one of the engines can have.


async def test_no_store_yet_and_none_made(tmp_path: Path) -> None:
    found = by_name(await examine(Settings(home=tmp_path / "new" / "home", heap=HEAP)))
    assert [finding.ok for finding in found.values()] == [True] * len(found)
    assert found["store"].says.startswith("none yet")
    assert {"start", "writes"} < set(found) and "schema" not in found
    assert not (tmp_path / "new").exists()


async def test_store_that_is_in_use(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path / "store", heap=HEAP):
        found = by_name(await examine(Settings(home=tmp_path, heap=HEAP)))
    assert found["store"].ok is None
    assert "is in use by process" in found["store"].says and "stop that process" in found["store"].mend
    assert not {"start", "schema", "ids", "loads"} & set(found)


async def test_store_whose_data_is_gone(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "engine-version").write_text("1.0")
    found = by_name(await examine(Settings(home=tmp_path, heap=HEAP)))
    assert found["start"].ok is False and "is damaged" in found["start"].says


async def test_wrong_password(locked: neo4j_server.Neo4jServer, tmp_path: Path) -> None:
    findings = await examine(Settings(home=tmp_path, neo4j_uri=locked.uri, neo4j_password="not-this-one"))
    found = by_name(findings)
    assert (found["reachable"].ok, found["login"].ok) == (True, False)
    assert "NEO4J_PASSWORD" in found["login"].mend
    assert "not-this-one" not in repr(findings)
    assert "database" not in found


async def test_wrong_database_and_right_password(locked: neo4j_server.Neo4jServer, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, neo4j_uri=locked.uri, neo4j_password="a-test-password", neo4j_database="nowhere")
    findings = await examine(settings)
    found = by_name(findings)
    assert (found["login"].ok, found["version"].ok, found["database"].ok) == (True, True, False)
    assert "NEO4J_DATABASE" in found["database"].mend
    assert "a-test-password" not in repr(findings)
    assert "schema" not in found


async def test_old_server_and_clock_apart(
    locked: neo4j_server.Neo4jServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "NEO4J_VERSION", (2099, 1))
    monkeypatch.setattr(doctor, "CLOCK", "RETURN timestamp() - 5000")
    settings = Settings(home=tmp_path, neo4j_uri=locked.uri, neo4j_password="a-test-password")
    found = by_name(await examine(settings))
    assert (found["version"].ok, found["clock"].ok) == (False, None)
    assert found["version"].mend == "upgrade it to Neo4j 2099.1 or newer"
    assert found["clock"].says.startswith("5.0 s apart")
