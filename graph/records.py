"""What a loader hands to the graph: entities and claims, before they have been checked against it."""

from dataclasses import dataclass, field

#: A value as the graph keeps it; sums are integers in minor units, other decimals exact text.
Value = str | int | float | bool | list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """What one row says of one entity. `stub`: it is only named, nothing is said of it."""

    label: str
    id: str
    source: str
    locator: str = ""
    values: dict[str, Value] = field(default_factory=dict[str, Value])
    provenance: dict[str, Value] = field(default_factory=dict[str, Value])
    stub: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one row says of two entities. `part_of` is the row_id of another row until the run resolves it."""

    type: str
    start: str
    end: str
    source: str
    locator: str = ""
    values: dict[str, Value] = field(default_factory=dict[str, Value])
    row_id: str = ""
    part_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedClaim:
    """A claim with its identity, ready to be written."""

    type: str
    start: str
    end: str
    id: str
    fact: str
    source: str
    locator: str
    digest: str
    values: dict[str, Value]
