"""Sums of money by who gives, who gets, when and for what: few rows out of many facts.

A row is of one type of fact, class, basis, currency and measure, and of givers and receivers of one level: what a province
gets and what a county of it gets may be the same money. Each fact is added once, by the rules of totals.py, which look at the
facts between the same two. What a project pays or gets stands for who funds the project, and for where it is: with several of
them nothing says whose share is whose, so that they are not split, and with none it is not stated; such sums are rows of
their own.
"""

import itertools
from collections.abc import Mapping
from typing import Any, LiteralString

import msgspec

from graph.bindings import Fragment, Means, Page, Shape, Value
from graph.declare import Help, RelationshipType
from graph.engine import Graph
from graph.model import MODEL
from graph.plan import render
from graph.sources.asking import arguments_of, sealed_of
from graph.sources.facts import fact_holds, known, named, speaking, state_holds, was_known
from graph.sources.help import LEVELS, help_types, own
from graph.sources.identities import asked, one
from graph.sources.totals import AMOUNT, added_parts, exact, judged

#: By what sums may be grouped; type, class, basis, currency and what exactly is counted always are.
GROUPS = {
    "helper": "Who gives: a place or an organization; of a project's money, who funds the project.",
    "recipient": "Who gets: a place or an organization; of a project's money, the country or the place it is in.",
    "helper_province": "The province that who gives lies in.",
    "recipient_province": "The province that who gets lies in.",
    "programme": "The programme the facts stand under.",
    "sector": "The sector of the project.",
    "year": "The year in which the period of the figure begins.",
    "quarter": "The quarter in which the period of the figure begins; of a figure of a year it is not known.",
    "class": "The stage of money: sums are always of one.",
    "currency": "The currency: sums are always of one.",
}
#: Why a row names no helper, recipient or sector.
OPEN = {
    "several": "There are several, and nothing says how much is whose: not split.",
    "not_stated": "No source says it.",
}
#: Filters by a property of the claims.
BY_PROPERTY: tuple[LiteralString, ...] = ("source", "reported_by", "currency", "programme")


def counted_types() -> list[RelationshipType]:
    """Help that is counted: money, people, workers, projects."""
    return [r for r in help_types() if r.figures]


def types_of(shape: Shape) -> list[RelationshipType]:
    """Types whose facts are added: of money, or with `counted` of all help that is counted."""
    asked = shape.names("via")
    fits = counted_types() if shape.get("counted") else [r for r in help_types() if r.money]
    return [r for r in fits if not asked or r.name in asked]


def _types(shape: Shape) -> LiteralString:
    return "|".join(r.name for r in types_of(shape)) or "NO_SUCH_TYPE"


def _as_help(shape: Shape, carried: LiteralString) -> LiteralString:
    """With `counted`: clauses that leave out what is no help, and let _a be who helps where that is the end of a claim."""
    if not shape.get("counted"):
        return ""
    text: LiteralString = ""
    for type_ in types_of(shape):
        if type_.help_when:
            name, value = type_.help_when
            text += f" AND (type(_d) <> '{type_.name}' OR _d.{name} = '{value}')"
    back: LiteralString = ", ".join(f"'{type_.name}'" for type_ in types_of(shape) if type_.help is Help.BACKWARD)
    if not back:
        return f"{text} "
    turned: LiteralString = f"CASE WHEN type(_d) IN [{back}] THEN {{}} ELSE {{}} END"
    return f"{text} WITH {carried}_d, {turned.format('_b', '_a')} AS _a, {turned.format('_a', '_b')} AS _b "


def _filters(shape: Shape) -> LiteralString:
    """Conditions on a claim _d: its class, and what it is filtered by."""
    classes: LiteralString = " AND _d.class IN $classes" if shape.get("classes") else ""
    return classes + "".join(f" AND _d.{name} = ${name}" for name in BY_PROPERTY if name in shape.names("where"))


