"""Hostile and broken tables, loaded whole (F3, F4, F10, F13, F14, F17, F22): refused, or the good rows loaded."""

import os
from pathlib import Path

import pytest

from graph.dump import dump_hash
from graph.engine import Graph
from graph.errors import GraphError
from loaders import pipeline
from loaders.encoding import UnreadableFile
from loaders.records import LoadError
from tests import workbooks
from tests.checks import claims, entities, load, load_places, table, unchanged

HEADER = ["relationship", "from", "to", "amount", "currency", "class", "valid_from", "note"]


def row(amount: object, note: str = "") -> list[object]:
    return ["FUNDS", "cn:310000", "cn:530724", amount, "CNY", "budget", "2019", note]


def book(path: Path, *rows: list[object]) -> Path:
    return workbooks.plain(path, {"S": [HEADER, *rows]})


async def load_file(graph: Graph, path: Path, **more: object) -> pipeline.Report:
    return await pipeline.load(graph, [path], pipeline.Options(dataset="data", **more))  # type: ignore[arg-type]


async def test_a_table_and_a_workbook_of_the_same_rows_give_the_same_claims(graph: Graph, tmp_path: Path) -> None:
    await load_places(graph, tmp_path)
    rows = [row(5.25, "007"), row(120000000), row("1,200,000.50")]
    await load_file(graph, book(tmp_path / "data.xlsx", *rows))
    amounts = ((525, "007"), (12_000_000_000, None), (120_000_050, None))
    told = {("cn:310000", "cn:530724", amount, note) for amount, note in amounts}
    assert await claims(graph, "FUNDS", "amount", "note") == told
    facts = "MATCH ()-[c:FUNDS]->() WHERE c.retracted_at IS NULL RETURN c.id, c.digest ORDER BY c.id"
    before = await graph.rows(facts)
    report = await load_file(graph, table(tmp_path / "data.csv", (HEADER, rows)))
    assert (report.counts.new, report.counts.retracted) == (0, 0)
    assert await graph.rows(facts) == before  # only where they stand is written otherwise: line, or sheet and row


async def test_refused_files_leave_the_graph_as_it_was(graph: Graph, tmp_path: Path) -> None:
    await load_places(graph, tmp_path)
    await load_file(graph, book(tmp_path / "good.xlsx", row(1), row(2)))
    far = workbooks.sheet_xml(f'<row r="1">{workbooks.cell("XFD1048576", "far")}</row>')
    bad = {
        "far.xlsx": workbooks.zipped(workbooks.parts(far)),
        "cut.xlsx": (tmp_path / "good.xlsx").read_bytes()[:3_000],
        "old.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000),
        "other.xlsx": b"PK\x05\x06" + bytes(18),
        "empty.csv": b"",
    }
    async with unchanged(graph):
        for name, content in bad.items():
            (tmp_path / name).write_bytes(content)
            with pytest.raises(UnreadableFile, match=name):
                await load_file(graph, tmp_path / name)
        for empty in (book(tmp_path / "none.xlsx"), table(tmp_path / "none.csv", (HEADER, []))):
            with pytest.raises(GraphError, match="would retract"):
                await load_file(graph, empty)


async def test_formulas_and_markup_in_cells_are_text(graph: Graph, tmp_path: Path) -> None:
    await load_places(graph, tmp_path)
    texts = ["=1+1", "@SUM(A1)", "<img src=x onerror=alert(1)>", "'}) DETACH DELETE n //", "${jndi:x}"]
    report = await load_file(graph, book(tmp_path / "data.xlsx", *(row(n, text) for n, text in enumerate(texts, 1))))
    assert report.issues == []
    assert {found[2] for found in await claims(graph, "FUNDS", "note")} == set(texts)


async def test_a_header_that_is_an_injection_is_no_property(graph: Graph, tmp_path: Path) -> None:
    await load_places(graph, tmp_path)
    for name in ("a`}) DETACH DELETE n //", "__proto__", "id} SET n.x"):
        async with unchanged(graph):
            with pytest.raises(LoadError, match="columns no template has"):
                await load_file(
                    graph, workbooks.plain(tmp_path / "data.xlsx", {"S": [[*HEADER, name], [*row(1), "x"]]})
                )


