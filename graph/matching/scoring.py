"""How likely two entities are one: by identifiers, names in any script, places, and money with the same parties.

Pure functions. An identifier alone gives 1; a name alone never more than 0.9, and of persons 0.6: many have one name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec
from rapidfuzz import fuzz

from graph.matching.names import Rarity, acronym, likeness, squeezed
from graph.names import has_han
from graph.sources.matches import NO_TIES, Ties

#: What each kind of evidence adds to the name, and what it takes away.
NAME, PERSON = 0.9, 0.6
PLACE, PARTY, PARTIES = 0.06, 0.02, 0.06
APART, PAYS, OTHER_NUMBER, OTHER_TYPE = 0.25, 0.2, 0.3, 0.1
#: The most that evidence beside the name can add.
MORE = PLACE + PARTIES
_READ_ALIKE, _INITIALS = 0.95, 0.8
_HALF = 0.5
#: Parties and identifiers named in a reason.
_SHOWN: Final = 3


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """An entity as it is compared. `names`: folded; `readings`: their pinyin without spaces, '' for other scripts.

    `stands_for`: the id it is found under; `person`: whether it is an official.
    """

    id: str
    type: str
    name: str
    stands_for: str
    names: tuple[str, ...]
    readings: tuple[str, ...]
    identifiers: tuple[str, ...]
    person: bool = False


@dataclass(slots=True)
class Score:
    value: float = 0.0
    reasons: list[str] = field(default_factory=list[str])


def same_identifiers(one: Subject, other: Subject) -> list[str]:
    return sorted(set(one.identifiers) & set(other.identifiers))


def of_names(one: Subject, other: Subject, rarity: Rarity, least: float = 0.0) -> Score:
    """The best likeness of a name of the one and a name of the other, in any script; not looked into below `least`."""
    best = Score()
    for ours, our_reading in zip(one.names, one.readings, strict=True):
        for theirs, their_reading in zip(other.names, other.readings, strict=True):
            found = _of_two(ours, our_reading, theirs, their_reading, rarity, max(best.value, least))
            if found.value > best.value:
                best = found
    return best


def _of_two(ours: str, our_reading: str, theirs: str, their_reading: str, rarity: Rarity, least: float) -> Score:
    if has_han(ours) != has_han(theirs):
        alike = fuzz.ratio(our_reading or squeezed(ours), their_reading or squeezed(theirs), score_cutoff=90.0) / 100
        return Score(_READ_ALIKE * alike, [f"pinyin of the name: {ours} / {theirs}"])
    if ours == theirs:
        return Score(1.0, [f"same name: {ours}"])
    if acronym(ours) == theirs or acronym(theirs) == ours:
        return Score(_INITIALS, [f"initials of the name: {ours} / {theirs}"])
    # two thirds are words, so that letters alike by half leave at most this
    if fuzz.token_sort_ratio(ours, theirs, score_cutoff=100 * _HALF * least) == 0.0:
        return Score()
    alike = likeness(ours, theirs, rarity)
    return Score(alike, [f"name alike by {alike:.2f}: {ours} / {theirs}"])


def score(
    one: Subject, other: Subject, name: Score, ties: Mapping[str, Ties], called: Mapping[str, str] | None = None
) -> Score:
    """`name`: of `of_names`; `ties` by id of the subject; `called`: names of places and parties, for the reasons."""
    if shared := same_identifiers(one, other):
        return Score(1.0, [f"same identifier: {', '.join(shared[:_SHOWN])}", *name.reasons])
    total = NAME * name.value
    reasons = list(name.reasons)
    ours, theirs = ties.get(one.id, NO_TIES), ties.get(other.id, NO_TIES)
    near = _place(ours, theirs, reasons, called or {})
    money = _money(one, other, ours, theirs, reasons, called or {})
    total += near + money + _against(one, other, reasons)
    if one.person and near <= 0 and money <= 0:
        total = min(total, PERSON)
        reasons.append("against: persons of one name, and nothing else in common")
    return Score(round(min(max(total, 0.0), 0.99), 3), reasons)


def _place(ours: Ties, theirs: Ties, reasons: list[str], called: Mapping[str, str]) -> float:
    if not ours.places or not theirs.places:
        return 0.0
    if common := ours.places & theirs.places:
        reasons.append(f"same place: {_listed(common, called)}")
        return PLACE
    if ours.places & theirs.above or theirs.places & ours.above:
        return 0.0
    reasons.append(f"against: in {_listed(ours.places, called)}, and in {_listed(theirs.places, called)}")
    return -APART


def _money(
    one: Subject, other: Subject, ours: Ties, theirs: Ties, reasons: list[str], called: Mapping[str, str]
) -> float:
    found = 0.0
    if common := {
        party for party in ours.parties & theirs.parties if party[1:] not in (one.stands_for, other.stands_for)
    }:
        reasons.append(f"money with the same: {_listed({party[1:] for party in common}, called)}")
        found += min(PARTY * len(common), PARTIES)
    if any(party[1:] == other.stands_for for party in ours.parties):
        reasons.append("against: money goes from one to the other")
        found -= PAYS
    return found


def _against(one: Subject, other: Subject, reasons: list[str]) -> float:
    found = 0.0
    ours, theirs = _by_scheme(one.identifiers), _by_scheme(other.identifiers)
    if differing := sorted(scheme for scheme in ours.keys() & theirs.keys()):
        reasons.append(f"against: their {', '.join(differing)} differ")
        found -= OTHER_NUMBER
    if one.type != other.type and "Organization" not in (one.type, other.type):
        reasons.append(f"against: {one.type} and {other.type}")
        found -= OTHER_TYPE
    return found


def _by_scheme(identifiers: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for identifier in identifiers:
        scheme, colon, number = identifier.partition(":")
        if scheme == "org-id":  # an identifier of a register: GB-CHC-1, whose list is GB-CHC
            parts = number.split("-")
            scheme = "-".join(parts[:2]) if len(parts) > 2 else ""
        if colon and scheme:
            found.setdefault(scheme, set()).add(number)
    return found


def _listed(ids: Iterable[str], called: Mapping[str, str]) -> str:
    shown = sorted(called.get(id_, id_) for id_ in ids)
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more
