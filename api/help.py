"""Who helps whom, and how two entities hang together."""

from typing import Any

from api.arguments import Argument, Arguments, Prepared, entity_id, page, via, within
from api.declare import SCAN, Declarations, Declared, Field
from api.errors import BadUserInput
from api.vocabulary import LAST_TEXT, add_enum
from graph.bindings import Inner
from graph.sources import help, paths, totals

HELP = Declared(
    name="Help",
    description="One fact by which one helps another.",
    fields={
        "fact": Field(type="Fact", binding=help.FACT, description="The fact, with its evidence."),
        "recipient": Field(
            type="Entity",
            binding=help.HELPED,
            description="Who is helped: the one asked about, the same place under another code, or a project there.",
        ),
        "means": Field(type="Entity | None", binding=help.MEANS, description="The official, where help is a posting."),
        "certainty": Field(
            type="Certainty",
            binding=help.CERTAINTY,
            description="Of the fact; where it is a posting, of the weakest link to who sent the official.",
        ),
    },
)
NOT_ADDED = Declared(
    name="NotAdded",
    description="A fact that a total leaves out.",
    fields={
        "fact": Field(type="Fact", binding=totals.FACT, description="The fact, with its evidence."),
        "reason": Field(type="NotAddedReason", binding=totals.REASON, description="Why it is left out."),
    },
)
TOTAL = Declared(
    name="Total",
    description="Figures that count the same, added up as far as they may be: each fact once, none whose period overlaps "
    "another's, none that is part of another.",
    fields={
        "measure": Field(type="Measure", binding=totals.MEASURE, description="What is added up."),
        "type": Field(type="RelationshipType", binding=totals.TYPE, description="Type of the facts."),
        "class": Field(type="MoneyClass | None", binding=totals.CLASS, description="Stage of money; null of others."),
        "basis": Field(type="Basis | None", binding=totals.BASIS, description="Stage of the figures."),
        "unit": Field(
            type="str | None",
            binding=totals.UNIT,
            description="ISO 4217 code of an amount; person or project of a count.",
        ),
        "counted": Field(
            type="str | None",
            binding=totals.COUNTED_AS,
            description="What exactly is counted, where the type does not say: the code `measure` of the facts.",
        ),
        "kinds": Field(
            type="list[str]",
            binding=totals.KINDS,
            description="Kind, class of persons, purpose or scope that the facts share.",
            rows=3,
        ),
        "per_year": Field(type="bool", binding=totals.PER_YEAR, description="Whether the figures are for each year."),
        "to_projects": Field(
            type="bool",
            binding=totals.TO_PROJECTS,
            description="Whether they are of projects there, and not of the place or organization itself.",
        ),
        "sum": Field(
            type="Decimal | None",
            binding=totals.SUM,
            description="The sum, in the unit; null where nothing may be added.",
        ),
        "bound": Field(
            type="Bound | None",
            binding=totals.BOUND,
            description="How the sum bounds the true value: as its loosest part.",
        ),
        "added": Field(type="int", binding=totals.ADDED, description="How many facts were added."),
        "valid_from": Field(
            type="PartialDate | None", binding=totals.VALID_FROM, description="Earliest known start of what was added."
        ),
        "valid_to": Field(
            type="PartialDate | None",
            binding=totals.VALID_TO,
            description="Latest known end of what was added; of a figure of one day or year, that.",
        ),
        "not_added": Field(
            type="NotAddedConnection",
            binding=totals.NOT_ADDED,
            description="The facts left out, by id, with the reason.",
            arguments=page("notAdded", {"fact_asc": ("",)}, size=5),
        ),
    },
)
RELATIONSHIP = Declared(
    name="AidRelationship",
    description="All that one is known to do for another.",
    fields={
        "helper": Field(type="Entity", binding=help.HELPER, description="Who helps."),
        "recipient": Field(type="Entity", binding=help.RECIPIENT, description="Who is helped."),
        "kinds": Field(
            type="list[RelationshipType]", binding=help.KINDS, description="Kinds of direct help, by name.", rows=3
        ),
        "since": Field(
            type="PartialDate | None", binding=help.SINCE, description="Earliest known start of any direct fact."
        ),
        "facts_count": Field(
            type="int", binding=help.COUNT, description="Direct facts, each once however many sources claim it."
        ),
        "facts": Field(
            type="HelpConnection",
            binding=help.FACTS,
            description="The direct facts, the latest beginning first.",
            arguments=page("help", {"began_desc": ("~", LAST_TEXT)}),
        ),
        "totals": Field(
            type="list[Total]",
            binding=totals.TOTALS,
            description="Totals of the direct facts: a row for each measure, type, class, basis, unit and kind.",
            rows=5,
        ),
        "through": Field(
            type="AidRelationshipConnection",
            binding=help.THROUGH,
            description="With rollUp: help of places below the helper, and for places below the recipient; never added to "
            "the direct one. A row for each two, those with most facts first.",
            arguments=page("through", {"facts_desc": (-(2**53), "", "")}),
        ),
    },
)
HELP_COUNT = Declared(
    name="HelpCount",
    description="How many help a place, or how many it helps.",
    fields={
        "place": Field(type="Place", binding=help.PLACE, description="The place."),
        "others_count": Field(
            type="int", binding=help.OTHERS_COUNT, description="How many help it, or are helped by it, each once."
        ),
        "others": Field(
            type="list[Entity]",
            binding=help.OTHERS,
            description=f"Who they are: the first {help.LISTED} by id; `helpers` and `recipients` give all.",
            rows=int(help.LISTED),
        ),
        "facts_count": Field(type="int", binding=help.FACTS_COUNT, description="By how many facts."),
    },
)
STEP = Declared(
    name="Step",
    description="One step of a path, from one entity to the next.",
    fields={
        "from": Field(type="Entity", binding=Inner(roles={"v": "_a"}), description="Where the step begins."),
        "to": Field(type="Entity", binding=Inner(roles={"v": "_b"}), description="Where it ends."),
        "facts": Field(
            type="list[Fact]",
            binding=paths.FACTS,
            description=f"What joins them, in whichever direction: at most {paths.PARALLEL} facts, by id.",
            rows=int(paths.PARALLEL),
        ),
    },
)
PATH = Declared(
    name="Path",
    description="A way from one entity to another that comes by none twice.",
    fields={
        "length": Field(type="int", binding=paths.LENGTH, description="Steps of the path."),
        "nodes": Field(
            type="list[Entity]", binding=paths.NODES, description="Its entities, both ends included.", rows=5
        ),
        "steps": Field(type="list[Step]", binding=paths.STEPS, description="Its steps, in order.", rows=4),
    },
)
PATHS = Declared(
    name="Paths",
    description="Ways from one entity to another, the shortest first, equals by the ids of their entities.",
    fields={
        "paths": Field(type="list[Path]", binding=paths.EACH, description="The paths.", rows=1),
        "truncated": Field(
            type="bool",
            binding=paths.TRUNCATED,
            description=f"Whether something was left out: an end has more than {paths.FAN} neighbours, or one of them more "
            f"than {paths.HUB} facts, and was not followed.",
        ),
        "more": Field(
            type="bool",
            binding=paths.MORE,
            description="Whether there are more paths than `first`; these are the shortest.",
        ),
    },
)


