"""Workbooks of the tests' own making: filled forms, plain sheets, and crafted ZIP files."""

import io
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
