"""The endpoint: what is no question, what is too much of one, and what a client may know of a failure.

No graph is needed for any of it: one stands in that answers what it is told to.
"""

import gzip
import json
import logging
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from api.app import create_app
from api.http import BODY
from graph.engine import Engine
from graph.errors import EngineUnavailable, GraphError, TimedOut

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
#: What no answer may hold; of the hooks that schemathesis is run with.
LEAK = re.compile(
    r'Traceback|File "[^"]+\.py"|site-packages|neo4j\.exceptions|Neo\.(?:Client|Database|Transient)Error|CypherSyntax'
    r"|com\.arcadedb|java\.lang|bolt://|sqlite3|\bKeyError|AttributeError|TypeError|ValueError|NoneType|object at 0x"
    r"|invalid literal for|No such file|UnicodeEncode|codec can|RecursionError|int_max_str_digits"
    r"|did you mean (?!'\w+ \{ \.\.\. \}')",  # a selection is missing: no name that was not asked for
    re.IGNORECASE,
)
BOMB = gzip.compress(b" " * 50_000_000, mtime=0)
QUESTION = b'{"query": "{ __typename }"}'
NODE = "query ($id: ID!) { node(id: $id) { id } }"


class Standing:
    """Stands for a graph: each question is answered with `answers`, or fails with it."""

    kind = Engine.EMBEDDED

    def __init__(self, answers: Any = ()) -> None:
        self.answers = answers
        self.asked: list[Any] = []

    async def value(self, *_: Any) -> str:
        return "00" * 32

    async def record(self, _cypher: str, p: dict[str, Any], **_: Any) -> Any:
        self.asked.append(p)
        if isinstance(self.answers, BaseException):
            raise self.answers
        return [list(self.answers)]


@asynccontextmanager
async def opened(graph: Any, base: str = "http://127.0.0.1") -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=create_app(graph))  # what the application raises, the test raises
    async with httpx2.AsyncClient(transport=transport, base_url=base) as client:
        yield client


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with opened(Standing()) as made:
        yield made


async def post(client: httpx2.AsyncClient, content: bytes, **headers: str) -> httpx2.Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    response = await client.post("/graphql", content=content, headers={"Content-Type": JSON, **given})
    assert not LEAK.search(response.text), response.text
    return response


def codes(response: httpx2.Response) -> list[str]:
    return [error["extensions"]["code"] for error in response.json()["errors"]]


async def asked(client: httpx2.AsyncClient, query: str, **more: Any) -> httpx2.Response:
    return await post(client, json.dumps({"query": query, **more}).encode())


async def refusals(client: httpx2.AsyncClient, query: str, **more: Any) -> list[str]:
    """Codes of an answer that holds nothing but errors, told as the media type of GraphQL wants it, and within a moment."""
    began = time.process_time()
    response = await post(client, json.dumps({"query": query, **more}).encode(), Accept=GRAPHQL)
    assert time.process_time() - began < 1.5  # a tenth of it on a quiet machine
    assert response.status_code == 400 and list(response.json()) == ["errors"], response.text
    assert len(response.json()["errors"]) <= 10
    assert all(error["message"].isprintable() for error in response.json()["errors"])
    return codes(response)


# requests


@pytest.mark.parametrize(
    "media",
    [
        "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/graphql",
        "text/json", "application/json; charset=evil", "application/json; charset=utf-16", "application/json; charset=gbk",
        "application/jsonx", "*/*", "application/json, text/plain", "application/json\0",
    ],
)  # fmt: skip
async def test_other_media_types(client: httpx2.AsyncClient, media: str) -> None:
    response = await post(client, QUESTION, Content_Type=media, Origin="http://evil.example")
    assert (response.status_code, codes(response)) == (415, ["BAD_USER_INPUT"])
    assert "access-control-allow-origin" not in response.headers


async def test_no_media_type(client: httpx2.AsyncClient) -> None:
    request = client.build_request("POST", "/graphql", content=QUESTION)
    request.headers.pop("content-type", None)
    response = await client.send(request)
    assert (response.status_code, codes(response)) == (415, ["BAD_USER_INPUT"])


