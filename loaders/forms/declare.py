"""What a form is made of: columns with their names, and the records a row makes. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from graph.model import Code

#: What the sheet of notes is called; `loaders.tables` leaves it out in silence.
NOTES: Final = "说明 Notes"


class Holds(Enum):
    """What the cells of a column hold: how they are checked, and how the empty form shows them."""

    TEXT = "text"
    PERSON = "the name of a person"
    PLACE = "the name of a place"
    PLACE_CODE = "a division code or id"
    ORGANIZATION = "the name of an organization, or its id"
    COMPANY = "the name of a company, or its id"
    PROJECT = "the number or the name of a project of the sheet 项目 Projects, or an id"
    CODE = "one of a list"
    DATE = "2024, 2024-05, 2024-05-31 or 2024年5月"
    WEEK = "2024-W17, or a day of that week"
    NUMBER = "a number"
    MONEY = "an amount, in the unit that the header gives"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: its header is `zh`, `en` or both; `aliases` are read too. `several`: separated by a semicolon.

    `of`: the column with the place that an organization is of, which tells it from others of its name.
    """

    key: str
    zh: str
    en: str
    meaning: str
    holds: Holds = Holds.TEXT
    required: bool = False
    several: bool = False
    of: str = ""
    example: str = ""
    codes: tuple[Code, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def headers(self) -> tuple[str, ...]:
        return self.zh, self.en, f"{self.zh} {self.en}", *self.aliases


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A record of a row. `fill`: property → columns, the first that is filled counts, or `=text`.

    Made only where all columns of `when` are filled and none of `unless`; once for each entry of the column `each`.
    """

    type: str
    fill: Mapping[str, str | tuple[str, ...]]
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    each: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A sheet. `identity`: what the id of the row's own entity (`@self`) is made of, behind its prefix and the dataset.
    `apart`: what else tells things of one name apart, where they have no number and it is given.

    `needs`: columns of which the header must have one of each group; `one_of`: of each group a row fills exactly one.
    """

    key: str
    zh: str
    en: str
    purpose: str
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...]
    label: str = ""
    identity: tuple[tuple[str, ...], ...] = ()
    apart: tuple[tuple[str, ...], ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()
    at_least_one: tuple[tuple[str, ...], ...] = ()
    rank: int = 5
    by_key: Mapping[str, Column] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_key", {column.key: column for column in self.columns})

    @property
    def needs(self) -> tuple[tuple[str, ...], ...]:
        needed = [(c.key, f"{c.key}_code") if c.holds is Holds.PLACE else (c.key,) for c in self.columns if c.required]
        return (*needed, *self.one_of, *self.at_least_one)

    @property
    def name(self) -> str:
        return f"{self.zh} {self.en}"
