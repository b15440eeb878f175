"""A relationship type added to the model in one place is constrained, loaded, kept and retracted on both engines."""

from pathlib import Path

from graph import dump, schema_ddl
from graph.engine import Graph
from loaders import pipeline
from loaders.records import Report
from loaders.tables import EXAMPLE
from loaders.templates import as_csv, template
from tests.conventions.test_one_place import VOCABULARY

ENTITIES = """entity,id,name,code
Prefecture,cn:330100,杭州市,330100
Prefecture,cn:522600,黔东南苗族侗族自治州,522600
Programme,programme:east-west-2016,东西部扶贫协作,
"""
CLAIMS = """
MATCH (a)-[c:LENDS_TO]->(b)
RETURN a.id, b.id, c.lent, c.pieces, c.source, c.retracted_at IS NULL ORDER BY c.recorded_at
"""


async def load(graph: Graph, path: Path, text: str, **options: bool) -> Report:
    write(path, text)
    return await pipeline.load(graph, [path], pipeline.Options(dataset=path.stem, **options), vocabulary=VOCABULARY)


def write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


async def test_added_type_is_loaded_by_its_template(graph: Graph, tmp_path: Path) -> None:
    await schema_ddl.apply(graph, VOCABULARY)
    names = {row[0] for row in await graph.rows("SHOW CONSTRAINTS YIELD name RETURN name")}
    assert "lends_to_version" in names
    places = await load(graph, tmp_path / "places.csv", ENTITIES)
    assert (places.written, places.rejected) == (True, 0)

    table = as_csv(template("LENDS_TO", vocabulary=VOCABULARY)).replace(EXAMPLE, "https://example.org/loan")
    first = await load(graph, tmp_path / "lent.csv", table)
    assert (first.written, first.issues, first.counts.new) == (True, [], 3)  # with the descriptions of two sources
    one = ["cn:330100", "cn:522600", "machines", 12, "https://example.org/loan"]
    assert await graph.rows(CLAIMS) == [[*one, True]]

    before = await dump.dump_hash(graph, history=True, vocabulary=VOCABULARY)
    again = await load(graph, tmp_path / "lent.csv", table, force=True)
    assert (again.counts.new, again.counts.changed, again.counts.unchanged) == (0, 0, 3)
    assert await dump.dump_hash(graph, history=True, vocabulary=VOCABULARY) == before

    changed = await load(graph, tmp_path / "lent.csv", table.replace(",12,", ",13,"))
    assert (changed.counts.new, changed.counts.changed) == (0, 1)
    assert await graph.rows(CLAIMS) == [[*one, False], [*one[:3], 13, one[4], True]]

    bad = await load(graph, tmp_path / "lent.csv", table.replace("machines", "money"))
    assert (bad.written, [(issue.line, issue.column, issue.value) for issue in bad.issues]) == (
        False,
        [(2, "lent", "money")],
    )
    assert len(await graph.rows(CLAIMS)) == 2


async def test_added_type_is_loaded_by_its_chinese_template(graph: Graph, tmp_path: Path) -> None:
    await schema_ddl.apply(graph, VOCABULARY)
    await load(graph, tmp_path / "places.csv", ENTITIES)
    table = as_csv(template("LENDS_TO", chinese=True, vocabulary=VOCABULARY)).replace(
        EXAMPLE, "https://example.org/loan"
    )
    report = await load(graph, tmp_path / "lent.csv", table)
    assert report.issues == []
    assert [row[2:4] for row in await graph.rows(CLAIMS)] == [["machines", 12]]
