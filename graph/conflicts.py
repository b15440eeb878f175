"""Claims that contradict one another: the rules, as pure functions over stored claims.

Two figures contradict where they count the same between the same two, for the same time (their periods share at least
half of each), and cannot both be true. Two dates contradict where two sources of one fact let it begin, or end, on days
that have none in common.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Any

from graph import identity
from graph.declare import Kind, RelationshipType, Time
from graph.model import CERTAINTY

#: Figures that are compared, by property; those that a type has.
FIGURES = ("amount", "people", "workers", "projects")
#: Dates that are compared.
DATES = ("valid_from", "valid_to")
#: Types that say nothing of the world that could contradict itself.
NOT_COMPARED = ("DESCRIBED_IN", "SAME_AS", "DIFFERENT_FROM", "OBSERVED_AT", "UNDER", "REPORTS_ON")
#: What tells two transactions, or money for two projects, from one that is told twice.
APART = ("transaction", "about")
#: A figure that is about right may be off by so much.
ABOUT = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Claims of one type between two entities that cannot all be true. `about`: the property they differ in."""

    about: str
    type: str
    start: str
    end: str
    facts: tuple[str, ...]
    versions: tuple[str, ...]

    @property
    def id(self) -> str:
        return identity.conflict_id(self.about, self.versions)


def stored(one: Conflict) -> dict[str, Any]:
    """A conflict as it is kept."""
    return {
        "id": one.id, "about": one.about, "type": one.type, "start": one.start, "end": one.end,
        "facts": list(one.facts), "versions": list(one.versions),
    }  # fmt: skip


def compared(relationship: RelationshipType) -> tuple[str, ...]:
    """The properties of a type that are compared; empty where it is left alone."""
    if relationship.name in NOT_COMPARED:
        return ()
    own = {p.name for p in relationship.properties}
    figures = tuple(f for f in FIGURES if f in own or (f == "amount" and relationship.money))
    return figures + (DATES if relationship.time is Time.STATE else ())


def columns(relationship: RelationshipType) -> tuple[str, ...]:
    """Properties of a claim that `found` reads, in order."""
    codes = sorted(p.name for p in relationship.properties if p.kind is Kind.CODE and p.codes != CERTAINTY)
    own = {p.name for p in relationship.properties}
    figures = [name for name in FIGURES[1:] if name in own]
    money = ["amount", "class", "currency"] if relationship.money else []
    more = ["basis", "bound", "measure", "per_year"] if relationship.figures else []
    more += [name for name in APART if name in own]
    dates = ["earliest_from", "latest_from", "earliest_to", "latest_to", "open_end"]
    return ("fact", "source", "version", "part_of", *dates, *money, *more, *figures, *codes)


def subject(relationship: RelationshipType, values: Mapping[str, Any]) -> tuple[Any, ...]:
    """What two claims must share to be compared, beside their ends and their time."""
    return tuple(values.get(name) for name in _alike(columns(relationship)))


def _alike(names: Sequence[str]) -> list[str]:
    return [n for n in names[names.index("open_end") + 1 :] if n not in (*FIGURES, "bound", "class", "currency")]


def found(relationship: RelationshipType, start: str, end: str, claims: Iterable[Sequence[Any]]) -> Iterator[Conflict]:
    """The conflicts among the open claims of a type between two entities; `claims` are rows of `columns`."""
    names = columns(relationship)
    rows = [dict(zip(names, claim, strict=True)) for claim in claims]
    for about in compared(relationship):
        pairs = _figures(about, rows, names) if about in FIGURES else _dates(about, rows)
        for group in _joined(pairs):
            yield Conflict(
                about=about,
                type=relationship.name,
                start=start,
                end=end,
                facts=tuple(sorted({row["fact"] for row in group})),
                versions=tuple(sorted(row["version"] for row in group)),
            )


def _figures(
    about: str, rows: list[dict[str, Any]], names: Sequence[str]
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    kept = {"amount": ("currency", "class")}.get(about, ())
    codes = _alike(names)
    alike: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        if row[about] is not None:
            alike.setdefault(tuple(row[name] for name in (*kept, *codes)), []).append(row)
    for group in alike.values():
        once = _said_once(group)
        for one, other in combinations(once, 2):
            if one["fact"] == other["part_of"] or other["fact"] == one["part_of"]:
                continue
            if _same_time(one, other) and not _both_true(one, other, about):
                yield one, other


def _dates(about: str, rows: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    first, last = ("earliest_from", "latest_from") if about == "valid_from" else ("earliest_to", "latest_to")
    for one, other in combinations(_said_once(rows), 2):
        if one["fact"] != other["fact"] or (about == "valid_to" and (one["open_end"] or other["open_end"])):
            continue
        if one[last] < other[first] or other[last] < one[first]:
            yield one, other


def _said_once(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Claims of which their source says one thing only of the fact: two of one source are two events, no contradiction."""
    count: dict[tuple[str, str], int] = {}
    for row in rows:
        count[row["fact"], row["source"]] = count.get((row["fact"], row["source"]), 0) + 1
    return [row for row in rows if count[row["fact"], row["source"]] == 1]


def _same_time(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """The periods share at least half of the longer; two unknown ones are taken to be the same."""
    if one["fact"] == other["fact"]:
        return True
    if (one["earliest_from"], one["latest_to"]) == (other["earliest_from"], other["latest_to"]):
        return True
    try:
        spans = [
            (date.fromisoformat(row["earliest_from"]).toordinal(), date.fromisoformat(row["latest_to"]).toordinal())
            for row in (one, other)
        ]
    except ValueError:  # one of them is not bounded
        return False
    shared = min(last for _, last in spans) - max(first for first, _ in spans)
    return shared > 0 and 2 * shared >= max(last - first for first, last in spans)


def _both_true(one: dict[str, Any], other: dict[str, Any], about: str) -> bool:
    (low, high), (least, most) = _between(one, about), _between(other, about)
    return low <= most and least <= high


def _between(row: dict[str, Any], about: str) -> tuple[float, float]:
    """What the true value may be."""
    value, bound = row[about], row.get("bound")
    if bound in ("at_least", "more_than"):
        return value, float("inf")
    return (value * (1 - ABOUT), value * (1 + ABOUT)) if bound == "about" else (value, value)


def _joined(pairs: Iterable[tuple[dict[str, Any], dict[str, Any]]]) -> Iterator[list[dict[str, Any]]]:
    """Rows that pairs join, directly or through others."""
    groups: list[dict[str, dict[str, Any]]] = []
    for pair in pairs:
        joined = {row["version"]: row for row in pair}
        apart: list[dict[str, dict[str, Any]]] = []
        for group in groups:
            if group.keys() & joined.keys():
                joined |= group
            else:
                apart.append(group)
        groups = [*apart, joined]
    for group in groups:
        yield list(group.values())
