"""The process that reads a workbook for `loaders.workbooks`: a crafted file ends it, and nothing else.

Run by its path. Asked on standard input, a line a question; answers on standard output, msgpack behind four bytes of
length: `{"sheets": [[name, hidden, position], …]}`, `{"rows": [[line, cells, lost], …]}`, `{"merged": …, "end": true}`, or
`{"error": kind}`. Cells are texts from column A on, as a table would hold them; `lost` the columns of numbers whose
last digits the workbook has lost.
"""

import datetime
import math
import re
import struct
import sys
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, cast

_CHUNK = 500
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
#: From here on a number of a spreadsheet, which has 15 digits, is no longer what was typed.
_LOST = 10**15


def text_of(cell: object, *, escaped: bool) -> str:
    """The text of a cell; whole numbers without a point, days as ISO dates; `escaped`: _x000D_ stands for a character."""
    if isinstance(cell, str):
        return _ESCAPED.sub(_character, cell) if escaped and "_x" in cell else cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        if not math.isfinite(cell):
            return str(cell)
        if cell == int(cell) and abs(cell) < _LOST:
            return str(int(cell))
        return format(Decimal(format(cell, ".15g")), "f")  # what the spreadsheet shows: 15 digits
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat(sep=" ")
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return "" if cell is None else str(cell)


def _character(match: "re.Match[str]") -> str:
    char = chr(int(match[1], 16))
    return "\n" if char == "\r" else match[0] if "\ud800" <= char <= "\udfff" else char


def _lost(cell: object) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool) and math.isfinite(cell) and abs(cell) >= _LOST


def rows_of(sheet: Any, *, limit: int, escaped: bool) -> Iterator[tuple[int, list[str], list[int]]]:
    """(line from 1, texts from column A on, columns of lost digits) of the rows that hold something."""
    if sheet.start is None:
        return
    offset = sheet.start[1]
    for index, cells in enumerate(sheet.iter_rows()):
        if limit and index >= limit:
            return
        while cells and cells[-1] == "":
            cells.pop()
        if cells:
            texts = [*([""] * offset), *(text_of(cell, escaped=escaped) for cell in cells)]
            yield index + 1, texts, [offset + at for at, cell in enumerate(cells) if _lost(cell)]


def _answer(message: object) -> None:
    import msgspec

    encoded = msgspec.msgpack.encode(message)
    sys.stdout.buffer.write(struct.pack("<I", len(encoded)) + encoded)
    sys.stdout.buffer.flush()


def _serve(path: str, escaped: bool) -> None:
    import python_calamine as calamine

    try:
        with open(path, "rb") as file:
            book = cast("Any", calamine).load_workbook(file)
        visible = calamine.SheetVisibleEnum.Visible
        worksheet = calamine.SheetTypeEnum.WorkSheet
        tables = [(at, sheet) for at, sheet in enumerate(book.sheets_metadata) if sheet.typ == worksheet]
        _answer({"sheets": [[sheet.name, sheet.visible != visible, at] for at, sheet in tables]})
        at, sheet = "", None
        for question in sys.stdin:
            index, limit = question.split()
            if at != index:  # a sheet is whole in memory: one at a time
                sheet = None
                at, sheet = index, book.get_sheet_by_name(tables[int(index)][1].name)
            chunk: list[object] = []
            for row in rows_of(sheet, limit=int(limit), escaped=escaped):
                chunk.append(row)
                if len(chunk) == _CHUNK:
                    _answer({"rows": chunk})
                    chunk = []
            if chunk:
                _answer({"rows": chunk})
            _answer({"end": True, "merged": _merged(sheet)})
    except calamine.PasswordError:
        _answer({"error": "password"})
    except (calamine.CalamineError, ValueError, OverflowError):
        _answer({"error": "broken"})


def _merged(sheet: Any) -> list[list[int]]:
    """Areas of merged cells over several rows: first line, last line, first column, last column."""
    areas = sheet.merged_cell_ranges or ()
    return [[first[0] + 1, last[0] + 1, first[1], last[1]] for first, last in areas if last[0] > first[0]]


def _limit(memory: int) -> None:
    """The operating system ends the process where it asks for more; elsewhere its parent does."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


if __name__ == "__main__":
    _limit(int(sys.argv[3]))
    try:
        _serve(sys.argv[1], sys.argv[2] == "xlsx")
    except MemoryError:
        _answer({"error": "memory"})
    except BrokenPipeError:
        sys.exit(1)
