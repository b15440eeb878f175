"""What the reader of workbooks does not tell of an XLS file: cells with an error, or shown otherwise than they are held.

An XLS file is a compound file (sectors chained by a table) with one stream of BIFF records.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from loaders import looks

MAX_BYTES: Final = 128 << 20
_NONE: Final = 0xFFFFFFF0  # sector numbers from here on mean: none
_BOF, _EOF, _FORMAT, _XF, _BOUNDSHEET, _PASSWORD = 0x809, 0x0A, 0x41E, 0xE0, 0x85, 0x2F
_FORMULA, _NUMBER, _RK, _MULRK, _BOOLERR = 0x06, 0x203, 0x27E, 0xBD, 0x205
_BIFF8: Final = 0x600


class Damaged(Exception):
    """The file is no sound XLS file."""


@dataclass(slots=True)
class SheetMarks:
    """Cells of one sheet, as (row from 1, column from 0)."""

    errors: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    shown: looks.Looks = field(default_factory=looks.Looks)


def marks(data: bytes) -> list[SheetMarks]:
    """Marks of every sheet, in the order of the workbook; none of an encrypted one. Raises Damaged."""
    try:
        return _marks(_stream(data))
    except (struct.error, IndexError, UnicodeDecodeError):
        raise Damaged from None


def _stream(data: bytes) -> bytes:
    """The stream of the workbook in a compound file."""
    (shift,) = struct.unpack_from("<H", data, 30)
    first_directory, _, cutoff, first_mini, _, difat = struct.unpack_from("<6I", data, 48)
    if shift not in (9, 12):
        raise Damaged
    size = 1 << shift
    count = len(data) // size + 1

    def sector(number: int) -> bytes:
        return data[(number + 1) * size : (number + 2) * size]

    numbers = list(struct.unpack_from("<109I", data, 76))
    seen = 0
    while difat < _NONE and seen < count:
        seen += 1
        *more, difat = struct.unpack(f"<{size // 4}I", sector(difat))
        numbers += more
    table = b"".join(sector(number) for number in numbers[: count + 1] if number < _NONE)
    chain = struct.unpack(f"<{len(table) // 4}I", table[: len(table) // 4 * 4])

    def chained(first: int) -> bytes:
        found: list[bytes] = []
        while first < _NONE and len(found) <= count:
            found.append(sector(first))
            first = chain[first]
        return b"".join(found)

    entries = list(_entries(chained(first_directory)))
    start, length = next(((s, n) for name, _, s, n in entries if name in ("workbook", "book")), (_NONE, 0))
    if start >= _NONE:
        raise Damaged
    if length >= cutoff:
        return chained(start)[:length]
    root = next((chained(s) for _, kind, s, _ in entries if kind == 5), b"")
    small = struct.unpack(f"<{len(chained(first_mini)) // 4}I", chained(first_mini))
    found: list[bytes] = []
    while start < _NONE and len(found) <= len(small):
        found.append(root[start * 64 : (start + 1) * 64])
        start = small[start]
    return b"".join(found)[:length]


def _entries(directory: bytes) -> Iterator[tuple[str, int, int, int]]:
    """(name, kind, first sector, length) of the entries of a directory."""
    for at in range(0, len(directory) - 127, 128):
        (used,) = struct.unpack_from("<H", directory, at + 64)
        name = directory[at : at + max(min(used, 64) - 2, 0)].decode("utf-16-le", "replace")
        start, length = struct.unpack_from("<IQ", directory, at + 116)
        yield name.casefold(), directory[at + 66], start, length & 0xFFFFFFFF


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """The records from a place of the stream to the end of its part, those of parts within it left out."""
    depth = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        body = stream[at + 4 : at + 4 + length]
        at += 4 + length
        if kind == _BOF:
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if depth <= 0:
                return
        if depth <= 1:
            yield kind, body
    raise Damaged


def _marks(stream: bytes) -> list[SheetMarks]:
    formats, styles, starts, is_biff8 = dict[int, looks.Look](), list[int](), list[int](), True
    for kind, body in _records(stream, 0):
        if kind == _BOF:
            is_biff8 = struct.unpack_from("<H", body)[0] == _BIFF8
        elif kind == _PASSWORD:
            return []
        elif kind == _BOUNDSHEET:
            starts.append(struct.unpack_from("<I", body)[0])
        elif kind == _XF:
            styles.append(struct.unpack_from("<H", body, 2)[0])
        elif kind == _FORMAT:
            (number,) = struct.unpack_from("<H", body)
            formats[number] = looks.of_format(number, _text(body[2:], is_biff8=is_biff8))
    shown = {style: formats.get(number) or looks.of_format(number) for style, number in enumerate(styles)}
    marked = {style: look for style, look in shown.items() if look != looks.PLAIN}
    return [_sheet(stream, start, marked) for start in starts]


def _text(body: bytes, *, is_biff8: bool) -> str:
    if not is_biff8:
        return body[1:].decode("latin-1")
    return body[3:].decode("utf-16-le" if body[2] & 1 else "latin-1", "replace")


def _sheet(stream: bytes, start: int, marked: dict[int, looks.Look]) -> SheetMarks:
    found = SheetMarks()
    for kind, body in _records(stream, start):
        if kind not in (_FORMULA, _NUMBER, _RK, _MULRK, _BOOLERR):
            continue
        row, column, style = struct.unpack_from("<HHH", body)
        if kind == _MULRK:
            for at in range((len(body) - 6) // 6):
                if look := marked.get(struct.unpack_from("<H", body, 4 + 6 * at)[0]):
                    found.shown.add(row + 1, column + at, look)
        elif kind == _BOOLERR:
            if body[7]:
                found.errors.add((row + 1, column))
        elif kind == _FORMULA and body[12:14] == b"\xff\xff":
            if body[6] == 2:
                found.errors.add((row + 1, column))
        elif look := marked.get(style):
            found.shown.add(row + 1, column, look)
    return found
