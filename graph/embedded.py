"""The embedded engine: an ArcadeDB server run as a child process, watched, restarted and owned by one process.

Here lives all that is about that process and its folder; what is asked of the database lives in engine.py. The wheel
`arcadedb-embedded` is only looked up, never imported: its import would start a JVM inside this process.
"""

import contextlib
import http.client
import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import filelock
import platformdirs
import psutil

from graph.errors import EngineUnavailable, GraphError, StoreInUse, StoreUnwritable

WHEEL = "arcadedb-embedded"
LOOPBACK = "127.0.0.1"
DATABASE = "aidgraph"
USERNAME = "root"
PORT_TRIES = 5
LEAST_SPACE = 16 * 2**20  # bytes: an empty store takes about 1 MB, its log and write-ahead log some more
RESTARTS_ALLOWED, RESTARTS_WINDOW = 5, 300.0  # this many in so many seconds, then give up
STOP_SECONDS = 12.0  # a little more than the guard's own grace
HINT_OTHER_FOLDER = "or set AIDGRAPH_HOME to another folder"

JVM_FLAGS = (  # what the wheel's own jvm.py passes
    "--add-modules=jdk.incubator.vector",
    "--enable-native-access=ALL-UNNAMED",
    "--add-opens=java.base/java.util.concurrent.atomic=ALL-UNNAMED",
    "--add-opens=java.base/java.nio.channels.spi=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "-Djava.awt.headless=true",
    "-Dfile.encoding=UTF8",
    "-Dpolyglot.engine.WarnInterpreterOnly=false",
    "-XX:+UseCompactObjectHeaders",
    "-XX:+ExitOnOutOfMemoryError",  # a dead server is restarted, one out of memory only hangs
)
SETTINGS: Mapping[str, str] = {
    "server.plugins": "Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
    "server.defaultDatabases": f"{DATABASE}[{USERNAME}]",
    "server.httpIncomingHost": LOOPBACK,
    "bolt.host": LOOPBACK,  # it listens on every address unless told otherwise
    "command.timeout": "10000",  # 0 by default: a cancelled query would run on
    "command.regexTimeout": "1000",
    "queryMaxConcurrent": "8",
    "queryQueueTimeout": "3000",
    "opencypher.loadCsv.allowFileUrls": "false",
    "opencypher.loadCsv.allowRemoteUrls": "false",
    "txWalFlush": "2",  # fsync at each commit
    "backup.enabled": "false",
    "studio.enabled": "false",
}
LOGGING = """\
handlers = java.util.logging.ConsoleHandler, java.util.logging.FileHandler
.level = WARNING
com.arcadedb.level = INFO
java.util.logging.ConsoleHandler.level = WARNING
java.util.logging.ConsoleHandler.formatter = com.arcadedb.log.LogFormatter
java.util.logging.FileHandler.pattern = ./log/arcadedb.log
java.util.logging.FileHandler.formatter = com.arcadedb.log.LogFormatter
java.util.logging.FileHandler.limit = 5000000
java.util.logging.FileHandler.count = 3
"""  # its own would keep a gigabyte of logs
# Nothing else of our environment goes to the child: it may hold secrets, or options that a JVM obeys.
PASSED_ENVIRONMENT = ("PATH", "HOME", "USERPROFILE", "SYSTEMROOT", "TMPDIR", "TMP", "TEMP", "TZ")
# A proxy of the environment must not see what goes to the loopback address.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the server answers and how to log in."""

    bolt_uri: str
    http_uri: str
    username: str
    password: str = field(repr=False)
    database: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The process that runs a store and its Java process; start times are seconds since 1970."""

    pid: int
    started: float
    java_pid: int
    java_started: float
    bolt_port: int
    http_port: int


class _PortTaken(EngineUnavailable):
    """Another program listens on a port that was free a moment ago."""


def default_store() -> Path:
    """The folder of the store: `store` in AIDGRAPH_HOME, or in the user's data folder."""
    home = os.environ.get("AIDGRAPH_HOME")
    return (Path(home) if home else platformdirs.user_data_path("aidgraph")) / "store"


