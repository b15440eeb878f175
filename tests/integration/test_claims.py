"""What a load makes of tables: facts, claims and versions, readings and descriptions, refusals; on both engines."""

import csv
from pathlib import Path
from typing import Any

import pytest

from graph import write
from graph.dump import dump_hash
from graph.engine import Graph
from graph.errors import RetractionRefused
from graph.write import Counts
from loaders import pipeline
from loaders.records import Issue, LoadError, Report
from loaders.tabular import UnreadableFile
from tests.checks import (
    Table,
    claims,
    entities,
    load,
    load_places,
    same_on_both,
    table,
    unchanged,
    wipe,
)

PAGE, OTHER = "https://example.org/a", "https://example.org/b"
#: Later than any clock of the machine the tests run on: runs are ordered by when they were recorded.
T = 4_000_000_000_000
OPEN = "c.retracted_at IS NULL"
SUM = {
    "relationship": "FUNDS",
    "from": "310000",
    "to": "530000",
    "amount": "100",
    "currency": "CNY",
    "class": "budget",
    "valid_from": "2019",
    "source": PAGE,
}
PAIR = {"relationship": "PAIRED_WITH", "from": "310000", "to": "530000", "source": PAGE}
COMPANY = {"entity": "Company", "id": "org:sz", "name": "上海某公司"}


def at(now: int) -> Any:
    return lambda: now


def of(*rows: dict[str, Any]) -> Table:
    """A table of rows that need not have the same columns."""
    header = list(dict.fromkeys(name for row in rows for name in row))
    return header, [[row.get(name, "") for name in header] for row in rows]


def sums(*rows: dict[str, Any]) -> Table:
    return of(*({**SUM, **row} for row in rows))


def many(n: int, first: int = 0) -> list[dict[str, Any]]:
    """Sums of one file, each a fact of its own."""
    return [{"measure": f"m{i}", "amount": i + 1, "source": ""} for i in range(first, first + n)]


@pytest.fixture
async def placed(graph: Graph, tmp_path: Path) -> Graph:
    """A graph with a few places."""
    await load_places(graph, tmp_path)
    return graph


@pytest.fixture
def batches_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(write.load.__kwdefaults__, "batch", 3)


async def known_on(graph: Graph, type_: str, moment: int, *names: str) -> set[tuple[Any, ...]]:
    where = f"c.recorded_at <= {moment} AND (c.retracted_at IS NULL OR c.retracted_at > {moment})"
    return await claims(graph, type_, *names, where=where)


# --- facts, claims, versions ------------------------------------------------------------------------------------------


@pytest.mark.soak_on_neo4j
async def test_identical_transactions_are_two_claims_of_one_fact(placed: Graph, tmp_path: Path) -> None:
    first = await load(placed, tmp_path, sums({}, {}, {"valid_from": "2018"}))
    assert first.counts == Counts(new=4, entities_new=2)  # the file's own description, and its source and the page
    stored = await claims(placed, "FUNDS", "id", "fact", "amount", "valid_from")
    two = {claim for claim in stored if claim[-1] == "2019"}
    assert {(a, b, amount) for a, b, _, _, amount, _ in two} == {("cn:310000", "cn:530000", 10_000)}
    assert (len(two), len({claim[2] for claim in two}), len({claim[3] for claim in two})) == (2, 2, 1)
    before = await dump_hash(placed, history=True)
    async with unchanged(placed):
        again = await load(placed, tmp_path, sums({}, {}, {"valid_from": "2018"}))
    assert (again.unchanged_files, again.written, again.counts) == (True, False, Counts())
    forced = await load(placed, tmp_path, sums({}, {}, {"valid_from": "2018"}), force=True)
    assert (forced.written, forced.counts) == (True, Counts(unchanged=4))
    assert await dump_hash(placed, history=True) == before
    dropped = await load(placed, tmp_path, sums({}, {"valid_from": "2018"}))
    assert dropped.counts == Counts(unchanged=3, retracted=1)
    assert {claim[-1] for claim in await claims(placed, "FUNDS", "valid_from")} == {"2019", "2018"}
    assert len(await claims(placed, "FUNDS", "version", where=OPEN)) == 2
    assert len(await claims(placed, "FUNDS", "version", where="true")) == 3


async def test_a_value_that_changes_and_comes_back_makes_three_versions(placed: Graph, tmp_path: Path) -> None:
    for step, amount in enumerate(("100", "200", "100"), 1):
        report = await load(placed, tmp_path, sums({"amount": amount}, {"valid_from": "2018"}), clock=at(T + step * 10))
        expected = Counts(new=3, entities_new=2) if step == 1 else Counts(changed=1, unchanged=2)
        assert report.counts == expected, step
    names = ("amount_text", "recorded_at", "retracted_at")
    versions = await claims(placed, "FUNDS", *names, where="c.valid_from = '2019'")
    assert {version[2:] for version in versions} == {
        ("100", T + 10, T + 20),
        ("200", T + 20, T + 30),
        ("100", T + 30, None),
    }
    ids = await claims(placed, "FUNDS", "id", "version", where="c.valid_from = '2019'")
    assert (len({row[2] for row in ids}), len({row[3] for row in ids})) == (1, 3)
    for moment, known in ((T + 9, set()), (T + 10, {"100"}), (T + 19, {"100"}), (T + 20, {"200"}), (T + 30, {"100"})):
        seen = await known_on(placed, "FUNDS", moment, "amount_text", "valid_from")
        assert {amount for *_, amount, year in seen if year == "2019"} == known, moment


async def test_a_clock_set_back_does_not_reorder(placed: Graph, tmp_path: Path) -> None:
    for amount, now in (("100", T), ("200", T - 86_400_000), ("300", T - 86_400_000)):
        await load(placed, tmp_path, sums({"amount": amount}), clock=at(now))
    versions = await claims(placed, "FUNDS", "amount_text", "recorded_at", "retracted_at", where="true")
    assert {version[2:] for version in versions} == {
        ("100", T, T + 1),
        ("200", T + 1, T + 2),
        ("300", T + 2, None),
    }


async def test_a_claim_that_comes_back_is_a_version_of_the_same_claim(placed: Graph, tmp_path: Path) -> None:
    keep = {"valid_from": "2018"}
    for n, rows in enumerate(([{}, keep], [keep], [{}, keep])):
        await load(placed, tmp_path, sums(*rows), clock=at(T + n))
    versions = await claims(placed, "FUNDS", "recorded_at", "retracted_at", where="c.valid_from = '2019'")
    assert {version[2:] for version in versions} == {(T, T + 1), (T + 2, None)}
    assert len({row[2] for row in await claims(placed, "FUNDS", "id", where=OPEN)}) == 2


