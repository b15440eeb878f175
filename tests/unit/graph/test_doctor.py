"""What the doctor finds on a machine where something is wrong, without an engine being started."""

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph import doctor, embedded
from graph.doctor import Finding, examine
from graph.embedded import child
from graph.settings import Settings

pytestmark = pytest.mark.skipif(bool(embedded.unsupported_reason()) and not os.environ.get("CI"), reason="no engine")


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    assert len({finding.name for finding in findings}) == len(findings)
    assert all(finding.mend for finding in findings if finding.ok is not True)
    return {finding.name: finding for finding in findings}


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.fixture
def closed() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("where", ["a file", "a file/home", "a file/home/below"])
async def test_home_below_a_file(tmp_path: Path, where: str) -> None:
    (tmp_path / "a file").write_text("")
    found = by_name(await examine(Settings(home=tmp_path / where)))
    assert found["home"].ok is False
    assert found["home"].mend == "make it writable, or set AIDGRAPH_HOME to another folder"
    assert (found["store"].ok, found["store"].says) == (None, "not looked into")
    assert "start" not in found
    assert found["Java"].ok and "version" in found["Java"].says


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="no /proc")
async def test_home_that_takes_no_files() -> None:
    assert by_name(await examine(Settings(home=Path("/proc/aidgraph"))))["home"].ok is False


async def test_port_that_is_taken_names_who_has_it(tmp_path: Path, taken: int, closed: int) -> None:
    (tmp_path / "home").write_text("")
    settings = Settings(home=tmp_path / "home")
    finding = by_name(await examine(settings, port=taken))[f"port {taken}"]
    assert finding.ok is None
    assert finding.says.startswith(f"taken by process {os.getpid()} (")
    assert "--port" in finding.mend
    assert by_name(await examine(settings, port=closed))[f"port {closed}"].ok is True


async def test_neo4j_at_a_closed_port(tmp_path: Path, closed: int) -> None:
    uri = f"bolt://127.0.0.1:{closed}"
    settings = Settings(home=tmp_path / "unused", neo4j_uri=uri, neo4j_password="a secret")
    findings = await examine(settings)
    found = by_name(findings)
    assert found["reachable"].ok is False
    assert found["reachable"].says.startswith(f"{uri} does not answer")
    assert "correct NEO4J_URI" in found["reachable"].mend
    assert set(found) == {"platform", "engine", "loopback", "port 8000", "reachable"}
    assert "a secret" not in repr(findings)
    assert not (tmp_path / "unused").exists()


async def test_neo4j_address_that_holds_a_password(tmp_path: Path) -> None:
    uri = "bolt://user:hidden@no-such-host.invalid:7687"
    findings = await examine(Settings(home=tmp_path, neo4j_uri=uri))
    assert by_name(findings)["reachable"].ok is False
    assert "hidden" not in repr(findings)


@pytest.mark.parametrize(("free", "ok"), [(2**31, True), (2**29, None), (2**20, False)])
def test_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, ok: bool | None) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    finding = doctor._disk(Settings(home=tmp_path / "home"))
    assert (finding.ok, bool(finding.mend)) == (ok, ok is not True)


async def test_engine_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "wheel_folder", lambda: None)
    found = by_name(await examine(Settings(home=tmp_path)))
    assert (found["engine"].ok, found["engine"].mend) == (False, "set NEO4J_URI to use a Neo4j server")
    assert "Java" not in found and found["store"].says == "not looked into"


async def test_java_that_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = tmp_path / "java"
    java.write_text("")
    monkeypatch.setattr(embedded, "java", lambda _wheel: java)
    found = by_name(await examine(Settings(home=tmp_path)))
    assert found["Java"].ok is False and "reinstall arcadedb-embedded" in found["Java"].mend


async def test_store_of_a_newer_engine(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "engine-version").write_text("99.1.0")
    found = by_name(await examine(Settings(home=tmp_path)))
    assert found["store"].ok is False
    assert "install arcadedb-embedded>=99.1.0" in found["store"].mend
    assert "start" not in found


def test_python_that_is_not_tested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PYTHON_VERSIONS", ((2, 6), (2, 7)))
    assert (doctor._platform().ok, doctor._platform().mend) == (None, "use Python 2.6 to 2.7")
