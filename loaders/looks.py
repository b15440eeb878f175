"""What a spreadsheet's number formats show that its values do not hold: percent, a month or a year alone, currency, unit.

Pure functions of format codes and of texts as shown; where cells stand is told by `archive`, `ods` and `xls`.
"""

import re
import unicodedata
from array import array
from bisect import bisect_left
from decimal import Decimal
from functools import lru_cache
from typing import Final

import msgspec

from loaders import values

#: Cells of a workbook that are shown otherwise than they are held; more are not kept.
MOST: Final = 4_000_000
#: Characters of a code that are read: a spreadsheet allows 255.
_LONGEST: Final = 500
#: Numbers of formats that say what they show without a code: percent, and months (27 and its like: in Chinese).
_MONTHS: Final = frozenset((17, 27, 36, 50, 52, 57))
_PERCENTS: Final = frozenset((9, 10))
#: Of these the currency is that of the computer which shows them, whatever sign they were saved with.
_LOCAL: Final = frozenset((5, 6, 7, 8, 41, 42, 43, 44))
#: Signs of several currencies, made out by the language beside them.
_BY_LANGUAGE: Final = {
    ("¥", "804"): "CNY", ("¥", "411"): "JPY", ("$", "409"): "USD", ("$", "404"): "TWD", ("$", "C04"): "HKD",
    ("$", "1004"): "SGD", ("$", "C09"): "AUD", ("$", "1009"): "CAD", ("$", "C0C"): "CAD", ("$", "1409"): "NZD",
    ("£", "809"): "GBP",
}  # fmt: skip
_SIGNS: Final = "$€£¥₩"
_LITERAL: Final = re.compile(r'"([^"]*)"|\\(.)|_.|\*.|\[([^\]]*)\]', re.S)
#: A comma that divides what is shown by a thousand: the unit behind it is of the figure as shown.
_DIVIDED: Final = re.compile(r"[0#?],+(?![0#?])")
_MONTH_SHOWN: Final = re.compile(r"[A-Za-z]{3,9}\.?[-\s/,.]{1,2}[0-9]{2,4}|[0-9]{1,2}月[-\s]?[0-9]{2,4}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?: [0-9:.]+)?")
_ENGLISH_UNIT: Final = re.compile(r"(?<![a-z])(?:thousand|million|billion|mn|bn|k|m)s?(?![a-z0-9²³])", re.I)
_CHINESE_UNIT: Final = re.compile(r"(?:百万|千万|十万|[万亿兆]|[百千](?=[元美欧英日港人]))[^0-9\s]{0,6}|[百千]$")


class Look(msgspec.Struct, frozen=True):
    """How a cell is shown. `precision`: year or month, of a date; `currency`: a code or a sign; `unit`: as written."""

    percent: bool = False
    precision: str = ""
    currency: str = ""
    unit: str = ""


PLAIN: Final = Look()


@lru_cache(maxsize=4_096)  # a workbook has few
def of_format(number: int, code: str = "") -> Look:
    """The look of a number format, by its number and, where the workbook gives one, its code."""
    code = code[:_LONGEST]
    if not code:
        return Look(percent=number in _PERCENTS, precision="month" if number in _MONTHS else "")
    literals: list[str] = []
    bare: list[str] = []
    at, named = 0, ""
    for match in _LITERAL.finditer(code):
        bare.append(code[at : match.start()])
        at = match.end()
        literals.append(match[1] or match[2] or "")
        named = named or _currency(match[3] or "")
    bare.append(code[at:])
    plain = "".join(bare)
    texts = [unicodedata.normalize("NFKC", text).strip() for text in ("".join(literals), *literals, plain)]
    currency = "" if number in _LOCAL else named or next((said for text in texts if (said := _named(text))), "")
    divided = _DIVIDED.search(plain) or "!" in plain
    unit = "" if divided else next((said for text in texts[:-1] if (said := unit_in(text))), "")
    return Look(percent="%" in plain, precision=_precision(plain), currency=currency, unit=unit)


def _currency(bracketed: str) -> str:
    """The currency of [$€-407], [$USD], [$¥-804]; empty of other brackets."""
    sign, _, language = bracketed.removeprefix("$").partition("-")
    sign = unicodedata.normalize("NFKC", sign).strip()
    if not bracketed.startswith("$") or not sign:
        return ""
    return _BY_LANGUAGE.get((sign, language.upper().lstrip("0"))) or _named(sign)


def _named(text: str) -> str:
    """The currency that a text is, or the sign of one that it holds."""
    try:
        return values.currency(text)
    except ValueError:
        return next((sign for sign in _SIGNS if sign in text), "")


def unit_in(text: str) -> str:
    """The unit in a text beside a number as shown: 万元 of 1,000 万元; empty where there is none."""
    match = _CHINESE_UNIT.search(text) or _ENGLISH_UNIT.search(text)
    return match[0].strip() if match else "元" if text.rstrip().endswith("元") else ""


def _precision(plain: str) -> str:
    """Of a date format without its literals: whether it shows a year or a month alone."""
    signs = plain.partition(";")[0].lower()
    if any(sign in signs for sign in "dhs0#?@"):
        return ""
    if "m" in signs:
        return "month"
    return "year" if re.fullmatch(r"[\s/.,-]*(?:y+|e+)[\s/.,-]*", signs) else ""


def shortened(text: str, precision: str) -> str:
    """A day as its cell shows it: 2024-03-01 with the look of a month is 2024-03. Any other text stays."""
    return text[: {"year": 4, "month": 7}[precision]] if precision and _DAY.fullmatch(text) else text


def of_number(text: str, value: str) -> str:
    """The unit that a number is shown with, as in 1,000 万元; none where it is shown divided by it, 1.2万 for 12000."""
    if not (unit := unit_in(text)):
        return ""
    try:
        shown = Decimal(re.sub("[^0-9.]", "", text[:_LONGEST]))
        return unit if abs(shown - abs(Decimal(value))) < 1 else ""
    except ArithmeticError:
        return unit


def of_text(text: str) -> str:
    """What a date that is shown as this text shows: year, month, or all of it, which is empty."""
    if _MONTH_SHOWN.fullmatch(text.strip()):
        return "month"
    try:
        return {4: "year", 7: "month"}.get(len(values.partial_date(text)), "")
    except ValueError:
        return ""


class Looks:
    """Looks of the cells of one sheet, a few bytes for each: there may be a million."""

    def __init__(self) -> None:
        self._kinds: dict[Look, int] = {}
        self._cells = array("Q")  # row, column (14 bits), kind (16 bits)
        self._sorted = True

    def __len__(self) -> int:
        return len(self._cells)

    def add(self, row: int, column: int, look: Look) -> None:
        kind = self._kinds.setdefault(look, len(self._kinds))
        if kind < 1 << 16 and column < 1 << 14:
            self._cells.append(row << 30 | column << 16 | kind)
            self._sorted = False

    def of_row(self, row: int) -> list[tuple[int, Look]]:
        """Column, from 0, and look of the cells of a row, from 1."""
        if not self._sorted:
            self._cells = array("Q", sorted(self._cells))
            self._sorted = True
        kinds = list(self._kinds)
        at = bisect_left(self._cells, row << 30)
        found: list[tuple[int, Look]] = []
        while at < len(self._cells) and (cell := self._cells[at]) >> 30 == row:
            found.append((cell >> 16 & 0x3FFF, kinds[cell & 0xFFFF]))
            at += 1
        return found
