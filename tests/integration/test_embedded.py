"""The embedded server as a process: who owns it, what it opens, and what becomes of it when something is killed."""

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from neo4j import GraphDatabase
from neo4j.exceptions import AuthError

from graph import embedded
from graph.embedded import Address, EmbeddedServer, owner_of, sql
from graph.embedded import child as child_module
from graph.embedded import server as server_module
from graph.errors import EngineUnavailable, GraphError, StoreInUse, StoreUnwritable

reason = embedded.unsupported_reason()
pytestmark = pytest.mark.skipif(reason is not None and not os.environ.get("CI"), reason=str(reason))
HEAP = "256m"

# A process of its own that owns a store until it is killed.
OWNER = """
import sys, time
from pathlib import Path
from graph.embedded import EmbeddedServer, sql
server = EmbeddedServer.start(Path(sys.argv[1]), heap="256m")
sql(server.address, "create vertex type Note if not exists")
sql(server.address, "insert into Note set n = 1")
print(server.pid, server._child.guard.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer.start(tmp_path_factory.mktemp("shared") / "a b 中文" / "store", heap=HEAP) as one:
        yield one


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[tuple["subprocess.Popen[bytes]", psutil.Process, psutil.Process]]:
    command = [sys.executable, "-c", OWNER, str(tmp_path / "store")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        java, guard = (psutil.Process(int(pid)) for pid in process.stdout.readline().split())
        yield process, java, guard
        process.kill()
    until(lambda: not alive(java), 15)


def until(condition: Callable[[], bool], seconds: float) -> float:
    """Wait for a condition; answers how long it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "waited too long"
        time.sleep(0.02)
    return time.monotonic() - began


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def add_note(address: Address, n: int) -> None:
    sql(address, "create vertex type Note if not exists")
    sql(address, f"insert into Note set n = {n}")


def notes(address: Address) -> list[int]:
    return [row["n"] for row in sql(address, "select n from Note order by n")]


def answers(address: Address) -> bool:
    try:
        return sql(address, "select 1 as one") == [{"one": 1}]
    except GraphError:
        return False


