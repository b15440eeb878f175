"""The staging of a run: which claims it holds, under which ids, in which order; what it rejects."""

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph import identity
from graph.model import MODEL
from graph.records import Claim, Entity, PreparedClaim, Value
from graph.staging import Staging

PAGE = "https://example.org/a"


@pytest.fixture
def staging() -> Iterator[Staging]:
    with Staging() as one:
        yield one


def funds(amount: int = 100, *, row_id: str = "", part_of: str = "", **values: Value) -> Claim:
    said: dict[str, Value] = {"class": "budget", "currency": "CNY", "valid_from": "2019", "amount": amount, **values}
    return Claim(
        type="FUNDS", start="cn:31", end="cn:53", source=PAGE, locator=f"row {row_id}", values=said,
        row_id=row_id, part_of=part_of,
    )  # fmt: skip


def paired(source: str = PAGE, end: str = "cn:53", **values: Value) -> Claim:
    return Claim(type="PAIRED_WITH", start="cn:31", end=end, source=source, values=values)


def staged(staging: Staging, *records: Entity | Claim) -> list[PreparedClaim]:
    for line, record in enumerate(records, 2):
        staging.add(record, file=0, line=line)
    assert staging.resolve_parts() == []
    staging.settle()
    return list(staging.claims())


def fact_of(claim: Claim) -> str:
    return identity.fact_id(MODEL.relationship[claim.type], claim)


def test_a_claim_is_prepared(staging: Staging) -> None:
    claim = funds()
    assert staged(staging, claim) == [
        PreparedClaim(
            type="FUNDS",
            start="cn:31",
            end="cn:53",
            id=identity.claim_id(fact_of(claim), PAGE, 1),
            fact=fact_of(claim),
            source=PAGE,
            locator="row ",
            digest=identity.digest(claim.values),
            values=claim.values,
        )
    ]
    assert staging.counts() == (0, 1)


def test_identical_events_stay_two_and_are_numbered(staging: Staging) -> None:
    found = staged(staging, funds(), funds())
    fact = fact_of(funds())
    assert {claim.id for claim in found} == {identity.claim_id(fact, PAGE, n) for n in (1, 2)}
    assert {(claim.fact, claim.digest) for claim in found} == {(fact, identity.digest(funds().values))}


def test_a_state_said_twice_is_one_and_keeps_its_first_place(staging: Staging) -> None:
    first = Claim(type="PAIRED_WITH", start="cn:31", end="cn:53", source=PAGE, locator="line 1")
    again = Claim(type="PAIRED_WITH", start="cn:31", end="cn:53", source=PAGE, locator="line 7")
    assert [(claim.locator, claim.id) for claim in staged(staging, first, again)] == [
        ("line 1", identity.claim_id(fact_of(first), PAGE, 1))
    ]


def test_states_that_differ_or_stand_elsewhere_stay(staging: Staging) -> None:
    found = staged(staging, paired(), paired(note="n"), paired("source:b"), paired(end="cn:5307"), paired())
    assert len(found) == 4
    ids = {identity.claim_id(fact_of(paired()), *key) for key in ((PAGE, 1), (PAGE, 2), ("source:b", 1))}
    assert {claim.id for claim in found} == {*ids, identity.claim_id(fact_of(paired(end="cn:5307")), PAGE, 1)}


@given(st.permutations([funds(1), funds(1), funds(2), funds(3), paired(), paired(), paired(note="n")]))
def test_numbers_do_not_depend_on_the_order_of_rows(records: list[Claim]) -> None:
    with Staging() as one, Staging() as other:
        found = staged(one, *records)
        assert found == staged(other, *reversed(records))
        assert len(found) == 6
        assert found == sorted(found, key=lambda claim: (claim.type, claim.start, claim.id))


def test_part_of_becomes_the_fact_of_the_row_it_names(staging: Staging) -> None:
    whole, part = funds(235, row_id="a"), funds(23, measure="part", part_of="a", row_id="b")
    found = {claim.values["amount"]: claim for claim in staged(staging, part, whole)}
    assert found[23].values["part_of"] == fact_of(whole)
    assert found[23].digest == identity.digest({**part.values, "part_of": fact_of(whole)})
    assert "part_of" not in found[235].values


