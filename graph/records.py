"""What a loader hands to the graph: entities and claims, before they have been checked against it.

Structs, since every row makes several: a frozen dataclass takes ten times as long to make.
"""

import msgspec

#: A value as the graph keeps it; sums are integers in minor units, other decimals exact text.
Value = str | int | float | bool | list[str]


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """What one row says of one entity. `stub`: it is only named, nothing is said of it."""

    label: str
    id: str
    source: str
    locator: str = ""
    values: dict[str, Value] = msgspec.field(default_factory=dict[str, Value])
    provenance: dict[str, Value] = msgspec.field(default_factory=dict[str, Value])
    stub: bool = False


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What one row says of two entities. `part_of` is the row_id of another row until the run resolves it."""

    type: str
    start: str
    end: str
    source: str
    locator: str = ""
    values: dict[str, Value] = msgspec.field(default_factory=dict[str, Value])
    row_id: str = ""
    part_of: str = ""


class PreparedClaim(msgspec.Struct, frozen=True, kw_only=True):
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
