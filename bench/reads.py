"""`make bench ARGS=reads`: six questions over HTTP, relative to the floor: the bare driver with the same statements.

Both sides ask the same database, one after the other, in an order drawn anew in each round. Quote the CPU of the server
process first: it hardly depends on what else the machine does. Of the rest only ratios within a round mean something.
"""

import asyncio
import contextlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from api.cursors import Seal
from api.execute import TIME, Executor
from api.schema import make_schema
from bench import generated, sides
from bench.shapes import SHAPES, Question
from graph import embedded, schema_ddl
from graph.engine import Engine, Graph, open_graph
from graph.settings import Settings
from tests import neo4j_server

#: Seconds for the first run of a statement, which the engine has to plan.
PATIENT = 120.0
_noted: ContextVar[list[tuple[str, Mapping[str, Any]]]] = ContextVar("noted")


class Recorder:
    """Stands for the graph: notes the statements that a question comes to, and runs them."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.kind = graph.kind

    async def record(
        self, cypher: str, p: Mapping[str, Any] | None = None, *, timeout: float | None = None
    ) -> list[Any]:
        _noted.get().append((cypher, p or {}))
        return await self._graph.record(cypher, p, timeout=PATIENT)


async def prepared(graph: Graph, made: generated.Generated, shapes: Sequence[str]) -> dict[str, list[sides.Asked]]:
    """Questions of each shape with their statements: all are asked once, so that the engine has planned them."""
    recorder: Any = Recorder(graph)
    executor = Executor(make_schema(), recorder, Seal(await schema_ddl.seal_key(graph)))
    free = asyncio.Semaphore(sides.WORKERS)

    async def ask(shape: str, question: Question) -> sides.Asked:
        async with free:
            noted: list[tuple[str, Mapping[str, Any]]] = []
            _noted.set(noted)
            answer = await executor.answer(question.query, question.variables, None)
            body = json.loads(answer.body)
            assert "errors" not in body, f"{shape}: {question.query}: {body['errors'][:1]}"
            assert SHAPES[shape].full(body["data"]), f"{shape}: {question.query} {question.variables} is not full"
            ((cypher, p),) = noted
            asked = json.dumps({"query": question.query, "variables": question.variables})
            return sides.Asked(body=asked, cypher=cypher, p=dict(p))

    found: dict[str, list[sides.Asked]] = {}
    for shape in shapes:
        began = time.monotonic()
        questions = SHAPES[shape].questions(made, shape)
        found[shape] = list(await asyncio.gather(*(ask(shape, question) for question in questions)))
        random.Random(shape).shuffle(found[shape])
        distinct = len({one.cypher for one in found[shape]})
        print(
            f"        {shape} {SHAPES[shape].what}: {len({q.query for q in questions})} documents, {distinct} statements,"
            f" planned in {time.monotonic() - began:.0f} s"
        )
    return found


class Process:
    """A process of bench.sides."""

    def __init__(self, what: str, place: sides.Place) -> None:
        command = [sys.executable, "-m", "bench.sides", what, msgspec.json.encode(place).decode()]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def heard(self) -> dict[str, Any]:
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())

    def do(self, shape: str, seconds: float) -> sides.Tally:
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"shape": shape, "seconds": seconds}) + "\n")
        self._process.stdin.flush()
        tally = sides.Tally(**self.heard())
        if tally.failed:  # sums of all facts, eight at a time, can take the embedded engine longer than a request may
            said = f"{tally.failed} of {tally.done} answers of {shape} were none"
            assert tally.failed * 20 < tally.done, said
            print(f"        {said}: they took longer than {TIME:.0f} s")
        return tally

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()


@dataclass(frozen=True, slots=True)
class Running:
    """The three processes."""

    client: Process
    floor: Process
    port: int

    def used(self, path: str = "") -> dict[str, Any]:
        """What the server has used; `path` /on and /off switch the counts of messages."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/bench{path}", timeout=60) as response:
            return json.load(response)

    def ours(self, shape: str, seconds: float) -> tuple[sides.Tally, float]:
        """What the client got, and CPU seconds of the server."""
        before = self.used()["cpu"]
        tally = self.client.do(shape, seconds)
        return tally, self.used()["cpu"] - before


@contextlib.contextmanager
def running(place: sides.Place) -> Iterator[Running]:
    with contextlib.ExitStack() as stack:

        def begun(what: str, place: sides.Place) -> Process:
            process = Process(what, place)
            stack.callback(process.stop)
            return process

        floor, server = begun("floor", place), begun("serve", place)
        port = server.heard()["port"]
        yield Running(begun("drive", msgspec.structs.replace(place, port=port)), floor, port)


@dataclass(slots=True)
class Measured:
    """Of one shape, a number for each round; CPU in ms a request."""

    ours: list[float] = field(default_factory=list[float])
    floor: list[float] = field(default_factory=list[float])
    server_cpu: list[float] = field(default_factory=list[float])
    floor_cpu: list[float] = field(default_factory=list[float])
    client_cpu: list[float] = field(default_factory=list[float])
    statements: float = 0.0
    records: float = 0.0

    def ratios(self) -> list[float]:
        return [ours / floor for ours, floor in zip(self.ours, self.floor, strict=True)]