def _wheel() -> Path | None:
    spec = importlib.util.find_spec("arcadedb_embedded")
    return Path(spec.origin).parent if spec and spec.origin else None


def _java(wheel: Path) -> Path:
    return wheel / "jre" / "bin" / ("java.exe" if os.name == "nt" else "java")


def unsupported_reason() -> str | None:
    """Why the embedded engine cannot run here, in one line; None when it can."""
    wheel = _wheel()
    if wheel is None:
        where = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
        return (
            f"the embedded engine is not installed ({WHEEL} has no wheel for every platform; this is {where}): "
            "set NEO4J_URI to use a Neo4j server"
        )
    if not _java(wheel).is_file():
        return (
            f"the embedded engine has no Java ({_java(wheel)} is missing): reinstall {WHEEL}, "
            "or set NEO4J_URI to use a Neo4j server"
        )
    return None


def owner_of(store: Path) -> Owner | None:
    """The live process that owns the store; None when nobody does."""
    owner = _read_owner(store)
    return owner if owner and _process(owner.pid, owner.started) else None


def _read_owner(store: Path) -> Owner | None:
    try:
        return Owner(**json.loads((store / "owner.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _process(pid: int, started: float) -> psutil.Process | None:
    """The process, if it runs and is the one that started then: pids are used again."""
    try:
        process = psutil.Process(pid)
        alive = process.status() != psutil.STATUS_ZOMBIE
        # The system's clock is set now and then, and start times are counted from it.
        return process if alive and abs(process.create_time() - started) < 2 else None
    except (psutil.Error, ValueError, TypeError):
        return None


def sql(address: Address, statement: str, *, timeout: float = 60.0) -> Any:
    """Run one statement of ArcadeDB's SQL over HTTP and answer its rows; full-text indexes have no Cypher."""
    reply = _post(address, f"/api/v1/command/{address.database}", {"language": "sql", "command": statement}, timeout)
    return reply.get("result")


def _post(address: Address, path: str, body: Mapping[str, str], timeout: float) -> dict[str, Any]:
    login = b64encode(f"{address.username}:{address.password}".encode()).decode()
    headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
    data = json.dumps(body).encode()
    request = urllib.request.Request(address.http_uri + path, data, headers)  # noqa: S310 - our own address
    try:
        with _direct.open(request, timeout=timeout) as reply:
            return json.load(reply)
    except urllib.error.HTTPError as error:
        with error:
            raise GraphError(f"the embedded engine refused a statement: {_detail(error)}") from None
    except (OSError, http.client.HTTPException) as error:
        raise EngineUnavailable(f"the embedded engine does not answer at {address.http_uri}: {error}") from None


def _detail(error: urllib.error.HTTPError) -> str:
    try:
        answer: dict[str, str] = json.load(error)
    except ValueError:
        return f"HTTP {error.code}"
    return " ".join((answer.get("detail") or answer.get("error") or f"HTTP {error.code}").split())[:300]


def _write_private(path: Path, text: str) -> None:
    """Write a file that only this user can read, in one step."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    os.replace(fresh, path)


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as two:
        one.bind((LOOPBACK, 0))
        two.bind((LOOPBACK, 0))
        return one.getsockname()[1], two.getsockname()[1]


class _Child:
    """One run of the server: the guard process and the Java process under it."""

    def __init__(self, command: list[str], store: Path) -> None:
        self._log = store / "engine.log"
        if self._log.exists():
            os.replace(self._log, store / "engine.log.old")
        environment = {name: os.environ[name] for name in PASSED_ENVIRONMENT if name in os.environ}
        # Java reads and writes the names of files in the locale's encoding.
        environment["LC_ALL"] = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        with os.fdopen(os.open(self._log, flags, 0o600), "ab") as log:
            self.guard = subprocess.Popen(
                [sys.executable, "-I", "-S", str(Path(__file__).with_name("guard.py")), *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=store,
                env=environment,
                start_new_session=True,  # Ctrl-C of a terminal goes to us, not to the database
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        assert self.guard.stdin and self.guard.stdout
        self._leash = self.guard.stdin
        with self.guard.stdout as pipe:
            self.pid = int(pipe.readline() or 0)
        try:
            self.started = psutil.Process(self.pid).create_time() if self.pid else 0.0
        except psutil.NoSuchProcess:
            self.started = 0.0

    def log(self) -> str:
        return self._log.read_text("utf-8", "replace")

    def complaint(self) -> str:
        """The last line of the log that says what went wrong."""
        lines = [line.strip() for line in self.log().splitlines() if line.strip() and not line.startswith("\tat")]
        telling = [line for line in lines if re.search(r"Caused by|Exception|Error|SEVER|Could not|cannot", line)]
        return f"{(telling or lines or ['it said nothing'])[-1][:300]} (all of it: {self._log})"

    def stop(self) -> None:
        """Let go of the leash, so that the guard ends Java; then kill what is left."""
        self._leash.close()
        try:
            self.guard.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.guard.kill()
            self.guard.wait()
        _kill(self.pid, self.started)

    def listens_beyond_loopback(self) -> bool:
        try:
            sockets = psutil.Process(self.pid).net_connections("inet")
        except psutil.Error:
            return False
        open_ones = {s.laddr.ip for s in sockets if s.status == psutil.CONN_LISTEN and s.laddr}
        return not open_ones <= {LOOPBACK, f"::ffff:{LOOPBACK}", "::1"}


def _kill(pid: int, started: float, *, wait: float = 0.0) -> None:
    """End a process that is still there after `wait` seconds, politely first when there was a wait."""
    if _ends(pid, started, wait):
        return
    try:
        process = psutil.Process(pid)
        if wait:
            process.terminate()
            if _ends(pid, started, 10):
                return
        process.kill()
        _ends(pid, started, 5)
    except psutil.Error:
        return  # gone, or not ours to end: then the server will say that the store is locked


def _ends(pid: int, started: float, within: float) -> bool:
    """Whether the process ends in time; a dead one that its parent has not collected counts as ended."""
    deadline = time.monotonic() + within
    while _process(pid, started):
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.05)
    return True


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
        self._child: _Child | None = None
        self._stopping = threading.Event()
        self._turn = threading.Lock()  # held to start or stop a child
        self._watcher: threading.Thread | None = None
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
            raise _in_use(store) from None
        except OSError as error:
            raise _unwritable(store, error) from None
        try:
            server._begin(time.monotonic() + timeout)
        except BaseException as error:
            server.stop()
            if isinstance(error, OSError):
                raise _unwritable(store, error) from None
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
        if self._watcher and self._watcher is not threading.current_thread():
            self._watcher.join()
        if self._claim.is_locked:
            for name in ("owner.json", "password"):
                with contextlib.suppress(OSError):  # a disk that takes no changes any more must not keep the lock
                    (self.store / name).unlink()
            self._claim.release(force=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _claim_store(self) -> None:
        """Become the owner, and see the Java process of an owner that was killed to its end."""
        self._claim.acquire()
        last = _read_owner(self.store)
        java = _process(last.java_pid, last.java_started) if last else None
        try:
            ours = java is not None and self._root_option in java.cmdline()
        except psutil.Error:
            ours = False
        if last and ours:
            _kill(last.java_pid, last.java_started, wait=5)

    def _begin(self, deadline: float) -> None:
        if shutil.disk_usage(self.store).free < LEAST_SPACE:
            raise StoreUnwritable(f"the disk of the store {self.store} is full: free some space, {HINT_OTHER_FOLDER}")
        self._check_version()
        _write_private(self.store / "password", self._password)
        for _ in range(PORT_TRIES):
            self._ports = _free_ports()
            try:
                self._launch(deadline)
                break
            except _PortTaken:
                continue
        else:
            raise EngineUnavailable(f"the embedded engine found no free port in {PORT_TRIES} tries: start it again")
        _write_private(self.store / "engine-version", importlib.metadata.version(WHEEL))
        self._watcher = threading.Thread(target=self._watch, name="embedded-engine", daemon=True)
        self._watcher.start()

    def _check_version(self) -> None:
        """Refuse a store of a newer engine, and one whose data is gone: the server would make an empty one."""
        mark = self.store / "engine-version"
        if not mark.exists():
            return
        made, here = mark.read_text().strip(), importlib.metadata.version(WHEEL)
        if _version(made) > _version(here):
            raise EngineUnavailable(
                f"the store {self.store} was written by {WHEEL} {made}, newer than the {here} installed: "
                f"install {WHEEL}>={made}, {HINT_OTHER_FOLDER}"
            )
        data = self.store / "databases" / DATABASE
        if not any((data / name).is_file() for name in ("schema.json", "schema.prev.json")):
            raise EngineUnavailable(
                f"the store {self.store} is damaged, {data} has no schema: restore a copy, {HINT_OTHER_FOLDER}"
            )
        _write_private(mark, here)  # before the engine touches the files: an older one may not read them any more

    def _launch(self, deadline: float) -> None:
        """Start a child and wait until it is ready; leaves none behind on failure."""
        self._check_mcp()
        config = self.store / "config"
        config.mkdir(mode=0o700, exist_ok=True)
        _write_private(config / "arcadedb-log.properties", LOGGING)
        # The engine takes a given password only when it creates its users.
        (config / "server-users.jsonl").unlink(missing_ok=True)
        with self._turn:
            if self._stopping.is_set():
                raise EngineUnavailable("the embedded engine is being stopped")
            child = self._child = _Child(self._command(), self.store)
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
        wheel = _wheel()
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
            str(_java(wheel)),
            f"-Xmx{self.heap}",
            *JVM_FLAGS,
            f"-XX:ErrorFile={self.store / 'java-crash-%p.log'}",
            f"-Djava.util.logging.config.file={self.store / 'config' / 'arcadedb-log.properties'}",
            "-cp",
            str(wheel / "jars" / "*"),
            self._root_option,
            *(f"-Darcadedb.{name}={value}" for name, value in settings.items()),
            "com.arcadedb.server.ArcadeDBServer",
        ]

    def _record(self, child: _Child) -> None:
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
        _write_private(self.store / "owner.json", json.dumps(asdict(owner)))

    def _check_mcp(self) -> None:
        """The server has an endpoint for language models at the same port; it must be off."""
        path = self.store / "config" / "mcp-config.json"
        try:
            enabled = path.exists() and json.loads(path.read_text()).get("enabled") is not False
        except (ValueError, AttributeError):
            enabled = True
        if enabled:
            raise EngineUnavailable(f"{path} does not say that MCP is off: delete that file")

    def _await_ready(self, child: _Child, deadline: float) -> None:
        while time.monotonic() < deadline and not self._stopping.is_set():
            ended = child.guard.poll() is not None
            if "Unable to listen" in child.log():  # the server goes on living then
                raise _PortTaken(f"a port of the embedded engine is taken: {child.complaint()}")
            if ended:
                raise EngineUnavailable(f"the embedded engine ended at its start: {child.complaint()}")
            if self._answers() and self._logs_in():
                return
            time.sleep(0.05)
        raise EngineUnavailable(f"the embedded engine was not ready in time: {child.complaint()}")

    def _answers(self) -> bool:
        try:
            with _direct.open(f"{self.address.http_uri}/api/v1/ready", timeout=2) as reply:
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
            raise _PortTaken("another server answers at the port of the embedded engine") from None
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


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text))


def _in_use(store: Path) -> StoreInUse:
    owner = owner_of(store)
    if owner is None:  # it has not written its name yet
        return StoreInUse(f"the store {store} is in use by another process; stop it, {HINT_OTHER_FOLDER}")
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(owner.started))
    text = f"the store {store} is in use by process {owner.pid} (started {since}); stop it, {HINT_OTHER_FOLDER}"
    return StoreInUse(text, pid=owner.pid)


def _unwritable(store: Path, error: OSError) -> StoreUnwritable:
    reason = error.strerror or str(error)
    return StoreUnwritable(f"cannot write to the store {store} ({reason}): make it writable, {HINT_OTHER_FOLDER}")
