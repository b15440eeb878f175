"""One cleaning function a kind of value: the text of a cell in, the value out.

Pure functions. What cannot be read without guessing raises `ValueError`, whose message says what is wrong
and what would be right. No I/O, no records, no codelists of sources.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Final, cast
from urllib.parse import urlsplit

from graph import names
from graph.money import CURRENCIES, minor_units
from loaders import units

INT64_MAX: Final = 2**63 - 1
MAX_DIGITS: Final = 38  # what DECIMAL columns of databases hold; more is a joined cell or an attack
MAX_URL: Final = 2_000
QUOTED: Final = 100  # characters of a value repeated in a message
SHOWN_CODES: Final = 12

# Full-width forms are an input method's habit and mean the same; other digits (Arabic, superscript) may not.
_HALF_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x3000: " ",
    0xFFE1: "£",
    0xFFE5: "¥",
    0xFFE6: "₩",
}
_MINUS: Final = str.maketrans({"−": "-", "﹣": "-"})  # minus signs met in files

_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_INVISIBLE: Final = "\ufeff\u200b\u2060"  # byte-order mark, zero-width space, word joiner
_NUMBER: Final = re.compile(r"([-+]?)([1-9][0-9]{0,2}(?:,[0-9]{3})+|[0-9]+)?(?:\.([0-9]+))?")
_UNIT: Final = re.compile(
    r"([^a-z一-鿿]*[0-9])\s*([千百十]?[万亿兆]|[千百十]|(?:thousand|million|billion|mn|bn|k|m)(?![a-z]))", re.I
)
_MONEY: Final = re.compile(r"([^0-9.]*)([0-9.][0-9.,]*)([^0-9]*)")


def _refuse(text: str, why: str) -> ValueError:
    return ValueError(f"{text[:QUOTED]!r}{'…' if len(text) > QUOTED else ''}: {why}")


def _visible(text: str) -> str:
    """The text without white space and invisible characters at its ends; refuses control characters."""
    if text.isascii() and text.isprintable():
        return text.strip()
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if bad := _CONTROL.search(text):
        what = "a NUL" if bad[0] == "\0" else f"the control character U+{ord(bad[0]):04X}"
        raise _refuse(text, f"holds {what}; remove it or name the encoding of the file")
    while (shorter := text.strip().strip(_INVISIBLE)) != text:
        text = shorter
    return text


def blank(text: str) -> bool:
    """Whether a cell holds nothing that can be seen: white space and characters without a form of their own."""
    text = text.strip()
    return not text or (
        not text.isascii() and all(char.isspace() or unicodedata.category(char) == "Cf" for char in text)
    )


def clean(text: str) -> str:
    """Text in NFC without white space at its ends; line ends become newlines, other control characters are refused."""
    if text.isascii() and text.isprintable():  # most cells: nothing to compose, nothing to refuse
        return text.strip()
    return unicodedata.normalize("NFC", _visible(text))


def _half(text: str) -> str:
    """Cleaned text with full-width letters, digits and signs made half-width, and traditional characters simplified."""
    cleaned = clean(text)
    if cleaned.isascii():
        return cleaned
    half = cleaned.translate(_HALF_WIDTH).translate(_MINUS).strip()
    return names.simplified(half) if len(half) <= QUOTED else half


def number(text: str) -> Decimal:
    """An exact decimal; thousands commas only in their places, at most 38 digits, no exponent, no unit."""
    plain = _half(text)
    match = _NUMBER.fullmatch(plain) if len(plain) <= QUOTED else None
    if match is None or not (match[2] or match[3]):
        raise _refuse(text, _why_no_number(plain))
    sign, whole, fraction = match[1], (match[2] or "0").replace(",", ""), match[3] or ""
    if len((whole + fraction).lstrip("0")) > MAX_DIGITS or len(fraction) > MAX_DIGITS:
        raise _refuse(text, f"has more than {MAX_DIGITS} digits")
    value = Decimal(f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}")
    return value if value else value.copy_abs()


def _why_no_number(plain: str) -> str:
    if not plain:
        return "is empty; a number is needed"
    if len(plain) > QUOTED:
        return f"has more than {QUOTED} characters; a number is needed"
    if re.fullmatch(r"\(.*\)", plain):
        return "is ambiguous: a refund or a negative number? Write -500, or record a refund as such"
    if re.fullmatch(r"[-+]?[0-9.,]+e[-+]?[0-9]+", plain, re.I):
        return "is written with an exponent, which loses digits; write the number out"
    if unit := _UNIT.match(plain):
        return _why_no_unit(unit[1], unit[2], plain[unit.end() :])
    if re.fullmatch(r"[-+]?[0-9.,]+", plain):
        return "has commas or points where a number has none; write 1,200,000.50 or 1200000.50"
    return "is no number; write digits such as 1200000.50"


def _why_no_unit(head: str, unit: str, rest: str) -> str:
    is_all = not re.search("[0-9千百十万亿兆]", rest)  # 1亿2千万 is more than 1亿
    match = _NUMBER.fullmatch(head.strip()) if is_all else None
    size = units.SIZES.get(unit)
    example = "the number without it"
    if match is not None and size is not None and len(head) <= MAX_DIGITS:
        example = format((Decimal(head.strip().replace(",", "")) * size).normalize(), "f")
    return f"the unit {unit} belongs in the header; or write {example}"


def integer(text: str) -> int:
    """A whole number within int64; thousands commas only in their places, no decimals."""
    value = number(text)
    if not isinstance(exponent := value.as_tuple().exponent, int) or exponent < 0:
        raise _refuse(text, "has decimals; a whole number is needed")
    if not -INT64_MAX - 1 <= (whole := int(value)) <= INT64_MAX:
        raise _refuse(text, f"is beyond {INT64_MAX}, the largest whole number that is stored")
    return whole


def percent(text: str) -> Decimal:
    """Percent as a number: 12.5 % is 12.5; the sign may be left out, and 0.125 is an eighth of one percent."""
    plain = _half(text)
    try:
        return number(plain.removesuffix("%").rstrip())
    except ValueError:
        raise _refuse(text, "is no percentage; write 12.5 or 12.5%") from None


_ALIASES: Final = {
    "RMB": "CNY", "人民币": "CNY", "元": "CNY", "人民币元": "CNY", "CN¥": "CNY", "RMB¥": "CNY",
    "US$": "USD", "美元": "USD", "美金": "USD", "€": "EUR", "欧元": "EUR", "英镑": "GBP", "UK£": "GBP",
    "日元": "JPY", "日圆": "JPY", "JP¥": "JPY", "港元": "HKD", "港币": "HKD", "HK$": "HKD", "澳门元": "MOP",
    "MOP$": "MOP", "新台币": "TWD", "NT$": "TWD", "韩元": "KRW", "澳元": "AUD", "澳大利亚元": "AUD", "A$": "AUD",
    "加元": "CAD", "加拿大元": "CAD", "CA$": "CAD", "新西兰元": "NZD", "NZ$": "NZD", "新加坡元": "SGD",
    "台币": "TWD", "NTD": "TWD", "澳币": "AUD", "加币": "CAD", "澳门币": "MOP", "葡币": "MOP",
    "瑞士法郎": "CHF", "泰铢": "THB", "德国马克": "DEM", "法国法郎": "FRF",
}  # fmt: skip
_DOLLARS: Final = """
ARS AUD BBD BMD BND BSD BZD CAD CLP COP CUP DOP FJD GYD HKD JMD KYD LRD MXN NAD NZD SBD SGD SRD TTD TWD USD UYU XCD
"""
# Signs of several currencies: they agree with each of these, and name none of them.
_SIGNS: Final = {
    "¥": frozenset({"CNY", "JPY"}),
    "£": frozenset({"GBP", "EGP", "FKP", "GIP", "LBP", "SDG", "SHP", "SSP", "SYP", "IEP", "CYP"}),
    "₩": frozenset({"KRW", "KPW"}),
    "$": frozenset(_DOLLARS.split()),
}


@lru_cache(maxsize=1_024)  # a table has few
def currency(text: str) -> str:
    """An ISO 4217 code, also a withdrawn one, from the code or from a name or sign that means one currency only."""
    name = _half(text).upper()
    if name in CURRENCIES:
        return name
    if name in _ALIASES:
        return _ALIASES[name]
    if not name:
        raise _refuse(text, "is empty; an ISO 4217 code such as CNY is needed")
    if name in _SIGNS:
        raise _refuse(text, f"may be {' or '.join(sorted(_SIGNS[name])[:3])}; write the ISO 4217 code")
    if name in {"XXX", "XTS"}:
        raise _refuse(text, "means no currency or a test; write the ISO 4217 code of the money")
    raise _refuse(text, "is no ISO 4217 currency; write a code such as CNY")


_PLAIN_DIGITS: Final = 14  # with four decimals still within int64


def money(text: str, currency_text: str) -> tuple[int, str, str]:
    """Amount in minor units rounded half-even, the exact plain decimal text, and the ISO 4217 code.

    A sign, code or name beside the number must agree with the currency given.
    """
    code = currency(currency_text)
    plain = _half(text)
    if len(plain) <= _PLAIN_DIGITS and plain.isascii() and plain.isdigit():  # most amounts: exact without more ado
        whole = int(plain)
        return whole * 10 ** minor_units(code), str(whole), code
    match = _MONEY.fullmatch(plain) if len(plain) <= QUOTED else None
    if match is None or plain.startswith("("):
        raise _refuse(text, _why_no_number(plain))
    before, digits, after = match[1].strip(), match[2], match[3].strip()
    if unit := _UNIT.match(digits + after):
        raise _refuse(text, _why_no_unit(unit[1], unit[2], (digits + after)[unit.end() :]))
    sign = next((end for end in (before[:1], before[-1:]) if end in ("-", "+")), "")
    before = before.removeprefix(sign) if before[:1] == sign else before.removesuffix(sign)
    for mark in (before.strip(), after):
        if mark and not _agrees(mark, code):
            raise _refuse(text, f"{mark[:20]!r} does not agree with the currency {code}")
    try:
        value = number(sign + digits)
    except ValueError:
        raise _refuse(text, _why_no_number(sign + digits)) from None
    places = minor_units(code)
    minor = int(_shifted(value, places).to_integral_value(ROUND_HALF_EVEN))
    if not -INT64_MAX - 1 <= minor <= INT64_MAX:
        raise _refuse(text, f"is beyond {INT64_MAX} minor units of {code}, the largest amount that is stored")
    return minor, format(value, "f"), code


def scaled(text: str, currency_text: str, factor: int) -> tuple[int, str]:
    """Minor units and exact amount of a cell whose header gives a unit of so many (1 where it gives none).

    A Chinese unit in the cell is read where the header gives none: ￥120万 is 1,200,000.
    """
    before, unit, after = _with_unit(text)
    if unit and factor != 1:
        size = Decimal(units.SIZES[unit]) / factor
        example = (
            f"write {format((number(before) * size).normalize(), 'f')}" if _NUMBER.fullmatch(before) else "leave it out"
        )
        raise _refuse(text, f"has the unit {unit}, and the header gives one too; {example}")
    if unit:
        factor, text = units.SIZES[unit], before + after
    elif factor != 1 and (told := _IN_UNITS.fullmatch(_half(text)[:QUOTED])):
        example = (
            format((number(told[1]) / factor).normalize(), "f") if _NUMBER.fullmatch(told[1]) else "the number alone"
        )
        raise _refuse(text, f"is told in {told[2]}, and the header gives another unit; write {example}")
    minor, exact, code = money(text, currency_text)
    if factor == 1:
        return minor, exact
    whole = (Decimal(exact) * factor).normalize()
    minor, exact, _ = money(format(whole, "f"), code)
    return minor, exact


#: An amount that says itself what it is in: 5500元, 5,500美元.
_IN_UNITS: Final = re.compile(r"[^0-9]{0,9}([0-9][0-9,.]*)\s?((?:人民币|美|欧|日|港|澳|加|韩)?[元圆])")


def _with_unit(text: str) -> tuple[str, str, str]:
    """What stands before the Chinese unit of a number, the unit, and what stands after it; '' where there is none."""
    plain = _half(text)
    match = _MONEY.fullmatch(plain) if len(plain) <= QUOTED else None
    unit = _UNIT.match(match[2] + match[3].strip()) if match else None
    if match is None or unit is None or unit[2] not in units.SIZES:
        return plain, "", ""
    return match[1] + unit[1], unit[2], (match[2] + match[3].strip())[unit.end() :]


def _agrees(mark: str, code: str) -> bool:
    if (codes := _SIGNS.get(mark)) is not None:
        return code in codes
    try:
        return currency(mark) == code
    except ValueError:
        return False


def _shifted(value: Decimal, places: int) -> Decimal:
    """The decimal point moved to the right, exactly, whatever the precision of the thread's context."""
    sign, digits, exponent = value.as_tuple()
    return Decimal((sign, digits, exponent + places)) if isinstance(exponent, int) else value


