"""Workbooks as they come and as they are crafted: cells, sheets, broken and hostile files (F17)."""

import contextlib
import datetime
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import psutil
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loaders import archive, formats, tables, workbook_child, workbooks
from loaders.encoding import UnreadableFile
from loaders.reading import How, Unit
from loaders.records import LoadError
from loaders.tabular import BadRow, Row
from loaders.workbooks import open_sheets
from tests.workbooks import cell, parts, plain, sheet_xml, xls, zipped

HEADER = ["name", "amount", "day"]


def write(tmp_path: Path, content: bytes, name: str = "book.xlsx") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def rows(path: Path, header: str = "name") -> list[Row | BadRow]:
    """The rows of the first sheet, below the row that holds the header."""
    with open_sheets(path) as sheets:
        assert sheets[0].find_header(lambda names: header in names)
        return list(sheets[0].rows())


def readers() -> list[psutil.Process]:
    """The processes of ours that read a workbook."""
    return [child for child in psutil.Process().children() if workbook_child.__file__ in child.cmdline()]


def refused(path: Path, why: str) -> None:
    """The file is refused in under two seconds, its process is gone, and ours holds no more memory than before."""
    own = psutil.Process()
    before, began = own.memory_info().rss, time.monotonic()
    with pytest.raises(UnreadableFile, match=why) as caught, open_sheets(path) as sheets:
        for sheet in sheets:
            sheet.find_header(lambda _names: True)
            list(sheet.rows())
    assert caught.value.reason.startswith(str(path))
    assert time.monotonic() - began < 2
    assert not readers()
    assert own.memory_info().rss - before < 60 << 20


# --- cells ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("007", "007"),
        (55000000.0, "55000000"),
        (-500.0, "-500"),
        (0.1 + 0.2, "0.3"),
        (1234.1000000000001, "1234.1"),
        (5e-7, "0.0000005"),
        (999_999_999_999_999.0, "999999999999999"),
        (True, "true"),
        (False, "false"),
        (None, ""),
        (datetime.date(2019, 7, 3), "2019-07-03"),
        (datetime.datetime(2019, 7, 3), "2019-07-03"),
        (datetime.datetime(2019, 7, 3, 8, 30), "2019-07-03 08:30:00"),
        (datetime.time(12, 0), "12:00:00"),
        ("a_x000D_\nb", "a\n\nb"),
        ("_x005F_x000D_", "_x000D_"),
        ("_xD800_", "_xD800_"),
    ],
)
def test_text_of_a_cell(value: object, text: str) -> None:
    assert workbook_child.text_of(value, escaped=True) == text


def test_escapes_stand_for_characters_in_xlsx_alone() -> None:
    assert workbook_child.text_of("a_x0041_", escaped=False) == "a_x0041_"


def test_typed_cells_come_as_a_table_would_hold_them(tmp_path: Path) -> None:
    path = tmp_path / "typed.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("表")
    day, month, percent = (book.add_format({"num_format": f}) for f in ("yyyy-mm-dd", 'yyyy"年"m"月"', "0.0%"))
    sheet.write_row(4, 2, ["name", "amount", "day", "share"])
    sheet.write_row(5, 2, ["007", 1200000.5])
    sheet.write_datetime(5, 4, datetime.datetime(2019, 7, 3), day)
    sheet.write_number(5, 5, 0.125, percent)
    sheet.write_row(7, 2, ["", 43525, 43525, 0.125])
    sheet.write_datetime(8, 4, datetime.datetime(2019, 7, 1), month)
    sheet.write_formula(9, 3, "=A1+1", None, 2)
    book.close()
    assert rows(path) == [
        Row(line=6, values={"name": "007", "amount": "1200000.5", "day": "2019-07-03", "share": "12.5%"}),
        Row(line=8, values={"name": "", "amount": "43525", "day": "43525", "share": "0.125"}),
        Row(line=9, values={"name": "", "amount": "", "day": "2019-07", "share": ""}),
        Row(line=10, values={"name": "", "amount": "2", "day": "", "share": ""}),
    ]


