"""How complete the graph is: how many facts of each type say when, how much, where it is written, and by how many sources."""

from typing import LiteralString

from graph.bindings import Fragment, Inner, Many, Shape, Value
from graph.model import MODEL
from graph.sources.facts import fact_holds, known, speaking

COVERAGE = Inner(roles={})
_MONEY: LiteralString = "', '".join(r.name for r in MODEL.relationships if r.money)


def _some(condition: LiteralString) -> LiteralString:
    """How many of the facts have a claim of which the condition holds."""
    return f"sum(CASE WHEN any(_z IN _ev WHERE {condition}) THEN 1 ELSE 0 END)"


def _certain(certainty: LiteralString) -> LiteralString:
    return f"sum(CASE WHEN _c.certainty = '{certainty}' THEN 1 ELSE 0 END)"


def _facts(shape: Shape) -> Fragment:
    held = fact_holds(shape)
    return Fragment(
        match=f"MATCH ()-[_d]->() WHERE {known('_d')} WITH type(_d) AS _k, _d.fact AS _f, collect(_d) AS _ev{held} "
        f"WITH _k, _ev, {speaking()} AS _c WITH _k, {_COUNTS}",
        binds=("_k", *_COUNTED),
        keys=("_k",),
    )


_OPEN: LiteralString = "any(_z IN _ev WHERE _z.open_end) AND none(_z IN _ev WHERE _z.valid_to IS NOT NULL)"
_COUNTED: dict[LiteralString, LiteralString] = {
    "_n": "count(_c)",
    "_m": "sum(size(_ev))",
    "_amounts": _some("_z.amount IS NOT NULL"),
    "_starts": _some("_z.valid_from IS NOT NULL"),
    "_ends": _some("_z.valid_to IS NOT NULL"),
    "_open": f"sum(CASE WHEN {_OPEN} THEN 1 ELSE 0 END)",
    "_locators": _some("_z.locator <> ''"),
    "_sources": _some("_z.source <> _ev[0].source"),
    "_stated": _certain("stated"),
    "_implied": _certain("implied"),
    "_concluded": _certain("derived"),
}
_COUNTS: LiteralString = ", ".join(f"{text} AS {name}" for name, text in _COUNTED.items())
#: One row for each type of fact, by name.
FACTS = Many(fragment=_facts, roles={"k": "_k", **{name[1:]: name for name in _COUNTED}})
TYPE, COUNT, CLAIMS = Value(cypher="_k"), Value(cypher="_n"), Value(cypher="_m")
AMOUNTS = Value(cypher=f"CASE WHEN _k IN ['{_MONEY}'] THEN _amounts END")
STARTS, ENDS, OPEN = Value(cypher="_starts"), Value(cypher="_ends"), Value(cypher="_open")
LOCATORS, SOURCES = Value(cypher="_locators"), Value(cypher="_sources")
STATED, IMPLIED, DERIVED = Value(cypher="_stated"), Value(cypher="_implied"), Value(cypher="_concluded")

#: One row for each type of place, by name.
PLACES = Many(
    fragment=lambda _shape: Fragment(
        match="MATCH (_e:Place) WITH _e.type AS _k, count(_e) AS _n, "
        "sum(CASE WHEN _e.latitude IS NOT NULL AND _e.longitude IS NOT NULL THEN 1 ELSE 0 END) AS _m",
        binds=("_k", "_n", "_m"),
        keys=("_k",),
    ),
    roles={"k": "_k", "n": "_n", "m": "_m"},
)
LOCATED = Value(cypher="_m")
