"""The canonical dump: what the graph holds, as sorted JSON lines, the same on both engines and in any load order.

Left out are what a run and its clock add: load runs, datasets as nodes, when a claim was recorded. Its hash is the
yardstick of the loading tests.
"""

import hashlib
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, LiteralString

import msgspec

from graph.engine import Graph
from graph.model import MODEL, Vocabulary

_encode = msgspec.json.Encoder(order="deterministic").encode
#: Properties of claims and entities that come of the run, not of the data.
_OF_RUNS = ("recorded_at", "retracted_at", "digest", "version")

ENTITIES = """
MATCH (e:Entity) WHERE e.type <> 'LoadRun' AND e.type <> 'Dataset'
RETURN e.id, e.type, properties(e)
"""


def _claims(name: LiteralString, *, history: bool) -> LiteralString:
    where = "" if history else "WHERE c.retracted_at IS NULL "
    return f"MATCH (a)-[c:{name}]->(b) {where}RETURN a.id, b.id, properties(c)"


async def dump(graph: Graph, *, history: bool = False, vocabulary: Vocabulary = MODEL) -> AsyncIterator[bytes]:
    """Lines of the dump without line ends, entities by id, then claims by id. `history`: closed versions too."""
    with tempfile.TemporaryDirectory(prefix="aidgraph-") as folder:
        lines = sqlite3.connect(Path(folder) / "dump.db")
        lines.execute("CREATE TABLE line (kind INT, key TEXT, text BLOB)")
        try:
            mentioned = await _write_claims(graph, lines, vocabulary, history)
            async for id_, type_, properties in graph.stream(ENTITIES):
                if history or id_ in mentioned:
                    line = {"entity": type_, "properties": _kept(properties)}
                    lines.execute("INSERT INTO line VALUES (0, ?, ?)", (id_, _encode(line)))
            for (text,) in lines.execute("SELECT text FROM line ORDER BY kind, key, text"):
                yield text
        finally:
            lines.close()


async def _write_claims(graph: Graph, lines: sqlite3.Connection, vocabulary: Vocabulary, history: bool) -> set[str]:
    mentioned: set[str] = set()
    for relationship in vocabulary.relationships:
        async for start, end, properties in graph.stream(_claims(relationship.name, history=history)):
            mentioned.update((start, end))
            line: dict[str, Any] = {
                "claim": relationship.name,
                "from": start,
                "to": end,
                "properties": _kept(properties),
            }
            if history:
                line["open"] = properties.get("retracted_at") is None
            lines.execute("INSERT INTO line VALUES (1, ?, ?)", (properties["id"], _encode(line)))
    return mentioned


def _kept(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name not in _OF_RUNS and value is not None}


async def dump_hash(graph: Graph, *, history: bool = False, vocabulary: Vocabulary = MODEL) -> str:
    """SHA-256 over the lines of the dump, each with its line end."""
    total = hashlib.sha256()
    async for line in dump(graph, history=history, vocabulary=vocabulary):
        total.update(line + b"\n")
    return total.hexdigest()
