"""Who helps whom: by the help column of the model, and by nothing else.

What counts as help to a place: claims that end at it (or start there, where who receives helps), at what a person decided
to be the same, at the same territory under another code, or at projects located in it; a posted official is the means of who
sent him. Rolled up, places below count too, and groups of places that all lie there or that it is a member of: what is done for
them, or by them, stands apart as help *through* them and is never added to the rest. The other side stands under one id too.

A fact of help is a list: who or what is helped, claims of the fact, claims by which an official was sent, who helps
(the place of the claim), and the place or organization helped.
"""

from collections.abc import Iterable
from typing import LiteralString

from graph.bindings import Fragment, Inner, Many, One, Page, Shape, Value
from graph.declare import Help, RelationshipType
from graph.model import MODEL, Vocabulary
from graph.sources.facts import fact_holds, in_force, known, speaking, state_holds
from graph.sources.identities import asked, is_whole, keyed, merged

#: Levels that help is lifted by, and that are looked through below a place.
LEVELS: LiteralString = "4"


def help_types(vocabulary: Vocabulary = MODEL) -> tuple[RelationshipType, ...]:
    """Types that are followed: those that are help, and the posting, whose sender helps."""
    return tuple(r for r in vocabulary.relationships if r.help not in (Help.NEVER, Help.CHAIN) or r.name == "POSTED_TO")


def kinds() -> tuple[str, ...]:
    """Names of the types that are help, by name."""
    return tuple(sorted(r.name for r in help_types()))


def _asked(shape: Shape) -> tuple[RelationshipType, ...]:
    asked = shape.names("via")
    return tuple(r for r in help_types() if not asked or r.name in asked)


def _directed(relationship: RelationshipType, claim: LiteralString, node: LiteralString, *, to: bool) -> LiteralString:
    """When a claim that the node is an end of is help to it, or (`to` off) help by it."""
    at_end = to is not (relationship.help is Help.BACKWARD)
    condition = f"{'endNode' if at_end else 'startNode'}({claim}) = {node}"
    if relationship.help_when:
        name, value = relationship.help_when
        condition += f" AND {claim}.{name} = '{value}'"
    if relationship.loops:  # what is paid by a project to no one that is named is help to no one
        condition += f" AND startNode({claim}) <> endNode({claim})"
    return f"WHEN '{relationship.name}' THEN {condition}"


def _names(types: Iterable[RelationshipType]) -> LiteralString:
    return "|".join(r.name for r in types) or "NO_SUCH_TYPE"


def own(node: LiteralString) -> LiteralString:
    """Clauses that bind <node>own: the node with all it stands for, and the same territory under every code."""
    return (
        f"CALL ({node}) {{ UNWIND [{node}] + {merged(node)} AS {node}y "
        f"OPTIONAL MATCH ({node}y)-[{node}d:SUCCEEDS*1..{LEVELS}]-({node}p) "
        f"WHERE {node}p <> {node} AND all(_z IN {node}d WHERE {is_whole('_z')}) "
        f"WITH {node}, collect(DISTINCT {node}y) AS {node}x, collect(DISTINCT {node}p) AS {node}q "
        f"RETURN {node}x + [_z IN {node}q WHERE NOT _z IN {node}x] AS {node}own }} "
    )


def _same_term(sent: LiteralString, posted: LiteralString) -> LiteralString:
    """An official may be sent several times: the dispatch and the posting are of one batch, and may be of one time."""
    return (
        f"coalesce({sent}.batch, {posted}.batch, '') = coalesce({posted}.batch, {sent}.batch, '') "
        f"AND {sent}.earliest_from < {posted}.latest_to AND {sent}.latest_to > {posted}.earliest_from"
    )


