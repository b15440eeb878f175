"""360Giving: a grant becomes a project and money from funder to grantee; JSON and tables say the same; faults are named."""

import csv
import json
import time
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from api.schema import own_schema
from graph.dump import dump_hash
from graph.engine import Graph
from loaders import pipeline
from loaders.encoding import UnreadableFile
from loaders.records import LoadError, Report
from tests.checks import claims, entities, unchanged
from tests.questions import Question, answer, answering

FUNDER = [{"id": "GB-CHC-1", "name": "Example Trust"}]
GRANTS: list[dict[str, Any]] = [
    {
        "id": "360G-ex-1",
        "title": "Weir repairs",
        "description": "First line\nsecond line",
        "currency": "GBP",
        "amountAwarded": 1200.5,
        "amountDisbursed": 600,
        "awardDate": "2020-11-03T00:00:00+00:00",
        "plannedDates": [{"startDate": "2021-01-01", "endDate": "2021-12-31"}],
        "recipientOrganization": [
            {"id": "360G-ex-org", "name": "River Friends", "charityNumber": "1126147", "companyNumber": "1234567"}
        ],
        "fundingOrganization": FUNDER,
        "beneficiaryLocation": [
            {"name": "West Midlands", "geoCode": "E12000005", "geoCodeType": "RGN", "countryCode": "GB"}
        ],
        "grantProgramme": [{"code": "A", "title": "Rivers & Lakes"}],
    },
    {
        "id": "360G-ex-2",
        "title": "Core costs",
        "currency": "GBP",
        "amountAwarded": 41133.770000000004,
        "awardDate": "2021-02-01",
        "recipientOrganization": [{"id": "360G-ex-org", "name": "River Friends (RF)"}],
        "fundingOrganization": FUNDER,
        "beneficiaryLocation": [{"name": "Somewhere"}],
    },
    {
        "id": "360G-ex-3",
        "title": "Bursary for Ada Example",
        "description": "Ada is 17",
        "currency": "GBP",
        "amountAwarded": 300,
        "awardDate": "2021",
        "recipientIndividual": {"id": "360G-ex-ind-1", "name": "Ada Example"},
        "fundingOrganization": FUNDER,
        "beneficiaryLocation": [{"countryCode": "gb"}],
    },
    {
        "id": "360G-ex-4",
        "title": "To itself",
        "currency": "GBP",
        "amountAwarded": 10,
        "awardDate": "2021-05",
        "recipientOrganization": FUNDER,
        "fundingOrganization": FUNDER,
    },
]
TITLES = {
    "Identifier": ("id",),
    "Title": ("title",),
    "Description": ("description",),
    "Currency": ("currency",),
    "Amount Awarded": ("amountAwarded",),
    "Amount Disbursed": ("amountDisbursed",),
    "Award Date": ("awardDate",),
    "Planned Dates: Start Date": ("plannedDates", 0, "startDate"),
    "Planned Dates:0:End Date": ("plannedDates", 0, "endDate"),
    "Recipient Org:Identifier": ("recipientOrganization", 0, "id"),
    "Recipient Org:Name": ("recipientOrganization", 0, "name"),
    "Recipient Org:Charity Number": ("recipientOrganization", 0, "charityNumber"),
    "recipientOrganization/0/companyNumber": ("recipientOrganization", 0, "companyNumber"),
    "Recipient Ind:Name": ("recipientIndividual", "name"),
    "Funding Org:Identifier": ("fundingOrganization", 0, "id"),
    "Funding Org:Name": ("fundingOrganization", 0, "name"),
    "Beneficiary Location:Name": ("beneficiaryLocation", 0, "name"),
    "Beneficiary Location:Geographic Code": ("beneficiaryLocation", 0, "geoCode"),
    "Beneficiary Location:Geographic Code Type": ("beneficiaryLocation", 0, "geoCodeType"),
    "Beneficiary Location:Country Code": ("beneficiaryLocation", 0, "countryCode"),
    "Grant Programme:Code": ("grantProgramme", 0, "code"),
    "Grant Programme:Title": ("grantProgramme", 0, "title"),
    "Our own column": ("own",),
}


def rows() -> list[list[Any]]:
    def cell(grant: Any, path: tuple[str | int, ...]) -> Any:
        for step in path:
            try:
                grant = grant[step]
            except (KeyError, IndexError):
                return ""
        return grant

    return [list(TITLES), *([cell(grant, path) for path in TITLES.values()] for grant in GRANTS)]


def as_json(path: Path) -> Path:
    path.write_text(json.dumps({"publisher": {"name": "x"}, "grants": GRANTS}, indent=1), "utf-8")
    return path


