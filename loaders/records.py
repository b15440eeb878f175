"""What loading reports: the issue of a row, and the outcome of a file or a run. Records themselves are graph.records."""

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from graph.write import Counts


class RowError(ValueError):
    """A row cannot be used: which column, which value, why and what to do."""

    def __init__(self, reason: str, *, column: str = "", value: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.column = column
        self.value = value
        self.more: list[RowError] = []  # further faults of the same row

    @staticmethod
    def raise_any(faults: "list[RowError]") -> None:
        """Raises the first of the faults, if there is one, with the others in its `more`."""
        if faults:
            faults[0].more += faults[1:]
            raise faults[0]


class LoadError(Exception):
    """A file or a whole load is refused before anything is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """A row that was not loaded."""

    file: str
    line: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        where = f"{self.file}, line {self.line}" if self.line else self.file
        column = f", column {self.column}" if self.column else ""
        # reasons of values name them already
        value = f": {self.value!r}" if self.value and not self.reason.startswith(repr(self.value)) else ""
        return f"{where}{column}{value}: {self.reason}"


@dataclass(slots=True)
class Report:
    """Outcome of one load or check. `figures` and `sums`: how many, and their exact sum, by (type, class, currency)."""

    dataset: str
    mapping: str
    rows: int = 0
    rejected: int = 0
    entities: int = 0
    claims: int = 0
    written: bool = False
    unchanged_files: bool = False
    would_retract: int = 0  # of a check: claims that loading would retract
    replaced: int = 0  # with append: figures that take the place of others of the dataset
    counts: Counts = field(default_factory=Counts)
    issues: list[Issue] = field(default_factory=list[Issue])
    notes: list[str] = field(default_factory=list[str])
    figures: dict[tuple[str, str, str], int] = field(default_factory=dict[tuple[str, str, str], int])
    sums: dict[tuple[str, str, str], Decimal] = field(default_factory=dict[tuple[str, str, str], Decimal])
    rejects: Path | None = None
