"""`aidgraph doctor`: what must be right on this machine and in the graph, looked at one by one, with how to mend it.

Changes nothing: what is written to see whether it can be is rolled back, and no store is made where none is.
"""

import asyncio
import contextlib
import importlib.metadata
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from graph import embedded, schema_ddl
from graph.engine import Graph, Transaction, open_graph
from graph.errors import GraphError, StoreInUse
from graph.settings import Settings
from graph.write import lock

PYTHON_VERSIONS = ((3, 11), (3, 14))
NEO4J_VERSION = (5, 23)  # the first that knows CALL (x) { … }
LITTLE_SPACE = 2**30
CLOCK_SECONDS = 1.0
JAVA_SECONDS = 60
API_PORT = 8000

CONSTRAINTS = "SHOW CONSTRAINTS YIELD name RETURN name"
INDEXES = "SHOW INDEXES YIELD name RETURN name"
EDITION = "CALL dbms.components() YIELD name, edition WITH name, edition WHERE name = 'Neo4j Kernel' RETURN edition"
CLOCK = "RETURN timestamp()"
ENTITIES = "MATCH (e:Entity) RETURN count(e), count(DISTINCT e.id)"
CLAIMS = "MATCH ()-[c]->() WHERE c.retracted_at IS NULL AND c.fact IS NOT NULL RETURN count(c)"
RUNS = "MATCH (r:LoadRun) RETURN r.dataset, r.state, r.sequence, r.rows_done, r.undoes ORDER BY r.sequence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was looked at and found. `ok` None is a warning; `mend` is empty where there is nothing to mend."""

    name: str
    ok: bool | None
    says: str
    mend: str = ""


async def examine(settings: Settings, *, port: int = API_PORT) -> list[Finding]:
    """All findings, in the order in which they should be mended."""
    findings = [_platform()]
    if settings.neo4j_uri:
        findings.append(Finding(name="engine", ok=True, says=f"{_where(settings)}, named by NEO4J_URI"))
    else:
        findings += await asyncio.to_thread(_machine, settings)
    findings += [_loopback(), _port(port)]
    inside = _server(settings) if settings.neo4j_uri else _store(settings, findings)
    return findings + [finding async for finding in inside]


def _platform() -> Finding:
    here = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    first, last = (".".join(map(str, version)) for version in PYTHON_VERSIONS)
    if PYTHON_VERSIONS[0] <= sys.version_info[:2] <= PYTHON_VERSIONS[1]:
        return Finding(name="platform", ok=True, says=here)
    return Finding(name="platform", ok=None, says=f"{here} is not tested", mend=f"use Python {first} to {last}")


# The machine, where the embedded engine is to run.


def _machine(settings: Settings) -> list[Finding]:
    reason = embedded.unsupported_reason()
    if reason:
        says, _, mend = reason.rpartition(": ")
        engine = [Finding(name="engine", ok=False, says=says, mend=mend)]
    else:
        version = importlib.metadata.version(embedded.WHEEL)
        engine = [Finding(name="engine", ok=True, says=f"embedded, {embedded.WHEEL} {version}"), _java()]
    return [*engine, _home(settings), _disk(settings)]


def _java() -> Finding:
    wheel = embedded.wheel_folder()
    assert wheel
    command = [str(embedded.java(wheel)), "-version"]
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, errors="replace", timeout=JAVA_SECONDS
        )
        said = [line for line in done.stderr.splitlines() if "version" in line] if done.returncode == 0 else []
        failure = "" if said else f"it ended with {done.returncode}: {(done.stderr.strip() or 'it said nothing')[:200]}"
    except (OSError, subprocess.TimeoutExpired) as error:
        said, failure = [], str(error)
    if said:
        return Finding(name="Java", ok=True, says=said[0].strip())
    mend = f"reinstall {embedded.WHEEL}, or set NEO4J_URI to use a Neo4j server"
    return Finding(name="Java", ok=False, says=f"the engine's own Java does not run: {failure}", mend=mend)


