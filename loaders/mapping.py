"""From the rows of a table to records: tables by the templates explain themselves, others by a mapping in TOML.

A mapping lists the columns a table must have and, for each record a row makes, which column fills which property;
docs/howto-load.md describes the form.
"""

import tomllib
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Protocol, cast

from graph.model import FIGURES, MODEL, NAMES, PROVENANCE, SOURCING, Kind, Property, Vocabulary
from graph.records import Claim, Entity
from loaders import forms, standards, tabular, units, values
from loaders.records import LoadError, RowError
from loaders.rows import Cells, RowBuilder

RELATIONSHIP, ENTITY, ID = "relationship", "entity", "id"
#: Columns of the templates that are no property, with their Chinese headers.
END_COLUMNS = {
    "from": "起点",
    "from_name": "起点名称",
    "from_within": "起点上级",
    "to": "终点",
    "to_name": "终点名称",
    "to_within": "终点上级",
}
#: Kinds of properties that a unit in the header would multiply.
_FIGURES = (Kind.MONEY, Kind.INTEGER, Kind.NUMBER)
KIND_COLUMNS = {RELATIONSHIP: "关系", ENTITY: "实体", ID: "编号"}


class Mapper(Protocol):
    """Makes records of the rows of one table."""

    @property
    def name(self) -> str: ...

    @property
    def brings_entities(self) -> bool:
        """Whether rows may make entities, which other tables of the load may name."""
        ...

    def records(self, row: MappingType[str, str], line: int, builder: RowBuilder) -> list[Entity | Claim]: ...

    @property
    def rank(self) -> int:
        """When its table is read among those of a file, the lowest first."""
        ...

    @property
    def money_columns(self) -> list[str]: ...

    def is_example(self, row: MappingType[str, str]) -> bool:
        """Whether a row is the example of a form, as it came."""
        ...

    def header_of(self, name: str) -> str:
        """The column of the table that fills a property or an end; its name where none does."""
        ...

    def notes(self) -> list[str]:
        """What was left out of the rows, once they are read."""
        ...


def every_property(vocabulary: Vocabulary = MODEL) -> list[Property]:
    """Every property a row may give, of any type; some stand more than once."""
    return [
        *(p for node in vocabulary.nodes for p in (*NAMES, *node.properties)),
        *(p for r in vocabulary.relationships for p in vocabulary.claim_properties(r.name)),
        *FIGURES,
        *PROVENANCE,
        *SOURCING,
    ]


def _counted(vocabulary: Vocabulary) -> set[str]:
    """Names of properties that are figures, and neither money nor percent."""
    kinds = (Kind.INTEGER, Kind.NUMBER)
    return {p.name for p in every_property(vocabulary) if p.kind in kinds and p.unit != "percent"}


def refuse_units(columns: Iterable[str]) -> None:
    """A unit in the header multiplies amounts of money, and nothing else: elsewhere it would be lost in silence."""
    for column in columns:
        if units.header_unit(column)[1] != 1:
            raise LoadError(f"the column {column} has a unit, and holds no amount of money: write its figures out")


def _refuse_unread_units(columns: Iterable[str], name: str) -> None:
    """A figure whose header seems to give a unit that is not read would be told too small by that unit."""
    for column in columns:
        if not column.startswith("=") and units.unread_unit(column):
            raise LoadError(
                f"mapping {name}: the column {column} seems to have a unit that is not read: "
                "write 金额(万元) or 金额(亿元) for money in the currency's unit, else its figures out"
            )


def known_columns(vocabulary: Vocabulary = MODEL) -> dict[str, str]:
    """Header as it may stand in a template table, English or Chinese → name."""
    headers: dict[str, str] = {}
    for declared in every_property(vocabulary):
        headers[declared.name] = declared.name
        headers.setdefault(declared.zh, declared.name)
    for name, zh in (*END_COLUMNS.items(), *KIND_COLUMNS.items()):
        headers[name], headers[zh] = name, name
    for relationship in vocabulary.relationships:
        headers[relationship.name] = relationship.name
        headers.setdefault(relationship.zh, relationship.name)
    return headers