_DATES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"([0-9]{4})(?:-([0-9]{2}))?",
        r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})",
        r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})",
        r"([0-9]{4})\.([0-9]{1,2})\.([0-9]{1,2})",
        r"([0-9]{4})([0-9]{2})([0-9]{2})",
        r"([0-9]{4})\s*年度",
        r"([0-9]{4})\s*年\s*([0-9]{1,2})\s*月份",
        r"([0-9]{4})\s*年(?:\s*([0-9]{1,2})\s*月(?:\s*([0-9]{1,2})\s*日)?)?",
    )
)
_WHY_NO_DATE: Final = (
    (r"", "is empty; a date such as 2019, 2019-07 or 2019-07-03 is needed"),
    (r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4}", "is ambiguous (day, month and year); write 2019-07-03"),
    (r"[0-9]{4}[-/.][0-9]{1,2}", "is ambiguous (a month, or a span of years); write 2019-07"),
    (r"[0-9]{1,2}/[0-9]{4}", "is no ISO date; write 2019-07"),
    (r".*[0-9]:[0-9].*", "has a time of day; write the day only, 2019-07-03"),
)


def partial_date(text: str) -> str:
    """An ISO date with the precision of the text: YYYY, YYYY-MM or YYYY-MM-DD, years 1000 to 2999."""
    plain = _half(text)
    match = next((found for shape in _DATES if (found := shape.fullmatch(plain))), None)
    if match is None:
        why = _serial(plain) or next((why for shape, why in _WHY_NO_DATE if re.fullmatch(shape, plain)), None)
        raise _refuse(text, why or "is no date; write 2019, 2019-07 or 2019-07-03")
    year, month, dom = [int(part) if part else None for part in (*match.groups(), None, None)][:3]
    if year is None or not 1000 <= year <= 2999:
        raise _refuse(text, "has a year outside 1000 to 2999")
    try:
        date(year, 1 if month is None else month, 1 if dom is None else dom)
    except ValueError:
        raise _refuse(text, "is no day or month of the calendar; write 2019-07-03") from None
    return "-".join([str(year), *(f"{part:02}" for part in (month, dom) if part is not None)])


