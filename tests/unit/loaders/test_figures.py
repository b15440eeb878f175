"""Tables whose figures would be read otherwise than they were meant: refused, or the rows told of."""

import datetime
import time
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from graph.records import Claim, Entity
from graph.sources.directory import Named
from loaders import archive, tables
from loaders.directory import Directory
from loaders.encoding import UnreadableFile
from loaders.reading import How, Unit
from loaders.records import LoadError
from loaders.rows import RowBuilder
from tests.workbooks import cell, parts, sheet_xml, zipped

HEADER = ["帮扶方", "受援方", "金额", "币种", "资金类别", "开始日期", "结束日期"]
ROW = ["上海市", "云南省", "100", "CNY", "拨付", "2020", "2020"]
LABOUR = ["输出地", "输入地", "劳务人数", "开始日期"]
PLACES = (("cn:310000", "上海市"), ("cn:530000", "云南省"))


def units_of(path: Path) -> list[Unit]:
    known = Directory(Named(id=id_, type="Province", name=name, names=(), code=id_[3:]) for id_, name in PLACES)
    opener = tables.open_csv if path.suffix == ".csv" else tables.open_workbook
    with opener(path, How()) as (part,):
        return list(part.units(RowBuilder(known, "source:dataset:d")))


def csv(tmp_path: Path, *lines: list[str] | str, delimiter: str = ",") -> Path:
    path = tmp_path / "t.csv"
    path.write_text("\n".join(x if isinstance(x, str) else delimiter.join(x) for x in lines) + "\n", "utf-8")
    return path


def told(found: list[Unit]) -> list[tuple[int, str, str, str]]:
    """Line, column, value and reason of the faults."""
    return [(unit.line, f.column, f.value, f.reason) for unit in found for f in unit.faults]


def figures(found: list[Unit], name: str = "amount_text") -> list[object]:
    return [r.values.get(name) for unit in found for r in unit.records if isinstance(r, Claim)]


# --- units ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "unit", "how"),
    [
        ("单位：万美元", "万美元", r"write the unit into the header, as in 金额\(万\), or remove the line"),
        ("单位:千美元", "千美元", r"as in 金额\(千\)"),
        ("单位：万", "万", r"as in 金额\(万\)"),
        ("（金额：万元）", "万元", r"as in 金额\(万元\)"),
        ("(万元)", "万元", r"as in 金额\(万元\)"),
        ("单位：人民币 万元", "人民币 万元", r"as in 金额\(万元\)"),
        ("计量单位：人民币万元", "人民币万元", r"as in 金额\(万元\)"),
        ("Amounts in USD million", "USD million", r"as in 金额\(百万\)"),
        ("单位：10万元", "10万", "write the figures out, or remove the line"),
    ],
)
def test_a_unit_above_the_header_is_refused(tmp_path: Path, title: str, unit: str, how: str) -> None:
    with pytest.raises(
        LoadError, match=rf"line 1: says that amounts are in {unit}, and the column 金额 does not: .*{how}"
    ):
        units_of(csv(tmp_path, title, HEADER, ROW))


def test_a_unit_above_a_header_that_gives_it_too_is_read(tmp_path: Path) -> None:
    header = [name.replace("金额", "金额(万元)") for name in HEADER]
    assert figures(units_of(csv(tmp_path, "单位：万元", header, ROW))) == ["1000000"]


