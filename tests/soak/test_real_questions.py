"""What analysts ask of real files, compared with sums that are made of the files themselves."""

import json
from collections import defaultdict
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from api.schema import own_schema
from graph.engine import Graph
from loaders import pipeline
from tests.checks import SHARED
from tests.questions import Question, answer, answering

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the real files of ../shared are not at hand"),
]
SENEGAL = SHARED / "iati" / "aiddata" / "iati_2.03_SenegalAIMS_GeocodedResearchRelease.xml"
ARGENTINA = SHARED / "iati" / "okfn" / "who-arg.xml"
CLASSES = {"2": "COMMITMENT", "3": "DISBURSEMENT", "4": "EXPENDITURE"}
Sums = dict[tuple[Any, ...], tuple[int, Decimal]]


async def ask(graph: Graph, query: str) -> Any:
    said = await answer(answering(graph, own_schema()).compiled, Question(name="real", query=query))
    body = json.loads(said)
    assert "errors" not in body, body["errors"]
    return body["data"]


async def flows(graph: Graph, arguments: str, *fields: str) -> Sums:
    """Facts and sum of every row, by its fields and class."""
    found: Sums = {}
    after = "null"
    while after:
        selected = " ".join(f"{name} {{ name id }}" if name in ("helper", "recipient") else name for name in fields)
        data = await ask(
            graph,
            f"{{ flows({arguments}, first: 100, after: {after}) {{ pageInfo {{ hasNextPage endCursor }} "
            f"nodes {{ {selected} class sum facts added }} }} }}",
        )
        for row in data["flows"]["nodes"]:
            key = tuple(row[name]["name"] if isinstance(row[name], dict) else row[name] for name in (*fields, "class"))
            assert row["facts"] == row["added"] and key not in found
            found[key] = row["facts"], Decimal(row["sum"])
        page = data["flows"]["pageInfo"]
        after = json.dumps(page["endCursor"]) if page["hasNextPage"] else ""
    return found


def transactions(path: Path) -> list[tuple[Any, str, str, Decimal]]:
    """Activity, class, year and value in whole cents of the transactions of a file."""
    found: list[tuple[Any, str, str, Decimal]] = []
    for activity in etree.parse(path).getroot().iter("iati-activity"):
        for one in activity.iter("transaction"):
            code, value = one.find("transaction-type").get("code"), one.find("value")
            day = one.find("transaction-date").get("iso-date")
            cents = Decimal(value.text.strip()).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
            found.append((activity, CLASSES.get(code, ""), day[:4], cents))
    return found


def add(sums: Sums, key: tuple[Any, ...], value: Decimal) -> None:
    n, total = sums.get(key, (0, Decimal(0)))
    sums[key] = n + 1, total + value


async def test_who_funds_senegal(graph: Graph) -> None:
    report = await pipeline.load(graph, [SENEGAL], pipeline.Options(dataset="senegal"))
    assert not report.rejected
    by_funder: Sums = {}
    by_country: Sums = {}
    for activity, class_, _, value in transactions(SENEGAL):
        named = activity.xpath("participating-org[@role='1']/narrative/text()")
        funders = {" ".join(name.split()) for name in named}
        helper = (funders.pop(), None) if len(funders) == 1 else (None, "SEVERAL" if funders else "NOT_STATED")
        add(by_funder, (*helper, class_), value)
        countries = {country.get("code") for country in activity.iter("recipient-country")}
        assert countries <= {"SN"}
        add(by_country, ("Senegal", None, class_) if countries else (None, "NOT_STATED", class_), value)
    only = 'classes: [COMMITMENT, DISBURSEMENT], source: "source:dataset:senegal"'
    found = await flows(graph, f"groupBy: [HELPER], {only}", "helper", "helperOpen")
    merged: defaultdict[tuple[Any, ...], list[tuple[int, Decimal]]] = defaultdict(list)
    for (name, why, class_), sums in found.items():
        merged[(" ".join(name.split()) if name else None, why, class_)].append(sums)
    assert {key: (sum(n for n, _ in sums), sum(s for _, s in sums)) for key, sums in merged.items()} == by_funder
    assert (None, "SEVERAL", "COMMITMENT") in by_funder  # jointly funded, not split
    assert await flows(graph, f"groupBy: [RECIPIENT], {only}", "recipient", "recipientOpen") == by_country


async def test_who_in_argentina_by_year(graph: Graph) -> None:
    report = await pipeline.load(graph, [ARGENTINA], pipeline.Options(dataset="who-arg"))
    assert not report.rejected
    expected: Sums = {}
    for _, class_, year, value in transactions(ARGENTINA):
        if class_ in ("DISBURSEMENT", "EXPENDITURE"):
            add(expected, (year, class_), value)
    arguments = 'groupBy: [YEAR], to: "iso:AR", reportedBy: "org:XM-DAC-928", classes: [DISBURSEMENT, EXPENDITURE]'
    assert await flows(graph, arguments, "year") == expected


async def test_the_ten_largest_commitments_to_africa(graph: Graph) -> None:
    files = [SHARED / "aiddata-china" / f"{name}.csv" for name in ("locations", "transactions", "projects")]
    await pipeline.load(graph, files, pipeline.Options(dataset="aiddata"))
    data = await ask(
        graph,
        '{ largest(currency: "USD", classes: [COMMITMENT], to: "group:un-002", source: "source:dataset:aiddata", first: 10) { '
        "nodes { note ... on Funding { amount about { id } } evidence { source { id } locator } } } }",
    )
    found = data["largest"]["nodes"]
    amounts = [Decimal(row["amount"]) for row in found]
    assert amounts == sorted(amounts, reverse=True)
    assert (amounts[0], found[0]["about"]["id"]) == (2_846_909_419, "aiddata:30171")
    lines = files[1].read_text("utf-8-sig").splitlines()
    for row in found:  # the evidence is the row of the data set
        assert row["evidence"][0]["source"]["id"] == "source:dataset:aiddata"
        line = lines[int(row["evidence"][0]["locator"].removeprefix("line ")) - 1]
        assert f'"{row["about"]["id"].removeprefix("aiddata:")}"' in line and f'"{row["amount"]}"' in line
        assert row["note"].startswith("nominal as given")
    assert len({row["about"]["id"] for row in found}) == 10
    # of each recipient all is added, since one project's money overlaps none of another's
    sums = await flows(
        graph, 'groupBy: [RECIPIENT], source: "source:dataset:aiddata"', "recipient", "recipientOpen", "helperLevel"
    )
    assert sum(n for n, _ in sums.values()) == 1_967
    assert sum(total for _, total in sums.values()) == 273_611_118_916
    assert sums["Kenya", None, "ORGANIZATION", "COMMITMENT"] == (52, Decimal(5_367_565_106))
