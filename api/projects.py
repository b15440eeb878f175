"""Projects, the programmes they stand under, inspections and mechanisms."""

from api.arguments import where, within
from api.declare import Declarations, Field
from api.entities import listing

_WITHIN = "Only those located in this place or below it."


def queries(made: Declarations) -> dict[str, Field]:
    return {
        "projects": listing(
            made,
            "Project",
            "Projects, and counted batches of them.",
            where("status", "status", str, "Only projects of this status, as read."),
            within(_WITHIN),
            relationship="LOCATED_IN",
        ),
        "programmes": listing(made, "Programme", "Programmes of aid or cooperation."),
        "sectors": listing(made, "Sector", "Sectors of projects."),
        "inspections": listing(made, "Inspection", "Supervisions, checks, inspection tours, stock-takings."),
        "mechanisms": listing(made, "Mechanism", "Standing arrangements.", within(_WITHIN), relationship="LOCATED_IN"),
    }
