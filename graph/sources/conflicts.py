"""Claims that contradict one another, as the runs that brought them found and kept them."""

from typing import LiteralString

from graph.bindings import Fragment, Many, One, Page, Shape, Value
from graph.sources.facts import first_day_of, holding, known, speaking


def _listed(shape: Shape) -> Fragment:
    found: LiteralString = (
        "MATCH (_e:Conflict) WHERE _e.found_at <= $known AND (_e.gone_at IS NULL OR _e.gone_at > $known)"
    )
    if shape.get("of"):
        found += " AND (_e.start = $of OR _e.end = $of)"
    if types := shape.names("via"):
        listed: LiteralString = "', '".join(types)
        found += f" AND _e.type IN ['{listed}']"
    if shape.timed:
        found += (
            " MATCH (_a0:Entity {id: _e.start})-[_d]->(_b0) WHERE _b0.id = _e.end AND _d.fact IN _e.facts "
            f"AND {known('_d')} WITH _e, _d.fact AS _f, collect(_d) AS _ev WHERE {holding('_ev', first_day_of('_ev[0]'))} "
            "WITH DISTINCT _e"
        )
    else:
        found += " WITH _e"
    return Fragment(
        match=f"{found} WITH _e.id AS _i, _e.about AS _n, _e.type AS _t, _e.start AS _s0, _e.end AS _e0, _e.facts AS _fa, "
        "_e.versions AS _vs WITH _i, _n, _t, _s0, _e0, _fa, _vs WHERE _i > $k0",
        binds=("_i", "_n", "_t", "_s0", "_e0", "_fa", "_vs"),
        keys=("_i",),
        limited=True,
        total=f"{found} RETURN count(_e)",
    )


#: The conflicts, by id: what they are about, type, ids of both ends, facts, versions of claims.
CONFLICTS = Page(
    fragment=_listed,
    roles={"i": "_i", "n": "_n", "t": "_t", "start": "_s0", "end": "_e0", "facts": "_fa", "versions": "_vs"},
)
ID, ABOUT, TYPE = Value(cypher="_i"), Value(cypher="_n"), Value(cypher="_t")
FROM = One(fragment=lambda _s: Fragment(match="MATCH (_u:Entity {id: _start})", binds=("_u",)), roles={"v": "_u"})
TO = One(fragment=lambda _s: Fragment(match="MATCH (_u:Entity {id: _end})", binds=("_u",)), roles={"v": "_u"})
_BETWEEN: LiteralString = "MATCH (_a:Entity {id: _start})-[_d]->(_b:Entity {id: _end})"
FACTS = Many(
    fragment=lambda _s: Fragment(
        match=f"{_BETWEEN} WHERE _d.fact IN _facts AND {known('_d')} WITH _a, _b, _d.fact AS _f, collect(_d) AS _ev "
        f"WITH _a, _b, _f, _ev, {speaking()} AS _c",
        binds=("_a", "_b", "_f", "_ev", "_c"),
        keys=("_f",),
    ),
    roles={"c": "_c", "ev": "_ev", "a": "_a", "b": "_b"},
)
CLAIMS = Many(
    fragment=lambda _s: Fragment(
        match=f"{_BETWEEN} WHERE _d.version IN _versions MATCH (_s:Entity {{id: _d.source}}) "
        "WITH _d AS _x, _s, _a, _b, [_d] AS _own",
        binds=("_x", "_s", "_a", "_b", "_own"),
        keys=("_x.id",),
    ),
    roles={"x": "_x", "s": "_s", "a": "_a", "b": "_b", "ev": "_own"},
)
