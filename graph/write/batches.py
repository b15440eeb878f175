"""Batches of a run: each in one transaction with its mark, under the lease, halved where the engine ends it."""

import secrets
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from graph import memory
from graph.engine import Graph, Transaction
from graph.errors import TimedOut
from graph.write.claims import Counts
from graph.write.lock import Lock
from graph.write.runs import Run

T = TypeVar("T")
Progress = Callable[[str, int, int], None]


class Batches:
    """Writes the rows of a run in their order; those it had acknowledged before it was broken off are passed over."""

    def __init__(self, graph: Graph, lock: Lock, run: Run, progress: Progress, total: int = 0) -> None:
        self._graph = graph
        self._lock = lock
        self._run = run
        self._progress = progress
        self._position = 0
        self._total = total

    async def _write(
        self, stage: str, rows: Sequence[T], work: Callable[[Transaction, Sequence[T]], Awaitable[Counts]]
    ) -> None:
        end = self._position + len(rows)
        if end > self._run.rows_done:
            await self._commit(rows[max(0, self._run.rows_done - self._position) :], end, work)
        if end // memory.ROWS > self._position // memory.ROWS:
            memory.give_back()
        self._position = end
        self._progress(stage, end, self._total)

    async def _commit(
        self, rows: Sequence[T], end: int, work: Callable[[Transaction, Sequence[T]], Awaitable[Counts]]
    ) -> None:
        marker = secrets.token_hex(8)
        counts = Counts()

        async def transact(transaction: Transaction) -> None:
            nonlocal counts
            await self._lock.renew(transaction)
            if await self._run.took_effect(transaction, marker):  # committed, and only the answer was lost
                return
            counts = await work(transaction, rows)
            await self._run.advance(transaction, end, marker, counts)

        try:
            await self._graph.write(transact)
        except TimedOut:
            if len(rows) < 2:
                raise
            half = len(rows) // 2
            await self._commit(rows[:half], max(self._run.rows_done, end - len(rows) + half), work)
            await self._commit(rows[half:], end, work)
            return
        self._run.counts.add(counts)
        self._run.rows_done = end


def batches(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """The rows in lists of at most `size`."""
    rows = iter(rows)
    while batch := list(islice(rows, size)):
        yield batch
