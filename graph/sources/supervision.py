"""Inspections that have to do with an entity, and their figures added up: each inspection once, unknown stays unknown."""

from typing import LiteralString

from graph.bindings import Fragment, Inner, One, Page, Shape, Value
from graph.sources.entities import DEPTH
from graph.sources.facts import holding, known, state_holds
from graph.sources.identities import asked, merged

#: When an inspection took place is said by itself (failing that by the date of its figures), by who conducts it and by what it
#: covers, not by where it is located.
_HAPPENED: LiteralString = (
    # with one date alone it happens some day of that day, month or year
    f"OPTIONAL MATCH (_i)-[_g:CONDUCTS|COVERS]-() WHERE {known('_g')} WITH _i, collect(_g) AS _gs "
    f"WHERE {holding('_gs', '$event_from')} AND left(coalesce(_i.valid_from, _i.as_of, ''), 10) <= $until "
    "WITH _i, last(split(coalesce(_i.valid_to, _i.as_of, _i.valid_from, '9999'), '..')) AS _end "
    "WHERE _end >= left($event_from, size(_end)) "
)


def _found(shape: Shape) -> Fragment:
    return Fragment(
        # what is part of it, what is located there, and organizations that are part of that
        match=f"{asked('of', '_s')}UNWIND [_s] + {merged('_s')} AS _r "
        f"OPTIONAL MATCH (_r)<-[_d1:PART_OF*0..{DEPTH}]-(_w) WHERE all(_z IN _d1 WHERE {state_holds('_z', shape)}) "
        f"WITH DISTINCT _s, _w OPTIONAL MATCH (_w)<-[_d2:LOCATED_IN]-(_x) WHERE {state_holds('_d2', shape)} "
        "WITH _s, collect(DISTINCT _w) + collect(DISTINCT _x) AS _ws UNWIND _ws AS _y WITH DISTINCT _s, _y "
        f"OPTIONAL MATCH (_y)<-[_d3:PART_OF*1..{DEPTH}]-(_o:Organization) WHERE all(_z IN _d3 WHERE {state_holds('_z', shape)}) "
        "WITH collect(DISTINCT _y) + collect(DISTINCT _o) AS _ys, _s "
        "CALL (_ys) { UNWIND _ys AS _t WITH DISTINCT _t MATCH (_t)-[_d:CONDUCTS|COVERS]-(_j:Inspection) "
        f"WHERE {known('_d')} RETURN collect(DISTINCT _j) AS _js }} "
        "WITH _ys + _js AS _all CALL (_all) { UNWIND _all AS _i WITH DISTINCT _i WHERE _i:Inspection WITH _i "
        f"{_HAPPENED if shape.timed else ''}WITH _i ORDER BY _i.id RETURN collect(_i) AS _q }}",
        binds=("_q",),
    )


#: No row where the entity is not there.
SUPERVISION = One(fragment=_found, roles={"q": "_q"})
COUNT = Value(cypher="size(_q)")


def total(name: LiteralString) -> Value:
    """The sum of a figure of the inspections; null where none of them has it."""
    added = f"reduce(_n = 0, _z IN _q | _n + coalesce(_z.{name}, 0))"
    return Value(cypher=f"CASE WHEN any(_z IN _q WHERE _z.{name} IS NOT NULL) THEN {added} END")


def _both(inspection: LiteralString) -> LiteralString:
    """Both figures are known, and of the same problems: more rectified than found are not of this inspection alone."""
    return f"coalesce({inspection}.rectified <= {inspection}.problems_found, false)"


_ANY: LiteralString = f"any(_z IN _q WHERE {_both('_z')})"


def _sum(name: LiteralString) -> LiteralString:
    return f"reduce(_n = 0, _z IN _q | _n + CASE WHEN {_both('_z')} THEN _z.{name} ELSE 0 END)"


def _rate(rectified: LiteralString, found: LiteralString) -> LiteralString:
    return f"CASE WHEN {found} > 0 THEN toFloat({rectified}) / {found} END"


OPEN = Value(cypher=f"CASE WHEN {_ANY} THEN {_sum('problems_found')} - {_sum('rectified')} END")
#: What is open is never stated: it is the difference.
OPEN_CERTAINTY = Value(cypher=f"CASE WHEN {_ANY} THEN 'derived' END")
RATE = Value(cypher=_rate(_sum("rectified"), _sum("problems_found")))


def _rows(_shape: Shape) -> Fragment:
    return Fragment(
        match="UNWIND _q AS _i WITH _i WHERE _i.id > $k0",
        binds=("_i",),
        keys=("_i.id",),
        limited=True,
        total="UNWIND _q AS _i RETURN count(_i)",
    )


#: The inspections, by id.
ROWS = Page(fragment=_rows, roles={"v": "_i"})
INSPECTION = Inner(roles={"v": "_v"})
_KNOWN: LiteralString = _both("_v")
OPEN_OF_ROW = Value(cypher=f"CASE WHEN {_KNOWN} THEN _v.problems_found - _v.rectified END")
OPEN_CERTAINTY_OF_ROW = Value(cypher=f"CASE WHEN {_KNOWN} THEN 'derived' END")
RATE_OF_ROW = Value(cypher=f"CASE WHEN {_KNOWN} THEN {_rate('_v.rectified', '_v.problems_found')} END")
