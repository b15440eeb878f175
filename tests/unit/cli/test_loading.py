"""Which files are meant by what is written behind `aidgraph load`."""

from pathlib import Path

import pytest

from cli.loading import dataset_of, expanded
from loaders.records import LoadError


def test_folders_patterns_and_files(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", ".hidden.csv", "~$a.xlsx", "a.csv.rejects.csv", "notes.md"):
        (tmp_path / name).write_text("x", "utf-8")
    both = [tmp_path / "a.csv", tmp_path / "b.csv"]
    assert expanded([tmp_path]) == both
    assert expanded([tmp_path / "[ab].csv"]) == both
    assert expanded([tmp_path / "b.csv", tmp_path / "a*.csv"]) == [both[1], both[0], tmp_path / "a.csv.rejects.csv"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("https://example.org/a.csv", "addresses are not fetched: download the file"),
        ("none.csv", "there is no such file"),
        ("none*.csv", "there is no such file"),
    ],
)
def test_what_cannot_be_read(name: str, said: str) -> None:
    with pytest.raises(LoadError, match=said):
        expanded([Path(name)])


def test_a_dataset_has_a_name(tmp_path: Path) -> None:
    assert dataset_of([tmp_path / "a.csv"], [tmp_path / "a.csv"], None) == "a"
    with pytest.raises(LoadError, match="is empty or holds spaces"):
        dataset_of([tmp_path / "a.csv"], [tmp_path / "a.csv"], "")
