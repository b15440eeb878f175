"""Help as facts: who helps, with what, since when, by which source."""

from typing import Any

import strawberry

from api.context import Info
from api.dates import checked_day, checked_instant
from api.entities import TYPES, Entity, to_graphql
from api.enums import Holds, RelationshipType
from api.errors import BadUserInput
from graph.model import MODEL
from graph.sources import helpers as source


@strawberry.type(description="A document that claims stand in.")
class Source(Entity):
    title: str | None = strawberry.field(description="Title; null where not known.")
    publisher: str | None = strawberry.field(description="Who published it; null where not known.")
    url: str | None = strawberry.field(description="Its address.")

    @classmethod
    def fields_of(cls, row: dict[str, Any]) -> dict[str, Any]:
        return {**super().fields_of(row), **{name: row.get(name) for name in ("title", "publisher", "url")}}


TYPES["Source"] = Source


@strawberry.type(description="Where a claim stands.")
class Evidence:
    source: Source = strawberry.field(description="The document.")
    locator: str | None = strawberry.field(description="The place in it: line, row, page.")


@strawberry.type(description="Money as reported.")
class Money:
    amount: str = strawberry.field(description="Exact decimal, in units of the currency.")
    currency: str = strawberry.field(description="ISO 4217 code.")
    money_class: str = strawberry.field(description="Stage of money; sums of different classes are never added.")


@strawberry.type(description="One claim of help, as one source states it.")
class HelpFact:
    id: strawberry.ID = strawberry.field(description="Id of the claim.")
    fact: strawberry.ID = strawberry.field(description="Id of what is claimed; sources that claim the same share it.")
    type: RelationshipType = strawberry.field(description="Kind of help.")  # pyright: ignore[reportInvalidTypeForm]
    recipient: Entity = strawberry.field(
        description="Who is helped: the place asked about, its old code, or a project there."
    )
    means: Entity | None = strawberry.field(description="The official, where help is a posting.")
    holds: Holds | None = strawberry.field(description="Of asOf; null without it.")  # pyright: ignore[reportInvalidTypeForm]
    programme: strawberry.ID | None = strawberry.field(description="Programme it stands under.")
    valid_from: str | None = strawberry.field(description="Start, as a partial ISO date; null: unknown.")
    valid_to: str | None = strawberry.field(description="End, as a partial ISO date; null: unknown.")
    valid_to_basis: str | None = strawberry.field(description="What kind of end it is.")
    money: Money | None = strawberry.field(description="The sum, where there is one.")
    basis: str | None = strawberry.field(description="Stage of the figures: planned, done, reported …")
    people: int | None = strawberry.field(description="People sent.")
    workers: int | None = strawberry.field(description="Workers taken.")
    projects: int | None = strawberry.field(description="Projects it is for.")
    title: str | None = strawberry.field(description="Post of the posted official.")
    batch: str | None = strawberry.field(description="Batch of the posted official.")
    certainty: str = strawberry.field(description="stated, implied or derived.")
    note: str | None = strawberry.field(description="What the reader of the figure must know.")
    evidence: list[Evidence] = strawberry.field(description="Where it stands.")


@strawberry.type(description="One who helps, with all that is claimed of it.")
class HelperRow:
    helper: Entity = strawberry.field(description="Who helps.")
    kinds: list[RelationshipType] = strawberry.field(description="Kinds of help, by name.")  # pyright: ignore[reportInvalidTypeForm]
    since: str | None = strawberry.field(description="Earliest known start of any of them (partial ISO date).")
    facts_count: int = strawberry.field(description="How many facts, each counted once however many sources claim it.")
    facts: list[HelpFact] = strawberry.field(description="The claims, by fact.")


@strawberry.type(description="Who helps, by number of facts.")
class Helpers:
    rows: list[HelperRow] = strawberry.field(description="One row a helper.")
    truncated: bool = strawberry.field(description="Whether there was more than one answer may hold.")


@strawberry.type
class FactQuery:
    @strawberry.field(
        description="Who helps a place, an organization or a project. `asOf`: states in force on that day and events begun "
        "by it; `knownOn`: only what this graph knew at that moment."
    )
    async def helpers(
        self, info: Info, of: strawberry.ID, as_of: str | None = None, known_on: str | None = None
    ) -> Helpers:
        answer = await source.helpers(
            info.context.graph, of, as_of=checked_day(as_of, "asOf"), known_on=checked_instant(known_on, "knownOn")
        )
        if answer is None:
            hint = (
                f"did you mean cn:{of}?"
                if of.isdigit()
                else "ids look like cn:530724; place(code:) and places give them"
            )
            raise BadUserInput(f"of is {of[:100]!r}: there is no such entity; {hint}")
        rows = [_row(helper, answer.sources) for helper in answer.helpers]
        return Helpers(rows=rows, truncated=answer.truncated)


def _row(helper: source.Helper, sources: dict[str, dict[str, Any]]) -> HelperRow:
    starts = [claim.properties["valid_from"] for claim in helper.claims if claim.properties.get("valid_from")]
    return HelperRow(
        helper=to_graphql(helper.entity),
        kinds=[RelationshipType(kind) for kind in sorted({claim.type for claim in helper.claims})],
        since=min(starts, default=None),
        facts_count=len({claim.properties["fact"] for claim in helper.claims}),
        facts=[_fact(claim, sources) for claim in helper.claims],
    )


def _fact(claim: source.HelpClaim, sources: dict[str, dict[str, Any]]) -> HelpFact:
    said = claim.properties
    document = sources[said["source"]]
    plain = ("programme", "valid_from", "valid_to", "valid_to_basis", "basis", "people", "workers", "projects", "title",
             "batch", "note")  # fmt: skip
    return HelpFact(
        id=strawberry.ID(said["id"]),
        fact=strawberry.ID(said["fact"]),
        type=RelationshipType(claim.type),
        recipient=to_graphql(claim.recipient),
        means=to_graphql(claim.means) if claim.means else None,
        holds=Holds[claim.holds.name] if claim.holds else None,
        money=_money(said),
        certainty=_weakest(said, claim.sent),
        evidence=[
            Evidence(
                source=Source(**Source.fields_of(document)),
                locator=said.get("locator") or None,
            )
        ],
        **{name: said.get(name) for name in plain},
    )


def _weakest(said: dict[str, Any], sent: dict[str, Any] | None) -> str:
    """A chain is as certain as its weakest link."""
    order = [code.name for code in next(p for p in MODEL.claim_properties("FUNDS") if p.name == "certainty").codes]
    links = [link.get("certainty", "stated") for link in (said, sent) if link]
    return max(links, key=order.index)


def _money(said: dict[str, Any]) -> Money | None:
    if "amount_text" not in said:
        return None
    return Money(amount=said["amount_text"], currency=said["currency"], money_class=said["class"])
