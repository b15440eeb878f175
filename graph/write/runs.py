"""Load runs: which files a dataset came by, how far a run got, and what it did; kept in the batches' transactions."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from graph.engine import Graph, Transaction
from graph.write import lock
from graph.write.claims import Counts

LATEST = "MATCH (r:LoadRun) RETURN max(r.recorded_at), max(r.sequence)"
OF_DATASET = """
MATCH (r:LoadRun {dataset: $p.dataset})
RETURN r.id, r.state, r.plan, r.sequence, r.recorded_at, r.rows_done, r.new, r.changed, r.unchanged, r.supported,
  r.retracted, r.entities_new, r.entities_changed, r.rejected, r.staged
ORDER BY r.sequence DESC LIMIT 1
"""
BEGIN = "MERGE (d:Entity:Dataset {id: $p.id}) ON CREATE SET d = $p RETURN count(d)"
CREATE = "CREATE (r:Entity:LoadRun) SET r = $p.run RETURN count(r)"
UPDATE = "MATCH (r:Entity {id: $p.id}) SET r += $p.values RETURN count(r)"
MARKER = "MATCH (r:Entity {id: $p.id}) RETURN r.marker"


ALL = """
MATCH (r:LoadRun) RETURN r.id, r.dataset, r.sequence, r.state, r.files, r.sha256, r.recorded_at, r.finished_at,
  r.rejected, r.append, r.undoes, r.logged, [r.new, r.changed, r.unchanged, r.supported, r.retracted, r.entities_new,
  r.entities_changed]
ORDER BY r.sequence
"""


class State(Enum):
    """How far a run got. An undo that was broken off leaves its run as it was."""

    DONE = "done"
    RUNNING = "running"
    BROKEN_OFF = "broken off"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A run as it is told. Times are epoch ms; `undoes`: the run it takes back, `undone_by` the undo that is done."""

    id: str
    dataset: str
    sequence: int
    state: State
    files: list[str]
    sha256: list[str]
    recorded_at: int
    finished_at: int | None
    rejected: int
    append: bool
    undoes: str
    undone_by: str
    logged: bool
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a run loads. `plan` is a hash of files and mapping: a broken run goes on only with the same plan."""

    dataset: str
    files: Sequence[str]
    sha256: Sequence[str]
    plan: str


class Run:
    """A run under way; `rows_done` counts rows of the staged order whose transactions were acknowledged."""

    def __init__(self, id_: str, recorded_at: int, rows_done: int, counts: Counts) -> None:
        self.id = id_
        self.recorded_at = recorded_at
        self.rows_done = rows_done
        self.counts = counts

    async def took_effect(self, transaction: Transaction, marker: str) -> bool:
        """Whether the batch of this marker has been committed."""
        return await transaction.value(MARKER, {"id": self.id}) == marker

    async def advance(self, transaction: Transaction, rows_done: int, marker: str, counts: Counts) -> None:
        """Records a batch in its own transaction: it is acknowledged exactly when its rows are."""
        total = Counts(**asdict(self.counts))
        total.add(counts)
        values = {**asdict(total), "rows_done": rows_done, "marker": marker}
        await transaction.rows(UPDATE, {"id": self.id, "values": values})

    async def end(self, graph: Graph, state: str, now: int, rejected: int) -> None:
        values = {"state": state, "finished_at": now, "rejected": rejected}

        async def work(transaction: Transaction) -> None:
            await transaction.rows(UPDATE, {"id": self.id, "values": values})

        await graph.write(work)


def fresh(origin: Origin, sequence: int, recorded_at: int, *, version: str) -> dict[str, Any]:
    """Properties of a run that begins."""
    id_ = f"run:{sequence}:{origin.dataset}"
    return {
        "id": id_,
        "type": "LoadRun",
        "canonical": id_,
        "dataset": origin.dataset,
        "plan": origin.plan,
        "staged": "",
        "undoes": "",
        "files": list(origin.files),
        "sha256": list(origin.sha256),
        "append": False,
        "logged": True,  # what it changes in place is kept: it can be undone
        "aidgraph": version,
        "sequence": sequence,
        "recorded_at": recorded_at,
        "state": "running",
        "rows_done": 0,
        **asdict(Counts()),
    }


def dataset_node(name: str) -> dict[str, Any]:
    id_ = f"dataset:{name}"
    return {"id": id_, "name": name, "pinyin": name.lower(), "type": "Dataset", "canonical": id_}


async def begin(
    graph: Graph, origin: Origin, now: int, *, staged: str, append: bool, version: str, undoes: str = ""
) -> Run:
    """Starts a run, or goes on with the last one of the dataset when it was broken off over the same staged rows.

    The same files may be staged otherwise after a run that broke: what it wrote can resolve names of theirs.
    """
    latest, sequence = (await graph.rows(LATEST))[0]
    rows = await graph.rows(OF_DATASET, {"dataset": origin.dataset})
    plan = f"undo {undoes}" if undoes else origin.plan
    same = rows and rows[0][1] != "done" and rows[0][2] == plan and rows[0][-1] == staged
    if same and rows[0][3] == sequence:
        id_, _, _, _, recorded_at, rows_done, *counted, _, _ = rows[0]
        return Run(id_, recorded_at, rows_done or 0, Counts(*(count or 0 for count in counted)))
    recorded_at = max(now, (latest or 0) + 1)  # a clock set back must not reorder what was learned when
    properties = fresh(origin, (sequence or 0) + 1, recorded_at, version=version)
    properties |= {"plan": plan, "staged": staged, "undoes": undoes, "append": append}

    async def work(transaction: Transaction) -> None:
        await transaction.rows(BEGIN, dataset_node(origin.dataset))
        await transaction.rows(CREATE, {"run": properties})

    await graph.write(work)
    return Run(properties["id"], recorded_at, 0, Counts())


async def listed(graph: Graph) -> list[Listed]:
    """All runs, in their order."""
    rows = await graph.rows(ALL)
    undone_by = {row[10]: row[0] for row in rows if row[10] and row[3] == "done"}
    newest = {row[1]: row[0] for row in rows}
    writing = await lock.writing(graph)

    def state(id_: str, dataset: str, stored: str) -> State:
        if id_ in undone_by:
            return State.UNDONE
        if stored == "done":
            return State.DONE
        return State.RUNNING if writing == dataset and newest[dataset] == id_ else State.BROKEN_OFF

    return [
        Listed(
            id=id_,
            dataset=dataset,
            sequence=sequence,
            state=state(id_, dataset, stored),
            files=files or [],
            sha256=sha256 or [],
            recorded_at=recorded_at,
            finished_at=finished_at,
            rejected=rejected or 0,
            append=bool(append),
            undoes=undoes or "",
            undone_by=undone_by.get(id_, ""),
            logged=bool(logged),
            counts=Counts(*(count or 0 for count in counts)),
        )
        for id_, dataset, sequence, stored, files, sha256, recorded_at, finished_at, rejected, append, undoes, logged,
        counts in rows
    ]  # fmt: skip


async def any_of(graph: Graph, dataset: str) -> bool:
    """Whether anything was ever loaded as this dataset."""
    return bool(await graph.rows(OF_DATASET, {"dataset": dataset}))


async def loaded_before(graph: Graph, origin: Origin) -> bool:
    """Whether the newest run of the dataset took every row of these very files with this mapping.

    Rows that were rejected may load now, when what they name has been loaded since.
    """
    rows = await graph.rows(OF_DATASET, {"dataset": origin.dataset})
    return bool(rows) and rows[0][1] == "done" and rows[0][2] == origin.plan and not rows[0][-2]
