"""Who helps a place, an organization or a project: by the help column of the model, and by nothing else.

What counts as help to a place: claims that end at it (or start there, where who receives helps), at the same territory
under another code, or at projects located in it; a posted official is the means of who sent him.
"""

from dataclasses import dataclass, field, replace
from typing import Any, LiteralString

from graph.dates import NEVER, Bounds, Holds, jointly
from graph.engine import Graph
from graph.model import MODEL, Help, RelationshipType, Time, Vocabulary

#: Claims read for one answer; more are cut, and the answer says so.
LIMIT = 1_000

_KNOWN = "c.recorded_at <= $p.known AND (c.retracted_at IS NULL OR c.retracted_at > $p.known)"
_COLUMNS = "type(c), h.type, properties(h), r.type, properties(r), properties(c)"
OWN = """
MATCH (r:Entity {id: $p.of})
RETURN [r.id] + COLLECT { MATCH (r)-[c:SUCCEEDS]-(x) WHERE c.extent = 'whole' AND c.retracted_at IS NULL RETURN x.id }
"""
PROJECTS = """
UNWIND $p.ids AS id MATCH (r:Entity {id: id})<-[c:LOCATED_IN]-(t:Project) WHERE c.retracted_at IS NULL
RETURN t.id ORDER BY t.id LIMIT $p.limit
"""
POSTINGS: LiteralString = f"""
UNWIND $p.ids AS id MATCH (r:Entity {{id: id}})<-[c:POSTED_TO]-(o)-[s:SENT_BY]->(h)
WHERE {_KNOWN} AND s.recorded_at <= $p.known AND (s.retracted_at IS NULL OR s.retracted_at > $p.known)
RETURN {_COLUMNS}, o.type, properties(o), properties(s) ORDER BY c.id, s.id LIMIT $p.limit
"""
SOURCES = "UNWIND $p.ids AS id MATCH (s:Entity {id: id}) RETURN s.id, properties(s)"


