"""Tables as text (CSV and its kin) as the pipeline reads them: rows, made records of by a mapping."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from graph.model import SOURCING
from loaders import mapping, tabular, values
from loaders.reading import How, Part, Unit
from loaders.records import LoadError, RowError
from loaders.rows import RowBuilder

#: Source of the example rows of templates; a row that still has it was not filled in.
EXAMPLE = next(p.example for p in SOURCING if p.name == "source")


class Table(Protocol):
    """A table of any format, read to its header."""

    header: tuple[str, ...]
    header_line: int

    def rows(self) -> Iterator[tabular.Row | tabular.BadRow]: ...


class TablePart:
    """A table with the mapping that its header fits, or that was asked for."""

    def __init__(self, table: Table, path: Path, how: How, name: str = "") -> None:
        self.name = name
        self._table = table
        self._path = path
        try:
            self._mapper = mapping.choose(table.header, how.mapping, how.vocabulary)
        except LoadError as error:
            if str(error).startswith("mapping "):  # the fault is the mapping's, not the table's
                raise
            where = f"{path}, sheet {name}" if name else str(path)
            raise LoadError(f"{where}, line {table.header_line}: {error}") from None

    @property
    def mapping(self) -> str:
        return self._mapper.name

    @property
    def brings_entities(self) -> bool:
        return self._mapper.brings_entities

    def header_of(self, name: str) -> str:
        return self._mapper.header_of(name)

    def notes(self) -> list[str]:
        units = ((column, values.header_unit(column)[1]) for column in self._table.header)
        return [
            f"{self._path.name}: amounts of {column} are multiplied by {unit:,}" for column, unit in units if unit != 1
        ]

    def units(self, builder: RowBuilder) -> Iterator[Unit]:
        for row in self._table.rows():
            if isinstance(row, tabular.BadRow):
                yield Unit(line=row.line, faults=[RowError(row.reason, column=row.column, value=row.value)])
            elif EXAMPLE in row.values.values():
                yield Unit(
                    line=row.line, faults=[RowError("this is the template's example row: replace it", value=EXAMPLE)]
                )
            else:
                try:
                    yield Unit(line=row.line, records=self._mapper.records(row.values, row.line, builder))
                except RowError as error:
                    yield Unit(line=row.line, faults=[error, *error.more])
                except ValueError as error:
                    yield Unit(line=row.line, faults=[RowError(str(error))])


@contextmanager
def open_csv(path: Path, how: How) -> Generator[list[Part]]:
    with tabular.open_table(path, how.encoding) as table:
        yield [TablePart(table, path, how)]
