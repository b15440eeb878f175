"""What the graph holds."""

from typing import Any

from api.arguments import Argument, Arguments, Prepared, checked_currency, where
from api.declare import SCAN, Declarations, Declared, Field
from graph.bindings import Inner
from graph.sources import overview

ENTITY_COUNT = Declared(
    name="EntityCount",
    description="How many entities of a type there are.",
    fields={
        "type": Field(type="EntityType", binding=overview.KIND, description="Their type, the finest."),
        "count": Field(type="int", binding=overview.COUNT, description="How many."),
    },
)
FACT_COUNT = Declared(
    name="FactCount",
    description="How many facts of a type there are.",
    fields={
        "type": Field(type="RelationshipType", binding=overview.KIND, description="Their type."),
        "count": Field(type="int", binding=overview.COUNT, description="How many facts."),
        "claims": Field(type="int", binding=overview.CLAIMS, description="How many claims of them."),
    },
)
FUNDING_SUM = Declared(
    name="FundingSum",
    description="Funding of one class that ends in one province, in places below it included.",
    fields={
        "province": Field(type="Province", binding=Inner(roles={"v": "_v"}), description="The province."),
        "amount": Field(
            type="Decimal", binding=overview.AMOUNT, description="Sum, in units of the currency asked for."
        ),
        "facts": Field(type="int", binding=overview.COUNT, description="Facts that were added."),
    },
)
OVERVIEW = Declared(
    name="Overview",
    description="What the graph holds, in numbers.",
    fields={
        "entities": Field(
            type="list[EntityCount]", binding=overview.ENTITIES, description="Entities by type.", rows=30, cost=SCAN
        ),
        "facts": Field(
            type="list[FactCount]",
            binding=overview.FACTS,
            description="Facts of all sources by type.",
            rows=30,
            cost=SCAN,
        ),
    },
)


def _currency(value: Any, prepared: Prepared) -> None:
    prepared.parameters["currency"] = checked_currency(value)


def queries(made: Declarations) -> dict[str, Field]:
    made.types["Overview"] = Declared(
        name="Overview",
        description=OVERVIEW.description,
        fields={**OVERVIEW.fields, "funding_by_province": _funding(made)},
    )
    return {
        "overview": Field(
            type="Overview",
            binding=overview.OVERVIEW,
            description="What the graph holds, in numbers.",
            arguments=Arguments().timed(),
        )
    }


def _funding(made: Declarations) -> Field:
    money, basis = made.enums["MoneyClass"], made.enums["Basis"]
    currency = Argument(
        name="currency", type=str, default="CNY", description="ISO 4217 code of the amounts.", put=_currency
    )
    return Field(
        type="list[FundingSum]",
        binding=overview.SUMS,
        description="Amounts of FUNDS by the province of the recipient: one class, one currency, each fact once, without "
        "figures that are part of another. With `during`, only facts whose whole period lies in it. Periods may overlap, and a "
        "total of many years then stands beside those of its years: `flows` adds only what does not.",
        arguments=Arguments(
            declared=(
                where("class", "class", money, "Stage of money; only one is added up.", required=True),
                currency,
                where("basis", "basis", basis, "Only figures of this basis.", default=basis("reported")),
            )
        ).timed(),
        rows=35,
        cost=SCAN,
    )
