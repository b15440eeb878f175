"""Who helps whom: by the help column of the model, and by nothing else.

What counts as help to a place: claims that end at it (or start there, where who receives helps), at the same territory
under another code, or at projects located in it; a posted official is the means of who sent him.
"""

from typing import LiteralString

from graph.bindings import Fragment, Inner, Page, Shape, Value
from graph.model import MODEL, Help, RelationshipType, Vocabulary
from graph.sources.facts import first_day_of, holding, in_force, known, speaking


def help_types(vocabulary: Vocabulary = MODEL) -> tuple[RelationshipType, ...]:
    """Types that `helpers` follows: those that are help, and the posting, whose sender helps."""
    return tuple(r for r in vocabulary.relationships if r.help not in (Help.NEVER, Help.CHAIN) or r.name == "POSTED_TO")


def _directed(relationship: RelationshipType) -> LiteralString:
    """The condition under which a claim between _t and _o is help to _t."""
    towards = "startNode(_c) = _t" if relationship.help is Help.BACKWARD else "endNode(_c) = _t"
    if relationship.help_when:
        name, value = relationship.help_when
        towards += f" AND _c.{name} = '{value}'"
    return f"WHEN '{relationship.name}' THEN {towards}"


def _claims(shape: Shape) -> LiteralString:
    """Claims of help to the entity of $of, and to what stands for it: one row for each fact, _h, _t, _ev, _se."""
    asked = shape.names("via")
    types = [r for r in help_types() if not asked or r.name in asked]
    names = "|".join(r.name for r in types) or "NO_SUCH_TYPE"
    directions = " ".join(_directed(r) for r in types) or "WHEN '' THEN false"
    sent = known("_s") + (f" AND {in_force('_s')}" if shape.timed else "")
    held = f" WHERE {holding('_ev', first_day_of('_ev[0]'))}" if shape.timed else ""
    return (
        "MATCH (_r:Entity {id: $of}) "
        f"OPTIONAL MATCH (_r)-[_d:SUCCEEDS]-(_p) WHERE _d.extent = 'whole' AND {known('_d')} "
        "WITH _r, collect(DISTINCT _p) AS _ps UNWIND [_r] + _ps AS _own "
        f"OPTIONAL MATCH (_own)<-[_d1:LOCATED_IN]-(_j:Project) WHERE {known('_d1')} "
        "WITH _own, collect(DISTINCT _j) AS _js UNWIND [_own] + _js AS _t WITH DISTINCT _t "
        f"MATCH (_t)-[_c:{names}]-(_o) WHERE {known('_c')} AND CASE type(_c) {directions} ELSE false END "
        f"OPTIONAL MATCH (_o)-[_s:SENT_BY]->(_w) WHERE type(_c) = 'POSTED_TO' AND {sent} "
        "WITH _t, _c, _s, CASE type(_c) WHEN 'POSTED_TO' THEN _w ELSE _o END AS _h WHERE _h IS NOT NULL "
        f"WITH _h, _t, _c.fact AS _f, collect(DISTINCT _c) AS _ev, collect(DISTINCT _s) AS _se{held} "
    )


def _helpers(shape: Shape) -> Fragment:
    grouped = f"{_claims(shape)} WITH _h, _f, _t, _ev, _se ORDER BY _f WITH _h, collect([_t, _ev, _se]) AS _fs"
    return Fragment(
        match=f"{grouped} WITH _h, _fs, -size(_fs) AS _k, _h.id AS _i WHERE _k > $k0 OR (_k = $k0 AND _i > $k1)",
        binds=("_h", "_fs", "_k", "_i"),
        keys=("_k", "_i"),
        limited=True,
        total=f"{_claims(shape)} RETURN count(DISTINCT _h)",
    )


#: One row for each helper, the one with most facts first.
HELPERS = Page(fragment=_helpers, roles={"v": "_h", "fs": "_fs"})

_NAMES: list[LiteralString] = sorted(r.name for r in help_types())
_KINDS: LiteralString = "', '".join(_NAMES)
KINDS = Value(cypher=f"[_z IN ['{_KINDS}'] WHERE any(_g IN _fs WHERE type(_g[1][0]) = _z)]")
SINCE = Value(
    cypher="CASE reduce(_m = '~', _g IN _fs | reduce(_k = _m, _z IN _g[1] | CASE WHEN _z.valid_from < _k THEN _z.valid_from "
    "ELSE _k END)) WHEN '~' THEN null ELSE reduce(_m = '~', _g IN _fs | reduce(_k = _m, _z IN _g[1] | "
    "CASE WHEN _z.valid_from < _k THEN _z.valid_from ELSE _k END)) END"
)
COUNT = Value(cypher="size(_fs)")


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
RECIPIENT = Inner(roles={"v": "_v"})
#: The official, where help is a posting.
MEANS = Inner(roles={"v": "_a"}, given="size(_se) > 0")


def _rank(claim: LiteralString) -> LiteralString:
    return f"CASE {claim}.certainty WHEN 'derived' THEN 2 WHEN 'implied' THEN 1 ELSE 0 END"


#: A chain is as certain as its weakest link.
CERTAINTY = Value(
    cypher=f"['stated', 'implied', 'derived'][reduce(_m = {_rank('_c')}, _z IN _se | "
    f"CASE WHEN {_rank('_z')} > _m THEN {_rank('_z')} ELSE _m END)]"
)
