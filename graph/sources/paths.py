"""How two entities hang together: loop-free paths, the shortest first, found by levels from both ends.

Levels, not variable-length patterns: a plain `-[*1..3]-` over the same graph takes some hundred times as long. Between
two entities a path is the sequence of its nodes; parallel facts are listed in its steps.
"""

from typing import LiteralString

from graph.bindings import Fragment, Many, One, Shape, Value
from graph.model import MODEL, Vocabulary
from graph.sources.facts import fact_holds, first_day_of, known, speaking
from graph.sources.identities import asked

#: Neighbours of an end that are followed, and relationships an entity between may have: more is cut, and said.
FAN: LiteralString = "2000"
HUB: LiteralString = "1000"
#: Types that say nothing of two entities' having to do with each other: every two of one article would be neighbours.
NOT_FOLLOWED = (
    "DESCRIBED_IN",
    "UNDER",
    "OBSERVED_AT",
    "BORDERS",
    "DIFFERENT_FROM",
    "MEMBER_OF",
    "HAS_SECTOR",
)


def followed(shape: Shape, vocabulary: Vocabulary = MODEL) -> LiteralString:
    asked = shape.names("via")
    return "|".join(
        r.name for r in vocabulary.relationships if (r.name in asked if asked else r.name not in NOT_FOLLOWED)
    )


def _valid(claim: LiteralString, shape: Shape) -> LiteralString:
    # a decision that a later one overrules joins nothing
    one: LiteralString = (
        f" AND (type({claim}) <> 'SAME_AS' OR startNode({claim}).canonical = endNode({claim}).canonical)"
    )
    timed = f" AND {claim}.earliest_from <= $until AND {claim}.latest_to > {first_day_of(claim)}"
    return known(claim) + ("" if shape.names("via") else one) + (timed if shape.timed else "")


def _neighbours(end: LiteralString, shape: Shape) -> LiteralString:
    types, claim = followed(shape), f"{end}d"
    return (
        f"CALL ({end}) {{ MATCH ({end})-[{claim}:{types}]-({end}x) WHERE {_valid(claim, shape)} "
        f"WITH DISTINCT {end}x ORDER BY {end}x.id LIMIT {FAN} + 1 RETURN collect({end}x) AS {end}0 }} "
        f"CALL ({end}0) {{ UNWIND {end}0[0..{FAN}] AS {end}y WITH {end}y "
        f"WHERE COUNT {{ ({end}y)-[:{types}]-() }} <= {HUB} RETURN collect({end}y) AS {end}1 }} "
    )


def _between(shape: Shape, hops: int) -> LiteralString:
    """Paths with two entities between the ends, and with three, each looked for only where too few were found."""
    types = followed(shape)
    text: LiteralString = ""
    if hops >= 3:
        text += (
            "CALL (_xs, _ys, _ps) { WITH _xs, _ys, _ps WHERE size(_ps) <= $limit "
            f"UNWIND _xs AS _x3 MATCH (_x3)-[_d3:{types}]-(_y3) WHERE _y3 IN _ys AND {_valid('_d3', shape)} "
            "WITH DISTINCT _x3, _y3 WHERE _x3 <> _y3 WITH _x3, _y3 ORDER BY _x3.id, _y3.id LIMIT $limit + 1 "
            "RETURN collect([_x3, _y3]) AS _more3 } "
            "WITH _a, _b, _xs, _ys, _cut, _ps + _more3 AS _ps3 "
        )
    if hops >= 4:
        text += (
            "CALL (_a, _b, _xs, _ys, _ps3) { WITH _a, _b, _xs, _ys, _ps3 WHERE size(_ps3) <= $limit "
            f"UNWIND _xs AS _x4 MATCH (_x4)-[_d4:{types}]-(_m4) WHERE _m4 <> _a AND _m4 <> _b AND {_valid('_d4', shape)} "
            f"WITH _ys, _m4, collect(DISTINCT _x4) AS _l4 WHERE COUNT {{ (_m4)-[:{types}]-() }} <= {HUB} "
            f"MATCH (_m4)-[_e4:{types}]-(_y4) WHERE _y4 IN _ys AND {_valid('_e4', shape)} "
            "WITH DISTINCT _l4, _m4, _y4 UNWIND _l4 AS _w4 WITH _w4, _m4, _y4 WHERE _w4 <> _y4 "
            "WITH _w4, _m4, _y4 ORDER BY _w4.id, _m4.id, _y4.id LIMIT $limit + 1 "
            "RETURN collect([_w4, _m4, _y4]) AS _more4 } "
            "WITH _a, _b, _xs, _ys, _cut, _ps3 + _more4 AS _ps4 "
        )
    return text


