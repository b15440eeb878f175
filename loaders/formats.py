"""The formats: how each is told by its content, and what opens it. A new format is a module and one line here."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from loaders import followthemoney, iati, tables, tabular, threesixty, workbooks
from loaders.encoding import UnreadableFile
from loaders.reading import How, Opener
from loaders.records import LoadError


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """`suffixes`: files of a folder that are taken for it. `fits`: whether the first bytes of a file may be its own."""

    name: str
    open: Opener
    suffixes: tuple[str, ...]
    fits: Callable[[bytes], bool]


def _is_ods(head: bytes) -> bool:
    return head.startswith(workbooks.ZIP) and b"application/vnd.oasis.opendocument.spreadsheet" in head[:200]


#: In the order they are tried; the last one takes what no other fits, and says what is wrong with it.
FORMATS: tuple[Format, ...] = (
    Format(name="iati", open=iati.open_file, suffixes=(".xml",), fits=iati.fits),
    Format(name="ods", open=tables.open_workbook, suffixes=(".ods",), fits=_is_ods),
    Format(
        name="xlsx",
        open=tables.open_workbook,
        suffixes=(".xlsx", ".xlsm"),
        fits=lambda head: head.startswith(workbooks.ZIP),
    ),
    Format(name="xls", open=tables.open_workbook, suffixes=(".xls",), fits=lambda head: head.startswith(workbooks.OLE)),
    Format(
        name=followthemoney.NAME,
        open=followthemoney.open_lines,
        suffixes=(".jsonl", ".ndjson"),
        fits=followthemoney.fits,
    ),
    Format(name="360giving", open=threesixty.open_json, suffixes=(".json",), fits=threesixty.fits),
    Format(name="csv", open=tables.open_csv, suffixes=(".csv", ".tsv", ".txt"), fits=lambda _head: True),
)
#: Of files that end so, some are tables, and some are notes beside them.
TEXT = ".txt"
#: Bytes a format is told by.
HEAD = 4_096


def opener(path: Path, how: How) -> Opener:
    """The opener of a file: of the format asked for, else of the first that its content fits."""
    if how.format is not None:
        for declared in FORMATS:
            if declared.name == how.format:
                return declared.open
        names = ", ".join(declared.name for declared in FORMATS)
        raise LoadError(f"there is no format {how.format}: choose one of {names}")
    head = tabular.head(path, HEAD)
    return next(declared.open for declared in FORMATS if declared.fits(head))


def why_not(path: Path, how: How) -> str:
    """Why a file of a folder is not read, '' where it is: it is of another kind, or a note beside the tables."""
    suffix = path.suffix.lower()
    if path.is_dir():
        return "a folder"
    if suffix not in suffixes():
        return "of another kind"
    if suffix != TEXT or how.format not in (None, "csv"):
        return ""
    try:
        is_table = opener(path, how) is not tables.open_csv or tables.is_table(path, how)
    except UnreadableFile as error:
        return error.why
    return "" if is_table else "no table that is known"


def suffixes() -> tuple[str, ...]:
    """Of the files that are read where a folder is named."""
    return tuple(suffix for declared in FORMATS for suffix in declared.suffixes)