#: Day 0 of Excel's numbers of days, from March 1900 on.
_EXCEL: Final = date(1899, 12, 30)


def _serial(plain: str) -> str:
    """What is said of a number of five digits, which a spreadsheet may have made of a day."""
    if not re.fullmatch(r"[0-9]{5}(\.[0-9]+)?", plain):
        return ""
    meant = _EXCEL + timedelta(days=int(plain[:5]))
    return f"looks like the number that Excel keeps for {meant}; format the cells as text, and write {meant} if that is the day"


def day(text: str) -> str:
    """An ISO day; a year or a month alone is refused."""
    if len(iso := partial_date(text)) != len("2019-07-03"):
        raise _refuse(text, "is a year or a month; a day such as 2019-07-03 is needed")
    return iso


_BOOLEANS: Final[dict[str, bool]] = {
    **dict.fromkeys(("true", "yes", "y", "1", "是"), True),
    **dict.fromkeys(("false", "no", "n", "0", "否"), False),
}


def boolean(text: str) -> bool:
    """True or false, from true/false, yes/no, y/n, 1/0 or 是/否."""
    try:
        return _BOOLEANS[_half(text).lower()]
    except KeyError:
        raise _refuse(text, "is neither true nor false; write true or false, 是 or 否") from None


def code(text: str, allowed: Collection[str] | Mapping[str, str]) -> str:
    """One of the allowed codes, letter case included; a mapping also gives the aliases of its codes.

    Who writes Chinese is told what may stand here in Chinese.
    """
    cleaned = clean(text)
    codes = frozenset(allowed)
    if isinstance(allowed, Mapping):
        aliases = cast("Mapping[str, str]", allowed)
        if (known := aliases.get(cleaned) or aliases.get(_half(cleaned))) is not None:
            return known
        chinese = frozenset(name for name in aliases if names.has_han(name)) if names.has_han(cleaned) else None
        codes = chinese or frozenset(aliases.values())
    if cleaned in codes:
        return cleaned
    listed = sorted(codes)
    more = f" and {len(listed) - SHOWN_CODES} more" if len(listed) > SHOWN_CODES else ""
    raise _refuse(text, f"is not one of {', '.join(listed[:SHOWN_CODES])}{more}")