def _each(node: LiteralString, shape: Shape, *carried: LiteralString) -> LiteralString:
    """Clauses with a row for each place, _p: the node under every code and, rolled up, all below it."""
    keep: LiteralString = ", ".join((node, *carried))
    if not shape.get("roll_up"):
        return f"WITH {keep}, {node}own UNWIND {node}own AS _p WITH {keep}, _p, {node} AS _n "

    below = (
        f"UNWIND {node}own AS _o1 OPTIONAL MATCH (_o1)<-[_u1:PART_OF*1..{LEVELS}]-(_w1:Place) "
        f"WHERE all(_z IN _u1 WHERE {state_holds('_z', shape)}) WITH {node}own, collect(DISTINCT _w1) AS _v1 "
        f"WITH {node}own, {node}own + [_z IN _v1 WHERE NOT _z IN {node}own] AS _v2 "
        # groups: what is done for one is not split over its members, but it is help to a place that all of them lie in
        f"CALL ({node}own, _v2) {{ UNWIND _v2 AS _m1 MATCH (_m1)-[_d2:MEMBER_OF]->(_g1:PlaceGroup) "
        f"WHERE {state_holds('_d2', shape)} WITH DISTINCT {node}own, _v2, _g1 MATCH (_g1)<-[_d3:MEMBER_OF]-(_m2) "
        f"WHERE {state_holds('_d3', shape)} WITH {node}own, _v2, _g1, collect(DISTINCT _m2) AS _m3 "
        f"WHERE any(_z IN _m3 WHERE _z IN {node}own) "
        "OR (coalesce(_g1.members, size(_m3)) = size(_m3) AND all(_z IN _m3 WHERE _z IN _v2)) "
        "RETURN collect(_g1) AS _groups } RETURN _v2 + _groups AS _all"
    )
    return (
        f"CALL ({node}own) {{ {below} }} UNWIND _all AS _p "
        f"WITH {keep}, _p, CASE WHEN _p IN {node}own THEN {node} ELSE _p END AS _n "
    )


def _lifted(node: LiteralString, starts: LiteralString, shape: Shape) -> LiteralString:
    """Clauses that bind <node>up: the places in which one of `starts`, the node under its codes, lies, with itself; the
    province first where there is one."""

    path, place = f"{node}l", f"{node}k"
    return (
        f"CALL ({starts}) {{ UNWIND {starts} AS {node}f MATCH ({node}f)-[{path}:PART_OF*0..{LEVELS}]->({place}:Place) "
        f"WHERE all(_z IN {path} WHERE {state_holds('_z', shape)}) "
        f"WITH {place}, max(reduce(_m = '9999', _z IN {path} | CASE WHEN _z.latest_to < _m THEN _z.latest_to ELSE _m END)) "
        f"AS {node}t, CASE {place}.type WHEN 'Province' THEN 0 ELSE 1 END AS {node}n "
        f"WITH {place}, {node}t, {node}n ORDER BY {node}n, {node}t DESC, {place}.id RETURN collect({place}) AS {node}up }} "
    )


def _to(node: LiteralString, shape: Shape, *carried: LiteralString) -> LiteralString:
    """Facts of help to the node: rows of _h, who helps, _q, the place helped, _t, _c, _s."""
    types = _asked(shape)
    directions = " ".join(_directed(r, "_c", "_t", to=True) for r in types) or "WHEN '' THEN false"
    sent = state_holds("_s", shape)
    keep: LiteralString = ", ".join((node, *carried))
    return (
        f"{_each(node, shape, *carried)}"
        f"CALL (_p) {{ OPTIONAL MATCH (_p)<-[_dj:LOCATED_IN]-(_j:Project) WHERE {known('_dj')} "
        "WITH _p, collect(DISTINCT _j) AS _j1 RETURN [_p] + _j1 AS _js } UNWIND _js AS _t "
        f"MATCH (_t)-[_c:{_names(types)}]-(_o) WHERE {known('_c')} AND CASE type(_c) {directions} ELSE false END "
        f"OPTIONAL MATCH (_o)-[_s:SENT_BY]->(_w) WHERE type(_c) = 'POSTED_TO' AND {sent} AND {_same_term('_s', '_c')} "
        f"WITH {keep}, _n AS _q, _t, _c, _s, CASE type(_c) WHEN 'POSTED_TO' THEN _w ELSE _o END AS _h WHERE _h IS NOT NULL "
    )


def _by(node: LiteralString, shape: Shape) -> LiteralString:
    """Facts of help by the node: the same rows."""
    types = _asked(shape)
    followed = [r for r in types if r.name != "POSTED_TO"]
    directions = " ".join(_directed(r, "_e", "_p", to=False) for r in followed)
    names = _names(followed)
    if len(followed) < len(types):
        names = f"{names}|SENT_BY" if followed else "SENT_BY"
        sent: LiteralString = "endNode(_e) = _p" + (f" AND {in_force('_e')}" if shape.timed else "")
        directions += f" WHEN 'SENT_BY' THEN {sent}"
    directions = directions or "WHEN '' THEN false"
    sender = "type(_e) = 'SENT_BY'"
    return (
        f"{_each(node, shape)}MATCH (_p)-[_e:{names}]-(_o) "
        f"WHERE {known('_e')} AND CASE type(_e) {directions} ELSE false END "
        f"OPTIONAL MATCH (_o)-[_k:POSTED_TO]->(_w) WHERE {sender} AND {known('_k')} AND {_same_term('_e', '_k')} "
        f"WITH {node}, _n AS _h, CASE WHEN {sender} THEN _k ELSE _e END AS _c, "
        f"CASE WHEN {sender} THEN _e END AS _s, CASE WHEN {sender} THEN _w ELSE _o END AS _t WHERE _c IS NOT NULL "
        f"OPTIONAL MATCH (_t)-[_dl:LOCATED_IN]->(_l) WHERE _t.type = 'Project' AND {known('_dl')} "
        f"WITH {node}, _h, _c, _s, _t, coalesce(_l, _t) AS _q "
    )


