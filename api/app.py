"""The application: routes and middleware over an open graph; a table of contents."""

from typing import Any

import msgspec
from cross_web import HTTPException
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse
from strawberry.types import ExecutionResult

from api.context import Context
from api.errors import translated
from api.schema import make_schema
from graph.engine import Graph
from graph.errors import GraphError

#: Bytes of a request; the longest sensible document is a tenth of it.
BODY = 256_000
INDEX = """aidgraph: who helps whom. Ask GraphQL questions at /graphql, by POST:

curl -s http://HOST:PORT/graphql -H 'Content-Type: application/json' \\
  -d '{"query": "{ helpers(of: \\"cn:530724\\", asOf: \\"2020-04-30\\") { rows { helper { id name } kinds since } } }"}'

The schema, with a description of everything in it: /schema.graphql
"""


class View(GraphQL[Context, None]):
    """GraphQL over HTTP, with errors as api.errors translates them."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(make_schema(), graphql_ide=None, multipart_uploads_enabled=False)
        self._graph = graph

    def parse_json(self, data: str | bytes) -> Any:
        """A JSON object, strictly: no NaN, no lone surrogate, no invalid UTF-8, no bottomless nesting."""
        try:
            decoded = msgspec.json.decode(data)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            raise HTTPException(400, "the body must be JSON in UTF-8") from None
        if not isinstance(decoded, dict):
            raise HTTPException(400, "the body must be one JSON object with a query")
        return decoded  # pyright: ignore[reportUnknownVariableType]

    def encode_json(self, data: object) -> bytes:
        return msgspec.json.encode(data)  # Chinese as it is, not as escapes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET" and b"query=" not in scope["query_string"]:
            await PlainTextResponse(INDEX)(scope, receive, send)  # a browser that comes without a question
            return
        await super().__call__(scope, receive, send)

    async def get_context(self, request: Any, response: Any) -> Context:
        return Context(self._graph)

    async def process_result(self, request: Any, result: ExecutionResult) -> GraphQLHTTPResponse:
        data: GraphQLHTTPResponse = {"data": result.data}
        if result.errors:
            data["errors"] = [translated(error).formatted for error in result.errors]  # pyright: ignore[reportGeneralTypeIssues]
        return data


def create_app(graph: Graph) -> Starlette:
    async def alive(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(_request: Request) -> Response:
        try:
            await graph.rows("RETURN 1", timeout=2.0)
        except GraphError:
            return JSONResponse({"ready": False}, status_code=503, headers={"Retry-After": "2"})
        return JSONResponse({"ready": True})

    async def sdl(_request: Request) -> Response:
        return PlainTextResponse(view.schema.as_str() + "\n")

    async def index(_request: Request) -> Response:
        return PlainTextResponse(INDEX)

    view = View(graph)
    return Starlette(
        routes=[
            Route("/", index),
            Route("/graphql", view),
            Route("/schema.graphql", sdl),
            Route("/healthz", alive),
            Route("/readyz", ready),
        ],
        max_body_size=BODY,
    )
