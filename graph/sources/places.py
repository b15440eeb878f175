"""Where a place lies."""

from graph.bindings import Fragment, Many, One
from graph.sources.entities import DEPTH
from graph.sources.facts import state_holds

PARENT = One(
    fragment=lambda shape: Fragment(
        match=f"MATCH (_v)-[_d:PART_OF]->(_u) WHERE {state_holds('_d', shape)} WITH _u ORDER BY _u.id LIMIT 1",
        binds=("_u",),
    ),
    roles={"v": "_u"},
)
ANCESTORS = Many(
    fragment=lambda shape: Fragment(
        match=f"MATCH (_v)-[_d:PART_OF*1..{DEPTH}]->(_u) WHERE all(_z IN _d WHERE {state_holds('_z', shape)}) "
        "WITH _u, min(size(_d)) AS _n",
        binds=("_u", "_n"),
        keys=("_n", "_u.id"),
    ),
    roles={"v": "_u"},
)
