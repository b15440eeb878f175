"""helpers, recipients, help and their totals: what the seed must answer, value by value, on both engines."""

import csv
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from api.schema import own_schema
from graph import dates
from graph.engine import Graph
from loaders import pipeline
from tests.questions import Answering, Question, answer, answering

SEED = Path(__file__).parents[2] / "seed"
#: Places that have codes of their own in the questions.
SHANGHAI, YUNNAN, NINGLANG, YANGPU = "cn:310000", "cn:530000", "cn:530724", "cn:310110"


@pytest.fixture(scope="module")
def asked(seeded: Graph) -> Answering:
    return answering(seeded, own_schema())


async def data(asked: Answering, query: str, **variables: Any) -> Any:
    """The data of the answer, which both ways must give alike."""
    question = Question(name="help", query=query, variables=variables)
    said = await answer(asked.compiled, question)
    body = json.loads(said)
    assert "errors" not in body, body
    return body["data"]


async def helpers_of(asked: Answering, of: str, day: str, via: str = "PAIRED_WITH") -> dict[str, list[str]]:
    """The helpers by name on a day, each with how far its facts hold."""
    query = """query ($of: ID!, $day: String!, $via: [RelationshipType!]) { helpers(of: $of, asOf: $day, via: $via) {
      nodes { helper { name } facts { nodes { fact { holds } } } } } }"""
    found = await data(asked, query, of=of, day=day, via=[via])
    return {
        row["helper"]["name"]: [one["fact"]["holds"] for one in row["facts"]["nodes"]]
        for row in found["helpers"]["nodes"]
    }


TOTALS = """measure type class basis unit counted kinds toProjects sum bound added
  notAdded { totalCount nodes { reason fact { id validFrom validTo ... on Funding { amount } } } }"""


async def test_shanghai_helps_ninglang_with_funds_projects_and_an_official(asked: Answering) -> None:
    query = f"""{{ helpers(of: "{NINGLANG}", asOf: "2020-04-30") {{ nodes {{ helper {{ id }} recipient {{ id }} kinds since
      factsCount totals {{ {TOTALS} }}
      facts {{ nodes {{ means {{ name }} certainty recipient {{ id }}
        fact {{ type holds ... on Posting {{ title batch validFrom at {{ id }} }}
          evidence {{ locator source {{ publisher }} }} }} }} }} }} }} }}"""
    rows = {row["helper"]["id"]: row for row in (await data(asked, query))["helpers"]["nodes"]}
    assert list(rows) == [SHANGHAI, YANGPU]
    shanghai = rows[SHANGHAI]
    assert (shanghai["recipient"]["id"], shanghai["since"], shanghai["factsCount"]) == (NINGLANG, "2017", 4)
    found = [(t["measure"], t["basis"], t["unit"], t["sum"], t["added"], t["toProjects"]) for t in shanghai["totals"]]
    assert found == [
        ("AMOUNT", "PLANNED", "CNY", "55000000", 1, False),
        ("PROJECTS", "DONE", "project", "20", 1, True),
        ("PROJECTS", "PLANNED", "project", "10", 1, True),
    ]
    assert all(total["notAdded"]["totalCount"] == 0 for total in shanghai["totals"])
    (posting,) = [one for one in shanghai["facts"]["nodes"] if one["means"]]
    assert posting["means"]["name"] == "徐敏" and posting["certainty"] == "STATED"
    assert posting["fact"] == {
        "type": "POSTED_TO", "holds": "LAST_KNOWN", "title": "扶贫办副主任（挂职）", "batch": "上海市第十一批援滇干部",
        "validFrom": "2019-07", "at": {"id": "org:cn:530724:ninglang-poverty-office"},
        "evidence": [{"locator": "line 19", "source": {"publisher": "中央纪委国家监委网站"}}],
    }  # fmt: skip
    assert rows[YANGPU]["totals"] == [] and rows[YANGPU]["kinds"] == ["POSTED_TO"]