def test_listens_on_loopback_only(server: EmbeddedServer) -> None:
    listening = [c for c in psutil.Process(server.pid).net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert {c.laddr.ip.removeprefix("::ffff:") for c in listening} == {"127.0.0.1"}
    uris = (server.address.bolt_uri, server.address.http_uri)
    assert {c.laddr.port for c in listening} == {int(uri.rpartition(":")[2]) for uri in uris}


def test_password_is_in_no_listing(server: EmbeddedServer) -> None:
    password = server.address.password
    assert password not in repr(server.address)
    assert server._child is not None
    for pid in (server.pid, server._child.guard.pid):
        process = psutil.Process(pid)
        assert password not in " ".join([*process.cmdline(), *process.environ().values()])
    files = {path.name: path for path in server.store.rglob("*")}
    assert files["password"].read_text() == password
    if os.name == "posix":
        assert {oct(path.stat().st_mode & 0o077) for path in files.values()} == {"0o0"}


def test_environment_of_the_child_has_nothing_of_ours(server: EmbeddedServer) -> None:
    assert set(psutil.Process(server.pid).environ()) <= {*child_module.PASSED_ENVIRONMENT, "LC_ALL", "LD_LIBRARY_PATH"}


def test_bolt_takes_the_password_and_no_other(server: EmbeddedServer) -> None:
    address = server.address
    with GraphDatabase.driver(address.bolt_uri, auth=(address.username, address.password)) as driver:
        records = driver.execute_query("RETURN '中文' AS text", database_=address.database).records
        assert [record["text"] for record in records] == ["中文"]
    with GraphDatabase.driver(address.bolt_uri, auth=(address.username, "wrong")) as driver, pytest.raises(AuthError):
        driver.execute_query("RETURN 1", database_=address.database)


def test_local_files_cannot_be_read_by_cypher(server: EmbeddedServer) -> None:
    address = server.address
    with GraphDatabase.driver(address.bolt_uri, auth=(address.username, address.password)) as driver:
        with pytest.raises(Exception) as refusal:
            driver.execute_query("LOAD CSV FROM 'file:///etc/passwd' AS row RETURN row", database_=address.database)
        assert "root:" not in str(refusal.value)


def test_sql_refusal_is_an_error_without_the_password(server: EmbeddedServer) -> None:
    with pytest.raises(GraphError) as refusal:
        sql(server.address, "selec nothing")
    assert not isinstance(refusal.value, EngineUnavailable)
    assert server.address.password not in str(refusal.value)


def test_second_start_is_refused_and_names_the_owner(server: EmbeddedServer) -> None:
    code = "import sys; from pathlib import Path; from graph.embedded import EmbeddedServer as E\n"
    code += "try: E.start(Path(sys.argv[1]))\nexcept Exception as e: print(type(e).__name__, e.pid, e.exit_code, e)"
    out = subprocess.run([sys.executable, "-c", code, str(server.store)], capture_output=True, text=True, check=True)
    assert out.stdout.startswith(f"StoreInUse {os.getpid()} 4 the store {server.store} is in use by process")
    with pytest.raises(StoreInUse) as refusal:
        EmbeddedServer.start(server.store)
    assert refusal.value.pid == os.getpid()
    assert answers(server.address)
    found = owner_of(server.store)
    assert found and (found.pid, found.java_pid) == (os.getpid(), server.pid)


@pytest.mark.soak
def test_second_start_has_a_fresh_password_and_the_data(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path / "store", heap=HEAP) as first:
        add_note(first.address, 1)
    first.stop()
    assert owner_of(tmp_path / "store") is None
    assert not psutil.pid_exists(first.pid)
    with EmbeddedServer.start(tmp_path / "store", heap=HEAP) as second:
        assert notes(second.address) == [1]
        assert second.address.password != first.address.password
        with pytest.raises(GraphError):
            sql(Address(**{**_fields(second.address), "password": first.address.password}), "select 1")


def _fields(address: Address) -> dict[str, str]:
    return {name: getattr(address, name) for name in Address.__dataclass_fields__}


@pytest.mark.soak
def test_killed_java_is_restarted_at_the_same_address(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path / "store", heap=HEAP) as server:
        add_note(server.address, 1)
        address, java = server.address, psutil.Process(server.pid)
        java.kill()
        until(lambda: not alive(java), 2)
        assert until(lambda: answers(address), 15) < 15
        assert (server.address, server.restarts, server.failure) == (address, 1, None)
        assert server.pid != java.pid
        assert notes(address) == [1]


@pytest.mark.soak
def test_killed_owner_takes_java_along_and_the_next_start_has_the_data(owner, tmp_path: Path) -> None:
    process, java, _guard = owner
    process.kill()
    process.wait()
    with EmbeddedServer.start(tmp_path / "store", heap=HEAP) as server:  # at once: it waits for the old Java
        assert not alive(java)
        assert notes(server.address) == [1]


@pytest.mark.soak
def test_killed_owner_leaves_no_java_after_5_seconds(owner) -> None:
    process, java, guard = owner
    process.kill()
    assert until(lambda: not alive(java) and not alive(guard), 5) < 5


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's end")
def test_killed_guard_takes_java_along(owner) -> None:
    process, java, guard = owner
    os.kill(process.pid, signal.SIGSTOP)  # so that the owner does not end Java itself
    guard.kill()
    assert until(lambda: not alive(java), 5) < 5


@pytest.mark.soak
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's end")
def test_killed_owner_and_guard_leave_nothing(owner, tmp_path: Path) -> None:
    process, java, guard = owner
    guard.suspend()
    process.kill()
    guard.kill()
    until(lambda: not alive(java), 5)
    with EmbeddedServer.start(tmp_path / "store", heap=HEAP) as server:
        assert notes(server.address) == [1]


@pytest.mark.soak
def test_stale_java_is_ended_by_the_next_start(owner, tmp_path: Path) -> None:
    process, java, guard = owner
    guard.suspend()  # it cannot do its work
    process.kill()
    process.wait()
    assert alive(java)
    with EmbeddedServer.start(tmp_path / "store", heap=HEAP) as server:
        assert not alive(java)
        assert notes(server.address) == [1]
    guard.kill()


@pytest.mark.soak
def test_interrupt_leaves_the_database_to_its_owner(owner) -> None:
    _process, java, guard = owner
    guard.send_signal(signal.SIGINT)
    java.send_signal(signal.SIGINT)
    time.sleep(0.7)
    assert alive(java) and alive(guard)


@pytest.mark.parametrize("started", [0.0, pytest.param(None, marks=pytest.mark.soak)])
def test_process_that_got_the_pid_of_a_dead_owner_is_left_alone(tmp_path: Path, started: float | None) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as stranger:
        when = psutil.Process(stranger.pid).create_time() if started is None else started
        claim = {"pid": stranger.pid, "started": 0.0, "java_pid": stranger.pid, "java_started": when}
        (tmp_path / "owner.json").write_text(json.dumps({**claim, "bolt_port": 1, "http_port": 2}))
        assert owner_of(tmp_path) is None
        with EmbeddedServer.start(tmp_path, heap=HEAP) as server:
            assert answers(server.address)
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.parametrize("taken", [pytest.param(0, marks=pytest.mark.soak), 1])
def test_taken_port_is_changed_for_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: int) -> None:
    free = server_module.free_ports
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        first = list(free())
        first[taken] = other.getsockname()[1]
        tries = iter([tuple(first), free()])
        monkeypatch.setattr(server_module, "free_ports", lambda: next(tries))
        with EmbeddedServer.start(tmp_path / "store", heap=HEAP) as server:
            assert answers(server.address)
            assert next(tries, None) is None