@pytest.mark.parametrize(
    "title", ["单位：亿元", "单位：10万元", "Amounts in USD million", "单位：元", "注：金额单位为元"]
)
def test_a_unit_above_a_header_that_gives_another_is_refused(tmp_path: Path, title: str) -> None:
    header = [name.replace("金额", "金额(万元)") for name in HEADER]
    with pytest.raises(LoadError, match=r"line 1: says .* and the column 金额\(万元\) gives another unit: correct"):
        units_of(csv(tmp_path, title, header, ROW))
    assert figures(units_of(csv(tmp_path, "单位：万元、亿元", header, ROW))) == ["1000000"]
    plain = [name.replace("金额", "金额(元)") for name in HEADER]
    with pytest.raises(LoadError, match=r"in 万元, and the column 金额\(元\) gives another unit"):
        units_of(csv(tmp_path, "单位：万元", plain, ROW))
    for own in (plain, HEADER):
        assert figures(units_of(csv(tmp_path, "单位：元", own, ROW))) == ["100"]
    with pytest.raises(
        LoadError, match=r"line 3: gives the column 金额\(元\) the unit 万元, and its header gives another"
    ):
        units_of(csv(tmp_path, plain, ROW, ",,万元,,,,"))


def test_a_title_that_gives_another_currency_than_the_header_is_refused(tmp_path: Path) -> None:
    header = [name.replace("金额", "金额(万元)") for name in HEADER if name != "币种"]
    row = [*ROW[:3], *ROW[4:]]
    with pytest.raises(
        LoadError, match=r"金额\(万元\) is of yuan: write 金额\(万\), and the currency into a column 币种"
    ):
        units_of(csv(tmp_path, "單位：新臺幣萬元", header, row))
    assert figures(units_of(csv(tmp_path, "单位：人民币万元", header, row))) == ["1000000"]


def test_a_unit_in_the_name_of_a_file_or_a_sheet_or_in_a_line_that_is_no_row_is_refused(tmp_path: Path) -> None:
    path = csv(tmp_path, HEADER, ROW).rename(tmp_path / "资金(万元).csv")
    with pytest.raises(
        LoadError, match=r"the name of the file says that amounts are in 万元, .* or remove it from the name"
    ):
        units_of(path)
    book = xlsxwriter.Workbook(tmp_path / "t.xlsx")
    sheet = book.add_worksheet("帮扶资金(万元)")
    for at, cells in enumerate((HEADER, ROW)):
        sheet.write_row(at, 0, cells)
    book.close()
    with pytest.raises(LoadError, match=r"the name of the sheet says that amounts are in 万元"):
        units_of(tmp_path / "t.xlsx")
    with pytest.raises(LoadError, match="line 3: says that amounts are in 万元, and the column 金额 does not"):
        units_of(csv(tmp_path, HEADER, ROW, "注：本表金额单位为万元"))


@pytest.mark.parametrize(("text", "example"), [("5500000元", "550"), ("￥5,500元", "0.55"), ("100美元", "0.01")])
def test_a_cell_in_yuan_below_another_unit_is_a_fault(tmp_path: Path, text: str, example: str) -> None:
    header = [name.replace("金额", "金额(万元)") for name in HEADER]
    found = units_of(csv(tmp_path, header, [*ROW[:2], f'"{text}"', *ROW[3:]], ROW))
    ((_, _, _, reason),) = told(found)
    assert f"and the header gives another unit; write {example}" in reason
    assert figures(found) == ["1000000"]
    if "美" not in text:
        assert len(figures(units_of(csv(tmp_path, HEADER, [*ROW[:2], f'"{text}"', *ROW[3:]])))) == 1


def test_traditional_characters_are_read_as_simplified(tmp_path: Path) -> None:
    header = ["幫扶方", "受援方", "金額(萬元)", "幣種", "資金類別", "開始日期", "結束日期"]
    row = ["上海市", "雲南省", "100", "人民幣", "撥付", "2020年", "2020年"]
    path = csv(tmp_path, header, row)
    path.write_bytes(path.read_text("utf-8").encode("big5"))
    assert figures(units_of(path)) == ["1000000"]
    assert [
        (r.start, r.end, r.values["class"]) for unit in units_of(path) for r in unit.records if isinstance(r, Claim)
    ] == [("cn:310000", "cn:530000", "disbursement")]
    plain = [name.replace("(萬元)", "") for name in header]
    assert figures(units_of(csv(tmp_path, plain, [*row[:2], "￥120萬", *row[3:]]))) == ["1200000"]
    with pytest.raises(LoadError, match=r"in 万元, and the column 金額 does not: .*as in 金額\(万元\)"):
        units_of(csv(tmp_path, "單位：萬元", plain, row))
    template = ["關係", "起點", "終點", "金額（萬元）", "幣種", "資金類別"]
    assert figures(units_of(csv(tmp_path, template, ["資助", "310000", "530000", "5", "人民幣", "撥付"]))) == ["50000"]