async def test_yunnan_is_helped_directly_and_through_pairs_of_its_places(asked: Answering) -> None:
    """As the tables give them: every pair of a district of Shanghai with a prefecture or county of Yunnan."""
    query = """query ($after: String) { helpers(of: "cn:530000", rollUp: true, asOf: "2020-04-30", via: [PAIRED_WITH]) {
      nodes { helper { id } factsCount facts { nodes { recipient { id } } }
        through(first: 10, after: $after) { totalCount pageInfo { hasNextPage endCursor }
          nodes { helper { id } recipient { id } kinds factsCount through { totalCount } } } } } }"""
    pairs: list[tuple[str, str]] = []
    after: str | None = None
    while True:
        rows = {row["helper"]["id"]: row for row in (await data(asked, query, after=after))["helpers"]["nodes"]}
        through = rows[SHANGHAI]["through"]
        pairs += [(one["helper"]["id"], one["recipient"]["id"]) for one in through["nodes"]]
        assert all(one["kinds"] == ["PAIRED_WITH"] and not one["through"]["totalCount"] for one in through["nodes"])
        if not through["pageInfo"]["hasNextPage"]:
            break
        after = through["pageInfo"]["endCursor"]
    assert {one["recipient"]["id"] for one in rows[SHANGHAI]["facts"]["nodes"]} == {YUNNAN}
    listed = seed_pairs("cn:3101", "cn:53", "2020-04-30")
    assert set(pairs) == listed and len(pairs) == len(set(pairs)) == through["totalCount"]
    assert ("cn:310110", "cn:530700") in listed
    assert rows["cn:440000"]["factsCount"] == 0 and rows["cn:440000"]["through"]["totalCount"] > 0


