"""Figures of a table that would be read otherwise than they were meant: units above or below the header, cells that show
a unit or another currency, separators that may be of either kind, formulas without a value."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final, Protocol, runtime_checkable

from loaders import tabular, units
from loaders.looks import Look
from loaders.records import RowError

#: A number whose only separator has three digits behind it: 1.500 and 12,500 are thousands or decimals.
_EITHER: Final = re.compile(r"([1-9][0-9]{0,2})[.,]([0-9]{3})")
_FIGURE: Final = re.compile(r"[-+]?[0-9][0-9.]*")
_UNSAVED: Final = "holds a formula without its value: save the workbook in a spreadsheet again, or write the value"


class Maps(Protocol):
    @property
    def money_columns(self) -> list[str]: ...


@runtime_checkable
class Telling(Protocol):
    """A mapper that tells of other columns than those of money."""

    @property
    def count_columns(self) -> list[str]:
        """Columns of figures that are neither money nor percent."""
        ...

    def reads(self, column: str) -> bool: ...


class Figures:
    """The columns of figures of one table. `delimiter`: of a CSV file."""

    def __init__(self, mapper: Maps, header: Iterable[str], delimiter: str = "") -> None:
        self._mapper = mapper if isinstance(mapper, Telling) else None
        there = set(header)
        self._money = [column for column in mapper.money_columns if column in there]
        self._counts = [c for c in self._mapper.count_columns if c in there] if self._mapper else list[str]()
        self._figures = (*self._money, *self._counts)
        self._semicolon = delimiter == ";"

    def unit_above(self, text: str, where: str = "the line") -> str:
        """Why a table with this title cannot be read: its unit may hold for some of its columns or for all, and that is
        for its owner to say. `where`: what else could be changed."""
        told = units.told(text)
        for column in self._money:
            if why := self._another_unit(column, [unit for unit in told if unit.money]):
                return f"{why}, or remove {where}"
        for unit in told:
            money = [column for column in self._money if units.own_factor(column) is None]
            if unit.money and unit.times != 1 and money:
                how = unit.header(money[0])
                how = f"write the unit into the header, as in {how}" if how else "write the figures out"
                return f"says that amounts are in {unit.text}, and the column {money[0]} does not: {how}, or remove {where}"
            if unit.counts and self._counts and not (unit.money and self._money):
                return (
                    f"says that figures are in {unit.text}, and the column {self._counts[0]} has no unit: "
                    f"write its figures out, and remove {where}"
                )
        return ""

    @staticmethod
    def _another_unit(column: str, told: list[units.Told]) -> str:
        """What is wrong where units are told of amounts and the header gives one of its own, or another currency."""
        own = units.own_factor(column)
        if own is None or not told:
            return ""
        alike = [unit for unit in told if unit.times == own]
        if not alike:
            return f"says that amounts are in {told[0].text}, and the column {column} gives another unit: correct the header"
        if units.in_yuan(column) and all(unit.foreign for unit in alike):
            plain = alike[0].header(units.header_unit(column)[0]) or units.header_unit(column)[0]
            return (
                f"says that amounts are in {alike[0].text}, and the column {column} is of yuan: "
                f"write {plain}, and the currency into a column 币种"
            )
        return ""

    def unit_row(self, values: Mapping[str, str]) -> str:
        """Why a table with this row, which is no fact, cannot be read: it gives units to the columns above it."""
        filled = {column: text for column, text in values.items() if text.strip()}
        for column in self._figures:
            if column not in filled or not (unit := units.whole(filled[column])):
                continue
            if (own := units.own_factor(column)) is not None and own != unit.times:
                return (
                    f"gives the column {column} the unit {unit.text}, and its header gives another: correct the header"
                )
            if own is None:
                how = unit.header(column) if column in self._money else ""
                how = f"write it into the header, as in {how}" if how else "write the figures out"
                return f"gives the column {column} the unit {unit.text}: {how}, and remove the line"
        return self.unit_above(" ".join(filled.values())) if len(filled) <= 2 else ""

    def doubts(self, row: tabular.Row) -> list[RowError]:
        """Cells that would be read otherwise than they were meant. A currency that a cell shows is put beside its number."""
        faults = [
            RowError(_UNSAVED, column=column)
            for column in row.unsaved
            if self._mapper is None or self._mapper.reads(column)
        ]
        for column, look in row.looks.items():
            if column in self._figures and (why := self._unit_shown(column, look)):
                faults.append(RowError(why, column=column, value=row.values[column]))
            elif look.currency and column in self._money and _FIGURE.fullmatch(row.values[column]):
                row.values[column] = f"{look.currency}{row.values[column]}"
        for column in self._figures if self._semicolon else ():
            if match := _EITHER.fullmatch(_digits(row.values.get(column, ""))):
                whole, part = match[1] + match[2], f"{match[1]}.{match[2].rstrip('0') or '0'}"
                why = f"may be {whole} or {part} in a table with semicolons: write {whole}, or {part}"
                faults.append(RowError(why, column=column, value=row.values[column].strip()))
        return faults

    def _unit_shown(self, column: str, look: Look) -> str:
        unit = units.whole(look.unit)
        times = 1 if look.unit == "元" else unit.times if unit else 0
        if not look.unit or (times and (units.own_factor(column) or 1) == times):
            return ""
        if times == 1:
            return f"is shown with the unit {look.unit}, and the header gives another: write the figure in the unit of the header"
        how = unit.header(units.header_unit(column)[0]) if unit and column in self._money else ""
        how = f"write the unit into the header, as in {how}," if how else "write the figure out"
        return f"is shown with the unit {look.unit}, which is not in the cell: {how} and give the cells a plain format"


def _digits(text: str) -> str:
    """A figure without what may stand around its digits."""
    return re.sub(r"^[^0-9.,]+|[^0-9.,]+$", "", unicodedata.normalize("NFKC", text[:100]))
