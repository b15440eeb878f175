"""What all entities share, and a GraphQL type for each node type that has no module of its own."""

from typing import Any, ClassVar

import strawberry

from graph.model import MODEL


@strawberry.interface(description="Anything that has an id: pass the id to `node`.")
class Node:
    id: strawberry.ID = strawberry.field(description="Readable and stable, such as cn:530724.")


@strawberry.interface(description="A place, an organization, an official, a project or whatever else claims are about.")
class Entity(Node):
    name: str | None = strawberry.field(description="Name as its source writes it; null for a stub.")
    name_en: str | None = strawberry.field(description="English name, where one is known.")
    name_hant: str | None = strawberry.field(description="Name in traditional characters.")
    pinyin: str | None = strawberry.field(description="Pinyin of the name, syllables separated by a space.")
    aliases: list[str] = strawberry.field(description="Other names it is found under.")

    @classmethod
    def fields_of(cls, row: dict[str, Any]) -> dict[str, Any]:
        """Arguments of the constructor out of the stored properties."""
        return {
            "id": strawberry.ID(row["id"]),
            "name": row.get("name"),
            "name_en": row.get("name_en"),
            "name_hant": row.get("name_hant"),
            "pinyin": row.get("pinyin"),
            "aliases": row.get("aliases") or [],
        }


#: GraphQL type of each node type; modules of nouns put theirs in.
TYPES: dict[str, type[Entity]] = {}


def entity_type(label: str, *bases: type[Entity], name: str | None = None) -> type[Entity]:
    """Makes and registers the GraphQL type of a node type out of the vocabulary."""
    made = type(name or label, bases or (Entity,), {"__module__": __name__, "__annotations__": {}})
    TYPES[label] = strawberry.type(made, description=MODEL.node[label].description)
    return TYPES[label]


def to_graphql(row: dict[str, Any]) -> Entity:
    """The GraphQL object of a stored entity (its properties and `type`)."""
    made = TYPES[row["type"]]
    return made(**made.fields_of(row))


class Registry:
    """Fills TYPES with what no module declares; called once when the schema is made."""

    _done: ClassVar[bool] = False

    @classmethod
    def complete(cls) -> list[type[Entity]]:
        for node in MODEL.nodes:
            if node.label not in TYPES and not node.abstract:
                # an interface of this name is to come with its own module
                entity_type(node.label, name="OtherOrganization" if node.label == "Organization" else None)
        return list(TYPES.values())
