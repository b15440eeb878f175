"""Questions in the documents are answered by the seed, and the answers that pages show are those, on both engines."""

import json
import re

import pytest

from graph.engine import Graph
from tests.pages import ANSWERED, DOCS, TRACED, Block, answered, blocks
from tests.questions import Answering, answering

ALL = [block for path in sorted(DOCS.glob("*.md")) for block in blocks(path.name)]
SHOWN = [block for block in ALL if block.page in ANSWERED]
OTHERS = [block for block in ALL if block.page not in (*ANSWERED, TRACED)]  # tests/integration/test_money_page.py
#: On Neo4j, which plans each statement for 50 ms and more, every so manyth is asked; `make soak` asks all.
SOME = 8
#: Questions to which the seed has nothing to say: it contradicts itself nowhere.
EMPTY = {"conflicts"}
#: Pages on files that are not part of the project: tests/soak/test_real_questions.py asks the same of the files.
ELSEWHERE = {"howto-iati.md", "howto-aiddata.md"}


@pytest.fixture(scope="module")
def asked(seeded: Graph) -> Answering:
    return answering(seeded)


@pytest.mark.parametrize("some", [SOME, pytest.param(1, marks=pytest.mark.soak)])
async def test_answers_of_the_pages(asked: Answering, engine: str, some: int) -> None:
    for block in SHOWN if engine == "embedded" else SHOWN[::some]:
        assert await answered(asked, block.query) == block.answer, f"{block}; if the new answer is right: make answers"


@pytest.mark.parametrize("block", OTHERS, ids=str)
async def test_question_of_a_document(asked: Answering, block: Block) -> None:
    """Without an error and not empty; `EMPTY` apart."""
    answer = json.loads((await asked.compiled.answer(block.query, None, None)).body)
    if block.page in ELSEWHERE:
        assert {error["extensions"]["code"] for error in answer.get("errors", [])} <= {"NOT_FOUND"}, answer
        return
    assert "errors" not in answer, answer
    assert all(answer["data"].values())
    assert set(answer["data"]) <= EMPTY or re.search(r'"[^"]*[一-鿿]|[1-9]', str(answer["data"]))
