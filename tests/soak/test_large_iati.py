"""A large IATI file: memory stays flat, and the sums are those of the file."""

import json
import re
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from bench.iati_file import write
from loaders.iati.flows import TYPES

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3_600)]

#: Checks a file in a process of its own and says what the process took; it sums in its own way what the file holds.
CHECKER = """
import asyncio, json, sys, tempfile, time
from pathlib import Path
from graph import schema_ddl
from graph.engine import open_graph
from graph.settings import Settings
from loaders import pipeline
from tests.peak import peak_mb

async def main(path):
    with tempfile.TemporaryDirectory() as home:
        async with open_graph(Settings(home=Path(home), heap="512m")) as graph:
            await schema_ddl.apply(graph)
            began = time.monotonic()
            report = await pipeline.load(graph, [Path(path)], pipeline.Options(dataset="large", dry_run=True))
            took = time.monotonic() - began
    sums = [[*key, report.figures[key], str(total)] for key, total in sorted(report.sums.items())]
    print(json.dumps({"rows": report.rows, "rejected": report.rejected, "peak": peak_mb(), "seconds": took, "sums": sums}))

asyncio.run(main(*sys.argv[1:]))
"""
_TRANSACTION = re.compile(r'<transaction-type code="(\d+)"/>.*?<value [^>]*>([0-9.]+)</value>')


def check(path: Path) -> dict[str, object]:
    said = subprocess.run(
        [sys.executable, "-c", CHECKER, str(path)], capture_output=True, text=True, check=True, timeout=1_800
    )
    return json.loads(said.stdout)


def test_memory_of_a_large_file_stays_flat(tmp_path: Path) -> None:
    peaks: dict[int, float] = {}
    for megabytes in (20, 100):
        path = tmp_path / f"activities{megabytes}.xml"
        write(path, megabytes)
        result = check(path)
        print(megabytes, result)
        assert result["rejected"] == 0
        counted: Counter[str] = Counter()
        sums: Counter[str] = Counter()
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                for type_, amount in _TRANSACTION.findall(line):
                    counted[TYPES[type_][0]] += 1
                    sums[TYPES[type_][0]] += Decimal(amount)  # pyright: ignore[reportArgumentType]
        found = {class_: (n, Decimal(total)) for _, class_, _, n, total in result["sums"] if class_ != "budget"}
        assert found == {class_: (counted[class_], sums[class_]) for class_ in counted}
        peaks[megabytes] = float(str(result["peak"]))
    print(f"peak MB by megabytes: {peaks}")
    assert peaks[100] < 400
    assert peaks[100] - peaks[20] < 80  # what is remembered of ids grows to its bound
