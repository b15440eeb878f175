"""A client that goes ends its statement in the database, through a real HTTP server, on both engines."""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import psutil
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.disconnect import CancelOnDisconnect
from graph.embedded.http import server_command
from graph.engine import Graph
from graph.errors import TimedOut

#: Ten thousand million rows: no machine comes to the end of it within a test.
ENDLESS = "UNWIND range(1, 100000) AS endless UNWIND range(1, 100000) AS b WITH endless, b WHERE endless = b * 7 "
LONG = ENDLESS + "RETURN count(*)"
QUICK = "RETURN [1, $p.a] AS r"
LISTED = "SHOW TRANSACTIONS YIELD currentQuery WHERE currentQuery STARTS WITH $p.text RETURN count(*)"


async def running(graph: Graph) -> int:
    """How many of the endless statements the database works on."""
    if graph.server is None:
        return await graph.value(LISTED, {"text": ENDLESS})
    queries = await asyncio.to_thread(server_command, graph.server.address, "list queries")
    return sum(query["text"].startswith(ENDLESS) for query in queries)


async def until(graph: Graph, count: int, *, within: float) -> float:
    """Waits until so many are running; answers how many seconds that took."""
    begun = time.monotonic()
    while await running(graph) != count:
        assert time.monotonic() - begun < within, f"not {count} running after {within} s"
        await asyncio.sleep(0.005)
    return time.monotonic() - begun


async def when(condition: Callable[[], bool]) -> None:
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < 5
        await asyncio.sleep(0.002)


def in_use(graph: Graph) -> int:
    """Connections that somebody works with or is about to open."""
    pool = graph._driver._pool
    taken = sum(c.in_use for connections in pool.connections.values() for c in connections)
    return taken + sum(pool.connections_reservations.values())


def alive(graph: Graph) -> int:
    return sum(not c.closed() for connections in graph._driver._pool.connections.values() for c in connections)


@dataclass
class Served:
    """A server with three questions: /long, /quick and /broken."""

    graph: Graph
    port: int = 0
    begun: int = 0
    cancelled: int = 0
    bodies: list[bytes] = field(default_factory=list)

    async def long(self, request: Request) -> Response:
        self.bodies.append(await request.body())
        self.begun += 1
        try:
            return JSONResponse(await self.graph.record(LONG))
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    async def quick(self, request: Request) -> Response:
        length = sum([len(part) async for part in request.stream()])
        return JSONResponse(await self.graph.record(QUICK, {"a": length}, timeout=5.0))

    async def broken(self, request: Request) -> Response:
        raise ValueError("broken on purpose")

    def ask(self, path: str, body: bytes = b"{}") -> socket.socket:
        """Sends a request and leaves the answer to the caller."""
        client = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        client.sendall(head.encode() + body)
        return client

    async def answer(self, path: str, body: bytes = b"{}") -> tuple[int, bytes]:
        def read() -> bytes:
            with self.ask(path, body) as client, client.makefile("rb") as answer:
                return answer.read()

        head, _, rest = (await asyncio.to_thread(read)).partition(b"\r\n\r\n")
        return int(head.split()[1]), rest