def test_cells_that_cannot_be_used_are_faults_of_their_rows(tmp_path: Path) -> None:
    path = tmp_path / "faults.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("表")
    sheet.write_row(0, 0, HEADER)
    sheet.write_row(1, 0, ["good", 1, "2019"])
    sheet.write(2, 0, "a")
    sheet.write_formula(2, 1, "=A1/0", None, "#DIV/0!")
    sheet.write_row(3, 0, ["b", "#REF!"])
    sheet.write_row(4, 0, ["c", 110101199001011237])
    sheet.write_row(5, 0, ["d", 5, "2019", "beyond"])
    sheet.merge_range("A7:A8", "e")
    sheet.write_row(6, 1, [6])
    sheet.write_row(7, 1, [7])
    sheet.write_formula(8, 2, "=NA()", None, "#N/A")
    sheet.write_row(9, 0, ["f", 8])
    book.close()
    found = rows(path)
    assert [row.line for row in found if isinstance(row, Row)] == [2, 10]
    assert [(row.line, row.column, row.reason[:22]) for row in found if isinstance(row, BadRow)] == [
        (3, "amount", "is a formula error: co"),
        (4, "amount", "is a formula error: co"),
        (5, "amount", "has more digits than t"),
        (6, "D", "column D has data but "),
        (7, "name", "the cells A7:A8 are me"),
        (8, "name", "the cells A7:A8 are me"),
        (9, "day", "is a formula error: co"),  # of a row that holds nothing else
    ]


def test_formulas_are_text_where_they_are_text(tmp_path: Path) -> None:
    path = plain(tmp_path / "inject.xlsx", {"S": [HEADER, ['=HYPERLINK("http://x")', "@SUM(1)", "-1+1"]]})
    assert rows(path) == [Row(line=2, values={"name": '=HYPERLINK("http://x")', "amount": "@SUM(1)", "day": "-1+1"})]


def test_many_rows_come_in_order(tmp_path: Path) -> None:
    path = plain(tmp_path / "many.xlsx", {"S": [HEADER, *[[f"n{n}", n, "2019"] for n in range(5_001)]]})
    found = rows(path)
    assert [row.line for row in found] == list(range(2, 5_003))
    assert isinstance(found[-1], Row) and found[-1].values["amount"] == "5000"


# --- crafted and broken -----------------------------------------------------------------------------------------------

GOOD = cell("A1", "name") + cell("B1", "amount")
LAUGHS = '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;&x;&x;">]>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
WELL = sheet_xml(f'<row r="1">{GOOD}</row><row r="2">{cell("A2", "a")}</row>')


def bomb() -> str:
    return sheet_xml(f'<row r="1">{GOOD}</row>' + " " * (300 << 20))


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        (lambda: parts(bomb()), "unpacks to more than 200 times its size"),
        (lambda: parts(WELL, **{"xl/media/image1.bin": b"\0" * (120 << 20)}), "unpacks to more than 200 times"),
        (lambda: parts(sheet_xml(f'<row r="1">{GOOD}</row>', LAUGHS)), "declares entities"),
        (lambda: parts(WELL, **{"xl/sharedStrings.xml": f"{OUTSIDE}<sst>&x;</sst>"}), "declares entities"),
        (lambda: parts(WELL, **{"docProps/a.xml": OUTSIDE.encode("utf-16")}), "is UTF-16"),
        (lambda: parts(sheet_xml(f'<row r="1">{GOOD}{cell("XFD1048576", "far")}</row>')), "spreads 3 cells over 1,048,576"),
        (lambda: parts(sheet_xml(f'<row r="1">{GOOD}{cell("ZZZ5", "far")}</row>')), "cells beyond any sheet"),
        (lambda: parts(sheet_xml(f'<row r="9">{GOOD}{cell("A99999999", "far")}</row>')), "cells beyond any sheet"),
        (lambda: parts(WELL, **{"../../etc/cron.d/x": "x"}), "lies outside of it"),
        (lambda: parts(WELL, **{"/etc/passwd": "x"}), "lies outside of it"),
        (lambda: parts(WELL, **{"XL/workbook.xml": "x"}), "twice"),
        (lambda: {f"x{n}": "" for n in range(5_001)}, "holds 5,001 entries"),
        (lambda: {"a.txt": "x"}, "is a ZIP file and no workbook"),
        (lambda: parts("<worksheet><sheetData><row"), "damaged|no workbook"),
        (lambda: parts(WELL, **{"xl/workbook.xml": "<broken"}), "damaged"),
        (lambda: {"content.xml": "<x", "mimetype": "application/vnd.oasis.opendocument.spreadsheet"}, "damaged"),
    ],
)  # fmt: skip
def test_crafted_workbooks_are_refused(tmp_path: Path, entries: Any, why: str) -> None:
    refused(write(tmp_path, zipped(entries())), why)


