"""`flows`: sums of money by who gives and who gets, without adding what may be the same money twice."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from api.schema import own_schema
from graph.engine import Graph
from graph.sources.explaining import File
from graph.sources.explaining import answered as again
from loaders import pipeline
from tests.questions import NOW, Answering, Question, answer, answering

ENTITIES = """\
entity,id,name,vocabulary,code,PART_OF,LOCATED_IN,HAS_SECTOR
Country,iso:SN,Senegal,,,,,
Country,iso:ML,Mali,,,,,
Province,cn:310000,上海市,,310000,,,
County,cn:310110,杨浦区,,310110,cn:310000,,
Province,cn:530000,云南省,,530000,,,
County,cn:530724,宁蒗彝族自治县,,530724,cn:530000,,
Organization,org:bank,A bank,,,,,
Organization,org:fund,A fund,,,,,
Organization,org:payee,Who is paid,,,,,
Sector,sector:dac-5:15110,Policy,dac-5,15110,,,
Sector,sector:dac-5:31110,Farming,dac-5,31110,,,
Project,project:one,Of one funder in Senegal,,,,iso:SN,sector:dac-5:15110
Project,project:two,Of two funders in Senegal,,,,iso:SN,sector:dac-5:15110;sector:dac-5:31110
Project,project:wide,In two countries,,,,iso:SN;iso:ML,
Project,project:bare,Of no one and nowhere,,,,,
"""
FUNDERS = """\
relationship,from,to,role
PARTICIPATES_IN,org:bank,project:one,funding
PARTICIPATES_IN,org:bank,project:two,funding
PARTICIPATES_IN,org:fund,project:two,funding
PARTICIPATES_IN,org:fund,project:wide,funding
PARTICIPATES_IN,org:payee,project:one,implementing
"""
MONEY = """\
relationship,from,to,amount,currency,class,basis,valid_from,valid_to,transaction,provider,official,measure
FUNDS,project:one,project:one,100.01,USD,commitment,,2019-01-05,,a,,,
FUNDS,project:one,org:payee,40,USD,disbursement,,2019-02-05,,b,,,
FUNDS,project:one,org:payee,2.5,USD,disbursement,,2020-02-05,,c,,,
FUNDS,project:one,org:payee,7,EUR,disbursement,,2020-02-05,,d,,,
FUNDS,project:one,org:payee,,,,,2020-02-06,,e,,,
FUNDS,project:two,project:two,300,USD,commitment,,2019-01-05,,f,,,
FUNDS,project:wide,project:wide,500,USD,commitment,,2019-01-05,,g,,,
FUNDS,project:bare,project:bare,9,USD,commitment,,2019-01-05,,h,,,
FUNDS,project:bare,project:bare,11,USD,commitment,,2019-01-05,,i,org:fund,,
FUNDS,project:one,project:one,1000,USD,commitment,,2019-01-05,,j,,no,
FUNDS,cn:310000,cn:530000,10,CNY,budget,planned,2019,2020,,,,
FUNDS,cn:310000,cn:530000,6,CNY,budget,planned,2019,2019,,,,
FUNDS,cn:310000,cn:530724,3,CNY,budget,planned,2019,2019,,,,
FUNDS,cn:310110,cn:530724,2,CNY,budget,planned,2019,2019,,,,
"""


@pytest.fixture
async def asked(graph: Graph, tmp_path: Path) -> Answering:
    for name, text in (("entities", ENTITIES), ("funders", FUNDERS), ("money", MONEY)):
        file = tmp_path / f"{name}.csv"
        file.write_text(text, "utf-8")
        report = await pipeline.load(graph, [file], pipeline.Options(dataset=name), clock=lambda: 1_000_000)
        assert not report.rejected, report.issues
    return answering(graph, own_schema())


async def rows(asked: Answering, arguments: str, *fields: str) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Sum, facts and how many were added, by the fields; both ways must give the same."""
    selected = " ".join(
        f"{name} {{ id }}" if name in ("helper", "recipient", "sector", "helperProvince", "recipientProvince") else name
        for name in fields
    )
    query = f"{{ flows({arguments}, first: 100) {{ totalCount nodes {{ {selected} currency sum facts added withoutAmount }} }} }}"
    question = Question(name="flows", query=query)
    said = await answer(asked.compiled, question)
    assert said == await answer(asked.plain, question)
    body = json.loads(said)
    assert "errors" not in body, body
    found = body["data"]["flows"]
    made = {
        tuple(row[name]["id"] if isinstance(row[name], dict) else row[name] for name in (*fields, "currency")): (
            row["sum"],
            row["facts"],
            row["added"],
            row["withoutAmount"],
        )
        for row in found["nodes"]
    }
    assert len(made) == len(found["nodes"]) == found["totalCount"]
    return made