@pytest.fixture
async def served(graph: Graph) -> AsyncIterator[Served]:
    served = Served(graph)
    paths = {"/long": served.long, "/quick": served.quick, "/broken": served.broken}
    app = Starlette(routes=[Route(path, question, methods=["POST"]) for path, question in paths.items()])
    config = uvicorn.Config(
        CancelOnDisconnect(app),
        log_config=None,
        lifespan="off",
        ws="none",
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        served.port = taken.getsockname()[1]
        serving = asyncio.create_task(server.serve(sockets=[taken]))
        try:
            yield served
        finally:
            server.should_exit = True
            await serving


async def test_a_statement_ends_when_its_client_goes(served: Served) -> None:
    seconds: list[float] = []
    for _ in range(3):
        with served.ask("/long", b'{"query": 1}'):
            await until(served.graph, 1, within=5)
        seconds.append(await until(served.graph, 0, within=5))
    assert sorted(seconds)[1] < 0.5, seconds
    assert (served.begun, served.cancelled, served.bodies) == (3, 3, [b'{"query": 1}'] * 3)
    assert in_use(served.graph) == 0


# a connection that is cancelled while the driver makes it leaves its socket to the garbage collector (seen on a busy machine)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_hundred_that_go_leave_nothing_behind(served: Served) -> None:
    assert await served.answer("/quick", b"12345") == (200, b"[[1,5]]")
    before = alive(served.graph)
    for turn in range(100):
        with served.ask("/long"):
            await when(lambda turn=turn: served.begun > turn)
            await asyncio.sleep(0.02)
    await when(lambda: served.cancelled == 100)
    await until(served.graph, 0, within=2)
    begun = time.monotonic()
    assert await served.answer("/quick", b"123") == (200, b"[[1,3]]")
    assert time.monotonic() - begun < 1
    assert in_use(served.graph) == 0
    assert 1 <= alive(served.graph) <= max(before, 1)
    if served.graph.server is not None:
        assert await idle(served.graph.server.pid)


async def idle(pid: int) -> bool:
    """Whether a process comes to rest within 3 s; it may have to collect garbage first."""
    process = psutil.Process(pid)
    for _ in range(12):
        before = process.cpu_times()
        await asyncio.sleep(0.25)
        after = process.cpu_times()
        if after.user + after.system - before.user - before.system < 0.1:
            return True
    return False


async def test_many_that_go_at_once_leave_nothing_behind(served: Served) -> None:
    """More than the engine runs at once: some wait for a connection, some for their turn in the engine."""
    with contextlib.ExitStack() as clients:
        for _ in range(40):
            clients.enter_context(served.ask("/long"))
        await when(lambda: served.begun == 40)
        await asyncio.sleep(0.2)
    await when(lambda: served.cancelled == 40)
    begun = time.monotonic()
    assert await served.answer("/quick", b"1") == (200, b"[[1,1]]")
    assert time.monotonic() - begun < 1
    await until(served.graph, 0, within=2)
    assert in_use(served.graph) == 0


async def test_only_the_statement_of_the_client_that_goes_is_ended(served: Served) -> None:
    with served.ask("/long"):
        await until(served.graph, 1, within=5)
        with served.ask("/long"):
            await until(served.graph, 2, within=5)
        await until(served.graph, 1, within=5)
        await asyncio.sleep(0.3)  # time for another look of the embedded engine's sweeper
        assert await running(served.graph) == 1
    await until(served.graph, 0, within=5)


async def test_a_statement_that_takes_too_long_is_ended(graph: Graph) -> None:
    with pytest.raises(TimedOut):
        await graph.record(LONG, timeout=0.3)
    assert await until(graph, 0, within=2) < 0.5
    assert in_use(graph) == 0


async def test_a_write_whose_caller_goes_is_ended_and_undone(graph: Graph) -> None:
    async def work(transaction: Any) -> None:
        await transaction.rows("CREATE (:Thing {id: 'half'})")
        await transaction.rows(LONG)

    task = asyncio.create_task(graph.write(work))
    await until(graph, 1, within=5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(graph, 0, within=5)
    begun = time.monotonic()
    while await graph.value("MATCH (t:Thing) RETURN count(t)"):  # the roll-back comes after the statement's end
        assert time.monotonic() - begun < 2
        await asyncio.sleep(0.02)
    assert in_use(graph) == 0


async def test_a_normal_request_is_left_alone(served: Served) -> None:
    body = b"x" * 3_000_000  # in many parts
    assert await served.answer("/quick", body) == (200, b"[[1,3000000]]")
    assert [await served.answer("/quick", b"x" * n) for n in range(5)] == [
        (200, f"[[1,{n}]]".encode()) for n in range(5)
    ]
    assert in_use(served.graph) == 0


async def test_an_error_of_the_application_comes_out(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, logger="uvicorn.error"):
        assert await served.answer("/broken") == (500, b"Internal Server Error")
    (logged,) = [record for record in caplog.records if record.name == "uvicorn.error"]
    assert logged.exc_info and str(logged.exc_info[1]) == "broken on purpose"
