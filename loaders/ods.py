"""What the reader of workbooks does not tell of an ODS sheet: cells with an error, merged, or shown otherwise than held.

How a cell is shown is told by the text that stands in it beside its value.
"""

import re
from typing import Final
from xml.sax.saxutils import unescape

from loaders import looks

MAX_MARKED: Final = 100_000  # cells of all sheets that are marked
_TAG: Final = re.compile(
    rb"<(/?)(?:table:(table|table-row|table-cell|covered-table-cell)|office:(annotation))(\s[^<>]*)?>"
    rb"|<text:(?:p|span)(?:\s[^<>]*)?>([^<>]+)"
)
#: From the beginning of a name on, which no search begins anew within.
_ATTRIBUTE: Final = re.compile(rb"""(?<![\w:-])([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
#: A tag without any of these says nothing but where it stands.
_TELLING: Final = (
    b"percentage",
    b"error",
    b"rows-spanned",
    b"repeated",
    b'"date"',
    b'"currency"',
    b'"float"',
    b":formula",
)


class TooManyMarks(Exception):
    """More cells are marked than are kept: so many."""


class OdsMarks:
    """Reads content.xml a piece at a time; pieces end before a tag. By sheet: (row from 1, column from 0)."""

    def __init__(self) -> None:
        self.errors: dict[str, set[tuple[int, int]]] = {}
        self.unsaved: dict[str, set[tuple[int, int]]] = {}  # with a formula, and without its value
        self.looks: dict[str, looks.Looks] = {}
        self.merged: dict[str, list[list[int]]] = {}  # first row, last row, first column, last column
        self._sheet = ""
        self._row = 0  # that the next row is
        self._rows = 1  # that the row at hand stands for
        self._column = 0
        self._left, self._looks_left = MAX_MARKED, looks.MOST
        self._shown: tuple[dict[bytes, bytes], int, int] | None = None  # a cell whose text is to come, where, how many
        self._in_note = False

    def see(self, data: bytes) -> None:
        for match in _TAG.finditer(data):
            closing, tag, note, attributes, text = match[1], match[2], match[3], match[4] or b"", match[5]
            if text:
                if self._shown and not self._in_note and text.strip():
                    self._look(unescape(text.decode("utf-8", "replace")).strip())
            elif note:
                self._in_note = not closing and not attributes.endswith(b"/")
            elif closing:
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
        self._shown = None
        if not any(telling in attributes for telling in _TELLING):
            self._column += 1
            return
        said = _read(attributes)
        columns = _number(said, b"table:number-columns-repeated")
        if said.get(b"calcext:value-type") == b"error":
            self._mark_cells(self.errors, columns)
        elif b"table:formula" in said and b"office:value-type" not in said:
            self._mark_cells(self.unsaved, columns)
        elif (kind := said.get(b"office:value-type")) == b"percentage":
            self._mark(looks.Look(percent=True), self._column, columns)
        elif kind in (b"date", b"float", b"currency"):
            self._shown = said, self._column, columns
            if kind == b"currency" and attributes.endswith(b"/"):
                self._look("")
        if (rows := _number(said, b"table:number-rows-spanned")) > 1:
            last = self._column + _number(said, b"table:number-columns-spanned") - 1
            self._spend(1)
            self.merged.setdefault(self._sheet, []).append([self._row, self._row + rows - 1, self._column, last])
        self._column += columns

    def _look(self, text: str) -> None:
        """How the cell at hand is shown, by its text."""
        assert self._shown
        said, column, columns = self._shown
        self._shown = None
        if said[b"office:value-type"] == b"date":
            look = looks.Look(precision=looks.of_text(text))
        else:
            value = said.get(b"office:value", b"").decode("utf-8", "replace")
            currency = said.get(b"office:currency", b"").decode("utf-8", "replace")
            look = looks.Look(currency=currency, unit=looks.of_number(text, value))
        if look != looks.PLAIN:
            self._mark(look, column, columns)

    def _mark_cells(self, marks: dict[str, set[tuple[int, int]]], columns: int) -> None:
        self._spend(columns * self._rows)
        cells = ((self._row + row, self._column + column) for row in range(self._rows) for column in range(columns))
        marks.setdefault(self._sheet, set()).update(cells)

    def _mark(self, look: looks.Look, first: int, columns: int) -> None:
        self._looks_left -= columns * self._rows
        if self._looks_left < 0:
            raise TooManyMarks(f"{looks.MOST:,}")
        marked = self.looks.setdefault(self._sheet, looks.Looks())
        for row in range(self._rows):
            for column in range(columns):
                marked.add(self._row + row, first + column, look)

    def _spend(self, cells: int) -> None:
        self._left -= cells
        if self._left < 0:
            raise TooManyMarks(f"{MAX_MARKED:,}")


def _read(attributes: bytes) -> dict[bytes, bytes]:
    return {name: double or single for name, double, single in _ATTRIBUTE.findall(attributes)}


def _number(said: dict[bytes, bytes], name: bytes) -> int:
    text = said.get(name, b"1")
    return max(int(text), 1) if text.isdigit() and len(text) < 8 else 1