async def test_two_sources_are_two_claims_of_one_fact(placed: Graph, tmp_path: Path) -> None:
    await load(placed, tmp_path, sums({}, {"source": OTHER, "amount": "101"}))
    stored = await claims(placed, "FUNDS", "fact", "source", "amount_text")
    assert {row[3:] for row in stored} == {(PAGE, "100"), (OTHER, "101")}
    assert len({row[2] for row in stored}) == 1


async def test_a_row_that_moves_is_unchanged_but_found_at_its_new_line(placed: Graph, tmp_path: Path) -> None:
    here, there = {"source": ""}, {"source": "", "valid_from": "2018"}
    await load(placed, tmp_path, sums(here, there), clock=at(T))
    moved = await load(placed, tmp_path, sums(there, here), clock=at(T + 1))
    assert moved.counts == Counts(unchanged=3)
    found = await claims(placed, "FUNDS", "valid_from", "locator", "locators", "recorded_at")
    assert {row[2:] for row in found} == {("2018", "line 2", ("line 2",), T), ("2019", "line 3", ("line 3",), T)}


# --- one page in two datasets -----------------------------------------------------------------------------------------

KEEP = {"valid_from": "2001", "source": ""}  # so that a dataset that drops its other row does not lose everything
SUPPORT = ("amount_text", "datasets", "locators", "locator", "others")


async def of_page(graph: Graph) -> set[tuple[Any, ...]]:
    return {row[2:] for row in await claims(graph, "FUNDS", *SUPPORT, where=f"{OPEN} AND c.source = '{PAGE}'")}


async def test_one_page_in_two_datasets_is_one_claim_with_two_supports(placed: Graph, tmp_path: Path) -> None:
    b = await load(placed, tmp_path, sums({"locator": "row 9"}, KEEP), "b")
    assert b.counts == Counts(new=3, entities_new=2)
    alone = await dump_hash(placed)
    a = await load(placed, tmp_path, sums({"locator": "row 1"}, KEEP), "a")
    assert a.counts == Counts(new=2, supported=1, entities_new=1)
    assert await of_page(placed) == {("100", ("a", "b"), ("row 1", "row 9"), "row 1", None)}
    assert len(await claims(placed, "FUNDS", "version", where=f"c.source = '{PAGE}'")) == 1
    forced = await load(placed, tmp_path, sums({"locator": "row 1"}, KEEP), "a", force=True)
    assert forced.counts == Counts(unchanged=3)

    dropped = await load(placed, tmp_path, sums(KEEP), "a")
    assert dropped.counts == Counts(unchanged=2)
    assert await of_page(placed) == {("100", ("b",), ("row 9",), "row 9", None)}
    gone = await load(placed, tmp_path, sums(KEEP), "b")
    assert gone.counts == Counts(unchanged=2, retracted=1)
    assert await of_page(placed) == set()
    await wipe(placed)
    await load_places(placed, tmp_path)
    await load(placed, tmp_path, sums({"locator": "row 9"}, KEEP), "b")
    assert await dump_hash(placed) == alone


@pytest.mark.soak_on_neo4j
async def test_a_support_withdrawn_leaves_what_the_other_would_have_loaded_alone(placed: Graph, tmp_path: Path) -> None:
    rows = {"a": {"amount": "100"}, "b": {"amount": "200"}}
    for stays, goes in (("a", "b"), ("b", "a")):
        hashes = set()
        for disturbed in (False, True):
            await wipe(placed)
            await load_places(placed, tmp_path)
            await load(placed, tmp_path, sums(KEEP), goes)
            if disturbed:
                await load(placed, tmp_path, sums(rows[goes], KEEP), goes)
            await load(placed, tmp_path, sums(rows[stays], KEEP), stays)
            await load(placed, tmp_path, sums(KEEP), goes)
            hashes.add(await dump_hash(placed))
        assert len(hashes) == 1, (stays, goes)


@pytest.mark.parametrize(("confidence", "winner"), [("", "a"), ("high", "b")])
async def test_two_readings_of_one_page_are_settled_whatever_the_order(
    placed: Graph, tmp_path: Path, confidence: str, winner: str
) -> None:
    rows = {"a": {"amount": "100"}, "b": {"amount": "200", "confidence": confidence}}
    amount = rows[winner]["amount"]
    loser = "b" if winner == "a" else "a"
    hashes = set()
    for order in ("ab", "ba"):
        await wipe(placed)
        await load_places(placed, tmp_path)
        for dataset in order:
            report = await load(placed, tmp_path, sums(rows[dataset], KEEP), dataset)
        last_wins = winner == order[1]
        assert report.counts == Counts(new=2, changed=last_wins, supported=not last_wins, entities_new=1)
        ((text, datasets, _, _, others),) = await of_page(placed)
        assert (text, datasets, len(others)) == (amount, ("a", "b"), 1)
        assert f'"dataset":"{loser}"' in others[0]
        assert rows[loser]["amount"] in others[0]
        hashes.add(await dump_hash(placed))
    assert len(hashes) == 1
    await same_on_both(placed, f"two readings, {winner} wins")

    dropped = await load(placed, tmp_path, sums(KEEP), winner)
    assert dropped.counts == Counts(changed=1, unchanged=2)
    assert await of_page(placed) == {(rows[loser]["amount"], (loser,), ("",), "", None)}


async def test_a_reading_that_does_not_count_may_change(placed: Graph, tmp_path: Path) -> None:
    await load(placed, tmp_path, sums({"amount": "100"}, KEEP), "a")
    await load(placed, tmp_path, sums({"amount": "200"}, KEEP), "b")
    report = await load(placed, tmp_path, sums({"amount": "300"}, KEEP), "b")
    assert report.counts == Counts(changed=1, unchanged=2)
    ((text, _, _, _, others),) = await of_page(placed)
    assert (text, "300" in others[0], len(others)) == ("100", True, 1)
    agreed = await load(placed, tmp_path, sums({"amount": "100"}, KEEP), "b")
    assert agreed.counts == Counts(changed=1, unchanged=2)
    assert await of_page(placed) == {("100", ("a", "b"), ("", ""), "", None)}


# --- what is stored ---------------------------------------------------------------------------------------------------


