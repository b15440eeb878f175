"""`make bench ARGS=bulk`: the same rows by `aidgraph bulk` and the import into an empty Neo4j, and by a load over Bolt."""

import tempfile
import time
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from bench import large
from graph import schema_ddl
from graph.engine import Graph, open_graph
from graph.settings import Settings
from graph.write import bulk
from loaders import pipeline
from tests import neo4j_server

ROWS = 200_000


async def bench() -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            await _compare(Path(folder))
        except neo4j_server.Neo4jUnavailable as error:
            print(f"no Neo4j to be had: {error}")


async def _compare(folder: Path) -> None:
    files = [folder / "places.csv", folder / "funds.csv"]
    large.villages(files[0])
    large.table(files[1], ROWS)
    options = pipeline.Options(dataset="funds")
    out = folder / "import"
    begun = time.perf_counter()
    await pipeline.bulk(files, options, out)
    written = time.perf_counter()
    neo4j_server.admin(folder / "imported", *bulk.COMMAND.split()[1:], cwd=out)
    imported = time.perf_counter()
    with neo4j_server.start(home=folder / "imported") as server:
        started = time.perf_counter()
        server.run((out / bulk.AFTER).read_text("utf-8"))
        ready = time.perf_counter()
        async with _opened(folder / "a", server) as graph:
            relationships = await _count(graph)
    with neo4j_server.start(home=folder / "loaded") as server:
        async with _opened(folder / "b", server) as graph:
            await schema_ddl.apply(graph)
            loading = time.perf_counter()
            await pipeline.load(graph, files, options)
            loaded = time.perf_counter()
            assert await _count(graph) == relationships
    by_import, by_bolt = ready - started + imported - begun, loaded - loading
    print(
        f"bulk    neo4j     {relationships:,} relationships: files {relationships / (written - begun):,.0f}/s, import with "
        f"the start of its Java {relationships / (imported - written):,.0f}/s, constraints and indexes {ready - started:.1f} s; "
        f"all {relationships / by_import:,.0f}/s, over Bolt {relationships / by_bolt:,.0f}/s: ratio {by_bolt / by_import:.1f}"
    )


def _opened(home: Path, server: neo4j_server.Neo4jServer) -> AbstractAsyncContextManager[Graph]:
    return open_graph(Settings(home=home, neo4j_uri=server.uri, neo4j_password="unused"))


async def _count(graph: Graph) -> int:
    return (await graph.rows("MATCH ()-[c]->() RETURN count(c)"))[0][0]
