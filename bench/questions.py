"""`make bench ARGS=questions`: the questions of who helps whom on the embedded engine, relative to one point read.

Each question is asked in turn with the point read, so that both meet the same machine; 95th percentiles are compared.
Two graphs that are hard: a hub that 3,000 helpers have 30,000 claims with, and 30 places each paired with all others.
"""

import csv
import json
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from api.cursors import Seal
from api.execute import Executor
from api.schema import own_schema
from graph import schema_ddl
from graph.engine import Graph, open_graph
from graph.settings import Settings
from loaders import pipeline, seed

#: Rounds that count, after some to warm up: of the questions over the seed, and of those over hard graphs.
ROUNDS, WARM = 120, 40
HARD_ROUNDS, HARD_WARM = 20, 5
POINT = '{ node(id: "cn:530724") { id } }'
ROW = "helper { id name } recipient { id name } kinds since factsCount"
TOTALS = "totals { measure class basis unit sum added notAdded { nodes { reason fact { id } } } }"
FACTS = "facts { nodes { means { name } fact { id type holds validFrom validTo evidence { locator source { publisher } } } } }"
QUESTIONS = {
    "helpers": f'{{ helpers(of: "cn:530724", asOf: "2020-04-30") {{ nodes {{ {ROW} {TOTALS} {FACTS} }} }} }}',
    "helpers, rolled up": f'{{ helpers(of: "cn:530000", rollUp: true, asOf: "2020-04-30", first: 5) {{ nodes {{ {ROW} '
    f"through(first: 5) {{ totalCount nodes {{ {ROW} totals {{ sum unit }} }} }} }} }} }}",
    "recipients": f'{{ recipients(of: "cn:440100", asOf: "2022-06-30") {{ nodes {{ {ROW} totals {{ sum unit }} }} }} }}',
    "help": f'{{ help(from: "cn:320000", to: "cn:610000") {{ {ROW} {TOTALS} {FACTS} }} }}',
    "paths": '{ paths(from: "cn:310110", to: "cn:530724") { truncated paths { nodes { name } steps { facts { id } } } } }',
    "search": '{ search(text: "宁蒗") { nodes { match entity { id name } } } }',
    "supervision": '{ supervision(of: "cn:520500") { inspections problemsFound rectified open rate } }',
    "timeline": '{ timeline(of: "cn:520500") { nodes { other { name } fact { type validFrom } } } }',
    "conflicts": "{ conflicts { totalCount } }",
    "coverage": "{ coverage { relationships { type facts withStart } } }",
    "overview": "{ overview { entities { type count } facts { type count } } }",
}
HELPERS, EACH, DENSE = 3_000, 10, 30
SOURCE = "https://example.org/a"
HUB, HUB_ROLLED = (
    f'{{ helpers(of: "cn:530724"{more}) {{ totalCount nodes {{ factsCount totals {{ sum added }} }} }} }}'
    for more in ("", ", rollUp: true")
)
COMPLETE = (
    '{ paths(from: "cn:530724+c0", to: "cn:530724+c29", maxHops: 3, first: 100) '
    "{ truncated paths { length nodes { id } } } }"
)


def p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]


async def asked(executor: Executor, query: str) -> tuple[float, Any]:
    begun = time.perf_counter()
    answer = await executor.answer(query, None, None)
    seconds = time.perf_counter() - begun
    body = json.loads(answer.body)
    assert "errors" not in body, body["errors"]
    return seconds, body["data"]


async def compared(executor: Executor, name: str, query: str, rounds: int = ROUNDS, warm: int = WARM) -> Any:
    """Prints the question's p95 as a ratio to that of the point read; returns its answer."""
    data: Any = None
    theirs: list[float] = []
    points: list[float] = []
    for turn in range(warm + rounds):
        seconds, data = await asked(executor, query)
        point, _ = await asked(executor, POINT)
        if turn >= warm:
            theirs.append(seconds)
            points.append(point)
    print(f"ask     {name:<22} p95 {p95(theirs) / p95(points):6.1f} point reads (median {_ratio(theirs, points):.1f})")
    return data


def _ratio(theirs: list[float], points: list[float]) -> float:
    return statistics.median(theirs) / statistics.median(points)


async def bench() -> None:
    with tempfile.TemporaryDirectory() as home:
        async with opened(Path(home)) as graph:
            await seed.load(graph)
            executor = Executor(own_schema(), graph, Seal(await schema_ddl.seal_key(graph)))
            for name, query in QUESTIONS.items():
                await compared(executor, name, query)
    with tempfile.TemporaryDirectory() as home:
        async with opened(Path(home)) as graph:
            await hard(graph, Path(home))
            executor = Executor(own_schema(), graph, Seal(await schema_ddl.seal_key(graph)))
            for name, query in (("a hub's helpers", HUB), ("a hub's, rolled up", HUB_ROLLED)):
                data = await compared(executor, name, query, HARD_ROUNDS, HARD_WARM)
                assert data["helpers"]["totalCount"] == HELPERS
                for row in data["helpers"]["nodes"]:  # counts and sums are never cut
                    assert row["factsCount"] == EACH and sum(total["added"] for total in row["totals"]) == EACH
            data = await compared(executor, f"paths among {DENSE}", COMPLETE, HARD_ROUNDS, HARD_WARM)
            assert len(data["paths"]["paths"]) == 100 and data["paths"]["paths"][0]["length"] == 1


@asynccontextmanager
async def opened(home: Path) -> AsyncIterator[Graph]:
    """An embedded graph with its schema."""
    async with open_graph(Settings(home=home)) as graph:
        await schema_ddl.apply(graph)
        yield graph


async def hard(graph: Graph, folder: Path) -> None:
    """The hub and the dense set, loaded as a user's tables are."""
    places, claims = folder / "places.csv", folder / "claims.csv"
    helpers = [f"cn:310000+h{n}" for n in range(HELPERS)]
    dense = [f"cn:530724+c{n}" for n in range(DENSE)]
    with places.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("entity", "id", "name", "PART_OF"))
        writer.writerow(("Province", "cn:310000", "上海市", ""))
        writer.writerow(("County", "cn:530724", "宁蒗彝族自治县", ""))
        writer.writerows(("Village", id_, f"村{n}", "") for n, id_ in enumerate([*helpers, *dense]))
    with claims.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("relationship", "from", "to", "amount", "currency", "class", "valid_from", "source"))
        for helper in helpers:
            for n in range(EACH):
                day = f"2019-03-{n + 1:02}"
                writer.writerow(("FUNDS", helper, "cn:530724", n + 1, "CNY", "disbursement", day, SOURCE))
        for one in dense:
            for other in dense:
                if one != other:
                    writer.writerow(("PAIRED_WITH", one, other, "", "", "", "2019", SOURCE))
    for file in (places, claims):
        report = await pipeline.load(graph, [file], pipeline.Options(dataset=file.stem))
        assert not report.rejected, report.issues
