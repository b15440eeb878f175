"""What the graph holds, in numbers."""

from graph.bindings import Fragment, Inner, Many, Shape, Value
from graph.sources.facts import fact_holds, known, speaking, state_holds
from graph.sources.totals import AMOUNT as MONEY
from graph.sources.totals import added_parts, exact

OVERVIEW = Inner(roles={})
ENTITIES = Many(
    fragment=lambda _shape: Fragment(
        match="MATCH (_e:Entity) WITH _e.type AS _k, count(_e) AS _n", binds=("_k", "_n"), keys=("_k",)
    ),
    roles={"k": "_k", "n": "_n"},
)
FACTS = Many(
    fragment=lambda _shape: Fragment(
        match=f"MATCH ()-[_d]->() WHERE {known('_d')} WITH type(_d) AS _k, count(DISTINCT _d.fact) AS _n, count(_d) AS _m",
        binds=("_k", "_n", "_m"),
        keys=("_k",),
    ),
    roles={"k": "_k", "n": "_n", "m": "_m"},
)
AMOUNT = Value(cypher=f"[_m1, _m2, _k, '{MONEY}', _n]", compute=exact)
KIND, COUNT, CLAIMS = Value(cypher="_k"), Value(cypher="_n"), Value(cypher="_m")


def _sums(shape: Shape) -> Fragment:
    given = "".join(f" AND _d.{name} = ${name}" for name in shape.names("where"))
    fitting = fact_holds(shape)
    return Fragment(
        match=f"MATCH ()-[_d:FUNDS]->(_w:Place) WHERE {known('_d')} AND _d.class = $class AND _d.currency = $currency{given} "
        "AND _d.part_of IS NULL AND _d.amount IS NOT NULL "
        f"WITH _w, _d.fact AS _f, collect(_d) AS _ev{fitting} WITH _w, {speaking()} AS _c "
        "WHERE _c.earliest_from >= $event_from AND _c.latest_to <= $beyond "
        f"WITH _w, count(_c) AS _facts, {added_parts('_c.amount')} "
        f"MATCH (_w)-[_u:PART_OF*0..3]->(_v:Province) WHERE all(_z IN _u WHERE {state_holds('_z', shape)}) "
        "WITH DISTINCT _w, _facts, _m1, _m2, _v WITH _v, sum(_facts) AS _n, sum(_m1) AS _s1, sum(_m2) AS _s2, $currency AS _k",
        binds=("_v", "_n", "_s1", "_s2", "_k"),
        keys=("_v.id",),
    )


#: Sums of funding that ends in a province or below it: in minor units.
SUMS = Many(fragment=_sums, roles={"v": "_v", "n": "_n", "m1": "_s1", "m2": "_s2", "k": "_k"})