def test_what_a_table_has_and_what_a_cell_may_hold_is_told_as_it_is_written(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=r"fits no mapping and no form: .*; its columns: 甲, 乙, 丙"):
        units_of(csv(tmp_path, ["甲", "乙", "丙"], ["1", "2", "3"]))
    ((_, column, value, reason),) = told(units_of(csv(tmp_path, HEADER, [*ROW[:4], "赠送", *ROW[5:]])))
    assert (column, value) == ("资金类别", "赠送")
    assert "拨付" in reason and "disbursement" not in reason


def test_a_unit_of_what_is_counted_is_refused_above_counts_alone(tmp_path: Path) -> None:
    row = ["云南省", "上海市", "5", "2020"]
    for title in ("单位：万人", "单位：万"):
        with pytest.raises(LoadError, match="and the column 劳务人数 has no unit: write its figures out"):
            units_of(csv(tmp_path, title, LABOUR, row))
    assert figures(units_of(csv(tmp_path, "单位：人", LABOUR, row)), "workers") == [5]
    assert figures(units_of(csv(tmp_path, "单位：万人", HEADER, ROW))) == ["100"]


@pytest.mark.parametrize(
    "row", [",,万元,,,,", ",,(万元),,,,", "单位：万元,,,,,,", "合计,,（万元）,,,,", ",,人民币万元,,,,"]
)
def test_a_row_of_units_below_the_header_is_refused(tmp_path: Path, row: str) -> None:
    with pytest.raises(LoadError, match=r"line 2: .*万元.*as in 金额\(万元\)"):
        units_of(csv(tmp_path, HEADER, row, ROW))


def test_an_amount_with_its_unit_is_a_fault_of_its_row_alone(tmp_path: Path) -> None:
    found = units_of(csv(tmp_path, HEADER, [*ROW[:2], "12 million", *ROW[3:]], ROW))
    assert [(line, column) for line, column, *_ in told(found)] == [(2, "金额")]
    assert figures(found) == ["100"]


@pytest.mark.parametrize(
    ("header", "how"),
    [
        ("Amount (CNY)", r"in the place of Amount \(CNY\) write Amount, and the currency into a column 币种"),
        ("金额(人民币万元)", r"in the place of 金额\(人民币万元\) write 金额\(万元\), and the currency"),
        ("金额万元", r"in the place of 金额万元 write 金额\(万元\)"),
    ],
)
def test_an_odd_header_is_named_with_what_to_write(tmp_path: Path, header: str, how: str) -> None:
    with pytest.raises(LoadError, match=rf"it lacks 金额 \({how}"):
        units_of(csv(tmp_path, [*HEADER[:2], header, *HEADER[3:]], ROW))
    template = ["关系", "起点", "终点", header, "币种", "资金类别"]
    with pytest.raises(LoadError, match=how if header[:1] == "金" else "columns no template has"):
        units_of(csv(tmp_path, template, ["资助", "310000", "530000", "5", "CNY", "拨付"]))


def test_counts_with_a_unit_are_named_and_other_brackets_are_read(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=r"in the place of 劳务人数\(万人\) write 劳务人数, and its figures out"):
        units_of(csv(tmp_path, [*LABOUR[:2], "劳务人数(万人)", "开始日期"], ["云南省", "上海市", "5", "2020"]))
    header = [name.replace("金额", "金额【万元】") for name in HEADER]
    assert figures(units_of(csv(tmp_path, header, ROW))) == ["1000000"]


