"""The application: routes and middleware over an open graph; a table of contents."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from api.disconnect import CancelOnDisconnect
from api.http import BODY, LocalHosts, View, first_page
from api.schema import own_schema
from graph.engine import Graph
from graph.errors import GraphError
from graph.tracing.rates import NO_TABLES, Tables


def create_app(graph: Graph, *, introspection: bool = True, tables: Tables = NO_TABLES) -> Starlette:
    async def alive(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(_request: Request) -> Response:
        try:
            await graph.rows("RETURN 1", timeout=2.0)
        except GraphError:
            return JSONResponse({"ready": False}, status_code=503, headers={"Retry-After": "2"})
        return JSONResponse({"ready": True})

    async def sdl(_request: Request) -> Response:
        return PlainTextResponse(schema.as_str() + "\n")

    async def index(request: Request) -> Response:
        return first_page(request.scope)

    schema = own_schema()
    return Starlette(
        routes=[
            Route("/", index),
            Route("/graphql", View(schema, graph, introspection=introspection, tables=tables)),
            Route("/schema.graphql", sdl),
            Route("/healthz", alive),
            Route("/readyz", ready),
        ],
        middleware=[Middleware(LocalHosts), Middleware(CancelOnDisconnect)],
        max_body_size=BODY,
    )
