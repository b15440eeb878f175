"""What entities stand for: `canonical` and `merged`, set anew from the decisions that stand whenever these change.

Nothing else of an entity or a claim changes when two are decided to be one.
"""

from collections.abc import Iterable, Sequence
from typing import Any, LiteralString

from graph.canonical import Decision, Settled, settle
from graph.engine import Graph, Transaction
from graph.model import MODEL, Vocabulary
from graph.records import PreparedClaim
from graph.sources import decisions
from graph.sources.decisions import DIFFERENT, SAME
from graph.sources.facts import NOW
from graph.write.entities import EntityWriter
from graph.write.lock import Lock

#: By closed decisions too: entities that were one by them are so no more.
EVER_SAME: LiteralString = f"MATCH (a)-[c:{SAME}]->(b) RETURN a.id, b.id"
STORED = "UNWIND $p.ids AS id MATCH (e:Entity {id: id}) RETURN e.id, e.canonical, e.merged"
SET = "UNWIND $p.rows AS r MATCH (e:Entity {id: r[0]}) SET e.canonical = r[1], e.merged = r[2] RETURN count(e)"
#: A node for each entity that another stands for: what lists of a label leave out of their counts.
NOTE = "UNWIND $p.ids AS id MERGE (m:Merged {id: 'merged:' + id}) SET m.of = id RETURN count(m)"
FORGET = "UNWIND $p.ids AS id MATCH (m:Merged {id: 'merged:' + id}) DELETE m RETURN count(*)"
#: Entities of one transaction.
BATCH = 2_000


async def settled(graph: Graph, vocabulary: Vocabulary = MODEL) -> Settled:
    """What the open decisions come to."""
    return await decisions.settled(graph, NOW, vocabulary)


async def renew(graph: Graph, lock: Lock, touched: Iterable[str], writer: EntityWriter, vocabulary: Vocabulary) -> None:
    """After a run that wrote or withdrew claims of the types `touched`: sets what follows from the decisions."""
    if not {SAME, DIFFERENT}.intersection(touched):
        return
    outcome = await settled(graph, vocabulary)
    ids = sorted({id_ for pair in await graph.rows(EVER_SAME) for id_ in pair})
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


def of_claims(claims: Iterable[PreparedClaim], types: dict[str, str], now: int, vocabulary: Vocabulary) -> Settled:
    """The same, of claims that are not written yet; `types`: label by id, `now`: when they will be, epoch ms."""
    today = decisions.day(now)
    made: list[Decision] = []
    for claim in claims:
        said = {name: str(claim.values.get(name, "")) for name in ("decided_on", "decided_by", "kept")}
        kinds = decisions.kinds((types[claim.start], types[claim.end]), vocabulary)
        made.append(
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
    return settle(made)
