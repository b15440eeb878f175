"""Writing claims of one type: what is stored is read, compared in Python, closed and created, in one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString

from graph import identity
from graph.engine import Transaction
from graph.errors import GraphError
from graph.model import FIGURES, MONEY, PROGRAMME, PROVENANCE, VALIDITY, RelationshipType
from graph.records import PreparedClaim, Value
from graph.write import log
from graph.write.readings import Reading, Settled, claim_properties, readings_of, settle


@dataclass(slots=True)
class Counts:
    """What a run did. `supported`: claims another dataset had brought and this one now supports too."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    supported: int = 0
    retracted: int = 0
    entities_new: int = 0
    entities_changed: int = 0

    def add(self, other: "Counts") -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A stored version of a claim."""

    id: str
    version: str
    digest: str
    open: bool
    start: str
    datasets: list[str]
    locators: list[str]
    others: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What a dataset read of a claim before a run. `digest` is empty where it read nothing of it.

    `values` are None where they are those of the stored versions of this digest.
    """

    start: str
    end: str
    id: str
    locator: str = ""
    digest: str = ""
    values: dict[str, Value] | None = None


def read_versions(name: LiteralString, *, by_end: bool) -> LiteralString:
    near, far = ("b", "a") if by_end else ("a", "b")
    return (
        f"UNWIND $p.by AS g MATCH ({near}:Entity {{id: g[0]}}) MATCH (a)-[c:{name}]->(b) WHERE g[1][c.id] IS NOT NULL "
        f"RETURN c.id, c.version, c.digest, c.retracted_at IS NULL, {far}.id, c.datasets, c.locators, c.others, g[0]"
    )


def read_values(name: LiteralString) -> LiteralString:
    return (
        f"UNWIND $p.by AS g MATCH (a:Entity {{id: g[0]}})-[c:{name}]->() WHERE g[1][c.version] IS NOT NULL "
        "RETURN c.version, properties(c)"
    )


def create(name: LiteralString) -> LiteralString:
    return (
        "UNWIND $p.rows AS r MATCH (a:Entity {id: r[0]}) MATCH (b:Entity {id: r[1]}) "
        f"CREATE (a)-[c:{name}]->(b) SET c = r[2] RETURN count(c)"
    )


