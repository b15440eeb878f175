"""The commands as a user runs them: whole processes, exit codes, what they print; nothing of ours leaks."""

import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest
from neo4j import GraphDatabase

from graph.embedded import EmbeddedServer
from tests import neo4j_server

COMMAND = [sys.executable, "-c", "from cli.main import run; run()"]
PLACES = "entity,id,name,code\nProvince,cn:310000,上海市,310000\nCounty,cn:530724,宁蒗彝族自治县,530724\n"
FUNDS = "relationship,from,to,amount,currency,class,valid_from,source\n"
GOOD = FUNDS + "FUNDS,310000,530724,55000000,CNY,budget,2020,https://example.org/a\n"


def run(*arguments: str, home: Path, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        env={**os.environ, "AIDGRAPH_HOME": str(home), "NEO4J_URI": "", "COLUMNS": "200", **environment},
        cwd=cwd or home,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def one_line(result: subprocess.CompletedProcess[str]) -> str:
    """The error line of a command that failed; fails where there is a trace or more than one line."""
    lines = [line for line in result.stderr.splitlines() if line.startswith("aidgraph:")]
    assert len(lines) == 1, result.stderr
    assert "Traceback" not in result.stderr + result.stdout
    return lines[0]


@pytest.fixture
def there(locked: neo4j_server.Neo4jServer) -> dict[str, str]:
    """Environment of commands on an empty Neo4j, which have no engine to start."""
    assert locked.auth
    with GraphDatabase.driver(locked.uri, auth=locked.auth) as driver:
        driver.execute_query("MATCH (n) DETACH DELETE n")
    return {"NEO4J_URI": locked.uri, "NEO4J_PASSWORD": locked.auth[1]}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("家 home")


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


@pytest.mark.soak
def test_load_check_dump_and_load_again(home: Path, tmp_path: Path) -> None:
    places, funds = write(tmp_path, "places.csv", PLACES), write(tmp_path, "funds.csv", GOOD)
    assert run("load", places, home=home).returncode == 0
    checked = run("check", funds, home=home)
    assert checked.returncode == 0 and "nothing was written" in checked.stdout
    assert "FUNDS budget CNY 55000000" in checked.stdout
    first = run("load", funds, home=home)
    assert first.returncode == 0
    assert "1 rows, 1 entities, 2 claims, 0 rejected rows" in first.stdout
    digest = run("dump", "--hash", home=home).stdout.strip()
    assert re.fullmatch("[0-9a-f]{64}", digest)
    again = run("load", funds, home=home)
    assert again.returncode == 0 and "loaded already" in again.stdout
    forced = run("load", funds, "--force", home=home)
    assert forced.returncode == 0 and "0 new, 0 changed, 2 unchanged" in forced.stdout
    out = tmp_path / "dump.jsonl"
    dumped = run("dump", "--out", str(out), home=home)
    assert f"sha256 {digest}" in dumped.stderr
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [(line["claim"], line["properties"]["amount"]) for line in lines if line.get("claim") == "FUNDS"] == [
        ("FUNDS", 5_500_000_000)
    ]


@pytest.mark.soak
def test_rejected_rows_end_with_3_and_all_bad_rows_with_1(tmp_path: Path, there: dict[str, str]) -> None:
    places = write(tmp_path, "places.csv", PLACES)
    assert run("load", places, home=tmp_path, **there).returncode == 0
    mixed = GOOD + "FUNDS,310000,530724,12 million,CNY,budget,2021,https://example.org/a\n"
    result = run("load", write(tmp_path, "mixed.csv", mixed), home=tmp_path, **there)
    assert result.returncode == 3
    assert "mixed.csv, line 3, column amount: '12 million'" in result.stderr
    rejects = (tmp_path / "mixed.rejects.csv").read_text("utf-8-sig").splitlines()
    assert rejects[0] == "file,line,column,value,reason" and rejects[1].startswith("mixed.csv,3,amount,12 million,")
    before = run("dump", "--hash", home=tmp_path, **there).stdout
    bad = FUNDS + "FUNDS,310000,530724,NaN,CNY,budget,2021,https://example.org/a\n"
    result = run("load", write(tmp_path, "bad.csv", bad), home=tmp_path, **there)
    assert result.returncode == 1 and "nothing was written" in result.stdout
    assert run("dump", "--hash", home=tmp_path, **there).stdout == before


@pytest.mark.soak
def test_runs_are_listed_and_taken_back(tmp_path: Path, there: dict[str, str]) -> None:
    assert run("load", write(tmp_path, "places.csv", PLACES), home=tmp_path, **there).returncode == 0
    before = run("dump", "--hash", home=tmp_path, **there).stdout
    text = GOOD.replace("2020", "2017") + "FUNDS,310000,530724,12 million,CNY,budget,2021,https://example.org/a\n"
    funds = write(tmp_path, "taken.csv", text)
    assert run("load", funds, home=tmp_path, **there).returncode == 3
    listed = json.loads(run("runs", "--dataset", "taken", "--json", home=tmp_path, **there).stdout)
    (loaded,) = listed
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    assert loaded["files"] == [{"name": "taken.csv", "sha256": sha256}]
    assert (loaded["dataset"], loaded["state"], loaded["rejected"]) == ("taken", "done", 1)
    assert (loaded["counts"]["new"], loaded["undoes"], loaded["undone_by"]) == (2, "", "")
    undone = run("undo", loaded["id"], home=tmp_path, **there)
    assert undone.returncode == 0, undone.stderr
    assert f"{loaded['id']} is undone, by run:" in undone.stdout and "2 claims closed, 0 open again" in undone.stdout
    assert run("dump", "--hash", home=tmp_path, **there).stdout == before
    again = run("undo", str(loaded["sequence"]), home=tmp_path, **there)
    assert again.returncode == 0 and "was undone already" in again.stdout
    said = run("runs", "--dataset", "taken", home=tmp_path, **there).stdout.splitlines()
    assert f"takes back {loaded['id']}" in said[0] and "dataset taken" in said[0]
    assert f"undone by run:{loaded['sequence'] + 1}:taken" in said[2]
    assert said[4] == f"  taken.csv  sha256 {sha256}"
    refused = run("undo", f"run:{loaded['sequence'] + 1}:taken", home=tmp_path, **there)
    assert refused.returncode == 1 and "is itself an undo" in one_line(refused)
    assert "nothing was loaded as dataset none" in run("runs", "-d", "none", home=tmp_path, **there).stdout


def test_files_for_an_import_are_written_without_a_graph(tmp_path: Path) -> None:
    tables = [write(tmp_path, "places.csv", PLACES), write(tmp_path, "funds.csv", GOOD)]
    made = run("bulk", *tables, "-d", "all", "--out", str(tmp_path / "out"), home=tmp_path / "none", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert "neo4j-admin database import full @import.args" in made.stdout and "after-import.cypher" in made.stdout
    assert not (tmp_path / "none").exists()
    assert {"README.md", "import.args", "after-import.cypher"} < {path.name for path in (tmp_path / "out").iterdir()}
    again = run("bulk", *tables, "-d", "all", "--out", str(tmp_path / "out"), home=tmp_path, cwd=tmp_path)
    assert again.returncode == 1 and "name another with --out" in one_line(again)
    alone = run("bulk", tables[1], "--out", str(tmp_path / "alone"), home=tmp_path, cwd=tmp_path)
    assert alone.returncode == 1 and "nothing was written" in alone.stdout
    assert not (tmp_path / "alone").exists()


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("headers.csv", "a,b\n1,2\n", "none of the templates"),
        ("missing.csv", "relationship,from,amount\nFUNDS,310000,1\n", "no column to"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused(home: Path, tmp_path: Path, name: str, text: str, says: str) -> None:
    result = run("load", write(tmp_path, name, text), home=home, cwd=tmp_path)
    assert result.returncode == 1
    assert says in one_line(result) and name in one_line(result)


def test_usage_errors_end_with_2(home: Path) -> None:
    assert run("load", home=home).returncode == 2
    assert run("lod", home=home).returncode == 2
    assert run("serve", "--port", "99999999", home=home).returncode == 2


def test_a_file_that_is_not_there(home: Path, tmp_path: Path) -> None:
    result = run("load", str(tmp_path / "nothing.csv"), home=home)
    assert result.returncode == 1 and "there is no such file" in one_line(result)


def test_a_store_in_use_names_its_owner(tmp_path: Path) -> None:
    with EmbeddedServer.start(tmp_path / "store", heap="256m"):
        result = run("dump", "--hash", home=tmp_path)
    assert result.returncode == 4
    assert f"in use by process {os.getpid()}" in one_line(result)


def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("dump", "--hash", home=tmp_path / "file", cwd=tmp_path)
    assert result.returncode == 4 and "cannot write" in one_line(result)


def test_a_neo4j_that_is_down(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    result = run("dump", "--hash", home=tmp_path, NEO4J_URI=f"bolt://127.0.0.1:{port}", NEO4J_PASSWORD="geheim-7")
    assert result.returncode == 4 and "does not answer" in one_line(result)
    assert "geheim-7" not in result.stdout + result.stderr


@pytest.mark.parametrize("uri", ["http://127.0.0.1", "bolt://neo4j:geheim-7@127.0.0.1:7687"])
def test_an_address_that_is_none(tmp_path: Path, uri: str) -> None:
    result = run("dump", "--hash", home=tmp_path, NEO4J_URI=uri)
    assert result.returncode == 1 and "NEO4J_URI" in one_line(result)
    assert "geheim-7" not in result.stdout + result.stderr


def test_a_neo4j_with_another_password_and_one_with_data_of_others(tmp_path: Path, there: dict[str, str]) -> None:
    wrong = run("dump", "--hash", home=tmp_path, **(there | {"NEO4J_PASSWORD": "wrong-password"}))
    assert wrong.returncode == 4 and "NEO4J_PASSWORD" in one_line(wrong)
    assert "wrong-password" not in wrong.stdout + wrong.stderr
    with GraphDatabase.driver(there["NEO4J_URI"], auth=("neo4j", there["NEO4J_PASSWORD"])) as driver:
        driver.execute_query("CREATE (:Person {name: 'x'})")
        foreign = run("dump", "--hash", home=tmp_path, **there)
        assert foreign.returncode == 1 and "did not write" in one_line(foreign)
        driver.execute_query("MATCH (n) DETACH DELETE n")
    assert run("load", write(tmp_path, "places.csv", PLACES), home=tmp_path, **there).returncode == 0


class Demo:
    """A demo under way: its output as it comes."""

    def __init__(self, home: Path, port: int) -> None:
        self.process = subprocess.Popen(
            [*COMMAND[:1], "-u", *COMMAND[1:], "demo", "--port", str(port)],
            env={**os.environ, "AIDGRAPH_HOME": str(home), "NEO4J_URI": ""},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        assert self.process.stdout
        self.lines: list[str] = []
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if line.startswith("GraphQL at"):
                break
        self.children = psutil.Process(self.process.pid).children(recursive=True)

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=30)
        return self.process.returncode


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_demo_from_nothing_then_again(tmp_path: Path) -> None:
    port = free_port()
    demo = Demo(tmp_path, port)
    text = "\n".join(demo.lines)
    assert "Loaded 3,980 rows" in text and "0 rejected" in text
    assert "上海市 Shanghai (cn:310000)" in text and "55,000,000 CNY" in text and "徐敏" in text
    assert "佛山市 Foshan" in text and "郫都区 (cn:510117)" in text
    assert f"http://127.0.0.1:{port}/graphql" in text
    body = json.dumps({"query": '{ place(code: "530724") { name } }'}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql", body, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        assert json.load(response) == {"data": {"place": {"name": "宁蒗彝族自治县"}}}
    taken = run("demo", "--port", str(port), home=tmp_path / "other", cwd=tmp_path)
    assert taken.returncode == 4 and f"port {port}" in one_line(taken) and "make demo PORT=" in one_line(taken)
    assert demo.interrupt() == 0
    assert [child for child in demo.children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []
    begun = time.monotonic()
    again = Demo(tmp_path, port)
    assert "The seed is loaded already" in "\n".join(again.lines)
    assert time.monotonic() - begun < 15
    again.process.kill()
    again.process.communicate(timeout=10)
    gone, alive = psutil.wait_procs(again.children, timeout=15)
    assert gone and alive == []


def test_template_prints_a_table_and_what_it_means(tmp_path: Path) -> None:
    result = run("template", "PAIRED_WITH", home=tmp_path)
    assert result.returncode == 0
    header, example = result.stdout.splitlines()
    assert header.startswith("relationship,from,from_name,") and example.startswith("PAIRED_WITH,")
    assert "valid_to_basis" in result.stderr and "First day it no longer holds" in result.stderr
    unknown = run("template", "PAIRED", home=tmp_path)
    assert unknown.returncode == 1 and "PAIRED_WITH" in one_line(unknown)


@pytest.mark.soak
def test_the_forms_are_written_once_and_load_as_nothing(tmp_path: Path, there: dict[str, str]) -> None:
    written = run("template", "--xlsx", "funds,staff", "--out", "forms.xlsx", home=tmp_path, **there)
    assert written.returncode == 0 and "wrote forms.xlsx" in written.stderr
    assert "is there already" in one_line(
        run("template", "--xlsx", "all", "--out", "forms.xlsx", home=tmp_path, **there)
    )
    assert "there is no form 'x'" in one_line(run("template", "--xlsx", "x", home=tmp_path, **there))
    assert "leave one of them out" in one_line(run("template", "FUNDS", "--xlsx", "all", home=tmp_path, **there))
    assert run("load", write(tmp_path, "places.csv", PLACES), home=tmp_path, **there).returncode == 0
    checked = run("check", "forms.xlsx", "--format", "xlsx", "--sheet", "选派人员 Staff", home=tmp_path, **there)
    assert checked.returncode == 0 and "forms: 0 rows" in checked.stdout
    assert "sheet 选派人员 Staff: the example row is left out" in checked.stderr and "帮扶资金" not in checked.stderr
    assert "has no sheet y" in one_line(run("check", "forms.xlsx", "--sheet", "y", home=tmp_path, **there))
    assert "there is no format y" in one_line(run("check", "forms.xlsx", "--format", "y", home=tmp_path, **there))


def test_help_answers_without_loading_the_packages() -> None:
    code = "import sys; import cli.main; print({m.split('.')[0] for m in sys.modules} & {'neo4j', 'strawberry', 'uvicorn'})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
    for command in ("", "load", "check", "template", "demo", "serve", "dump", "doctor", "runs", "undo", "bulk"):
        result = subprocess.run(
            [*COMMAND, *filter(None, [command]), "--help"], capture_output=True, text=True, check=True
        )
        assert command == "" or command in ("doctor",) or "Example" in result.stdout
