"""Where money went, and where it came from: amounts followed along flows."""

from typing import Any

from api.arguments import Argument, Arguments, Prepared, checked_currency, choice, entity_id
from api.declare import SCAN, Declarations, Declared, Field
from api.errors import BadUserInput
from api.vocabulary import add_enum
from graph.sources import computed, tracing

#: Paths that are ranked, at most.
PATHS = 50


def field(type_: str, binding: Any, description: str, rows: int = 10) -> Field:
    return Field(type=type_, binding=binding, description=description, rows=rows)


at, entity, rows, entities = computed.value, computed.entity, computed.rows, computed.entities

TRACE_LINE = Declared(
    name="TraceLine",
    description="A part of the amount asked about, and where it is or is from. The lines of a trace add up to the amount; the "
    f"smallest beyond {tracing.LINES_LISTED} are one line for each kind, without an entity.",
    fields={
        "kind": field("TraceLineKind", at(0), "What became of it."),
        "entity": field("Entity | None", entity(1), "Where: who spent it, holds it, had it first."),
        "paid_to": field("Entity | None", entity(2), "Who was paid, where money was spent and a source says it."),
        "amount": field("Decimal", at(3), "In units of the currency of the trace, exact to the minor unit."),
        "share": field("float", at(4), "Of the amount asked about, 0 to 1."),
        "parts": field("int", at(5), "How many parts it is: more than 1 where the smallest of a kind are one line."),
    },
)
TRACE_NODE = Declared(
    name="TraceNode",
    description="An entity that the money asked about came to. All but `throughput` is of all money, not only of that.",
    fields={
        "entity": field("Entity | None", entity(0), "Who."),
        "throughput": field("Decimal", at(1), "How much of the money asked about it had, each time it came."),
        "inflow": field("Decimal", at(2), "What came from others."),
        "own": field("Decimal", at(3), "What it put in itself, as declared."),
        "outflow": field("Decimal", at(4), "What went to others."),
        "end_use": field("Decimal", at(5), "What it spent."),
        "held": field("Decimal", at(6), "What came and is not known to have gone."),
        "unknown_origin": field("Decimal", at(7), "What went and is not known to have come."),
        "depth": field("int", at(8), "Fewest transfers from where the question starts."),
    },
)
TRACE_TRANSFER = Declared(
    name="TraceTransfer",
    description="Money that went from one to another: a band of a Sankey diagram.",
    fields={
        "provider": field("Entity | None", entity(0), "Who gave it."),
        "receiver": field("Entity | None", entity(1), "Who got it."),
        "amount": field("Decimal", at(2), "How much of it is of the money asked about."),
        "used": field("Decimal", at(3), "How much went in all, by the figures used."),
    },
)
TRACE_PATH = Declared(
    name="TracePath",
    description="Money that took this way and no other; no entity stands twice in it.",
    fields={
        "entities": field("list[Entity]", entities(0), "Who it went through, in its direction.", 5),
        "amount": field("Decimal", at(1), "How much."),
        "share": field("float", at(2), "Of the amount asked about, 0 to 1."),
    },
)
TRACE_REMAINDER = Declared(
    name="TraceRemainder",
    description="What is asked about and on none of the paths listed: with it, the paths add up to the amount.",
    fields={
        "kind": field("TraceRemainderKind", at(0), "Why."),
        "amount": field("Decimal", at(1), "How much."),
    },
)
TRACE_CORRECTION = Declared(
    name="TraceCorrection",
    description="A negative amount that nothing of its own transfer makes up for.",
    fields={
        "effect": field("TraceCorrectionEffect", at(0), "What became of it."),
        "provider": field("Entity | None", entity(1), "Provider of what is corrected."),
        "receiver": field("Entity | None", entity(2), "Its receiver."),
        "amount": field("Decimal", at(3), "How much, above 0."),
    },
)
TRACE_CYCLE = Declared(
    name="TraceCycle",
    description="Money that goes round among these and nowhere else: nothing enters, nothing leaves, so nothing is followed.",
    fields={"entities": field("list[Entity]", entities(0), "Its members.", 5)},
)
TRACE_LEFT_OUT = Declared(
    name="TraceLeftOut",
    description="Money of the class that is reported and not followed.",
    fields={
        "reason": field("TraceReason", at(0), "Why."),
        "provider": field("Entity | None", entity(1), "Who gave it."),
        "receiver": field("Entity | None", entity(2), "Who got it."),
        "amount": field("Decimal | None", at(3), "As reported; null if no source gives it."),
        "currency": field("str | None", at(4), "As reported."),
        "claim": field("str", at(5), "Id of the claim."),
    },
)
TRACE_CONVERSION = Declared(
    name="TraceConversion",
    description="Amounts of one currency and day in the currency of the trace.",
    fields={
        "currency": field("str", at(0), "As reported."),
        "day": field("PartialDate", at(1), "Day whose rate applies."),
        "of_value_date": field("bool", at(2), "Whether a source gives it as value date; else it is the day of the transfer."),
        "rate": field("Decimal", at(3), "Units of the currency of the trace for one, to 12 digits; exact in `explain`."),
        "rate_days": field("list[PartialDate]", at(4), "Days of the rates it is made of.", 2),
        "source": field("str", at(5), "Name of the table of rates."),
        "original": field("Decimal", at(6), "Sum as reported."),
        "amount": field("Decimal", at(7), "Sum in the currency of the trace; each flow is rounded once."),
        "flows": field("int", at(8), "How many flows."),
        "price_factor": field(
            "Decimal | None", at(9), "What the converted amounts were multiplied by for constant prices, to 12 digits; else null."
        ),
    },
)  # fmt: skip
TRACE_CHECK = Declared(
    name="TraceCheck",
    description="Whether every part is accounted for.",
    fields={
        "amount": field("Decimal", at(0), "The amount asked about."),
        "lines": field("Decimal", at(1), "Sum of all lines."),
        "paths": field("Decimal", at(2), "Sum of the paths and their remainder."),
        "agrees": field("bool", at(3), "Whether all three are the same to the minor unit."),
    },
)
TRACE_CLASS_COUNT = Declared(
    name="TraceClassCount",
    description="Flows of one class at where the question starts.",
    fields={
        "class": field("FlowClass", at(0), "Class of the flows."),
        "flows": field("int", at(1), "How many."),
    },
)
TRACE = Declared(
    name="Trace",
    description="Money followed onward from who gave it, or back to where it came from. All amounts are in one currency and of "
    "one class; the lines add up to the amount asked about, and so do the paths with their remainder.",
    fields={
        "from": field("Entity | None", entity(tracing.FROM), "Whose money is followed onward."),
        "to": field("Entity | None", entity(tracing.TO), "Where money is followed to, or back from."),
        "rule": field("TraceRule", at(tracing.RULE), "Rule by which money that came together is told apart."),
        "money": field("TracedMoney | None", at(tracing.MONEY), "Which money of the start it is; null if followed back."),
        "class": field("FlowClass", at(tracing.CLASS), "Class of the flows that are followed."),
        "classes": field("list[TraceClassCount]", rows(tracing.CLASSES), "Classes of flows at the start.", 3),
        "currency": field("str | None", at(tracing.CURRENCY), "Of all amounts; null if there is no flow."),
        "currencies": field("list[str]", at(tracing.CURRENCIES), "Those of the flows at the start.", 3),
        "amount": field("Decimal | None", at(tracing.AMOUNT), "The amount asked about; null if none could be converted."),
        "lines": field("list[TraceLine]", rows(tracing.LINES), "Where it is, largest first.", 20),
        "nodes": field("list[TraceNode]", rows(tracing.NODES), "Who had it, by depth, most first.", 20),
        "edges": field("list[TraceTransfer]", rows(tracing.EDGES), "How it went, most first.", 20),
        "paths": field("list[TracePath]", rows(tracing.PATHS), "Ways it took, those of most money first."),
        "remainder": field("list[TraceRemainder]", rows(tracing.REMAINDER), "What is on none of the paths.", 2),
        "corrections": field("list[TraceCorrection]", rows(tracing.CORRECTIONS), "Negative amounts and what became of them.", 2),
        "closed_cycles": field("list[TraceCycle]", rows(tracing.CLOSED), "Closed cycles that were met.", 2),
        "left_out": field("list[TraceLeftOut]", rows(tracing.LEFT), f"The first {tracing.LISTED} that are not followed."),
        "left_out_count": field("int", at(tracing.LEFT_COUNT), "How many are not followed."),
        "conversions": field("list[TraceConversion]", rows(tracing.CONVERSIONS), f"At most {tracing.LISTED}.", 3),
        "check": field("TraceCheck", computed.one(tracing.CHECK), "Whether the parts add up."),
        "truncated": field("list[str]", at(tracing.TRUNCATED), "What is not whole: lines, nodes, edges, paths, flows.", 2),
        "missing": field("list[str]", at(tracing.MISSING), "What the data does not hold that the question needs, in words.", 2),
        "explain_id": field("ID", at(tracing.EXPLAIN), "Ask `explain` with it for the claims and rates behind the figures."),
    },
)  # fmt: skip


