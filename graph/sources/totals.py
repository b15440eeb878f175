"""Totals of help: what may be added up of the facts of a row, and what is left out of it and why.

A total adds each fact once, by the claim that speaks for it, and only what is counted alike: one measure, class, basis,
unit and kind, of places or of projects. Figures are not added where periods of some of them overlap: nothing says how much of
the one is in the other. Nor is a figure that is part of another which may be added, one whose period goes beyond the time
asked about, one that is no official flow, or one that is not known.
"""

from typing import Any, LiteralString

from graph.bindings import Fragment, Inner, Many, Page, Shape, Value
from graph.declare import Kind, RelationshipType
from graph.model import CERTAINTY, FIGURES, MODEL, Vocabulary
from graph.money import decimal_text
from graph.sources.facts import speaking
from graph.sources.help import help_types

#: What is counted, beside money: property of facts, and the unit of it.
COUNTED: dict[LiteralString, LiteralString] = {"people": "person", "workers": "person", "projects": "project"}
AMOUNT: LiteralString = "amount"
#: Why a fact is not in a total.
REASONS = {
    "value_unknown": "No source gives the figure.",
    "not_official": "It is no official flow.",
    "part_of_another": "It is included in another fact of the row.",
    "beyond_period": "Its period goes beyond the one asked about: how much of it falls in is not known.",
    "periods_overlap": "Periods of figures of the same overlap, its own or others': one may hold part of the other.",
}
#: A batch of projects is counted by a fact of this measure, whose end is the batch.
_BATCH: LiteralString = "_c.measure = 'projects'"
#: Minor units beyond this are added apart, so that a sum cannot leave the 64 bits of an integer.
_PART: LiteralString = "1000000000"

#: What is so much a year is so much in each year asked about.
_YEARLY: LiteralString = (
    "(coalesce(_c.per_year, false) AND right($event_from, 5) = '01-01' AND right($beyond, 5) = '01-01')"
)


def _counts(whole: LiteralString) -> LiteralString:
    """What a figure is part of may be added itself; where it may not, the part stands."""
    return (
        f"{whole}.earliest_from >= $event_from AND {whole}.latest_to <= $beyond "
        f"AND NOT (_o[0] = '{AMOUNT}' AND {whole}.amount IS NULL)"
    )


def _measured(relationship: RelationshipType) -> LiteralString:
    """A list of [measure, value, unit] of the claim _c, of what its type measures."""
    own = {p.name for p in relationship.properties}
    text: LiteralString = "[]"
    if relationship.money:
        text = f"CASE WHEN {_BATCH} THEN [] ELSE [['{AMOUNT}', _c.amount, coalesce(_c.currency, '')]] END"
    for name, unit in COUNTED.items():
        if name not in own:
            continue
        if name == "projects":  # what is said of a project, or batch of them, is counted there
            text += (
                f" + CASE WHEN {_BATCH} THEN [['{name}', coalesce(_c.{name}, _t.count), '{unit}']] "
                f"WHEN _c.{name} IS NOT NULL AND _c.about IS NULL THEN [['{name}', _c.{name}, '{unit}']] ELSE [] END"
            )
        else:
            text += f" + [['{name}', _c.{name}, '{unit}']]"
    return f"WHEN '{relationship.name}' THEN {text}"


def _kinds(vocabulary: Vocabulary) -> LiteralString:
    """A list of the codes that tell apart what is counted."""
    codes = {
        p.name: p
        for r in help_types(vocabulary)
        if r.figures
        for p in r.properties
        if p.kind is Kind.CODE and p.codes != CERTAINTY
    }
    listed: list[LiteralString] = [f"_c.{codes[name].name}" for name in sorted(codes)]
    return f"[_z IN [{', '.join(listed)}] WHERE _z IS NOT NULL]"


def _own(name: LiteralString) -> LiteralString:
    assert any(p.name == name for p in FIGURES)
    return f"coalesce(_c.{name}, '')"


