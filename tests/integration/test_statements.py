"""A question is one statement that returns one record, whatever it selects: counted where they leave for the engine."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import pytest
from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    is_required_argument,
    parse,
    visit,
)

from api.arguments import camel
from api.execute import Executor
from api.schema import own_schema
from graph.engine import Graph
from graph.model import MODEL
from tests.questions import Answering, Question, answer, answering, corpus

Composite = GraphQLObjectType | GraphQLInterfaceType
#: Writes a selection on a type as a document.
Way = Callable[[str], str]

SCHEMA = own_schema()
CORE: GraphQLSchema = SCHEMA._schema
#: Arguments that a field cannot do without.
REQUIRED = {
    "id": '"cn:530724"', "ids": '["cn:530724", "none", "cn:440100"]', "code": '"530724"', "of": '"cn:530724"',
    "from": '"cn:310110"', "to": '"cn:530724"', "class": "REPORTED_TOTAL", "text": '"宁蒗"',
    "groupBy": "[HELPER, RECIPIENT]", "currency": '"CNY"',
    "level": "COUNTY",
}  # fmt: skip
#: Fields with selections of their own in one document; more make a statement that Neo4j plans for seconds.
TOGETHER = 6
#: On Neo4j, which plans each statement that is new to it for 50 ms and more, every so manyth is asked; `make soak` asks all.
SOME = 24


#: Root fields whose answer Python computes: they read more before the one statement; of `explain` an answer gives the id.
COMPUTED, EXPLAINS = ("trace(", "totals(", "reconciliation", "quality", "byRecipient("), "explain("


def as_expected(document: str, said: tuple[int, int, bool]) -> bool:
    if EXPLAINS in document:
        return True
    if any(field in document for field in COMPUTED):
        return said[0] > 1 and said[2]
    return said == (1, 1, True)


@dataclass
class Counted:
    """What went to an engine and came back."""

    statements: list[str] = field(default_factory=list[str])
    records: int = 0


#: What the question at hand takes; questions may be asked side by side.
COUNTED: ContextVar[Counted] = ContextVar("counted")


class _Result:
    def __init__(self, result: Any) -> None:
        self._result = result

    async def __aiter__(self) -> AsyncIterator[Any]:
        async for record in self._result:
            COUNTED.get().records += 1
            yield record

    async def single(self, strict: bool) -> Any:
        records = [record async for record in self]
        assert len(records) == 1 or not strict
        return records[0]


class _Session:
    def __init__(self, session: Any) -> None:
        self._session = session

    async def __aenter__(self) -> "_Session":
        await self._session.__aenter__()
        return self

    async def __aexit__(self, *raised: Any) -> None:
        await self._session.__aexit__(*raised)

    async def run(self, statement: Any, parameters: Mapping[str, Any]) -> _Result:
        COUNTED.get().statements.append(getattr(statement, "text", statement))
        return _Result(await self._session.run(statement, parameters))


class _Driver:
    """Hands out sessions that count; a session that begins a transaction of another kind fails."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver

    def session(self, **options: Any) -> _Session:
        return _Session(self._driver.session(**options))


@pytest.fixture
def asked(seeded: Graph, monkeypatch: pytest.MonkeyPatch) -> Answering:
    """Who answers, over a driver that counts."""
    monkeypatch.setattr(seeded, "_driver", _Driver(seeded._driver))
    return answering(seeded, SCHEMA)


async def taken(executor: Executor, question: Question) -> tuple[int, int, bool]:
    """Statements, records, and whether the answer was one without errors."""
    counted = Counted()
    COUNTED.set(counted)
    said = await answer(executor, question)
    return len(counted.statements), counted.records, said.startswith(b'{"data":{') and b'"errors"' not in said


async def taken_by(executor: Executor, questions: Iterable[Question]) -> dict[Question, tuple[int, int, bool]]:
    """The same for many, a few at a time."""
    turn = asyncio.Semaphore(4)

    async def one(question: Question) -> tuple[int, int, bool]:
        async with turn:
            return await taken(executor, question)

    listed = list(questions)
    return dict(zip(listed, await asyncio.gather(*map(one, listed)), strict=True))


