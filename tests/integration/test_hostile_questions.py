"""Text that tries to be something else, in every argument that takes text, on both engines: it stays text.

The schema is walked, so an argument that is new is tried too. Where a text is looked for, the answer is that for a text
that nothing has; where it must have a form (a day, a code, a cursor), it is refused. The statement never changes with it.
"""

import json
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any

import httpx2
import pytest
from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
)

from api.app import create_app
from api.cursors import Seal
from api.execute import Executor
from api.schema import own_schema
from graph import engine as engines
from graph.engine import Engine, Graph
from graph.schema_ddl import seal_key

#: What no answer may hold; of the hooks that schemathesis is run with.
LEAK = re.compile(
    r'Traceback|File "[^"]+\.py"|site-packages|neo4j\.exceptions|Neo\.(?:Client|Database|Transient)Error|CypherSyntax'
    r"|com\.arcadedb|java\.lang|bolt://|sqlite3|\bKeyError|AttributeError|TypeError|ValueError|NoneType|object at 0x"
    r"|invalid literal for|No such file|UnicodeEncode|codec can|RecursionError",
    re.IGNORECASE,
)
PLAIN = "nothing has this text"
HOSTILE = (
    "", " ", "'", '"', "\\", "\\'", "`", "``", "'; //", "' OR 1=1 //", "x' OR '1'='1", "x' OR '1'='2", '" OR ""="',
    '"}) DETACH DELETE n //', "'}) DETACH DELETE n //", "x' RETURN 1 UNION MATCH (n) RETURN n //", "\\' OR true //",
    "cn:530724' OR true //", "cn:530724\0", "cn:530724 ", "CN:530724", "cn:53072%", "cn:53072_", "cn:53072.", "cn:*",
    "$p", "$known", "$p.a1id", "${known}", "_v", "_e", "_e.id", "k0", "null", "true", "{}", "[]", "{p: 1}", "%s", "{0}", "%00",
    "LOAD CSV FROM 'file:///etc/passwd' AS l RETURN l", "' LOAD CSV FROM 'http://127.0.0.1:1/' AS l //", "file:///etc/passwd",
    "../../etc/passwd", "CALL dbms.shutdown()", "'} CALL { MATCH (n) DETACH DELETE n } //", "apoc.load.json('x')",
    "#1:0", "#-1:-1", "County:' OR 1=1", "*", "*:*", "name:/(a+)+b/", "(a+)+$", ".*", "((((", "x^1e99", "* OR *", "a~", "\\u0027",
    "\0", "a\0b", "\u202ecn:530724", "cn:530724\r\nSet-Cookie: a=b", "\x1b[2J\x1b[31m", "\x7f\x85\u2028", "\ufeff", "\U0001f4a3",
    "宁蒗" * 300,
        "<img src=x onerror=alert(1)>", "javascript:alert(1)", "{{7*7}}", "${jndi:ldap://127.0.0.1/a}", "a" * 990, "'" * 990,
)  # fmt: skip
TOO_LONG = ("a" * 1_001, "'" * 60_000)
HALVES = ("\\ud800", "\\udfff", "a\\ud83d", "\\udca3\\ud83d")
CODES = {
    "BAD_USER_INPUT", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "COST_LIMIT_EXCEEDED", "PERSISTED_QUERY_NOT_FOUND",
    "UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND", "CONFLICT", "RATE_LIMITED", "TIMEOUT", "SERVICE_UNAVAILABLE",
    "INTERNAL_SERVER_ERROR",
}  # fmt: skip
SECONDS = 1.0
#: Slots of one document: Neo4j plans it in a second.
TOGETHER = 5