def _home(settings: Settings) -> Finding:
    """Whether files can be made in the store's folder, or where that would be made."""
    try:
        nearest = _nearest(settings.store)
        if not nearest.is_dir():
            raise NotADirectoryError(0, f"{nearest} is a file")
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        says = f"cannot write to {settings.home} ({error.strerror or error})"
        return Finding(name="home", ok=False, says=says, mend=f"make it writable, {embedded.HINT_OTHER_FOLDER}")
    return Finding(name="home", ok=True, says=str(settings.home))


def _nearest(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _disk(settings: Settings) -> Finding:
    try:
        free = shutil.disk_usage(_nearest(settings.store)).free
    except OSError as error:
        says = f"the free space of {settings.home} cannot be told ({error.strerror})"
        return Finding(name="disk", ok=None, says=says, mend=f"look at it yourself, {embedded.HINT_OTHER_FOLDER}")
    says = f"{free / 2**20:,.0f} MB free for {settings.home}"
    if free >= LITTLE_SPACE:
        return Finding(name="disk", ok=True, says=says)
    ok = None if free >= embedded.LEAST_SPACE else False
    return Finding(name="disk", ok=ok, says=says, mend=f"free some space, {embedded.HINT_OTHER_FOLDER}")


def _loopback() -> Finding:
    try:
        with socket.socket() as probe:
            probe.bind((embedded.LOOPBACK, 0))
    except OSError as error:
        says = f"no port of {embedded.LOOPBACK} can be opened ({error.strerror})"
        return Finding(
            name="loopback", ok=False, says=says, mend="allow this program to listen on the loopback address"
        )
    return Finding(name="loopback", ok=True, says=f"ports of {embedded.LOOPBACK} can be opened")


def _port(port: int) -> Finding:
    name = f"port {port}"
    try:
        with socket.socket() as probe:
            if os.name == "posix":  # as a server does; a connection that has just ended is no hindrance
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((embedded.LOOPBACK, port))
    except OSError:
        mend = "end that program, or serve on another port: aidgraph serve --port 8001"
        return Finding(name=name, ok=None, says=f"taken by {_holder(port)}", mend=mend)
    return Finding(name=name, ok=True, says="free")


def _holder(port: int) -> str:
    """Who listens there, as far as this user may see it."""
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("inet"):
            here = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
            if here and connection.pid:
                return f"process {connection.pid} ({psutil.Process(connection.pid).name()})"
    return "another program"


# The embedded store.


async def _store(settings: Settings, before: list[Finding]) -> AsyncIterator[Finding]:
    if any(finding.ok is False for finding in before):
        mend = "mend what is above, then run aidgraph doctor again"
        yield Finding(name="store", ok=None, says="not looked into", mend=mend)
        return
    store = settings.store
    if owner := embedded.owner_of(store):
        yield _in_use(f"{store} is in use by process {owner.pid}")
        return
    written = _written_by(store)
    yield written
    if written.ok is False:
        return
    with contextlib.ExitStack() as stack:
        new = not (store / "engine-version").exists()
        if new:  # the engine is tried on a store of its own, so that none is left where there was none
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="aidgraph-", ignore_cleanup_errors=True))
            settings = replace(settings, home=Path(folder))
        async for finding in _started(settings, new=new):
            yield finding


def _in_use(says: str) -> Finding:
    mend = "stop that process and run aidgraph doctor again to have the store looked into"
    return Finding(name="store", ok=None, says=f"{says}; what is in it is not looked into", mend=mend)