def _rows(shape: Shape, node: LiteralString, other: LiteralString) -> LiteralString:
    """Groups facts by what stands for the other end (`_h` or `_q`), rolled up by its province.

    Binds _i, the id of that, _fs (direct), _ts (through).
    """
    text = (
        f"WITH {node}, _h, _q, _t, _c.fact AS _f, collect(DISTINCT _c) AS _ev, collect(DISTINCT _s) AS _se{fact_holds(shape)} "
        f"WITH {node}, _h, _q, _t, _f, _ev, _se ORDER BY _f, _t.id, _h.id, _q.id "
        f"WITH {node}, {other}, collect([_t, _ev, _se, _h, _q]) AS _es {keyed(other, node, other, '_es')}"
    )
    if not shape.get("roll_up"):
        return (
            f"{text}WITH _i, collect(_es) AS _el WITH _i, reduce(_l = [], _z IN _el | _l + _z) AS _fs "
            "WITH _i, _fs, _fs[0 .. 0] AS _ts "
        )
    near: LiteralString = "_e1[4]" if other == "_h" else "_e1[3]"
    ends: LiteralString = "_x, _e2[4]" if other == "_h" else "_e2[3], _x"
    direct: LiteralString = f"_x = _g AND {near} = {node}"
    return (
        f"{text}WITH {node}, _i, collect({other}) AS _xs, collect(_es) AS _el MATCH (_x:Entity {{id: _i}}) "
        f"WITH {node}, _x, _xs + [_x] AS _xo, _el {_lifted('_x', '_xo', shape)}"
        f"WITH {node}, _x, _el, _xup WHERE NOT {node} IN _xup "
        f"WITH {node}, CASE _xup[0].type WHEN 'Province' THEN _xup[0] ELSE _x END AS _g, _x, _el "
        f"UNWIND _el AS _es UNWIND _es AS _e2 WITH {node}, _g, _x, [_e2[0], _e2[1], _e2[2], {ends}] AS _e1 "
        f"ORDER BY _e1[1][0].fact, _e1[0].id, _e1[3].id, _e1[4].id "
        f"WITH _g, collect(CASE WHEN {direct} THEN _e1 END) AS _fs, "
        f"collect(CASE WHEN {direct} THEN null ELSE _e1 END) AS _ts WITH _g.id AS _i, _fs, _ts "
    )


def _listed(grouped: LiteralString, helper: LiteralString, recipient: LiteralString, node: LiteralString) -> Fragment:
    return Fragment(
        match=f"{grouped}WITH _i, _fs, _ts, -size(_fs) - size(_ts) AS _k "
        "WHERE _k > $k0 OR (_k = $k0 AND _i > $k1) WITH _i, _fs, _ts, _k ORDER BY _k, _i LIMIT $limit "
        f"MATCH (_g:Entity {{id: _i}}) {asked('of', node)}",
        binds=(helper, recipient, "_fs", "_ts", "_k", "_i"),
        keys=("_k", "_i"),
        limited=True,
        total=f"{grouped}RETURN count(_i)",
    )


def _helpers(shape: Shape) -> Fragment:
    grouped = f"{asked('of', '_r0')}{own('_r0')}{_to('_r0', shape)}{_rows(shape, '_r0', '_h')}"
    return _listed(grouped, "_g", "_r", "_r")


def _recipients(shape: Shape) -> Fragment:
    grouped = f"{asked('of', '_r0')}{own('_r0')}{_by('_r0', shape)}{_rows(shape, '_r0', '_q')}"
    return _listed(grouped, "_r", "_g", "_r")