def _claims(types: list[RelationshipType], *, towards: bool, condition: LiteralString = "") -> LiteralString:
    names = "|".join(relationship.name for relationship in types)
    arrow: LiteralString = f"<-[c:{names}]-" if towards else f"-[c:{names}]->"
    extra: LiteralString = f" AND c.{condition} = $p.value" if condition else ""
    return (
        f"UNWIND $p.ids AS id MATCH (r:Entity {{id: id}}){arrow}(h) WHERE {_KNOWN}{extra} "
        f"RETURN {_COLUMNS} ORDER BY c.id LIMIT $p.limit"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpClaim:
    """One claim of help. `means`: the official, where help is a posting; `holds` is of the day asked about."""

    type: str
    holds: Holds | None
    recipient: dict[str, Any]
    properties: dict[str, Any]
    means: dict[str, Any] | None = None
    sent: dict[str, Any] | None = None


@dataclass(slots=True, kw_only=True)
class Helper:
    """One helper with its claims of help, by fact and then by id."""

    entity: dict[str, Any]
    claims: list[HelpClaim] = field(default_factory=list[HelpClaim])


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Helpers by number of facts, then id. `sources`: by id. `truncated`: there was more than could be read."""

    helpers: list[Helper]
    sources: dict[str, dict[str, Any]]
    truncated: bool


async def helpers(
    graph: Graph, of: str, *, as_of: str = "", known_on: int = 2**53, vocabulary: Vocabulary = MODEL
) -> Answer | None:
    """Who helps `of`, an id; None where there is no such entity. `as_of`: a day; `known_on`: epoch ms."""
    own = await graph.value(OWN, {"of": of})
    if own is None:
        return None
    reading = _Reading(graph, as_of, known_on)
    projects = [row[0] for row in await graph.rows(PROJECTS, {"ids": own, "limit": LIMIT})]
    by_help = {kind: [r for r in vocabulary.relationships if r.help is kind] for kind in Help}
    await reading.claims(_claims(by_help[Help.FORWARD], towards=True), [*own, *projects])
    await reading.claims(_claims(by_help[Help.BACKWARD], towards=False), own)
    for relationship in by_help[Help.CONDITION]:
        name, value = relationship.help_when or ("", "")
        statement = _claims([relationship], towards=True, condition=name)
        await reading.claims(statement, [*own, *projects], value=value)
    await reading.postings(own)
    return await reading.answer()


class _Reading:
    def __init__(self, graph: Graph, as_of: str, known_on: int) -> None:
        self._graph = graph
        self._as_of = as_of
        self._known = known_on
        self._found: dict[str, Helper] = {}
        self._truncated = False

    async def claims(self, statement: LiteralString, ids: list[str], value: str = "") -> None:
        rows = await self._rows(statement, ids, value)
        for type_, helper_type, helper, recipient_type, recipient, properties in rows:
            self._add(type_, {**helper, "type": helper_type}, {**recipient, "type": recipient_type}, properties)

    async def postings(self, ids: list[str]) -> None:
        for (
            type_,
            helper_type,
            helper,
            recipient_type,
            recipient,
            properties,
            means_type,
            means,
            sent,
        ) in await self._rows(POSTINGS, ids):
            self._add(
                type_,
                {**helper, "type": helper_type},
                {**recipient, "type": recipient_type},
                properties,
                means={**means, "type": means_type},
                sent=sent,
            )

    async def _rows(self, statement: LiteralString, ids: list[str], value: str = "") -> list[list[Any]]:
        parameters = {"ids": ids, "known": self._known, "limit": LIMIT, "value": value}
        rows = await self._graph.rows(statement, parameters)
        self._truncated = self._truncated or len(rows) == LIMIT
        return rows

    def _add(
        self,
        type_: str,
        helper: dict[str, Any],
        recipient: dict[str, Any],
        properties: dict[str, Any],
        means: dict[str, Any] | None = None,
        sent: dict[str, Any] | None = None,
    ) -> None:
        holds = _holds(MODEL.relationship[type_].time, properties, self._as_of) if self._as_of else None
        row = self._found.setdefault(helper["id"], Helper(entity=helper))
        row.claims.append(
            HelpClaim(type=type_, holds=holds, recipient=recipient, properties=properties, means=means, sent=sent)
        )

    async def answer(self) -> Answer:
        for row in self._found.values():
            row.claims = _in_force(row.claims)
        rows = [row for row in self._found.values() if row.claims]
        ordered = sorted(rows, key=lambda row: (-len({c.properties["fact"] for c in row.claims}), row.entity["id"]))
        ids = sorted({claim.properties["source"] for row in ordered for claim in row.claims})
        sources = {row[0]: row[1] for row in await self._graph.rows(SOURCES, {"ids": ids})}
        return Answer(helpers=ordered, sources=sources, truncated=self._truncated)


def _in_force(claims: list[HelpClaim]) -> list[HelpClaim]:
    """Claims of the facts that hold on the day, by fact and id; each says how far its fact holds, not it alone."""
    facts: dict[str, list[HelpClaim]] = {}
    for claim in sorted(claims, key=lambda claim: (claim.properties["fact"], claim.properties["id"])):
        facts.setdefault(claim.properties["fact"], []).append(claim)
    kept: list[HelpClaim] = []
    for of_fact in facts.values():
        said = [claim.holds for claim in of_fact if claim.holds]
        joint = jointly(said) if said else None
        if joint is not Holds.NOT:
            kept += [replace(claim, holds=joint) for claim in of_fact]
    return kept


def _holds(time: Time, properties: dict[str, Any], day: str) -> Holds:
    """States hold on the day; events count from the day they began."""
    span = Bounds(
        earliest_from=properties["earliest_from"],
        latest_from=properties["latest_from"],
        earliest_to=properties["earliest_to"],
        latest_to=properties["latest_to"],
        open_end=properties["open_end"],
    )
    if time is Time.STATE:
        return span.on(day)
    if day < span.earliest_from:
        return Holds.NOT
    begun = span.latest_from <= day and span.latest_from != NEVER
    return Holds.CERTAINLY if begun else Holds.POSSIBLY