async def test_a_bad_row_of_a_workbook_is_named_by_its_sheet_and_the_rest_is_loaded(
    graph: Graph, tmp_path: Path
) -> None:
    await load_places(graph, tmp_path)
    rejects = tmp_path / "rejects.csv"
    rows = [row(1, "a"), row("#REF!"), row("(500)"), row("12 million"), row(2, "b")]
    report = await load_file(graph, book(tmp_path / "data.xlsx", *rows), rejects=rejects)
    assert {(i.file, i.line, i.column) for i in report.issues} == {
        ("data.xlsx, sheet S", n, "amount") for n in (3, 4, 5)
    }
    assert {found[2:] for found in await claims(graph, "FUNDS", "amount", "note")} == {(100, "a"), (200, "b")}
    assert rejects.read_text("utf-8-sig").count("data.xlsx, sheet S") == 3


async def test_a_row_a_thousand_times_is_as_many_transactions_each_time(graph: Graph, tmp_path: Path) -> None:
    await load_places(graph, tmp_path)
    path = book(tmp_path / "data.xlsx", *(row(5) for _ in range(1_000)))
    assert (await load_file(graph, path)).counts.new == 1_001  # the document is described too
    before = await dump_hash(graph)
    again = await load_file(graph, path, force=True)
    assert (again.counts.new, again.counts.changed, again.counts.retracted) == (0, 0, 0)
    assert await dump_hash(graph) == before
    query = "MATCH ()-[c:FUNDS]->() RETURN count(c), count(DISTINCT c.id), count(DISTINCT c.fact), sum(c.amount)"
    assert await graph.rows(query) == [[1_000, 1_000, 1, 500_000]]


async def test_officials_of_one_name_stay_apart(graph: Graph, tmp_path: Path) -> None:
    await load_places(graph, tmp_path)
    rows = [
        {"name": "王伟", "sender": "上海市", "recipient": "宁蒗彝族自治县", "title": "副县长"},
        {"name": "王伟", "sender": "杭州市", "recipient": "宁蒗彝族自治县", "title": "副县长"},
        {"name": "王伟", "sender": "上海市", "recipient": "丽江市", "title": "副局长"},
    ]
    report = await load_file(graph, workbooks.filled(tmp_path / "data.xlsx", {"postings": rows}))
    assert report.issues == []
    assert {name for _, name in await entities(graph, "Official", "name")} == {"王伟"}
    assert len(await entities(graph, "Official")) == len(await claims(graph, "POSTED_TO")) == 3
    assert len(await claims(graph, "SENT_BY")) == 3


@pytest.mark.skipif(os.name != "posix", reason="FIFOs and links are POSIX")
async def test_only_regular_files_are_loaded_whatever_their_names(graph: Graph, tmp_path: Path) -> None:
    await load_places(graph, tmp_path)
    os.mkfifo(tmp_path / "pipe.xlsx")
    async with unchanged(graph):
        for path in (tmp_path / "pipe.xlsx", tmp_path, Path("/dev/zero")):
            for format in (None, "xlsx", "csv"):
                with pytest.raises(UnreadableFile, match="is not a regular file"):
                    await load_file(graph, path, format=format)
    for n, name in enumerate(("-rf.xlsx", "=cmd.xlsx", "-.csv", "名 字.xlsx")):
        content = book(tmp_path / "good.xlsx", row(n + 1))
        (tmp_path / name).symlink_to(content)
        assert (await load_file(graph, tmp_path / name, force=True, allow_retract=True)).written
        assert {found[2] for found in await claims(graph, "FUNDS", "amount")} == {100 * (n + 1)}


async def test_files_of_a_folder_are_one_dataset_whatever_their_formats(graph: Graph, tmp_path: Path) -> None:
    await load_places(graph, tmp_path)
    companies = workbooks.plain(
        tmp_path / "z.xlsx",
        {"公司": [["某县企业名单"], ["实体", "编号", "名称"], ["企业", "org:a", "甲"]], "资金": [HEADER, row(1)]},
    )
    text = "relationship,from,to,amount,currency,class,valid_from\nFUNDS,org:a,cn:530724,7,CNY,budget,2019\n"
    funds = table(tmp_path / "a.csv", text)
    report = await pipeline.load(graph, [funds, companies], pipeline.Options(dataset="data"))
    assert (report.issues, report.rows) == ([], 3)
    assert {found[0] for found in await claims(graph, "FUNDS", "amount")} == {"org:a", "cn:310000"}
    gone = await load(graph, tmp_path, {"a.csv": text}, "data", append=True)
    assert gone.issues == []