class Watched:
    """A graph, and the statements it was given."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.statements: list[str] = []
        self.parameters: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._graph, name)

    async def record(self, cypher: str, p: dict[str, Any], **more: Any) -> Any:
        self.statements.append(cypher)
        self.parameters = p
        return await self._graph.record(cypher, p, **more)

    async def plan(self) -> None:
        """Lets the engine plan the last statement for as long as it takes."""
        await self._graph.record(self.statements[-1], self.parameters)


@dataclass(frozen=True)
class Api:
    """The application over a watched graph. Every answer is looked at: its form, its codes, what it tells."""

    client: httpx2.AsyncClient
    graph: Watched
    slow: list[str] = field(default_factory=list[str])

    async def send(self, body: bytes, tries: int = 3) -> dict[str, Any]:
        for attempt in range(tries):  # other work on this machine is no fault of the question
            began = time.perf_counter()
            response = await self.client.post("/graphql", content=body, headers={"Content-Type": "application/json"})
            if time.perf_counter() - began < SECONDS:
                break
            if attempt == 2:  # it was slow each time
                self.slow.append(body.decode()[:500])
        assert response.status_code in (200, 400) and not LEAK.search(response.text), response.text
        answer: dict[str, Any] = response.json()
        assert all(error["extensions"]["code"] in CODES for error in answer.get("errors", ()))
        assert all(error["message"].isprintable() for error in answer.get("errors", ()))
        for error in answer.get("errors", ()):
            if error["extensions"]["code"] == "NOT_FOUND":  # it quotes the id
                del error["message"], error["locations"]
        return answer

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        return await self.send(json.dumps({"query": query, "variables": variables}).encode())

    async def planned(self, query: str, **variables: Any) -> dict[str, Any]:
        """The same, of a question that the engine sees for the first time: planning it may take longer."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        answer = await self.send(body, tries=1)
        if any(error["extensions"]["code"] == "TIMEOUT" for error in answer.get("errors", ())):
            await self.graph.plan()
            answer = await self.send(body)
        return answer

    async def refused(self, query: str, **variables: Any) -> str:
        """The message with which a question is refused as bad input, before any statement."""
        before = len(self.graph.statements)
        answer = await self.ask(query, **variables)
        assert list(answer) == ["errors"], (query[:300], variables, answer)
        (error,) = answer["errors"]
        assert error["extensions"] == {"code": "BAD_USER_INPUT"}
        assert len(self.graph.statements) == before
        return error["message"]


SCHEMA = own_schema()


@pytest.fixture(scope="module")
async def api(seeded: Graph) -> AsyncIterator[Api]:
    """Counts what is in the graph before and after all that is done to it."""
    watched = Watched(seeded)
    before = await contents(seeded)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.app.own_schema", lambda: SCHEMA)
        transport = httpx2.ASGITransport(app=create_app(watched))  # pyright: ignore[reportArgumentType]
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        await client.post("/graphql", json={"query": "{ __typename }"})
        watched.statements.clear()
        yield Api(client, watched)
    assert await contents(seeded) == before


async def contents(graph: Graph) -> tuple[int, int, int]:
    return (
        await graph.value("MATCH (n) RETURN count(n)"),
        await graph.value("MATCH ()-[r]->() RETURN count(r)"),
        await graph.value("MATCH (e:Entity) RETURN sum(size(keys(e)))"),
    )


# every argument that takes text


@dataclass(frozen=True)
class Slot:
    """A place in the schema that a text can be put in: `render` makes the root field around it."""

    name: str
    type: str  # of a variable put there
    render: Callable[[str], str]

    @property
    def looked_for(self) -> bool:
        """The text is compared with what is stored; elsewhere it must have a form."""
        argument = self.name.rsplit(".", 1)[-1]
        formed = argument in ("after", "asOf", "knownOn", "from_", "to_", "code") or self.name in (
            *CURRENCIES,
            EXPLAINED,
        )
        return not formed and not self.searched

    @property
    def searched(self) -> bool:
        """Any text may find something by its words: tests/integration/test_search.py tries these."""
        return self.name == "Query.search.text"

    @property
    def computed(self) -> bool:
        """The answer is computed of what several statements read."""
        return self.name.split(".")[1] in COMPUTED and self.name.startswith("Query.")

    @property
    def prefix(self) -> str:
        """Ids that must exist have a colon, or a hint is given."""
        return "cn:" if self.name in HINTED else ""


#: Currencies that must be codes; those of filters are compared.
CURRENCIES = tuple(
    f"{of}.currency" for of in ("Overview", *(f"Query.{q}" for q in ["flows", "largest", "trace", "totals"]))
)
EXPLAINED = "Query.explain.id"
COMPUTED = ("trace", "totals", "reconciliation", "quality", "byRecipient", "explain")
HINTED = {
    f"Query.{name}"
    for name in (
        "helpers.of", "recipients.of", "help.from", "help.to", "paths.from", "paths.to", "timeline.of", "supervision.of",
        "conflicts.of", "flows.from", "flows.to", "largest.from", "largest.to", "trace.from", "trace.to", "totals.of",
        "reconciliation.of", "reconciliation.from", "reconciliation.to", "byRecipient.to",
    )
}  # fmt: skip
#: What arguments without a default are given, where another one is tried.
REQUIRED = {"id": '"cn:530724"', "ids": '["cn:530724"]', "of": '"cn:530724"', "from": '"cn:310110"', "to": '"cn:530724"',
            "code": '"530724"', "class": "REPORTED_TOTAL", "text": '"宁蒗"', "level": "COUNTY", "groupBy": "[HELPER]",
            "currency": '"CNY"'}  # fmt: skip
