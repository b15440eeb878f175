"""Where a place lies."""

from typing import LiteralString

from graph.bindings import Fragment, Many, One, Shape
from graph.sources.entities import DEPTH
from graph.sources.facts import in_force, known


def _holds(claim: LiteralString, shape: Shape) -> LiteralString:
    return known(claim) + (f" AND {in_force(claim)}" if shape.timed else "")


PARENT = One(
    fragment=lambda shape: Fragment(
        match=f"MATCH (_v)-[_d:PART_OF]->(_u) WHERE {_holds('_d', shape)} WITH _u ORDER BY _u.id LIMIT 1", binds=("_u",)
    ),
    roles={"v": "_u"},
)
ANCESTORS = Many(
    fragment=lambda shape: Fragment(
        match=f"MATCH (_v)-[_d:PART_OF*1..{DEPTH}]->(_u) WHERE all(_z IN _d WHERE {_holds('_z', shape)}) "
        "WITH _u, min(size(_d)) AS _n",
        binds=("_u", "_n"),
        keys=("_n", "_u.id"),
    ),
    roles={"v": "_u"},
)
