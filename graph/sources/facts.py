"""Facts as rows: claims grouped by what they claim, with the one that speaks for each, and how far it holds."""

from collections.abc import Callable
from typing import Any, LiteralString

from graph.bindings import Fragment, Many, One, Shape, Value
from graph.dates import ALWAYS, NEVER, Bounds, Holds, jointly
from graph.model import MODEL, RelationshipType, Time, Vocabulary

#: Later than any moment: what is known now.
NOW = 2**53
#: Orders of facts: key of the claim that speaks for a fact, and whether the greatest comes first.
ORDERS: dict[str, tuple[LiteralString, bool]] = {
    "began_desc": ("_c.earliest_from", True),
    "began_asc": ("_c.earliest_from", False),
    "amount_desc": ("coalesce(_c.amount, -1)", True),
}


def known(claim: LiteralString) -> LiteralString:
    """The claim had been recorded and not been retracted at the moment asked about."""
    return f"{claim}.recorded_at <= $known AND ({claim}.retracted_at IS NULL OR {claim}.retracted_at > $known)"


def was_known(claim: LiteralString) -> LiteralString:
    """The same in a statement that is run as it stands, with its one parameter $p."""
    return known(claim).replace("$known", "$p.known")


def in_force(claim: LiteralString) -> LiteralString:
    """The claim is of a state, and may hold in the time asked about."""
    return f"{claim}.earliest_from <= $until AND {claim}.latest_to > $state_from"


def state_holds(claim: LiteralString, shape: Shape) -> LiteralString:
    """The claim, of a state, was known, and may hold in the time asked about if there is one."""
    return known(claim) + (f" AND {in_force(claim)}" if shape.timed else "")


def first_day(time: Time) -> LiteralString:
    """The first day of the time asked about: an event counts from when it began, so asOf leaves it open."""
    return "$state_from" if time is Time.STATE else "$event_from"


def first_day_of(claim: LiteralString, vocabulary: Vocabulary = MODEL) -> LiteralString:
    """Likewise, for a claim of whatever type."""
    states = ", ".join(f"'{r.name}'" for r in vocabulary.relationships if r.time is Time.STATE)
    return f"CASE WHEN type({claim}) IN [{states}] THEN $state_from ELSE $event_from END"


def _never(claim: LiteralString, first: LiteralString, until: LiteralString) -> LiteralString:
    return f"({claim}.earliest_from > {until} OR {claim}.latest_to <= {first})"


def _surely(claim: LiteralString, first: LiteralString, until: LiteralString) -> LiteralString:
    return f"({claim}.latest_from <= {until} AND {claim}.earliest_to > {first})"


def holding(claims: LiteralString, first: LiteralString) -> LiteralString:
    """A condition: the fact may hold in the time asked about, by all its claims together (graph.dates.jointly)."""
    never, surely = _never("_z", first, "$until"), _surely("_z", first, "$until")
    return f"(none(_z IN {claims} WHERE {never}) OR any(_z IN {claims} WHERE {surely}))"


def fact_holds(shape: Shape) -> LiteralString:
    """A WHERE behind claims grouped as _ev, of whatever type: the fact may hold in the time asked about, if there is one."""
    return f" WHERE {holding('_ev', first_day_of('_ev[0]'))}" if shape.timed else ""


_BOUNDS: LiteralString = "[_z IN _ev | [_z.earliest_from, _z.latest_from, _z.earliest_to, _z.latest_to, _z.open_end]]"
_STATES = frozenset(r.name for r in MODEL.relationships if r.time is Time.STATE)


def _jointly(bounds: list[list[Any]], first: str, last: str) -> Holds:
    """Whether a fact holds in a period, out of the stored bounds of its claims."""
    return jointly(
        Bounds(earliest_from=e, latest_from=f, earliest_to=g, latest_to=t, open_end=o).during(first, last)
        for e, f, g, t, o in bounds
    )


def _holds(read: list[Any]) -> str | None:
    type_, state_from, event_from, until, bounds = read
    if state_from == ALWAYS and until == NEVER:
        return None
    return _jointly(bounds, state_from if type_ in _STATES else event_from, until).name


def _current(read: list[Any]) -> str:
    today, bounds = read
    return {Holds.CERTAINLY: "yes", Holds.NOT: "no"}.get(_jointly(bounds, today, today), "unknown")


#: How far the fact holds in the time asked about, as a name of graph.dates.Holds; null where none was asked about.
HOLDS = Value(cypher=f"[type(_c), $state_from, $event_from, $until, {_BOUNDS}]", compute=_holds)
#: Whether it holds today: yes, no or unknown.
CURRENT = Value(cypher=f"[$today, {_BOUNDS}]", compute=_current)


def speaking(claims: LiteralString = "_ev") -> LiteralString:
    """The claim that speaks for a fact: that of the best standing (graph.write.readings.standing), then the first by id."""
    better = "_z.standing < _w.standing OR (_z.standing = _w.standing AND _z.id < _w.id)"
    return f"reduce(_w = {claims}[0], _z IN {claims} | CASE WHEN {better} THEN _z ELSE _w END)"


def related(relationship: RelationshipType, *, outgoing: bool) -> Callable[[Shape], Fragment]:
    """Facts of one type that start (or end) at the entity of the row: _c, _ev, and _o at their other end.

    `values` of the shape: `order`, one of ORDERS or empty for the id; each property filtered by, as `where`.
    """
    arrow = f"MATCH (_v)-[_d:{relationship.name}]->(_o)" if outgoing else f"MATCH (_v)<-[_d:{relationship.name}]-(_o)"

    def fragment(shape: Shape) -> Fragment:
        grouped = f"{arrow} WHERE {known('_d')} WITH _v, _o, _d.fact AS _f, collect(_d) AS _ev"
        if shape.timed:
            grouped += f" WHERE {holding('_ev', first_day(relationship.time))}"
        spoken = f"{grouped} WITH _v, _o, _f, _ev, {speaking()} AS _c"
        if where := shape.names("where"):
            spoken += " WHERE " + " AND ".join(f"_c.{name} = ${name}" for name in where)
        key, descending = ORDERS.get(shape.get("order") or "", ("_f", False))
        sign = "<" if descending else ">"
        text = f"{spoken} WITH _v, _o, _f, _ev, _c, {key} AS _k "
        keys = ("_k", "_f") if key != "_f" else ("_f",)
        text += f"WHERE _k {sign} $k0 OR (_k = $k0 AND _f {sign} $k1)" if key != "_f" else "WHERE _f > $k0"
        return Fragment(
            match=text,
            binds=("_v", "_o", "_ev", "_c", *keys),
            keys=keys,
            descending=descending,
            limited=True,
            total=f"{spoken if where else grouped} RETURN count(_f)",
        )

    return fragment


EVIDENCE = Many(
    fragment=lambda _shape: Fragment(
        match="UNWIND _ev AS _x MATCH (_s:Entity {id: _x.source}) WITH _x, _s, _a, _b, [_x] AS _own",
        binds=("_x", "_s", "_a", "_b", "_own"),
        keys=("_x.id",),
    ),
    roles={"x": "_x", "s": "_s", "a": "_a", "b": "_b", "ev": "_own"},
)


def named(id_: LiteralString) -> One:
    """The entity of an id, null where there is none."""
    return One(
        fragment=lambda _shape: Fragment(match=f"MATCH (_e:Entity {{id: {id_}}})", binds=("_e",)), roles={"v": "_e"}
    )


def named_by(property_name: LiteralString, *, of: LiteralString = "_c") -> One:
    """The entity whose id a property holds."""
    return named(f"{of}.{property_name}")
