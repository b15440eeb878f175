"""What a workbook's ZIP file holds, checked before anything of it is parsed: sizes, names, entities, far cells.

Crafted files are refused here, in bounded time and memory; of sound ones it is told what the reader does not give:
cells with a formula error or without the value of their formula, and cells shown otherwise than they are held.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from loaders import looks, ods, styles, xls
from loaders.encoding import UnreadableFile

MAX_ENTRIES: Final = 5_000
MAX_BYTES: Final = 1 << 30  # of all entries, unpacked
MAX_RATIO: Final = 200  # unpacked to packed, of an entry larger than this
RATIO_FROM: Final = 4 << 20
MAX_MARKED: Final = 100_000  # cells with an error, or without the value of their formula
MAX_SMALL: Final = 16 << 20  # bytes of a part that is read whole: the list of sheets, the styles
#: Cells that the used area of a sheet may have: as many, or so many times the cells that hold something.
AREA: Final = 4_000_000
SPARSE: Final = 20
_CHUNK: Final = 1 << 20

_DTD = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_REFERENCE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{1,7})([0-9]{1,10})["']""")
_ERROR = re.compile(rb"""<(?:\w+:)?c\s(?=[^<>]*\bt\s*=\s*["']e["'])[^<>]*\br\s*=\s*["']([A-Z]{1,3}[0-9]{1,7})["']""")
#: Style and place of a cell that holds no text.
_STYLED = re.compile(
    rb"""<(?:\w+:)?c\s(?=[^<>]*\bs\s*=\s*["']([0-9]{1,6})["'])(?![^<>]*\bt\s*=\s*["'](?:s|str|inlineStr|b|e)["'])"""
    rb"""[^<>]*\br\s*=\s*["']([A-Z]{1,3}[0-9]{1,7})["']"""
)
#: A cell with a formula and without its value; of a formula that gives a text, an empty value is one.
_UNSAVED = re.compile(
    rb"""<(?:\w+:)?c\s(?![^<>]*\bt\s*=\s*["'](?:str|e)["'])[^<>]*\br\s*=\s*["']([A-Z]{1,3}[0-9]{1,7})["'][^<>]*>\s*"""
    rb"""<(?:\w+:)?f(?:\s[^<>]*)?(?:/>|(?<!/)>[^<]*</(?:\w+:)?f\s*>)\s*"""
    rb"""(?:</(?:\w+:)?c\s*>|<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</)"""
)
_ODS_REPEATED = re.compile(rb"""number-(?:rows|columns)-repeated\s*=\s*["']([0-9]{1,20})["']""")
_MARKED = "have an error, are merged or shown otherwise than they are held: save it as CSV"
_DAMAGED = "is damaged or cut short: open it in a spreadsheet and save it again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Cells of one sheet, as (row from 1, column from 0)."""

    errors: frozenset[tuple[int, int]] = frozenset()
    unsaved: frozenset[tuple[int, int]] = frozenset()  # with a formula, and without its value
    shown: looks.Looks = field(default_factory=looks.Looks)
    merged: tuple[tuple[int, ...], ...] = ()  # of an ods: first row, last row, first column, last column


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """`kind`: xlsx, ods or xls; `size`: bytes unpacked; `marks`: by the name of the sheet, of an xls by its number."""

    kind: str
    size: int
    marks: dict[str | int, Marks] = field(default_factory=dict[str | int, Marks])


