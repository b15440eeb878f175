"""What the reader of workbooks does not tell of an ODS sheet: cells with an error, shown as percent, or merged."""

import re
from typing import Final
from xml.sax.saxutils import unescape

MAX_MARKED: Final = 100_000  # cells of all sheets that are marked
_TAG: Final = re.compile(rb"<(/?)table:(table|table-row|table-cell|covered-table-cell)(\s[^<>]*)?>")
_ATTRIBUTE: Final = re.compile(rb"""([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
#: A tag without any of these says nothing but where it stands.
_TELLING: Final = (b"percentage", b"error", b"rows-spanned", b"repeated")


class TooManyMarks(Exception):
    """More cells are marked than are kept."""


class OdsMarks:
    """Reads content.xml a piece at a time; pieces end before a tag. By sheet: (row from 1, column from 0)."""

    def __init__(self) -> None:
        self.errors: dict[str, set[tuple[int, int]]] = {}
        self.percents: dict[str, set[tuple[int, int]]] = {}
        self.merged: dict[str, list[list[int]]] = {}  # first row, last row, first column, last column
        self._sheet = ""
        self._row = 0  # that the next row is
        self._rows = 1  # that the row at hand stands for
        self._column = 0
        self._left = MAX_MARKED

    def see(self, data: bytes) -> None:
        for match in _TAG.finditer(data):
            closing, tag, attributes = match[1], match[2], match[3] or b""
            if closing:
                if tag == b"table-row":
                    self._row += self._rows
            elif tag == b"table":
                self._sheet = unescape(_read(attributes).get(b"table:name", b"").decode("utf-8", "replace"))
                self._row, self._rows = 1, 1
            elif tag == b"table-row":
                self._rows = _number(_read(attributes), b"table:number-rows-repeated")
                self._column = 0
                if attributes.endswith(b"/"):
                    self._row += self._rows
            else:
                self._cell(attributes)

    def _cell(self, attributes: bytes) -> None:
        if not any(telling in attributes for telling in _TELLING):
            self._column += 1
            return
        said = _read(attributes)
        columns = _number(said, b"table:number-columns-repeated")
        if said.get(b"calcext:value-type") == b"error":
            self._mark(self.errors, columns)
        elif said.get(b"office:value-type") == b"percentage":
            self._mark(self.percents, columns)
        if (rows := _number(said, b"table:number-rows-spanned")) > 1:
            last = self._column + _number(said, b"table:number-columns-spanned") - 1
            self._spend(1)
            self.merged.setdefault(self._sheet, []).append([self._row, self._row + rows - 1, self._column, last])
        self._column += columns

    def _mark(self, marks: dict[str, set[tuple[int, int]]], columns: int) -> None:
        self._spend(columns * self._rows)
        cells = ((self._row + row, self._column + column) for row in range(self._rows) for column in range(columns))
        marks.setdefault(self._sheet, set()).update(cells)

    def _spend(self, cells: int) -> None:
        self._left -= cells
        if self._left < 0:
            raise TooManyMarks


def _read(attributes: bytes) -> dict[bytes, bytes]:
    return {name: double or single for name, double, single in _ATTRIBUTE.findall(attributes)}


def _number(said: dict[bytes, bytes], name: bytes) -> int:
    text = said.get(name, b"1")
    return max(int(text), 1) if text.isdigit() and len(text) < 8 else 1
