"""Constraints and indexes, derived from the vocabulary. The only place where the two engines differ.

Neo4j gets an index on (property, id) of each label for its ordered lists. The embedded engine must not: a second index
on the id of a sub-label silently loses uniqueness across labels there, and it would not use it in order.
"""

import hashlib
import secrets
from collections.abc import Iterator
from typing import LiteralString

from graph.engine import Engine, Graph, Transaction
from graph.errors import NotAidgraph
from graph.model import MODEL, Vocabulary

#: Grows when what is stored changes so that an older aidgraph could not read it.
STORE_VERSION = 2

SEARCH_INDEX = {Engine.NEO4J: "entity_search", Engine.EMBEDDED: "Entity[search]"}


def constraints(vocabulary: Vocabulary = MODEL) -> Iterator[LiteralString]:
    yield "CREATE CONSTRAINT store_id IF NOT EXISTS FOR (s:Store) REQUIRE s.id IS UNIQUE"
    yield "CREATE CONSTRAINT entity_id IF NOT EXISTS FOR (e:Entity) REQUIRE e.id IS UNIQUE"
    yield "CREATE CONSTRAINT conflict_id IF NOT EXISTS FOR (k:Conflict) REQUIRE k.id IS UNIQUE"
    yield "CREATE CONSTRAINT merged_id IF NOT EXISTS FOR (m:Merged) REQUIRE m.id IS UNIQUE"
    yield "CREATE CONSTRAINT lock_id IF NOT EXISTS FOR (l:Lock) REQUIRE l.id IS UNIQUE"
    for relationship in vocabulary.relationships:
        yield (
            f"CREATE CONSTRAINT {relationship.name.lower()}_version IF NOT EXISTS "
            f"FOR ()-[c:{relationship.name}]-() REQUIRE c.version IS UNIQUE"
        )


def list_indexes(vocabulary: Vocabulary = MODEL) -> Iterator[LiteralString]:
    """For Neo4j: lists of each label in order of id and of pinyin; places by code."""
    for node in vocabulary.nodes:
        label = node.label
        yield f"CREATE INDEX {label.lower()}_id IF NOT EXISTS FOR (e:{label}) ON (e.id)"
        yield f"CREATE INDEX {label.lower()}_pinyin IF NOT EXISTS FOR (e:{label}) ON (e.pinyin, e.id)"
    yield "CREATE INDEX place_code IF NOT EXISTS FOR (e:Place) ON (e.code)"


def full_text(kind: Engine) -> tuple[LiteralString, ...]:
    if kind is Engine.NEO4J:
        return (
            "CREATE FULLTEXT INDEX entity_search IF NOT EXISTS FOR (e:Entity) ON EACH [e.search] "
            "OPTIONS {indexConfig: {`fulltext.analyzer`: 'cjk'}}",
        )
    return (
        "CREATE PROPERTY Entity.search IF NOT EXISTS STRING",
        "CREATE INDEX IF NOT EXISTS ON Entity (search) FULL_TEXT "
        'METADATA {"analyzer": "org.apache.lucene.analysis.cjk.CJKAnalyzer"}',
    )


CHECK = "MATCH (s:Store {id: 'store'}) RETURN s.version, s.schema, s.waits_for"
NODES = "MATCH (n) RETURN count(n)"
MARK = """
MERGE (s:Store {id: 'store'}) SET s.version = $p.version, s.schema = $p.schema RETURN s.version
"""


SEAL = "MATCH (s:Store {id: 'store'}) RETURN s.seal"
KEEP_SEAL = """
MERGE (s:Store {id: 'store'}) ON CREATE SET s.version = $p.version
SET s.seal = coalesce(s.seal, $p.seal) RETURN s.seal
"""


async def seal_key(graph: Graph) -> bytes:
    """The key cursors are signed with: made once for a store, so that they outlast a restart."""
    kept = await graph.value(SEAL)
    if kept is None:
        parameters = {"version": STORE_VERSION, "seal": secrets.token_hex(32)}
        kept = await graph.write(lambda transaction: transaction.value(KEEP_SEAL, parameters))
    return bytes.fromhex(kept)


async def _stored(graph: Graph) -> tuple[int | None, str]:
    """Version of the layout of what is stored (None: an empty database) and hash of the schema it was given."""
    rows = await graph.rows(CHECK)
    if not rows:
        if nodes := await graph.value(NODES):
            raise NotAidgraph(
                f"{graph.where} holds {nodes:,} nodes that aidgraph did not write: give it an empty database of its own "
                "(NEO4J_DATABASE)"
            )
        return None, ""
    version, schema, waits_for = rows[0]
    if waits_for:
        raise NotAidgraph(
            f"{graph.where} was filled by an import that is not finished: run cypher-shell -f {waits_for}, a file that "
            "`aidgraph bulk` wrote beside the others"
        )
    if version > STORE_VERSION:
        raise NotAidgraph(f"{graph.where} was written by a newer aidgraph: install that, or use another database")
    return version, schema or ""


def statements(kind: Engine, vocabulary: Vocabulary = MODEL) -> list[LiteralString]:
    """Constraints and indexes; full-text search has its own, `full_text`."""
    lists = list_indexes(vocabulary) if kind is Engine.NEO4J else ()
    return [*constraints(vocabulary), *lists]


#: What each version of the layout adds to what an older one wrote; each returns how many it changed, at most 5,000.
MIGRATIONS: dict[int, tuple[LiteralString, ...]] = {
    2: (
        "MATCH ()-[c]->() WHERE c.standing IS NULL AND c.recorded_at IS NOT NULL WITH c LIMIT 5000 SET c.standing = "
        "3 * CASE c.confidence WHEN 'high' THEN 0 WHEN 'medium' THEN 1 WHEN 'low' THEN 3 ELSE 2 END "
        "+ CASE c.certainty WHEN 'implied' THEN 1 WHEN 'derived' THEN 2 ELSE 0 END RETURN count(c)",
        "MATCH (e:Entity) WHERE e.pinyin IS NULL WITH e LIMIT 5000 SET e.pinyin = toLower(coalesce(e.name, '')) "
        "RETURN count(e)",
    )
}


async def _migrate(graph: Graph, version: int) -> None:
    """Brings what an older aidgraph wrote up to date; interrupted, it goes on with the next start."""
    for newer in range(version + 1, STORE_VERSION + 1):
        for statement in MIGRATIONS[newer]:

            async def batch(transaction: Transaction, statement: LiteralString = statement) -> int:
                return await transaction.value(statement)

            while await graph.write(batch):
                pass


async def apply(graph: Graph, vocabulary: Vocabulary = MODEL) -> None:
    """Makes what is missing; what is there stays. Refuses a database that is not aidgraph's."""
    plain = statements(graph.kind, vocabulary)
    text = full_text(graph.kind)
    schema = hashlib.sha256("\n".join((*plain, *text)).encode()).hexdigest()
    version, applied = await _stored(graph)
    if version is not None and version < STORE_VERSION:
        await _migrate(graph, version)
    elif applied == schema:
        return
    first, *others = plain  # the constraint that makes the mark one, also when two processes begin at once
    await graph.define(first)
    if version is None:  # says whose the database is before anything else is made in it
        await _mark(graph, "")
    for statement in others:
        await graph.define(statement)
    for statement in text:
        await (graph.define(statement) if graph.kind is Engine.NEO4J else graph.define_embedded(statement))
    await _mark(graph, schema)


async def _mark(graph: Graph, schema: str) -> None:
    parameters = {"version": STORE_VERSION, "schema": schema}
    await graph.write(lambda transaction: transaction.rows(MARK, parameters))
