"""The pages that show answers are whole: every question has one, and every fact of the founding article is asked."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pages import ANSWERED, TRACED, Block, blocks

SEED = Path(__file__).parents[2] / "seed"


def article_rows() -> Iterator[dict[str, str]]:
    with (SEED / "article_claims.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def asked_facts() -> dict[str, list[Block]]:
    """The blocks of the article's page by the number of the fact they stand under."""
    found: dict[str, list[Block]] = {}
    for block in blocks("article.md"):
        if number := re.match(r"(a\d\d)\. ", block.heading):
            found.setdefault(number[1], []).append(block)
    return found


def test_every_question_has_its_answer() -> None:
    assert [str(block) for page in (*ANSWERED, TRACED) for block in blocks(page) if not block.answer] == []
    for page in (*ANSWERED, TRACED):
        text = (SEED.parent / "docs" / page).read_text("utf-8")
        assert text.count("```json") == text.count("```graphql") == len(list(blocks(page))), page


def test_every_fact_of_the_article_is_asked_below_a_heading_of_its_own() -> None:
    facts = {row["row_id"][:3] for row in article_rows()}
    assert facts == {f"a{n:02}" for n in range(1, 55)}
    assert Counter({number: len(found) for number, found in asked_facts().items()}) == Counter(facts)


@pytest.mark.parametrize(
    "row", [row for row in article_rows() if len(row["row_id"]) == 3], ids=lambda row: row["row_id"]
)
def test_the_answer_shows_where_the_fact_stands(row: dict[str, str]) -> None:
    (block,) = asked_facts()[row["row_id"]]
    assert block.answer and f'"{row["locator"]}"' in block.answer
