"""How a field is read from the graph, as data. graph/plan.py composes whole selections out of these; graph/plain.py
reads one field at a time with the same.

Templates are Cypher in which `_name` is a variable and `$name` a parameter. A variable that the row at hand binds (a
*role*, see ROLES) is that one; any other is local, and gets a number of its own for each use. Parameters are the
field's arguments, and those of the time asked about: $state_from, $event_from, $until, $beyond (the day after), $known, $today.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, LiteralString

from graph.engine import Graph
from graph.errors import TimedOut
from graph.tracing.rates import NO_TABLES, Tables


class Role(Enum):
    """What a variable that rows bind stands for."""

    NODE = "an entity"
    CLAIM = "a claim"
    CLAIMS = "claims of one fact"
    HELP = "facts of help, as graph/sources/help.py makes them"
    PATHS = "several sequences of entities"
    NODES = "a sequence of entities"
    SCALAR = "a number, a text or a list of them"


#: The variables that rows may bind, by name; whatever is not listed is a SCALAR.
ROLES: Mapping[str, Role] = {
    "v": Role.NODE,  # the entity a row is about
    "a": Role.NODE,  # the start of a claim
    "b": Role.NODE,  # its end
    "s": Role.NODE,  # the source it stands in
    "c": Role.CLAIM,  # the claim that speaks for its fact
    "x": Role.CLAIM,  # one claim among those of its fact
    "ev": Role.CLAIMS,  # all claims of the fact
    "se": Role.CLAIMS,  # claims by which an official was sent
    "h": Role.NODE,  # who helps
    "r": Role.NODE,  # who is helped
    "fs": Role.HELP,
    "ts": Role.HELP,
    "left": Role.HELP,
    "paths": Role.PATHS,
    "q": Role.NODES,  # one path
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What of the arguments decides the text of a statement; the rest are parameters.

    `timed`: a day or a period is asked about. `values`: arguments that choose a text: an order, a label, a filter.
    """

    timed: bool = False
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def get(self, name: str) -> Any:
        return self.values.get(name)

    def names(self, name: str) -> tuple[LiteralString, ...]:
        """Names of the vocabulary that arguments chose: properties filtered by, types followed."""
        return self.values.get(name) or ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """Clauses that bind the variables of rows; `keys` order them and are their cursor, the last one is unique.

    `limited`: at most $limit rows are taken, in order of the keys. `total` counts all rows of `match`.
    """

    match: LiteralString
    binds: tuple[LiteralString, ...]
    keys: tuple[LiteralString, ...] = ()
    descending: bool = False
    limited: bool = False
    total: LiteralString = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value of the row: an expression over its variables.

    `compute`: makes the value out of what was read; `given`: likewise, with what the server brings.
    """

    cypher: LiteralString
    compute: Callable[[Any], Any] | None = None
    given: "Callable[[Any, Means], Any] | None" = None

    def made(self, read: Any, means: "Means") -> Any:
        """The value, out of what was read."""
        if self.given:
            return self.given(read, means)
        return self.compute(read) if self.compute else read


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    """An object made of the same row. `roles`: role of the object to variable of the row; `given`: null where false."""

    roles: Mapping[str, LiteralString]
    given: LiteralString = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Objects of rows of their own, found from this row. `roles`: role of each to variable of the fragment."""

    fragment: Callable[[Shape], Fragment]
    roles: Mapping[str, LiteralString]


class One(Rows):
    """At most one object: the first row, or null."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Calling:
    """What a computed answer is made of: `parameters` are the field's arguments and the time asked about, by template name."""

    graph: Graph
    shape: Shape
    parameters: Mapping[str, Any]
    means: "Means"
    timeout: float | None = None
    selected: frozenset[str] | None = None  # names of the fields that are selected of the answer; None: all may be

    def wants(self, *names: str) -> bool:
        """Whether one of the fields is selected, by their names in the schema."""
        return self.selected is None or bool(self.selected.intersection(names))


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a server brings to answers. `now`: the moment of the question, epoch ms.

    `sealed` signs a list under a name, and makes a text of it that can be handed back.
    """

    now: int
    sealed: Callable[[str, Sequence[Any]], str]
    tables: Tables = NO_TABLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed(One):
    """A root field whose answer Python makes before the statement is run; the statement fills in what it names.

    `answer` gives lists of texts, numbers and lists, or None; `fragment` takes them from $answer. It raises QuestionRefused.
    """

    answer: Callable[[Calling], Awaitable[list[Any] | None]]

    async def answered(self, calling: Calling) -> list[Any] | None:
        """The answer, in the time a request has; raises QuestionRefused or TimedOut."""
        try:
            async with asyncio.timeout(calling.timeout):
                return await self.answer(calling)
        except TimeoutError:
            raise TimedOut("the answer took too long") from None


def computed(answer: Callable[[Calling], Awaitable[list[Any] | None]]) -> Computed:
    """The field of an answer: its object is a row with the variable _t, the list."""
    match: LiteralString = "UNWIND CASE WHEN $answer IS NULL THEN [] ELSE [$answer] END AS _t"
    return Computed(answer=answer, fragment=lambda _shape: Fragment(match=match, binds=("_t",)), roles={"t": "_t"})


def listed(place: LiteralString) -> "Many":
    """The rows of a list within a computed row: `place` is an expression over _t. Each has its list as _t."""
    match: LiteralString = f"UNWIND range(0, size({place}) - 1) AS _i WITH _i, {place}[_i] AS _u"
    return Many(fragment=lambda _shape: Fragment(match=match, binds=("_u", "_i"), keys=("_i",)), roles={"t": "_u"})


class Many(Rows):
    """All rows, as a list."""

    __slots__ = ()


class Page(Rows):
    """A page of rows: a connection."""

    __slots__ = ()


class Maybe(Rows):
    """A list in which rows without the entity are null: what was asked for by id."""

    __slots__ = ()


class Part(Enum):
    """The parts of a connection, which its rows and its keys answer without Cypher of their own."""

    TYPENAME = "__typename"
    EDGES = "edges"
    NODES = "nodes"
    NODE = "node"
    CURSOR = "cursor"
    PAGE_INFO = "page_info"
    TOTAL = "total_count"
    HAS_NEXT = "has_next_page"
    HAS_PREVIOUS = "has_previous_page"
    START = "start_cursor"
    END = "end_cursor"


Binding = Value | Inner | One | Many | Page | Maybe | Part


# what a selection is, as the API hands it over


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A scalar or enum. `codes`: stored value to name, for enums; `kind`: text, integer, float, boolean or other.

    `serialize` turns a stored value into the one that is sent, and raises where it cannot.
    """

    kind: str
    serialize: Callable[[Any], Any]
    codes: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """The type of a field: exactly one of `leaf`, `item` (of a list) and `objects`."""

    nullable: bool
    leaf: Leaf | None = None
    item: "Output | None" = None
    objects: "Objects | None" = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Time:
    """The time a part of the selection is asked about: template parameter to parameter of the statement."""

    timed: bool
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Selected:
    """One selected field. `parameters`: template parameter to key of $p; `where`: what errors point at, opaque."""

    key: str
    binding: Binding
    output: Output
    time: Time
    shape: Shape
    parameters: Mapping[str, str]
    parent: str
    name: str
    where: Any = None
    entities: tuple[str, ...] = ()  # parameters that are ids of entities, which must be there


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Objects:
    """The selection on objects, by stored type. `tag`: expression over the row that tells the stored type ('' where there
    is one type only); `names`: stored type to name in the API."""

    tag: str
    names: Mapping[str, str]
    fields: Mapping[str, tuple[Selected, ...]]
