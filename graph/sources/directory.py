"""What a loader must know of the graph to match names and check ids: places, named groups and programmes, types of ids."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from graph.engine import Graph

NAMED = """
MATCH (e:Entity) WHERE e:Place OR e:PlaceGroup OR e:Programme
RETURN e.id, e.type, e.name, e.short_name, e.name_en, e.aliases, e.code, e.valid_from, e.valid_to,
  COLLECT { MATCH (e)-[c:PART_OF]->(u) WHERE c.retracted_at IS NULL RETURN u.id ORDER BY u.id }
"""
TYPES = "UNWIND $p.ids AS id MATCH (e:Entity {id: id}) RETURN e.id, e.type"
CHUNK = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An entity that rows may name instead of giving its id."""

    id: str
    type: str
    name: str
    names: tuple[str, ...]
    code: str = ""
    valid_from: str = ""
    valid_to: str = ""
    parents: tuple[str, ...] = ()


async def named(graph: Graph) -> list[Named]:
    """All places, groups of places and programmes."""
    rows: list[list[Any]] = await graph.rows(NAMED)
    return [
        Named(
            id=id_,
            type=type_,
            name=name or "",
            names=tuple(str(n) for n in (short, english, *(aliases or ())) if n),
            code=code or "",
            valid_from=valid_from or "",
            valid_to=valid_to or "",
            parents=tuple(parents),
        )
        for id_, type_, name, short, english, aliases, code, valid_from, valid_to, parents in rows
    ]


async def types(graph: Graph, ids: Iterable[str]) -> dict[str, str]:
    """Type of each id that is in the graph."""
    wanted: Sequence[str] = list(ids)
    found: dict[str, str] = {}
    for first in range(0, len(wanted), CHUNK):
        rows = await graph.rows(TYPES, {"ids": wanted[first : first + CHUNK]})
        found.update((row[0], row[1]) for row in rows)
    return found
