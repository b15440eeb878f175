"""Taking back what one run brought: a run of its own, so that what was known between the two stays known.

A claim gets the reading that the dataset had of it before the run; what other datasets read of it meanwhile stays.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import msgspec

from graph.engine import Graph, Transaction
from graph.errors import UndoRefused
from graph.model import MODEL, Vocabulary
from graph.scratch import Scratch
from graph.staging import DESCRIBED_IN
from graph.write import conflicts, log, merging, runs
from graph.write.batches import Batches, Progress, batches
from graph.write.claims import Before, ClaimWriter, Counts, Stamp
from graph.write.entities import EntityWriter
from graph.write.lock import writer
from graph.write.readings import readings_of

#: Entities that claims name, and of which no source says what they are.
UNDESCRIBED = """
UNWIND $p.ids AS id MATCH (e:Entity {id: id})
WHERE NOT EXISTS { MATCH (e)-[d:DESCRIBED_IN]->() WHERE d.retracted_at IS NULL }
  AND EXISTS { MATCH (e)-[c]-() WHERE c.recorded_at IS NOT NULL AND c.retracted_at IS NULL }
RETURN e.id
"""
#: Who has nothing said of it any more: it keeps its name, for questions about what was known, and is not searched for.
#: Flows are derived of claims, and say nothing: they have no recorded_at.
HIDE = """
UNWIND $p.ids AS id MATCH (e:Entity {id: id})
WHERE NOT EXISTS { MATCH (e)-[c]-() WHERE c.recorded_at IS NOT NULL AND c.retracted_at IS NULL }
SET e.search = null, e.digest = '' RETURN count(e)
"""
#: Entities that have the label a run gave them, and that no dataset loaded since says anything of.
BEYOND = """
UNWIND $p.rows AS r MATCH (e:Entity {id: r[0]}) WHERE e.type = r[2]
  AND NOT EXISTS { MATCH (e)-[c]-() WHERE c.retracted_at IS NULL AND any(d IN c.datasets WHERE d IN $p.later) }
RETURN r[0], r[1], r[2]
"""


def _touched(name: LiteralString) -> LiteralString:
    return (
        f"MATCH (a)-[c:{name}]->(b) WHERE c.recorded_at = $p.at OR c.retracted_at = $p.at "
        "RETURN a.id, b.id, c.id, c.retracted_at = $p.at, c.datasets, c.locators, c.others, c.digest"
    )


def _unlabel(label: LiteralString) -> LiteralString:
    return f"UNWIND $p.ids AS id MATCH (e:Entity {{id: id}}) REMOVE e:{label} RETURN count(e)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What an undo did. `already`: the run had been taken back before, by the run `by`, and nothing was done."""

    run: runs.Listed
    by: str
    counts: Counts
    already: bool = False


async def undo(
    graph: Graph,
    name: str,
    *,
    clock: Callable[[], int],
    batch: int = 5_000,
    wait: float = 0.0,
    on_wait: Callable[[str], None] | None = None,
    progress: Progress = lambda _stage, _done, _total: None,
    vocabulary: Vocabulary = MODEL,
    version: str = "",
) -> Undone:
    """Takes back the run of this id, or number; raises UndoRefused. Broken off, the same call goes on with it."""
    dataset = _named(await runs.listed(graph), name).dataset
    async with writer(graph, dataset, wait=wait, on_wait=on_wait) as lock:
        listed = await runs.listed(graph)
        run = _named(listed, name)
        if run.undone_by:
            return Undone(run=run, by=run.undone_by, counts=Counts(), already=True)
        _refuse(run, listed)
        with _Touched() as touched:
            await touched.gather(graph, run, vocabulary)
            origin = runs.Origin(dataset=run.dataset, files=run.files, sha256=run.sha256, plan="")
            own = await runs.begin(graph, origin, clock(), staged="", append=False, version=version, undoes=run.id)
            stamp = Stamp(dataset=run.dataset, now=own.recorded_at)
            undoing = Undoing(graph, lock, own, progress, touched.count())
            undoing.prepare(run, listed, stamp, vocabulary)
            await undoing.all(touched, batch)
            await merging.renew(graph, lock, touched.types(), undoing.entities, vocabulary)
            starts = {name: touched.starts(name) for name in touched.types()}
            await conflicts.renew(graph, lock, starts, own.recorded_at, vocabulary)
        await own.end(graph, "done", clock(), 0)
        return Undone(run=run, by=own.id, counts=own.counts)


def _named(listed: Sequence[runs.Listed], name: str) -> runs.Listed:
    for run in listed:
        if name in (run.id, str(run.sequence)):
            return run
    raise UndoRefused(f"there is no run {name}: `aidgraph runs` lists them")


def _refuse(run: runs.Listed, listed: Sequence[runs.Listed]) -> None:
    if run.undoes:
        raise UndoRefused(f"{run.id} is itself an undo, of {run.undoes}: to have that back, load its files again")
    if not run.logged:
        raise UndoRefused(
            f"{run.id} was loaded by an older aidgraph, which did not keep what it changed: load the former files again"
        )
    later = [r for r in listed if r.sequence > run.sequence and r.dataset == run.dataset and _stands(r)]
    if later:
        names = ", then ".join(r.id for r in reversed(later))
        raise UndoRefused(
            f"{run.id} cannot be undone: the dataset {run.dataset} was loaded again since; first undo {names}"
        )


def _stands(run: runs.Listed) -> bool:
    return not run.undoes and run.state is not runs.State.UNDONE


