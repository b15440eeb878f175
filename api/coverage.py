"""How complete the graph is."""

from api.arguments import Arguments
from api.declare import SCAN, Declarations, Declared, Field
from graph.bindings import Value
from graph.sources import coverage


def _count(binding: Value, description: str, type_: str = "int") -> Field:
    return Field(type=type_, binding=binding, description=f"{description} Unit: facts.")


# `Coverage` is a fact: what an inspection covers
RELATIONSHIP_COVERAGE = Declared(
    name="RelationshipCoverage",
    description="How complete the facts of one type are; a fact has what at least one of its claims has.",
    fields={
        "type": Field(type="RelationshipType", binding=coverage.TYPE, description="Their type."),
        "facts": _count(coverage.COUNT, "How many there are, each once however many sources claim it."),
        "claims": Field(type="int", binding=coverage.CLAIMS, description="How many claims of them. Unit: claims."),
        "with_amount": _count(
            coverage.AMOUNTS, "How many have an amount; null for a type without money.", "int | None"
        ),
        "with_start": _count(coverage.STARTS, "How many say when they began."),
        "with_end": _count(coverage.ENDS, "How many say when they ended, or when the table they stand in ends."),
        "open": _count(coverage.OPEN, "How many are of a state of which no claim gives an end."),
        "with_locator": _count(coverage.LOCATORS, "How many say where in their source they stand."),
        "with_several_sources": _count(coverage.SOURCES, "How many stand in more than one source."),
        "stated": _count(coverage.STATED, "How many are stated, by the claim that speaks for each."),
        "implied": _count(coverage.IMPLIED, "How many are implied."),
        "derived": _count(coverage.DERIVED, "How many are derived."),
    },
)
PLACE_COVERAGE = Declared(
    name="PlaceCoverage",
    description="How complete the places of one type are.",
    fields={
        "type": Field(type="EntityType", binding=coverage.TYPE, description="Their type, the finest."),
        "places": Field(type="int", binding=coverage.COUNT, description="How many there are. Unit: places."),
        "with_coordinates": Field(
            type="int", binding=coverage.LOCATED, description="How many have latitude and longitude. Unit: places."
        ),
    },
)
GRAPH_COVERAGE = Declared(
    name="GraphCoverage",
    description="How complete the graph is.",
    fields={
        "relationships": Field(
            type="list[RelationshipCoverage]",
            binding=coverage.FACTS,
            description="Facts by type, in order of its name: the types that the graph has facts of, fewer than 40.",
            rows=35,
            cost=SCAN,
        ),
        "places": Field(
            type="list[PlaceCoverage]",
            binding=coverage.PLACES,
            description="Places by type, in order of its name; of whatever time.",
            rows=8,
        ),
    },
)


def queries(_made: Declarations) -> dict[str, Field]:
    return {
        "coverage": Field(
            type="GraphCoverage",
            binding=coverage.COVERAGE,
            description="How complete the graph is: what its facts say of when, how much and where it stands.",
            arguments=Arguments().timed(),
        )
    }