#: An entity of each type, where the seed has one.
ENTITIES = {
    "Country": "iso:CN", "Province": "cn:310000", "Prefecture": "cn:530700", "County": "cn:530724",
    "PlaceGroup": "group:east8-2021", "Official": "official:yangpu-discipline:xu-min",
    "Agency": "org:cn:520500:bijie-discipline-organs", "Project": "project:shanghai-ninglang-2020",
}  # fmt: skip


def written(owner: GraphQLField, given: dict[str, str]) -> str:
    """The arguments of a field: those given, and what it cannot do without."""
    needed = {n: REQUIRED[n] for n, a in owner.args.items() if str(a.type).endswith("!") and a.default_value is not None
              and n in REQUIRED}  # fmt: skip
    pairs = ", ".join(f"{name}: {value}" for name, value in {**needed, **given}.items())
    return f"({pairs})" if pairs else ""


def selection(of: GraphQLField) -> str:
    named = get_named_type(of.type)
    fields = getattr(named, "fields", {})
    return "{ totalCount }" if "totalCount" in fields else "{ __typename }"


def reached(schema: GraphQLSchema) -> dict[str, Callable[[str], str]]:
    """For each type a way to it from the root: what goes around fields of it."""
    ways: dict[str, Callable[[str], str]] = {"Query": lambda inner: inner}
    for name, id_ in ENTITIES.items():
        ways[name] = lambda inner, n=name, i=id_: f'node(id: "{i}") {{ ... on {n} {{ {inner} }} }}'
    for name in list(ways):  # grows by the types that fields lead to
        pending = [name]
        while pending:
            one = pending.pop(0)
            type_ = schema.type_map[one]
            assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
            around = ways[one]
            for key, defined in type_.fields.items():
                target = get_named_type(defined.type)
                if isinstance(target, GraphQLObjectType | GraphQLInterfaceType) and target.name not in ways:
                    here = f"{key}{written(defined, {})}"
                    ways[target.name] = lambda inner, a=around, h=here: a(f"{h} {{ {inner} }}")
                    pending.append(target.name)
    for type_ in schema.type_map.values():
        if is_abstract_type(type_) and type_.name in ways:
            for possible in schema.get_possible_types(type_):
                way = ways[type_.name]
                ways.setdefault(possible.name, lambda inner, w=way, n=possible.name: w(f"... on {n} {{ {inner} }}"))
    return ways


def texts_of(name: str, argument: GraphQLArgument | GraphQLInputField) -> Iterator[tuple[str, str, str]]:
    """Where in an argument texts go: name, type of a variable, and the value with %s for it."""
    type_ = get_named_type(argument.type)
    if type_.name in ("String", "ID"):
        value = "[%s]" if "[" in str(argument.type) else "%s"
        yield name, f"{type_.name}!", value
    elif isinstance(type_, GraphQLInputObjectType):
        for key, inner in type_.fields.items():
            for _, variable, value in texts_of(key, inner):
                other = {"from": ', to: "9000"', "to": ', from: "0001"'}.get(key, "")
                label = f"{key}_" if other else key
                yield f"{name}.{label}", variable, f"{{{key}: {value}{other}}}"


def slots(schema: GraphQLSchema = SCHEMA._schema) -> Iterator[Slot]:
    """Every argument of every field, each field once however many types share it."""
    seen: set[int] = set()
    for type_name, way in reached(schema).items():
        type_ = schema.type_map[type_name]
        assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
        for key, defined in type_.fields.items():
            declared = defined.extensions.get("declared")
            if id(declared) in seen:
                continue
            seen.add(id(declared))
            for argument, one in defined.args.items():
                for name, variable, value in texts_of(argument, one):

                    def render(text: str, k: str = key, d: GraphQLField = defined, w: Callable[[str], str] = way,
                               a: str = argument, v: str = value) -> str:  # fmt: skip
                        return w(f"{k}{written(d, {a: v.replace('%s', text)})} {selection(d)}")

                    label = (
                        "Overview.currency"
                        if (type_name, argument) == ("Overview", "currency")
                        else f"{type_name}.{key}.{name}"
                    )
                    yield Slot(label, variable, render)


