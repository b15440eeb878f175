"""A store that an older aidgraph wrote is brought up to date when it is opened, and keeps what it holds."""

from pathlib import Path

from graph import dump, schema_ddl
from graph.engine import Graph
from tests.checks import load, load_places

OLDEN = (
    "MATCH ()-[c]->() WHERE c.standing IS NOT NULL SET c.standing = null RETURN count(c)",
    "MATCH (e:Entity) SET e.pinyin = CASE e.pinyin WHEN '' THEN null ELSE e.pinyin END RETURN count(e)",
    "MATCH (s:Store {id: 'store'}) SET s.version = 1 RETURN count(s)",
)
STANDING = "MATCH ()-[c]->() WHERE c.recorded_at IS NOT NULL RETURN c.version, c.standing ORDER BY c.version"
PINYIN = "MATCH (e:Entity) RETURN e.id, e.pinyin ORDER BY e.id"


async def test_a_store_of_version_1(graph: Graph, tmp_path: Path) -> None:
    await schema_ddl.apply(graph)  # marks the store, if a test before has emptied it of its mark
    await load_places(graph, tmp_path)
    said = [("high", "stated"), ("medium", "implied"), ("low", "derived"), ("", "stated")]
    header = ("relationship", "from", "to", "valid_from", "source", "confidence", "certainty")
    rows = [
        ("PAIRED_WITH", "330100", "530724", 2000 + n, f"https://example.org/{n}", *how) for n, how in enumerate(said)
    ]
    await load(graph, tmp_path, (header, rows))
    written = await graph.rows(STANDING), await graph.rows(PINYIN), await dump.dump_hash(graph, history=True)
    assert {row[1] for row in written[0]} >= {0, 4, 11, 6}

    for statement in OLDEN:
        await graph.write(lambda transaction, statement=statement: transaction.value(statement))
    assert await graph.rows(STANDING) != written[0]
    await schema_ddl.apply(graph)
    migrated = await graph.rows(STANDING), await graph.rows(PINYIN), await dump.dump_hash(graph, history=True)
    assert migrated[0] == written[0] and migrated[2] == written[2]
    assert {id_ for id_, pinyin in migrated[1] if pinyin is None} == set()
    assert await graph.rows("MATCH (s:Store) RETURN s.version") == [[schema_ddl.STORE_VERSION]]
