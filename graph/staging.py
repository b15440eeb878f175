"""What a run is about to write, kept in a temporary SQLite file: checked whole before the first row is written.

Memory stays flat however large the files are; rows come out grouped by type and start, in the same order every time.
"""

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from graph import identity
from graph.model import MODEL, Time, Vocabulary
from graph.records import Claim, Entity, PreparedClaim, Value

DESCRIBED_IN = "DESCRIBED_IN"

_SCHEMA = """
CREATE TABLE entity (id TEXT, label TEXT, stub INT, file INT, line INT);
CREATE TABLE claim (seq INTEGER PRIMARY KEY, type TEXT, start TEXT, end TEXT, fact TEXT, source TEXT, digest TEXT,
  payload BLOB, locator TEXT, row_id TEXT, part_of TEXT, file INT, line INT);
"""
_READY = """
CREATE INDEX entity_id ON entity (id);
CREATE INDEX claim_key ON claim (fact, source, digest, seq);
CREATE TABLE ready (id TEXT PRIMARY KEY, type TEXT, start TEXT, end TEXT, fact TEXT, source TEXT, digest TEXT,
  payload BLOB, locator TEXT, line INT) WITHOUT ROWID;
"""
_INSERT_READY = "INSERT INTO ready VALUES (?,?,?,?,?,?,?,?,?,?)"
_CHUNK = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """An entity of the run with what its rows say of it; none for a stub."""

    id: str
    label: str
    descriptions: list[PreparedClaim]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """An id a row names, with the labels its place allows (empty: any)."""

    id: str
    labels: tuple[str, ...]
    what: str
    file: int
    line: int


