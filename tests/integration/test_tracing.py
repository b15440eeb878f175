"""Money followed, added up, reconciled and explained through the API: the golden example, its times, its currencies, its limits.

Both ways to an answer must give the same bytes.
"""

import json
import re
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cli.auditing import plain, recomputed
from cli.console import CommandError
from graph.engine import Graph
from graph.sources import tracing
from graph.sources.explaining import File
from graph.sources.explaining import answered as again
from graph.tracing.rates import Deflators, Listed, Tables
from graph.write import flows
from tests.checks import load
from tests.integration.test_derived_flows import ENTITIES, GOLDEN
from tests.questions import NOW, Answering, Question, answer, answering

COLUMNS = "relationship,from,to,amount,currency,class,basis,valid_from,transaction\n"
#: Of a second load: A gave another 20.
LATER = COLUMNS + "FUNDS,project:a,project:b,200000,CNY,disbursement,reported,2020-02-20,ab2\n"
RATES = Listed.of(
    "test rates",
    [
        (date(2020, 1, 1), "EUR", "CNY", Fraction(8)),
        (date(2020, 1, 1), "EUR", "USD", Fraction(5, 4)),
        (date(2020, 2, 1), "USD", "CNY", Fraction(7)),
    ],
)
LINES = "amount currency lines { kind entity { id } paidTo { id } amount } check { agrees amount lines paths }"


