"""The facts of an entity in order of time, seen from it, on both engines and both ways."""

import json
from typing import Any

import pytest

from graph.engine import Graph
from tests.questions import Answering, Question, answer, answering

TIMELINE = """query ($of: ID!, $via: [RelationshipType!], $order: FactOrder, $first: Int! = 100, $after: String, $asOf: String,
    $during: Period, $knownOn: String) {
  timeline(of: $of, via: $via, orderBy: $order, first: $first, after: $after, asOf: $asOf, during: $during, knownOn: $knownOn) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { outgoing other { id } fact { id type validFrom holds from { id } to { id } evidence { locator } } } } }"""


@pytest.fixture(scope="module")
def asked(seeded: Graph) -> Answering:
    return answering(seeded)


async def told(asked: Answering, of: str, **variables: Any) -> dict[str, Any]:
    """The page, after both ways were seen to give it."""
    variables = {"order": "BEGAN_ASC", "of": of, **variables}
    question = Question(name="timeline", query=TIMELINE, variables=variables)
    said = await answer(asked.compiled, question)
    assert await answer(asked.plain, question) == said
    assert "errors" not in json.loads(said), said
    return json.loads(said)["data"]["timeline"]


def entries(page: dict[str, Any]) -> list[tuple[str, str | None, bool, str]]:
    return [
        (row["fact"]["type"], row["fact"]["validFrom"], row["outgoing"], row["other"]["id"]) for row in page["nodes"]
    ]


async def test_an_official(asked: Answering) -> None:
    page = await told(asked, "official:yangpu-discipline:xu-min")
    assert page["totalCount"] == 8
    undated, dated = entries(page)[:3], entries(page)[3:]
    assert set(undated) == {
        ("PROMOTES", None, True, "mechanism:ninglang-weekly-reports"),
        ("CONDUCTS", None, True, "inspection:ninglang-acceptance-2020"),
        ("HOLDS_POST", None, True, "org:cn:310110:yangpu-discipline"),
    }
    assert set(dated) == {
        ("SENT_BY", "2019-07", True, "cn:310000"),
        ("SENT_BY", "2019-07", True, "cn:310110"),
        ("CONDUCTS", "2019-07", True, "inspection:ninglang-stock-taking-2019"),
        ("HOLDS_POST", "2019-07", True, "org:cn:530724:ninglang-poverty-office"),
        ("POSTED_TO", "2019-07", True, "cn:530724"),
    }


async def test_a_county_both_ends_told_from_each_other(asked: Answering) -> None:
    page = await told(asked, "cn:530724", via=["FUNDS", "POSTED_TO", "PART_OF"])
    assert entries(page) == [
        ("PART_OF", None, True, "cn:530700"),
        ("POSTED_TO", "2019-07", False, "official:yangpu-discipline:xu-min"),
        ("FUNDS", "2020", False, "cn:310000"),
    ]
    for row in page["nodes"]:
        ends = [row["fact"]["from"]["id"], row["fact"]["to"]["id"]]
        assert ends == (["cn:530724", row["other"]["id"]] if row["outgoing"] else [row["other"]["id"], "cn:530724"])
        assert len(row["fact"]["evidence"]) == 1


@pytest.mark.soak_on_neo4j
async def test_both_orders_and_pages(asked: Answering) -> None:
    whole = await told(asked, "cn:520500")
    assert whole["totalCount"] == len(whole["nodes"]) == 24
    dated = [row["fact"]["validFrom"] for row in whole["nodes"] if row["fact"]["validFrom"]]
    assert dated == ["1996", "2013-02", "2019", "2019", "2019", "2019", "2021"]
    backwards = await told(asked, "cn:520500", order="BEGAN_DESC")
    assert backwards["nodes"] == whole["nodes"][::-1]
    assert backwards == await told(asked, "cn:520500", order=None)
    for order, rows in (("BEGAN_ASC", whole["nodes"]), ("BEGAN_DESC", backwards["nodes"])):
        walked: list[Any] = []
        after = None
        while True:
            page = await told(asked, "cn:520500", order=order, first=7, after=after)
            walked += page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = page["pageInfo"]["endCursor"]
        assert walked == rows


async def test_what_tells_nothing_is_left_out_unless_asked_for(asked: Answering) -> None:
    types = {row["fact"]["type"] for row in (await told(asked, "cn:530724"))["nodes"]}
    assert types == {"LOCATED_IN", "OBSERVED_AT", "PART_OF", "POSTED_TO", "FUNDS"}
    described = await told(asked, "cn:530724", via=["DESCRIBED_IN"])
    assert (described["totalCount"], entries(described)[0][:3]) == (1, ("DESCRIBED_IN", None, True))
    assert await told(asked, "cn:530724", via=[]) == await told(asked, "cn:530724")


async def test_times(asked: Answering) -> None:
    undated = 11
    for time, expected in (
        ({"asOf": "2018-01-01"}, set()),
        ({"asOf": "2019-08-01"}, {("POSTED_TO", "CERTAINLY")}),
        ({"asOf": "2020-12-31"}, {("POSTED_TO", "LAST_KNOWN"), ("FUNDS", "CERTAINLY")}),
        ({"during": {"from": "2019", "to": "2019"}}, {("POSTED_TO", "CERTAINLY")}),
    ):
        page = await told(asked, "cn:530724", **time)
        found = {(row["fact"]["type"], row["fact"]["holds"]) for row in page["nodes"] if row["fact"]["validFrom"]}
        assert {type_ for type_, _ in found} == {type_ for type_, _ in expected}, time
        assert page["totalCount"] == undated + len(expected)
    assert (await told(asked, "cn:530724", knownOn="2001-01-01"))["totalCount"] == 0


async def test_of_none(asked: Answering) -> None:
    said = await answer(asked.compiled, Question(name="t", query=TIMELINE, variables={"of": "cn:000000"}))
    assert b'"NOT_FOUND"' in said and b'{"data":{"timeline":null}' in said
    said = await answer(asked.compiled, Question(name="t", query=TIMELINE, variables={"of": "530724"}))
    assert "did you mean cn:530724?" in said.decode()
