"""Faults that were found by trying to break the loads: each stays mended, on both engines where the engine matters."""

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest

from graph import schema_ddl, write
from graph.dump import dump_hash
from graph.engine import Graph, open_graph
from graph.errors import GraphError
from loaders import mapping, pipeline, tabular
from loaders.encoding import UnreadableFile
from loaders.records import LoadError, Report
from tests.checks import unchanged

PLACES = "entity,id,name,code,PART_OF\nProvince,cn:310000,上海市,310000,\nCounty,cn:310110,杨浦区,310110,cn:310000\n"
PAIRS = "relationship,from,from_name,to,to_name,valid_from,source\n"
FUNDS = "relationship,from,to,amount,currency,class,valid_from,measure,source\n"
PAGE = "https://example.org/page"


async def load(graph: Graph, folder: Path, tables: dict[str, str], **options: Any) -> Report:
    files: list[Path] = []
    for name, text in tables.items():
        (folder / name).write_text(text, "utf-8")
        files.append(folder / name)
    return await pipeline.load(graph, files, pipeline.Options(**{"dataset": "data", **options}))


async def test_a_broken_run_over_other_rows_starts_anew(
    graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a broken run wrote can resolve names of the next one: offsets into the rows would then be wrong."""
    monkeypatch.setitem(write.load.__kwdefaults__, "batch", 5)
    villages = "".join(f"Village,cn:310110+v{n},村{n},,cn:310110\n" for n in range(12))
    rows = "".join(f"FUNDS,cn:310110+v{n},cn:310110,{n + 1},CNY,budget,2019,m{n},{PAGE}\n" for n in range(12))
    tables = {"a.csv": FUNDS + rows, "b.csv": PLACES + villages}
    real = write.runs.Run.advance
    calls = 0

    async def breaks(self: Any, *arguments: Any) -> None:
        nonlocal calls
        calls += 1
        await real(self, *arguments)
        if calls == 5:
            raise GraphError("broken")

    monkeypatch.setattr(write.runs.Run, "advance", breaks)
    with pytest.raises(GraphError, match="broken"):
        await load(graph, tmp_path, tables)
    more = FUNDS + f"FUNDS,cn:310000,cn:310110,99,CNY,budget,2019,new,{PAGE}\n" + rows
    await load(graph, tmp_path, {**tables, "a.csv": more})
    assert await graph.value("MATCH ()-[c:FUNDS]->() WHERE c.retracted_at IS NULL RETURN count(c)") == 13
    states = await graph.rows("MATCH (r:LoadRun) RETURN r.state ORDER BY r.sequence")
    assert states == [["running"], ["done"]]


async def test_what_a_row_names_does_not_depend_on_the_order_of_files(graph: Graph, tmp_path: Path) -> None:
    pair = {"a_pairs.csv": PAIRS + f"PAIRED_WITH,,杨浦区,cn:310000,,2010,{PAGE}\n"}
    places = {"b_places.csv": PLACES, "c_place.csv": "entity,id,name\nCounty,cn:410110,杨浦区\n"}
    report = await load(graph, tmp_path, {**pair, **places})
    assert [(i.file, i.line, i.column) for i in report.issues] == [("a_pairs.csv", 2, "from_name")]
    assert "2 places are called this" in report.issues[0].reason
    before = await dump_hash(graph)
    again = await load(graph, tmp_path, {**pair, **places}, force=True)
    assert (again.rejected, await dump_hash(graph)) == (1, before)
    whole = {"a_pairs.csv": PAIRS + f"PAIRED_WITH,,上海市杨浦区,cn:310000,,2010,{PAGE}\n"}
    report = await load(graph, tmp_path, {**whole, **places})
    assert report.issues == [] and report.rejected == 0
    assert await graph.rows("MATCH (a)-[:PAIRED_WITH]->(b) RETURN a.id, b.id") == [["cn:310110", "cn:310000"]]


async def test_a_mapping_does_not_lose_a_unit_of_a_header(graph: Graph, tmp_path: Path) -> None:
    await load(graph, tmp_path, {"places.csv": PLACES}, dataset="places")
    fill = 'from = "a"\nto = "b"\namount = "金额(万美元)"\ncurrency = "=USD"\nclass = "=disbursement"\n'
    mapping = f'columns = ["a", "b", "金额(万美元)"]\n[[record]]\nrelationship = "FUNDS"\n[record.fill]\n{fill}'
    (tmp_path / "m.toml").write_text(mapping, "utf-8")
    table = {"t.csv": "a,b,金额(万美元)\n310000,310110,5\n"}
    async with unchanged(graph):
        with pytest.raises(LoadError, match=r"mapping m: the column 金额\(万美元\) seems to have a unit"):
            await load(graph, tmp_path, table, mapping=str(tmp_path / "m.toml"))


async def test_a_file_that_changes_before_it_is_read_is_refused(
    graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hash that tells a load from others is of what was read."""
    await load(graph, tmp_path, {"places.csv": PLACES}, dataset="places")
    path, hashed = tmp_path / "data.csv", tabular.sha256

    def then_changed(file: Path) -> str:
        digest = hashed(file)
        path.write_text(PAIRS + f"PAIRED_WITH,cn:310110,,cn:310000,,2011,{PAGE}\n", "utf-8")
        return digest

    monkeypatch.setattr(tabular, "sha256", then_changed)
    async with unchanged(graph):
        with pytest.raises(LoadError, match=r"data\.csv: has changed while it was read; load it again"):
            await load(graph, tmp_path, {"data.csv": PAIRS + f"PAIRED_WITH,cn:310110,,cn:310000,,2010,{PAGE}\n"})


async def test_a_rejects_file_never_takes_the_place_of_an_input(graph: Graph, tmp_path: Path) -> None:
    text = PLACES + "County,wrong,杨浦区,310110,cn:310000\n"
    with pytest.raises(LoadError, match="name another file with --rejects"):
        await load(graph, tmp_path, {"in.csv": text}, rejects=tmp_path / "in.csv")
    assert (tmp_path / "in.csv").read_text("utf-8") == text
    report = await load(graph, tmp_path, {"in.csv": text}, rejects=tmp_path / "out.csv")
    assert (report.rejected, report.rejects) == (1, tmp_path / "out.csv")
    assert sorted(os.listdir(tmp_path)) == ["in.csv", "out.csv"]


async def test_every_fault_of_a_row_is_told_at_once(graph: Graph, tmp_path: Path) -> None:
    await load(graph, tmp_path, {"places.csv": PLACES}, dataset="places")
    row = f"FUNDS,nobody,310110,abc,CNY,gift,2019,m,{PAGE}\n"
    report = await load(graph, tmp_path, {"bad.csv": FUNDS + row})
    assert [issue.column for issue in report.issues] == ["from", "amount", "class"]
    assert (report.rejected, report.written) == (1, False)


async def test_units_in_headers_multiply_money_and_nothing_else(graph: Graph, tmp_path: Path) -> None:
    await load(graph, tmp_path, {"places.csv": PLACES}, dataset="places")
    header = "关系,起点,终点,金额（万元）,币种,资金类别,开始日期,来源\n"
    row = f"资助,310000,310110,3500.5,人民币,预算,2019年,{PAGE}\n"
    report = await load(graph, tmp_path, {"funds.csv": header + row})
    assert report.issues == [] and "multiplied by 10,000" in report.notes[0]
    stored = await graph.rows("MATCH ()-[c:FUNDS]->() RETURN c.amount, c.amount_text")
    assert stored == [[3_500_500_000, "35005000.0"]] or stored == [[3_500_500_000, "35005000"]]
    staff = "关系,起点,终点,选派人数(万),人员类别,来源\n选派人员,310000,310110,2,干部," + PAGE + "\n"
    with pytest.raises(LoadError, match="has a unit, and holds no amount of money"):
        await load(graph, tmp_path, {"staff.csv": staff})


async def test_many_rows_with_unknown_ends_are_told_in_good_time(graph: Graph, tmp_path: Path) -> None:
    await load(graph, tmp_path, {"places.csv": PLACES}, dataset="places")
    rows = "".join(f"FUNDS,cn:310000,org:x{n},1,CNY,budget,2019,m,{PAGE}\n" for n in range(8_000))
    begun = time.monotonic()
    report = await load(graph, tmp_path, {"bad.csv": FUNDS + rows}, dry_run=True)
    assert report.rejected == 8_000
    assert time.monotonic() - begun < 30  # it took 8 times as long for twice the rows


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('columns = ["a"]\n[[record]]\nentity = "LoadRun"\n[record.fill]\nid = "=run:1:x"\n', "of the model"),
        ('columns = ["a"]\n[[record]]\nentity = "Place"\n', "of the model"),
        ('columns = ["a"]\n[[record]]\nrelationship = "FUNDS"\nwhenn = {a = "x"}\n', "whenn means nothing here"),
        ('columns = ["a"]\n[[record]]\nrelationship = "FUNDS"\nentity = "County"\n', "not both"),
        ('columns = ["a"]\nrecord = [1]\n', "not in the form"),
        ('columns = ["a"]\n[[record]]\nrelationship = "FUNDS"\nfill = "x"\n', "not in the form"),
        ('columns = ["a"]\n[[record]]\nrelationship = "FUNDS"\n[record.fill]\nfrom = 5\n', "not in the form"),
        ('columns = ["a"]\n[[record]]\nrelationship = {}\n', "mapping"),
        ("columns = [" * 3_000, "mapping"),
    ],
)
def test_a_mapping_that_is_none_is_refused(text: str, says: str) -> None:
    with pytest.raises(LoadError, match=says):
        mapping.parse(text, "mine")


