"""The examples of docs/tracing.md: the tables of flows are traced, and the tables of lines are what comes out."""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from graph.tracing.attribution import Attribution, LineKind, Question
from graph.tracing.terms import Kind, Transfer
from graph.tracing.trace import trace

PAGE = Path(__file__).parents[4] / "docs" / "tracing.md"


def tables(section: str) -> Iterator[list[dict[str, str]]]:
    for table in re.findall(r"(?:^\|.*\n)+", section, re.M):
        header, _, *rows = ([cell.strip() for cell in line.strip("| \n").split("|")] for line in table.splitlines())
        yield [dict(zip(header, row, strict=False)) for row in rows]


def section(rule: Attribution) -> str:
    (found,) = re.findall(rf"^### {rule.name}:.*?(?=^##)", PAGE.read_text("utf-8"), re.M | re.S)
    return found


def cents(text: str) -> int:
    return int(Decimal(text) * 100)


def transfers(rows: list[dict[str, str]]) -> Iterator[Transfer]:
    for n, row in enumerate(rows):
        provider, receiver, kind, payee = row["from"], row["to"], Kind.TRANSFER, ""
        if provider == "own":
            provider, kind = receiver, Kind.OWN
        elif receiver in ("end use", "supplier"):
            payee = "" if receiver == "end use" else receiver
            receiver, kind = provider, Kind.END_USE
        yield Transfer(
            id=f"{n:02}", provider=provider, receiver=receiver, amount=cents(row["amount"]), kind=kind, payee=payee,
            day=row.get("day", ""), linked=row.get("linked") == "yes",
        )  # fmt: skip


def question(text: str) -> Question:
    back, nodes = text.startswith("back "), frozenset([text.rsplit(" ", maxsplit=1)[-1]])
    return Question(targets=nodes) if back else Question(sources=nodes)


@pytest.mark.parametrize("rule", list(Attribution))
def test_example_of_the_rule(rule: Attribution) -> None:
    flows, lines = tables(section(rule))
    asked = list(dict.fromkeys(row["question"] for row in lines))
    assert len(asked) >= 3
    for text in asked:
        result = trace(transfers(flows), question(text), rule)
        found = {(f"{line.kind.name} {line.other}".strip(), line.node, line.amount) for line in result.lines}
        written = {(row["line"], row["at"], cents(row["amount"])) for row in lines if row["question"] == text}
        assert found == written, text
        assert result.check.agrees


def test_every_kind_of_line_is_described() -> None:
    kinds = next(tables(PAGE.read_text("utf-8").partition("## Rules")[2]))
    assert [row["line"] for row in kinds] == [f"`{kind.name}`" for kind in LineKind]


def test_pro_rata_of_the_example_of_fifo() -> None:
    flows, _ = tables(section(Attribution.FIFO))
    assert not any(row.unknown for row in trace(transfers(flows), question("from A"), Attribution.PRO_RATA).nodes)
