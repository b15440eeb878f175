"""Writing a run: entities, claims, then what its dataset no longer holds. The only Cypher that changes data is here.

Batches are idempotent and each takes effect whole or not at all; a run broken off goes on where it stopped.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import chain

from graph.engine import Graph, Transaction
from graph.errors import RetractionRefused
from graph.model import MODEL, Vocabulary
from graph.records import PreparedClaim
from graph.staging import DESCRIBED_IN, Staging
from graph.write import conflicts, merging, runs
from graph.write.batches import Batches, Progress, batches
from graph.write.claims import ClaimWriter, Counts, Stamp
from graph.write.entities import EntityWriter
from graph.write.lock import Lock, writer
from graph.write.runs import Origin
from graph.write.undoing import Undone, undo

__all__ = ["BATCH", "Counts", "Origin", "Undone", "foreseen_retractions", "load", "now", "undo", "writer"]

#: Rows of one transaction; halved where the engine ends it for taking too long.
BATCH = 5_000
#: A run may retract this many claims of its dataset, or this share of them, without being told to.
RETRACTS_ROWS, RETRACTS_SHARE = 10, 0.2


def now() -> int:
    """Epoch ms."""
    return time.time_ns() // 1_000_000


async def load(
    graph: Graph,
    staging: Staging,
    origin: Origin,
    lock: Lock,
    *,
    append: bool = False,
    allow_retract: bool = False,
    rejected: int = 0,
    batch: int = BATCH,
    clock: Callable[[], int] = now,
    progress: Progress = lambda _stage, _done, _total: None,
    vocabulary: Vocabulary = MODEL,
    version: str = "",
) -> Counts:
    """Writes a settled staging and returns what the run did; `clock` gives epoch ms.

    `lock`, of `writer`, must have been held since the staging was checked against the graph.
    """
    is_new = not await runs.any_of(graph, origin.dataset)
    append = append or staging.is_change
    withdrawn = [] if is_new else await _due(graph, staging, origin.dataset, vocabulary, append=append)
    _guard(withdrawn, allow_retract)
    run = await runs.begin(graph, origin, clock(), staged=staging.fingerprint(), append=append, version=version)
    staged = staging.types()
    empty = await conflicts.empty_types(graph, staged, vocabulary)
    loading = _Loading(
        graph, lock, run, Stamp(dataset=origin.dataset, now=run.recorded_at, run=run.id), vocabulary, progress
    )
    await loading.all(staging, withdrawn, batch)
    types = {*staged, *(type_ for type_, claims, _ in withdrawn if claims)}
    await merging.renew(graph, lock, types, loading.entities, vocabulary)
    touched = _touched(staging, staged, withdrawn, empty, vocabulary)
    await conflicts.renew(graph, lock, touched, run.recorded_at, vocabulary)
    await run.end(graph, "done", clock(), rejected)
    return run.counts


async def foreseen_retractions(
    graph: Graph,
    staging: Staging,
    dataset: str,
    *,
    append: bool = False,
    allow_retract: bool = False,
    vocabulary: Vocabulary = MODEL,
) -> int:
    """How many claims a load would withdraw its dataset's support from; RetractionRefused where it would be refused."""
    withdrawn = await _due(graph, staging, dataset, vocabulary, append=append)
    _guard(withdrawn, allow_retract)
    return sum(len(claims) for _, claims, _ in withdrawn)


class _Loading(Batches):
    def __init__(
        self, graph: Graph, lock: Lock, run: runs.Run, stamp: Stamp, vocabulary: Vocabulary, progress: Progress
    ) -> None:
        super().__init__(graph, lock, run, progress)
        self._stamp = stamp
        self._vocabulary = vocabulary
        self.entities = EntityWriter(vocabulary, stamp)

    async def all(self, staging: Staging, withdrawn: "_Withdrawn", batch: int) -> None:
        self._total = staging.steps()
        for rows in batches(staging.sources(), batch):
            await self._write("sources", rows, self.entities.write)
        for rows in batches(staging.entities(), batch):
            await self._write("entities", rows, self.entities.write)
        await self._all_claims(_typed_batches(staging.claims(), batch))
        for type_, supports, _ in withdrawn:
            for rows in batches(supports, batch):
                # what a broken run has withdrawn is not found again: these rows are never skipped
                await self._commit(rows, self._run.rows_done, self._withdraw(type_))
                self._progress("retractions", self._total, self._total)

    async def _all_claims(self, ready: "Iterator[tuple[str, list[PreparedClaim]]]") -> None:
        """Writes batches of claims; the next one is made ready in a thread while the engine writes the last."""

        def made_ready() -> tuple[ClaimWriter, list[PreparedClaim]] | None:
            if (batch := next(ready, None)) is None:
                return None
            type_, rows = batch
            claims = ClaimWriter(self._vocabulary.relationship[type_], self._stamp)
            if self.entities.knows_nothing_of(rows):
                claims.expect_new(rows)
            return claims, rows

        coming = asyncio.create_task(asyncio.to_thread(made_ready))
        try:
            while (batch := await coming) is not None:
                claims, rows = batch
                coming = asyncio.create_task(asyncio.to_thread(made_ready))
                await self._write("claims", rows, claims.write)
        finally:
            await asyncio.gather(coming, return_exceptions=True)  # it reads from the staging, which is closed next

    def _withdraw(self, type_: str) -> Callable[[Transaction, Sequence[tuple[str, str, str]]], Awaitable[Counts]]:
        claims = ClaimWriter(self._vocabulary.relationship[type_], self._stamp)

        async def work(transaction: Transaction, rows: Sequence[tuple[str, str, str]]) -> Counts:
            counts = await claims.withdraw(transaction, rows)
            if type_ == DESCRIBED_IN:
                counts.entities_changed += await self.entities.project(transaction, [row[0] for row in rows])
            return counts

        return work


