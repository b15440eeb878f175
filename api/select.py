"""A GraphQL operation turned into the selection that graph/plan.py compiles: fields collected by type, with bindings.

Rules of the GraphQL specification, section 6.3.2: fragments whose type fits, @skip and @include, fields of one response
key merged.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLAbstractType,
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Undefined,
    ValueNode,
    VariableNode,
    is_abstract_type,
    value_from_ast,
)

from api.arguments import ALL_TIME, Asked, Prepared
from api.declare import Declared, Field
from api.errors import BadUserInput
from graph.assembly import objects_of
from graph.bindings import Binding, Calling, Computed, Leaf, Means, Objects, Output, Part, Selected, Shape, Time
from graph.engine import Graph
from graph.errors import QuestionRefused

Variables = Mapping[str, Any]
_KINDS = {"Int": "integer", "Float": "floating", "Boolean": "boolean", "DateTime": "other", "Decimal": "decimal"}
_ABSENT = object()
#: The parameter that a computed answer is handed to the statement by.
ANSWER = "answer"
#: Root fields about the schema, which no plan reads.
INTROSPECTION = ("__schema", "__type")
#: The time a question without one asks about: everything not retracted.
NO_TIME = {"state_from": "", "event_from": "", "until": "9999", "beyond": "9999", "known": ALL_TIME}


def values_of(definition: GraphQLField, node: FieldNode, variables: Variables) -> dict[str, Any]:
    """The arguments of a field: coerced, without those that are absent."""
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    values: dict[str, Any] = {}
    for name, argument in definition.args.items():
        written = given.get(name)
        if isinstance(written, VariableNode):
            value = variables.get(written.name.value, _ABSENT)
        else:
            value = _ABSENT if written is None else value_from_ast(written, argument.type, dict(variables))
        if value is Undefined or (value is None and isinstance(argument.type, GraphQLNonNull)):
            raise BadUserInput(f"{name} holds a variable that is null: give it a value, or leave it out")
        if value is not _ABSENT:
            values[name] = value
    return values


@dataclass(frozen=True, slots=True)
class Use:
    """A field with arguments: `names` of its parameters and of the time's, as keys of $p."""

    declared: Field
    definition: GraphQLField
    node: FieldNode
    names: dict[str, str]
    times: dict[str, str]

    def prepare(self, variables: Variables, asked: Asked) -> Prepared:
        try:
            return self.declared.arguments.prepare(values_of(self.definition, self.node, variables), asked)
        except BadUserInput as error:
            raise BadUserInput(error.message, nodes=[self.node]) from None

    def put(self, prepared: Prepared, p: dict[str, Any]) -> None:
        """The values of $p, by the keys that the statement has for them."""
        for name, value in prepared.parameters.items():
            p[self.names[name]] = value
        for name, value in prepared.time.items():
            if name in self.times:
                p[self.times[name]] = value


@dataclass(slots=True)
class Selection:
    """What is selected: `constant` values of $p, the `uses` whose values follow from variables, and computed root fields."""

    roots: Objects
    constant: dict[str, Any]
    uses: list[Use]
    computed: list[Selected]

    def parameters(self, variables: Variables, asked: Asked) -> dict[str, Any]:
        """$p for these variables: raises BadUserInput."""
        p = {**self.constant, "today": asked.now.date().isoformat()}
        for use in self.uses:
            use.put(use.prepare(variables, asked), p)
        return p

    async def compute(
        self, graph: Graph, p: dict[str, Any], means: Means, timeout: float
    ) -> list[tuple[Selected, QuestionRefused]]:
        """Puts the answers of computed fields into $p; returns those that have none, and why."""
        refused: list[tuple[Selected, QuestionRefused]] = []
        for one in self.computed:
            assert isinstance(one.binding, Computed)
            given = {name: p[key] for name, key in (*one.time.parameters.items(), *one.parameters.items()) if key in p}
            names = frozenset(inner.name for fields in objects_of(one.output).fields.values() for inner in fields)
            calling = Calling(
                graph=graph, shape=one.shape, parameters=given, means=means, timeout=timeout, selected=names
            )
            try:
                p[one.parameters[ANSWER]] = await one.binding.answered(calling)
            except QuestionRefused as error:
                p[one.parameters[ANSWER]] = None
                refused.append((one, error))
        return refused


