"""What every format gives the pipeline: a file as parts (a table, a sheet, a document), a part as units of records.

A unit is what is loaded or rejected whole: a row of a table, an activity or a transaction of an IATI file.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import msgspec

from graph.model import MODEL, Vocabulary
from graph.records import Claim, Entity
from loaders.records import RowError
from loaders.rows import RowBuilder

#: Bits of a place that tell units of one line apart.
_SHIFT = 31


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """Records of one place of a part, by its line or row (from 1); with a fault they are not loaded, and it is named.

    `replaces`: the unit is a change to a dataset: its records, none for a deletion, come in the place of what the dataset
    has with this locator (nothing where it is empty), and all else of the dataset stays. Entities that it `keeps` stay
    described at that locator; of the entity that it `forgets` all that describes it goes, wherever it stands. `n` tells
    units apart that begin in one line (below 2^31). `row`: whether the report counts it among its rows.
    """

    line: int
    n: int = 0
    row: bool = True
    records: list[Entity | Claim] = []
    faults: list[RowError] = []
    replaces: str | None = None
    keeps: tuple[str, ...] = ()
    forgets: str = ""

    @property
    def place(self) -> int:
        """Line and n as one number, which orders units as they stand in the file."""
        return self.line << _SHIFT | self.n


def line_of(place: int) -> int:
    return place >> _SHIFT


class Part(Protocol):
    """What is read in one go. `name`: which of the file's parts it is (a sheet), empty where there is one only."""

    @property
    def name(self) -> str: ...

    @property
    def mapping(self) -> str:
        """What made records of it, as told in the report: a mapping, or the format and its version."""
        ...

    @property
    def brings_entities(self) -> bool:
        """Whether it may make entities, which other parts and files of the load name: these are read first."""
        ...

    def notes(self) -> list[str]:
        """What the report is to say once it is read."""
        ...

    def units(self, builder: RowBuilder) -> Iterator[Unit]: ...

    def header_of(self, name: str) -> str:
        """The column, or the element, that gives a property or an end; its name where none does."""
        ...


@runtime_checkable
class Measured(Protocol):
    """A part, or a table, that can tell how far it has been read: what a progress display reckons with."""

    def share(self) -> float | None:
        """From 0 to 1; None where it cannot be told."""
        ...


@runtime_checkable
class Ranked(Protocol):
    """A part that is read in its turn among those of all files of the load: what others name comes first."""

    @property
    def rank(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How files are to be read, as the user asked; None: decided from the file."""

    format: str | None = None
    mapping: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    validate: bool = False
    vocabulary: Vocabulary = MODEL


class Opener(Protocol):
    def __call__(self, path: Path, how: How) -> AbstractContextManager[list[Part]]:
        """The parts of a file; raises UnreadableFile or LoadError."""
        ...
