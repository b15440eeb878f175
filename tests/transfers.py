"""Transfers for tests of tracing: short to write, and made at random."""

import os
import random

from hypothesis import settings
from hypothesis import strategies as st

from graph.tracing.attribution import Question, Result
from graph.tracing.terms import Kind, Transfer

OWN, END_USE = Kind.OWN, Kind.END_USE
#: Examples of a property in `make test`; TRACING_EXAMPLES of them where more are wanted.
FEW = settings(max_examples=int(os.environ.get("TRACING_EXAMPLES", "40")), deadline=None)


def flows(text: str, *, scale: int = 1) -> list[Transfer]:
    """`A>B 100`, `A own 100` and `C spends 90 payee` in lines or divided by commas; `@2020-01-01` and `linked` behind."""
    found: list[Transfer] = []
    for n, part in enumerate(part for line in text.split("\n") for part in line.split(",") if part.strip()):
        words = part.split()
        day = next((word[1:] for word in words if word.startswith("@")), "")
        linked = "linked" in words
        words = [word for word in words if not word.startswith("@") and word != "linked"]
        kind = Kind.TRANSFER
        if words[1] in ("own", "spends"):
            kind = OWN if words[1] == "own" else END_USE
            words = [f"{words[0]}>{words[0]}", words[2], *words[3:]]
        provider, receiver = words[0].split(">")
        found.append(
            Transfer(
                id=f"f{n:03}", provider=provider, receiver=receiver, amount=int(words[1]) * scale, kind=kind, day=day,
                linked=linked, payee=words[2] if len(words) > 2 else "",
            )
        )  # fmt: skip
    return found


#: Amounts in whole units; A's 100 and D's 50 go to B, which gives C 90 and A 30 back, and spends 20; C spends its 90.
GOLDEN = "A own 100, D own 50, A>B 100, D>B 50, B>C 90, B>A 30, C spends 90, B spends 20"


def asked(sources: str = "", targets: str = "", **more: object) -> Question:
    """A question about nodes of one letter each."""
    return Question(sources=frozenset(sources), targets=frozenset(targets), **more)  # pyright: ignore[reportArgumentType]


def lines(result: Result) -> dict[tuple[str, ...], int]:
    """Amounts by kind, node and, where there is one, who was paid."""
    return {(line.kind.value, line.node, *([line.other] if line.other else [])): line.amount for line in result.lines}


def adds_up(result: Result) -> None:
    assert sum(line.amount for line in result.lines) == result.amount
    of_paths = sum(path.amount for path in result.paths) + sum(line.amount for line in result.remainder)
    assert of_paths == result.amount and result.check.agrees and result.check.missed < 1e-3
    assert all(line.amount > 0 for line in result.lines)
    assert all(len(set(path.nodes)) == len(path.nodes) for path in result.paths)


def names_of(transfers: list[Transfer]) -> list[str]:
    return sorted({node for t in transfers for node in (t.provider, t.receiver)})


@st.composite
def networks(draw: st.DrawFn, *, nodes: str = "ABCDEF", largest: int = 60, dated: bool = False) -> list[Transfer]:
    """Cycles, transfers of a node to itself, corrections; own money and end uses for some; links for many."""
    size = draw(st.integers(1, 14))
    node = st.sampled_from(nodes)
    factor = 1 if dated else draw(st.sampled_from([1, 7, 10**6, 3 * 10**13 + 1, 9 * 10**15 + 7]))
    found: list[Transfer] = []
    for n in range(size):
        kind = draw(st.sampled_from([Kind.TRANSFER] * 4 + [OWN, END_USE]))
        provider = draw(node)
        amount = draw(st.integers(1, largest)) * (draw(st.sampled_from([1, 1, 1, 1, -1]))) * factor
        found.append(
            Transfer(
                id=f"t{n:02}",
                provider=provider,
                receiver=draw(node) if kind is Kind.TRANSFER else provider,
                amount=amount + (draw(st.integers(0, 5)) if amount > 0 else 0),
                kind=kind,
                day=draw(st.sampled_from(["2020-01-01", "2020-01-02", "2020-02-03", "2021-05-06", ""]))
                if dated
                else "",
                linked=draw(st.sampled_from([True, True, False])),
                payee=draw(st.sampled_from(["", "p", "q"])) if kind is END_USE else "",
            )
        )
    return found


def shuffled(transfers: list[Transfer], seed: int) -> list[Transfer]:
    mixed = list(transfers)
    random.Random(seed).shuffle(mixed)
    return mixed