def _scope(name: LiteralString, shape: Shape) -> LiteralString:
    """Clauses that bind _<name>_ids: the entity asked about under every code, and what lies in it, is part or a member of it."""
    held = state_holds("_z", shape)
    return (
        f"{asked(name, '_q0')}{own('_q0')}WITH _q0own AS _q3 UNWIND _q3 AS _q4 "
        f"OPTIONAL MATCH (_q4)<-[_q5:PART_OF*1..{LEVELS}]-(_q6) WHERE all(_z IN _q5 WHERE {held}) "
        "WITH _q3, collect(DISTINCT _q6.id) AS _q7 "
        f"CALL (_q3) {{ UNWIND _q3 AS _g1 MATCH (_g1)<-[_gd:MEMBER_OF]-(_g2) WHERE {state_holds('_gd', shape)} "
        f"RETURN collect(DISTINCT _g2.id) AS _q9 }} RETURN [_z IN _q3 | _z.id] + _q7 + _q9 AS _{name}_ids"
    )


def _province(nodes: LiteralString, bound: LiteralString, shape: Shape) -> LiteralString:
    """A clause that binds the id of the province the only one of the nodes lies in, or ''."""
    held = state_holds("_z", shape)
    return (
        f"CALL ({nodes}) {{ UNWIND CASE size({nodes}) WHEN 1 THEN {nodes} ELSE [] END AS _n0 "
        f"MATCH (_n0)-[_n1:PART_OF*0..{LEVELS}]->(_n2:Province) WHERE all(_z IN _n1 WHERE {held}) "
        f"WITH _n2 ORDER BY _n2.id RETURN coalesce(head(collect(_n2.id)), '') AS {bound} }} "
    )


def _only(nodes: LiteralString) -> tuple[LiteralString, LiteralString]:
    """The id that stands for the only one of the nodes or '', and why it is '' or ''."""
    size: LiteralString = f"CASE size({nodes})"
    return (
        f"{size} WHEN 1 THEN {nodes}[0].canonical ELSE '' END",
        f"{size} WHEN 1 THEN '' WHEN 0 THEN 'not_stated' ELSE 'several' END",
    )


def _sides(shape: Shape, carried: LiteralString) -> LiteralString:
    """Clauses that bind _hs, who gives, and _rs, who gets, to the facts _js from _a to _b; _al, _bl: the same under every id."""
    funds, located = state_holds("_pd", shape), state_holds("_ld", shape)
    each: LiteralString = "WITH {0}.canonical AS {0}k, collect(DISTINCT {0}) AS {0}l ORDER BY {0}k RETURN collect({1})"
    return (
        "CALL (_a, _al) { UNWIND CASE _a.type WHEN 'Project' THEN _al ELSE [] END AS _p0 "
        f"MATCH (_p0)<-[_pd:PARTICIPATES_IN]-(_po) WHERE _pd.role = 'funding' AND {funds} "
        f"{each.format('_po', one('_pol'))} AS _funders }} "
        "CALL (_a, _funders, _js) { "
        "UNWIND CASE WHEN _a.type = 'Project' AND size(_funders) = 0 THEN _js ELSE [] END AS _j1 "
        "WITH DISTINCT _j1[0].provider AS _pv WHERE _pv IS NOT NULL MATCH (_pe:Entity {id: _pv}) "
        f"{each.format('_pe', one('_pel'))} AS _givers }} "
        "CALL (_a, _b, _al, _bl) { "
        "UNWIND CASE WHEN _b.type = 'Project' AND _a.type = 'Project' AND _a <> _b THEN _bl + _al "
        "WHEN _b.type = 'Project' THEN _bl WHEN _a.type = 'Project' THEN _al ELSE [] END AS _p1 "
        f"MATCH (_p1)-[_ld:LOCATED_IN]->(_lp) WHERE {located} "
        "WITH _p1 IN _bl AS _own, _lp.canonical AS _lpk, collect(DISTINCT _lp) AS _lpl ORDER BY _lpk "
        f"RETURN collect([_own, {one('_lpl')}]) AS _ls }} "
        f"WITH {carried}_a, _b, _js, CASE _a.type WHEN 'Project' THEN _funders + _givers ELSE [_a] END AS _hs, "
        "[_z IN _ls WHERE _z[0] | _z[1]] AS _l1, [_z IN _ls WHERE NOT _z[0] | _z[1]] AS _l2 "
        f"WITH {carried}_a, _b, _js, _hs, CASE WHEN size(_l1) > 0 THEN _l1 ELSE _l2 END AS _l3 "
        f"WITH {carried}_a, _b, _js, _hs, _l3, [_z IN _l3 WHERE _z.type = 'Country'] AS _l4 "
        f"WITH {carried}_a, _b, _js, _hs, CASE WHEN size(_l4) > 0 THEN _l4 WHEN size(_l3) > 0 THEN _l3 "
        "WHEN _b.type = 'Project' THEN [] ELSE [_b] END AS _rs "
    )