def judged(vocabulary: Vocabulary = MODEL) -> LiteralString:
    """A row for each figure: its group _k, whose figure it is _w, its value _n, and why it is not added _y (or null)."""
    measured = " ".join(_measured(r) for r in help_types(vocabulary) if r.figures)
    many: LiteralString = "_t.type = 'Project' AND _t.count IS NULL"
    # a fact of one day ends where it begins: two transactions of a day do not overlap, nor two of one period
    end: LiteralString = (
        "CASE WHEN _c.transaction IS NOT NULL OR size(_c.valid_from) = 10 AND "
        "coalesce(_c.valid_to, _c.valid_from) = _c.valid_from "
        "THEN _c.earliest_from ELSE _c.latest_to END"
    )
    return (
        f"UNWIND _fs AS _g WITH _fs, _g, _g[0] AS _t, _g[1] AS _ev WITH _fs, _g, _t, {speaking()} AS _c "
        f"UNWIND CASE type(_c) {measured} ELSE [] END AS _e "
        f"WITH _fs, _g, _c, _e[1] AS _n, {end} AS _end, CASE WHEN {many} THEN _t.id ELSE '' END AS _w, "
        f"[_e[0], type(_c), coalesce(_c.class, ''), {_own('basis')}, _e[2], {_own('measure')}, {_kinds(vocabulary)}, "
        "coalesce(_c.per_year, false), _t.type = 'Project'] AS _o "
        "WITH _g, _c, _n, _end, _w, _o, CASE WHEN _n IS NULL THEN 'value_unknown' "
        "WHEN _c.official = false THEN 'not_official' "
        "WHEN _c.part_of IS NOT NULL AND any(_g1 IN _fs WHERE _g1[1][0].fact = _c.part_of "
        f"AND {_counts('_g1[1][0]')}) THEN 'part_of_another' "
        f"WHEN (_c.earliest_from < $event_from OR _c.latest_to > $beyond) AND NOT {_YEARLY} THEN 'beyond_period' END AS _y, "
        "reduce(_m = '', _z IN _o[0 .. 6] | _m + _z + '|') + reduce(_m = '', _z IN _o[6] | _m + _z + ',') "
        "+ CASE WHEN _o[7] THEN '|y' ELSE '|' END + CASE WHEN _o[8] THEN '|p' ELSE '|' END AS _k "
        "WITH _g, _c, _n, _end, _w, _o, _y, _k ORDER BY _k, _w, _c.earliest_from, _end DESC, _c.fact "
        "WITH _k, _w, collect([_g, _c, _n, _y, _c.earliest_from, _end, _o]) AS _l "
        "WITH _k, _l, reduce(_m = ['', false], _z IN _l | CASE WHEN _z[3] IS NOT NULL THEN _m ELSE "
        "[CASE WHEN _z[5] > _m[0] THEN _z[5] ELSE _m[0] END, _m[1] OR _z[4] < _m[0]] END)[1] AS _twice UNWIND _l AS _z0 "
        "WITH _k, _z0[6] AS _o, _z0[0] AS _g, _z0[1] AS _c, _z0[2] AS _n, "
        "CASE WHEN _z0[3] IS NULL AND _twice THEN 'periods_overlap' ELSE _z0[3] END AS _y "
    )


def added_parts(amount: LiteralString) -> LiteralString:
    """Aggregates that add an amount up as _m1 and _m2, of which `exact` makes the sum."""
    return f"sum({amount} / {_PART}) AS _m1, sum({amount} % {_PART}) AS _m2"


def _totals(_shape: Shape) -> Fragment:
    added: LiteralString = "CASE WHEN _y IS NULL THEN {} END"
    bound: LiteralString = "coalesce(_c.bound, 'exact')"
    return Fragment(
        match=f"{judged()}WITH _k, head(collect(_o)) AS _o, {added_parts(added.format('_n'))}, "
        f"count({added.format('_n')}) AS _added, "
        f"collect(DISTINCT {added.format(bound)}) AS _bounds, min({added.format('_c.valid_from')}) AS _from, "
        f"max({added.format('coalesce(_c.valid_to, _c.valid_from)')}) AS _to, "
        "collect(CASE WHEN _y IS NOT NULL THEN _g END) AS _left, collect(_y) AS _why",
        binds=("_k", "_o", "_m1", "_m2", "_added", "_bounds", "_from", "_to", "_left", "_why"),
        keys=("_k",),
    )


TOTALS = Many(
    fragment=_totals,
    roles={
        "o": "_o",
        "m1": "_m1",
        "m2": "_m2",
        "n": "_added",
        "bounds": "_bounds",
        "from": "_from",
        "to": "_to",
        "left": "_left",
        "why": "_why",
    },
)


def exact(read: list[Any]) -> str | None:
    """The exact decimal: in units of the currency, where it is money."""
    great, small, unit, measure, added = read
    if not added:
        return None
    total = great * int(_PART) + small
    return decimal_text(total, unit) if measure == AMOUNT else str(total)


def _bound(bounds: list[str]) -> str | None:
    """Of a sum: as loose as its loosest part."""
    loosest = [b for b in ("about", "more_than", "at_least", "exact") if b in bounds]
    return loosest[0] if loosest else None


MEASURE, TYPE = Value(cypher="_o[0]"), Value(cypher="_o[1]")
CLASS, BASIS = Value(cypher="_o[2]", compute=lambda v: v or None), Value(cypher="_o[3]", compute=lambda v: v or None)
UNIT, COUNTED_AS = (
    Value(cypher="_o[4]", compute=lambda v: v or None),
    Value(cypher="_o[5]", compute=lambda v: v or None),
)
KINDS, PER_YEAR, TO_PROJECTS = Value(cypher="_o[6]"), Value(cypher="_o[7]"), Value(cypher="_o[8]")
SUM = Value(cypher="[_m1, _m2, _o[4], _o[0], _n]", compute=exact)
BOUND = Value(cypher="_bounds", compute=_bound)
ADDED = Value(cypher="_n")
VALID_FROM, VALID_TO = Value(cypher="_from"), Value(cypher="_to")


def _left(_shape: Shape) -> Fragment:
    return Fragment(
        match="UNWIND range(0, size(_left) - 1) AS _i WITH _left[_i][1] AS _ev, _why[_i] AS _y "
        f"WITH _ev, _y, {speaking()} AS _c WITH _c, _ev, _y, startNode(_c) AS _a, endNode(_c) AS _b, _c.fact AS _f "
        "WHERE _f > $k0",
        binds=("_c", "_ev", "_y", "_a", "_b", "_f"),
        keys=("_f",),
        limited=True,
        total="UNWIND _left AS _e RETURN count(_e)",
    )


#: What a total leaves out.
NOT_ADDED = Page(fragment=_left, roles={"c": "_c", "ev": "_ev", "a": "_a", "b": "_b", "y": "_y"})
FACT = Inner(roles={"c": "_c", "ev": "_ev", "a": "_a", "b": "_b"})
REASON = Value(cypher="_y")
