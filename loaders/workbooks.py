"""Workbooks (XLSX, XLS, ODS): their sheets as tables of texts, read by a process of its own that may die of them.

An XLSX or ODS file is checked first (`archive`); whatever gets past that meets limits of memory and time.
"""

import contextlib
import os
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import psutil

from loaders import archive, tabular
from loaders.encoding import UnreadableFile
from loaders.looks import Look, shortened
from loaders.tabular import TOP, BadRow, IsHeader, Row, column_names, header_name, letters

MEMORY: Final = 1 << 30  # bytes the reading process may have
#: Processor seconds it may take to answer a question: these, and one more for each of so many bytes of the workbook.
SECONDS: Final = 3.0
BYTES_A_SECOND: Final = 4 << 20
PATIENCE: Final = 120.0  # seconds without an answer, however little the processor did
MAX_MERGED: Final = 1_000_000
ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_ERRORS: Final = frozenset(("#REF!", "#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#VALUE!", "#SPILL!", "#CALC!"))
_WHY: Final = {
    "password": "is protected by a password; save it without one",
    "broken": "is damaged or no workbook; open it in a spreadsheet and save it again",
    "memory": f"needs more than {MEMORY >> 20} MB to be read; save its sheets as CSV",
    "time": "takes too long to be read; save its sheets as CSV",
}
_LOST = "has more digits than the 15 a spreadsheet keeps, the last are lost: format the column as text, write it anew"
_ERROR = "is a formula error: correct the formula or write the value"


class _Record(NamedTuple):
    """A row as it stands: its number from 1, texts from column A on, columns whose last digits are lost."""

    line: int
    texts: list[str]
    lost: list[int]