def _found(shape: Shape) -> LiteralString:
    """Clauses with a row for each two: _a and _b, their judged facts _js, who gives _hs and who gets _rs."""
    given: tuple[tuple[LiteralString, LiteralString], ...] = (("from", "_hs"), ("to", "_rs"))
    ends: list[tuple[LiteralString, LiteralString]] = [one for one in given if shape.get(one[0])]
    begin: LiteralString = "".join(f"CALL () {{ {_scope(name, shape)} }} " for name, _ in ends)
    carried: LiteralString = "".join(f"_{name}_ids, " for name, _ in ends)
    counted: LiteralString = "" if shape.get("counted") else f" WHERE _o[0] = '{AMOUNT}'"
    kept: LiteralString = " AND ".join(f"any(_z IN {nodes} WHERE _z.id IN _{name}_ids)" for name, nodes in ends)
    if ends:
        begin += f"WITH {carried}1 AS _one "
        kept = f"WHERE {kept} "
    return (
        f"{begin}MATCH (_a)-[_d:{_types(shape)}]->(_b) WHERE {known('_d')}{_filters(shape)} {_as_help(shape, carried)}"
        f"WITH {carried}_a, _b, _d.fact AS _f, collect(_d) AS _ev{fact_holds(shape)} "
        # the same two, under whatever ids: what is said of them twice is added once
        f"WITH {carried}_a.canonical AS _ak, _b.canonical AS _bk, collect(DISTINCT _a) AS _al, collect(DISTINCT _b) AS _bl, "
        "collect([_b, _ev, _ev[0 .. 0], _a, _b]) AS _fs "
        f"WITH {carried}_al, _bl, {one('_al')} AS _a, {one('_bl')} AS _b, _fs "
        f"CALL (_fs) {{ {judged()}WITH _o, _c, _n, _y{counted} RETURN collect([_c, _n, _y, _o]) AS _js }} "
        f"WITH {carried}_a, _b, _al, _bl, _js {_sides(shape, carried)}WITH _a, _b, _js, _hs, _rs {kept}"
    )


