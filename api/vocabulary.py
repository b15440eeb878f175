"""The types of the schema that follow from the vocabulary: one for each node type and each relationship type.

Fields are the properties of the model, connections its relationships in both directions. What a type has beside them
stands in the module of its noun, in EXTRA there.
"""

import re
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import LiteralString

import strawberry

from api.arguments import Argument, Filter, camel, choice, page, where_all
from api.declare import Declarations, Declared, Field
from graph import dates
from graph.bindings import Inner, Page, Value
from graph.model import (
    CERTAINTY,
    CONFIDENCE,
    DERIVED_NAMES,
    FIGURES,
    MONEY,
    NAMES,
    PROGRAMME,
    PROVENANCE,
    VALIDITY,
    Code,
    Kind,
    NodeType,
    Property,
    RelationshipType,
    Vocabulary,
)
from graph.sources import facts

Extra = Mapping[str, Mapping[str, Field]]

_ANNOTATIONS = {
    Kind.INTEGER: "int",
    Kind.NUMBER: "Decimal",
    Kind.MONEY: "Decimal",
    Kind.COORDINATE: "float",
    Kind.BOOLEAN: "bool",
    Kind.DAY: "PartialDate",
    Kind.DATE: "PartialDate",
}
#: Types that are interfaces over others: a node type of such a name has a type of its own beside it.
INTERFACES = ("Place", "Organization")
#: Sentinels before the first row, by order; see graph.sources.facts.ORDERS. The first is the default.
LAST_TEXT, LAST_NUMBER = "\uffff", 2**62
FACT_ORDERS = {"began_desc": ("~", LAST_TEXT), "began_asc": ("", "")}
ORDER_TEXTS = {
    "id_asc": "By id.",
    "id_desc": "By id, the last first.",
    "pinyin_asc": "By the pinyin of the name; a name in Latin letters stands as it is, in lower case.",
    "pinyin_desc": "By the pinyin of the name, the last first.",
}
MONEY_ORDERS = {**FACT_ORDERS, "amount_desc": (LAST_NUMBER, LAST_TEXT)}


