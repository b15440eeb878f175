"""The forms of a county office: the empty workbook, filled and loaded, each sheet seen in the graph."""

import zipfile
from pathlib import Path

import pytest

from graph.dump import dump_hash
from graph.engine import Graph
from loaders import pipeline
from loaders.forms import workbook
from loaders.records import LoadError
from tests import workbooks
from tests.checks import claims, entities, load, load_places, unchanged

SHANGHAI, NINGLANG = {"helper": "上海市"}, {"recipient": "宁蒗彝族自治县"}
ENDS = ("cn:310000", "cn:530724")
PROJECT = "project:ninglang:NL-01"
FILLED = {
    "pairings": [{**SHANGHAI, **NINGLANG, "level": "县级", "start": "2016年10月", "programme": "沪滇协作"}],
    "funds": [
        {**SHANGHAI, "project": "NL-01", "amount": 3500.5, "currency": "人民币", "class": "拨付", "start": "2024", "end": "2024"},
        {
            "giver": "上海某公司", **NINGLANG, "project": "苹果分拣中心", "amount": 20, "currency": "CNY", "class": "捐赠",
            "start": "2024-05-31", "basis": "完成",
        },
    ],
    "projects": [
        {
            "number": "NL-01", "name": "苹果分拣中心", "place": "宁蒗彝族自治县", "unit": "县农业局；县乡村振兴局",
            "total": 1200, "currency": "CNY", "start": "2024-03", "programme": "沪滇协作", "status": "在建",
        }
    ],
    "postings": [
        {
            "name": "张某", "sender": "上海市", "unit": "上海市某局", **NINGLANG, "at": "县乡村振兴局", "title": "副局长",
            "batch": "第十一批", "start": "2023-05", "end": "2025-05",
        }
    ],
    "staff": [{**SHANGHAI, **NINGLANG, "kind": "教师", "people": 31, "start": "2024", "end": "2024"}],
    "labour": [
        {
            "origin": "宁蒗彝族自治县", "destination": "上海市", "workers": 4180, "person_class": "脱贫劳动力",
            "start": "2024", "end": "2024",
        },
        {"origin_code": "530724", "company": "上海某公司", "workers": 12, "purpose": "新增就业", "start": "2024"},
    ],
    "purchases": [
        {
            "buyer": "上海市", "seller": "宁蒗彝族自治县", "kind": "消费帮扶", "goods": "苹果", "amount": "860.25",
            "currency": "CNY", "start": "2024", "end": "2024",
        }
    ],
    "inspections": [
        {
            "name": "2024 资金检查", "kind": "专项检查", "by": "县纪委监委", "place": "宁蒗彝族自治县", "project": "NL-01",
            "problems": 12, "rectified": 9, "recovered": 3.5, "currency": "CNY", "start": "2024-05", "end": "2024-06",
        }
    ],
    "weekly": [
        {"project": "NL-01", "week": "2024-W17", "progress": 65, "spent": 780, "currency": "CNY", "state": "主体完工"},
        {"project": "苹果分拣中心", "week": "2024-05-01", "progress": "70%"},
    ],
    "agreements": [
        {
            "name": "2024年协议", **SHANGHAI, **NINGLANG, "amount": 30000, "currency": "CNY", "officials": 3,
            "specialists": 30, "workers": 2000, "start": "2024", "end": "2024",
        }
    ],
}  # fmt: skip


async def load_forms(graph: Graph, path: Path, **more: object) -> pipeline.Report:
    return await pipeline.load(graph, [path], pipeline.Options(dataset="ninglang", **more))  # type: ignore[arg-type]


