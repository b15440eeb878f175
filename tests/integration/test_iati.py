"""IATI files in the graph: what each element comes to, exact sums, stubs that a later file fills."""

import csv
import json
import shutil
from collections import defaultdict
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.schema import own_schema
from cli.main import app
from graph.engine import Graph
from graph.money import minor_units
from loaders import pipeline
from loaders.iati.flows import TYPES
from loaders.records import Report
from tests.checks import SHARED, claims, entities, same_on_both, unchanged, wipe
from tests.questions import Question, answer, answering

DATA = Path(__file__).parents[1] / "data" / "iati"
needs_files = pytest.mark.skipif(
    not (SHARED / "iati" / "counts.csv").is_file(), reason="the files of real publishers are not at hand"
)
DONOR, PARTNER = "iati:XM-TEST-1-P", "iati:SN-TEST-2-A"
MINISTRY, WELLS = "org:XM-TEST-1", "org:SN-TEST-2"
SECONDARY = "iati:XM-TEST-1-S"


async def load(graph: Graph, *names: str, dataset: str = "iati", **options: object) -> Report:
    files = [Path(name) if "/" in name else DATA / name for name in names]
    return await pipeline.load(graph, files, pipeline.Options(dataset=dataset, **options))  # pyright: ignore[reportArgumentType]


async def test_an_activity_whole(graph: Graph) -> None:
    report = await load(graph, "donor.xml")
    assert (report.rows, report.rejected, report.issues) == (11, 0, [])
    assert report.notes == ["donor.xml: IATI 2.03: 2 activities, 2 budgets, 1 planned-disbursements, 6 transactions"]
    said = ("name", "name_en", "aliases", "identifier", "status", "hierarchy", "secondary", "description")
    assert await entities(graph, "Project", *said) == {
        (
            DONOR,
            "Water programme",
            "Water programme",
            None,
            "XM-TEST-1-P",
            "Implementation",
            "1",
            None,
            "Wells for the north.",
        ),
        (SECONDARY, "Don d'un tiers", "Gift of a third", None, "XM-TEST-1-S", None, None, True, None),
        (PARTNER, *[None] * 8),
        ("iati:XM-TEST-1-P-1", *[None] * 8),
    }
    dates = ("planned_start", "valid_from", "planned_end", "valid_to")
    assert (DONOR, "2019-01-01", "2019-02-01", "2022-12-31", None) in await entities(graph, "Project", *dates)
    assert await entities(graph, "Organization", "name", "kind", "identifiers") == {
        (MINISTRY, "Ministry of Aid", "Government", ("org-id:XM-TEST-1",)),
        (WELLS, "Eau pour tous", "National NGO", ("org-id:SN-TEST-2",)),
        ("org:XM-TEST-1:forages-cie", "Forages & Cie", None, None),
        ("org:XM-TEST-1:a-friend", "A friend", None, None),
    }
    assert await claims(graph, "PARTICIPATES_IN", "role", "activity") == {
        (MINISTRY, DONOR, "reporting", None),
        (MINISTRY, DONOR, "funding", None),
        (WELLS, DONOR, "implementing", PARTNER),
        (MINISTRY, SECONDARY, "reporting", None),
    }
    assert await claims(graph, "LOCATED_IN", "share") == {
        (DONOR, "iso:SN", "80"),
        (DONOR, "group:dac-298", "20"),
        (DONOR, "geonames:2475741", None),
    }
    assert await claims(graph, "PART_OF") == {("geonames:2475741", "iso:SN")}
    place = ("name", "kind", "latitude", "longitude")
    assert await entities(graph, "Locality", *place) == {
        ("geonames:2475741", "Région de Louga", "Administrative Region", 15.4, -15.0)
    }
    assert await entities(graph, "Country", "name", "aliases") == {("iso:SN", "Senegal", None)}
    assert await claims(graph, "HAS_SECTOR", "percentage", "certainty") == {
        (DONOR, "sector:dac-5:14030", "100", "stated"),
        (DONOR, "sector:XM-TEST-1-99:W", "100", "stated"),
        (DONOR, "sector:dac-5:14021", None, "implied"),
    }
    assert await claims(graph, "RELATED_TO", "type") == {(DONOR, "iati:XM-TEST-1-P-1", "child")}
    assert await graph.value("MATCH (e:Entity) WHERE e.name CONTAINS 'Private' RETURN count(e)") == 0


