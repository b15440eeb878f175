"""What is too large in a document: each limit at and past it, and what attackers send."""

import time
from collections.abc import Callable

import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    build_schema,
    get_introspection_query,
    parse,
    validate,
)
from hypothesis import given
from hypothesis import strategies as st

from api import limits

SCHEMA = build_schema("""
type Query implements Named {
  id: ID
  name(of: Int, as: Int): String
  parent: Thing
  things(first: Int! = 20): ThingConnection!
  few(first: Int = 3): ThingConnection!
  unset(first: Int): [Thing!]!
  pickers(first: Int! = 20): ThingConnection!
  all: ThingConnection!
  tags: [Thing!]!
  regions: [Thing!]
  nodes(ids: [ID!]!): [Thing]!
  any: Either
}
interface Named { id: ID name(of: Int, as: Int): String parent: Thing }
type Thing implements Named {
  id: ID
  name(of: Int, as: Int): String
  parent: Thing
  things(first: Int! = 20): ThingConnection!
  tags: [Thing!]!
}
type Other { id: ID }
union Either = Thing | Other
type ThingConnection { edges: [ThingEdge!]! nodes: [Thing!]! total: Int! }
type ThingEdge { node: Thing! cursor: String! }
""")
ROOT = SCHEMA.query_type
assert ROOT
ROOT.fields["pickers"].extensions["most"] = 500
ROOT.fields["regions"].extensions["rows"] = 40
ROOT.fields["all"].extensions["cost"] = 1_500


def refused(question: str | DocumentNode, operation: str | None = None) -> list[tuple[str, object, int]]:
    document = parse(question) if isinstance(question, str) else question
    found: list[tuple[str, object, int]] = []
    for error in limits.check(document, SCHEMA, operation):
        extensions = error.extensions
        assert extensions and extensions["code"] == "COST_LIMIT_EXCEEDED"
        found.append((extensions["what"], extensions["value"], extensions["limit"]))
    return found


def measured(question: str, *whats: str) -> tuple[object, ...]:
    """Depth and cost, or what else is asked for, by limits that refuse everything."""
    with pytest.MonkeyPatch.context() as patch:
        for limit in ("DEPTH", "COST", "SCHEMA_DEPTH", "SCHEMA_COST"):
            patch.setattr(limits, limit, -1)
        values = {what: value for what, value, _ in refused(question)}
    return tuple(values[what] for what in whats or ("depth", "cost"))


def cpu(call: Callable[[], object], times: int = 3) -> float:
    """Seconds of the fastest call."""
    best = float("inf")
    for _ in range(times):
        start = time.process_time()
        call()
        best = min(best, time.process_time() - start)
    return best


def nested(depth: int, field: str = "parent") -> str:
    return f"{field} {{ " * (depth - 1) + "id" + " }" * (depth - 1)


def bomb(fragments: int, spreads: int) -> str:
    """Fragments that each spread the next one several times."""
    chain = (f"fragment f{i} on Query {{ {f'...f{i + 1} ' * spreads} }}" for i in range(fragments - 1))
    return "{ ...f0 } " + " ".join(chain) + f" fragment f{fragments - 1} on Query {{ id }}"


def spread_all(fragments: int) -> str:
    definitions = (f"fragment f{i} on Query {{ id }}" for i in range(fragments))
    return "{ " + " ".join(f"...f{i}" for i in range(fragments)) + " } " + " ".join(definitions)


def directives(number: int) -> str:
    """In each place a directive can be, and the rest of them on one field."""
    operation = "query Q($v: Int @a) @a { ...f @a ... @a { id @a } name(of: $v) " + "@a " * (number - 6) + "}"
    return operation + " fragment f on Query @a { id }"


def compared(more: str = "") -> str:
    """200 plain fields of one name and 5 others: 19,900 pairs and 10 times 10."""
    return "{ " + "id " * 200 + " ".join(f"parent {{ u{i} }}" for i in range(5)) + more + " }"


INNER = "things(first: 99) { nodes { things(first: 100) { nodes { id } } } }"  # 1 + 99 (1 + 1 + 100 (1 + 1))
META = "types { fields { args { " + "name " * 155 + "} } }"  # 21 + 64 for each name

