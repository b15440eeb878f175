"""What a GraphQL document may be at most, measured in linear time before the standard rules, of which some are slow.

Arguments, variables and literals are not counted: the parser's limit of 2,000 tokens bounds them. Whoever calls the standard
rules afterwards hides suggestions: guesses at a hundred misspelt types take longer than all the rules.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from graphql import (
    DocumentNode,
    ExecutableDefinitionNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    Node,
    OperationDefinitionNode,
    SelectionNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

# Of one operation, fragments inlined
DEPTH = 15  # fields inside fields; edges and node count like any other
COST = 20_000  # values the answer can hold

# Of the whole document, whether it runs or not
ALIASES = 30
DIRECTIVES = 20
FRAGMENTS = 20  # definitions; the standard rules take seconds over thousands
OPERATIONS = 20  # the standard rules look at every variable again for each operation
SELECTIONS = 500  # fields, spreads and inline fragments as written
COMPARISONS = 20_000  # of fields that may be one in the answer: work of the slowest rule, 64 ms in the worst case found

# Of the statement a document becomes
LISTS = 50  # a subquery each, which Neo4j plans at 50 to 100 ms each the first time, within the time of the request

# Rows of a field
PAGE = 20  # where `first` is absent and has no default
MOST = 100  # of a page, unless the field says `most` in its extensions
IDS = 100  # where `ids` is a variable
ROWS = 10  # of a list without `first`, unless the field says `rows` in its extensions

# Introspection in one operation
SCHEMAS = 1  # `__schema`; with an alias it counts twice, so that only a plain one passes
TYPES = 5  # `__type`
SCHEMA_DEPTH = 20  # levels in it; the standard query has 15
SCHEMA_COST = 10_000  # values in it, with SCHEMA_ROWS for each list; the standard query comes to 5,000
SCHEMA_ROWS = 4  # fewer than there are: circles of lists grow past the limit even so

ERRORS = 10  # reported for one document
LARGE = 10**9  # larger numbers are neither kept nor printed
SLOW = 10  # comparing two fields with selections or arguments, measured in comparisons of two plain ones
SPREAD = 2  # comparing two spreads

_INTROSPECTION = {"__schema": "__Schema", "__type": "__Type"}
_ADVICE = {
    "operations": "send them one by one",
    "fragments": "use fewer fragments or split the question",
    "directives": "use fewer directives or split the question",
    "aliases": "use fewer aliases or split the question",
    "selections": "select fewer fields or split the question",
    "comparisons": "select each field once or split the question",
    "depth": "nest fewer fields or split the question",
    "lists": "select fewer lists and objects of other rows, or split the question",
    "cost": "ask for fewer rows (first) or split the question",
    "__schema": "ask for it once and without an alias",
    "__type": "ask for fewer types or split the question",
    "introspection depth": "nest fewer fields",
    "introspection cost": "nest fewer lists",
}


def check(
    document: DocumentNode, schema: GraphQLSchema, operation: str | None = None, *, introspection: bool = True
) -> list[GraphQLError]:
    """What is too large in a document, at most ten errors; depth and cost only of the operation named, if one is."""
    tally = _Tally.of(document)
    errors = list(tally.refusals())
    if tally.introspection and not introspection:
        code = "GRAPHQL_VALIDATION_FAILED"
        errors.append(GraphQLError("introspection is turned off here", tally.introspection, extensions={"code": code}))
    if not errors:  # a document that is too long is not measured, which bounds the recursion over its fragments
        measure = _Measure(schema, tally.fragments)
        for running in _running(tally.operations, operation):
            errors.extend(measure.of(running).refusals(running))
    return errors[:ERRORS]


def too_many_lists(lists: int, operation: OperationDefinitionNode) -> GraphQLError | None:
    """The refusal of a statement with so many subqueries, where they are too many."""
    return next(_refusal("lists", lists, LISTS, operation), None)


def _running(operations: list[OperationDefinitionNode], name: str | None) -> list[OperationDefinitionNode]:
    return [one for one in operations if one.name and one.name.value == name] or operations


def _refusal(what: str, value: int, limit: int, node: Node | None = None) -> Iterator[GraphQLError]:
    if value > limit:
        shown = value if value <= LARGE else "more than 10^9"
        message = f"the question is too large: {what} {shown}, at most {limit}; {_ADVICE[what]}"
        extensions = {"code": "COST_LIMIT_EXCEEDED", "what": what, "value": shown, "limit": limit}
        yield GraphQLError(message, node, extensions=extensions)


@dataclass(slots=True)
class _Tally:
    """What is written in a document, whether it runs or not."""

    operations: list[OperationDefinitionNode] = field(default_factory=list)
    fragments: dict[str, FragmentDefinitionNode] = field(default_factory=dict)
    definitions: int = 0  # of fragments; two may have one name
    directives: int = 0
    aliases: int = 0
    selections: int = 0
    spreads: int = 0
    plain: Counter[str] = field(default_factory=Counter)  # fields by their name in the answer
    others: Counter[str] = field(default_factory=Counter)  # the same, of fields with selections or arguments
    introspection: FieldNode | None = None

    @classmethod
    def of(cls, document: DocumentNode) -> "_Tally":
        tally = cls()
        for definition in document.definitions:
            if isinstance(definition, ExecutableDefinitionNode):  # another rule refuses the others
                tally._define(definition)
        return tally

    def _define(self, definition: ExecutableDefinitionNode) -> None:
        if isinstance(definition, OperationDefinitionNode):
            self.operations.append(definition)
        elif isinstance(definition, FragmentDefinitionNode):
            self.definitions += 1
            self.fragments[definition.name.value] = definition
        for node in (definition, *(definition.variable_definitions or ())):
            self.directives += len(node.directives or ())
        unread = [definition.selection_set]
        while unread:
            for selection in unread.pop().selections:
                self._select(selection)
                if isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set:
                    unread.append(selection.selection_set)

    def _select(self, selection: SelectionNode) -> None:
        self.selections += 1
        self.directives += len(selection.directives or ())
        if isinstance(selection, FragmentSpreadNode):
            self.spreads += 1
        elif isinstance(selection, FieldNode):
            if selection.name.value in _INTROSPECTION:
                self.introspection = selection
            self.aliases += selection.alias is not None
            same = self.others if selection.selection_set or selection.arguments else self.plain
            same[(selection.alias or selection.name).value] += 1

    def comparisons(self) -> int:
        """Pairs of fields with one name in the answer as if all of them met, and of spreads; weighted by their time."""
        work = SPREAD * _pairs(self.spreads)
        for name in self.plain | self.others:
            plain, others = self.plain[name], self.others[name]
            work += _pairs(plain) + SLOW * (_pairs(others) + plain * others)
        return work

    def refusals(self) -> Iterator[GraphQLError]:
        yield from _refusal("operations", len(self.operations), OPERATIONS)
        yield from _refusal("fragments", self.definitions, FRAGMENTS)
        yield from _refusal("directives", self.directives, DIRECTIVES)
        yield from _refusal("aliases", self.aliases, ALIASES)
        yield from _refusal("selections", self.selections, SELECTIONS)
        yield from _refusal("comparisons", self.comparisons(), COMPARISONS)


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


class _Size(NamedTuple):
    """What a selection comes to, fragments inlined; no number grows far past LARGE."""

    depth: int = 0
    cost: int = 0
    schemas: int = 0
    types: int = 0
    schema_depth: int = 0
    schema_cost: int = 0

    def plus(self, other: "_Size") -> "_Size":
        """Both of them, side by side."""
        return _Size(
            max(self.depth, other.depth),
            min(self.cost + other.cost, LARGE + 1),
            min(self.schemas + other.schemas, LARGE + 1),
            min(self.types + other.types, LARGE + 1),
            max(self.schema_depth, other.schema_depth),
            min(self.schema_cost + other.schema_cost, LARGE + 1),
        )

    def under(self, field: FieldNode, rows: int, own: int) -> "_Size":
        """The field with this selection in each of its rows; introspection is counted apart."""
        depth, cost = self.depth + 1, own + rows * self.cost
        if field.name.value not in _INTROSPECTION:
            return self._replace(depth=depth, cost=cost)
        schemas = 0 if field.name.value == "__type" else 2 if field.alias else 1
        types = int(field.name.value == "__type")
        return self.plus(_Size(0, 0, schemas, types, depth, cost))._replace(depth=0, cost=0)

    def refusals(self, operation: OperationDefinitionNode) -> Iterator[GraphQLError]:
        yield from _refusal("depth", self.depth, DEPTH, operation)
        yield from _refusal("cost", self.cost, COST, operation)
        yield from _refusal("__schema", self.schemas, SCHEMAS, operation)
        yield from _refusal("__type", self.types, TYPES, operation)
        yield from _refusal("introspection depth", self.schema_depth, SCHEMA_DEPTH, operation)
        yield from _refusal("introspection cost", self.schema_cost, SCHEMA_COST, operation)


_NOTHING = _Size()


@dataclass(slots=True)
class _Level:
    """Selections in one pair of braces, what they are on, and what stands before the braces."""

    selections: Sequence[SelectionNode]
    on: GraphQLNamedType | None  # None where the schema does not know it: another rule says so
    above: "_Level | None" = None
    field: FieldNode | None = None  # None for an inline fragment
    rows: int = 1
    cost: int = 1  # of the field itself
    size: _Size = _NOTHING

    def close(self) -> None:
        if self.above:
            whole = self.size.under(self.field, self.rows, self.cost) if self.field else self.size
            self.above.size = self.above.size.plus(whole)


class _Measure:
    """Sizes of operations; each fragment is measured once, however often it is spread."""

    def __init__(self, schema: GraphQLSchema, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._schema = schema
        self._fragments = fragments
        self._sizes: dict[str, _Size] = {}

    def of(self, definition: OperationDefinitionNode | FragmentDefinitionNode) -> _Size:
        if isinstance(definition, OperationDefinitionNode):
            on = self._schema.get_root_type(definition.operation)
        else:
            on = self._schema.get_type(definition.type_condition.name.value)
        levels = [_Level(definition.selection_set.selections, on)]
        for level in levels:  # grows while it is read: nesting, however deep, takes no recursion
            for selection in level.selections:
                if isinstance(selection, FragmentSpreadNode):
                    level.size = level.size.plus(self._spread(selection.name.value))
                elif isinstance(selection, FieldNode):
                    levels.append(self._field(level, selection))
                elif isinstance(selection, InlineFragmentNode):
                    levels.append(self._inline(level, selection))
        for level in reversed(levels):
            level.close()
        return levels[0].size

    def _spread(self, name: str) -> _Size:
        if name not in self._sizes:
            self._sizes[name] = _NOTHING  # what a fragment inside itself finds; another rule refuses that
            if name in self._fragments:
                self._sizes[name] = self.of(self._fragments[name])
        return self._sizes[name]

    def _inline(self, level: _Level, node: InlineFragmentNode) -> _Level:
        condition = node.type_condition
        on = self._schema.get_type(condition.name.value) if condition else level.on
        return _Level(node.selection_set.selections, on, above=level)

    def _field(self, level: _Level, node: FieldNode) -> _Level:
        name, on, rows, cost = node.name.value, None, 1, 1
        if name in _INTROSPECTION:
            on = self._schema.get_type(_INTROSPECTION[name])
        elif isinstance(level.on, GraphQLObjectType | GraphQLInterfaceType) and name in level.on.fields:
            defined = level.on.fields[name]
            on, rows = get_named_type(defined.type), _rows(level.on.name, defined, node)
            cost = defined.extensions.get("cost", 1)
        selections = node.selection_set.selections if node.selection_set else ()
        return _Level(selections, on, above=level, field=node, rows=rows, cost=cost)


def _rows(parent: str, defined: GraphQLField, node: FieldNode) -> int:
    """How many times a field's selection may be in the answer for each time the field is."""
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    if "first" in defined.args:
        return _page(defined, given.get("first"))
    if not is_list_type(get_nullable_type(defined.type)) and not _is_connection(get_named_type(defined.type).name):
        return 1
    if "ids" in defined.args and "ids" in given:
        return _ids(given["ids"])
    if _is_connection(parent):  # edges and nodes: the connection itself has counted them
        return defined.extensions.get("rows", 1)
    return defined.extensions.get("rows", SCHEMA_ROWS if parent.startswith("__") else ROWS)


def _is_connection(name: str) -> bool:
    return name.endswith("Connection")


def _page(defined: GraphQLField, first: ValueNode | None) -> int:
    most = defined.extensions.get("most", MOST)
    rows = _default(defined.args["first"]) if first is None else _integer(first)
    return most if rows is None else max(1, min(rows, most))


def _default(argument: GraphQLArgument) -> int:
    default = argument.default_value  # where the schema is made in Python
    if argument.default:  # where it is made from SDL
        default = _integer(argument.default.literal) if argument.default.literal else argument.default.value
    return default if isinstance(default, int) else PAGE


def _integer(value: ValueNode) -> int | None:
    """The number a literal says; none for a variable, and for what is no number or a very long one."""
    return int(value.value) if isinstance(value, IntValueNode) and len(value.value) < 10 else None


def _ids(value: ValueNode) -> int:
    if isinstance(value, ListValueNode):
        return max(1, len(value.values))
    return IDS if isinstance(value, VariableNode) else 1