@dataclass(slots=True)
class Selector:
    """Selects one operation for one set of variables."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Variables
    asked: Asked
    _constant: dict[str, Any] = field(default_factory=dict[str, Any])
    _count: int = 0
    _uses: list[Use] = field(default_factory=list[Use])
    _computed: list[Selected] = field(default_factory=list[Selected])
    _made: dict[Any, Any] = field(default_factory=dict[Any, Any])

    def select(self, operation: OperationDefinitionNode) -> Selection:
        keys = {name: name for name in (*NO_TIME, "today")}
        self._constant.update(NO_TIME)
        time = Time(timed=False, parameters=keys)
        assert self.schema.query_type is not None
        roots = self._objects(self.schema.query_type, (operation.selection_set,), time)
        return Selection(roots, self._constant, self._uses, self._computed)

    def _objects(self, type_: GraphQLOutputType, sets: Sequence[SelectionSetNode], time: Time) -> Objects:
        known = (type_.name, tuple(map(id, sets)), id(time))  # pyright: ignore[reportAttributeAccessIssue]
        if known not in self._made:
            self._made[known] = self._collect(type_, sets, time)
        return self._made[known]

    def _collect(self, type_: Any, sets: Sequence[SelectionSetNode], time: Time) -> Objects:
        possible = self.schema.get_possible_types(type_) if is_abstract_type(type_) else [type_]
        named: dict[str, str] = {}
        fields: dict[str, tuple[Selected, ...]] = {}
        for one in sorted(possible, key=lambda one: one.name):
            stored = _declared(one).stored or one.name
            named[stored] = one.name
            grouped: dict[str, list[tuple[FieldNode, Any]]] = {}
            for set_ in sets:
                for node, on in self._fields(one, set_, type_):
                    grouped.setdefault((node.alias or node.name).value, []).append((node, on))
            # made in order of their names, so that questions that differ in order and aliases have one statement
            ordered = sorted(grouped, key=lambda key: grouped[key][0][0].name.value)
            made = {key: self._field(one, key, grouped[key], time) for key in ordered}
            fields[stored] = tuple(made[key] for key in grouped)
        return Objects(tag=_declared(type_).tag if is_abstract_type(type_) else "", names=named, fields=fields)

    def _fields(self, type_: GraphQLObjectType, set_: SelectionSetNode, on: Any) -> Iterator[tuple[FieldNode, Any]]:
        """The fields selected for objects of a type, each with the type it is written on."""
        for node in set_.selections:
            if not self._included(node.directives or ()):
                continue
            if isinstance(node, FieldNode):
                if node.name.value not in INTROSPECTION:
                    yield node, on
                continue
            if isinstance(node, FragmentSpreadNode):
                inner = self.fragments[node.name.value]
            else:
                assert isinstance(node, InlineFragmentNode)
                inner = node
            condition = inner.type_condition
            if condition is None:
                yield from self._fields(type_, inner.selection_set, on)
            elif self._fits(type_, condition.name.value):
                yield from self._fields(type_, inner.selection_set, self.schema.type_map[condition.name.value])

    def _fits(self, type_: GraphQLObjectType, name: str) -> bool:
        other = self.schema.type_map[name]
        if isinstance(other, GraphQLAbstractType):
            return self.schema.is_sub_type(other, type_)
        return other is type_

    def _included(self, directives: Sequence[DirectiveNode]) -> bool:
        for directive in directives:
            for argument in directive.arguments or ():  # if, the only one there is
                value = argument.value
                given = self.variables[value.name.value] if isinstance(value, VariableNode) else value.value  # pyright: ignore[reportAttributeAccessIssue]
                if given is None:
                    said = f"if of @{directive.name.value} holds a variable that is null: give it a value"
                    raise BadUserInput(said, nodes=[directive])
                if given is (directive.name.value == "skip"):
                    return False
        return True

    def _field(self, type_: GraphQLObjectType, key: str, written: list[tuple[FieldNode, Any]], time: Time) -> Selected:
        nodes = [node for node, _ in written]
        name = nodes[0].name.value
        if name == "__typename":
            leaf = Output(nullable=False, leaf=Leaf(kind="text", serialize=str))
            return Selected(
                key=key, binding=Part.TYPENAME, output=leaf, time=time, shape=Shape(), parameters={},
                parent=type_.name, name=name, where=nodes,
            )  # fmt: skip
        definition = type_.fields[name]
        # written on an interface, it is one field for all its types, also where some of them narrow what it leads to
        wider: list[GraphQLField] = [on.fields[name] for _, on in written]
        if all(one is wider[0] for one in wider) and _binding(wider[0]) == _binding(definition):
            definition = wider[0]
        declared: Field = definition.extensions["declared"]
        known = (id(declared), key, tuple(map(id, nodes)), id(time))
        if known not in self._made:
            self._made[known] = self._bound(type_, key, nodes, time, definition, declared)
        return self._made[known]

    def _bound(
        self, type_: GraphQLObjectType, key: str, nodes: list[FieldNode], time: Time, definition: GraphQLField, declared: Field
    ) -> Selected:  # fmt: skip
        parameters: dict[str, str] = {}
        shape = Shape(timed=time.timed)
        entities: tuple[str, ...] = ()
        if declared.arguments.declared:
            self._count += 1
            number = self._count
            use = Use(declared, definition, nodes[0], parameters, {})
            prepared = use.prepare(self.variables, self.asked)
            parameters.update({name: f"a{number}{name}" for name in prepared.parameters})
            time = self._time(time, prepared, use.times, number)
            use.put(prepared, self._constant)
            if _has_variables(nodes[0]):
                self._uses.append(use)
            shape = Shape(timed=time.timed, values=prepared.shape)
            entities = tuple(parameters[name] for name in declared.arguments.entities(prepared))
            if isinstance(declared.binding, Computed):
                parameters[ANSWER] = f"a{number}{ANSWER}"
        sets = tuple(node.selection_set for node in nodes if node.selection_set)
        made = Selected(
            key=key,
            binding=declared.binding,
            output=self._output(definition.type, sets, time),
            time=time,
            shape=shape,
            parameters=parameters,
            parent=type_.name,
            name=nodes[0].name.value,
            where=nodes,
            entities=entities,
        )
        if isinstance(declared.binding, Computed):
            self._computed.append(made)
        return made

    @staticmethod
    def _time(time: Time, prepared: Prepared, names: dict[str, str], number: int) -> Time:
        """The time of this part: what its arguments say, and of the part around it what they leave open."""
        given = {name: f"a{number}{name}" for name in prepared.time if name != "today"}
        if not given:
            return time
        names.update(given)
        return Time(timed=time.timed or "until" in given, parameters={**time.parameters, **given})

    def _output(self, type_: Any, sets: Sequence[SelectionSetNode], time: Time) -> Output:
        nullable = not isinstance(type_, GraphQLNonNull)
        if not nullable:
            type_ = type_.of_type
        if isinstance(type_, GraphQLList):
            return Output(nullable=nullable, item=self._output(type_.of_type, sets, time))
        if sets:
            return Output(nullable=nullable, objects=self._objects(type_, sets, time))
        return Output(nullable=nullable, leaf=_leaf(type_))


def _binding(definition: GraphQLField) -> Binding:
    return definition.extensions["declared"].binding


def _declared(type_: Any) -> Declared:
    return type_.extensions["declared"]


def variables_in(value: ValueNode) -> Iterator[str]:
    """Names of the variables in a written value."""
    pending: list[Any] = [value]
    while pending:
        value = pending.pop()
        if isinstance(value, VariableNode):
            yield value.name.value
        pending += [*getattr(value, "values", ()), *(f.value for f in getattr(value, "fields", ()))]


def _has_variables(node: FieldNode) -> bool:
    return any(True for argument in node.arguments or () for _ in variables_in(argument.value))


def _leaf(type_: Any) -> Leaf:
    if isinstance(type_, GraphQLEnumType):
        codes = {value.value: name for name, value in type_.values.items()}
        stored: dict[str, str] = {getattr(value, "value", value): name for value, name in codes.items()}
        return Leaf(kind="text", serialize=stored.__getitem__, codes=stored)
    return Leaf(kind=_KINDS.get(type_.name, "text"), serialize=type_.serialize)
