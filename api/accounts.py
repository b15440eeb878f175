"""Money of an entity by different measures, the two reports of each transfer, links that are broken, and figures explained."""

from typing import Any

from api.arguments import Argument, Arguments, Prepared, entity_id
from api.cursors import LONGEST
from api.declare import SCAN, Declarations, Declared, Field
from api.errors import BadUserInput
from api.tracing import arguments, at, entities, entity, field, number, rows
from api.vocabulary import add_enum
from graph.sources import accounts, computed, explaining

MONEY_LEFT_OUT = Declared(
    name="MoneyLeftOut",
    description="What a total leaves out, and why.",
    fields={
        "reason": field("MoneyReason", at(0), "Why."),
        "id": field("str", at(1), "Id of a flow, or of the claim that is in none."),
        "provider": field("Entity | None", entity(2), "Who gave it."),
        "receiver": field("Entity | None", entity(3), "Who got it."),
        "amount": field("Decimal | None", at(4), "Its amount; null if no source gives it."),
        "currency": field("str | None", at(5), "Its currency."),
    },
)
MONEY_MEASURE = Declared(
    name="MoneyMeasure",
    description="A total by one measure.",
    fields={
        "amount": field("Decimal", at(0), "In units of the currency."),
        "added": field("int", at(1), "How many flows are added."),
        "subtracted": field("int", at(2), "How many flows are subtracted."),
        "left_out": field(
            "list[MoneyLeftOut]", rows(3), f"The {accounts.LISTED} largest that are left out, the largest first."
        ),
        "left_out_count": field("int", at(4), "How many are left out."),
    },
)
MONEY_TOTALS = Declared(
    name="MoneyTotals",
    description="Money of an entity by measures that answer different questions. They are never added to one another.",
    fields={
        "of": field("Entity | None", entity(0), "Whose money."),
        "class": field("FlowClass", at(1), "Class of the flows."),
        "currency": field("str | None", at(2), "Of all amounts; null if there is no flow."),
        "gross": field("MoneyMeasure", computed.one(3), "All that goes out, to others and to end uses."),
        "net_spend": field("MoneyMeasure", computed.one(4), "Disbursements and expenditure less incoming funds."),
        "net_new": field(
            "MoneyMeasure",
            computed.one(5),
            "Of what each node gives out, what exceeds that which came to it, paid or promised, whichever is more.",
        ),
        "end_use": field("MoneyMeasure", computed.one(6), "What is spent."),
        "new_money": field(
            "Decimal",
            at(7),
            "Money from outside: own, from others, and what was given without its being known from where. It is spent, held or "
            "passed on.",
        ),
        "held": field("Decimal", at(8), "What of it is not known to have gone on."),
        "passed_on": field("Decimal", at(9), "What of it went to others."),
        "nodes": field("int", at(10), "Entities whose money it is: the one asked about and what lies in it or is part of it."),
        "conversions": field("list[TraceConversion]", rows(11), f"At most {accounts.LISTED}.", 3),
        "missing": field("list[str]", at(12), "What the data does not hold that the question needs, in words.", 2),
        "explain_id": field("ID", at(13), "Ask `explain` with it."),
        "corrections": field(
            "list[TraceCorrection]", rows(14), f"Amounts below 0 that go beyond their own transfer, at most {accounts.LISTED}.", 1
        ),
    },
)  # fmt: skip
RECONCILED = Declared(
    name="ReconciledFlow",
    description="One transfer, or one sum of a period, with what each side reports of it.",
    fields={
        "id": field("str", at(0), "Id of the flow."),
        "standing": field("ReconciliationStanding", at(1), "Whether both report it, and alike."),
        "provider": field("Entity | None", entity(2), "Who gave it."),
        "receiver": field("Entity | None", entity(3), "Who got it."),
        "class": field("FlowClass", at(4), "Class of the flow."),
        "currency": field("str", at(5), "Currency of the amounts: the provider's, where the two differ."),
        "first": field("PartialDate | None", at(6), "First day of its period."),
        "last": field("PartialDate | None", at(7), "Last day of its period."),
        "provider_says": field("Decimal | None", at(8), "What the provider reports."),
        "receiver_says": field("Decimal | None", at(9), "What the receiver reports, converted if in another currency."),
        "others_say": field("Decimal | None", at(10), "What a third party reports."),
        "used": field("Decimal", at(11), "The figure that traces and totals use."),
        "used_of": field("ReportingSide", at(12), "Whose figure that is."),
        "gap": field("Decimal | None", at(13), "Provider's less receiver's figure, without what exchange rates explain."),
        "gap_share": field("float | None", at(14), "The gap as a share of the larger figure."),
        "exchange": field("Decimal | None", at(15), "Difference that exchange rates of the two days explain."),
        "matched_by": field("MatchStep | None", at(16), "How the two reports were found to be of one transfer."),
        "days_apart": field("int | None", at(17), "Days between the two reports."),
        "claims": field("list[str]", at(18), "Ids of the claims, those used first.", 3),
    },
)  # fmt: skip
RECONCILIATION = Declared(
    name="Reconciliation",
    description="Transfers by what their two sides report.",
    fields={
        "both": field("int", at(0), "Flows that both report, within the tolerance. Unit: flows."),
        "differing": field("int", at(1), "Flows that both report, and whose amounts differ by more. Unit: flows."),
        "provider_only": field("int", at(2), "Flows that only the provider reports. Unit: flows."),
        "receiver_only": field("int", at(3), "Flows that only the receiver reports. Unit: flows."),
        "others_only": field("int", at(4), "Flows that only a third party reports. Unit: flows."),
        "tolerance": field("float", at(5), "Share of the larger figure by which two may differ."),
        "rows": field(
            "list[ReconciledFlow]", rows(6), "Flows, those with the largest gap first, then the largest.", 20
        ),
        "truncated": field("bool", at(7), "Whether there are more flows than were looked at."),
        "explain_id": field("ID", at(8), "Ask `explain` with it."),
    },
)
QUALITY_COUNT = Declared(
    name="QualityCount",
    description="How often something is wrong.",
    fields={
        "kind": field("QualityFault", at(0), "What is wrong."),
        "count": field("int", at(1), "How often."),
        "examples": field("list[QualityExample]", rows(2), "The first of them.", 5),
    },
)
QUALITY_EXAMPLE = Declared(
    name="QualityExample",
    description="One link or report that is wrong.",
    fields={
        "project": field("Entity | None", entity(0), "The project whose publisher can mend it."),
        "value": field("str", at(1), "What is wrong, as read."),
        "about": field("str", at(2), "Id of the claim, the flow or the project."),
    },
)
QUALITY = Declared(
    name="Quality",
    description="Links between projects that cannot be followed, and reports that do not fit together.",
    fields={
        "flows": field("int", at(0), "Flows that were looked at."),
        "followable": field("int", at(1), "Flows between two entities that money can be followed over."),
        "faults": field("list[QualityCount]", rows(2), "By kind, also of those that there are none of.", 10),
        "truncated": field("bool", at(3), "Whether there are more cycles than could be looked for."),
        "cycles": field("list[MoneyCycle]", rows(4), "Cash that went round, by currency, the most first.", 5),
        "cycles_count": field("int", at(5), "How many cycles there are."),
    },
)
MONEY_CYCLE = Declared(
    name="MoneyCycle",
    description="Cash that went round and came back: each unit is in one cycle, the shortest it can be in.",
    fields={
        "kind": field("MoneyCycleKind", at(0), "What is known of it."),
        "currency": field("str", at(1), "Currency of the flows."),
        "amount": field(
            "Decimal", at(2), "What each gave the next of it: the least of the flows, less what is in shorter cycles."
        ),
        "entities": field("list[Entity]", entities(3), "Each gave to the next, and the last to the first.", 4),
    },
)
EXPLAINED_CLAIM = Declared(
    name="ExplainedClaim",
    description="A claim behind a figure.",
    fields={
        "claim": field("str", at(0), "Id of the claim."),
        "flow": field("str | None", at(1), "Id of the flow it is in; null if it is in none."),
        "type": field("RelationshipType", at(2), "Type of the claim."),
        "provider": field("Entity | None", entity(3), "Its start."),
        "receiver": field("Entity | None", entity(4), "Its end."),
        "amount": field("Decimal | None", at(5), "As stored."),
        "currency": field("str | None", at(6), "As reported."),
        "class": field("str | None", at(7), "Stage of money, as reported."),
        "first": field("PartialDate | None", at(8), "First day of its period, as read."),
        "reported_by": field("Entity | None", entity(9), "Who reports it."),
        "source": field("Source | None", entity(10), "The document it stands in."),
        "locator": field("str | None", at(11), "Where in the document."),
        "role": field(
            "str",
            at(12),
            "What became of it: used, the other report, the same from another source, or why it is left out.",
        ),
    },
)
EXPLANATION = Declared(
    name="Explanation",
    description="What is behind a figure: claims with documents and places in them, conversions, rule; and all of it as a file "
    "from which `aidgraph explain FILE` recomputes the figure without a graph.",
    fields={
        "question": field("str", at(0), "The field that gave the figure, with its arguments."),
        "rule": field("str", at(1), "How the figure is made, in words."),
        "amount": field("Decimal | None", at(2), "The figure as it is now, of what was known then."),
        "currency": field("str | None", at(3), "Its currency."),
        "claims": field("list[ExplainedClaim]", rows(4), f"The first {explaining.LISTED}, those used first.", 20),
        "claims_count": field("int", at(5), "How many there are."),
        "conversions": field("list[TraceConversion]", rows(6), "Rates that were applied.", 3),
        "file": field("str", at(7), "JSON for `aidgraph explain FILE`."),
    },
)