@pytest.mark.parametrize(
    "media", [JSON, "Application/JSON", "application/json;charset=UTF-8", 'application/json; charset="utf-8"']
)
async def test_the_media_type(client: httpx2.AsyncClient, media: str) -> None:
    response = await post(client, QUESTION, Content_Type=media)
    assert (response.status_code, response.json()) == (200, {"data": {"__typename": "Query"}})


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "FOO", "QUERY"])
async def test_other_methods(client: httpx2.AsyncClient, method: str) -> None:
    headers = {"Content-Type": JSON, "Origin": "null", "Access-Control-Request-Method": "POST"}
    response = await client.request(method, "/graphql", content=QUESTION, headers=headers)
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")
    assert codes(response) == ["BAD_USER_INPUT"]
    assert not [name for name in response.headers if name.startswith("access-control")]


async def test_get() -> None:
    graph = Standing(([],))
    async with opened(graph) as client:
        good = await client.get("/graphql", params={"query": NODE, "variables": '{"id": "x"}'})
        assert (good.status_code, good.json()) == (200, {"data": {"node": None}})
        assert list(graph.asked[0].values()).count("x") == 1
        named = await client.get("/graphql", params={"query": "query a { __typename } query b { x: __typename }",
                                                     "operationName": "b"})  # fmt: skip
        assert named.json() == {"data": {"x": "Query"}}
        for params in (
            {"query": NODE, "variables": "[1]"},
            {"query": NODE, "variables": "null"},
            {"query": NODE, "variables": "{"},
            {"query": NODE, "variables": '{"id": "\\ud800"}'},
            {"query": NODE, "variables": "[" * 10_000},
            {"query": NODE, "variables": '{"id": NaN}'},
            {"query": NODE, "extensions": "1"},
            [("query", NODE), ("query", NODE)],
        ):
            response = await client.get("/graphql", params=params)
            assert (response.status_code, codes(response)) == (400, ["BAD_USER_INPUT"]), params
            assert not LEAK.search(response.text)
        for raw in ("query=%ff", "query=%ED%A0%80", "query=a&&", "query=a;b&x", "&".join(["query=a", *["x=y"] * 20])):
            response = await client.get(f"/graphql?{raw}")
            assert (response.status_code, codes(response)) == (400, ["BAD_USER_INPUT"]), raw
        for query in ("mutation { x }", "subscription { x }"):
            assert codes(await client.get("/graphql", params={"query": query})) == ["GRAPHQL_VALIDATION_FAILED"]
        assert len(graph.asked) == 2
        head = await client.head("/graphql", params={"query": NODE})
        assert (head.status_code, head.headers["allow"]) == (405, "GET, POST")


SHAPES: list[tuple[bytes, int]] = [
    (b"", 400),
    (b" ", 400),
    (b"null", 400),
    (b"1", 400),
    (b"true", 400),
    (b'"{ __typename }"', 400),
    (b"{", 400),
    (b"{ __typename }", 400),
    (b"{}", 400),
    (b'{"query": null}', 400),
    (b'{"query": 1}', 400),
    (b'{"query": true}', 400),
    (b'{"query": ["{ __typename }"]}', 400),
    (b'{"query": {"a": 1}}', 400),
    (b'{"Query": "{ __typename }"}', 400),
    (b'{"query": "{ __typename }", "variables": [1]}', 400),
    (b'{"query": "{ __typename }", "variables": "{}"}', 400),
    (b'{"query": "{ __typename }", "variables": 1}', 400),
    (b'{"query": "{ __typename }", "operationName": 1}', 400),
    (b'{"query": "{ __typename }", "operationName": ["a"]}', 400),
    (b'{"query": "{ __typename }", "extensions": "x"}', 400),
    (b'{"query": "{ __typename }", "variables": {"n": NaN}}', 400),
    (b'{"query": "{ __typename }", "variables": {"n": Infinity}}', 400),
    (b'{"query": "{ __typename }", "variables": {"n": 01}}', 400),
    (b'{"query": "{ __typename }"} trailing', 400),
    (b'{"query": "{ __typename }"}{"query": "{ __typename }"}', 400),
    (b'{"query": "{ __typename }",}', 400),
    (b"{'query': '{ __typename }'}", 400),
    (b'{"query": "{ __typename }" /* */}', 400),
    (b'{"query": "{ __typename\n}"}', 400),
    (b'{"query": "\\ud800"}', 400),
    (b'{"query": "{ __typename }", "variables": {"a": "\\udc00\\ud800"}}', 400),
    (b"[" + QUESTION + b"]", 400),
    (b"[" + b",".join([QUESTION] * 1_000) + b"]", 400),
    (b"[]", 400),
    (b"[null]", 400),
    (b'{"query": "{ __typename }", "variables": null, "operationName": null, "extensions": null}', 200),
    (b'{"query": "{ __typename }", "variables": {}, "extensions": {}, "id": 1, "query2": "x"}', 200),
    (b' \r\n\t{"query": "{ __typename }"} \n', 200),
    (b'{"qu\\u0065ry": "{ __typename }"}', 200),
]


