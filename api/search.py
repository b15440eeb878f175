"""Entities found by their names."""

from typing import Any

from api.arguments import Argument, Asked, PageArguments, Prepared, checked_text, page
from api.declare import Declarations, Declared, Field
from api.vocabulary import add_enum
from graph import search as wording
from graph.model import MODEL
from graph.schema_ddl import SEARCH_INDEX
from graph.sources import search

SEARCH_HIT = Declared(
    name="SearchHit",
    description="An entity that was found, and how the text fits it.",
    fields={
        "entity": Field(type="Entity", binding=search.ENTITY, description="What was found."),
        "match": Field(type="SearchMatch", binding=search.MATCH, description="How the text fits its names."),
    },
)


class SearchArguments(PageArguments):
    """The arguments of a page of hits, with the index that the engine at hand has."""

    def finish(self, given: Any, asked: Asked, prepared: Prepared) -> None:
        PageArguments.finish(self, given, asked, prepared)
        prepared.parameters["index"] = SEARCH_INDEX[asked.engine]
        prepared.parameters.setdefault("types", [])


def _text(value: Any, prepared: Prepared) -> None:
    wanted = wording.wanted(checked_text(value, "text"))
    prepared.parameters.update(query=wanted.query, texts=list(wanted.texts), joined=wanted.joined, han=wanted.han)


def _types(value: Any, prepared: Prepared) -> None:
    asked = {one.value for one in value}
    finest = {node.label for node in MODEL.nodes if any(MODEL.is_a(node.label, label) for label in asked)}
    prepared.parameters["types"] = sorted(finest)


def queries(made: Declarations) -> dict[str, Field]:
    add_enum(made, "SearchMatch", "How a text fits the names of an entity, the best first.", search.MATCHES.items())
    kinds = made.enums["EntityType"]
    text = Argument(
        name="text",
        type=str,
        put=_text,
        description="A name or some of its words, in simplified or traditional characters, pinyin, initials or English; "
        f"at most 1,000 characters, of which the first {wording.TERMS} words count. Always plain text: it has no operators.",
    )
    types = Argument(
        name="types",
        type=list[kinds] | None,  # pyright: ignore[reportOperatorIssue]
        put=_types,
        description="Only entities of these types, finer ones included; of all types if absent or empty.",
    )
    paged = page("search", {"best": (-1, "")}, text, types)
    return {
        "search": Field(
            type="SearchHitConnection",
            binding=search.HITS,
            description="Entities found by their names, the best fitting first. Of equals the country, then provinces, "
            "prefectures, counties, other places, organizations, officials, projects, programmes and the rest; of these "
            "those that help or are helped before the others; then by id. Offices for poverty alleviation (扶贫办) and for "
            "rural revitalization (乡村振兴局) find each other.",
            arguments=SearchArguments(
                declared=paged.declared, most=paged.most, listing=paged.listing, orders=paged.orders
            ),
        )
    }
