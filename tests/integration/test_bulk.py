"""Files for the import into an empty Neo4j: imported into a real one, they make the graph that a load makes."""

import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from graph import schema_ddl
from graph.dump import dump
from graph.engine import Graph, open_graph
from graph.errors import NotAidgraph
from graph.settings import Settings
from graph.sources.stored_flows import is_built
from graph.write import bulk, flows
from loaders import pipeline
from loaders.records import LoadError, Report
from tests import neo4j_server
from tests.checks import PLACES, Table, table

#: Texts that quoting, line ends, empty cells and lists could break.
HOSTILE = [
    'he said "so", twice',
    "line one\nline two\ttab",
    "back\\slash, 'single' `tick`",
    "=1+1; DROP,;|",
    " ",
    "𠮷野家 é \u202e rtl",
    "null",
    "-1",
    "true",
]
SUMS = (
    "relationship",
    "from",
    "to",
    "measure",
    "amount",
    "currency",
    "class",
    "valid_from",
    "source",
    "locator",
    "note",
)
PAGE = "https://example.org/a"
TABLES: dict[str, Table] = {
    "places.csv": PLACES,
    "companies.csv": (
        ("entity", "id", "name", "aliases", "confidence"),
        [["Company", f"org:{n}", f"公司{n}", f"甲{n};乙 {n}" if n % 2 else "", "high" * (n % 3 == 0)] for n in range(9)],
    ),
    "texts.csv": (
        ("entity", "id", "name", "kind"),
        [["Organization", f"org:{n}", text if text.strip() else "x", text] for n, text in enumerate(HOSTILE)],
    ),
    "sums.csv": (
        SUMS,
        [
            ["FUNDS", f"org:{n % 9}", "530724", f"m{n % 3}", n * 1_000_003, "CNY", "budget", "2019", source, where, note]
            for n, (source, where, note) in enumerate(
                [(PAGE, "", text) for text in HOSTILE] + [("", "", "")] * 9 + [("https://example.org/b", "row 7", "x")] * 9
            )
        ],
    ),
    "pairs.csv": (
        ("relationship", "from", "to", "valid_from", "valid_to", "valid_to_basis", "source_title", "source"),
        [["PAIRED_WITH", "310000", "530700", "2016-10-27", "2021", "derived", "通知, \"一\"", PAGE]],
    ),
}  # fmt: skip


def write(folder: Path, tables: dict[str, Table]) -> list[Path]:
    return [table(folder / name, content) for name, content in tables.items()]


@asynccontextmanager
async def imported(folder: Path) -> AsyncIterator[tuple[Graph, Callable[[], None]]]:
    """A Neo4j with the files of the folder, and a function that runs what is to be run after the import."""
    home = Path(tempfile.mkdtemp(prefix="aidgraph-neo4j-"))
    try:
        neo4j_server.admin(home, *bulk.COMMAND.split()[1:], cwd=folder)
        server = neo4j_server.start(home=home)
    except neo4j_server.Neo4jUnavailable as error:
        pytest.skip(f"no Neo4j to be had: {error}")
    settings = Settings(home=home, neo4j_uri=server.uri, neo4j_password="unused")

    def after() -> None:
        server.run((folder / bulk.AFTER).read_text("utf-8"))

    with server:
        async with open_graph(settings) as graph:
            yield graph, after


async def _compared(graph: Graph) -> tuple[list[bytes], *tuple[list[list[Any]], ...]]:
    """The dump, load runs without their times, conflicts, and versions with their digests."""
    runs = await graph.rows(
        "MATCH (r:LoadRun) WITH r ORDER BY r.id RETURN r.id, r.new, r.entities_new, r.state, r.files, r.sha256, r.plan, "
        "r.staged, r.rows_done, labels(r)"
    )
    conflicts = await graph.rows(
        "MATCH (k:Conflict) RETURN k.id, k.facts, k.versions, k.start, k.gone_at ORDER BY k.id"
    )
    versions = await graph.rows(
        "MATCH ()-[c]->() RETURN c.version, c.digest, c.standing, c.open_end ORDER BY c.version"
    )
    return [line async for line in dump(graph)], runs, conflicts, versions


