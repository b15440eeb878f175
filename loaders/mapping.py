"""Mappings in TOML: which columns a table must have and, for each record a row makes, which column fills which property.

docs/howto-load.md describes the form.
"""

import tomllib
from collections.abc import Iterable
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any, cast

from graph.model import MODEL, PROVENANCE, SOURCING, Kind, Vocabulary
from graph.records import Claim, Entity
from loaders import tabular, units, values
from loaders.cells import Cells
from loaders.records import LoadError
from loaders.rows import RowBuilder
from loaders.template_tables import END_COLUMNS, ID, counted, every_property, refuse_units

#: Kinds of properties that a unit in the header would multiply.
_FIGURES = (Kind.MONEY, Kind.INTEGER, Kind.NUMBER)


@dataclass(frozen=True, kw_only=True)
class RecordRule:
    """One record of a row. `fill`: property → column, or `=text` for the same text in every row."""

    type: str
    fill: dict[str, str]
    when: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    @cached_property
    def columns(self) -> dict[str, str]:
        """Property → column, empty where the mapping gives the text."""
        return {name: "" if source.startswith("=") else source for name, source in self.fill.items()}

    def cells(self, row: MappingType[str, str]) -> Cells:
        texts = {
            name: source[1:] if source.startswith("=") else row.get(source, "") for name, source in self.fill.items()
        }
        return Cells(texts, self.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableMapping:
    """A mapping read from TOML."""

    name: str
    columns: tuple[str, ...]
    optional: tuple[str, ...]
    rules: tuple[RecordRule, ...]
    vocabulary: Vocabulary

    def records(self, row: MappingType[str, str], line: int, builder: RowBuilder) -> list[Entity | Claim]:
        made: list[Entity | Claim] = []
        for rule in self.rules:
            if any(values.clean(row.get(column, "")) not in wanted for column, wanted in rule.when.items()):
                continue
            cells = rule.cells(row)
            if rule.type in self.vocabulary.relationship:
                made += builder.claim(rule.type, cells, line)
            else:
                made += builder.entity(rule.type, cells, line)
        return made

    @property
    def brings_entities(self) -> bool:
        return any(rule.type in self.vocabulary.node for rule in self.rules)

    @property
    def rank(self) -> int:
        return 0

    @property
    def money_columns(self) -> list[str]:
        return self._filling({p.name for p in every_property(self.vocabulary) if p.kind is Kind.MONEY})

    @property
    def count_columns(self) -> list[str]:
        return self._filling(counted(self.vocabulary))

    def _filling(self, names: set[str]) -> list[str]:
        filled = {source for rule in self.rules for name, source in rule.fill.items() if name in names}
        return [column for column in (*self.columns, *self.optional) if column in filled]

    def reads(self, column: str) -> bool:
        return column in self.columns or column in self.optional

    def is_example(self, row: MappingType[str, str]) -> bool:
        return False

    def header_of(self, name: str) -> str:
        for rule in self.rules:
            for filled in (name, f"{name}_name"):
                if not rule.fill.get(filled, "=").startswith("="):
                    return rule.fill[filled]
        return name

    def notes(self) -> list[str]:
        return []

    def fits(self, header: tuple[str, ...]) -> bool:
        return set(self.columns) <= set(header)

    def refuse_missing(self, header: tuple[str, ...]) -> None:
        missing = [column for column in self.columns if column not in header]
        if missing:
            raise LoadError(
                f"the table lacks {', '.join(missing)}, which the mapping {self.name} needs: "
                "add the column, or choose another --mapping"
            )


def built_in(vocabulary: Vocabulary = MODEL) -> dict[str, TableMapping]:
    """Mappings that come with aidgraph, by name."""
    folder = resources.files("loaders") / "mappings"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return {f.name[:-5]: parse(f.read_text("utf-8"), f.name[:-5], vocabulary) for f in files}


def read(path: Path, vocabulary: Vocabulary = MODEL) -> TableMapping:
    """A user's mapping file; LoadError names what is wrong in it."""
    try:
        return parse(path.read_text("utf-8"), path.stem, vocabulary)
    except OSError as error:
        raise LoadError(f"{path}: {error.strerror}") from None
    except ValueError:
        raise LoadError(f"{path}: a mapping is a file in UTF-8") from None


def parse(text: str, name: str, vocabulary: Vocabulary = MODEL) -> TableMapping:
    """A mapping out of its TOML; LoadError names what is wrong in it."""
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise LoadError(f"mapping {name}: {error}") from None
    try:
        return _parsed(data, name, vocabulary)
    except (TypeError, AttributeError, ValueError) as error:
        raise LoadError(f"mapping {name}: is not in the form of docs/howto-load.md ({error})") from None


def _parsed(data: dict[str, Any], name: str, vocabulary: Vocabulary) -> TableMapping:
    _refuse_keys(data, {"columns", "optional", "record"}, name)
    columns = tuple(tabular.header_name(column) for column in _texts(data, "columns", name))
    optional = tuple(tabular.header_name(c) for c in _texts(data, "optional", name)) if "optional" in data else ()
    raw = data.get("record")
    if not isinstance(raw, list) or not raw:
        raise LoadError(f"mapping {name}: it needs at least one [[record]]")
    every = {*columns, *optional}
    rules = tuple(_rule(cast("dict[str, Any]", rule), every, name, vocabulary) for rule in cast("list[Any]", raw))
    return TableMapping(name=name, columns=columns, optional=optional, rules=rules, vocabulary=vocabulary)


def _refuse_keys(table: dict[str, Any], known: set[str], name: str) -> None:
    if unknown := sorted(set(table) - known):
        raise LoadError(
            f"mapping {name}: {', '.join(unknown)} means nothing here; there are {', '.join(sorted(known))}"
        )


def _texts(data: dict[str, Any], key: str, name: str) -> tuple[str, ...]:
    texts = data.get(key)
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in cast("list[Any]", texts)):
        raise LoadError(f"mapping {name}: {key} must be a list of column names")
    return tuple(cast("list[str]", texts))


