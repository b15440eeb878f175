"""Inspections of an entity: their figures, what is open, and what stays unknown, on both engines and both ways."""

import json
from typing import Any

import pytest

from graph.engine import Graph
from tests.questions import Answering, Question, answer, answering

SUPERVISION = """query ($of: ID!, $asOf: String, $during: Period, $knownOn: String, $first: Int! = 100, $after: String) {
  supervision(of: $of, asOf: $asOf, during: $during, knownOn: $knownOn) {
    inspectionsCount inspections problemsFound rectified open openCertainty rate
    rows(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes { open openCertainty rate
      inspection { id kind stage inspectors inspections problemsFound rectified conductedBy { nodes { from { id } } } } } } } }"""
UNKNOWN = {"open": None, "openCertainty": None, "rate": None}
BIJIE = {
    "inspections": 184,
    "problemsFound": 128,
    "rectified": 63,
    "open": 65,
    "openCertainty": "DERIVED",
    "rate": 63 / 128,
}


@pytest.fixture(scope="module")
def asked(seeded: Graph) -> Answering:
    return answering(seeded)


async def supervised(asked: Answering, of: str, **variables: Any) -> Any:
    """The answer, after both ways were seen to give it: figures, and rows by the short name of their inspection."""
    question = Question(name="supervision", query=SUPERVISION, variables={"of": of, **variables})
    said = await answer(asked.compiled, question)
    assert await answer(asked.plain, question) == said
    assert "errors" not in json.loads(said), said
    found = json.loads(said)["data"]["supervision"]
    rows = found.pop("rows")
    assert rows["totalCount"] == found["inspectionsCount"]
    return found, {row["inspection"]["id"].removeprefix("inspection:"): row for row in rows["nodes"]}


async def test_bijie(asked: Answering) -> None:
    found, rows = await supervised(asked, "cn:520500")
    assert found == {"inspectionsCount": 2, **BIJIE}
    assert list(rows) == ["bijie-funds-2020", "guangzhou-bijie-funds-2020"]
    known = rows["bijie-funds-2020"]
    assert known["inspection"].pop("conductedBy") == {
        "nodes": [{"from": {"id": "org:cn:520500:bijie-discipline-organs"}}]
    }
    assert known == {
        "open": 65, "openCertainty": "DERIVED", "rate": 0.4921875,
        "inspection": {
            "id": "inspection:bijie-funds-2020", "kind": "SUPERVISION", "stage": None, "inspectors": None,
            "inspections": 184, "problemsFound": 128, "rectified": 63,
        },
    }  # fmt: skip
    assert {name: rows["guangzhou-bijie-funds-2020"][name] for name in UNKNOWN} == UNKNOWN


@pytest.mark.parametrize("of", ["cn:330102", "cn:422828", "org:cn:330102:shangcheng-hefeng-joint-group"])
async def test_shangcheng_and_hefeng_on_one_tour(asked: Answering, of: str) -> None:
    found, rows = await supervised(asked, of)
    assert found == {"inspectionsCount": 1, "inspections": None, "problemsFound": None, "rectified": None, **UNKNOWN}
    (row,) = rows.values()
    inspection = row["inspection"]
    assert (inspection["kind"], inspection["stage"], inspection["inspectors"]) == ("INSPECTION_TOUR", "LAUNCHED", 16)
    assert {one["from"]["id"] for one in inspection["conductedBy"]["nodes"]} == {
        "cn:330102", "cn:422828", "org:cn:330102:shangcheng-hefeng-joint-group",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("of", "inspections", "open_"),
    [
        ("org:cn:520500:bijie-discipline-organs", {"bijie-funds-2020"}, 65),
        ("project:guangzhou-bijie-projects", {"bijie-funds-2020", "guangzhou-bijie-funds-2020"}, 65),
        ("official:yangpu-discipline:xu-min", {"ninglang-stock-taking-2019", "ninglang-acceptance-2020"}, None),
        ("cn:530724", {"ninglang-stock-taking-2019", "ninglang-acceptance-2020"}, None),
        ("cn:530000", {"ninglang-stock-taking-2019", "ninglang-acceptance-2020"}, None),
        ("cn:500101", {"wanzhou-jobs-matching-2020"}, None),
        ("org:cn:500101:wanzhou-poverty-office", {"wanzhou-jobs-matching-2020"}, None),
        ("cn:622900", {"xiamen-luhong-2020"}, None),
        (
            "cn:330100",
            {"fuyang-enshi-labour-2020", "hangzhou-paired-areas-2020", "shangcheng-hefeng-joint-2020"},
            None,
        ),
        ("cn:110101", set(), None),
    ],
)
async def test_what_has_to_do_with_it(asked: Answering, of: str, inspections: set[str], open_: int | None) -> None:
    found, rows = await supervised(asked, of)
    assert (set(rows), found["inspectionsCount"], found["open"]) == (inspections, len(inspections), open_)


