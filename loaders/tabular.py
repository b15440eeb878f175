"""A streaming reader of CSV files: rows with the line they stand on, broken rows with a reason, or `UnreadableFile`.

What a cell means is not decided here (`values.py`), nor which columns a source has (mappings).
Encoding and delimiter are decided from the file or refused, never guessed.
"""

import codecs
import csv
import hashlib
import io
import os
import re
import stat
import unicodedata
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, TextIO

import msgspec

from loaders import values
from loaders.encoding import MAX_LINE, UnreadableFile, decide
from loaders.looks import Look

MAX_COLUMNS: Final = 1_000
MAX_FIELD: Final = 131_072  # characters; also the csv module's own default
MAX_RECORD: Final = 1 << 21  # characters of one record over all its lines
_RAW: Final = 1_000  # characters of an unparsed line kept in a `BadRow`
_CHUNK: Final = 1 << 20
#: Records at the top of a table among which its header is looked for, titles being above it.
TOP: Final = 20
#: Whether names are those of a header.
IsHeader = Callable[[Sequence[str]], bool]
_SKIPPED: Final = "the row is left out"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One record: the physical line it starts on (from 1) and its raw cells by header name.

    Of a workbook also what cells show beside their number (a currency, a unit), and columns of formulas without a value.
    """

    line: int
    values: dict[str, str]
    looks: dict[str, Look] = {}
    unsaved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A record that is left out: where, why, and its cells as far as they were read."""

    line: int
    column: str
    value: str
    reason: str
    raw: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    names: tuple[str, ...]  # of every column; "" where a column has no name
    line: int
    last_line: int
    delimiter: str
    titles: tuple[tuple[int, str], ...] = ()  # what stands in the lines above


class _Lines:
    """The physical lines of a stream, counted; keeps those of the record being read."""

    def __init__(self, path: Path, stream: TextIO) -> None:
        self._path, self._stream = path, stream
        self.number = 0
        self.record: list[str] = []
        self._size = 0

    def start_record(self) -> None:
        self.record.clear()
        self._size = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if self._size > MAX_RECORD:
            raise csv.Error(f"record larger than {MAX_RECORD:,} characters")
        line = self.read()
        if not line:
            raise StopIteration
        self.record.append(line)
        self._size += len(line)
        return line

    def read(self) -> str:
        """The next line with its end, or "" after the last one."""
        try:
            line = self._stream.readline(MAX_LINE)
        except UnicodeError:
            raise UnreadableFile(self._path, "has changed while it was read", self.number + 1) from None
        except OSError as error:
            raise UnreadableFile(self._path, f"cannot be read: {error.strerror}", self.number + 1) from None
        if line:
            self.number += 1
        if len(line) == MAX_LINE:
            raise UnreadableFile(self._path, f"the line has more than {MAX_LINE - 1:,} characters", self.number)
        return line


class Table:
    """An open file: its header, what it is written in, and its rows, one pass at a time."""

    def __init__(
        self, path: Path, stream: TextIO, encoding: str, opened: os.stat_result, is_header: Sequence[IsHeader]
    ) -> None:
        self.path, self.encoding = path, encoding
        self._stream, self._opened = stream, opened
        found = (_found_header(path, stream, test) for test in is_header)
        self._columns = next(filter(None, found), None) or _first_header(path, stream)
        self.header = tuple(name for name in self._columns.names if name)
        self.header_line, self.delimiter = self._columns.line, self._columns.delimiter
        self.titles = self._columns.titles

    def rows(self) -> Iterator[Row | BadRow]:
        """The records after the header in the order of the file, each call from its start; blank ones are skipped."""
        self._stream.seek(0)
        lines = _Lines(self.path, self._stream)
        while lines.number < self._columns.last_line and lines.read():
            pass
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        while True:
            lines.start_record()
            start = lines.number + 1
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                yield _broken(lines, start, self.delimiter, str(error))
                continue
            if any(map(str.strip, cells)):
                yield self._row(start, cells)
        self._check_unchanged()

    def share(self) -> float:
        """How much of the file has been read, from 0 to 1, by its bytes."""
        return min(1.0, self._stream.buffer.tell() / max(1, self._opened.st_size))

    def _row(self, line: int, cells: list[str]) -> Row | BadRow:
        names = self._columns.names
        if len(cells) == len(names) == len(self.header):
            return Row(line=line, values=dict(zip(names, cells, strict=True)))
        for index, cell in enumerate(cells):
            if cell.strip() and index < len(names) and not names[index]:
                why = f"column {letters(index)} has data ({cell[:100]!r}) but no name in the header; name it"
                raise UnreadableFile(self.path, why, line)
        width = max(index for index, name in enumerate(names) if name) + 1
        if len(cells) < width:
            reason = f"cut line: {len(cells)} of {width} columns; {_SKIPPED}"
            return BadRow(line=line, column=names[len(cells)], value="", reason=reason, raw=tuple(cells))
        if len(cells) > len(names):
            reason = f"too many cells: {len(cells)} for {len(names)} columns (a {self.delimiter!r} without quotes?)"
            return BadRow(line=line, column="", value=cells[len(names)], reason=reason, raw=tuple(cells))
        return Row(line=line, values={name: cell for name, cell in zip(names, cells, strict=False) if name})

    def _check_unchanged(self) -> None:
        try:
            now = os.fstat(self._stream.fileno()), os.stat(self.path)
        except OSError:
            raise UnreadableFile(self.path, "was removed while it was read; load it again") from None
        before = _fingerprint(self._opened)
        if any(_fingerprint(state) != before for state in now):
            raise UnreadableFile(self.path, "has changed while it was read; load it again when it is complete")


