"""Totals side by side: the example of docs/tracing.md, and what each leaves out."""

import pytest

from graph.tracing.choosing import Left
from graph.tracing.flows import made
from graph.tracing.measures import measures
from graph.tracing.terms import Report
from tests.reports import both, report

UNIT = 10_000
#: A has 100 of its own, D 50; B gives 30 back to A.
GOLDEN: list[Report] = [
    report("A", "A", 100 * UNIT, money_class="incoming_funds"),
    report("D", "D", 50 * UNIT, money_class="incoming_funds"),
    *both("A", "B", 100 * UNIT),
    *both("D", "B", 50 * UNIT),
    *both("B", "C", 90 * UNIT),
    *both("B", "A", 30 * UNIT),
    report("C", "C", 90 * UNIT, money_class="expenditure"),
    report("B", "B", 20 * UNIT, money_class="expenditure"),
]


def test_the_golden_example() -> None:
    flows = made(GOLDEN).flows
    assert len(flows) == 8
    found = measures(flows, {"A", "B", "C", "D"})
    assert found.gross.amount == 380 * UNIT
    assert found.net_spend.amount == 110 * UNIT
    assert found.net_new.amount == 120 * UNIT
    assert found.end_use.amount == 110 * UNIT
    assert (found.new_money, found.held, found.passed_on) == (150 * UNIT, 40 * UNIT, 0)
    own = {one.id for one in flows if one.kind == "own"}
    assert set(found.gross.left) == {(id_, "own_money") for id_ in own}
    transfers = {one.id for one in flows if one.kind == "transfer"}
    assert set(found.end_use.left) == {(id_, "passed_on") for id_ in transfers} | set(found.gross.left)
    assert set(found.net_spend.subtracted) == transfers


def test_some_of_the_nodes() -> None:
    found = measures(made(GOLDEN).flows, {"B"})
    assert found.gross.amount == (90 + 30 + 20) * UNIT
    assert found.net_spend.amount == (140 - 150) * UNIT
    assert (found.net_new.amount, found.end_use.amount) == (0, 20 * UNIT)
    assert (found.new_money, found.held, found.passed_on) == (150 * UNIT, 10 * UNIT, 120 * UNIT)
    assert found.new_money == found.end_use.amount + found.held + found.passed_on


def test_commitments_that_come_in_reduce_new_money() -> None:
    reports = [report("A", "B", 100), report("B", "B", 80, money_class="expenditure")]
    assert measures(made(reports[1:]).flows, {"B"}).net_new.amount == 80
    promised = [report("A", "B", 60, money_class="commitment"), *reports[1:]]
    found = measures(made(promised).flows, {"B"})
    assert (found.net_new.amount, found.end_use.amount, found.net_spend.amount) == (20, 80, 80)
    assert [reason for _, reason in found.net_spend.left] == ["other_class"]
    assert found.net_new.left == ()


def test_what_is_left_out_says_why() -> None:
    flows = made(
        [
            report("A", "B", 5, on="2019-05-01"),
            report("A", "B", 7, on="2020-05-01"),
            report("A", "B", 9, on=("2020-07-01", "2021-06-30"), claim="long"),
            report("A", "B", 11, on="2020-02-01", money_class="pledge"),
            report("A", "E", 13, on="2020-02-01"),
        ]
    ).flows
    unknown = Left(
        claim="c", fact="f", provider="A", receiver="B", flow_class="cash", currency="EUR", amount=None, reason="value_unknown"
    )  # fmt: skip
    found = measures(
        flows, {"A", "E"}, first="2020-01-01", last="2020-12-31", left=[unknown], excluded={"E": "upper_hierarchy"}
    )
    assert found.gross.amount == 7
    by_id = {one.id: one.used for one in flows}
    assert {(by_id.get(id_, id_), reason) for id_, reason in found.gross.left} == {
        (9, "beyond_period"),
        (11, "other_class"),
        (13, "upper_hierarchy"),
        ("c", "value_unknown"),
    }


def test_corrections_go_as_where_money_is_followed() -> None:
    flows = made(
        [
            report("A", "B", 100, on="2020-01-01"),
            report("A", "B", -250, on="2020-02-01"),
            report("B", "B", -30, money_class="expenditure", on="2020-03-01"),
        ]
    ).flows
    found = measures(flows, {"A"})  # B gave 150 back
    assert (found.gross.amount, found.new_money, found.held, found.passed_on) == (0, 150, 150, 0)
    of_b = measures(flows, {"B"})
    assert (of_b.gross.amount, of_b.end_use.amount, of_b.new_money, of_b.passed_on) == (150, 0, 150, 150)
    assert [(one.effect, one.amount) for one in of_b.corrections] == [("flow_back", 150), ("not_applied", 30)]
    assert (
        measures(made([report("B", "B", 50, money_class="expenditure", on="2020-01-01")]).flows, {"B"}).end_use.amount
        == 50
    )


def test_currencies_are_not_added() -> None:
    flows = made([report("A", "B", 5), report("A", "C", 5, currency="USD")]).flows
    with pytest.raises(ValueError, match="EUR, USD cannot be added: convert them first"):
        measures(flows, {"A"})