async def test_money_of_an_activity(graph: Graph) -> None:
    await load(graph, "donor.xml")
    ends = ("class", "amount", "amount_text", "currency", "provider", "receiver")
    assert await claims(graph, "FUNDS", *ends) == {
        (DONOR, DONOR, "budget", 100000000, "1000000", "EUR", None, None),
        (DONOR, DONOR, "budget", 90000000, "900000", "EUR", None, None),
        (DONOR, PARTNER, "planned_disbursement", 25000050, "250000.50", "EUR", MINISTRY, WELLS),
        (DONOR, DONOR, "commitment", 100000000, "1000000", "EUR", MINISTRY, None),
        (DONOR, PARTNER, "disbursement", 10000, "100.005", "USD", MINISTRY, WELLS),  # half-even
        (DONOR, "org:XM-TEST-1:forages-cie", "expenditure", -5000, "-50", "EUR", MINISTRY, None),
        ("org:XM-TEST-1:a-friend", DONOR, "incoming_commitment", 500, "5", "EUR", None, MINISTRY),
        # who reproduces others' data is nobody's provider
        (SECONDARY, SECONDARY, "disbursement", 700, "7", "EUR", None, None),
        (SECONDARY, SECONDARY, "incoming_funds", 800, "8", "EUR", None, None),
    }
    details = ("transaction", "basis", "measure", "value_date", "valid_from", "valid_to", "valid_to_basis")
    about = ("flow_type", "aid_type", "place", "sectors", "note", "reported_by", "locator")
    found = await claims(graph, "FUNDS", "class", *details, *about, where="a.id = 'iati:XM-TEST-1-P'")
    lost = "value-date as read: 'someday', which is no day"
    day = ("2019-03-01", "2019-03-01", "period")
    coded = ("B01", "iso:SN", ("sector:dac-5:14021",), "First instalment", MINISTRY)
    assert {row[2:] for row in found if row[2] in ("disbursement", "expenditure")} == {
        (
            "disbursement", "T2; 2019-03-01; 100.005 USD; 1", "reported", None, "2019-03-02", *day, "10", *coded,
            "line 43, transaction 2",
        ),
        (
            "expenditure", "2019-04-01; -50 EUR; 1", "reported", None, None, "2019-04-01", "2019-04-01", "period",
            "10", "C01", None, None, lost, MINISTRY, "line 51, transaction 3",
        ),
    }  # fmt: skip
    budgets = {row[3:10] for row in found if row[2] == "budget"}
    year = ("2019-01-01", "2019-01-01", "2019-12-31", "period")
    assert budgets == {(None, "planned", "original", *year), (None, "planned", "revised", *year)}


async def test_a_later_file_fills_a_stub_in_any_order(graph: Graph) -> None:
    await load(graph, "donor.xml", dataset="donor")
    assert await graph.value("MATCH (p {id: $p.id}) RETURN p.name", {"id": PARTNER}) is None
    report = await load(graph, "partner.xml", dataset="partner")
    assert report.counts.entities_new == 1  # its document; all else was named before
    assert await graph.value("MATCH (p {id: $p.id}) RETURN p.name", {"id": PARTNER}) == "Puits du nord"
    ends = ("class", "amount", "provider", "receiver", "reported_by")
    between = "a.id <> b.id AND a:Project AND b:Project AND c.class <> 'planned_disbursement'"
    assert await claims(graph, "FUNDS", *ends, where=between) == {
        (DONOR, PARTNER, "disbursement", 10000, MINISTRY, WELLS, MINISTRY),
        (DONOR, PARTNER, "incoming_funds", 10000, MINISTRY, WELLS, WELLS),
    }
    # an identifier of an organization in the place of an activity's is read as what it is
    assert (PARTNER, WELLS, "disbursement", 4000, WELLS, None, WELLS) in await claims(graph, "FUNDS", *ends)
    first = await same_on_both(graph, "donor, then partner")
    await wipe(graph)
    await load(graph, "partner.xml", dataset="partner")
    await load(graph, "donor.xml", dataset="donor")
    assert await same_on_both(graph, "partner, then donor") == first


async def test_an_organization_is_named_as_it_names_itself(graph: Graph) -> None:
    names = "MATCH (o {id: $p.id}) RETURN o.name"
    await load(graph, "partner.xml", dataset="a")
    assert await graph.value(names, {"id": MINISTRY}) == "Ministère"  # as a partner calls it, for want of others
    await load(graph, "donor.xml", dataset="z")
    assert await graph.value(names, {"id": MINISTRY}) == "Ministry of Aid"


