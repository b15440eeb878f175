"""What the tests say of a graph: its content as sets of tuples, its hash, and small tables to load into it."""

import csv
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from graph.dump import dump_hash
from graph.engine import Graph
from loaders import pipeline
from loaders.records import Report

#: Real files for the tests that need them, where they are at hand.
SHARED = Path(__file__).parents[2] / "shared" / "data"
#: A few places: two with one name, a code used again, a dissolved one, autonomous and named in two scripts.
PLACES = """\
entity,id,name,name_en,code,valid_from,valid_to,valid_to_basis,PART_OF
Country,iso:CN,中国,China,,,,,
Province,cn:110000,北京市,Beijing,110000,,,,iso:CN
County,cn:110105,朝阳区,,110105,,,,cn:110000
Province,cn:220000,吉林省,Jilin,220000,,,,iso:CN
Prefecture,cn:220100,长春市,,220100,,,,cn:220000
County,cn:220104,朝阳区,,220104,,,,220100
Province,cn:310000,上海市,Shanghai,310000,,,,iso:CN
Province,cn:330000,浙江省,Zhejiang,330000,,,,iso:CN
Prefecture,cn:330100,杭州市,Hangzhou,330100,,,,cn:330000
County,cn:330102,上城区,,330102,,2021-04,superseded,cn:330100
County,cn:330102@2021,上城区,,330102,2021-04,,,cn:330100
Province,cn:530000,云南省,Yunnan,530000,,,,iso:CN
Prefecture,cn:530700,丽江市,,530700,,,,cn:530000
County,cn:530724,宁蒗彝族自治县,Ninglang,530724,,,,cn:530700
Programme,programme:hu-dian,沪滇协作,,,,,,
"""

Table = str | tuple[Sequence[str], Iterable[Sequence[object]]]


def table(path: Path, content: Table) -> Path:
    """Writes a CSV file: its text, or its header and rows."""
    if isinstance(content, str):
        path.write_text(content, "utf-8", newline="")
        return path
    header, rows = content
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


async def load(
    graph: Graph, folder: Path, tables: Mapping[str, Table] | Table, dataset: str = "data", **more: Any
) -> Report:
    """Loads tables, by file name, as one dataset; `more`: clock and on_wait of the pipeline, else options."""
    named = tables if isinstance(tables, Mapping) else {f"{dataset}.csv": tables}
    files = [table(folder / name, content) for name, content in named.items()]
    calls = {name: more.pop(name) for name in ("clock", "on_wait") if name in more}
    return await pipeline.load(graph, files, pipeline.Options(dataset=dataset, **more), **calls)


async def load_places(graph: Graph, folder: Path) -> None:
    report = await load(graph, folder, PLACES, "places")
    assert (report.issues, report.rejected, report.counts.entities_new) == ([], 0, 16)  # the table is a source too


async def claims(graph: Graph, type_: str, *names: str, where: str = "c.retracted_at IS NULL") -> set[tuple[Any, ...]]:
    """(from, to, *properties) of the claims of a type, open ones unless told; lists as tuples. None may be equal."""
    query = f"MATCH (a)-[c:{type_}]->(b) WHERE {where} RETURN a.id, b.id, properties(c)"
    rows = [(a, b, *picked(properties, names)) for a, b, properties in await graph.rows(query)]
    found = set(rows)
    assert len(found) == len(rows), f"{len(rows)} claims of {type_}, equal in {names}"
    return found


async def entities(graph: Graph, label: str, *names: str) -> set[tuple[Any, ...]]:
    """(id, *properties) of the entities of a label; lists as tuples."""
    rows = await graph.rows(f"MATCH (e:{label}) RETURN e.id, properties(e)")
    return {(id_, *picked(properties, names)) for id_, properties in rows}


def picked(properties: Mapping[str, Any], names: Iterable[str]) -> tuple[Any, ...]:
    values = [properties.get(name) for name in names]
    return tuple(tuple(value) if isinstance(value, list) else value for value in values)


@asynccontextmanager
async def unchanged(graph: Graph, why: str = "") -> AsyncIterator[None]:
    """The block leaves the graph as it was, closed versions and load runs included."""

    async def state() -> tuple[str, int]:
        return await dump_hash(graph, history=True), await graph.value("MATCH (r:LoadRun) RETURN count(r)")

    before = await state()
    yield
    assert await state() == before, why


async def wipe(graph: Graph) -> None:
    """Empties the graph within a test."""
    while await graph.value("MATCH (n) RETURN count(n)"):
        await graph.write(
            lambda transaction: transaction.rows("MATCH (n) WITH n LIMIT 2000 DETACH DELETE n RETURN count(*)")
        )


#: Hashes by what was loaded, kept over the engines of one test session.
_hashes: dict[str, dict[str, str]] = {}


async def same_on_both(graph: Graph, what: str) -> str:
    """The hash of the dump; where the other engine has loaded the same, it must have come to the same."""
    here = await dump_hash(graph)
    seen = _hashes.setdefault(what, {})
    seen[graph.kind.value] = here
    assert set(seen.values()) == {here}, seen
    return here
