"""Partial dates: which days a claim holds on certainly, possibly or not, for every kind of end."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.dates import ALWAYS, NEVER, Bounds, Holds, bounds, day_after, period_key, span
from graph.model import Time

CERTAINLY, POSSIBLY, LAST_KNOWN, NOT = Holds.CERTAINLY, Holds.POSSIBLY, Holds.LAST_KNOWN, Holds.NOT


def state(*dates: str | None) -> Bounds:
    return bounds(Time.STATE, *dates)


def event(valid_from: str | None = None, valid_to: str | None = None) -> Bounds:
    return bounds(Time.EVENT, valid_from, valid_to, "period" if valid_to else None)


def days(of: Bounds) -> tuple[str, str, str, str, bool]:
    return of.earliest_from, of.latest_from, of.earliest_to, of.latest_to, of.open_end


def holds(of: Bounds, *on: str) -> list[Holds]:
    return [of.on(day) for day in on]


@pytest.mark.parametrize(
    ("partial", "first", "last"),
    [
        ("2019-07-03", "2019-07-03", "2019-07-03"),
        ("2019-02", "2019-02-01", "2019-02-28"),
        ("2020-02", "2020-02-01", "2020-02-29"),
        ("1900-02", "1900-02-01", "1900-02-28"),
        ("2019-12", "2019-12-01", "2019-12-31"),
        ("2019", "2019-01-01", "2019-12-31"),
        ("2020-04-17..2020-05-31", "2020-04-17", "2020-05-31"),
        ("2016-11..2016-12", "2016-11-01", "2016-12-31"),
        ("2019..2020-02", "2019-01-01", "2020-02-29"),
    ],
)
def test_span(partial: str, first: str, last: str) -> None:
    assert span(partial) == (first, last)


def test_day_after() -> None:
    assert [day_after(d) for d in ("2019-12-31", "2020-02-28", "2019-02-28")] == [
        "2020-01-01",
        "2020-02-29",
        "2019-03-01",
    ]


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        # the end is the first day it no longer holds
        (("2008-05-22", "2008-06-11", "superseded"), ("2008-05-22", "2008-05-22", "2008-06-11", "2008-06-11", False)),
        (("2008-05-22", "2008-06-11", "stated"), ("2008-05-22", "2008-05-22", "2008-06-11", "2008-06-11", False)),
        (("2008-05-22", "2008-06", "stated"), ("2008-05-22", "2008-05-22", "2008-06-01", "2008-06-30", False)),
        (("2008-05-22", "2008-06", "superseded"), ("2008-05-22", "2008-05-22", "2008-06-01", "2008-06-30", False)),
        (("2008-05-22", "2008-06", None), ("2008-05-22", "2008-05-22", "2008-06-01", "2008-06-30", False)),
        # it ended some day in the period, perhaps with its last day
        (("2008", "2011", "derived"), ("2008-01-01", "2008-12-31", "2011-01-01", "2012-01-01", False)),
        (("2008", "2011-06", "handover_year"), ("2008-01-01", "2008-12-31", "2011-06-01", "2011-07-01", False)),
        (("2008", "2011-06-11", "derived"), ("2008-01-01", "2008-12-31", "2011-06-11", "2011-06-11", False)),
        # the table ends, the pairing may not
        (("2001", "2010", "table_period"), ("2001-01-01", "2001-12-31", "2011-01-01", NEVER, True)),
        # unknown ends
        (("2021", None, None), ("2021-01-01", "2021-12-31", "2021-12-31", NEVER, True)),
        (("2016-10-27", None, None, "2021"), ("2016-10-27", "2016-10-27", "2021-01-02", NEVER, True)),
        (("2016-10-27", None, None, "2019-06-05"), ("2016-10-27", "2016-10-27", "2019-06-06", NEVER, True)),
        # nothing is known after the day it began
        (("2016-10-27", None, None), ("2016-10-27", "2016-10-27", "2016-10-28", NEVER, True)),
        # spans
        (("2016-11..2017-01", None, None), ("2016-11-01", "2017-01-31", "2017-01-31", NEVER, True)),
        (
            ("2013", "2020-12..2021-03", "derived"),
            ("2013-01-01", "2013-12-31", "2020-12-01", "2021-04-01", False),
        ),
        # unknown beginnings
        ((None, None, None), (ALWAYS, NEVER, NEVER, NEVER, True)),
        ((None, None, None, "2019-06"), (ALWAYS, "2019-06-30", "2019-06-02", NEVER, True)),
        ((None, "2021-04", "superseded"), (ALWAYS, "2021-04-30", "2021-04-01", "2021-04-30", False)),
        # seen after the table, and within the year of the end
        (("2001", "2010", "table_period", "2012-05-01"), ("2001-01-01", "2001-12-31", "2012-05-02", NEVER, True)),
        (("2001", "2010", "table_period", "2009"), ("2001-01-01", "2001-12-31", "2011-01-01", NEVER, True)),
        (("2016", "2021", "derived", "2021-05-18"), ("2016-01-01", "2016-12-31", "2021-05-19", "2022-01-01", False)),
        # it had begun when it was seen
        (("2019", None, None, "2019-03-01"), ("2019-01-01", "2019-03-01", "2019-03-02", NEVER, True)),
    ],
)
def test_bounds_of_states(dates: tuple[str | None, ...], expected: tuple[str, str, str, str, bool]) -> None:
    assert days(state(*dates)) == expected


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        # a period begins with its first day and ends with its last
        (("2016", "2021-05"), ("2016-01-01", "2016-01-01", "2021-06-01", "2021-06-01", False)),
        (("2019", "2019"), ("2019-01-01", "2019-01-01", "2020-01-01", "2020-01-01", False)),
        (("2019", None), ("2019-01-01", "2019-12-31", "2019-01-02", "2020-01-01", False)),
        (("2020-05-08", None), ("2020-05-08", "2020-05-08", "2020-05-09", "2020-05-09", False)),
        (("2020-04-17..2020-05-31", None), ("2020-04-17", "2020-05-31", "2020-04-18", "2020-06-01", False)),
        ((None, "2020-05"), (ALWAYS, "2020-05-31", "2020-05-02", "2020-06-01", False)),
        ((None, None), (ALWAYS, NEVER, ALWAYS, NEVER, False)),
    ],
)
def test_bounds_of_events(dates: tuple[str | None, str | None], expected: tuple[str, str, str, str, bool]) -> None:
    assert days(event(*dates)) == expected


def test_a_state_before_at_and_after_each_bound() -> None:
    derived = state("2016-10", "2021", "derived")
    assert holds(derived, "2016-09-30", "2016-10-01", "2016-10-30") == [NOT, POSSIBLY, POSSIBLY]
    assert holds(derived, "2016-10-31", "2016-11-01", "2020-12-31") == [CERTAINLY] * 3
    assert holds(derived, "2021-01-01", "2021-12-31", "2022-01-01") == [POSSIBLY, POSSIBLY, NOT]
    stated = state("2016-10", "2021", "stated")  # its first day without it is 2021-12-31 at the latest
    assert holds(stated, "2020-12-31", "2021-01-01", "2021-12-30", "2021-12-31") == [CERTAINLY, POSSIBLY, POSSIBLY, NOT]
    table = state("2001", "2010", "table_period")
    assert holds(table, "2010-12-31", "2011-01-01", "2999-12-31") == [CERTAINLY, LAST_KNOWN, LAST_KNOWN]
    seen = state("2016-10-27", None, None, "2019-06")
    assert holds(seen, "2016-10-26", "2016-10-27", "2019-06-01") == [NOT, CERTAINLY, CERTAINLY]
    assert holds(seen, "2019-06-02", "2024-01-01") == [LAST_KNOWN, LAST_KNOWN]
    assert holds(state(None, "2021-04", "superseded"), "1949-10-01", "2021-04-29", "2021-04-30") == [POSSIBLY] * 2 + [
        NOT
    ]
    assert holds(state(None, None, None), "1949-10-01", "2999-12-31") == [POSSIBLY, POSSIBLY]
    assert holds(state(None, None, None, "2019-06-05"), "2019-06-04", "2019-06-05") == [POSSIBLY, CERTAINLY]
    assert holds(state(None, None, None, "2019-06-05"), "2019-06-06") == [LAST_KNOWN]


def test_an_event_before_at_and_after_each_bound() -> None:
    period = event("2016", "2021-05")
    assert holds(period, "2015-12-31", "2016-01-01", "2021-05-01") == [NOT, CERTAINLY, CERTAINLY]
    assert holds(period, "2021-05-02", "2021-05-31", "2021-06-01") == [CERTAINLY, CERTAINLY, NOT]
    some_day_of_a_year = event("2019")
    assert holds(some_day_of_a_year, "2018-12-31", "2019-01-01", "2019-12-31", "2020-01-01") == [
        NOT,
        POSSIBLY,
        POSSIBLY,
        NOT,
    ]
    one_day = event("2020-05-08")
    assert holds(one_day, "2020-05-07", "2020-05-08", "2020-05-09") == [NOT, CERTAINLY, NOT]


def test_the_helpers_of_qiandongnan() -> None:
    hangzhou = state("2016-10-27", "2021", "derived")
    foshan = state("2021", None, None)
    assert [b.on("2018-06-30") for b in (hangzhou, foshan)] == [CERTAINLY, NOT]
    assert [b.on("2021-03-01") for b in (hangzhou, foshan)] == [POSSIBLY, POSSIBLY]
    assert [b.on("2022-06-30") for b in (hangzhou, foshan)] == [NOT, LAST_KNOWN]


def test_the_first_list_of_wenchuan_ends_on_a_day() -> None:
    first_list = state("2008-05-22", "2008-06-11", "superseded")
    assert holds(first_list, "2008-05-21", "2008-05-22", "2008-06-10", "2008-06-11") == [NOT, CERTAINLY, CERTAINLY, NOT]


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "key"),
    [
        (None, None, ""),
        (None, "2021-05", "..2021-05"),
        ("2019", None, "2019"),
        ("2019", "2019", "2019"),
        ("2019-01", "2019-12", "2019"),
        ("2019-01-01", "2019-12-31", "2019"),
        ("2019-07", None, "2019-07"),
        ("2019-07", "2019-07", "2019-07"),
        ("2016", "2020-11", "2016/"),  # a running total reported again later speaks of one fact
        ("2016", "2021-05", "2016/"),
        ("2016", "2017", "2016/"),
        ("2020-04-17..2020-05-31", None, "2020-04-17..2020-05-31"),
    ],
)
def test_period_key(valid_from: str | None, valid_to: str | None, key: str) -> None:
    assert period_key(valid_from, valid_to) == key


# A window small enough to try every pair of a first day and a first day without.
FIRST, LENGTH = date(2019, 11, 1), 150
WINDOW = [(FIRST + timedelta(n)).isoformat() for n in range(LENGTH)]
whole_days = st.sampled_from(WINDOW[10:-10])
partials = st.one_of(
    whole_days,
    st.sampled_from(["2019-12", "2020-01", "2020-02"]),
    st.tuples(whole_days, whole_days).map(lambda pair: "..".join(sorted(pair))),
)
ENDS = ["stated", "superseded", "handover_year", "derived", "table_period", None]


def consistent(start: str | None, end: str | None, basis: str | None, seen: str | None) -> bool:
    """Rows that say otherwise are refused before."""
    if start and (any(span(other)[1] <= span(start)[0] for other in (end, seen) if other)):
        return False
    return not (end and seen and basis != "table_period" and span(seen)[0] >= span(end)[1])


def possible(start: str | None, end: str | None, basis: str | None, seen: str | None) -> list[tuple[str, str]]:
    """Every (first day, first day without) that the row allows; the ends of the window stand for all beyond."""
    froms = [d for d in WINDOW if not start or span(start)[0] <= d <= span(start)[1]]
    tos = [*WINDOW, NEVER]
    if end and basis == "table_period":
        tos = [d for d in tos if d > span(end)[1]]
    elif end:
        first, last = span(end)
        through = day_after(last) if first != last and basis in ("handover_year", "derived") else last
        tos = [d for d in tos if first <= d <= through]
    pairs = [(f, t) for f in froms for t in tos if f < t]
    if not seen:
        return pairs
    shown = [d for d in WINDOW if span(seen)[0] <= d <= span(seen)[1]]
    return [(f, t) for f, t in pairs if any(f <= d < t for d in shown)]


@given(st.none() | partials, st.none() | partials, st.sampled_from(ENDS), st.none() | partials)
def test_a_state_never_claims_more_than_its_row(
    start: str | None, end: str | None, basis: str | None, seen: str | None
):
    if not consistent(start, end, basis, seen):
        return
    of = state(start, end, basis, seen)
    assert of.earliest_from <= of.latest_from
    assert of.earliest_to <= of.latest_to
    pairs = possible(start, end, basis, seen)
    for day in WINDOW:
        true = [f <= day < t for f, t in pairs]
        if of.on(day) is CERTAINLY:
            assert all(true), day
        if of.on(day) is NOT:
            assert not any(true), day
        if of.on(day) is LAST_KNOWN:
            assert of.open_end and any(true), day


@given(partials, st.none() | partials)
def test_an_event_is_certain_only_within_its_possible_days(start: str, end: str | None):
    if end and span(end)[1] < span(start)[0]:
        return
    of = event(start, end)
    assert of.earliest_from <= of.latest_from
    assert of.earliest_to <= of.latest_to
    certain = [day for day in WINDOW if of.on(day) is CERTAINLY]
    maybe = [day for day in WINDOW if of.on(day) is not NOT]
    assert set(certain) <= set(maybe)
    assert (maybe[0], maybe[-1]) == (span(start)[0], span(end or start)[1])
    assert all(of.latest_from <= day < of.earliest_to for day in certain)
