"""Files for `neo4j-admin database import full`: what a load of a staging into an empty Neo4j would write.

Texts are in quotes, numbers and truth values are not, an empty cell is no property; what follows the import is Cypher.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from graph import conflicts, schema_ddl
from graph.canonical import Settled
from graph.engine import Engine, Graph
from graph.errors import GraphError
from graph.model import Vocabulary
from graph.records import PreparedClaim, Value
from graph.staging import Described, Staging
from graph.write import merging, runs
from graph.write.batches import Progress
from graph.write.claims import ClaimWriter, Counts, Stamp
from graph.write.readings import Description, project

#: Between the elements of a list; no text of ours may hold it.
SEPARATOR = "\x1f"
ARGUMENTS, AFTER, README = "import.args", "after-import.cypher", "README.md"
OPTIONS = (
    "--id-type=string",
    "--multiline-fields=true",
    "--array-delimiter=U+001F",
    "--bad-tolerance=0",
    "--skip-duplicate-nodes=false",
    "--skip-bad-relationships=false",
)
COMMAND = f"neo4j-admin database import full @{ARGUMENTS} --overwrite-destination=true neo4j"
THEN = f"cypher-shell -u neo4j -d neo4j -f {AFTER}"
_TYPES = {str: "string", bool: "boolean", int: "long", float: "double", list: "string[]"}
#: Rows between two signs of progress.
_STEP = 5_000
#: The import cannot tell a list of one empty text from none.
_EMPTY_LOCATORS = """MATCH ()-[c:{type}]->() WHERE c.locators IS NULL
CALL (c) {{ SET c.locators = [''] }} IN TRANSACTIONS OF 10000 ROWS;
"""
_README = """\
# {dataset}: {nodes:,} nodes and {relationships:,} relationships for a new Neo4j

Written by `aidgraph bulk`. The import replaces the whole database: it is for the first load, into an empty Neo4j (5.23 or
newer). Copy this folder to the machine of the Neo4j, stop the Neo4j, and in this folder run

    {command}

Start the Neo4j. Then add the constraints and indexes, and what the import cannot write; until then aidgraph refuses the database:

    {then}

