"""The documents of tests/data/documents: compiled, answered field by field, and by the other engine, byte for byte."""

import asyncio
import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from api.schema import own_schema
from graph.engine import Graph
from tests.generated import Pool, filled, question
from tests.questions import Answering, Question, answer, answering, corpus, timeless

QUESTIONS = tuple(corpus())
SCHEMA = own_schema()
SEED = Path(__file__).parents[2] / "seed"
#: What each engine answered to each question, for the other one to be compared with.
ANSWERS: dict[str, dict[str, bytes]] = {}
#: On Neo4j, which plans each statement for 50 ms and more, every so manyth is asked, on the embedded engine every fourth;
#: `make soak` asks all.
SOME = 20
#: Questions made at random, and what each engine answered to them.
GENERATED = 24
MADE: dict[str, dict[str, bytes]] = {}


@pytest.fixture(scope="module")
def asked(seeded: Graph) -> Answering:
    return answering(seeded, SCHEMA)


async def answers(executor: Any, questions: Iterable[Question]) -> dict[str, bytes]:
    """What is answered to many questions, a few at a time."""
    turn = asyncio.Semaphore(4)

    async def one(question: Question) -> bytes:
        async with turn:
            return await answer(executor, question)

    listed = list(questions)
    return dict(zip((q.name for q in listed), await asyncio.gather(*map(one, listed)), strict=True))