def _between(shape: Shape) -> Fragment:
    direct = "_e1[3] = _y0 AND _e1[4] = _r0"
    facts = f"{asked('from', '_y0')}{asked('to', '_r0')}{own('_y0')}{own('_r0')}{_to('_r0', shape, '_y0', '_y0own')}"
    entries = "collect([_t, _ev, _se, _h, _q])"
    grouped = (
        "WITH _y0, _y0own, _r0, _h, _q, _t, _c.fact AS _f, collect(DISTINCT _c) AS _ev, "
        f"collect(DISTINCT _s) AS _se{fact_holds(shape)} WITH _y0, _y0own, _r0, _h, {entries} AS _e0 "
    )
    given: LiteralString = "_h IN _y0own"
    if shape.get("roll_up"):
        grouped += f"{own('_h')}{_lifted('_h', '_hown', shape)}"
        given += " OR any(_z IN _hup WHERE _z IN _y0own)"
    match = (
        f"{facts}{grouped}WITH _y0, _r0, CASE WHEN _h IN _y0own THEN _y0 ELSE _h END AS _x, _e0 WHERE {given} "
        "UNWIND _e0 AS _e2 WITH _y0, _r0, [_e2[0], _e2[1], _e2[2], _x, _e2[4]] AS _e3 "
        "ORDER BY _e3[1][0].fact, _e3[0].id, _e3[3].id, _e3[4].id WITH _y0, _r0, collect(_e3) AS _es "
        f"WITH _y0, _r0, [_e1 IN _es WHERE {direct}] AS _fs, [_e1 IN _es WHERE NOT ({direct})] AS _ts"
    )
    return Fragment(match=match, binds=("_y0", "_r0", "_fs", "_ts"))


def _counted(shape: Shape, *, to: bool) -> Fragment:
    """Places of a level with how many help them, or they help: `least` to `most` of those, without kinds left out."""
    label: LiteralString = shape.get("label")
    kept, left = [r.name for r in _asked(shape)], list(shape.names("without"))
    followed = Shape(timed=shape.timed, values={"via": tuple(sorted({*kept, *left}))})
    other: LiteralString = "_h" if to else "_q"
    within: LiteralString = ""
    if shape.get("within"):
        held = state_holds("_z", shape)
        within = (
            f"MATCH (_x0:Entity {{id: $within}})<-[_u0:PART_OF*1..{LEVELS}]-(_r0:{label}) "
            f"WHERE all(_z IN _u0 WHERE {held}) WITH DISTINCT _r0 "
        )
    names: LiteralString = "', '".join(_literals(kept))
    without: LiteralString = "', '".join(_literals(left))
    facts = _to("_r0", followed) if to else _by("_r0", followed)
    grouped = (
        f"{within or f'MATCH (_r0:{label}) '}WITH _r0 WHERE _r0.canonical = _r0.id {own('_r0')}{facts}"
        f"WITH _r0, {other} AS _g, _c.fact AS _f, collect(DISTINCT _c) AS _ev{fact_holds(shape)} "
        f"WITH _r0, _g, _f, type(_ev[0]) AS _y {keyed('_g', '_r0', '_f', '_y')}"
        f"WITH _r0, _f, _y, _i ORDER BY _i WITH _r0, collect(DISTINCT CASE WHEN _y IN ['{names}'] THEN _i END) AS _gs, "
        f"count(DISTINCT CASE WHEN _y IN ['{names}'] THEN _f END) AS _m, "
        f"count(CASE WHEN _y IN ['{without}'] THEN 1 END) AS _no "
        "WITH _r0, _gs, _m, -size(_gs) AS _k, _no WHERE _no = 0 AND -_k >= $least AND -_k <= $most "
    )
    return Fragment(
        match=f"{grouped}WITH _r0, _gs, _m, _k, _r0.id AS _i WHERE _k > $k0 OR (_k = $k0 AND _i > $k1)",
        binds=("_r0", "_gs", "_m", "_k", "_i"),
        keys=("_k", "_i"),
        limited=True,
        total=f"{grouped}RETURN count(_r0)",
    )


def _literals(names: Iterable[str]) -> list[LiteralString]:
    """Names of types as the vocabulary writes them."""
    wanted = set(names)
    return [r.name for r in MODEL.relationships if r.name in wanted]


