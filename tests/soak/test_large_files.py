"""Large tables: the memory of a load stays flat, and its sums are exact."""

import asyncio
import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from graph.engine import open_graph
from graph.settings import Settings
from loaders import pipeline

pytestmark = pytest.mark.soak

HEADER = ("relationship", "from", "to", "amount", "currency", "class", "valid_from", "measure", "source")
VILLAGES = 1_000
#: Loads a table in a process of its own and says what the process took.
LOADER = """
import asyncio, json, resource, sys
from pathlib import Path
from graph import schema_ddl
from graph.engine import open_graph
from graph.settings import Settings
from loaders import pipeline

async def main(home, places, table):
    async with open_graph(Settings(home=Path(home))) as graph:
        await schema_ddl.apply(graph)
        await pipeline.load(graph, [Path(places)], pipeline.Options(dataset="places"))
        report = await pipeline.load(graph, [Path(table)], pipeline.Options(dataset=Path(table).stem))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rows": report.rows, "rejected": report.rejected, "new": report.counts.new, "peak": peak}))

asyncio.run(main(*sys.argv[1:]))
"""


def make(folder: Path, rows: int) -> tuple[Path, Path]:
    places, table = folder / "places.csv", folder / f"funds{rows}.csv"
    with places.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("entity", "id", "name"))
        writer.writerows(("Village", f"cn:530724+v{n}", f"村{n}") for n in range(VILLAGES))
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for n in range(rows):
            ends = f"cn:530724+v{n % VILLAGES}", f"cn:530724+v{(n + 1 + n // VILLAGES) % VILLAGES}"
            page = f"https://example.org/{n % 100}"
            writer.writerow(("FUNDS", *ends, f"{n}.01", "CNY", "disbursement", 2019, f"m{n}", page))
    return places, table


def test_memory_of_a_load_stays_flat(tmp_path: Path) -> None:
    peaks: dict[int, float] = {}
    for rows in (30_000, 150_000):
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
    assert peaks[150_000] < 400
    assert peaks[150_000] - peaks[30_000] < 60  # five times the rows, not five times the memory


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