class TemplateMapper:
    """Tables with the columns of `aidgraph template`: one claim or one entity a row."""

    def __init__(self, header: tuple[str, ...], vocabulary: Vocabulary = MODEL) -> None:
        self.name = "template"
        self._vocabulary = vocabulary
        self._types: dict[str, str] = {}  # as written → as it is called
        self._foreign: dict[str, list[str]] = {}  # type → columns it has no property for
        known = known_columns(vocabulary)
        plain = {column: units.header_unit(column)[0] for column in header}  # 金额(万元) is 金额, in units of 10,000
        unknown = [column for column in header if column and plain[column] not in known]
        if unknown:
            raise LoadError(
                f"the table has columns no template has: {', '.join(unknown[:8])}; "
                "rename or remove them, or give a mapping with --mapping (aidgraph template shows the columns)"
                f"{self._odd(unknown, known)}"
            )
        self._columns = {column: known[plain[column]] for column in header if column}
        self._headers = {name: column for column, name in self._columns.items()}
        money = {p.name for p in every_property(vocabulary) if p.kind is Kind.MONEY}
        self.money_columns = [column for column, name in self._columns.items() if name in money]
        counts = _counted(vocabulary)
        self.count_columns = [column for column, name in self._columns.items() if name in counts]
        refuse_units([column for column, name in self._columns.items() if name not in money])
        names = set(self._columns.values())
        if len(names) < len(self._columns):
            double = sorted(n for n in names if list(self._columns.values()).count(n) > 1)
            raise LoadError(f"the table has two columns for {', '.join(double)}: remove one of them")
        self._is_claims = RELATIONSHIP in names
        needed = {"from": ("from", "from_name"), "to": ("to", "to_name")} if self._is_claims else {ID: (ID,)}
        missing = [name for name, either in needed.items() if not names.intersection(either)]
        if missing:
            raise LoadError(
                f"the table has no column {' and no column '.join(missing)}: add it (see aidgraph template)"
            )

    def _odd(self, unknown: list[str], known: MappingType[str, str]) -> str:
        money = {p.name for p in every_property(self._vocabulary) if p.kind is Kind.MONEY}
        figures = money | _counted(self._vocabulary)
        names = {header for header, name in known.items() if name in figures}
        amounts = {header for header, name in known.items() if name in money}
        told = [f"in the place of {name} {how}" for name in unknown if (how := units.odd(name, names, amounts))]
        return f" ({'; '.join(told)})" if told else ""

    def reads(self, column: str) -> bool:
        return column in self._columns

    def records(self, row: MappingType[str, str], line: int, builder: RowBuilder) -> list[Entity | Claim]:
        texts = {name: text for name, column in self._headers.items() if (text := row[column])}
        cells = Cells(texts, self._headers)
        return self._claim(cells, line, builder) if self._is_claims else self._entity(cells, line, builder)

    @property
    def brings_entities(self) -> bool:
        return not self._is_claims

    @property
    def rank(self) -> int:
        return 0

    def is_example(self, row: MappingType[str, str]) -> bool:
        return False

    def header_of(self, name: str) -> str:
        return self._headers.get(name) or self._headers.get(f"{name}_name") or name

    def notes(self) -> list[str]:
        return []

    def _claim(self, cells: Cells, line: int, builder: RowBuilder) -> list[Entity | Claim]:
        text = cells.texts.get(RELATIONSHIP, "")
        if text not in self._types:
            writable = [r for r in self._vocabulary.relationships if r.name != "DESCRIBED_IN"]  # made of entity rows
            allowed = {name: r.name for r in writable for name in (r.name, r.zh)}
            self._types[text] = _one_of(text, allowed, cells.column(RELATIONSHIP))
        type_ = self._types[text]
        self._refuse_foreign(type_, cells)
        return builder.claim(type_, cells, line)

    def _entity(self, cells: Cells, line: int, builder: RowBuilder) -> list[Entity | Claim]:
        text = cells.texts.get(ENTITY, "")
        if text not in self._types:
            concrete = [node for node in self._vocabulary.nodes if not (node.abstract or node.internal)]
            allowed = {name: node.label for node in concrete for name in (node.label, node.zh)}
            self._types[text] = _one_of(text, allowed, cells.column(ENTITY))
        label = self._types[text]
        self._refuse_foreign(label, cells)
        return builder.entity(label, cells, line)

    def _refuse_foreign(self, type_: str, cells: Cells) -> None:
        """A cell filled for a property that the type does not have would be lost in silence."""
        if type_ not in self._foreign:
            usable = self._usable_by_claim(type_) if self._is_claims else self._usable_by_entity(type_)
            self._foreign[type_] = [name for name in self._columns.values() if name not in usable]
        for name in self._foreign[type_]:
            if text := cells.texts.get(name, "").strip():
                raise RowError(f"{type_} has no such property: empty the cell", column=cells.column(name), value=text)

    def _usable_by_claim(self, type_: str) -> set[str]:
        properties = {p.name for p in (*self._vocabulary.claim_properties(type_), *SOURCING)}
        return properties | {RELATIONSHIP, *END_COLUMNS}

    def _usable_by_entity(self, label: str) -> set[str]:
        properties = {p.name for p in (*self._vocabulary.node_properties(label), *PROVENANCE, *SOURCING)}
        labels = self._vocabulary.labels(label)
        links = {r.name for r in self._vocabulary.relationships if any(start in labels for start in r.start)}
        return properties | links | {ENTITY, ID}