def _rule(raw: dict[str, Any], every: set[str], name: str, vocabulary: Vocabulary) -> RecordRule:
    _refuse_keys(raw, {"relationship", "entity", "fill", "when"}, name)
    if "relationship" in raw and "entity" in raw:
        raise LoadError(f"mapping {name}: a [[record]] has a relationship or an entity, not both")
    chinese = {declared.zh: declared.name for declared in vocabulary.relationships}
    chinese |= {declared.zh: declared.label for declared in vocabulary.nodes}
    given = raw.get("relationship") or raw.get("entity")
    type_ = chinese.get(str(given), given)
    if type_ in vocabulary.relationship and type_ != "DESCRIBED_IN":
        usable = {p.name for p in vocabulary.claim_properties(type_)} | {*END_COLUMNS, "from_at", "to_at"}
    elif type_ in vocabulary.node and not (vocabulary.node[type_].abstract or vocabulary.node[type_].internal):
        usable = {p.name for p in (*vocabulary.node_properties(type_), *PROVENANCE)} | {ID, *vocabulary.relationship}
    else:
        raise LoadError(f"mapping {name}: a [[record]] needs a relationship or an entity of the model, not {type_!r}")
    usable |= {p.name for p in SOURCING}
    given_fill: dict[str, str] = raw.get("fill", {})
    fill = {name: text if text.startswith("=") else tabular.header_name(text) for name, text in given_fill.items()}
    for target, source in fill.items():
        if target not in usable:
            raise LoadError(f"mapping {name}: {type_} has no property {target}")
        if not source.startswith("=") and source not in every:
            raise LoadError(f"mapping {name}: {target} is filled from {source}, which is not among its columns")
    given_when: dict[str, Any] = raw.get("when", {})
    when = {tabular.header_name(column): wanted for column, wanted in given_when.items()}
    for column in when:
        if column not in every:
            raise LoadError(f"mapping {name}: when names {column}, which is not among its columns")
    kinds = {p.name: p.kind for p in every_property(vocabulary)}
    refuse_units(column for target, column in fill.items() if kinds.get(target) is not Kind.MONEY)
    _refuse_unread_units((column for target, column in fill.items() if kinds.get(target) in _FIGURES), name)
    wanted = {c: [str(w) for w in (cast("list[Any]", v) if isinstance(v, list) else [v])] for c, v in when.items()}
    return RecordRule(type=type_, fill=fill, when=wanted)


def _refuse_unread_units(columns: Iterable[str], name: str) -> None:
    """A figure whose header seems to give a unit that is not read would be told too small by that unit."""
    for column in columns:
        if not column.startswith("=") and units.unread_unit(column):
            raise LoadError(
                f"mapping {name}: the column {column} seems to have a unit that is not read: "
                "write 金额(万元) or 金额(亿元) for money in the currency's unit, else its figures out"
            )
