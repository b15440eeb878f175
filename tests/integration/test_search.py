"""Entities found by their names: the county first however it is written, and any text is plain text."""

import json
from typing import Any

import pytest

from graph.engine import Graph
from tests.questions import Answering, Question, answer, answering

SEARCH = """query ($text: String!, $types: [EntityType!], $first: Int! = 20, $after: String) {
  search(text: $text, types: $types, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes { match entity { id name } } } }"""
WHERE = """query ($text: String!) { search(text: $text, types: [PLACE]) { nodes { match entity { id
  ... on Place { parent { name } ancestors { name } } } } } }"""
#: What each engine answered to each text, for the other one to be compared with.
ANSWERS: dict[str, dict[str, bytes]] = {}
TEXTS = (
    "宁蒗", "宁", "寧蒗", "ninglang", "ning lang", "Ninglang Yi", "nlx", "彭州", "朝阳", "Chaoyang", "shifang", "CN", "yunnan",
    "县", "xi", "扶贫办", "commission of the Bijie", "毕节 2020", "to", "2020",
)  # fmt: skip
HOSTILE = (
    "AND OR", "NOT", "foo:bar", "*", "?", '"', '""', "\\", "(a+)+b/", "/.*/", "宁蒗~2", "宁蒗^9", "[a TO z]", "{* TO *}",
    "name:宁蒗", "&&", "||", "+宁蒗 -云南", "'", "') YIELD node RETURN node //", "$p.query", "", " ", "\0", "\u200b", "😀",
    "%", "_e", "宁蒗) OR (云南", "a" * 1_000, "宁" * 1_000, "宁 " * 500, "x " * 500, "xi " * 333, '"' * 1_000, "( " * 500,
)  # fmt: skip


@pytest.fixture(scope="module")
def asked(seeded: Graph) -> Answering:
    return answering(seeded)


async def found(asked: Answering, text: str, query: str = SEARCH, **variables: Any) -> dict[str, Any]:
    said = json.loads(
        await answer(asked.compiled, Question(name="s", query=query, variables={"text": text, **variables}))
    )
    assert "errors" not in said, said
    return said["data"]["search"]


@pytest.mark.parametrize(
    ("text", "id_", "match"),
    [
        ("宁蒗彝族自治县", "cn:530724", "NAME"),
        ("宁蒗", "cn:530724", "OTHER_NAME"),
        ("宁蒗县", "cn:530724", "OTHER_NAME"),
        ("寧蒗", "cn:530724", "OTHER_NAME"),
        ("寧蒗彝族自治縣", "cn:530724", "NAME"),
        ("Ninglang Yi Autonomous County", "cn:530724", "OTHER_NAME"),
        ("530724", "cn:530724", "OTHER_NAME"),
        ("ninglang", "cn:530724", "READING"),
        ("ning lang", "cn:530724", "READING"),
        ("NINGLANG", "cn:530724", "READING"),
        ("nlx", "cn:530724", "READING"),
        ("Ninglang Yi", "cn:530724", "BEGINNING"),
        ("彭州", "cn:510182", "OTHER_NAME"),
        ("什邡", "cn:510682", "OTHER_NAME"),
        ("shifang", "cn:510682", "OTHER_NAME"),
        ("中国", "iso:CN", "NAME"),
        ("上海", "cn:310000", "OTHER_NAME"),
        ("毕节市纪检监察机关", "org:cn:520500:bijie-discipline-organs", "NAME"),
    ],
)
async def test_it_comes_first(asked: Answering, text: str, id_: str, match: str) -> None:
    hit = (await found(asked, text))["nodes"][0]
    assert (hit["entity"]["id"], hit["match"]) == (id_, match)


async def test_one_character_finds_what_begins_with_it(asked: Answering) -> None:
    hits = (await found(asked, "宁", first=100))["nodes"]
    assert (hits[0]["entity"]["name"], hits[0]["match"]) == ("宁夏回族自治区", "OTHER_NAME")
    matches = {hit["entity"]["id"]: hit["match"] for hit in hits}
    assert matches["cn:530724"] == "BEGINNING"


