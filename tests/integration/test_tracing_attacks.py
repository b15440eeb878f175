"""Answers about money that were wrong once: counted twice, explained by other rates, recomputed from files that were changed."""

import json
from pathlib import Path
from typing import Any

import pytest

from api.execute import Executor
from api.schema import own_schema
from cli import auditing, following
from cli.console import CommandError
from graph.engine import Graph
from graph.rates import read
from graph.tracing.rates import Tables
from graph.write import flows
from tests.checks import load
from tests.questions import SEAL

ENTITIES = "entity,id,name\nProject,project:e,E\nProject,project:h,H\nProject,project:g,G\n"
#: One transfer as its giver has it in yuan and its receiver in dollars, and one that only the giver reports.
TWO_CURRENCIES = """\
relationship,from,to,amount,currency,class,basis,valid_from,transaction
FUNDS,project:e,project:h,700,CNY,disbursement,reported,2020-02-06,eh
FUNDS,project:e,project:h,100,USD,incoming_funds,reported,2020-02-06,eh
FUNDS,project:e,project:g,10,USD,disbursement,reported,2020-02-07,eg
"""
RATES = "date,currency,rate\n2020-02-05,USD,1.1\n2020-02-05,CNY,7.7\n"
TRACE = "trace(from: $of, currency: $currency) { amount explainId check { agrees } }"
TOTALS = "totals(of: $of, currency: $currency) { gross { amount } explainId }"
ASKED = f"query ($of: ID!, $currency: String) {{ {TRACE} {TOTALS} }}"
RECONCILED = "{ reconciliation { both explainId } }"
EXPLAIN = "query ($id: String!) { explain(id: $id) { amount file } }"


def executor(graph: Graph, tables: Tables, *, compiled: bool = True) -> Executor:
    return Executor(own_schema(), graph, SEAL, compiled=compiled, timeout=120.0, tables=tables)


async def data(asked: Executor, query: str, **variables: Any) -> Any:
    return json.loads((await asked.answer(query, variables, None)).body)


async def test_two_reports_in_two_currencies_are_one_transfer(graph: Graph, tmp_path: Path) -> None:
    await load(graph, tmp_path, ENTITIES, "entities")
    await load(graph, tmp_path, TWO_CURRENCIES, "rows")
    await flows.renew(graph)
    (tmp_path / "rates.csv").write_text(RATES, "utf-8")
    tables = Tables(rates=read(tmp_path / "rates.csv"))
    asked = executor(graph, tables)
    found = (await data(asked, ASKED, of="project:e", currency="CNY"))["data"]
    # 700 as given, and 10 dollars at 7.7 / 1.1
    assert (found["trace"]["amount"], found["totals"]["gross"]["amount"]) == ("770", "770")
    assert found["trace"]["check"]["agrees"]
    plain = (await data(executor(graph, tables, compiled=False), ASKED, of="project:e", currency="CNY"))["data"]
    assert plain["trace"]["amount"] == plain["totals"]["gross"]["amount"] == "770"
    id_ = found["trace"]["explainId"]
    for one in (id_, found["totals"]["explainId"]):
        assert (await data(asked, EXPLAIN, id=one))["data"]["explain"]["amount"] == "770"

    # a figure is not explained by other rates than it was made with
    (tmp_path / "others.csv").write_text(RATES, "utf-8")
    for other in (Tables(), Tables(rates=read(tmp_path / "others.csv"))):
        refused = (await data(executor(graph, other), EXPLAIN, id=id_))["errors"][0]
        assert refused["extensions"]["code"] == "BAD_USER_INPUT" and "rates of rates.csv" in refused["message"]
    without = (await data(executor(graph, Tables()), ASKED, of="project:e", currency="CNY"))["data"]["trace"]
    assert without["amount"] == "700"
    assert (await data(asked, EXPLAIN, id=without["explainId"]))["data"]["explain"]["amount"] == "700"

    # what was taken back since is still what was known then
    known = {"question": (await data(asked, RECONCILED))["data"]["reconciliation"]}
    assert known["question"]["both"] == 1
    header, *_, last = TWO_CURRENCIES.splitlines(keepends=True)
    now = last.replace("project:e", "project:g").replace("disbursement", "expenditure")
    await load(graph, tmp_path, header + now, "rows", allow_retract=True)
    await flows.renew(graph)
    assert (await data(asked, RECONCILED))["data"]["reconciliation"]["both"] == 0
    again = (await data(asked, EXPLAIN, id=known["question"]["explainId"]))["data"]["explain"]["file"]
    assert json.loads(again)["answer"][0] == 1

    file = json.loads((await data(asked, EXPLAIN, id=id_))["data"]["explain"]["file"])
    path = tmp_path / "explained.json"
    path.write_text(json.dumps(file), "utf-8")
    auditing.recomputed(path, as_json=True)
    changes: list[dict[str, Any]] = [
        {"question": "reconciliation"},  # whose arguments are not there
        {"arguments": file["arguments"] | {"rule": "lifo"}},
        {"arguments": file["arguments"] | {"paths": "x"}},
        {"rates": [[*file["rates"][0][:4], "0"], *file["rates"][1:]]},
        {"rates": [["5 February", *file["rates"][0][1:]], *file["rates"][1:]]},
    ]
    for change in changes:
        path.write_text(json.dumps(file | change), "utf-8")
        with pytest.raises(CommandError, match=r"explained\.json: nothing can be recomputed"):
            auditing.recomputed(path, as_json=False)


def test_an_id_longer_than_a_file_name_is_none_of_a_file() -> None:
    with pytest.raises(CommandError, match="no file, and no explainId"):
        auditing.explain("a." * 200, as_json=False)


def test_a_name_is_no_formula_in_csv_and_a_number_stays_one() -> None:
    rows = [{"name": '=HYPERLINK("x")', "amount": "-5.20", "to": "@x, y", "share": 0.5}]
    assert following.table(rows) == 'name,amount,to,share\n"\'=HYPERLINK(""x"")",-5.20,"\'@x, y",0.5\n'