def as_csv(path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows())
    return path


def as_xlsx(path: Path) -> Path:
    with xlsxwriter.Workbook(str(path), {"strings_to_urls": False}) as book:
        sheet = book.add_worksheet("grants")
        for number, row in enumerate(rows()):
            sheet.write_row(number, 0, row)
    return path


async def load(graph: Graph, path: Path, **more: Any) -> Report:
    return await pipeline.load(graph, [path], pipeline.Options(dataset="grants", **more))


async def test_a_grant_is_a_project_and_money(graph: Graph, tmp_path: Path) -> None:
    report = await load(graph, as_json(tmp_path / "g.json"))
    assert (report.rows, report.rejected, report.mapping) == (4, 0, "360Giving JSON")
    names = ("class", "amount", "amount_text", "currency", "valid_from", "about", "transaction", "locator")
    assert await claims(graph, "FUNDS", *names) == {
        ("org:GB-CHC-1", "org:360G-ex-org", "commitment", 120050, "1200.5", "GBP", "2020-11-03", "360g:360G-ex-1",
         "360G-ex-1", "grants[0]"),
        ("org:GB-CHC-1", "org:360G-ex-org", "disbursement", 60000, "600", "GBP", "2020-11-03", "360g:360G-ex-1",
         "360G-ex-1", "grants[0]"),
        ("org:GB-CHC-1", "org:360G-ex-org", "commitment", 4113377, "41133.77", "GBP", "2021-02-01", "360g:360G-ex-2",
         "360G-ex-2", "grants[1]"),
        ("org:GB-CHC-1", "360g:360G-ex-3", "commitment", 30000, "300", "GBP", "2021", "360g:360G-ex-3", "360G-ex-3",
         "grants[2]"),
        ("org:GB-CHC-1", "360g:360G-ex-4", "commitment", 1000, "10", "GBP", "2021-05", "360g:360G-ex-4", "360G-ex-4",
         "grants[3]"),
    }  # fmt: skip
    assert await entities(graph, "Project", "name", "description", "valid_from", "valid_to") == {
        ("360g:360G-ex-1", "Weir repairs", "First line\nsecond line", "2021-01-01", "2021-12-31"),
        ("360g:360G-ex-2", "Core costs", None, None, None),
        ("360g:360G-ex-3", None, None, None, None),
        ("360g:360G-ex-4", "To itself", None, None, None),
    }
    assert await claims(graph, "LOCATED_IN") == {
        ("360g:360G-ex-1", "locality:gss:E12000005"),
        ("360g:360G-ex-3", "iso:GB"),
    }
    assert await claims(graph, "PART_OF") == {("locality:gss:E12000005", "iso:GB")}
    assert await claims(graph, "UNDER") == {("360g:360G-ex-1", "programme:GB-CHC-1:rivers-lakes")}
    assert {row[:3] for row in await claims(graph, "PARTICIPATES_IN", "role")} == {
        ("org:GB-CHC-1", f"360g:360G-ex-{n}", "funding") for n in (1, 2, 3, 4)
    }


async def test_what_is_left_out_is_told_and_persons_are_not_kept(graph: Graph, tmp_path: Path) -> None:
    report = await load(graph, as_json(tmp_path / "g.json"))
    assert report.notes == [
        "g.json: 1 amounts with more than 15 digits, as of floating point: rounded to these",
        "g.json: 1 beneficiary locations without a code: a name alone is no place",
        "g.json: 1 grants to individuals: the persons are not read, nor what describes their grants",
    ]
    assert "Ada" not in str([row async for row in graph.stream("MATCH (n) RETURN properties(n)")])
    assert "Ada" not in str([row async for row in graph.stream("MATCH ()-[c]->() RETURN properties(c)")])


async def test_names_and_identifiers_of_a_grantee(graph: Graph, tmp_path: Path) -> None:
    await load(graph, as_json(tmp_path / "g.json"))
    found = {row[0]: row[1:] for row in await entities(graph, "Organization", "name", "aliases", "identifiers")}
    name, aliases, identifiers = found["org:360G-ex-org"]
    assert {name, *aliases} == {"River Friends", "River Friends (RF)"}
    # each grant describes its grantee; of what they say differently the first in order of its hash stands
    assert identifiers in (
        ("org-id:360G-ex-org",),
        ("org-id:360G-ex-org", "org-id:GB-CHC-1126147", "org-id:GB-COH-01234567"),
    )


