"""What the vocabulary is declared with: node types, relationship types, properties; graph/model.py declares it.

Imports nothing of ours, does no I/O.
"""

from dataclasses import dataclass
from enum import Enum
from typing import LiteralString


class Kind(Enum):
    """How a value is written in a table and kept in the graph."""

    TEXT = "text"
    TEXTS = "several texts, separated by ;"
    INTEGER = "whole number"
    NUMBER = "decimal, kept exactly as text"
    COORDINATE = "decimal degrees, WGS 84"
    MONEY = "amount in the currency beside it, kept in minor units and as text"
    CURRENCY = "ISO 4217 code"
    BOOLEAN = "yes or no"
    DAY = "ISO day"
    DATE = "ISO day, month or year, or a span it lies in (2019-07-03, 2019-07, 2019, 2020-04-17..2020-05-31)"
    CODE = "one of a list"
    ENTITY = "id of an entity"
    URL = "http or https address"


class Help(Enum):
    """Who helps whom along a relationship: what `helpers`, `recipients` and `help` follow, and nothing else."""

    FORWARD = "the start helps the end"
    BACKWARD = "the end helps the start"
    CONDITION = "the start helps the end where a property has a given value"
    CHAIN = "a link of a chain: the sender of an official helps the place posted to"
    NEVER = "not help"


class Time(Enum):
    """What the dates of a claim mean."""

    STATE = "true on each day from valid_from to valid_to"
    EVENT = "happens within the period from valid_from to valid_to"


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    name: LiteralString
    description: LiteralString
    zh: LiteralString = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    name: LiteralString
    kind: Kind
    description: LiteralString
    zh: LiteralString
    unit: LiteralString = ""
    example: LiteralString = ""
    codes: tuple[Code, ...] = ()
    required: bool = False
    entity: LiteralString = "Entity"  # label the entity must have, for Kind.ENTITY


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeType:
    label: LiteralString
    description: LiteralString
    zh: LiteralString
    prefixes: tuple[LiteralString, ...]  # how ids of this type begin; the first is the one new ids get
    id_example: LiteralString
    parent: LiteralString = ""  # the label it refines
    properties: tuple[Property, ...] = ()
    abstract: bool = False  # no node has this label alone
    internal: bool = False  # written by load runs, not by rows of a file


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationshipType:
    name: LiteralString
    description: LiteralString
    zh: LiteralString
    start: tuple[LiteralString, ...]  # labels; "Entity" is any
    end: tuple[LiteralString, ...]
    forward: LiteralString  # start … end
    backward: LiteralString  # end … start
    help: Help
    time: Time
    noun: LiteralString = ""  # what one fact of it is called; made from the name where not given
    outgoing: LiteralString = ""  # what the start calls them, for fields; made from the name where not given
    incoming: LiteralString = ""  # what the end calls them; likewise
    help_when: tuple[LiteralString, LiteralString] | None = None  # property, value; for Help.CONDITION
    key: tuple[LiteralString, ...] = ()  # beside ends and programme, what makes two claims speak of one fact
    optional_key: tuple[LiteralString, ...] = ()  # likewise, where they are given
    period_in_key: bool = False  # sums: the year, or the start of the period, too
    money: bool = False
    figures: bool = False
    properties: tuple[Property, ...] = ()
    loops: tuple[LiteralString, ...] = ()  # labels of entities that it may both start and end at

    def __post_init__(self) -> None:
        words: LiteralString = "".join(word.capitalize() for word in self.name.split("_"))
        made = {"noun": words, "outgoing": self.name.lower(), "incoming": self.name.lower() + "_from"}
        for name, value in made.items():
            object.__setattr__(self, name, getattr(self, name) or value)
