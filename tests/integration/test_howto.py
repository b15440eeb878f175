"""Every question in the documents is answered by the seed, without an error and not empty."""

import re
from pathlib import Path

import pytest

from graph.engine import Graph
from tests.integration.test_api import ask

DOCS = Path(__file__).parents[2] / "docs"
QUESTIONS = [
    (path.name, block)
    for path in sorted(DOCS.glob("*.md"))
    for block in re.findall(r"```graphql\n(.*?)```", path.read_text("utf-8"), re.S)
]


@pytest.mark.parametrize(("name", "question"), QUESTIONS, ids=[f"{name}-{n}" for n, (name, _) in enumerate(QUESTIONS)])
async def test_question_of_a_document(seeded: Graph, name: str, question: str) -> None:
    answer = await ask(seeded, question)
    assert "errors" not in answer, answer
    assert all(answer["data"].values()) and re.search(r'"[^"]*[一-鿿]|[1-9]', str(answer["data"]))