def test_a_dimension_that_lies_is_of_no_consequence(tmp_path: Path) -> None:
    data = f'<row r="1">{GOOD}</row><row r="2">{cell("A2", "a")}{cell("B2", "1")}</row>'
    for dimension in ("A1:XFD1048576", "A1:A1", "B7"):
        path = write(tmp_path, zipped(parts(sheet_xml(data, dimension=dimension))))
        assert rows(path) == [Row(line=2, values={"name": "a", "amount": "1"})]


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04",
        b"PK\x05\x06" + bytes(18),
        zipped(parts(WELL))[:-30],
        zipped(parts(WELL))[: len(zipped(parts(WELL))) // 2],
        workbooks.OLE + bytes(504),
        workbooks.OLE + b"\xff" * 4_000,
    ],
    ids=["magic", "empty zip", "cut at the end", "cut in half", "empty ole", "broken ole"],
)
def test_broken_workbooks_are_refused(tmp_path: Path, content: bytes) -> None:
    refused(write(tmp_path, content), "damaged|no workbook")


def test_a_declared_size_that_lies_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, zipped(parts(WELL)))
    raw = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as book:
        size = book.getinfo("xl/worksheets/sheet1.xml").file_size
    at = raw.rfind(size.to_bytes(4, "little"))
    raw[at : at + 4] = (size - 7).to_bytes(4, "little")
    refused(write(tmp_path, bytes(raw)), "damaged")


def test_what_gets_past_the_check_meets_the_limit_of_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "AREA", 1 << 62)
    monkeypatch.setattr(archive, "SPARSE", 1 << 62)
    path = write(tmp_path, zipped(parts(sheet_xml(f'<row r="1">{GOOD}{cell("XFD1048576", "far")}</row>'))))
    refused(path, "needs more than 1024 MB|damaged")


def test_what_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = plain(tmp_path / "slow.xlsx", {"S": [HEADER, *[[f"n{n}", n, "2019"] for n in range(20_000)]]})
    monkeypatch.setattr(workbooks, "SECONDS", 0.0)
    monkeypatch.setattr(workbooks, "BYTES_A_SECOND", 1 << 40)
    refused(path, "takes too long")


def test_the_process_that_reads_ends_with_the_one_that_asks(tmp_path: Path) -> None:
    path = plain(tmp_path / "book.xlsx", {"S": [HEADER, ["a", 1, "2019"]]})
    with open_sheets(path) as sheets:
        assert len(readers()) == 1
        sheets[0].find_header(lambda _names: True)
        next(iter(sheets[0].rows()))  # left in the middle
    assert not readers()


def test_a_workbook_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = plain(tmp_path / "book.xlsx", {"S": [HEADER, ["a", 1, "2019"]]})
    with open_sheets(path) as sheets:
        sheets[0].find_header(lambda _names: True)
        path.write_bytes(path.read_bytes() + b"x")
        with pytest.raises(UnreadableFile, match="has changed while it was read"):
            list(sheets[0].rows())


# --- which sheets are read --------------------------------------------------------------------------------------------

FUNDS = ["relationship", "from", "to", "amount", "currency", "class"]
ROW = ["FUNDS", "cn:310000", "cn:530724", 5, "CNY", "budget"]


def opened(path: Path, **how: Any) -> list[tuple[str, str]]:
    with formats.opener(path, How(**how))(path, How(**how)) as read:
        return [(part.name, part.mapping) for part in read]


