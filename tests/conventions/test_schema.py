"""schema.graphql is what the code makes, and every type, field, argument and value in it says what it is."""

from pathlib import Path

from graphql import GraphQLSchema, build_schema, is_enum_type, is_input_object_type, is_interface_type, is_object_type

from api.schema import make_schema

COMMITTED = Path(__file__).parents[2] / "schema.graphql"


def test_committed_schema_is_up_to_date() -> None:
    assert COMMITTED.read_text("utf-8") == make_schema().as_str() + "\n", "run `make docs`"


def own_types(schema: GraphQLSchema) -> list:  # pyright: ignore[reportMissingTypeArgument, reportUnknownParameterType]
    return [t for name, t in schema.type_map.items() if not name.startswith("__")]


def test_everything_is_described() -> None:
    schema = build_schema(COMMITTED.read_text("utf-8"))
    missing: list[str] = []
    for type_ in own_types(schema):
        if is_object_type(type_) or is_interface_type(type_) or is_input_object_type(type_):
            missing += [] if type_.description else [type_.name]
            missing += [f"{type_.name}.{name}" for name, field in type_.fields.items() if not field.description]
        if is_enum_type(type_):
            missing += [] if type_.description else [type_.name]
    assert missing == []
