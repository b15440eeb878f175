"""Writing entities with what their sources say of them; an entity's properties follow from its open descriptions."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, LiteralString

from graph.engine import Transaction
from graph.errors import GraphError
from graph.model import Vocabulary
from graph.records import PreparedClaim, Value
from graph.staging import DESCRIBED_IN, Described
from graph.write import log
from graph.write.claims import ClaimWriter, Counts, Stamp
from graph.write.readings import Description, project

READ = "UNWIND $p.ids AS id MATCH (e:Entity {id: id}) RETURN e.id, e.type, e.digest, e.canonical, e.merged"
DESCRIPTIONS = """
UNWIND $p.ids AS id MATCH (e:Entity {id: id})-[c:DESCRIBED_IN]->() WHERE c.retracted_at IS NULL
RETURN e.id, c.source, c.id, c.confidence, c.certainty, c.values
"""
FORMER = """
UNWIND $p.ids AS id MATCH (e:Entity {id: id})-[c:DESCRIBED_IN]->()
WHERE c.retracted_at IS NOT NULL RETURN e.id, c.recorded_at, c.retracted_at, c.source, c.id, c.confidence, c.certainty, c.values
"""
SET_TYPE = "UNWIND $p.ids AS id MATCH (e:Entity {id: id}) SET e.type = $p.label RETURN count(e)"
SET = "UNWIND $p.rows AS r MATCH (e:Entity {id: r[0]}) SET e = r[1] RETURN count(e)"


def create(labels: Iterable[LiteralString]) -> LiteralString:
    return f"UNWIND $p.rows AS r CREATE (e:{':'.join(labels)}) SET e = r RETURN count(e)"


def refine(label: LiteralString) -> LiteralString:
    # alone in its statement: together with another change the embedded engine refuses it
    return f"UNWIND $p.ids AS id MATCH (e:Entity {{id: id}}) SET e:{label} RETURN count(e)"


class EntityWriter:
    """Writes batches of entities within a transaction."""

    def __init__(self, vocabulary: Vocabulary, stamp: Stamp) -> None:
        self._vocabulary = vocabulary
        self._stamp = stamp
        self._created: set[str] = set()

    def knows_nothing_of(self, claims: Sequence[PreparedClaim]) -> bool:
        """Whether no claim of these can be stored: their sources came with this run, and are part of their ids."""
        return all(claim.source in self._created for claim in claims)

    async def write(self, transaction: Transaction, batch: Sequence[Described]) -> Counts:
        rows = await transaction.rows(READ, {"ids": [entity.id for entity in batch]})
        stored = {row[0]: row for row in rows}
        fresh = [entity for entity in batch if entity.id not in stored]
        known = [entity for entity in batch if entity.id in stored]
        counts = Counts(entities_new=len(fresh))
        self._created.update(entity.id for entity in fresh if entity.label == "Source")
        await self._create(transaction, fresh)
        refined = await self._refine(transaction, known, {id_: row[1] for id_, row in stored.items()})
        counts.add(await self._describe(transaction, fresh, fresh=True))
        described = await self._describe(transaction, known, fresh=False)
        counts.add(described)
        if refined or described.new or described.changed:
            counts.entities_changed = await self.project(transaction, [entity.id for entity in known])
        return counts

    async def _describe(self, transaction: Transaction, entities: Sequence[Described], *, fresh: bool) -> Counts:
        claims = [claim for entity in entities for claim in entity.descriptions]
        if not claims:
            return Counts()
        descriptions = ClaimWriter(self._vocabulary.relationship[DESCRIBED_IN], self._stamp)
        if fresh or self.knows_nothing_of(claims):
            descriptions.expect_new(claims)
        return await descriptions.write(transaction, claims)

    async def project(self, transaction: Transaction, ids: Sequence[str]) -> int:
        """Sets the properties of stored entities from their open descriptions; returns how many changed.

        An entity that no source describes any more keeps its last properties.
        """
        if not ids:
            return 0
        described: dict[str, list[Description]] = {}
        for id_, source, claim, confidence, certainty, values in await transaction.rows(DESCRIPTIONS, {"ids": ids}):
            described.setdefault(id_, []).append(
                Description(
                    source=source, id=claim, confidence=confidence or "", certainty=certainty or "", values=values
                )
            )
        return await self._set(transaction, described)

    async def _set(self, transaction: Transaction, described: Mapping[str, Sequence[Description]]) -> int:
        changed: list[list[Any]] = []
        rows = await transaction.rows(READ, {"ids": list(described)}) if described else []
        for id_, type_, digest, canonical, merged in rows:
            properties = project(id_, type_, canonical, described[id_])
            if properties["digest"] != digest:
                if merged:
                    properties["merged"] = merged
                changed.append([id_, properties])
        if changed and await transaction.value(SET, {"rows": changed}) != len(changed):
            raise GraphError(f"{len(changed)} entities were to be updated and were not")
        return len(changed)

    async def project_former(
        self, transaction: Transaction, ids: Sequence[str], undone: Collection[int], undos: Collection[int]
    ) -> int:
        """Sets entities that no source describes to what was said of them last; returns how many changed.

        `undone` and `undos` are moments (epoch ms): what was recorded at one of the former does not count, and what at
        one of the latter only where a load that stands has said the same.
        """
        rows = await transaction.rows(FORMER, {"ids": ids}) if ids else []
        loaded = {(row[4], row[7]) for row in rows if row[1] not in undone and row[1] not in undos}
        said: dict[str, list[tuple[int, Description]]] = {id_: [] for id_ in ids}
        for id_, recorded, gone, source, claim, confidence, certainty, values in rows:
            if recorded not in undone and (claim, values) in loaded:
                description = Description(
                    source=source, id=claim, confidence=confidence or "", certainty=certainty or "", values=values
                )
                said[id_].append((gone, description))
        last = {id_: max((gone for gone, _ in some), default=0) for id_, some in said.items()}
        left = {id_: [one for gone, one in some if gone == last[id_]] for id_, some in said.items()}
        return await self._set(transaction, left)

    async def set_type(self, transaction: Transaction, ids: Sequence[str], label: str) -> None:
        await transaction.rows(SET_TYPE, {"ids": ids, "label": label})

    async def _create(self, transaction: Transaction, entities: Sequence[Described]) -> None:
        by_label: dict[str, list[dict[str, Value]]] = {}
        for entity in entities:
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
            by_label.setdefault(entity.label, []).append(project(entity.id, entity.label, entity.id, said))
        for label, rows in by_label.items():
            created = await transaction.value(create(self._vocabulary.labels(label)), {"rows": rows})
            if created != len(rows):
                raise GraphError(f"{len(rows)} entities of {label} were to be written and {created} were")

    async def _refine(self, transaction: Transaction, entities: Sequence[Described], stored: dict[str, str]) -> int:
        refined: dict[str, list[str]] = {}
        for entity in entities:
            label = self._vocabulary.most_refined(entity.label, stored[entity.id])
            if label is None:
                raise GraphError(
                    f"{entity.id} is a {stored[entity.id]} in the graph and a {entity.label} in this run: "
                    "give one of them another id"
                )
            if label != stored[entity.id]:
                refined.setdefault(label, []).append(entity.id)
        if refined and self._stamp.run:
            entries = [[id_, stored[id_], label] for label, ids in refined.items() for id_ in ids]
            await log.keep(transaction, self._stamp.run, log.LABELS, entries)
        for label, ids in refined.items():
            await transaction.rows(refine(self._vocabulary.node[label].label), {"ids": ids})
            await transaction.rows(SET_TYPE, {"ids": ids, "label": label})
        return sum(map(len, refined.values()))