#: Places by how many help them, and by how many they help: those with most first.
HELPED_PLACES = Page(fragment=lambda shape: _counted(shape, to=True), roles={"v": "_r0", "others": "_gs", "m": "_m"})
HELPING_PLACES = Page(fragment=lambda shape: _counted(shape, to=False), roles={"v": "_r0", "others": "_gs", "m": "_m"})
PLACE = Inner(roles={"v": "_v"})
OTHERS_COUNT, FACTS_COUNT = Value(cypher="size(_others)"), Value(cypher="_m")
#: The others that are listed.
LISTED: LiteralString = "20"
OTHERS = Many(
    fragment=lambda _shape: Fragment(
        match=f"UNWIND _others[0 .. {LISTED}] AS _i MATCH (_e:Entity {{id: _i}})", binds=("_e", "_i"), keys=("_i",)
    ),
    roles={"v": "_e"},
)

#: One row for each helper, the one with most facts first.
HELPERS = Page(fragment=_helpers, roles={"h": "_g", "r": "_r", "fs": "_fs", "ts": "_ts"})
#: One row for each place or organization helped, likewise.
RECIPIENTS = Page(fragment=_recipients, roles={"h": "_r", "r": "_g", "fs": "_fs", "ts": "_ts"})
#: All that one does for another; no row where nothing is known.
BETWEEN = One(fragment=_between, roles={"h": "_y0", "r": "_r0", "fs": "_fs", "ts": "_ts"})

HELPER, RECIPIENT = Inner(roles={"v": "_h"}), Inner(roles={"v": "_r"})
_KINDS: LiteralString = "', '".join(sorted(r.name for r in help_types()))
KINDS = Value(cypher=f"[_z IN ['{_KINDS}'] WHERE any(_g IN _fs WHERE type(_g[1][0]) = _z)]")
_FIRST: LiteralString = (
    "reduce(_m = '~', _g IN _fs | reduce(_k = _m, _z IN _g[1] | "
    "CASE WHEN _z.valid_from < _k THEN _z.valid_from ELSE _k END))"
)
SINCE = Value(cypher=f"CASE {_FIRST} WHEN '~' THEN null ELSE {_FIRST} END")
COUNT = Value(cypher="size(_fs)")


def _through(_shape: Shape) -> Fragment:
    grouped = "UNWIND _ts AS _e WITH _e[3] AS _a, _e[4] AS _b, collect(_e) AS _es "
    return Fragment(
        match=f"{grouped} WITH _a, _b, _es, _es[0 .. 0] AS _none, -size(_es) AS _k, _a.id AS _i, _b.id AS _j "
        "WHERE _k > $k0 OR (_k = $k0 AND (_i > $k1 OR (_i = $k1 AND _j > $k2)))",
        binds=("_a", "_b", "_es", "_none", "_k", "_i", "_j"),
        keys=("_k", "_i", "_j"),
        limited=True,
        total=f"{grouped} RETURN count(_es)",
    )


#: Whom help goes through: a row for each two that are joined by facts, those with most first.
THROUGH = Page(fragment=_through, roles={"h": "_a", "r": "_b", "fs": "_es", "ts": "_none"})


def _facts(_shape: Shape) -> Fragment:
    own = f"UNWIND _fs AS _g WITH _g[0] AS _t, _g[1] AS _ev, _g[2] AS _se WITH _t, _ev, _se, {speaking()} AS _c "
    return Fragment(
        match=f"{own} WITH _t, _ev, _se, _c, startNode(_c) AS _a, endNode(_c) AS _b, _c.earliest_from AS _k, _c.fact AS _f "
        "WHERE _k < $k0 OR (_k = $k0 AND _f < $k1)",
        binds=("_t", "_ev", "_se", "_c", "_a", "_b", "_k", "_f"),
        keys=("_k", "_f"),
        descending=True,
        limited=True,
        total="UNWIND _fs AS _g RETURN count(_g)",
    )


#: The facts of a helper, the latest beginning first.
FACTS = Page(fragment=_facts, roles={"c": "_c", "ev": "_ev", "a": "_a", "b": "_b", "v": "_t", "se": "_se"})
FACT = Inner(roles={"c": "_c", "ev": "_ev", "a": "_a", "b": "_b"})
HELPED = Inner(roles={"v": "_v"})
#: The official, where help is a posting.
MEANS = Inner(roles={"v": "_a"}, given="size(_se) > 0")


def _rank(claim: LiteralString) -> LiteralString:
    return f"CASE {claim}.certainty WHEN 'derived' THEN 2 WHEN 'implied' THEN 1 ELSE 0 END"


#: A chain is as certain as its weakest link.
CERTAINTY = Value(
    cypher=f"['stated', 'implied', 'derived'][reduce(_m = {_rank('_c')}, _z IN _se | "
    f"CASE WHEN {_rank('_z')} > _m THEN {_rank('_z')} ELSE _m END)]"
)