def _written_by(store: Path) -> Finding:
    here = importlib.metadata.version(embedded.WHEEL)
    try:
        made = (store / "engine-version").read_text("utf-8").strip()
    except FileNotFoundError:
        return Finding(name="store", ok=True, says=f"none yet; the first load makes it in {store}")
    except (OSError, ValueError) as error:
        mend = f"restore a copy of the store, {embedded.HINT_OTHER_FOLDER}"
        return Finding(name="store", ok=False, says=f"{store} cannot be read ({error})", mend=mend)
    if embedded.version_key(made) > embedded.version_key(here):
        mend = f"install {embedded.WHEEL}>={made}, {embedded.HINT_OTHER_FOLDER}"
        return Finding(name="store", ok=False, says=f"{store} was written by the newer engine {made}", mend=mend)
    return Finding(name="store", ok=True, says=f"{store}, written by engine {made}")


async def _started(settings: Settings, *, new: bool) -> AsyncIterator[Finding]:
    began = time.monotonic()
    try:
        async with open_graph(settings) as graph:
            await graph.value("RETURN 1")
            yield Finding(name="start", ok=True, says=f"starts and answers after {time.monotonic() - began:.1f} s")
            yield await _writes(graph)
            if not new:
                async for finding in _contents(graph):
                    yield finding
    except StoreInUse as error:
        yield _in_use(str(error).partition(";")[0])
    except GraphError as error:
        mend = f"try a smaller AIDGRAPH_HEAP (now {settings.heap}), or set NEO4J_URI to use a Neo4j server"
        yield Finding(name="start", ok=False, says=str(error), mend=mend)


# A Neo4j server.


def _where(settings: Settings) -> str:
    return settings.neo4j_uri.split("@")[-1]


async def _server(settings: Settings) -> AsyncIterator[Finding]:
    try:
        async with open_graph(settings) as graph:
            yield Finding(name="reachable", ok=True, says=f"{_where(settings)} answers")
            yield Finding(name="login", ok=True, says=f"as {settings.neo4j_username}")
            yield await _version(graph)
            database = await _database(graph, settings)
            yield database
            if database.ok:
                yield await _clock(graph)
                yield await _writes(graph)
                async for finding in _contents(graph):
                    yield finding
    except GraphError as error:
        text = re.sub(r"//[^/\s]*@", "//", str(error))  # an address may hold a password, which its refusal repeats
        says, _, mend = text.partition(": ")
        if "Security" in (getattr(error.__cause__, "code", "") or ""):
            yield Finding(name="reachable", ok=True, says=f"{_where(settings)} answers")
            yield Finding(name="login", ok=False, says=says, mend=mend)
        else:
            mend = "start the server, or correct NEO4J_URI; unset it to use the embedded engine"
            yield Finding(name="reachable", ok=False, says=text, mend=mend)


async def _version(graph: Graph) -> Finding:
    agent = await graph.server_name()
    found = re.fullmatch(r"Neo4j/(\d+)\.(\d+)\S*", agent)
    least = ".".join(map(str, NEO4J_VERSION))
    if not found:
        return Finding(name="version", ok=None, says=f"{agent} is not Neo4j", mend=f"use Neo4j {least} or newer")
    try:
        edition = await graph.value(EDITION)
    except GraphError:  # this user may not ask
        edition = "unknown"
    says = f"{agent}, edition {edition}"
    if (int(found[1]), int(found[2])) < NEO4J_VERSION:
        return Finding(name="version", ok=False, says=says, mend=f"upgrade it to Neo4j {least} or newer")
    return Finding(name="version", ok=True, says=says)


async def _database(graph: Graph, settings: Settings) -> Finding:
    name = settings.neo4j_database or "the server's default"
    try:
        await graph.value("RETURN 1")
    except GraphError as error:
        mend = "correct NEO4J_DATABASE, or unset it to use the server's default; or make the database"
        return Finding(name="database", ok=False, says=f"{name}: {error}", mend=mend)
    return Finding(name="database", ok=True, says=name)


