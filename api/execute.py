"""One entry for every question: a document parsed, checked and compiled once, then a statement each time.

Introspection goes to graphql-core (api/plain.py); everything else is one statement that returns one record.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
from graphql import (
    ArgumentNode,
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    Visitor,
    execute,
    get_operation_ast,
    parse,
    validate,
    visit,
)
from graphql.execution.values import get_variable_values

from api import limits
from api.arguments import Asked
from api.cursors import Seal
from api.errors import BadUserInput, NotFound, broken, internal, refused, translated
from api.plain import PlainContext, attach
from api.schema import Schema
from api.select import INTROSPECTION, Selection, Selector, variables_in
from graph.assembly import Anomaly, Failure, Run
from graph.bindings import Means, Selected
from graph.engine import Graph
from graph.errors import GraphError, QuestionRefused
from graph.plain import Reader
from graph.plan import Plan, compile_selection
from graph.tracing.rates import NO_TABLES, Tables

#: Tokens of a document; the lexer stops there.
TOKENS = 2_000
#: Documents kept, of at most so many characters; shapes of variables kept for each.
DOCUMENTS, CACHED, SHAPES = 1_000, 10_000, 50
#: More digits than a text may have characters.
_LONG_NUMBER = re.compile(r"(?<![0-9])[0-9]{1001}")
#: Seconds a request may take.
TIME = 5.0


@dataclass(frozen=True, slots=True)
class Refused(Exception):
    """The question is answered with errors alone; nothing was read."""

    errors: list[GraphQLError]


@dataclass(frozen=True, slots=True)
class Compiled:
    selection: Selection
    plan: Plan


@dataclass(frozen=True, slots=True)
class Document:
    """A checked document with the operation to run, and a plan for each shape of its variables."""

    ast: DocumentNode
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    introspects: bool
    choosing: frozenset[str]  # variables whose value decides the text of the statement
    plans: dict[Any, Compiled] = field(default_factory=dict[Any, Compiled])


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` as it is sent. `refused`: nothing was run; `unavailable`: the graph did not answer."""

    body: bytes
    refused: bool = False
    unavailable: bool = False