def number(
    name: str, description: str, least: float, most: float, type_: Any, default: Any = None, *, required: bool = False
) -> Argument:
    """A number within bounds; `required`: it may be left out where there is a default, and may not be null."""

    def put(value: Any, prepared: Prepared) -> None:
        if not least <= value <= most:
            raise BadUserInput(f"{name} is {value}: it must lie between {least} and {most}")
        prepared.parameters[name] = value

    extra = {} if default is None else {"default": default}
    return Argument(name=name, type=type_ if required else type_ | None, description=description, put=put, **extra)


def _code(name: str, type_: Any, description: str) -> Argument:
    def put(value: Any, prepared: Prepared) -> None:
        prepared.parameters[name] = value.value

    return Argument(name=name, type=type_ | None, description=description, put=put)


def _currency() -> Argument:
    def put(value: Any, prepared: Prepared) -> None:
        prepared.parameters["currency"] = checked_currency(value)

    said = (
        "ISO 4217 code: amounts in others are converted by the table of rates that the server was given. If absent, that of the "
        "flows, which must be one."
    )
    return Argument(name="currency", type=str | None, description=said, put=put)


def arguments(made: Declarations) -> tuple[Argument, ...]:
    """What chooses flows: their class, and the currency and prices of the answer."""
    prices = "Year in whose prices amounts are told, by the table of price indexes that the server was given."
    return (
        number("constantPrices", prices, 1900, 2200, int),
        _code("class", made.enums["FlowClass"], "Class of flows; if absent cash, or what there is."),
        _currency(),
    )


