"""The Java process of the embedded engine: its options and settings, how it is started and ended."""

import importlib.util
import os
import platform
import re
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from graph.embedded.store import process
from graph.errors import EngineUnavailable

WHEEL = "arcadedb-embedded"
LOOPBACK = "127.0.0.1"
DATABASE = "aidgraph"
USERNAME = "root"
QUERIES = 8  # that may run at once; one more waits, unseen, and is refused as if it met another
STOP_SECONDS = 12.0  # a little more than the guard's own grace

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
    # 0 by default: what the sweeper cannot end would run on. Loads, undoing and dumps stream all claims of a type, some
    # 50,000 a second; questions have the limit of the one who asks.
    "command.timeout": "3600000",
    "command.regexTimeout": "1000",
    "queryMaxConcurrent": str(QUERIES),
    "queryQueueTimeout": "3000",
    # Its estimate takes a row for many times what it holds (18 KB where five nodes are shared with 30,000 others), and
    # nested statements give back what they reserved only when garbage is collected: it refused what needs little.
    "queryMaxHeapRAM": "0",
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


class PortTaken(EngineUnavailable):
    """Another program listens on a port that was free a moment ago."""


def wheel_folder() -> Path | None:
    spec = importlib.util.find_spec("arcadedb_embedded")
    return Path(spec.origin).parent if spec and spec.origin else None


def java(wheel: Path) -> Path:
    return wheel / "jre" / "bin" / ("java.exe" if os.name == "nt" else "java")


def unsupported_reason() -> str | None:
    """Why the embedded engine cannot run here, in one line; None when it can."""
    wheel = wheel_folder()
    if wheel is None:
        where = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
        return (
            f"the embedded engine is not installed ({WHEEL} has no wheel for every platform; this is {where}): "
            "set NEO4J_URI to use a Neo4j server"
        )
    if not java(wheel).is_file():
        return (
            f"the embedded engine has no Java ({java(wheel)} is missing): reinstall {WHEEL}, "
            "or set NEO4J_URI to use a Neo4j server"
        )
    return None


def free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as two:
        one.bind((LOOPBACK, 0))
        two.bind((LOOPBACK, 0))
        return one.getsockname()[1], two.getsockname()[1]


class Child:
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
        kill(self.pid, self.started)

    def clients(self, port: int) -> set[int] | None:
        """The ports at the other end of its open connections to `port`; None when they cannot be seen."""
        try:
            sockets = psutil.Process(self.pid).net_connections("tcp")
        except psutil.Error:
            return None
        return {s.raddr.port for s in sockets if s.status == psutil.CONN_ESTABLISHED and s.laddr.port == port}

    def listens_beyond_loopback(self) -> bool:
        try:
            sockets = psutil.Process(self.pid).net_connections("inet")
        except psutil.Error:
            return False
        open_ones = {s.laddr.ip for s in sockets if s.status == psutil.CONN_LISTEN and s.laddr}
        return not open_ones <= {LOOPBACK, f"::ffff:{LOOPBACK}", "::1"}


def kill(pid: int, started: float, *, wait: float = 0.0) -> None:
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
    while process(pid, started):
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.05)
    return True