def update(name: LiteralString) -> LiteralString:
    return (
        f"UNWIND $p.by AS g MATCH (a:Entity {{id: g[0]}})-[c:{name}]->() WHERE g[1][c.version] IS NOT NULL "
        "SET c += g[1][c.version] RETURN count(c)"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """Which dataset writes, and when (epoch ms) this graph learns of it. `run`: whose log is kept; empty: none is."""

    dataset: str
    now: int
    run: str = ""


@dataclass(slots=True)
class _Changes:
    """What a batch is about to do: rows to create, (start, version, properties) to update, what was there before."""

    counts: Counts = field(default_factory=Counts)
    created: list[list[Any]] = field(default_factory=list[list[Any]])
    updated: list[tuple[str, str, Any]] = field(default_factory=list[tuple[str, str, Any]])
    before: list[list[Any]] = field(default_factory=list[list[Any]])  # entries of the log


def _grouped(pairs: Iterable[tuple[str, str, Any]]) -> list[list[Any]]:
    """[[node id, {key: payload}], …] from (node id, key, payload)."""
    groups: dict[str, dict[str, Any]] = {}
    for node, key, payload in pairs:
        groups.setdefault(node, {})[key] = payload
    return [[node, group] for node, group in groups.items()]


def _to_read(row: Before, stored: Sequence[Stored]) -> list[Stored]:
    """The versions whose values tell what a claim is to be again: the open one first, else any."""
    read = [version for version in stored if version.open]
    if row.digest and row.values is None and not any(version.digest == row.digest for version in read):
        read.append(next(version for version in stored if version.digest == row.digest))
    return read or list(stored[:1])


def _entry(start: str, end: str, id_: str, *reading: Any) -> list[Any]:
    return [start, end, id_, *reading]


def _before(start: str, end: str, id_: str, was: Reading | None, current: Stored) -> list[Any]:
    """What a dataset read before, as an entry of the log."""
    if was is None:
        return _entry(start, end, id_)
    values = None if was.digest == current.digest else was.values
    return _entry(start, end, id_, was.locator, was.digest, values)


class ClaimWriter:
    """Writes batches of claims of one type within a transaction."""

    def __init__(self, relationship: RelationshipType, stamp: Stamp) -> None:
        self._type = relationship
        self._stamp = stamp
        names = {p.name for p in (*relationship.properties, *MONEY, *FIGURES, *VALIDITY, *PROVENANCE, PROGRAMME)}
        self._value_names = names | {f"{name}_text" for name in names}
        self._new: dict[str, list[Any]] = {}

    def expect_new(self, claims: Sequence[PreparedClaim]) -> None:
        """Makes rows ready for claims of which nothing can be stored: their starts or their sources are new."""
        self._new.update((claim.id, self.new_row(claim)) for claim in claims)

    async def write(self, transaction: Transaction, claims: Sequence[PreparedClaim]) -> Counts:
        known = [(claim.start, claim.end, claim.id) for claim in claims if claim.id not in self._new]
        stored = await self._stored(transaction, known) if known else {}
        changes = _Changes()
        crowded: list[tuple[PreparedClaim, Stored]] = []
        for claim in claims:
            versions = stored.get(claim.id, ())
            current = next((version for version in versions if version.open), None)
            if current is None:
                changes.counts.new += 1
                changes.created.append(self._new.get(claim.id) or self.new_row(claim, versions))
            elif current.datasets == [self._stamp.dataset]:
                self._replace(claim, current, versions, changes)
            else:
                crowded.append((claim, current))
        if crowded:
            await self._merge(transaction, crowded, stored, changes)
        return await self._apply(transaction, changes)

    def _replace(self, claim: PreparedClaim, current: Stored, versions: Sequence[Stored], changes: _Changes) -> None:
        """A claim that this dataset alone supports."""
        if current.digest == claim.digest:
            changes.counts.unchanged += 1
            if current.locators != [claim.locator]:  # the row moved within its file: nothing new is said
                moved = {"locator": claim.locator, "locators": [claim.locator]}
                changes.updated.append((claim.start, current.version, moved))
                changes.before.append(
                    _entry(claim.start, claim.end, claim.id, current.locators[0], current.digest, None)
                )
            return
        changes.counts.changed += 1
        self._close(claim.start, current, changes)
        changes.created.append(self.new_row(claim, versions))

    async def _merge(
        self,
        transaction: Transaction,
        crowded: Sequence[tuple[PreparedClaim, Stored]],
        stored: dict[str, list[Stored]],
        changes: _Changes,
    ) -> None:
        """Claims that other datasets support: the readings are settled anew."""
        values = await self._values(transaction, [current for _, current in crowded])
        for claim, current in crowded:
            readings = self._readings(current, values[current.version])
            was = readings.get(self._stamp.dataset)
            readings[self._stamp.dataset] = self._reading(claim)
            settled = settle(readings.values())
            if was is None and settled.digest == current.digest:
                changes.counts.supported += 1
            elif was is not None and was.digest == claim.digest:
                changes.counts.unchanged += 1
            else:
                changes.counts.changed += 1
            if settled.digest == current.digest:
                changes.updated.append((claim.start, current.version, self._support(settled)))
                changes.before.append(_before(claim.start, claim.end, claim.id, was, current))
            else:
                self._close(claim.start, current, changes)
                changes.created.append(self._row(claim, settled, stored[claim.id]))

    async def withdraw(self, transaction: Transaction, supports: Sequence[tuple[str, str, str]]) -> Counts:
        """Takes this dataset's support from open claims: (start, end, claim id)."""
        stored = await self._stored(transaction, supports)
        open_ones = {
            id_: version
            for id_, versions in stored.items()
            for version in versions
            if version.open and self._stamp.dataset in version.datasets
        }
        values = await self._values(transaction, list(open_ones.values()))
        changes = _Changes()
        for start, end, id_ in supports:
            if (current := open_ones.get(id_)) is None:
                continue
            said = values[current.version]
            readings = self._readings(current, said)
            was = readings.pop(self._stamp.dataset)
            settled = settle(readings.values()) if readings else None
            if settled and settled.digest == current.digest:
                changes.updated.append((start, current.version, self._support(settled)))
                changes.before.append(_before(start, end, id_, was, current))
                continue
            self._close(start, current, changes)
            if settled is None:
                changes.counts.retracted += 1
                continue
            changes.counts.changed += 1
            claim = self._claim((start, end, id_), said, settled)
            changes.created.append(self._row(claim, settled, stored[id_]))
        return await self._apply(transaction, changes)

    async def restore(self, transaction: Transaction, rows: Sequence[Before]) -> Counts:
        """Gives claims the readings this dataset had of them; what others read of them meanwhile stays.

        Of the counts, `new` are claims that were closed and are open again, `unchanged` those of which only the place
        or the support changes.
        """
        stored = await self._stored(transaction, [(row.start, row.end, row.id) for row in rows])
        read = {row.id: _to_read(row, stored.get(row.id, ())) for row in rows}
        values = await self._values(transaction, [version for versions in read.values() for version in versions])
        changes = _Changes()
        for row in rows:
            if versions := read[row.id]:
                self._restore(row, stored[row.id], versions, values, changes)
        return await self._apply(transaction, changes)

    def _restore(
        self,
        row: Before,
        stored: Sequence[Stored],
        read: Sequence[Stored],
        values: dict[str, dict[str, Any]],
        changes: _Changes,
    ) -> None:
        current = next((version for version in stored if version.open), None)
        readings = self._readings(current, values[current.version]) if current else {}
        readings.pop(self._stamp.dataset, None)
        if row.digest:
            readings[self._stamp.dataset] = self._former(row, read, values)
        if current is None and not readings:
            return
        settled = settle(readings.values()) if readings else None
        if current and settled and settled.digest == current.digest:
            changes.counts.unchanged += 1
            changes.updated.append((row.start, current.version, self._support(settled)))
            return
        if current:
            self._close(row.start, current, changes)
        if settled is None:
            changes.counts.retracted += 1
            return
        changes.counts.changed += current is not None
        changes.counts.new += current is None
        said = values[read[0].version]
        claim = self._claim((row.start, row.end, row.id), said, settled)
        changes.created.append(self._row(claim, settled, stored))

    def _former(self, row: Before, read: Sequence[Stored], values: dict[str, dict[str, Any]]) -> Reading:
        if (said := row.values) is None:
            whose = next(version for version in read if version.digest == row.digest)
            said = self._said(values[whose.version])
        return Reading(dataset=self._stamp.dataset, locator=row.locator, digest=row.digest, values=said)

    def _claim(self, key: tuple[str, str, str], said: dict[str, Any], settled: Settled) -> PreparedClaim:
        """A claim as its stored properties `said` name it, with settled values; `key`: start, end, id."""
        return PreparedClaim(
            type=self._type.name,
            start=key[0],
            end=key[1],
            id=key[2],
            fact=said["fact"],
            source=said["source"],
            locator=settled.locator,
            digest=settled.digest,
            values=settled.values,
        )

    def _close(self, start: str, version: Stored, changes: _Changes) -> None:
        changes.updated.append((start, version.version, {"retracted_at": self._stamp.now}))

    async def _stored(
        self, transaction: Transaction, claims: Sequence[tuple[str, str, str]]
    ) -> dict[str, list[Stored]]:
        """Stored versions by claim id, of claims given as (start, end, id)."""
        # come from the side with fewer nodes: a hub's claims are then walked once, not once a row
        by_end = len({end for _, end, _ in claims}) < len({start for start, _, _ in claims})
        by = _grouped(((end if by_end else start), id_, True) for start, end, id_ in claims)
        found: dict[str, list[Stored]] = {}
        for id_, version, digest, is_open, far, datasets, locators, others, near in await transaction.rows(
            read_versions(self._type.name, by_end=by_end), {"by": by}
        ):
            found.setdefault(id_, []).append(
                Stored(
                    id=id_,
                    version=version,
                    digest=digest,
                    open=is_open,
                    start=far if by_end else near,
                    datasets=datasets,
                    locators=locators,
                    others=others or [],
                )
            )
        return found

    async def _values(self, transaction: Transaction, versions: Sequence[Stored]) -> dict[str, dict[str, Any]]:
        """Properties by version."""
        by = _grouped((version.start, version.version, True) for version in versions)
        return {row[0]: row[1] for row in await transaction.rows(read_values(self._type.name), {"by": by})}

    async def _apply(self, transaction: Transaction, changes: _Changes) -> Counts:
        if changes.updated:
            count = await transaction.value(update(self._type.name), {"by": _grouped(changes.updated)})
            if count != len(changes.updated):
                raise GraphError(
                    f"{len(changes.updated)} versions of {self._type.name} were to be updated, {count} were"
                )
        if changes.created:
            count = await transaction.value(create(self._type.name), {"rows": changes.created})
            if count != len(changes.created):  # an end that is missing drops its row without a word
                raise GraphError(f"{len(changes.created)} claims of {self._type.name} were to be written, {count} were")
        if changes.before and self._stamp.run:
            await log.keep(transaction, self._stamp.run, self._type.name, changes.before)
        return changes.counts

    def _reading(self, claim: PreparedClaim) -> Reading:
        return Reading(dataset=self._stamp.dataset, locator=claim.locator, digest=claim.digest, values=claim.values)

    def _readings(self, version: Stored, properties: dict[str, Any]) -> dict[str, Reading]:
        said = self._said(properties)
        return readings_of(version.digest, said, version.datasets, version.locators, version.others)

    def _said(self, properties: dict[str, Any]) -> dict[str, Value]:
        return {name: value for name, value in properties.items() if name in self._value_names}

    def new_row(self, claim: PreparedClaim, versions: Sequence[Stored] = ()) -> list[Any]:
        """[start, end, properties] of a claim that this dataset alone supports."""
        return self._row(claim, settle([self._reading(claim)]), versions)

    def _row(self, claim: PreparedClaim, settled: Settled, versions: Sequence[Stored]) -> list[Any]:
        earlier = sum(version.digest == settled.digest for version in versions) if versions else 0
        properties = claim_properties(self._type.time, settled.values)
        properties |= {
            "locator": settled.locator,
            "datasets": settled.datasets,
            "locators": settled.locators,
            "id": claim.id,
            "fact": claim.fact,
            "source": claim.source,
            "digest": settled.digest,
            "version": identity.version_id(claim.id, settled.digest, earlier),
            "recorded_at": self._stamp.now,
        }
        if settled.others:
            properties["others"] = settled.others
        return [claim.start, claim.end, properties]

    @staticmethod
    def _support(settled: Settled) -> dict[str, Value | None]:
        return {
            "locator": settled.locator,
            "datasets": settled.datasets,
            "locators": settled.locators,
            "others": settled.others or None,  # null takes away what a dataset that is gone had read
        }