@pytest.mark.parametrize(("body", "status"), SHAPES, ids=[str(n) for n in range(len(SHAPES))])
async def test_shapes_of_json(client: httpx2.AsyncClient, body: bytes, status: int) -> None:
    response = await post(client, body)
    assert response.status_code == status, response.text
    if status == 200:
        assert response.json() == {"data": {"__typename": "Query"}}
    else:
        assert list(response.json()) == ["errors"] and codes(response) == ["BAD_USER_INPUT"]


async def test_of_a_key_given_twice_the_last_counts(client: httpx2.AsyncClient) -> None:
    """As msgspec, Python and JavaScript have it: no other reader of the same body sees another question."""
    response = await post(client, b'{"query": "{ a: __typename }", "query": "{ b: __typename }"}')
    assert response.json() == {"data": {"b": "Query"}}


@pytest.mark.parametrize(
    "body",
    [
        b'{"query": "\xff"}',
        b'{"query": "\xed\xa0\x80"}',
        b'{"query": "\xc0\xae"}',
        b"\xef\xbb\xbf" + QUESTION,
        QUESTION.decode().encode("utf-16"),
        QUESTION.decode().encode("utf-16-le"),
        QUESTION.decode().encode("utf-32"),
        '{"query": "# 宁蒗\\n{ __typename }"}'.encode("gbk"),
        gzip.compress(QUESTION, mtime=0),
        b"\0" * 1_000,
    ],
)
async def test_other_encodings(client: httpx2.AsyncClient, body: bytes) -> None:
    response = await post(client, body)
    assert (response.status_code, codes(response)) == (400, ["BAD_USER_INPUT"])


async def test_deep_and_wide_json(client: httpx2.AsyncClient) -> None:
    for body in (
        b"[" * 100_000,
        b'{"query": "{ __typename }", "variables": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
        b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
        b'{"query": "{ __typename }", "variables": {"n": ' + b"9" * 5_000 + b"}}",
    ):
        response = await post(client, body)
        assert (response.status_code, codes(response)) == (400, ["BAD_USER_INPUT"])
    wide = {str(n): n for n in range(10_000)}
    assert (await asked(client, "{ __typename }", variables=wide)).json() == {"data": {"__typename": "Query"}}
    nested: Any = "x"
    for _ in range(500):
        nested = [nested]
    assert codes(await asked(client, NODE, variables={"id": nested})) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "identity, gzip", "x"])
async def test_compressed_bodies(client: httpx2.AsyncClient, coding: str) -> None:
    response = await post(client, BOMB, Content_Encoding=coding)
    assert (response.status_code, codes(response)) == (415, ["BAD_USER_INPUT"])
    assert (await post(client, QUESTION, Content_Encoding="identity")).status_code == 200