@pytest.mark.soak_on_neo4j
async def test_who_gives_through_projects(asked: Answering) -> None:
    found = await rows(asked, "groupBy: [HELPER], classes: [COMMITMENT]", "helper", "helperOpen")
    assert found == {
        ("org:bank", None, "USD"): ("100.01", 2, 1, 0),  # the other is no official flow
        (None, "SEVERAL", "USD"): ("300", 1, 1, 0),
        ("org:fund", None, "USD"): ("520", 3, 3, 0),  # that of project:bare by what its transactions say
    }


@pytest.mark.soak_on_neo4j
async def test_who_gets_through_projects(asked: Answering) -> None:
    found = await rows(asked, "groupBy: [RECIPIENT], classes: [COMMITMENT]", "recipient", "recipientOpen")
    assert found == {
        ("iso:SN", None, "USD"): ("400.01", 3, 2, 0),
        (None, "SEVERAL", "USD"): ("500", 1, 1, 0),
        (None, "NOT_STATED", "USD"): ("20", 2, 2, 0),
    }
    senegal = await rows(asked, 'groupBy: [HELPER], classes: [COMMITMENT], to: "iso:SN"', "helper", "helperOpen")
    assert senegal == {
        ("org:bank", None, "USD"): ("100.01", 2, 1, 0),
        (None, "SEVERAL", "USD"): ("300", 1, 1, 0),
        ("org:fund", None, "USD"): ("500", 1, 1, 0),  # in Senegal and in Mali: not split
    }


@pytest.mark.soak_on_neo4j
async def test_by_year_and_currency_and_what_has_no_amount(asked: Answering) -> None:
    found = await rows(asked, 'groupBy: [YEAR], from: "org:bank", to: "iso:SN", classes: [DISBURSEMENT]', "year")
    assert found == {
        ("2019", "USD"): ("40", 1, 1, 0),
        ("2020", "USD"): ("2.5", 1, 1, 0),
        ("2020", "EUR"): ("7", 1, 1, 0),
    }
    every = await rows(
        asked, 'groupBy: [YEAR], from: "org:bank", to: "iso:SN", during: {from: "2020", to: "2020"}', "year"
    )
    assert every[("2020", None)] == (None, 1, 0, 1)
    assert every[("2020", "USD")] == ("2.5", 1, 1, 0)


@pytest.mark.soak_on_neo4j
async def test_what_may_be_the_same_money_is_not_added(asked: Answering) -> None:
    found = await rows(asked, "groupBy: [HELPER], classes: [BUDGET]", "helper", "recipientLevel")
    assert found == {
        ("cn:310000", "PROVINCE", "CNY"): (None, 2, 0, 0),  # two years, and the first of them
        ("cn:310000", "COUNTY", "CNY"): ("3", 1, 1, 0),
        ("cn:310110", "COUNTY", "CNY"): ("2", 1, 1, 0),
    }
    levels = ("helperLevel", "recipientLevel")
    provinces = await rows(asked, "groupBy: [HELPER_PROVINCE], classes: [BUDGET]", "helperProvince", *levels)
    assert provinces == {
        ("cn:310000", "PROVINCE", "PROVINCE", "CNY"): (None, 2, 0, 0),
        ("cn:310000", "PROVINCE", "COUNTY", "CNY"): ("3", 1, 1, 0),
        ("cn:310000", "COUNTY", "COUNTY", "CNY"): ("2", 1, 1, 0),
    }


@pytest.mark.soak_on_neo4j
async def test_by_sector_and_by_source(asked: Answering) -> None:
    found = await rows(asked, "groupBy: [SECTOR], classes: [COMMITMENT]", "sector", "sectorOpen")
    assert found == {
        ("sector:dac-5:15110", None, "USD"): ("100.01", 2, 1, 0),
        (None, "SEVERAL", "USD"): ("300", 1, 1, 0),
        (None, "NOT_STATED", "USD"): ("520", 3, 3, 0),
    }
    assert await rows(asked, 'groupBy: [YEAR], source: "source:dataset:funders"', "year") == {}
    fields = ("year", "class", "helperLevel", "recipientLevel")
    assert len(await rows(asked, 'groupBy: [YEAR], source: "source:dataset:money"', *fields)) == 8


async def test_an_id_that_nothing_has_and_no_group(asked: Answering) -> None:
    for arguments, code in (('groupBy: [HELPER], to: "cn:999999"', "NOT_FOUND"), ("groupBy: []", "BAD_USER_INPUT")):
        question = Question(name="flows", query=f"{{ flows({arguments}) {{ nodes {{ sum }} }} }}")
        said = json.loads(await answer(asked.compiled, question))
        assert said["errors"][0]["extensions"]["code"] == code


