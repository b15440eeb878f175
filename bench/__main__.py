"""`make bench`: timings as ratios within one run, on the embedded engine and, where it can be had, on Neo4j.

load      rows a second through the pipeline, relative to plain UNWIND batches of the same rows over the same driver
start     `aidgraph --help`, as a whole process
seed      loading the seed into an empty store
second    the demo's second start, until it serves
reads     six questions over HTTP, relative to the bare driver (--rounds 3 --shapes a,b --engines neo4j)
questions who helps whom, relative to one point read, on the embedded engine
bulk      200,000 rows by `aidgraph bulk` and neo4j-admin's import, relative to their load over Bolt
large     a million rows and 1 GB of IATI through `aidgraph load`; only when asked for, it takes an hour and more
tracing   money followed through 100,000 flows, relative to reading them and 100 matrix-vector products, on the embedded engine
"""

import argparse
import asyncio
import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import importing, large, questions, reads, shapes, tracing
from graph import schema_ddl
from graph.engine import Engine, Graph, Transaction, open_graph
from graph.settings import Settings
from loaders import pipeline, seed
from tests import neo4j_server

PLACES, CLAIMS, BATCH, ROUNDS = 500, 50_000, 5_000, 3
HEADER = (
    "relationship",
    "from",
    "to",
    "amount",
    "currency",
    "class",
    "basis",
    "valid_from",
    "valid_to",
    "measure",
    "source",
)
PLAIN = """
UNWIND $p.rows AS r MATCH (a:Entity {id: r[0]}) MATCH (b:Entity {id: r[1]}) CREATE (a)-[c:FUNDS]->(b) SET c = r[2]
RETURN count(c)
"""
WIPE = "MATCH (n) WITH n LIMIT 2000 DETACH DELETE n RETURN count(*)"
#: What a first load of the claims brings: all but the places.
WIPE_CLAIMS = "MATCH (n) WHERE NOT n:Village WITH n LIMIT 2000 DETACH DELETE n RETURN count(*)"
WIPE_FUNDS = "MATCH ()-[c:FUNDS]->() WITH c LIMIT 5000 DELETE c RETURN count(*)"