async def test_large_bodies(client: httpx2.AsyncClient) -> None:
    room = BODY - len(json.dumps({"query": "{ __typename }#"}))
    assert (await asked(client, "{ __typename }#" + "x" * room)).json() == {"data": {"__typename": "Query"}}
    for size in (room + 1, 1_000_000, 20_000_000):
        assert (await asked(client, "{ __typename }#" + "x" * size)).status_code == 413
        assert (await asked(client, "{ __typename } " + " " * size)).status_code == 413

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 10_000

    response = await client.post("/graphql", content=chunks(), headers={"Content-Type": JSON})
    assert response.status_code == 413 and "content-length" not in response.request.headers


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example", "localhost@evil.example",
        "evil.example#localhost", "0.0.0.0", "127.0.0.2", "10.0.0.1", "[::2]", "::1", "[::1].evil.example", "", "localhost.",
        "ｌocalhost", "127.1", "2130706433", "localhost, evil.example",
    ],
)  # fmt: skip
async def test_other_hosts(client: httpx2.AsyncClient, host: str) -> None:
    for path in ("/graphql", "/", "/schema.graphql", "/readyz", "/nothing"):
        response = await client.post(path, content=QUESTION, headers=[(b"Content-Type", b"application/json"),
                                                                     (b"Host", host.encode())])  # fmt: skip
        assert response.status_code == 421
        assert response.text == "this server answers for this machine only\n"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])
@pytest.mark.parametrize("port", ["", ":80", ":8000", ":65535"])
async def test_this_host(client: httpx2.AsyncClient, host: str, port: str) -> None:
    response = await post(client, QUESTION, Host=host + port)
    assert (response.status_code, response.json()) == (200, {"data": {"__typename": "Query"}})


async def test_large_headers(client: httpx2.AsyncClient) -> None:
    """A server before the application refuses them; the application itself has no trouble."""
    headers = {"Authorization": "Bearer " + "x" * 50_000, "Cookie": "a=" + "y" * 70_000}
    response = await post(client, QUESTION, **headers, **{f"X-{n}": "z" for n in range(500)})
    assert response.json() == {"data": {"__typename": "Query"}}
    response = await post(client, QUESTION, apollo_tracing="1", X_Apollo_Tracing="1", X_Debug="1")
    assert response.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%5c..%5cetc/passwd", "/%00", "/graphql/%00", "//etc/passwd",
        "/.env", "/.git/config", "/graphiql", "/playground", "/docs", "/openapi.json", "/graphql/console", "/static/x.js",
    ],
)  # fmt: skip
async def test_other_paths(client: httpx2.AsyncClient, path: str) -> None:
    response = await client.get(path)
    assert (response.status_code, response.text) == (404, "Not Found")
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_headers_of_all_pages(client: httpx2.AsyncClient) -> None:
    for path in (
        "/",
        "/graphql",
        "/schema.graphql",
        "/healthz",
        "/nothing",
        "/graphql?query={__typename}",
        "/graphql?query=",
    ):
        response = await client.get(path, headers={"Origin": "http://evil.example", "Accept": "text/html"})
        assert response.headers.get_list("x-content-type-options") == ["nosniff"]
        assert response.headers["content-type"] in ("text/plain; charset=utf-8", "application/json; charset=utf-8")
        assert set(response.headers) <= {"content-length", "content-type", "vary", "x-content-type-options"}
        assert "<" not in response.text or path == "/schema.graphql"
        assert not LEAK.search(response.text)
    refused = await client.get("/", headers={"Host": "evil.example"})
    assert refused.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("accept", "media", "status"),
    [
        (JSON, JSON, 200),
        ("*/*", JSON, 200),
        ("", JSON, 200),
        ("text/html", JSON, 200),
        (GRAPHQL, GRAPHQL, 400),
        (f"{GRAPHQL}, {JSON};q=0.9", GRAPHQL, 400),
    ],
)
async def test_media_type_of_the_answer(client: httpx2.AsyncClient, accept: str, media: str, status: int) -> None:
    for query, expected in (
        ("{ __typename }", 200),
        ("{ nothing }", status),
        ("{", status),
        ('{ place(code: "?") { id } }', status),
    ):
        response = await post(client, json.dumps({"query": query}).encode(), Accept=accept)
        assert response.status_code == expected
        assert response.headers["content-type"] == f"{media}; charset=utf-8"
        assert response.headers["vary"] == "Accept"
        assert int(response.headers["content-length"]) == len(response.content)


