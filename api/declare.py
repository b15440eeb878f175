"""What a type of the schema is, as data: its fields, and what each reads from the graph.

api/schema.py makes Strawberry types of these. Types are named as Python annotations over GraphQL names
(`Evidence`, `Place | None`, `list[Fact]`, `FundingConnection`); the connection of a type comes by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from api.arguments import NO_ARGUMENTS, Arguments
from graph.bindings import Binding, Part

#: Values a list without a page size is taken to hold, when the cost of a question is added up.
ROWS = 10
#: What a field costs that looks at all facts, or at all places of a level: 13 of them are a question.
SCAN = 1_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field: `type` as it is written in an annotation, `rows` what to expect of a list that is not paged, `cost` what
    it costs beside what is selected of it."""

    type: str
    binding: Binding
    description: str
    arguments: Arguments = NO_ARGUMENTS
    rows: int = ROWS
    cost: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A type: `tag` is the Cypher that tells the stored type of a row, for interfaces; `stored` that type, for objects."""

    name: str
    description: str
    fields: Mapping[str, Field]
    bases: tuple[str, ...] = ()
    interface: bool = False
    tag: str = ""
    stored: str = ""


@dataclass(slots=True)
class Declarations:
    """All types of the schema by name, in order, and its enums."""

    types: dict[str, Declared] = field(default_factory=dict[str, Declared])
    enums: dict[str, type[Enum]] = field(default_factory=dict[str, type[Enum]])

    def add(self, *declared: Declared) -> None:
        for one in declared:
            if one.name in self.types:
                raise ValueError(f"two types are called {one.name}")
            self.types[one.name] = one


PAGE_INFO = Declared(
    name="PageInfo",
    description="Where a page stands in its list.",
    fields={
        "has_next_page": Field(type="bool", binding=Part.HAS_NEXT, description="Whether there is more behind it."),
        "has_previous_page": Field(
            type="bool", binding=Part.HAS_PREVIOUS, description="Whether it was asked for with `after`."
        ),
        "start_cursor": Field(
            type="str | None", binding=Part.START, description="Cursor of its first row; null if it is empty."
        ),
        "end_cursor": Field(
            type="str | None", binding=Part.END, description="Cursor of its last row: pass it as `after` to go on."
        ),
    },
)


def connection(name: str) -> tuple[Declared, Declared]:
    """The connection of a type, and its edge."""
    return (
        Declared(
            name=f"{name}Edge",
            description=f"One row of a page of {name}.",
            fields={
                "node": Field(type=name, binding=Part.NODE, description="The row."),
                "cursor": Field(
                    type="str",
                    binding=Part.CURSOR,
                    description="Where it stands; pass it as `after` to go on behind it.",
                ),
            },
        ),
        Declared(
            name=f"{name}Connection",
            description=f"A page of {name}.",
            fields={
                "edges": Field(
                    type=f"list[{name}Edge]",
                    binding=Part.EDGES,
                    description="The rows in order, each with its cursor.",
                    rows=1,
                ),
                "nodes": Field(type=f"list[{name}]", binding=Part.NODES, description="The rows in order.", rows=1),
                "page_info": Field(type="PageInfo", binding=Part.PAGE_INFO, description="Whether there is more."),
                "total_count": Field(
                    type="int", binding=Part.TOTAL, description="Rows of all pages; counted only when asked for."
                ),
            },
        ),
    )
