"""Fixtures: an empty graph and one with the seed, each on the embedded engine and on a real Neo4j."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from graph import schema_ddl
from graph.engine import Graph, open_graph
from graph.settings import Settings
from graph.write import flows
from loaders import seed
from tests import neo4j_server

os.environ.setdefault("AIDGRAPH_ENGINE_MODE", "development")  # production mode conceals what a statement did wrong

hypothesis_settings.register_profile("here", deadline=None)  # timings are no test on a busy machine
hypothesis_settings.load_profile("here")

ENGINES = ("embedded", "neo4j")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests that write to the graph they share: tests/together.py runs them in a process of their own.

    And those that `make test` runs on the embedded engine only, since they take Neo4j long: `make soak` runs them there.
    """
    for item in items:
        if {"graph", "empty_graph"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.writes)
        if item.get_closest_marker("soak_on_neo4j") and item.callspec.params.get("engine") == "neo4j":  # pyright: ignore[reportAttributeAccessIssue]
            item.add_marker(pytest.mark.soak)


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="session")
def neo4j_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """Starts a Neo4j for each call; they are stopped at the end of the session."""
    servers: list[neo4j_server.Neo4jServer] = []

    def start() -> Settings:
        try:
            server = neo4j_server.start()
        except neo4j_server.Neo4jUnavailable as error:
            if os.environ.get("CI") == "true":
                raise
            pytest.skip(f"no Neo4j to be had: {error}")
        servers.append(server)
        return Settings(home=tmp_path_factory.mktemp("unused"), neo4j_uri=server.uri, neo4j_password="unused")

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def locked() -> Iterator[neo4j_server.Neo4jServer]:
    """A Neo4j with a password. What it holds is left by the tests before."""
    try:
        server = neo4j_server.start(auth="a-test-password")
    except neo4j_server.Neo4jUnavailable as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no Neo4j to be had: {error}")
    with server:
        yield server


@asynccontextmanager
async def _opened(engine: str, neo4j_settings, folder: Path) -> AsyncIterator[Graph]:
    settings = neo4j_settings() if engine == "neo4j" else Settings(home=folder, heap="512m")
    async with open_graph(settings) as graph:
        assert await graph.value("MATCH (n) RETURN count(n)") == 0, "the tests only run on an empty database"
        await schema_ddl.apply(graph)
        yield graph


@pytest.fixture(scope="session")
async def empty_graph(engine, neo4j_settings, tmp_path_factory) -> AsyncIterator[Graph]:
    async with _opened(engine, neo4j_settings, tmp_path_factory.mktemp("graph")) as graph:
        yield graph


@pytest.fixture
async def graph(empty_graph: Graph) -> AsyncIterator[Graph]:
    """An empty graph with its schema; emptied again after the test."""
    if not await empty_graph.value("MATCH (s:Store) RETURN count(s)"):  # a test before wiped its mark too
        await schema_ddl.apply(empty_graph)
    yield empty_graph
    await empty_graph.write(lambda transaction: transaction.rows(flows.UNSET_MARK))
    while await empty_graph.value("MATCH (n) WHERE NOT n:Store RETURN count(n)"):
        await empty_graph.write(
            lambda transaction: transaction.rows(
                "MATCH (n) WHERE NOT n:Store WITH n LIMIT 2000 DETACH DELETE n RETURN count(*)"
            )
        )


@pytest.fixture(scope="session")
async def seeded(engine, neo4j_settings, tmp_path_factory) -> AsyncIterator[Graph]:
    """A graph with the whole seed; tests must not write to it."""
    async with _opened(engine, neo4j_settings, tmp_path_factory.mktemp("seeded")) as graph:
        await seed.load(graph)
        yield graph
