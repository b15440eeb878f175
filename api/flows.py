"""Sums of money by who gives, who gets, when and for what."""

from typing import Any

from api.arguments import Argument, Prepared, checked_currency, entity_id, page, via, where
from api.declare import SCAN, Declarations, Declared, Field
from api.errors import BadUserInput
from api.vocabulary import LAST_TEXT, add_enum
from graph.sources import flows

FLOW_SUM = Declared(
    name="FlowSum",
    description="Money of all facts that share what they are grouped by, of one type, level, class, basis, currency and measure: "
    "each fact once, none whose period overlaps that of another between the same two, none that is part of another.",
    fields={
        "helper": Field(type="Entity | None", binding=flows.HELPER, description="Who gives, if grouped by it."),
        "helper_open": Field(type="FlowOpen | None", binding=flows.HELPER_OPEN, description="Why no helper is named."),
        "recipient": Field(type="Entity | None", binding=flows.RECIPIENT, description="Who gets, if grouped by it."),
        "recipient_open": Field(
            type="FlowOpen | None", binding=flows.RECIPIENT_OPEN, description="Why no recipient is named."
        ),
        "helper_province": Field(
            type="Entity | None", binding=flows.HELPER_PROVINCE, description="Province that the helper lies in."
        ),
        "recipient_province": Field(
            type="Entity | None", binding=flows.RECIPIENT_PROVINCE, description="Province that the recipient lies in."
        ),
        "programme": Field(type="Entity | None", binding=flows.PROGRAMME, description="Programme of the facts."),
        "sector": Field(type="Entity | None", binding=flows.SECTOR, description="Sector of the project."),
        "sector_open": Field(type="FlowOpen | None", binding=flows.SECTOR_OPEN, description="Why no sector is named."),
        "year": Field(
            type="str | None", binding=flows.YEAR, description="Year the period begins in; null if not known."
        ),
        "quarter": Field(
            type="str | None",
            binding=flows.QUARTER,
            description="Quarter the period begins in, such as 2021-Q3, if grouped by it; null if the month is not known.",
        ),
        "helper_level": Field(
            type="EntityType",
            binding=flows.HELPER_LEVEL,
            description="What gives: province, county, organization, project …",
        ),
        "recipient_level": Field(
            type="EntityType",
            binding=flows.RECIPIENT_LEVEL,
            description="What gets: likewise; sums of different levels may be partly the same money.",
        ),
        "type": Field(type="RelationshipType", binding=flows.TYPE, description="Type of the facts."),
        "class": Field(type="MoneyClass | None", binding=flows.CLASS, description="Stage of money; null if not said."),
        "basis": Field(type="Basis | None", binding=flows.BASIS, description="Stage of the figures."),
        "currency": Field(type="str | None", binding=flows.CURRENCY, description="ISO 4217 code, as reported."),
        "counted": Field(
            type="str | None",
            binding=flows.COUNTED_AS,
            description="What exactly is counted, where the type does not say: the code `measure` of the facts.",
        ),
        "kinds": Field(type="list[str]", binding=flows.KINDS, description="Kinds that the facts share.", rows=2),
        "per_year": Field(type="bool", binding=flows.PER_YEAR, description="Whether the figures are for each year."),
        "sum": Field(
            type="Decimal | None",
            binding=flows.SUM,
            description="In units of the currency; null if nothing may be added.",
        ),
        "explain_id": Field(type="ID", binding=flows.EXPLAIN, description="Ask `explain` with it."),
        "facts": Field(type="int", binding=flows.FACTS, description="Facts of the row."),
        "added": Field(type="int", binding=flows.ADDED, description="How many of them are in the sum."),
        "without_amount": Field(
            type="int", binding=flows.UNKNOWN, description="How many of them have no amount in any source."
        ),
        "not_added": Field(
            type="list[NotAddedReason]", binding=flows.NOT_ADDED, description="Why others are not in the sum.", rows=1
        ),
    },
)


def queries(made: Declarations) -> dict[str, Field]:
    add_enum(made, "FlowGroup", "By what sums are grouped.", flows.GROUPS.items())
    add_enum(made, "FlowOpen", "Why no one is named.", flows.OPEN.items())
    groups, classes = made.enums["FlowGroup"], made.enums["MoneyClass"]

    def put_by(value: Any, prepared: Prepared) -> None:
        if not value:
            raise BadUserInput("groupBy is empty: name what the sums are to be grouped by")
        prepared.shape["by"] = tuple(sorted({one.value for one in value}))

    def put_classes(value: Any, prepared: Prepared) -> None:
        prepared.parameters["classes"] = sorted({one.value for one in value})
        prepared.shape["classes"] = True

    def currency(description: str, *, required: bool = False) -> Argument:
        return where("currency", "currency", str, description, required=required, check=checked_currency)

    narrowed = (
        entity_id(
            "from", "Only what this entity gives, or one that lies in it or is part or a member of it.", required=False
        ),
        entity_id(
            "to", "Only what this entity gets, or one that lies in it or is part or a member of it.", required=False
        ),
        Argument(
            name="classes",
            type=list[classes] | None,  # pyright: ignore[reportOperatorIssue]
            description="Only these stages of money.",
            put=put_classes,
        ),
        via(made.enums["RelationshipType"], f"Only facts of these types, of {', '.join(flows.TYPES)}."),
        where("source", "source", str, "Only claims that stand in this source, such as source:dataset:my-table.",
              entity=True),
        where("reportedBy", "reported_by", str, "Only what this entity reports."),
        where("programme", "programme", str, "Only facts under this programme.", entity=True),
    )  # fmt: skip
    return {
        "largest": Field(
            type="FactConnection | None",
            binding=flows.LARGEST,
            description="Facts of money in one currency, the largest amount first, as reported: also of groups that who is asked "
            "about is a member of, and of projects in several places; those are not split.",
            arguments=page(
                "largest",
                {"amount_desc": (2**63 - 1, LAST_TEXT)},
                currency("ISO 4217 code of the amounts.", required=True),
                *narrowed,
                timed=True,
            ),
            cost=SCAN,
        ),
        "flows": Field(
            type="FlowSumConnection | None",
            binding=flows.FLOWS,
            description="Sums of money by who gives, who gets, when and for what: rows of most facts first. Without a time asked "
            "about, figures of every period are added that do not overlap.",
            arguments=page(
                "flows",
                {"facts_desc": (-(2**53), "")},
                Argument(name="groupBy", type=list[groups], description="By what.", put=put_by, shapes=True),
                currency("Only amounts in this currency."),
                *narrowed,
                timed=True,
            ),
            cost=SCAN,
        ),
    }
