"""Tables with the columns of `aidgraph template`, which explain themselves: what the columns are, and the records of a row."""

from collections.abc import Iterable
from collections.abc import Mapping as MappingType

from graph.model import FIGURES, MODEL, NAMES, PROVENANCE, SOURCING, Kind, Property, Vocabulary
from graph.names import simplified
from graph.records import Claim, Entity
from loaders import units, values
from loaders.cells import Cells
from loaders.records import LoadError, RowError
from loaders.rows import RowBuilder

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
KIND_COLUMNS = {RELATIONSHIP: "关系", ENTITY: "实体", ID: "编号"}


def every_property(vocabulary: Vocabulary = MODEL) -> list[Property]:
    """Every property a row may give, of any type; some stand more than once."""
    return [
        *(p for node in vocabulary.nodes for p in (*NAMES, *node.properties)),
        *(p for r in vocabulary.relationships for p in vocabulary.claim_properties(r.name)),
        *FIGURES,
        *PROVENANCE,
        *SOURCING,
    ]


def counted(vocabulary: Vocabulary) -> set[str]:
    """Names of properties that are figures, and neither money nor percent."""
    kinds = (Kind.INTEGER, Kind.NUMBER)
    return {p.name for p in every_property(vocabulary) if p.kind in kinds and p.unit != "percent"}


def refuse_units(columns: Iterable[str]) -> None:
    """A unit in the header multiplies amounts of money, and nothing else: elsewhere it would be lost in silence."""
    for column in columns:
        if units.header_unit(column)[1] != 1:
            raise LoadError(f"the column {column} has a unit, and holds no amount of money: write its figures out")


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
        # 金额(万元) is 金额, in units of 10,000
        plain = {column: simplified(units.header_unit(column)[0]) for column in header}
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
        counts = counted(vocabulary)
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
        figures = money | counted(self._vocabulary)
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