async def test_persisted_queries_are_unknown(client: httpx2.AsyncClient) -> None:
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}
    response = await post(client, json.dumps({"extensions": extensions}).encode())
    assert codes(response) == ["PERSISTED_QUERY_NOT_FOUND"]
    assert response.json()["errors"][0]["message"] == "PersistedQueryNotFound"
    both = await asked(client, "{ __typename }", extensions=extensions)
    assert both.json() == {"data": {"__typename": "Query"}}


# documents


def fragments(levels: int, spreads: int, inner: str = "{ id }") -> str:
    spread = " ".join(["...F{}"] * spreads)
    chain = (f"fragment F{n} on Node {{ {spread.format(*[n + 1] * spreads)} }}" for n in range(levels))
    return " ".join((f'{{ node(id: "cn:1") {{ ...F0 }} }} fragment F{levels} on Node {inner}', *chain))


@pytest.mark.parametrize(("levels", "spreads"), [(19, 2), (24, 2), (60, 3), (19, 20), (30, 1)])
async def test_fragment_bombs(client: httpx2.AsyncClient, levels: int, spreads: int) -> None:
    bomb = fragments(levels, spreads)
    body = json.dumps({"query": bomb}).encode()
    seconds: list[float] = []
    for _ in range(3):  # the least of them: a collection of garbage may fall into one
        began = time.process_time()
        response = await post(client, body)
        seconds.append(time.process_time() - began)
    assert min(seconds) < 0.1
    assert list(response.json()) == ["errors"] and set(codes(response)) == {"COST_LIMIT_EXCEEDED"}
    if (levels, spreads) == (24, 2):
        assert len(bomb) < 1_200


TOO_LARGE = {
    "depth over a cycle": "{ node(id: 1) { ... on Place { " + "parent { " * 16 + "id" + " }" * 16 + " } } }",
    "aliases": "{ " + " ".join(f"a{n}: __typename" for n in range(400)) + " }",
    "aliases of a list": "{ " + " ".join(f"a{n}: places {{ totalCount }}" for n in range(200)) + " }",
    "one field again and again": "{ " + "__typename " * 1_000 + "}",
    "one object again and again": "{ " + 'node(id: "x") { id } ' * 150 + "}",
    "copies within copies": "{ node(id: 1) { " + "...on Place { parent { id " * 1 + ("parent { id } " * 300) + " } } } }",
    "directives": "{ __typename " + "@include(if: true) " * 100 + "}",
    "unknown directives": "{ __typename " + "@aa " * 900 + "}",
    "fragments": "{ __typename } " + " ".join(f"fragment F{n} on Query {{ __typename }}" for n in range(200)),
    "operations": " ".join(f"query q{n} {{ __typename }}" for n in range(300)),
    "introspection": "{ " + " ".join(f"a{n}: __schema {{ types {{ name }} }}" for n in range(20)) + " }",
    "introspection in circles": "{ __schema { types { fields { type { " + "ofType { " * 20 + "name" + " }" * 20 + " } } } } }",
    "introspection with an alias": "{ a: __schema { queryType { name } } }",
    "rows of rows": "{ places(first: 500) { nodes { fundingReceived(first: 100) { nodes { from { "
    "... on Place { fundingReceived(first: 100) { nodes { id } } } } } } } } }",
}  # fmt: skip


@pytest.mark.parametrize("case", TOO_LARGE)
async def test_too_large(client: httpx2.AsyncClient, case: str) -> None:
    assert set(await refusals(client, TOO_LARGE[case])) == {"COST_LIMIT_EXCEEDED"}


async def test_rows_by_a_variable_count_as_the_most(client: httpx2.AsyncClient) -> None:
    query = "query ($n: Int!) { places(first: $n) { nodes { fundingReceived(first: $n) { nodes { id } } } } }"
    assert await refusals(client, query, variables={"n": 1}) == ["COST_LIMIT_EXCEEDED"]


