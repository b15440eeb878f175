"""The facts of an entity in the order of time."""

from api.arguments import choice, entity_id, page, via
from api.declare import Declarations, Declared, Field
from api.vocabulary import FACT_ORDERS
from graph.sources import timeline

TIMELINE_ENTRY = Declared(
    name="TimelineEntry",
    description="A fact that an entity is an end of, as seen from it.",
    fields={
        "fact": Field(type="Fact", binding=timeline.FACT, description="The fact, with its dates and its evidence."),
        "other": Field(type="Entity", binding=timeline.OTHER, description="Its other end."),
        "outgoing": Field(
            type="bool",
            binding=timeline.OUTGOING,
            description="Whether it leads from the entity asked about to the other.",
        ),
    },
)


def queries(made: Declarations) -> dict[str, Field]:
    order, kinds = made.enums["FactOrder"], made.enums["RelationshipType"]
    left_out = ", ".join(timeline.NOT_TOLD)
    asked = via(kinds, f"Only facts of these types; if absent or empty of all types but {left_out}.")
    order_by = choice(
        "orderBy",
        order,
        "Order of the rows, by the first day on which the fact may have begun: one without a known beginning is earlier than "
        "all others. Equals by the id of the fact.",
        "order",
        order("began_desc"),
    )
    return {
        "timeline": Field(
            type="TimelineEntryConnection | None",
            binding=timeline.ENTRIES,
            description="What happened to an entity and what held of it: the facts it is an end of, in order of time.",
            arguments=page(
                "timeline",
                FACT_ORDERS,
                entity_id("of", "Id of any entity, such as cn:530724."),
                asked,
                order_by,
                timed=True,
            ),
        )
    }
