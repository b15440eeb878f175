"""Partial dates: a month, a year or a span is the set of days it may be; whether a claim holds on a day.

Days are ISO strings throughout: they order as text, cost a tenth of a temporal type to read, and both engines keep them.
"""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from functools import lru_cache

from graph.model import Time

#: Sorts before and after every day; kept instead of null, so that a filter needs no coalesce.
ALWAYS = ""
NEVER = "9999"


class Holds(Enum):
    """Whether a claim holds on a day."""

    CERTAINLY = "certainly"
    POSSIBLY = "possibly"
    LAST_KNOWN = "last known"
    NOT = "not"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Days between which a claim begins and ends; ends are half-open (first day it no longer holds)."""

    earliest_from: str
    latest_from: str
    earliest_to: str
    latest_to: str
    open_end: bool  # no source says that it ended

    def on(self, day: str) -> Holds:
        return self.during(day, day)

    def during(self, first: str, last: str) -> Holds:
        """Whether it holds on some day from the first to the last."""
        if self.earliest_from > last or self.latest_to <= first:
            return Holds.NOT
        if self.latest_from <= last and self.earliest_to > first:
            return Holds.CERTAINLY
        if self.open_end and self.latest_from <= last:
            return Holds.LAST_KNOWN
        return Holds.POSSIBLY


def jointly(claims: Iterable[Holds]) -> Holds:
    """Whether a fact holds, out of what each claim of it says of the day.

    A claim that knows an end or a start outweighs one that does not; claims that contradict each other leave it open.
    """
    said = set(claims)
    if Holds.CERTAINLY in said:
        return Holds.POSSIBLY if Holds.NOT in said else Holds.CERTAINLY
    return next(holds for holds in (Holds.NOT, Holds.POSSIBLY, Holds.LAST_KNOWN) if holds in said)


@lru_cache(maxsize=4096)
def span(partial: str) -> tuple[str, str]:
    """First and last day of a partial date (`2019`, `2019-07`, `2019-07-03`, `2020-04-17..2020-05-31`)."""
    if ".." in partial:
        first, last = partial.split("..", 1)
        return span(first)[0], span(last)[1]
    parts = [int(part) for part in partial.split("-")]
    if len(parts) == 1:
        return f"{partial}-01-01", f"{partial}-12-31"
    if len(parts) == 2:
        return f"{partial}-01", f"{partial}-{calendar.monthrange(*parts)[1]:02}"
    return partial, partial


def day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


@lru_cache(maxsize=4096)  # the rows of a table share their dates
def bounds(
    time: Time,
    valid_from: str | None = None,
    valid_to: str | None = None,
    valid_to_basis: str | None = None,
    seen_until: str | None = None,
) -> Bounds:
    """Bounds of a claim from the dates of its row; the rules are those of docs/graph-model.md, "Dates"."""
    if time is Time.EVENT:
        return _period(valid_from, valid_to)
    seen, seen_by = span(seen_until) if seen_until else (None, NEVER)
    earliest_from, latest_from = span(valid_from) if valid_from else (ALWAYS, NEVER)
    latest_from = min(latest_from, seen_by)  # it had begun when it was seen
    if valid_to is None or valid_to_basis == "table_period":
        certain_until = max(span(valid_to)[1], seen or "") if valid_to else seen
        if not certain_until and earliest_from == latest_from:
            certain_until = latest_from  # it held at least on the day it began
        return Bounds(
            earliest_from=earliest_from,
            latest_from=latest_from,
            earliest_to=day_after(certain_until) if certain_until else latest_from,
            latest_to=NEVER,
            open_end=True,
        )
    first, last = span(valid_to)
    # "first day it no longer holds" lies in the span; "ended some day in it" lets it hold through the last day
    ends_within = first != last and valid_to_basis in ("handover_year", "derived")
    latest_to = day_after(last) if ends_within else last
    return Bounds(
        earliest_from=earliest_from,
        latest_from=min(latest_from, last),
        earliest_to=min(max(first, day_after(seen)), latest_to) if seen else first,
        latest_to=latest_to,
        open_end=False,
    )


def _period(valid_from: str | None, valid_to: str | None) -> Bounds:
    if not valid_from and not valid_to:
        return Bounds(earliest_from=ALWAYS, latest_from=NEVER, earliest_to=ALWAYS, latest_to=NEVER, open_end=False)
    first, last = span(valid_to or valid_from or "")
    earliest_from, latest_from = span(valid_from) if valid_from else (ALWAYS, last)
    if valid_from and valid_to:
        latest_from = earliest_from  # a period (2019 to 2019) begins with its first day; one date is some day in it
    return Bounds(
        earliest_from=earliest_from,
        latest_from=min(latest_from, last),
        # a period ends with its last day; one date is some day in it
        earliest_to=day_after(last if valid_from and valid_to else first),
        latest_to=day_after(last),
        open_end=False,
    )


@lru_cache(maxsize=4096)
def period_key(valid_from: str | None, valid_to: str | None) -> str:
    """The period as it tells facts apart: the year of a sum over one year, else its start.

    Sums that begin together and end apart (a running total reported twice) speak of one fact.
    """
    if not valid_from:
        return f"..{valid_to}" if valid_to else ""
    first, last = span(valid_from)[0], span(valid_to or valid_from)[1]
    if first.endswith("-01-01") and last == f"{first[:4]}-12-31":
        return first[:4]
    if valid_to is None or valid_to == valid_from:
        return valid_from
    return f"{valid_from}/"