def examine(path: Path) -> Contents:
    """Refuses a ZIP file that is no sound workbook with `UnreadableFile`."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _examined(path, archive)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, struct.error, NotImplementedError):
        raise UnreadableFile(path, _DAMAGED) from None
    except (ValueError, RuntimeError, UnicodeError):  # what the zipfile module says of broken directories
        raise UnreadableFile(path, _DAMAGED) from None
    except OSError as error:
        raise UnreadableFile(path, f"cannot be read: {error.strerror or error}") from None


def _examined(path: Path, archive: zipfile.ZipFile) -> Contents:
    entries = archive.infolist()
    _check_directory(path, entries)
    by_name = {entry.filename.replace("\\", "/").lstrip("/"): entry for entry in entries}
    folded = {name.casefold(): entry for name, entry in by_name.items()}
    if "content.xml" in folded:
        kind = "ods"
    elif "xl/workbook.xml" in folded:
        kind = "xlsx"
    elif "xl/workbook.bin" in folded:
        raise UnreadableFile(path, "is an XLSB workbook, which is not read; save it as XLSX")
    else:
        raise UnreadableFile(path, "is a ZIP file and no workbook (XLSX, ODS); unpack it first")
    styled = _styles(path, archive, folded) if kind == "xlsx" else {}
    marks: dict[str, Marks] = {}
    for name, entry in by_name.items():
        if name.casefold().endswith((".xml", ".rels", ".vml")):
            found = _scan(path, archive, entry, is_sheet="worksheets/" in name.casefold(), styled=styled)
            if found:
                marks[name.casefold()] = found
        else:
            for _ in _unpacked(path, archive, entry):  # sizes and sums are checked as it is unpacked
                pass
    size = sum(entry.file_size for entry in entries)
    if kind == "ods":
        return Contents(kind=kind, size=size, marks=_ods_marks(path, archive, folded["content.xml"]))
    sheets = _sheets(path, archive, folded) if marks else {}
    return Contents(kind=kind, size=size, marks={sheet: marks[part] for sheet, part in sheets.items() if part in marks})


def _check_directory(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_ENTRIES:
        raise UnreadableFile(path, f"its ZIP holds {len(entries):,} entries; at most {MAX_ENTRIES:,} are read")
    if (size := sum(entry.file_size for entry in entries)) > MAX_BYTES:
        why = f"unpacks to {size / 2**20:,.0f} MB; at most {MAX_BYTES >> 20:,} are read: save its sheets as CSV"
        raise UnreadableFile(path, why)
    names: set[str] = set()
    for entry in entries:
        name = entry.filename.replace("\\", "/")
        if ".." in name.split("/") or name.startswith("/") or ":" in name.split("/")[0] or "\0" in name:
            raise UnreadableFile(path, f"its ZIP holds the entry {name[:80]!r}, which lies outside of it: not read")
        if name.casefold() in names:
            raise UnreadableFile(path, f"its ZIP holds the entry {name[:80]!r} twice: not read")
        names.add(name.casefold())
        if entry.flag_bits & 0x1:
            raise UnreadableFile(path, "is encrypted; save it without a password")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnreadableFile(path, _DAMAGED)
        if entry.file_size > RATIO_FROM and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            why = f"its entry {name[:80]!r} unpacks to more than {MAX_RATIO} times its size: not read"
            raise UnreadableFile(path, why)


def _unpacked(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes of an entry a piece at a time; refused where there are more than it declares."""
    seen = 0
    with archive.open(entry) as stream:
        while chunk := stream.read(_CHUNK):
            seen += len(chunk)
            if seen > entry.file_size:
                raise UnreadableFile(path, _DAMAGED)
            yield chunk
    if seen < entry.file_size:
        raise UnreadableFile(path, _DAMAGED)