async def test_places_of_one_name_are_told_apart_by_where_they_lie(asked: Answering) -> None:
    hits = (await found(asked, "朝阳", WHERE))["nodes"]
    assert [(hit["entity"]["id"], [u["name"] for u in hit["entity"]["ancestors"]]) for hit in hits] == [
        ("cn:211300", ["辽宁省", "中国"]),
        ("cn:110105", ["北京市", "中国"]),
        ("cn:211321", ["朝阳市", "辽宁省", "中国"]),
        ("cn:220104", ["长春市", "吉林省", "中国"]),
    ]
    assert {hit["match"] for hit in hits} == {"OTHER_NAME"}


async def test_offices_are_found_under_the_names_they_had_and_have(asked: Answering) -> None:
    offices = ["org:cn:500101:wanzhou-poverty-office", "org:cn:530724:ninglang-poverty-office"]
    for text in ("扶贫办", "扶貧辦", "扶贫办公室", "扶贫开发办公室", "乡村振兴局", "鄉村振興局"):
        hits = (await found(asked, text, types=["ORGANIZATION"]))["nodes"]
        assert [(hit["entity"]["id"], hit["match"]) for hit in hits] == [(id_, "PART") for id_ in offices], text
    (hit,) = (await found(asked, "宁蒗县乡村振兴局"))["nodes"]
    assert hit == {"match": "PART", "entity": {"id": offices[1], "name": "宁蒗县扶贫办"}}


async def test_types(asked: Answering) -> None:
    for types, expected in (
        (["COUNTY"], {"cn:530724"}),
        (["PLACE"], {"cn:530724"}),
        (["PREFECTURE"], set()),
        (
            ["ORGANIZATION", "COUNTY"],
            {"cn:530724", "org:cn:530724:ninglang-poverty-office", "org:cn:530724:ninglang-project-units"},
        ),
    ):
        page = await found(asked, "宁蒗", types=types)
        assert {hit["entity"]["id"] for hit in page["nodes"]} == expected
        assert page["totalCount"] == len(expected)
    everything = await found(asked, "宁蒗")
    assert everything == await found(asked, "宁蒗", types=[]) == await found(asked, "宁蒗", types=None)
    assert everything["totalCount"] == len(everything["nodes"]) == 10


async def test_pages(asked: Answering) -> None:
    whole = await found(asked, "宁", first=100)
    assert whole["totalCount"] == len(whole["nodes"]) == 89
    walked: list[Any] = []
    after = None
    while True:
        page = await found(asked, "宁", first=13, after=after)
        walked += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert walked == whole["nodes"]


@pytest.mark.parametrize("text", HOSTILE)
async def test_any_text_is_plain_text(asked: Answering, text: str) -> None:
    page = await found(asked, text)
    assert page["totalCount"] >= len(page["nodes"])
    if not any(character.isalnum() for character in text):
        assert page["nodes"] == []


async def test_operators_are_words(asked: Answering) -> None:
    """None of these texts may find more than their words do."""
    for text, plain in (
        ("宁蒗 OR 云南", "宁蒗 云南"),
        ("NOT 宁蒗", "宁蒗"),
        ("+宁蒗 -云南", "宁蒗 云南"),
        ('"宁蒗" * ?', "宁蒗"),
        ("宁蒗) OR (云南", "宁蒗 云南"),
        ("宁蒗~2^9", "宁蒗 2 9"),
    ):
        ids = [[hit["entity"]["id"] for hit in (await found(asked, one))["nodes"]] for one in (text, plain)]
        assert sorted(ids[0]) == sorted(ids[1]), text


async def test_a_text_has_a_length(asked: Answering) -> None:
    said = json.loads(await answer(asked.compiled, Question(name="s", query=SEARCH, variables={"text": "宁" * 1_001})))
    assert [error["message"] for error in said["errors"]] == ["text has 1001 characters: at most 1000 are taken"]


async def test_both_ways_and_both_engines_find_alike(asked: Answering, engine: str) -> None:
    said: dict[str, bytes] = {}
    for text in TEXTS:
        question = Question(name=text, query=SEARCH, variables={"text": text, "first": 5})
        said[text] = await answer(asked.compiled, question)
        if engine == "embedded" or text in TEXTS[:2]:
            assert await answer(asked.plain, question) == said[text], text
    ANSWERS[engine] = said
    for other in ANSWERS.values():
        assert {text: (said[text], other[text]) for text in TEXTS if said[text] != other[text]} == {}