class Staging:
    """Records of one run. Add all, `settle`, then read; a rejected row takes all its records with it."""

    def __init__(self, vocabulary: Vocabulary = MODEL) -> None:
        self.vocabulary = vocabulary
        self._folder = tempfile.TemporaryDirectory(prefix="aidgraph-")
        self._db = sqlite3.connect(Path(self._folder.name) / "staging.db")
        self._db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA temp_store=FILE;" + _SCHEMA)
        self._seq = 0
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder: msgspec.msgpack.Decoder[dict[str, Value]] = msgspec.msgpack.Decoder(dict[str, Value])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()
        self._folder.cleanup()

    def add(self, record: Entity | Claim, *, file: int, line: int) -> None:
        if isinstance(record, Claim):
            self._add_claim(record, file, line)
            return
        self._db.execute("INSERT INTO entity VALUES (?,?,?,?,?)", (record.id, record.label, record.stub, file, line))
        if not record.stub:
            values: dict[str, Value] = {**record.provenance, "values": identity.encode(record.values)}
            claim = Claim(
                type=DESCRIBED_IN,
                start=record.id,
                end=record.source,
                source=record.source,
                locator=record.locator,
                values=values,
            )
            self._add_claim(claim, file, line)

    def _add_claim(self, claim: Claim, file: int, line: int) -> None:
        self._seq += 1
        fact = identity.fact_id(self.vocabulary.relationship[claim.type], claim)
        self._db.execute(
            "INSERT INTO claim VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                self._seq,
                claim.type,
                claim.start,
                claim.end,
                fact,
                claim.source,
                identity.digest(claim.values),
                self._encoder.encode(claim.values),
                claim.locator,
                claim.row_id,
                claim.part_of,
                file,
                line,
            ),
        )

    def reject(self, file: int, line: int) -> None:
        self._db.execute("DELETE FROM entity WHERE file = ? AND line = ?", (file, line))
        self._db.execute("DELETE FROM claim WHERE file = ? AND line = ?", (file, line))

    def resolve_parts(self) -> list[tuple[str, int, int]]:
        """Turns part_of from row_id into fact; returns (row_id, file, line) of those that name no row."""
        facts: dict[str, str] = dict(self._db.execute("SELECT row_id, fact FROM claim WHERE row_id <> ''").fetchall())
        missing: list[tuple[str, int, int]] = []
        rows = self._db.execute("SELECT seq, payload, part_of, file, line FROM claim WHERE part_of <> ''").fetchall()
        for seq, payload, part_of, file, line in rows:
            fact = part_of if str(part_of).startswith("fact:") else facts.get(part_of)
            if fact is None:
                missing.append((part_of, file, line))
                continue
            values = {**self._decoder.decode(payload), "part_of": fact}
            self._db.execute(
                "UPDATE claim SET payload = ?, digest = ? WHERE seq = ?",
                (self._encoder.encode(values), identity.digest(values), seq),
            )
        return missing

    def mentions(self) -> Iterator[Mention]:
        """Every id that must exist: ends of claims, and properties that name an entity."""
        sql = "SELECT type, start, end, payload, file, line FROM claim ORDER BY file, line, seq"
        for type_, start, end, payload, file, line in self._db.execute(sql):
            relationship = self.vocabulary.relationship[type_]
            yield Mention(id=start, labels=relationship.start, what="from", file=file, line=line)
            if type_ != DESCRIBED_IN:
                yield Mention(id=end, labels=relationship.end, what="to", file=file, line=line)
            values = self._decoder.decode(payload)
            for name, labels in (("programme", ("Programme",)), ("about", ("Project",)), ("at", ("Organization",))):
                if name in values:
                    yield Mention(id=str(values[name]), labels=labels, what=name, file=file, line=line)

    def labels(self, ids: Iterable[str]) -> dict[str, set[str]]:
        """Labels this run gives to ids; ids it does not hold are left out."""
        found: dict[str, set[str]] = {}
        wanted = list(ids)
        for first in range(0, len(wanted), 500):
            some = wanted[first : first + 500]
            marks = ",".join("?" * len(some))
            for id_, label in self._db.execute(f"SELECT id, label FROM entity WHERE id IN ({marks})", some):  # noqa: S608
                found.setdefault(id_, set()).add(label)
        return found

    def entity_rows(self) -> Iterator[tuple[str, str, int, int]]:
        """(id, label, file, line) of each entity row, in the order of the files."""
        yield from self._db.execute("SELECT id, label, file, line FROM entity ORDER BY file, line")

    def settle(self) -> None:
        """Gives claims their ids; a state said twice alike in one source is one claim, an event stays as often."""
        self._db.executescript(_READY)
        states = [r.name for r in self.vocabulary.relationships if r.time is Time.STATE]
        marks = ",".join("?" * len(states))
        repeated = (
            f"DELETE FROM claim WHERE type IN ({marks}) AND seq NOT IN "  # noqa: S608
            "(SELECT MIN(seq) FROM claim GROUP BY fact, source, digest)"
        )
        self._db.execute(repeated, states)
        numbered = (
            "SELECT type, start, end, fact, source, digest, payload, locator, line, "
            "ROW_NUMBER() OVER (PARTITION BY fact, source ORDER BY digest, seq) FROM claim"
        )
        cursor = self._db.execute(numbered)
        while rows := cursor.fetchmany(_CHUNK):
            self._db.executemany(_INSERT_READY, (self._ready(row) for row in rows))
        self._db.executescript("CREATE INDEX ready_order ON ready (type, start, id); DROP TABLE claim;")

    @staticmethod
    def _ready(row: tuple[Any, ...]) -> tuple[Any, ...]:
        type_, start, end, fact, source, digest, payload, locator, line, n = row
        id_ = identity.claim_id(fact, source, n)
        return id_, type_, start, end, fact, source, digest, payload, locator, line

    def counts(self) -> tuple[int, int]:
        """(entities, claims) that are ready."""
        entities = self._db.execute("SELECT count(DISTINCT id) FROM entity").fetchone()[0]
        return entities, self._db.execute("SELECT count(*) FROM ready").fetchone()[0]

    def sources(self) -> Iterator[Described]:
        """All sources that claims stand in, with what rows say of them; they are written before what they describe."""
        said = dict(self._grouped_descriptions("start = end"))
        for (id_,) in self._db.execute("SELECT DISTINCT source FROM ready ORDER BY source").fetchall():
            yield Described(id=id_, label="Source", descriptions=said.get(id_, []))

    def entities(self) -> Iterator[Described]:
        """Every entity once, ordered by id, with its most refined label and what other documents say of it."""
        descriptions = self._grouped_descriptions("start <> end")
        waiting = next(descriptions, None)
        sql = "SELECT id, group_concat(DISTINCT label) FROM entity GROUP BY id ORDER BY id"
        for id_, labels in self._db.execute(sql):
            mine: list[PreparedClaim] = []
            if waiting is not None and waiting[0] == id_:
                mine = waiting[1]
                waiting = next(descriptions, None)
            label = max(labels.split(","), key=lambda name: (len(self.vocabulary.labels(name)), name))
            yield Described(id=id_, label=label, descriptions=mine)

    def _grouped_descriptions(self, which: str) -> Iterator[tuple[str, list[PreparedClaim]]]:
        group: list[PreparedClaim] = []
        for claim in self._claims(f"WHERE type = 'DESCRIBED_IN' AND {which} ORDER BY type, start, id"):
            if group and group[0].start != claim.start:
                yield group[0].start, group
                group = []
            group.append(claim)
        if group:
            yield group[0].start, group

    def claims(self) -> Iterator[PreparedClaim]:
        """Every claim but descriptions, ordered by type, start and id."""
        return self._claims("WHERE type <> 'DESCRIBED_IN' ORDER BY type, start, id")

    def _claims(self, where: str) -> Iterator[PreparedClaim]:
        columns = "id, type, start, end, fact, source, digest, payload, locator"
        for row in self._db.execute(f"SELECT {columns} FROM ready {where}"):  # noqa: S608
            id_, type_, start, end, fact, source, digest, payload, locator = row
            yield PreparedClaim(
                id=id_,
                type=type_,
                start=start,
                end=end,
                fact=fact,
                source=source,
                digest=digest,
                locator=locator,
                values=self._decoder.decode(payload),
            )

    def holds(self, claim_ids: list[str]) -> set[str]:
        """Those of the ids that this run holds."""
        held: set[str] = set()
        for first in range(0, len(claim_ids), 500):
            some = claim_ids[first : first + 500]
            marks = ",".join("?" * len(some))
            held.update(row[0] for row in self._db.execute(f"SELECT id FROM ready WHERE id IN ({marks})", some))  # noqa: S608
        return held