async def _clock(graph: Graph) -> Finding:
    """Claims are dated by this machine's clock, and the lease of a writer by the server's."""
    before = time.time()
    there = await graph.value(CLOCK) / 1000
    after = time.time()
    apart = max(0.0, before - there, there - after)
    says = f"{apart:.1f} s apart from the server's"
    if apart < CLOCK_SECONDS:
        return Finding(name="clock", ok=True, says=says)
    return Finding(name="clock", ok=None, says=says, mend="set both clocks by the network's time (NTP)")


# What is in the graph, on either engine.


class _Undo(Exception):
    """Ends a transaction that is not to take effect."""


async def _writes(graph: Graph) -> Finding:
    async def work(transaction: Transaction) -> None:
        await transaction.rows(lock.MAKE)
        raise _Undo

    try:
        await graph.write(work)
    except _Undo:
        return Finding(name="writes", ok=True, says="a transaction was written and rolled back")
    except GraphError as error:
        mend = "give this user the right to write, or connect to the member of the cluster that writes"
        return Finding(name="writes", ok=False, says=str(error), mend=mend)
    raise AssertionError("unreachable")


async def _contents(graph: Graph) -> AsyncIterator[Finding]:
    for name, look in (("schema", _schema), ("ids", _ids), ("loads", _loads)):
        try:
            yield await look(graph)
        except GraphError as error:
            yield Finding(
                name=name, ok=None, says=f"could not be told: {error}", mend="run aidgraph doctor again later"
            )


async def _schema(graph: Graph) -> Finding:
    wanted = {statement.split()[2] for statement in schema_ddl.constraints()}
    missing = wanted - {row[0] for row in await graph.rows(CONSTRAINTS)}
    if schema_ddl.SEARCH_INDEX[graph.kind] not in {row[0] for row in await graph.rows(INDEXES)}:
        missing.add("the full-text index")
    if not missing:
        return Finding(name="schema", ok=True, says=f"{len(wanted)} constraints and the full-text index")
    says = f"{len(missing)} of {len(wanted) + 1} constraints and indexes are not there ({min(missing)} …)"
    mend = "run aidgraph load or aidgraph serve: each makes what is missing"
    return Finding(name="schema", ok=None, says=says, mend=mend)


async def _ids(graph: Graph) -> Finding:
    entities, ids = (await graph.rows(ENTITIES))[0]
    claims = await graph.value(CLAIMS)
    says = f"{entities:,} entities, {claims:,} open claims"
    if entities == ids:
        return Finding(name="ids", ok=True, says=f"{says}; no id is given twice")
    mend = "load the same files into an empty graph (AIDGRAPH_HOME, or another NEO4J_DATABASE) and report this as a bug"
    return Finding(name="ids", ok=False, says=f"{says}; {entities - ids:,} have no id of their own", mend=mend)


async def _loads(graph: Graph) -> Finding:
    """Datasets whose newest run has not ended; a run goes on only while no other has begun since."""
    newest: dict[str, list[Any]] = {row[0]: row for row in await graph.rows(RUNS)}
    last = max((row[2] for row in newest.values()), default=0)
    broken = [row for row in newest.values() if row[1] != "done"]
    if not broken:
        return Finding(name="loads", ok=True, says=f"{len(newest)} datasets, none half-loaded")
    says = "; ".join(
        f"the {'undo in' if undoes else 'load of'} {dataset} stopped after {done or 0:,} rows"
        for dataset, _, _, done, undoes in broken
    )
    holders = await graph.rows(lock.HOLDER)
    if holders and holders[0][0] and not holders[0][3]:
        process = " on ".join(reversed(holders[0][0].split("|")[:2]))
        says = f"process {process} is loading {holders[0][1]}, or was a moment ago; {says}"
    again = [f"{row[0]} ({'goes on' if row[2] == last else 'begins anew'})" for row in broken if not row[4]]
    mends = [f"load the same files again with the same options, as --dataset {', '.join(again)}"] if again else []
    mends += [f"run `aidgraph undo {row[4]}` again" for row in broken if row[4]]
    mend = "; ".join(mends)
    return Finding(name="loads", ok=None, says=says, mend=mend)