async def test_json_csv_and_xlsx_give_the_same_graph(graph: Graph, tmp_path: Path) -> None:
    """The second and the third load change nothing but where things stand."""
    first = await load(graph, as_json(tmp_path / "g.json"))
    for path in (as_csv(tmp_path / "g.csv"), as_xlsx(tmp_path / "g.xlsx")):
        report = await load(graph, path)
        assert (report.rejected, report.mapping, report.rows) == (0, "360giving", 4), path
        counts = report.counts
        assert (counts.new, counts.changed, counts.retracted, counts.unchanged) == (0, 0, 0, first.counts.new), path
    assert await claims(graph, "UNDER", "locator") == {
        ("360g:360G-ex-1", "programme:GB-CHC-1:rivers-lakes", "sheet grants, row 2")
    }


async def test_several_funders_and_grantees_are_not_split(graph: Graph, tmp_path: Path) -> None:
    grant = {
        **GRANTS[0],
        "amountDisbursed": None,
        "fundingOrganization": [*FUNDER, {"id": "GB-CHC-2", "name": "Second Trust"}],
        "recipientOrganization": [{"id": "o-1", "name": "One"}, {"id": "o-2", "name": "Two"}],
    }
    path = tmp_path / "g.json"
    path.write_text(json.dumps({"grants": [grant]}), "utf-8")
    await load(graph, path)
    joint = "1200.5 GBP: 2 funder(s), 2 grantee(s), not split"
    assert await claims(graph, "FUNDS", "amount_text", "raw") == {
        ("360g:360G-ex-1", "360g:360G-ex-1", "1200.5", None),
        *((f"org:GB-CHC-{a}", f"org:o-{b}", None, joint) for a in (1, 2) for b in (1, 2)),
    }


async def test_titles_that_may_name_a_person_are_left_out(graph: Graph, tmp_path: Path) -> None:
    told = [
        ("Li Wu", "Grant to Li Wu"),
        ("王小明", "资助小明读书"),
        ("José Ñ. Alvarez", "Grant to Jose"),
        ("M. Ng", "Support for M. Ng"),
        ("Christopher Roe", "Help for Chris"),
        ("Mary O'Brien", "The OBrien bursary"),
        ("", "Whoever it is"),
        ("Li Wu", "Books for a school"),
    ]
    grants = [
        {**GRANTS[2], "id": f"360G-p-{n}", "title": title, "recipientIndividual": {"id": "x", "name": name}}
        for n, (name, title) in enumerate(told)
    ]
    path = tmp_path / "g.json"
    path.write_text(json.dumps({"grants": grants}), "utf-8")
    await load(graph, path)
    assert {name for _, name in await entities(graph, "Project", "name")} == {None, "Books for a school"}


