"""Tables as the pipeline reads them, of CSV and its kin or the sheets of a workbook: rows, made records of by a mapping."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from graph.model import SOURCING
from loaders import figures, mappers, tabular, workbooks
from loaders.forms.declare import NOTES
from loaders.reading import How, Measured, Part, Unit
from loaders.records import LoadError, RowError
from loaders.rows import RowBuilder
from loaders.units import header_unit

#: Source of the example rows of templates; a row that still has it was not filled in.
EXAMPLE = next(p.example for p in SOURCING if p.name == "source")


class Table(Protocol):
    """A table of any format, read to its header. `titles`: what stands above it, with the line."""

    header: tuple[str, ...]
    header_line: int
    titles: tuple[tuple[int, str], ...]

    def rows(self) -> Iterator[tabular.Row | tabular.BadRow]: ...


class TablePart:
    """A table with the mapping that its header fits, or that was asked for."""

    def __init__(self, table: Table, path: Path, how: How, name: str = "") -> None:
        self.name = name
        self._table = table
        self._path = path
        self.left_out: list[str] = []
        try:
            self._mapper = mappers.choose(table.header, how.mapping, how.vocabulary)
        except LoadError as error:
            if str(error).startswith("mapping "):  # the fault is the mapping's, not the table's
                raise
            raise LoadError(f"{self._where}, line {table.header_line}: {error}") from None
        self._figures = figures.Figures(self._mapper, table.header, getattr(table, "delimiter", ""))
        for line, text in table.titles:
            self._refuse_unit(line, text)
        for what, text in (("sheet", name), ("file", path.stem)):
            if why := self._figures.unit_above(text, where=f"it from the name of the {what}"):
                raise LoadError(f"{self._where}: the name of the {what} {why}")
        self._examples = 0

    @property
    def _where(self) -> str:
        return f"{self._path}, sheet {self.name}" if self.name else str(self._path)

    def _refuse_unit(self, line: int, text: str) -> None:
        if why := self._figures.unit_above(text):
            raise LoadError(f"{self._where}, line {line}: {why}")

    @property
    def mapping(self) -> str:
        return self._mapper.name

    @property
    def brings_entities(self) -> bool:
        return self._mapper.brings_entities

    @property
    def rank(self) -> int:
        """When it is read among the parts of its file: what others name comes first."""
        return self._mapper.rank

    def header_of(self, name: str) -> str:
        return self._mapper.header_of(name)

    def share(self) -> float | None:
        return self._table.share() if isinstance(self._table, Measured) else None

    def notes(self) -> list[str]:
        where = f"{self._path.name}, sheet {self.name}" if self.name else self._path.name
        units = ((column, header_unit(column)[1]) for column in self._table.header)
        told = [f"{where}: amounts of {column} are multiplied by {unit:,}" for column, unit in units if unit != 1]
        told += [f"{where}: the example row is left out"] if self._examples else []
        told += [f"{where}: {note}" for note in self._mapper.notes()]
        return [*told, *self.left_out]

    def units(self, builder: RowBuilder) -> Iterator[Unit]:
        for row in self._table.rows():
            if not isinstance(row, tabular.BadRow) and self._mapper.is_example(row.values):
                self._examples += 1
            elif isinstance(row, tabular.BadRow):
                self._refuse_unit(row.line, " ".join(row.raw))
                yield Unit(line=row.line, faults=[RowError(row.reason, column=row.column, value=row.value)])
            elif EXAMPLE in row.values.values():
                yield Unit(
                    line=row.line, faults=[RowError("this is the template's example row: replace it", value=EXAMPLE)]
                )
            elif faults := self._figures.doubts(row):
                yield Unit(line=row.line, faults=faults)
            elif any(row.values.values()):
                yield self._unit(row, builder)

    def _unit(self, row: tabular.Row, builder: RowBuilder) -> Unit:
        try:
            return Unit(line=row.line, records=self._mapper.records(row.values, row.line, builder))
        except RowError as error:
            if why := self._figures.unit_row(row.values):
                raise LoadError(f"{self._where}, line {row.line}: {why}") from None
            return Unit(line=row.line, faults=[error, *error.more])
        except ValueError as error:
            return Unit(line=row.line, faults=[RowError(str(error))])


@contextmanager
def open_csv(path: Path, how: How) -> Generator[list[Part]]:
    if how.sheet:
        raise LoadError(f"{path} has no sheets: leave out --sheet")
    headers = mappers.Headers.of(how.mapping, how.vocabulary)
    with tabular.open_table(path, how.encoding, (headers.fit, headers.near)) as table:
        yield [TablePart(table, path, how)]


def is_table(path: Path, how: How) -> bool:
    """Whether a text file begins with the header of a table, or nearly one. Raises UnreadableFile."""
    headers = mappers.Headers.of(how.mapping, how.vocabulary)
    with tabular.open_table(path, how.encoding, (headers.fit, headers.near, any)) as table:
        return headers.fit(table.header) or headers.near(table.header)


@contextmanager
def open_workbook(path: Path, how: How) -> Generator[list[Part]]:
    """The sheets that are tables, those first that bring what others name. A sheet left out is told of."""
    with workbooks.open_sheets(path) as sheets:
        if how.sheet and not any(sheet.name == how.sheet for sheet in sheets):
            raise LoadError(f"{path} has no sheet {how.sheet}: choose one of {', '.join(s.name for s in sheets)}")
        headers = mappers.Headers.of(how.mapping, how.vocabulary)
        parts: list[TablePart] = []
        left_out: list[str] = []
        for sheet in sheets:
            if how.sheet not in (None, sheet.name):
                continue
            if sheet.hidden and how.sheet is None:
                left_out.append(f"{path.name}: the sheet {sheet.name} is hidden and left out; --sheet reads it")
            elif part := _part_of(sheet, path, how, headers):
                parts.append(part)
            elif sheet.top and sheet.name != NOTES:
                left_out.append(f"{path.name}: the sheet {sheet.name} is no table that is known, and left out")
        if not parts:
            shown = ", ".join(sheet.name for sheet in sheets)
            raise LoadError(
                f"{path}: none of its sheets ({shown}) is a table that is known: "
                "give one with --mapping, or start from aidgraph template --xlsx all"
            )
        parts[0].left_out = left_out
        parts.sort(key=lambda part: part.rank)
        yield [*parts]


def _part_of(sheet: workbooks.Sheet, path: Path, how: How, headers: mappers.Headers) -> TablePart | None:
    """The sheet as a part; None where it holds no table. A table that nearly fits is refused, lest it be lost."""
    if sheet.find_header(headers.fit) or sheet.find_header(headers.near):  # the latter says what is missing
        return TablePart(sheet, path, how, sheet.name)
    return None