def _number(
    name: str, default: int, least: int, most: int, description: str, put_: Any, *, shapes: bool = False
) -> Argument:
    def put(value: Any, prepared: Prepared) -> None:
        if not least <= value <= most:
            raise BadUserInput(f"{name} is {value}: it must lie between {least} and {most}")
        put_(value, prepared)

    text = f"{description} Between {least} and {most}."
    return Argument(name=name, type=int, default=default, description=text, put=put, shapes=shapes)


def _roll_up() -> Argument:
    def put(value: Any, prepared: Prepared) -> None:
        prepared.shape["roll_up"] = value

    description = (
        "Counts places below, too, and groups of places that lie in it or that it is a member of: who is listed is lifted to its "
        "province, and `through` says which place helps which."
    )
    return Argument(name="rollUp", type=bool, default=False, description=description, put=put, shapes=True)


def _counting(made: Declarations) -> tuple[Argument, ...]:
    """Which places are listed."""
    level, kinds = made.enums["PlaceLevel"], made.enums["RelationshipType"]

    def put_level(value: Any, prepared: Prepared) -> None:
        prepared.shape["label"] = value.value

    def put_without(value: Any, prepared: Prepared) -> None:
        prepared.shape["without"] = tuple(sorted({one.value for one in value}))

    without = "Only places that have no help of these kinds in the time asked about."
    return (
        Argument(name="level", type=level, description="Level of the places.", put=put_level, shapes=True),
        within("Only places below this one."),
        Argument(name="without", type=list[kinds] | None, description=without, put=put_without, shapes=True),  # pyright: ignore[reportOperatorIssue]
        _number("atLeast", 1, 1, 10_000, "So many at least.", lambda v, p: p.parameters.update(least=v)),
        _number("atMost", 10_000, 1, 10_000, "So many at most.", lambda v, p: p.parameters.update(most=v)),
    )


