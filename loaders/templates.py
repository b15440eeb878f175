"""Templates: the empty tables a user fills in, one a type, with an example row that loads as it is.

Derived from the vocabulary alone; what reads such tables is `template_tables.TemplateMapper`. No I/O.
"""

import csv
import difflib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from graph.model import (
    FIGURES,
    MODEL,
    NAMES,
    PROVENANCE,
    SOURCING,
    VALIDITY,
    Code,
    Help,
    Kind,
    NodeType,
    Property,
    RelationshipType,
    Time,
    Vocabulary,
)
from loaders.records import LoadError
from loaders.template_tables import END_COLUMNS, ENTITY, ID, KIND_COLUMNS, RELATIONSHIP

#: Written by every load itself, out of the rows of entities; a table of them would stand beside those.
DESCRIBED_IN: Final = "DESCRIBED_IN"
#: Decided by a person about two entities: tables of their own, never a column of an entity.
_DECIDED: Final = ("SAME_AS", "DIFFERENT_FROM")

#: Ends that make a true example, where the examples of the two labels would not: Hangzhou helps Qiandongnan.
_HELPER, _RECIPIENT = "cn:330100", "cn:522600"
_PLACE_ENDS: Final[Mapping[str, tuple[str, str]]] = {
    "PART_OF": ("cn:530724", "cn:530700"),
    "BORDERS": ("cn:530724", "cn:530722"),
    "SUCCEEDS": ("cn:510117", "cn:510124"),
}
_EVENT_DATES: Final[Mapping[str, str]] = {
    "valid_from": "2019",
    "valid_to": "2019",
    "valid_to_basis": "period",
    "seen_until": "",
}
_END_MEANINGS: Final[Mapping[str, str]] = {
    "": "Id ({example}) or division code of the {side}; may be empty where its name is given. One of: {labels}.",
    "_name": "Name of the {side}: enough for a place, a group or a programme that alone has it; else checks the code.",
    "_within": "Id, code or name of what the {side} is part of, where several have its name.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a template. `codes`: all that may stand there, where it is a list; `meaning` names the unit."""

    name: str
    header: str
    zh: str
    required: bool
    meaning: str
    codes: tuple[Code, ...] = ()
    example: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """The table of one type: `headers` are names, or Chinese where that was asked for."""

    type: str
    description: str
    columns: tuple[Column, ...]

    @property
    def headers(self) -> tuple[str, ...]:
        return tuple(column.header for column in self.columns)

    @property
    def example(self) -> tuple[str, ...]:
        return tuple(column.example for column in self.columns)


def types(vocabulary: Vocabulary = MODEL) -> dict[str, str]:
    """Name of each type there is a template of, relationships first, with its description."""
    return {r.name: r.description for r in vocabulary.relationships if r.name != DESCRIBED_IN} | {
        n.label: n.description for n in vocabulary.nodes if not (n.abstract or n.internal)
    }


def template(name: str, *, chinese: bool = False, vocabulary: Vocabulary = MODEL) -> Template:
    """The template of a type, by its name in any case or its Chinese name. Raises LoadError where there is none."""
    type_ = _found(name, vocabulary)
    if type_ in vocabulary.relationship:
        relationship = vocabulary.relationship[type_]
        columns = _claim_columns(relationship, vocabulary)
        description, zh = relationship.description, relationship.zh
    else:
        node = vocabulary.node[type_]
        columns = _entity_columns(node, vocabulary)
        description, zh = node.description, node.zh
    if chinese:
        columns = [_in_chinese(column, zh) for column in columns]
    return Template(type=type_, description=description, columns=tuple(columns))


def _found(name: str, vocabulary: Vocabulary) -> str:
    offered = types(vocabulary)
    zh = {t.zh: key for key, t in (*vocabulary.relationship.items(), *vocabulary.node.items()) if key in offered}
    folded = {key.casefold(): key for key in offered}
    wanted = name.strip().casefold().replace("-", "_").replace(" ", "_")
    type_ = zh.get(name.strip()) or folded.get(wanted) or folded.get(wanted.replace("_", ""))
    if type_:
        return type_
    if wanted == DESCRIBED_IN.casefold():
        raise LoadError(f"{DESCRIBED_IN} has no template: a load writes it itself, from the rows of entities")
    refinable = next((n for n in vocabulary.nodes if n.abstract and n.label.casefold() == wanted), None)
    if refinable:
        kinds = ", ".join(node.label for node in vocabulary.concrete(refinable.label))
        raise LoadError(f"{refinable.label} has no template of its own: choose one of {kinds}")
    close = [folded[near] for near in difflib.get_close_matches(wanted, folded, n=3, cutoff=0.5)]
    hint = f" Did you mean {' or '.join(close)}?" if close else ""
    relationships = ", ".join(key for key in offered if key in vocabulary.relationship)
    nodes = ", ".join(key for key in offered if key in vocabulary.node)
    raise LoadError(f"there is no type {name[:60]}.{hint} Relationships: {relationships}. Entities: {nodes}.")


def _claim_columns(relationship: RelationshipType, vocabulary: Vocabulary) -> list[Column]:
    first, last = example_ends(relationship, vocabulary)
    needed = (
        {relationship.help_when[0]} if relationship.help is Help.CONDITION and relationship.help_when else set[str]()
    )
    filled = dict(_EVENT_DATES) if relationship.time is Time.EVENT else {}
    if relationship.figures and not relationship.money:  # the example of measure is a sum of money
        filled["measure"] = ""
    return [
        Column(
            name=RELATIONSHIP,
            header=RELATIONSHIP,
            zh=KIND_COLUMNS[RELATIONSHIP],
            required=True,
            meaning=f"Type of the relationship: {relationship.name}, start {relationship.forward} end.",
            example=relationship.name,
        ),
        *_end_columns("from", "start", relationship.start, first),
        *_end_columns("to", "end", relationship.end, last),
        *(_column(p, filled, needed) for p in (*vocabulary.claim_properties(relationship.name), *SOURCING)),
    ]


def _end_columns(side: str, role: str, labels: tuple[str, ...], example: str) -> list[Column]:
    return [
        Column(
            name=side + part,
            header=side + part,
            zh=END_COLUMNS[side + part],
            required=not part,
            meaning=meaning.format(example=example, side=role, labels=", ".join(labels)),
            example="" if part else example,
        )
        for part, meaning in _END_MEANINGS.items()
    ]


def _entity_columns(node: NodeType, vocabulary: Vocabulary) -> list[Column]:
    properties = vocabulary.node_properties(node.label)
    filled = _entity_examples(node, vocabulary)
    return [
        Column(
            name=ENTITY,
            header=ENTITY,
            zh=KIND_COLUMNS[ENTITY],
            required=True,
            meaning=f"Type of the entity: {node.label}. {node.description}",
            example=node.label,
        ),
        Column(
            name=ID,
            header=ID,
            zh=KIND_COLUMNS[ID],
            required=True,
            meaning=f"Id, never changed once given; begins with {' or '.join(node.prefixes)} and holds no spaces.",
            example=node.id_example,
        ),
        *(_column(p, filled, set()) for p in properties),
        *(_link_column(r, node, vocabulary) for r in links(node, vocabulary)),
        *(_column(p, {"note": ""}, set()) for p in (*PROVENANCE, *SOURCING[:-1])),
    ]


def links(node: NodeType, vocabulary: Vocabulary = MODEL) -> list[RelationshipType]:
    """Relationship types a row of this type may have as a column: those that say something without figures."""
    labels = vocabulary.labels(node.label)
    return [
        r
        for r in vocabulary.relationships
        if any(label in labels for label in r.start)
        and not (r.money or r.figures or r.help is Help.CONDITION)
        and r.name not in (DESCRIBED_IN, *_DECIDED)
    ]


def _link_column(relationship: RelationshipType, node: NodeType, vocabulary: Vocabulary) -> Column:
    """A column headed by a relationship type; its example is filled in where a place says what it is part of."""
    example = ""
    if relationship.name == "PART_OF" and node.label == "County":
        example = vocabulary.node["Prefecture"].id_example
    return Column(
        name=relationship.name,
        header=relationship.name,
        zh=relationship.zh,
        required=False,
        meaning=f"Ids that it {relationship.forward}, separated by ; ({', '.join(relationship.end)}).",
        example=example,
    )


def _entity_examples(node: NodeType, vocabulary: Vocabulary) -> dict[str, str]:
    """Examples that differ from those of the properties: the latter speak of one county."""
    filled = {p.name: "" for p in (*VALIDITY, *FIGURES)}
    if node.label == "County":
        return filled
    filled |= {p.name: "" for p in NAMES} | {"name": f"某{node.zh}"}
    if vocabulary.is_a(node.label, "Place"):
        local = node.id_example.partition(":")[2]
        filled |= {"code": "" if "+" in local else local, "longitude": "", "latitude": ""}
    return filled


def _column(declared: Property, filled: Mapping[str, str], needed: set[str]) -> Column:
    required = declared.required or declared.name in needed
    example = filled.get(declared.name, declared.example)
    if required and not example and declared.codes:
        example = declared.codes[0].name
    unit = f" Unit: {declared.unit}." if declared.unit else ""
    kind = f" Written as: {declared.kind.value}." if declared.kind not in (Kind.TEXT, Kind.CODE) else ""
    return Column(
        name=declared.name,
        header=declared.name,
        zh=declared.zh,
        required=required,
        meaning=f"{declared.description}{unit}{kind}",
        codes=declared.codes,
        example=example,
    )


def _in_chinese(column: Column, type_zh: str) -> Column:
    """The column with its Chinese header and example. Headers that are relationship types stay: no others are read."""
    is_link = column.name.isupper()
    example = next((code.zh for code in column.codes if code.name == column.example), column.example)
    return Column(
        name=column.name,
        header=column.name if is_link else column.zh,
        zh=column.zh,
        required=column.required,
        meaning=column.meaning,
        codes=column.codes,
        example=type_zh if column.name in (RELATIONSHIP, ENTITY) else example,
    )


def example_ends(relationship: RelationshipType, vocabulary: Vocabulary = MODEL) -> tuple[str, str]:
    """Ids of two different entities that may stand at the ends: of the first label each end allows."""
    start, end = relationship.start[0], relationship.end[0]
    if start == end == "Place":
        helps = (_RECIPIENT, _HELPER) if relationship.help is Help.BACKWARD else (_HELPER, _RECIPIENT)
        return _PLACE_ENDS.get(relationship.name, helps)
    first, last = _example(start, vocabulary), _example(end, vocabulary)
    return first, last if first != last else f"{last}-2"  # as ids are told apart where two would be alike


def _example(label: str, vocabulary: Vocabulary) -> str:
    return vocabulary.node["County" if label == "Entity" else label].id_example


def as_csv(table: Template) -> str:
    """The template as CSV: its header and its example, two lines."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([table.headers, table.example])
    return text.getvalue()


def explain(table: Template) -> list[tuple[str, str]]:
    """A row a column for the terminal: its header with its other name, and what stands in it."""
    return [(_heading(column), _explained(column)) for column in table.columns]


def _heading(column: Column) -> str:
    other = column.name if column.header == column.zh else column.zh
    return f"{column.header}  {other}"


def _explained(column: Column) -> str:
    codes = f" One of: {', '.join(code.name for code in column.codes)}." if column.codes else ""
    example = f" Example: {column.example}" if column.example else ""
    return f"{'Required. ' if column.required else ''}{column.meaning}{codes}{example}"