def differing(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> dict[str, tuple[str, str]]:
    return {name: (said.decode(), other[name].decode()) for name, said in one.items() if said != other[name]}


def timelessly(said: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: timeless(one) for name, one in said.items()}


def test_there_are_documents_of_many_kinds() -> None:
    assert len({question.query for question in QUESTIONS}) >= 130
    assert len({question.name for question in QUESTIONS}) == len(QUESTIONS)


@pytest.mark.parametrize("some", [SOME, pytest.param(1, marks=pytest.mark.soak)])
async def test_both_ways_and_both_engines_answer_alike(asked: Answering, engine: str, some: int) -> None:
    asking = QUESTIONS[:: min(some, 4) if engine == "embedded" else some]
    compiled = await answers(asked.compiled, asking)
    wrong = {question.name for question in asking if question.wrong}
    assert {name for name, said in compiled.items() if b'"errors"' in said} == wrong
    if engine == "embedded":  # Neo4j plans each statement for 50 ms and more: tests/soak does it there
        assert differing(await answers(asked.plain, asking), compiled) == {}
    ANSWERS[engine] = compiled
    for other, said in ANSWERS.items():
        both = said.keys() & compiled.keys()
        assert both == min(said.keys(), compiled.keys(), key=len), other
        ours, theirs = ({name: one[name] for name in both} for one in (compiled, said))
        assert differing(timelessly(ours), timelessly(theirs)) == {}, other


@pytest.mark.soak_on_neo4j
async def test_questions_alike_in_text_are_answered_by_their_values(asked: Answering, engine: str) -> None:
    """A plan is kept for a document: it must not answer another question, whatever came first."""
    several = [question for question in QUESTIONS if "[" in question.name and not question.wrong]
    several = several[:: 3 if engine == "embedded" else SOME]
    forwards = [await answer(asked.compiled, question) for question in several]
    fresh = answering(asked.compiled._graph, SCHEMA).compiled
    backwards = [await answer(fresh, question) for question in reversed(several)]
    assert forwards == backwards[::-1]


async def test_generated_questions_are_answered_alike(seeded: Graph, asked: Answering, engine: str) -> None:
    """The first of those that tests/soak/test_generated_documents.py asks."""
    pool = await Pool.of(seeded)
    asked_for = GENERATED if engine == "embedded" else GENERATED // SOME
    made = [question(number, SCHEMA._schema, pool) for number in range(asked_for)]
    compiled = await answers(asked.compiled, made)
    refused = {name for name, said in compiled.items() if b'"errors"' in said}
    assert all(any(why in compiled[name] for why in (b"COST_LIMIT", b"conflict", b"NOT_FOUND")) for name in refused)
    assert sum(filled(json.loads(said).get("data")) for said in compiled.values()) > asked_for / 3
    if engine == "embedded":
        assert differing(await answers(asked.plain, made), compiled) == {}
    MADE[engine] = compiled
    for other, said in MADE.items():
        both = {name: one for name, one in compiled.items() if name in said}
        assert both and differing(timelessly(both), timelessly(said)) == {}, other


# pages


WALKS = (
    '{{ places(level: PROVINCE, orderBy: {0}, first: 10, after: $after) {{ {1} }} }}',
    '{{ places(within: "cn:530700", orderBy: {0}, first: 2, after: $after) {{ {1} }} }}',
    '{{ projects(orderBy: {0}, first: 7, after: $after) {{ {1} }} }}',
    '{{ officials(orderBy: {0}, first: 1, after: $after) {{ {1} }} }}',
    '{{ programmes(orderBy: {0}, first: 5, after: $after) {{ {1} }} }}',
)  # fmt: skip
PAGE = "totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor }"


async def walked(executor: Any, query: str, **variables: Any) -> list[str]:
    """The ids of a list, page by page to its end."""
    ids: list[str] = []
    after: str | None = None
    for _ in range(50):
        said = json.loads(
            await answer(executor, Question(name="walk", query=query, variables={**variables, "after": after}))
        )
        page = said["data"]
        while "nodes" not in page:
            (page,) = page.values()
        info, cursors = page["pageInfo"], [edge["cursor"] for edge in page["edges"]]
        assert info["hasPreviousPage"] is (after is not None)
        assert [info["startCursor"], info["endCursor"]] == ([cursors[0], cursors[-1]] if cursors else [None, None])
        ids += [node.get("id") or node["helper"]["id"] for node in page["nodes"]]
        if not info["hasNextPage"]:
            assert len(ids) == page["totalCount"] == len(set(ids))
            return ids
        after = info["endCursor"]
    raise AssertionError("the list has no end")


async def test_lists_are_walked_to_their_ends(asked: Answering) -> None:
    for walk in WALKS:
        found = {}
        for order in ("ID_ASC", "ID_DESC", "PINYIN_ASC", "PINYIN_DESC"):
            query = f"query ($after: String) {walk.format(order, PAGE)}"
            found[order] = await walked(asked.compiled, query)
        assert found["ID_ASC"] == sorted(found["ID_ASC"]), walk
        assert found["ID_DESC"] == found["ID_ASC"][::-1], walk
        assert found["PINYIN_DESC"] == found["PINYIN_ASC"][::-1], walk
        assert set(found["PINYIN_ASC"]) == set(found["ID_ASC"]), walk


async def test_facts_are_walked_to_their_ends(asked: Answering) -> None:
    query = """query ($after: String, $order: MonetaryFactOrder) { place(code: "320000") {
      fundingGiven(orderBy: $order, first: 2, after: $after) { PAGE } } }""".replace("PAGE", PAGE)
    found = {
        order: await walked(asked.compiled, query, order=order) for order in ("BEGAN_ASC", "BEGAN_DESC", "AMOUNT_DESC")
    }
    assert found["BEGAN_DESC"] == found["BEGAN_ASC"][::-1]
    assert set(found["AMOUNT_DESC"]) == set(found["BEGAN_ASC"])
    assert len(found["BEGAN_ASC"]) > 4
    page = PAGE.replace("nodes { id }", "nodes { helper { id } }")
    helped = 'query ($after: String) { helpers(of: "cn:520500", first: 1, after: $after) { PAGE } }'.replace(
        "PAGE", page
    )
    assert await walked(asked.compiled, helped) == ["cn:440100", "cn:440300"]


async def test_a_page_is_walked_alike_the_plain_way(asked: Answering, engine: str) -> None:
    query = f"query ($after: String) {WALKS[1].format('PINYIN_DESC', PAGE)}"
    assert await walked(asked.plain, query) == await walked(asked.compiled, query)


# what the files of the seed say


def rows(name: str) -> list[dict[str, str]]:
    with (SEED / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


async def data(asked: Answering, query: str, **variables: Any) -> Any:
    said = json.loads(await answer(asked.compiled, Question(name="data", query=query, variables=variables)))
    assert "errors" not in said
    return said["data"]


async def test_places_are_those_of_the_file(asked: Answering) -> None:
    written = Counter(row["entity"] for row in rows("places.csv"))
    for level, number in written.items():
        query = "query ($level: PlaceLevel) { places(level: $level, first: 1) { totalCount } }"
        assert await data(asked, query, level=level.upper()) == {"places": {"totalCount": number}}
    (ninglang,) = (row for row in rows("places.csv") if row["id"] == "cn:530724")
    query = '{ place(code: "530724") { id name nameEn code longitude latitude validFrom parent { id } aliases } }'
    assert await data(asked, query) == {
        "place": {
            "id": "cn:530724", "name": "宁蒗彝族自治县", "nameEn": ninglang["name_en"], "code": "530724",
            "longitude": float(ninglang["longitude"]), "latitude": float(ninglang["latitude"]), "validFrom": None,
            "parent": {"id": "cn:530700"}, "aliases": [],
        }
    }  # fmt: skip
    below = sorted(row["id"] for row in rows("places.csv") if row["PART_OF"] == "cn:530700")
    found = await data(asked, '{ places(within: "cn:530700") { nodes { id } } }')
    assert [node["id"] for node in found["places"]["nodes"]] == below


async def test_pairings_are_those_of_the_file(asked: Answering) -> None:
    listed = [row for row in rows("pairings_2016.csv") if row["donor_code"] == "440100"]
    assert listed
    query = """{ place(code: "440100") { pairingsGiven(where: {programme: "programme:east-west-2016"}) { totalCount
      nodes { to { id } evidence { asStated { validFrom validTo } } } } } }"""
    given = (await data(asked, query))["place"]["pairingsGiven"]
    claims = [(node["to"]["id"], claim["asStated"]) for node in given["nodes"] for claim in node["evidence"]]
    for row in listed:
        said = {"validFrom": row["valid_from"] or None, "validTo": row["valid_to"] or None}
        assert (f"cn:{row['recipient_code']}", said) in claims
    assert given["totalCount"] == len({id_ for id_, _ in claims})


async def test_money_is_that_of_the_files(asked: Answering) -> None:
    written = sorted(
        (
            row["amount"]
            for name in ("flows.csv", "article_claims.csv")
            for row in rows(name)
            if (row["relationship"], row["from"], row["currency"]) == ("FUNDS", "cn:320000", "CNY") and row["amount"]
        ),
        key=float,
        reverse=True,
    )
    query = """{ place(code: "320000") { fundingGiven(where: {currency: "CNY"}, orderBy: AMOUNT_DESC) {
      nodes { amount } } } }"""
    found = (await data(asked, query))["place"]["fundingGiven"]["nodes"]
    assert [node["amount"] for node in found if node["amount"]] == written
    assert len(written) > 2


async def test_officials_and_programmes_are_those_of_the_files(asked: Answering) -> None:
    query = """{ officials { totalCount nodes { id name role } } programmes { totalCount }
      placeGroups { nodes { id membersNamed(first: 1) { totalCount } } } }"""
    found = await data(asked, query)
    written = [row for row in rows("article_entities.csv") if row["entity"] == "Official"]
    assert found["officials"]["nodes"] == sorted(
        ({"id": row["id"], "name": row["name"], "role": row["role"]} for row in written), key=lambda row: row["id"]
    )
    assert found["officials"]["totalCount"] == 4
    assert found["programmes"]["totalCount"] == len(rows("programmes.csv"))
    members = Counter(row["to"] for row in rows("place_group_members.csv"))
    groups = {node["id"]: node["membersNamed"]["totalCount"] for node in found["placeGroups"]["nodes"]}
    assert groups == {row["id"]: members[row["id"]] for row in rows("place_groups.csv")}


async def test_observations_are_those_of_the_file(asked: Answering) -> None:
    query = """{ place(code: "530724") { observations { nodes { from {
      id ... on Observation { indicator value valueCode } } } } } }"""
    found = {node["from"]["id"]: node["from"] for node in (await data(asked, query))["place"]["observations"]["nodes"]}
    for row in rows("article_entities.csv"):
        if row["id"] in found:
            value = (
                found[row["id"]]["indicator"],
                found[row["id"]]["value"] or "",
                found[row["id"]]["valueCode"] or "",
            )
            assert value == (row["indicator"], row["value"], row["value_code"])
    assert {id_.split(":")[1] for id_ in found} == {"delisted", "poor-villages-delisted", "poverty-rate"}


# a graph that is not what it should be


DAMAGED = """
CREATE (p:Entity:Place:County {id: 'cn:1', canonical: 'cn:1', type: 'County', name: '县', pinyin: 'xian', latitude: 27.5})
CREATE (z:Entity:Place:Zone {id: 'cn:2', canonical: 'cn:2', type: 'Zone', name: '区', pinyin: 'qu', kind: 'no such kind'})
CREATE (o:Entity:Official {id: 'official:1', canonical: 'official:1', type: 'Official', name: '官', pinyin: 'guan'})
CREATE (j:Entity:Project {id: 'project:1', canonical: 'project:1', type: 'Project', name: '项目',
  pinyin: 'xiangmu', count: 5000000000})
CREATE (k:Entity:Project {id: 'project:2', canonical: 'project:2', type: 'Project', name: '项目二',
  pinyin: 'xiangmuer', count: 7, basis: 'guess'})
CREATE (l:Entity:Project {id: 'project:3', canonical: 'project:3', type: 'Project', name: '项目三',
  pinyin: 'xiangmusan', count: 2.5})
CREATE (n:Entity {id: 'thing:1', canonical: 'thing:1', type: 'Nonsense', name: '物', pinyin: 'wu'})
CREATE (s:Entity:Source {id: 'source:1', canonical: 'source:1', type: 'Source', title: '文'})
CREATE (p)-[:PART_OF {id: 'claim:1', fact: 'fact:1', version: 'v1', source: 'source:1', recorded_at: 1, earliest_from: '',
  latest_from: '', earliest_to: '9999', latest_to: '9999'}]->(z)
CREATE (p)-[:FUNDS {fact: 'fact:2', version: 'v2', source: 'source:1', recorded_at: 1, earliest_from: '2019-01-01',
  latest_from: '2019-12-31', earliest_to: '9999', latest_to: '9999', amount_text: '5', amount: 500, class: 'budget'}]->(j)
CREATE (p)-[:FUNDS {id: 'claim:3', fact: 'fact:3', version: 'v3', source: 'source:1', recorded_at: 1, class: 'gift',
  earliest_from: '2018-01-01', latest_from: '2018-12-31', earliest_to: '9999', latest_to: '9999', projects: -3000000000}]->(k)
CREATE (n)-[:FUNDS {id: 'claim:4', fact: 'fact:4', version: 'v4', source: 'source:1', recorded_at: 1,
  earliest_from: '2017-01-01', latest_from: '2017-12-31', earliest_to: '9999', latest_to: '9999'}]->(p)
RETURN count(*)
"""


def error(*path: Any, line: int = 1, column: int) -> dict[str, Any]:
    extensions = {"code": "INTERNAL_SERVER_ERROR", "request": "-"}
    return {
        "message": "internal error", "locations": [{"line": line, "column": column}], "path": list(path),
        "extensions": extensions,
    }  # fmt: skip


CASES = {
    "an integer past 32 bits": (
        '{ node(id: "project:1") { id ... on Project { count name } } }',
        {"node": {"id": "project:1", "count": None, "name": "项目"}},
        [error("node", "count", column=47)],
    ),
    "a fraction where an integer is promised": (
        '{ node(id: "project:3") { ... on Project { count } } }',
        {"node": {"count": None}},
        [error("node", "count", column=44)],
    ),
    "in a page": (
        '{ projects { nodes { id count } } }',
        {
            "projects": {
                "nodes": [{"id": "project:1", "count": None}, {"id": "project:2", "count": 7}, {"id": "project:3", "count": None}]
            }
        },
        [error("projects", "nodes", n, "count", column=25) for n in (0, 2)],
    ),
    "an unknown code": (
        '{ a: node(id: "cn:2") { ... on Zone { kind name } } b: projects(first: 2) { edges { node { basis } } } }',
        {"a": {"kind": None, "name": "区"}, "b": {"edges": [{"node": {"basis": None}}, {"node": {"basis": None}}]}},
        [error("a", "kind", column=39), error("b", "edges", 1, "node", "basis", column=92)],
    ),
    "an entity of no known type": (
        '{ node(id: "thing:1") { id } }', {"node": None}, [error("node", column=3)],
    ),
    "in a list": (
        '{ nodes(ids: ["cn:1", "thing:1", "none"]) { id } }',
        {"nodes": [{"id": "cn:1"}, None, None]},
        [error("nodes", 1, column=3)],
    ),
    "null where it must not be, up to the next that may": (
        '{ node(id: "cn:1") { id ... on Place { fundingGiven(first: 1) { nodes { evidence { claim } } } } } '
        'place(code: "1") { id } }',
        {"node": None, "place": None},
        [error("node", "fundingGiven", "nodes", 0, "evidence", 0, "claim", column=84)],
    ),
    "likewise in a list whose elements may be null": (
        '{ nodes(ids: ["cn:2", "cn:1"]) { id ... on Place { fundingGiven(first: 1) { edges { '
        'node { evidence { claim locator } } } } } } }',
        {"nodes": [{"id": "cn:2", "fundingGiven": {"edges": []}}, None]},
        [error("nodes", 1, "fundingGiven", "edges", 0, "node", "evidence", 0, "claim", column=103)],
    ),
    "up to the whole answer": (
        '{ places(first: 1) { nodes { fundingGiven(first: 1) { nodes { evidence { claim } } } } } }',
        None,
        [error("places", "nodes", 0, "fundingGiven", "nodes", 0, "evidence", 0, "claim", column=74)],
    ),
    "the other end of no known type": (
        '{ node(id: "cn:1") { ... on Place { name fundingReceived(first: 1) { totalCount nodes { from { id } } } } } }',
        {"node": None},
        [error("node", "fundingReceived", "nodes", 0, "from", column=89)],
    ),
    "a code of a claim, and a number": (
        '{ node(id: "cn:1") { ... on Place { fundingGiven(first: 2) { nodes { class projects amount } } } } }',
        {
            "node": {
                "fundingGiven": {
                    "nodes": [
                        {"class": "BUDGET", "projects": None, "amount": "5"},
                        {"class": None, "projects": None, "amount": None},
                    ]
                }
            }
        },
        [
            error("node", "fundingGiven", "nodes", 1, "class", column=70),
            error("node", "fundingGiven", "nodes", 1, "projects", column=76),
        ],
    ),
}  # fmt: skip


async def test_what_the_schema_does_not_allow_is_null_with_an_error_on_both_ways(graph: Graph) -> None:
    await graph.write(lambda transaction: transaction.rows(DAMAGED))
    asked = answering(graph, SCHEMA)
    for name, (query, expected, errors) in CASES.items():
        for executor in (asked.compiled, asked.plain):
            said = re.sub(
                rb'"request":"[0-9a-f]{12}"', b'"request":"-"', await answer(executor, Question(name=name, query=query))
            )
            assert json.loads(said) == {"data": expected, "errors": errors}, (name, executor is asked.compiled)