async def test_the_whole_country(asked: Answering) -> None:
    found, rows = await supervised(asked, "iso:CN")
    assert found == {"inspectionsCount": 10, **BIJIE}
    assert list(rows) == sorted(rows)
    pages: list[str] = []
    for name in rows:
        after = None if not pages else pages[-1]
        question = Question(name="s", query=SUPERVISION, variables={"of": "iso:CN", "first": 1, "after": after})
        page = json.loads(await answer(asked.compiled, question))["data"]["supervision"]["rows"]
        assert [row["inspection"]["id"] for row in page["nodes"]] == [f"inspection:{name}"]
        pages.append(page["pageInfo"]["endCursor"])
    assert page["pageInfo"]["hasNextPage"] is False


async def test_times(asked: Answering) -> None:
    for time, of, inspections in (
        ({"asOf": "2020-05-01"}, "cn:520500", {"bijie-funds-2020", "guangzhou-bijie-funds-2020"}),
        ({"during": {"from": "2020", "to": "2020"}}, "cn:520500", {"bijie-funds-2020", "guangzhou-bijie-funds-2020"}),
        # of the other one no source says when
        ({"during": {"from": "2021", "to": "2022"}}, "cn:520500", {"guangzhou-bijie-funds-2020"}),
        ({"during": {"from": "2010", "to": "2012"}}, "cn:520500", {"guangzhou-bijie-funds-2020"}),
        ({"asOf": "2015-01-01"}, "cn:520500", {"guangzhou-bijie-funds-2020"}),
        ({"knownOn": "2001-01-01"}, "cn:520500", set()),
        ({"asOf": "2018-12-31"}, "cn:530724", {"ninglang-acceptance-2020"}),
        ({"asOf": "2019-07-15"}, "cn:530724", {"ninglang-acceptance-2020", "ninglang-stock-taking-2019"}),
        ({"during": {"from": "2019-08", "to": "2019"}}, "cn:530724", {"ninglang-acceptance-2020"}),
    ):
        _, rows = await supervised(asked, of, **time)
        assert set(rows) == inspections, (of, time)


async def test_of_none(asked: Answering) -> None:
    said = await answer(asked.compiled, Question(name="none", query=SUPERVISION, variables={"of": "cn:000000"}))
    assert b'"NOT_FOUND"' in said and b'{"data":{"supervision":null}' in said


FIGURES = """
CREATE (p:Entity:Place:County {id: 'cn:1', canonical: 'cn:1', type: 'County', name: '县', pinyin: 'xian'})
WITH p UNWIND [['a', 10, 4, 3], ['b', 5, null, 2], ['c', 0, 0, null], ['d', 3, 7, null], ['e', null, null, null]] AS r
CREATE (i:Entity:Inspection {id: 'inspection:' + r[0], canonical: 'inspection:' + r[0], type: 'Inspection',
  name: '检查', pinyin: 'jian cha'})
SET i.problems_found = r[1], i.rectified = r[2], i.inspections = r[3]
CREATE (i)-[:LOCATED_IN {id: 'claim:' + r[0], fact: 'fact:' + r[0], version: r[0], source: 'source:1', recorded_at: 1,
  earliest_from: '', latest_from: '', earliest_to: '9999', latest_to: '9999'}]->(p)
CREATE (p)-[:CONDUCTS {id: 'claim:c' + r[0], fact: 'fact:c' + r[0], version: 'c' + r[0], source: 'source:1', recorded_at: 1,
  earliest_from: '', latest_from: '', earliest_to: '9999', latest_to: '9999'}]->(i)
RETURN count(*)
"""


async def test_only_numbers_that_belong_together_are_subtracted(graph: Graph) -> None:
    """One without a figure, one with nothing found, and one with more rectified than found, which counts others' too."""
    await graph.write(lambda transaction: transaction.rows(FIGURES))
    found, rows = await supervised(answering(graph), "cn:1")
    assert found == {
        "inspectionsCount": 5, "inspections": 5, "problemsFound": 18, "rectified": 11, "open": 6, "openCertainty": "DERIVED",
        "rate": 0.4,
    }  # fmt: skip
    assert {name: (row["open"], row["openCertainty"], row["rate"]) for name, row in rows.items()} == {
        "a": (6, "DERIVED", 0.4),
        "b": (None, None, None),
        "c": (0, "DERIVED", None),
        "d": (None, None, None),
        "e": (None, None, None),
    }