def test_sheets_that_are_tables_are_parts_the_others_are_told_of(tmp_path: Path) -> None:
    path = tmp_path / "several.xlsx"
    book = xlsxwriter.Workbook(path)
    for name, head in (("资金", FUNDS), ("目录", ["see the other sheet"]), ("旧", FUNDS), ("空", [])):
        book.add_worksheet(name).write_row(0, 0, head)
    book.worksheets()[2].hide()
    book.close()
    assert opened(path) == [("资金", "template")]
    assert opened(path, sheet="旧") == [("旧", "template")]
    with tables.open_workbook(path, How()) as (part,):
        units: list[Unit] = list(part.units(None))  # type: ignore[arg-type]
        assert units == []
        assert part.notes() == [
            "several.xlsx: the sheet 目录 is no table that is known, and left out",
            "several.xlsx: the sheet 旧 is hidden and left out; --sheet reads it",
        ]
    with pytest.raises(LoadError, match="has no sheet x: choose one of 资金, 目录, 旧, 空"):
        opened(path, sheet="x")
    with pytest.raises(LoadError, match="none of its sheets"):
        opened(plain(tmp_path / "none.xlsx", {"S": [["a", "b"], [1, 2]]}))


def test_a_sheet_that_nearly_is_a_table_is_refused_lest_it_be_lost(tmp_path: Path) -> None:
    path = plain(tmp_path / "near.xlsx", {"A": [FUNDS, ROW], "B": [["title"], FUNDS[1:], ROW[1:]]})
    with pytest.raises(LoadError, match=r"near.xlsx, sheet B, line 2: the table is none of the templates"):
        opened(path)


def test_the_content_decides_the_format_and_it_can_be_asked_for(tmp_path: Path) -> None:
    path = plain(tmp_path / "book.csv", {"S": [FUNDS, ROW]})
    assert opened(path) == [("S", "template")]
    with pytest.raises(UnreadableFile, match=r"this is a ZIP or XLSX file named .csv, not CSV"):
        opened(path, format="csv")
    table = write(tmp_path, b"relationship,from,to\n", "t.xlsx")
    assert opened(table) == [("", "template")]
    with pytest.raises(UnreadableFile, match="is no workbook"):
        opened(table, format="xlsx")
    with pytest.raises(LoadError, match="there is no format docx: choose one of"):
        opened(table, format="docx")
    with pytest.raises(LoadError, match="has no sheets: leave out --sheet"):
        opened(table, sheet="S")


def test_the_child_answers_in_frames(tmp_path: Path) -> None:
    path = plain(tmp_path / "book.xlsx", {"S": [HEADER]})
    run = subprocess.run(
        [sys.executable, "-I", workbook_child.__file__, str(path), "xlsx", str(workbooks.MEMORY)],
        input=b"0 0\n",
        capture_output=True,
        timeout=30,
        check=True,
    )
    assert b"amount" in run.stdout and run.stderr == b""


# --- ODS --------------------------------------------------------------------------------------------------------------

_SPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{prefix}:1.0"' for prefix in ("office", "table", "text")
) + ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'  # fmt: skip


def ods(rows: str) -> bytes:
    body = f'<office:body><office:spreadsheet><table:table table:name="S">{rows}</table:table></office:spreadsheet></office:body>'
    mimetype = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
    )
    document = f'<?xml version="1.0"?><office:document-content {_SPACES}>{body}</office:document-content>'
    return zipped({"mimetype": mimetype, "content.xml": document, "META-INF/manifest.xml": manifest})


def ods_cell(text: str, attributes: str = 'office:value-type="string"') -> str:
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


def ods_row(*cells: str, times: int = 1) -> str:
    return f'<table:table-row table:number-rows-repeated="{times}">{"".join(cells)}</table:table-row>'


ODS_HEADER = ods_row(*(ods_cell(name) for name in (*HEADER, "share")))
NOTHING = '<table:table-cell table:number-columns-repeated="16384"/>'