async def test_a_mapping_with_optional_and_full_width_columns(graph: Graph, tmp_path: Path) -> None:
    await load(graph, tmp_path, {"places.csv": PLACES}, dataset="places")
    toml = tmp_path / "mine.toml"
    toml.write_text(
        'columns = ["出资方", "受援方", "金额（亿元）"]\noptional = ["备注"]\n[[record]]\nrelationship = "资助"\n'
        'when = { "备注" = ["", "新"] }\n[record.fill]\nfrom = "出资方"\nto = "受援方"\namount = "金额（亿元）"\n'
        'currency = "=CNY"\nclass = "=预算"\nvalid_from = "=2019"\n',
        "utf-8",
    )
    table = {"t.csv": "出资方,受援方,金额（亿元）\n310000,310110,1.5\n"}
    report = await load(graph, tmp_path, table, mapping=str(toml))
    assert report.issues == []
    assert await graph.rows("MATCH ()-[c:FUNDS]->() RETURN c.amount") == [[15_000_000_000]]


@pytest.mark.soak
async def test_two_processes_may_make_the_schema_at_once(engine: str, neo4j_settings: Any, tmp_path: Path) -> None:
    if engine != "neo4j":
        pytest.skip("an embedded store has one process at a time")
    settings = neo4j_settings()

    async def make() -> int:
        async with open_graph(settings) as graph:
            await schema_ddl.apply(graph)
            return await graph.value("MATCH (s:Store) RETURN count(s)")

    assert await asyncio.gather(make(), make(), make()) == [1, 1, 1]


