"""Places: countries, provinces, prefectures, counties, towns, villages, zones; and groups of them."""

from typing import Any

from api.arguments import PICKER, Argument, Arguments, Prepared, choice, within
from api.declare import Declarations, Field
from api.entities import listing
from api.errors import BadUserInput
from graph.sources import entities, places

EXTRA = {
    "Place": {
        "parent": Field(type="Place | None", binding=places.PARENT, description="The place it is part of."),
        "ancestors": Field(
            type="list[Place]",
            binding=places.ANCESTORS,
            description="The places it lies in, from the one right above it up to the country.",
            rows=4,
        ),
    }
}


def _code(value: Any, prepared: Prepared) -> None:
    if not (value.isascii() and value.isalnum() and len(value) <= 12):
        raise BadUserInput(f"code is {value[:40]!r}: give six digits such as 530724, or an ISO 3166 code such as CN")
    prepared.parameters["code"] = value


CODE = Argument(name="code", type=str, description="Code of GB/T 2260 (six digits) or ISO 3166.", put=_code)


def queries(made: Declarations) -> dict[str, Field]:
    return {
        "place": Field(
            type="Place | None",
            binding=entities.PLACE,
            arguments=Arguments(declared=(CODE,)).timed(),
            description="The place a code means today, or the old division of a code that went.",
        ),
        "places": listing(
            made,
            "Place",
            "Places: all, of a level, in another place.",
            choice("level", made.enums["PlaceLevel"], "Only places of this level.", "label"),
            within("Only places that are part of this one, at any level below it."),
            relationship="PART_OF",
            most=PICKER,
        ),
        "place_groups": listing(made, "PlaceGroup", "Sets of places that a source speaks of as one."),
    }
