"""When CancelOnDisconnect ends the work on a request, and when it keeps its hands off; the server is played here."""

import asyncio
from typing import Any

import pytest

from api import disconnect
from api.disconnect import CancelOnDisconnect

POST = {"type": "http", "method": "POST", "headers": [(b"content-length", b"10")]}
GET = {"type": "http", "method": "GET", "headers": [(b"host", b"localhost")]}
BODY = {"type": "http.request", "body": b"x" * 10, "more_body": False}
GONE = {"type": "http.disconnect"}
START = {"type": "http.response.start", "status": 200, "headers": []}
END = {"type": "http.response.body", "body": b"done"}


class Server:
    """What a server gives to an application: the parts of the body, and in the end that the client has gone."""

    def __init__(self, *body: dict[str, Any]) -> None:
        self.body = list(body)
        self.asked = 0
        self.waiting = 0
        self.gone = asyncio.Event()
        self.sent: list[Any] = []

    async def receive(self) -> Any:
        self.asked += 1
        if self.body:
            return self.body.pop(0)
        self.waiting += 1
        assert self.waiting == 1, "two wait for the server at once"
        await self.gone.wait()
        self.waiting -= 1
        return GONE

    async def send(self, message: Any) -> None:
        self.sent.append(message)
        if message["type"] == "http.response.body":
            self.gone.set()  # so does uvicorn: a response that is complete is a disconnect, too

    def start(self, app: Any, scope: dict[str, Any] = POST) -> "asyncio.Task[None]":
        return asyncio.create_task(CancelOnDisconnect(app)(scope, self.receive, self.send))


class Work:
    """An application that reads the body, works without an end and says how it was ended."""

    def __init__(self, *, reads: bool = True) -> None:
        self.reads = reads
        self.began = asyncio.Event()
        self.ended = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while self.reads and (await receive()).get("more_body"):
            pass
        self.began.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.ended = "cancelled"
            raise


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disconnect, "PATIENCE", 0.01)


@pytest.mark.parametrize("late", [0.0, 0.05], ids=["before it is watched", "while it is watched"])
async def test_work_for_a_client_that_goes_is_cancelled(late: float) -> None:
    server, work = Server(BODY), Work()
    task = server.start(work)
    await work.began.wait()
    await asyncio.sleep(late)
    server.gone.set()
    await asyncio.wait_for(task, 1)
    assert (work.ended, server.sent, task.cancelled(), task.cancelling()) == ("cancelled", [], False, 0)


async def test_a_request_that_is_answered_soon_is_not_watched() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert await receive() == BODY
        await send(START)
        await send(END)

    server = Server(BODY)
    await server.start(app)
    await asyncio.sleep(0.03)
    assert (server.sent, server.asked) == ([START, END], 1)


async def test_the_body_goes_through_part_by_part() -> None:
    parts = [{"type": "http.request", "body": b"x", "more_body": more} for more in (True, True, False)]
    server = Server(*parts)
    asked: list[int] = []
    read = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for part in parts:
            await asyncio.sleep(0.03)  # longer than the patience, and yet nobody else may read the body
            assert await receive() == part
            asked.append(server.asked)
        read.set()
        await asyncio.sleep(60)

    task = server.start(app)
    await read.wait()
    server.gone.set()  # the watcher, overdue, began with the last part
    await asyncio.wait_for(task, 1)
    assert asked == [1, 2, 3]


@pytest.mark.parametrize("reads", [True, False], ids=["asked for", "not asked for"])
async def test_a_request_without_a_body_is_watched(reads: bool) -> None:
    server, work = Server({"type": "http.request", "body": b"", "more_body": False}), Work(reads=reads)
    task = server.start(work, GET)
    await asyncio.sleep(0.03)
    server.gone.set()
    await asyncio.wait_for(task, 1)
    assert work.ended == "cancelled"


async def test_an_empty_body_can_be_read_late() -> None:
    empty = {"type": "http.request", "body": b"", "more_body": False}
    got: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.03)
        got.append(await receive())

    await Server(empty).start(app, GET)
    assert got == [empty]


async def test_a_body_that_nobody_reads_stays_where_it_is() -> None:
    server, work = Server(BODY), Work(reads=False)
    task = server.start(work)
    await asyncio.sleep(0.05)
    assert (server.asked, work.ended) == (0, "")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_application_that_asks_is_told_and_cancelled() -> None:
    server = Server(BODY)
    told: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()

        async def listen() -> None:
            told.append(await receive())

        listening = asyncio.create_task(listen())
        try:
            await asyncio.sleep(60)
        finally:
            await listening

    task = server.start(app)
    await asyncio.sleep(0.03)
    server.gone.set()
    await asyncio.wait_for(task, 1)
    assert told == [GONE]


async def test_what_comes_after_the_answer_is_not_cancelled() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await asyncio.sleep(0.03)
        await send(START)
        await send(END)
        await asyncio.sleep(0.03)
        server.sent.append("after")

    server = Server(BODY)
    await asyncio.wait_for(server.start(app), 1)
    assert server.sent == [START, END, "after"]


async def test_a_stream_is_cancelled_between_its_parts() -> None:
    class Streaming(Server):
        async def send(self, message: Any) -> None:
            self.sent.append(message)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(START)
        while True:
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
            await asyncio.sleep(0.01)

    server = Streaming(BODY)
    task = server.start(app)
    await asyncio.sleep(0.05)
    server.gone.set()
    await asyncio.wait_for(task, 1)
    assert len(server.sent) > 2


@pytest.mark.parametrize("when", ["at once", "later", "cancelled"])
async def test_errors_of_the_application_come_out(when: str) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        try:
            await asyncio.sleep({"at once": 0, "later": 0.03, "cancelled": 60}[when])
        finally:
            raise ValueError("broken")

    server = Server(BODY)
    task = server.start(app)
    if when == "cancelled":
        await asyncio.sleep(0.03)
        server.gone.set()
    with pytest.raises(ValueError, match="broken"):
        await asyncio.wait_for(task, 1)
    assert task.cancelling() == 0


async def test_an_application_may_end_well_in_spite_of_it() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(0)

    server = Server(BODY)
    task = server.start(app)
    await asyncio.sleep(0.03)
    server.gone.set()
    await asyncio.wait_for(task, 1)
    assert task.cancelling() == 0


@pytest.mark.parametrize("gone", [True, False], ids=["whose client has gone", "whose client waits"])
async def test_a_server_that_shuts_down_ends_a_request(gone: bool) -> None:
    server, work = Server(BODY), Work()
    task = server.start(work)
    await work.began.wait()
    await asyncio.sleep(0.03)
    task.cancel()
    if gone:
        server.gone.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert work.ended == "cancelled"


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
async def test_other_kinds_pass_through(kind: str) -> None:
    seen: list[Any] = []

    async def app(*arguments: Any) -> None:
        seen.extend(arguments)

    server = Server()
    scope, receive, send = {"type": kind}, server.receive, server.send
    await CancelOnDisconnect(app)(scope, receive, send)
    assert seen == [scope, receive, send]
    assert seen[1] is receive