def seed_pairs(helper: str, recipient: str, day: str) -> set[tuple[str, str]]:
    """Pairs in the files of the seed that may hold on a day, by the beginning of their ids."""
    found: set[tuple[str, str]] = set()
    for path in sorted(SEED.glob("pairings_*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                one = (f"cn:{row['donor_code']}", f"cn:{row['recipient_code']}")
                began = dates.span(row["valid_from"])[0] if row["valid_from"] else ""
                ended = dates.span(row["valid_to"])[1] if row["valid_to"] else "9999"
                if one[0].startswith(helper) and one[1].startswith(recipient) and began <= day < ended:
                    found.add(one)
    with (SEED / "article_claims.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if (
                row["relationship"] == "PAIRED_WITH"
                and row["from"].startswith(helper)
                and row["to"].startswith(recipient)
            ):
                found.add((row["from"], row["to"]))
    return found


@pytest.mark.parametrize(
    ("of", "day", "says"),
    [
        ("cn:522600", "2018-06-30", {"杭州市": "CERTAINLY"}),
        ("cn:522600", "2021-03-01", {"杭州市": "POSSIBLY", "佛山市": "POSSIBLY"}),
        ("cn:522600", "2022-06-30", {"佛山市": "LAST_KNOWN"}),
        ("cn:510182", "2008-06-01", {"湖南省": "CERTAINLY"}),
        ("cn:510182", "2008-06-11", {"福建省": "CERTAINLY"}),
        ("cn:510182", "2008-07-01", {"福建省": "CERTAINLY"}),
        ("cn:520500", "2008-06-30", {"深圳市": "CERTAINLY"}),
        ("cn:520500", "2018-06-30", {"广州市": "CERTAINLY"}),
    ],
)
async def test_who_is_paired_to_help_a_place_on_a_day(
    asked: Answering, of: str, day: str, says: dict[str, str]
) -> None:
    found = await helpers_of(asked, of, day)
    assert {name: set(holds) for name, holds in found.items()} == {name: {held} for name, held in says.items()}


@pytest.mark.parametrize(
    ("of", "day", "says"),
    [
        ("cn:440100", "2010-03-31", {"百色市"}),
        ("cn:440100", "2018-06-30", {"毕节市", "黔南布依族苗族自治州", "百色市"}),
        ("cn:440100", "2022-06-30", {"毕节市", "安顺市", "黔南布依族苗族自治州", "百色市"}),
        ("cn:310000", "2010-03-31", {"云南省", "都江堰市"}),
        ("cn:310000", "2018-06-30", {"云南省", "遵义市"}),
        ("cn:310000", "2022-06-30", {"云南省"}),
        ("cn:350000", "2010-03-31", {"宁夏回族自治区", "彭州市"}),
        ("cn:350000", "2018-06-30", {"宁夏回族自治区"}),
        ("cn:350000", "2022-06-30", {"宁夏回族自治区"}),
    ],
)
async def test_whom_a_place_is_paired_to_help_on_a_day(asked: Answering, of: str, day: str, says: set[str]) -> None:
    query = """query ($of: ID!, $day: String!) { recipients(of: $of, asOf: $day, via: [PAIRED_WITH]) { totalCount
      nodes { recipient { name } facts { nodes { fact { holds } } } } } }"""
    found = (await data(asked, query, of=of, day=day))["recipients"]
    names = [row["recipient"]["name"] for row in found["nodes"]]
    assert (set(names), len(names)) == (says, found["totalCount"])  # several programmes of one pair are one row
    if (of, day) == ("cn:440100", "2022-06-30"):
        held = {row["recipient"]["name"]: row["facts"]["nodes"] for row in found["nodes"]}
        assert [one["fact"]["holds"] for one in held["百色市"]] == ["LAST_KNOWN"]


async def between(asked: Answering, helper: str, recipient: str, year: str | None = None) -> Any:
    query = f"""query ($from: ID!, $to: ID!, $during: Period) {{ help(from: $from, to: $to, during: $during) {{ kinds factsCount
      totals {{ {TOTALS} }} facts(first: 50) {{ nodes {{ fact {{ type validFrom ... on Funding {{ amount class projects }}
        evidence {{ locator source {{ id publisher url }} }} }} }} }} }} }}"""
    during = {"from": year, "to": year} if year else None
    return (await data(asked, query, **{"from": helper, "to": recipient, "during": during}))["help"]


def amounts(found: Any) -> list[dict[str, Any]]:
    return [total for total in found["totals"] if total["measure"] == "AMOUNT" and total["type"] == "FUNDS"]


async def test_jiangsu_helps_shaanxi_with_a_reported_total_of_2019(asked: Answering) -> None:
    found = await between(asked, "cn:320000", "cn:610000", "2019")
    (money,) = amounts(found)
    assert (money["sum"], money["class"], money["unit"], money["added"]) == ("2278000000", "REPORTED_TOTAL", "CNY", 1)
    (projects,) = [total for total in found["totals"] if total["measure"] == "PROJECTS"]
    assert (projects["sum"], projects["unit"]) == ("1526", "project")
    (fact,) = [one["fact"] for one in found["facts"]["nodes"] if one["fact"].get("amount")]
    (evidence,) = fact["evidence"]
    assert evidence["locator"].startswith("line ") and evidence["source"]["publisher"] == "中央纪委国家监委网站"


async def test_two_figures_whose_periods_overlap_have_no_total(asked: Answering) -> None:
    (money,) = amounts(await between(asked, "cn:330000", "cn:510000"))
    assert (money["sum"], money["bound"], money["added"]) == (None, None, 0)
    left = {(one["fact"]["amount"], one["reason"]) for one in money["notAdded"]["nodes"]}
    assert left == {("5278800000", "PERIODS_OVERLAP"), ("3405000000", "PERIODS_OVERLAP")}


async def test_parts_that_are_counted_apart_are_listed_apart(asked: Answering) -> None:
    found = amounts(await between(asked, "cn:350000", "cn:640000"))
    assert {(one["counted"], one["sum"]) for one in found} == {
        ("province_budget", "505000000"),
        ("paired_units", "519000000"),
    }


async def test_a_figure_whose_period_goes_beyond_the_one_asked_about_is_not_added(asked: Answering) -> None:
    (money,) = amounts(await between(asked, "cn:330000", "cn:510000", "2021"))
    assert (money["sum"], money["added"]) == ("3405000000", 1)
    assert [(one["fact"]["amount"], one["reason"]) for one in money["notAdded"]["nodes"]] == [
        ("5278800000", "BEYOND_PERIOD")
    ]


async def test_who_takes_the_workers_helps(asked: Answering) -> None:
    """Wanzhou's workers: 23 returned to Jining, 235 were placed in Shandong; the 23 are not added to them."""
    query = f"""query ($of: ID!) {{ helpers(of: $of, via: [SENDS_WORKERS_TO], asOf: "2020-05-31", first: 5) {{
      nodes {{ helper {{ name }}
      totals {{ {TOTALS} }} facts {{ nodes {{ fact {{ id ... on LabourTransfer {{ workers purpose destinationScope
        destinationCertainty partOf partOfCertainty basis }} }} }} }} }} }} }}"""
    rows = {row["helper"]["name"]: row for row in (await data(asked, query, of="cn:500101"))["helpers"]["nodes"]}
    assert set(rows) == {"济宁市", "山东省"}
    (jining,), (shandong,) = (rows[name]["facts"]["nodes"] for name in ("济宁市", "山东省"))
    assert (jining["fact"]["workers"], jining["fact"]["purpose"]) == (23, "RETURN")
    assert (shandong["fact"]["workers"], shandong["fact"]["destinationCertainty"]) == (235, "IMPLIED")
    assert (jining["fact"]["partOf"], jining["fact"]["partOfCertainty"]) == (shandong["fact"]["id"], "IMPLIED")
    assert [(t["sum"], t["unit"]) for t in rows["山东省"]["totals"]] == [("235", "person")]
    rolled = """{ helpers(of: "cn:500101", rollUp: true, via: [SENDS_WORKERS_TO], asOf: "2020-05-31") { nodes { helper { name }
      totals { sum } through { nodes { helper { name } totals { sum } } } } } }"""
    (row,) = (await data(asked, rolled))["helpers"]["nodes"]
    assert (row["helper"]["name"], row["totals"]) == ("山东省", [{"sum": "235"}])
    assert row["through"]["nodes"] == [{"helper": {"name": "济宁市"}, "totals": [{"sum": "23"}]}]
    unknown = (await data(asked, query, of="cn:422800"))["helpers"]["nodes"]
    (hangzhou,) = [row for row in unknown if row["helper"]["name"] == "杭州市"]
    (total,) = hangzhou["totals"]
    assert (total["sum"], [one["reason"] for one in total["notAdded"]["nodes"]]) == (None, ["VALUE_UNKNOWN"])


async def test_help_through_others_is_never_added_to_direct_help(asked: Answering) -> None:
    query = f"""{{ help(from: "{SHANGHAI}", to: "{YUNNAN}", rollUp: true, asOf: "2020-04-30") {{ kinds factsCount
      totals {{ sum }} through(first: 100) {{ totalCount
        nodes {{ helper {{ id }} recipient {{ id }} totals {{ measure sum }} }} }} }} }}"""
    found = (await data(asked, query))["help"]
    assert (found["kinds"], found["totals"]) == (["PAIRED_WITH"], [])
    through = {(one["helper"]["id"], one["recipient"]["id"]): one["totals"] for one in found["through"]["nodes"]}
    assert len(through) == found["through"]["totalCount"]
    assert {"measure": "AMOUNT", "sum": "55000000"} in through[SHANGHAI, NINGLANG]
    assert {"measure": "PEOPLE", "sum": "5"} in through[YANGPU, "cn:530700"]


async def test_help_that_is_not_known_is_empty_and_unknown_ids_are_told(asked: Answering) -> None:
    found = await data(asked, f'{{ help(from: "{NINGLANG}", to: "{SHANGHAI}") {{ factsCount totals {{ sum }} }} }}')
    assert found["help"] in (None, {"factsCount": 0, "totals": []})
    question = Question(name="unknown", query='{ helpers(of: "cn:999999") { totalCount } }')
    body = json.loads(await answer(asked.compiled, question))
    assert body["data"] == {"helpers": None}
    assert body["errors"][0]["extensions"] == {"code": "NOT_FOUND"}


# what was known when


PLACES = """entity,id,name,code
Province,cn:430000,湖南省,430000
Province,cn:350000,福建省,350000
County,cn:510182,彭州市,510182
"""
HEADER = "relationship,from,to,programme,level,valid_from,valid_to,valid_to_basis,source\n"
FIRST = "PAIRED_WITH,cn:430000,cn:510182,,county,2008-05-22,{},{},https://example.org/first-list\n"
SECOND = "PAIRED_WITH,cn:350000,cn:510182,,county,2008-06-11,2011,derived,https://example.org/scheme\n"


async def test_what_was_known_between_two_loads(graph: Graph, tmp_path: Path) -> None:
    """The first list of 2008-05-22 is open; the scheme of 2008-06-11 ends it and names another helper."""
    loads = [
        ("places", PLACES, "2008-05-01"),
        ("wenchuan", HEADER + FIRST.format("", ""), "2008-05-23"),
        ("wenchuan", HEADER + FIRST.format("2008-06-11", "superseded") + SECOND, "2008-06-20"),
    ]
    for number, (dataset, text, day) in enumerate(loads):
        file = tmp_path / f"{number}.csv"
        file.write_text(text, encoding="utf-8")
        moment = int(datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp() * 1000)
        options = pipeline.Options(dataset=dataset)
        report = await pipeline.load(graph, [file], options, clock=lambda moment=moment: moment)
        assert report.rejected == 0, report.issues
    asked = answering(graph, own_schema())
    query = """query ($day: String!, $known: String) { helpers(of: "cn:510182", asOf: $day, knownOn: $known) {
      nodes { helper { name } } } }"""

    async def names(day: str, known: str | None) -> list[str]:
        found = await data(asked, query, day=day, known=known)
        return [row["helper"]["name"] for row in found["helpers"]["nodes"]]

    assert await names("2008-07-01", None) == ["福建省"]
    assert await names("2008-07-01", "2008-06-01") == ["湖南省"]
    assert await names("2008-06-01", None) == ["湖南省"]
    unknown = Question(name="before", query=query, variables={"day": "2008-07-01", "known": "2008-04-30"})
    assert json.loads(await answer(asked.compiled, unknown))["data"]["helpers"]["nodes"] == []


ENTITIES = """\
entity,id,name,PART_OF,LOCATED_IN,MEMBER_OF
Province,cn:310000,上海市,,,
County,cn:310101,黄浦区,cn:310000,,
County,cn:310110,杨浦区,cn:310000,,
Province,cn:510000,四川省,,,
County,cn:510103,甲县,cn:510000,,
County,cn:510104,乙县,cn:510000,,group:two
County,cn:510105,丙县,cn:510000,,group:two
County,cn:510106,丁县,cn:510000,,group:far
Province,cn:520000,贵州省,,,
County,cn:520101,戊县,cn:520000,,group:far
PlaceGroup,group:two,乙县和丙县,,,
PlaceGroup,group:far,丁县和戊县,,,
Official,official:a:b,某人,,,
Project,project:two,两县项目,,group:two,
"""
CLAIMS = """\
relationship,from,to,batch,extent,amount,currency,class,per_year,valid_from,valid_to,valid_to_basis,row_id,part_of,measure
SENT_BY,official:a:b,cn:310110,一,,,,,,2013,2015,stated,,,
POSTED_TO,official:a:b,cn:510105,一,,,,,,2013,2015,stated,,,
SENT_BY,official:a:b,cn:310101,二,,,,,,2017,2019,stated,,,
POSTED_TO,official:a:b,cn:510106,二,,,,,,2017,2019,stated,,,
SUCCEEDS,cn:510105,cn:510104,,whole,,,,,2000,,,,,
SUCCEEDS,cn:510104,cn:510103,,whole,,,,,1995,,,,,
PAIRED_WITH,cn:310110,cn:510103,,,,,,,2016,,,,,
FUNDS,cn:310101,cn:510106,,,100,CNY,budget,,2016,2020,period,whole,,
FUNDS,cn:310101,cn:510106,,,30,CNY,budget,,2019,2019,period,,whole,
FUNDS,cn:310110,cn:510106,,,14,CNY,budget,yes,2017,2020,period,,,
FUNDS,cn:310101,group:two,,,7,CNY,budget,,2018,2018,period,,,
FUNDS,cn:310101,group:far,,,8,CNY,budget,,2018,2018,period,,,
FUNDS,cn:310101,project:two,,,9,CNY,budget,,2018,2018,period,,,
"""


@pytest.fixture
async def told(graph: Graph, tmp_path: Path) -> Answering:
    for name, text in (("entities", ENTITIES), ("claims", CLAIMS)):
        file = tmp_path / f"{name}.csv"
        file.write_text(text, "utf-8")
        report = await pipeline.load(graph, [file], pipeline.Options(dataset=name))
        assert not report.rejected, report.issues
    return answering(graph, own_schema())


@pytest.mark.soak_on_neo4j
async def test_terms_codes_parts_and_groups(told: Answering) -> None:
    """On one graph, since each costs Neo4j a plan: what belongs together, and what only looks as if."""
    sent = 'help(from: "{}", to: "{}", via: [POSTED_TO]) {{ factsCount }}'
    asked = {
        "own": sent.format("cn:310110", "cn:510105"),
        "others": sent.format("cn:310110", "cn:510106"),
        "chain": 'helpers(of: "cn:510105", via: [PAIRED_WITH]) { nodes { helper { id } } }',
        "part": 'help(from: "cn:310101", to: "cn:510106", via: [FUNDS], during: {from: "2019", to: "2019"}) '
        "{ totals { sum notAdded { nodes { reason } } } }",
        "yearly": 'help(from: "cn:310110", to: "cn:510106", via: [FUNDS], during: {from: "2018", to: "2018"}) '
        "{ totals { sum perYear validFrom validTo } }",
        "province": 'helpers(of: "cn:510000", rollUp: true, via: [FUNDS]) { nodes { helper { id } through { nodes '
        "{ recipient { id } totals { sum } } } } }",
        "member": 'helpers(of: "cn:520101", rollUp: true) { nodes { through { nodes { recipient { id } } } } }',
        "recipients": 'recipients(of: "cn:310101", via: [FUNDS]) { nodes { recipient { id } factsCount } }',
    }
    found = await data(told, "{ " + " ".join(f"{name}: {text}" for name, text in asked.items()) + " }")
    assert found["own"] == {"factsCount": 1}
    assert found["others"] is None  # another's dispatch, of another batch and time
    assert [row["helper"]["id"] for row in found["chain"]["nodes"]] == ["cn:310110"]  # by the code before last
    assert found["part"]["totals"] == [{"sum": "30", "notAdded": {"nodes": [{"reason": "BEYOND_PERIOD"}]}}]
    assert found["yearly"]["totals"] == [{"sum": "14", "perYear": True, "validFrom": "2017", "validTo": "2020"}]
    through = [one for row in found["province"]["nodes"] for one in row["through"]["nodes"]]
    sums = {one["recipient"]["id"]: sorted(total["sum"] for total in one["totals"] if total["sum"]) for one in through}
    assert sums["group:two"] == ["7", "9"]  # its members all lie there; not those of the other
    assert "group:far" not in sums
    assert [one["recipient"]["id"] for one in found["member"]["nodes"][0]["through"]["nodes"]] == ["group:far"]
    assert {row["recipient"]["id"]: row["factsCount"] for row in found["recipients"]["nodes"]} == {
        "group:two": 2,
        "cn:510106": 2,
        "group:far": 1,
    }