def measure(found: Mapping[str, Sequence[sides.Asked]], on: Running, rounds: int) -> dict[str, Measured]:
    """All cells of a round in an order of their own: every shape, and either side of it first."""
    measured = {shape: Measured() for shape in found}
    for shape, asked in found.items():
        on.client.do(shape, 0)  # the server compiles every document
        on.floor.do(shape, 0)
        before = on.used("/on")
        on.client.do(shape, 0)
        after = on.used("/off")
        measured[shape].statements = (after["statements"] - before["statements"]) / len(asked)
        measured[shape].records = (after["records"] - before["records"]) / len(asked)
    rng = random.Random(generated.SEED)
    for _ in range(rounds):
        for shape in rng.sample(list(found), len(found)):
            for side in rng.sample((_ours, _floor), 2):
                side(measured[shape], on, shape)
    return measured


def _ours(measured: Measured, on: Running, shape: str) -> None:
    tally, cpu = on.ours(shape, SHAPES[shape].seconds)
    measured.ours.append(tally.done / tally.seconds)
    measured.server_cpu.append(1000 * cpu / tally.done)
    measured.client_cpu.append(1000 * tally.cpu / tally.done)


def _floor(measured: Measured, on: Running, shape: str) -> None:
    tally = on.floor.do(shape, SHAPES[shape].seconds)
    measured.floor.append(tally.done / tally.seconds)
    measured.floor_cpu.append(1000 * tally.cpu / tally.done)


def report(kind: str, measured: Mapping[str, Measured]) -> None:
    middle = statistics.median
    for shape, found in measured.items():
        print(
            f"reads   {kind:<9} {shape} {SHAPES[shape].what:<10} CPU {middle(found.server_cpu):6.2f} ms a request (floor "
            f"{middle(found.floor_cpu):.2f}, client {middle(found.client_cpu):.3f}); {found.statements:g} statements, "
            f"{found.records:g} records"
        )
    for shape, found in measured.items():
        ratios, goal = found.ratios(), SHAPES[shape]
        low, _, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else (ratios[0],) * 3
        verdict = "aim" if middle(ratios) >= goal.aim else "must" if middle(ratios) >= goal.must else "BELOW"
        print(
            f"reads   {kind:<9} {shape} {goal.what:<10} {middle(found.ours):7.1f} requests/s, floor "
            f"{middle(found.floor):7.1f}: ratio {middle(ratios):.2f} [{low:.2f}..{high:.2f}] of {len(ratios)} rounds; "
            f"at least {goal.must:.2f}, aim {goal.aim:.2f}: {verdict}"
        )


async def on_engine(graph: Graph, place: sides.Place, shapes: Sequence[str], rounds: int) -> None:
    began = time.monotonic()
    made = generated.generate()
    generating = time.monotonic() - began
    await generated.store(graph, made)
    stored = time.monotonic() - began - generating
    kind = graph.kind.value
    print(f"reads   {kind:<9} graph made in {generating:.0f} s, stored in {stored:.0f} s", flush=True)
    found = await prepared(graph, made, shapes)
    place.write(found)
    load = os.getloadavg() if hasattr(os, "getloadavg") else (0.0,)
    with running(place) as processes:
        measured = await asyncio.to_thread(measure, found, processes, rounds)
    report(kind, measured)
    after = os.getloadavg() if hasattr(os, "getloadavg") else (0.0,)
    print(f"        load {load[0]:.1f} before, {after[0]:.1f} after, of {os.cpu_count()} cores", flush=True)


@contextlib.asynccontextmanager
async def opened(engine: Engine, home: Path) -> AsyncIterator[tuple[Graph, sides.Place]]:
    """An empty graph, and how the processes reach it: over Bolt, whichever engine it is."""
    questions = str(home / "questions.json")
    if engine is Engine.NEO4J:
        with neo4j_server.start() as server:
            settings = Settings(home=home, neo4j_uri=server.uri, neo4j_password="unused")
            async with open_graph(settings) as graph:
                place = sides.Place(
                    uri=server.uri, username="neo4j", password="unused", database="", questions=questions
                )
                yield graph, place
        return
    async with open_graph(Settings(home=home)) as graph:
        assert graph.server
        at = graph.server.address
        place = sides.Place(
            uri=at.bolt_uri, username=at.username, password=at.password, database=at.database, questions=questions
        )
        yield graph, place


async def _run(engine: Engine, shapes: Sequence[str], rounds: int) -> None:
    with tempfile.TemporaryDirectory() as home:
        async with opened(engine, Path(home)) as (graph, place):
            await on_engine(graph, place, shapes, rounds)


def bench(shapes: Sequence[str], rounds: int, engines: Sequence[str]) -> None:
    """Neo4j decides; the embedded engine is for the record, in a third of the rounds."""
    if Engine.NEO4J.value in engines:
        try:
            asyncio.run(_run(Engine.NEO4J, shapes, rounds))
        except neo4j_server.Neo4jUnavailable as error:
            print(f"no Neo4j to be had: {error}")
    if Engine.EMBEDDED.value in engines and embedded.unsupported_reason() is None:
        asyncio.run(_run(Engine.EMBEDDED, shapes, max(1, rounds // 3)))