SLOTS = tuple(slots())


def test_the_walk_finds_every_argument() -> None:
    """Each argument of the schema that takes text is tried: none of a type that no question leads to."""
    names = {slot.name for slot in SLOTS}
    assert len(names) == len(SLOTS) > 150
    for name in (
        "Query.node.id", "Query.nodes.ids", "Query.place.code", "Query.places.within", "Query.places.after", "Query.places.asOf",
        "Query.places.knownOn", "Query.places.during.from_", "Query.places.during.to_", "Query.helpers.of", "Query.paths.from",
        "Query.paths.to", "Query.search.text", "Query.timeline.of", "Query.supervision.of",
        "Query.projects.status", "Query.sources.publisher", "Overview.currency",
        "AidRelationship.facts.after", "Supervision.rows.after",
    ):  # fmt: skip
        assert name in names
    tried = {id(f.extensions["declared"]) for t in SCHEMA._schema.type_map.values() for f in fields_with_text(t)}
    shared = {
        id(f.extensions["declared"])
        for n in reached(SCHEMA._schema)
        for f in fields_with_text(SCHEMA._schema.type_map[n])
    }
    assert tried == shared


def fields_with_text(type_: Any) -> Iterator[GraphQLField]:
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) and not type_.name.startswith("__"):
        yield from (f for f in type_.fields.values() if any(list(texts_of(n, a)) for n, a in f.args.items()))


def batches() -> Iterator[Callable[[str | None], str]]:
    """Documents with a text in many slots at once: as variables, or as literals of the text given."""
    looked_for = [slot for slot in SLOTS if slot.looked_for and not slot.computed]
    for first in range(0, len(looked_for), TOGETHER):
        group = looked_for[first : first + TOGETHER]

        def document(text: str | None, group: list[Slot] = group) -> str:
            def value(slot: Slot) -> str:
                if text is not None:
                    return json.dumps(slot.prefix + text)
                return "$prefixed" if slot.prefix else "$id" if slot.type == "ID!" else "$text"

            fields = " ".join(f"a{n}: {slot.render(value(slot))}" for n, slot in enumerate(group))
            types = {"$prefixed": "ID!", "$id": "ID!", "$text": "String!"}
            declared = ", ".join(
                f"{name}: {type_}" for name, type_ in types.items() if re.search(rf"\{name}\b", fields)
            )
            return f"query ({declared}) {{ {fields} }}" if text is None else f"{{ {fields} }}"

        yield document


def values(document: str, text: str) -> dict[str, str]:
    given = {"prefixed": f"cn:{text}", "id": text, "text": text}
    return {name: value for name, value in given.items() if f"${name}:" in document}


def found(value: Any) -> bool:
    """Whether an answer holds rows of anything."""
    if isinstance(value, dict):
        return bool(value.get("totalCount")) or "__typename" in value or any(map(found, value.values()))
    return isinstance(value, list) and any(map(found, value))


@pytest.mark.soak_on_neo4j
async def test_a_text_that_is_looked_for_is_text(api: Api, engine: str) -> None:
    literals = cycle(HOSTILE)
    for document in batches():
        with_variables = document(None)
        api.graph.statements.clear()
        plain = await api.planned(with_variables, **values(with_variables, PLAIN))
        codes = {error["extensions"]["code"] for error in plain.get("errors", ())}
        assert codes <= {"NOT_FOUND"} and not found(plain), (with_variables, plain)
        api.slow.clear()
        for text in HOSTILE[::2] if engine == "embedded" else HOSTILE[1::4]:
            assert await api.ask(with_variables, **values(with_variables, text)) == plain, text
        for text in islice(literals, 4):
            assert await api.ask(document(text)) == plain, text
        assert len(set(api.graph.statements)) == 1 and len(api.graph.statements) > len(HOSTILE) / 4 + 4
        for text in TOO_LONG:
            assert "characters: at most 1000 are taken" in await api.refused(
                with_variables, **values(with_variables, text)
            )
        for half in HALVES:  # no JSON of Python's that is Unicode
            body = json.dumps({"query": with_variables, "variables": values(with_variables, "HALF")}).replace(
                "HALF", half
            )
            answer = await api.send(body.encode())
            assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
            literal = await api.ask(document("HALF").replace("HALF", half))
            assert [error["extensions"]["code"] for error in literal["errors"]] == ["GRAPHQL_PARSE_FAILED"]
        assert api.slow == []