def _limit(most: int, default: int) -> Argument:
    return number("limit", f"Rows, at most {most}.", 1, most, int, default, required=True)


class _Opened(Arguments):
    """Opens the id of an explanation with the seal it was made with."""

    __slots__ = ()

    def finish(self, given: Any, asked: Any, prepared: Prepared) -> None:
        Arguments.finish(self, given, asked, prepared)
        prepared.parameters["question"] = asked.seal.read("explain", given["id"])


def _explain_id() -> Argument:
    def put(value: Any, prepared: Prepared) -> None:
        if len(value) > LONGEST:
            raise BadUserInput("id is no explainId: pass one that an answer gave, unchanged")

    return Argument(name="id", type=str, description="An `explainId` of an answer.", put=put)


def queries(made: Declarations) -> dict[str, Field]:
    add_enum(made, "MoneyReason", "Why a total leaves something out.", accounts.REASONS.items())
    add_enum(made, "ReconciliationStanding", "Who reports a flow.", accounts.STANDINGS.items())
    add_enum(made, "ReportingSide", "Who reports.", accounts.SIDES.items())
    add_enum(made, "MatchStep", "How two reports were found to be of one transfer.", accounts.STEPS.items())
    add_enum(made, "QualityFault", "What is wrong with a link or a report.", accounts.FAULTS.items())
    add_enum(made, "MoneyCycleKind", "What is known of money that went round.", accounts.CYCLES.items())
    standing = made.enums["ReconciliationStanding"]
    said = "Share of the larger figure by which two reports may differ."

    def put_only(value: Any, prepared: Prepared) -> None:
        prepared.parameters["only"] = sorted({one.value for one in value})

    only = Argument(
        name="only",
        type=list[standing] | None,  # pyright: ignore[reportOperatorIssue]
        description="Only rows of these standings.",
        put=put_only,
    )
    return {
        "totals": Field(
            type="MoneyTotals | None",
            binding=accounts.TOTALS,
            description="Money of an entity, and of what lies in it or is part or project of it, by four measures side by side.",
            arguments=Arguments(declared=(entity_id("of", "Whose money."), *arguments(made))).timed(),
            cost=SCAN,
        ),
        "reconciliation": Field(
            type="Reconciliation | None",
            binding=accounts.RECONCILIATION,
            description="Where the two sides of transfers agree, where they differ, and where one reports nothing: of an entity, "
            "between two, or of all.",
            arguments=Arguments(
                declared=(
                    entity_id("of", "Flows this entity, or what lies in it or is part of it, gives or gets.", required=False),
                    entity_id("from", "Flows that this entity gives, likewise.", required=False),
                    entity_id("to", "Flows that this entity gets, likewise.", required=False),
                    arguments(made)[1],
                    number("tolerance", said, 0, 1, float, 0.01, required=True),
                    only,
                    _limit(200, 50),
                )
            ).timed(),
            cost=SCAN,
        ),
        "quality": Field(
            type="Quality | None",
            binding=accounts.QUALITY,
            description="Broken links between projects, and reports that do not fit, in all that is loaded.",
            arguments=Arguments(declared=(_limit(50, 5),)),
            cost=SCAN,
        ),
        "explain": Field(
            type="Explanation | None",
            binding=explaining.EXPLANATION,
            description="What is behind a figure of `trace`, `totals` or `reconciliation`, as it was known when it was given, "
            "also after later loads.",
            arguments=_Opened(
                declared=(
                    _explain_id(),
                    entity_id("provider", "List only claims of money that this entity gives.", required=False),
                    entity_id("receiver", "List only claims of money that this entity gets.", required=False),
                )
            ),
            cost=SCAN,
        ),
    }  # fmt: skip
