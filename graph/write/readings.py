"""What several datasets read in one place, settled into one claim; what several sources say, into one entity.

Pure functions: the outcome depends on the readings alone, never on the order in which they came.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from graph import identity, names
from graph.dates import bounds
from graph.model import Time
from graph.records import Value

_CONFIDENCE = {"high": "0", "medium": "1", "low": "3"}
_CERTAINTY = {"stated": "0", "implied": "1", "derived": "2"}
_DATES = ("valid_from", "valid_to", "valid_to_basis", "seen_until")


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What one dataset reads of one claim."""

    dataset: str
    locator: str
    digest: str
    values: dict[str, Value]


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """One claim out of its readings: the values that count, who supports it, and readings that differ (as JSON)."""

    digest: str
    values: dict[str, Value]
    locator: str
    datasets: list[str]
    locators: list[str]
    others: list[str]


def _rank(values: dict[str, Value]) -> str:
    confidence = _CONFIDENCE.get(str(values.get("confidence", "")), "2")
    return confidence + _CERTAINTY.get(str(values.get("certainty", "")), "0")


def settle(readings: Iterable[Reading]) -> Settled:
    """The reading with the best confidence and certainty counts; among equals, that of the first dataset by name."""
    readings = list(readings)
    if len(readings) == 1:
        only = readings[0]
        return Settled(
            digest=only.digest,
            values=only.values,
            locator=only.locator,
            datasets=[only.dataset],
            locators=[only.locator],
            others=[],
        )
    ordered = sorted(readings, key=lambda reading: reading.dataset)
    best = min(ordered, key=lambda reading: (_rank(reading.values), reading.dataset))
    return Settled(
        digest=best.digest,
        values=best.values,
        locator=best.locator,
        datasets=[reading.dataset for reading in ordered],
        locators=[reading.locator for reading in ordered],
        others=[
            identity.encode({"dataset": reading.dataset, "values": identity.encode(reading.values)})
            for reading in ordered
            if reading.digest != best.digest
        ],
    )


def readings_of(
    digest: str, values: dict[str, Value], datasets: list[str], locators: list[str], others: list[str]
) -> dict[str, Reading]:
    """The readings a stored version was settled from, by dataset."""
    decoded = [msgspec.json.decode(other, type=dict[str, str]) for other in others]
    differing: dict[str, dict[str, Value]] = {
        other["dataset"]: msgspec.json.decode(other["values"], type=dict[str, Value]) for other in decoded
    }
    return {
        dataset: Reading(
            dataset=dataset,
            locator=locator,
            digest=identity.digest(differing[dataset]) if dataset in differing else digest,
            values=differing.get(dataset, values),
        )
        for dataset, locator in zip(datasets, locators, strict=True)
    }


def claim_properties(time: Time, values: dict[str, Value]) -> dict[str, Value]:
    """Values of a claim with the days it lies between and its standing, as stored."""
    dates = [None if (value := values.get(name)) is None else str(value) for name in _DATES]
    return values | _days(time, *dates) | {"standing": standing(values)}


def standing(values: dict[str, Value]) -> int:
    """How well a claim stands: 0 is best. First by confidence, then by certainty; see _rank."""
    confidence, certainty = _rank(values)
    return 3 * int(confidence) + int(certainty)


@lru_cache(maxsize=4096)  # the rows of a table share their dates
def _days(time: Time, *dates: str | None) -> dict[str, Value]:
    span = bounds(time, *dates)
    return {
        "earliest_from": span.earliest_from,
        "latest_from": span.latest_from,
        "earliest_to": span.earliest_to,
        "latest_to": span.latest_to,
        "open_end": span.open_end,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What one source says of an entity, from an open DESCRIBED_IN claim."""

    source: str
    id: str
    confidence: str
    certainty: str
    values: str


def project(id_: str, label: str, canonical: str, descriptions: Iterable[Description]) -> dict[str, Value]:
    """Properties of an entity: each from the best source that gives it; names that lose become aliases.

    Aliases and identifiers are those of all sources.
    """
    ordered = sorted(
        descriptions,
        key=lambda d: (_rank({"confidence": d.confidence, "certainty": d.certainty}), d.source, d.id),
    )
    merged: dict[str, Value] = {}
    aliases: dict[str, None] = {}
    identifiers: dict[str, None] = {}
    for description in ordered:
        values = msgspec.json.decode(description.values, type=dict[str, Value])
        aliases.update(dict.fromkeys(_listed(values.pop("aliases", None))))
        identifiers.update(dict.fromkeys(_listed(values.pop("identifiers", None))))
        for name, value in values.items():
            if name in ("name", "name_en", "short_name") and merged.get(name, value) != value:
                aliases[str(value)] = None
            merged.setdefault(name, value)
    own = {str(merged.get(name, "")) for name in ("name", "name_en", "short_name")}
    if kept := sorted(alias for alias in aliases if alias not in own):
        merged["aliases"] = kept
    if identifiers:
        merged["identifiers"] = sorted(identifiers)
    if "url" not in merged and label == "Source" and id_.startswith("http"):
        merged["url"] = id_
    merged.update(names.derived(dict(merged)))
    properties: dict[str, Value] = {**merged, "id": id_, "type": label, "canonical": canonical}
    return {**properties, "digest": identity.digest(properties)}


def _listed(value: Value | None) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