async def test_the_largest_amounts(asked: Answering, graph: Graph, tmp_path: Path) -> None:
    region = tmp_path / "region.csv"
    region.write_text(
        "entity,id,name,MEMBER_OF\nPlaceGroup,group:region,A region,\nCountry,iso:KE,Kenya,group:region;group:both\n"
        "Country,iso:FR,France,group:both\nPlaceGroup,group:both,Both,\n",
        "utf-8",
    )
    money = tmp_path / "more.csv"
    money.write_text(
        "relationship,from,to,amount,currency,class,valid_from\n"
        "FUNDS,org:bank,iso:KE,5,USD,commitment,2019\nFUNDS,org:bank,group:both,8,USD,commitment,2019\n"
        "FUNDS,org:bank,iso:FR,99,USD,commitment,2019\nFUNDS,org:bank,iso:KE,70,EUR,commitment,2019\n",
        "utf-8",
    )
    for file in (region, money):
        report = await pipeline.load(graph, [file], pipeline.Options(dataset=file.stem))
        assert not report.rejected, report.issues

    async def largest(arguments: str) -> list[tuple[str, str]]:
        fields = "totalCount nodes { to { id } ... on Funding { amount } }"
        query = f'{{ largest(currency: "USD", {arguments}) {{ {fields} }} }}'
        question = Question(name="largest", query=query)
        said = await answer(asked.compiled, question)
        assert said == await answer(asked.plain, question)
        found = json.loads(said)["data"]["largest"]
        assert found["totalCount"] == len(found["nodes"])
        return [(row["to"]["id"], row["amount"]) for row in found["nodes"]]

    # of the country and of the group it is in; not what the other member gets
    assert await largest('to: "group:region"') == [("group:both", "8"), ("iso:KE", "5")]
    assert await largest('from: "org:bank"') == [("iso:FR", "99"), ("group:both", "8"), ("iso:KE", "5")]
    # of projects there, whether split or not
    assert await largest('to: "iso:SN", classes: [COMMITMENT]') == [
        ("project:one", "1000"),
        ("project:wide", "500"),
        ("project:two", "300"),
        ("project:one", "100.01"),
    ]


EXPLAIN = """query ($id: String!) { explain(id: $id) {
  question amount currency claimsCount file claims { provider { id } amount role source { id } locator } } }"""


@pytest.mark.soak_on_neo4j
@pytest.mark.parametrize(
    "arguments",
    [
        "groupBy: [HELPER, YEAR]",
        'groupBy: [RECIPIENT, SECTOR], classes: [COMMITMENT, BUDGET], currency: "USD"',
        'groupBy: [HELPER_PROVINCE, RECIPIENT_PROVINCE], from: "cn:310000", to: "cn:530000", during: {from: "2019", to: "2019"}',
    ],
)
async def test_each_sum_is_explained(asked: Answering, tmp_path: Path, arguments: str) -> None:
    query = f"{{ flows({arguments}, first: 100) {{ nodes {{ currency sum facts added withoutAmount explainId }} }} }}"
    found = json.loads(await answer(asked.compiled, Question(name="flows", query=query)))["data"]["flows"]["nodes"]
    assert len(found) > 1
    for row in found:
        said = await answer(asked.compiled, Question(name="explain", query=EXPLAIN, variables={"id": row["explainId"]}))
        explained = json.loads(said)["data"]["explain"]
        assert "data" in json.loads(said), said
        assert (explained["amount"], explained["claimsCount"]) == (row["sum"], row["facts"])
        used = [claim for claim in explained["claims"] if claim["role"] == "used"]
        assert len(used) == row["added"]
        assert sum(Decimal(claim["amount"]) for claim in used) == Decimal(row["sum"] or 0)
        assert all(
            claim["source"]["id"] == "source:dataset:money" and claim["locator"] for claim in explained["claims"]
        )
        file = msgspec.json.decode(explained["file"], type=File)
        assert again(file).answer == file.answer == [row["sum"], row["facts"], row["added"], row["withoutAmount"]]
    overlapping = [claim["role"] for row in found if row["facts"] > row["added"] for claim in explained["claims"]]
    assert set(overlapping) <= {"used", "value unknown", "not official", "periods overlap", "beyond period"}


async def test_a_sum_is_explained_as_it_was_known(asked: Answering, graph: Graph, tmp_path: Path) -> None:
    query = '{ flows(groupBy: [HELPER], classes: [DISBURSEMENT], currency: "EUR") { nodes { sum explainId } } }'
    question = Question(name="flows", query=query)
    (before,) = json.loads(await answer(asked.compiled, question))["data"]["flows"]["nodes"]
    file = tmp_path / "later.csv"
    file.write_text(
        f"{MONEY.splitlines()[0]}\nFUNDS,project:one,org:payee,8,EUR,disbursement,,2021-02-05,,z,,,\n", "utf-8"
    )
    await pipeline.load(
        graph, [file], pipeline.Options(dataset="later"), clock=lambda: round(NOW.timestamp() * 1000) + 1
    )
    (after,) = json.loads(await answer(asked.compiled, question))["data"]["flows"]["nodes"]
    said = await answer(asked.compiled, Question(name="explain", query=EXPLAIN, variables={"id": before["explainId"]}))
    assert (before["sum"], after["sum"], json.loads(said)["data"]["explain"]["amount"]) == ("7", "15", "7")
