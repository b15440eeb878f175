"""Tables known by their header, of published standards and of decisions: a mapper in Python, where TOML is too little."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from graph.records import Claim, Entity
from loaders import aiddata, decisions, threesixty
from loaders.records import LoadError
from loaders.rows import RowBuilder


class StandardMapper(Protocol):
    """What loaders.mapping calls a Mapper."""

    @property
    def name(self) -> str: ...

    @property
    def brings_entities(self) -> bool: ...

    @property
    def rank(self) -> int: ...

    @property
    def money_columns(self) -> list[str]: ...

    def is_example(self, row: Mapping[str, str]) -> bool: ...

    def records(self, row: Mapping[str, str], line: int, builder: RowBuilder) -> list[Entity | Claim]: ...

    def header_of(self, name: str) -> str: ...

    def notes(self) -> list[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """`fits`: whether a header has the columns that it needs."""

    name: str
    make: Callable[[tuple[str, ...]], StandardMapper]
    fits: Callable[[tuple[str, ...]], bool]


STANDARDS: tuple[Standard, ...] = (
    Standard(name=decisions.NAME, make=decisions.DecisionsMapper, fits=decisions.fits),
    Standard(name=threesixty.NAME, make=threesixty.GrantsMapper, fits=threesixty.fits_header),
    *(Standard(name=mapper.name, make=mapper, fits=mapper.fits) for mapper in aiddata.MAPPERS),
)
NAMES = frozenset(standard.name for standard in STANDARDS)


def choose(header: tuple[str, ...], wanted: str | None) -> StandardMapper | None:
    """The mapper asked for by name, or where none is asked for, of the first standard that the header fits."""
    for standard in STANDARDS:
        if wanted == standard.name:
            if not standard.fits(header):
                raise LoadError(f"the table lacks columns that {standard.name} needs: choose another --mapping")
            return standard.make(header)
        if not wanted and standard.fits(header):
            return standard.make(header)
    return None


def fit(header: tuple[str, ...], wanted: str | None) -> bool:
    """Whether a header is one of those that `choose` makes a mapper for."""
    return any(standard.fits(header) for standard in STANDARDS if not wanted or wanted == standard.name)
