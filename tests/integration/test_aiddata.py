"""AidData's China data, in small files of our own: the geocoded release and the tables 1.x."""

from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from graph.engine import Graph
from loaders import pipeline
from loaders.records import Report
from tests.checks import claims, entities

PROJECTS = """\
project_id,is_geocoded,project_title,start_actual_isodate,end_actual_isodate,donors,donors_iso3,recipients,recipients_iso3,ad_sector_codes,ad_sector_names,status
1,1,A port,2009-09-25,,"Example Bank, Government Agency",CHN,Zambia,ZMB,210,Transport,Implementation
2,1,Two countries,,,"Example Bank, Government Agency",CHN,Angola| Namibia,AGO|NAM,110|120,Education|Health,Completion
3,1,Jointly,2014-11-10,2014-02-10,"Example Bank, Government Agency|Example Oil, Company",CHN,Zambia,ZMB,120,Health,Completion
4,1,All of it,,,"Example Bank, Government Agency",CHN,"Africa, regional","Africa, regional",120,Health,Completion
5,1,No money \x8d told,,,"Example Bank, Government Agency",CHN,Viet Nam,VNM,,,Completion
6,1,Nowhere,,,"Example Bank, Government Agency",CHN,Atlantis,ATL,,,Completion
"""
TRANSACTIONS = """\
transaction_id,project_id,transaction_isodate,transaction_year,transaction_value_code,transaction_currency,transaction_value
t1,1,,2008,C,USD,396886331
t2,2,2010-05-06,2010,C,USD,5.0
t3,3,,2014,D,USD,7
t4,4,,2001,C,USD,9
t5,99,,2001,C,USD,9
t6,1,,2001,X,USD,9
"""
LOCATIONS = """\
project_id,project_location_id,precision_code,geoname_id,place_name,latitude,longitude,location_type_name,gazetteer_adm_code,gazetteer_adm_name
1,1_909137,4,909137,Lusaka,-15.40669,28.28713,capital of a political entity,6295630|6255146|ZM|09,Earth|Africa|Zambia|Lusaka
2,2_1,4,1,Nowhere,north,28,site,6295630,Earth
7,7_909137,4,909137,Lusaka,-15.40669,28.28713,capital of a political entity,6295630|6255146|ZM|09,Earth|Africa|Zambia|Lusaka
"""
BANK = "org:US-501c3-522318905:example-bank-government-agency"
FUNDS = ("class", "amount_text", "currency", "valid_from", "about")


async def geocoded(graph: Graph, folder: Path, *names: str) -> Report:
    tables = {"projects.csv": PROJECTS, "transactions.csv": TRANSACTIONS, "locations.csv": LOCATIONS}
    for name in names:
        (folder / name).write_text(tables[name], "utf-8")
    files = [folder / name for name in names]
    return await pipeline.load(graph, files, pipeline.Options(dataset="geocoded"))


