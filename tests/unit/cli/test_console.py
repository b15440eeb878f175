"""The progress display: how far reading has come is reckoned by bytes; rate and time left stand beside it."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from cli import console
from loaders import pipeline
from tests.checks import table


async def test_reading_tells_how_many_rows_there_may_be(tmp_path: Path) -> None:
    header = ("entity", "id", "name")
    halves = [[["Company", f"org:{n}", f"公司{n:06}"] for n in range(first, first + 7_000)] for first in (0, 7_000)]
    files = [table(tmp_path / f"{n}.csv", (header, rows)) for n, rows in enumerate(halves)]
    told: list[tuple[str, int, int]] = []
    report = await pipeline.bulk(
        files,
        pipeline.Options(dataset="data"),
        tmp_path / "out",
        progress=lambda stage, done, total: told.append((stage, done, total)),
    )
    assert report.rows == 14_000
    reading = [(done, total) for stage, done, total in told if stage == "reading"]
    assert [done for done, _ in reading] == [5_000, 10_000, 14_000]
    assert reading[-1] == (14_000, 14_000)
    for _, total in reading[:-1]:
        assert abs(total - 14_000) < 700  # a file is read ahead by some blocks
    writing = [(done, total) for stage, done, total in told if stage != "reading"]
    assert writing[-1] == (14_002, 14_002) and all(done <= total == 14_002 for done, total in writing)


def test_a_bar_shows_rows_rate_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=160)
    monkeypatch.setattr("rich.console.Console", lambda **_: terminal)
    now = 0.0
    monkeypatch.setattr(terminal, "get_time", lambda: now)
    with console.progress_bar() as bar:
        tell = bar.of("data")
        for done in (0, 2_000, 4_000):
            tell("reading", done, 12_000)
            now += 1
        bar._progress.refresh()
        halfway = screen.getvalue()
        tell("reading", 12_000, 12_000)
        tell("claims", 500, 1_000)
    assert "data: reading" in halfway and "4,000 of about 12,000" in halfway
    assert "2,000 rows/s" in halfway and "0:00:04" in halfway
    after = screen.getvalue()
    assert "12,000 of 12,000" in after and "data: claims" in after and "500 of 1,000" in after
