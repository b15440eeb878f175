"""The way to the graph: one driver, two engines. The only module, with embedded.py, that knows the driver.

`open_graph` connects to the Neo4j that the settings name, or starts the embedded engine and connects to that.
Every statement gets one map parameter, `$p`: flat parameters make Neo4j plan anew for each type and size of a value.
"""
# pyright: reportUnknownMemberType=false
# the driver's options are untyped

import asyncio
import random
import shutil
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from enum import Enum
from typing import Any, LiteralString, TypeVar

import neo4j
from neo4j import exceptions as driver_errors

from graph import embedded
from graph.errors import EngineUnavailable, GraphError, TimedOut
from graph.settings import Settings

T = TypeVar("T")
Rows = list[list[Any]]

#: Connections to a Neo4j; more would only queue in it. The embedded engine gets as many as it runs statements.
CONNECTIONS = 32
#: Seconds a statement waits for one of them.
CONNECTION_WAIT = 3.0
#: Seconds a managed write goes on retrying while the server restarts.
WRITE_RETRY = 30.0
#: Seconds before the second and the third try of a read.
READ_PAUSES = (0.05, 0.2)
#: Seconds after which a read that was refused for now is not tried again: it has waited in the engine's queue.
REFUSED_AFTER = 1.0
#: What ArcadeDB answers when two transactions met, which the driver does not retry.
COLLISIONS = ("Neo.ClientError.Schema.ConstraintValidationFailed", "Neo.ClientError.Transaction.TransactionNotFound")
COLLISION_TRIES = 4
SCHEMA_TRIES = 6


class Engine(Enum):
    EMBEDDED = "embedded"
    NEO4J = "neo4j"


class Transaction:
    """A write transaction: statements that take effect together or not at all."""

    def __init__(self, transaction: neo4j.AsyncManagedTransaction) -> None:
        self._transaction = transaction

    async def rows(self, cypher: LiteralString, p: Mapping[str, Any] | None = None) -> Rows:
        result = await self._transaction.run(cypher, {"p": p or {}})
        return [list(record.values()) async for record in result]

    async def value(self, cypher: LiteralString, p: Mapping[str, Any] | None = None) -> Any:
        rows = await self.rows(cypher, p)
        return rows[0][0] if rows else None