def test_an_ods_sheet_is_a_table(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        ods(
            ODS_HEADER
            + ods_row(NOTHING, times=3)
            + ods_row(
                ods_cell("007_x000D_"),
                ods_cell("5", 'office:value-type="float" office:value="55000000"'),
                ods_cell("x", 'office:value-type="date" office:date-value="2019-07-03"'),
                ods_cell("12.5%", 'office:value-type="percentage" office:value="0.125"'),
            )
            + ods_row(ods_cell("a"), ods_cell("#N/A", 'office:value-type="float" office:value="0" calcext:value-type="error"'))
            + ods_row(ods_cell("b", 'office:value-type="string" table:number-rows-spanned="2"'), ods_cell("1"))
            + ods_row("<table:covered-table-cell/>", ods_cell("2"))
            + ods_row(ods_cell("c"), ods_cell("3"))
            + ods_row(NOTHING, times=1_048_560)
        ),
        "book.ods",
    )  # fmt: skip
    found = rows(path)
    assert [(row.line, row.values) for row in found if isinstance(row, Row)] == [
        (5, {"name": "007_x000D_", "amount": "55000000", "day": "2019-07-03", "share": "12.5%"}),
        (9, {"name": "c", "amount": "3", "day": "", "share": ""}),
    ]
    assert [(row.line, row.column, row.reason[:24]) for row in found if isinstance(row, BadRow)] == [
        (6, "amount", "is a formula error: corr"),
        (7, "name", "the cells A7:A8 are merg"),
        (8, "name", "the cells A7:A8 are merg"),
    ]
    assert next(f.name for f in formats.FORMATS if f.fits(path.read_bytes()[:4_096])) == "ods"


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (ods_row(ods_cell("x", 'office:value-type="string" table:number-columns-repeated="99999999999"')), "without end"),
        (ods_row(ods_cell("x") + NOTHING.replace("/>", ' office:value-type="percentage" office:value="1"/>'), times=10**6),
         "more than 4,000,000 of its cells"),
        (ods_row(ods_cell("x", 'office:value-type="string" table:number-columns-repeated="16000"'), times=10**6),
         "needs more than|damaged|too long"),
    ],
)  # fmt: skip
def test_crafted_ods_files_are_refused(tmp_path: Path, rows: str, why: str) -> None:
    refused(write(tmp_path, ods(rows), "book.ods"), why)


def test_ods_cells_are_as_they_are_shown(tmp_path: Path) -> None:
    date, number = 'office:value-type="date" office:date-value="2024-03-01"', 'office:value-type="float" office:value='
    euro = 'office:value-type="currency" office:currency="EUR" office:value="99"'
    note = "<office:annotation><text:p>2024</text:p></office:annotation>"
    shown = [
        (ods_cell("5 万元", f'{number}"5"'), ods_cell("2024年3月", date)),
        (ods_cell("1.2万", f'{number}"12000"'), ods_cell("2024", date)),
        (ods_cell("99 €", euro), ods_cell("Mar 24", date)),
        (ods_cell("1,000", f'{number}"1000"'), ods_cell("2024-03-01", date)),
        (ods_cell("2", f'{number}"2"'), f"<table:table-cell {date}>{note}<text:p>24年3月1日</text:p></table:table-cell>"),
        (ods_cell("99", f'{euro} table:number-columns-repeated="1"'), ods_cell("", date)),
        (ods_cell("3", f'{number}"3"'), ods_cell("<text:span>2024</text:span>", date)),
    ]  # fmt: skip
    path = write(tmp_path, ods(ODS_HEADER + "".join(ods_row(ods_cell("a"), *cells) for cells in shown)), "book.ods")
    found = [row for row in rows(path) if isinstance(row, Row)]
    assert [(row.values["amount"], row.values["day"]) for row in found] == [
        ("5", "2024-03"),
        ("12000", "2024"),
        ("99", "2024-03"),
        ("1000", "2024-03-01"),
        ("2", "2024-03-01"),
        ("99", "2024-03-01"),
        ("3", "2024"),
    ]
    assert [
        (row.line, {name: (look.currency, look.unit) for name, look in row.looks.items()}) for row in found if row.looks
    ] == [
        (2, {"amount": ("", "万元")}),
        (4, {"amount": ("EUR", "")}),
        (7, {"amount": ("EUR", "")}),
    ]


