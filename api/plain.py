"""graphql-core's own execution over graph/plain.py: a resolver for each kind of binding.

What a plan cannot express (introspection) runs here; in tests it is what the compiled path is compared with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLAbstractType,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
)

from api.arguments import Asked
from api.declare import Declared, Field
from api.errors import NotFound
from api.select import ANSWER, NO_TIME
from graph.bindings import Computed, Inner, Many, Maybe, Means, One, Page, Part, Rows, Shape, Value
from graph.plain import ROOT, Reader, Row


@dataclass(frozen=True, slots=True)
class PlainContext:
    """What resolvers are given beside the parent."""

    reader: Reader
    asked: Asked
    means: Means


@dataclass(frozen=True, slots=True)
class Placed:
    """A row and the time its part of the question asks about, as template parameters."""

    row: Row
    time: dict[str, Any]
    timed: bool = False


@dataclass(frozen=True, slots=True)
class Paged:
    """A page, whose parts its fields answer; `row` is an edge."""

    parent: Placed
    binding: Page
    shape: Shape
    parameters: dict[str, Any]
    rows: Sequence[Row]
    row: Row | None = None

    @property
    def shown(self) -> Sequence[Row]:
        return self.rows[: self.parameters["limit"] - 1]


def attach(schema: GraphQLSchema) -> None:
    """Gives the fields of a schema resolvers that follow their declarations."""
    for type_ in schema.type_map.values():
        if "declared" not in type_.extensions:
            continue
        if isinstance(type_, GraphQLObjectType):
            type_.is_type_of = None
        if isinstance(type_, GraphQLInterfaceType):
            type_.resolve_type = _typed(schema, type_)
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for field in type_.fields.values():
                field.resolve = _resolver(field)


def _typed(schema: GraphQLSchema, type_: GraphQLAbstractType) -> Any:
    def resolve_type(placed: Placed, _info: GraphQLResolveInfo, _type: Any) -> str | None:
        for possible in schema.get_possible_types(type_):
            if possible.extensions["declared"].stored == placed.row.stored:
                return possible.name
        return None

    return resolve_type


def _resolver(field: GraphQLField) -> Any:
    declared: Field = field.extensions["declared"]
    binding = declared.binding
    named = get_named_type(field.type)
    target: Declared | None = named.extensions.get("declared")
    tag = target.tag if target and is_abstract_type(named) else ""

    async def resolve(parent: Any, info: GraphQLResolveInfo, **given: Any) -> Any:
        context: PlainContext = info.context
        if isinstance(binding, Part):
            return await _part(parent, binding, context)
        placed = parent or Placed(ROOT, {**NO_TIME, "today": context.asked.now.date().isoformat()})
        prepared = declared.arguments.prepare(given, context.asked)
        time = {**placed.time, **prepared.time}
        timed = placed.timed or "until" in prepared.time
        parameters = {**time, **prepared.parameters}
        if ids := [prepared.parameters[name] for name in declared.arguments.entities(prepared)]:
            for id_ in await context.reader.missing(ids):
                raise NotFound(id_)
        if isinstance(binding, Computed):
            shape = Shape(timed=timed, values=prepared.shape)
            parameters[ANSWER] = await context.reader.computed(binding, shape, parameters, context.means)
        if isinstance(binding, Value):
            return _leaf(named, await context.reader.value(placed.row, binding, parameters, context.means))
        if isinstance(binding, Inner):
            row = await context.reader.inner(placed.row, binding, tag, parameters)
            return row and Placed(row, time, timed)
        assert isinstance(binding, Rows)
        shape = Shape(timed=timed, values=prepared.shape)
        if isinstance(binding, Page):
            within = _rows_type(named)
            rows = await context.reader.rows(placed.row, binding, within, shape, parameters)
            return Paged(Placed(placed.row, time, timed), binding, shape, parameters, [r for r in rows if r])
        found = [
            r and Placed(r, time, timed) for r in await context.reader.rows(placed.row, binding, tag, shape, parameters)
        ]
        if isinstance(binding, One):
            return found[0] if found else None
        assert isinstance(binding, Many | Maybe)
        return found

    return resolve


def _rows_type(connection: Any) -> str:
    """The tag of the rows of a connection type; empty where they have one type."""
    node = get_named_type(connection.fields["nodes"].type)
    return node.extensions["declared"].tag if is_abstract_type(node) else ""


def _leaf(named: Any, value: Any) -> Any:
    if isinstance(named, GraphQLEnumType):
        stored = {getattr(v.value, "value", v.value): v.value for v in named.values.values()}
        if isinstance(value, list):
            return [stored[one] for one in value]
        return None if value is None else stored[value]
    return value


async def _part(page: Paged, part: Part, context: PlainContext) -> Any:
    placed = page.parent
    if part is Part.TOTAL:
        return await context.reader.total(placed.row, page.binding, page.shape, page.parameters)
    if part in (Part.NODES, Part.EDGES):
        if part is Part.NODES:
            return [Placed(row, placed.time, placed.timed) for row in page.shown]
        return [Paged(placed, page.binding, page.shape, page.parameters, page.rows, row) for row in page.shown]
    if part is Part.NODE:
        assert page.row is not None
        return Placed(page.row, placed.time, placed.timed)
    if part is Part.PAGE_INFO:
        return page
    if part is Part.HAS_NEXT:
        return len(page.rows) > len(page.shown)
    if part is Part.HAS_PREVIOUS:
        return page.parameters["behind"]
    row = {Part.CURSOR: page.row, Part.START: page.shown[0] if page.shown else None,
           Part.END: page.shown[-1] if page.shown else None}[part]  # fmt: skip
    return context.asked.seal.sealed(page.shape.get("list"), row.keys) if row else None
