"""Cells of a row by property name, and how each is read by the kind of its property."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import TypeVar

import msgspec

from graph.dates import span
from graph.model import Kind, Property
from graph.records import Value
from loaders import values
from loaders.records import RowError

T = TypeVar("T")

_MOST = 2**31 - 1  # of a count: what an Int of the API holds
_WHOLE = 100  # percent: of progress and of shares there is no more
_CELLS = 5_000  # converted cells kept, of each property


class Cells(msgspec.Struct, frozen=True):
    """Texts of the cells of a row by property name, and the column that each property stands in."""

    texts: dict[str, str]
    columns: Mapping[str, str]

    def column(self, name: str, otherwise: str | None = None) -> str:
        """The column of a cell that is given; else the name of the property, or what is to stand for it."""
        if name in self.texts:
            return self.columns[name]
        return name if otherwise is None else otherwise

    def text(self, name: str) -> str:
        """The cleaned text of a cell, empty where there is none."""
        return self.read(name, values.clean) if self.texts.get(name) else ""

    def read(self, name: str, convert_: Callable[[str], T]) -> T:
        try:
            return convert_(self.texts[name])
        except ValueError as error:
            raise RowError(str(error), column=self.columns[name], value=self.texts[name].strip()[:100]) from None


class Reader(msgspec.Struct, frozen=True):
    """How the cells of a property are read. They repeat, so what they came to is kept."""

    declared: Property
    convert: Callable[[str], Value]
    kept: dict[str, Value] = msgspec.field(default_factory=dict[str, Value])

    def value(self, cells: Cells) -> Value:
        name = self.declared.name
        value = cells.read(name, self.convert)
        if len(self.kept) < _CELLS and self.declared.kind is not Kind.TEXT:  # texts seldom repeat, and are quickly read
            self.kept[cells.texts[name]] = value
        return value


def partial_date(text: str) -> str:
    """An ISO date with the precision of the text, or a span in which it lies."""
    first, separator, last = values.clean(text).partition("..")
    if not separator:
        return values.partial_date(first)
    lower, upper = values.partial_date(first), values.partial_date(last)
    if span(lower)[0] > span(upper)[1]:
        raise ValueError("the span ends before it begins")
    return f"{lower}..{upper}"


def _count(text: str) -> int:
    count = values.integer(text)
    if not 0 <= count <= _MOST:
        raise ValueError(f"a count lies between 0 and {_MOST:,}")
    return count


def _coordinate(text: str) -> float:
    degrees = values.number(text)
    if not -180 <= degrees <= 180:
        raise ValueError("degrees lie between -180 and 180")
    return float(degrees)


def _share(text: str) -> str:
    if not 0 <= (percent := values.percent(text)) <= _WHOLE:
        raise ValueError(f"{text[: values.QUOTED]!r}: a percentage lies between 0 and 100; write 12.5 or 12.5%")
    return _plain(percent)


def _plain(number: Decimal) -> str:
    return format(number.normalize() if number else Decimal(0), "f")


_CONVERTERS: dict[Kind, Callable[[str], Value]] = {
    Kind.TEXT: values.clean,
    Kind.TEXTS: lambda text: [part for part in (values.clean(p) for p in text.replace("；", ";").split(";")) if part],
    Kind.INTEGER: _count,
    Kind.NUMBER: lambda text: _plain(values.number(text)),
    Kind.COORDINATE: _coordinate,
    Kind.CURRENCY: values.currency,
    Kind.BOOLEAN: values.boolean,
    Kind.DAY: values.day,
    Kind.DATE: partial_date,
    Kind.URL: values.url,
}


def _converter(declared: Property) -> Callable[[str], Value]:
    """What makes a value of a cell, for any kind but money and entities; its ValueError says what is wrong."""
    if declared.kind is Kind.CODE:
        allowed = {name: code.name for code in declared.codes for name in (code.name, code.zh) if name}
        return partial(values.code, allowed=allowed)
    if declared.kind is Kind.NUMBER and declared.unit == "percent":
        return _share
    return _CONVERTERS.get(declared.kind, values.clean)


def readers(properties: Iterable[Property]) -> dict[str, Reader]:
    return {declared.name: Reader(declared, _converter(declared)) for declared in properties}