class Undoing(Batches):
    def prepare(self, run: runs.Listed, listed: Sequence[runs.Listed], stamp: Stamp, vocabulary: Vocabulary) -> None:
        self._stamp = stamp
        self._vocabulary = vocabulary
        self.entities = EntityWriter(vocabulary, stamp)
        self._later = sorted({r.dataset for r in listed if r.sequence > run.sequence and _stands(r)} - {run.dataset})
        self._undone = {r.recorded_at for r in listed if r.state is runs.State.UNDONE} | {run.recorded_at}
        self._undos = {r.recorded_at for r in listed if r.undoes}

    async def all(self, touched: "_Touched", batch: int) -> None:
        """Claims first, then labels, then descriptions: what an entity is follows from what is left of them."""
        for relationship in self._vocabulary.relationships:
            if relationship.name == DESCRIBED_IN:
                continue
            claims = ClaimWriter(relationship, self._stamp)
            for rows in batches(touched.rows(relationship.name), batch):
                await self._write("claims", rows, claims.restore)
        for rows in batches(touched.labels(), batch):
            await self._write("labels", rows, self._coarsen)
        for rows in batches(touched.rows(DESCRIBED_IN), batch):
            await self._write("descriptions", rows, self._describe)

    async def _describe(self, transaction: Transaction, rows: Sequence[Before]) -> Counts:
        descriptions = ClaimWriter(self._vocabulary.relationship[DESCRIBED_IN], self._stamp)
        counts = await descriptions.restore(transaction, rows)
        ids = sorted({row.start for row in rows})
        counts.entities_changed += await self.entities.project(transaction, ids)
        left = [id_ for (id_,) in await transaction.rows(UNDESCRIBED, {"ids": ids})]
        counts.entities_changed += await self.entities.project_former(transaction, left, self._undone, self._undos)
        await transaction.rows(HIDE, {"ids": ids})
        return counts

    async def _coarsen(self, transaction: Transaction, rows: Sequence[tuple[str, str, str]]) -> Counts:
        """Takes back finer labels, but of what another dataset has spoken of since: it may have meant them."""
        found = await transaction.rows(BEYOND, {"rows": rows, "later": self._later})
        by_change: dict[tuple[str, str], list[str]] = {}
        for id_, former, label in found:
            by_change.setdefault((former, label), []).append(id_)
        for (former, label), ids in by_change.items():
            for gone in self._vocabulary.labels(label)[len(self._vocabulary.labels(former)) :]:
                await transaction.rows(_unlabel(gone), {"ids": ids})
            await self.entities.set_type(transaction, ids, former)
        return Counts(entities_changed=await self.entities.project(transaction, [row[0] for row in found]))


class _Touched(Scratch):
    """The claims a run touched with what its dataset read of them before, in a temporary file: there may be millions."""

    def __init__(self) -> None:
        super().__init__(
            "CREATE TABLE claim (type TEXT, own INT, start TEXT, id TEXT, end TEXT, locator TEXT, digest TEXT, said BLOB, "
            "PRIMARY KEY (type, own, start, id)) WITHOUT ROWID;"
            "CREATE TABLE label (id TEXT PRIMARY KEY, former TEXT, label TEXT) WITHOUT ROWID;"
        )

    async def gather(self, graph: Graph, run: runs.Listed, vocabulary: Vocabulary) -> None:
        """Finds what the run recorded, closed, and changed in place; none of this changes any more."""
        for relationship in vocabulary.relationships:
            async for row in graph.stream(_touched(relationship.name), {"at": run.recorded_at}):
                start, end, id_, closed, datasets, locators, others, digest = row
                before = None
                if closed:
                    before = readings_of(digest, {}, datasets, locators, others or []).get(run.dataset)
                if before is None:
                    self._add(relationship.name, start, end, id_, replace=bool(closed))
                else:
                    said = None if before.digest == digest else before.values
                    self._add(relationship.name, start, end, id_, before.locator, before.digest, said, replace=True)
            async for entry in log.kept(graph, run.id, relationship.name):
                self._add(relationship.name, *entry, replace=True)
        async for entry in log.kept(graph, run.id, log.LABELS):
            self._db.execute("INSERT OR IGNORE INTO label VALUES (?,?,?)", tuple(entry))

    def _add(
        self, type_: str, start: str, end: str, id_: str, locator: str = "", digest: str = "",
        said: dict[str, Any] | None = None, *, replace: bool,
    ) -> None:  # fmt: skip
        """A row on a claim; `replace`: it tells what was there before, which one of the claim as it came does not."""
        own = type_ == DESCRIBED_IN and start == end
        encoded = None if said is None else msgspec.msgpack.encode(said)
        insert = "INSERT OR REPLACE" if replace else "INSERT OR IGNORE"
        values = (type_, own, start, id_, end, locator, digest, encoded)
        self._db.execute(f"{insert} INTO claim VALUES (?,?,?,?,?,?,?,?)", values)

    def count(self) -> int:
        return sum(self._db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("claim", "label"))  # noqa: S608

    def types(self) -> list[str]:
        return [type_ for (type_,) in self._db.execute("SELECT DISTINCT type FROM claim ORDER BY type")]

    def starts(self, type_: str) -> Iterator[str]:
        for (start,) in self._db.execute("SELECT DISTINCT start FROM claim WHERE type = ? ORDER BY start", (type_,)):
            yield start

    def labels(self) -> Iterator[tuple[str, str, str]]:
        """(id, label before, label after)."""
        yield from self._db.execute("SELECT id, former, label FROM label ORDER BY id")

    def rows(self, type_: str) -> Iterator[Before]:
        """In the order of their starts; what documents say of themselves comes last."""
        sql = "SELECT start, end, id, locator, digest, said FROM claim WHERE type = ? ORDER BY own, start, id"
        for start, end, id_, locator, digest, said in self._db.execute(sql, (type_,)):
            values = None if said is None else msgspec.msgpack.decode(said)
            yield Before(start=start, end=end, id=id_, locator=locator, digest=digest, values=values)