async def test_partial_dates_are_stored_with_the_days_they_bound(placed: Graph, tmp_path: Path) -> None:
    names = ("valid_from", "valid_to", "valid_to_basis", "seen_until")
    rows = [
        {**PAIR, "to": "530700", "valid_from": "2016-10-27", "valid_to": "2021", "valid_to_basis": "derived"},
        {**PAIR, "to": "530724", "valid_from": "2021"},
        {**PAIR, "to": "220000", "valid_from": "2008-05-22", "valid_to": "2008-06-11", "valid_to_basis": "superseded"},
        {**PAIR, "to": "220100", "valid_from": "2001", "valid_to": "2010", "valid_to_basis": "table_period"},
        {**PAIR, "to": "110000", "valid_from": "2016-10-27", "seen_until": "2019-06"},
        {**PAIR, "to": "330000"},
    ]
    await load(placed, tmp_path, of(*rows))
    bounds = ("earliest_from", "latest_from", "earliest_to", "latest_to", "open_end")
    stored = {row[1]: row[2:] for row in await claims(placed, "PAIRED_WITH", *names, *bounds)}
    assert stored == {
        "cn:530700": ("2016-10-27", "2021", "derived", None, *["2016-10-27"] * 2, "2021-01-01", "2022-01-01", False),
        "cn:530724": ("2021", None, None, None, "2021-01-01", "2021-12-31", "2021-12-31", "9999", True),
        "cn:220000": ("2008-05-22", "2008-06-11", "superseded", None, *["2008-05-22"] * 2, *["2008-06-11"] * 2, False),
        "cn:220100": ("2001", "2010", "table_period", None, "2001-01-01", "2001-12-31", "2011-01-01", "9999", True),
        "cn:110000": ("2016-10-27", None, None, "2019-06", "2016-10-27", "2016-10-27", "2019-06-02", "9999", True),
        "cn:330000": (None, None, None, None, "", "9999", "9999", "9999", True),
    }


async def test_a_lost_value_is_null_beside_what_is_known_of_it(placed: Graph, tmp_path: Path) -> None:
    lost = {"amount": "", "currency": "", "raw": "总投资□亿元", "low": "100000000", "high": "999999999.50"}
    whole = {"relationship": "SENDS_STAFF_TO", "amount": "", "currency": "", "class": "", "kind": "specialists"}
    rows = [lost, {**whole, "people": "235", "row_id": "all"}]
    rows += [{**whole, "kind": "doctors", "people": "23", "part_of": "all", "part_of_certainty": "implied"}]
    report = await load(placed, tmp_path, sums(*rows))
    assert report.issues == []
    stored = await claims(placed, "FUNDS", "amount", "amount_text", "currency", "raw", "low", "high")
    assert {row[2:] for row in stored} == {(None, None, None, "总投资□亿元", "100000000", "999999999.5")}
    staff = {row[2]: row[3:] for row in await claims(placed, "SENDS_STAFF_TO", "people", "fact", "part_of")}
    assert staff[23][1] == staff[235][0]
    assert staff[235][1] is None
    assert (await claims(placed, "SENDS_STAFF_TO", "part_of_certainty", where="c.people = 23")) == {
        ("cn:310000", "cn:530000", "implied")
    }


async def test_money_is_minor_units_and_the_exact_text(placed: Graph, tmp_path: Path) -> None:
    amounts = {"0.005": 0, "0.015": 2, "-1,200.50": -120_050, "92233720368547758.07": 2**63 - 1, "１００": 10_000}
    rows = [{"measure": f"m{n}", "amount": text} for n, text in enumerate(amounts)]
    rows += [
        {"measure": "yen", "amount": "100", "currency": "JPY"},
        {"measure": "dinar", "amount": "1", "currency": "KWD"},
    ]
    report = await load(placed, tmp_path, sums(*rows))
    assert report.issues == []
    stored = {row[2]: row[3:] for row in await claims(placed, "FUNDS", "measure", "amount", "amount_text", "currency")}
    texts = ["0.005", "0.015", "-1200.50", "92233720368547758.07", "100"]
    assert stored == {
        **{f"m{n}": (minor, texts[n], "CNY") for n, minor in enumerate(amounts.values())},
        "yen": (100, "100", "JPY"),
        "dinar": (1_000, "1", "KWD"),
    }
    checked = await load(placed, tmp_path, sums(*rows), dry_run=True)
    assert checked.sums[("FUNDS", "budget", "JPY")] == 100


HOSTILE = [
    "'); MATCH (n) DETACH DELETE n //",
    '"}) RETURN 1 UNION MATCH (n) RETURN n {id: "',
    "`FUNDS`]->() SET a:`Owned` //",
    'name:* OR (foo AND [a TO b]) ~^"+-&&||!{}()?\\/',
    "$p.rows \\u0027 \\' ${1+1} {{7*7}}",
    "line one\nline two\ttab",
    '<script>alert("x")</script>',
    '=HYPERLINK("http://example.org")',
    "𠮷野家 e\u0301cole \u202e rtl".replace("e\u0301", "é"),
    "null",
    "-1",
    "NaN",
]


async def test_text_of_any_kind_is_text_and_is_read_back_identical(placed: Graph, tmp_path: Path) -> None:
    companies = [
        {**COMPANY, "id": f"org:{n}'\"`)-{{}}//", "name": text, "kind": text} for n, text in enumerate(HOSTILE)
    ]
    ids = [company["id"] for company in companies]
    claimed = [
        {"relationship": "SUPPORTS", "from": ids[n], "to": ids[n - 1], "topic": text, "note": text}
        | {"source": "source:`'\"", "source_title": text if n == 0 else "", "locator": text, "row_id": text}
        for n, text in enumerate(HOSTILE)
    ]
    report = await load(placed, tmp_path, {"a.csv": of(*companies), "b.csv": of(*claimed)})
    assert report.issues == []
    expected = {(id_, text, text) for id_, text in zip(ids, HOSTILE, strict=True)}
    assert await entities(placed, "Company", "name", "kind") == expected
    assert await claims(placed, "SUPPORTS", "topic", "note", "locator", "source") == {
        (ids[n], ids[n - 1], text, text, text, "source:`'\"") for n, text in enumerate(HOSTILE)
    }
    assert ("source:`'\"", HOSTILE[0]) in await entities(placed, "Source", "title")
    assert len(await entities(placed, "Place")) == 14  # nothing was deleted
    assert await placed.value("MATCH (n:Owned) RETURN count(n)") == 0
    await same_on_both(placed, "hostile texts")
    again = await load(placed, tmp_path, {"a.csv": of(*companies), "b.csv": of(*claimed)}, force=True)
    assert (again.counts.new, again.counts.changed, again.counts.retracted) == (0, 0, 0)