def queries(made: Declarations) -> dict[str, Field]:
    add_enum(made, "NotAddedReason", "Why a fact is not in a total.", totals.REASONS.items())
    measures = {totals.AMOUNT: "Money, in units of its currency."}
    measures |= {name: f"Number of {name}." for name in totals.COUNTED}
    add_enum(made, "Measure", "What a total adds up.", measures.items())
    of = entity_id("of", "Id of a place, an organization or a project, such as cn:530724.")
    kinds = made.enums["RelationshipType"]
    kept = via(kinds, f"Only these kinds of help: of {', '.join(help.kinds())}; others are none.")
    hops = _number("maxHops", 3, 1, 4, "Steps of a path at most.", lambda v, p: p.shape.update(hops=v), shapes=True)
    first = _number("first", 20, 1, 100, "Paths at most.", lambda v, p: p.parameters.update(limit=v))
    most_first = {"facts_desc": (-(2**53), "")}
    return {
        "helpers": Field(
            type="AidRelationshipConnection | None",
            binding=help.HELPERS,
            description="Who helps a place, an organization or a project: one row for each helper, most facts first.",
            arguments=page("helpers", most_first, of, kept, _roll_up(), timed=True),
        ),
        "recipients": Field(
            type="AidRelationshipConnection | None",
            binding=help.RECIPIENTS,
            description="Whom a place or an organization helps: one row for each place or organization, most facts first. "
            "Help to a project is help to the place it lies in.",
            arguments=page("recipients", most_first, of, kept, _roll_up(), timed=True),
        ),
        "help": Field(
            type="AidRelationship | None",
            binding=help.BETWEEN,
            description="All that one does for another.",
            arguments=Arguments(
                declared=(
                    entity_id("from", "Id of who helps."),
                    entity_id("to", "Id of who is helped."),
                    kept,
                    _roll_up(),
                )
            ).timed(),
        ),
        "helped": Field(
            type="HelpCountConnection",
            binding=help.HELPED_PLACES,
            description="Places of a level by how many help them, those with most first; by id where as many do.",
            arguments=page("helped", most_first, *_counting(made), kept, timed=True),
            cost=SCAN,
        ),
        "helping": Field(
            type="HelpCountConnection",
            binding=help.HELPING_PLACES,
            description="Places of a level by how many they help, those with most first; by id where they help as many.",
            arguments=page("helping", most_first, *_counting(made), kept, timed=True),
            cost=SCAN,
        ),
        "paths": Field(
            type="Paths | None",
            binding=paths.PATHS,
            description="How two entities hang together.",
            arguments=Arguments(
                declared=(
                    entity_id("from", "Id of the one end."),
                    entity_id("to", "Id of the other."),
                    hops,
                    first,
                    via(kinds, "Only over these types; without it over help, posts, projects, ownership and PART_OF."),
                )
            ).timed(),
        ),
    }