AT_THE_LIMIT_AND_PAST_IT = {
    "depth": ("{ " + nested(15) + " }", "{ " + nested(16) + " }", 16, 15),
    "cost": ("{ id " + INNER + " }", "{ id name " + INNER + " }", 20_001, 20_000),
    "aliases": (
        "{ " + " ".join(f"a{i}: id" for i in range(30)) + " }",
        "{ " + " ".join(f"a{i}: id" for i in range(31)) + " }",
        31,
        30,
    ),
    "directives": (directives(20), directives(21), 21, 20),
    "fragments": (spread_all(20), spread_all(21), 21, 20),
    "operations": (
        " ".join(f"query q{i} {{ id }}" for i in range(20)),
        " ".join(f"query q{i} {{ id }}" for i in range(21)),
        21,
        20,
    ),
    "selections": (
        "{ " + " ".join(f"u{i}" for i in range(500)) + " }",
        "{ " + " ".join(f"u{i}" for i in range(501)) + " }",
        501,
        500,
    ),
    "comparisons": (compared(), compared(" u0"), 20_001, 20_000),
    "__schema": ("{ __schema { description } }", "{ __schema { description } __schema { description } }", 2, 1),
    "__type": (
        "{ " + " ".join(f't{i}: __type(name: "Thing") {{ name }}' for i in range(5)) + " }",
        "{ " + " ".join(f't{i}: __type(name: "Thing") {{ name }}' for i in range(6)) + " }",
        6,
        5,
    ),
    "introspection depth": (
        get_introspection_query(type_depth=14),
        get_introspection_query(type_depth=15),
        21,
        20,
    ),
    "introspection cost": (
        "{ __schema { " + "description " * 58 + META + " } }",
        "{ __schema { " + "description " * 59 + META + " } }",
        10_001,
        10_000,
    ),
}


@pytest.mark.parametrize("what", AT_THE_LIMIT_AND_PAST_IT)
def test_each_limit_at_it_and_one_past_it(what: str) -> None:
    at, past, value, limit = AT_THE_LIMIT_AND_PAST_IT[what]
    assert refused(at) == []
    assert refused(past) == [(what, value, limit)]


def test_an_error_says_what_to_do_and_where() -> None:
    (error,) = limits.check(parse("query Q { things(first: 100) { nodes { " + "tags { id } " * 20 + "} } }"), SCHEMA)
    assert error.message == (
        "the question is too large: cost 22101, at most 20000; ask for fewer rows (first) or split the question"
    )
    assert error.locations and error.locations[0].line == 1


def test_at_most_ten_errors() -> None:
    errors = refused(" ".join(f"query q{i} {{ {INNER} {INNER} }}" for i in range(11)))
    assert errors == [("cost", 39_998, 20_000)] * 10


def test_a_huge_number_is_not_printed() -> None:
    document = parse("{ " + "things(first: 100) { nodes { " * 7 + "id" + " } }" * 7 + " }")
    (error,) = limits.check(document, SCHEMA)
    assert error.extensions and error.extensions["value"] == "more than 10^9"
    assert "cost more than 10^9, at most 20000" in error.message