async def test_a_check_foresees_what_the_load_would_retract(graph: Graph, tmp_path: Path) -> None:
    rows = [f"Village,cn:310110+v{n},村{n},,\n" for n in range(20)]
    await load(graph, tmp_path, {"v.csv": "entity,id,name,code,PART_OF\n" + "".join(rows)})
    few = {"v.csv": "entity,id,name,code,PART_OF\n" + "".join(rows[:17])}
    report = await load(graph, tmp_path, few, dry_run=True)
    assert (report.would_retract, report.written) == (3, False)
    with pytest.raises(GraphError, match="would retract 18 of the 20 claims"):
        await load(graph, tmp_path, {"v.csv": "entity,id,name,code,PART_OF\n" + "".join(rows[:2])}, dry_run=True)


async def test_part_of_may_not_run_in_a_circle_through_several_sources(graph: Graph, tmp_path: Path) -> None:
    await load(graph, tmp_path, {"places.csv": PLACES}, dataset="places")
    header = "relationship,from,to,amount,currency,class,valid_from,measure,source,row_id,part_of\n"

    def row(measure: str, source: str, row_id: str, part_of: str) -> str:
        return f"FUNDS,310000,310110,1,CNY,budget,2019,{measure},https://example.org/{source},{row_id},{part_of}\n"

    text = (
        header + row("a", "1", "a1", "b") + row("a", "2", "a2", "c") + row("b", "1", "b", "a1") + row("c", "1", "c", "")
    )
    report = await load(graph, tmp_path, {"parts.csv": text})
    assert (4, "part_of") in {(issue.line, issue.column) for issue in report.issues}
    facts = await graph.rows("MATCH ()-[c:FUNDS]->() RETURN c.fact, c.part_of")
    wholes = {fact: whole for fact, whole in facts if whole}
    assert all(wholes.get(whole) != fact for fact, whole in wholes.items())
    refused = await load(graph, tmp_path, {"parts.csv": header + row("a", "1", "a1", "fact:0123")}, dataset="other")
    assert "is no row_id of this load" in refused.issues[0].reason


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("double.csv", "relationship,from,from,to\nFUNDS,1,2,3\n", "two columns are named"),
        ("unknown.csv", "relationship,from,to,colour\nFUNDS,310000,530724,red\n", "colour"),
        ("empty.csv", "", "the file is empty"),
    ],
)
async def test_a_table_that_cannot_be_read_is_refused(
    graph: Graph, tmp_path: Path, name: str, text: str, says: str
) -> None:
    with pytest.raises((LoadError, UnreadableFile), match=says):
        await load(graph, tmp_path, {name: text})
