"""`make bench ARGS=tracing`: PRO_RATA over a connected graph of flows with cycles, relative to reading it.

One round reads all flows through the driver; then does 100 sparse matrix–vector products with them (SciPy's, in the dev
group; its absence is said); then reads them again, and follows the money of one node to 20,000 nodes and 100,000 edges, with 100
paths and the check. Compared are the medians of (reading and following) and (reading and products).
"""

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from bench.questions import opened
from graph.engine import Graph, Transaction
from graph.tracing.attribution import Attribution, Question
from graph.tracing.terms import Kind, Transfer
from graph.tracing.trace import trace

NODES, EDGES, BATCH, PRODUCTS, ROUNDS = 20_000, 100_000, 5_000, 100, 7
SMALL = 1_000
CREATE_NODES = "UNWIND $p.rows AS id CREATE (n:Entity {id: id}) RETURN count(n)"
CREATE_FLOWS = """
UNWIND $p.rows AS r MATCH (a:Entity {id: r.provider}) MATCH (b:Entity {id: r.receiver})
CREATE (a)-[f:FLOW]->(b) SET f = r RETURN count(f)
"""
READ = """
MATCH (a:Entity)-[f:FLOW]->(b:Entity)
RETURN f.id, a.id, b.id, f.used, f.kind, f.last, f.linked, f.payee
"""
READ_SMALL = """
UNWIND $p.ids AS id MATCH (a:Entity {id: id})-[f:FLOW]->(b:Entity)
RETURN f.id, a.id, b.id, f.used, f.kind, f.last, f.linked, f.payee
"""


def flows() -> list[dict[str, Any]]:
    """A ring through all nodes, so that all are one component, and edges across it; a third of the nodes spend."""
    chance = random.Random(7)
    pairs = {(n, (n + 1) % NODES) for n in range(NODES)}
    while len(pairs) < EDGES - NODES // 3 - 1:
        provider, receiver = chance.randrange(NODES), chance.randrange(NODES)
        if provider != receiver:
            pairs.add((provider, receiver))
    rows = [row(provider, receiver, chance.randint(1, 10**9), Kind.TRANSFER) for provider, receiver in sorted(pairs)]
    rows += [row(n, n, chance.randint(1, 10**9), Kind.END_USE) for n in range(0, NODES - 2, 3)]
    rows.append(row(0, 0, 10**11, Kind.OWN))
    for n, made in enumerate(rows):
        made["id"] = f"flow:{n:06}"
    return rows


def row(provider: int, receiver: int, used: int, kind: Kind) -> dict[str, Any]:
    return {
        "provider": name(provider), "receiver": name(receiver), "used": used, "kind": kind.value,
        "last": f"20{10 + provider % 10}-12-31", "linked": provider % 2 == 0, "payee": "",
    }  # fmt: skip


def name(node: int) -> str:
    return f"iati:activity:{node:05}"


def transfers(rows: Iterable[list[Any]]) -> list[Transfer]:
    kinds = {kind.value: kind for kind in Kind}
    return [
        Transfer(
            id=id_,
            provider=provider,
            receiver=receiver,
            amount=used,
            kind=kinds[kind],
            day=last,
            linked=linked,
            payee=payee,
        )
        for id_, provider, receiver, used, kind, last, linked, payee in rows
    ]


async def write(graph: Graph, rows: list[dict[str, Any]]) -> None:
    for statement, given in ((CREATE_NODES, [name(n) for n in range(NODES)]), (CREATE_FLOWS, rows)):
        for first in range(0, len(given), BATCH):
            batch = given[first : first + BATCH]

            async def work(transaction: Transaction, statement: Any = statement, batch: list[Any] = batch) -> int:
                return await transaction.value(statement, {"rows": batch})

            assert await graph.write(work) == len(batch)


def products(rows: list[list[Any]]) -> Callable[[], float]:
    """100 products of the matrix of the flows with a vector; the matrix is made beforehand, and not timed."""
    try:
        from scipy.sparse import csr_array
    except ImportError:
        print("tracing  SciPy is not installed: compared with reading alone")
        return lambda: 0.0
    number = {name(n): n for n in range(NODES)}
    matrix = csr_array(
        (np.array([float(r[3]) for r in rows]), ([number[r[2]] for r in rows], [number[r[1]] for r in rows])),
        shape=(NODES, NODES),
    )
    matrix.data /= matrix.data.max()

    def run() -> float:
        begun, vector = time.perf_counter(), np.ones(NODES)
        for _ in range(PRODUCTS):
            matrix @ vector
        return time.perf_counter() - begun

    return run


async def bench() -> None:
    with tempfile.TemporaryDirectory() as home:
        async with opened(Path(home)) as graph:
            await write(graph, flows())
            await whole(graph)
            await small(graph)


async def whole(graph: Graph) -> None:
    question = Question(
        sources=frozenset([name(0)]), limit_nodes=NODES, limit_edges=EDGES, limit_paths=100, min_share=0.0
    )
    ours, theirs, followed = list[float](), list[float](), list[float]()
    run = products(await graph.rows(READ))
    for turn in range(ROUNDS + 1):
        begun = time.perf_counter()
        rows = await graph.rows(READ)
        theirs.append(time.perf_counter() - begun + run())
        begun = time.perf_counter()
        rows = await graph.rows(READ)
        read = time.perf_counter()
        result = trace(transfers(rows), question, Attribution.PRO_RATA)
        ours.append(time.perf_counter() - begun)
        followed.append(time.perf_counter() - read)
        assert len(rows) == EDGES and len(result.nodes) == NODES and len(result.paths) == 100 and result.check.agrees
        if not turn:  # warms up
            ours, theirs, followed = [], [], []
    ratio = statistics.median(ours) / statistics.median(theirs)
    rounds = ", ".join(f"{a / b:.2f}" for a, b in zip(ours, theirs, strict=True))
    print(
        f"tracing {graph.kind.value:<9} PRO_RATA over {EDGES:,} edges: ratio {ratio:.2f} to reading them and {PRODUCTS} "
        f"products (rounds {rounds}; at most 5); of it following "
        f"{statistics.median(followed) / statistics.median(ours):.0%}"
    )


async def small(graph: Graph) -> None:
    """A trace that touches 1,000 edges; its p95 relative to that of reading them."""
    ids = [name(n) for n in range(SMALL)]
    question = Question(sources=frozenset(ids[:1]))
    ours, theirs = list[float](), list[float]()
    for turn in range(60):
        begun = time.perf_counter()
        await graph.rows(READ_SMALL, {"ids": ids[: SMALL // 5]})
        read = time.perf_counter()
        rows = await graph.rows(READ_SMALL, {"ids": ids[: SMALL // 5]})
        result = trace(transfers(rows), question, Attribution.PRO_RATA)
        if turn >= 10:
            theirs.append(read - begun)
            ours.append(time.perf_counter() - read)
        assert result.check.agrees
    ratio = statistics.quantiles(ours, n=20)[-1] / statistics.quantiles(theirs, n=20)[-1]
    print(f"tracing {graph.kind.value:<9} PRO_RATA over {len(rows):,} edges: p95 {ratio:.2f} reads of them (under 5)")
