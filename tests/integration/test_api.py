"""The first GraphQL answers over the loaded seed, through the ASGI application, on both engines."""

from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from api.app import create_app
from graph.engine import Graph

HELPERS = """query ($of: ID!, $asOf: String, $knownOn: String) { helpers(of: $of, asOf: $asOf, knownOn: $knownOn) {
  nodes { helper { id } kinds since facts { nodes { certainty means { name } recipient { id }
    fact { type holds validFrom validTo ... on MonetaryFact { amount currency class basis } ... on Funding { projects }
      evidence { source { id publisher } locator } } } } } } }"""


def facts_of(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Facts of help, each with what helps knows of it."""
    return [{**help_["fact"], **help_} for help_ in row["facts"]["nodes"]]


async def ask(graph: Graph, query: str, **variables: Any) -> dict[str, Any]:
    """The whole answer; the application runs in this event loop, which the driver belongs to."""
    transport = httpx2.ASGITransport(app=create_app(graph))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        response = await client.post("/graphql", json={"query": query, "variables": variables})
    return response.json()


def by_helper(answer: dict[str, Any]) -> dict[str, list[tuple[Any, ...]]]:
    return {
        row["helper"]["id"]: sorted(
            (fact["type"], fact["holds"], fact["validFrom"] or "", fact["validTo"] or "") for fact in facts_of(row)
        )
        for row in answer["data"]["helpers"]["nodes"]
    }


async def test_who_helps_ninglang_on_2020_04_30(seeded: Graph) -> None:
    answer = await ask(seeded, HELPERS, of="cn:530724", asOf="2020-04-30")
    rows = {row["helper"]["id"]: row for row in answer["data"]["helpers"]["nodes"]}
    assert list(rows) == ["cn:310000", "cn:310110"]
    shanghai = rows["cn:310000"]
    assert shanghai["kinds"] == ["FUNDS", "POSTED_TO"]
    facts = facts_of(shanghai)
    planned = [fact for fact in facts if fact.get("amount")]
    assert [(f["amount"], f["currency"], f["class"]) for f in planned] == [("55000000", "CNY", "REPORTED_TOTAL")]
    assert (planned[0]["basis"], planned[0]["projects"], planned[0]["validFrom"]) == ("PLANNED", 10, "2020")
    assert {(f["basis"], f["projects"]) for f in facts if f.get("projects")} == {("DONE", 20), ("PLANNED", 10)}
    posting = [fact for fact in facts if fact["type"] == "POSTED_TO"]
    assert [(fact["means"]["name"], fact["validFrom"]) for fact in posting] == [("徐敏", "2019-07")]
    assert [fact["certainty"] for fact in facts_of(rows["cn:310110"])] == ["IMPLIED"]
    for row in rows.values():
        for fact in facts_of(row):
            assert fact["evidence"][0]["source"]["publisher"] == "中央纪委国家监委网站"
            assert fact["evidence"][0]["locator"].startswith("line")


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2018-06-30", {"cn:330100": {"CERTAINLY"}}),
        ("2021-03-01", {"cn:330100": {"POSSIBLY"}, "cn:440600": {"POSSIBLY"}}),
        ("2022-06-30", {"cn:440600": {"LAST_KNOWN"}}),
    ],
)
async def test_a_handover_within_a_year(seeded: Graph, day: str, expected: dict[str, set[str]]) -> None:
    answer = by_helper(await ask(seeded, HELPERS, of="cn:522600", asOf=day))
    pairs = {helper: {f[1] for f in facts if f[0] == "PAIRED_WITH"} for helper, facts in answer.items()}
    assert {helper: holds for helper, holds in pairs.items() if holds} == expected


@pytest.mark.parametrize(
    ("of", "day", "helper"),
    [
        ("cn:510182", "2008-06-01", "cn:430000"),  # 彭州 by the first list
        ("cn:510182", "2008-06-11", "cn:350000"),  # by the scheme, from its first day
        ("cn:510182", "2008-07-01", "cn:350000"),
        ("cn:520500", "2008-06-30", "cn:440300"),  # 毕节
        ("cn:520500", "2018-06-30", "cn:440100"),
    ],
)
async def test_a_list_that_replaced_another(seeded: Graph, of: str, day: str, helper: str) -> None:
    answer = by_helper(await ask(seeded, HELPERS, of=of, asOf=day))
    assert [h for h, facts in answer.items() if any(fact[0] == "PAIRED_WITH" for fact in facts)] == [helper]


async def test_either_code_finds_the_place(seeded: Graph) -> None:
    query = """query ($code: String!) { place(code: $code) { id name validTo
      predecessors { nodes { extent to { id } } } successors { nodes { extent from { id } } } } }"""
    old = (await ask(seeded, query, code="510124"))["data"]["place"]
    assert (old["id"], old["name"]) == ("cn:510124", "郫县")
    assert old["successors"]["nodes"] == [{"extent": "WHOLE", "from": {"id": "cn:510117"}}]
    new = (await ask(seeded, query, code="510117"))["data"]["place"]
    assert new["predecessors"]["nodes"] == [{"extent": "WHOLE", "to": {"id": "cn:510124"}}]
    again = (await ask(seeded, query, code="330102"))["data"]["place"]
    assert again["id"] == "cn:330102@2021"
    assert {p["to"]["id"] for p in again["predecessors"]["nodes"]} == {"cn:330102", "cn:330104"}
    # help to the county of 2008 is help to the district of today
    helpers_of_old = by_helper(await ask(seeded, HELPERS, of="cn:510124", asOf="2008-06-01"))
    assert helpers_of_old == by_helper(await ask(seeded, HELPERS, of="cn:510117", asOf="2008-06-01"))
    assert list(helpers_of_old) == ["cn:140000"]


async def test_places_are_paged_in_order(seeded: Graph) -> None:
    query = """query ($after: String) { places(level: PROVINCE, first: 20, after: $after) {
      edges { cursor node { id name } } pageInfo { hasNextPage hasPreviousPage endCursor } } }"""
    first = (await ask(seeded, query))["data"]["places"]
    second = (await ask(seeded, query, after=first["pageInfo"]["endCursor"]))["data"]["places"]
    ids = [edge["node"]["id"] for edge in first["edges"] + second["edges"]]
    assert (len(first["edges"]), len(second["edges"])) == (20, 14)
    assert ids == sorted(ids) and len(set(ids)) == 34
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)
    within = '{ places(within: "cn:530700") { edges { node { id } } } }'
    inside = (await ask(seeded, within))["data"]["places"]["edges"]
    assert [edge["node"]["id"] for edge in inside] == [f"cn:53070{n}" for n in (2,)] + [
        f"cn:53072{n}" for n in (1, 2, 3, 4)
    ]


async def test_node_finds_entities_of_all_kinds(seeded: Graph) -> None:
    query = "query ($id: ID!) { node(id: $id) { __typename id ... on Entity { name } } }"
    for id_, type_, name in (
        ("cn:530724", "County", "宁蒗彝族自治县"),
        ("official:yangpu-discipline:xu-min", "Official", "徐敏"),
        ("group:east8-2021", "PlaceGroup", "东部8省市"),
        ("org:cn:520500:bijie-discipline-organs", "Agency", "毕节市纪检监察机关"),
    ):
        assert (await ask(seeded, query, id=id_))["data"]["node"] == {"__typename": type_, "id": id_, "name": name}
    assert (await ask(seeded, query, id="cn:999999"))["data"]["node"] is None


@pytest.mark.parametrize(
    ("query", "code", "says"),
    [
        ('{ helpers(of: "cn:530724", asOf: "2019-02-30") { totalCount } }', "BAD_USER_INPUT", "2019-02-30"),
        ('{ helpers(of: "cn:530724", asOf: "30.4.2020") { totalCount } }', "BAD_USER_INPUT", "such as 2020-04-30"),
        ('{ helpers(of: "cn:530724", knownOn: "now") { totalCount } }', "BAD_USER_INPUT", "knownOn"),
        ('{ helpers(of: "nobody") { totalCount } }', "BAD_USER_INPUT", "ids look like cn:530724"),
        ('{ helpers(of: "530724") { totalCount } }', "BAD_USER_INPUT", "did you mean cn:530724?"),
        ('{ place(code: "530724\\" OR 1=1 //") { id } }', "BAD_USER_INPUT", "six digits"),
        ("{ places(first: 0) { edges { cursor } } }", "BAD_USER_INPUT", "between 1 and"),
        ('{ places(after: "x") { edges { cursor } } }', "BAD_USER_INPUT", "no cursor"),
        ("{ nonsense }", "GRAPHQL_VALIDATION_FAILED", "nonsense"),
        ("{ places(", "GRAPHQL_PARSE_FAILED", "Syntax Error"),
    ],
)
async def test_a_wrong_question_is_told_what_is_wrong(seeded: Graph, query: str, code: str, says: str) -> None:
    errors = (await ask(seeded, query))["errors"]
    assert [error["extensions"]["code"] for error in errors] == [code]
    assert says in errors[0]["message"]


async def test_hostile_text_is_text(seeded: Graph) -> None:
    query = "query ($id: ID!) { node(id: $id) { id } }"
    for text in ("' OR 1=1 //", '"}) DETACH DELETE n //', "`", "$p", "\\", "x' RETURN 1 UNION MATCH (n) RETURN n //"):
        assert await ask(seeded, query, id=text) == {"data": {"node": None}}
    assert await seeded.value("MATCH (e:Province) RETURN count(e)") == 34


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"null", 400),
        (b"[]", 400),
        (b"1", 400),
        (b"{", 400),
        (b"", 400),
        (b'{"query": NaN}', 400),
        (b'{"query": "\xff"}', 400),
        (b'{"query": "{ __typename }", "variables": {"id": "\\ud800"}}', 400),
        (b"[" * 100_000, 400),
        (b'{"query": "{ __typename }", "variables": {"n": ' + b"9" * 5_000 + b"}}", 400),
        (b'{"query": "' + b" " * 300_000 + b'"}', 413),
        (b'{"query": "{ node(id: \\"\\\\ud800\\") { id } }"}', 200),
    ],
)
async def test_a_body_that_is_no_question(seeded: Graph, body: bytes, status: int) -> None:
    transport = httpx2.ASGITransport(app=create_app(seeded), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        response = await client.post("/graphql", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == status, response.text
    if status == 200:
        assert [error["extensions"]["code"] for error in response.json()["errors"]] == ["GRAPHQL_PARSE_FAILED"]


@pytest.mark.parametrize("first", [2**31, 1.5, "5", True])
async def test_a_wrong_variable_is_the_client_s_mistake(seeded: Graph, first: object) -> None:
    answer = await ask(seeded, "query ($first: Int!) { places(first: $first) { edges { cursor } } }", first=first)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


async def test_a_browser_without_a_question_is_told_how_to_ask(seeded: Graph) -> None:
    transport = httpx2.ASGITransport(app=create_app(seeded))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        for path in ("/", "/graphql"):
            page = await client.get(path)
            assert page.status_code == 200 and "curl -s" in page.text and "HOST" not in page.text
        answer = await client.get("/graphql", params={"query": '{ place(code: "530724") { name } }'})
    assert answer.json() == {"data": {"place": {"name": "宁蒗彝族自治县"}}}
    assert "宁蒗" in answer.text  # as it is, not as escapes


def test_health_needs_no_graph() -> None:
    class Down:
        async def rows(self, *_: Any, **__: Any) -> None:
            from graph.errors import EngineUnavailable

            raise EngineUnavailable("down")

        value = rows

    client = TestClient(create_app(Down()), base_url="http://localhost")  # pyright: ignore[reportArgumentType]
    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, ready.headers["retry-after"]) == (503, "2")
    answer = client.post("/graphql", json={"query": '{ node(id: "x") { id } }'}).json()
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["SERVICE_UNAVAILABLE"]
    assert "down" not in str(answer)
