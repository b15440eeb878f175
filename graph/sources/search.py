"""Entities by their names: found by the full-text index, ranked by how the text fits, never by Lucene's score."""

from typing import LiteralString

from graph.bindings import Fragment, Inner, Page, Shape, Value
from graph.model import MODEL, Vocabulary
from graph.sources.facts import known
from graph.sources.help import help_types

#: How the text fits, the best first: what is stored of a rank, and what it means.
MATCHES: dict[LiteralString, str] = {
    "name": "It is the name.",
    "other_name": "It is one of the other names: short, English or traditional, an alias, or the code.",
    "reading": "It is the pinyin or the initials of a name, with or without spaces.",
    "beginning": "A name, or the pinyin of the name, begins with it.",
    "part": "All its words stand in the names, or an office of another name of its kind does.",
}
#: Levels within a rank, the first first; whatever is not listed comes last.
_LEVELS: tuple[tuple[LiteralString, ...], ...] = (
    ("Country",),
    ("Province",),
    ("Prefecture",),
    ("County",),
    ("Place", "PlaceGroup"),
    ("Organization",),
    ("Official",),
    ("Project",),
    ("Programme",),
)
#: Twice as many levels as there are, and more: ranks lie so far apart.
_APART: LiteralString = "32"
_HELP: LiteralString = "|".join(r.name for r in help_types())
#: Of two places of a level the one that helps or is helped is meant: nlx is 宁蒗县, though 南陵县 and 宁陵县 have those
#: initials too.
_WITHOUT_HELP: LiteralString = (
    f"CASE WHEN EXISTS {{ MATCH (_e)-[_d:{_HELP}]-() WHERE {known('_d')} }} THEN 0 ELSE 1 END"
)


def level(vocabulary: Vocabulary = MODEL) -> LiteralString:
    """Where an entity of a type comes within its rank."""
    cases: LiteralString = ""
    for node in vocabulary.nodes:
        for number, labels in zip(_NUMBERS, _LEVELS, strict=True):
            if any(vocabulary.is_a(node.label, label) for label in labels):
                cases += f" WHEN '{node.label}' THEN {number}"
                break
    return f"CASE _e.type{cases} ELSE {_NUMBERS[-1]} + 1 END"


_NUMBERS: tuple[LiteralString, ...] = ("0", "1", "2", "3", "4", "5", "6", "7", "8")
#: Without a term there is nothing to ask the index for.
_FOUND: LiteralString = (
    "UNWIND (CASE WHEN $query = '' THEN [] ELSE [1] END) AS _asked "
    "CALL db.index.fulltext.queryNodes($index, $query) YIELD node AS _e "
    "WITH _e WHERE size($types) = 0 OR _e.type IN $types"
)
#: Names in lower case; what is found in besides: short forms and their readings, which the text of the index alone holds,
#: without the syllables of the pinyin, which are no names.
_NAMES: LiteralString = (
    "WITH _e, toLower(coalesce(_e.name, '')) AS _n, replace(coalesce(_e.pinyin, ''), ' ', '') AS _py, "
    "[_z IN [_e.short_name, _e.name_en, _e.name_hant, _e.code] + coalesce(_e.aliases, []) "
    "WHERE _z IS NOT NULL | toLower(_z)] AS _ns, "
    "replace(' ' + coalesce(_e.search, '') + ' ', ' ' + coalesce(_e.pinyin, '') + ' ', ' ') "
    "CONTAINS ' ' + $joined + ' ' AS _w"
)
_RANK: LiteralString = (
    "CASE WHEN _n IN $texts THEN 0 WHEN any(_z IN _ns WHERE _z IN $texts) OR ($han AND _w) THEN 1 "
    "WHEN _w OR _py = $joined OR _e.initials = $joined THEN 2 "
    "WHEN _py STARTS WITH $joined OR any(_z IN [_n] + _ns WHERE any(_t IN $texts WHERE _z STARTS WITH _t)) THEN 3 "
    "ELSE 4 END"
)


#: What stands for others is found by their names too, once, as the best of them fits.
_STANDING: LiteralString = (
    "WITH collect([_e, _m, _k]) AS _l "
    "CALL (_l) { UNWIND [_z IN _l WHERE _z[0].canonical <> _z[0].id | _z[0].canonical] AS _ci "
    "MATCH (_cn:Entity {id: _ci}) RETURN collect(DISTINCT _cn) AS _cs } UNWIND _l AS _z0 "
    "WITH CASE WHEN _z0[0].canonical = _z0[0].id THEN _z0[0] "
    "ELSE head([_z IN _cs WHERE _z.id = _z0[0].canonical]) END AS _e, min(_z0[1]) AS _m, min(_z0[2]) AS _k "
)


def _hits(_shape: Shape) -> Fragment:
    return Fragment(
        match=f"{_FOUND} {_NAMES} WITH _e, {_RANK} AS _m WITH _e, _m, _m * {_APART} + 2 * {level()} + {_WITHOUT_HELP} AS _k "
        f"{_STANDING}WHERE _k > $k0 OR (_k = $k0 AND _e.id > $k1)",
        binds=("_e", "_m", "_k"),
        keys=("_k", "_e.id"),
        limited=True,
        total=f"{_FOUND} RETURN count(DISTINCT _e.canonical)",
    )


#: One row for each entity found, the best fitting first.
HITS = Page(fragment=_hits, roles={"v": "_e", "m": "_m"})
ENTITY = Inner(roles={"v": "_v"})
_STORED: LiteralString = "', '".join(MATCHES)
MATCH = Value(cypher=f"['{_STORED}'][_m]")
