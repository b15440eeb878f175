"""How Neo4j reads lists: in order of an index, without a sort. And the plans kept by the executor: one text, few of them."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from api import execute
from api.arguments import Asked
from api.execute import Compiled, Executor
from api.schema import own_schema
from graph.engine import Engine, Graph
from graph.model import MODEL
from tests.questions import NOW, SEAL, Question, answer, answering

SCHEMA = own_schema()
CORE = SCHEMA._schema
ORDERS = ("ID_ASC", "ID_DESC", "PINYIN_ASC", "PINYIN_DESC")
LEVELS = ("COUNTRY", "PROVINCE", "PREFECTURE", "COUNTY", "TOWNSHIP", "VILLAGE", "ZONE")
#: Lists of the entities of a label.
LISTS = tuple(
    name for name, one in CORE.query_type.fields.items() if {"orderBy", "of"} & one.args.keys() == {"orderBy"}
)
WITHIN = tuple(name for name in LISTS if "within" in CORE.query_type.fields[name].args)
#: Of each label.
ROWS = 200
#: Operators that put rows into an order themselves, but for the one below a page: its rows, before they are collected.
SORTS = {"Sort", "Top", "Top1WithTies", "PartialSort", "PartialTop"}
IN_ORDER = {"NodeIndexScan", "NodeIndexSeekByRange", "NodeUniqueIndexSeekByRange", "NodeIndexSeek"}


def plan(executor: Executor, query: str, **variables: Any) -> tuple[Compiled, dict[str, Any]]:
    """What is compiled of a question, and the parameters of the statement."""
    document = executor._document(query, None)
    coerced = executor._coerced(document, variables)
    asked = Asked(now=NOW, seal=SEAL)
    compiled = executor._plan(document, coerced, asked)
    return compiled, compiled.selection.parameters(coerced, asked)


async def operators(graph: Graph, cypher: str, p: dict[str, Any]) -> list[tuple[str, str]]:
    """Operators of the plan that Neo4j has for a statement, with their details."""
    async with graph._driver.session() as session:
        summary = await (await session.run(f"EXPLAIN {cypher}", {"p": p})).consume()
    assert summary.plan
    return list(_operators(summary.plan))


def _operators(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield found["operatorType"].partition("@")[0], found["args"].get("Details", "")
    for child in found.get("children", ()):
        yield from _operators(child)


@pytest.fixture
async def neo4j(graph: Graph) -> Graph:
    """A Neo4j with some rows of each label: of a label with few, it would rather sort them."""
    if graph.kind is not Engine.NEO4J:
        pytest.skip("the embedded engine tells no plan, and has no such index")
    for node in MODEL.nodes:
        labels = ":".join(dict.fromkeys(("Entity", node.parent or node.label, node.label)))
        made = f"CREATE (e:{labels} {{id: id, canonical: id, pinyin: 'pin' + n, type: $p.label, code: id}})"
        rows = f"UNWIND range(1, $p.rows) AS n WITH n, $p.label + n AS id {made}"
        p = {"rows": ROWS, "label": node.label}
        await graph.write(lambda transaction, rows=rows, p=p: transaction.rows(f"{rows} RETURN count(e)", p))
    await graph.rows("CALL db.prepareForReplanning(60)")
    return graph


def listed(name: str, order: str, *more: str) -> str:
    arguments = ", ".join((f"orderBy: {order}", "first: 3", *more))
    return f"query ($after: String) {{ {name}({arguments}, after: $after) {{ edges {{ cursor node {{ id }} }} }} }}"


def cursor(name: str, order: str) -> str:
    """A cursor of some row in the middle of a list."""
    label = CORE.query_type.fields[name].type.of_type.name.removesuffix("Connection")
    keys = ["cn:310000"] if order.startswith("ID") else ["shanghai", "cn:310000"]
    return SEAL.sealed(f"{label}:{order.lower()}", keys)


async def test_lists_are_read_in_order_of_an_index(neo4j: Graph) -> None:
    executor = answering(neo4j, SCHEMA).compiled
    assert len(LISTS) >= 12
    cases = [(name, ()) for name in LISTS] + [("places", (f"level: {level}",)) for level in LEVELS]
    for order, (name, more) in product(ORDERS, cases):
        for after in (None, cursor(name, order)):
            compiled, p = plan(executor, listed(name, order, *more), after=after)
            found = await operators(neo4j, compiled.plan.cypher, p)
            names = [operator for operator, _ in found]
            said = (name, more, after, found)
            assert not SORTS & set(names), said
            assert "NodeByLabelScan" not in names and "AllNodesScan" not in names, said
            (index,) = (details for operator, details in found if operator in IN_ORDER)
            label = more[0].partition(": ")[2].capitalize() if more else compiled_label(name)
            properties = "(id)" if order.startswith("ID") else "(pinyin, id)"
            assert f":{label}{properties}" in index, said


def compiled_label(name: str) -> str:
    return CORE.query_type.fields[name].type.of_type.name.removesuffix("Connection")


async def test_lists_within_a_place_begin_at_the_place(neo4j: Graph) -> None:
    executor = answering(neo4j, SCHEMA).compiled
    cases = [(name, ('within: "cn:530000"',)) for name in WITHIN]
    cases += [("places", ('within: "cn:530000"', f"level: {level}")) for level in ("COUNTY", "PREFECTURE")]
    cases += [("places", ('within: "cn:530000"', 'asOf: "2020-04-30"'))]
    for order, (name, more) in product(ORDERS, cases):
        compiled, p = plan(executor, listed(name, order, *more), after=cursor(name, order))
        found = await operators(neo4j, compiled.plan.cypher, p)
        assert any(o == "NodeUniqueIndexSeek" and ":Entity(id)" in details for o, details in found), (name, more, found)
        assert not {"NodeByLabelScan", "AllNodesScan", *IN_ORDER} & {o for o, _ in found}, (name, more, found)


async def test_entities_and_what_hangs_on_them_are_found_by_their_ids(neo4j: Graph) -> None:
    executor = answering(neo4j, SCHEMA).compiled
    for query in (
        '{ node(id: "cn:530724") { id ... on Place { fundingReceived(first: 2) { nodes { evidence { source { id } } } } } } }',
        '{ nodes(ids: ["cn:530724", "cn:440100"]) { id ... on Place { parent { id } ancestors { id } } } }',
        '{ place(code: "530724") { pairingsReceived(first: 2, orderBy: BEGAN_ASC) { totalCount nodes { programme { id } } } } }',
        '{ helpers(of: "cn:530724", asOf: "2020-04-30") { nodes { helper { id } facts(first: 2) { nodes { means { id } } } } } }',
        '{ paths(from: "cn:310110", to: "cn:530724") { paths { nodes { id } } } }',
        '{ search(text: "宁蒗") { totalCount nodes { match entity { id } } } }',
        '{ timeline(of: "cn:530724", asOf: "2020-04-30") { nodes { other { id } fact { id } } } }',
        '{ supervision(of: "cn:520500", asOf: "2020-05-01") { open rows { nodes { inspection { id } } } } }',
    ):
        compiled, p = plan(executor, query)
        found = await operators(neo4j, compiled.plan.cypher, p)
        assert not {"NodeByLabelScan", "AllNodesScan", "DirectedRelationshipTypeScan"} & {o for o, _ in found}, (
            query,
            found,
        )


# the plans the executor keeps


@pytest.fixture
def executor() -> Executor:
    """One that compiles, over no graph."""
    return Executor(SCHEMA, None, SEAL, clock=lambda: NOW)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{ node(id: "cn:530724") { id } }', '{ node(id: "cn:440100") { id } }'),
        ('{ nodes(ids: ["a"]) { id } }', '{ nodes(ids: ["a", "b", "c"]) { id } }'),
        ('{ place(code: "1", asOf: "2019-01-01") { parent { id } } }',
         '{ place(code: "2", during: {from: "2001", to: "2002"}) { parent { id } } }'),
        ("{ places(first: 1) { nodes { id } } }", "{ places(first: 400) { nodes { id } } }"),
        (f'{{ places(first: 1, after: "{cursor("places", "ID_ASC")}") {{ nodes {{ id }} }} }}', "{ places { nodes { id } } }"),
        ('{ projects(status: "a", within: "b") { totalCount } }', '{ projects(within: "c", status: "d") { totalCount } }'),
        ('{ place(code: "1") { fundingReceived(where: {class: BUDGET}, first: 2) { totalCount nodes { id } } } }',
         '{ place(code: "1") { fundingReceived(where: {class: DONATION}) { totalCount nodes { id } } } }'),
        ('{ helpers(of: "a:b", via: [FUNDS, SUPPORTS]) { totalCount } }',
         '{ helpers(of: "a:c", via: [SUPPORTS, FUNDS, FUNDS]) { totalCount } }'),
        ('{ paths(from: "a:b", to: "c:d", first: 3) { truncated } }',
         '{ paths(from: "e:f", to: "g:h", first: 30) { truncated } }'),
        ('{ overview { fundingByProvince(class: BUDGET) { facts } } }',
         '{ overview { fundingByProvince(class: DONATION, currency: "USD") { facts } } }'),
    ],
)  # fmt: skip
def test_other_literals_make_the_same_statement(executor: Executor, one: str, other: str) -> None:
    first, second = plan(executor, one), plan(executor, other)
    assert first[0].plan.cypher == second[0].plan.cypher
    assert first[1] != second[1] or "via" in one


def test_what_a_text_is_made_of_makes_another_statement(executor: Executor) -> None:
    texts = {
        plan(executor, query)[0].plan.cypher
        for query in (
            "{ places { nodes { id } } }", "{ places(orderBy: ID_DESC) { nodes { id } } }",
            "{ places(level: COUNTY) { nodes { id } } }", '{ places(within: "a") { nodes { id } } }',
            '{ places(within: "a", asOf: "2020-01-01") { nodes { id } } }', "{ places { totalCount } }",
        )
    }  # fmt: skip
    assert len(texts) == 6


def test_values_are_parameters_and_never_text(executor: Executor) -> None:
    hostile = "'; MATCH (n) DETACH DELETE n // ` $p.today \\u0027 530724"
    for query in (
        "query ($x: ID!) { node(id: $x) { id } }", "query ($x: ID!) { nodes(ids: [$x]) { id } }",
        "query ($x: ID!) { places(within: $x) { totalCount } }", "query ($x: String!) { projects(status: $x) { totalCount } }",
        "query ($x: ID!) { node(id: $x) { ... on Place { pairingsGiven(where: {programme: $x}) { totalCount } } } }",
    ):  # fmt: skip
        compiled, p = plan(executor, query, x=hostile)
        assert "530724" not in compiled.plan.cypher and "DELETE" not in compiled.plan.cypher
        assert (
            hostile in str(p.values()).encode().decode("unicode_escape")
            or [hostile] in p.values()
            or hostile in p.values()
        )


def test_a_document_is_compiled_once_for_each_shape_of_its_variables(executor: Executor) -> None:
    query = """query ($a: String, $yes: Boolean = true, $w: FundingFilter) { place(code: "1", asOf: $a) {
      id @include(if: $yes) fundingGiven(where: $w) { totalCount } } }"""
    document = executor._kept(query, None)
    assert executor._kept(query, None) is document
    kept = [
        executor._plan(document, executor._coerced(document, given), Asked(now=NOW, seal=SEAL))
        for given in (
            {"a": "2020-01-01"}, {"a": "2019-01-01", "yes": True}, {"a": None}, {"a": "2020-01-01", "yes": False},
            {"w": {"class": "BUDGET"}}, {"w": {"class": "DONATION", "basis": None}}, {"w": {"basis": "DONE"}},
        )
    ]  # fmt: skip
    assert [kept.index(one) for one in kept] == [0, 0, 2, 3, 4, 4, 6]
    assert len(document.plans) == 5


def test_the_shapes_of_a_document_are_bounded(executor: Executor) -> None:
    names = [f"v{n}" for n in range(7)]
    declared = ", ".join(f"${name}: Boolean = true" for name in names)
    fields = " ".join(f"{name}: name @include(if: ${name})" for name in names)
    query = f'query ({declared}) {{ place(code: "1") {{ id {fields} }} }}'
    document = executor._kept(query, None)
    asked = Asked(now=NOW, seal=SEAL)
    texts: set[str] = set()
    for number in range(2 ** len(names)):
        given = {name: bool(number >> n & 1) for n, name in enumerate(names)}
        compiled = executor._plan(document, executor._coerced(document, given), asked)
        assert executor._plan(document, executor._coerced(document, given), asked) is compiled
        assert 1 <= len(document.plans) <= execute.SHAPES
        texts.add(compiled.plan.cypher)
    assert len(texts) == 2  # a value is read once, whatever the keys it has in the answer


def test_values_do_not_make_shapes(executor: Executor) -> None:
    query = """query ($id: ID!, $n: Int!, $day: String!, $ids: [ID!]!, $w: FundingFilter, $p: Period) {
      node(id: $id, asOf: $day) { ... on Place { fundingReceived(first: $n, where: $w) { totalCount } } }
      nodes(ids: $ids, during: $p) { id } }"""
    document = executor._kept(query, None)
    asked = Asked(now=NOW, seal=SEAL)
    for number in range(1, 80):
        given = {
            "id": f"cn:{number}", "n": number, "day": f"{1900 + number}-01-01", "ids": ["x"] * number,
            "w": {"currency": f"C{number}"}, "p": {"from": str(1900 + number), "to": str(2000 + number)},
        }  # fmt: skip
        executor._plan(document, executor._coerced(document, given), asked)
    assert len(document.plans) == 1


def test_values_that_choose_a_text_make_shapes(executor: Executor) -> None:
    query = """query ($hops: Int!, $via: [RelationshipType!], $order: EntityOrder, $level: PlaceLevel) {
      paths(from: "a:b", to: "c:d", maxHops: $hops, via: $via) { truncated }
      places(level: $level, orderBy: $order) { nodes { id } } }"""
    document = executor._kept(query, None)
    asked = Asked(now=NOW, seal=SEAL)
    texts = [
        executor._plan(document, executor._coerced(document, given), asked).plan.cypher
        for given in (
            {"hops": 1}, {"hops": 4}, {"hops": 1, "via": ["FUNDS"]}, {"hops": 1, "via": ["FUNDS", "SUPPORTS"]},
            {"hops": 1, "order": "ID_DESC"}, {"hops": 1, "level": "COUNTY"},
        )
    ]  # fmt: skip
    assert len(set(texts)) == len(texts) == len(document.plans)
    again = {"hops": 1, "via": ["SUPPORTS", "FUNDS", "SUPPORTS"]}
    assert executor._plan(document, executor._coerced(document, again), asked).plan.cypher == texts[3]


def test_the_documents_kept_are_bounded(executor: Executor) -> None:
    for number in range(execute.DOCUMENTS + 50):
        executor._kept(f'{{ place(code: "{number}") {{ id }} }}', None)
    said = executor._kept.cache_info()
    assert (said.currsize, said.maxsize) == (execute.DOCUMENTS, execute.DOCUMENTS)


async def test_a_long_document_is_not_kept(seeded: Graph) -> None:
    executor = answering(seeded, SCHEMA).compiled
    long = '{ place(code: "530724") { name } }' + " " * execute.CACHED
    short = Question(name="short", query='{ place(code: "530724") { name } }')
    assert await answer(executor, Question(name="long", query=long)) == await answer(executor, short)
    assert executor._kept.cache_info().currsize == 1


def test_what_is_selected_on_all_kinds_of_facts_is_read_in_one_place(executor: Executor) -> None:
    """Not once for each of the thirty types, which nested would be nine hundred."""
    inner = (
        "evidence { asStated { from { id ... on Place { parent { id } } } to { id ... on Place { parent { id } } } } }"
    )
    whole = (
        f"evidence {{ asStated {{ to {{ ... on Entity {{ describedIn(first: 1) {{ nodes {{ {inner} }} }} }} }} }} }}"
    )
    compiled, _ = plan(
        executor, f'{{ place(code: "530724") {{ fundingReceived(first: 1) {{ nodes {{ {whole} }} }} }} }}'
    )
    assert compiled.plan.cypher.count("PART_OF") == 2
    assert compiled.plan.cypher.count("CALL") == 7
