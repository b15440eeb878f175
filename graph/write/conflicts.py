"""What contradicts what: found anew, at the end of a run, for the entities whose claims it touched, and kept as nodes.

Over the whole graph it would take a scan of all claims, which no question has time for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import LiteralString

from graph import conflicts
from graph.declare import RelationshipType
from graph.engine import Graph, Transaction
from graph.model import Vocabulary
from graph.records import Value
from graph.write.lock import Lock

#: Starts of claims that are looked at together.
BATCH = 500


def _claims(relationship: RelationshipType) -> LiteralString:
    values: LiteralString = ", ".join(f"c.{name}" for name in conflicts.columns(relationship))  # pyright: ignore[reportAssignmentType]
    return (
        f"UNWIND $p.starts AS s MATCH (a:Entity {{id: s}})-[c:{relationship.name}]->(b) WHERE c.retracted_at IS NULL "
        f"WITH s, b.id AS e, collect(c) AS cs WHERE size(cs) > 1 RETURN s, e, [c IN cs | [{values}]]"
    )


STORED = "MATCH (k:Conflict) WHERE k.type = $p.type AND k.gone_at IS NULL RETURN k.start, k.id"
KEEP = (
    "UNWIND $p.rows AS r MERGE (k:Conflict {id: r.id}) ON CREATE SET k.found_at = $p.now SET k += r, k.gone_at = null "
    "RETURN count(k)"
)
CLOSE = "UNWIND $p.ids AS i MATCH (k:Conflict {id: i}) SET k.gone_at = $p.now RETURN count(k)"


async def empty_types(graph: Graph, types: set[str], vocabulary: Vocabulary) -> set[str]:
    """Those of the types of which nothing is stored yet: what a run brings of them can only contradict itself."""
    return {
        r.name
        for r in vocabulary.relationships
        if r.name in types
        and conflicts.compared(r)
        and not await graph.rows(f"MATCH ()-[c:{r.name}]->() RETURN 1 LIMIT 1")
    }


def among(relationship: RelationshipType, groups: Iterable[tuple[str, list[dict[str, Value]]]]) -> Iterator[str]:
    """Starts of claims of which two may speak of the same; `groups`: claims between the same two, with their start."""
    for start, group in groups:
        said = {conflicts.subject(relationship, values) for values in group}
        if len(said) < len(group):
            yield start


async def renew(
    graph: Graph, lock: Lock, touched: Mapping[str, Iterable[str]], now: int, vocabulary: Vocabulary
) -> None:
    """`touched`: by type, entities that start claims of this run, or of what it withdrew; `now` in epoch ms."""
    for relationship in vocabulary.relationships:
        if relationship.name not in touched or not conflicts.compared(relationship):
            continue
        stored: dict[str, set[str]] = {}
        for start, id_ in await graph.rows(STORED, {"type": relationship.name}):
            stored.setdefault(start, set()).add(id_)
        for starts in _batches(iter(touched[relationship.name])):
            await _renew(graph, lock, relationship, starts, stored, now)


def _batches(starts: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(starts, BATCH)):
        yield batch


async def _renew(
    graph: Graph, lock: Lock, relationship: RelationshipType, starts: Sequence[str], stored: Mapping[str, set[str]], now: int
) -> None:  # fmt: skip
    found: dict[str, conflicts.Conflict] = {}
    for start, end, claims in await graph.rows(_claims(relationship), {"starts": starts}):
        for one in conflicts.found(relationship, start, end, claims):
            found[one.id] = one
    known = {id_ for start in starts for id_ in stored.get(start, ())}
    rows = [conflicts.stored(one) for one in found.values() if one.id not in known]
    gone = sorted(known - found.keys())
    if not rows and not gone:
        return

    async def work(transaction: Transaction) -> None:
        await lock.renew(transaction)
        if rows:
            await transaction.rows(KEEP, {"rows": rows, "now": now})
        if gone:
            await transaction.rows(CLOSE, {"ids": gone, "now": now})

    await graph.write(work)