_Withdrawn = list[tuple[str, list[tuple[str, str, str]], int]]


async def _due(graph: Graph, staging: Staging, dataset: str, vocabulary: Vocabulary, *, append: bool) -> "_Withdrawn":
    if staging.is_change:
        return await _replaced(graph, staging, dataset, vocabulary)
    return [] if append else await _withdrawn(graph, staging, dataset, vocabulary)


async def _replaced(graph: Graph, staging: Staging, dataset: str, vocabulary: Vocabulary) -> "_Withdrawn":
    """As `_withdrawn`, of a run of changes: only claims of what it replaces. Its own claims give way to what stays."""
    totals: dict[str, int] = {}
    for relationship in vocabulary.relationships:
        chunk: list[tuple[str, str, str, str, str, str]] = []
        cypher = (
            f"MATCH (a)-[c:{relationship.name}]->(b) WHERE c.retracted_at IS NULL AND $p.dataset IN c.datasets "
            "RETURN a.id, b.id, c.id, c.digest, c.datasets, c.locators"
        )
        async for start, end, id_, digest, datasets, locators in graph.stream(cypher, {"dataset": dataset}):
            totals[relationship.name] = totals.get(relationship.name, 0) + 1
            chunk.append((relationship.name, start, end, id_, digest, locators[datasets.index(dataset)]))
            if len(chunk) == BATCH:
                staging.add_stored(chunk)
                chunk = []
        staging.add_stored(chunk)
    staging.give_way()
    return [(type_, staging.gone(type_), total) for type_, total in totals.items()]


async def _withdrawn(graph: Graph, staging: Staging, dataset: str, vocabulary: Vocabulary) -> _Withdrawn:
    """Per type: open claims the dataset supports and the run does not hold, as (start, end, id); and all it supports."""
    found: _Withdrawn = []
    document = f"source:dataset:{dataset}"  # its own description: every run holds it, so it is no claim to be kept by
    for relationship in vocabulary.relationships:
        gone: list[tuple[str, str, str]] = []
        chunk: list[tuple[str, str, str]] = []
        total = 0
        cypher = (
            f"MATCH (a)-[c:{relationship.name}]->(b) WHERE c.retracted_at IS NULL AND $p.dataset IN c.datasets "
            "RETURN a.id, b.id, c.id"
        )
        async for start, end, id_ in graph.stream(cypher, {"dataset": dataset}):
            if start == end == document:
                continue
            total += 1
            chunk.append((start, end, id_))
            if len(chunk) == BATCH:
                gone += _missing(staging, chunk)
                chunk = []
        gone += _missing(staging, chunk)
        if total:
            found.append((relationship.name, sorted(gone), total))
    return found


def _touched(
    staging: Staging, staged: set[str], withdrawn: _Withdrawn, empty: set[str], vocabulary: Vocabulary
) -> dict[str, Iterable[str]]:
    """By type, entities whose claims a run wrote or withdrew, as far as they may contradict others."""
    gone = {type_: {start for start, _, _ in claims} for type_, claims, _ in withdrawn}
    return {
        r.name: chain(
            conflicts.among(r, staging.several(r.name)) if r.name in empty else staging.starts(r.name),
            sorted(gone.get(r.name, ())),
        )
        for r in vocabulary.relationships
        if r.name in gone or r.name in staged
    }


def _missing(staging: Staging, claims: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    held = staging.holds([claim[2] for claim in claims])
    return [claim for claim in claims if claim[2] not in held]


def _guard(withdrawn: _Withdrawn, allow_retract: bool) -> None:
    gone = sum(len(claims) for _, claims, _ in withdrawn)
    total = sum(count for _, _, count in withdrawn)
    if allow_retract or not gone:
        return
    if gone == total or (gone > RETRACTS_ROWS and gone > RETRACTS_SHARE * total):
        raise RetractionRefused(
            f"this load would retract {gone:,} of the {total:,} claims its dataset supports; nothing was written. "
            "If that is right, add --allow-retract; if the file is only a part, add --append or name another --dataset"
        )


def _typed_batches(claims: Iterable[PreparedClaim], size: int) -> Iterator[tuple[str, list[PreparedClaim]]]:
    batch: list[PreparedClaim] = []
    for claim in claims:
        if batch and (claim.type != batch[0].type or len(batch) == size):
            yield batch[0].type, batch
            batch = []
        batch.append(claim)
    if batch:
        yield batch[0].type, batch