class _Child:
    """The reading process, and what watches it."""

    def __init__(self, path: Path, kind: str, size: int) -> None:
        self._path = path
        self._allowed = SECONDS + size / BYTES_A_SECOND
        script = str(Path(__file__).with_name("workbook_child.py"))
        self._process = subprocess.Popen(
            [sys.executable, "-I", script, str(path.resolve()), kind, str(MEMORY)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._why = "broken"
        self._deadline = 0.0  # of processor time; none while it waits for a question
        self._answer_by = float("inf")
        self._closed = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()
        self._expect()

    def _expect(self) -> None:
        with contextlib.suppress(psutil.Error):
            spent = psutil.Process(self._process.pid).cpu_times()
            self._deadline = spent.user + spent.system + self._allowed
        self._answer_by = time.monotonic() + PATIENCE

    def _watch(self) -> None:
        try:
            watched = psutil.Process(self._process.pid)
            while not self._closed.wait(0.02):
                spent = watched.cpu_times()
                if watched.memory_info().rss > MEMORY:
                    return self._end("memory")
                late = time.monotonic() > self._answer_by
                if late or (self._deadline and spent.user + spent.system > self._deadline):
                    return self._end("time")
        except psutil.Error:  # it has ended
            return None

    def _end(self, why: str) -> None:
        self._why = why
        self._process.kill()

    def answers(self) -> Iterator[dict[str, Any]]:
        """What the process says, until it has answered; raises UnreadableFile where it cannot."""
        assert self._process.stdout
        while True:
            head = self._process.stdout.read(4)
            body = self._process.stdout.read(struct.unpack("<I", head)[0]) if len(head) == 4 else b""
            if not body:
                self._process.wait()
                # out of memory, the library that reads workbooks aborts
                why = "memory" if self._process.returncode == -6 and self._why == "broken" else self._why
                raise UnreadableFile(self._path, _WHY[why])
            self._answer_by = time.monotonic() + PATIENCE
            answer = msgspec.msgpack.decode(body)
            if "error" in answer:
                raise UnreadableFile(self._path, _WHY[answer["error"]])
            yield answer
            if "rows" not in answer:
                self._answer_by = float("inf")
                return

    def ask(self, sheet: int, limit: int) -> Iterator[dict[str, Any]]:
        """The rows of a sheet by its number, of the first `limit` lines only where that is not 0."""
        assert self._process.stdin
        self._expect()
        try:
            self._process.stdin.write(f"{sheet} {limit}\n".encode())
            self._process.stdin.flush()
        except OSError:
            raise UnreadableFile(self._path, _WHY[self._why]) from None
        yield from self.answers()

    def close(self) -> None:
        self._closed.set()
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()


class Sheet:
    """A sheet read to its header: the first of its rows at the top that is one, else the first that is not empty."""

    def __init__(
        self,
        path: Path,
        child: _Child,
        number: int,
        name: str,
        hidden: bool,
        marks: archive.Marks,
        opened: os.stat_result,
    ) -> None:
        self.path, self.name, self.hidden = path, name, hidden
        self._child, self._number, self._marks, self._opened = child, number, marks, opened
        self._merged: list[list[int]] = [list(area) for area in marks.merged]
        self.top = [record for record in self._records(2 * TOP) if any(text.strip() for text in record.texts)][:TOP]
        self.header: tuple[str, ...] = ()
        self.header_line = 0
        self.titles: tuple[tuple[int, str], ...] = ()
        self._names: tuple[str, ...] = ()

    def find_header(self, is_header: IsHeader) -> bool:
        """Whether the sheet has a header, which is taken."""
        for at, record in enumerate(self.top):
            if is_header([header_name(text) for text in record.texts]):
                self._names = column_names(self.path, record.texts, record.line)
                self.header = tuple(name for name in self._names if name)
                self.header_line = record.line
                self.titles = tuple((r.line, " ".join(filter(None, r.texts))) for r in self.top[:at])
                return True
        return False

    def _records(self, limit: int = 0) -> Iterator[_Record]:
        for answer in self._child.ask(self._number, limit):
            self._merged = answer.get("merged") or self._merged
            for row in answer.get("rows", ()):
                yield _Record(*row)

    def rows(self) -> Iterator[Row | BadRow]:
        """The rows below the header that are not empty; those that hold what cannot be used are told as such."""
        if sum(last - first for first, last, *_ in self._merged) > MAX_MERGED:
            raise UnreadableFile(
                self.path, f"sheet {self.name}: merges cells of more than {MAX_MERGED:,} rows: unmerge them"
            )
        merged = {line: area for area in self._merged for line in range(area[0], area[1] + 1)}
        errors: dict[int, int] = {}  # line → first column with an error
        for line, at in sorted(self._marks.errors, reverse=True):
            errors[line] = at
        unsaved: dict[int, list[int]] = {}
        for line, at in sorted(self._marks.unsaved):
            unsaved.setdefault(line, []).append(at)
        for record in self._records():
            if record.line > self.header_line and (any(text.strip() for text in record.texts) or record.line in errors):
                without = unsaved.pop(record.line, [])
                bad = self._bad(record, merged.get(record.line), errors.pop(record.line, None))
                yield bad or self._row(record, without)
        for line, at in sorted(errors.items()):  # rows that hold nothing else
            if line > self.header_line:
                yield self._refused(_Record(line, [], []), at, "", _ERROR)
        for line in sorted(unsaved):
            if line > self.header_line:
                yield self._row(_Record(line, [], []), unsaved[line])
        state = os.stat(self.path)
        if (state.st_size, state.st_mtime_ns) != (self._opened.st_size, self._opened.st_mtime_ns):
            raise UnreadableFile(self.path, "has changed while it was read; load it again when it is complete")

    def _bad(self, record: _Record, area: list[int] | None, error: int | None) -> BadRow | None:
        if error is not None:
            return self._refused(record, error, "", _ERROR)
        for at, text in enumerate(record.texts):
            if text in _ERRORS:
                return self._refused(record, at, text, _ERROR)
        for at in record.lost:
            return self._refused(record, at, record.texts[at], _LOST)
        for at, text in enumerate(record.texts):
            if text.strip() and (at >= len(self._names) or not self._names[at]):
                why = f"column {letters(at)} has data but no name in the header: name it, or remove the cell"
                return self._refused(record, at, text, why)
        if area and area[0] > self.header_line:
            where = f"{letters(area[2])}{area[0]}:{letters(area[3])}{area[1]}"
            why = f"the cells {where} are merged over several rows: unmerge them and write the value into each row"
            return self._refused(record, area[2], "", why)
        return None

    def _refused(self, record: _Record, at: int, text: str, why: str) -> BadRow:
        name = self._names[at] if at < len(self._names) and self._names[at] else letters(at)
        return BadRow(line=record.line, column=name, value=text, reason=why, raw=tuple(record.texts))

    def _row(self, record: _Record, unsaved: list[int]) -> Row:
        """The row as its cells show it; what they show beside a number is for the mapping to judge."""
        texts = [*record.texts, *([""] * (len(self._names) - len(record.texts)))]
        values = {name: text for name, text in zip(self._names, texts, strict=False) if name}
        beside: dict[str, Look] = {}
        for at, look in self._marks.shown.of_row(record.line):
            name = self._names[at] if at < len(self._names) else ""
            if name and texts[at]:
                values[name] = _percent(texts[at]) if look.percent else shortened(texts[at], look.precision)
                if look.currency or look.unit:
                    beside[name] = look
        without = tuple(self._names[at] for at in unsaved if at < len(self._names) and self._names[at])
        return Row(line=record.line, values=values, looks=beside, unsaved=without)


def _percent(text: str) -> str:
    """A number that its cell shows as percent: 0.125 is 12.5%. A text stays."""
    try:
        shown = format((Decimal(text) * 100).normalize(), "f")
    except ArithmeticError:
        return text
    return f"{shown}%"


@contextmanager
def open_sheets(path: Path) -> Generator[list[Sheet]]:
    """The sheets of a workbook with their first rows, header not yet looked for; raises `UnreadableFile`."""
    head = tabular.head(path, len(OLE))
    opened = os.stat(path)
    if head.startswith(ZIP):
        contents = archive.examine(path)
    elif head == OLE:
        contents = archive.examine_xls(path)
    else:
        raise UnreadableFile(path, "is no workbook (XLSX, XLS or ODS)")
    is_xls, nothing = contents.kind == "xls", archive.Marks()
    child = _Child(path, contents.kind, contents.size)
    try:
        (told,) = child.answers()
        yield [
            Sheet(path, child, number, name, hidden, contents.marks.get(position if is_xls else name, nothing), opened)
            for number, (name, hidden, position) in enumerate(told["sheets"])
        ]
    finally:
        child.close()