async def test_every_sheet_filled_is_seen_in_the_graph(graph: Graph, tmp_path: Path) -> None:
    await load_places(graph, tmp_path)
    report = await load_forms(graph, workbooks.filled(tmp_path / "forms.xlsx", FILLED))
    assert (report.issues, report.rows) == ([], 13)
    assert sum("the example row is left out" in note for note in report.notes) == 10

    assert await claims(graph, "PAIRED_WITH", "level", "valid_from", "programme") == {
        (*ENDS, "county", "2016-10", "programme:hu-dian")
    }
    company, of_county = "org:ninglang:上海某公司", "org:ninglang:cn:530724"
    bureau, office = f"{of_county}:县农业局", f"{of_county}:县乡村振兴局"
    assert await claims(graph, "FUNDS", "amount", "class", "basis", "about", "valid_to") == {
        ("cn:310000", PROJECT, 3_500_500_000, "disbursement", "reported", None, "2024"),
        (company, "cn:530724", 20_000_000, "donation", "done", PROJECT, None),
        (*ENDS, 30_000_000_000, "commitment", "agreed", None, "2024"),
    }
    assert await entities(graph, "Project", "name", "identifier", "total_investment", "status") == {
        (PROJECT, "苹果分拣中心", "NL-01", 1_200_000_000, "在建")
    }
    assert await claims(graph, "PARTICIPATES_IN", "role") == {
        (bureau, PROJECT, "implementing"),
        (office, PROJECT, "implementing"),
    }
    sender, official = "org:ninglang:上海市某局", "official:ninglang:张某:上海市某局:cn:530724"
    assert await claims(graph, "LOCATED_IN") == {(PROJECT, "cn:530724"), (sender, "cn:310000")}
    assert await claims(graph, "SENT_BY", "batch") == {(official, sender, "第十一批")}
    assert await claims(graph, "POSTED_TO", "title", "at", "valid_to_basis") == {
        (official, "cn:530724", "副局长", office, "stated")
    }
    assert await entities(graph, "Official", "name") == {(official, "张某")}
    assert await claims(graph, "SENDS_STAFF_TO", "kind", "people", "basis") == {
        (*ENDS, "teachers", 31, "reported"),
        (*ENDS, "officials", 3, "agreed"),
        (*ENDS, "specialists", 30, "agreed"),
    }
    assert await claims(graph, "SENDS_WORKERS_TO", "workers", "person_class", "purpose", "basis") == {
        ("cn:530724", "cn:310000", 4180, "out_of_poverty", None, "reported"),
        ("cn:530724", company, 12, None, "new", "reported"),
        ("cn:530724", "cn:310000", 2000, None, None, "agreed"),
    }
    assert await entities(graph, "Company", "name") == {(company, "上海某公司")}
    assert await claims(graph, "BUYS_FROM", "kind", "goods", "amount", "class") == {
        (*ENDS, "consumption_assistance", "苹果", 860_250_000, "purchase")
    }
    inspection = "inspection:ninglang:2024-资金检查:cn:530724:2024-05"
    assert await entities(graph, "Inspection", "kind", "problems_found", "rectified", "recovered") == {
        (inspection, "special_check", 12, 9, 3_500_000)
    }
    assert await claims(graph, "CONDUCTS", "role") == {(f"{of_county}:县纪委监委", inspection, "conducts")}
    assert await claims(graph, "COVERS", "role") == {
        (inspection, "cn:530724", "covered"),
        (inspection, PROJECT, "covered"),
    }
    first, second = "report:ninglang:NL-01:2024-W17", "report:ninglang:NL-01:2024-W18"
    assert await entities(graph, "ProgressReport", "name", "week", "progress", "spent") == {
        (first, "NL-01 2024-W17", "2024-W17", "65", 780_000_000),
        (second, "苹果分拣中心 2024-W18", "2024-W18", "70", None),
    }
    assert await claims(graph, "REPORTS_ON") == {(first, PROJECT), (second, PROJECT)}
    agreement = "mechanism:ninglang:2024年协议:cn:310000:cn:530724:2024"
    assert await entities(graph, "Mechanism", "kind", "name") == {(agreement, "annual_agreement", "2024年协议")}
    assert await claims(graph, "TAKES_PART_IN", "role") == {(end, agreement, "member") for end in ENDS}
    assert await claims(graph, "UNDER") == {(PROJECT, "programme:hu-dian")}