@pytest.mark.soak
@pytest.mark.parametrize("engine", ["embedded"], indirect=True, scope="session")  # a load makes the same on both
async def test_an_import_makes_the_graph_that_a_load_makes(graph: Graph, tmp_path: Path) -> None:
    files = write(tmp_path, TABLES)
    options = pipeline.Options(dataset="data", version="1")
    report = await pipeline.bulk(files, options, tmp_path / "out")
    assert report.issues == []
    async with imported(tmp_path / "out") as (other, after):
        with pytest.raises(NotAidgraph, match=r"cypher-shell -f after-import\.cypher"):
            await schema_ddl.apply(other)
        after()
        made = "SHOW INDEXES YIELD name, state WHERE state = 'ONLINE' RETURN name ORDER BY name"
        indexes = await other.rows(made)
        await schema_ddl.apply(other)
        assert await other.rows(made) == indexes
        loaded = await pipeline.load(graph, files, options)
        assert report.counts == loaded.counts
        expected = await _compared(graph)
        assert len(expected[2]) > 0
        assert await _compared(other) == expected
        assert (await pipeline.load(other, files, options)).unchanged_files
        assert not await is_built(
            other
        )  # the files hold claims, of which flows are made when asked for, or by the next load
        assert (await flows.renew(other)).whole and await is_built(other)


async def bulk_of(folder: Path, tables: dict[str, Table], out: Path, **more: Any) -> Report:
    return await pipeline.bulk(write(folder, tables), pipeline.Options(dataset="data", **more), out)


async def test_what_is_rejected_is_left_out_and_what_is_refused_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "out"
    bad = (SUMS, [["FUNDS", "org:9", "530724", "m", "12 million", "CNY", "budget", "2019", "", "", ""]])
    unknown = (SUMS, [["FUNDS", "org:unknown", "530724", "m", "12", "CNY", "budget", "2019", "", "", ""]])
    rejects = tmp_path / "rejects.csv"
    nothing = await bulk_of(tmp_path, {"bad.csv": bad, "worse.csv": unknown}, folder, rejects=rejects)
    assert (nothing.written, nothing.rejected, nothing.rows) == (False, 2, 2)
    assert list((tmp_path / "made").iterdir()) == []
    assert len(rejects.read_text("utf-8-sig").splitlines()) == 4
    with pytest.raises(LoadError):
        await bulk_of(tmp_path, {**TABLES, "none.csv": "a,b\n1,2\n"}, folder)
    assert list((tmp_path / "made").iterdir()) == []
    some = await bulk_of(tmp_path, {**TABLES, "bad.csv": bad, "worse.csv": unknown}, folder)
    assert (some.written, some.rejected, [issue.value for issue in some.issues]) == (
        True,
        2,
        ["12 million", "org:unknown"],
    )
    whole = await bulk_of(tmp_path, TABLES, tmp_path / "whole")
    assert some.counts == whole.counts
    (tmp_path / "empty").mkdir()
    assert (await bulk_of(tmp_path, TABLES, tmp_path / "empty")).counts == whole.counts
    with pytest.raises(LoadError, match="not an empty folder"):
        await bulk_of(tmp_path, TABLES, folder)


async def test_the_files_say_how_they_are_imported(tmp_path: Path) -> None:
    await bulk_of(tmp_path, TABLES, tmp_path / "out")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    readme = (tmp_path / "out" / bulk.README).read_text("utf-8")
    assert bulk.COMMAND in readme and bulk.THEN in readme
    arguments = (tmp_path / "out" / bulk.ARGUMENTS).read_text("utf-8").split()
    used = {name for argument in arguments if ".csv" in argument for name in argument.split("=")[2].split(",")}
    assert used | {bulk.README, bulk.ARGUMENTS, bulk.AFTER} == names
    after = (tmp_path / "out" / bulk.AFTER).read_text("utf-8")
    for statement in (*schema_ddl.constraints(), *schema_ddl.list_indexes()):
        assert f"{statement};\n" in after


async def test_a_figure_that_stands_twice_is_told(tmp_path: Path) -> None:
    def sums(*amounts: object) -> Table:
        return SUMS, [["FUNDS", "org:1", "530724", "m", n, "CNY", "budget", "2019", PAGE, "", ""] for n in amounts]

    def twice(report: Report) -> list[str]:
        return [note for note in report.notes if "more than once" in note]

    assert twice(await bulk_of(tmp_path, TABLES, tmp_path / "without")) == []
    report = await bulk_of(tmp_path, {**TABLES, "twice.csv": sums(10, 12, "", 12)}, tmp_path / "with")
    [note] = twice(report)
    assert note.startswith("1 figure(s) stand more than once") and note.endswith(
        "twice.csv, line 2 and twice.csv, line 3"
    )
    assert report.rejected == 0
    once = await bulk_of(tmp_path, {**TABLES, "twice.csv": sums(10, "")}, tmp_path / "once")
    assert twice(once) == []
