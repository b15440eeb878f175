"""Claims that contradict one another."""

from typing import Any

import strawberry

from api.arguments import Argument, Prepared, checked_text, page, via
from api.declare import Declarations, Declared, Field
from api.vocabulary import add_enum
from graph import conflicts as rules
from graph.sources import conflicts

CONFLICT = Declared(
    name="Conflict",
    description="Claims that cannot all be true: figures that count the same between the same two for the same time "
    "(periods that share at least half of the longer), or dates of one fact.",
    fields={
        "id": Field(type="ID", binding=conflicts.ID, description="Id of the conflict, as long as its claims stand."),
        "about": Field(type="ConflictSubject", binding=conflicts.ABOUT, description="What the claims differ in."),
        "type": Field(type="RelationshipType", binding=conflicts.TYPE, description="Type of the facts."),
        "from": Field(type="Entity", binding=conflicts.FROM, description="Where the facts start."),
        "to": Field(type="Entity", binding=conflicts.TO, description="Where they end."),
        "facts": Field(
            type="list[Fact]",
            binding=conflicts.FACTS,
            description="The facts: one, of which sources say different things, or several that count the same.",
            rows=2,
        ),
        "claims": Field(
            type="list[Evidence]",
            binding=conflicts.CLAIMS,
            description="The claims that contradict one another; `asStated` has the values of each.",
            rows=3,
        ),
    },
)
_SUBJECTS = {
    "amount": "Money of one class, basis and currency.",
    "people": "How many people were sent.",
    "workers": "How many workers went.",
    "projects": "How many projects.",
    "valid_from": "When it began.",
    "valid_to": "When it ended.",
}


def _of() -> Argument:
    def put(value: Any, prepared: Prepared) -> None:
        prepared.parameters["of"] = checked_text(value, "of")
        prepared.shape["of"] = True

    text = "Only conflicts between this entity and others; of the whole graph if absent."
    return Argument(name="of", type=strawberry.ID | None, description=text, put=put, entity=True)


def queries(made: Declarations) -> dict[str, Field]:
    assert set(_SUBJECTS) == {*rules.FIGURES, *rules.DATES}
    add_enum(made, "ConflictSubject", "What claims differ in.", _SUBJECTS.items())
    kinds = via(made.enums["RelationshipType"], "Only facts of these types.")
    return {
        "conflicts": Field(
            type="ConflictConnection | None",
            binding=conflicts.CONFLICTS,
            description="Claims that contradict one another, as the load runs found them: by id.",
            arguments=page("conflicts", {"id_asc": ("",)}, _of(), kinds, timed=True),
        )
    }
