"""Writing claims of one type: what is stored is read, compared in Python, closed and created, in one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from graph import identity
from graph.engine import Transaction
from graph.errors import GraphError
from graph.model import RelationshipType
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

    async def write(self, transaction: Transaction, claims: Sequence[PreparedClaim], *, fresh: bool = False) -> Counts:
        """`fresh`: their starts or their sources are new, so nothing can be stored of them yet."""
        stored = {} if fresh else await self._stored(transaction, claims)
        counts = Counts()
        created: list[list[Any]] = []
        updated: list[tuple[str, str, Any]] = []
        crowded: list[tuple[PreparedClaim, Stored]] = []
        for claim in claims:
            versions = stored.get(claim.id, [])
            current = next((version for version in versions if version.open), None)
            if current is None:
                counts.new += 1
                created.append(self._row(claim, settle([self._reading(claim)]), versions))
            elif current.datasets == [self._stamp.dataset]:
                self._replace(claim, current, versions, counts, created, updated)
            else:
                crowded.append((claim, current))
        if crowded:
            await self._merge(transaction, crowded, stored, counts, created, updated)
        await self._apply(transaction, created, updated)
        return counts

    def _replace(
        self,
        claim: PreparedClaim,
        current: Stored,
        versions: Sequence[Stored],
        counts: Counts,
        created: list[list[Any]],
        updated: list[tuple[str, str, Any]],
    ) -> None:
        if current.digest == claim.digest:
            counts.unchanged += 1
            if current.locators != [claim.locator]:  # the row moved within its file: nothing new is said
                updated.append((claim.start, current.version, {"locator": claim.locator, "locators": [claim.locator]}))
            return
        counts.changed += 1
        updated.append((claim.start, current.version, {"retracted_at": self._stamp.now}))
        created.append(self._row(claim, settle([self._reading(claim)]), versions))

    async def _merge(
        self,
        transaction: Transaction,
        crowded: Sequence[tuple[PreparedClaim, Stored]],
        stored: dict[str, list[Stored]],
        counts: Counts,
        created: list[list[Any]],
        updated: list[tuple[str, str, Any]],
    ) -> None:
        """Claims that other datasets support: the readings are settled anew."""
        values = await self._values(transaction, [(claim.start, current.version) for claim, current in crowded])
        for claim, current in crowded:
            readings = self._readings(current, values[current.version])
            was = readings.get(self._stamp.dataset)
            readings[self._stamp.dataset] = self._reading(claim)
            settled = settle(readings.values())
            if settled.digest != current.digest:
                counts.changed += 1
                updated.append((claim.start, current.version, {"retracted_at": self._stamp.now}))
                created.append(self._row(claim, settled, stored[claim.id]))
                continue
            if was is None:
                counts.supported += 1
            elif was.digest == claim.digest:
                counts.unchanged += 1
            else:
                counts.changed += 1
            updated.append((claim.start, current.version, self._support(settled)))

    async def withdraw(self, transaction: Transaction, supports: Sequence[tuple[str, str, str]]) -> Counts:
        """Takes this dataset's support from open claims: (start, end, claim id)."""
        asked = [PreparedClaim(type=self._type.name, start=start, end=end, id=id_, fact="", source="", locator="", digest="",
                               values={}) for start, end, id_ in supports]  # fmt: skip
        stored = await self._stored(transaction, asked)
        counts = Counts()
        created: list[list[Any]] = []
        updated: list[tuple[str, str, Any]] = []
        current = {
            claim.id: version
            for claim in asked
            for version in stored.get(claim.id, [])
            if version.open and self._stamp.dataset in version.datasets
        }
        values = await self._values(transaction, [(v.start, v.version) for v in current.values()])
        for claim in asked:
            if (version := current.get(claim.id)) is None:
                continue
            properties = values[version.version]
            readings = self._readings(version, properties)
            del readings[self._stamp.dataset]
            if not readings:
                counts.retracted += 1
                updated.append((claim.start, version.version, {"retracted_at": self._stamp.now}))
                continue
            settled = settle(readings.values())
            if settled.digest == version.digest:
                updated.append((claim.start, version.version, self._support(settled)))
                continue
            counts.changed += 1
            updated.append((claim.start, version.version, {"retracted_at": self._stamp.now}))
            known = PreparedClaim(type=claim.type, start=claim.start, end=claim.end, id=claim.id, fact=properties["fact"],
                                  source=properties["source"], locator="", digest="", values={})  # fmt: skip
            created.append(self._row(known, settled, stored[claim.id]))
        await self._apply(transaction, created, updated)
        return counts

    async def _stored(self, transaction: Transaction, claims: Sequence[PreparedClaim]) -> dict[str, list[Stored]]:
        # come from the side with fewer nodes: a hub's claims are then walked once, not once a row
        by_end = len({claim.end for claim in claims}) < len({claim.start for claim in claims})
        by = _grouped(((claim.end if by_end else claim.start), claim.id, True) for claim in claims)
        found: dict[str, list[Stored]] = {}
        for id_, version, digest, is_open, far, datasets, locators, others, near in await transaction.rows(
            read_versions(self._type.name, by_end=by_end), {"by": by}
        ):
            start = far if by_end else near
            found.setdefault(id_, []).append(
                Stored(
                    id=id_,
                    version=version,
                    digest=digest,
                    open=is_open,
                    start=start,
                    datasets=datasets,
                    locators=locators,
                    others=others or [],
                )
            )
        return found

    async def _values(self, transaction: Transaction, versions: Sequence[tuple[str, str]]) -> dict[str, dict[str, Any]]:
        by = _grouped((start, version, True) for start, version in versions)
        return {row[0]: row[1] for row in await transaction.rows(read_values(self._type.name), {"by": by})}

    async def _apply(
        self, transaction: Transaction, created: list[list[Any]], updated: list[tuple[str, str, Any]]
    ) -> None:
        if updated:
            count = await transaction.value(update(self._type.name), {"by": _grouped(updated)})
            if count != len(updated):
                raise GraphError(f"{len(updated)} versions of {self._type.name} were to be updated and {count} were")
        if created:
            count = await transaction.value(create(self._type.name), {"rows": created})
            if count != len(created):  # an end that is missing drops its row without a word
                raise GraphError(f"{len(created)} claims of {self._type.name} were to be written and {count} were")

    def _reading(self, claim: PreparedClaim) -> Reading:
        return Reading(dataset=self._stamp.dataset, locator=claim.locator, digest=claim.digest, values=claim.values)

    def _readings(self, version: Stored, properties: dict[str, Any]) -> dict[str, Reading]:
        names = {p.name for p in self._value_names()}
        values: dict[str, Value] = {
            name: value for name, value in properties.items() if name in names or name.removesuffix("_text") in names
        }
        return readings_of(version.digest, values, version.datasets, version.locators, version.others)

    def _value_names(self):  # noqa: ANN202
        from graph.model import FIGURES, MONEY, PROGRAMME, PROVENANCE, VALIDITY

        return (*self._type.properties, *MONEY, *FIGURES, *VALIDITY, *PROVENANCE, PROGRAMME)

    def _row(self, claim: PreparedClaim, settled: Settled, versions: Sequence[Stored]) -> list[Any]:
        earlier = sum(version.digest == settled.digest for version in versions)
        properties: dict[str, Value | None] = {
            **claim_properties(self._type.time, settled.values),
            **self._support(settled),
            "id": claim.id,
            "fact": claim.fact,
            "source": claim.source,
            "digest": settled.digest,
            "version": identity.version_id(claim.id, settled.digest, earlier),
            "recorded_at": self._stamp.now,
        }
        return [claim.start, claim.end, properties]

    @staticmethod
    def _support(settled: Settled) -> dict[str, Value | None]:
        return {
            "locator": settled.locator,
            "datasets": settled.datasets,
            "locators": settled.locators,
            "others": settled.others or None,  # null takes away what a dataset that is gone had read
        }