def _asked(shape: Shape) -> tuple[LiteralString, LiteralString, dict[LiteralString, LiteralString]]:
    """What is grouped by: clauses that find more of each two, variables these bind, and the keys with their expressions."""
    by = shape.names("by")
    text: LiteralString = ""
    bound: LiteralString = ""
    names: tuple[LiteralString, ...] = ("_h1", "_h2", "_r1", "_r2", "_hp", "_rp", "_s1", "_s2", "_g", "_yr", "_qu")
    keys: dict[LiteralString, LiteralString] = dict.fromkeys(names, "''")
    if "helper" in by:
        keys["_h1"], keys["_h2"] = _only("_hs")
    if "recipient" in by:
        keys["_r1"], keys["_r2"] = _only("_rs")
    if "helper_province" in by:
        text += _province("_hs", "_hp0", shape)
        keys["_hp"] = "_hp0"
        bound += ", _hp0"
    if "recipient_province" in by:
        text += _province("_rs", "_rp0", shape)
        keys["_rp"] = "_rp0"
        bound += ", _rp0"
    if "sector" in by:
        text += (
            "CALL (_a, _b) { UNWIND CASE WHEN _b.type = 'Project' THEN [_b] WHEN _a.type = 'Project' THEN [_a] ELSE [] END "
            f"AS _p2 MATCH (_p2)-[_xd:HAS_SECTOR]->(_xs) WHERE {state_holds('_xd', shape)} "
            "WITH DISTINCT _xs ORDER BY _xs.vocabulary, _xs.id WITH collect(_xs) AS _x0 "
            "RETURN [_z IN _x0 WHERE _z.vocabulary = _x0[0].vocabulary] AS _xl } "
        )
        keys["_s1"], keys["_s2"] = _only("_xl")
        bound += ", _xl"
    if "programme" in by:
        keys["_g"] = "coalesce(_c.programme, '')"
    if "year" in by:
        keys["_yr"] = "substring(coalesce(_c.valid_from, ''), 0, 4)"
    if "quarter" in by:
        keys["_qu"] = (
            "CASE WHEN size(coalesce(_c.valid_from, '')) < 7 THEN '' ELSE substring(_c.valid_from, 0, 4) + '-Q' "
            "+ toString((toInteger(substring(_c.valid_from, 5, 2)) + 2) / 3) END"
        )
    return text, bound, keys


def each_of(shape: Shape) -> tuple[LiteralString, tuple[LiteralString, ...]]:
    """Clauses with a row for each judged fact: its claim _c, value _n and reason _y; and the keys that are bound with it."""
    more, bound, keys = _asked(shape)
    level: LiteralString = "CASE WHEN {0}:Organization THEN 'Organization' ELSE {0}.type END"
    end: LiteralString = f"CASE _a.type WHEN 'Project' THEN 'Project' ELSE {level.format('_b')} END"
    keys |= {"_hl": "_from", "_rl": "_to"}
    keys |= {"_ty": "_o[1]", "_cl": "_o[2]", "_ba": "_o[3]", "_cu": "_o[4]", "_me": "_o[5]"}
    if shape.get("counted"):
        keys["_wh"] = "_o[0]"
    keys |= {"_ki": "reduce(_m = '', _z IN _o[6] | _m + _z + ',')", "_py": "CASE WHEN _o[7] THEN 'yes' ELSE '' END"}
    made: LiteralString = ", ".join(f"{expression} AS {name}" for name, expression in keys.items())
    text = (
        f"{_found(shape)}{more}WITH _js, _hs, _rs{bound}, {level.format('_a')} AS _from, {end} AS _to UNWIND _js AS _j "
        f"WITH _hs, _rs{bound}, _from, _to, _j[0] AS _c, _j[1] AS _n, _j[2] AS _y, _j[3] AS _o WITH {made}, _c, _n, _y "
    )
    return text, tuple(keys)


async def rows_of(graph: Graph, text: LiteralString, parameters: Mapping[str, Any]) -> list[list[Any]]:
    """What a statement of the clauses of `each_of` returns."""
    counted = itertools.count(1)
    cypher = render(text, {}, {}, str, lambda: next(counted))
    return await graph.rows(cypher, parameters)  # pyright: ignore[reportArgumentType] - rendered of literals


def _row(keys: tuple[LiteralString, ...]) -> LiteralString:
    """What tells a row from the others."""
    return " + '|' + ".join(keys)


def _flows(shape: Shape) -> Fragment:
    each, keys = each_of(shape)
    names: LiteralString = ", ".join(keys)
    added: LiteralString = "CASE WHEN _y IS NULL THEN {} END"
    grouped = (
        f"{each}WITH {names}, count(*) AS _facts, count({added.format('_n')}) AS _added, "
        f"{added_parts(added.format('_n'))}, "
        "sum(CASE _y WHEN 'value_unknown' THEN 1 ELSE 0 END) AS _unknown, collect(DISTINCT _y) AS _why "
    )
    return Fragment(
        match=f"{grouped}WITH {names}, _facts, _added, _m1, _m2, _unknown, _why, -_facts AS _k, {_row(keys)} AS _i, "
        f"{_arguments(shape)} AS _as WHERE _k > $k0 OR (_k = $k0 AND _i > $k1)",
        binds=(*keys, "_facts", "_added", "_m1", "_m2", "_unknown", "_why", "_k", "_i", "_as"),
        keys=("_k", "_i"),
        limited=True,
        total=f"{grouped}RETURN count(_facts)",
    )


