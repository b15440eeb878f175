"""What entities stand for: `canonical` and `merged`, set anew from the decisions that stand whenever these change.

Nothing else of an entity or a claim changes when two are decided to be one.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, LiteralString

from graph.canonical import Decision, Settled, settle
from graph.engine import Graph, Transaction
from graph.model import MODEL, Vocabulary
from graph.records import PreparedClaim
from graph.write.entities import EntityWriter
from graph.write.lock import Lock

SAME, DIFFERENT = "SAME_AS", "DIFFERENT_FROM"
#: Closed ones too: entities that were one by them are so no more.
OF_SAME = """
MATCH (a)-[c:SAME_AS]->(b)
RETURN a.id, b.id, a.type, b.type, c.retracted_at IS NULL, c.decided_on, c.recorded_at, c.decided_by, c.kept
"""
OF_DIFFERENT = """
MATCH (a)-[c:DIFFERENT_FROM]->(b) WHERE c.retracted_at IS NULL
RETURN a.id, b.id, a.type, b.type, true, c.decided_on, c.recorded_at, c.decided_by, null
"""
STORED = "UNWIND $p.ids AS id MATCH (e:Entity {id: id}) RETURN e.id, e.canonical, e.merged"
SET = "UNWIND $p.rows AS r MATCH (e:Entity {id: r[0]}) SET e.canonical = r[1], e.merged = r[2] RETURN count(e)"
#: A node for each entity that another stands for: what lists of a label leave out of their counts.
NOTE = "UNWIND $p.ids AS id MERGE (m:Merged {id: 'merged:' + id}) SET m.of = id RETURN count(m)"
FORGET = "UNWIND $p.ids AS id MATCH (m:Merged {id: 'merged:' + id}) DELETE m RETURN count(*)"
#: Entities of one transaction.
BATCH = 2_000


async def settled(graph: Graph, vocabulary: Vocabulary = MODEL) -> Settled:
    """What the open decisions come to."""
    return (await _read(graph, vocabulary))[0]


async def renew(graph: Graph, lock: Lock, touched: Iterable[str], writer: EntityWriter, vocabulary: Vocabulary) -> None:
    """After a run that wrote or withdrew claims of the types `touched`: sets what follows from the decisions."""
    if not {SAME, DIFFERENT}.intersection(touched):
        return
    outcome, ids = await _read(graph, vocabulary)
    merged = outcome.merged()
    for first in range(0, len(ids), BATCH):
        some = ids[first : first + BATCH]

        async def work(transaction: Transaction, some: Sequence[str] = some) -> None:
            await lock.renew(transaction)
            changed: list[list[Any]] = []
            for id_, canonical, others in await transaction.rows(STORED, {"ids": some}):
                wanted = [id_, outcome.of(id_), merged.get(id_)]
                if wanted != [id_, canonical, others]:
                    changed.append(wanted)
            if changed:
                await transaction.rows(SET, {"rows": changed})
                await transaction.rows(NOTE, {"ids": [id_ for id_, canonical, _ in changed if canonical != id_]})
                await transaction.rows(FORGET, {"ids": [id_ for id_, canonical, _ in changed if canonical == id_]})
                await writer.project(transaction, [row[0] for row in changed])  # their digests

        await graph.write(work)


async def _read(graph: Graph, vocabulary: Vocabulary) -> tuple[Settled, list[str]]:
    """What the decisions come to, and every entity that was ever decided on, in order."""
    decisions: list[Decision] = []
    ids: set[str] = set()
    read: tuple[tuple[LiteralString, bool], ...] = ((OF_SAME, True), (OF_DIFFERENT, False))
    for cypher, same in read:
        async for a, b, label, other, is_open, day, recorded_at, by, kept in graph.stream(cypher):
            ids |= {a, b}
            if is_open:
                kinds = (_kind(label, vocabulary), _kind(other, vocabulary))
                on = day or _day(recorded_at)
                decisions.append(Decision(a=a, b=b, same=same, day=on, by=by or "", kept=kept or "", kinds=kinds))
    return settle(decisions), sorted(ids)


def of_claims(claims: Iterable[PreparedClaim], types: dict[str, str], now: int, vocabulary: Vocabulary) -> Settled:
    """The same, of claims that are not written yet; `types`: label by id, `now`: when they will be, epoch ms."""
    today = _day(now)
    decisions: list[Decision] = []
    for claim in claims:
        said = {name: str(claim.values.get(name, "")) for name in ("decided_on", "decided_by", "kept")}
        kinds = (_kind(types[claim.start], vocabulary), _kind(types[claim.end], vocabulary))
        decisions.append(
            Decision(
                a=claim.start,
                b=claim.end,
                same=claim.type == SAME,
                day=said["decided_on"] or today,
                by=said["decided_by"],
                kept=said["kept"],
                kinds=kinds,
            )
        )
    return settle(decisions)


def _day(epoch_ms: int) -> str:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).date().isoformat()


def _kind(label: str, vocabulary: Vocabulary) -> str:
    return vocabulary.labels(label)[1]