@pytest.mark.soak_on_neo4j
async def test_loaded_again_it_changes_nothing_and_a_row_gone_is_retracted(graph: Graph, tmp_path: Path) -> None:
    await load_places(graph, tmp_path)
    await load_forms(graph, workbooks.filled(tmp_path / "forms.xlsx", FILLED))
    before = await dump_hash(graph)
    again = await load_forms(graph, tmp_path / "forms.xlsx", force=True)
    assert (again.counts.new, again.counts.changed, again.counts.retracted) == (0, 0, 0)
    assert await dump_hash(graph) == before
    fewer = FILLED | {"staff": [], "pairings": []}
    gone = await load_forms(graph, workbooks.filled(tmp_path / "forms.xlsx", fewer))
    assert (gone.counts.new, gone.counts.retracted) == (0, 2)


@pytest.mark.parametrize("names", [("a_weekly.csv", "b_projects.csv"), ("b_weekly.csv", "a_projects.csv")])
async def test_forms_in_files_of_their_own_are_read_in_their_turn(
    graph: Graph, tmp_path: Path, names: tuple[str, str]
) -> None:
    await load_places(graph, tmp_path)
    weekly, projects = names
    tables = {weekly: "项目,周\n茶厂,2024-W17\n", projects: "项目编号,项目名称\nNL-01,茶厂\n"}
    report = await load(graph, tmp_path, dict(sorted(tables.items())), "ninglang")
    assert report.issues == []
    assert await claims(graph, "REPORTS_ON") == {("report:ninglang:NL-01:2024-W17", PROJECT)}


async def test_rows_that_say_too_little_are_named_by_sheet_and_column(graph: Graph, tmp_path: Path) -> None:
    await load_places(graph, tmp_path)
    bad = {
        "funds": [
            {**SHANGHAI, "giver": "某公司", **NINGLANG, "amount": 1, "currency": "CNY", "class": "拨付"},
            {**SHANGHAI, "amount": 1, "currency": "CNY", "class": "拨付"},
            {**SHANGHAI, "project": "没有的项目", "amount": 1, "currency": "CNY", "class": "拨付"},
            {**SHANGHAI, **NINGLANG, "amount": "12万", "currency": "CNY", "class": "拨付"},
            {**SHANGHAI, **NINGLANG, "amount": 1, "currency": "CNY", "class": "拨付", "source": "https://example.org/notice"},
            {**SHANGHAI, **NINGLANG, "amount": 1, "currency": "CNY", "class": "拨付", "start": "03/04/2019"},
            {**SHANGHAI, **NINGLANG, "amount": 1, "currency": "CNY", "class": "拨付", "start": "43525"},
        ],
        "staff": [{"helper": "朝阳区", **NINGLANG, "kind": "干部", "people": 2}],
        "weekly": [{"project": "NL-01", "week": "2024-W60"}],
    }  # fmt: skip
    async with unchanged(graph):
        report = await load_forms(graph, workbooks.filled(tmp_path / "forms.xlsx", bad), rejects=tmp_path / "r.csv")
    told = {
        (i.file.rpartition(" sheet ")[2].split()[0], i.line, i.column.partition(" ")[0], i.value, i.reason[:24])
        for i in report.issues
    }
    assert told == {
        ("帮扶资金", 4, "出资单位", "某公司", "fill in 帮扶方 Helper or th"),
        ("帮扶资金", 5, "受援方", "", "is empty: fill in one of"),
        ("帮扶资金", 6, "项目", "project:ninglang:没有的项目", "is not in the graph and "),
        ("帮扶资金", 7, "金额", "12万", "'12万': has the unit 万, and"[:24]),
        ("帮扶资金", 8, "", "https://example.org/notice", "this is the template's e"),
        ("帮扶资金", 9, "开始日期", "03/04/2019", "'03/04/2019': is ambiguou"[:24]),
        ("帮扶资金", 10, "开始日期", "43525", "'43525': looks like the number"[:24]),
        ("选派人员", 4, "帮扶方", "朝阳区", "2 places are called this"),
        ("项目周报", 4, "周", "2024-W60", "'2024-W60': the year has n"[:24]),
    }  # fmt: skip
    assert (report.rejected, report.written) == (9, False)
    assert len((tmp_path / "r.csv").read_text("utf-8-sig").splitlines()) == 10