@pytest.mark.soak_on_neo4j
async def test_a_text_of_a_computed_answer_is_text(api: Api) -> None:
    # of explain a forged id is refused before the others are looked for: tests/integration/test_tracing.py
    slots = [slot for slot in SLOTS if slot.looked_for and slot.computed and "explain" not in slot.name]
    assert {slot.name.split(".")[1] for slot in slots} == {"trace", "totals", "reconciliation", "byRecipient"}
    for number, slot in enumerate(slots):
        for text in (PLAIN, *HOSTILE[number :: 2 * len(slots)]):
            answer = await api.ask(f"query ($t: {slot.type}) {{ {slot.render('$t')} }}", t=slot.prefix + text)
            assert [error["extensions"]["code"] for error in answer["errors"]] == ["NOT_FOUND"]
            assert answer["data"] == {slot.name.split(".")[1]: None}


@pytest.mark.soak_on_neo4j
async def test_a_text_that_must_have_a_form_is_refused(api: Api) -> None:
    span = "give a day, month or year such as"
    says = {
        "after": "pass a cursor that the same list gave",
        "asOf": "give a day such as",
        "knownOn": "give a day or a moment such as",
        "from_": span,
        "to_": span,
        "code": "give six digits such as",
        "currency": "give an ISO 4217 code such as",
        "id": "pass one that an answer gave",
    }
    texts = cycle((*HOSTILE, *TOO_LONG))
    api.slow.clear()
    for slot in SLOTS:
        if slot.looked_for or slot.searched:
            continue
        hint = says[slot.name.rsplit(".", 1)[-1]]
        everything = slot.name in ("Query.places.after", "Query.helpers.asOf", "Query.place.code", "Overview.currency")
        for text in (*HOSTILE, *TOO_LONG) if everything else islice(texts, 2):
            if hint == says["code"] and text in ("null", "true", "k0"):
                continue  # a code may be of letters: nothing has it
            assert hint in await api.refused(f"query ($t: {slot.type}) {{ {slot.render('$t')} }}", t=text)
            assert hint in await api.refused(f"{{ {slot.render(json.dumps(text))} }}")
    assert api.slow == []


async def test_a_text_without_a_colon_is_no_id(api: Api) -> None:
    for slot in SLOTS:
        for text in HOSTILE if slot.prefix else ():
            if ":" not in text:
                said = await api.refused(f"query ($t: ID!) {{ {slot.render('$t')} }}", t=text)
                assert said.startswith(f"{slot.name.rsplit('.', 1)[-1]} is ") and "ids look like cn:530724" in said


async def test_what_is_there_is_found_only_by_its_very_id(api: Api) -> None:
    """The texts above would find nothing either if nothing could be found."""
    query = "query ($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } places(within: $id) { totalCount } }"
    right = await api.planned(query, id="cn:530700")
    assert right == {"data": {"node": {"id": "cn:530700"}, "nodes": [{"id": "cn:530700"}], "places": {"totalCount": 5}}}
    for id_ in (
        "CN:530700",
        "cn:530700 ",
        " cn:530700",
        "cn:530700\0",
        "cn:53070",
        "ｃn:530700",
        "cn:530700\u200b",
        "cn:５30700",
    ):
        missing = {"path": ["places"], "extensions": {"code": "NOT_FOUND"}}
        assert await api.ask(query, id=id_) == {"data": None, "errors": [missing]}
        nothing = {"data": {"node": None, "nodes": [None]}}
        assert await api.ask("query ($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } }", id=id_) == nothing


# cursors

PAGE = "{ edges { cursor } pageInfo { startCursor endCursor } }"
LISTS = {
    "places": f"places(level: COUNTY, first: 2, after: $a) {PAGE}",
    "places, the last first": f"places(orderBy: ID_DESC, first: 2, after: $a) {PAGE}",
    "places by pinyin": f"places(orderBy: PINYIN_ASC, first: 2, after: $a) {PAGE}",
    "projects": f"projects(first: 2, after: $a) {PAGE}",
    "sources": f"sources(first: 2, after: $a) {PAGE}",
    "programmes": f"programmes(first: 2, after: $a) {PAGE}",
    "helpers": f'helpers(of: "cn:522600", first: 1, after: $a) {PAGE}',
    "what helps": f'helpers(of: "cn:530724") {{ nodes {{ facts(first: 1, after: $a) {PAGE} }} }}',
    "received": f'place(code: "530724") {{ fundingReceived(first: 1, after: $a) {PAGE} }}',
    "the largest received": f'place(code: "530724") {{ fundingReceived(orderBy: AMOUNT_DESC, first: 1, after: $a) {PAGE} }}',
    "given": f'place(code: "310000") {{ fundingGiven(first: 1, after: $a) {PAGE} }}',
}


