"""`make bench ARGS=large`: a table of a million rows and an IATI file of 1 GB, loaded whole by `aidgraph load`.

Takes an hour and more, and some 15 GB of disk. Told is the peak memory of the loading process, and of a file a tenth as large.
"""

import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from bench import iati_file

ROWS, MEGABYTES, VILLAGES = 1_000_000, 1_000, 1_000
HEADER = ("relationship", "from", "to", "amount", "currency", "class", "valid_from", "measure", "source")
COMMAND = [sys.executable, "-c", "from cli.main import run; run()", "load"]


def table(path: Path, rows: int) -> None:
    """Funding between villages, every row a fact of its own."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for n in range(rows):
            ends = f"cn:530724+v{n % VILLAGES}", f"cn:530724+v{(n + 1 + n // VILLAGES) % VILLAGES}"
            if ends[0] == ends[1]:
                ends = ends[0], f"cn:530724+v{(n + 2) % VILLAGES}"
            page = f"https://example.org/{n % 100}"
            writer.writerow(("FUNDS", *ends, f"{n}.01", "CNY", "disbursement", 2019, f"m{n}", page))


def villages(path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("entity", "id", "name"))
        writer.writerows(("Village", f"cn:530724+v{n}", f"村{n}") for n in range(VILLAGES))


def loaded(path: Path, home: Path) -> tuple[float, float, str]:
    """Seconds, peak MB of the loading process, and what it said last."""
    environment = {**os.environ, "AIDGRAPH_HOME": str(home), "NEO4J_URI": ""}
    begun = time.perf_counter()
    with subprocess.Popen(
        [*COMMAND, str(path)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        peak = 0
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                peak = max(peak, watched.memory_info().rss)
            except psutil.NoSuchProcess:
                break
            time.sleep(0.2)
        assert process.stdout
        said = process.stdout.read().strip()
    if process.returncode:
        raise SystemExit(f"aidgraph load ended with {process.returncode}: {said}")
    return time.perf_counter() - begun, peak / 1_000_000, said.splitlines()[-1]


def bench() -> None:
    kinds: dict[str, tuple[str, Callable[[Path, float], None]]] = {
        f"{ROWS:,} rows": ("funds.csv", lambda path, part: table(path, round(ROWS * part))),
        f"{MEGABYTES:,} MB of IATI": ("activities.xml", lambda path, part: iati_file.write(path, MEGABYTES * part)),
    }
    for name, (file, write) in kinds.items():
        for part in (0.1, 1.0):
            with tempfile.TemporaryDirectory() as folder:
                home, path = Path(folder) / "home", Path(folder) / file
                villages(Path(folder) / "places.csv")
                loaded(Path(folder) / "places.csv", home)
                write(path, part)
                seconds, peak, said = loaded(path, home)
            print(
                f"large   {part:>4.0%} of {name}: peak {peak:,.0f} MB (under 400), {seconds:,.0f} s; {said}", flush=True
            )
