"""Decisions of persons that two entities are one, or are not, as they were known at a moment; and what these come to."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import LiteralString

from graph.canonical import Decision, Settled, settle
from graph.engine import Graph
from graph.model import MODEL, Vocabulary
from graph.sources.facts import was_known

SAME, DIFFERENT = "SAME_AS", "DIFFERENT_FROM"
DECIDED: LiteralString = (
    f"MATCH (a)-[c:{SAME}|{DIFFERENT}]->(b) WHERE {was_known('c')} "
    "RETURN type(c), a.id, b.id, a.type, b.type, c.decided_on, c.recorded_at, c.decided_by, c.kept"
)


async def settled(graph: Graph, known: int, vocabulary: Vocabulary = MODEL) -> Settled:
    """What the decisions known at a moment (epoch ms) come to."""
    decisions: list[Decision] = []
    async for type_, a, b, label, other, decided, recorded_at, by, kept in graph.stream(DECIDED, {"known": known}):
        decisions.append(
            Decision(
                a=a, b=b, same=type_ == SAME, day=decided or day(recorded_at), by=by or "", kept=kept or "",
                kinds=kinds((label, other), vocabulary),
            )
        )  # fmt: skip
    return settle(decisions)


def day(epoch_ms: int) -> str:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).date().isoformat()


def kinds(labels: Iterable[str], vocabulary: Vocabulary) -> tuple[str, str]:
    """What two entities of these labels are, as far as a place can never be an organization."""
    one, other = (vocabulary.labels(label)[1] for label in labels)
    return one, other