def state(path: Path) -> tuple[int, int] | None:
    """Size and time of the last change of a file; None where it cannot be asked for them."""
    try:
        return _fingerprint(os.stat(path))
    except (OSError, ValueError):
        return None


def _fingerprint(state: os.stat_result) -> tuple[int, int]:
    return state.st_size, state.st_mtime_ns


@contextmanager
def open_table(path: Path, encoding: str | None = None, is_header: Sequence[IsHeader] = ()) -> Generator[Table]:
    """A CSV file, checked to its end to be text, with its header read; raises `UnreadableFile`.

    The header is the first of the lines at the top that passes the first of the tests that any passes, else the first
    that is not blank.
    """
    with open_file(path) as file:
        opened = os.fstat(file.fileno())
        codec = decide(path, file, encoding)
        file.seek(0)
        reading = {"utf-8": "utf-8-sig"}.get(codec, codec)
        if codec.startswith("utf-16") and file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            reading = "utf-16"  # of the codecs the one that reads the mark instead of handing it on
        file.seek(0)
        csv.field_size_limit(MAX_FIELD)
        with io.TextIOWrapper(file, encoding=reading, errors="strict", newline="") as stream:
            yield Table(path, stream, codec, opened, is_header)


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with open_file(path) as file:
        try:
            digest = hashlib.sha256()
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
            return digest.hexdigest()
        except OSError as error:
            raise UnreadableFile(path, f"cannot be read: {error.strerror}") from None


def head(path: Path, size: int) -> bytes:
    """The first bytes of a file."""
    with open_file(path) as file:
        try:
            return file.read(size)
        except OSError as error:
            raise UnreadableFile(path, f"cannot be read: {error.strerror}") from None


def open_file(path: Path) -> BinaryIO:
    """A regular file opened for reading; a FIFO put in its place meanwhile does not block."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise UnreadableFile(path, "is not a regular file; save the table as a file first")
        flags = os.O_RDONLY | int(getattr(os, "O_NONBLOCK", 0)) | int(getattr(os, "O_BINARY", 0))
        file = os.fdopen(os.open(path, flags), "rb")
    except OSError as error:
        raise UnreadableFile(path, f"cannot be opened: {error.strerror}") from None
    except ValueError:  # a NUL in the path
        raise UnreadableFile(path, "is no file name") from None
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise UnreadableFile(path, "is not a regular file; save the table as a file first")
    return file


def _first_header(path: Path, stream: TextIO) -> _Header:
    """The first record that is not blank, its delimiter, and its names made NFKC."""
    stream.seek(0)
    lines = _Lines(path, stream)
    while (text := _record(lines)) is not None and not text.strip():
        pass
    if text is None:
        raise UnreadableFile(path, "holds blank lines only; a header line is needed")
    start = lines.number - len(lines.record) + 1
    if text.count('"') % 2:
        raise UnreadableFile(path, "a quote opened in the header line is never closed", start)
    delimiter = _delimiter(path, text, start)
    try:
        cells = next(csv.reader(lines.record, delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise UnreadableFile(path, f"the header is broken: {error}", start) from None
    return _Header(names=column_names(path, cells, start), line=start, last_line=lines.number, delimiter=delimiter)


def _found_header(path: Path, stream: TextIO, is_header: IsHeader) -> _Header | None:
    """The header that titles stand above: the first record at the top of the file whose names are a header's."""
    stream.seek(0)
    lines = _Lines(path, stream)
    titles: list[tuple[int, str]] = []
    for _ in range(TOP):
        if (text := _record(lines)) is None:
            return None
        start = lines.number - len(lines.record) + 1
        for delimiter in "\t,;":
            try:
                cells = next(csv.reader(lines.record, delimiter=delimiter, strict=True))
            except (csv.Error, StopIteration):
                continue
            if is_header([header_name(cell) for cell in cells]):
                names = column_names(path, cells, start)
                return _Header(
                    names=names, line=start, last_line=lines.number, delimiter=delimiter, titles=tuple(titles)
                )
        if text.strip():
            titles.append((start, text.strip()))
    return None