@pytest.mark.parametrize(
    ("question", "cost"),
    [
        ("{ id }", 1),
        ("{ id __typename parent { __typename } }", 4),
        ("{ things(first: 7) { nodes { id } } }", 1 + 7 * 2),
        ("{ things(first: 7) { edges { cursor node { id } } total } }", 1 + 7 * 5),
        ("{ things { nodes { id } } }", 1 + 20 * 2),
        ("{ few { nodes { id } } }", 1 + 3 * 2),
        ("{ unset { id } }", 1 + 20),
        ("{ unset(first: null) { id } }", 1 + 100),
        ("{ things(first: 0) { nodes { id } } }", 1 + 2),
        ("{ things(first: -5) { nodes { id } } }", 1 + 2),
        ("{ things(first: 101) { nodes { id } } }", 1 + 100 * 2),
        ("{ things(first: " + "9" * 5_000 + ") { nodes { id } } }", 1 + 100 * 2),
        ('{ things(first: "7") { nodes { id } } }', 1 + 100 * 2),
        ("query Q($n: Int! = 1) { things(first: $n) { nodes { id } } }", 1 + 100 * 2),
        ("query Q($n: Int!) { few(first: $n) { nodes { id } } }", 1 + 100 * 2),
        ("{ pickers { nodes { id } } }", 1 + 20 * 2),
        ("{ pickers(first: 501) { nodes { id } } }", 1 + 500 * 2),
        ("query Q($n: Int!) { pickers(first: $n) { nodes { id } } }", 1 + 500 * 2),
        ("{ all { nodes { id } } }", 1_500 + 10 * 2),
        ("{ tags { id tags { id } } }", 1 + 10 * (1 + 1 + 10)),
        ("{ regions { id } }", 1 + 40),
        ('{ nodes(ids: ["a", "b", "c"]) { id name } }', 1 + 3 * 2),
        ("{ nodes(ids: []) { id } }", 1 + 1),
        ('{ nodes(ids: "a") { id } }', 1 + 1),
        ("query Q($ids: [ID!]!) { nodes(ids: $ids) { id } }", 1 + 100),
        ("query Q($id: ID!) { nodes(ids: [$id, $id]) { id } }", 1 + 2),
        ("{ nodes { id } }", 1 + 10),
        ("{ any { ... on Thing { tags { id } } ... on Other { id } } }", 1 + 11 + 1),
        ("{ parent { ... { tags { id } } } }", 1 + 11),
        ("{ parent { ...f ...f } } fragment f on Thing { tags { id } }", 1 + 2 * 11),
    ],
)
def test_the_cost_of_a_field_is_that_of_its_rows(question: str, cost: int) -> None:
    assert measured(question, "cost") == (cost,)


@pytest.mark.parametrize(
    "question",
    [
        "{ nobody { knows(first: 100) { this } } ...missing }",
        "{ parent { ... on Nothing { tags(first: 3) { id } } id { id } } }",
        "{ ...f } fragment f on Nothing { tags { id } }",
        "mutation { add(first: 1000) { id } } ",
        "subscription S { things { id } }",
        "type Thing { id: ID } directive @a on FIELD",
        "fragment f on Thing { id }",
        "{ id { id { id } } any { id } __typename { id } }",
        "{ parent { __schema { types { name } } } }",
    ],
)
def test_what_the_schema_does_not_know_is_left_to_other_rules(question: str) -> None:
    document = parse(question)
    assert limits.check(document, SCHEMA) == []
    assert validate(SCHEMA, document)


def test_only_the_operation_that_runs_has_depth_and_cost() -> None:
    document = parse("query small { id } query deep { " + nested(16) + " } query dear { " + INNER + INNER + " }")
    assert refused(document, "small") == []
    assert refused(document, "deep") == [("depth", 16, 15)]
    assert refused(document, "dear") == [("cost", 39_998, 20_000)]
    both = [("depth", 16, 15), ("cost", 39_998, 20_000)]
    assert refused(document) == refused(document, "no such operation") == both


def test_what_does_not_run_counts_as_written() -> None:
    aliases = " ".join(f"a{i}: id" for i in range(31))
    assert refused("query small { id } query other { " + aliases + " }", "small") == [("aliases", 31, 30)]


def test_two_fragments_of_one_name_count_twice() -> None:
    assert refused("{ ...f } " + "fragment f on Query { id } " * 21) == [("fragments", 21, 20)]


def test_depth_hidden_in_a_chain_of_fragments() -> None:
    def chain(length: int) -> str:
        links = (f"fragment g{i} on Thing {{ parent {{ ...g{i + 1} }} }}" for i in range(length))
        return "{ parent { ...g0 } } " + " ".join(links) + f" fragment g{length} on Thing {{ id }}"

    assert measured(chain(13), "depth") == (15,)
    assert refused(chain(13)) == []
    assert refused(chain(14)) == [("depth", 16, 15)]
    assert refused(chain(30)) == [("fragments", 31, 20)]


