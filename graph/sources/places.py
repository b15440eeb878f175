"""Reading entities by id and places by code, level and parent."""

from typing import Any, LiteralString

from graph.engine import Graph
from graph.model import MODEL

NODE = "MATCH (e:Entity {id: $p.id}) RETURN e.type, properties(e)"
BY_CODE = "MATCH (e:Place) WHERE e.code = $p.code RETURN e.type, properties(e) ORDER BY e.id LIMIT 10"
PARENTS = """
UNWIND $p.ids AS id
MATCH (e:Entity {id: id})-[c:PART_OF]->(u) WHERE c.retracted_at IS NULL
RETURN e.id, u.type, properties(u) ORDER BY e.id, u.id
"""
LINEAGE = """
MATCH (e:Entity {id: $p.id})-[c:SUCCEEDS]-(o) WHERE c.retracted_at IS NULL
RETURN startNode(c) = e, c.extent, o.type, properties(o) ORDER BY o.id LIMIT 50
"""


def _listed(label: LiteralString) -> LiteralString:
    return f"MATCH (e:{label}) WHERE e.id > $p.after WITH e ORDER BY e.id LIMIT $p.first RETURN e.type, properties(e)"


def _listed_within(label: LiteralString) -> LiteralString:
    return (
        f"MATCH (u:Entity {{id: $p.within}})<-[c:PART_OF]-(e:{label}) WHERE c.retracted_at IS NULL AND e.id > $p.after "
        "WITH e ORDER BY e.id LIMIT $p.first RETURN e.type, properties(e)"
    )


Row = dict[str, Any]


def _row(type_: str, properties: dict[str, Any]) -> Row:
    return {**properties, "type": type_}


async def node(graph: Graph, id_: str) -> Row | None:
    rows = await graph.rows(NODE, {"id": id_})
    return _row(*rows[0]) if rows else None


async def by_code(graph: Graph, code: str) -> Row | None:
    """The place that has the code now; where a code was used again, not the one it once meant."""
    rows = [_row(*row) for row in await graph.rows(BY_CODE, {"code": code})]
    return next((row for row in rows if not row.get("valid_to")), rows[0] if rows else None)


async def listed(graph: Graph, label: str, *, within: str, after: str, first: int) -> list[Row]:
    """Places of a label in order of id, after an id (empty: from the beginning); `within`: right below that place."""
    name = MODEL.node[label].label
    cypher = _listed_within(name) if within else _listed(name)
    return [_row(*row) for row in await graph.rows(cypher, {"within": within, "after": after, "first": first})]


async def parents(graph: Graph, ids: list[str]) -> dict[str, Row]:
    """What each place or organization is part of, where it is known."""
    return {row[0]: _row(row[1], row[2]) for row in await graph.rows(PARENTS, {"ids": ids})}


async def lineage(graph: Graph, id_: str) -> tuple[list[tuple[str, Row]], list[tuple[str, Row]]]:
    """(predecessors, successors) of a place or body, each with the extent of the succession."""
    predecessors: list[tuple[str, Row]] = []
    successors: list[tuple[str, Row]] = []
    for is_successor, extent, type_, properties in await graph.rows(LINEAGE, {"id": id_}):
        (predecessors if is_successor else successors).append((extent or "whole", _row(type_, properties)))
    return predecessors, successors