async def test_an_amount_is_the_same_in_json_a_workbook_and_a_table(graph: Graph, tmp_path: Path) -> None:
    path = tmp_path / "y.json"
    path.write_text(
        json.dumps({"grants": [{**GRANTS[1], "amountAwarded": 5000.0, "beneficiaryLocation": []}]}), "utf-8"
    )
    await load(graph, path)
    row = ["360G-ex-2", "Core costs", "", "GBP", 5000.0, "", "2021-02-01", "", "", "360G-ex-org", "River Friends (RF)"]
    ends = ["GB-CHC-1", "Example Trust"]
    titles = [*[*TITLES][:11], "Funding Org:Identifier", "Funding Org:Name"]
    with xlsxwriter.Workbook(str(tmp_path / "y.xlsx")) as book:
        sheet = book.add_worksheet("grants")
        sheet.write_row(0, 0, titles)
        sheet.write_row(1, 0, [*row, *ends])
    with (tmp_path / "y.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([titles, [*row[:4], "5,000.00", *row[5:], *ends]])
    for name in ("y.xlsx", "y.csv"):
        report = await load(graph, tmp_path / name)
        counts = report.counts
        assert (report.rejected, counts.new, counts.changed, counts.retracted) == (0, 0, 0, 0), name
    assert {row[2] for row in await claims(graph, "FUNDS", "amount_text")} == {"5000"}


async def test_a_grant_on_two_rows_is_summed_once(graph: Graph, tmp_path: Path) -> None:
    two = [{**GRANTS[1], "beneficiaryLocation": [{"countryCode": code}]} for code in ("GB", "FR")]
    path = tmp_path / "g.json"
    path.write_text(json.dumps({"grants": two}), "utf-8")
    report = await load(graph, path)
    key = ("FUNDS", "commitment", "GBP")
    assert (str(report.sums[key]), report.figures[key]) == ("41133.77", 1)
    assert await claims(graph, "LOCATED_IN") == {("360g:360G-ex-2", "iso:GB"), ("360g:360G-ex-2", "iso:FR")}
    assert not any("stand more than once" in note for note in report.notes)
    path.write_text(json.dumps({"grants": [two[0], {**two[1], "amountAwarded": 7}]}), "utf-8")
    report = await load(graph, path)
    assert report.figures[key] == 2 and any("1 figure(s) stand more than once" in note for note in report.notes)


@pytest.mark.parametrize(
    ("number", "id_"),
    [("SC12345", "SC012345"), ("sc 012345", "SC012345"), ("1234567", "01234567"), ("NI123456", "NI123456")],
)
async def test_company_numbers_have_eight_characters(graph: Graph, tmp_path: Path, number: str, id_: str) -> None:
    grant = {**GRANTS[1], "recipientOrganization": [{"id": "o", "name": "One", "companyNumber": number}]}
    path = tmp_path / "g.json"
    path.write_text(json.dumps({"grants": [grant]}), "utf-8")
    await load(graph, path)
    found = {row[0]: row[1] for row in await entities(graph, "Organization", "identifiers")}
    assert found["org:o"] == (f"org-id:GB-COH-{id_}", "org-id:o")


async def test_a_text_of_many_spaces_takes_no_time(graph: Graph, tmp_path: Path) -> None:
    grant = {**GRANTS[0], "description": f"one  \t\n \n\n two\n{' ' * 1_000_000}x {' ' * 1_000_000}y"}
    path = tmp_path / "g.json"
    path.write_text(json.dumps({"grants": [grant]}), "utf-8")
    began = time.process_time()
    await load(graph, path, dry_run=True)
    assert time.process_time() - began < 3
    await load(graph, path)
    (description,) = {text for _, text in await entities(graph, "Project", "description")}
    assert description.startswith("one\ntwo\nx ") and len(description) == 1_000_011


BAD: list[tuple[str, str, str]] = [
    ('{"id": "x", "id": "y"}', "grants[1]", "the key 'id' stands twice"),
    ('{"amountAwarded": NaN}', "grants[1]", "NaN is no number of JSON"),
    ("[]", "grants[1]", "must be an object"),
    ('"text"', "grants[1]", "must be an object"),
    ('{"title": "no id"}', "grants[1].id", "is empty"),
    ('{"id": "x"}', "grants[1].fundingOrganization", "a grant needs its funder"),
    ('{"id": "x", "fundingOrganization": {"id": "a"}}', "grants[1].fundingOrganization", "must be a list"),
    ('{"id": "x", "fundingOrganization": ["a"]}', "grants[1].fundingOrganization[0]", "must be an object"),
    ('{"id": "x", "fundingOrganization": [{"name": "a"}]}', "grants[1].fundingOrganization[0].id", "is empty"),
    ('{"id": ["x"]}', "grants[1].id", "must be a text"),
    ('{"id": true}', "grants[1].id", "must be a text"),
    ('{"id": "a\\ud800"}', "grants[1].id", "control character U+D800"),
    ('{"id": "a\\u0000"}', "grants[1].id", "holds a NUL"),
]
AMOUNTS = [
    ("1" * 5_000, "has more than 100 characters"),
    ("99999999999999999999", "the largest amount that is stored"),
    ('"12 million"', "the unit million"),
    ('"(500)"', "is ambiguous"),
    ("[5]", "must be a number"),
    ("1e30", "the largest amount that is stored"),
    ("true", "must be a number"),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad[0][:40])
async def test_a_broken_grant_is_named_by_its_index_and_the_others_loaded(
    graph: Graph, tmp_path: Path, bad: tuple[str, str, str]
) -> None:
    text, column, why = bad
    await broken(graph, tmp_path, text, column, why)


@pytest.mark.parametrize(("amount", "why"), AMOUNTS, ids=lambda text: text[:20])
async def test_an_amount_that_is_none_is_named(graph: Graph, tmp_path: Path, amount: str, why: str) -> None:
    text = json.dumps({**GRANTS[1], "id": "bad"}).replace("41133.770000000004", amount)
    await broken(graph, tmp_path, text, "grants[1].amountAwarded", why)


async def broken(graph: Graph, folder: Path, text: str, column: str, why: str) -> None:
    path = folder / "g.json"
    path.write_text(f'{{"grants": [\n{json.dumps(GRANTS[0])},\n{text}\n]}}', "utf-8")
    began = time.monotonic()
    report = await load(graph, path, dry_run=True)
    assert time.monotonic() - began < 2
    assert [(issue.line, issue.column) for issue in report.issues] == [(3, column)]
    assert why in report.issues[0].reason
    assert (report.rows, report.rejected, report.claims > 0) == (2, 1, True)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"grants": [{"id": "a"', r"line 1: the file ends in grants\[0\]"),
        (b'[{"id": "a"}]', 'the document is a list; an object with the key "grants"'),
        (b'{"id": "a"}\n{"id": "b"}\n', "line 2: '{' stands behind the end"),
        (b'{"data": []}', 'no key "grants"'),
        (b'{"grants": [' + b'{"a":' * 100_000, "nested more than 64 deep"),
        ('{"grants": []}'.encode("utf-16-le"), "NUL character"),
        (b'{"grants": ["\xff\xfe"]}', "is not utf-8"),
    ],
    ids=["cut", "array", "lines", "keys", "depth", "utf-16", "bytes"],
)
async def test_a_broken_document_is_refused_and_nothing_changes(
    graph: Graph, tmp_path: Path, content: bytes, why: str
) -> None:
    path = tmp_path / "g.json"
    path.write_bytes(content)
    async with unchanged(graph):
        began = time.monotonic()
        with pytest.raises((UnreadableFile, LoadError), match=why):
            await load(graph, path)
        assert time.monotonic() - began < 2


async def test_a_document_in_utf_16_is_the_same(graph: Graph, tmp_path: Path) -> None:
    path = as_json(tmp_path / "g.json")
    await load(graph, path)
    before = await dump_hash(graph)
    path.write_bytes(path.read_text("utf-8").encode("utf-16"))
    report = await load(graph, path)
    assert (report.rejected, report.counts.new, report.counts.changed) == (0, 0, 0)
    assert await dump_hash(graph) == before


async def test_a_table_row_is_named_by_its_columns(graph: Graph, tmp_path: Path) -> None:
    path = as_csv(tmp_path / "g.csv")
    path.write_text(path.read_text("utf-8").replace("2021-02-01", "01/02/2021"), "utf-8")
    report = await load(graph, path)
    assert [(i.column, i.value) for i in report.issues] == [("Award Date", "01/02/2021")]
    assert report.rejected == 1 and len(await claims(graph, "FUNDS", "class", "transaction")) == 4


async def test_who_gives_to_a_grantee_of_two_funders(graph: Graph, tmp_path: Path) -> None:
    """Two files, two datasets: the grantee is one organization by its identifier, and its funders come with their sums."""
    await load(graph, as_json(tmp_path / "g.json"))
    other = {**GRANTS[0], "id": "360G-other-1", "amountDisbursed": None, "amountAwarded": 50}
    other["fundingOrganization"] = [{"id": "GB-CHC-2", "name": "Second Trust"}]
    path = tmp_path / "other.json"
    path.write_text(json.dumps({"grants": [other]}), "utf-8")
    await pipeline.load(graph, [path], pipeline.Options(dataset="other"))
    query = """{ helpers(of: "org:360G-ex-org") { nodes { helper { name } factsCount
      totals { class unit sum added }
      facts { nodes { fact { ... on Funding { class amount about { id } evidence { locator source { id } } } } } } } } }"""
    body = json.loads(
        await answer(answering(graph, own_schema()).compiled, Question(name="g", query=query, variables={}))
    )
    assert "errors" not in body, body
    rows = {row["helper"]["name"]: row for row in body["data"]["helpers"]["nodes"]}
    assert set(rows) == {"Example Trust", "Second Trust"}
    sums = {(t["class"], t["unit"], t["sum"], t["added"]) for t in rows["Example Trust"]["totals"]}
    assert sums == {("COMMITMENT", "GBP", "42334.27", 2), ("DISBURSEMENT", "GBP", "600", 1)}
    assert rows["Second Trust"]["facts"]["nodes"] == [
        {
            "fact": {
                "class": "COMMITMENT",
                "amount": "50",
                "about": {"id": "360g:360G-other-1"},
                "evidence": [{"locator": "grants[0]", "source": {"id": "source:dataset:other"}}],
            }
        }
    ]


async def test_the_name_of_a_funder_is_that_which_it_has_as_a_funder(graph: Graph, tmp_path: Path) -> None:
    """A grant whose grantee has the number of the funder, by a slip, gives it another name to be found by, not its own."""
    slip = {**GRANTS[1], "id": "360G-ex-5", "recipientOrganization": [{"id": "GB-CHC-1", "name": "A group"}]}
    path = tmp_path / "grants.json"
    path.write_text(json.dumps({"grants": [slip, *GRANTS[:2]]}), "utf-8")
    report = await load(graph, path)
    assert not report.rejected
    named = {row[0]: row[1:] for row in await entities(graph, "Organization", "name", "aliases")}
    assert named["org:GB-CHC-1"][0] == "Example Trust" and list(named["org:GB-CHC-1"][1]) == ["A group"]
