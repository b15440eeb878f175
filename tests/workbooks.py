"""Workbooks of the tests' own making: filled forms, plain sheets, and crafted ZIP files."""

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from loaders.forms import FORMS
from loaders.forms.workbook import header

_TYPES = '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'  # noqa: E501
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_M = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELS = f'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="{_R}/officeDocument" Target="xl/workbook.xml"/></Relationships>'  # noqa: E501
_BOOK = f'<?xml version="1.0"?><workbook xmlns="{_M}" xmlns:r="{_R}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>'  # noqa: E501
_BOOK_RELS = f'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="{_R}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'  # noqa: E501


def cell(reference: str, text: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


def sheet_xml(data: str, before: str = "", dimension: str = "") -> str:
    dimension = f'<dimension ref="{dimension}"/>' if dimension else ""
    return f'<?xml version="1.0"?>{before}<worksheet xmlns="{_M}">{dimension}<sheetData>{data}</sheetData></worksheet>'


def parts(sheet: str, **more: str | bytes) -> dict[str, str | bytes]:
    """The entries of a workbook of one sheet S, of its XML."""
    return {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _RELS,
        "xl/workbook.xml": _BOOK,
        "xl/_rels/workbook.xml.rels": _BOOK_RELS,
        "xl/worksheets/sheet1.xml": sheet,
        **more,
    }


def zipped(entries: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            kind = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(name, content, kind)
    return buffer.getvalue()


def plain(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> Path:
    """A workbook of rows of values: texts stay texts."""
    book = xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
    book.close()
    return path


def filled(path: Path, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> Path:
    """The forms with rows, by their keys, below the titles, headers and examples of the empty ones."""
    sheets: dict[str, list[list[Any]]] = {}
    for key, form in FORMS.items():
        example = [
            float(c.example) if c.example and c.holds.name in ("NUMBER", "MONEY") else c.example for c in form.columns
        ]
        given = [[row.get(column.key, "") for column in form.columns] for row in rows.get(key, ())]
        for row in rows.get(key, ()):
            assert set(row) <= set(form.by_key), set(row) - set(form.by_key)
        sheets[form.name] = [[form.purpose], [header(column) for column in form.columns], example, *given]
    return plain(path, sheets)


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _biff_text(text: str) -> bytes:
    return struct.pack("<HB", len(text), 1) + text.encode("utf-16-le")


def xls(rows: Sequence[Sequence[Any]], name: str = "S") -> bytes:
    """An XLS file of one sheet. Cells: texts, numbers, None, ("%", number), ("#", error of a formula), ("!", error)."""
    formats = _record(0x41E, struct.pack("<H", 164) + _biff_text("0.0%"))
    styles = b"".join(_record(0xE0, struct.pack("<HH", 0, shown) + bytes(16)) for shown in (0, 164))
    begin = _record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0))
    end = _record(0x0A, b"")
    cells = b""
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            place = struct.pack("<HHH", row, column, 0)
            match value:
                case None:
                    continue
                case str():
                    cells += _record(0x204, place + _biff_text(value))
                case ("%", number):
                    cells += _record(0x203, struct.pack("<HHHd", row, column, 1, number))
                case ("#", code):
                    cells += _record(0x06, place + bytes((2, 0, code, 0, 0, 0, 255, 255)) + bytes(8))
                case ("!", code):
                    cells += _record(0x205, place + bytes((code, 1)))
                case _:
                    cells += _record(0x203, place + struct.pack("<d", value))
    extent = _record(0x200, struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows), default=0), 0))
    sheet = _record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0)) + extent + cells + end
    label = struct.pack("<BB", len(name), 1) + name.encode("utf-16-le")
    at = len(begin + formats + styles + end) + 4 + 6 + len(label)
    stream = begin + formats + styles + _record(0x85, struct.pack("<IH", at, 0) + label) + end + sheet
    return _compound(stream)


def _compound(stream: bytes) -> bytes:
    """A compound file of one stream: a table of sectors, a directory, and the stream in one chain."""
    stream += bytes(-len(stream) % 512) + bytes(max(4_096 - len(stream) - (-len(stream) % 512), 0))
    sectors = len(stream) // 512
    chain = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, 2 + sectors), 0xFFFFFFFE]
    assert len(chain) <= 128
    table = struct.pack("<128I", *chain, *[0xFFFFFFFF] * (128 - len(chain)))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<9I", 0, 1, 1, 0, 4_096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0) + struct.pack("<I", 0)
    head += struct.pack("<108I", *[0xFFFFFFFF] * 108)
    directory = _entry("Root Entry", 5, 0xFFFFFFFE, 0, child=1) + _entry("Workbook", 2, 2, len(stream)) + bytes(256)
    return head + table + directory + stream


def _entry(name: str, kind: int, start: int, size: int, child: int = 0xFFFFFFFF) -> bytes:
    written = (name + "\0").encode("utf-16-le")
    links = struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, child)
    return (
        written.ljust(64, b"\0")
        + struct.pack("<HBB", len(written), kind, 1)
        + links
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )
