"""Inspections of an entity: what they found, what is rectified, what is open."""

from api.arguments import Arguments, entity_id, page
from api.declare import Declarations, Declared, Field
from graph.sources import supervision

_BOTH = "both numbers and where no more are rectified than were found"

SUPERVISED = Declared(
    name="SupervisionRow",
    description="One inspection, with what follows from its figures.",
    fields={
        "inspection": Field(
            type="Inspection", binding=supervision.INSPECTION, description="The inspection, with its own figures."
        ),
        "open": Field(
            type="int | None",
            binding=supervision.OPEN_OF_ROW,
            description=f"Problems found and not rectified; null unless it has {_BOTH}. Unit: problems.",
        ),
        "open_certainty": Field(
            type="Certainty | None",
            binding=supervision.OPEN_CERTAINTY_OF_ROW,
            description="DERIVED where `open` is known: it is a difference, and no source's figure.",
        ),
        "rate": Field(
            type="float | None",
            binding=supervision.RATE_OF_ROW,
            description=f"Rectified out of found, between 0 and 1; null unless it has {_BOTH}.",
        ),
    },
)
SUPERVISION = Declared(
    name="Supervision",
    description="The inspections that have to do with an entity, each once, and their figures added up. A sum is null where "
    "none of them has the figure: it is unknown then, not 0.",
    fields={
        "inspections_count": Field(
            type="int", binding=supervision.COUNT, description="How many inspections the graph knows of: rows."
        ),
        "inspections": Field(
            type="int | None",
            binding=supervision.total("inspections"),
            description="Sum of how many inspections they say were made. Unit: inspections.",
        ),
        "problems_found": Field(
            type="int | None",
            binding=supervision.total("problems_found"),
            description="Sum of the problems they found. Unit: problems.",
        ),
        "rectified": Field(
            type="int | None",
            binding=supervision.total("rectified"),
            description="Sum of the problems rectified. Unit: problems.",
        ),
        "open": Field(
            type="int | None",
            binding=supervision.OPEN,
            description=f"Problems found and not rectified, of inspections that have {_BOTH}. Unit: problems.",
        ),
        "open_certainty": Field(
            type="Certainty | None",
            binding=supervision.OPEN_CERTAINTY,
            description="DERIVED where `open` is known: it is a difference, and no source's figure.",
        ),
        "rate": Field(
            type="float | None",
            binding=supervision.RATE,
            description=f"Rectified out of found, between 0 and 1, over inspections that have {_BOTH}.",
        ),
        "rows": Field(
            type="SupervisionRowConnection",
            binding=supervision.ROWS,
            description="The inspections, by id.",
            arguments=page("supervision", {"id_asc": ("",)}, size=10),
        ),
    },
)


def queries(_made: Declarations) -> dict[str, Field]:
    of = entity_id("of", "Id of a place, an organization, an official or a project, such as cn:520500.")
    return {
        "supervision": Field(
            type="Supervision | None",
            binding=supervision.SUPERVISION,
            description="Inspections that an entity or a part of it conducts, that cover it, that are located in it, that cover "
            "projects or organizations located in it, or that organizations located in it conduct; of a place with those of "
            "the places below it. Null where the entity is not there.",
            arguments=Arguments(declared=(of,)).timed(),
        )
    }
