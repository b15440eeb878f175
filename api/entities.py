"""What all entities share: the interface Node, questions by id, and lists of a type."""

from typing import LiteralString

import strawberry

from api.arguments import MOST, Argument, Arguments, choice, ids, page, text
from api.declare import Declarations, Declared, Field
from api.vocabulary import LAST_TEXT
from graph.bindings import Value
from graph.model import MODEL
from graph.sources import entities, identities

NODE = Declared(
    name="Node",
    interface=True,
    tag="_v.type",
    description="Anything that has an id: pass the id to `node`.",
    fields={
        "id": Field(type="ID", binding=Value(cypher="_v.id"), description="Readable and stable, such as cn:530724.")
    },
)

EXTRA = {
    "Entity": {
        "canonical": Field(
            type="ID",
            binding=identities.CANONICAL,
            description="Id of the entity that stands for it: its own, unless a person decided that it is one with another.",
        ),
        "merged": Field(
            type="list[Entity]",
            binding=identities.MERGED,
            description="The others that it stands for, by a person's decision. Its connections are those that sources say of "
            "its own id: theirs hang on these.",
            rows=2,
        ),
    }
}

_ORDERS = {
    "id_asc": ("",),
    "id_desc": (LAST_TEXT,),
    "pinyin_asc": ("", ""),
    "pinyin_desc": (LAST_TEXT, LAST_TEXT),
}


def queries(made: Declarations) -> dict[str, Field]:
    id_ = text("id", "Id of an entity, such as cn:530724.", type_=strawberry.ID, required=True)
    return {
        "node": Field(
            type="Node | None",
            binding=entities.NODE,
            arguments=Arguments(declared=(id_,)).timed(),
            description="Any entity by its id; null where there is none.",
        ),
        "nodes": Field(
            type="list[Node | None]",
            binding=entities.NODES,
            arguments=Arguments(declared=(ids(),)).timed(),
            description="Entities by their ids, in the order of the ids; null where there is none.",
        ),
    }


def listing(
    made: Declarations,
    label: LiteralString,
    description: str,
    *more: Argument,
    relationship: LiteralString = "",
    most: int = MOST,
) -> Field:
    """A list of entities of a label; `relationship`: the one that leads to their place, where `within` is offered."""
    order = choice(
        "orderBy", made.enums["EntityOrder"], "Order of the rows.", "order", made.enums["EntityOrder"]("id_asc")
    )
    assert label in MODEL.node
    return Field(
        type=f"{label}Connection",
        binding=entities.listed(label, relationship),
        description=description,
        arguments=page(label, _ORDERS, *more, order, most=most, timed=True),
    )
