"""The forms as an empty workbook: a sheet for each, with an example row, lists to choose from, and notes."""

from pathlib import Path
from typing import Any, Final, cast

import xlsxwriter  # pyright: ignore[reportMissingTypeStubs]
from xlsxwriter.exceptions import FileCreateError  # pyright: ignore[reportMissingTypeStubs]

from loaders.forms.declare import NOTES, Column, Form, Holds
from loaders.forms.sheets import FORMS
from loaders.records import LoadError

UNIT: Final = "万元"
#: Rows that offer lists to choose from.
_ROWS: Final = 5_000
_HEADER, _FIRST = 1, 2  # rows from 0: the title stands above the header
_HOW: Final = (
    "每张表一类事实，每行一条。第三行是示例：可覆盖或保留，保留时不会被读入。",
    "A sheet for each kind of fact, one a row. The third row is an example: write over it; untouched, it is not read.",
    "带 * 的列必填。金额列的单位写在表头，例如 金额(万元)；改单位请改表头。",
    "Columns with * must be filled in. The unit of amounts stands in the header, as in 金额(万元); change it there.",
    "日期写成 2024、2024-05、2024-05-31 或 2024年5月；地名重复时（如朝阳区）请填代码。",
    "Dates are written 2024, 2024-05, 2024-05-31 or 2024年5月; where several places have a name, give the code.",
    "空白表可以保留或删除。Sheets that stay empty may be left or removed.",
)


def chosen(names: str) -> list[Form]:
    """The forms meant by `all`, or by their keys or names with commas between them. Raises LoadError."""
    if names.strip().casefold() == "all":
        return list(FORMS.values())
    known = {name.casefold(): form for form in FORMS.values() for name in (form.key, form.zh, form.en)}
    found: dict[str, Form] = {}
    for name in names.replace("，", ",").split(","):
        form = known.get(name.strip().casefold())
        if form is None:
            raise LoadError(f"there is no form {name.strip()[:60]!r}: choose all, or of {', '.join(FORMS)}")
        found[form.key] = form
    return list(found.values())


def write(path: Path, forms: list[Form]) -> None:
    """Writes the forms to a new file; raises LoadError where it is there already or cannot be written."""
    try:
        path.open("xb").close()
    except FileExistsError:
        raise LoadError(f"{path} is there already: name another file, or remove it first") from None
    except OSError as error:
        raise LoadError(f"{path} cannot be written: {error.strerror}") from None
    # the library's methods are not typed
    book = cast("Any", xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}))
    _notes(book, forms)
    for form in forms:
        _sheet(book, form)
    try:
        book.close()
    except FileCreateError as error:
        raise LoadError(f"{path} cannot be written: {error}") from None


def header(column: Column) -> str:
    """The header of a column in the workbook: both names, and for amounts the unit."""
    unit = f" ({UNIT})" if column.holds is Holds.MONEY else ""
    return f"{column.zh} {column.en}{unit}"


def _notes(book: Any, forms: list[Form]) -> None:
    sheet = book.add_worksheet(NOTES)
    bold, wrap = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 34)
    sheet.set_column(2, 2, 110, wrap)
    for row, line in enumerate(_HOW):
        sheet.write_string(row, 0, line)
    row = len(_HOW) + 1
    for at, name in enumerate(("表 Sheet", "列 Column", "含义 Meaning")):
        sheet.write_string(row, at, name, bold)
    for form in forms:
        row += 1
        sheet.write_string(row, 0, form.name, bold)
        sheet.write_string(row, 2, form.purpose)
        for column in form.columns:
            row += 1
            sheet.write_string(row, 1, f"{column.zh} {column.en}{' *' if column.required else ''}")
            sheet.write_string(row, 2, _explained(column))


def _explained(column: Column) -> str:
    codes = "；".join(f"{code.zh} ({code.description})" for code in column.codes)
    how = "" if column.holds in (Holds.TEXT, Holds.CODE, Holds.NUMBER) else f" Holds {column.holds.value}."
    return f"{column.meaning}{how}{f' One of: {codes}' if codes else ''}"


def _sheet(book: Any, form: Form) -> None:
    sheet = book.add_worksheet(form.name)
    title = book.add_format({"bold": True, "font_size": 13})
    plain = {"bold": True, "text_wrap": True, "valign": "vcenter", "border": 1}
    head, needed = book.add_format({**plain, "bg_color": "#E7EEF5"}), book.add_format({**plain, "bg_color": "#F7E3C8"})
    text, example = book.add_format({"num_format": "@"}), book.add_format({"italic": True, "font_color": "#808080"})
    example_text = book.add_format({"italic": True, "font_color": "#808080", "num_format": "@"})
    sheet.write_string(0, 0, f"{form.name}: {form.purpose}", title)
    sheet.set_row(_HEADER, 48)
    sheet.freeze_panes(_FIRST, 0)
    for at, column in enumerate(form.columns):
        figure = column.holds in (Holds.NUMBER, Holds.MONEY)
        sheet.set_column(at, at, 18, None if figure else text)
        sheet.write_string(_HEADER, at, header(column), needed if column.required else head)
        sheet.write_comment(_HEADER, at, _explained(column), {"x_scale": 2, "y_scale": 1.5})
        if column.example and figure:
            sheet.write_number(_FIRST, at, float(column.example), example)
        elif column.example:
            sheet.write_string(_FIRST, at, column.example, example_text)
        if column.codes:
            codes = [code.zh for code in column.codes]
            rule = {
                "validate": "list",
                "source": codes,
                "error_title": column.zh,
                "error_message": "、".join(codes)[:255],
            }
            sheet.data_validation(_FIRST, at, _ROWS, at, rule)
        elif figure:
            rule = {"validate": "decimal", "criteria": ">", "value": -1e15, "error_message": f"{column.zh}: a number"}
            sheet.data_validation(_FIRST, at, _ROWS, at, rule)
