"""`byRecipient`: help to the places within one, each kind by itself, a head, and on whom they rely."""

import json
from pathlib import Path
from typing import Any

import pytest

from api.schema import own_schema
from graph.engine import Graph
from tests.checks import load
from tests.questions import Question, answer, answering

PLACES = """\
entity,id,name,code,PART_OF
Province,cn:310000,上海市,310000,
Province,cn:370000,山东省,370000,
Province,cn:530000,云南省,530000,
County,cn:530724,宁蒗县,530724,cn:530000
County,cn:530722,永胜县,530722,cn:530000
Company,org:works,A company,,
"""
PEOPLE = """\
entity,id,name,indicator,value,unit,as_of,OBSERVED_AT
Observation,observation:population:cn:530724:2010,宁蒗人口,population,240000,person,2010-11-01,cn:530724
Observation,observation:population:cn:530724:2020,宁蒗人口,population,250000,person,2020-11-01,cn:530724
"""
HELP = """\
relationship,from,to,amount,currency,class,people,workers,kind,valid_from,valid_to
FUNDS,cn:310000,cn:530724,750,CNY,disbursement,,,,2019,2019
FUNDS,cn:370000,cn:530724,250,CNY,disbursement,,,,2019,2019
FUNDS,cn:370000,cn:530724,,CNY,disbursement,,,,2020,2020
FUNDS,cn:310000,cn:530722,90,CNY,disbursement,,,,2019,2020
FUNDS,cn:310000,cn:530722,50,CNY,disbursement,,,,2020,2020
FUNDS,cn:310000,cn:530000,5000,CNY,disbursement,,,,2019,2019
SENDS_STAFF_TO,cn:310000,cn:530724,,,,12,,teachers,2019,2019
SENDS_WORKERS_TO,cn:530724,cn:370000,,,,,40,,2019,2019
SENDS_WORKERS_TO,cn:530724,org:works,,,,,60,,2019,2019
BUYS_FROM,cn:310000,cn:530724,8,CNY,disbursement,,,consumption_assistance,2019,2019
BUYS_FROM,cn:310000,cn:530724,9,CNY,disbursement,,,ordinary,2019,2019
"""
ROWS = """recipient { id } recipientLevel measure type unit sum helpersCount mainHelper { id } mainSum mainShare withoutMain
  helperLevels facts added population populationAsOf perHead meanPerHead ofMean"""


async def asked(graph: Graph, arguments: str) -> dict[str, Any]:
    """The answer, which both ways of answering give alike."""
    question = Question(
        name="recipients", query=f"{{ byRecipient({arguments}) {{ rowsCount missing rows {{ {ROWS} }} }} }}"
    )
    ways = answering(graph, own_schema())
    said = await answer(ways.compiled, question)
    assert said == await answer(ways.plain, question)
    return json.loads(said)["data"]["byRecipient"]


@pytest.mark.soak_on_neo4j
async def test_help_by_recipient(graph: Graph, tmp_path: Path) -> None:
    for name, text in (("places", PLACES), ("people", PEOPLE), ("help", HELP)):
        report = await load(graph, tmp_path, text, name)
        assert not report.rejected, report.issues
    found = await asked(graph, 'to: "cn:530000"')
    rows = {(row["recipient"]["id"], row["measure"], row["type"]): row for row in found["rows"]}
    assert len(rows) == found["rowsCount"] == len(found["rows"])
    assert {key: (row["sum"], row["facts"], row["added"]) for key, row in rows.items()} == {
        ("cn:530724", "amount", "FUNDS"): ("1000", 3, 2),
        ("cn:530722", "amount", "FUNDS"): (None, 2, 0),  # the two periods overlap
        ("cn:530000", "amount", "FUNDS"): ("5000", 1, 1),
        ("cn:530724", "amount", "BUYS_FROM"): ("8", 1, 1),  # what is bought on the market is no help
        ("cn:530724", "people", "SENDS_STAFF_TO"): ("12", 1, 1),
        ("cn:530724", "workers", "SENDS_WORKERS_TO"): ("100", 2, 2),
    }
    money = rows["cn:530724", "amount", "FUNDS"]
    assert (money["mainHelper"]["id"], money["mainSum"], money["mainShare"], money["withoutMain"]) == (
        "cn:310000", "750", 0.75, "250",
    )  # fmt: skip
    assert (money["helpersCount"], money["helperLevels"], money["unit"]) == (2, ["PROVINCE"], "CNY")
    assert (money["population"], money["populationAsOf"], money["perHead"]) == ("250000", "2020-11-01", "0.004")
    # the province is of another level: its figure may hold those of its counties, and is not compared with them
    assert (money["meanPerHead"], money["ofMean"]) == ("0.004", 1.0)
    workers = rows["cn:530724", "workers", "SENDS_WORKERS_TO"]
    assert (workers["mainHelper"]["id"], workers["mainShare"], workers["helperLevels"]) == (
        "org:works", 0.6, ["ORGANIZATION", "PROVINCE"],
    )  # fmt: skip
    assert [said.partition(":")[0] for said in found["missing"]] == [
        "how many people 2 of 3 recipients have",
        "the sum of 3 facts",
        "whether figures of helpers of different levels hold one another",
    ]
    before = await asked(graph, 'to: "cn:530724", via: [FUNDS], during: {from: "2019", to: "2019"}')
    assert [(row["sum"], row["population"]) for row in before["rows"]] == [("1000", "240000")]


async def test_nothing_is_known_of_it(graph: Graph, tmp_path: Path) -> None:
    await load(graph, tmp_path, PLACES, "places")
    assert await asked(graph, 'to: "cn:530724"') == {
        "rowsCount": 0,
        "missing": ["any help that is counted: none is reported"],
        "rows": [],
    }