# --- separators -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1.500", "may be 1500 or 1.5 in a table with semicolons: write 1500, or 1.5"),
        ("12,500", "may be 12500 or 12.5 in a table with semicolons: write 12500, or 12.5"),
        ("-2.000", "may be 2000 or 2.0 in a table with semicolons: write 2000, or 2.0"),
    ],
)
def test_a_separator_that_may_be_either_is_a_fault_in_a_table_with_semicolons(
    tmp_path: Path, text: str, reason: str
) -> None:
    found = units_of(csv(tmp_path, HEADER, [*ROW[:2], text, *ROW[3:]], ROW, delimiter=";"))
    assert told(found) == [(2, "金额", text, reason)]
    assert figures(found) == ["100"]


@pytest.mark.parametrize(
    ("text", "exact"), [("0.500", "0.500"), ("1500.00", "1500.00"), ("1,234,567", "1234567"), ("1.50", "1.50")]
)
def test_other_numbers_are_read_in_a_table_with_semicolons(tmp_path: Path, text: str, exact: str) -> None:
    assert figures(units_of(csv(tmp_path, HEADER, [*ROW[:2], text, *ROW[3:]], delimiter=";"))) == [exact]


def test_a_table_with_tabs_has_commas_for_thousands(tmp_path: Path) -> None:
    assert figures(units_of(csv(tmp_path, HEADER, [*ROW[:2], "12,500", *ROW[3:]], delimiter="\t"))) == ["12500"]


# --- cells of workbooks -----------------------------------------------------------------------------------------------


def book(path: Path, rows: list[list[Any]], header: list[str] = HEADER) -> Path:
    """A workbook with a form; a cell may be a pair of a number or date and the format it is shown in."""
    made = xlsxwriter.Workbook(path)
    sheet = made.add_worksheet("S")
    sheet.write_row(0, 0, header)
    for line, row in enumerate(rows, start=1):
        for at, value in enumerate(row):
            if isinstance(value, tuple):
                shown, code = value
                write = sheet.write_datetime if isinstance(shown, datetime.date) else sheet.write_number
                write(line, at, shown, made.add_format({"num_format": code}))
            else:
                sheet.write(line, at, value)
    made.close()
    return path


def amount(value: Any, currency: str = "CNY", start: Any = "2020") -> list[Any]:
    return ["上海市", "云南省", value, currency, "拨付", start, "2030"]


@pytest.mark.parametrize("code", ['#,##0 "万元"', "0.00\\万\\元", '#,##0"万"', '#,##0 "million"', '#,##0 "百万"'])
def test_a_unit_that_cells_show_is_a_fault_of_their_rows(tmp_path: Path, code: str) -> None:
    found = units_of(book(tmp_path / "b.xlsx", [amount((1000, code)), amount(5)]))
    assert [(line, column, value) for line, column, value, _ in told(found)] == [(2, "金额", "1000")]
    assert "which is not in the cell" in told(found)[0][3]
    assert figures(found) == ["5"]


def test_a_unit_that_cells_show_as_their_header_does_is_read(tmp_path: Path) -> None:
    header = [name.replace("金额", "金额(万元)") for name in HEADER]
    rows = [amount((1000, '#,##0 "万元"')), amount((2, '#,##0 "亿元"'))]
    found = units_of(book(tmp_path / "b.xlsx", rows, header))
    assert figures(found) == ["10000000"]
    assert told(found)[0][3] == (
        "is shown with the unit 亿元, which is not in the cell: write the unit into the header, as in 金额(亿元), "
        "and give the cells a plain format"
    )