def _scan(
    path: Path,
    archive: zipfile.ZipFile,
    entry: zipfile.ZipInfo,
    *,
    is_sheet: bool,
    styled: dict[bytes, looks.Look],
) -> Marks | None:
    """Reads a part to its end: no entities, no cell far from the others; the cells that are marked."""
    tail = b""
    reach = _Reach(path, entry.filename, styled)
    first = True
    for chunk in _unpacked(path, archive, entry):
        if first and chunk[:2] in (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<"):
            raise UnreadableFile(path, f"its part {entry.filename[:80]} is UTF-16, which is not read; save it again")
        first = False
        data, tail = _at_row(tail, chunk) if is_sheet else _at_tag(tail, chunk)
        reach.see(data, is_sheet=is_sheet)
    reach.see(tail, is_sheet=is_sheet)
    reach.check()
    return reach.marks()


def examine_xls(path: Path) -> Contents:
    """Refuses a file that is no sound XLS workbook with `UnreadableFile`."""
    try:
        size = path.stat().st_size
        if size > xls.MAX_BYTES:
            raise UnreadableFile(path, f"is larger than {xls.MAX_BYTES >> 20} MB: save it as XLSX")
        found = xls.marks(path.read_bytes())
    except xls.Damaged:
        raise UnreadableFile(path, _DAMAGED) from None
    except OSError as error:
        raise UnreadableFile(path, f"cannot be read: {error.strerror or error}") from None
    marks = (Marks(errors=frozenset(one.errors), shown=one.shown) for one in found)
    return Contents(kind="xls", size=size, marks=dict(enumerate(marks)))


def _ods_marks(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> dict[str | int, Marks]:
    seen, tail = ods.OdsMarks(), b""
    try:
        for chunk in _unpacked(path, archive, entry):
            data, tail = _at_tag(tail, chunk)
            seen.see(data)
        seen.see(tail)
    except ods.TooManyMarks as many:
        raise UnreadableFile(path, f"more than {many} of its cells {_MARKED}") from None
    return {
        name: Marks(
            errors=frozenset(seen.errors.get(name, ())),
            unsaved=frozenset(seen.unsaved.get(name, ())),
            shown=seen.looks.get(name) or looks.Looks(),
            merged=tuple(tuple(area) for area in seen.merged.get(name, ())),
        )
        for name in {*seen.errors, *seen.unsaved, *seen.looks, *seen.merged}
    }


def _at_tag(tail: bytes, chunk: bytes) -> tuple[bytes, bytes]:
    """What is read so far up to the last tag, which may go on, and the rest."""
    cut = chunk.rfind(b"<")
    return (tail + chunk[:cut], chunk[cut:]) if cut >= 0 else (tail + chunk, b"")


def _at_row(tail: bytes, chunk: bytes) -> tuple[bytes, bytes]:
    """What is read so far up to the end of the last row, so that no cell is cut, and the rest."""
    cut = chunk.rfind(b"row>") + len(b"row>")
    return (tail + chunk[:cut], chunk[cut:]) if cut >= len(b"row>") else _at_tag(tail, chunk)


class _Reach:
    """How far the cells of a sheet reach, how many there are, and which are marked."""

    def __init__(self, path: Path, part: str, styled: dict[bytes, looks.Look]) -> None:
        self._path, self._part, self._styled = path, part, styled
        self._rows, self._columns, self._cells = 0, 0, 0
        self._letters: dict[bytes, int] = {}
        self._errors: set[tuple[int, int]] = set()
        self._unsaved: set[tuple[int, int]] = set()
        self._looks = looks.Looks()

    def see(self, data: bytes, *, is_sheet: bool) -> None:
        if _DTD.search(data):
            why = f"its part {self._part[:80]} declares entities (a DTD), which no spreadsheet writes: not read"
            raise UnreadableFile(self._path, why)
        if not is_sheet:
            if any(len(number) > 7 for number in _ODS_REPEATED.findall(data)):
                raise UnreadableFile(self._path, f"its part {self._part[:80]} repeats cells without end: not read")
            return
        found = _REFERENCE.findall(data)
        if not found:
            return
        self._cells += len(found)
        self._rows = max(self._rows, *(int(row) for _, row in found))
        for letters in {letters for letters, _ in found}:
            if letters not in self._letters:
                self._letters[letters] = column(letters.decode())
                self._columns = max(self._columns, self._letters[letters] + 1)
        self._mark(data)

    def _mark(self, data: bytes) -> None:
        has_formula = b"<f" in data or b":f" in data
        for pattern, cells in ((_ERROR, self._errors), (_UNSAVED, self._unsaved)):
            if pattern is _UNSAVED and not has_formula:
                continue
            cells.update(_cell(reference) for reference in pattern.findall(data))
            if len(cells) >= MAX_MARKED:
                raise UnreadableFile(self._path, f"in its part {self._part[:80]} {MAX_MARKED:,} cells {_MARKED}")
        for style, reference in _STYLED.findall(data) if self._styled else ():
            if look := self._styled.get(style):
                self._looks.add(*_cell(reference), look)
        if len(self._looks) > looks.MOST:
            raise UnreadableFile(self._path, f"in its part {self._part[:80]} {looks.MOST:,} cells {_MARKED}")

    def marks(self) -> Marks | None:
        """What was marked; None where nothing was."""
        if not (self._errors or self._unsaved or len(self._looks)):
            return None
        return Marks(errors=frozenset(self._errors), unsaved=frozenset(self._unsaved), shown=self._looks)

    def check(self) -> None:
        if self._rows > 1_048_576 or self._columns > 16_384:
            raise UnreadableFile(self._path, f"its part {self._part[:80]} has cells beyond any sheet: not read")
        area = self._rows * self._columns
        if area > AREA and area > SPARSE * self._cells:
            why = (
                f"its part {self._part[:80]} spreads {self._cells:,} cells over {self._rows:,} rows and "
                f"{self._columns:,} columns: remove what stands far from the table"
            )
            raise UnreadableFile(self._path, why)


def column(letters: str) -> int:
    """The number of a column from 0: A is 0, AA is 26."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def _cell(reference: bytes) -> tuple[int, int]:
    letters = reference.rstrip(b"0123456789")
    return int(reference[len(letters) :]), column(letters.decode())


def _small(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo | None) -> str:
    if entry is None:
        return ""
    if entry.file_size > MAX_SMALL:
        raise UnreadableFile(path, f"its part {entry.filename[:80]} is larger than {MAX_SMALL >> 20} MB: not read")
    return b"".join(_unpacked(path, archive, entry)).decode("utf-8", "replace")


def _styles(path: Path, archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]) -> dict[bytes, looks.Look]:
    try:
        return styles.looks_of(_small(path, archive, entries.get("xl/styles.xml")))
    except styles.TooMany:
        why = f"has more than {styles.MOST:,} cell styles, which no spreadsheet keeps: save its sheets as CSV"
        raise UnreadableFile(path, why) from None


def _sheets(path: Path, archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]) -> dict[str, str]:
    """The part, case folded, of each sheet by its name."""
    book = _small(path, archive, entries.get("xl/workbook.xml"))
    targets = _small(path, archive, entries.get("xl/_rels/workbook.xml.rels"))
    parts = {
        styles.attribute(tag, "Id"): styles.attribute(tag, "Target")
        for tag in re.findall(r"<(?:\w+:)?Relationship\s[^<>]*>", targets)
    }
    found: dict[str, str] = {}
    for tag in re.findall(r"<(?:\w+:)?sheet\s[^<>]*>", book):
        target = parts.get(styles.attribute(tag, r"\w+:id"), "").replace("\\", "/")
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        found[styles.attribute(tag, "name")] = part.casefold()
    return found
