"""Who helps whom, and how two entities hang together."""

from typing import Any

import strawberry

from api.arguments import Argument, Arguments, Prepared, checked_text, page
from api.declare import Declarations, Declared, Field
from api.errors import BadUserInput
from api.vocabulary import LAST_TEXT
from graph.bindings import Inner
from graph.sources import helpers, paths

HELP = Declared(
    name="Help",
    description="One fact by which one helps another.",
    fields={
        "fact": Field(type="Fact", binding=helpers.FACT, description="The fact, with its evidence."),
        "recipient": Field(
            type="Entity",
            binding=helpers.RECIPIENT,
            description="Who is helped: the one asked about, the same place under another code, or a project there.",
        ),
        "means": Field(
            type="Entity | None", binding=helpers.MEANS, description="The official, where help is a posting."
        ),
        "certainty": Field(
            type="Certainty",
            binding=helpers.CERTAINTY,
            description="Of the fact; where it is a posting, of the weakest link to who sent the official.",
        ),
    },
)
HELPER = Declared(
    name="Helper",
    description="One who helps, with all that is known of it.",
    fields={
        "helper": Field(type="Entity", binding=Inner(roles={"v": "_v"}), description="Who helps."),
        "kinds": Field(
            type="list[RelationshipType]", binding=helpers.KINDS, description="Kinds of help, by name.", rows=3
        ),
        "since": Field(
            type="PartialDate | None", binding=helpers.SINCE, description="Earliest known start of any of the facts."
        ),
        "facts_count": Field(
            type="int", binding=helpers.COUNT, description="How many facts, each once however many sources claim it."
        ),
        "facts": Field(
            type="HelpConnection",
            binding=helpers.FACTS,
            description="The facts, the latest beginning first.",
            arguments=page("help", {"began_desc": ("~", LAST_TEXT)}),
        ),
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
    },
)


def _id(name: str, description: str) -> Argument:
    def put(value: Any, prepared: Prepared) -> None:
        checked_text(value, name)
        if ":" not in value:
            hint = (
                f"did you mean cn:{value}?"
                if value.isascii() and value.isdigit()
                else "place(code:) and places give them"
            )
            raise BadUserInput(f"{name} is {value[:100]!r}: ids look like cn:530724; {hint}")
        prepared.parameters[name] = value

    return Argument(name=name, type=strawberry.ID, description=description, put=put)


def _via(made: Declarations, description: str) -> Argument:
    def put(value: Any, prepared: Prepared) -> None:
        prepared.shape["via"] = tuple(sorted({one.value for one in value}))

    kind = made.enums["RelationshipType"]
    return Argument(name="via", type=list[kind] | None, description=description, put=put, shapes=True)  # pyright: ignore[reportOperatorIssue]


def _number(
    name: str, default: int, least: int, most: int, description: str, put_: Any, *, shapes: bool = False
) -> Argument:
    def put(value: Any, prepared: Prepared) -> None:
        if not least <= value <= most:
            raise BadUserInput(f"{name} is {value}: it must lie between {least} and {most}")
        put_(value, prepared)

    text = f"{description} Between {least} and {most}."
    return Argument(name=name, type=int, default=default, description=text, put=put, shapes=shapes)


def queries(made: Declarations) -> dict[str, Field]:
    of = _id("of", "Id of a place, an organization or a project, such as cn:530724.")
    hops = _number("maxHops", 3, 1, 4, "Steps of a path at most.", lambda v, p: p.shape.update(hops=v), shapes=True)
    first = _number("first", 20, 1, 100, "Paths at most.", lambda v, p: p.parameters.update(limit=v))
    return {
        "helpers": Field(
            type="HelperConnection",
            binding=helpers.HELPERS,
            description="Who helps a place, an organization or a project: one row for each helper, most facts first.",
            arguments=page(
                "helpers", {"facts_desc": (-(2**53), "")}, of, _via(made, "Only these kinds of help."), timed=True
            ),
        ),
        "paths": Field(
            type="Paths | None",
            binding=paths.PATHS,
            description="How two entities hang together; null where one of them is not there.",
            arguments=Arguments(
                declared=(
                    _id("from", "Id of the one end."),
                    _id("to", "Id of the other."),
                    hops,
                    first,
                    _via(made, "Only over these types; without it over help, posts, projects, ownership and PART_OF."),
                )
            ).timed(),
        ),
    }