# every field of every type


def composites() -> Iterator[Composite]:
    for type_ in CORE.type_map.values():
        if isinstance(type_, Composite) and not type_.name.startswith("__"):
            yield type_


def concrete(type_: Composite) -> list[str]:
    return [t.name for t in CORE.get_possible_types(type_)] if isinstance(type_, GraphQLInterfaceType) else [type_.name]


def written(name: str, definition: GraphQLField) -> str:
    """A field with the arguments it needs, and few rows."""
    given = [
        f"{key}: {REQUIRED[key]}"
        for key, a in definition.args.items()
        if (is_required_argument(a) and key != "first") or (name, key) == ("trace", "from")
    ]
    given += ["first: 2"] if "first" in definition.args else []
    return f"{name}({', '.join(given)})" if given else name


def leaves(type_: Composite) -> str:
    named = (
        name
        for name, definition in type_.fields.items()
        if isinstance(get_named_type(definition.type), GraphQLScalarType | GraphQLEnumType)
    )
    return " ".join(("__typename", *named))


def nested(type_: Any) -> str:
    """A selection on what a field leads to, with another connection inside it."""
    if type_.name.endswith("Connection"):
        row, page = nested(get_named_type(type_.fields["nodes"].type)), leaves(CORE.type_map["PageInfo"])
        return f"edges {{ cursor node {{ {row} }} }} nodes {{ __typename }} {leaves(type_)} pageInfo {{ {page} }}"
    if "describedIn" in type_.fields:
        return f"{leaves(type_)} describedIn(first: 1) {{ nodes {{ id }} }}"
    if "evidence" in type_.fields:
        return f"{leaves(type_)} evidence {{ claim }} to {{ id }}"
    return leaves(type_)


def documents_of(type_: Composite, way: Way) -> Iterator[str]:
    """Documents that select all fields of a type, each with what lies below."""
    inherited = {name for interface in type_.interfaces for name in interface.fields}
    deep = [
        f"{written(name, definition)} {{ {nested(get_named_type(definition.type))} }}"
        for name, definition in type_.fields.items()
        if isinstance(get_named_type(definition.type), Composite)
        and (name not in inherited or str(definition.type) != _inherited(type_, name))
    ]
    for start in range(0, len(deep) or 1, TOGETHER):
        yield way(" ".join((leaves(type_), *deep[start : start + TOGETHER])))


def _inherited(type_: Composite, name: str) -> str:
    return next(str(interface.fields[name].type) for interface in type_.interfaces if name in interface.fields)


async def ways(graph: Graph) -> dict[str, Way]:
    """How to come to a row of each type: by examples of the seed, where it has any."""
    found: dict[str, Way] = {"Query": lambda body: f"{{ {body} }}"}
    examples = dict(await graph.rows("MATCH (e:Entity) WITH e.type AS type, min(e.id) AS id RETURN type, id"))
    examples["County"] = "cn:530724"
    for type_ in CORE.get_possible_types(CORE.type_map["Node"]):
        stored = type_.extensions["declared"].stored
        id_ = examples.get(stored, "none")
        found[type_.name] = lambda body, i=id_, t=type_.name: f'{{ node(id: "{i}") {{ ... on {t} {{ {body} }} }} }}'
    found["Organization"] = lambda body, i=examples["Agency"]: (
        f'{{ node(id: "{i}") {{ ... on Organization {{ {body} }} }} }}'
    )
    for relationship in MODEL.relationships:
        rows = await graph.rows(f"MATCH (a)-[c:{relationship.name}]->() RETURN a.id, a.type ORDER BY a.id LIMIT 1")
        for id_, label in rows:
            name = camel(relationship.outgoing)
            found[relationship.noun] = lambda body, i=id_, t=label, f=name: (
                f'{{ node(id: "{i}") {{ ... on {t} {{ {f}(first: 2) {{ nodes {{ {body} }} }} }} }} }}'
            )
    found["MonetaryFact"] = lambda body, o=found["Funding"]: o(f"... on MonetaryFact {{ {body} }}")
    pending = deque(["Query", *found])
    while pending:
        type_ = CORE.type_map[pending.popleft()]
        for name, definition in type_.fields.items():
            target, outer = get_named_type(definition.type), found[type_.name]
            if isinstance(target, Composite) and target.name not in found:
                start = written(name, definition)
                found[target.name] = lambda body, o=outer, s=start: o(f"{s} {{ {body} }}")
                pending.append(target.name)
    return found


