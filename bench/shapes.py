"""The six questions of `reads`, each in 50 documents drawn at random that ask for the same amount of data.

Documents differ in the order of their fields, in aliases, and in fragments, inline and named; what they ask about is
drawn as well, and goes in by variables.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench.generated import CLASSES, Generated

DOCUMENTS, ASKED = 50, 8  # documents of a shape, and questions with each
ENTITY = ("id", "type", "name", "nameEn", "shortName", "nameHant", "pinyin", "initials")
FACT = ("id", "amount", "currency", "class", "basis", "validFrom", "validTo", "certainty")


@dataclass(frozen=True, slots=True)
class Question:
    query: str
    variables: dict[str, Any]


@dataclass(slots=True)
class Writer:
    """Writes one document."""

    rng: random.Random
    fragments: list[str] = field(default_factory=list[str])
    _count: int = 0

    def fields(self, *fields: str) -> str:
        """The fields in any order, some under another name."""
        return " ".join(self._aliased(one) for one in self.rng.sample(fields, len(fields)))

    def _aliased(self, one: str) -> str:
        if one.startswith("...") or self.rng.random() > 0.1:
            return one
        self._count += 1
        return f"x{self._count}: {one}"

    def on(self, type_: str, *fields: str) -> str:
        """The fields in a fragment on the type, inline or named."""
        inner = self.fields(*fields)
        if self.rng.random() < 0.5:
            return f"... on {type_} {{ {inner} }}"
        self._count += 1
        self.fragments.append(f"fragment F{self._count} on {type_} {{ {inner} }}")
        return f"...F{self._count}"

    def document(self, variables: str, root: str) -> str:
        return "\n".join((f"query Q{self.rng.randrange(1000)}({variables}) {{ {root} }}", *self.fragments))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """`must` and `aim`: requests a second, relative to the floor. `full`: whether data of an answer hold all rows."""

    what: str
    must: float
    aim: float
    write: Callable[[Writer], str]
    ask: Callable[[random.Random, Generated], dict[str, Any]]
    full: Callable[[Any], bool]
    seconds: float = 1.6

    def questions(self, made: Generated, seed: str) -> list[Question]:
        rng = random.Random(seed)
        documents = [self.write(Writer(rng)) for _ in range(DOCUMENTS)]
        return [Question(document, self.ask(rng, made)) for document in documents for _ in range(ASKED)]


def _day(rng: random.Random) -> str:
    return f"2024-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"


def _entity(w: Writer) -> str:
    return w.document("$id: ID!, $asOf: String", f"node(id: $id, asOf: $asOf) {{ {w.on('Entity', *ENTITY)} }}")


def _facts(w: Writer) -> str:
    evidence = f"evidence {{ {w.fields('locator', 'source { ' + w.fields('id', 'name') + ' }')} }}"
    to = f"to {{ {w.fields('id', 'name', 'type')} }}"
    nodes = f"nodes {{ {w.fields(*FACT, to, evidence)} }}"
    given = f"fundingGiven(first: 20) {{ {w.fields(nodes, 'pageInfo { hasNextPage endCursor }')} }}"
    return w.document(
        "$id: ID!, $asOf: String", f"node(id: $id, asOf: $asOf) {{ {w.on('Organization', 'id', given)} }}"
    )


def _nested(w: Writer) -> str:
    inner = f"nodes {{ {w.fields('amount', 'currency', 'to { ' + w.fields('id', 'name') + ' }')} }}"
    to = f"to {{ id {w.on('Organization', 'name', f'fundingGiven(first: 20) {{ {inner} }}')} }}"
    given = f"fundingGiven(first: 20) {{ nodes {{ {w.fields('amount', 'currency', to)} }} }}"
    root = w.on("Organization", "id", "name", given)
    return w.document("$id: ID!, $asOf: String", f"node(id: $id, asOf: $asOf) {{ {root} }}")


def _listed(w: Writer) -> str:
    nodes = f"nodes {{ {w.fields('id', 'name', 'type', 'pinyin', w.on('Place', 'code'))} }}"
    root = f"places(first: 500, asOf: $asOf) {{ {w.fields(nodes, 'pageInfo { hasNextPage endCursor }')} }}"
    return w.document("$asOf: String", root)


def _paths(w: Writer) -> str:
    steps = f"steps {{ facts {{ {w.fields('id', 'type')} }} }}"
    paths = f"paths {{ {w.fields('length', 'nodes { ' + w.fields('id', 'name') + ' }', steps)} }}"
    root = f"paths(from: $from, to: $to, maxHops: 3, first: 100, asOf: $asOf) {{ {w.fields('truncated', paths)} }}"
    return w.document("$from: ID!, $to: ID!, $asOf: String", root)


def _sums(w: Writer) -> str:
    fields = w.fields("amount", "facts", f"province {{ {w.fields('id', 'name')} }}")
    root = f"overview(asOf: $asOf) {{ fundingByProvince(class: $class, currency: $currency) {{ {fields} }} }}"
    return w.document("$asOf: String, $class: MoneyClass!, $currency: String!", root)


def _of(kind: str) -> Callable[[random.Random, Generated], dict[str, Any]]:
    return lambda rng, made: {"id": rng.choice(getattr(made, kind)), "asOf": _day(rng)}


def _ends(rng: random.Random, made: Generated) -> dict[str, Any]:
    start, end = rng.sample(made.dense, 2)
    return {"from": start, "to": end, "asOf": _day(rng)}


def _stage(rng: random.Random, _made: Generated) -> dict[str, Any]:
    return {"asOf": _day(rng), "class": rng.choice(CLASSES).upper(), "currency": rng.choice(("CNY", "USD"))}


def _first_list(data: Any, least: int) -> list[Any]:
    """The first list of at least so many objects, whatever the fields are called."""
    pending = [data]
    while pending:
        value = pending.pop()
        if isinstance(value, list) and len(value) >= least:
            return value
        pending += value.values() if isinstance(value, dict) else ()
    return []


def _nested_full(data: Any) -> bool:
    rows = _first_list(data, 20)
    return len(rows) == 20 and all(len(_first_list(row, 20)) == 20 for row in rows)


SHAPES = {
    "a": Shape(
        what="one entity", must=0.40, aim=0.55, write=_entity, ask=_of("asked"), full=lambda d: len(d["node"]) == 8
    ),
    "b": Shape(
        what="20 facts", must=0.50, aim=0.70, write=_facts, ask=_of("funders"), full=lambda d: len(_first_list(d, 20)) == 20
    ),
    "c": Shape(what="20 x 20", must=0.65, aim=0.90, write=_nested, ask=_of("dense"), full=_nested_full),
    "d": Shape(
        what="500 places", must=0.65, aim=0.85, write=_listed, ask=lambda rng, _made: {"asOf": _day(rng)},
        full=lambda d: len(_first_list(d, 500)) == 500,
    ),
    "e": Shape(
        what="100 paths", must=0.65, aim=0.80, write=_paths, ask=_ends, full=lambda d: len(_first_list(d, 100)) == 100,
    ),
    "f": Shape(
        what="sums", must=0.85, aim=1.0, write=_sums, ask=_stage, full=lambda d: len(_first_list(d, 31)) == 31,
        seconds=4.0,
    ),
}  # fmt: skip
