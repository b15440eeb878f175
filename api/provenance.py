"""Where facts stand: sources, datasets, and the evidence of a fact."""

from api.arguments import where
from api.declare import Declarations, Declared, Field
from api.entities import listing
from graph.bindings import Inner, Value

EVIDENCE = Declared(
    name="Evidence",
    description="One claim of a fact: where it stands, and how far it can be relied on.",
    fields={
        "claim": Field(type="ID", binding=Value(cypher="_x.id"), description="Id of the claim."),
        "source": Field(type="Source", binding=Inner(roles={"v": "_s"}), description="The document it stands in."),
        "locator": Field(
            type="str | None",
            binding=Value(cypher="CASE _x.locator WHEN '' THEN null ELSE _x.locator END"),
            description="The place in it: line, row, page.",
        ),
        "certainty": Field(
            type="Certainty | None", binding=Value(cypher="_x.certainty"), description="Whether it is stated there."
        ),
        "confidence": Field(
            type="Confidence | None", binding=Value(cypher="_x.confidence"), description="How far it can be relied on."
        ),
        "datasets": Field(
            type="list[str]", binding=Value(cypher="coalesce(_x.datasets, [])"), description="Datasets that hold it."
        ),
        "recorded_at": Field(
            type="DateTime", binding=Value(cypher="_x.recorded_at"), description="When this graph learned of it."
        ),
        "retracted_at": Field(
            type="DateTime | None",
            binding=Value(cypher="_x.retracted_at"),
            description="When it was retracted or changed; null where it stands.",
        ),
        "as_stated": Field(
            type="Fact",
            binding=Inner(roles={"c": "_x", "ev": "_ev", "a": "_a", "b": "_b"}),
            description="The fact with the values of this claim alone.",
        ),
    },
)


def queries(made: Declarations) -> dict[str, Field]:
    return {
        "sources": listing(
            made,
            "Source",
            "Documents that claims stand in.",
            where("publisher", "publisher", str, "Only documents of this publisher."),
        ),
        "datasets": listing(made, "Dataset", "What was loaded and is replaced as one."),
    }