async def test_the_forms_of_older_versions(graph: Graph) -> None:
    report = await load(graph, "old.xml")
    assert (report.rejected, report.notes[1:]) == (
        0,
        ["old.xml: a version before 2.01, or none: read as far as it maps to 2.03"],
    )
    port, bank = "iati:XM-TEST-9-1", "org:XM-TEST-9:bank-of-trade"
    assert (port, "A port", ("Un port",), "Completion", "2008-01-01") in await entities(
        graph, "Project", "name", "aliases", "status", "valid_from"
    )
    assert await claims(graph, "PARTICIPATES_IN", "role") == {
        ("org:XM-TEST-9", port, "reporting"),
        (bank, port, "funding"),
    }
    # the compilers take no part in it, so they are nobody's provider, whether they say so or not
    assert await claims(graph, "FUNDS", "class", "amount", "provider", "reported_by", "valid_from") == {
        (port, port, "commitment", 1050, None, "org:XM-TEST-9", "2008-01-01"),
        (port, port, "expenditure", 300, None, "org:XM-TEST-9", None),
    }
    assert await claims(graph, "LOCATED_IN") == {(port, "iso:MR"), (port, "geonames:2377450")}
    assert await claims(graph, "PART_OF") == {("geonames:2377450", "iso:MR")}
    assert await claims(graph, "HAS_SECTOR") == {(port, "sector:dac-5:21040")}
    assert await claims(graph, "RELATED_TO", "type") == {(port, "iati:XM-TEST-9-0", "parent")}


async def test_an_organisations_file(graph: Graph) -> None:
    report = await load(graph, "organisations.xml")
    assert [(issue.line, issue.column, issue.value) for issue in report.issues] == [
        (19, "recipient-country-budget/recipient-country/@code", "WB")
    ]
    assert report.issues[0].reason.endswith("(organisation XM-TEST-1)")
    assert (MINISTRY, "Ministry of Aid", ("Ministère de l'aide",)) in await entities(
        graph, "Organization", "name", "aliases"
    )
    assert await claims(graph, "FUNDS", "class", "basis", "amount", "reported_by") == {
        (MINISTRY, WELLS, "budget", "planned", 20000, MINISTRY),
        (MINISTRY, "iso:SN", "budget", "planned", 30000, MINISTRY),
        (MINISTRY, "group:dac-298", "budget", "planned", 40000, MINISTRY),
    }
    observed = ("indicator", "value", "unit", "basis", "valid_from", "valid_to")
    assert {row[1:] for row in await entities(graph, "Observation", *observed)} == {
        ("total_budget", "5000000", "EUR", "planned", "2020-01-01", "2020-12-31"),
        ("total_expenditure", "4100000.75", "EUR", "done", "2018-01-01", "2018-12-31"),
    }
    assert {row[1] for row in await claims(graph, "OBSERVED_AT")} == {MINISTRY}


async def test_twice_is_once_and_what_is_gone_is_retracted(graph: Graph, tmp_path: Path) -> None:
    path = tmp_path / "donor.xml"
    shutil.copy(DATA / "donor.xml", path)
    before = await load(graph, str(path))
    async with unchanged_claims(graph):
        again = await load(graph, str(path), force=True)
    assert (again.counts.new, again.counts.changed, again.counts.retracted) == (0, 0, 0)
    assert again.counts.unchanged == before.counts.new
    text = path.read_text("utf-8")
    first, last = text.index('<transaction ref="T1">'), text.index('<transaction ref="T2">')
    path.write_text(text[:first] + text[last:].replace("-50<", "-60<"), "utf-8")
    report = await load(graph, str(path))
    assert (report.counts.new, report.counts.changed, report.counts.retracted) == (1, 0, 2)
    assert {row[2] for row in await claims(graph, "FUNDS", "amount_text", where="c.retracted_at IS NOT NULL")} == {
        "1000000",
        "-50",
    }


def unchanged_claims(graph: Graph):
    """The same dump before and after; a run of its own is there."""
    from contextlib import asynccontextmanager

    from graph.dump import dump_hash

    @asynccontextmanager
    async def block():
        before = await dump_hash(graph, history=True)
        yield
        assert await dump_hash(graph, history=True) == before

    return block()


async def test_a_bad_transaction_is_named_and_the_rest_is_loaded(graph: Graph, tmp_path: Path) -> None:
    path = tmp_path / "donor.xml"
    path.write_text((DATA / "donor.xml").read_text("utf-8").replace(">100.005<", ">1e5<"), "utf-8")
    report = await load(graph, str(path), rejects=tmp_path / "rejects.csv")
    assert [str(issue) for issue in report.issues] == [
        "donor.xml, line 43, column transaction/value: '1e5': is written with an exponent, which loses digits; "
        "write the number out (activity XM-TEST-1-P)"
    ]
    assert (report.rejected, report.written) == (1, True)
    assert len(await claims(graph, "FUNDS", "class", "amount", "transaction")) == 8
    rows = list(csv.reader((tmp_path / "rejects.csv").read_text("utf-8-sig").splitlines()))
    assert [row[:4] for row in rows[1:]] == [["donor.xml", "43", "transaction/value", "1e5"]]


