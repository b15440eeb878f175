"""What contradicts what: the rules, over rows as they are stored."""

from typing import Any

import pytest

from graph import conflicts
from graph.model import MODEL

FUNDS, STAFF, PAIRED = (MODEL.relationship[name] for name in ("FUNDS", "SENDS_STAFF_TO", "PAIRED_WITH"))


def row(type_: Any = FUNDS, **values: Any) -> list[Any]:
    whole = {
        "fact": "fact:1", "source": "a", "earliest_from": "2019-01-01", "latest_from": "2019-01-01",
        "earliest_to": "2020-01-01", "latest_to": "2020-01-01", "open_end": False, "currency": "CNY", "class": "budget",
    }  # fmt: skip
    whole |= values
    whole.setdefault("version", f"{whole['fact']} {whole['source']} {values.get('amount')}")
    return [whole.get(name) for name in conflicts.columns(type_)]


def found(*rows: list[Any], type_: Any = FUNDS) -> list[tuple[str, int]]:
    return [(one.about, len(one.versions)) for one in conflicts.found(type_, "cn:1", "cn:2", rows)]


def test_two_sources_of_one_fact_with_other_amounts_contradict() -> None:
    assert found(row(amount=100), row(source="b", amount=200)) == [("amount", 2)]
    assert found(row(amount=100), row(source="b", amount=100)) == []
    assert found(row(amount=100), row(source="b", amount=None)) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"bound": "at_least", "amount": 100}, {"amount": 150}),
        ({"bound": "about", "amount": 100}, {"amount": 108}),
        ({"amount": 100}, {"amount": 200, "currency": "USD"}),
        ({"amount": 100}, {"amount": 200, "class": "commitment"}),
        ({"amount": 100}, {"amount": 200, "basis": "planned"}),
        ({"amount": 100}, {"amount": 200, "measure": "part"}),
        ({"amount": 100, "transaction": "1", "fact": "fact:2"}, {"amount": 200, "transaction": "2"}),
        ({"amount": 100, "about": "project:a", "fact": "fact:2"}, {"amount": 200, "about": "project:b"}),
        ({"amount": 100, "fact": "fact:2", "part_of": "fact:1"}, {"amount": 200}),
    ],
)
def test_what_can_both_be_true_does_not_contradict(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert found(row(**one), row(**{"source": "b", **other})) == []


def test_bounds_that_exclude_each_other_contradict() -> None:
    assert found(row(amount=100, bound="at_least"), row(source="b", amount=99)) == [("amount", 2)]
    assert found(row(amount=100, bound="about"), row(source="b", amount=120)) == [("amount", 2)]


def test_facts_contradict_where_their_periods_share_half_of_the_longer() -> None:
    half = {"earliest_from": "2019-07-01", "latest_to": "2020-07-01", "fact": "fact:2", "source": "b", "amount": 7}
    year_of_five = {
        "earliest_from": "2016-01-01",
        "latest_to": "2021-01-01",
        "fact": "fact:2",
        "source": "b",
        "amount": 7,
    }
    assert found(row(amount=100), row(**half)) == [("amount", 2)]
    assert found(row(amount=100), row(**half | {"earliest_from": "2019-07-10"})) == []
    assert found(row(amount=100), row(**year_of_five)) == []
    unknown = {"earliest_from": "", "latest_to": "9999"}
    assert found(row(amount=100), row(**half | unknown)) == []
    assert found(row(amount=100, **unknown), row(**half | unknown)) == [("amount", 2)]


def test_two_transactions_of_one_source_do_not_contradict() -> None:
    assert found(row(amount=100, version="1"), row(amount=200, version="2")) == []
    assert found(row(amount=100, version="1"), row(amount=200, version="2"), row(source="b", amount=300)) == []


def test_all_that_contradict_one_another_are_one_conflict() -> None:
    assert found(*(row(source=source, amount=number) for number, source in enumerate("abc"))) == [("amount", 3)]


def test_counts_of_people_of_one_kind_contradict() -> None:
    rows = [row(STAFF, people=10, kind="doctors"), row(STAFF, source="b", people=12, kind="doctors")]
    assert found(*rows, type_=STAFF) == [("people", 2)]
    assert found(rows[0], row(STAFF, source="b", people=12, kind="teachers"), type_=STAFF) == []


def test_dates_of_a_state_contradict_where_they_have_no_day_in_common() -> None:
    year = {"earliest_from": "2016-01-01", "latest_from": "2016-12-31", "open_end": True}
    day = {"earliest_from": "2016-10-27", "latest_from": "2016-10-27", "source": "b", "open_end": True}
    assert found(row(PAIRED, **year), row(PAIRED, **day), type_=PAIRED) == []
    later = day | {"earliest_from": "2017-01-01", "latest_from": "2017-12-31"}
    assert found(row(PAIRED, **year), row(PAIRED, **later), type_=PAIRED) == [("valid_from", 2)]
    ended = {"earliest_to": "2021-01-01", "latest_to": "2022-01-01", "open_end": False}
    other = {"earliest_to": "2023-01-01", "latest_to": "2024-01-01", "open_end": False, "source": "b"}
    assert found(row(PAIRED, **ended), row(PAIRED, **other), type_=PAIRED) == [("valid_to", 2)]
    assert found(row(PAIRED, **ended), row(PAIRED, **other | {"open_end": True}), type_=PAIRED) == []
    # another programme is another fact, which may begin another day
    assert found(row(PAIRED, **year), row(PAIRED, **later | {"fact": "fact:2"}), type_=PAIRED) == []


def test_the_id_follows_from_the_versions() -> None:
    rows = [row(amount=100), row(source="b", amount=200)]
    (one,), (again,) = (list(conflicts.found(FUNDS, "cn:1", "cn:2", some)) for some in (rows, rows[::-1]))
    assert one.id == again.id
    (other,) = conflicts.found(FUNDS, "cn:1", "cn:2", [rows[0], row(source="b", amount=300)])
    assert other.id != one.id


def test_what_is_compared() -> None:
    assert conflicts.compared(FUNDS) == ("amount", "projects")
    assert conflicts.compared(PAIRED) == ("valid_from", "valid_to")
    assert conflicts.compared(MODEL.relationship["DESCRIBED_IN"]) == ()
