"""What a load is asked to do."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Passport:
    """What is known of a dataset as a document, from seed.toml or the options; `rows` is checked when given."""

    title: str = ""
    publisher: str = ""
    licence: str = ""
    url: str = ""
    retrieved: str = ""
    rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    dataset: str
    format: str | None = None
    mapping: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    validate: bool = False
    dry_run: bool = False
    append: bool = False
    allow_retract: bool = False
    rejects: Path | None = None
    wait: float = 0.0
    force: bool = False
    passport: Passport = Passport()
    version: str = ""