NOT_A_DOCUMENT = {
    "empty": "",
    "blank": " ,\n\t",
    "a comment": "# nothing",
    "no field": "{}",
    "no field within": '{ node(id: "x") {} }',
    "half": "{ places(",
    "braces": "{" * 100_000,
    "brackets": "[" * 50_000,
    "fields in fields": "{ a " * 650 + "}" * 650,
    "fields in fields, never closed": "{ a " * 60_000,
    "inline fragments": "{ " + "... { " * 600 + "id" + " }" * 600 + " }",
    "lists in lists": "{ node(id: " + "[" * 900 + "]" * 900 + ") { id } }",
    "objects in objects": "{ node(id: " + "{a: " * 450 + "1" + "}" * 450 + ") { id } }",
    "types of types": "query ($x: " + "[" * 900 + "ID" + "]" * 900 + ") { node(id: $x) { id } }",
    "tokens": "{ " + "a " * 2_000 + "}",
    "unknown fields by the thousand": "{ " + " ".join(f"x{n}" for n in range(5_000)) + " }",
    "half a character": '{ node(id: "\\ud800") { id } }',
    "half a character, the other way": '{ node(id: "\\u{dc00}") { id } }',
    "beyond Unicode": '{ node(id: "\\u{110000}") { id } }',
    "a text without end": '{ node(id: "x) { id } }',
    "a text over two lines": '{ node(id: "x\ny") { id } }',
    "NUL": "{ __typename \0 }",
    "ESC": "{ __typename \x1b[31m }",
    "typographic quotes": "{ node(id: “x”) { id } }",
}


@pytest.mark.parametrize("case", NOT_A_DOCUMENT)
async def test_no_document(client: httpx2.AsyncClient, case: str) -> None:
    assert await refusals(client, NOT_A_DOCUMENT[case]) == ["GRAPHQL_PARSE_FAILED"]


NOT_VALID = {
    "unknown field": "{ nodez { id } }",
    "unknown argument": "{ places(lvl: PROVINCE) { totalCount } }",
    "unknown value": "{ places(level: PROVINC) { totalCount } }",
    "unknown type": '{ node(id: "x") { ... on Countyy { id } } }',
    "unknown key": '{ place(code: "1") { fundingReceived(where: {clas: BUDGET}) { totalCount } } }',
    "unknown type of a variable": "query ($x: Placelevel) { places(level: $x) { totalCount } }",
    "unknown directive": "{ places @inclde(if: true) { totalCount } }",
    "unknown fragment": "{ ...Placez }",
    "undefined variable": "{ node(id: $nothing) { id } }",
    "unused variable": "query ($x: ID) { __typename }",
    "no selection": '{ node(id: "x") }',
    "selection of a leaf": '{ node(id: "x") { id { x } } }',
    "no argument": "{ node { id } }",
    "an argument twice": '{ node(id: "x", id: "y") { id } }',
    "fields that differ": "{ places(first: 1) { totalCount } places(first: 2) { totalCount } }",
    "a fragment within itself": '{ node(id: "x") { ...F } } fragment F on Node { ...F }',
    "a circle of two": '{ node(id: "x") { ...F } } fragment F on Node { ...G } fragment G on Node { ...F }',
    "a fragment alone": "fragment F on Query { __typename }",
    "mutation": "mutation { load(file: \"/etc/passwd\") { ok } }",
    "subscription": "subscription { places { totalCount } }",
    "defer": "{ places(first: 1) @defer { totalCount } }",
    "stream": "{ places(first: 1) { nodes @stream(initialCount: 0) { id } } }",
    "a schema": "type Query { id: ID } extend type Place { x: Int }",
    "a list of lists": "{ node(id: " + "[" * 80 + "]" * 80 + ") { id } }",
    "a number for a text": '{ place(code: 530724) { id } }',
    "a huge exponent": "{ places(first: 1e400) { totalCount } }",
    "introspection in a circle": "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
}  # fmt: skip


@pytest.mark.parametrize("case", NOT_VALID)
async def test_not_valid(client: httpx2.AsyncClient, case: str) -> None:
    assert set(await refusals(client, NOT_VALID[case])) == {"GRAPHQL_VALIDATION_FAILED"}