@pytest.mark.parametrize(
    "question",
    [
        "{ ...a } fragment a on Query { id ...a }",
        "{ ...a } fragment a on Query { parent { ...b } } fragment b on Thing { parent { ...b id } ...b }",
        "{ ...a } fragment a on Query { ...b ...b } fragment b on Query { ...a ...a }",
    ],
)
def test_circles_end(question: str) -> None:
    document = parse(question)
    assert limits.check(document, SCHEMA) == []
    assert any("within itself" in error.message for error in validate(SCHEMA, document))


@pytest.mark.parametrize(
    ("question", "whats"),
    [
        (bomb(24, 2), {"fragments"}),
        (bomb(60, 3), {"fragments"}),
        (bomb(20, 7), {"cost"}),  # as many fragments as there may be: 7^19 fields
        ("{ id } " + " ".join(f"fragment f{i} on Query {{ id }}" for i in range(3_000)), {"fragments", "selections"}),
        ("{ id " + "@include(if: true) " * 1_000 + "}", {"directives"}),
        ("{ " + " ".join(f"a{i}: things {{ nodes {{ id }} }}" for i in range(200)) + " }", {"aliases"}),
        ("{ " + " ".join(f"a{i}: id" for i in range(5_000)) + " }", {"aliases"}),
        ("{ " + "__typename " * 500 + "}", {"comparisons"}),
        ("{ " + "parent { id } " * 500 + "}", {"comparisons"}),
        (" ".join(f"query q{i} {{ id }}" for i in range(1_000)), {"operations"}),
        ("{ " + " ".join(f"u{i}" for i in range(5_000)) + " }", {"selections"}),
        ("{ " + " ".join(f"a{i}: __schema {{ types {{ name }} }}" for i in range(50)) + " }", {"aliases"}),
    ],
)
def test_hostile_documents_are_refused_quickly(question: str, whats: set[str]) -> None:
    document = parse(question, no_location=True)
    assert whats <= {what for what, _, _ in refused(document)}
    assert cpu(lambda: limits.check(document, SCHEMA)) < 0.1


def test_copies_of_copies_are_refused() -> None:
    def copies(levels: int) -> str:
        return "id" if levels == 0 else " ".join([f"parent {{ {copies(levels - 1)} }}"] * 3)

    assert refused("{ " + copies(5) + " }") == [("selections", 606, 500), ("comparisons", 686_433, 20_000)]


#: Valid and close to the limits, one of each kind that keeps the standard rules busy.
PASSING = {
    "plain fields": "{ " + "id " * 200 + "}",
    "fields with selections": "{ " + "parent { id } " * 60 + "}",
    "fields with arguments": "{ " + "name(of: 1, as: 2) " * 63 + "}",
    "nested copies": "{ " + ("parent { " + "parent { id } " * 7 + "} ") * 7 + "}",
    "selections of spreads": "{ " + "".join(f"parent {{ {' '.join(f'...f{i}' for i in range(20))} }} " for _ in range(7))
    + "} " + " ".join(f"fragment f{i} on Thing {{ id }}" for i in range(20)),
    "fragments of later ones": "query small { id } query deep { parent { ...f0 } } " + " ".join(
        f"fragment f{i} on Thing {{ id parent {{ {' '.join(f'...f{k}' for k in range(i + 1, min(i + 9, 20)))} id }} }}"
        for i in range(20)
    ),
    "operations of one fragment": " ".join(f"query q{i}($v: Int) {{ ...f }}" for i in range(20))
    + " fragment f on Query { " + "name(of: $v, as: $v) " * 62 + "}",
}  # fmt: skip


@pytest.mark.parametrize("question", PASSING.values(), ids=PASSING)
def test_what_passes_does_not_keep_the_standard_rules_busy(question: str) -> None:
    document = parse(question, max_tokens=2_000)
    assert limits.check(document, SCHEMA, "small") == []
    assert validate(SCHEMA, document) == []
    assert cpu(lambda: validate(SCHEMA, document)) < 0.3  # a tenth of that on a quiet machine


def test_time_is_linear() -> None:
    def fragments(size: int) -> DocumentNode:
        body = " ".join(f"u{i} {{ v{i} }}" for i in range(size))
        links = (f"fragment f{i} on Query {{ {body} ...f{i + 1} ...f{i + 1} }}" for i in range(19))
        return parse("{ ...f0 } " + " ".join(links) + " fragment f19 on Query { id }")

    def plain(size: int) -> DocumentNode:
        return parse("{ " + "parent { id } " * size + "}")

    for document, size in ((fragments, 5), (plain, 5_000)):
        once, often = document(size), document(4 * size)  # 16 times as long, were it quadratic
        assert cpu(lambda: limits.check(often, SCHEMA), 9) < 8 * cpu(lambda: limits.check(once, SCHEMA), 9) + 0.001  # noqa: B023