async def test_the_empty_workbook_loads_as_nothing(graph: Graph, tmp_path: Path) -> None:
    path = tmp_path / "empty.xlsx"
    workbook.write(path, workbook.chosen("all"))
    report = await load_forms(graph, path, dry_run=True)
    assert (report.rows, report.issues) == (0, [])
    assert sum("the example row is left out" in note for note in report.notes) == 10
    with zipfile.ZipFile(path) as book:
        funds = book.read("xl/worksheets/sheet3.xml").decode()
    assert "<formula1>&quot;预算,承诺,拨付," in funds or '<formula1>"预算,承诺,拨付,' in funds  # a list to choose from
    with pytest.raises(LoadError, match="is there already"):
        workbook.write(path, workbook.chosen("all"))


async def test_a_county_table_as_csv_with_titles_above_its_header(graph: Graph, tmp_path: Path) -> None:
    await load_places(graph, tmp_path)
    text = (
        "宁蒗县东西部协作资金表,,,,,,\n,,,,,,\n填报单位：县乡村振兴局,,,,,,\n"
        '序号,援助方,受援方,金额（万元）,币种,资金类别,年度\n1,上海市,宁蒗彝族自治县,"1,200.5",CNY,拨付,2024年\n'
        "合计,,,1200.5,,,\n"
    )
    report = await load(graph, tmp_path, text)
    assert await claims(graph, "FUNDS", "amount", "valid_from", "valid_to", "valid_to_basis") == {
        (*ENDS, 1_200_500_000, "2024", "2024", "period")
    }
    assert {issue.line for issue in report.issues} == {6}  # a total is no fact
    assert any("multiplied by 10,000" in note for note in report.notes)
    with pytest.raises(LoadError, match="line 3: says that amounts are in 万元, and the column 金额 does not"):
        await load(
            graph, tmp_path, text.replace("填报单位：县乡村振兴局", "单位：万元").replace("金额（万元）", "金额")
        )
    with pytest.raises(LoadError, match="has no column 负责人: rename or remove it"):
        await load(graph, tmp_path, text.replace("序号", "负责人"))
    with pytest.raises(LoadError, match="as the form 帮扶资金 Funds it lacks 资金类别"):
        await load(graph, tmp_path, text.replace(",资金类别", ",").replace(",拨付", ","))


async def test_a_table_in_traditional_characters_is_loaded_and_its_places_are_told(
    graph: Graph, tmp_path: Path
) -> None:
    await load_places(graph, tmp_path)
    header = "援助方,受援方,金額（萬元）,出資單位,資金類別,年度,備註\n"
    path = tmp_path / "big5.csv"
    path.write_bytes(f"{header},寧蒗彝族自治縣,2.5,臺灣農業發展公司,捐贈,2024年度,如實\n".encode("big5"))
    report = await pipeline.load(graph, [path], pipeline.Options(dataset="hant"))
    assert report.issues == []
    assert (
        "names in traditional characters: 寧蒗彝族自治縣 is read as cn:530724 宁蒗彝族自治县 (丽江市)" in report.notes
    )
    company = "org:hant:臺灣農業發展公司"  # what is named is kept as it is written
    assert await claims(graph, "FUNDS", "amount", "currency", "class", "valid_from", "note") == {
        (company, "cn:530724", 2_500_000, "CNY", "donation", "2024", "如實")
    }
    assert await entities(graph, "Organization", "name") == {(company, "臺灣農業發展公司")}
