"""Flows as relationships `(:Entity)-[:FLOW]->(:Entity)`, made anew after runs for what these touched; derived, never dumped.

The store's mark says up to which moment they are whole: any run that began later, by whatever version of aidgraph, makes
them out of date by that alone, and questions are answered from the claims until they are made anew.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import msgspec

from graph import memory
from graph.engine import Graph, Transaction
from graph.errors import GraphError, WriterBusy
from graph.scratch import Scratch
from graph.sources import reports, stored_flows
from graph.sources.facts import NOW
from graph.sources.nodes import Nodes, nodes
from graph.sources.reports import Pair
from graph.tracing.flows import Matched, made
from graph.tracing.terms import Flow, Report
from graph.write.batches import Progress, batches
from graph.write.lock import Lock, writer

#: Pairs of nodes whose flows are made together; rows of one transaction.
PAIRS, ROWS = 5_000, 2_000
#: Reports kept from one batch to the next, so that those of a hub are not read for each.
KEPT = 50_000

LATEST: LiteralString = "MATCH (r:LoadRun) RETURN r.recorded_at, r.state ORDER BY r.sequence DESC LIMIT 1"
SET_MARK: LiteralString = (
    "MATCH (s:Store {id: 'store'}) SET s.flows_until = $p.until, s.flows_version = $p.version, s.flows_nodes = $p.nodes "
    "RETURN count(s)"
)
UNSET_MARK: LiteralString = "MATCH (s:Store {id: 'store'}) SET s.flows_until = null RETURN count(s)"
#: Where there are none, all are made: what was touched need not be told from the rest.
ANY: LiteralString = "MATCH ()-[f:FLOW]->() RETURN f.id LIMIT 1"
CLEAR: LiteralString = "MATCH ()-[f:FLOW]->() WITH f LIMIT 5000 DELETE f RETURN count(*)"
READ: LiteralString = (
    "UNWIND $p.by AS g MATCH (a:Entity {id: g[0]})-[f:FLOW]->(b) WHERE g[1][b.id] IS NOT NULL "
    "RETURN a.id, b.id, properties(f)"
)
DELETE: LiteralString = (
    "UNWIND $p.by AS g MATCH (a:Entity {id: g[0]})-[f:FLOW]->() WHERE g[1][f.id] IS NOT NULL DELETE f RETURN count(*)"
)
CREATE: LiteralString = (
    "UNWIND $p.rows AS r MATCH (a:Entity {id: r[0]}) MATCH (b:Entity {id: r[1]}) "
    "CREATE (a)-[f:FLOW]->(b) SET f = r[2] RETURN count(f)"
)


@dataclass(slots=True, kw_only=True)
class Renewed:
    """What was done. `whole`: all flows were made anew, not only those that runs had touched."""

    whole: bool = False
    pairs: int = 0
    written: int = 0
    removed: int = 0


async def renew(
    graph: Graph,
    *,
    rebuild: bool = False,
    wait: float = 0.0,
    on_wait: Callable[[str], None] | None = None,
    progress: Progress = lambda _stage, _done, _total: None,
) -> Renewed:
    """Brings the stored flows up to the newest run; all of them with `rebuild`, or where there are none.

    Broken off, the next call does what is left. Raises WriterBusy where another load is writing.
    """
    if not rebuild and await stored_flows.is_built(graph):
        return Renewed()
    async with writer(graph, "flows", wait=wait, on_wait=on_wait) as lock:
        at, state = next(iter(await graph.rows(LATEST)), (0, "done"))
        until = at if state == "done" else at - 1  # a broken run may go on, at its own moment
        found = await nodes(graph, NOW)
        stored = await stored_flows.mark(graph)
        kept = stored.nodes == found.text and not rebuild and await graph.rows(ANY)
        since = stored.until if kept else None
        with _Pairs() as pairs:
            renewing = _Renewing(graph, lock, found, pairs, whole=since is None)
            await renewing.all(since, progress)
        mark = {"until": until, "version": stored_flows.VERSION, "nodes": found.text}

        async def work(transaction: Transaction) -> None:
            await lock.renew(transaction)
            await transaction.rows(SET_MARK, mark)

        await graph.write(work)
        return renewing.done


async def after_run(
    graph: Graph,
    *,
    progress: Progress = lambda _stage, _done, _total: None,
    say: Callable[[str], None] = lambda _text: None,
) -> Renewed:
    """`renew`, where a run has ended: what the run wrote stands whatever becomes of this, so that a failure is only said.

    Another load that is writing does it when it ends: there is nothing to wait for.
    """
    try:
        return await renew(graph, progress=progress)
    except WriterBusy:
        return Renewed()
    except GraphError as error:
        say(f"the flows of money are not up to date, and the next load makes them anew: {error}")
        return Renewed()


def properties(flow: Flow, matched: Matched | None) -> dict[str, Any]:
    """A flow as it is stored; what is not said is no property."""
    kept = {name: value for name, value in msgspec.to_builtins(flow).items() if value is not None}
    kept["claims"] = list(flow.claims)
    if matched:
        kept |= {"step": str(matched.step), "days": matched.days}
    return kept


class _Renewing:
    def __init__(self, graph: Graph, lock: Lock, found: Nodes, pairs: "_Pairs", *, whole: bool) -> None:
        self._graph = graph
        self._lock = lock
        self._nodes = found
        self._pairs = pairs
        self._whole = whole
        self._read = _Reader(graph, found)
        self.done = Renewed(whole=whole)

    async def all(self, since: int | None, progress: Progress) -> None:
        memory.give_back()  # what the load before has done with
        if self._whole:
            await self._clear()
        await self._add(reports.pairs(self._graph, self._nodes, since))
        if not self._whole:
            await self._widen()
        total = self._pairs.count()
        for batch in self._pairs.batches():
            await self._renew(batch)
            if self._read.taken >= memory.ROWS:
                self._read.taken = 0
                memory.give_back()
            self.done.pairs += len(batch)
            progress("flows", self.done.pairs, total)

    async def _clear(self) -> None:
        """The mark goes first: half of the flows are not to be taken for all."""

        async def unmark(transaction: Transaction) -> None:
            await self._lock.renew(transaction)
            await transaction.rows(UNSET_MARK)

        async def clear(transaction: Transaction) -> int:
            await self._lock.renew(transaction)
            return await transaction.value(CLEAR)

        await self._graph.write(unmark)
        while await self._graph.write(clear):
            pass

    async def _widen(self) -> None:
        """Pairs whose reports may be matched to those of a touched pair: into the same activity, or out of it."""
        starts, ends = self._pairs.projects()
        for outgoing, ids in ((True, starts), (False, ends)):
            await self._add(reports.pairs_at(self._graph, ids, self._nodes, outgoing=outgoing))

    async def _add(self, pairs: AsyncIterator[Pair]) -> None:
        some: list[Pair] = []
        async for pair in pairs:
            some.append(pair)
            if len(some) == memory.ROWS:
                self._pairs.add(some)
                some.clear()
                memory.give_back()
        self._pairs.add(some)

    async def _renew(self, batch: Sequence[Pair]) -> None:
        wanted = {(start, end) for start, _, end, _ in batch}
        done = made(await self._read.around(batch))
        flows = [flow for flow in done.flows if (flow.provider, flow.receiver) in wanted]
        fresh = {flow.id: (flow, properties(flow, done.matched.get(flow.id))) for flow in flows}
        gone: list[tuple[str, str]] = []
        if not self._whole:
            for start, _, kept in await self._stored(wanted):
                id_ = kept["id"]
                if id_ in fresh and fresh[id_][1] == kept:
                    del fresh[id_]
                else:
                    gone.append((start, id_))
        rows = [[flow.provider, flow.receiver, kept] for flow, kept in fresh.values()]
        await self._write(gone, rows)
        self.done.removed += len(gone)
        self.done.written += len(rows)

    async def _stored(self, wanted: set[tuple[str, str]]) -> list[list[Any]]:
        by: dict[str, dict[str, bool]] = {}
        for start, end in sorted(wanted):
            by.setdefault(start, {})[end] = True
        return await self._graph.rows(READ, {"by": [[start, ends] for start, ends in by.items()]})

    async def _write(self, gone: Sequence[tuple[str, str]], rows: Sequence[list[Any]]) -> None:
        """Each transaction by itself leaves flows that are out of date, which the mark tells."""
        for some in batches(gone, ROWS):
            by: dict[str, dict[str, bool]] = {}
            for start, id_ in some:
                by.setdefault(start, {})[id_] = True

            async def delete(transaction: Transaction, by: dict[str, dict[str, bool]] = by) -> None:
                await self._lock.renew(transaction)
                await transaction.rows(DELETE, {"by": [[start, ids] for start, ids in by.items()]})

            await self._graph.write(delete)
        for some in batches(rows, ROWS):

            async def create(transaction: Transaction, some: Sequence[list[Any]] = some) -> None:
                await self._lock.renew(transaction)
                await transaction.rows(CREATE, {"rows": list(some)})

            await self._graph.write(create)


class _Reader:
    """Reports around pairs: all into their end and out of their start, where these are projects, or between the two."""

    def __init__(self, graph: Graph, found: Nodes) -> None:
        self._graph = graph
        self._nodes = found
        self._kept: dict[tuple[bool, str], list[Report]] = {}
        self._count = 0
        self.taken = 0  # reports read, for who gives memory back

    async def around(self, batch: Sequence[Pair]) -> Iterable[Report]:
        found: dict[str, Report] = {}
        starts = sorted({start for start, is_project, _, _ in batch if is_project})
        ends = sorted({end for _, _, end, is_project in batch if is_project})
        for outgoing, ids in ((True, starts), (False, ends)):
            missing = [id_ for id_ in ids if (outgoing, id_) not in self._kept]
            if self._count > KEPT:
                self._kept, self._count, missing = {}, 0, ids
            for some in batches(missing, reports.CHUNK):
                groups: dict[str, list[Report]] = {id_: [] for id_ in some}
                for report in await reports.at(self._graph, some, self._nodes, outgoing=outgoing):
                    groups[report.start if outgoing else report.end].append(report)
                    self._count += 1
                    self.taken += 1
                self._kept |= {(outgoing, id_): group for id_, group in groups.items()}
            found |= {report.claim: report for id_ in ids for report in self._kept[outgoing, id_]}
        plain = {(start, end) for start, a, end, b in batch if not (a or b)}
        for report in await reports.between(self._graph, plain, self._nodes):
            found[report.claim] = report
            self.taken += 1
        return found.values()


class _Pairs(Scratch):
    """Pairs of nodes whose flows are to be made, each once, in a temporary file."""

    def __init__(self) -> None:
        super().__init__(
            "CREATE TABLE pair (start TEXT, end TEXT, from_project INT, to_project INT, claims INT, PRIMARY KEY (start, end)) "
            "WITHOUT ROWID; CREATE TABLE weight (id TEXT, outgoing INT, claims INT, PRIMARY KEY (id, outgoing)) WITHOUT ROWID;"
        )

    def add(self, pairs: Iterable[Pair]) -> None:
        """(start, whether it is a project, end, whether it is one), as often as there are claims."""
        self._db.executemany(
            "INSERT INTO pair VALUES (?1, ?3, ?2, ?4, 1) ON CONFLICT DO UPDATE SET claims = claims + 1", pairs
        )

    def count(self) -> int:
        return self._db.execute("SELECT count(*) FROM pair").fetchone()[0]

    def projects(self) -> tuple[list[str], list[str]]:
        """Projects that are starts, and those that are ends."""
        starts = self._db.execute("SELECT DISTINCT start FROM pair WHERE from_project ORDER BY start")
        ends = self._db.execute("SELECT DISTINCT end FROM pair WHERE to_project ORDER BY end")
        return [row[0] for row in starts.fetchall()], [row[0] for row in ends.fetchall()]

    def batches(self) -> Iterator[list[Pair]]:
        """All pairs, those of a project with many claims together, so that these are read once.

        A batch has as many pairs as there are claims around its projects to be kept, and at least one.
        """
        self._db.executescript(
            "INSERT INTO weight SELECT start, 1, sum(claims) FROM pair WHERE from_project GROUP BY start;"
            "INSERT INTO weight SELECT end, 0, sum(claims) FROM pair WHERE to_project GROUP BY end;"
        )
        rows = self._db.execute(
            "SELECT p.start, p.from_project, p.end, p.to_project, coalesce(a.claims, 0) AS out, coalesce(b.claims, 0) AS into_ "
            "FROM pair p LEFT JOIN weight a ON a.id = p.start AND a.outgoing AND p.from_project "
            "LEFT JOIN weight b ON b.id = p.end AND NOT b.outgoing AND p.to_project "
            "ORDER BY CASE WHEN out >= into_ THEN p.start ELSE p.end END, p.start, p.end"
        )
        batch: list[Pair] = []
        around: set[tuple[str, bool]] = set()
        claims = 0
        for start, a, end, b, outgoing, incoming in rows:
            claims += sum(n for key, n in (((start, True), outgoing), ((end, False), incoming)) if key not in around)
            if batch and (len(batch) == PAIRS or claims > KEPT):
                yield batch
                batch, around, claims = [], set[tuple[str, bool]](), outgoing + incoming
            around |= {(start, True), (end, False)}
            batch.append((start, bool(a), end, bool(b)))
        if batch:
            yield batch