def deep(levels: int, *, fields: bool) -> DocumentNode:
    """Nested deeper than the parser would read."""
    inside = SelectionSetNode(selections=(FieldNode(name=NameNode(value="id"), arguments=(), directives=()),))
    for _ in range(levels):
        if fields:
            node = FieldNode(name=NameNode(value="parent"), selection_set=inside, arguments=(), directives=())
        else:
            node = InlineFragmentNode(selection_set=inside, directives=())
        inside = SelectionSetNode(selections=(node,))
    operation = OperationDefinitionNode(
        operation=OperationType.QUERY, selection_set=inside, directives=(), variable_definitions=()
    )
    return DocumentNode(definitions=(operation,))


def test_deep_nesting() -> None:
    def inline(levels: int) -> str:
        return "{ " + "... { " * levels + "id" + " }" * levels + " }"

    assert measured(inline(150)) == (1, 1)
    assert refused(inline(150)) == []
    assert validate(SCHEMA, parse(inline(150))) == []
    for question in (inline(2_000), "{ " + nested(1_000) + " }"):
        with pytest.raises(GraphQLSyntaxError):
            parse(question)
    assert refused(deep(499, fields=False)) == []
    assert refused(deep(2_000, fields=False)) == [("selections", 2_001, 500)]
    assert refused(deep(60, fields=True)) == [("depth", 61, 15)]
    assert refused(deep(2_000, fields=True))[0] == ("selections", 2_001, 500)


EVERYTHING = get_introspection_query(
    descriptions=True,
    specified_by_url=True,
    directive_is_repeatable=True,
    schema_description=True,
    input_value_deprecation=True,
    experimental_directive_deprecation=True,
    one_of=True,
)


def test_the_standard_introspection_query_passes() -> None:
    assert refused(EVERYTHING) == refused(get_introspection_query()) == []
    assert measured(EVERYTHING, "depth", "cost", "introspection depth", "introspection cost") == (0, 0, 15, 4_993)


@pytest.mark.parametrize(
    ("question", "whats"),
    [
        ("{ __schema { types { " + "fields { type { " * 7 + "name" + " } }" * 7 + " } } }", {"introspection cost"}),
        ('{ __type(name: "Thing") { ' + "fields { type { " * 7 + "name" + " } }" * 7 + " } }", {"introspection cost"}),
        ("{ __schema { types { ...t } } } fragment t on __Type { " + "possibleTypes { " * 8 + "name" + " }" * 9,
         {"introspection cost"}),
        ("{ __schema { queryType { " + "ofType { " * 18 + "name" + " }" * 21, {"introspection depth"}),
        ("{ a: __schema { description } }", {"__schema"}),
        ("{ ...s ...s } fragment s on Query { __schema { description } }", {"__schema"}),
        ("{ ...s parent { ...s } } fragment s on Query { __schema { description } }", {"__schema"}),
        ("{ " + '__type(name: "Thing") { name } ' * 6 + "}", {"__type"}),
        ("{ __schema { __schema { description } } }", {"__schema"}),
    ],
)  # fmt: skip
def test_other_introspection_is_refused(question: str, whats: set[str]) -> None:
    assert {what for what, _, _ in refused(question)} == whats


def test_a_type_may_be_asked_for() -> None:
    question = '{ __type(name: "Thing") { name fields { name } } id }'
    assert measured(question, "depth", "cost", "introspection cost") == (1, 1, 1 + 1 + 1 + 4)
    assert refused("query a { __schema { description } } query b { __schema { description } }") == []


def test_introspection_can_be_turned_off() -> None:
    for question in (EVERYTHING, '{ __type(name: "Thing") { name } }', "query a { id } query b { t: __schema { x } }"):
        (error,) = limits.check(parse(question), SCHEMA, "a", introspection=False)
        assert error.message == "introspection is turned off here"
        assert error.extensions == {"code": "GRAPHQL_VALIDATION_FAILED"}
    assert limits.check(parse("{ __typename parent { __typename } }"), SCHEMA, introspection=False) == []