#: Parameters of the time asked about.
_TIME: tuple[LiteralString, ...] = ("known", "event_from", "until", "state_from", "beyond")
#: What an argument takes, by its name in the shape.
_BY_SHAPE: tuple[LiteralString, ...] = ("classes", "from", "to")


def _arguments(shape: Shape) -> LiteralString:
    """The field, then names and values of what is asked, as `facts_of` takes them."""
    names: list[LiteralString] = list(_TIME)
    names.extend(name for name in _BY_SHAPE if shape.get(name))
    names.extend(name for name in BY_PROPERTY if name in shape.names("where"))
    given: LiteralString = ", ".join(f"'{name}', ${name}" for name in names)
    for name in ("by", "via"):
        chosen: LiteralString = ", ".join(f"'{one}'" for one in shape.names(name))
        given += f", '{name}', [{chosen}]"
    return f"['flows', {given}, 'timed', {'true' if shape.timed else 'false'}]"


def _sealed(read: list[Any], means: Means) -> str:
    """The id by which the facts of a row can be asked for, of what is known now."""
    asked, row = read
    field, arguments = arguments_of(asked)
    return sealed_of(means, field, {**arguments, "row": row})


class Summed(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A fact of a row of sums. `claim` speaks for it, `amount` is in minor units, `reason` why it is not added, or ''.

    `others`: further claims of the fact.
    """

    claim: str
    type: str
    start: str
    end: str
    amount: int | None
    currency: str
    money_class: str
    valid_from: str
    reported_by: str
    reason: str
    others: list[str]


_OTHERS: LiteralString = (
    "UNWIND $p.facts AS k MATCH (a:Entity {id: k[0]})-[c]->() WHERE c.fact = k[1] "
    f"AND {was_known('c')} RETURN c.fact, c.id ORDER BY c.id"
)


async def facts_of(graph: Graph, given: Mapping[str, Any], most: int) -> list[Summed]:
    """The facts of a row of sums, those that are added first; `given`: what its explainId holds. At most so many."""
    values = {name: True for name in _BY_SHAPE if name in given}
    where_ = tuple(name for name in BY_PROPERTY if name in given)
    lists = {name: tuple(given[name]) for name in ("by", "via")}
    shape = Shape(timed=given["timed"], values={**values, **lists, "where": where_})
    each, keys = each_of(shape)
    text = (
        f"{each}WITH _c, _n, _y, {_row(keys)} AS _i WHERE _i = $row "
        "WITH _c, _n, _y ORDER BY _y IS NOT NULL, _c.id LIMIT $most "
        "RETURN _c.fact, _c.id, type(_c), startNode(_c).id, endNode(_c).id, _n, coalesce(_c.currency, ''), "
        "coalesce(_c.class, ''), coalesce(_c.valid_from, ''), coalesce(_c.reported_by, ''), coalesce(_y, '')"
    )
    rows = await rows_of(graph, text, {**given, "most": most})
    claims: dict[str, list[str]] = {}
    facts = [[row[3], row[0]] for row in rows]
    for fact, claim in await graph.rows(_OTHERS, {"facts": facts, "known": given["known"]}):
        claims.setdefault(fact, []).append(claim)
    return [
        msgspec.convert([*row[1:], [one for one in claims.get(row[0], ()) if one != row[1]]], Summed) for row in rows
    ]


def _largest(shape: Shape) -> Fragment:
    filters = _filters(shape)
    begin: LiteralString = ""
    carried: LiteralString = ""
    if shape.get("from"):
        begin += f"CALL () {{ {_scope('from', shape)} }} "
        carried += "_from_ids, "
        filters += " AND _a.id IN _from_ids"
    if shape.get("to"):
        located = state_holds("_lt", shape)
        begin += (
            f"CALL () {{ {_scope('to', shape)} }} "
            # and projects there, whose money goes on from them or is spent by them, and groups with a member there
            "CALL (_to_ids) { UNWIND _to_ids AS _t0 MATCH (_t1:Entity {id: _t0})<-[_lt:LOCATED_IN]-(_t2:Project) "
            f"WHERE {located} RETURN collect(DISTINCT _t2.id) AS _projects }} "
            "CALL (_to_ids) { UNWIND _to_ids AS _t3 MATCH (_t4:Entity {id: _t3})-[_lt:MEMBER_OF]->(_t5:PlaceGroup) "
            f"WHERE {located} RETURN collect(DISTINCT _t5.id) AS _groups }} "
        )
        carried += "_to_ids, _projects, _groups, "
        filters += " AND (_b.id IN _to_ids OR _b.id IN _projects OR _b.id IN _groups OR _a.id IN _projects)"
    begin += f"WITH {carried}1 AS _one " if carried else ""
    text = (
        f"{begin}MATCH (_a)-[_d:{_types(shape)}]->(_b) WHERE {known('_d')} AND _d.amount IS NOT NULL{filters} "
        f"WITH _a, _b, _d.fact AS _f, collect(_d) AS _ev{fact_holds(shape)} WITH _a, _b, _f, _ev, {speaking()} AS _c "
    )
    return Fragment(
        match=f"{text}WITH _a, _b, _f, _ev, _c, _c.amount AS _k WHERE _k < $k0 OR (_k = $k0 AND _f < $k1)",
        binds=("_a", "_b", "_ev", "_c", "_k", "_f"),
        keys=("_k", "_f"),
        descending=True,
        limited=True,
        total=f"{text}RETURN count(_f)",
    )


#: Facts of money, the largest amount first.
LARGEST = Page(fragment=_largest, roles={"c": "_c", "ev": "_ev", "a": "_a", "b": "_b"})

_ROLES = tuple(
    "_h1 _h2 _r1 _r2 _hp _rp _s1 _s2 _g _yr _qu _cl _ba _cu _ty _me _ki _py _hl _rl".split()  # noqa: SIM905 - literal texts
)
#: Rows of sums, those of most facts first.
FLOWS = Page(
    fragment=_flows,
    roles={name[1:]: name for name in (*_ROLES, "_facts", "_added", "_m1", "_m2", "_unknown", "_why", "_as", "_i")},
)


def _text(cypher: LiteralString) -> Value:
    return Value(cypher=cypher, compute=lambda read: read or None)


HELPER, RECIPIENT = named("_h1"), named("_r1")
HELPER_OPEN, RECIPIENT_OPEN, SECTOR_OPEN = _text("_h2"), _text("_r2"), _text("_s2")
HELPER_PROVINCE, RECIPIENT_PROVINCE = named("_hp"), named("_rp")
PROGRAMME, SECTOR = named("_g"), named("_s1")
YEAR, QUARTER = _text("_yr"), _text("_qu")
CLASS, BASIS, CURRENCY = _text("_cl"), _text("_ba"), _text("_cu")
HELPER_LEVEL, RECIPIENT_LEVEL = Value(cypher="_hl"), Value(cypher="_rl")
TYPE, COUNTED_AS, PER_YEAR = Value(cypher="_ty"), _text("_me"), Value(cypher="_py = 'yes'")
KINDS = Value(cypher="_ki", compute=lambda read: [kind for kind in read.split(",") if kind])
FACTS, ADDED, UNKNOWN = Value(cypher="_facts"), Value(cypher="_added"), Value(cypher="_unknown")
NOT_ADDED = Value(cypher="_why", compute=sorted)
SUM = Value(cypher=f"[_m1, _m2, _cu, '{AMOUNT}', _added]", compute=exact)
EXPLAIN = Value(cypher="[_as, _i]", given=_sealed)
TYPES = tuple(r.name for r in MODEL.relationships if r.money)