# --- entities ---------------------------------------------------------------------------------------------------------


async def test_two_sources_of_an_entity_are_merged_by_confidence_in_any_order(graph: Graph, tmp_path: Path) -> None:
    described = {
        "a": {**COMPANY, "name": "沪某公司", "name_en": "Some Company", "level": "enterprise", "confidence": "low"},
        "b": {**COMPANY, "name": "上海某公司", "kind": "company", "confidence": "high"},
    }
    hashes = set()
    for order in ("ab", "ba"):
        await wipe(graph)
        for dataset in order:
            report = await load(graph, tmp_path, of(described[dataset]), dataset)
        assert report.counts == Counts(new=2, entities_new=1, entities_changed=1)
        names = ("name", "aliases", "name_en", "kind", "level", "pinyin")
        assert await entities(graph, "Company", *names) == {
            ("org:sz", "上海某公司", ("沪某公司",), "Some Company", "company", "enterprise", "shang hai mou gong si")
        }
        hashes.add(await dump_hash(graph))
    assert len(hashes) == 1
    await same_on_both(graph, "two descriptions")

    other = {"entity": "Company", "id": "org:other", "name": "别的公司"}
    await load(graph, tmp_path, of(described["b"], other), "b")
    gone = await load(graph, tmp_path, of(other), "b")
    assert gone.counts == Counts(unchanged=2, retracted=1, entities_changed=1)
    stored = {row[0]: row[1:] for row in await entities(graph, "Company", "name", "aliases", "kind", "level")}
    assert stored["org:sz"] == ("沪某公司", None, None, "enterprise")


async def test_a_changed_description_changes_the_entity_and_keeps_what_was_read(graph: Graph, tmp_path: Path) -> None:
    await load(graph, tmp_path, of(COMPANY), clock=at(T))
    report = await load(graph, tmp_path, of({**COMPANY, "name": "上海新公司"}), clock=at(T + 1))
    assert report.counts == Counts(changed=1, unchanged=1, entities_changed=1)
    assert await entities(graph, "Company", "name", "pinyin") == {("org:sz", "上海新公司", "shang hai xin gong si")}
    said = await claims(graph, "DESCRIBED_IN", "values", "recorded_at", "retracted_at", where="a.id = 'org:sz'")
    assert {row[2:] for row in said} == {
        ('{"name":"上海某公司"}', T, T + 1),
        ('{"name":"上海新公司"}', T + 1, None),
    }


async def test_an_organization_is_refined_to_a_company_and_keeps_its_claims(placed: Graph, tmp_path: Path) -> None:
    row = {**COMPANY, "entity": "Organization"}
    paid = {**SUM, "from": "org:sz"}
    await load(placed, tmp_path, {"a.csv": of(row), "b.csv": of(paid)}, "a")
    report = await load(placed, tmp_path, of({**COMPANY, "name_en": "Some"}), "b")
    assert report.counts == Counts(new=2, entities_new=1, entities_changed=1)
    labels = await placed.value("MATCH (e:Entity {id: 'org:sz'}) RETURN labels(e)")
    assert set(labels) == {"Entity", "Organization", "Company"}
    assert await entities(placed, "Company", "type", "name", "name_en") == {("org:sz", "Company", "上海某公司", "Some")}
    assert await claims(placed, "FUNDS", "amount_text") == {("org:sz", "cn:530000", "100")}
    assert {row[1:] for row in await claims(placed, "DESCRIBED_IN", where="a.id = 'org:sz'")} == {
        ("source:dataset:a",),
        ("source:dataset:b",),
    }
    refined = await same_on_both(placed, "refined")

    await wipe(placed)  # the finer first: the same graph
    await load_places(placed, tmp_path)
    await load(placed, tmp_path, of({**COMPANY, "name_en": "Some"}), "b")
    await load(placed, tmp_path, {"a.csv": of(row), "b.csv": of(paid)}, "a")
    assert await dump_hash(placed) == refined


@pytest.mark.parametrize(
    ("entity", "id_", "reason"),
    [
        ("Prefecture", "cn:530724", "is a County already and cannot be a Prefecture too: give it another id"),
        ("Company", "cn:530724", "must begin with org: or ftm: and hold no spaces"),
    ],
)
async def test_what_is_a_county_cannot_be_something_else(
    placed: Graph, tmp_path: Path, entity: str, id_: str, reason: str
) -> None:
    async with unchanged(placed):
        report = await load(placed, tmp_path, of({"entity": entity, "id": id_, "name": "宁蒗"}))
    assert (report.written, [(i.column, i.value) for i in report.issues]) == (False, [("id", id_)])
    assert reason in report.issues[0].reason


async def test_rows_of_one_load_that_disagree_on_a_type_are_both_refused(graph: Graph, tmp_path: Path) -> None:
    rows = [COMPANY, {**COMPANY, "entity": "Agency"}, {**COMPANY, "id": "org:fine"}]
    report = await load(graph, tmp_path, of(*rows))
    assert [(i.line, i.reason.split(":")[0]) for i in report.issues] == [
        (2, "is a Agency already and cannot be a Company too"),
        (3, "is a Company already and cannot be a Agency too"),
    ]
    assert await entities(graph, "Organization") == {("org:fine",)}


# --- the same graph by every way --------------------------------------------------------------------------------------


async def everything(graph: Graph, folder: Path, *, reverse: bool = False, twice: bool = False) -> Report:
    """Some of everything, as three files of one dataset and one that reads the same page."""
    files = {
        "entities.csv": of(
            COMPANY,
            {"entity": "Project", "id": "project:road", "name": "宁蒗路", "UNDER": "programme:hu-dian"}
            | {"LOCATED_IN": "cn:530724;cn:530700", "total_investment": "5.5", "currency": "CNY"},
            {"entity": "Observation", "id": "observation:x", "indicator": "poverty_rate", "value": "2.030"},
        ),
        "claims.csv": sums(
            {},
            {},
            {"amount": "7", "measure": "a", "part_of": "whole"},
            {"amount": "70", "measure": "b", "row_id": "whole", "note": "寧蒗"},
            {"from": "org:sz", "to": "project:road", "class": "investment", "programme": "沪滇协作"},
            {"source": "", "valid_from": "2016", "valid_to": "2021-05"},
        ),
        "pairs.csv": of(PAIR, PAIR, {**PAIR, "to": "530724", "valid_from": "2021", "programme": "programme:hu-dian"}),
    }
    if reverse:
        files = {name: files[name] for name in reversed(files)}
    for _ in range(2 if twice else 1):
        report = await load(graph, folder, files, "everything", force=True)
        other = await load(graph, folder, sums({"amount": "99", "confidence": "high"}), "other", force=True)
        assert (report.issues, other.issues) == ([], [])
    return report