class Executor:
    """Answers questions over a graph. `compiled` off: the plain way, for comparison."""

    def __init__(
        self, schema: Schema, graph: Graph, seal: Seal, *, introspection: bool = True, compiled: bool = True,
        timeout: float = TIME, clock: Any = lambda: datetime.now(UTC), tables: Tables = NO_TABLES,
    ) -> None:  # fmt: skip
        self._schema = schema._schema  # pyright: ignore[reportPrivateUsage]
        self._graph = graph
        self._seal = seal
        self._introspection = introspection
        self._compile = compiled
        self._timeout = timeout
        self._clock = clock
        self._tables = tables
        self._kept = lru_cache(maxsize=DOCUMENTS)(self._document)
        self._shaping = _shaping(self._schema)
        attach(self._schema)

    async def answer(self, query: str, variables: Mapping[str, Any] | None, operation: str | None) -> Answer:
        try:
            document = (self._kept if len(query) <= CACHED else self._document)(query, operation)
            asked = Asked(now=self._clock(), seal=self._seal, engine=self._graph.kind)
            coerced = self._coerced(document, variables or {})
            if document.introspects or not self._compile:
                return await self._plain(document, coerced, variables or {}, asked)
            return await self._compiled(document, coerced, asked)
        except Refused as error:
            return Answer(_encoded({"errors": [e.formatted for e in error.errors]}), refused=True)
        except Exception as error:  # whatever goes wrong, the client gets an answer, and the log the reason
            return failed(error)

    # documents

    def _document(self, query: str, operation: str | None) -> Document:
        if _LONG_NUMBER.search(query):  # Python refuses to read it, and says so in words of its own
            raise Refused([refused(GraphQLError("a number in the document is too long"), "BAD_USER_INPUT")])
        try:
            ast = parse(query, max_tokens=TOKENS, allow_empty_selection_sets=False)
        except GraphQLSyntaxError as error:
            raise Refused([refused(error, "GRAPHQL_PARSE_FAILED")]) from None
        except RecursionError:
            raise Refused([refused(GraphQLError("the document is nested too deep"), "GRAPHQL_PARSE_FAILED")]) from None
        if errors := limits.check(ast, self._schema, operation, introspection=self._introspection):
            raise Refused(errors)
        errors = validate(self._schema, ast, max_errors=10, hide_suggestions=True)
        if errors:
            raise Refused([refused(error, "GRAPHQL_VALIDATION_FAILED") for error in errors])
        chosen = get_operation_ast(ast, operation)
        if chosen is None:
            many = operation is None and any(isinstance(d, OperationDefinitionNode) for d in ast.definitions)
            said = "there are several operations: say which in operationName" if many else "there is no such operation"
            raise Refused([refused(GraphQLError(said), "BAD_USER_INPUT")])
        if chosen.operation is not OperationType.QUERY:
            error = GraphQLError(f"there is no {chosen.operation.value} here: ask queries", chosen)
            raise Refused([refused(error, "GRAPHQL_VALIDATION_FAILED")])
        fragments = {d.name.value: d for d in ast.definitions if isinstance(d, FragmentDefinitionNode)}
        choosing = _Choosing(self._shaping)
        visit(ast, choosing)
        return Document(
            ast, chosen, fragments, _introspects(chosen.selection_set, fragments), frozenset(choosing.variables)
        )

    def _coerced(self, document: Document, variables: Mapping[str, Any]) -> dict[str, Any]:
        definitions = document.operation.variable_definitions
        if not definitions:
            return {}
        coerced = get_variable_values(self._schema, definitions, dict(variables), max_errors=10, hide_suggestions=True)
        if isinstance(coerced, list):
            raise Refused([refused(error, "BAD_USER_INPUT") for error in coerced])
        return coerced if isinstance(coerced, dict) else coerced.coerced

    # execution

    async def _compiled(self, document: Document, variables: dict[str, Any], asked: Asked) -> Answer:
        try:
            compiled = self._plan(document, variables, asked)
            p = compiled.selection.parameters(variables, asked)
        except BadUserInput as error:
            raise Refused([error]) from None
        try:
            means = self._means(asked)
            declined = await compiled.selection.compute(self._graph, p, means, self._timeout)
            record, *missing = await self._graph.record(compiled.plan.cypher, p, timeout=self._timeout)
        except GraphError as error:
            return failed(error)
        run = Run(p, means)
        if declined or (missing and missing[0]):
            return _without(compiled.plan, record, run, missing[0] if missing else [], declined)
        try:
            return Answer(_encoded({"data": compiled.plan.assemble(record, run)}))
        except Anomaly:
            data, failures = compiled.plan.complete(record, run)
            found = [GraphQLError(f.message, f.where, path=f.path) for f in sorted(failures, key=_place)]
            return Answer(_encoded({"data": data, "errors": [error.formatted for error in broken(found)]}))

    def _means(self, asked: Asked) -> Means:
        now = round(asked.now.timestamp() * 1000)
        return Means(now=now, sealed=self._seal.sealed, tables=self._tables)

    def _plan(self, document: Document, variables: dict[str, Any], asked: Asked) -> Compiled:
        shape = tuple(_shape(name, given, name in document.choosing) for name, given in variables.items())
        compiled = document.plans.get(shape)
        if compiled is None:
            selection = Selector(self._schema, document.fragments, variables, asked).select(document.operation)
            compiled = Compiled(selection, compile_selection(selection.roots))
            if (error := limits.too_many_lists(compiled.plan.subqueries, document.operation)) is not None:
                raise Refused([error])
            if len(document.plans) >= SHAPES:
                document.plans.clear()
            document.plans[shape] = compiled
        return compiled

    async def _plain(
        self, document: Document, variables: dict[str, Any], raw: Mapping[str, Any], asked: Asked
    ) -> Answer:
        try:  # arguments are refused before anything is read, on either way
            Selector(self._schema, document.fragments, variables, asked).select(document.operation)
        except BadUserInput as error:
            raise Refused([error]) from None
        context = PlainContext(Reader(self._graph, self._timeout), asked, self._means(asked))
        name = document.operation.name.value if document.operation.name else None
        result = execute(self._schema, document.ast, None, context, variable_values=dict(raw), operation_name=name)
        if not isinstance(result, ExecutionResult):
            result = await result
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            ordered = sorted(result.errors, key=_place)
            body["errors"] = [translated(error).formatted for error in ordered]
        return Answer(_encoded(body))


