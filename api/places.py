"""Places: countries, provinces, prefectures, counties, towns, villages, zones."""

from typing import Any

import strawberry

from api.context import Info
from api.entities import Entity, entity_type, to_graphql
from api.enums import PlaceLevel
from api.errors import BadUserInput
from api.pagination import PAGE, Connection, checked_first, page, position
from graph.model import MODEL
from graph.sources import places as source


@strawberry.type(description="A division that came before or after another.")
class Succession:
    place: "Place" = strawberry.field(description="The other division.")
    extent: str = strawberry.field(description="whole: the same territory; part: a part of either.")


@strawberry.interface(description="An administrative place.")
class Place(Entity):
    code: str | None = strawberry.field(description="Code of GB/T 2260 or ISO 3166; null for a unit without one.")
    valid_from: str | None = strawberry.field(
        description="Since when it exists, where that is known (partial ISO date)."
    )
    valid_to: str | None = strawberry.field(description="Since when it does no longer exist (partial ISO date).")
    latitude: float | None = strawberry.field(description="Of the centroid, degrees north (WGS 84).")
    longitude: float | None = strawberry.field(description="Of the centroid, degrees east (WGS 84).")

    @classmethod
    def fields_of(cls, row: dict[str, Any]) -> dict[str, Any]:
        own = {name: row.get(name) for name in ("code", "valid_from", "valid_to", "latitude", "longitude")}
        return {**super().fields_of(row), **own}

    @strawberry.field(description="The place it is part of.")
    async def parent(self, info: Info) -> "Place | None":
        found = await source.parents(info.context.graph, [self.id])
        return to_graphql(found[self.id]) if self.id in found else None  # pyright: ignore[reportReturnType]

    @strawberry.field(description="Divisions whose place it took.")
    async def predecessors(self, info: Info) -> list[Succession]:
        return _successions((await source.lineage(info.context.graph, self.id))[0])

    @strawberry.field(description="Divisions that took its place.")
    async def successors(self, info: Info) -> list[Succession]:
        return _successions((await source.lineage(info.context.graph, self.id))[1])


def _successions(rows: list[tuple[str, dict[str, Any]]]) -> list[Succession]:
    return [Succession(place=to_graphql(row), extent=extent) for extent, row in rows]  # pyright: ignore[reportArgumentType]


for _node in MODEL.nodes:
    if _node.parent == "Place":
        entity_type(_node.label, Place)


@strawberry.type
class PlaceQuery:
    @strawberry.field(description="The place a GB/T 2260 code means today, or the old division of a code that went.")
    async def place(self, info: Info, code: str) -> Place | None:
        row = await source.by_code(info.context.graph, _checked_code(code))
        return to_graphql(row) if row else None  # pyright: ignore[reportReturnType]

    @strawberry.field(description="Places in order of id: all, of a level, or right below another place.")
    async def places(
        self,
        info: Info,
        level: PlaceLevel | None = None,  # pyright: ignore[reportInvalidTypeForm]
        within: strawberry.ID | None = None,
        first: int = PAGE,
        after: str | None = None,
    ) -> Connection[Place]:
        rows = await source.listed(
            info.context.graph,
            level.value if level else "Place",
            within=within or "",
            after=position(after),
            first=checked_first(first) + 1,
        )
        return page([(row["id"], to_graphql(row)) for row in rows], first, after)  # pyright: ignore[reportReturnType, reportArgumentType]


def _checked_code(code: str) -> str:
    if not (code.isascii() and code.isalnum() and len(code) <= 12):
        raise BadUserInput(f"{code[:40]!r} is no code: give six digits such as 530724, or an ISO 3166 code such as CN")
    return code