def make_files(folder: Path) -> tuple[Path, Path]:
    """A table of places and one of funding claims between them, with a figure of its own in every row."""
    places, claims = folder / "places.csv", folder / "claims.csv"
    with places.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("entity", "id", "name"))
        writer.writerows(("Village", f"cn:530724+v{n}", f"村{n}") for n in range(PLACES))
    with claims.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for n in range(CLAIMS):
            start, end = n % PLACES, (n * 7 + 1 + n // PLACES) % PLACES
            if start == end:
                end = (end + 1) % PLACES
            writer.writerow(
                ("FUNDS", f"cn:530724+v{start}", f"cn:530724+v{end}", n + 1, "CNY", "disbursement", "done", 2019, 2019,
                 f"m{n}", f"https://example.org/{n % 50}")
            )  # fmt: skip
    return places, claims


async def wipe(graph: Graph, statement: Any) -> None:
    while await graph.write(lambda transaction: transaction.value(statement)):
        pass


async def stored_rows(graph: Graph) -> list[list[Any]]:
    """The very rows the pipeline wrote, as a plain loader would send them."""
    return await graph.rows("MATCH (a)-[c:FUNDS]->(b) RETURN a.id, b.id, properties(c) ORDER BY a.id, c.id")


async def plain_load(graph: Graph, rows: list[list[Any]]) -> None:
    for first in range(0, len(rows), BATCH):
        batch = rows[first : first + BATCH]

        async def work(transaction: Transaction, batch: list[list[Any]] = batch) -> int:
            return await transaction.value(PLAIN, {"rows": batch})

        assert await graph.write(work) == len(batch)


async def bench_load(graph: Graph, folder: Path) -> None:
    places, claims = make_files(folder)
    await pipeline.load(graph, [places], pipeline.Options(dataset="places"))
    options = pipeline.Options(dataset="claims", force=True, allow_retract=True)
    await pipeline.load(graph, [claims], options)
    rows = await stored_rows(graph)
    assert len(rows) == CLAIMS
    ours: list[float] = []
    plain: list[float] = []
    for _ in range(ROUNDS):  # interleaved, so that both meet the same machine
        await wipe(graph, WIPE_FUNDS)
        plain.append(await timed(lambda: plain_load(graph, rows)))
        await wipe(graph, WIPE_FUNDS)
        await wipe(graph, WIPE_CLAIMS)
        ours.append(await timed(lambda: pipeline.load(graph, [claims], options)))
    ratio = statistics.median(plain) / statistics.median(ours)
    rounds = ", ".join(f"{p / o:.2f}" for p, o in zip(plain, ours, strict=True))
    print(
        f"load    {graph.kind.value:<9} pipeline {CLAIMS / statistics.median(ours):>8,.0f} rows/s, plain UNWIND "
        f"{CLAIMS / statistics.median(plain):>8,.0f} rows/s: ratio {ratio:.2f} (rounds {rounds}; at least 0.60)"
    )
    again = await timed(lambda: pipeline.load(graph, [claims], options))
    print(f"load    {graph.kind.value:<9} the same file again: {CLAIMS / again:,.0f} rows/s, nothing written")


async def bench_seed(graph: Graph) -> None:
    seconds = await timed(lambda: seed.load(graph))
    print(f"seed    {graph.kind.value:<9} {seconds:.1f} s into an empty store (at most 30 on the embedded engine)")


async def timed(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    await work()
    return time.perf_counter() - begun


def bench_start() -> None:
    command = [sys.executable, "-c", "from cli.main import run; run()", "--help"]
    times = [whole_process(command) for _ in range(5)]
    print(f"start   aidgraph --help: {statistics.median(times):.2f} s, median of 5 (under 0.50)")


def whole_process(command: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def bench_second_start() -> None:
    """Starts the demo twice on one new store; times the second start from the command to the served address."""
    with tempfile.TemporaryDirectory() as home:
        seconds = [demo_start(home) for _ in range(2)]
    print(
        f"second  demo: first start {seconds[0]:.1f} s, second start {seconds[1]:.1f} s: ratio {seconds[1] / seconds[0]:.2f}"
    )


def demo_start(home: str) -> float:
    environment = {**os.environ, "AIDGRAPH_HOME": home, "NEO4J_URI": ""}
    command = [sys.executable, "-u", "-c", "from cli.main import run; run()", "demo", "--port", "8765"]
    begun = time.perf_counter()
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8"
    ) as demo:
        assert demo.stdout
        for line in demo.stdout:
            if line.startswith("GraphQL at"):
                break
        seconds = time.perf_counter() - begun
        demo.send_signal(2)
        demo.stdout.read()
    return seconds


async def on_engine(settings: Settings, what: set[str]) -> None:
    async with open_graph(settings) as graph:
        await schema_ddl.apply(graph)
        with tempfile.TemporaryDirectory() as folder:
            if "seed" in what:
                await bench_seed(graph)
            if "load" in what:
                await wipe(graph, WIPE)
                await bench_load(graph, Path(folder))


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    everything = ("load", "start", "seed", "second", "reads", "questions", "tracing", "bulk")
    parser.add_argument("what", nargs="*", choices=[[], *everything, "large"], help="default: all but large")
    parser.add_argument("--rounds", type=int, default=9, help="of reads")
    parser.add_argument("--shapes", default=",".join(shapes.SHAPES), help="of reads")
    parser.add_argument("--engines", default=",".join(e.value for e in reversed(Engine)), help="of reads")
    given = parser.parse_args()
    what = set(given.what) or set(everything)
    if "start" in what:
        bench_start()
    if "second" in what:
        bench_second_start()
    if what & {"load", "seed"}:
        with tempfile.TemporaryDirectory() as home:
            asyncio.run(on_engine(Settings(home=Path(home)), what))
        try:
            with neo4j_server.start() as server, tempfile.TemporaryDirectory() as home:
                settings = Settings(home=Path(home), neo4j_uri=server.uri, neo4j_password="unused")
                asyncio.run(on_engine(settings, what))
        except neo4j_server.Neo4jUnavailable as error:
            print(f"no Neo4j to be had: {error}")
    if "reads" in what:
        reads.bench(given.shapes.split(","), given.rounds, given.engines.split(","))
    if "questions" in what:
        asyncio.run(questions.bench())
    if "bulk" in what:
        asyncio.run(importing.bench())
    if "large" in what:
        large.bench()
    if "tracing" in what:
        asyncio.run(tracing.bench())


main()
