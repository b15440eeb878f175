"""Questions the tests ask in several places: the documents of tests/data/documents, and who answers them.

A document `name.graphql` may have a `name.json` beside it: a list of cases, each with `variables` and `operationName`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from api.cursors import Seal
from api.execute import Executor
from api.schema import Schema, own_schema
from graph.engine import Graph
from graph.tracing.rates import NO_TABLES, Tables

FOLDER = Path(__file__).parent / "data" / "documents"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
SEAL = Seal(b"k" * 32)
#: Seconds for a question answered field by field: Neo4j plans each statement that is new to it, 50 to 500 ms.
PATIENCE = 120.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Question:
    name: str
    query: str
    variables: Mapping[str, Any] = field(default_factory=dict[str, Any])
    operation: str | None = None

    @property
    def wrong(self) -> bool:
        """Whether it is meant to be answered with errors."""
        return self.refused or self.name.partition("[")[0].endswith("-not-found")

    @property
    def refused(self) -> bool:
        """Whether nothing is to be read for it."""
        return self.name.partition("[")[0].endswith("-error")

    @property
    def introspects(self) -> bool:
        return "__schema" in self.query or "__type(" in self.query

    def __str__(self) -> str:
        return f"{self.name}\n{self.query}\n{json.dumps(self.variables, ensure_ascii=False)}"


def corpus() -> Iterator[Question]:
    """Every document with each of its cases."""
    for path in sorted(FOLDER.glob("*.graphql")):
        query, cases = path.read_text("utf-8"), path.with_suffix(".json")
        if not cases.exists():
            yield Question(name=path.stem, query=query)
            continue
        for number, case in enumerate(json.loads(cases.read_text("utf-8"))):
            yield Question(
                name=f"{path.stem}[{number}]",
                query=query,
                variables=case.get("variables", {}),
                operation=case.get("operationName"),
            )


@dataclass(frozen=True)
class Answering:
    """The two ways to an answer over one graph: one statement for a question, and one for each field."""

    compiled: Executor
    plain: Executor


def answering(graph: Graph, schema: Schema | None = None, tables: Tables = NO_TABLES) -> Answering:
    schema = schema or own_schema()
    return Answering(
        Executor(schema, graph, SEAL, clock=lambda: NOW, timeout=PATIENCE, tables=tables),
        Executor(schema, graph, SEAL, compiled=False, clock=lambda: NOW, timeout=PATIENCE, tables=tables),
    )


def timeless(said: bytes) -> bytes:
    """An answer without the moments at which a graph was loaded, to be compared with that of another."""
    return re.sub(rb'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"', b'"moment"', said)


async def answer(executor: Executor, question: Question) -> bytes:
    return (await executor.answer(question.query, question.variables, question.operation)).body
