"""The real grant files say the same in JSON and in XLSX: the same claims with the same values, places in the file aside."""

from pathlib import Path

import pytest

from graph.staging import Staging
from loaders import formats
from loaders.directory import Directory
from loaders.reading import How
from loaders.rows import RowBuilder

FILES = Path(__file__).parents[4] / "shared" / "data" / "360giving"
needs_files = pytest.mark.skipif(not FILES.is_dir(), reason="the grant files are not at hand")


def staged(path: Path) -> tuple[int, str, int]:
    """(grants, hash of all claims, number of claims) of a file."""
    builder = RowBuilder(Directory(), "source:dataset:grants")
    rows = 0
    with Staging() as staging, formats.opener(path, How())(path, How()) as parts:
        for part in parts:
            for unit in part.units(builder):
                rows += 1
                assert not unit.faults, (unit.line, unit.faults)
                for record in unit.records:
                    staging.add(record, file=0, line=unit.line)
        staging.settle()
        return rows, staging.fingerprint(), staging.counts()[1]


@needs_files
@pytest.mark.parametrize(("name", "grants"), [("a001p00000zgyHZAAY", 783), ("a003W000001B7PzQAK", 475)])
def test_json_and_xlsx_say_the_same(name: str, grants: int) -> None:
    found = staged(FILES / f"{name}.json")
    assert found[0] == grants
    assert staged(FILES / f"{name}.xlsx") == found