def _record(lines: _Lines) -> str | None:
    """The text of the next record, of several lines where a quote is open; None after the last."""
    lines.start_record()
    if (text := next(lines, "")) == "":
        return None
    while text.count('"') % 2 and len(text) <= MAX_LINE and (line := next(lines, "")):
        text += line
    return text


def _delimiter(path: Path, header: str, line: int) -> str:
    """Tab, comma or semicolon, whichever stands outside quotes; a comma for a table of one column."""
    outside = "".join(header.split('"')[::2])
    if "\t" in outside:
        return "\t"
    if "," in outside and ";" in outside:
        why = "the header holds commas and semicolons, so the delimiter is not clear; put names that hold one in quotes"
        raise UnreadableFile(path, why, line)
    return ";" if ";" in outside else ","


def header_name(text: str) -> str:
    """The name of a column as it is compared: half-width, with single spaces."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip()


def column_names(path: Path, cells: Sequence[str], line: int) -> tuple[str, ...]:
    """The names of the columns of a header, empty where a column has none; refuses what cannot be told apart."""
    names: list[str] = []
    for index, cell in enumerate(cells):
        try:
            cleaned = values.clean(cell)
        except ValueError as error:
            raise UnreadableFile(path, f"header of column {letters(index)}: {error}", line) from None
        names.append(header_name(cleaned))
    if not any(names):
        raise UnreadableFile(path, "the header line names no column", line)
    if (count := max(index for index, name in enumerate(names) if name) + 1) > MAX_COLUMNS:
        raise UnreadableFile(path, f"has {count:,} columns; at most {MAX_COLUMNS:,} are read", line)
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if name and first.setdefault(name, index) != index:
            where = f"columns {letters(first[name])} and {letters(index)}"
            raise UnreadableFile(path, f"two columns are named {name[:100]!r}: {where}; rename one", line)
    return tuple(names)


def letters(index: int) -> str:
    """A column's letters as spreadsheets show them: 0 is A, 26 is AA."""
    shown = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        shown = chr(65 + rest) + shown
    return shown


def _broken(lines: _Lines, start: int, delimiter: str, error: str) -> BadRow:
    """The record that the csv module gave up on, with all lines up to where its open quote closes skipped."""
    raw = "".join(lines.record)[:_RAW]
    opened, line_number = 0, start
    for line in lines.record:
        opened = _open_quote(line, delimiter, line_number, opened)
        line_number += 1
    while opened and (line := lines.read()):
        opened = _open_quote(line, delimiter, lines.number, opened)
    span = f"line {start}" if lines.number == start else f"lines {start} to {lines.number}"
    if opened:
        reason = f"a quote opened in line {opened} is never closed; {span} are left out"
    elif error.startswith("field larger"):
        reason = f"a cell has more than {MAX_FIELD:,} characters; {span} left out"
    else:
        reason = f"{error}; {span} left out"
    return BadRow(line=start, column="", value="", reason=reason, raw=(raw,))


def _open_quote(line: str, delimiter: str, number: int, opened: int) -> int:
    """The line in which the quote open at the end of this line was opened, or 0: only a cell's first quote opens."""
    at = 0
    while (at := line.find('"', at)) >= 0:
        if not opened:
            opened = number if at == 0 or line[at - 1] == delimiter else 0
        elif line.startswith('""', at):
            at += 1
        else:
            opened = 0
        at += 1
    return opened