def _one_of(text: str, allowed: dict[str, str], column: str) -> str:
    if not text.strip():
        raise RowError("is empty: it says what kind of row this is (aidgraph template lists the kinds)", column=column)
    try:
        return values.code(text, allowed)
    except ValueError as error:
        raise RowError(str(error), column=column, value=text) from None


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
        return self._filling(_counted(self.vocabulary))

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


@dataclass(frozen=True, slots=True)
class Headers:
    """Tells rows that are headers of tables `choose` makes a mapper for. `near`: that seem to, and lack something."""

    wanted: "TableMapping | forms.Form | str | None"
    mappings: tuple[TableMapping, ...]
    known: frozenset[str]

    @classmethod
    def of(cls, wanted: str | None, vocabulary: Vocabulary = MODEL) -> "Headers":
        asked = wanted if wanted in (None, "template", *standards.NAMES) else _asked_for(wanted, vocabulary)
        known = frozenset(known_columns(vocabulary)) | forms.headers()
        return cls(asked, tuple(built_in(vocabulary).values()), known)

    def fit(self, names: Sequence[str]) -> bool:
        given = tuple(dict.fromkeys(name for name in names if name))
        if (self.wanted is None or isinstance(self.wanted, str)) and standards.fit(given, self.wanted):
            return True
        if len(given) < 2 and not isinstance(self.wanted, TableMapping):
            return False
        if isinstance(self.wanted, TableMapping):
            return self.wanted.fits(given)
        if isinstance(self.wanted, forms.Form):
            return forms.fits(self.wanted, given)
        if _MARKS & set(given):
            return True
        return self.wanted is None and (any(m.fits(given) for m in self.mappings) or forms.fitting(given) is not None)

    def near(self, names: Sequence[str]) -> bool:
        given = {name for name in names if name}
        if isinstance(self.wanted, TableMapping):
            return len(given & {*self.wanted.columns, *self.wanted.optional}) > 1
        return len({units.header_unit(name)[0] for name in given} & self.known) > 2


_MARKS = {RELATIONSHIP, KIND_COLUMNS[RELATIONSHIP], ENTITY, KIND_COLUMNS[ENTITY]}


def _asked_for(wanted: str, vocabulary: Vocabulary) -> "TableMapping | forms.Form":
    """The mapping or the form of a name, or a user's file."""
    mappings = built_in(vocabulary)
    if wanted in mappings:
        return mappings[wanted]
    if wanted in forms.FORMS:
        return forms.FORMS[wanted]
    if wanted.endswith(".toml"):
        return read(Path(wanted), vocabulary)
    raise LoadError(
        f"there is no mapping {wanted}: choose template or one of {', '.join((*mappings, *forms.FORMS))}, "
        "or give a .toml file"
    )


def choose(header: tuple[str, ...], wanted: str | None, vocabulary: Vocabulary = MODEL) -> Mapper:
    """The mapper for a table: the one asked for by name or file, else the one its header fits."""
    if wanted == "template":
        return TemplateMapper(header, vocabulary)
    if (published := standards.choose(header, wanted)) is not None:
        return published
    if wanted:
        asked = _asked_for(wanted, vocabulary)
        if isinstance(asked, TableMapping):
            asked.refuse_missing(header)
            return asked
        return forms.FormMapper(asked, header, vocabulary)
    if set(header) & _MARKS:
        return TemplateMapper(header, vocabulary)
    fitting = [mapping for mapping in built_in(vocabulary).values() if mapping.fits(header)]
    if fitting:
        return max(fitting, key=lambda mapping: (len(mapping.columns), mapping.name))
    if form := forms.fitting(header):
        return forms.FormMapper(form, header, vocabulary)
    raise LoadError(
        "the table is none of the templates (no column relationship or entity) and fits no mapping and no form: "
        f"give one with --mapping, or start from aidgraph template{forms.what_is_missing(header)}"
    )
