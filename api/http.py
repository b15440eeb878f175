"""GraphQL over HTTP: a POST of JSON, or a GET, in; the bytes of an answer out."""

from typing import Any
from urllib.parse import parse_qs

import msgspec
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.cursors import Seal
from api.errors import printable
from api.execute import Answer, Executor, failed
from api.schema import Schema
from graph import schema_ddl
from graph.engine import Graph
from graph.tracing.rates import NO_TABLES, Tables

#: Bytes of a request; the longest sensible document is a tenth of it.
BODY = 256_000
#: Names under which a server on this machine is addressed: another one is a page that tries to read it through a browser.
LOCAL = frozenset({"127.0.0.1", "localhost", "[::1]"})
_GRAPHQL, _JSON = b"application/graphql-response+json", b"application/json"
_INDEX = """aidgraph: who helps whom. Ask GraphQL questions at /graphql, by POST:

curl -s http://HOST/graphql -H 'Content-Type: application/json' \\
  -d '{"query": "{ helpers(of: \\"cn:530724\\", asOf: \\"2020-04-30\\") { nodes { helper { id name } kinds since } } }"}'
curl -s http://HOST/graphql -H 'Content-Type: application/json' \\
  -d '{"query": "{ trace(from: \\"cn:320000\\") { amount currency lines { kind entity { name } amount } missing } }"}'

The schema, with a description of everything in it: /schema.graphql
"""


def first_page(scope: Scope) -> PlainTextResponse:
    """What to ask, under the address at which it was asked for."""
    return PlainTextResponse(_INDEX.replace("HOST", Request(scope).url.netloc))


class Question(msgspec.Struct):
    """The body of a request, by the GraphQL over HTTP specification."""

    query: str | None = None
    variables: dict[str, Any] | None = None
    operationName: str | None = None
    extensions: dict[str, Any] | None = None


class Unacceptable(Exception):
    """A request that is no question."""

    def __init__(self, status: int, message: str, code: str = "BAD_USER_INPUT") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class LocalHosts:
    """Refuses requests for another host than this machine's own names; no answer is taken for what it does not say it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            send = _unsniffed(send)
            host = next((value for name, value in scope["headers"] if name == b"host"), b"127.0.0.1")
            name = host.decode("latin-1").rsplit(":", 1)[0] if not host.endswith(b"]") else host.decode("latin-1")
            if name.lower() not in LOCAL:
                await PlainTextResponse("this server answers for this machine only\n", 421)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _unsniffed(send: Send) -> Send:
    async def with_header(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], (b"x-content-type-options", b"nosniff")]}
        await send(message)

    return with_header


class View:
    """The endpoint; its executor is made with the first request, since the key of cursors is read from the graph."""

    def __init__(self, schema: Schema, graph: Graph, *, introspection: bool, tables: Tables = NO_TABLES) -> None:
        self._schema = schema
        self._graph = graph
        self._introspection = introspection
        self._tables = tables
        self._executor: Executor | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] in ("GET", "HEAD") and b"query=" not in scope["query_string"]:
            await first_page(scope)(scope, receive, send)  # a browser that comes without a question
            return
        headers = Headers(scope=scope)
        try:
            question = await _question(scope, headers, receive)
            answer = await self._answer(question)
        except Unacceptable as error:
            said = {"message": str(error), "extensions": {"code": error.code}}
            await _send(send, msgspec.json.encode({"errors": [said]}), error.status, _JSON, error.status == 405)
            return
        media = _GRAPHQL if _GRAPHQL.decode() in headers.get("accept", "") else _JSON
        status = 503 if answer.unavailable else 400 if answer.refused and media is _GRAPHQL else 200
        await _send(send, answer.body, status, media)

    async def _answer(self, question: Question) -> Answer:
        if question.query is None:
            if "persistedQuery" in (question.extensions or {}):
                raise Unacceptable(200, "PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
            raise Unacceptable(400, "the body has no query")
        if self._executor is None:
            try:
                seal = Seal(await schema_ddl.seal_key(self._graph))
            except Exception as error:
                return failed(error)
            self._executor = Executor(
                self._schema, self._graph, seal, introspection=self._introspection, tables=self._tables
            )
        return await self._executor.answer(question.query, question.variables, question.operationName)


async def _question(scope: Scope, headers: Headers, receive: Receive) -> Question:
    if scope["method"] == "GET":
        return _from_address(scope["query_string"])
    if scope["method"] != "POST":
        raise Unacceptable(405, "ask by POST, or by GET")
    media, _, parameters = headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if media.strip().lower() != "application/json" or charset not in ("", "utf-8", "utf8"):
        raise Unacceptable(415, "send JSON in UTF-8, with Content-Type: application/json")
    if headers.get("content-encoding", "identity") != "identity":
        raise Unacceptable(415, "send the body as it is, not compressed")
    return _decoded(await _body(receive))


async def _body(receive: Receive) -> bytes:
    """The body; what is longer than BODY the application around refuses while it is read."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Unacceptable(400, "the request ended early")
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _decoded(body: bytes) -> Question:
    """A JSON object, strictly: no NaN, no lone surrogate, no invalid UTF-8, no bottomless nesting."""
    try:
        return msgspec.json.decode(body, type=Question)
    except msgspec.ValidationError as error:
        raise Unacceptable(
            400, f"the body must be one JSON object with a query: {printable(str(error))[:200]}"
        ) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise Unacceptable(400, "the body must be JSON in UTF-8") from None


def _from_address(query_string: bytes) -> Question:
    try:
        given = parse_qs(query_string.decode("ascii"), strict_parsing=True, errors="strict", max_num_fields=10)
        one = {name: values[0] for name, values in given.items() if len(values) == 1}
        decoded = {
            name: msgspec.json.decode(one[name], type=dict[str, Any])
            for name in ("variables", "extensions")
            if name in one
        }
    except (ValueError, UnicodeError, RecursionError):
        raise Unacceptable(400, "the address must give query and, as JSON, variables, each once") from None
    return Question(query=one.get("query"), operationName=one.get("operationName"), **decoded)


async def _send(send: Send, body: bytes, status: int, media: bytes, allow: bool = False) -> None:
    headers = [
        (b"content-type", media + b"; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"vary", b"Accept"),
    ]
    if status == 503:
        headers.append((b"retry-after", b"2"))
    if allow:
        headers.append((b"allow", b"GET, POST"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