async def test_unknown_fields_are_told_in_short(client: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    query = "{ " + " ".join(f"unknownField{n}" for n in range(450)) + " }"
    with caplog.at_level(logging.DEBUG, "aidgraph"):
        response = await asked(client, query)
    assert codes(response) == ["GRAPHQL_VALIDATION_FAILED"] * 11
    assert response.json()["errors"][-1]["message"].startswith("Too many validation errors")
    assert len(response.content) < len(query)
    assert [record for record in caplog.records if record.name.startswith(("aidgraph", "graphql", "strawberry"))] == []


async def test_a_long_name_is_told_in_short(client: httpx2.AsyncClient) -> None:
    for query in (
        "{ " + "x" * 200_000 + " }",
        '{ node(id: "x") { ...' + "F" * 200_000 + " } }",
        f"query {'q' * 200_000} {{ x }}",
    ):
        response = await asked(client, query)
        assert len(response.content) < 2_000
        assert codes(response) == ["GRAPHQL_VALIDATION_FAILED"]


@pytest.mark.parametrize(
    "number", ["9" * 5_000, "-" + "9" * 5_000, "9" * 5_000 + "e9", "0." + "9" * 5_000, "9" * 200_000]
)
async def test_long_numbers(client: httpx2.AsyncClient, number: str) -> None:
    for query in (f"{{ places(first: {number}) {{ totalCount }} }}", f"{{ node(id: {number}) {{ id }} }}",
                  f"query ($n: Int = {number}) {{ places(first: $n) {{ totalCount }} }}"):  # fmt: skip
        response = await asked(client, query)
        assert codes(response) == ["BAD_USER_INPUT"]
        assert response.json()["errors"][0]["message"] == "a number in the document is too long"


async def test_operations(client: httpx2.AsyncClient) -> None:
    two = "query a { a: __typename } query b { b: __typename }"
    assert await refusals(client, two) == ["BAD_USER_INPUT"]
    for name in ("c", "", "A", "a b", "__proto__"):
        assert await refusals(client, two, operationName=name) == ["BAD_USER_INPUT"]
    assert (await asked(client, two, operationName="b")).json() == {"data": {"b": "Query"}}
    assert await refusals(client, "{ __typename }", operationName="a") == ["BAD_USER_INPUT"]
    mixed = "query x { __typename } mutation y { load { ok } }"
    for name in ("x", "y", None):
        assert await refusals(client, mixed, operationName=name) == ["GRAPHQL_VALIDATION_FAILED"]
    assert await refusals(client, "{ __typename } query b { __typename }") == ["GRAPHQL_VALIDATION_FAILED"]
    assert await refusals(client, "query a { __typename } query a { __typename }") == ["GRAPHQL_VALIDATION_FAILED"]


async def test_introspection(client: httpx2.AsyncClient) -> None:
    plain = (await asked(client, "{ __schema { queryType { name } mutationType { name } } }")).json()
    assert plain == {"data": {"__schema": {"queryType": {"name": "Query"}, "mutationType": None}}}
    transport = httpx2.ASGITransport(app=create_app(Standing(), introspection=False))  # pyright: ignore[reportArgumentType]
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as off:
        for query in ("{ __schema { queryType { name } } }", '{ __type(name: "Query") { name } }', "{ ...F } fragment F on "
                      "Query { __schema { queryType { name } } }"):  # fmt: skip
            assert await refusals(off, query) == ["GRAPHQL_VALIDATION_FAILED"]
        assert (await asked(off, "{ __typename }")).json() == {"data": {"__typename": "Query"}}


async def test_a_comment_of_a_megabyte(client: httpx2.AsyncClient) -> None:
    assert (await asked(client, "{ __typename } #" + "x" * 1_000_000)).status_code == 413
    assert (await asked(client, "{ __typename } #" + "x" * 200_000)).json() == {"data": {"__typename": "Query"}}


# failures


@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
async def test_the_graph_is_away(accept: str) -> None:
    async with opened(Standing(EngineUnavailable("bolt://user@10.0.0.1:7687 does not answer"))) as client:
        response = await post(client, json.dumps({"query": NODE, "variables": {"id": "x"}}).encode(), Accept=accept)
    assert (response.status_code, response.headers["retry-after"]) == (503, "2")
    assert response.json() == {
        "data": None,
        "errors": [
            {"message": "the graph is not available at the moment", "extensions": {"code": "SERVICE_UNAVAILABLE"}}
        ],
    }


class Away(Standing):
    """A graph that is away already when the key of cursors is read."""

    async def value(self, *_: Any) -> str:
        raise self.answers


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (EngineUnavailable("bolt://10.0.0.1"), 503, "SERVICE_UNAVAILABLE"),
        (TimedOut("too long"), 200, "TIMEOUT"),
        (GraphError("Neo.ClientError"), 200, "INTERNAL_SERVER_ERROR"),
        (KeyError("seal"), 200, "INTERNAL_SERVER_ERROR"),
    ],
)
async def test_away_from_the_first_question(error: Exception, status: int, code: str) -> None:
    graph = Away(error)
    async with opened(graph) as client:
        response = await post(client, QUESTION)
        assert (response.status_code, codes(response)) == (status, [code])
        graph.value = Standing().value
        graph.answers = ()
        assert (await post(client, QUESTION)).json() == {"data": {"__typename": "Query"}}  # it is asked again


