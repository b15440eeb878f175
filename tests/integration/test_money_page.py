"""docs/tracing.md: its questions are answered by tests/data/tracing as it says, on both engines; and the same in the terminal."""

import csv
import io
import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from cli import following
from cli.auditing import explain as audited
from cli.console import CommandError
from graph.engine import Graph
from graph.rates import TableRefused, named
from graph.settings import from_environment
from tests.pages import TABLES, TRACED, answered, blocks, traced

SHOWN = {block.heading: block for block in blocks(TRACED)}
TIMES = (None, "2019", None)
TRACE = {"from": "福建省", "rule": "pro_rata", "minShare": 0.0, "paths": 10}


def told(heading: str) -> Any:
    (found,) = [block for title, block in SHOWN.items() if heading in title]
    assert found.answer
    return json.loads(found.answer, parse_float=Decimal)


@pytest.mark.soak_on_neo4j
async def test_the_page_and_the_terminal(
    graph: Graph, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    asked = await traced(graph)
    for block in SHOWN.values():
        assert await answered(asked, block.query) == block.answer, f"{block}; if the new answer is right: make answers"
    await _in_the_terminal(graph)
    await _files(graph, tmp_path, capsys)


def test_shares_of_the_page() -> None:
    """What the two answers by recipient say, worked out by hand from the tables: Fujian's and the company's, and people."""
    given = {
        "西吉县": (7_000_000, 500_000, 350_000),
        "隆德县": (1_600_000, 800_000, 100_000),
        "泾源县": (400_000, 200_000, 80_000),
    }
    per_head = {county: Fraction(main + other, people) for county, (main, other, people) in given.items()}
    mean = Fraction(
        sum(main + other for main, other, _ in given.values()), sum(people for *_, people in given.values())
    )
    funds = [row for row in told("per head")["byRecipient"]["rows"] if row["type"] == "FUNDS"]
    assert [row["recipient"]["name"] for row in funds] == sorted(given, key=lambda county: -per_head[county])
    for row in funds:
        head = per_head[row["recipient"]["name"]]
        assert Decimal(row["perHead"]) == round(Decimal(head.numerator) / head.denominator, 4)
        assert Decimal(row["meanPerHead"]) == round(Decimal(mean.numerator) / mean.denominator, 4)
        assert abs(row["ofMean"] - Decimal((head / mean).numerator) / (head / mean).denominator) < Decimal("1e-12")
    assert [row["recipient"]["name"] for row in funds if row["ofMean"] < Decimal("0.5")] == ["泾源县"]
    rows = {row["recipient"]["name"]: row for row in told("one helper")["byRecipient"]["rows"]}
    assert rows.keys() == given.keys()
    for county, (main, other, _) in given.items():
        row = rows[county]
        assert (row["mainHelper"]["name"], row["mainSum"], row["withoutMain"]) == ("福建省", str(main), str(other))
        assert abs(row["mainShare"] - Decimal(main) / (main + other)) < Decimal("1e-12")
    assert [county for county, row in rows.items() if row["mainShare"] > Decimal("0.8")] == ["西吉县"]


def test_money_of_the_page() -> None:
    """The network is the golden example × 10: A is the water grant, D the second, B the fund, C the wells."""
    reached = {
        rule: {(line["kind"], line["entity"]["name"]): line["amount"] for line in one["lines"]}
        for rule, one in told("reached a district").items()
    }
    by_pro_rata = {
        ("ARRIVED", "Wells in Gulu"): Fraction(100_000, 11) * Fraction(6, 10) / 10,  # 909.09 × 90/150
        ("HELD", "Water grant"): Fraction(13_000, 11) * Fraction(30, 130),
        ("SPENT", "Water fund"): Fraction(10_000, 11) * Fraction(20, 150),
        ("HELD", "Water fund"): Fraction(10_000, 11) * Fraction(10, 150),
    }
    assert {key: Decimal(amount) for key, amount in reached["proRata"].items()} == {
        key: round(Decimal(part.numerator) / part.denominator, 2) for key, part in by_pro_rata.items()
    }
    # what came first, the grant's 1,000, goes first: 900 to the wells, then 100 of the 300 that are given back
    assert reached["fifo"] == {("ARRIVED", "Wells in Gulu"): "900", ("HELD", "Water grant"): "100"}
    assert reached["earmarked"].keys() == {("POOLED", "Water grant"), ("HELD", "Water grant")}
    of_country = told("by which measure")["totals"]
    transfers, spent, given_back = 1000 + 500 + 900 + 300, 900 + 200, 300
    assert of_country["gross"]["amount"] == str(transfers + spent)
    assert of_country["netSpend"]["amount"] == of_country["endUse"]["amount"] == str(spent)
    assert of_country["netNew"]["amount"] == str(1000 - given_back + 500)
    assert of_country["newMoney"] == str(spent + int(of_country["held"])) == "1500"
    # 1,500 came to the fund, of which 300 went back; 1,000 of the 1,300 there came again
    again = Fraction(300 * 1000, 1300)
    went = told("came to an organization")["went"]
    assert Decimal(went["amount"]) == round(Decimal(1500) - Decimal(again.numerator) / again.denominator, 2)
    assert [(one["kind"], one["amount"]) for one in told("goes round")["quality"]["cycles"]] == [
        ("REFUND", "300"),
        ("CLOSED", "90"),
    ]
    (differing, one_side) = told("two reports disagree")["reconciliation"]["rows"]
    assert (differing["gap"], one_side["standing"]) == (str(500 - 450), "PROVIDER_ONLY")
    quarter = told("by quarter")
    in_dollars = [quarter[name]["gross"]["amount"] for name in ("promised", "planned", "paid")]
    assert in_dollars == [str(euros * 12 // 10 * 100 // 108) for euros in (1080, 540, 270)]
    assert quarter["paidInYuan"]["gross"]["amount"] == str(270 * 8)


async def text_of(
    graph: Graph, question: str, given: dict[str, Any], times: Any = (None, None, None), **more: Any
) -> tuple[list[str], dict[str, str]]:
    """Lines as they are printed, and files by name."""
    variables = following.variables_of(question, given, times)
    tables = named(from_environment(), str(TABLES / "rates.csv"))
    text, files = await following.answered(graph, question, variables, tables, **more)
    return text.splitlines(), {path.name: content for path, content in files}


def rows_of(lines: list[str]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("\n".join(lines))))


async def _in_the_terminal(graph: Graph) -> None:
    lines, _ = await text_of(graph, "trace", TRACE, TIMES)
    assert lines[:2] == ["Where the money of 福建省 (cn:350000) went", "  cash, own money, pro rata: 10,000,000 CNY"]
    assert lines[3] == "  spent  生姜种植 (project:ginger)  建筑公司 (org:builder)  5,500,000 CNY  55.0%"
    assert lines[-3:] == [
        "  missing: where 1,500,000 CNY went on from who got it: no report says it",
        "  missing: who was paid 3,000,000 CNY: no report names them",
        "  check: 10,000,000 CNY asked about; the parts add up to it",
    ]
    lines, _ = await text_of(graph, "totals", {"of": "project:p", "currency": "CNY"})
    assert "  gross          6,480 CNY  all that goes out                                  1 left out" in lines
    assert "  270 EUR of 2022-03-01 are 2,160 CNY at 8 of 2022-02-25 (rates.csv)" in lines
    some = {"of": "iso:UG", "tolerance": 0.05, "only": "differing,provider-only", "limit": 9}
    lines, _ = await text_of(graph, "reconciliation", some)
    assert lines[2:4] == [
        "      2  Both sides report it, and their amounts differ by no more than the tolerance.",
        "      1  Both sides report it, and their amounts differ by more.",
    ]
    assert [line.split()[0] for line in lines[-2:]] == ["differing", "provider"]
    assert "500 USD        450 USD  50 USD  period" in lines[-2]
    lines, _ = await text_of(graph, "flows", {"groupBy": "quarter,class", "from": "org:roads-fund", "first": 20})
    assert lines[1] == "  2022-Q1  funds  commitment            reported  1,080 EUR  1 of 1"
    lines, _ = await text_of(graph, "quality", {"limit": 5})
    assert lines[0] == "28 flows, 19 of them lead from one entity to another"
    assert any("(project:d1)  300 USD  Some of it is reported as reimbursed." in line for line in lines)
    assert any("500 / 450 USD" in line for line in lines)


async def _files(graph: Graph, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines, files = await text_of(graph, "trace", TRACE, TIMES, as_csv=True, svg=Path("a.svg"), explain=Path("a.json"))
    of_part: dict[str, int] = {}
    for row in rows_of(lines):
        of_part[row["part"]] = of_part.get(row["part"], 0) + int(row["amount"])
    assert of_part == {"line": 10_000_000, "edge": 19_000_000, "path": 10_000_000}
    drawing = ElementTree.fromstring(files["a.svg"])
    assert any("生姜种植" in (text or "") for text in drawing.itertext())
    file = tmp_path / "a.json"
    file.write_text(files["a.json"], "utf-8")
    capsys.readouterr()
    audited(str(file), as_json=False)
    said = capsys.readouterr().out
    assert "  6 claims in 1 document\n    east-west\n" in said and "  recomputed: 10000000 CNY\n" in said
    assert said.endswith("  the claims give the answer of the file\n")
    file.write_text(files["a.json"].replace('"amount": 600000000', '"amount": 500000000'), "utf-8")
    with pytest.raises(CommandError, match="was changed"):
        audited(str(file), as_json=True)
    assert json.loads(capsys.readouterr().out) == {"question": "trace", "agrees": False, "amount": "10000000"}
    file.write_text('{"format": 1}', "utf-8")
    with pytest.raises(CommandError, match="is no explanation"):
        audited(str(file), as_json=False)
    lines, _ = await text_of(graph, "totals", {"of": "iso:UG"}, (None, "2022", None), as_csv=True)
    assert [(row["measure"], row["amount"]) for row in rows_of(lines)] == [
        ("gross", "3800"), ("net spend", "1100"), ("net new money", "1200"), ("end use", "1100"),
    ]  # fmt: skip
    lines, _ = await text_of(graph, "reconciliation", {"of": "iso:UG", "tolerance": 0.0, "limit": 9}, as_csv=True)
    assert [row["gap"] for row in rows_of(lines)] == ["50", "0", "", "0"]
    lines, _ = await text_of(graph, "flows", {"groupBy": "helper", "to": "隆德县", "first": 9}, as_json=True)
    assert len(json.loads("\n".join(lines))["flows"]["nodes"]) == 3


@pytest.mark.parametrize(
    ("question", "given", "says"),
    [
        ("trace", {"rule": "lifo"}, "--rule is 'lifo': give one of pro_rata, fifo, earmarked"),
        ("trace", {"money": "mine"}, "--money is 'mine': give one of own, all"),
        ("totals", {"class": "money"}, "--class is 'money': give one of cash, reported_total, "),
        ("reconciliation", {"only": "both,none"}, "--only is 'none': give one of both, differing, "),
        ("flows", {"groupBy": "helper,month"}, "--by is 'month': give one of helper, recipient, "),
        ("flows", {"classes": "cash"}, "--class is 'cash': give one of "),
    ],
)
def test_codes_that_do_not_exist(question: str, given: dict[str, str], says: str) -> None:
    with pytest.raises(CommandError) as refused:
        following.variables_of(question, given, (None, None, None))
    assert str(refused.value).startswith(says) and refused.value.exit_code == 2


def test_files_that_do_not_exist(tmp_path: Path) -> None:
    with pytest.raises(TableRefused, match=r"rates\.csv cannot be read") as refused:
        named(from_environment(), str(tmp_path / "rates.csv"))
    assert refused.value.exit_code == 2
    with pytest.raises(CommandError, match="is no file, and no explainId") as unknown:
        audited(str(tmp_path / "a.json"), as_json=False)
    assert unknown.value.exit_code == 2


async def test_what_the_seed_does_not_hold(seeded: Graph) -> None:
    lines, _ = await text_of(seeded, "trace", TRACE | {"to": "cn:640422"})
    assert "  missing: where 1,132,600,000 CNY went on from who got it: no report says it" in lines
    assert not any("arrived" in line for line in lines)
    lines, _ = await text_of(seeded, "reconciliation", {"tolerance": 0.01, "limit": 1})
    assert lines[2:7] == [*lines[2:6], "     42  Only a third party reports it."]
    assert [line.split()[0] for line in lines[2:6]] == ["0"] * 4