def test_a_figure_that_is_shown_divided_by_its_unit_is_held_whole(tmp_path: Path) -> None:
    found = units_of(book(tmp_path / "b.xlsx", [amount((12_000, '0!.0,"万"')), amount((5_000_000, '0,,"百万"'))]))
    assert (told(found), figures(found)) == ([], ["12000", "5000000"])


@pytest.mark.parametrize(
    ("code", "currency", "other"),
    [
        ("[$€-407]#,##0.00", "EUR", "CNY"),
        ("#,##0.00 [$€-1]", "EUR", "USD"),
        ("[$$-409]#,##0", "USD", "CNY"),
        ("[$¥-804]#,##0", "CNY", "USD"),
        ("[$¥-411]#,##0", "JPY", "CNY"),
        ("[$USD] #,##0", "USD", "HKD"),
        ('#,##0"元"', "CNY", "USD"),
        ('"$"#,##0.00', "USD", "CNY"),
        ('"¥"#,##0.00', "JPY", "EUR"),
    ],
)
def test_the_currency_that_a_cell_shows_agrees_with_its_row(
    tmp_path: Path, code: str, currency: str, other: str
) -> None:
    found = units_of(book(tmp_path / "b.xlsx", [amount((-99, code), currency), amount((99, code), other)]))
    assert figures(found) == ["-99"]
    ((line, column, _, reason),) = told(found)
    assert (line, column) == (3, "金额")
    assert f"does not agree with the currency {other}" in reason


def test_formats_of_the_computer_s_own_currency_say_nothing(tmp_path: Path) -> None:
    found = units_of(
        book(tmp_path / "b.xlsx", [amount((5, code)) for code in (7, 44, 4, '_ * #,##0.00_ ;_ * "-"??_ ')])
    )
    assert (told(found), figures(found)) == ([], ["5"] * 4)


DAY = datetime.date(2024, 3, 1)


@pytest.mark.parametrize(
    ("code", "start"),
    [('yyyy"年"m"月"', "2024-03"), ('[$-804]yyyy"年"m"月";@', "2024-03"), (17, "2024-03"), (57, "2024-03"), ("yyyy", "2024"),
     ("mmm-yy", "2024-03"), ('yyyy"年"m"月"d"日"', "2024-03-01"), (14, "2024-03-01"), ('m"月"d"日"', "2024-03-01")],
)  # fmt: skip
def test_a_date_has_the_precision_that_its_cell_shows(tmp_path: Path, code: Any, start: str) -> None:
    found = units_of(book(tmp_path / "b.xlsx", [amount(5, "CNY", (DAY, code))]))
    assert (told(found), figures(found, "valid_from")) == ([], [start])


def formulas(tmp_path: Path, *cells: str) -> Path:
    head = "".join(cell(f"{letter}1", name) for letter, name in zip("ABCDEFG", HEADER, strict=True))
    rows = "".join(
        f'<row r="{n}">' + "".join(
            (made.format(r=f"C{n}") if at == 2 else cell(f"{'ABCDEFG'[at]}{n}", text)) for at, text in enumerate(ROW)
        ) + "</row>"
        for n, made in enumerate(cells, start=2)
    )  # fmt: skip
    path = tmp_path / "f.xlsx"
    path.write_bytes(zipped(parts(sheet_xml(f'<row r="1">{head}</row>{rows}'))))
    return path


def test_a_formula_without_its_value_is_a_fault(tmp_path: Path) -> None:
    without = (
        '<c r="{r}"><f>A1+1</f><v></v></c>',
        '<c r="{r}"><f>A1+1</f></c>',
        '<c r="{r}"><f>A1</f><v/></c>',
        '<c r="{r}"><f t="shared" si="0"/></c>',
    )
    found = units_of(formulas(tmp_path, *without, '<c r="{r}"><f>A1+1</f><v>7</v></c>', '<c r="{r}"><v>8</v></c>'))
    assert figures(found) == ["7", "8"]
    reason = "holds a formula without its value: save the workbook in a spreadsheet again, or write the value"
    assert told(found) == [(n, "金额", "", reason) for n in (2, 3, 4, 5)]


