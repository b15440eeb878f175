"""What a run is about to write, kept in a temporary SQLite file: checked whole before the first row is written.

Memory stays flat however large the files are; rows come out grouped by type and start, in the same order every time.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import Any

import msgspec

from graph import identity
from graph.model import MODEL, Kind, Time, Vocabulary
from graph.records import Claim, Entity, PreparedClaim, Value
from graph.scratch import Scratch

DESCRIBED_IN = "DESCRIBED_IN"

_SCHEMA = """
CREATE TABLE entity (id TEXT, label TEXT, stub INT, file INT, line INT);
CREATE TABLE claim (seq INTEGER PRIMARY KEY, id TEXT, type TEXT, start TEXT, end TEXT, fact TEXT, source TEXT,
  digest TEXT, payload BLOB, locator TEXT, row_id TEXT, part_of TEXT, file INT, line INT);
CREATE TABLE mention (id TEXT, labels TEXT, what TEXT, file INT, line INT);
CREATE TABLE replaced (locator TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE kept (locator TEXT, id TEXT, PRIMARY KEY (locator, id)) WITHOUT ROWID;
CREATE TABLE forgotten (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE stored (id TEXT PRIMARY KEY, type TEXT, start TEXT, end TEXT, digest TEXT, replaced INT) WITHOUT ROWID;
"""
_BY_USE = (
    "CREATE INDEX claim_start ON claim (type, start); CREATE INDEX claim_end ON claim (type, end); "
    "CREATE INDEX mention_use ON mention (what, id);"
)
_ENTITY_ID = "CREATE INDEX IF NOT EXISTS entity_id ON entity (id)"
_INDEXES = f"{_ENTITY_ID}; CREATE INDEX claim_order ON claim (type, start, id);"
_PRAGMAS = "PRAGMA page_size=16384; PRAGMA temp_store=FILE;"
#: A stored claim, and whether it is replaced: by its place, unless it describes what stays described there, or because all
#: that describes its start goes.
_STORE = """
INSERT OR REPLACE INTO stored SELECT ?4, ?1, ?2, ?3, ?5,
  EXISTS (SELECT 1 FROM replaced WHERE locator = ?6)
    AND NOT (?1 = 'DESCRIBED_IN' AND EXISTS (SELECT 1 FROM kept WHERE locator = ?6 AND id = ?2))
  OR ?1 = 'DESCRIBED_IN' AND EXISTS (SELECT 1 FROM forgotten WHERE id = ?2)
"""
_INSERT_ENTITY = "INSERT INTO entity VALUES (?,?,?,?,?)"
_INSERT_CLAIM = "INSERT INTO claim VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
_INSERT_MENTION = "INSERT INTO mention VALUES (?,?,?,?,?)"
#: File numbers of records that are of no row: the document of the dataset itself, and sources that rows cite.
DOCUMENT, _CITED = -1, -2
#: Rows kept back, to be inserted together.
_CHUNK = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """An entity of the run with what its rows say of it; none for a stub."""

    id: str
    label: str
    descriptions: list[PreparedClaim]


class Money(msgspec.Struct, frozen=True, rename={"class_": "class"}):
    """What a claim says of money."""

    amount_text: str = ""
    class_: str = ""
    currency: str = ""
    part_of: str = ""


_money = msgspec.msgpack.Decoder(Money)


@dataclass(slots=True)
class Repeated:
    """Figures that one source gives more than once for one fact; `first`: (file, line) of two of them."""

    figures: int = 0
    first: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])

    def add(self, places: Iterable[tuple[int, int]]) -> None:
        """`places`, in order, of the figures of one fact."""
        two = list(islice(places, 2))
        if len(two) == 2:
            self.figures += 1
            self.first = min(self.first or two, two)


class Staging(Scratch):
    """Records of one run. Add all, `settle`, then read; a rejected row takes all its records with it."""

    def __init__(self, vocabulary: Vocabulary = MODEL) -> None:
        self.vocabulary = vocabulary
        super().__init__(_PRAGMAS + _SCHEMA, one_thread=False)
        self._named = {  # properties of claims that name an entity, with the label it must have
            r.name: [(p.name, p.entity) for p in vocabulary.claim_properties(r.name) if p.kind is Kind.ENTITY]
            for r in vocabulary.relationships
        }
        self.is_change = False  # whether it is a run of changes, not of all that its dataset holds
        self._citing = False
        self._rejecting = False
        self._labelling = False
        self._searching = False
        self._seq = 0
        self._entities: list[tuple[Any, ...]] = []
        self._claims_kept: list[tuple[Any, ...]] = []
        self._mentions_kept: list[tuple[Any, ...]] = []
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder: msgspec.msgpack.Decoder[dict[str, Value]] = msgspec.msgpack.Decoder(dict[str, Value])

    def add(self, record: Entity | Claim, *, file: int, line: int) -> None:
        if isinstance(record, Claim):
            self._add_claim(record, file, line)
        else:
            self._add_entity(record, file, line)
        if max(len(self._entities), len(self._claims_kept)) >= _CHUNK:
            self._flush()

    def _add_entity(self, record: Entity, file: int, line: int) -> None:
        self._entities.append((record.id, record.label, record.stub, file, line))
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

    def add_source(self, source: Entity) -> None:
        """What rows say of their source: it is kept while any row that cites it is."""
        self._citing = True
        self.add(source, file=_CITED, line=0)

    def _add_claim(self, claim: Claim, file: int, line: int) -> None:
        self._seq += 1
        type_, values = claim.type, claim.values
        fact = identity.fact_id(self.vocabulary.relationship[type_], claim)
        self._claims_kept.append(
            (
                self._seq,
                identity.claim_id(fact, claim.source, 1),
                type_,
                claim.start,
                claim.end,
                fact,
                claim.source,
                identity.digest(values),
                self._encoder.encode(values),
                claim.locator,
                claim.row_id,
                claim.part_of,
                file,
                line,
            )
        )
        for name, label in self._named[type_]:
            if name in values:
                self._mentions_kept.append((values[name], label, name, file, line))

    def _flush(self) -> None:
        self._db.executemany(_INSERT_ENTITY, self._entities)
        self._db.executemany(_INSERT_CLAIM, self._claims_kept)
        self._db.executemany(_INSERT_MENTION, self._mentions_kept)
        for kept in (self._entities, self._claims_kept, self._mentions_kept):
            kept.clear()

    def reject(self, file: int, line: int) -> None:
        self._flush()
        if not self._rejecting:  # to find the records of a row; made when the first one is rejected
            self._rejecting = True
            for table in ("entity", "claim", "mention"):
                self._db.execute(f"CREATE INDEX {table}_row ON {table} (file, line)")
        for table in ("entity", "claim", "mention"):
            self._db.execute(f"DELETE FROM {table} WHERE file = ? AND line = ?", (file, line))  # noqa: S608

    def resolve_parts(self) -> list[tuple[int, int, str, str]]:
        """Turns part_of from row_id into fact; returns (file, line, row_id, what is wrong with it)."""
        self._flush()
        self._db.execute("CREATE INDEX IF NOT EXISTS claim_row_id ON claim (row_id) WHERE row_id <> ''")
        sql = """
            SELECT c.seq, c.payload, c.fact, c.part_of, c.file, c.line, p.facts, p.first
            FROM claim c LEFT JOIN (
              SELECT row_id, count(DISTINCT fact) facts, min(fact) first FROM claim WHERE row_id <> '' GROUP BY row_id
            ) p ON p.row_id = c.part_of
            WHERE c.part_of <> '' ORDER BY c.seq"""
        rows = self._db.execute(sql).fetchall()
        wholes: dict[str, set[str]] = {}  # fact → facts it is part of
        faults: list[tuple[int, int, str, str]] = []
        for seq, payload, fact, part_of, file, line, named, first in rows:
            if named != 1:
                reason = "is the row_id of several facts" if named else "is no row_id of this load"
                faults.append((file, line, part_of, f"{reason}: correct it"))
                continue
            if _reaches(wholes, first, fact):
                faults.append((file, line, part_of, "makes a figure part of itself: correct it"))
                continue
            wholes.setdefault(fact, set()).add(first)
            values = {**self._decoder.decode(payload), "part_of": first}
            self._db.execute(
                "UPDATE claim SET payload = ?, digest = ? WHERE seq = ?",
                (self._encoder.encode(values), identity.digest(values), seq),
            )
        return faults

    def mentioned(self) -> Iterator[tuple[str, tuple[str, ...], str, str]]:
        """Every id that must exist, once for each use: (id, labels that may stand there, what, type)."""
        self._flush()
        for side in ("start", "end"):
            sql = f"SELECT DISTINCT type, {side} FROM claim"  # noqa: S608
            for type_, id_ in self._db.execute(sql):
                if side == "end" and type_ == DESCRIBED_IN:
                    continue  # sources are made where they are cited
                relationship = self.vocabulary.relationship[type_]
                yield id_, relationship.start if side == "start" else relationship.end, side, type_
        for id_, label, name in self._db.execute("SELECT DISTINCT id, labels, what FROM mention"):
            yield id_, (label,), name, ""

    def rows_that_mention(self, id_: str, what: str, type_: str) -> list[tuple[int, int]]:
        """(file, line) of the rows that use an id so."""
        if not self._searching:  # made when the first row is at fault
            self._searching = True
            self._db.executescript(_BY_USE)
        if what in ("start", "end"):
            sql = f"SELECT DISTINCT file, line FROM claim WHERE type = ? AND {what} = ? ORDER BY file, line"  # noqa: S608
            return self._db.execute(sql, (type_, id_)).fetchall()
        sql = "SELECT DISTINCT file, line FROM mention WHERE what = ? AND id = ? ORDER BY file, line"
        return self._db.execute(sql, (what, id_)).fetchall()

    def labels(self, ids: Iterable[str]) -> dict[str, set[str]]:
        """Labels this run gives to ids; ids it does not hold are left out."""
        self._flush()
        if not self._labelling:  # made when first asked, so that no file of many entities is searched whole
            self._labelling = True
            self._db.execute(_ENTITY_ID)
        found: dict[str, set[str]] = {}
        wanted = list(ids)
        for first in range(0, len(wanted), 500):
            some = wanted[first : first + 500]
            marks = ",".join("?" * len(some))
            for id_, label in self._db.execute(f"SELECT id, label FROM entity WHERE id IN ({marks})", some):  # noqa: S608
                found.setdefault(id_, set()).add(label)
        return found

    def entity_rows(self) -> Iterator[tuple[str, str, int, int]]:
        """(id, label, file, line) of each entity row, in the order they were added."""
        self._flush()
        yield from self._db.execute("SELECT id, label, file, line FROM entity ORDER BY rowid")

    def settle(self) -> Repeated:
        """Gives claims their ids; a state said twice alike in one source is one claim, and so is an event with a number of
        its own (a transaction); another event stays as often.

        Returns the figures that then stand more than once as one fact of one source.
        """
        self._flush()
        if self._citing:
            self._db.execute(
                "DELETE FROM claim WHERE file = ? AND source NOT IN (SELECT source FROM claim WHERE file <> ?)",
                (_CITED, _CITED),
            )
            self._db.execute("DELETE FROM entity WHERE file = ? AND id NOT IN (SELECT source FROM claim)", (_CITED,))
        self._db.executescript(_INDEXES)
        repeated = "SELECT type, start, id FROM claim GROUP BY type, start, id HAVING count(*) > 1"
        found = Repeated()
        for key in self._db.execute(repeated).fetchall():
            alike = "type = ? AND start = ? AND id = ?"  # the id alone would tell; the index is of all three
            if self._is_one(key):
                self._db.execute(
                    f"DELETE FROM claim WHERE {alike} AND seq NOT IN "  # noqa: S608
                    f"(SELECT MIN(seq) FROM claim WHERE {alike} GROUP BY digest)",
                    (*key, *key),
                )
            if self.vocabulary.relationship[key[0]].money:
                found.add(
                    (file, line)
                    for file, line, payload in self._db.execute(
                        f"SELECT file, line, payload FROM claim WHERE {alike} ORDER BY file, line",  # noqa: S608
                        key,
                    )
                    if _money.decode(payload).amount_text
                )
            rows = self._db.execute(
                f"SELECT seq, fact, source FROM claim WHERE {alike} ORDER BY digest, seq",  # noqa: S608
                key,
            ).fetchall()
            for n, (seq, fact, source) in enumerate(rows[1:], start=2):
                self._db.execute("UPDATE claim SET id = ? WHERE seq = ?", (identity.claim_id(fact, source, n), seq))
        return found

    def _is_one(self, key: tuple[str, str, str]) -> bool:
        """Whether what the claims of a type, a start and an id say alike is the same: their key is theirs in common."""
        relationship = self.vocabulary.relationship[key[0]]
        if relationship.time is Time.STATE or not relationship.optional_key:
            return relationship.time is Time.STATE
        sql = "SELECT payload FROM claim WHERE type = ? AND start = ? AND id = ? LIMIT 1"
        said = self._decoder.decode(self._db.execute(sql, key).fetchone()[0])
        return any(said.get(name) for name in relationship.optional_key)

    def counts(self) -> tuple[int, int]:
        """(entities, claims) that are ready."""
        entities = self._db.execute("SELECT count(DISTINCT id) FROM entity").fetchone()[0]
        return entities, self._db.execute("SELECT count(*) FROM claim").fetchone()[0]

    def fingerprint(self) -> str:
        """Hash of what is staged, in its order: a broken run goes on only over the very same rows."""
        total = hashlib.blake2b(digest_size=16)
        cursor = self._db.execute("SELECT id || ' ' || digest FROM claim ORDER BY type, start, id")
        while rows := cursor.fetchmany(_CHUNK):
            total.update("\n".join(row[0] for row in rows).encode() + b"\n")
        for row in self._db.execute("SELECT DISTINCT id, label FROM entity ORDER BY id, label"):
            total.update(f"{row[0]} {row[1]}\n".encode())
        return total.hexdigest()

    def steps(self) -> int:
        """Rows a run writes: sources, entities, and claims but descriptions, which go with their entities."""
        sources = self._db.execute("SELECT count(DISTINCT source) FROM claim").fetchone()[0]
        claims = self._db.execute("SELECT count(*) FROM claim WHERE type <> 'DESCRIBED_IN'").fetchone()[0]
        return sources + self.counts()[0] + claims

    def sources(self) -> Iterator[Described]:
        """All sources that claims stand in, with what rows say of them; they are written before what they describe."""
        said = dict(self._grouped_descriptions("start = end"))
        for (id_,) in self._db.execute("SELECT DISTINCT source FROM claim ORDER BY source").fetchall():
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

    def of_types(self, *types: str) -> Iterator[PreparedClaim]:
        """Every claim of these types, in that order."""
        for type_ in types:
            yield from self._claims("WHERE type = ? ORDER BY type, start, id", (type_,))

    def _claims(self, where: str, values: tuple[str, ...] = ()) -> Iterator[PreparedClaim]:
        columns = "id, type, start, end, fact, source, digest, payload, locator"
        for row in self._db.execute(f"SELECT {columns} FROM claim {where}", values):  # noqa: S608
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

    def money(self) -> Iterator[tuple[str, Money]]:
        """What each claim of a type with money says of it, in no order."""
        for type_ in sorted(r.name for r in self.vocabulary.relationships if r.money):
            for (payload,) in self._db.execute("SELECT payload FROM claim WHERE type = ?", (type_,)):
                yield type_, _money.decode(payload)

    def types(self) -> set[str]:
        """Types of which there are claims."""
        return {type_ for (type_,) in self._db.execute("SELECT DISTINCT type FROM claim")}

    def starts(self, type_: str) -> Iterator[str]:
        """Entities that claims of a type start at."""
        for (start,) in self._db.execute("SELECT DISTINCT start FROM claim WHERE type = ? ORDER BY start", (type_,)):
            yield start

    def several(self, type_: str) -> Iterator[tuple[str, list[dict[str, Value]]]]:
        """Values of the claims of a type between two entities, with the start, where there is more than one."""
        sql = (
            "SELECT c.start, c.end, c.payload FROM (SELECT start, end FROM claim WHERE type = ?1 GROUP BY start, end "
            "HAVING count(*) > 1) g JOIN claim c ON c.type = ?1 AND c.start = g.start AND c.end = g.end ORDER BY 1, 2"
        )
        for (start, _), rows in groupby(self._db.execute(sql, (type_,)), key=lambda row: row[:2]):
            yield start, [self._decoder.decode(payload) for _, _, payload in rows]

    def together(self, type_: str) -> Iterator[tuple[str, str, list[PreparedClaim]]]:
        """Claims of a type between two entities, with these, where there is more than one."""
        where = (
            "WHERE (type, start, end) IN (SELECT type, start, end FROM claim WHERE type = ? GROUP BY start, end "
            "HAVING count(*) > 1) ORDER BY start, end, id"
        )
        for (start, end), claims in groupby(self._claims(where, (type_,)), key=lambda claim: (claim.start, claim.end)):
            yield start, end, list(claims)

    def replace(self, locator: str, *, keeps: Iterable[str] = (), forgets: str = "") -> bool:
        """The run is one of changes: what its dataset has with this locator goes, but for what the run holds again.

        Empty, it replaces nothing. Entities that it `keeps` stay described there; of the one it `forgets` all that the
        dataset says, at any place, goes. False where the run has replaced it before."""
        self.is_change = True
        if not locator:
            return True
        self._db.executemany("INSERT OR IGNORE INTO kept VALUES (?, ?)", [(locator, id_) for id_ in keeps])
        self._db.execute("INSERT OR IGNORE INTO forgotten SELECT ?1 WHERE ?1 <> ''", (forgets,))
        return self._db.execute("INSERT OR IGNORE INTO replaced VALUES (?)", (locator,)).rowcount == 1

    def add_stored(self, claims: list[tuple[str, str, str, str, str, str]]) -> None:
        """Takes note of open claims of the dataset: (type, start, end, id, digest, locator)."""
        self._db.executemany(_STORE, claims)

    def figures_of(self, claim_ids: list[str]) -> dict[str, tuple[int, int, Money]]:
        """(file, line, what it says of money) of those of the ids that this run holds."""
        self._db.execute("CREATE INDEX IF NOT EXISTS claim_id ON claim (id)")
        marks = ",".join("?" * len(claim_ids))
        rows = self._db.execute(f"SELECT id, file, line, payload FROM claim WHERE id IN ({marks})", claim_ids)  # noqa: S608
        return {id_: (file, line, _money.decode(payload)) for id_, file, line, payload in rows}

    def give_way(self) -> None:
        """Claims of a run of changes make way for those that stay in the dataset: a state that stands there alike is
        not said again, others get numbers that are free."""
        self._db.execute("CREATE INDEX IF NOT EXISTS claim_id ON claim (id)")
        clashes = (
            "SELECT c.seq, c.type, c.fact, c.source, c.digest FROM claim c JOIN stored s ON s.id = c.id "
            "WHERE NOT s.replaced AND c.file <> ? ORDER BY c.seq"
        )
        for seq, type_, fact, source, digest in self._db.execute(clashes, (DOCUMENT,)).fetchall():
            is_state = self.vocabulary.relationship[type_].time is Time.STATE
            n = 1
            while taken := self._taken(identity.claim_id(fact, source, n)):
                if is_state and digest in taken:
                    break
                n += 1
            if taken:
                self._db.execute("DELETE FROM claim WHERE seq = ?", (seq,))
            else:
                self._db.execute("UPDATE claim SET id = ? WHERE seq = ?", (identity.claim_id(fact, source, n), seq))

    def _taken(self, id_: str) -> list[str]:
        """Digests of the claims that have an id: one that stays in the dataset, one of the run with another number."""
        sql = (
            "SELECT digest FROM stored WHERE id = ?1 AND NOT replaced UNION ALL SELECT '' FROM claim WHERE id = ?1 "
            "AND id NOT IN (SELECT id FROM stored WHERE NOT replaced)"
        )
        return [row[0] for row in self._db.execute(sql, (id_,))]

    def gone(self, type_: str) -> list[tuple[str, str, str]]:
        """(start, end, id) of the claims of a type that a run of changes replaces and does not hold."""
        sql = (
            "SELECT start, end, id FROM stored WHERE type = ? AND replaced AND id NOT IN (SELECT id FROM claim) "
            "ORDER BY start, end, id"
        )
        return self._db.execute(sql, (type_,)).fetchall()

    def holds(self, claim_ids: list[str]) -> set[str]:
        """Those of the ids that this run holds."""
        self._db.execute("CREATE INDEX IF NOT EXISTS claim_id ON claim (id)")
        held: set[str] = set()
        for first in range(0, len(claim_ids), 500):
            some = claim_ids[first : first + 500]
            marks = ",".join("?" * len(some))
            held.update(row[0] for row in self._db.execute(f"SELECT id FROM claim WHERE id IN ({marks})", some))  # noqa: S608
        return held


def _reaches(wholes: dict[str, set[str]], start: str, goal: str) -> bool:
    """Whether `goal` is `start`, or one of the figures that `start` is part of."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        if (at := waiting.pop()) == goal:
            return True
        if at not in seen:
            seen.add(at)
            waiting += wholes.get(at, ())
    return False