@pytest.mark.soak_on_neo4j
async def test_the_geocoded_release(graph: Graph, tmp_path: Path) -> None:
    report = await geocoded(graph, tmp_path, "transactions.csv", "locations.csv", "projects.csv")
    assert {(i.file, i.line, i.column) for i in report.issues} == {
        ("projects.csv", 7, "recipients"),
        ("transactions.csv", 6, "project_id"),
        ("transactions.csv", 7, "transaction_value_code"),
        ("locations.csv", 3, "latitude"),
        ("locations.csv", 4, "project_id"),
    }
    assert report.notes == [
        "projects.csv: 1 projects that end before they begin: their dates are left out",
        "projects.csv: 1 texts of project_title with control characters, which are left out",
    ]
    assert await claims(graph, "FUNDS", *FUNDS, "transaction", "note", "locator") == {
        (BANK, "iso:ZM", "commitment", "396886331", "USD", "2008", "aiddata:1", "t1", "nominal as given", "line 2"),
        (BANK, "group:aiddata-AO-NA", "commitment", "5", "USD", "2010-05-06", "aiddata:2", "t2",
         "nominal as given; several recipients, not split", "line 3"),
        ("iso:CN", "iso:ZM", "disbursement", "7", "USD", "2014", "aiddata:3", "t3",
         "nominal as given; jointly funded by 2 organizations, not split", "line 4"),
        (BANK, "group:1-298", "commitment", "9", "USD", "2001", "aiddata:4", "t4", "nominal as given", "line 5"),
    }  # fmt: skip
    located = {row for row in await claims(graph, "LOCATED_IN") if row[0].startswith("aiddata:")}
    assert located == {
        ("aiddata:1", "iso:ZM"),
        ("aiddata:1", "geonames:909137"),
        ("aiddata:2", "iso:AO"),
        ("aiddata:2", "iso:NA"),
        ("aiddata:3", "iso:ZM"),
        ("aiddata:4", "group:1-298"),
        ("aiddata:5", "iso:VN"),
    }
    assert {row for row in await claims(graph, "MEMBER_OF") if row[0] in ("iso:AO", "iso:VN")} == {
        ("iso:AO", "group:un-002"),
        ("iso:AO", "group:aiddata-AO-NA"),
        ("iso:VN", "group:un-142"),
    }
    assert ("geonames:909137", "iso:ZM") in await claims(graph, "PART_OF")
    assert await entities(graph, "Locality", "name", "latitude") == {("geonames:909137", "Lusaka", -15.40669)}
    names = {row[0]: row[1:] for row in await entities(graph, "Project", "name", "valid_from", "status")}
    assert names["aiddata:5"] == ("No money  told", None, "Completion")
    assert names["aiddata:3"][1] is None and "aiddata:6" not in names


async def test_transactions_alone_are_refused_row_by_row(graph: Graph, tmp_path: Path) -> None:
    report = await geocoded(graph, tmp_path, "transactions.csv")
    assert (report.rows, report.rejected, report.written) == (6, 6, False)
    assert "load projects.csv with it" in report.issues[0].reason


HEADER = (  # noqa: SIM905
    "project_id donor title year year_uncertain description crs_sector_code crs_sector_name status flow funding_agency "
    "implementing_agency flow_class amount currency start_actual start_planned end_actual end_planned recipient_condensed "
    "recipient_iso2 is_cofinanced is_official_finance"
).split()


def row(project: int, **more: Any) -> list[Any]:
    given = {
        "project_id": project,
        "donor": "China",
        "title": f"Project {project}",
        "year": 2008,
        "year_uncertain": False,
        "status": "Completion",
        "flow": "Grant (Vague)",
        "flow_class": "ODA-like",
        "crs_sector_code": 120,
        "crs_sector_name": "Health",
        "recipient_condensed": "Zambia",
        "recipient_iso2": "ZM",
        "is_cofinanced": False,
        "is_official_finance": 1,
        **more,
    }
    return [given.get(name, "") for name in HEADER]


def book(path: Path, official: list[list[Any]], other: list[list[Any]]) -> Path:
    with xlsxwriter.Workbook(str(path)) as made:
        cover = made.add_worksheet("Cover Sheet")
        cover.write_row(0, 0, ["Data Parameters"])
        cover.write_row(1, 0, ["Citation", "nobody, 2013"])
        for name, rows in (("1) Official Flows", official), ("2) Unofficial Flows", other)):
            sheet = made.add_worksheet(name)
            for number, cells in enumerate([HEADER, *rows]):
                sheet.write_row(number, 0, cells)
    return path


async def load(graph: Graph, path: Path, **more: Any) -> Report:
    return await pipeline.load(graph, [path], pipeline.Options(dataset="tables", **more))