class Asking:
    """Asks both ways, and compares what they say."""

    def __init__(self, graph: Graph, tables: Tables | None = None) -> None:
        self.asked: Answering = answering(graph, tables=tables or Tables())

    async def body(self, query: str, /, **variables: Any) -> Any:
        question = Question(name="tracing", query=query, variables=variables)
        said = await answer(self.asked.compiled, question)
        assert said == await answer(self.asked.plain, question)
        return json.loads(said)

    async def one(self, query: str, /, **variables: Any) -> Any:
        body = await self.body(query, **variables)
        assert "errors" not in body, body
        (found,) = body["data"].values()
        return found

    async def refused(self, query: str, /, **variables: Any) -> str:
        (error,) = (await self.body(query, **variables))["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        return error["message"]

    async def lines(self, arguments: str) -> dict[tuple[str, ...], str]:
        """Amounts by kind and entity; the parts must add up."""
        found = await self.one(f"{{ trace({arguments}) {{ {LINES} }} }}")
        assert found["check"]["agrees"]
        assert found["check"]["amount"] == found["check"]["lines"] == found["check"]["paths"] == found["amount"]
        return of_lines(found)


def of_lines(found: Mapping[str, Any]) -> dict[tuple[str, ...], str]:
    ends = ((line, [line[name]["id"] for name in ("entity", "paidTo") if line[name]]) for line in found["lines"])
    return {(line["kind"], *(id_.removeprefix("project:") for id_ in named)): line["amount"] for line, named in ends}


async def golden(graph: Graph, folder: Path, **more: Any) -> None:
    await load(graph, folder, ENTITIES, "entities", **more)
    await load(graph, folder, GOLDEN, "golden", **more)


async def test_the_golden_example(graph: Graph, tmp_path: Path) -> None:
    await golden(graph, tmp_path)
    asking = Asking(graph)
    of_a = {
        ("SPENT", "c"): "545454.55",
        ("HELD", "a"): "272727.27",
        ("SPENT", "b"): "121212.12",
        ("HELD", "b"): "60606.06",
    }
    of_d = {
        ("SPENT", "c"): "354545.45",
        ("SPENT", "b"): "78787.88",
        ("HELD", "b"): "39393.94",
        ("HELD", "a"): "27272.73",
    }
    await flows.renew(graph)  # and from the stored flows the same
    assert (await asking.lines('from: "project:a"'), await asking.lines('from: "project:d"')) == (of_a, of_d)
    found = await asking.one("""{ trace(from: "project:a", paths: 2) {
      from { id } to { id } rule money class currency amount classes { class flows }
      nodes { entity { id } throughput inflow own outflow endUse held unknownOrigin depth }
      edges { provider { id } receiver { id } amount used }
      paths { entities { id } amount share } remainder { kind amount } truncated missing leftOutCount } }""")
    assert (found["from"], found["to"]) == ({"id": "project:a"}, None)
    assert (found["rule"], found["money"], found["class"], found["amount"]) == ("PRO_RATA", "OWN", "CASH", "1000000")
    assert [tuple(node.values())[1:] for node in found["nodes"]] == [
        ("1181818.18", "300000", "1000000", "1000000", "0", "300000", "0", 0),
        ("909090.91", "1500000", "0", "1200000", "200000", "100000", "0", 1),
        ("545454.55", "900000", "0", "0", "900000", "0", "0", 2),
    ]
    edges = {(e["provider"]["id"][-1], e["receiver"]["id"][-1]): (e["amount"], e["used"]) for e in found["edges"]}
    assert edges == {
        ("a", "b"): ("909090.91", "1000000"),
        ("b", "c"): ("545454.55", "900000"),
        ("b", "a"): ("181818.18", "300000"),
    }
    # without cycles: A's 100 × 100/130 × 90/150 to C, 30/130 held
    paths = [("".join(e["id"][-1] for e in path["entities"]), path["amount"]) for path in found["paths"]]
    assert paths == [("abc", "461538.46"), ("a", "230769.23")]
    rest = {one["kind"]: one["amount"] for one in found["remainder"]}
    assert rest == {"BELOW_CUT": "307692.31"}  # paths are searched no further than they are listed
    assert found["truncated"] == ["paths"]
    assert found["missing"] == [
        "where 333,333.33 CNY went on from who got it: no report says it",
        "who was paid 666,666.67 CNY: no report names them",
    ]
    every = await asking.one('{ trace(from: "project:a") { paths { amount } remainder { kind amount } truncated } }')
    assert [path["amount"] for path in every["paths"]] == ["461538.46", "230769.23", "153846.16"]
    assert (every["remainder"], every["truncated"]) == ([{"kind": "THROUGH_CYCLES", "amount": "153846.15"}], [])
    throughputs = await asking.one('{ trace(from: "project:d") { nodes { entity { id } throughput } } }')
    assert {n["entity"]["id"][-1]: n["throughput"] for n in throughputs["nodes"]} == {
        "d": "500000", "b": "590909.09", "c": "354545.45", "a": "118181.82",
    }  # fmt: skip
    await _the_other_ways(asking)


async def _the_other_ways(asking: Asking) -> None:
    back = await asking.lines('to: "project:c"')
    assert back == {("ORIGIN", "a"): "545454.55", ("ORIGIN", "d"): "354545.45"}
    assert await asking.lines('from: "project:a", to: "project:c"') == {
        ("ARRIVED", "c"): "545454.55", ("HELD", "a"): "272727.27", ("SPENT", "b"): "121212.12", ("HELD", "b"): "60606.06",
    }  # fmt: skip
    # D's 50 come in first (one day, by id of the flow); 30 of them go back to A, 20 to C
    assert await asking.lines('from: "project:d", rule: FIFO') == {("HELD", "a"): "300000", ("SPENT", "c"): "200000"}
    assert await asking.lines('from: "project:a", rule: FIFO') == {
        ("SPENT", "c"): "700000", ("SPENT", "b"): "200000", ("HELD", "b"): "100000",
    }  # fmt: skip
    # A has two providers, itself and B: what it gives cannot be told apart
    assert await asking.lines('from: "project:a", rule: EARMARKED') == {
        ("POOLED", "a"): "769230.77", ("HELD", "a"): "230769.23",
    }  # fmt: skip
    cut = await asking.lines('from: "project:a", maxDepth: 1')  # 120 of B's 150 go on
    assert cut == {
        ("CUT", "b"): "615384.62", ("HELD", "a"): "230769.23", ("SPENT", "b"): "102564.1", ("HELD", "b"): "51282.05",
    }  # fmt: skip
    assert await asking.lines('from: "project:a", minShare: 0.95') == cut
    assert await asking.lines('from: "project:a", asOf: "2020-02-15"') == {("HELD", "b"): "1000000"}
    # 70 that A gave are of unknown origin then: all go to B once more each round
    in_spring = 'from: "project:a", during: {from: "2020-02", to: "2020-03"}'
    assert await asking.lines(in_spring) == {("HELD", "c"): "525000", ("HELD", "b"): "175000"}
    nothing = await asking.one('{ trace(from: "project:a", class: COMMITMENT) { amount currency missing } }')
    said = "no money of class commitment is reported here; there is cash (3 flows)"
    assert nothing == {"amount": "0", "currency": None, "missing": [said]}


async def test_refusals(graph: Graph, tmp_path: Path) -> None:
    await golden(graph, tmp_path)
    rows = (
        COLUMNS
        + """\
FUNDS,project:x,project:y,10,CNY,disbursement,reported,2020-02-03,1
FUNDS,project:y,project:x,10,CNY,disbursement,reported,2020-02-03,2
FUNDS,project:d,project:x,,CNY,commitment,reported,2020-02-03,3
FUNDS,project:d,project:b,5,EUR,disbursement,reported,2020-02-03,4
"""
    )
    names = "entity,id,name\nProject,project:x,X\nProject,project:y,Y\n"
    await load(graph, tmp_path, names, "names")
    await load(graph, tmp_path, rows, "more")
    asking = Asking(graph)
    closed = await asking.refused('{ trace(from: "project:x") { amount } }')
    assert closed == "no money enters or leaves the cycle of project:x, project:y: it has no origin and no end"
    same = await asking.refused('{ trace(from: "project:a", to: "project:a") { amount } }')
    assert same == "from lies in to, or is the same: there is no way between them"
    assert (await asking.refused("{ trace { amount } }")).startswith("neither from nor to is given")
    undecided = await asking.refused('{ trace(from: "project:d") { amount } }')
    assert undecided == "the flows asked about are in CNY (2), EUR (1): name one as currency"
    assert undecided == await asking.refused('{ totals(of: "project:d") { held } }')
    prices = await asking.refused('{ totals(of: "project:a", constantPrices: 2021) { held } }')
    assert prices.startswith("constantPrices needs a table of price indexes")
    for wrong in ("maxDepth: 0", "maxDepth: 101", "minShare: 1.5", "paths: 51", 'currency: "yuan"'):
        assert wrong.split(":")[0] in await asking.refused(f'{{ trace(from: "project:a", {wrong}) {{ amount }} }}')
    unknown = await asking.one(
        '{ trace(from: "project:d", class: COMMITMENT) { amount leftOut { reason amount currency } missing } }'
    )
    assert unknown["leftOut"] == [{"reason": "VALUE_UNKNOWN", "amount": None, "currency": "CNY"}]
    assert unknown["missing"][-1] == "1 report is left out: No source gives the figure, or its currency."


async def test_corrections_and_currencies(graph: Graph, tmp_path: Path) -> None:
    rows = (
        COLUMNS
        + """\
FUNDS,project:a,project:a,100,USD,incoming_funds,reported,2020-01-04,1
FUNDS,project:a,project:b,100,USD,disbursement,reported,2020-01-05,2
FUNDS,project:d,project:b,10,GBP,disbursement,reported,2020-01-05,3
FUNDS,project:b,project:c,700,CNY,disbursement,reported,2020-02-03,4
FUNDS,project:p,project:p,100,CNY,incoming_funds,reported,2020-01-03,5
FUNDS,project:p,project:q,100,CNY,disbursement,reported,2020-01-03,6
FUNDS,project:p,project:q,-130,CNY,disbursement,reported,2020-02-03,7
FUNDS,project:q,project:q,40,CNY,expenditure,reported,2020-02-03,8
"""
    )
    await load(graph, tmp_path, ENTITIES + "Project,project:p,P\nProject,project:q,Q\n", "entities")
    await load(graph, tmp_path, rows, "money")
    deflators = Deflators("indexes", {("CNY", 2020): Fraction(100), ("CNY", 2021): Fraction(105)})
    asking = Asking(graph, Tables(rates=RATES, deflators=deflators))
    document = """query ($currency: String, $prices: Int) {
      trace(from: "project:a", currency: $currency, constantPrices: $prices) { amount currency currencies
      lines { kind entity { id } paidTo { id } amount } leftOut { reason provider { id } amount currency }
      conversions { currency day ofValueDate rate rateDays source original amount flows priceFactor } check { agrees } } }"""
    found = await asking.one(document, currency="CNY")
    # 8 yuan and 1.25 dollars a euro: 6.4; B gave 700 out of 640
    assert (found["amount"], found["currencies"], of_lines(found)) == ("640", ["USD"], {("HELD", "c"): "640"})
    assert found["leftOut"] == [
        {"reason": "NO_RATE", "provider": {"id": "project:d"}, "amount": "10", "currency": "GBP"}
    ]
    days = ["2020-01-01", "2020-01-01"]
    assert found["conversions"] == [
        {"currency": "USD", "day": day, "ofValueDate": False, "rate": "6.4", "rateDays": days, "source": "test rates",
         "original": "100", "amount": "640", "flows": 1, "priceFactor": None}
        for day in ("2020-01-04", "2020-01-05")
    ]  # fmt: skip
    in_dollars = await asking.one(document, currency="USD")
    assert (in_dollars["amount"], of_lines(in_dollars)) == ("100", {("HELD", "c"): "100"})
    assert in_dollars["conversions"][0]["rate"] == "0.142857142857"
    of_2021 = await asking.one(document, currency="CNY", prices=2021)
    assert (of_2021["amount"], of_2021["conversions"][0]["priceFactor"]) == ("672", "1.05")
    assert {one["reason"] for one in (await asking.one(document, currency="CNY", prices=2022))["leftOut"]} == {
        "NO_INDEX",
        "NO_RATE",
    }
    without = await Asking(graph).one(document, currency="CNY")
    assert (without["amount"], {one["reason"] for one in without["leftOut"]}) == (None, {"OTHER_CURRENCY"})
    # 30 more came back from Q than it got: it gave them, of unknown origin
    back = f'{{ trace(from: "project:q") {{ {LINES} corrections {{ effect amount }} }} }}'
    of_q = await asking.one(back)
    assert (of_q["amount"], of_lines(of_q)) == ("70", {("SPENT", "q"): "40", ("HELD", "p"): "30"})
    assert of_q["corrections"] == [{"effect": "FLOW_BACK", "amount": "30"}]


async def test_reports_that_may_be_of_one_transfer_are_told(graph: Graph, tmp_path: Path) -> None:
    rows = (
        "relationship,from,to,amount,currency,class,valid_from,reported_by\n"
        "FUNDS,project:a,project:b,600,CNY,disbursement,2021-04-01,project:a\n"
        "FUNDS,project:a,project:b,550,CNY,incoming_funds,2021-04-02,project:b\n"
    )
    await load(graph, tmp_path, ENTITIES, "entities")
    await load(graph, tmp_path, rows, "money")
    asking = Asking(graph)
    for question in ('trace(from: "project:a") { amount missing }', 'totals(of: "project:a") { missing }'):
        found = await asking.one(f"{{ {question} }}")
        assert any("1 transfer(s) that only the provider reports" in text for text in found["missing"])
        assert found.get("amount", "1150") == "1150"


async def test_totals(graph: Graph, tmp_path: Path) -> None:
    def early() -> int:
        return 1_000_000

    await golden(graph, tmp_path, clock=early)
    places = "entity,id,name,LOCATED_IN\nCountry,iso:UG,Uganda,\n" + "".join(
        f"Project,project:{x},{x.upper()},iso:UG\n" for x in "abcd"
    )
    await load(graph, tmp_path, places, "places", clock=early)
    asking = Asking(graph)
    found = await asking.one("""{ totals(of: "iso:UG") { currency class nodes newMoney held passedOn missing
      gross { amount added leftOutCount } netSpend { amount } netNew { amount } endUse { amount leftOut { reason } } } }""")
    assert (found["gross"]["amount"], found["netSpend"]["amount"]) == ("3800000", "1100000")
    assert (found["netNew"]["amount"], found["endUse"]["amount"]) == ("1200000", "1100000")
    assert (found["newMoney"], found["held"], found["passedOn"], found["nodes"]) == ("1500000", "400000", "0", 5)
    assert found["gross"] == {"amount": "3800000", "added": 6, "leftOutCount": 2}
    assert {one["reason"] for one in found["endUse"]["leftOut"]} == {"OWN_MONEY", "PASSED_ON"}
    # a project that reproduces what others report: asked about itself, it counts
    again = "entity,id,name,LOCATED_IN,secondary\nProject,project:s,S,iso:UG,yes\n"
    await load(graph, tmp_path, again, "again", clock=early)
    await load(
        graph, tmp_path, COLUMNS + "FUNDS,project:s,project:s,700000,CNY,expenditure,reported,2020-02-20,s1\n", "more"
    )
    document = (
        "{ totals(of: %s) { nodes gross { amount leftOut { reason amount } } endUse { amount } newMoney explainId } }"
    )
    more = await asking.one(document % '"iso:UG"')
    assert (more["nodes"], more["gross"]["amount"], more["endUse"]["amount"]) == (6, "3800000", "1100000")
    assert more["newMoney"] == found["newMoney"]
    assert {"reason": "SECONDARY_REPORT", "amount": "700000"} in more["gross"]["leftOut"]
    assert (await asking.one(EXPLAIN, id=more["explainId"]))["amount"] == "3800000"
    assert (await asking.one(document % '"project:s"'))["endUse"]["amount"] == "700000"


EXPLAIN = """query ($id: String!, $provider: ID, $receiver: ID) { explain(id: $id, provider: $provider, receiver: $receiver) {
  question amount currency claimsCount claims { role amount class provider { id } receiver { id } source { title } locator flow }
  conversions { currency rate original amount } file } }"""


async def test_figures_are_explained_also_after_later_loads(graph: Graph, tmp_path: Path) -> None:
    await golden(graph, tmp_path, clock=lambda: 1_000_000)
    asking = Asking(graph, Tables(rates=RATES))
    told = [
        await asking.one(f"{{ {field} {{ explainId }} }}")
        for field in ('trace(from: "project:a")', 'totals(of: "project:b")', "reconciliation")
    ]
    after = int(NOW.timestamp() * 1000) + 86_400_000
    await load(graph, tmp_path, LATER, "later", clock=lambda: after)
    assert (await asking.lines('from: "project:a"'))["SPENT", "c"] == "583783.78"  # of 120: 900 of 1,700 and so on
    assert (await asking.lines('from: "project:a", knownOn: "2026-11-22"'))["SPENT", "c"] == "545454.55"
    explained = [await asking.one(EXPLAIN, id=one["explainId"]) for one in told]
    assert [(one["amount"], one["currency"], one["claimsCount"]) for one in explained] == [
        ("1000000", "CNY", 12), ("1400000", "CNY", 12), (None, None, 12),
    ]  # fmt: skip
    known = "knownOn: 2026-11-23T00:00:00.000+00:00"
    others = "minShare: 0.0, paths: 10, rates: test rates, rule: pro_rata"
    assert explained[0]["question"] == f"trace(from: project:a, {known}, {others})"
    assert [one["role"] for one in explained[0]["claims"]].count("used") == 7  # of 8 flows; what D had is not followed
    edge = await asking.one(EXPLAIN, id=told[0]["explainId"], provider="project:a", receiver="project:b")
    assert edge["claimsCount"] == 2
    assert [(one["role"], one["class"], one["locator"], one["source"]["title"]) for one in edge["claims"]] == [
        ("used", "disbursement", "line 4", "golden"), ("the other report", "incoming_funds", "line 5", "golden"),
    ]  # fmt: skip
    nowhere = await asking.body(EXPLAIN, id=told[0]["explainId"], provider="project:none')-- `")
    assert [error["extensions"]["code"] for error in nowhere["errors"]] == ["NOT_FOUND"]
    for one in explained:
        file = tmp_path / "explained.json"
        file.write_text(one["file"], "utf-8")
        recomputed(file, as_json=False)
        changed = re.sub(r'"amount": 90000000\b', '"amount": 80000000', one["file"])
        assert changed != one["file"]
        file.write_text(changed, "utf-8")
        with pytest.raises(CommandError, match="do not give the answer"):
            recomputed(file, as_json=False)
    for forged in (told[0]["explainId"][:-4] + "AAAA", "x", ""):
        assert "is no explainId" in await asking.refused(EXPLAIN, id=forged)


async def test_conversions_are_explained(graph: Graph, tmp_path: Path) -> None:
    await golden(graph, tmp_path, clock=lambda: 1_000_000)
    asking = Asking(
        graph,
        Tables(rates=Listed.of("test rates", [(date(2020, m, 1), "CNY", "USD", Fraction(1, 6)) for m in (1, 2, 3, 4)])),
    )
    found = await asking.one('{ trace(from: "project:a", currency: "USD") { amount explainId } }')
    explained = await asking.one(EXPLAIN, id=found["explainId"])
    assert (found["amount"], explained["amount"], explained["currency"]) == ("166666.67", "166666.67", "USD")
    by_original = {one["original"]: one["amount"] for one in explained["conversions"]}
    assert by_original["1500000"] == "250000" and explained["conversions"][0]["rate"] == "0.166666666667"
    file = msgspec.json.decode(explained["file"], type=File)
    assert file.rates and plain(again(file).answer) == plain(file.answer)
    # a table that grew has what it had; one in which a rate is another does not give the figure any more
    sixth = [(date(2020, m, 1), "CNY", "USD", Fraction(1, 6)) for m in (1, 2, 3, 4)]
    grown = Asking(
        graph, Tables(rates=Listed.of("test rates", [*sixth, (date(2020, 5, 1), "CNY", "USD", Fraction(1, 5))]))
    )
    assert (await grown.one(EXPLAIN, id=found["explainId"]))["file"] == explained["file"]
    other = Asking(
        graph, Tables(rates=Listed.of("test rates", [*sixth[1:], (date(2020, 1, 1), "CNY", "USD", Fraction(1, 5))]))
    )
    assert "up to 2020-04-01 have changed since" in await other.refused(EXPLAIN, id=found["explainId"])


@pytest.mark.soak_on_neo4j
async def test_who_was_one_is_as_it_was_known_then(graph: Graph, tmp_path: Path) -> None:
    await golden(graph, tmp_path, clock=lambda: 1_000_000)
    asking = Asking(graph)
    before = await asking.one(f'{{ trace(from: "project:a") {{ {LINES} explainId }} }}')
    rows = await asking.one("{ flows(groupBy: [HELPER, RECIPIENT]) { nodes { sum explainId } } }")
    # a person finds that A and D are one: its own money is 150, of which the cycle gives 30 back
    after = int(NOW.timestamp() * 1000) + 86_400_000
    same = "relationship,from,to,decided_by,decided_on\nSAME_AS,project:d,project:a,x,2026-11-01\n"
    await load(graph, tmp_path, same, "decisions", clock=lambda: after)
    one = await asking.one(f'{{ trace(from: "project:d") {{ {LINES} }} }}')
    assert one["amount"] == "1500000"
    asked = 'from: "project:a", knownOn: "2026-11-22"'
    assert await asking.lines(asked) == of_lines(before) != of_lines(one)
    assert (await asking.one(EXPLAIN, id=before["explainId"]))["amount"] == "1000000"
    for row in rows["nodes"]:
        assert (await asking.one(EXPLAIN, id=row["explainId"]))["amount"] == row["sum"]


@pytest.mark.soak_on_neo4j
async def test_what_goes_beyond_the_time_is_left_out_and_said(graph: Graph, tmp_path: Path) -> None:
    """One transfer with a report on each side of the new year; a sum of two years; so much a year."""
    rows = (
        "relationship,from,to,amount,currency,class,basis,valid_from,valid_to,transaction,per_year\n"
        "FUNDS,project:a,project:b,100,CNY,disbursement,reported,2021-12-30,,1,\n"
        "FUNDS,project:a,project:b,100,CNY,incoming_funds,reported,2022-01-05,,1,\n"
        "FUNDS,project:a,project:c,70,CNY,disbursement,reported,2021-07,2022-06,,\n"
        "FUNDS,project:d,project:c,100,USD,reported_total,reported,2019,2021,,yes\n"
    )
    await load(graph, tmp_path, ENTITIES, "entities", clock=lambda: 1_000_000)
    await load(graph, tmp_path, rows, "money", clock=lambda: 1_000_000)
    days = [(date(year, 12, 31), "USD", "CNY", Fraction(year)) for year in (2019, 2020, 2021)]
    asking = Asking(graph, Tables(rates=Listed.of("test rates", days)))
    asked = "amount class lines { kind entity { id } paidTo { id } amount } leftOut { reason amount } missing explainId"

    async def traced(arguments: str) -> tuple[Any, ...]:
        found = await asking.one(f"{{ trace({arguments}) {{ {asked} }} }}")
        left = [(one["reason"], one["amount"]) for one in found["leftOut"]]
        return found["amount"], found["class"], of_lines(found), left

    assert await traced('from: "project:a", during: {from: "2021", to: "2021"}') == (
        "100", "CASH", {("HELD", "b"): "100"}, [("BEYOND_PERIOD", "70")],
    )  # fmt: skip
    amount, _, lines, left = await traced('from: "project:a", during: {from: "2022", to: "2022"}')
    assert (amount, lines, sorted(left)) == ("0", {}, [("BEYOND_PERIOD", "70"), ("OTHER_PERIOD", "100")])
    assert (await traced('from: "project:a", asOf: "2022-01-02"'))[0] == "100"
    # the class is that of what is left out, where there is nothing else
    amount, class_, _, left = await traced('from: "project:d", during: {from: "2020-01", to: "2020-06"}')
    assert (amount, class_, left) == ("0", "REPORTED_TOTAL", [("BEYOND_PERIOD", "100")])
    whole = '{ totals(of: "project:d", currency: "CNY") { gross { amount } explainId } }'
    found = await asking.one(whole)
    assert found["gross"]["amount"] == str(100 * (2019 + 2020 + 2021))  # each year at its own rate
    explained = await asking.one(EXPLAIN, id=found["explainId"])
    assert explained["amount"] == found["gross"]["amount"]
    file = msgspec.json.decode(explained["file"], type=File)
    assert [row[0] for row in file.rates] == ["2019-12-31", "2020-12-31", "2021-12-31"]
    assert again(file).amount == 60_600_000


@pytest.mark.soak_on_neo4j
async def test_any_change_of_a_file_is_noticed(graph: Graph, tmp_path: Path) -> None:
    await golden(graph, tmp_path, clock=lambda: 1_000_000)
    found = await Asking(graph).one('{ trace(from: "project:a") { explainId } }')
    text = (await Asking(graph).one(EXPLAIN, id=found["explainId"]))["file"]
    file = tmp_path / "explained.json"
    for changed in (text, text.replace("line 4", "line 5"), text.replace('"golden"', '"silver"')):
        file.write_text(changed, "utf-8")
        if changed == text:
            recomputed(file, as_json=False)
            continue
        with pytest.raises(CommandError, match="was changed since it was written"):
            recomputed(file, as_json=False)


@pytest.mark.soak_on_neo4j
async def test_figures_of_two_levels_are_told(graph: Graph, tmp_path: Path) -> None:
    rows = (
        "relationship,from,to,amount,currency,class,basis,valid_from\n"
        "FUNDS,cn:350000,cn:640000,10,CNY,reported_total,reported,2019\n"
        "FUNDS,cn:350100,cn:640000,4,CNY,reported_total,reported,2019\n"
    )
    places = (
        "entity,id,name,code,PART_OF\nProvince,cn:350000,福建省,350000,\nPrefecture,cn:350100,福州市,350100,cn:350000\n"
        "Province,cn:640000,宁夏回族自治区,640000,\n"
    )
    await load(graph, tmp_path, places, "places")
    await load(graph, tmp_path, rows, "money")
    for field in ('trace(from: "cn:350000")', 'totals(of: "cn:350000")'):
        found = await Asking(graph).one(f"{{ {field} {{ missing }} }}")
        assert sum(said.startswith("whether money of what is asked about is also") for said in found["missing"]) == 1


@pytest.mark.soak_on_neo4j
async def test_money_of_projects_and_of_their_parts_is_told(graph: Graph, tmp_path: Path) -> None:
    await golden(graph, tmp_path)
    asked = '{ totals(of: "iso:UG") { gross { amount } missing } }'
    places = "entity,id,name,LOCATED_IN\nCountry,iso:UG,Uganda,\n" + "".join(
        f"Project,project:{x},{x.upper()},iso:UG\n" for x in "abcd"
    )
    await load(graph, tmp_path, places, "places")
    asking = Asking(graph)
    assert (await asking.one(asked))["missing"] == []
    related = "relationship,from,to,type\nRELATED_TO,project:a,project:b,child\nRELATED_TO,project:b,project:a,parent\n"
    await load(graph, tmp_path, related, "related")
    found = await asking.one(asked)
    assert found["gross"]["amount"] == "3800000"
    assert [said.partition(" is ")[0] for said in found["missing"]] == ["whether money of 1 project(s)"]


async def test_what_is_too_much_to_read_is_cut(graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gives 1 to 60 to sixty, of which the ten largest flows are read."""
    named = ENTITIES + "".join(f"Project,project:{n:03},{n}\n" for n in range(1, 61))
    rows = "".join(
        f"FUNDS,project:a,project:{n:03},{n},CNY,disbursement,reported,2020-01-01,{n}\n" for n in range(1, 61)
    )
    await load(graph, tmp_path, named, "entities")
    await load(graph, tmp_path, COLUMNS + rows, "hub")
    await flows.renew(graph)
    monkeypatch.setattr(tracing, "MOST_FLOWS", 10)
    asking = Asking(graph)
    found = await asking.one(
        f'{{ trace(from: "project:a") {{ {LINES} truncated paths {{ amount }} remainder {{ kind amount }} }} }}'
    )
    lines = of_lines(found)
    assert found["amount"] == "1830" and found["check"]["agrees"] and "flows" in found["truncated"]
    assert lines.pop(("CUT", "a")) == "1275"
    # what became of it there was not read: it is not said to be held
    assert lines == {("CUT", f"{n:03}"): str(n) for n in range(51, 61)}
    # one of the ten paths leads to what was not read, so that nine are listed
    assert found["remainder"] == [{"kind": "BELOW_CUT", "amount": "1326"}]