def _without(
    plan: Plan, record: Any, run: Run, missing: list[str], declined: Sequence[tuple[Selected, QuestionRefused]]
) -> Answer:
    """The answer where root fields have none: they are about entities that are not there, or cannot be answered as they are
    asked. Each is null, with an error."""
    data, failures = plan.complete(record, run)
    found = broken([GraphQLError(f.message, f.where, path=f.path) for f in failures]) if failures else []
    failed_: dict[str, tuple[Selected, GraphQLError]] = {
        selected.key: (selected, internal(error, GraphQLError("", selected.where, path=[selected.key])))
        for selected, error in declined
    }
    for selected in plan.about:
        ids = [run.p[name] for name in selected.entities]
        for id_ in [one for one in ids if one in missing][:1]:
            failed_[selected.key] = (selected, NotFound(id_, selected.where, [selected.key]))
    for selected, error in failed_.values():
        found.append(error)
        if not selected.output.nullable:
            data = None
        elif data is not None:
            data[selected.key] = None
    return Answer(_encoded({"data": data, "errors": [error.formatted for error in sorted(found, key=_place)]}))


def _shape(name: str, given: Any, chooses: bool) -> Any:
    """What of a variable decides a plan: whether it is there, and its value where it chooses a text."""
    if chooses and isinstance(given, list):
        return (name, frozenset(given))
    if isinstance(given, dict):
        return (name, tuple(sorted(key for key, inner in given.items() if inner is not None)))
    if chooses or given is None or isinstance(given, bool):
        return (name, given)
    return (name,)


def _shaping(schema: GraphQLSchema) -> frozenset[str]:
    """Names of the arguments whose value decides the text of a statement."""
    return frozenset(
        argument.name
        for type_ in schema.type_map.values()
        if isinstance(type_, GraphQLObjectType)
        for field in type_.fields.values()
        if "declared" in field.extensions
        for argument in field.extensions["declared"].arguments.declared
        if argument.shapes
    )


class _Choosing(Visitor):
    """Collects the variables in arguments of the names."""

    def __init__(self, names: frozenset[str]) -> None:
        super().__init__()
        self._names = names
        self.variables: set[str] = set()

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        if node.name.value in self._names:
            self.variables.update(variables_in(node.value))


def _introspects(set_: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]) -> bool:
    """Whether root fields ask about the schema."""
    seen: set[str] = set()
    pending = [set_]
    while pending:
        for node in pending.pop().selections:
            if isinstance(node, FieldNode):
                if node.name.value in INTROSPECTION:
                    return True
            elif isinstance(node, InlineFragmentNode):
                pending.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                pending.append(fragments[node.name.value].selection_set)
    return False


def _encoded(body: dict[str, Any]) -> bytes:
    return msgspec.json.encode(body)


def failed(error: Exception) -> Answer:
    """The answer where nothing could be read; what the client must not know is logged."""
    made = internal(error)
    unavailable = made.extensions is not None and made.extensions["code"] == "SERVICE_UNAVAILABLE"
    return Answer(_encoded({"data": None, "errors": [made.formatted]}), unavailable=unavailable)


def _place(failed: Failure | GraphQLError) -> list[str]:
    return [str(part) for part in failed.path or ()]