@pytest.mark.parametrize("where", ["a file/store", "a file"])
def test_store_that_cannot_be_written(tmp_path: Path, where: str) -> None:
    (tmp_path / "a file").write_text("")
    with pytest.raises(StoreUnwritable, match=r"cannot write to the store .*: make it writable, or set AIDGRAPH_HOME"):
        EmbeddedServer.start(tmp_path / where)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="no /proc")
def test_store_on_a_file_system_that_takes_no_files() -> None:
    with pytest.raises(StoreUnwritable):
        EmbeddedServer.start(Path("/proc/store"))


def test_full_disk_is_told_before_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "LEAST_SPACE", 2**62)
    with pytest.raises(StoreUnwritable, match="is full: free some space"):
        EmbeddedServer.start(tmp_path / "store")
    assert owner_of(tmp_path / "store") is None


def test_heap_that_is_too_big_gives_javas_reason(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match=r"(?i)heap|memory|vm"):
        EmbeddedServer.start(tmp_path / "store", heap="900000g")


def test_start_that_takes_too_long_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="not ready in time"):
        EmbeddedServer.start(tmp_path / "store", heap=HEAP, timeout=0.3)
    assert not [p for p in psutil.process_iter() if _names(p, tmp_path)]


def _names(process: psutil.Process, folder: Path) -> bool:
    try:
        return str(folder) in " ".join(process.cmdline())
    except psutil.Error:
        return False


def test_store_of_a_newer_engine_is_refused(tmp_path: Path) -> None:
    (tmp_path / "engine-version").write_text("99.1.0")
    with pytest.raises(EngineUnavailable, match=r"by arcadedb-embedded 99\.1\.0, newer than"):
        EmbeddedServer.start(tmp_path)
    assert (tmp_path / "engine-version").read_text() == "99.1.0"
    assert not (tmp_path / "databases").exists()


def test_store_whose_data_is_gone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "engine-version").write_text("1.0")
    with pytest.raises(EngineUnavailable, match=r"is damaged.*restore a copy"):
        EmbeddedServer.start(tmp_path)
    assert not (tmp_path / "databases").exists()


def test_mcp_that_was_switched_on_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "mcp-config.json").write_text('{"enabled": true}')
    with pytest.raises(EngineUnavailable, match="MCP"):
        EmbeddedServer.start(tmp_path)


def test_missing_wheel_or_java_says_to_set_neo4j_uri(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_module, "wheel_folder", lambda: tmp_path)
    assert "NEO4J_URI" in str(embedded.unsupported_reason())
    monkeypatch.undo()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert "NEO4J_URI" in str(embedded.unsupported_reason())
    with pytest.raises(EngineUnavailable, match="NEO4J_URI"):
        EmbeddedServer.start(tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_wheel_is_not_imported() -> None:
    code = "import graph.embedded as e, sys; e.unsupported_reason(); print({'jpype', 'neo4j'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "set()\n"


@pytest.mark.soak
@pytest.mark.soak
def test_gives_up_after_too_many_restarts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "RESTARTS_ALLOWED", 1)
    with EmbeddedServer.start(tmp_path / "store", heap=HEAP) as server:
        psutil.Process(server.pid).kill()
        until(lambda: server.restarts == 1 and answers(server.address), 15)
        psutil.Process(server.pid).kill()
        until(lambda: server.failure is not None, 15)
        assert "ended 2 times" in str(server.failure)
        assert not answers(server.address)


@pytest.mark.soak
def test_twenty_killed_owners_lose_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OWNER, str(tmp_path / "store")]
    for _ in range(20):
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout and process.stdout.readline()
            process.kill()
    with EmbeddedServer.start(tmp_path / "store", heap=HEAP) as server:
        assert notes(server.address) == [1] * 20