@pytest.mark.soak_on_neo4j
async def test_the_graph_is_the_same_by_every_way(
    placed: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = await everything(placed, tmp_path)
    descriptions, links, rows = 4, 3, 6 + 2  # the file too; LOCATED_IN twice and UNDER; a pair given twice is one
    assert report.counts == Counts(new=descriptions + links + rows, entities_new=5)
    assert (report.rows, report.entities, report.claims, report.rejected) == (12, 4, 15, 0)  # the page is only cited
    plain = await same_on_both(placed, "everything")
    again = await everything(placed, tmp_path, twice=True)
    assert (again.counts.new, again.counts.changed, again.counts.retracted) == (0, 0, 0)
    assert await dump_hash(placed) == plain
    for reverse, batch in ((True, 5_000), (False, 3), (True, 1)):
        await wipe(placed)
        await load_places(placed, tmp_path)
        monkeypatch.setitem(write.load.__kwdefaults__, "batch", batch)
        await everything(placed, tmp_path, reverse=reverse)
        assert await dump_hash(placed) == plain, (reverse, batch)


async def test_counts_are_exact_over_small_batches(placed: Graph, tmp_path: Path, batches_of_three: None) -> None:
    await load(placed, tmp_path, sums(*many(10)), "a")
    shared = {"measure": "shared", "source": PAGE}
    await load(placed, tmp_path, sums(shared, KEEP), "b")
    rows = [*many(7), shared, *({**row, "amount": "9.99"} for row in many(2, 7)), *many(3, 20)]
    report = await load(placed, tmp_path, sums(*rows), "a")
    assert report.counts == Counts(new=3, changed=2, unchanged=8, supported=1, retracted=1)
    run = "MATCH (r:LoadRun {dataset: 'a'}) RETURN r.new, r.changed, r.unchanged, r.supported, r.retracted, r.state"
    assert [row[:6] for row in await placed.rows(f"{run} ORDER BY r.sequence DESC LIMIT 1")] == [
        [3, 2, 8, 1, 1, "done"]
    ]


# --- what a run may retract -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "kept", "allowed"),
    [
        (20, 10, True),  # half of them, but only ten rows
        (20, 9, False),  # eleven rows and more than a fifth
        (100, 80, True),  # twenty rows, exactly a fifth
        (100, 79, False),
        (3, 1, True),
        (3, 0, False),  # everything
    ],
)
async def test_a_load_retracts_no_more_than_it_may(
    placed: Graph, tmp_path: Path, rows: int, kept: int, allowed: bool
) -> None:
    await load(placed, tmp_path, sums(*many(rows)))
    left = sums(*many(kept)) if kept else (list({**SUM, "measure": ""}), [])
    gone = rows - kept
    if allowed:
        assert (await load(placed, tmp_path, left)).counts == Counts(unchanged=kept + 1, retracted=gone)
    else:
        async with unchanged(placed):
            with pytest.raises(RetractionRefused) as refused:
                await load(placed, tmp_path, left)
        assert f"would retract {gone} of the {rows} claims its dataset supports; nothing was written" in str(
            refused.value
        )
        assert "--allow-retract" in str(refused.value)
        assert "--append" in str(refused.value)
        async with unchanged(placed):
            appended = await load(placed, tmp_path, left, append=True, dry_run=True)
        assert appended.issues == []
        told = await load(placed, tmp_path, left, allow_retract=True)
        assert told.counts == Counts(unchanged=kept + 1, retracted=gone)
    assert len(await claims(placed, "FUNDS", "measure")) == kept


async def test_everything_replaced_is_everything_gone(placed: Graph, tmp_path: Path) -> None:
    await load(placed, tmp_path, sums({"measure": "old"}))
    async with unchanged(placed):
        with pytest.raises(RetractionRefused, match="would retract 1 of the 1 claims"):
            await load(placed, tmp_path, sums({"measure": "new"}))


async def test_append_never_retracts(placed: Graph, tmp_path: Path) -> None:
    await load(placed, tmp_path, sums(*many(30)))
    report = await load(placed, tmp_path, sums({**many(1)[0], "amount": "5"}, *many(1, 50)), append=True)
    assert report.counts == Counts(new=1, changed=1, unchanged=1)
    assert len(await claims(placed, "FUNDS", "measure")) == 31
    empty = await load(placed, tmp_path, ([*SUM, "measure"], []), append=True)
    assert empty.counts == Counts(unchanged=1)
    assert len(await claims(placed, "FUNDS", "measure")) == 31


async def test_append_tells_of_figures_that_it_replaces(placed: Graph, tmp_path: Path) -> None:
    await load(placed, tmp_path, sums({"amount": "10"}, {"valid_from": "2018"}))
    feb = {"feb.csv": sums({"amount": "20"}, {"valid_from": "2018", "amount": "100.00"}, {"valid_from": "2020"})}
    checked = await load(placed, tmp_path, feb, append=True, dry_run=True)
    report = await load(placed, tmp_path, feb, append=True)
    told = (
        "1 figure(s) take the place of others that the dataset holds for the same parties, class, time and source: a fact "
        "has one figure. Where both are to stand, give each a transaction or a measure of its own, or load the file as "
        "another dataset: feb.csv, line 2: 20 in the place of 10 CNY"
    )
    assert (report.notes, checked.notes, report.replaced, checked.replaced) == ([told], [told], 1, 1)
    assert {row[2:] for row in await claims(placed, "FUNDS", "amount_text", "valid_from")} == {
        ("20", "2019"), ("100.00", "2018"), ("100", "2020"),
    }  # fmt: skip
    again = await load(placed, tmp_path, feb, append=True, force=True)
    assert (again.notes, again.replaced, again.counts.changed) == ([], 0, 0)
    march = {"mar.csv": sums({"amount": "30", "transaction": "march"})}
    third = await load(placed, tmp_path, march, append=True)
    assert (third.replaced, third.counts.new, third.counts.changed) == (0, 1, 0)


async def test_append_tells_of_its_own_reading_where_another_counts(placed: Graph, tmp_path: Path) -> None:
    await load(placed, tmp_path, sums({"amount": "10"}), "a")
    await load(placed, tmp_path, sums({"amount": "11"}), "b")
    report = await load(placed, tmp_path, {"more.csv": sums({"amount": "12"})}, "b", append=True)
    assert report.replaced == 1 and report.notes[-1].endswith("more.csv, line 2: 12 in the place of 11 CNY")


