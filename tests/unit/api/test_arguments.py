"""Arguments: what cannot be used is refused before anything is read, with a message that says what would do."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.arguments import IDS, TEXT, Asked, checked_day, checked_instant, checked_span, page
from api.cursors import Seal
from api.errors import BadUserInput
from api.execute import Executor
from api.schema import own_schema
from graph.engine import Engine
from graph.errors import TimedOut

SEAL = Seal(b"k" * 32)
ASKED = Asked(now=datetime(2026, 11, 23, tzinfo=UTC), seal=SEAL)


class Reached:
    """Stands for a graph: whatever is asked of it takes too long, so TIMEOUT tells that a question got this far."""

    kind = Engine.EMBEDDED

    async def record(self, *_: Any, **__: Any) -> None:
        raise TimedOut("reached")


EXECUTOR = Executor(own_schema(), Reached(), SEAL)  # pyright: ignore[reportArgumentType]


async def answer(query: str, **variables: Any) -> dict[str, Any]:
    return json.loads((await EXECUTOR.answer(query, variables, None)).body)


async def refusal(code: str, query: str, **variables: Any) -> str:
    """The message of the one error of a question that is refused without data."""
    given = await answer(query, **variables)
    assert list(given) == ["errors"], given
    (error,) = given["errors"]
    assert error["extensions"] == {"code": code}, given
    assert error["message"].isprintable() and len(error["message"]) <= 500
    return error["message"]


async def assert_reached(query: str, **variables: Any) -> None:
    given = await answer(query, **variables)
    assert [error["extensions"] for error in given["errors"]] == [{"code": "TIMEOUT"}], given


LISTS = [
    ("places(first: $n) { totalCount }", 500),
    ("projects(first: $n) { totalCount }", 100),
    ('helpers(of: "cn:530724", first: $n) { totalCount }', 100),
    ('paths(from: "cn:1", to: "cn:2", first: $n) { truncated }', 100),
    ('place(code: "530724") { fundingReceived(first: $n) { totalCount } }', 100),
    ('helpers(of: "cn:530724") { nodes { facts(first: $n) { totalCount } } }', 100),
]


@pytest.mark.parametrize(("field", "most"), LISTS)
async def test_first(field: str, most: int) -> None:
    variable = f"query ($n: Int!) {{ {field} }}"

    def literal(value: Any) -> str:
        return f"{{ {field} }}".replace("$n", str(value))

    for number in (0, -1, most + 1, 10_000, 2**31 - 1, -(2**31)):
        said = f"first is {number}: it must lie between 1 and {most}"
        assert await refusal("BAD_USER_INPUT", literal(number)) == said
        assert await refusal("BAD_USER_INPUT", variable, n=number) == said
    for number in (2**31, -(2**31) - 1, 1.5, 10**400):
        await refusal("GRAPHQL_VALIDATION_FAILED", literal(number))
        await refusal("BAD_USER_INPUT", variable, n=number)
    for number in ("5", None, True, [1], {"n": 1}, 1e300):
        await refusal("BAD_USER_INPUT", variable, n=number)
    for text in ('"5"', "null", "true", "[1, 2]", "{n: 1}", "ONE"):
        await refusal("GRAPHQL_VALIDATION_FAILED", literal(text))
    for nullable in ("Int", "Int = 5"):
        optional = variable.replace("Int!", nullable)
        assert "first" in await refusal("BAD_USER_INPUT", optional, n=None)
        await assert_reached(optional)
    for number in (1, most):
        await assert_reached(literal(number))
        await assert_reached(variable, n=number)
    await assert_reached(variable, n=2.0)  # GraphQL takes a whole number for an Int, however JSON writes it


async def test_hops_of_paths() -> None:
    query = 'query ($n: Int!) { paths(from: "cn:1", to: "cn:2", maxHops: $n) { truncated } }'
    for hops in (0, -1, 5, 10**6):
        assert await refusal("BAD_USER_INPUT", query, n=hops) == f"maxHops is {hops}: it must lie between 1 and 4"
    for hops in (1, 4):
        await assert_reached(query, n=hops)


BAD_DAYS = [
    "2019-02-30", "2019/2/30", "0000-00-00", "9999-99-99", "2019年2月", "", "+292278994-08-17", "-292275055-05-16",
    "2019-1-1", "2019-13-01", "30.4.2020", "today", "2019-02-30T00:00:00Z", " 2019-01-01", "2019-01-01\n", "２０１９-01-01",
    "2019-01-01..2019-02-01", "9999-12-31", "1e3", "0", "\0", "' OR 1=1 //", "a" * 100_000,
]  # fmt: skip
TIMES = [
    ("String", "asOf: $t", ("2020-04-30", "0001-01-01", "2020-02-29"), ("2019", "2019-07")),
    ("String", "knownOn: $t", ("2020-04-30", "2026-11-23T08:00:00Z", "0001-01-01T00:00:00+23:59"), ("2019", "2019-07")),
    ("String!", 'during: {from: $t, to: "9998"}', ("2019", "2019-07", "2019-07-01", "0001"), ("2019-7", "19")),
    ("String!", 'during: {from: "0001", to: $t}', ("2019", "2019-07", "2019-07-01", "9998-12-31"), ("2019-7", "19")),
]


@pytest.mark.parametrize(("type_", "time", "good", "bad"), TIMES)
async def test_times(type_: str, time: str, good: tuple[str, ...], bad: tuple[str, ...]) -> None:
    query = f'query ($t: {type_}) {{ helpers(of: "cn:530724", {time}) {{ totalCount }} }}'
    name = "asOf" if "asOf" in time else "knownOn" if "knownOn" in time else "during."
    for text in (*BAD_DAYS, *bad):
        if name == "knownOn" and text == "9999-12-31":
            continue  # a moment, not a day among others: everything ever known
        said = await refusal("BAD_USER_INPUT", query, t=text)
        assert said.startswith(name) and " is " in said and "such as 20" in said
        literal = query.replace(f"query ($t: {type_}) ", "").replace("$t", json.dumps(text))
        assert await refusal("BAD_USER_INPUT", literal) == said
    for value in (5, 1.5, True, ["2019-01-01"], {"from": "2019"}):
        if not isinstance(value, list):
            literal = query.replace(f"query ($t: {type_}) ", "").replace("$t", json.dumps(value).replace('"', ""))
            await refusal("GRAPHQL_VALIDATION_FAILED", literal)
        await refusal("BAD_USER_INPUT", query, t=value)
    for text in good:
        await assert_reached(query, t=text)


async def test_periods() -> None:
    query = 'query ($p: Period) { helpers(of: "cn:530724", during: $p) { totalCount } }'
    for first, last in (("2020", "2019"), ("2019-07", "2019-06"), ("2019-07-02", "2019-07-01"), ("2020-01-01", "2019")):
        said = await refusal("BAD_USER_INPUT", query, p={"from": first, "to": last})
        assert said == f"during ends ({last}) before it begins ({first})"
    for period in (
        {},
        {"from": "2019"},
        {"to": "2019"},
        {"from": None, "to": "2019"},
        {"from": 1, "to": 2},
        "2019",
        [1, 2],
    ):
        refused = await answer(query, p=period)
        assert list(refused) == ["errors"]
        assert {error["extensions"]["code"] for error in refused["errors"]} == {"BAD_USER_INPUT"}
    await refusal("BAD_USER_INPUT", query, p={"from": "2019", "to": "2019", "by": "2019"})
    for period in ({"from": "2019", "to": "2019"}, {"from": "2019", "to": "2019-01-01"}, None):
        await assert_reached(query, p=period)
    both = '{ helpers(of: "cn:530724", asOf: "2020-04-30", during: {from: "2019", to: "2020"}) { totalCount } }'
    assert await refusal("BAD_USER_INPUT", both) == "asOf and during are both given: ask for a day or for a period"
    variables = "query ($d: String, $p: Period) { places(asOf: $d, during: $p) { totalCount } }"
    period = {"from": "2019", "to": "2020"}
    assert await refusal("BAD_USER_INPUT", variables, d="2020-04-30", p=period) == (
        "asOf and during are both given: ask for a day or for a period"
    )
    for one in ({"d": "2020-04-30", "p": None}, {"d": None, "p": period}, {"d": "2020-04-30"}, {"p": period}, {}):
        await assert_reached(variables, **one)


async def test_texts() -> None:
    query = "query ($t: ID!) { places(within: $t) { totalCount } }"
    await assert_reached(query, t="x" * TEXT)
    for length in (TEXT + 1, 200_000):
        said = await refusal("BAD_USER_INPUT", query, t="x" * length)
        assert said == f"within has {length} characters: at most {TEXT} are taken"
    half = await refusal("BAD_USER_INPUT", query, t="a\ud800")
    assert half == "within holds half a character (a lone surrogate)"
    for value in (1.5, True, [["x"]], {"id": "x"}, None):
        await refusal("BAD_USER_INPUT", query, t=value)
    await assert_reached(query, t=530724)  # GraphQL takes an integer for an ID


async def test_ids() -> None:
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    await assert_reached(query, ids=["x"] * IDS)
    await assert_reached(query, ids=[])
    said = await refusal("BAD_USER_INPUT", query, ids=["x"] * (IDS + 1))
    assert said == f"ids has {IDS + 1} ids: at most {IDS} are taken, ask in several questions"
    for one in ("x" * (TEXT + 1), "\udfff"):
        assert "ids" in await refusal("BAD_USER_INPUT", query, ids=["x", one])
    await refusal("BAD_USER_INPUT", query, ids=["x", None])
    hole = 'query ($x: ID = "a") { nodes(ids: [$x]) { id } }'
    assert "ids" in await refusal("BAD_USER_INPUT", hole, x=None)
    await assert_reached(hole)


@pytest.mark.parametrize(
    ("field", "says"),
    [
        ("of", 'helpers(of: "{}") {{ totalCount }}'),
        ("from", 'paths(from: "{}", to: "cn:1") {{ truncated }}'),
        ("to", 'paths(from: "cn:1", to: "{}") {{ truncated }}'),
    ],
)
async def test_a_code_where_an_id_is_meant(field: str, says: str) -> None:
    message = await refusal("BAD_USER_INPUT", f"{{ {says.format('530724')} }}")
    assert message == f"{field} is '530724': ids look like cn:530724; did you mean cn:530724?"
    message = await refusal("BAD_USER_INPUT", f"{{ {says.format('宁蒗')} }}")
    assert message == f"{field} is '宁蒗': ids look like cn:530724; place(code:) and search give them"


async def test_codes_and_currencies() -> None:
    place = "query ($t: String!) { place(code: $t) { id } }"
    for text in ("", " ", "53072x;", "五三", "1" * 13, "a\0", "53072４"):
        assert "give six digits such as 530724" in await refusal("BAD_USER_INPUT", place, t=text)
    sums = "query ($t: String!) { overview { fundingByProvince(class: BUDGET, currency: $t) { facts } } }"
    for text in ("", "cny", "RMB元", "CNYY", "C\0Y", "人民币", "ABC", "XXX"):
        assert "give an ISO 4217 code such as CNY" in await refusal("BAD_USER_INPUT", sums, t=text)
    await assert_reached(place, t="CN")
    await assert_reached(sums, t="CNY")
    assert "class" in await refusal("GRAPHQL_VALIDATION_FAILED", "{ overview { fundingByProvince { facts } } }")


async def test_directives_need_a_value() -> None:
    query = "query ($x: Boolean = true) { places(first: 1) @include(if: $x) { totalCount } }"
    assert "@include" in await refusal("BAD_USER_INPUT", query, x=None)
    await assert_reached(query)


@pytest.mark.parametrize(
    "query",
    [
        "query ($via: [RelationshipType!]) { helpers(of: \"cn:1\", via: $via) { totalCount } }",
        "query ($via: [RelationshipType!]) { paths(from: \"cn:1\", to: \"cn:2\", via: $via) { truncated } }",
    ],
)  # fmt: skip
async def test_types_are_enum_values(query: str) -> None:
    for via in (
        ["PAIRED_WITH|FUNDS"],
        ["FUNDS]-() DETACH DELETE n //"],
        ["`"],
        ["Company:Secret"],
        [None],
        [1],
        "funds",
    ):
        await refusal("BAD_USER_INPUT", query, via=via)
    for via in (["FUNDS"], "FUNDS", [], None):
        await assert_reached(query, via=via)


async def test_orders_are_enum_values() -> None:
    query = "query ($o: EntityOrder) { places(orderBy: $o) { totalCount } }"
    for order in ("name DESC //", "`name`", "id}) DETACH DELETE", "id_asc", "", 1, ["ID_ASC", "ID_DESC"]):
        await refusal("BAD_USER_INPUT", query, o=order)
    for order in ("ID_ASC", "PINYIN_DESC", None):
        await assert_reached(query, o=order)


@pytest.mark.parametrize("cursor", ["", "x", "LTE=", "\0", "A" * 100_000, SEAL.sealed("Place:id_desc", ["cn:530724"])])
async def test_cursors(cursor: str) -> None:
    query = "query ($a: String) { places(after: $a) { totalCount } }"
    assert "pass a cursor that the same list gave" in await refusal("BAD_USER_INPUT", query, a=cursor)
    literal = f"{{ places(after: {json.dumps(cursor)}) {{ totalCount }} }}"
    assert "pass a cursor that the same list gave" in await refusal("BAD_USER_INPUT", literal)
    for value in (1, True, ["x", "y"], {"a": 1}):
        await refusal("BAD_USER_INPUT", query, a=value)
    await assert_reached(query, a=SEAL.sealed("Place:id_asc", ["cn:530724"]))
    await assert_reached(query, a=None)


@given(st.text() | st.from_regex(r"[0-9]{1,4}-[0-9]{1,2}(-[0-9]{1,2})?(T[0-9:.+Z-]*)?"))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    for check in (checked_day, checked_instant, checked_span):
        try:
            checked = check(text, "name")
        except BadUserInput as error:
            assert error.message.startswith("name is ") and error.message.isprintable()
        else:
            days = () if isinstance(checked, int) else (checked,) if isinstance(checked, str) else checked
            assert all("0001" <= day < "9999" and len(day) == 10 for day in days)


@given(st.dates(max_value=datetime(9998, 12, 31).date()))
def test_every_day_is_taken(day: Any) -> None:
    text = day.isoformat()
    assert checked_day(text, "asOf") == text
    assert checked_span(text, "during") == (text, text)
    assert checked_span(text[:4], "during") == (f"{text[:4]}-01-01", f"{text[:4]}-12-31")
    assert checked_span(text[:7], "during")[0] == f"{text[:7]}-01"
    end = datetime(1970, 1, 1) + timedelta(milliseconds=checked_instant(text, "knownOn"))
    assert end == datetime(day.year, day.month, day.day, 23, 59, 59, 999_000)


@given(st.integers(-(2**31), 2**31 - 1), st.integers(1, 500))
def test_a_page_reads_one_row_more_than_it_shows(number: int, most: int) -> None:
    arguments = page("L", {"id_asc": ("",)}, most=most)
    if 1 <= number <= most:
        prepared = arguments.prepare({"first": number}, ASKED)
        assert prepared.parameters == {"limit": number + 1, "k0": "", "behind": False}
        assert prepared.shape == {"order": "id_asc", "list": "L:id_asc"}
    else:
        with pytest.raises(BadUserInput, match=f"between 1 and {most}"):
            arguments.prepare({"first": number}, ASKED)


def test_a_page_begins_behind_its_cursor() -> None:
    arguments = page("L", {"id_asc": ("",), "count_desc": (-(2**53), "")})
    cursor = SEAL.sealed("L:id_asc", ["cn:530724"])
    prepared = arguments.prepare({"first": 5, "after": cursor}, ASKED)
    assert prepared.parameters == {"limit": 6, "k0": "cn:530724", "behind": True}
    assert arguments.prepare({"first": 5, "after": None}, ASKED).parameters["behind"] is False
