"""Pages of the documentation that show questions with their answers: their blocks, and how an answer is written down.

`make answers` writes the answers of those pages anew from the seed, and those of docs/tracing.md from tests/data/tracing, on the
embedded engine. A ```graphql block in them is
followed by a ```json block with the `data` of its answer; in other documents questions stand without answers.
"""

import asyncio
import json
import re
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graph import rates, schema_ddl
from graph.engine import Graph, open_graph
from graph.settings import Settings
from graph.tracing.rates import Tables
from graph.write import flows
from loaders import pipeline, seed
from tests.questions import Answering, Question, answer, answering

DOCS = Path(__file__).parents[1] / "docs"
#: Pages in which every question has its answer.
ANSWERED = ("article.md", "tutorial.md")
#: The page about money, whose questions are answered by tables of our own making.
TRACED, TABLES = "tracing.md", Path(__file__).parent / "data" / "tracing"
#: When these tables were loaded: before the moment at which `tests.questions` asks.
LOADED = 1_700_000_000_000
WIDTH = 110
BLOCK = re.compile(r"^```graphql\n(?P<query>.*?)^```\n(?:\n?```json\n(?P<answer>.*?)^```\n)?", re.S | re.M)
HEADING = re.compile(r"^#+ (.*)$", re.M)


@dataclass(frozen=True, kw_only=True)
class Block:
    """A question of a page, below its heading, with the answer the page gives."""

    page: str
    number: int
    heading: str
    query: str
    answer: str | None

    def __str__(self) -> str:
        return f"{self.page}-{self.number}"


def blocks(page: str) -> Iterator[Block]:
    """The questions of a page in their order."""
    text = (DOCS / page).read_text("utf-8")
    headings = [(found.start(), found[1]) for found in HEADING.finditer(text)]
    for number, found in enumerate(BLOCK.finditer(text), 1):
        heading = [title for start, title in headings if start < found.start()][-1]
        yield Block(page=page, number=number, heading=heading, query=found["query"], answer=found["answer"])


def laid_out(value: Any, margin: int = 0, behind: int = 0) -> str:
    """JSON in which what fits stands in one line; `behind` is the width of what precedes it there. What holds one thing
    only takes no line of its own."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or not value or margin + behind + _width(line) <= WIDTH:
        return line
    if isinstance(value, dict):
        (opening, closing), rows = "{}", [(f"{json.dumps(name)}: ", each) for name, each in value.items()]
    else:
        (opening, closing), rows = "[]", [("", each) for each in value]
    if len(rows) == 1:
        ((name, each),) = rows
        return f"{opening}{name}{laid_out(each, margin, behind + len(name) + 2)}{closing}"
    inner = margin + 2
    lines = [" " * inner + name + laid_out(each, inner, len(name) + 1) for name, each in rows]
    return f"{opening}\n" + ",\n".join(lines) + f"\n{' ' * margin}{closing}"


def _width(line: str) -> int:
    """Columns of a line: a Chinese character takes two."""
    return len(line) + len(re.findall("[⺀-鿿！-｠]", line))


async def answered(asked: Answering, query: str) -> str:
    """The `data` of an answer as a page writes it."""
    said = json.loads(await answer(asked.compiled, Question(name="page", query=query)))
    assert "errors" not in said, (query, said)
    return laid_out(said["data"]) + "\n"


async def traced(graph: Graph) -> Answering:
    """Loads the tables of the page about money; who answers has its rates and price indexes."""
    names = sorted({path.stem for path in TABLES.glob("*.csv")} - {"entities", "rates", "deflators"})
    for name in ("entities", *names):
        options = pipeline.Options(dataset=name)
        report = await pipeline.load(graph, [TABLES / f"{name}.csv"], options, clock=lambda: LOADED)
        assert not report.issues, report.issues
    await flows.renew(graph)
    indexes = rates.read_deflators(str(TABLES / "deflators.csv"))
    return answering(graph, tables=Tables(rates=rates.read(TABLES / "rates.csv"), deflators=indexes))


async def rewrite(asked: Answering, *pages: str) -> None:
    """Writes the answers of pages anew."""
    for page in pages:
        path = DOCS / page
        text = path.read_text("utf-8")
        written, end = "", 0
        for found in BLOCK.finditer(text):
            said = await answered(asked, found["query"])
            written += f"{text[end : found.start()]}```graphql\n{found['query']}```\n```json\n{said}```\n"
            end = found.end()
        path.write_text(written + text[end:], "utf-8")


@asynccontextmanager
async def _empty() -> AsyncIterator[Graph]:
    with tempfile.TemporaryDirectory() as home:
        async with open_graph(Settings(home=Path(home), heap="512m")) as graph:
            await schema_ddl.apply(graph)
            yield graph


async def main() -> None:
    async with _empty() as graph:
        await rewrite(await traced(graph), TRACED)
    async with _empty() as graph:
        await seed.load(graph)
        await rewrite(answering(graph), *ANSWERED)


if __name__ == "__main__":
    asyncio.run(main())