async def test_a_refused_file_changes_nothing(graph: Graph, tmp_path: Path) -> None:
    await load(graph, "donor.xml")
    path = tmp_path / "donor.xml"
    for text in (
        (DATA / "donor.xml").read_text("utf-8")[:-40],
        '<!DOCTYPE x [<!ENTITY a "b">]>' + (DATA / "donor.xml").read_text("utf-8").partition("\n")[2],
    ):
        path.write_text(text, "utf-8")
        async with unchanged(graph):
            with pytest.raises(pipeline.tabular.UnreadableFile):
                await load(graph, str(path))


async def test_an_id_that_is_something_else_takes_only_its_own_rows(graph: Graph, tmp_path: Path) -> None:
    """Units of one line are told apart: what clashes with the graph does not take its neighbours with it."""
    path = tmp_path / "one-line.xml"
    path.write_text((DATA / "donor.xml").read_text("utf-8").replace("\n", ""), "utf-8")
    clash = tmp_path / "places.csv"
    clash.write_text("entity,id,name\nCompany,org:SN-TEST-2,Eau SA\nZone,iso:SN,no country\n", "utf-8")
    await load(graph, str(clash), dataset="places")
    report = await load(graph, str(path))
    told = {(issue.line, issue.value) for issue in report.issues}
    assert told == {(1, "iso:SN")}
    assert await claims(graph, "FUNDS", "class", "amount_text") >= {
        (DONOR, DONOR, "commitment", "1000000"),
        (DONOR, PARTNER, "planned_disbursement", "250000.50"),
    }


async def test_the_same_activity_in_two_files_is_told(graph: Graph, tmp_path: Path) -> None:
    again = tmp_path / "again.xml"
    again.write_text((DATA / "partner.xml").read_text("utf-8").replace("Puits du nord", "Puits"), "utf-8")
    report = await load(graph, "partner.xml", str(again))
    assert any("with an identifier that another has too" in note for note in report.notes)
    described = "MATCH (a {id: $p.id})-[c:DESCRIBED_IN]->() RETURN c.values CONTAINS 'Puits du nord', c.locator ORDER BY c.values"
    assert await graph.rows(described, {"id": PARTNER}) == [[True, "line 4"], [False, "line 4"]]
    # the same transactions are the same claims
    counted = "MATCH ()-[c:FUNDS]->() RETURN count(c), count(DISTINCT c.fact), count(DISTINCT c.id)"
    assert await graph.rows(counted) == [[2, 2, 2]]
    assert sum(report.figures.values()) == 2


async def test_planned_disbursements_of_a_period_are_added(graph: Graph, tmp_path: Path) -> None:
    path = tmp_path / "planned.xml"
    period = '<period-start iso-date="2020-01-01"/><period-end iso-date="2020-03-31"/>'
    planned = "".join(
        f'<planned-disbursement type="1">{period}<value value-date="2020-01-01">{amount}</value>'
        '<receiver-org ref="SN-TEST-2"/></planned-disbursement>'
        for amount in (1000, 2500)
    )
    budgets = "".join(f'<budget>{period}<value value-date="2020-01-01">{n}</value></budget>' for n in (7, 8))
    path.write_text(
        '<iati-activities version="2.03"><iati-activity default-currency="USD"><iati-identifier>XM-TEST-1-Q</iati-identifier>'
        f'<recipient-country code="SN"/>{planned}{budgets}</iati-activity></iati-activities>',
        "utf-8",
    )
    report = await load(graph, str(path))
    assert report.sums["FUNDS", "planned_disbursement", "USD"] == 3500
    query = (
        "{ flows(groupBy: [RECIPIENT], classes: [PLANNED_DISBURSEMENT, BUDGET]) { nodes { class sum added facts } } }"
    )
    told = await answer(answering(graph, own_schema()).compiled, Question(name="q", query=query, variables={}))
    rows = {row.pop("class"): row for row in json.loads(told)["data"]["flows"]["nodes"]}
    assert rows["PLANNED_DISBURSEMENT"] == {"sum": "3500", "added": 2, "facts": 2}
    # a budget of a period is one, by the standard: what is given again is another value of it
    assert (rows["BUDGET"]["facts"], rows["BUDGET"]["sum"] in ("7", "8")) == (1, True)
    assert [note.partition(",")[0] for note in report.notes[1:]] == ["1 figure(s) stand more than once"]