def queries(made: Declarations) -> dict[str, Field]:
    add_enum(made, "FlowClass", "Stages of money that are never mixed.", tracing.CLASS_NAMES.items())
    add_enum(made, "TraceRule", "By which rule money that came together is told apart.", tracing.RULES.items())
    add_enum(made, "TracedMoney", "Which money of the start is followed.", tracing.MONEYS.items())
    add_enum(made, "TraceLineKind", "Where a part of the money is, or is from.", tracing.LINE_KINDS.items())
    add_enum(made, "TraceRemainderKind", "Why money is on no path listed.", tracing.REMAINDERS.items())
    add_enum(made, "TraceCorrectionEffect", "What became of a negative amount.", tracing.EFFECTS.items())
    add_enum(made, "TraceReason", "Why money is not followed.", tracing.REASONS.items())
    rule = made.enums["TraceRule"]
    asked = (
        entity_id("from", "Follow onward what this entity gave, or what lies in it, is part or a project of it.", required=False),
        entity_id("to", "With `from`: how much of it reached this entity. Alone: follow back what it got.", required=False),
        choice("rule", rule, "How money that came together is told apart.", "rule", rule("pro_rata")),
        _code("money", made.enums["TracedMoney"], "Which money is followed; if absent the own, or else all."),
        *arguments(made),
        number("maxDepth", "Follow over at most so many transfers, 1 to 100; the rest is a line.", 1, 100, int),
        number("minShare", "Do not follow on from who had less than this share of the amount, 0 to 1; the rest is a line.",
                0, 1, float, 0.0),
        number("paths", f"How many paths are ranked, 0 to {PATHS}.", 0, PATHS, int, 10),
    )  # fmt: skip
    return {
        "trace": Field(
            type="Trace | None",
            binding=tracing.TRACE,
            description="Where money went from an entity to its end uses, or where the money of an entity came from: amounts "
            "followed over any number of transfers, every unit accounted for.",
            arguments=Arguments(declared=asked).timed(),
            cost=SCAN,
        )
    }
