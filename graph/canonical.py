"""Which entities are one by the decisions of persons, and which id stands for them. Pure functions.

The outcome follows from the decisions that stand, never from the order in which they came: to take one back gives what
was before it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

#: Ids that are mostly hashes: they stand for others only where there is no better one.
_HASHES = ("ftm:",)


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decided of two entities. `day`: ISO day; `kept`: the id that is to stand for both, if one was named.

    `kinds`: what each of the two is, as far as a place can never be an organization.
    """

    a: str
    b: str
    same: bool
    day: str
    by: str = ""
    kept: str = ""
    kinds: tuple[str, str] = ("", "")

    @property
    def pair(self) -> tuple[str, str]:
        return (self.a, self.b) if self.a <= self.b else (self.b, self.a)


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """A decision that two are one, which is not followed, and why."""

    decision: Decision
    reason: str


@dataclass(frozen=True, slots=True)
class Settled:
    """`canonical`: the id that stands for each entity that is one with another; what is not in it stands for itself.

    `different`: pairs, in order of id, of which it stands that they are not one. `left`: decisions that are not followed.
    """

    canonical: Mapping[str, str] = field(default_factory=dict[str, str])
    different: frozenset[tuple[str, str]] = frozenset()
    left: tuple[Left, ...] = ()

    def of(self, id_: str) -> str:
        return self.canonical.get(id_, id_)

    def merged(self) -> dict[str, list[str]]:
        """By the id that stands for them, the other ids, in order."""
        groups: dict[str, list[str]] = {}
        for id_, head in sorted(self.canonical.items()):
            if id_ != head:
                groups.setdefault(head, []).append(id_)
        return groups


def settle(decisions: Iterable[Decision]) -> Settled:
    """On a pair the latest decision counts, of one day that they are different.

    Decisions that two are one are followed from the first to the last; one that would join entities of which it stands
    that they are different is left.
    """
    standing = _standing(decisions)
    different = frozenset(pair for pair, decision in standing.items() if not decision.same)
    groups = _Groups(different)
    left: list[Left] = []
    for decision in sorted((d for d in standing.values() if d.same), key=lambda d: (d.day, d.pair)):
        if reason := groups.join(decision):
            left.append(Left(decision=decision, reason=reason))
    return Settled(canonical=groups.canonical(), different=different, left=tuple(left))


def _standing(decisions: Iterable[Decision]) -> dict[tuple[str, str], Decision]:
    """The decision that counts of each pair."""
    standing: dict[tuple[str, str], Decision] = {}
    for decision in decisions:
        other = standing.get(decision.pair)
        if other is None or _weight(decision) > _weight(other):
            standing[decision.pair] = decision
    return standing


def _weight(decision: Decision) -> tuple[str, bool, str, str, str]:
    return (decision.day, not decision.same, decision.kept, decision.by, decision.a)


class _Groups:
    """Entities that are one, as far as decisions were followed."""

    def __init__(self, different: frozenset[tuple[str, str]]) -> None:
        self._different: dict[str, set[str]] = {}
        for a, b in different:
            self._different.setdefault(a, set()).add(b)
            self._different.setdefault(b, set()).add(a)
        self._group: dict[str, set[str]] = {}
        self._followed: list[Decision] = []

    def join(self, decision: Decision) -> str:
        """Follows a decision; where it cannot be followed, says why."""
        if decision.kinds[0] != decision.kinds[1]:
            return f"they are of two kinds, {decision.kinds[0]} and {decision.kinds[1]}"
        ours, theirs = (self._group.get(id_, {id_}) for id_ in decision.pair)
        for id_ in sorted(ours):
            for other in sorted(self._different.get(id_, set()) & theirs):
                return f"{id_} and {other}, which would be one by it, were decided to be different"
        joined = ours | theirs
        self._group.update(dict.fromkeys(joined, joined))
        self._followed.append(decision)
        return ""

    def canonical(self) -> dict[str, str]:
        named: dict[int, str] = {}  # by group, the id that the latest decision names
        for decision in self._followed:
            if decision.kept in decision.pair:
                named[id(self._group[decision.kept])] = decision.kept
        return {id_: named.get(id(group)) or min(group, key=_readable) for id_, group in self._group.items()}


def _readable(id_: str) -> tuple[bool, int, str]:
    """The shortest id is most likely an identifier: names make long ones."""
    return id_.startswith(_HASHES), len(id_), id_
