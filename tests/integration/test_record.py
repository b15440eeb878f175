"""Graph.record: one record, again where the connection broke, and never longer than asked for."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import neo4j
import pytest

from graph import engine as graph_engine
from graph.engine import Graph
from graph.errors import EngineUnavailable, GraphError, TimedOut

LONG = "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b WITH a, b WHERE a = b * 7 RETURN count(*)"


class Proxy:
    """Stands between a driver and its server, and breaks connections when told to."""

    def __init__(self, port: int) -> None:
        self._server_port = port
        self.port = 0
        self.opened = 0
        self.cuts = 0  # so many messages of the driver cost it its connection
        self.silent = False  # nothing goes through any more, nor is refused

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        back = asyncio.create_task(self._answers(far_reader, writer))
        try:
            while data := await reader.read(65536):
                if self.cuts:
                    self.cuts -= 1
                    writer.transport.abort()
                    return
                if not self.silent:
                    far_writer.write(data)
        except ConnectionError:
            pass
        finally:
            back.cancel()
            far_writer.transport.abort()
            writer.transport.abort()

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)


def login(graph: Graph) -> tuple[str, str]:
    return (graph.server.address.username, graph.server.address.password) if graph.server else ("neo4j", "unused")


def uri(graph: Graph) -> str:
    return graph.server.address.bolt_uri if graph.server else graph.where


def again(graph: Graph, driver: neo4j.AsyncDriver) -> Graph:
    """The same graph through a driver of its own."""
    return Graph(driver, kind=graph.kind, database=graph._database, server=graph.server, where="the graph")


@pytest.fixture
async def proxy(graph: Graph) -> AsyncIterator[Proxy]:
    proxy = Proxy(int(uri(graph).rpartition(":")[2]))
    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    yield proxy
    server.close()


@pytest.fixture
async def through(graph: Graph, proxy: Proxy) -> AsyncIterator[Graph]:
    """The graph, through the proxy."""
    async with graph_engine._driver(f"bolt://127.0.0.1:{proxy.port}", login(graph), 4) as driver:
        yield again(graph, driver)


async def test_it_is_the_values_of_the_record(graph: Graph) -> None:
    assert await graph.record("RETURN 1 AS a, [2, $p.b] AS b, $p.c AS c", {"b": "三", "c": None}) == [
        1,
        [2, "三"],
        None,
    ]
    assert await graph.record("RETURN $p = {} AS r", timeout=5.0) == [True]


@pytest.mark.parametrize("cypher", ["UNWIND [] AS x RETURN x", "UNWIND [1, 2] AS x RETURN x", "RETRUN 1", "RETURN $q"])
async def test_other_statements_are_refused(graph: Graph, cypher: str) -> None:
    with pytest.raises(GraphError) as refused:
        await graph.record(cypher, timeout=5.0)
    assert type(refused.value) is GraphError
    assert await graph.record("RETURN 1") == [1]


async def test_it_does_not_write(graph: Graph) -> None:
    if graph.server is not None:
        pytest.skip("the embedded engine pays no heed to read access")
    with pytest.raises(GraphError):
        await graph.record("CREATE (t:Thing {id: 'written'}) RETURN t.id")
    assert await graph.value("MATCH (t:Thing) RETURN count(t)") == 0


@pytest.mark.parametrize("cuts", [1, 2])
async def test_a_read_is_done_again_when_its_connection_breaks(through: Graph, proxy: Proxy, cuts: int) -> None:
    assert await through.record("RETURN 1") == [1]
    proxy.cuts = cuts
    begun = time.monotonic()
    assert await through.record("RETURN $p.a AS a", {"a": 2}, timeout=5.0) == [2]
    assert time.monotonic() - begun >= 0.05
    assert (proxy.cuts, proxy.opened) == (0, 1 + cuts)


async def test_a_read_whose_idle_connections_are_all_broken_is_done(through: Graph, proxy: Proxy) -> None:
    await asyncio.gather(*(through.record("RETURN 1") for _ in range(4)))
    opened = proxy.opened
    for connections in through._driver._pool.connections.values():
        for connection in connections:
            connection.socket._writer.transport.abort()
    await asyncio.sleep(0)
    assert await through.record("RETURN 2") == [2]
    assert proxy.opened == opened + 1


async def test_three_tries_and_no_more(through: Graph, proxy: Proxy) -> None:
    assert await through.record("RETURN 1") == [1]
    proxy.cuts = 1_000_000
    begun = time.monotonic()
    with pytest.raises(EngineUnavailable):
        await through.record("RETURN 2")
    assert 0.25 <= time.monotonic() - begun < 2
    assert proxy.opened == 3
    proxy.cuts = 0
    assert await through.record("RETURN 3") == [3]


async def test_no_try_begins_after_the_end_of_the_time(through: Graph, proxy: Proxy) -> None:
    assert await through.record("RETURN 1") == [1]
    proxy.cuts = 1_000_000
    with pytest.raises(EngineUnavailable):  # and not that it took too long
        await through.record("RETURN 2", timeout=0.15)
    assert proxy.opened == 2


@pytest.mark.parametrize("read", ["record", "rows"])
async def test_a_long_statement_is_ended_in_time(graph: Graph, read: str) -> None:
    begun = time.monotonic()
    with pytest.raises(TimedOut, match="took too long"):
        await getattr(graph, read)(LONG, timeout=0.4)
    assert 0.4 <= time.monotonic() - begun < 1.0
    assert await graph.record("RETURN 1", timeout=1.0) == [1]


async def test_a_server_that_falls_silent_costs_no_more_than_the_time(through: Graph, proxy: Proxy) -> None:
    assert await through.record("RETURN 1") == [1]
    proxy.silent = True
    begun = time.monotonic()
    with pytest.raises(TimedOut):
        await through.record("RETURN 2", timeout=0.3)
    assert time.monotonic() - begun < 0.8
    proxy.silent = False
    assert await through.record("RETURN 3") == [3]


@contextlib.asynccontextmanager
async def busy(graph: Graph, statements: int) -> AsyncIterator[None]:
    """So many long statements at work."""
    tasks = [asyncio.create_task(graph.record(LONG)) for _ in range(statements)]
    await asyncio.sleep(0.5)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        assert all(
            isinstance(end, asyncio.CancelledError) for end in await asyncio.gather(*tasks, return_exceptions=True)
        )


async def test_all_connections_in_use(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_engine, "CONNECTION_WAIT", 0.3)
    async with graph_engine._driver(uri(graph), login(graph), 2) as driver:
        small = again(graph, driver)
        async with busy(small, 2):
            begun = time.monotonic()
            with pytest.raises(EngineUnavailable, match="busy: all connections to it are in use"):
                await small.record("RETURN 1", timeout=5.0)
            assert 0.3 <= time.monotonic() - begun < 0.8
        assert await small.record("RETURN 1") == [1]


async def test_the_pool_is_bounded(graph: Graph) -> None:
    expected = graph_engine.embedded.QUERIES if graph.server else graph_engine.CONNECTIONS
    assert graph._driver._pool.pool_config.max_connection_pool_size == expected


async def test_a_full_queue_of_the_embedded_engine(graph: Graph) -> None:
    """Its refusal looks like two transactions that met; it is not asked again, for that would wait as long again."""
    if graph.server is None:
        pytest.skip("Neo4j has no such queue")
    async with graph_engine._driver(uri(graph), login(graph), 20) as driver, busy(again(graph, driver), 8):
        begun = time.monotonic()
        with pytest.raises(EngineUnavailable, match="busy"):
            await graph.record("RETURN 1")
        assert time.monotonic() - begun < 4.5
    assert await graph.record("RETURN 1", timeout=2.0) == [1]


@pytest.mark.parametrize(
    ("error", "took", "again"),
    [
        (neo4j.exceptions.ServiceUnavailable("gone"), 5.0, True),
        (neo4j.exceptions.SessionExpired("gone"), 0.0, True),
        (neo4j.exceptions.TransientError("later"), 0.1, True),
        (neo4j.exceptions.TransientError("later"), 3.0, False),
        (neo4j.exceptions.ClientError("wrong"), 0.0, False),
        (neo4j.exceptions.AuthError("who"), 0.0, False),
        (neo4j.exceptions.ConnectionAcquisitionTimeoutError("full"), 3.0, False),
    ],
)
def test_what_is_worth_another_try(error: Any, took: float, again: bool) -> None:
    assert graph_engine._worth_another(error, took) is again
