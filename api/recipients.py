"""Help by recipient: how much a head, and on whom each relies."""

from api.arguments import Arguments, entity_id, via
from api.declare import SCAN, Declarations, Declared, Field
from api.tracing import at, entity, field, rows
from graph.sources import flows, recipients

RECIPIENT_SUM = Declared(
    name="RecipientSum",
    description="Help of one kind to one recipient. Kinds are never added to one another; figures are added as in `flows`.",
    fields={
        "recipient": field("Entity | None", entity(recipients.RECIPIENT), "Who is helped."),
        "recipient_level": field("EntityType", at(recipients.LEVEL), "What it is: only recipients of one level are compared."),
        "measure": field("str", at(recipients.MEASURE), "What is counted: amount, people, workers or projects."),
        "type": field("RelationshipType", at(recipients.TYPE), "Type of the facts."),
        "class": field("MoneyClass | None", at(recipients.CLASS), "Stage of money; null if not said."),
        "basis": field("Basis | None", at(recipients.BASIS), "Stage of the figures."),
        "unit": field("str | None", at(recipients.UNIT), "Currency, or unit of what is counted."),
        "counted": field("str | None", at(recipients.COUNTED), "What exactly is counted, where the type does not say."),
        "kinds": field("list[str]", at(recipients.KINDS), "Kinds that the facts share.", 2),
        "per_year": field("bool", at(recipients.PER_YEAR), "Whether the figures are for each year."),
        "sum": field("Decimal | None", at(recipients.SUM), "Of all helpers; null if nothing may be added."),
        "helpers_count": field("int", at(recipients.HELPERS), "Helpers whose figures are in the sum."),
        "main_helper": field(
            "Entity | None", entity(recipients.MAIN), "Who gives most; null also if it is not one entity that is named."
        ),
        "main_sum": field("Decimal | None", at(recipients.MAIN_SUM), "What the main helper gives."),
        "main_share": field("float | None", at(recipients.MAIN_SHARE), "Its share of the sum, 0 to 1."),
        "without_main": field("Decimal | None", at(recipients.WITHOUT), "The sum if the main helper left."),
        "helper_levels": field("list[EntityType]", at(recipients.LEVELS), "What the helpers are.", 2),
        "facts": field("int", at(recipients.FACTS), "Facts of the row."),
        "added": field("int", at(recipients.ADDED), "How many of them are in the sum."),
        "population": field("Decimal | None", at(recipients.POPULATION_), "People, as last observed by the time asked about."),
        "population_as_of": field("PartialDate | None", at(recipients.AS_OF), "Of which day that is."),
        "per_head": field("Decimal | None", at(recipients.PER_HEAD), "The sum by the people, to four decimals."),
        "mean_per_head": field(
            "Decimal | None",
            at(recipients.MEAN),
            "Of all recipients of the kind and level whose people are known: their sums by their people.",
        ),
        "of_mean": field("float | None", at(recipients.OF_MEAN), "What is given a head as a share of that mean."),
    },
)  # fmt: skip
BY_RECIPIENT = Declared(
    name="ByRecipient",
    description="Help by recipient, each kind by itself.",
    fields={
        "to": field("Entity | None", entity(0), "In which place, or to whom."),
        "rows": field(
            "list[RecipientSum]", rows(1), f"At most {recipients.MOST}: by kind, within a kind most a head first.", 30
        ),
        "rows_count": field("int", at(2), "How many rows there are."),
        "missing": field("list[str]", at(3), "What the data does not hold that the question needs, in words.", 2),
    },
)


def queries(made: Declarations) -> dict[str, Field]:
    counted = ", ".join(sorted(one.name for one in flows.counted_types()))
    return {
        "by_recipient": Field(
            type="ByRecipient | None",
            binding=recipients.BY_RECIPIENT,
            description="Help to an entity and to each that lies in it: how much a head, and on whom each relies. Where "
            "`helpers` lists who helps one, this compares those who are helped.",
            arguments=Arguments(
                declared=(
                    entity_id("to", "The entity: a province, whose counties are compared, or one recipient."),
                    via(made.enums["RelationshipType"], f"Only help of these types, of {counted}."),
                )
            ).timed(),
            cost=SCAN,
        )
    }
