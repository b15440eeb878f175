"""GraphQL enums of the vocabulary: types of relationships and of nodes. Derived from the model, nothing listed here."""

import re
from enum import Enum

import strawberry

from graph import dates
from graph.model import MODEL, Vocabulary


def relationship_enum(vocabulary: Vocabulary = MODEL) -> type[Enum]:
    """The types of relationships, each named and valued as in the graph, described by how it reads forward."""
    values = {
        r.name: strawberry.enum_value(r.name, description=f"The start {r.forward} the end. {r.description}")
        for r in vocabulary.relationships
    }
    return strawberry.enum(
        Enum("RelationshipType", values), description="Type of a relationship, from the giver to the receiver."
    )


def label_enum(vocabulary: Vocabulary = MODEL) -> type[Enum]:
    """The types of nodes: PLACE_GROUP is the label PlaceGroup, which is its value."""
    values = {
        _constant(node.label): strawberry.enum_value(node.label, description=node.description)
        for node in vocabulary.nodes
    }
    return strawberry.enum(
        Enum("EntityType", values), description="Type of an entity; a general one takes in the finer."
    )


def _constant(label: str) -> str:
    """UpperCamelCase as GraphQL writes the values of enums."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", label).upper()


def level_enum(vocabulary: Vocabulary = MODEL) -> type[Enum]:
    """The levels of places; the value is the label."""
    values = {_constant(node.label): node.label for node in vocabulary.nodes if node.parent == "Place"}
    return strawberry.enum(Enum("PlaceLevel", values), description="Level of a place.")


def holds_enum() -> type[Enum]:
    """How far a fact holds on a day; what does not hold is not answered."""
    values = {member.name: member for member in dates.Holds if member is not dates.Holds.NOT}
    return strawberry.enum(
        Enum("Holds", values),
        description="Whether a fact holds on the day asked about; LAST_KNOWN: after the last date a source speaks of.",
    )


RelationshipType = relationship_enum()
EntityType = label_enum()
PlaceLevel = level_enum()
Holds = holds_enum()