def constant(text: str) -> str:
    """A name as GraphQL writes the values of enums: placeGroup and PlaceGroup are PLACE_GROUP."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text).replace("-", "_").upper()


def add_enum(made: Declarations, name: str, description: str, values: Iterable[tuple[str, str]]) -> str:
    """Adds an enum of stored values, each with its description; returns its name."""
    members = {constant(value): strawberry.enum_value(value, description=text) for value, text in values}
    enum: type[Enum] = Enum(name, members)  # pyright: ignore[reportArgumentType, reportAssignmentType]
    made.enums[name] = strawberry.enum(enum, description=description)
    return name


def described(declared: Property) -> str:
    return f"{declared.description} Unit: {declared.unit}." if declared.unit else declared.description


class Deriver:
    """Adds the types of a vocabulary to the declarations."""

    def __init__(self, vocabulary: Vocabulary, declarations: Declarations, extra: Extra) -> None:
        self._vocabulary = vocabulary
        self._made = declarations
        self._extra = extra
        self._connected: dict[str, Field] = {}
        self._filters: dict[str, Argument] = {}
        self._codes: dict[tuple[Code, ...], str] = {
            CERTAINTY: "Certainty",
            CONFIDENCE: "Confidence",
            _codes_of(VALIDITY, "valid_to_basis"): "EndBasis",
            _codes_of(FIGURES, "basis"): "Basis",
            _codes_of(FIGURES, "bound"): "Bound",
            _codes_of(MONEY, "class"): "MoneyClass",
        }

    def derive(self) -> None:
        self._enums()
        self._made.add(self._entity(), *(self._interface(label) for label in INTERFACES))
        self._made.add(*(self._node(node) for node in self._vocabulary.nodes if not node.abstract))
        self._made.add(*self._fact_interfaces(), *(self._fact(r) for r in self._vocabulary.relationships))

    # enums

    def _enums(self) -> None:
        nodes, relationships = self._vocabulary.nodes, self._vocabulary.relationships
        self._enum("EntityType", "Type of an entity.", ((n.label, n.description) for n in nodes))
        self._enum(
            "RelationshipType",
            "Type of a fact, from the giver to the receiver.",
            ((r.name, f"The start {r.forward} the end. {r.description}") for r in relationships),
        )
        self._enum(
            "PlaceLevel",
            "Level of a place.",
            ((n.label, n.description) for n in nodes if n.parent == "Place"),
        )
        holds = {
            dates.Holds.CERTAINLY: "It holds.",
            dates.Holds.POSSIBLY: "It may hold: its dates leave it open, or its sources differ.",
            dates.Holds.LAST_KNOWN: "It held on the last date a source speaks of; no source says that it ended.",
            dates.Holds.NOT: "It does not: said of one claim among others of a fact.",
        }
        self._enum("Holds", "How far a fact holds in the time asked about.", ((h.name, t) for h, t in holds.items()))
        self._enum("EntityOrder", "Order of entities; equals by id.", ORDER_TEXTS.items())
        current = (("yes", "It does."), ("no", "It does not."), ("unknown", "Its sources leave it open."))
        self._enum("Current", "Whether a fact holds today.", current)
        self._enum(
            "FactOrder",
            "Order of facts; equals by id.",
            (("began_desc", "The latest beginning first."), ("began_asc", "The earliest beginning first.")),
        )
        self._enum(
            "MonetaryFactOrder",
            "Order of facts with money; equals by id.",
            (
                ("began_desc", "The latest beginning first."),
                ("began_asc", "The earliest beginning first."),
                ("amount_desc", "The largest number first, whatever its currency; unknown amounts last."),
            ),
        )

    def _enum(self, name: str, description: str, values: Iterable[tuple[str, str]]) -> str:
        return add_enum(self._made, name, description, values)

    def _code_enum(self, owner: str, declared: Property) -> str:
        if declared.codes not in self._codes:
            self._codes[declared.codes] = f"{owner}{camel(declared.name)[0].upper()}{camel(declared.name)[1:]}"
        name = self._codes[declared.codes]
        if name not in self._made.enums:
            values = (
                (code.name, f"{code.description} ({code.zh})" if code.zh else code.description)
                for code in declared.codes
            )
            self._enum(name, declared.description, values)
        return name

    # properties

    def _property(self, owner: str, declared: Property, variable: LiteralString) -> Field:
        stored = f"{variable}.{declared.name}"
        text = described(declared)
        if declared.kind is Kind.TEXTS:
            return Field(type="list[str]", binding=Value(cypher=f"coalesce({stored}, [])"), description=text)
        if declared.kind is Kind.ENTITY:
            entity = declared.entity if declared.entity in self._vocabulary.node else "Entity"
            return Field(type=f"{entity} | None", binding=facts.named_by(declared.name, of=variable), description=text)
        coded = declared.kind is Kind.CODE
        annotation = self._code_enum(owner, declared) if coded else _ANNOTATIONS.get(declared.kind, "str")
        if declared.kind is Kind.MONEY:
            stored, text = f"{stored}_text", f"{declared.description} An exact decimal, in units of the currency."
        return Field(type=f"{annotation} | None", binding=Value(cypher=stored), description=text)

    def _properties(self, owner: str, declared: Iterable[Property], variable: LiteralString) -> dict[str, Field]:
        return {p.name: self._property(owner, p, variable) for p in declared}

    # entities

    def _entity(self) -> Declared:
        types = self._made.enums["EntityType"].__name__
        return Declared(
            name="Entity",
            interface=True,
            bases=("Node",),
            tag="_v.type",
            description="A place, an organization, an official, a project or whatever else facts are about.",
            fields={
                "type": Field(type=types, binding=Value(cypher="_v.type"), description="Its type."),
                **self._properties("Entity", (*NAMES, *DERIVED_NAMES), "_v"),
                **self._connections("Entity"),
                **self._extra.get("Entity", {}),
            },
        )

    def _interface(self, label: str) -> Declared:
        node = self._vocabulary.node[label]
        return Declared(
            name=label,
            interface=True,
            bases=("Entity",),
            tag="_v.type",
            description=node.description,
            fields={**self._own(label), **self._extra.get(label, {})},
        )

    def _node(self, node: NodeType) -> Declared:
        if node.label in INTERFACES:  # nothing finer is known of it
            return Declared(
                name=f"Other{node.label}",
                bases=(node.label,),
                stored=node.label,
                description=f"{node.description} Nothing finer is known of it.",
                fields={},
            )
        base = node.parent if node.parent in INTERFACES else "Entity"
        inherited = self._own(base) if base != "Entity" else {}
        own = {name: made for name, made in self._own(node.label).items() if name not in inherited}
        return Declared(
            name=node.label,
            bases=(base,),
            stored=node.label,
            description=f"{node.description} ({node.zh})",
            fields={**own, **self._extra.get(node.label, {})},
        )

    def _own(self, label: str) -> dict[str, Field]:
        names = {p.name for p in NAMES}
        declared = (p for p in self._vocabulary.node_properties(label) if p.name not in names)
        connections = {k: v for k, v in self._connections(label).items() if k not in self._connections("Entity")}
        return {**self._properties(label, declared, "_v"), **connections}

    def _connections(self, label: str) -> dict[str, Field]:
        found: dict[str, Field] = {}
        for relationship in self._vocabulary.relationships:
            for outgoing, ends, name in (
                (True, relationship.start, relationship.outgoing),
                (False, relationship.end, relationship.incoming),
            ):
                if "Entity" in ends or (label != "Entity" and any(self._vocabulary.is_a(label, end) for end in ends)):
                    if name not in self._connected:
                        self._connected[name] = self._connection(relationship, outgoing=outgoing)
                    found[name] = self._connected[name]
        return found

    def _connection(self, relationship: RelationshipType, *, outgoing: bool) -> Field:
        reading = relationship.forward if outgoing else relationship.backward
        order = self._made.enums["MonetaryFactOrder" if relationship.money else "FactOrder"]
        order_by = choice("orderBy", order, "Order of the rows.", "order", order("began_desc"))
        return Field(
            type=f"{relationship.noun}Connection",
            binding=Page(
                fragment=facts.related(relationship, outgoing=outgoing),
                roles={"c": "_c", "ev": "_ev", "a": "_v" if outgoing else "_o", "b": "_o" if outgoing else "_v"},
            ),
            description=f"It {reading} …: {_lower(relationship.description)}",
            arguments=page(
                f"{relationship.name}{'>' if outgoing else '<'}",
                MONEY_ORDERS if relationship.money else FACT_ORDERS,
                self._where(relationship),
                order_by,
            ),
        )

    def _where(self, relationship: RelationshipType) -> Argument:
        name = f"{relationship.noun}Filter"
        if name not in self._filters:
            filters = [Filter("programme", strawberry.ID, "Only what stands under the programme of this id.")]
            figures = FIGURES[:1] if relationship.figures else ()
            for one in (*relationship.properties, *(MONEY if relationship.money else ()), *figures):
                if one.kind is Kind.CODE:
                    enum = self._made.enums[self._code_enum(relationship.noun, one)]
                    filters.append(Filter(one.name, enum, f"Only where: {_lower(one.description)}"))
            if relationship.money:
                filters.append(Filter("currency", str, "Only amounts in this currency, by its ISO 4217 code."))
            self._filters[name] = where_all(
                name, f"Which {relationship.noun} to list: all that is given must fit.", filters
            )
        return self._filters[name]

    # facts

    def _fact_interfaces(self) -> tuple[Declared, ...]:
        return (
            Declared(
                name="Fact",
                interface=True,
                tag="type(_c)",
                description="What sources claim of two entities, with the values of the claim that speaks for it: the one "
                "of the best confidence, then certainty, then the first by id. `evidence` lists all claims.",
                fields={
                    "id": Field(
                        type="ID", binding=Value(cypher="_c.fact"), description="The same in every claim of this fact."
                    ),
                    "type": Field(
                        type="RelationshipType", binding=Value(cypher="type(_c)"), description="What it says."
                    ),
                    "from": _end("_a", "Its start: who gives."),
                    "to": _end("_b", "Its end: who receives."),
                    **self._properties("Fact", (PROGRAMME, *VALIDITY, *PROVENANCE), "_c"),
                    "holds": Field(
                        type="Holds | None",
                        binding=facts.HOLDS,
                        description="How far it holds in the time asked about, by all its claims, an event from when it "
                        "began; null where no time is asked about.",
                    ),
                    "current": Field(
                        type="Current",
                        binding=facts.CURRENT,
                        description="Whether it holds today, by all its claims, an event while its period lasts.",
                    ),
                    "evidence": Field(
                        type="list[Evidence]",
                        binding=facts.EVIDENCE,
                        description="Where it stands: all claims of it, in order of their ids.",
                        rows=2,
                    ),
                    **self._extra.get("Fact", {}),
                },
            ),
            Declared(
                name="MonetaryFact",
                interface=True,
                bases=("Fact",),
                tag="type(_c)",
                description="A fact with money in it.",
                fields=self._properties("Fact", (*MONEY, *FIGURES), "_c"),
            ),
        )

    def _fact(self, relationship: RelationshipType) -> Declared:
        own = {
            # a fact has a type already
            f"{relationship.noun.lower()}_type" if name == "type" else name: made
            for name, made in self._properties(relationship.noun, relationship.properties, "_c").items()
        }
        if relationship.figures and not relationship.money:
            own |= self._properties("Fact", FIGURES, "_c")
        return Declared(
            name=relationship.noun,
            bases=("MonetaryFact",) if relationship.money else ("Fact",),
            stored=relationship.name,
            description=f"{relationship.description} ({relationship.zh}) The start {relationship.forward} the end.",
            fields={
                **own,
                "from": _end("_a", f"Who {relationship.forward} the end.", self._single(relationship.start)),
                "to": _end("_b", f"Who {relationship.backward} the start.", self._single(relationship.end)),
                **self._extra.get(relationship.noun, {}),
            },
        )

    @staticmethod
    def _single(labels: tuple[str, ...]) -> str:
        return labels[0] if len(labels) == 1 else "Entity"


def _end(variable: LiteralString, description: str, type_: str = "Entity") -> Field:
    return Field(type=type_, binding=Inner(roles={"v": variable}), description=description)


def _codes_of(declared: tuple[Property, ...], name: str) -> tuple[Code, ...]:
    return next(p.codes for p in declared if p.name == name)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
