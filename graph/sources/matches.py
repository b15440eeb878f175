"""What is compared to find entities that may be one: names and identifiers, streamed; places and money, of some."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString

from graph.engine import Graph
from graph.model import MODEL, Vocabulary

#: Entities whose ties are read together; places and parties of one that are looked at.
BATCH = 500
MOST: LiteralString = "200"
PLACES = f"""
UNWIND $p.ids AS id MATCH (e:Entity {{id: id}})-[c:LOCATED_IN|PART_OF|HOLDS_POST|POSTED_TO|SENT_BY]->(o)
WHERE c.retracted_at IS NULL WITH id, o LIMIT 100000
OPTIONAL MATCH (o)-[d:PART_OF*1..5]->(u) WHERE all(z IN d WHERE z.retracted_at IS NULL)
WITH id, collect(DISTINCT o)[0..{MOST}] AS os, collect(DISTINCT u.id)[0..{MOST}] AS above
RETURN id, [o IN os | o.id], [o IN os | coalesce(o.name, o.id)], above
"""
DECIDED: tuple[LiteralString, ...] = (
    "MATCH (a)-[c:SAME_AS]->(b) WHERE c.retracted_at IS NULL AND $p.dataset IN c.datasets RETURN a.id, b.id",
    "MATCH (a)-[c:DIFFERENT_FROM]->(b) WHERE c.retracted_at IS NULL AND $p.dataset IN c.datasets RETURN a.id, b.id",
)
CALLED = "UNWIND $p.ids AS id MATCH (e:Entity {id: id}) RETURN id, coalesce(e.name, id)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ties:
    """What an entity has to do with others: where it is, all that this lies in, and whom money goes to (>) or comes from (<)."""

    places: frozenset[str] = frozenset()
    above: frozenset[str] = frozenset()
    parties: frozenset[str] = frozenset()


NO_TIES: Final = Ties()


def _named(label: LiteralString) -> LiteralString:
    return (
        f"MATCH (e:{label}) RETURN e.id, e.type, e.canonical, e.name, e.name_en, e.short_name, e.aliases, e.pinyin, "
        "e.identifiers"
    )


def _parties(vocabulary: Vocabulary) -> LiteralString:
    types: LiteralString = "|".join(r.name for r in vocabulary.relationships if r.money)
    return (
        f"UNWIND $p.ids AS id MATCH (e:Entity {{id: id}})-[c:{types}]-(o) "
        "WHERE c.retracted_at IS NULL AND o.id <> id "
        "WITH DISTINCT id, CASE WHEN startNode(c) = e THEN '>' ELSE '<' END + o.canonical AS party "
        f"WITH id, collect(party)[0..{MOST}] AS parties RETURN id, parties"
    )


async def named(graph: Graph, label: str, vocabulary: Vocabulary = MODEL) -> AsyncIterator[list[Any]]:
    """[id, type, id it stands for, name, English name, short name, aliases, pinyin, identifiers] of all of a label."""
    async for row in graph.stream(_named(vocabulary.node[label].label)):
        yield row


async def ties(
    graph: Graph, ids: Iterable[str], vocabulary: Vocabulary = MODEL
) -> AsyncIterator[tuple[str, Ties, dict[str, str]]]:
    """Of each of the ids that has any, its ties, with the names of its places by id."""
    wanted = sorted(set(ids))
    for first in range(0, len(wanted), BATCH):
        some = {"ids": wanted[first : first + BATCH]}
        parties = {id_: listed for id_, listed in await graph.rows(_parties(vocabulary), some)}
        places: dict[str, list[list[str]]] = {row[0]: row[1:] for row in await graph.rows(PLACES, some)}
        for id_ in sorted(parties.keys() | places.keys()):
            near, names, above = places.get(id_) or ([], [], [])
            own = Ties(places=frozenset(near), above=frozenset(above), parties=frozenset(parties.get(id_, ())))
            yield id_, own, dict(zip(near, names, strict=True))


async def called(graph: Graph, ids: Sequence[str]) -> dict[str, str]:
    """Names by id."""
    found: dict[str, str] = {}
    for first in range(0, len(ids), BATCH):
        found.update((row[0], row[1]) for row in await graph.rows(CALLED, {"ids": ids[first : first + BATCH]}))
    return found


async def decided(graph: Graph, dataset: str) -> set[tuple[str, str]]:
    """Pairs, in order of id, that a dataset decides on."""
    found: set[tuple[str, str]] = set()
    for cypher in DECIDED:
        async for a, b in graph.stream(cypher, {"dataset": dataset}):
            found.add((a, b) if a <= b else (b, a))
    return found