_PROVINCE_CODES: Final = """
11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82
"""
_PROVINCES: Final = frozenset(_PROVINCE_CODES.split())


def place_code(text: str) -> str:
    """A GB/T 2260 code of six digits; codes of a province or a prefecture alone are filled up with zeros."""
    plain = _half(text)
    if not re.fullmatch(r"[0-9]+", plain):
        letters = " (the letter O for a zero?)" if re.fullmatch(r"[0-9Oo]+", plain) else ""
        raise _refuse(text, f"is no division code{letters}; write six digits such as 530724")
    if len(plain) == 12 and plain.endswith("000000"):
        plain = plain[:6]
    if len(plain) not in (2, 4, 6):
        raise _refuse(text, f"has {len(plain)} digits; a division code has six, such as 530724")
    if plain[:2] not in _PROVINCES:
        raise _refuse(text, f"begins with {plain[:2]}, which is no province; write six digits such as 530724")
    return plain.ljust(6, "0")


def url(text: str) -> str:
    """A web address as given: http or https, without credentials, at most 2,000 characters."""
    address = _visible(text)
    if not address or len(address) > MAX_URL:
        raise _refuse(text, f"is empty or longer than {MAX_URL} characters; write https://…")
    if any(not char.isprintable() or char.isspace() or char in '<>"\\' for char in address):
        raise _refuse(text, "holds a space, an invisible character, a quote or a backslash; encode it as %20 …")
    try:
        parts = urlsplit(address)
        port_ok = parts.port != 0
    except ValueError:
        raise _refuse(text, "has no valid host or port; write https://host/path") from None
    if parts.scheme not in {"http", "https"}:
        raise _refuse(text, "is no web address; write https://…")
    if "@" in parts.netloc:
        raise _refuse(text, "holds a user name or a password; remove what stands before @")
    if not parts.hostname or not port_ok:
        raise _refuse(text, "has no valid host or port; write https://host/path")
    return address