def test_an_ods_formula_without_its_value_is_told(tmp_path: Path) -> None:
    without = '<table:table-cell table:formula="of:=1+1"/>'
    value = ods_cell("2", 'table:formula="of:=1+1" office:value-type="float" office:value="2"')
    path = write(
        tmp_path, ods(ODS_HEADER + ods_row(ods_cell("a"), without) + ods_row(ods_cell("b"), value)), "book.ods"
    )
    found = [row for row in rows(path) if isinstance(row, Row)]
    assert [(row.values["amount"], row.unsaved) for row in found] == [("", ("amount",)), ("2", ())]


def test_long_names_in_a_tag_of_an_ods_file_cost_no_more_than_their_length(tmp_path: Path) -> None:
    tag = '<table:table-cell office:value-type="percentage" ' + "a" * (1 << 19) + " />"
    path = write(tmp_path, ods(ods_row(tag)), "book.ods")
    began = time.process_time()
    archive.examine(path)
    assert time.process_time() - began < 2


# --- XLS --------------------------------------------------------------------------------------------------------------

XLS = xls([[*HEADER, "share"], ["007", 55000000, "2019", ("%", 0.125)], ["a", ("#", 7)], ["b", ("!", 42)],
           [None, None, ("#", 23)], ["c", 3, None, 0.5], *[[f"n{n}", n] for n in range(200)]])  # fmt: skip


def test_an_xls_sheet_is_a_table(tmp_path: Path) -> None:
    found = rows(write(tmp_path, XLS, "book.xls"))
    assert [(row.line, row.values) for row in found if isinstance(row, Row)][:2] == [
        (2, {"name": "007", "amount": "55000000", "day": "2019", "share": "12.5%"}),
        (6, {"name": "c", "amount": "3", "day": "", "share": "0.5"}),
    ]
    assert len(found) == 205
    assert [(row.line, row.column, row.reason[:22]) for row in found if isinstance(row, BadRow)] == [
        (3, "amount", "is a formula error: co"),
        (4, "amount", "is a formula error: co"),
        (5, "day", "is a formula error: co"),
    ]
    assert next(f.name for f in formats.FORMATS if f.fits(XLS[:4_096])) == "xls"


@pytest.mark.parametrize("size", [512, 1_000, 1_536, 4_000])
def test_an_xls_file_that_is_cut_is_refused(tmp_path: Path, size: int) -> None:
    refused(write(tmp_path, XLS[:size], "book.xls"), "damaged")


# --- any bytes --------------------------------------------------------------------------------------------------------

GOOD_XLSX = zipped(parts(WELL))
CHANGES = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), min_size=1, max_size=12)


def changed(content: bytes, changes: list[tuple[int, int]]) -> bytes:
    raw = bytearray(content)
    for at, byte in changes:
        raw[at % len(raw)] = byte
    return bytes(raw)


def check_changed(folder: Path, changes: list[tuple[int, int]]) -> None:
    """Changed files are sound or refused; nothing else is raised."""
    with contextlib.suppress(UnreadableFile):
        archive.examine(write(folder, changed(GOOD_XLSX, changes)))
    with contextlib.suppress(UnreadableFile):
        archive.examine_xls(write(folder, changed(XLS, changes), "book.xls"))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES)
def test_changed_files_are_sound_or_refused(tmp_path: Path, changes: list[tuple[int, int]]) -> None:
    check_changed(tmp_path, changes)


@pytest.mark.soak
@settings(max_examples=20_000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES)
def test_very_many_changed_files_are_sound_or_refused(tmp_path: Path, changes: list[tuple[int, int]]) -> None:
    check_changed(tmp_path, changes)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES)
def test_the_reading_process_survives_or_its_end_is_told(tmp_path: Path, changes: list[tuple[int, int]]) -> None:
    for content, name in ((GOOD_XLSX, "book.xlsx"), (XLS, "book.xls")):
        with (
            contextlib.suppress(UnreadableFile),
            open_sheets(write(tmp_path, changed(content, changes), name)) as sheets,
        ):
            for sheet in sheets:
                if sheet.find_header(lambda _names: True):
                    list(sheet.rows())
    assert not readers()
