"""Entities by id, by code, and in lists: in order of an index, all or within a place."""

from typing import LiteralString

from graph.bindings import Fragment, Maybe, One, Page, Shape
from graph.sources.facts import state_holds
from graph.sources.identities import asked

#: Orders of lists: property, and whether the greatest comes first; the id decides between equals.
ORDERS: dict[str, tuple[LiteralString, bool]] = {
    "id_asc": ("id", False),
    "id_desc": ("id", True),
    "pinyin_asc": ("pinyin", False),
    "pinyin_desc": ("pinyin", True),
}
#: Levels a place can be below another.
DEPTH: LiteralString = "5"

NODE = One(
    fragment=lambda _shape: Fragment(match=asked("id", "_e"), binds=("_e",)),
    roles={"v": "_e"},
)
NODES = Maybe(
    fragment=lambda _shape: Fragment(
        match="UNWIND range(0, size($ids) - 1) AS _i WITH _i OPTIONAL MATCH (_e0:Entity {id: $ids[_i]}) "
        "WITH _i, coalesce(_e0.canonical, '') AS _c0 OPTIONAL MATCH (_e:Entity {id: _c0})",
        binds=("_e", "_i"),
        keys=("_i",),
    ),
    roles={"v": "_e"},
)
#: The place that has the code now; where a code was used again, not the one it once meant.
PLACE = One(
    fragment=lambda _shape: Fragment(
        match="MATCH (_e0:Place) WHERE _e0.code = $code "
        "WITH _e0 ORDER BY coalesce(_e0.valid_to, '9999') DESC, _e0.id DESC LIMIT 1 MATCH (_e:Entity {id: _e0.canonical})",
        binds=("_e",),
    ),
    roles={"v": "_e"},
)


def listed(label: LiteralString, within: LiteralString = "") -> Page:
    """Entities of a label. `within`: relationship that leads to their place ('PART_OF' for places themselves).

    `values` of the shape: `label`, a finer one; `order`, one of ORDERS; `within`, whether a place was given; `where`,
    the properties filtered by.
    """

    def fragment(shape: Shape) -> Fragment:
        own: LiteralString = shape.get("label") or label
        name, descending = ORDERS[shape.get("order") or "id_asc"]
        sign = "<" if descending else ">"
        start = _inside(own, within, shape) if shape.get("within") else f"MATCH (_e:{own})"
        where: list[LiteralString] = [f"_e.{p} = ${p}" for p in shape.names("where")]
        behind: LiteralString = f"_e.id {sign} $k0"
        if name != "id":
            # the form that Neo4j answers from an index on (property, id), without a sort; an OR it may make a union of
            equal = f"CASE WHEN _e.{name} {sign} $k0 THEN true ELSE _e.id {sign} $k1 END"
            behind = f"_e.{name} {sign}= $k0 AND _e.id IS NOT NULL AND {equal}"
        counted = f" WHERE {' AND '.join(where)}" if where else ""
        return Fragment(
            match=f"{start} WHERE {' AND '.join((*where, behind))} AND _e.canonical = _e.id",
            binds=("_e",),
            keys=("_e.id",) if name == "id" else (f"_e.{name}", "_e.id"),
            descending=descending,
            limited=True,
            total=_total(own, f"{start}{counted}", filtered=bool(where or shape.get("within"))),
        )

    return Page(fragment=fragment, roles={"v": "_e"})


def _total(label: LiteralString, found: LiteralString, *, filtered: bool) -> LiteralString:
    """How many of _e stand for themselves: all of a label, which the engine counts without reading them, but for the few that
    graph.write.merging keeps a node of."""
    if filtered:
        return f"{found} WITH _e WHERE _e.canonical = _e.id RETURN count(_e)"
    return (
        f"CALL () {{ {found} RETURN count(_e) AS _n }} CALL () {{ MATCH (_x:Merged) MATCH (_y:Entity {{id: _x.of}}) "
        f"WHERE _y:{label} RETURN count(_y) AS _o }} RETURN _n - _o"
    )


def _inside(label: LiteralString, relationship: LiteralString, shape: Shape) -> LiteralString:
    """Entities of a label in a place or below it, each once."""

    if relationship == "PART_OF":
        return (
            f"MATCH (_u:Entity {{id: $within}})<-[_d:PART_OF*1..{DEPTH}]-(_e:{label}) "
            f"WHERE all(_z IN _d WHERE {state_holds('_z', shape)}) WITH DISTINCT _e"
        )
    return (
        f"MATCH (_u:Entity {{id: $within}})<-[_d:PART_OF*0..{DEPTH}]-(_w) WHERE all(_z IN _d WHERE {state_holds('_z', shape)}) "
        f"MATCH (_w)<-[_g:{relationship}]-(_e:{label}) WHERE {state_holds('_g', shape)} WITH DISTINCT _e"
    )
