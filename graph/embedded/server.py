"""A running embedded server and the one claim to its store: started, watched, restarted, stopped."""

import contextlib
import http.client
import importlib.metadata
import json
import os
import secrets
import shutil
import threading
import time
import urllib.error
from collections import deque
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

import filelock
import psutil

from graph.embedded.abandoned import Sweeper
from graph.embedded.child import (
    DATABASE,
    JVM_FLAGS,
    LOGGING,
    LOOPBACK,
    SETTINGS,
    USERNAME,
    WHEEL,
    Child,
    PortTaken,
    free_ports,
    java,
    kill,
    unsupported_reason,
    wheel_folder,
)
from graph.embedded.http import Address, direct
from graph.embedded.store import (
    HINT_OTHER_FOLDER,
    LEAST_SPACE,
    Owner,
    in_use,
    process,
    read_owner,
    unwritable,
    version_key,
    write_private,
)
from graph.errors import EngineUnavailable, GraphError, StoreUnwritable

PORT_TRIES = 5
RESTARTS_ALLOWED, RESTARTS_WINDOW = 5, 300.0  # this many in so many seconds, then give up


class EmbeddedServer:
    """A running server and the one claim to its store. Use it as a context manager, or call `stop`."""

    def __init__(self, store: Path, heap: str) -> None:
        """Private: call `start`."""
        self.store = store
        self.heap = heap
        self.restarts = 0
        self.failure: str | None = None
        self.address: Address
        self._password = secrets.token_urlsafe(32)
        self._ports = (0, 0)
        self._child: Child | None = None
        self._stopping = threading.Event()
        self._turn = threading.Lock()  # held to start or stop a child
        self._watcher: threading.Thread | None = None
        self._sweeper = Sweeper(lambda: self.address, self._clients)
        # Started in one thread, stopped in another.
        self._claim = filelock.FileLock(store / "owner.lock", timeout=0, thread_local=False, mode=0o600)

    @classmethod
    def start(cls, store: Path, *, heap: str = "1g", timeout: float = 30.0) -> "EmbeddedServer":
        """Start the server of a store, within `timeout` seconds; answers when it can be used."""
        if reason := unsupported_reason():
            raise EngineUnavailable(reason)
        try:
            store = store.resolve()
            store.mkdir(mode=0o700, parents=True, exist_ok=True)
            server = cls(store, heap)
            server._claim_store()
        except filelock.Timeout:
            raise in_use(store) from None
        except OSError as error:
            raise unwritable(store, error) from None
        try:
            server._begin(time.monotonic() + timeout)
        except BaseException as error:
            server.stop()
            if isinstance(error, OSError):
                raise unwritable(store, error) from None
            raise
        return server

    @property
    def pid(self) -> int:
        """The pid of the Java process, or of the last one while there is none."""
        return self._child.pid if self._child else 0

    def stop(self) -> None:
        """Stop the server and give the store free. Can be called again, and from any thread."""
        self._stopping.set()
        with self._turn:
            if self._child:
                self._child.stop()
        self._sweeper.stop()  # now, or it would wait for a child that hangs
        if self._watcher and self._watcher is not threading.current_thread():
            self._watcher.join()
        if self._claim.is_locked:
            for name in ("owner.json", "password"):
                with contextlib.suppress(OSError):  # a disk that takes no changes any more must not keep the lock
                    (self.store / name).unlink()
            self._claim.release(force=True)

    def client_gone(self) -> None:
        """Say that a statement was given up by closing its connection, so that it is ended; does not wait."""
        self._sweeper.wake()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _clients(self) -> set[int] | None:
        return self._child.clients(self._ports[0]) if self._child else None

    def _claim_store(self) -> None:
        """Become the owner, and see the Java process of an owner that was killed to its end."""
        self._claim.acquire()
        last = read_owner(self.store)
        java = process(last.java_pid, last.java_started) if last else None
        try:
            ours = java is not None and self._root_option in java.cmdline()
        except psutil.Error:
            ours = False
        if last and ours:
            kill(last.java_pid, last.java_started, wait=5)

    def _begin(self, deadline: float) -> None:
        if shutil.disk_usage(self.store).free < LEAST_SPACE:
            raise StoreUnwritable(f"the disk of the store {self.store} is full: free some space, {HINT_OTHER_FOLDER}")
        self._check_version()
        write_private(self.store / "password", self._password)
        for _ in range(PORT_TRIES):
            self._ports = free_ports()
            try:
                self._launch(deadline)
                break
            except PortTaken:
                continue
        else:
            raise EngineUnavailable(f"the embedded engine found no free port in {PORT_TRIES} tries: start it again")
        write_private(self.store / "engine-version", importlib.metadata.version(WHEEL))
        self._watcher = threading.Thread(target=self._watch, name="embedded-engine", daemon=True)
        self._watcher.start()

    def _check_version(self) -> None:
        """Refuse a store of a newer engine, and one whose data is gone: the server would make an empty one."""
        mark = self.store / "engine-version"
        if not mark.exists():
            return
        made, here = mark.read_text().strip(), importlib.metadata.version(WHEEL)
        if version_key(made) > version_key(here):
            raise EngineUnavailable(
                f"the store {self.store} was written by {WHEEL} {made}, newer than the {here} installed: "
                f"install {WHEEL}>={made}, {HINT_OTHER_FOLDER}"
            )
        data = self.store / "databases" / DATABASE
        if not any((data / name).is_file() for name in ("schema.json", "schema.prev.json")):
            raise EngineUnavailable(
                f"the store {self.store} is damaged, {data} has no schema: restore a copy, {HINT_OTHER_FOLDER}"
            )
        write_private(mark, here)  # before the engine touches the files: an older one may not read them any more

    def _launch(self, deadline: float) -> None:
        """Start a child and wait until it is ready; leaves none behind on failure."""
        self._check_mcp()
        config = self.store / "config"
        config.mkdir(mode=0o700, exist_ok=True)
        write_private(config / "arcadedb-log.properties", LOGGING)
        # The engine takes a given password only when it creates its users.
        (config / "server-users.jsonl").unlink(missing_ok=True)
        with self._turn:
            if self._stopping.is_set():
                raise EngineUnavailable("the embedded engine is being stopped")
            child = self._child = Child(self._command(), self.store)
        try:
            self._record(child)
            self._await_ready(child, deadline)
            if child.listens_beyond_loopback():
                raise EngineUnavailable("the embedded engine listens beyond this machine: stopped it")
            self._check_mcp()
        except BaseException:
            with self._turn:
                child.stop()
            raise

    @property
    def _root_option(self) -> str:
        return f"-Darcadedb.server.rootPath={self.store}"

    def _command(self) -> list[str]:
        wheel = wheel_folder()
        assert wheel
        bolt, http = self._ports
        settings = {
            **SETTINGS,
            "server.mode": os.environ.get("AIDGRAPH_ENGINE_MODE", "production"),
            "server.rootPasswordPath": str(self.store / "password"),
            "bolt.port": str(bolt),
            "server.httpIncomingPort": str(http),
        }
        return [
            str(java(wheel)),
            f"-Xmx{self.heap}",
            *JVM_FLAGS,
            *os.environ.get("AIDGRAPH_JAVA_OPTIONS", "").split(),
            f"-XX:ErrorFile={self.store / 'java-crash-%p.log'}",
            f"-Djava.util.logging.config.file={self.store / 'config' / 'arcadedb-log.properties'}",
            "-cp",
            str(wheel / "jars" / "*"),
            self._root_option,
            *(f"-Darcadedb.{name}={value}" for name, value in settings.items()),
            "com.arcadedb.server.ArcadeDBServer",
        ]

    def _record(self, child: Child) -> None:
        bolt, http = self._ports
        self.address = Address(
            bolt_uri=f"bolt://{LOOPBACK}:{bolt}",
            http_uri=f"http://{LOOPBACK}:{http}",
            username=USERNAME,
            password=self._password,
            database=DATABASE,
        )
        owner = Owner(
            pid=os.getpid(),
            started=psutil.Process().create_time(),
            java_pid=child.pid,
            java_started=child.started,
            bolt_port=bolt,
            http_port=http,
        )
        write_private(self.store / "owner.json", json.dumps(asdict(owner)))

    def _check_mcp(self) -> None:
        """The server has an endpoint for language models at the same port; it must be off."""
        path = self.store / "config" / "mcp-config.json"
        try:
            enabled = path.exists() and json.loads(path.read_text()).get("enabled") is not False
        except (ValueError, AttributeError):
            enabled = True
        if enabled:
            raise EngineUnavailable(f"{path} does not say that MCP is off: delete that file")

    def _await_ready(self, child: Child, deadline: float) -> None:
        while time.monotonic() < deadline and not self._stopping.is_set():
            ended = child.guard.poll() is not None
            if "Unable to listen" in child.log():  # the server goes on living then
                raise PortTaken(f"a port of the embedded engine is taken: {child.complaint()}")
            if ended:
                raise EngineUnavailable(f"the embedded engine ended at its start: {child.complaint()}")
            if self._answers() and self._logs_in():
                return
            time.sleep(0.05)
        raise EngineUnavailable(f"the embedded engine was not ready in time: {child.complaint()}")

    def _answers(self) -> bool:
        try:
            with direct.open(f"{self.address.http_uri}/api/v1/ready", timeout=2) as reply:
                return reply.status == 204
        except urllib.error.HTTPError as error:
            error.close()
        except (OSError, http.client.HTTPException):
            pass
        return False

    def _logs_in(self) -> bool:
        """Whether Bolt takes the fresh password; somebody else's server at our port would not."""
        from neo4j import GraphDatabase
        from neo4j.exceptions import AuthError, DriverError, Neo4jError

        login = (self.address.username, self.address.password)
        try:
            with GraphDatabase.driver(  # pyright: ignore[reportUnknownMemberType] - its options are untyped
                self.address.bolt_uri, auth=login, connection_timeout=5, max_transaction_retry_time=0
            ) as driver:
                driver.execute_query("RETURN 1", database_=self.address.database)
        except AuthError:
            raise PortTaken("another server answers at the port of the embedded engine") from None
        except (DriverError, Neo4jError):
            return False
        return True

    def _watch(self) -> None:
        """Restart the server when it ends by itself: after 1, 2, 4 ... seconds, and not for ever."""
        ends: deque[float] = deque()
        while not self._stopping.is_set():
            child = self._child
            assert child
            child.guard.wait()
            if self._stopping.is_set():
                return
            child.stop()  # the guard may have been killed, and Java be still there
            ends.append(time.monotonic())
            while ends[0] < ends[-1] - RESTARTS_WINDOW:
                ends.popleft()
            if len(ends) > RESTARTS_ALLOWED:
                self.failure = f"the embedded engine ended {len(ends)} times in 5 minutes: {child.complaint()}"
                return
            if self._stopping.wait(2.0 ** (len(ends) - 1)):
                return
            self.restarts += 1
            try:
                self._launch(time.monotonic() + 30)
            except (GraphError, OSError):
                continue  # counts as one more end: the guard of that child is gone
