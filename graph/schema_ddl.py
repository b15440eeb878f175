"""Constraints and indexes, derived from the vocabulary. The only place where the two engines differ.

Neo4j gets an index on (property, id) of each label for its ordered lists. The embedded engine must not: a second index
on the id of a sub-label silently loses uniqueness across labels there, and it would not use it in order.
"""

from collections.abc import Iterator
from typing import LiteralString

from graph.engine import Engine, Graph
from graph.errors import NotAidgraph
from graph.model import MODEL, Vocabulary

#: Grows when what is stored changes so that an older aidgraph could not read it.
STORE_VERSION = 1

SEARCH_INDEX = {Engine.NEO4J: "entity_search", Engine.EMBEDDED: "Entity[search]"}


def constraints(vocabulary: Vocabulary = MODEL) -> Iterator[LiteralString]:
    yield "CREATE CONSTRAINT entity_id IF NOT EXISTS FOR (e:Entity) REQUIRE e.id IS UNIQUE"
    yield "CREATE CONSTRAINT lock_id IF NOT EXISTS FOR (l:Lock) REQUIRE l.id IS UNIQUE"
    yield "CREATE CONSTRAINT store_id IF NOT EXISTS FOR (s:Store) REQUIRE s.id IS UNIQUE"
    for relationship in vocabulary.relationships:
        yield (
            f"CREATE CONSTRAINT {relationship.name.lower()}_version IF NOT EXISTS "
            f"FOR ()-[c:{relationship.name}]-() REQUIRE c.version IS UNIQUE"
        )


def list_indexes(vocabulary: Vocabulary = MODEL) -> Iterator[LiteralString]:
    """For Neo4j: lists of each label in order of id and of each property they can be ordered by."""
    for node in vocabulary.nodes:
        label = node.label
        yield f"CREATE INDEX {label.lower()}_id IF NOT EXISTS FOR (e:{label}) ON (e.id)"
        for ancestor in vocabulary.labels(label)[1:]:
            for name in vocabulary.node[ancestor].ordered_by:
                yield f"CREATE INDEX {label.lower()}_{name} IF NOT EXISTS FOR (e:{label}) ON (e.{name}, e.id)"


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


CHECK = "OPTIONAL MATCH (s:Store {id: 'store'}) RETURN s.version, COUNT { MATCH (n) RETURN n }"
MARK = "MERGE (s:Store {id: 'store'}) ON CREATE SET s.version = $p.version RETURN s.version"


async def version_of(graph: Graph) -> int | None:
    """Version of the layout of what is stored; None in an empty database. NotAidgraph where it is not ours."""
    version, nodes = (await graph.rows(CHECK))[0]
    if version is None and nodes:
        raise NotAidgraph(
            f"{graph.where} holds {nodes:,} nodes that aidgraph did not write: give it an empty database of its own "
            "(NEO4J_DATABASE)"
        )
    if version is not None and version > STORE_VERSION:
        raise NotAidgraph(f"{graph.where} was written by a newer aidgraph: install that, or use another database")
    return version


async def apply(graph: Graph, vocabulary: Vocabulary = MODEL) -> None:
    """Makes what is missing; what is there stays. Refuses a database that is not aidgraph's."""
    if await version_of(graph) is None:
        await graph.write(lambda transaction: transaction.rows(MARK, {"version": STORE_VERSION}))
    for statement in constraints(vocabulary):
        await graph.define(statement)
    if graph.kind is Engine.NEO4J:
        for statement in (*list_indexes(vocabulary), *full_text(graph.kind)):
            await graph.define(statement)
    else:
        for statement in full_text(graph.kind):
            await graph.define_embedded(statement)
