"""Entities that a person decided to be one: found by the id of any, read under the one that stands for them.

Where nothing was decided, `canonical` is an entity's own id and `merged` is absent: then these clauses find no rows to look
up, and take no time.
"""

from typing import LiteralString

from graph.bindings import Fragment, Many, Value
from graph.sources.facts import known


def asked(parameter: LiteralString, node: LiteralString) -> LiteralString:
    """Clauses that bind the entity of an id, or the one that stands for it."""
    return f"MATCH ({node}i:Entity {{id: ${parameter}}}) MATCH ({node}:Entity {{id: {node}i.canonical}}) "


def merged(node: LiteralString) -> LiteralString:
    """The list of the others that the node stands for."""
    return f"COLLECT {{ UNWIND coalesce({node}.merged, []) AS {node}m MATCH ({node}s:Entity {{id: {node}m}}) RETURN {node}s }}"


def is_whole(claim: LiteralString) -> LiteralString:
    """The claim, a succession, is of the same territory or body under another code."""
    return f"{claim}.extent = 'whole' AND {known(claim)}"


def keyed(other: LiteralString, *columns: LiteralString) -> LiteralString:
    """Clauses that add `_i` to rows of these columns: the id that stands for the entity in one of them.

    Of a place under several codes that is the latest.
    """
    listed: LiteralString = ", ".join(columns)
    taken: LiteralString = ", ".join(
        f"_k8[{number}] AS {column}" for number, column in zip(_NUMBERS, columns, strict=False)
    )
    later: LiteralString = (
        "coalesce(_z.valid_to, '9999') > coalesce(_w.valid_to, '9999') "
        "OR (coalesce(_z.valid_to, '9999') = coalesce(_w.valid_to, '9999') AND _z.id > _w.id)"
    )
    return (
        f"WITH collect([{other}, {listed}]) AS _k1 CALL (_k1) {{ UNWIND _k1 AS _k2 WITH DISTINCT _k2[0] AS _k3 "
        "WHERE _k3:Place MATCH (_k3)-[_k4:SUCCEEDS*1..4]-(_k5) "
        f"WHERE _k5 <> _k3 AND all(_z IN _k4 WHERE {is_whole('_z')}) WITH _k3, collect(DISTINCT _k5) AS _k6 "
        f"WITH _k3, reduce(_w = _k3, _z IN _k6 | CASE WHEN {later} THEN _z ELSE _w END) AS _k7 "
        "RETURN collect([_k3.id, _k7.canonical]) AS _k0 } UNWIND _k1 AS _k9 "
        "WITH _k0, _k9[0] AS _ko, _k9[1..] AS _k8 "
        f"WITH {taken}, coalesce(head([_z IN _k0 WHERE _z[0] = _ko.id | _z[1]]), _ko.canonical) AS _i "
    )


_NUMBERS: tuple[LiteralString, ...] = ("0", "1", "2", "3", "4", "5")


def one(nodes: LiteralString) -> LiteralString:
    """The first by id of a list of nodes that are one."""
    return f"reduce(_w = {nodes}[0], _z IN {nodes} | CASE WHEN _z.id < _w.id THEN _z ELSE _w END)"


CANONICAL = Value(cypher="_v.canonical")
#: The others that an entity stands for, by id.
MERGED = Many(
    fragment=lambda _shape: Fragment(
        match="UNWIND coalesce(_v.merged, []) AS _m MATCH (_e:Entity {id: _m})", binds=("_e",), keys=("_e.id",)
    ),
    roles={"v": "_e"},
)
