"""Claims that contradict one another: found by the runs that bring them, gone with the runs that mend them."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from api.schema import own_schema
from graph.engine import Graph
from loaders import pipeline
from tests.questions import Answering, Question, answer, answering

CONFLICTS = """query ($of: ID, $via: [RelationshipType!], $asOf: String, $knownOn: String, $first: Int! = 20, $after: String) {
  conflicts(of: $of, via: $via, asOf: $asOf, knownOn: $knownOn, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { id about type from { id } to { id } facts { id }
      claims { source { id } asStated { validFrom ... on MonetaryFact { amount } ... on StaffTransfer { people } } } } } }"""
PLACES = """entity,id,name,code
Province,cn:310000,上海市,310000
Province,cn:350000,福建省,350000
Province,cn:530000,云南省,530000
Province,cn:640000,宁夏回族自治区,640000
"""
HEADER = "relationship,from,to,people,kind,amount,currency,class,basis,bound,valid_from,valid_to,valid_to_basis,source,row_id\n"
A, B = "https://example.org/a", "https://example.org/b"


def funds(
    amount: str, source: str, row: str, year: str = "2019", ends: str = "cn:310000,cn:530000", bound: str = ""
) -> str:
    return f"FUNDS,{ends},,,{amount},CNY,budget,planned,{bound},{year},{year},period,{source},{row}\n"


def staff(people: int, source: str, row: str) -> str:
    return f"SENDS_STAFF_TO,cn:350000,cn:640000,{people},doctors,,,,done,,2019,2019,period,{source},{row}\n"


def pair(valid_from: str, source: str, row: str) -> str:
    return f"PAIRED_WITH,cn:350000,cn:640000,,,,,,,,{valid_from},,,{source},{row}\n"


FIRST = funds("100", A, "a1") + funds("50", A, "a2", "2020") + staff(10, A, "a3") + pair("1996", A, "a4")
#: Differs in the sum of 2019, in the doctors and in the beginning; agrees on 2020.
SECOND = funds("120", B, "b1") + funds("50", B, "b2", "2020") + staff(12, B, "b3") + pair("1997", B, "b4")
MENDED = funds("100", B, "b1") + funds("50", B, "b2", "2020") + staff(12, B, "b3") + pair("1996-11", B, "b4")


async def load(graph: Graph, folder: Path, dataset: str, text: str, day: str) -> None:
    file = folder / f"{dataset}.csv"
    file.write_text(text, encoding="utf-8")
    moment = int(datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp() * 1000)
    report = await pipeline.load(graph, [file], pipeline.Options(dataset=dataset), clock=lambda: moment)
    assert report.rejected == 0, report.issues


async def listed(asked: Answering, **variables: Any) -> Any:
    """The conflicts, after both ways were seen to give them."""
    question = Question(name="conflicts", query=CONFLICTS, variables=variables)
    said = await answer(asked.compiled, question)
    assert await answer(asked.plain, question) == said
    body = json.loads(said)
    assert "errors" not in body, body
    return body["data"]["conflicts"]


def told(found: Any) -> set[tuple[Any, ...]]:
    return {
        (
            one["about"],
            one["from"]["id"],
            *sorted(
                next(
                    str(claim["asStated"][name])
                    for name in ("amount", "people", "validFrom")
                    if name in claim["asStated"]
                )
                for claim in one["claims"]
            ),
        )
        for one in found["nodes"]
    }


@pytest.mark.soak_on_neo4j
async def test_a_second_source_that_disagrees(graph: Graph, tmp_path: Path) -> None:
    asked = answering(graph, own_schema())
    await load(graph, tmp_path, "places", PLACES, "2020-01-01")
    await load(graph, tmp_path, "first", HEADER + FIRST, "2020-02-01")
    assert (await listed(asked))["totalCount"] == 0
    await load(graph, tmp_path, "second", HEADER + SECOND, "2020-03-01")
    found = await listed(asked)
    amount, people = ("AMOUNT", "cn:310000", "100", "120"), ("PEOPLE", "cn:350000", "10", "12")
    began = ("VALID_FROM", "cn:350000", "1996", "1997")
    assert (told(found), found["totalCount"]) == ({amount, people, began}, 3)
    assert {claim["source"]["id"] for one in found["nodes"] for claim in one["claims"]} == {A, B}
    assert all(len(one["facts"]) == 1 for one in found["nodes"])  # two sources of one fact
    # of whom, of what, and when
    assert told(await listed(asked, of="cn:530000")) == {amount}
    assert told(await listed(asked, via=["SENDS_STAFF_TO", "PAIRED_WITH"])) == {people, began}
    assert told(await listed(asked, asOf="1997-06-30")) == {began}
    assert (await listed(asked, knownOn="2020-02-15"))["totalCount"] == 0
    first = await listed(asked, first=2)
    rest = await listed(asked, first=2, after=first["pageInfo"]["endCursor"])
    assert told(first) | told(rest) == {amount, people, began} and len(rest["nodes"]) == 1
    # a source that is mended takes back what it contradicted; what was known then stays known
    await load(graph, tmp_path, "second", HEADER + MENDED, "2020-04-01")
    assert told(await listed(asked)) == {people}
    assert told(await listed(asked, knownOn="2020-03-15")) == {amount, people, began}
    # a source that is gone contradicts nothing
    file = tmp_path / "second.csv"
    file.write_text(HEADER + funds("50", B, "b2", "2020"), encoding="utf-8")
    await pipeline.load(graph, [file], pipeline.Options(dataset="second", allow_retract=True))
    assert (await listed(asked))["totalCount"] == 0


@pytest.mark.soak_on_neo4j
async def test_facts_of_two_programmes_that_count_the_same(graph: Graph, tmp_path: Path) -> None:
    """Half of the longer period is shared: they are two facts, and cannot both be right."""
    asked = answering(graph, own_schema())
    await load(graph, tmp_path, "places", PLACES, "2020-01-01")
    rows = funds("100", A, "a1", "2019") + funds("300", B, "b1").replace(",2019,2019,", ",2018,2019,")
    await load(graph, tmp_path, "sums", HEADER + rows, "2020-02-01")
    (one,) = (await listed(asked))["nodes"]
    assert (one["about"], len(one["facts"])) == ("AMOUNT", 2)
    rows = funds("100", A, "a1", "2019") + funds("300", B, "b1").replace(",2019,2019,", ",2017,2019,")
    await load(graph, tmp_path, "sums", HEADER + rows, "2020-03-01")
    assert (await listed(asked))["nodes"] == []


async def test_an_interrupted_run_finds_what_the_whole_run_would(
    graph: Graph, tmp_path: Path, monkeypatch: Any
) -> None:
    asked = answering(graph, own_schema())
    await load(graph, tmp_path, "places", PLACES, "2020-01-01")

    async def broken(*_: Any) -> None:
        raise RuntimeError("the run ends here")

    with monkeypatch.context() as patch:
        patch.setattr("graph.write.conflicts.renew", broken)
        with pytest.raises(RuntimeError):
            await load(graph, tmp_path, "both", HEADER + FIRST + SECOND, "2020-02-01")
    assert (await listed(asked))["totalCount"] == 0
    await load(graph, tmp_path, "both", HEADER + FIRST + SECOND, "2020-02-01")
    assert (await listed(asked))["totalCount"] == 3


async def test_the_seed_contradicts_itself_nowhere(seeded: Graph) -> None:
    """Each figure of the seed stands in one source. Those between the same two differ in what they count or in their time:

    Zhejiang to Sichuan 2016 to mid-2021 and 2021 share half a year of five and a half; Danzhai to Nanhai 9,118 workers in
    the East and 14,859 anywhere; Jiangsu to Qinghai has one sum without a beginning. A pairing of several lists is a fact of
    each programme.
    """
    assert await listed(answering(seeded, own_schema())) == {
        "totalCount": 0, "pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": [],
    }  # fmt: skip
