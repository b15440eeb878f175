"""The table of decisions: a row for two entities that may be one, with what a person decided of them.

`aidgraph matches` writes it with the decision empty; loaded, a row is a claim SAME_AS or DIFFERENT_FROM, or nothing yet.
"""

import csv
from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from graph.records import Claim, Entity
from loaders import tabular, values, workbooks
from loaders.making import Maker
from loaders.records import LoadError, RowError
from loaders.rows import RowBuilder

NAME: Final = "decisions"
#: Columns a person fills, and those that show what is to be decided.
FILLED: Final = ("decision", "by", "on", "note", "keep")
SHOWN: Final = ("score", "reasons", "id", "name", "place", "other_id", "other_name", "other_place")
COLUMNS: Final = (*FILLED, *SHOWN)
NEEDED: Final = frozenset({"decision", "by", "on", "id", "other_id"})
SAME, DIFFERENT, UNSURE = "same", "different", "unsure"
_WRITTEN: Final = {
    **{name: name for name in (SAME, DIFFERENT, UNSURE)},
    **{"同一": SAME, "相同": SAME, "不同": DIFFERENT, "不确定": UNSURE},
}
_TYPES: Final = {SAME: "SAME_AS", DIFFERENT: "DIFFERENT_FROM"}
#: What a spreadsheet would run, where a cell began with it.
_RUN: Final = ("=", "+", "-", "@", "\t", "\r")

Row = Mapping[str, str]


def fits(header: Collection[str]) -> bool:
    return set(header) >= NEEDED


def pair_of(row: Row) -> tuple[str, str]:
    """The two ids of a row, in their order."""
    one, other = values.clean(row.get("id", "")), values.clean(row.get("other_id", ""))
    return (one, other) if one <= other else (other, one)


def decision_of(row: Row) -> str:
    """same, different, unsure, or empty where nothing is decided yet."""
    text = values.clean(row.get("decision", "")).lower()
    try:
        return values.code(text, _WRITTEN) if text else ""
    except ValueError as error:
        raise RowError(str(error), column="decision", value=text) from None


class DecisionsMapper:
    """Makes claims of the rows in which something is decided."""

    name = NAME
    brings_entities = False
    rank = 0

    def __init__(self, header: tuple[str, ...]) -> None:
        self.money_columns: list[str] = []
        self._met: dict[tuple[str, str], int] = {}
        self._open = self._unsure = 0

    def is_example(self, row: Row) -> bool:
        return False

    def header_of(self, name: str) -> str:
        told = {"from": "id", "to": "other_id", "decided_by": "by", "decided_on": "on", "kept": "keep"}
        return told.get(name, name)

    def notes(self) -> list[str]:
        told = ((self._open, "not decided yet"), (self._unsure, "unsure: nothing is claimed of them"))
        return [f"{count:,} pairs {what}" for count, what in told if count]

    def records(self, row: Row, line: int, builder: RowBuilder) -> list[Entity | Claim]:
        row = _plain(row)
        decision, pair = decision_of(row), pair_of(row)
        if (met := self._met.setdefault(pair, line)) != line:
            raise RowError(f"stands in line {met} too: keep one row of the two", column="id", value=" = ".join(pair))
        if decision not in _TYPES:
            self._open += not decision
            self._unsure += decision == UNSURE
            return []
        by, on, keep = (values.clean(row.get(name, "")) for name in ("by", "on", "keep"))
        if not by:
            raise RowError("is empty: write who decided", column="by")
        if not on:
            raise RowError("is empty: write the day of the decision, such as 2024-03-01", column="on")
        if keep and keep not in pair:
            raise RowError(f"must be {pair[0]} or {pair[1]}, or empty", column="keep", value=keep)
        texts = {"decided_by": by, "decided_on": on, "note": row.get("note", "")}
        if decision == SAME:
            texts["kept"] = keep
        maker = Maker(builder, line)
        columns = {name: self.header_of(name) for name in (*texts, "from", "to")}
        if values.clean(row["id"]) != pair[0]:
            columns |= {"from": "other_id", "to": "id"}
        maker.claim(_TYPES[decision], *pair, texts, columns)
        maker.raise_any()
        return maker.records


@contextmanager
def _table(path: Path) -> "Generator[tabular.Table | workbooks.Sheet]":
    if _is_workbook(path):
        with workbooks.open_sheets(path) as sheets:
            sheet = next((sheet for sheet in sheets if sheet.find_header(fits)), None)
            if sheet is None:
                raise _none(path)
            yield sheet
        return
    with tabular.open_table(path, None, (fits,)) as table:
        if not fits(table.header):
            raise _none(path)
        yield table


def _is_workbook(path: Path) -> bool:
    return tabular.head(path, 4).startswith(workbooks.ZIP)


def _none(path: Path) -> LoadError:
    return LoadError(
        f"{path} is no table of decisions: it needs the columns {', '.join(sorted(NEEDED))}; "
        "`aidgraph matches --out FILE` writes one"
    )


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a file of decisions, as they are written; refuses a file of which a row cannot be read."""
    rows: list[dict[str, str]] = []
    with _table(path) as table:
        for row in table.rows():
            if isinstance(row, tabular.BadRow):
                raise LoadError(f"{path}, line {row.line}: {row.reason}: mend it first")
            try:
                decision_of(row.values)
            except RowError as error:
                raise LoadError(f"{path}, line {row.line}, column {error.column}: {error.reason}") from None
            rows.append(_plain({name: text for name, text in row.values.items() if name}))
    return rows


def write(path: Path, rows: Sequence[Row]) -> None:
    """Writes the file anew, with the columns that rows have beside the known ones; it is never there by half."""
    more = dict.fromkeys(name for row in rows for name in row if name not in COLUMNS)
    part = path.with_name(f"{path.name}.part")
    with part.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*COLUMNS, *more])
        for row in rows:
            writer.writerow([_safe(row.get(name, "")) for name in (*COLUMNS, *more)])
    part.replace(path)


def _safe(text: str) -> str:
    """A cell that a spreadsheet will not take for a formula: `_plain` gives the text back."""
    return f"'{text}" if text.lstrip("'").startswith(_RUN) else text


def _plain(row: Row) -> dict[str, str]:
    """A row as it was before it was made safe, so that to write it again changes nothing that a person wrote."""
    return {name: text.removeprefix("'") if text.lstrip("'").startswith(_RUN) else text for name, text in row.items()}


def complete(path: Path, today: str) -> int:
    """Writes the day into the decided rows of a CSV file that have none; returns how many. Workbooks stay as they are."""
    if _is_workbook(path):
        return 0
    rows = read(path)
    undated = [row for row in rows if decision_of(row) in _TYPES and not values.clean(row.get("on", ""))]
    for row in undated:
        row["on"] = today
    if undated:
        write(path, rows)
    return len(undated)