class _Fields(Visitor):
    """Collects the fields of concrete types that a document selects."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self._info = info
        self.found: set[tuple[str, str]] = set()

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        parent = self._info.get_parent_type()
        if node.name.value != "__typename":
            self.found.update((name, node.name.value) for name in concrete(parent))


@pytest.mark.parametrize("some", [SOME, pytest.param(1, marks=pytest.mark.soak)])
async def test_every_field_of_every_type_takes_one_statement_and_one_record(
    seeded: Graph, asked: Answering, engine: str, some: int
) -> None:
    COUNTED.set(Counted())
    reached = await ways(seeded)
    types = [t for t in composites() if t.name in reached and not t.name.endswith(("Connection", "Edge"))]  # in others'
    documents = [document for type_ in types for document in documents_of(type_, reached[type_.name])]
    info = TypeInfo(CORE)
    selected = _Fields(info)
    for document in documents:
        visit(parse(document), TypeInfoVisitor(info, selected))
    assert selected.found == {
        (type_.name, name) for type_ in composites() if isinstance(type_, GraphQLObjectType) for name in type_.fields
    }
    asking = documents if engine == "embedded" else documents[::some]
    found = await taken_by(asked.compiled, (Question(name="field", query=document) for document in asking))
    others = {question.query: said for question, said in found.items() if not as_expected(question.query, said)}
    assert not others, f"{len(others)} of {len(documents)}, the first: {next(iter(others.items()))}"


async def test_several_root_fields_are_one_statement(asked: Answering) -> None:
    query = """{ place(code: "530724") { name } again: place(code: "440100") { name } places(first: 2) { totalCount }
      officials(first: 2) { nodes { name } } helpers(of: "cn:530724") { totalCount } overview { entities { count } }
      nodes(ids: ["iso:CN", "none"]) { id } search(text: "宁蒗") { totalCount nodes { match } } coverage { places { places } }
      timeline(of: "cn:530724") { totalCount } supervision(of: "cn:520500") { open rows { totalCount } }
      paths(from: "cn:310000", to: "cn:530724") { truncated } }"""
    assert await taken(asked.compiled, Question(name="roots", query=query)) == (1, 1, True)


@pytest.mark.parametrize("some", [SOME, pytest.param(1, marks=pytest.mark.soak)])
async def test_the_documents_are_one_statement_each(asked: Answering, engine: str, some: int) -> None:
    questions = [question for question in corpus() if not (question.introspects or question.wrong)]
    assert len(questions) >= 150
    questions = questions if engine == "embedded" else questions[1::some] if some > 1 else questions
    found = await taken_by(asked.compiled, questions)
    assert {question.name: said for question, said in found.items() if said != (1, 1, True)} == {}


async def test_what_is_refused_is_not_asked(asked: Answering) -> None:
    found = await taken_by(asked.compiled, (question for question in corpus() if question.refused))
    assert {question.name: said for question, said in found.items() if said != (0, 0, False)} == {}


async def test_the_plain_way_takes_a_statement_for_each_field(asked: Answering) -> None:
    """The count would notice: the other way is seen to take several."""
    query = '{ place(code: "530724") { name parent { name } } }'
    assert await taken(asked.plain, Question(name="plain", query=query)) == (4, 4, True)
