"""What may stand where: imports go one way, Cypher has its rooms, and nothing names one person's machine."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("api", "cli", "graph", "loaders")
#: What a package may import of ours; nobody may import tests, bench or seed.
ALLOWED = {
    "graph": {"graph"},
    "loaders": {"graph", "loaders"},
    "api": {"api", "graph"},
    "cli": {"api", "cli", "graph", "loaders"},
}
OURS = {*PACKAGES, "bench", "seed", "tests"}
DRIVER = {"graph/engine.py", "graph/embedded/server.py"}
LINES = 550
#: Longer than that for a reason; they may shrink and not grow.
LONGER = {"graph/model.py": 1_700}

MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
OF_TESTS = sorted((ROOT / "tests").rglob("*.py"))

CYPHER = re.compile(r"\b(MATCH|CREATE|MERGE)\s*\(")
#: CREATE and MERGE of a pattern, SET and REMOVE of a property or label, DELETE of a variable; not SQL's CREATE TABLE.
CHANGES = (
    re.compile(r"\b(CREATE|MERGE)\s*\("),
    re.compile(r"\bCREATE\s+(CONSTRAINT|INDEX|FULLTEXT)\b.*\bFOR\s*\(", re.S),
    re.compile(r"\b(MATCH|UNWIND|WITH)\b.*\bSET\s+\w+(\.\w+)?\s*(\+?=|:)", re.S),
    re.compile(r"\bSET\s+\w+\.\w+\s*="),
    re.compile(r"\b(MATCH|WITH)\b.*\b(DELETE|REMOVE)\s+\w+", re.S),
    re.compile(r"\bDETACH\s+DELETE\b"),
)
FOLDERS = re.compile(r"(?<![\w.:/-])/(?:work|home|tmp)(?![\w-])")
REGISTRIES = re.compile(
    r"pypi\.org|files\.pythonhosted\.org|registry\.npmjs\.org|repo\.maven\.apache\.org|repo1\.maven\.org"
)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def imports(path: Path) -> Iterator[str]:
    """Every module the file imports, anywhere in it."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)} imports by a relative name"
            yield node.module or ""


def strings(path: Path) -> Iterator[str]:
    """Every text in the file that is no docstring; of an f-string what is fixed, with … for the rest."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(p.value) if isinstance(p, ast.Constant) else "…" for p in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def changes_data(text: str) -> bool:
    return any(pattern.search(text) for pattern in CHANGES)


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_imports_go_one_way(path: Path) -> None:
    package = name(path).partition("/")[0]
    of_ours = {module.partition(".")[0] for module in imports(path)} & OURS
    assert of_ours - ALLOWED[package] == set()


def test_model_imports_nothing_of_ours() -> None:
    of_ours = {
        module
        for file in ("declare.py", "model.py")
        for module in imports(ROOT / "graph" / file)
        if module.partition(".")[0] in OURS
    }
    assert of_ours == {"graph.declare"}


def test_only_the_engine_knows_the_driver() -> None:
    knowing = {name(path) for path in MODULES if "neo4j" in {module.partition(".")[0] for module in imports(path)}}
    assert knowing == DRIVER


def test_tests_are_imported_by_tests_alone() -> None:
    assert not [name(path) for path in MODULES if "tests" in {module.partition(".")[0] for module in imports(path)}]


def test_no_cypher_outside_graph() -> None:
    found = [
        (name(p), s[:80]) for p in MODULES if not name(p).startswith("graph/") for s in strings(p) if CYPHER.search(s)
    ]
    assert found == []


def test_cypher_that_changes_data_has_its_rooms() -> None:
    rooms = {name(path) for path in MODULES for text in strings(path) if changes_data(text)}
    outside = {room for room in rooms if not room.startswith("graph/write/") and room != "graph/schema_ddl.py"}
    assert outside == set()
    assert {"graph/write/claims.py", "graph/write/entities.py", "graph/write/lock.py", "graph/schema_ddl.py"} <= rooms


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("MATCH (n) RETURN n", False),
        ("CREATE TABLE entity (id TEXT)", False),
        ("UPDATE claim SET payload = ?, digest = ? WHERE seq = ?", False),
        ("DELETE FROM claim WHERE file = ?", False),
        ("CREATE (n:Thing)", True),
        ("MATCH (e) SET e = r", True),
        ("UNWIND $p.ids AS id MATCH (e {id: id}) SET e:…", True),
        ("MATCH (r) SET r += $p.values", True),
        ("MATCH (n) DETACH DELETE n", True),
        ("MATCH (n) DELETE n", True),
        ("MATCH (n) REMOVE n.name", True),
        ("CREATE CONSTRAINT a IF NOT EXISTS FOR (e:Entity) REQUIRE e.id IS UNIQUE", True),
    ],
)
def test_what_counts_as_a_change(text: str, changes: bool) -> None:
    assert changes_data(text) is changes


@pytest.mark.parametrize("path", [*MODULES, *OF_TESTS], ids=name)
def test_every_module_says_what_lives_in_it(path: Path) -> None:
    if path.name != "__init__.py" or path.read_text("utf-8").strip():
        assert ast.get_docstring(tree(path)), f"{name(path)} has no docstring"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_modules_are_short(path: Path) -> None:
    lines = len(path.read_text("utf-8").splitlines())
    assert lines <= LONGER.get(name(path), LINES), f"{name(path)} has {lines} lines: make it a package"


def ours_in_git() -> list[Path]:
    """Files that are tracked, or would be with the next commit."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return sorted({ROOT / line for line in listed.split("\0") if line} - {ROOT / "LICENSE"})


@pytest.mark.parametrize("pattern", [FOLDERS, REGISTRIES], ids=["folders", "registries"])
def test_no_file_names_a_machine_or_a_registry(pattern: "re.Pattern[str]") -> None:
    found = {}
    for path in ours_in_git():
        if path.is_file() and (match := pattern.search(path.read_text("utf-8", "replace"))):
            found[name(path)] = match[0]
    assert found == {}
