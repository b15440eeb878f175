"""Identity of facts, claims and versions: pure functions over a row's values.

fact    what is spoken of: type, ends, programme and the key its type declares
claim   a fact as one source states it, the n-th of its kind there
version a claim with its values; a changed row closes one version and opens another
"""

import hashlib
from collections.abc import Iterable

import msgspec

from graph.dates import period_key
from graph.model import RelationshipType
from graph.records import Claim, Value

_encoder = msgspec.json.Encoder(order="deterministic")


def _hash(parts: Iterable[str]) -> str:
    return _digest("\x1f".join(parts).encode())


def _digest(data: bytes) -> str:
    # 96 bits: with 10^9 claims the chance of one collision is below 10^-11
    return hashlib.blake2b(data, digest_size=12).hexdigest()


def fact_id(relationship: RelationshipType, claim: Claim) -> str:
    values = claim.values
    period = ""
    if relationship.period_in_key:
        period = period_key(_text(values.get("valid_from")), _text(values.get("valid_to")))
    key = [str(values.get(name, "")) for name in ("programme", *relationship.key)]
    given = [f"{name}={values[name]}" for name in relationship.optional_key if values.get(name)]
    return "fact:" + _hash((relationship.name, claim.start, claim.end, *key, period, *given))


def claim_id(fact: str, source: str, n: int) -> str:
    """`n` counts from 1 among claims of one fact in one source."""
    return "claim:" + _hash((fact, source, str(n)))


def conflict_id(about: str, versions: Iterable[str]) -> str:
    """Of the versions of its claims: one that changes makes another conflict, or none."""
    return "conflict:" + _hash((about, *versions))


def flow_id(key: Iterable[str], n: int) -> str:
    """`n` counts from 1 among flows of one edge, class, currency and period."""
    return "flow:" + _hash((*key, str(n)))


def digest(values: dict[str, Value]) -> str:
    return _digest(_encoder.encode(values))


def version_id(claim: str, values_digest: str, earlier: int) -> str:
    """`earlier` counts closed versions with the same values: a value that comes back is a version of its own."""
    return _hash((claim, values_digest, str(earlier)))


def encode(values: dict[str, Value]) -> str:
    """Values as JSON with keys in order: the same text for the same values."""
    return _encoder.encode(values).decode()


def _text(value: Value | None) -> str | None:
    return str(value) if value else None
