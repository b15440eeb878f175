"""Writing claims of one type: what is stored is read, compared in Python, closed and created, in one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString

from graph import identity
from graph.engine import Transaction
from graph.errors import GraphError
from graph.model import FIGURES, MONEY, PROGRAMME, PROVENANCE, VALIDITY, RelationshipType
from graph.records import PreparedClaim, Value
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
    """Which dataset writes, and when (epoch ms) this graph learns of it."""

    dataset: str
    now: int


@dataclass(slots=True)
class _Changes:
    """What a batch is about to do: rows to create, and (start, version, properties) to update."""

    counts: Counts = field(default_factory=Counts)
    created: list[list[Any]] = field(default_factory=list[list[Any]])
    updated: list[tuple[str, str, Any]] = field(default_factory=list[tuple[str, str, Any]])


def _grouped(pairs: Iterable[tuple[str, str, Any]]) -> list[list[Any]]:
    """[[node id, {key: payload}], …] from (node id, key, payload)."""
    groups: dict[str, dict[str, Any]] = {}
    for node, key, payload in pairs:
        groups.setdefault(node, {})[key] = payload
    return [[node, group] for node, group in groups.items()]


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
        self._new.update((claim.id, self._new_row(claim)) for claim in claims)

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
                changes.created.append(self._new.get(claim.id) or self._new_row(claim, versions))
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
            return
        changes.counts.changed += 1
        self._close(claim.start, current, changes)
        changes.created.append(self._new_row(claim, versions))

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
            del readings[self._stamp.dataset]
            settled = settle(readings.values()) if readings else None
            if settled and settled.digest == current.digest:
                changes.updated.append((start, current.version, self._support(settled)))
                continue
            self._close(start, current, changes)
            if settled is None:
                changes.counts.retracted += 1
                continue
            changes.counts.changed += 1
            identity_ = PreparedClaim(
                type=self._type.name,
                start=start,
                end=end,
                id=id_,
                fact=said["fact"],
                source=said["source"],
                locator=settled.locator,
                digest=settled.digest,
                values=settled.values,
            )
            changes.created.append(self._row(identity_, settled, stored[id_]))
        return await self._apply(transaction, changes)

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
        return changes.counts

    def _reading(self, claim: PreparedClaim) -> Reading:
        return Reading(dataset=self._stamp.dataset, locator=claim.locator, digest=claim.digest, values=claim.values)

    def _readings(self, version: Stored, properties: dict[str, Any]) -> dict[str, Reading]:
        values: dict[str, Value] = {n: value for n, value in properties.items() if n in self._value_names}
        return readings_of(version.digest, values, version.datasets, version.locators, version.others)

    def _new_row(self, claim: PreparedClaim, versions: Sequence[Stored] = ()) -> list[Any]:
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
