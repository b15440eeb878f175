"""Graphs that are hard to ask: a place with 30,000 claims of 3,000 helpers, and 30 places each paired with all others."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from api.cursors import Seal
from api.execute import Executor
from api.schema import own_schema
from graph import schema_ddl
from graph.engine import Graph
from loaders import pipeline

pytestmark = pytest.mark.soak

HELPERS, EACH, DENSE = 3_000, 10, 30
SOURCE = "https://example.org/a"
#: Seconds for a question: what the machine needs is told by the bench, not here.
PATIENCE = 60.0


def write(path: Path, header: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


@pytest.fixture
async def hard(graph: Graph, tmp_path: Path) -> Executor:
    helpers = [f"cn:310000+h{n}" for n in range(HELPERS)]
    dense = [f"cn:530724+c{n}" for n in range(DENSE)]
    places: list[tuple[Any, ...]] = [("Province", "cn:310000", "上海市", ""), ("County", "cn:530724", "宁蒗", "")]
    places += [
        ("Village", id_, f"村{n}", "cn:310000" if id_ in helpers else "") for n, id_ in enumerate(helpers + dense)
    ]
    claims: list[tuple[Any, ...]] = [
        ("FUNDS", helper, "cn:530724", n + 1, "CNY", "disbursement", f"2019-03-{n + 1:02}", SOURCE)
        for helper in helpers
        for n in range(EACH)
    ]
    claims += [("PAIRED_WITH", a, b, "", "", "", "2019", SOURCE) for a in dense for b in dense if a != b]
    files = [
        write(tmp_path / "places.csv", ("entity", "id", "name", "PART_OF"), places),
        write(
            tmp_path / "claims.csv",
            ("relationship", "from", "to", "amount", "currency", "class", "valid_from", "source"),
            claims,
        ),
    ]
    for file in files:
        report = await pipeline.load(graph, [file], pipeline.Options(dataset=file.stem))
        assert not report.rejected, report.issues
    return Executor(own_schema(), graph, Seal(await schema_ddl.seal_key(graph)), timeout=PATIENCE)


async def ask(executor: Executor, query: str) -> Any:
    body = json.loads((await executor.answer(query, None, None)).body)
    assert "errors" not in body, body["errors"]
    return body["data"]


async def test_counts_and_sums_are_never_cut_and_what_is_cut_is_said(hard: Executor) -> None:
    row = "totalCount nodes { helper { id } factsCount totals { sum added } through { totalCount } }"
    flat = (await ask(hard, f'{{ helpers(of: "cn:530724") {{ {row} }} }}'))["helpers"]
    assert flat["totalCount"] == HELPERS
    for found in flat["nodes"]:
        assert (found["factsCount"], found["totals"]) == (EACH, [{"sum": "55", "added": EACH}])

    rolled = (await ask(hard, f'{{ helpers(of: "cn:530724", rollUp: true) {{ {row} }} }}'))["helpers"]
    shanghai = next(found for found in rolled["nodes"] if found["helper"]["id"] == "cn:310000")
    assert shanghai["through"]["totalCount"] == HELPERS

    paths = (
        await ask(
            hard,
            '{ paths(from: "cn:530724+c0", to: "cn:530724+c29", maxHops: 3, first: 100) { truncated more paths { length } } }',
        )
    )["paths"]
    assert [path["length"] for path in paths["paths"]] == [1] + [2] * (DENSE - 2) + [3] * (100 - DENSE + 1)
    assert paths["more"] and not paths["truncated"]

    hub = (
        await ask(
            hard, '{ paths(from: "cn:310000+h0", to: "cn:310000+h1", maxHops: 2) { truncated more paths { length } } }'
        )
    )["paths"]
    assert hub["truncated"] and not hub["more"]
