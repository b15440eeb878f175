"""Questions made at random from the schema: both ways and both engines answer them byte for byte alike.

A question is named by its number: `tests.generated.question(number, …)` makes it again.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, islice

import pytest

from api.execute import Refused
from api.schema import own_schema
from graph.engine import Graph
from tests.generated import Pool, filled, question
from tests.questions import Question, answer, answering, corpus, timeless

pytestmark = [pytest.mark.soak, pytest.mark.timeout(2400)]

QUESTIONS = 2_000
#: On Neo4j, which plans each statement that is new to it, every twentieth is also answered field by field.
SOME = 20
AT_ONCE = 4


@dataclass
class Asked:
    """The first so many questions that are not refused, with what was answered, by number."""

    answers: dict[int, bytes] = field(default_factory=dict[int, bytes])
    refused: Counter[str] = field(default_factory=Counter[str])


#: What each engine answered, for the other one to be compared with.
ASKED: dict[str, Asked] = {}


async def test_generated_questions_are_answered_alike(seeded: Graph, engine: str) -> None:
    schema = own_schema()
    pool, ways = await Pool.of(seeded), answering(seeded, schema)
    asked = Asked()
    spent: Counter[str] = Counter()
    different: list[tuple[Question, str, bytes, bytes]] = []

    def wanted() -> Iterator[tuple[int, Question]]:
        """The first so many that are within the limits: the same for every engine."""
        for number in count():
            made = question(number, schema._schema, pool)
            try:
                ways.compiled._document(made.query, None)
            except Refused as refused:
                asked.refused[str((refused.errors[0].extensions or {})["code"])] += 1
                continue
            yield number, made

    async def ask(number: int, made: Question) -> None:
        began = time.monotonic()
        said = await ways.compiled.answer(made.query, made.variables, None)
        spent["compiled"] += time.monotonic() - began  # pyright: ignore[reportArgumentType]
        asked.answers[number] = said.body
        assert b'"errors"' not in said.body or b"NOT_FOUND" in said.body, f"{made}\n{said.body.decode()}"
        if engine == "embedded" or number % SOME == 0:
            began = time.monotonic()
            plain = await ways.plain.answer(made.query, made.variables, None)
            for _ in range(
                3
            ):  # on a busy machine a statement may wait for a connection longer than it may: no other answer
                if b"SERVICE_UNAVAILABLE" in plain.body:
                    await asyncio.sleep(1)
                    plain = await ways.plain.answer(made.query, made.variables, None)
            spent["plain"] += time.monotonic() - began  # pyright: ignore[reportArgumentType]
            spent["plainly"] += 1
            if plain.body != said.body:
                different.append((made, "the plain way", said.body, plain.body))
        for other, found in ASKED.items():
            theirs = found.answers.get(number, b"nothing")
            if timeless(theirs) != timeless(said.body):
                different.append((made, other, said.body, theirs))

    async def work() -> None:
        for number, made in questions:
            if len(different) < 3:
                await ask(number, made)

    questions = islice(wanted(), QUESTIONS)
    began = time.monotonic()
    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    for made, where, one, other in different:
        print(f"{engine} compiled and {where} differ: {made}\n  {one.decode()}\n  {other.decode()}")
    assert not different
    some = sum(filled(json.loads(said)["data"]) for said in asked.answers.values())
    print(
        f"{engine}: {len(asked.answers)} questions, {some} with data, refused {dict(asked.refused)}; "
        f"{time.monotonic() - began:.0f} s in all, {spent['compiled']:.0f} s compiled, "
        f"{spent['plain']:.0f} s for {spent['plainly']} the plain way, {AT_ONCE} at once"
    )
    assert len(asked.answers) == QUESTIONS
    assert some >= len(asked.answers) / 2
    assert asked.refused.total() < len(asked.answers) / 2
    ASKED[engine] = asked


async def test_the_documents_are_answered_alike_the_plain_way(seeded: Graph) -> None:
    """On Neo4j too, for which tests/integration/test_documents.py has no time."""
    ways = answering(seeded, own_schema())
    for written in corpus():
        assert await answer(ways.plain, written) == await answer(ways.compiled, written), written
