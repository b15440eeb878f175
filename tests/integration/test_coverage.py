"""How complete the graph is: numbers of the seed, and of claims made for it, on both engines and both ways."""

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from graph.engine import Graph
from tests.questions import Answering, Question, answer, answering

SEED = Path(__file__).parents[2] / "seed"
COVERAGE = """query ($asOf: String, $during: Period, $knownOn: String) {
  coverage(asOf: $asOf, during: $during, knownOn: $knownOn) { relationships { type facts claims withAmount withStart withEnd
    open withLocator withSeveralSources stated implied derived } places { type places withCoordinates } }
  overview(asOf: $asOf, during: $during, knownOn: $knownOn) { facts { type count claims } } }"""


@pytest.fixture(scope="module")
def asked(seeded: Graph) -> Answering:
    return answering(seeded)


async def covered(asked: Answering, **variables: Any) -> tuple[dict[str, Any], list[Any], Any]:
    """Rows by type, places, and the overview, after both ways were seen to give them."""
    question = Question(name="coverage", query=COVERAGE, variables=variables)
    said = await answer(asked.compiled, question)
    assert await answer(asked.plain, question) == said
    data = json.loads(said)["data"]
    rows = data["coverage"]["relationships"]
    assert [row["type"] for row in rows] == sorted(row["type"] for row in rows) and len(rows) <= 40
    return {row.pop("type"): row for row in rows}, data["coverage"]["places"], data["overview"]["facts"]


async def test_the_seed(asked: Answering) -> None:
    rows, places, facts = await covered(asked)
    assert rows["FUNDS"] == {
        "facts": 48, "claims": 48, "withAmount": 33, "withStart": 46, "withEnd": 48, "open": 0, "withLocator": 5,
        "withSeveralSources": 0, "stated": 48, "implied": 0, "derived": 0,
    }  # fmt: skip
    assert rows["PAIRED_WITH"] == {
        "facts": 227, "claims": 231, "withAmount": None, "withStart": 206, "withEnd": 103, "open": 124, "withLocator": 9,
        "withSeveralSources": 4, "stated": 205, "implied": 19, "derived": 3,
    }  # fmt: skip
    assert rows["POSTED_TO"] == {
        "facts": 1, "claims": 1, "withAmount": None, "withStart": 1, "withEnd": 0, "open": 1, "withLocator": 1,
        "withSeveralSources": 0, "stated": 1, "implied": 0, "derived": 0,
    }  # fmt: skip
    assert [(row["type"], row["count"], row["claims"]) for row in facts] == [
        (type_, row["facts"], row["claims"]) for type_, row in rows.items()
    ]
    for row in rows.values():
        assert row["stated"] + row["implied"] + row["derived"] == row["facts"]
        assert row["withEnd"] + row["open"] <= row["facts"] <= row["claims"]
    assert {type_ for type_, row in rows.items() if row["withAmount"] is not None} == {
        "FUNDS", "BUYS_FROM", "DONATES_TO", "INVESTS_IN",
    }  # fmt: skip
    with (SEED / "places.csv").open(encoding="utf-8", newline="") as file:
        listed = list(csv.DictReader(file))
    located = Counter(row["entity"].upper() for row in listed if row["latitude"])
    assert {row["type"]: row["withCoordinates"] for row in places if row["withCoordinates"]} == located
    assert {row["type"]: row["places"] for row in places} == Counter(row["entity"].upper() for row in listed)


async def test_times(asked: Answering) -> None:
    then, places, _ = await covered(asked, asOf="2020-04-30")
    assert {type_: row["facts"] for type_, row in then.items() if type_ in ("FUNDS", "PAIRED_WITH", "POSTED_TO")} == {
        "FUNDS": 35, "PAIRED_WITH": 129, "POSTED_TO": 1,
    }  # fmt: skip
    rows, same, _ = await covered(asked, knownOn="2001-01-01")
    assert (rows, same) == ({}, places)


CLAIMS = """
CREATE (a:Entity:Place:County {id: 'cn:1', canonical: 'cn:1', type: 'County', name: '甲', pinyin: 'jia',
  latitude: 1.5, longitude: 100.0})
CREATE (b:Entity:Place:County {id: 'cn:2', canonical: 'cn:2', type: 'County', name: '乙', pinyin: 'yi', latitude: 1.5})
WITH a, b UNWIND [
  {fact: 'f1', id: 'c1', source: 's1', locator: 'line 1', amount: 5, valid_from: '2019', certainty: 'derived', standing: 2},
  {fact: 'f1', id: 'c2', source: 's2', locator: '', valid_to: '2020', certainty: 'implied', standing: 1},
  {fact: 'f2', id: 'c3', source: 's1', locator: '', certainty: 'stated', standing: 0},
  {fact: 'f2', id: 'c4', source: 's1', locator: '', amount: 7, certainty: 'derived', standing: 2},
  {fact: 'f3', id: 'c5', source: 's1', locator: 'line 2', open: true, certainty: 'derived', standing: 2}
] AS r CREATE (a)-[c:FUNDS {id: r.id, fact: r.fact, version: r.id, source: r.source, locator: r.locator, recorded_at: 1,
  standing: r.standing, certainty: r.certainty, earliest_from: '', latest_from: '', earliest_to: '9999', latest_to: '9999'}]->(b)
SET c.amount = r.amount, c.valid_from = r.valid_from, c.valid_to = r.valid_to, c.open_end = coalesce(r.open, false)
RETURN count(*)
"""


async def test_a_fact_has_what_one_of_its_claims_has(graph: Graph) -> None:
    await graph.write(lambda transaction: transaction.rows(CLAIMS))
    rows, places, _ = await covered(answering(graph))
    assert rows == {
        "FUNDS": {
            "facts": 3, "claims": 5, "withAmount": 2, "withStart": 1, "withEnd": 1, "open": 1, "withLocator": 2,
            "withSeveralSources": 1, "stated": 1, "implied": 1, "derived": 1,
        }
    }  # fmt: skip
    assert places == [{"type": "COUNTY", "places": 2, "withCoordinates": 1}]
