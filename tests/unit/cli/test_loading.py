"""Which files are meant by what is written behind `aidgraph load`."""

from pathlib import Path

import pytest

from cli import loading
from cli.loading import dataset_of
from loaders.reading import How
from loaders.records import LoadError


def expanded(paths: list[Path]) -> list[Path]:
    return loading.expanded(paths, How())


def test_folders_patterns_and_files(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", ".hidden.csv", "~$a.xlsx", "a.csv.rejects.csv", "notes.md"):
        (tmp_path / name).write_text("x", "utf-8")
    both = [tmp_path / "a.csv", tmp_path / "b.csv"]
    assert expanded([tmp_path]) == both
    assert expanded([tmp_path / "[ab].csv"]) == both
    assert expanded([tmp_path / "b.csv", tmp_path / "a*.csv"]) == [both[1], both[0], tmp_path / "a.csv.rejects.csv"]


def test_what_is_no_table_of_a_folder_is_named_and_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "readme.txt").write_text("Sums of 2024, by county; see the letter, and call us.\n\nall, all\n", "utf-8")
    (tmp_path / "letter.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "c.csv").write_text("x", "utf-8")
    (tmp_path / "other.txt").write_text('<?xml version="1.0"?>\n<iati-activities version="2.03"/>', "utf-8")
    tables = [tmp_path / "funds.csv", tmp_path / "near.txt", tmp_path / "other.txt", tmp_path / "tabs.txt"]
    tables[0].write_text("anything at all", "utf-8")
    tables[1].write_text("帮扶方,受援方,金额\n", "utf-8")
    tables[3].write_text("relationship\tfrom\tto\n", "utf-8")
    assert expanded([tmp_path]) == tables
    assert capsys.readouterr().err == (
        f"{tmp_path}: not read: empty.txt (the file is empty); letter.pdf (of another kind); old (a folder); "
        "readme.txt (no table that is known)\n"
    )
    assert expanded([tmp_path / "readme.txt"]) == [tmp_path / "readme.txt"]  # named by itself it is meant
    assert expanded([tmp_path / "**" / "*.csv"]) == [tmp_path / "funds.csv", tmp_path / "old" / "c.csv"]
    assert expanded([tmp_path / "funds.csv", tmp_path / "f*.csv"]) == tables[:1]
    with pytest.raises(LoadError, match=r"holds no table in a file ending in .*; not read: sub \(a folder\)"):
        (tmp_path / "none" / "sub").mkdir(parents=True)
        expanded([tmp_path / "none"])


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