def _found(shape: Shape) -> Fragment:
    hops = shape.get("hops") or 3
    last: LiteralString = "_ps" if hops < 3 else "_ps3" if hops == 3 else "_ps4"
    through: LiteralString = "CASE WHEN _direct THEN [[]] ELSE [] END"
    if hops >= 2:
        through += " + _more2"
    match = (
        f"{asked('from', '_a')}{asked('to', '_b')}WITH _a, _b "
        f"{_neighbours('_a', shape)}{_neighbours('_b', shape)}"
        "WITH _a, _b, _b IN _a0 AS _direct, size(_a0) + size(_b0) > size(_a1) + size(_b1) AS _cut, "
        "[_z IN _a1 WHERE _z <> _a AND _z <> _b] AS _xs, [_z IN _b1 WHERE _z <> _a AND _z <> _b] AS _ys "
        "CALL (_xs, _ys) { UNWIND _xs AS _x2 WITH _x2, _ys WHERE _x2 IN _ys WITH _x2 ORDER BY _x2.id LIMIT $limit + 1 "
        "RETURN collect([_x2]) AS _more2 } "
        f"WITH _a, _b, _xs, _ys, _cut, {through} AS _ps {_between(shape, hops)}"
        f"WITH _a, _b, _cut, CASE WHEN _a = _b THEN [] ELSE {last} END AS _all "
        "WITH _cut, size(_all) > $limit AS _more, [_z IN _all[0 .. $limit] | [_a] + _z + [_b]] AS _paths"
    )
    return Fragment(match=match, binds=("_paths", "_cut", "_more"))


PATHS = One(fragment=_found, roles={"paths": "_paths", "cut": "_cut", "more": "_more"})
TRUNCATED, MORE = Value(cypher="_cut"), Value(cypher="_more")
EACH = Many(
    fragment=lambda _shape: Fragment(
        match="UNWIND range(0, size(_paths) - 1) AS _i WITH _i, _paths[_i] AS _q", binds=("_i", "_q"), keys=("_i",)
    ),
    roles={"q": "_q"},
)
LENGTH = Value(cypher="size(_q) - 1")
NODES = Many(
    fragment=lambda _shape: Fragment(
        match="UNWIND range(0, size(_q) - 1) AS _i WITH _i, _q[_i] AS _e", binds=("_i", "_e"), keys=("_i",)
    ),
    roles={"v": "_e"},
)
STEPS = Many(
    fragment=lambda _shape: Fragment(
        match="UNWIND range(0, size(_q) - 2) AS _i WITH _i, _q[_i] AS _e, _q[_i + 1] AS _o",
        binds=("_i", "_e", "_o"),
        keys=("_i",),
    ),
    roles={"a": "_e", "b": "_o"},
)
#: Facts listed in a step.
PARALLEL: LiteralString = "3"


def _parallel(shape: Shape) -> Fragment:
    held = fact_holds(shape)
    return Fragment(
        match=f"MATCH (_a)-[_d:{followed(shape)}]-(_b) WHERE {known('_d')} WITH _a, _b, _d.fact AS _f, collect(_d) AS _ev{held} "
        f"WITH _ev, _f, {speaking()} AS _c WITH _ev, _c, _f, startNode(_c) AS _start, endNode(_c) AS _end "
        f"ORDER BY _f LIMIT {PARALLEL}",
        binds=("_ev", "_c", "_f", "_start", "_end"),
        keys=("_f",),
    )


FACTS = Many(fragment=_parallel, roles={"c": "_c", "ev": "_ev", "a": "_start", "b": "_end"})
