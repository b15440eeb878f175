"""Fields of answers that Python computed: a row's list is _t, and each field says at which place of it it stands."""

from typing import LiteralString

from graph.bindings import Fragment, Many, One, Value, listed
from graph.sources.facts import named

#: Places of a computed list, as Cypher: numbers are no literal text.
_DIGITS: tuple[LiteralString, ...] = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
PLACES: tuple[LiteralString, ...] = tuple(f"_t[{tens}{digit}]" for tens in ("", "1", "2") for digit in _DIGITS)


def value(place: int) -> Value:
    """A text, a number, a boolean or a list of them; null where it is None."""
    return Value(cypher=PLACES[place])


def entity(place: int) -> One:
    """The entity whose id stands there; null for '' and for ids that nothing has."""
    return named(PLACES[place])


def rows(place: int) -> Many:
    """Objects out of a list of lists."""
    return listed(PLACES[place])


def entities(place: int) -> Many:
    """The entities of a list of ids, in its order; ids that nothing has are left out."""
    at = PLACES[place]
    match: LiteralString = f"UNWIND range(0, size({at}) - 1) AS _i WITH _i, {at}[_i] AS _w MATCH (_e:Entity {{id: _w}})"
    return Many(fragment=lambda _shape: Fragment(match=match, binds=("_e", "_i"), keys=("_i",)), roles={"v": "_e"})


def one(place: int) -> One:
    """An object out of a list."""
    at = PLACES[place]
    match: LiteralString = f"UNWIND [{at}] AS _u"
    return One(fragment=lambda _shape: Fragment(match=match, binds=("_u",)), roles={"t": "_u"})