# --- real files -------------------------------------------------------------------------------------------------------

Sums = dict[tuple[str, str], tuple[int, Decimal]]


def expected() -> dict[str, tuple[int, int, Sums]]:
    """By file: activities, transactions, and by class and currency how many and their exact sum."""
    counted: dict[str, tuple[int, int]] = {}
    sums: dict[str, Sums] = defaultdict(dict)
    with (SHARED / "iati" / "counts.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["activities"]:
                counted[row["file"]] = int(row["activities"]), int(row["transactions"])
            else:
                key = TYPES[row["transaction_type"]][0], row["currency"]
                sums[row["file"]][key] = int(row["n"]), Decimal(row["exact_sum"])
    return {file: (*counts, sums[file]) for file, counts in counted.items()}


def summed(report: Report) -> Sums:
    """Of transactions; budgets and plans aside."""
    return {
        (class_, currency): (report.figures[type_, class_, currency], total)
        for (type_, class_, currency), total in report.sums.items()
        if class_ not in ("budget", "planned_disbursement")
    }


@needs_files
async def test_checks_of_real_files_count_and_sum_exactly(graph: Graph) -> None:
    files = expected()
    assert len(files) == 10
    for name, (activities, transactions, sums) in files.items():
        report = await load(graph, str(SHARED / "iati" / name), dry_run=True)
        assert summed(report) == sums, name
        assert f": {activities:,} activities" in report.notes[0], name
        assert not transactions or f" {transactions:,} transactions" in report.notes[0], name
        assert (report.rejected, report.issues) == (0, []), name


#: Loaded in every test run; the others in `make soak`.
SMALL = (
    "okfn/who-arg.xml",
    "hdx/foodsecurity.xml",
    "okfn/wri-521257057-strategic-plan-2023-2027.xml",
    "okfn/usaid-bb.xml",
)


async def stored(graph: Graph, dataset: str) -> dict[tuple[str, str], tuple[int, int, Decimal, int]]:
    """By class and currency: how many, the sum stored, the exact sum, and that of each value rounded by itself."""
    found: dict[tuple[str, str], tuple[int, int, Decimal, int]] = {}
    query = (
        "MATCH ()-[c:FUNDS]->() WHERE $p.dataset IN c.datasets AND c.basis = 'reported' "
        "RETURN c.class, c.currency, c.amount, c.amount_text"
    )
    for class_, currency, amount, text in await graph.rows(query, {"dataset": dataset}):
        n, minor, exact, rounded = found.get((class_, currency), (0, 0, Decimal(0), 0))
        each = (Decimal(text) * 10 ** minor_units(currency)).to_integral_value(ROUND_HALF_EVEN)
        found[class_, currency] = n + 1, minor + amount, exact + Decimal(text), rounded + int(each)
    return found


async def assert_stored(graph: Graph, name: str, sums: Sums) -> None:
    dataset = Path(name).stem
    report = await load(graph, str(SHARED / "iati" / name), dataset=dataset)
    assert report.written and summed(report) == sums
    found = await stored(graph, dataset)
    assert {key: (n, exact) for key, (n, _, exact, _) in found.items()} == sums
    assert all(minor == rounded for _, minor, _, rounded in found.values())


@needs_files
async def test_loads_of_real_files_store_the_same_sums(graph: Graph) -> None:
    files = expected()
    for name in SMALL:
        await assert_stored(graph, name, files[name][2])


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_checks_and_validates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIDGRAPH_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "donor.xml"
    path.write_text((DATA / "donor.xml").read_text("utf-8").replace("someday", "2019-04-01"), "utf-8")
    told = CliRunner().invoke(app, ["check", "--format", "iati", "--validate", str(path)])
    assert told.exit_code == 3, told.output
    assert "FUNDS disbursement USD 100.005 (1 claims)" in told.output
    assert "FUNDS budget EUR 1900000 (2 claims)" in told.output
    assert "the schema 2.03 refuses it, line 67: " in told.output
    assert "activity XM-TEST-1-S" in told.output and "activity XM-TEST-1-P" not in told.output


async def test_a_format_can_be_named(graph: Graph) -> None:
    with pytest.raises(pipeline.LoadError, match=r"there is no format xml: choose one of .*iati"):
        await load(graph, "donor.xml", format="xml")
    with pytest.raises(pipeline.tabular.UnreadableFile, match="an XML file"):
        await load(graph, "donor.xml", format="csv")