def test_part_of_that_names_no_row_is_told_with_its_place(staging: Staging) -> None:
    staging.add(funds(23, part_of="x"), file=3, line=17)
    assert staging.resolve_parts() == [(3, 17, "x", "is no row_id of this load: correct it")]


def test_part_of_must_name_one_fact_that_is_not_its_own(staging: Staging) -> None:
    staging.add(funds(1, row_id="twice", measure="a"), file=0, line=2)
    staging.add(funds(2, row_id="twice", measure="b"), file=0, line=3)
    staging.add(funds(3, row_id="c", measure="c", part_of="twice"), file=0, line=4)
    staging.add(funds(4, row_id="own", measure="d", part_of="own"), file=0, line=5)
    staging.add(funds(5, row_id="e", measure="e", part_of="f"), file=0, line=6)
    staging.add(funds(6, row_id="f", measure="f", part_of="e"), file=0, line=7)
    circle = "makes a figure part of itself: correct it"
    assert staging.resolve_parts() == [
        (0, 4, "twice", "is the row_id of several facts: correct it"),
        (0, 5, "own", circle),
        (0, 7, "e", circle),
    ]


def test_part_of_is_looked_at_anew_when_its_row_was_rejected(staging: Staging) -> None:
    staging.add(funds(235, row_id="a"), file=0, line=2)
    staging.add(funds(23, measure="part", part_of="a"), file=0, line=3)
    assert staging.resolve_parts() == []
    staging.reject(0, 2)
    assert staging.resolve_parts() == [(0, 3, "a", "is no row_id of this load: correct it")]
    staging.reject(0, 3)
    staging.settle()
    assert (list(staging.claims()), staging.counts()) == ([], (0, 0))


def test_a_rejected_row_takes_all_its_records_and_no_others(staging: Staging) -> None:
    for file, line in ((0, 2), (0, 3), (1, 2)):
        staging.add(Entity(label="Company", id=f"org:{file}:{line}", source=PAGE), file=file, line=line)
        staging.add(Entity(label="Source", id=PAGE, source=PAGE, stub=True), file=file, line=line)
        staging.add(funds(line * 10 + file), file=file, line=line)
    staging.reject(0, 2)
    staging.settle()
    assert [row[0] for row in staging.entity_rows()] == ["org:0:3", PAGE, "org:1:2", PAGE]
    assert {claim.values["amount"] for claim in staging.claims()} == {30, 21}
    assert staging.counts() == (3, 4)  # two companies and the page; their descriptions and two sums


def test_entities_have_their_finest_label_and_all_that_is_said(staging: Staging) -> None:
    for line, (label, source, name) in enumerate(
        [("Organization", "source:b", "乙"), ("Company", "source:a", "甲"), ("Organization", "source:a", "甲")], 2
    ):
        staging.add(Entity(label=label, id="org:x", source=source, values={"name": name}), file=0, line=line)
    staging.add(Entity(label="Source", id="source:a", source="source:a", values={"title": "T"}), file=0, line=9)
    staging.add(Entity(label="Source", id="source:b", source="source:b", stub=True), file=0, line=9)
    assert staging.labels(["org:x", "source:a", "nothing"]) == {
        "org:x": {"Organization", "Company"},
        "source:a": {"Source"},
    }
    staging.settle()
    sources = [(s.id, s.label, [d.values["values"] for d in s.descriptions]) for s in staging.sources()]
    assert sources == [("source:a", "Source", ['{"title":"T"}']), ("source:b", "Source", [])]
    entities = {e.id: (e.label, [(d.source, d.values["values"]) for d in e.descriptions]) for e in staging.entities()}
    assert entities["org:x"][0] == "Company"
    assert sorted(entities["org:x"][1]) == [("source:a", '{"name":"甲"}'), ("source:b", '{"name":"乙"}')]
    assert (entities["source:a"], entities["source:b"]) == (("Source", []), ("Source", []))