def cursors_of(answer: Any) -> set[str]:
    if isinstance(answer, list):
        return {cursor for one in answer for cursor in cursors_of(one)}
    if isinstance(answer, dict):
        here = {value for key, value in answer.items() if key in ("cursor", "startCursor", "endCursor") and value}
        return here.union(*map(cursors_of, answer.values()))
    return set()


async def test_a_cursor_is_for_its_list_in_its_order(api: Api, seeded: Graph) -> None:
    given: dict[str, set[str]] = {}
    for name, query in LISTS.items():
        first = await api.planned(f"query ($a: String) {{ {query} }}")
        assert list(first) == ["data"], (name, first)
        given[name] = cursors_of(first)
        assert 1 <= len(given[name]) <= 2
    for name, query in LISTS.items():
        for other, cursors in given.items():
            for cursor in cursors:
                if other != name:
                    assert "after is no cursor of this list" in await api.refused(
                        f"query ($a: String) {{ {query} }}", a=cursor
                    )
                    continue
                behind = await api.ask(f"query ($a: String) {{ {query} }}", a=cursor)
                assert list(behind) == ["data"]
                assert cursor not in cursors_of(behind)  # the page begins behind it
    elsewhere = Seal(b"x" * 32).sealed("Place:id_asc", ["cn:1"])
    mine = Seal(await seal_key(seeded)).sealed("Place:id_asc", ["cn:1"])
    query = f"query ($a: String) {{ {LISTS['places']} }}"
    assert "after is no cursor of this list" in await api.refused(query, a=elsewhere)
    assert list(await api.ask(query, a=mine)) == ["data"]


async def test_keys_within_a_cursor_are_text(api: Api, seeded: Graph) -> None:
    """Even one who had the key could say nothing but where to begin."""
    seal = Seal(await seal_key(seeded))
    query = f"query ($a: String) {{ projects(orderBy: PINYIN_ASC, first: 2, after: $a) {PAGE} }}"
    await api.planned(query)
    statement = api.graph.statements[-1]
    for text in HOSTILE:
        answer = await api.ask(query, a=seal.sealed("Project:pinyin_asc", [text, text]))
        assert list(answer) == ["data"] and api.graph.statements[-1] == statement


# failures


async def test_a_statement_past_its_time_is_given_up(seeded: Graph) -> None:
    executor = Executor(SCHEMA, seeded, Seal(b"k" * 32), timeout=0.001)
    query = '{ paths(from: "cn:310110", to: "cn:530724", maxHops: 4) { paths { length } } }'
    began = time.perf_counter()
    answer = await executor.answer(query, None, None)
    assert time.perf_counter() - began < SECONDS
    assert json.loads(answer.body) == {
        "data": None,
        "errors": [{"message": "the question took too long: ask for less", "extensions": {"code": "TIMEOUT"}}],
    }
    again = Executor(SCHEMA, seeded, Seal(b"k" * 32))
    assert json.loads((await again.answer('{ node(id: "cn:530724") { id } }', None, None)).body) == {
        "data": {"node": {"id": "cn:530724"}}
    }


async def test_an_engine_that_is_not_there() -> None:
    async with engines._driver("bolt://127.0.0.1:1", ("neo4j", "x"), 1) as driver:
        graph = Graph(driver, kind=Engine.NEO4J, database=None, where="127.0.0.1:1")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("api.app.own_schema", lambda: SCHEMA)
            transport = httpx2.ASGITransport(app=create_app(graph))
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            for _ in range(2):
                began = time.perf_counter()
                response = await client.post("/graphql", json={"query": '{ node(id: "x") { id } }'})
                assert time.perf_counter() - began < 3.0
                assert (response.status_code, response.headers["retry-after"]) == (503, "2")
                assert response.json() == {
                    "data": None,
                    "errors": [
                        {
                            "message": "the graph is not available at the moment",
                            "extensions": {"code": "SERVICE_UNAVAILABLE"},
                        }
                    ],
                }
            assert (await client.get("/readyz")).status_code == 503
            assert (await client.get("/healthz")).status_code == 200
            executor = Executor(SCHEMA, graph, Seal(b"k" * 32))
            answer = await executor.answer('{ node(id: "x") { id } }', None, None)
            assert answer.unavailable