Then `NEO4J_URI=bolt://… aidgraph doctor` looks over it, and loads go on over Bolt: `aidgraph seed`, `aidgraph load …`.
"""


class Nothing(Graph):
    """A graph that holds nothing: what files are checked against that are to be imported into an empty one."""

    def __init__(self) -> None:
        self.kind = Engine.NEO4J
        self.server = None
        self.where = "an empty graph"

    async def stream(self, *_: Any, **__: Any) -> AsyncIterator[list[Any]]:
        return
        yield []


def write(
    staging: Staging, origin: runs.Origin, out: Path, *, now: int, rejected: int, version: str, vocabulary: Vocabulary,
    progress: Progress,
) -> Counts:  # fmt: skip
    """Makes the folder `out` and writes the files of a settled staging into it; `now` in epoch ms."""
    out.mkdir()
    writing = _Writing(staging, Stamp(dataset=origin.dataset, now=now), out, vocabulary, progress)
    try:
        return writing.all(origin, rejected, version)
    finally:
        writing.close()


class _Table:
    """The files of one label or relationship type: a new pair of header and rows where a row has what none had before."""

    def __init__(self, out: Path, option: str, name: str, fixed: tuple[str, ...]) -> None:
        self.rows = 0
        self._out = out
        self._option = option
        self._name = name
        self._fixed = fixed
        self._columns: dict[str, type] = {}
        self._files: list[str] = []
        self._file: BinaryIO | None = None

    def add(self, fixed: tuple[str, ...], properties: Mapping[str, Any]) -> None:
        columns = self._columns
        fits = True
        for name, value in properties.items():
            if value is None or columns.get(name) is type(value):
                continue
            if name in columns:
                raise GraphError(
                    f"{name} of {self._name} is a {type(value).__name__} here and a {columns[name].__name__} elsewhere, "
                    "which cannot be imported: load the files with `aidgraph load` instead"
                )
            columns[name] = type(value)
            fits = False
        if self._file is None or not fits:
            self._open()
            assert self._file
        cells = [_text(text) for text in fixed]
        cells += ["" if (value := properties.get(name)) is None else _cell(name, value) for name in columns]
        self._file.write((",".join(cells) + "\n").encode())
        self.rows += 1

    def _open(self) -> None:
        self.close()
        stem = f"{self._name.replace(':', '-')}.{len(self._files) + 1}"
        header = ",".join([*self._fixed, *(f"{name}:{_TYPES[type_]}" for name, type_ in self._columns.items())])
        (self._out / f"{stem}.header.csv").write_text(header + "\n", "utf-8")
        self._file = (self._out / f"{stem}.csv").open("wb")
        self._files.append(stem)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def arguments(self) -> Iterator[str]:
        for stem in self._files:
            yield f"--{self._option}={self._name}={stem}.header.csv,{stem}.csv"


def _text(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _cell(name: str, value: Value) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if any(SEPARATOR in text for text in value) or (value in ([], [""]) and name != "locators"):
        raise GraphError(f"{name} {value!r} cannot be imported: load the files with `aidgraph load` instead")
    return _text(SEPARATOR.join(value)) if any(value) or len(value) > 1 else ""


class _Writing:
    def __init__(self, staging: Staging, stamp: Stamp, out: Path, vocabulary: Vocabulary, progress: Progress) -> None:
        self._staging = staging
        self._stamp = stamp
        self._out = out
        self._vocabulary = vocabulary
        self._progress = progress
        self._nodes: dict[str, _Table] = {}
        self._relationships: dict[str, _Table] = {}
        self._claims = {r.name: ClaimWriter(r, stamp) for r in vocabulary.relationships}
        self._without_locator: set[str] = set()
        self._settled = self._decided()
        self._merged = self._settled.merged()
        self._done = 0
        self._total = 0

    def close(self) -> None:
        for table in (*self._nodes.values(), *self._relationships.values()):
            table.close()

    def _decided(self) -> Settled:
        """Which entities are one, where the files hold decisions."""
        decisions = list(self._staging.of_types(merging.SAME, merging.DIFFERENT))
        labels = self._staging.labels({id_ for claim in decisions for id_ in (claim.start, claim.end)})
        types = {id_: sorted(some)[0] for id_, some in labels.items()}
        return merging.of_claims(decisions, types, self._stamp.now, self._vocabulary)

    def all(self, origin: runs.Origin, rejected: int, version: str) -> Counts:
        self._total = self._staging.steps()
        counts = Counts()
        for entity in self._entities():
            self._entity(entity)
            counts.entities_new += 1
            self._step("entities")
        for claim in self._staging.claims():
            self._claim(claim)
            self._step("claims")
        self._progress("claims", self._total, self._total)
        counts.new = self._staging.counts()[1]
        self._conflicts()
        for others in self._merged.values():
            for id_ in others:
                self._node(("Merged",), {"id": f"merged:{id_}", "of": id_})
        self._node(("Entity", "Dataset"), runs.dataset_node(origin.dataset))
        run = runs.fresh(origin, 1, self._stamp.now, version=version)
        run |= {**asdict(counts), "staged": self._staging.fingerprint(), "rows_done": self._total, "rejected": rejected}
        self._node(("Entity", "LoadRun"), run | {"state": "done", "finished_at": self._stamp.now})
        store = {"id": "store", "version": schema_ddl.STORE_VERSION, "schema": "", "waits_for": AFTER}
        self._node(("Store",), store)
        self._instructions(origin.dataset)
        return counts

    def _step(self, stage: str) -> None:
        self._done += 1
        if self._done % _STEP == 0:
            self._progress(stage, self._done, self._total)

    def _entities(self) -> Iterator[Described]:
        """Every entity once, with all that is said of it: a source may also be described by others."""
        sources, entities = self._staging.sources(), self._staging.entities()
        source, entity = next(sources, None), next(entities, None)
        while source or entity:
            if source and entity and source.id == entity.id:
                yield Described(
                    id=source.id, label=source.label, descriptions=source.descriptions + entity.descriptions
                )
                source, entity = next(sources, None), next(entities, None)
            elif source and (entity is None or source.id < entity.id):
                yield source
                source = next(sources, None)
            elif entity:
                yield entity
                entity = next(entities, None)

    def _entity(self, entity: Described) -> None:
        said = [
            Description(
                source=claim.source,
                id=claim.id,
                confidence=str(claim.values.get("confidence", "")),
                certainty=str(claim.values.get("certainty", "")),
                values=str(claim.values["values"]),
            )
            for claim in entity.descriptions
        ]
        properties = project(entity.id, entity.label, self._settled.of(entity.id), said)
        if entity.id in self._merged:
            properties["merged"] = self._merged[entity.id]
        self._node(self._vocabulary.labels(entity.label), properties)
        for claim in entity.descriptions:
            self._claim(claim)

    def _node(self, labels: tuple[str, ...], properties: Mapping[str, Any]) -> None:
        name = ":".join(labels)
        if name not in self._nodes:
            self._nodes[name] = _Table(self._out, "nodes", name, ("id:ID",))
        self._nodes[name].add((properties["id"],), {n: v for n, v in properties.items() if n != "id"})

    def _claim(self, claim: PreparedClaim) -> None:
        start, end, properties = self._claims[claim.type].new_row(claim)
        if claim.type not in self._relationships:
            self._relationships[claim.type] = _Table(
                self._out, "relationships", claim.type, (":START_ID", ":END_ID")
            )  # fmt: skip
        self._relationships[claim.type].add((start, end), properties)
        if properties["locators"] == [""]:
            self._without_locator.add(claim.type)

    def _conflicts(self) -> None:
        for relationship in self._vocabulary.relationships:
            if not conflicts.compared(relationship):
                continue
            names = conflicts.columns(relationship)
            for start, end, claims in self._staging.together(relationship.name):
                if len({conflicts.subject(relationship, claim.values) for claim in claims}) == len(claims):
                    continue
                rows = [self._claims[relationship.name].new_row(claim)[2] for claim in claims]
                for one in conflicts.found(relationship, start, end, [[row.get(n) for n in names] for row in rows]):
                    self._node(("Conflict",), conflicts.stored(one) | {"found_at": self._stamp.now})

    def _instructions(self, dataset: str) -> None:
        tables = [*self._nodes.values(), *self._relationships.values()]
        arguments = [*OPTIONS, *(argument for table in tables for argument in table.arguments())]
        (self._out / ARGUMENTS).write_text("\n".join(arguments) + "\n", "utf-8")
        ddl = [*schema_ddl.statements(Engine.NEO4J, self._vocabulary), *schema_ddl.full_text(Engine.NEO4J)]
        after = [f"{statement};\n" for statement in ddl]
        after += [_EMPTY_LOCATORS.format(type=type_) for type_ in sorted(self._without_locator)]
        after += ["CALL db.awaitIndexes(3600);\n", "MATCH (s:Store {id: 'store'}) REMOVE s.waits_for;\n"]
        (self._out / AFTER).write_text("".join(after), "utf-8")
        said = _README.format(
            dataset=dataset,
            nodes=sum(table.rows for table in self._nodes.values()),
            relationships=sum(table.rows for table in self._relationships.values()),
            command=COMMAND,
            then=THEN,
        )
        (self._out / README).write_text(said, "utf-8")
