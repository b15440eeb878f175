"""Large tables: the memory of a load stays flat, and its sums are exact."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.large import table, villages
from graph.engine import open_graph
from graph.settings import Settings
from loaders import pipeline

pytestmark = pytest.mark.soak

#: Loads a table in a process of its own and says what the process took.
LOADER = """
import asyncio, json, sys
from pathlib import Path
from graph import schema_ddl
from graph.engine import open_graph
from graph.settings import Settings
from loaders import pipeline
from tests.peak import peak_mb

async def main(home, places, table):
    async with open_graph(Settings(home=Path(home))) as graph:
        await schema_ddl.apply(graph)
        await pipeline.load(graph, [Path(places)], pipeline.Options(dataset="places"))
        report = await pipeline.load(graph, [Path(table)], pipeline.Options(dataset=Path(table).stem))
    print(json.dumps({"rows": report.rows, "rejected": report.rejected, "new": report.counts.new, "peak": peak_mb()}))

asyncio.run(main(*sys.argv[1:]))
"""


def make(folder: Path, rows: int) -> tuple[Path, Path]:
    places, funds = folder / "places.csv", folder / f"funds{rows}.csv"
    villages(places)
    table(funds, rows)
    return places, funds


def test_memory_of_a_load_stays_flat(tmp_path: Path) -> None:
    peaks: dict[int, float] = {}
    for rows in (100_000, 400_000):  # both fill the caches, each of its own bound
        places, table = make(tmp_path, rows)
        arguments = [str(tmp_path / f"home{rows}"), str(places), str(table)]
        said = subprocess.run(
            [sys.executable, "-c", LOADER, *arguments], capture_output=True, text=True, check=True, timeout=900
        )
        result = json.loads(said.stdout)
        assert (result["rows"], result["rejected"]) == (rows, 0)
        assert result["new"] == rows + 1  # the table's own description
        peaks[rows] = result["peak"]
    print(f"peak MB by rows: {peaks}")
    assert peaks[400_000] < 400
    assert peaks[400_000] - peaks[100_000] < 60  # four times the rows, not four times the memory


def test_sums_of_a_large_table_are_exact(tmp_path: Path) -> None:
    rows = 50_000
    places, table = make(tmp_path, rows)

    async def check() -> pipeline.Report:
        from graph import schema_ddl

        async with open_graph(Settings(home=tmp_path / "home", heap="512m")) as graph:
            await schema_ddl.apply(graph)
            await pipeline.load(graph, [places], pipeline.Options(dataset="places"))
            return await pipeline.load(graph, [table], pipeline.Options(dataset="funds", dry_run=True))

    report = asyncio.run(check())
    (total,) = report.sums.values()
    assert total * 100 == 100 * rows * (rows - 1) // 2 + rows