# A second, naive measure: fragments inlined as often as they are spread.

Selection = tuple[str, str, "list[Selection]"]  # what it is; of what; what is inside
#: type: {field as written: (type, rows)}
FIELDS: dict[str, dict[str, tuple[str, int]]] = {
    "Query": {
        "id": ("", 1),
        "unknown": ("", 1),
        "__typename": ("", 1),
        "parent": ("Thing", 1),
        "tags": ("Thing", 10),
        "regions": ("Thing", 40),
        "things": ("ThingConnection", 20),
        "things(first: 3)": ("ThingConnection", 3),
        "things(first: 1000)": ("ThingConnection", 100),
        "pickers(first: $n)": ("ThingConnection", 500),
        "nodes(ids: [1, 2])": ("Thing", 2),
    },
    "Thing": {
        "id": ("", 1),
        "parent": ("Thing", 1),
        "tags": ("Thing", 10),
        "things(first: $n)": ("ThingConnection", 100),
    },
    "ThingConnection": {"total": ("", 1), "nodes": ("Thing", 1), "edges": ("ThingEdge", 1)},
    "ThingEdge": {"node": ("Thing", 1)},
    "": {"id": ("", 1), "tags": ("", 1)},
}
CONDITIONS = ["Query", "Thing", "ThingConnection", "Nothing"]


@st.composite
def selections(draw: st.DrawFn, on: str, first: int, levels: int = 3) -> list[Selection]:
    """Some selections on a type, that spread only fragments from `first` on, so that there is no circle."""
    found: list[Selection] = []
    for kind in draw(st.lists(st.sampled_from(["field", "field", "spread", "inline"]), min_size=1, max_size=3)):
        if kind == "spread" and first < len(CONDITIONS):
            found.append((kind, str(draw(st.integers(first, len(CONDITIONS) - 1))), []))
        elif kind == "inline" and levels:
            condition = draw(st.sampled_from(["", *CONDITIONS]))
            found.append((kind, condition, draw(selections(condition or on, first, levels - 1))))
        else:
            name = draw(st.sampled_from([*FIELDS.get(on, FIELDS[""])]))
            type_ = FIELDS.get(on, FIELDS[""])[name][0]
            inside = draw(selections(type_, first, levels - 1)) if type_ and levels else []
            found.append(("field", name, inside))
    return found


def written(parts: list[Selection]) -> str:
    texts: list[str] = []
    for kind, of, inside in parts:
        before = {"field": of, "spread": f"...f{of}", "inline": f"... on {of}" if of else "..."}[kind]
        texts.append(before + (f" {{ {written(inside)} }}" if inside else ""))
    return " ".join(texts)


def naive(parts: list[Selection], on: str, fragments: list[list[Selection]]) -> tuple[int, int]:
    depth = cost = 0
    for kind, of, inside in parts:
        if kind == "field":
            type_, rows = FIELDS.get(on, FIELDS[""])[of]
            inner = naive(inside, type_, fragments)
            depth, cost = max(depth, inner[0] + 1), cost + 1 + rows * inner[1]
        else:
            same = (fragments[int(of)], CONDITIONS[int(of)]) if kind == "spread" else (inside, of or on)
            inner = naive(*same, fragments)
            depth, cost = max(depth, inner[0]), cost + inner[1]
    return depth, cost


@given(selections("Query", 0), st.tuples(*(selections(on, i + 1) for i, on in enumerate(CONDITIONS))))
def test_the_measure_equals_a_naive_one(operation: list[Selection], fragments: tuple[list[Selection], ...]) -> None:
    definitions = (f"fragment f{i} on {on} {{ {written(fragments[i])} }}" for i, on in enumerate(CONDITIONS))
    depth, cost = naive(operation, "Query", [*fragments])
    question = f"query Q($n: Int!) {{ {written(operation)} }} " + " ".join(definitions)
    assert measured(question) == (depth, cost if cost <= 10**9 else "more than 10^9")
