"""The schema: Strawberry types made of what the vocabulary and the nouns declare. schema.graphql is generated from it."""

import keyword
import re
from datetime import UTC, datetime
from functools import cache
from typing import Any, NewType

import strawberry
from graphql import GraphQLError, GraphQLInterfaceType, GraphQLObjectType
from strawberry.annotation import StrawberryAnnotation
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from api import (
    accounts,
    conflicts,
    coverage,
    entities,
    flows,
    help,
    organizations,
    overview,
    places,
    projects,
    provenance,
    recipients,
    search,
    supervision,
    timeline,
    tracing,
)
from api.arguments import ABSENT, Argument, camel
from api.declare import PAGE_INFO, Declarations, Declared, Field, connection
from api.vocabulary import Deriver
from graph.model import MODEL, Vocabulary
from graph.money import decimal_text

#: What a noun declares: fields beside the vocabulary's (EXTRA), types of its own, questions.
NOUNS = (
    entities,
    places,
    organizations,
    projects,
    provenance,
    recipients,
    help,
    flows,
    search,
    timeline,
    supervision,
    overview,
    coverage,
    conflicts,
    tracing,
    accounts,
)

Decimal = NewType("Decimal", str)
PartialDate = NewType("PartialDate", str)
DateTime = NewType("DateTime", int)


def _decimal(value: Any) -> str:
    """A decimal as it is stored, or out of [minor units, currency]."""
    return decimal_text(*value) if isinstance(value, list) else str(value)  # pyright: ignore[reportUnknownArgumentType]


def _moment(milliseconds: Any) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


SCALARS = {
    Decimal: strawberry.scalar(
        name="Decimal", serialize=_decimal, description="An exact decimal, as text: never a float, never rounded."
    ),
    PartialDate: strawberry.scalar(
        name="PartialDate",
        serialize=str,
        description="An ISO day, month or year (2019-07-03, 2019-07, 2019), or a span (2020-04-17..2020-05-31): some day in it.",
    ),
    DateTime: strawberry.scalar(name="DateTime", serialize=_moment, description="A moment, ISO 8601 in UTC."),
}


class Schema(strawberry.Schema):
    """Fields carry in `extensions`: `declared`, their Field; `most` and `rows` for the cost of a question."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Errors are logged where they are translated, one line each, not with traceback and source."""


def declarations(vocabulary: Vocabulary = MODEL, nouns: tuple[Any, ...] = NOUNS) -> Declarations:
    """Everything the schema is made of, as data."""
    made = Declarations()
    extra: dict[str, dict[str, Field]] = {}
    for noun in nouns:
        for name, fields in getattr(noun, "EXTRA", {}).items():
            extra.setdefault(name, {}).update(fields)
    made.add(PAGE_INFO, entities.NODE)
    Deriver(vocabulary, made, extra).derive()
    asked: dict[str, Field] = {}
    for noun in nouns:
        made.add(
            *(value for value in vars(noun).values() if isinstance(value, Declared) and value.name not in made.types)
        )
        asked.update(noun.queries(made))
    made.add(Declared(name="Query", description="What one can ask.", fields=asked))
    pages = {
        match
        for d in made.types.values()
        for f in d.fields.values()
        for match in re.findall(r"(\w+)Connection\b", f.type)
    }
    for name in made.types.copy():
        if name in pages:
            made.add(*connection(name))
    return made


@cache
def own_schema() -> Schema:
    """The schema of the vocabulary in use, made once: it takes a second or two."""
    return make_schema()


def make_schema(vocabulary: Vocabulary = MODEL, nouns: tuple[Any, ...] = NOUNS) -> Schema:
    made = declarations(vocabulary, nouns)
    namespace: dict[str, Any] = {
        **made.enums, "ID": strawberry.ID, "Decimal": Decimal, "PartialDate": PartialDate, "DateTime": DateTime,
    }  # fmt: skip
    for declared in made.types.values():
        namespace[declared.name] = _type(declared, namespace)
    schema = Schema(
        namespace["Query"],
        types=[namespace[d.name] for d in made.types.values()],
        config=StrawberryConfig(disable_field_suggestions=True, scalar_map=SCALARS),
    )
    _bind(schema, made)
    return schema


def _type(declared: Declared, namespace: dict[str, Any]) -> Any:
    attributes: dict[str, Any] = {"__module__": __name__, "__annotations__": {}}
    for name, one in declared.fields.items():
        python = f"{name}_" if keyword.iskeyword(name) else name
        attributes[python] = _field(name, one, namespace)
        attributes["__annotations__"][python] = Any
    bases = tuple(namespace[name] for name in declared.bases)
    made = type(declared.name, bases, attributes)
    decorate = strawberry.interface if declared.interface else strawberry.type
    decorated = decorate(made, name=declared.name, description=declared.description)
    for field in decorated.__strawberry_definition__.fields:  # types come after one another: names are looked up later
        field.type_annotation = StrawberryAnnotation(field.metadata["declared"].type, namespace=namespace)
    return decorated


def _field(name: str, declared: Field, namespace: dict[str, Any]) -> Any:
    made: StrawberryField = strawberry.field(
        name=camel(name), description=declared.description, metadata={"declared": declared}, default=None
    )
    made.arguments = [_argument(argument, namespace) for argument in declared.arguments.declared]
    return made


def _argument(argument: Argument, namespace: dict[str, Any]) -> StrawberryArgument:
    return StrawberryArgument(
        python_name=argument.name,
        graphql_name=argument.name,
        type_annotation=StrawberryAnnotation(argument.type, namespace=namespace),
        description=argument.description,
        default=strawberry.UNSET if argument.default is ABSENT else argument.default,
    )


def _bind(schema: Schema, made: Declarations) -> None:
    """Hands each field's declaration to graphql-core's field, where the two ways of execution find it."""
    core = schema._schema  # pyright: ignore[reportPrivateUsage]
    for type_ in core.type_map.values():
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) and type_.name in made.types:
            declared = made.types[type_.name]
            type_.extensions["declared"] = declared
            for field in type_.fields.values():
                definition = field.extensions["strawberry-definition"]
                one: Field = definition.metadata["declared"]
                field.extensions.update(declared=one, rows=one.rows, cost=one.cost)
                if one.arguments.most:
                    field.extensions["most"] = one.arguments.most
