"""What a run that adds to its dataset puts in the place of figures that are there: a fact has one figure a source."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import msgspec

from graph.engine import Graph
from graph.model import MODEL, Vocabulary
from graph.records import Value
from graph.staging import Staging
from graph.write.readings import readings_of

#: Claims that are looked up together.
_CHUNK = 500


class Replaced(msgspec.Struct, frozen=True, kw_only=True):
    """A figure of the run, by its file and line, and the amounts (empty: none) before and after it."""

    file: int
    line: int
    currency: str
    former: str
    amount: str


async def replaced(
    graph: Graph, staging: Staging, dataset: str, vocabulary: Vocabulary = MODEL
) -> AsyncIterator[Replaced]:
    """Figures of the dataset that a settled staging gives with other amounts, in the order of type and storage."""
    for type_ in sorted(staging.types()):
        if not vocabulary.relationship[type_].money:
            continue
        cypher = (
            f"MATCH ()-[c:{vocabulary.relationship[type_].name}]->() "
            "WHERE c.retracted_at IS NULL AND $p.dataset IN c.datasets "
            "RETURN c.id, c.digest, c.amount_text, c.currency, c.datasets, c.locators, c.others"
        )
        chunk: dict[str, str] = {}
        async for id_, *said in graph.stream(cypher, {"dataset": dataset}):
            chunk[id_] = _amount(dataset, *said)
            if len(chunk) == _CHUNK:
                for one in _compared(staging, chunk):
                    yield one
                chunk = {}
        for one in _compared(staging, chunk):
            yield one


def _amount(dataset: str, digest: str, amount: str | None, *rest: Any) -> str:
    """The amount as this dataset reads it, where others read another."""
    currency, datasets, locators, others = rest
    values: dict[str, Value] = {"amount_text": amount or "", "currency": currency or ""}
    mine = readings_of(digest, values, datasets, locators, others or [])[dataset]
    return str(mine.values.get("amount_text", ""))


def _compared(staging: Staging, stored: dict[str, str]) -> list[Replaced]:
    found: list[Replaced] = []
    for id_, (file, line, money) in staging.figures_of(list(stored)).items():
        former, amount = stored[id_], money.amount_text
        if former and (not amount or Decimal(former) != Decimal(amount)):
            found.append(Replaced(file=file, line=line, currency=money.currency, former=former, amount=amount))
    return found