def test_a_formula_without_its_value_is_no_fault_where_it_is_not_read(tmp_path: Path) -> None:
    header = ["序号", *HEADER]
    head = "".join(cell(f"{letter}1", name) for letter, name in zip("ABCDEFGH", header, strict=True))
    number = '<c r="A{n}"><f>ROW()-1</f><v></v></c>'
    filled = "".join(cell(f"{letter}2", text) for letter, text in zip("BCDEFGH", ROW, strict=True))
    rows = f'<row r="2">{number.format(n=2)}{filled}</row><row r="3">{number.format(n=3)}</row>'
    path = tmp_path / "f.xlsx"
    path.write_bytes(zipped(parts(sheet_xml(f'<row r="1">{head}</row>{rows}'))))
    found = units_of(path)
    assert (told(found), figures(found), len(found)) == ([], ["100"], 1)


# --- crafted styles ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "piece",
    ["<cellXfs ", "<cellXfs>", "<numFmt ", "<cellXfs><xf ", '<numFmt formatCode="', "<numFmt formatCode='[' />",
     "<cellXfs><xf numFmtId='9'/></cellXfs>", "<cellXfs ></"],
)  # fmt: skip
def test_crafted_styles_are_read_at_once(tmp_path: Path, piece: str) -> None:
    path = tmp_path / "s.xlsx"
    styles = '<styleSheet xmlns="x">' + piece * ((4 << 20) // len(piece) - 10)
    path.write_bytes(zipped(parts(sheet_xml(f'<row r="1">{cell("A1", "x")}</row>'), **{"xl/styles.xml": styles})))
    began = time.process_time()
    assert archive.examine(path).kind == "xlsx"
    assert time.process_time() - began < 2


@pytest.mark.parametrize("styles", ["<numFmt />" * 70_000 + "<cellXfs>", "<cellXfs>" + "<xf />" * 70_000])
def test_more_styles_than_a_spreadsheet_allows_are_refused(tmp_path: Path, styles: str) -> None:
    path = tmp_path / "s.xlsx"
    path.write_bytes(zipped(parts(sheet_xml(f'<row r="1">{cell("A1", "x")}</row>'), **{"xl/styles.xml": styles})))
    with pytest.raises(UnreadableFile, match="has more than 65,490 cell styles"):
        archive.examine(path)


def test_the_same_figures_without_a_look_are_read(tmp_path: Path) -> None:
    found = units_of(book(tmp_path / "b.xlsx", [amount(1000), amount((1000, "#,##0"))]))
    assert (told(found), figures(found)) == ([], ["1000", "1000"])
    assert not any(isinstance(record, Entity) for unit in found for record in unit.records)


def test_a_unit_of_yuan_is_of_yuan(tmp_path: Path) -> None:
    header = [*HEADER[:2], "金额(万元)", *HEADER[3:]]
    rows = [[*ROW[:2], "1.5", code, *ROW[4:]] for code in ("", "CNY", "USD")]
    found = units_of(csv(tmp_path, header, *rows, [*ROW[:2], "￥3亿", "", *ROW[4:]]))
    assert [(line, column) for line, column, *_ in told(found)] == [(4, "金额(万元)"), (5, "金额(万元)")]
    claims = [record for unit in found for record in unit.records if isinstance(record, Claim)]
    assert [(one.values["amount"], one.values["amount_text"], one.values["currency"]) for one in claims] == [
        (1_500_000, "15000", "CNY"),
    ] * 2
    plain = units_of(csv(tmp_path, HEADER, [*ROW[:2], "￥120万", *ROW[3:]], [*ROW[:2], "7", "", *ROW[4:]]))
    assert [(line, column) for line, column, *_ in told(plain)] == [(3, "币种")]
    assert figures(plain) == ["1200000"]
