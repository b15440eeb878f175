"""What happened to an entity, and what held of it, in order: the facts it is an end of."""

from typing import LiteralString

from graph.bindings import Fragment, Inner, Page, Shape, Value
from graph.model import MODEL, Vocabulary
from graph.sources.facts import ORDERS, fact_holds, known, speaking
from graph.sources.identities import asked, merged

#: Types that tell nothing of an entity in time.
NOT_TOLD = ("DESCRIBED_IN", "SAME_AS", "DIFFERENT_FROM", "BORDERS")


def told(shape: Shape, vocabulary: Vocabulary = MODEL) -> LiteralString:
    asked = shape.names("via")
    return "|".join(r.name for r in vocabulary.relationships if (r.name in asked if asked else r.name not in NOT_TOLD))


def _entries(shape: Shape) -> Fragment:
    held = fact_holds(shape)
    # DISTINCT: a fact between an entity and itself is met from both sides
    grouped = (
        f"{asked('of', '_s')}UNWIND [_s] + {merged('_s')} AS _e MATCH (_e)-[_d:{told(shape)}]-(_o) WHERE {known('_d')} "
        f"WITH _o, _d.fact AS _f, collect(DISTINCT _d) AS _ev{held}"
    )
    key, descending = ORDERS[shape.get("order") or "began_desc"]
    sign = "<" if descending else ">"
    return Fragment(
        match=f"{grouped} WITH _o, _f, _ev, {speaking()} AS _c "
        f"WITH _o, _f, _ev, _c, startNode(_c) AS _start, endNode(_c) AS _end, {key} AS _k "
        f"WHERE _k {sign} $k0 OR (_k = $k0 AND _f {sign} $k1)",
        binds=("_o", "_f", "_ev", "_c", "_start", "_end", "_k"),
        keys=("_k", "_f"),
        descending=descending,
        limited=True,
        total=f"{grouped} RETURN count(_f)",
    )


#: One row for each fact: _v is its other end.
ENTRIES = Page(fragment=_entries, roles={"c": "_c", "ev": "_ev", "a": "_start", "b": "_end", "v": "_o"})
FACT = Inner(roles={"c": "_c", "ev": "_ev", "a": "_a", "b": "_b"})
OTHER = Inner(roles={"v": "_v"})
OUTGOING = Value(cypher="_b.id = _v.id")