class Graph:
    """An open connection. Statements run on both engines; `kind` tells which, for the schema and the doctor only."""

    def __init__(
        self,
        driver: neo4j.AsyncDriver,
        *,
        kind: Engine,
        database: str | None,
        server: embedded.EmbeddedServer | None = None,
        where: str,
    ) -> None:
        self._driver = driver
        self._database = database
        self.kind = kind
        self.server = server
        self.where = where

    async def record(
        self, cypher: str, p: Mapping[str, Any] | None = None, *, timeout: float | None = None
    ) -> list[Any]:
        """Reads the one record of a statement within `timeout` seconds in all, and again where the connection broke.

        For reads only, since it may run twice. `cypher` is a constant, or made by graph.plan of the vocabulary alone.
        """
        try:
            async with asyncio.timeout(timeout) as limit:
                return await self._record(cypher, p or {}, timeout, limit)
        except TimeoutError:
            raise self._timed_out() from None

    async def _record(
        self, cypher: str, p: Mapping[str, Any], timeout: float | None, limit: asyncio.Timeout
    ) -> list[Any]:
        statement: Any = cypher if timeout is None else neo4j.Query(cypher, timeout=timeout)  # pyright: ignore[reportArgumentType]
        for pause in (*READ_PAUSES, None):
            started = time.monotonic()
            try:
                async with self._driver.session(database=self._database, default_access_mode="READ") as session:
                    result = await session.run(statement, {"p": p})
                    return (await result.single(strict=True)).values()
            except asyncio.CancelledError:
                self._client_gone()
                raise
            except (driver_errors.Neo4jError, driver_errors.DriverError) as error:
                end = limit.when()
                late = end is not None and asyncio.get_running_loop().time() + (pause or 0.0) >= end
                if pause is None or late or not _worth_another(error, time.monotonic() - started):
                    raise self._translated(error) from error
                await asyncio.sleep(pause)
        raise AssertionError("unreachable")

    async def rows(
        self, cypher: LiteralString, p: Mapping[str, Any] | None = None, *, timeout: float | None = None
    ) -> Rows:
        """Reads all rows at once, within `timeout` seconds; use `stream` where there may be many."""
        try:
            async with asyncio.timeout(timeout):
                return [row async for row in self.stream(cypher, p, timeout=timeout)]
        except TimeoutError:
            raise self._timed_out() from None

    async def value(self, cypher: LiteralString, p: Mapping[str, Any] | None = None) -> Any:
        rows = await self.rows(cypher, p)
        return rows[0][0] if rows else None

    async def stream(
        self, cypher: LiteralString, p: Mapping[str, Any] | None = None, *, timeout: float | None = None
    ) -> AsyncIterator[list[Any]]:
        """Reads row by row. Only Neo4j ends it after `timeout` seconds; the embedded engine has a limit of its own."""
        try:
            async with self._driver.session(database=self._database, default_access_mode=neo4j.READ_ACCESS) as session:
                result = await session.run(neo4j.Query(cypher, timeout=timeout), {"p": p or {}})
                async for record in result:
                    yield list(record.values())
        except asyncio.CancelledError:
            self._client_gone()
            raise
        except (driver_errors.Neo4jError, driver_errors.DriverError) as error:
            raise self._translated(error) from error

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Runs `work` in one transaction and again where the server asks for it: it must be idempotent."""

        async def managed(transaction: neo4j.AsyncManagedTransaction) -> T:
            return await work(Transaction(transaction))

        for attempt in range(COLLISION_TRIES):
            try:
                async with self._driver.session(database=self._database) as session:
                    return await session.execute_write(managed)
            except asyncio.CancelledError:
                self._client_gone()
                raise
            except (driver_errors.Neo4jError, driver_errors.DriverError) as error:
                code = getattr(error, "code", "")
                if code not in COLLISIONS or attempt == COLLISION_TRIES - 1 or self._disk_full():
                    raise self._translated(error) from error
                await asyncio.sleep(0.1 * 2**attempt)
        raise AssertionError("unreachable")

    async def define(self, cypher: LiteralString) -> None:
        """Runs one schema statement, in a transaction of its own; again where another process makes the schema too."""
        for attempt in range(SCHEMA_TRIES):
            try:
                async with self._driver.session(database=self._database) as session:
                    await (await session.run(cypher)).consume()
                return
            except (driver_errors.Neo4jError, driver_errors.DriverError) as error:
                code = getattr(error, "code", "") or ""
                if "AlreadyExists" in code:  # another process was faster
                    return
                if attempt == SCHEMA_TRIES - 1 or not ("Transient" in code or "ConstraintCreationFailed" in code):
                    raise self._translated(error) from error
                await asyncio.sleep(random.uniform(0.1, 0.5) * 2**attempt)  # noqa: S311 - only to get out of step

    async def define_embedded(self, sql: str) -> None:
        """Runs one SQL schema statement of the embedded engine, for what its Cypher cannot say."""
        if self.server is not None:
            await asyncio.to_thread(embedded.sql, self.server.address, sql)

    async def server_name(self) -> str:
        info = await self._driver.get_server_info()
        return info.agent

    def _client_gone(self) -> None:
        """The driver closed the connection of a cancelled statement: Neo4j ends it then, the embedded engine is told."""
        if self.server is not None:
            self.server.client_gone()

    def _disk_full(self) -> bool:
        return self.server is not None and shutil.disk_usage(self.server.store).free < embedded.LEAST_SPACE

    def _timed_out(self) -> TimedOut:
        return TimedOut(f"{self.where} ended a statement that took too long")

    def _translated(self, error: Exception) -> GraphError:
        code = getattr(error, "code", "") or ""
        if isinstance(error, driver_errors.ConnectionAcquisitionTimeoutError):
            return EngineUnavailable(f"{self.where} is busy: all connections to it are in use, try again in a moment")
        if isinstance(error, driver_errors.AuthError):
            return EngineUnavailable(
                f"{self.where} refuses the user name or password: check NEO4J_USERNAME and NEO4J_PASSWORD"
            )
        if isinstance(error, driver_errors.ServiceUnavailable | driver_errors.SessionExpired):
            if self.server is not None and self.server.failure:
                return EngineUnavailable(self.server.failure)
            if self.server is not None:
                return EngineUnavailable(f"{self.where} was interrupted: run the same command again")
            return EngineUnavailable(f"{self.where} does not answer: is it running, and is the address right?")
        if self._disk_full():
            return GraphError(
                f"the disk of {self.where} is full: free some space and run the same command again; "
                "what was acknowledged is kept"
            )
        if "TimedOut" in code or "timed out" in str(error).lower():
            return self._timed_out()
        if "Neo.ClientError.Security" in code:
            return EngineUnavailable(f"{self.where} refuses the login: check NEO4J_USERNAME and NEO4J_PASSWORD")
        if "DatabaseNotFound" in code:
            return EngineUnavailable(f"{self.where} has no such database: check NEO4J_DATABASE")
        if "ReadOnly" in code or "NotALeader" in code:
            return EngineUnavailable(f"{self.where} is read-only here: connect to the writer")
        if isinstance(error, driver_errors.TransientError):
            return EngineUnavailable(f"{self.where} is busy ({code}): try again in a moment")
        first = str(getattr(error, "message", "") or error).splitlines() or [type(error).__name__]
        return GraphError(f"{self.where} failed ({code or type(error).__name__}): {first[0][:300]}")


def _worth_another(error: Exception, took: float) -> bool:
    """Whether a read that failed after so many seconds may succeed at once."""
    if isinstance(error, driver_errors.TransientError):
        return took < REFUSED_AFTER
    return isinstance(error, driver_errors.ServiceUnavailable | driver_errors.SessionExpired)


@asynccontextmanager
async def open_graph(settings: Settings) -> AsyncGenerator[Graph]:
    """The graph the settings name, checked to answer; the embedded engine is stopped on leaving."""
    if settings.neo4j_uri:
        async with _connected(settings) as graph:
            yield graph
        return
    if reason := embedded.unsupported_reason():
        raise EngineUnavailable(reason)
    server = await asyncio.to_thread(embedded.EmbeddedServer.start, settings.store, heap=settings.heap)
    try:
        address = server.address
        # in a queue of its own, the engine would refuse what waits as if two transactions had met
        driver = _driver(address.bolt_uri, (address.username, address.password), embedded.QUERIES)
        async with driver:
            yield Graph(
                driver,
                kind=Engine.EMBEDDED,
                database=address.database,
                server=server,
                where=f"the embedded engine in {settings.store}",
            )
    finally:
        await asyncio.to_thread(server.stop)


def _driver(uri: str, auth: tuple[str, str], connections: int) -> neo4j.AsyncDriver:
    return neo4j.AsyncGraphDatabase.driver(
        uri,
        auth=auth,
        max_transaction_retry_time=WRITE_RETRY,
        max_connection_pool_size=connections,
        connection_acquisition_timeout=CONNECTION_WAIT,
        connection_timeout=5.0,
        telemetry_disabled=True,  # one message less, to a Neo4j that asks for it
        notifications_min_severity="OFF",
        user_agent="aidgraph",
    )


@asynccontextmanager
async def _connected(settings: Settings) -> AsyncGenerator[Graph]:
    where = settings.neo4j_uri.split("@")[-1]
    try:
        driver = _driver(settings.neo4j_uri, (settings.neo4j_username, settings.neo4j_password), CONNECTIONS)
    except (ValueError, driver_errors.DriverError):  # its text repeats the address, whatever that holds
        raise EngineUnavailable("NEO4J_URI is no address of a Neo4j: write it like bolt://host:7687") from None
    async with driver:
        graph = Graph(driver, kind=Engine.NEO4J, database=settings.neo4j_database or None, where=where)
        try:
            await driver.verify_connectivity()
        except (driver_errors.Neo4jError, driver_errors.DriverError) as error:
            raise graph._translated(error) from error  # pyright: ignore[reportPrivateUsage]
        yield graph
