"""What a run changed in place, kept so that it can be taken back: versions tell the rest.

A claim whose values stay may change who supports it and where it was read; an entity may get a finer label. Each batch
keeps what was there before, in its own transaction.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from graph.engine import Graph, Transaction

KEEP = "UNWIND $p.rows AS r CREATE (l:RunLog) SET l = r RETURN count(l)"
READ = "MATCH (l:RunLog) WHERE l.run = $p.run AND l.type = $p.type RETURN l.entries"
#: Entries of one node of the log.
CHUNK = 1_000
#: The `type` of entries on labels, as [id, label before, label after]; those on claims have the claim's.
LABELS = "Entity"


async def keep(transaction: Transaction, run: str, type_: str, entries: Sequence[Sequence[Any]]) -> None:
    """Entries on claims: [start, end, id], with a reading that was there before also its locator, digest and values.

    The values are null where they are those of a stored version of this digest.
    """
    rows = [
        {"run": run, "type": type_, "entries": msgspec.json.encode(entries[first : first + CHUNK]).decode()}
        for first in range(0, len(entries), CHUNK)
    ]
    if rows:
        await transaction.rows(KEEP, {"rows": rows})


async def kept(graph: Graph, run: str, type_: str) -> AsyncIterator[list[Any]]:
    async for (entries,) in graph.stream(READ, {"run": run, "type": type_}):
        for entry in msgspec.json.decode(entries):
            yield entry
