"""Organizations and the officials who act for them."""

from typing import LiteralString

from api.arguments import within
from api.declare import Declarations, Field
from api.entities import listing

_WITHIN = "Only those located in this place or below it."


def queries(made: Declarations) -> dict[str, Field]:
    def organizations(label: LiteralString, description: str) -> Field:
        return listing(made, label, description, within(_WITHIN), relationship="LOCATED_IN")

    return {
        "organizations": organizations("Organization", "Organizations of all kinds."),
        "companies": organizations("Company", "Companies."),
        "agencies": organizations("Agency", "Government and party bodies."),
        "officials": listing(
            made,
            "Official",
            "Persons in a public role.",
            within("Only those posted to this place or below it."),
            relationship="POSTED_TO",
        ),
    }