def test_what_rows_name(staging: Staging) -> None:
    staging.add(funds(programme="programme:p", about="project:x"), file=1, line=5)
    staging.add(Entity(label="Company", id="org:x", source=PAGE), file=1, line=6)
    relationship = MODEL.relationship["FUNDS"]
    assert set(staging.mentioned()) == {
        ("cn:31", relationship.start, "start", "FUNDS"),
        ("cn:53", relationship.end, "end", "FUNDS"),
        ("programme:p", ("Programme",), "programme", ""),
        ("project:x", ("Project",), "about", ""),
        ("org:x", ("Entity",), "start", "DESCRIBED_IN"),
    }
    assert staging.rows_that_mention("cn:53", "end", "FUNDS") == [(1, 5)]
    assert staging.rows_that_mention("project:x", "about", "") == [(1, 5)]
    assert staging.rows_that_mention("org:x", "start", "DESCRIBED_IN") == [(1, 6)]


def test_which_claims_a_run_holds(staging: Staging) -> None:
    ids = [claim.id for claim in staged(staging, *(funds(n, measure=str(n)) for n in range(1_200)))]
    assert staging.holds([*ids, "claim:unknown"]) == set(ids)
    assert staging.holds([]) == set()


def test_values_come_out_as_they_went_in(staging: Staging) -> None:
    values: dict[str, Value] = {
        "amount": -(2**63),
        "amount_text": "-92233720368547758.08",
        "note": "\"'`{}[]\\ \n\t寧蒗𠮷 RETURN 1 //",
        "collective": True,
        "longitude": 100.850833,
        "aliases": ["a;b", ""],
    }
    (found,) = staged(staging, Claim(type="FUNDS", start="a", end="b", source=PAGE, values=values))
    assert found.values == values


def test_its_folder_goes_with_it() -> None:
    with Staging() as one:
        folder = one._folder.name
        one.add(funds(), file=0, line=2)
    from pathlib import Path

    assert not Path(folder).exists()


def test_figures_of_one_fact_are_told_however_many_they_are(staging: Staging) -> None:
    for line in range(2, 42):
        staging.add(funds(line, amount_text=str(line)), file=0, line=line)
    staging.add(funds(7, measure="without a text"), file=0, line=42)
    staging.add(funds(8, measure="without a text"), file=0, line=43)
    staging._db.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 20)  # pyright: ignore[reportPrivateUsage]
    repeated = staging.settle()
    assert (repeated.figures, repeated.first) == (1, [(0, 2), (0, 3)])


def test_a_transaction_that_stands_twice_alike_is_one(staging: Staging) -> None:
    """A sum without a number of its own is another one each time; one with a number and another amount stays, and is told."""
    alike = [funds(transaction="T1"), funds(transaction="T1"), funds(5, transaction="T1"), funds(), funds()]
    told = staged(staging, *alike)
    amounts = sorted((claim.values["amount"], claim.values.get("transaction", "")) for claim in told)
    assert amounts == [(5, "T1"), (100, ""), (100, ""), (100, "T1")]
    assert len({claim.id for claim in told}) == 4


def test_a_change_keeps_and_forgets_descriptions(staging: Staging) -> None:
    """Of the open claims of a dataset those at the place of a change go, and all that describes what it forgets."""
    assert staging.replace("entity d1", keeps=["ftm:a"]) and staging.replace("entity b", forgets="ftm:b")
    assert not staging.replace("entity b")
    stored = [
        ("DESCRIBED_IN", "ftm:a", "source:x", "kept", "1", "entity d1"),
        ("DESCRIBED_IN", "ftm:c", "source:x", "of another", "2", "entity d1"),
        ("HOLDS_POST", "ftm:a", "ftm:co", "post", "3", "entity d1"),
        ("DESCRIBED_IN", "ftm:b", "source:x", "forgotten", "4", "entity d2"),
        ("HOLDS_POST", "ftm:b", "ftm:co", "post of b", "5", "entity d2"),
    ]
    staging.add_stored(stored)
    gone = [id_ for type_ in ("DESCRIBED_IN", "HOLDS_POST") for _, _, id_ in staging.gone(type_)]
    assert gone == ["forgotten", "of another", "post"]