async def test_the_tables_by_sheet(graph: Graph, tmp_path: Path) -> None:
    official = [
        row(1, amount=2000000000, currency="CNY", funding_agency="Example Bank, Government Agency"),
        row(2, amount=100.5, currency="USD", status="Pipeline: Pledge", year_uncertain=True),
        row(3, amount="7; 5", currency="USD; KES", recipient_iso2="NA; ET; XR", recipient_condensed="Africa, regional"),
        row(4, amount=8),
        row(5, currency="USD"),
        row(6, amount=1, currency="USD", is_cofinanced=True, funding_agency="World Fund, Multilateral; B, Bank"),
    ]
    other = [
        row(7, amount=3, currency="USD", flow_class="FDI +Gov", is_official_finance=0),
        row(8, donor="Japan"),
        row(9, is_official_finance=2),
    ]
    report = await load(graph, book(tmp_path / "t.xlsx", official, other))
    assert [(i.file, i.line, i.column) for i in report.issues] == [
        ("t.xlsx, sheet 2) Unofficial Flows", 3, "donor"),
        ("t.xlsx, sheet 2) Unofficial Flows", 4, "is_official_finance"),
    ]
    assert report.notes == [
        "t.xlsx, sheet 1) Official Flows: 1 amounts whose currency is not said: kept as text",
        "t.xlsx: the sheet Cover Sheet is no table that is known, and left out",
    ]
    group = "group:aiddata-ET-NA-regional"
    told = await claims(graph, "FUNDS", "class", "amount_text", "currency", "about", "official", "flow_type", "locator")
    first = "sheet 1) Official Flows, row"
    assert told == {
        (BANK, "iso:ZM", "commitment", "2000000000", "CNY", "aiddata:1", True, "ODA-like", f"{first} 2"),
        ("iso:CN", "iso:ZM", "pledge", "100.5", "USD", "aiddata:2", True, "ODA-like", f"{first} 3"),
        ("iso:CN", group, "commitment", "7", "USD", "aiddata:3", True, "ODA-like", f"{first} 4"),
        ("iso:CN", group, "commitment", "5", "KES", "aiddata:3", True, "ODA-like", f"{first} 4"),
        ("iso:CN", "iso:ZM", "commitment", None, None, "aiddata:4", True, "ODA-like", f"{first} 5"),
        ("aiddata:6", "iso:ZM", "commitment", "1", "USD", "aiddata:6", True, "ODA-like", f"{first} 7"),
        ("iso:CN", "iso:ZM", "commitment", "3", "USD", "aiddata:7", False, "FDI +Gov",
         "sheet 2) Unofficial Flows, row 2"),
    }  # fmt: skip
    notes = {row[2] for row in await claims(graph, "FUNDS", "note", "amount_text")}
    assert "nominal as given; the year is uncertain" in notes
    assert await entities(graph, "PlaceGroup", "members") >= {(group, 3)}


@pytest.mark.soak_on_neo4j
async def test_a_newer_table_updates_and_does_not_double(graph: Graph, tmp_path: Path) -> None:
    path = book(tmp_path / "t.xlsx", [row(n, amount=n, currency="USD") for n in (1, 2, 3)], [])
    await load(graph, path)
    newer = [row(2, amount=2, currency="USD"), row(3, amount=33, currency="USD"), row(4, amount=4, currency="USD")]
    report = await load(graph, book(path, newer, []), allow_retract=True)
    assert report.rejected == 0
    assert await claims(graph, "FUNDS", "about", "amount_text") == {
        ("iso:CN", "iso:ZM", f"aiddata:{n}", amount) for n, amount in ((2, "2"), (3, "33"), (4, "4"))
    }
    described = "MATCH (p:Project)-[c:DESCRIBED_IN]->() WHERE c.retracted_at IS NULL RETURN p.id ORDER BY p.id"
    assert await graph.rows(described) == [["aiddata:2"], ["aiddata:3"], ["aiddata:4"]]


@pytest.mark.parametrize("wanted", ["aiddata-1", "360giving"])
async def test_a_mapping_that_does_not_fit_is_refused(graph: Graph, tmp_path: Path, wanted: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text("project_id,title\n1,x\n", "utf-8")
    with pytest.raises(pipeline.LoadError, match=wanted):
        await pipeline.load(graph, [path], pipeline.Options(dataset="x", mapping=wanted))