async def test_an_expected_number_of_rows_is_kept_to(placed: Graph, tmp_path: Path) -> None:
    async with unchanged(placed):
        with pytest.raises(LoadError, match="data has 2 rows and should have 3: nothing was written"):
            await load(placed, tmp_path, sums({}, {}), passport=pipeline.Passport(title="T", rows=3))


# --- rows that are left out -------------------------------------------------------------------------------------------


async def test_one_bad_row_is_named_and_the_rest_is_loaded(placed: Graph, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.csv"
    rows = [*many(4), {**many(1, 4)[0], "amount": "12 million"}, *many(4, 5)]
    report = await load(placed, tmp_path, sums(*rows), rejects=rejects)
    reason = "'12 million': the unit million belongs in the header; or write the number without it"
    assert report.issues == [Issue(file="data.csv", line=6, column="amount", value="12 million", reason=reason)]
    assert str(report.issues[0]) == f"data.csv, line 6, column amount: {reason}"
    assert (report.rows, report.rejected, report.written, report.rejects) == (9, 1, True, rejects)
    assert {row[2] for row in await claims(placed, "FUNDS", "measure")} == {f"m{n}" for n in (0, 1, 2, 3, 5, 6, 7, 8)}
    with rejects.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [
            ["file", "line", "column", "value", "reason"],
            ["data.csv", "6", "amount", "12 million", reason],
        ]


async def test_a_cell_that_looks_like_a_formula_is_kept_from_being_one(placed: Graph, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.csv"
    cells = ["=1+1", "+1 x", "-x", "@SUM(A1)", "plain"]
    report = await load(placed, tmp_path, sums({}, *({"valid_from": cell} for cell in cells)), rejects=rejects)
    assert report.rejected == 5
    with rejects.open(encoding="utf-8-sig", newline="") as file:
        assert [row["value"] for row in csv.DictReader(file)] == ["'=1+1", "'+1 x", "'-x", "'@SUM(A1)", "plain"]


async def test_nothing_is_written_when_every_row_is_bad(placed: Graph, tmp_path: Path) -> None:
    async with unchanged(placed):
        report = await load(placed, tmp_path, sums({"amount": "x"}, {"to": "999999"}))
    assert (report.rejected, report.written, report.counts) == (2, False, Counts())
    assert [(i.line, i.column) for i in report.issues] == [(2, "amount"), (3, "to")]


async def test_a_dry_run_checks_everything_and_writes_nothing(placed: Graph, tmp_path: Path) -> None:
    async with unchanged(placed):
        report = await load(placed, tmp_path, sums({}, {"amount": "x"}), dry_run=True)
    assert (report.rows, report.rejected, report.claims, report.written) == (2, 1, 2, False)


async def test_rows_that_were_rejected_load_when_what_they_name_has_come(placed: Graph, tmp_path: Path) -> None:
    rows = sums({}, {"from": "org:sz"})
    assert (await load(placed, tmp_path, rows)).rejected == 1
    await load(placed, tmp_path, of(COMPANY), "companies")
    report = await load(placed, tmp_path, rows)
    assert (report.unchanged_files, report.rejected, report.counts) == (False, 0, Counts(new=1, unchanged=2))


async def test_a_row_goes_with_the_one_it_is_part_of(placed: Graph, tmp_path: Path) -> None:
    rows = [{"measure": "a", "row_id": "a", "to": "cn:999999"}, {"measure": "b", "row_id": "b", "part_of": "a"}]
    report = await load(placed, tmp_path, sums(*rows, {"measure": "c", "part_of": "b"}, {"measure": "d"}))
    assert [(i.line, i.column, i.value) for i in report.issues] == [
        (2, "to", "cn:999999"),
        (3, "part_of", "a"),
        (4, "part_of", "b"),
    ]
    assert {row[2] for row in await claims(placed, "FUNDS", "measure")} == {"d"}


#: Name → table, column, value and parts of the reason of its one issue.
BAD_ROWS: dict[str, tuple[Table, str, str, tuple[str, ...]]] = {
    "unknown relationship": (
        sums({"relationship": "GIVES"}),
        "relationship",
        "GIVES",
        ("'GIVES': is not one of BORDERS, BUYS_FROM,",),
    ),
    "unknown code": (sums({"class": "grant"}), "class", "grant", ("is not one of budget, commitment,",)),
    "unknown entity type": (of({**COMPANY, "entity": "Firm"}), "entity", "Firm", ("is not one of Agency,",)),
    "a type no row may have": (
        of({**COMPANY, "entity": "LoadRun", "id": "run:1"}),
        "entity",
        "LoadRun",
        ("not one of",),
    ),
    "ambiguous name": (
        sums({"to": "", "to_name": "朝阳区"}),
        "to_name",
        "朝阳区",
        (
            "2 places are called this: cn:110105 朝阳区 (北京市); cn:220104 朝阳区 (长春市).",
            "Give the code, the names of what it lies in before it, or the parent in the column to_within",
        ),
    ),
    "a name in the wrong place": (
        sums({"to": "", "to_name": "朝阳区", "to_within": "上海市"}),
        "to_name",
        "朝阳区",
        ("no place, group or programme of this name within 上海市 is known",),
    ),
    "unknown name": (sums({"from": "", "from_name": "某地"}), "from_name", "某地", ("of this name is known",)),
    "no end": (sums({"to": ""}), "to", "", ("is empty: give an id, a code or a name",)),
    "unknown place code": (sums({"to": "119999"}), "to", "119999", ("is no code of a known place",)),
    "place code with a letter O": (sums({"to": "11O105"}), "to", "11O105", ("the letter O for a zero?",)),
    "code and name that disagree": (
        sums({"to": "530724", "to_name": "丽江市"}),
        "to",
        "530724 丽江市",
        ("530724 is 宁蒗彝族自治县, not 丽江市: correct the code or the name",),
    ),
    "impossible date": (
        sums({"valid_from": "2019-02-30"}),
        "valid_from",
        "2019-02-30",
        ("no day or month of the calendar",),
    ),
    "ambiguous date": (sums({"valid_from": "01/02/2019"}), "valid_from", "01/02/2019", ("is ambiguous",)),
    "backward span": (sums({"valid_from": "2020..2019"}), "valid_from", "2020..2019", ("ends before it begins",)),
    "amount with a unit": (
        sums({"amount": "12 million"}),
        "amount",
        "12 million",
        ("the unit million belongs in the header",),
    ),
    "amount that is no number": (sums({"amount": "NaN"}), "amount", "NaN", ("is no number",)),
    "amount with an exponent": (sums({"amount": "1e6"}), "amount", "1e6", ("written with an exponent",)),
    "amount too large": (sums({"amount": "92233720368547758.08"}), "amount", "92233720368547758.08", ("is beyond",)),
    "amount without currency": (sums({"currency": ""}), "currency", "", ("an amount needs its currency",)),
    "amount of another currency": (sums({"amount": "$5"}), "amount", "$5", ("does not agree with the currency CNY",)),
    "unclear currency": (sums({"currency": "$"}), "currency", "$", ("write the ISO 4217 code",)),
    "amount without class": (sums({"class": ""}), "class", "", ("an amount needs its class",)),
    "end before start": (
        sums({"valid_from": "2019-07", "valid_to": "2019-06"}),
        "valid_to",
        "2019-06",
        ("lies before the start 2019-07",),
    ),
    "seen before it began": (
        of({**PAIR, "valid_from": "2019-07", "seen_until": "2019-06"}),
        "seen_until",
        "2019-06",
        ("lies before the start 2019-07",),
    ),
    "kind of an end that is not": (sums({"valid_to_basis": "derived"}), "valid_to", "", ("but valid_to_basis says",)),
    "low above high": (sums({"low": "2", "high": "1.5"}), "low", "2", ("is more than high, 1.5",)),
    "negative count": (sums({"projects": "-1"}), "projects", "-1", ("a count lies between 0 and",)),
    "count with decimals": (sums({"projects": "1.5"}), "projects", "1.5", ("a whole number is needed",)),
    "end of a type that may not stand there": (
        of({**PAIR, "to": "programme:hu-dian"}),
        "to",
        "programme:hu-dian",
        ("is a Programme; here must stand a Place or a PlaceGroup or a Organization",),
    ),
    "unknown id": (sums({"from": "org:nobody"}), "from", "org:nobody", ("not in the graph and not in these files",)),
    "unknown programme": (sums({"programme": "某协作"}), "programme", "某协作", ("is known",)),
    "unknown project": (
        sums({"about": "project:none"}),
        "about",
        "project:none",
        ("not in the graph and not in these files",),
    ),
    "about that is no project": (sums({"about": "cn:530000"}), "about", "cn:530000", ("here must stand a Project",)),
    "a loop": (of({**PAIR, "to": "310000"}), "to", "cn:310000", ("PAIRED_WITH cannot go from cn:310000 to itself",)),
    "a place in itself": (
        of({"entity": "Prefecture", "id": "cn:441900", "name": "东莞市", "PART_OF": "cn:441900"}),
        "PART_OF",
        "cn:441900",
        ("PART_OF cannot go from cn:441900 to itself",),
    ),
    "a parent of an unknown code": (
        of({"entity": "Prefecture", "id": "cn:441900", "name": "东莞市", "PART_OF": "440000"}),
        "PART_OF",
        "440000",
        ("is no code of a known place",),
    ),
    "part of no row": (sums({"part_of": "x"}), "part_of", "x", ("is no row_id of this load",)),
    "certainty of no part": (sums({"part_of_certainty": "stated"}), "part_of", "", ("but part_of_certainty is given",)),
    "property of another type": (of({**PAIR, "amount": "5"}), "amount", "5", ("PAIRED_WITH has no such property",)),
    "purchase that may be help": (sums({"relationship": "BUYS_FROM"}), "kind", "", ("it decides whether it is help",)),
    "source that is no address": (sums({"source": "a page"}), "source", "a page", ("must be an http address",)),
    "address with a password": (
        sums({"source": "https://u:p@example.org"}),
        "source",
        "https://u:p@example.org",
        ("holds a user name or a password",),
    ),
    "id with a space": (of({**COMPANY, "id": "org:a b"}), "id", "org:a b", ("hold no spaces",)),
    "required property": (
        of({"entity": "Observation", "id": "observation:x", "value": "1"}),
        "indicator",
        "",
        ("is empty: Observation needs it",),
    ),
    "control character": (sums({"note": "a\x1b[31m"}), "note", "a\x1b[31m", ("the control character U+001B",)),
    "cut line": ("relationship,from,to,note\nPAIRED_WITH,310000\n", "to", "", ("cut line: 2 of 4 columns",)),
    "too many cells": (
        "relationship,from,to\nPAIRED_WITH,310000,530000,x\n",
        "",
        "x",
        ("too many cells: 4 for 3 columns",),
    ),
    "quote that is never closed": (
        'relationship,from,to\nPAIRED_WITH,"310000,530000\n',
        "",
        "",
        ("a quote opened in line 2 is never closed",),
    ),
}

#: Name → table and parts of the message of a file that is refused as a whole.
BAD_FILES: dict[str, tuple[Table, tuple[str, ...]]] = {
    "missing column": ("relationship,from,amount\nFUNDS,310000,1\n", ("line 1", "has no column to: add it")),
    "no id": ("entity,name\nCompany,x\n", ("line 1", "has no column id: add it")),
    "unknown column": (
        "relationship,from,to,colour\nPAIRED_WITH,310000,530000,red\n",
        ("columns no template has: colour",),
    ),
    "no template and no mapping": ("who,whom\na,b\n", ("is none of the templates", "fits no mapping")),
    "duplicated header": (
        "relationship,from,to,note,note\nPAIRED_WITH,1,2,a,b\n",
        ("two columns are named 'note'", "D and E"),
    ),
    "one column in two scripts": ("relationship,from,起点,to\nPAIRED_WITH,1,1,2\n", ("two columns for from",)),
    "NUL": ("relationship,from,to\nPAIRED_WITH,\0,530000\n", ("line 2", "NUL character, so this is no text")),
    "nothing": ("", ("the file is empty",)),
    "blank lines only": ("\n\n", ("a header line is needed",)),
    "cell in a column without a name": (
        "relationship,from,to,\nPAIRED_WITH,310000,530000,x\n",
        ("line 2", "column D has data"),
    ),
}


async def test_bad_rows_are_told_with_their_cell_and_change_nothing(placed: Graph, tmp_path: Path) -> None:
    faults: list[str] = []
    async with unchanged(placed):
        for name, (content, column, value, parts) in BAD_ROWS.items():
            report = await load(placed, tmp_path, content)
            found = [(i.file, i.line, i.column, i.value) for i in report.issues]
            if found != [("data.csv", 2, column, value)] or report.written:
                faults.append(f"{name}: {found} {[i.reason for i in report.issues]}")
            reasons = "".join(issue.reason for issue in report.issues)
            faults += [f"{name}: {part!r} not in {reasons!r}" for part in parts if part not in reasons]
    assert faults == []


async def test_bad_files_are_refused_as_a_whole(placed: Graph, tmp_path: Path) -> None:
    for name, (content, parts) in BAD_FILES.items():
        async with unchanged(placed, name):
            with pytest.raises((LoadError, UnreadableFile)) as refused:
                await load(placed, tmp_path, content)
        for part in ("data.csv", *parts):
            assert part in str(refused.value), name


async def test_a_lone_surrogate_cannot_come_in_by_a_file(placed: Graph, tmp_path: Path) -> None:
    file = tmp_path / "data.csv"
    file.write_bytes(b"relationship,from,to,note\nPAIRED_WITH,310000,530000,\xed\xa0\x80\n")
    async with unchanged(placed):
        with pytest.raises(UnreadableFile, match="line 2: byte"):
            await pipeline.load(placed, [file], pipeline.Options(dataset="data"))


# --- places by code and by name ---------------------------------------------------------------------------------------


async def test_places_by_code_by_name_and_within_their_parents(placed: Graph, tmp_path: Path) -> None:
    ends: dict[tuple[str, str, str], str] = {
        ("530724", "", ""): "cn:530724",
        ("cn:530724", "", ""): "cn:530724",
        ("530724", "宁蒗县", ""): "cn:530724",
        ("53", "", ""): "cn:530000",
        ("530724000000", "", ""): "cn:530724",
        ("", "宁蒗彝族自治县", ""): "cn:530724",
        ("", "宁蒗县", ""): "cn:530724",
        ("", "宁蒗", ""): "cn:530724",
        ("", "寧蒗", ""): "cn:530724",
        ("", "ninglang", ""): "cn:530724",
        ("", "朝阳区", "北京市"): "cn:110105",
        ("", "朝阳区", "cn:110000"): "cn:110105",
        ("", "朝阳区", "220000"): "cn:220104",  # its parent's parent
        ("", "朝阳", "长春"): "cn:220104",
        ("", "Yunnan", ""): "cn:530000",
        ("", "中国", ""): "iso:CN",
    }
    rows = [
        {**PAIR, "to": code, "to_name": name, "to_within": within, "note": f"{code}|{name}|{within}"}
        for code, name, within in ends
    ]
    report = await load(placed, tmp_path, of(*rows))
    assert report.issues == []
    found = {(row[2], row[1]) for row in await claims(placed, "PAIRED_WITH", "note")}
    assert found == {("|".join(key), id_) for key, id_ in ends.items()}


async def test_a_code_used_again_is_the_place_it_meant_then(placed: Graph, tmp_path: Path) -> None:
    header = (
        "donor_code,donor_name,recipient_code,recipient_name,programme,valid_from,valid_to,source_url,code_basis,note"
    )
    rows = [
        "330102,上城区,530724,宁蒗彝族自治县,沪滇协作,2021-05,,https://example.org/1,201612,revision before",
        "330102,上城区,530724,宁蒗彝族自治县,沪滇协作,2016,,https://example.org/2,2023,revision after",
        "330102,上城区,530724,宁蒗彝族自治县,沪滇协作,2016,,https://example.org/3,,date before",
        "330102,上城区,530724,宁蒗彝族自治县,沪滇协作,2022,,https://example.org/4,,date after",
        ",上城区,530724,宁蒗彝族自治县,沪滇协作,2016-10-27,,https://example.org/5,,name and date before",
        ",上城区,530724,宁蒗彝族自治县,沪滇协作,,,https://example.org/6,,name without a date",
        "cn:330102,上城区,530724,宁蒗彝族自治县,沪滇协作,,,https://example.org/7,,its id",
    ]
    report = await load(placed, tmp_path, "\n".join([header, *rows, ""]))
    assert (report.mapping, report.issues) == ("pairings", [])
    assert {(row[2], row[0]) for row in await claims(placed, "PAIRED_WITH", "note")} == {
        ("revision before", "cn:330102"),
        ("revision after", "cn:330102@2021"),
        ("date before", "cn:330102"),
        ("date after", "cn:330102@2021"),
        ("name and date before", "cn:330102"),
        ("name without a date", "cn:330102@2021"),
        ("its id", "cn:330102"),
    }
    assert {row[2] for row in await claims(placed, "PAIRED_WITH", "programme", "note")} == {"programme:hu-dian"}


async def test_places_of_the_same_file_can_be_named_and_nested(graph: Graph, tmp_path: Path) -> None:
    rows = [
        {"entity": "Province", "id": "cn:530000", "name": "云南省", "code": "530000"},
        {"entity": "Prefecture", "id": "cn:530700", "name": "丽江市", "code": "530700", "PART_OF": "530000"},
        {"entity": "County", "id": "cn:530724", "name": "宁蒗彝族自治县", "code": "530724", "PART_OF": "5307"},
    ]
    pair = {**PAIR, "from": "530000", "to": "", "to_name": "宁蒗县", "to_within": "云南"}
    report = await load(graph, tmp_path, {"a.csv": of(*rows), "b.csv": of(pair)})
    assert report.issues == []
    assert await claims(graph, "PART_OF") == {("cn:530700", "cn:530000"), ("cn:530724", "cn:530700")}
    assert await claims(graph, "PAIRED_WITH") == {("cn:530000", "cn:530724")}


async def test_headers_and_codes_may_be_chinese(placed: Graph, tmp_path: Path) -> None:
    content = "关系,起点,终点名称,金额,币种,资金类别,开始日期,来源\n资助,310000,宁蒗县,1,人民币,预算,2019年7月," + PAGE
    report = await load(placed, tmp_path, content + "\n")
    assert report.issues == []
    assert await claims(placed, "FUNDS", "amount", "currency", "class", "valid_from") == {
        ("cn:310000", "cn:530724", 100, "CNY", "budget", "2019-07")
    }


def test_a_dataset_is_named_after_its_file_or_folder(tmp_path: Path) -> None:
    a, b = table(tmp_path / "a.csv", "x"), table(tmp_path / "b.csv", "x")
    (tmp_path / "c").mkdir()
    assert pipeline.dataset_name([a]) == "a"
    assert pipeline.dataset_name([a, b]) == tmp_path.name
    with pytest.raises(LoadError, match="--dataset NAME"):
        pipeline.dataset_name([a, table(tmp_path / "c" / "c.csv", "x")])
