"""The processes of `reads`: the server, the floor (the bare driver), and the client that drives the server.

Each is told where the graph and the questions are by one JSON argument. The floor and the client then take lines of
JSON, {"shape", "seconds"}, and answer each with a Tally; the server is asked at /bench what it has used.
"""

import asyncio
import contextlib
import gc
import itertools
import json
import logging
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from cli.serving import bound, run, server
from graph.engine import Graph, open_graph
from graph.settings import Settings

WORKERS = 8
#: Bytes kept of an answer: its head and how its body begins.
HEAD = 1_000


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where the graph and the questions are; `port` of the server, for the client."""

    uri: str
    username: str
    password: str
    database: str
    questions: str
    port: int = 0

    @property
    def settings(self) -> Settings:
        return Settings(
            home=Path("/nowhere"), neo4j_uri=self.uri, neo4j_username=self.username, neo4j_password=self.password,
            neo4j_database=self.database,
        )  # fmt: skip

    def write(self, found: "dict[str, list[Asked]]") -> None:
        Path(self.questions).write_bytes(msgspec.json.encode(found))


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question as both sides take it: the body of a request, and the statement it comes to with its parameters."""

    body: str
    cypher: str
    p: dict[str, Any]


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Questions of a shape for so many seconds, or each of them once."""

    shape: str
    seconds: float = 0.0


@dataclass(slots=True)
class Tally:
    """What a side did: `cpu` seconds of its own process."""

    done: int = 0
    failed: int = 0
    seconds: float = 0.0
    cpu: float = 0.0


class Work:
    """Questions to be taken one by one until the order is done; the next order goes on where this one stopped."""

    def __init__(self, path: str) -> None:
        self.asked = msgspec.json.decode(Path(path).read_bytes(), type=dict[str, list[Asked]])
        self._round = {shape: itertools.cycle(range(len(found))) for shape, found in self.asked.items()}

    def of(self, order: Order) -> Iterator[int]:
        if not order.seconds:
            return iter(range(len(self.asked[order.shape])))
        return self._until(time.perf_counter() + order.seconds, self._round[order.shape])

    @staticmethod
    def _until(end: float, numbers: Iterator[int]) -> Iterator[int]:
        while time.perf_counter() < end:
            yield next(numbers)


# the server


class Counts(logging.Handler):
    """Counts statements and records in the log of the driver, which tells every message; only while it is switched on."""

    def __init__(self) -> None:
        super().__init__()
        self.statements = self.records = 0

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        self.statements += " C: RUN" in said
        if " S: RECORD" in said:
            self.records += int(said.rpartition("*")[2])

    def switch(self, *, on: bool) -> None:
        logger = logging.getLogger("neo4j.io")
        logger.propagate = False
        logger.setLevel(logging.DEBUG if on else logging.WARNING)
        logger.handlers = [self] if on else []


class Watched:
    """The application, and at /bench what its process has used; /bench/on and /bench/off switch the counts."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._counts = Counts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/bench"):
            await self._app(scope, receive, send)
            return
        if scope["path"] != "/bench":
            self._counts.switch(on=scope["path"] == "/bench/on")
        used = {"cpu": time.process_time(), "statements": self._counts.statements, "records": self._counts.records}
        body = json.dumps(used).encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})


async def serve(place: Place) -> None:
    """As `aidgraph serve` does it: one worker."""
    with bound(0, "{}") as taken:
        async with open_graph(place.settings) as graph:
            serving = server(graph, around=Watched)
            say({"port": taken.getsockname()[1]})
            await serving.serve(sockets=[taken])


# the floor


async def floor(place: Place) -> None:
    """The statements of the questions over the bare driver, with the pool the server has; nothing is made of the record."""
    work = Work(place.questions)
    async with open_graph(place.settings) as graph:
        while line := await asyncio.to_thread(sys.stdin.readline):
            order = msgspec.json.decode(line, type=Order)
            tally, numbers, asked = Tally(), work.of(order), work.asked[order.shape]
            began, cpu = time.perf_counter(), time.process_time()
            await asyncio.gather(*(_bare(graph, place.database, asked, numbers, tally) for _ in range(WORKERS)))
            tally.seconds, tally.cpu = time.perf_counter() - began, time.process_time() - cpu
            say(asdict(tally))


async def _bare(graph: Graph, database: str, asked: list[Asked], numbers: Iterator[int], tally: Tally) -> None:
    driver: Any = graph._driver
    for number in numbers:
        one = asked[number]
        async with driver.session(database=database or None, default_access_mode="READ") as session:
            result = await session.run(one.cypher, {"p": one.p})
            await result.single(strict=True)
        tally.done += 1


# the client


@dataclass(slots=True)
class Connection:
    """One keep-alive connection; `missing` bytes of the answer, unknown (-1) until its head is there."""

    socket: socket.socket
    got: bytes = b""
    missing: int = -1

    def read(self) -> bool | None:
        """Whether the answer that is now whole is one of data; None while more is to come."""
        part = self.socket.recv(262_144)
        if len(self.got) < HEAD:
            self.got += part
        if self.missing >= 0:
            self.missing -= len(part)
        elif (head := self.got.find(b"\r\n\r\n")) >= 0:
            length = self.got.lower().index(b"content-length:", 0, head) + 15
            whole = head + 4 + int(self.got[length : self.got.index(b"\r\n", length)])
            self.missing = whole - len(self.got)
        if self.missing != 0 and part:
            return None
        good = self.got.startswith(b"HTTP/1.1 200") and b'\r\n\r\n{"data":{' in self.got
        self.got, self.missing = b"", -1
        return good


def drive(place: Place) -> None:
    """Asks over so many connections at once, as fast as answers come; requests are made before."""
    work = Work(place.questions)
    requests = {shape: [_request(place, one.body) for one in asked] for shape, asked in work.asked.items()}
    gc.disable()
    for line in sys.stdin:
        order = msgspec.json.decode(line, type=Order)
        with selectors.DefaultSelector() as chooser, contextlib.ExitStack() as stack:
            for _ in range(WORKERS):  # anew for each order: the server closes a connection that rests
                made = stack.enter_context(socket.create_connection(("127.0.0.1", place.port)))
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                chooser.register(made, selectors.EVENT_READ, Connection(made))
            tally = _driven(chooser, requests[order.shape], work.of(order))
        say(asdict(tally))


def _request(place: Place, body: str) -> bytes:
    head = f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:{place.port}\r\nContent-Type: application/json\r\n"
    return f"{head}Accept: application/json\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}".encode()


def _driven(chooser: selectors.BaseSelector, requests: list[bytes], numbers: Iterator[int]) -> Tally:
    tally = Tally()
    began, cpu = time.perf_counter(), time.process_time()
    busy = 0
    for key in chooser.get_map().values():
        if (number := next(numbers, None)) is not None:
            key.data.socket.sendall(requests[number])
            busy += 1
    while busy:
        for key, _ in chooser.select():
            if (good := key.data.read()) is None:
                continue
            tally.done += 1
            tally.failed += not good
            if (number := next(numbers, None)) is None:
                busy -= 1
            else:
                key.data.socket.sendall(requests[number])
    tally.seconds, tally.cpu = time.perf_counter() - began, time.process_time() - cpu
    return tally


def say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


def main() -> None:
    place = msgspec.json.decode(sys.argv[2], type=Place)
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        if sys.argv[1] == "drive":
            drive(place)
        else:
            run(serve(place) if sys.argv[1] == "serve" else floor(place))


if __name__ == "__main__":
    main()
