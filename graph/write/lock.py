"""One writer at a time, over processes and machines: a lease in the graph, renewed with every batch."""

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import psutil

from graph.engine import Graph, Transaction
from graph.errors import GraphError, LockLost, WriterBusy

#: Milliseconds without a batch after which another writer may take over; the engine ends any statement long before.
LEASE = 120_000

MAKE = "MERGE (l:Lock {id: 'writer'}) RETURN count(l)"
# the write comes before the test, so that the test sees what a writer met on the way has committed
TAKE = """
MATCH (l:Lock {id: 'writer'}) SET l.touched = timestamp()
WITH l WHERE l.owner IS NULL OR l.until < timestamp() OR l.owner = $p.dead OR l.owner = $p.owner
SET l.owner = $p.owner, l.until = timestamp() + $p.lease, l.dataset = $p.dataset, l.since = timestamp()
RETURN count(l)
"""
HOLDER = "MATCH (l:Lock {id: 'writer'}) RETURN l.owner, l.dataset, l.since, l.until < timestamp()"
RENEW = """
MATCH (l:Lock {id: 'writer'}) WHERE l.owner = $p.owner
SET l.until = timestamp() + $p.lease RETURN count(l)
"""
RELEASE = "MATCH (l:Lock {id: 'writer'}) WHERE l.owner = $p.owner SET l.owner = null, l.dataset = null RETURN count(l)"

_held: set[str] = set()  # owners in this process whose loads are under way


def _machine() -> str:
    """This machine, as far as its pids reach: containers may share a host name and have pids of their own."""
    try:
        return f"{socket.gethostname()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return socket.gethostname()


def _owner() -> str:
    process = psutil.Process()
    return f"{_machine()}|{process.pid}|{process.create_time():.2f}|{os.urandom(4).hex()}"


def _is_dead(owner: str) -> bool:
    """Whether the owner was a process of this machine that has ended; of another machine nobody can tell."""
    host, pid, started, _ = owner.split("|")
    if host != _machine():
        return False
    if int(pid) == os.getpid():
        return owner not in _held  # a load of ours that could not let go, or of a process that had our pid
    try:
        process = psutil.Process(int(pid))
        # the system's clock is set now and then, and start times are counted from it
        return process.status() == psutil.STATUS_ZOMBIE or abs(process.create_time() - float(started)) > 2
    except psutil.NoSuchProcess:
        return True


class Lock:
    def __init__(self, owner: str) -> None:
        self._owner = owner

    async def renew(self, transaction: Transaction) -> None:
        """To be called in every writing transaction: it fails where another writer has taken over."""
        if not await transaction.value(RENEW, {"owner": self._owner, "lease": LEASE}):
            raise LockLost("another load has taken over, since this one was not heard of for two minutes: run it again")


@asynccontextmanager
async def writer(
    graph: Graph, dataset: str, *, wait: float = 0.0, on_wait: Callable[[str], None] | None = None
) -> AsyncGenerator[Lock]:
    """Holds the right to write. `wait`: seconds to wait for another writer; then WriterBusy says who it is."""
    owner = _owner()
    _held.add(owner)  # before it is taken: another load of this process must not think it given up
    try:
        await _acquire(graph, owner, dataset, wait, on_wait)
        try:
            yield Lock(owner)
        finally:
            with suppress(GraphError):  # the lease runs out by itself, and what the load did or met is what counts
                await graph.write(lambda transaction: transaction.rows(RELEASE, {"owner": owner}))
    finally:
        _held.discard(owner)


async def _acquire(graph: Graph, owner: str, dataset: str, wait: float, on_wait: Callable[[str], None] | None) -> None:
    await graph.write(lambda transaction: transaction.rows(MAKE))
    deadline = asyncio.get_running_loop().time() + wait
    while not await _take(graph, owner, dataset):
        holder = await _holder(graph)
        if holder is None:
            continue
        if asyncio.get_running_loop().time() >= deadline:
            raise WriterBusy(f"{holder}: wait for it to end, or use --wait SECONDS")
        if on_wait:
            on_wait(holder)
        await asyncio.sleep(min(1.0, max(0.05, wait)))


async def _take(graph: Graph, owner: str, dataset: str) -> bool:
    rows = await graph.rows(HOLDER)
    dead = rows[0][0] if rows and rows[0][0] and _is_dead(rows[0][0]) else ""
    parameters = {"owner": owner, "dead": dead, "lease": LEASE, "dataset": dataset}

    async def work(transaction: Transaction) -> bool:
        return bool(await transaction.value(TAKE, parameters))

    return await graph.write(work)


async def _holder(graph: Graph) -> str | None:
    owner, dataset, since, _ = (await graph.rows(HOLDER))[0]
    if not owner:
        return None
    host, pid, _, _ = owner.split("|")
    host = host.split()[0]
    started = datetime.fromtimestamp(since / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"process {pid} on {host} is loading {dataset} since {started}"


async def writing(graph: Graph) -> str:
    """The dataset that is being written; empty where none is, or whoever wrote has ended or is not heard of any more."""
    rows = await graph.rows(HOLDER)
    if not rows or not rows[0][0] or rows[0][3] or _is_dead(rows[0][0]):
        return ""
    return rows[0][1]