async def test_a_statement_past_its_time() -> None:
    async with opened(Standing(TimedOut("bolt://10.0.0.1 ended a statement that took too long"))) as client:
        response = await asked(client, NODE, variables={"id": "x"})
    assert response.status_code == 200
    assert response.json() == {
        "data": None,
        "errors": [{"message": "the question took too long: ask for less", "extensions": {"code": "TIMEOUT"}}],
    }


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("secret\r\n2026-11-23 ERROR forged line\x1b[31m\x00\u202e\ud800" + "x" * 10_000),
        GraphError("bolt://10.0.0.1 failed (Neo.ClientError.Statement.SyntaxError): secret\r\nforged"),
        KeyError("secret"),
        RecursionError("secret"),
        MemoryError("secret"),
        TimeoutError("secret"),
    ],
)
async def test_an_unexpected_error(caplog: pytest.LogCaptureFixture, error: Exception) -> None:
    async with opened(Standing(error)) as client:
        with caplog.at_level(logging.DEBUG, "aidgraph"):
            response = await asked(client, NODE, variables={"id": "x"})
    assert response.status_code == 200
    (said,) = response.json()["errors"]
    request = said["extensions"]["request"]
    assert said == {
        "message": "internal error",
        "extensions": {"code": "INTERNAL_SERVER_ERROR", "request": request},
    }
    assert response.json()["data"] is None
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("aidgraph")]
    (line,) = lines
    assert line.count(request) == 1 and type(error).__name__ in line and "secret" in line
    assert line.isprintable() and len(line) < 700
    assert all(record.exc_info is None for record in caplog.records if record.name.startswith("aidgraph"))


async def test_a_record_that_breaks_a_promise_is_no_secret_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    """A null where none may be: GraphQL's rules of null propagation, and no word of the value."""
    async with opened(Standing(([["Project", None]],))) as client:
        response = await asked(client, NODE, variables={"id": "x"})
    (error,) = response.json()["errors"]
    assert response.json()["data"] == {"node": None}
    assert error["path"] == ["node", "id"] and error["message"] == "internal error"
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert len([record for record in caplog.records if error["extensions"]["request"] in record.getMessage()]) == 1


async def test_a_record_of_another_form() -> None:
    for answers in (((),), (None,), ("x",), (1,), ([["Nothing", "x"]],), ([["Project"]],), ()):
        async with opened(Standing(answers)) as client:
            response = await asked(client, NODE, variables={"id": "x"})
        assert response.status_code == 200
        assert not LEAK.search(response.text)
        if "errors" in response.json():
            assert set(codes(response)) == {"INTERNAL_SERVER_ERROR"}
