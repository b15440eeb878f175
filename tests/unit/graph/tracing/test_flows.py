"""Reports become flows: whose figure is used, what is matched to what, what is left out; never the sum of two reports."""

import random
from collections.abc import Iterable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from graph.tracing.flows import Made, made, transfer
from graph.tracing.reconciling import Step, Tolerance
from graph.tracing.terms import Flow, Kind, Report, Rule
from tests.reports import both, report


def row(flow: Flow) -> tuple[Any, ...]:
    """(provider, receiver, kind, first day, provider says, receiver says, used, gap)."""
    return (
        flow.provider, flow.receiver, flow.kind.value, flow.first, flow.provider_says, flow.receiver_says, flow.used, flow.gap
    )  # fmt: skip


def rows(reports: Iterable[Report], **options: Any) -> set[tuple[Any, ...]]:
    done = made(reports, **options)
    found = {row(flow) for flow in done.flows}
    assert len(found) == len(done.flows) == len({flow.id for flow in done.flows})
    return found


def reasons(done: Made) -> dict[str, str]:
    return {one.claim: one.reason for one in done.left}


def test_both_reports_are_one_flow() -> None:
    done = made(both("A", "B", 10_000))
    (flow,) = done.flows
    assert row(flow) == ("A", "B", "transfer", "2020-03-01", 10_000, 10_000, 10_000, 0)
    assert (flow.rule, flow.linked, len(flow.claims)) == (Rule.PROVIDER, True, 2)
    assert (done.matched[flow.id].step, done.matched[flow.id].days, done.left) == (Step.AMOUNT, 0, ())
    assert transfer(flow).day == "2020-03-01" and transfer(flow).amount == 10_000


def test_amounts_and_days_may_differ_a_little() -> None:
    given_ = report("A", "B", 10_000, on="2020-03-01")
    got = report("A", "B", 9_910, on="2020-04-30", money_class="incoming_funds")
    assert rows([given_, got]) == {("A", "B", "transfer", "2020-03-01", 10_000, 9_910, 10_000, 90)}
    (matched,) = made([given_, got]).matched.values()
    assert matched.days == 60
    apart = {
        ("A", "B", "transfer", "2020-03-01", 10_000, None, 10_000, None),
        ("A", "B", "transfer", "2020-04-30", None, 9_910, 9_910, None),
    }
    assert rows([given_, got], tolerance=Tolerance(days=59)) == apart
    assert rows([given_, got], tolerance=Tolerance(share=80, units=0)) == apart


def test_the_best_pair_first() -> None:
    reports = [
        report("A", "B", 10_000, on="2020-01-10"),
        report("A", "B", 10_050, on="2020-02-10"),
        report("A", "B", 10_050, on="2020-01-12", money_class="incoming_funds"),
        report("A", "B", 10_000, on="2020-02-12", money_class="incoming_funds"),
    ]
    assert rows(reports) == {
        ("A", "B", "transfer", "2020-01-10", 10_000, 10_000, 10_000, 0),
        ("A", "B", "transfer", "2020-02-10", 10_050, 10_050, 10_050, 0),
    }


def test_transactions_of_a_day_are_added_and_corrections_with_them() -> None:
    reports = [
        report("A", "B", 6_000, claim="a"),
        report("A", "B", 5_000, claim="b"),
        report("A", "B", -1_000, claim="c"),
        report("A", "B", 10_000, money_class="incoming_funds", claim="d"),
    ]
    assert rows(reports) == {("A", "B", "transfer", "2020-03-01", 10_000, 10_000, 10_000, 0)}


def test_sums_of_one_period_are_one_flow_with_a_gap() -> None:
    year = ("2020-01-01", "2020-12-31")
    reports = [report("A", "B", 10_000, on=year), report("A", "B", 7_000, on=year, money_class="incoming_funds")]
    assert rows(reports) == {("A", "B", "transfer", "2020-01-01", 10_000, 7_000, 10_000, 3_000)}
    (matched,) = made(reports).matched.values()
    assert matched.step is Step.PERIOD


def test_a_sum_beside_days_that_it_holds_is_not_used() -> None:
    year = ("2020-01-01", "2020-12-31")
    reports = [
        report("A", "B", 10_000, on="2020-03-01"),
        report("A", "B", 5_000, on="2020-09-01"),
        report("A", "B", 15_000, on=year, money_class="incoming_funds", claim="sum"),
    ]
    done = made(reports)
    assert sum(flow.used for flow in done.flows) == 15_000
    assert reasons(done) == {"sum": "periods_overlap"}


def test_others_stand_beside() -> None:
    year = ("2020-01-01", "2020-12-31")
    sides = {"provider": "a", "receiver": "b", "neither": "press"}
    reports = [
        report("a", "b", amount, on=year, reported_by=by, claim=by, fact="f", money_class="donation")
        for amount, by in zip((10, 11, 12), sides.values(), strict=True)
    ]
    (flow,) = made(reports).flows
    assert (flow.provider_says, flow.receiver_says, flow.others_say, flow.used, flow.rule) == (
        10,
        11,
        12,
        10,
        Rule.PROVIDER,
    )
    (alone,) = made(reports[2:]).flows
    assert (alone.others_say, alone.used, alone.rule, alone.claims) == (12, 12, Rule.OTHERS, ("press",))
    (received,) = made(reports[1:]).flows
    assert (received.used, received.rule, received.others_say) == (11, Rule.RECEIVER, 12)


def test_the_claim_of_best_standing_speaks() -> None:
    reports = [
        report("a", "b", 10, fact="f", claim="weak", standing=3),
        report("a", "b", 12, fact="f", claim="strong", standing=1),
    ]
    (flow,) = made(reports).flows
    assert (flow.used, flow.claims) == (12, ("strong", "weak"))


def test_what_is_left_out() -> None:
    year, longer = ("2020", "2020"), ("2019", "2020")
    done = made(
        [
            report("a", "b", None, on=year, claim="unknown"),
            report("a", "b", 5, on=("2018", "2018"), official=False, claim="unofficial"),
            report("a", "b", 6, on=year, claim="short"),
            report("a", "b", 9, on=longer, claim="long", fact="whole"),
            report("a", "b", 2, on=("2021", "2021"), part_of="whole", claim="part"),
            report("a", "b", 2, on=("2022", "2022"), part_of="fact unknown", claim="part of unknown"),
            report("a", "b", 2, on=("2023", "2023"), part_of="elsewhere", claim="part elsewhere"),
            report("a", "b", 3, on=("2024-02", "2024-03"), per_year=True, claim="yearly"),
            report("a", "b", 4, on=("2025", "2026"), per_year=True, claim="two years"),
            report("a", "b", 4, on=("2025", "2026"), measure="projects", claim="batch"),
        ]
    )
    assert reasons(done) == {
        "unknown": "value_unknown",
        "unofficial": "not_official",
        "short": "periods_overlap",
        "part": "part_of_another",
        "part elsewhere": "part_of_another",
        "yearly": "years_unknown",
    }
    assert {(flow.first, flow.last, flow.used) for flow in done.flows} == {
        ("2019-01-01", "2020-12-31", 9),
        ("2022-01-01", "2022-12-31", 2),
        ("2025-01-01", "2025-12-31", 4),
        ("2026-01-01", "2026-12-31", 4),
    }


def test_plans_of_a_period_are_added_and_new_ones_take_the_place_of_theirs() -> None:
    def plan(amount: int, measure: str, quarter: tuple[str, str] = ("2020-01", "2020-03")) -> Report:
        told: dict[str, Any] = {"measure": measure, "transaction": str(amount), "claim": str(amount)}
        return report("A", "B", amount, on=quarter, money_class="planned_disbursement", **told)

    spring = ("2020-04", "2020-06")
    original = [
        plan(1000, "original"),
        plan(2500, "original"),
        plan(3, "original", spring),
        plan(4, "original", spring),
    ]
    revised = [plan(700, "revised"), plan(800, "revised")]
    done = made([*original, *revised])
    assert reasons(done) == {"1000": "revised", "2500": "revised"}
    assert sorted((flow.first, flow.used) for flow in done.flows) == [("2020-01-01", 1500), ("2020-04-01", 7)]


def test_revised_budgets_take_the_place_of_original_ones() -> None:
    done = made(
        [
            report("A", "A", 90, on=("2020", "2020"), money_class="budget", measure="original", claim="first"),
            report("A", "A", 70, on=("2020", "2020"), money_class="budget", measure="revised", claim="second"),
            report("A", "A", 50, on=("2021", "2021"), money_class="budget", measure="original", claim="third"),
        ]
    )
    assert reasons(done) == {"first": "revised"}
    assert sorted((flow.flow_class, flow.used) for flow in done.flows) == [("budget", 50), ("budget", 70)]


def test_kinds() -> None:
    found = {
        (flow.provider, flow.receiver): (flow.kind, flow.payee)
        for flow in made(
            [
                report("A", "A", 1, money_class="expenditure", receiver="shop"),
                report("B", "B", 1, money_class="incoming_funds"),
                report("C", "shop", 1),
                report("D", "shop", 1, money_class="expenditure"),
                report("E", "F", 1),
                report("fund", "G", 1),
                report("H", "shop", 1, money_class="commitment"),
            ]
        ).flows
    }
    assert found == {
        ("A", "A"): (Kind.END_USE, "shop"),
        ("B", "B"): (Kind.OWN, ""),
        ("C", "shop"): (Kind.END_USE, "shop"),
        ("D", "shop"): (Kind.END_USE, "shop"),
        ("E", "F"): (Kind.TRANSFER, ""),
        ("fund", "G"): (Kind.TRANSFER, ""),
        ("H", "shop"): (Kind.TRANSFER, "shop"),
    }


def test_classes_and_currencies_are_never_mixed() -> None:
    reports = [
        report("A", "B", 100),
        report("A", "B", 100, money_class="commitment"),
        report("A", "B", 100, money_class="incoming_funds", currency="USD"),
    ]
    assert {(f.flow_class, f.currency, f.provider_says, f.receiver_says) for f in made(reports).flows} == {
        ("cash", "EUR", 100, None),
        ("cash", "USD", None, 100),
        ("commitment", "EUR", 100, None),
    }


def test_an_organization_stands_for_its_activity() -> None:
    by_a = report("A", "B", 10_000, provider="donor")
    by_b = report("donor", "B", 9_950, money_class="incoming_funds", on="2020-03-11")
    for reports in ([by_a, by_b], [by_b, by_a]):
        done = made(reports)
        (flow,) = done.flows
        assert row(flow) == ("A", "B", "transfer", "2020-03-01", 10_000, 9_950, 10_000, 50)
        assert (done.matched[flow.id].step, done.matched[flow.id].days) == (Step.PROVIDER_ORGANIZATION, 10)
    other = report("other", "B", 9_950, money_class="incoming_funds")
    assert len(made([by_a, other]).flows) == 2


def test_a_receiving_organization_stands_for_its_activity() -> None:
    by_a = report("A", "ngo", 10_000)
    by_b = report("A", "B", 10_020, money_class="incoming_funds", receiver="ngo")
    done = made([by_a, by_b])
    (flow,) = done.flows
    assert row(flow) == ("A", "B", "transfer", "2020-03-01", 10_000, 10_020, 10_000, -20)
    assert (done.matched[flow.id].step, flow.payee, flow.linked) == (Step.RECEIVER_ORGANIZATION, "ngo", True)


def test_two_currencies_need_a_rate() -> None:
    rates = {"2020-03-01": 2, "2020-03-05": 3}
    reports = [
        report("A", "B", 10_000, currency="USD"),
        report("A", "B", 3_320, money_class="incoming_funds", on="2020-03-05", value_date="2020-03-05"),
    ]
    assert len(made(reports).flows) == 2
    done = made(reports, rate=lambda amount, _from, _to, day: amount * rates[day])
    (flow,) = done.flows
    assert (flow.currency, flow.provider_says, flow.receiver_says, flow.gap) == ("USD", 10_000, 9_960, 40)
    matched = done.matched[flow.id]
    assert (matched.step, matched.exchange, matched.receiver_amount, matched.receiver_currency) == (
        Step.EXCHANGED,
        9_960 - 6_640,
        3_320,
        "EUR",
    )
    assert len(made(reports, rate=lambda *_: None).flows) == 2
    # of one day, they are one whatever the amounts, as in one currency
    of_a_day = [reports[0], report("A", "B", 6_000, money_class="incoming_funds")]
    (flow,) = made(of_a_day, rate=lambda amount, _from, _to, day: amount * rates[day]).flows
    assert (flow.used, flow.receiver_says, flow.gap) == (10_000, 12_000, -2_000)
    assert len(made(of_a_day, rate=lambda *_: None).flows) == 2


_nodes = st.sampled_from(["A", "B", "C", "donor", "ngo"])
_days = st.sampled_from(["2020-01-01", "2020-01-15", "2020-06-01", ("2020", "2020"), ("2019", "2021"), ("", "")])


@st.composite
def _reports(draw: st.DrawFn) -> list[Report]:
    found: list[Report] = []
    for n in range(draw(st.integers(1, 12))):
        start, end = draw(_nodes), draw(_nodes)
        if start == end and not start.isupper():
            continue
        found.append(
            report(
                start,
                end,
                draw(st.sampled_from([None, -50, 0, 100, 101, 250])),
                on=draw(_days),
                money_class=draw(st.sampled_from(["disbursement", "incoming_funds", "expenditure", "commitment"])),
                claim=f"c{n}",
                fact=f"f{draw(st.integers(0, 12))} {start} {end}",
                standing=draw(st.integers(0, 2)),
                currency=draw(st.sampled_from(["EUR", "USD"])),
                provider=draw(st.sampled_from(["", "donor"])) if start.isupper() else "",
                receiver=draw(st.sampled_from(["", "ngo"])) if end.isupper() else "",
                reported_by=draw(st.sampled_from(["", start, end, "press"])),
            )
        )
    return found


@given(_reports(), st.randoms(use_true_random=False))
def test_every_report_is_in_one_flow_or_left_out_whatever_the_order(
    reports: list[Report], chance: random.Random
) -> None:
    done = made(reports)
    shuffled = list(reports)
    chance.shuffle(shuffled)
    again = made(shuffled)
    assert (again.flows, again.matched, again.left) == (done.flows, done.matched, done.left)
    in_flows = [claim for flow in done.flows for claim in flow.claims]
    left = {one.claim for one in done.left}
    speaking = {r.claim for r in reports} - left
    assert len(in_flows) == len(set(in_flows))
    assert {claim for claim in in_flows if claim not in left} <= speaking
    assert len({flow.id for flow in done.flows}) == len(done.flows)
    for flow in done.flows:
        said = (flow.provider_says, flow.receiver_says, flow.others_say)
        assert flow.used == next(figure for figure in said if figure is not None)
        assert flow.gap == (said[0] - said[1] if said[0] is not None and said[1] is not None else None)


@given(_reports())
def test_flows_between_two_follow_from_the_reports_around_them(reports: list[Report]) -> None:
    """What graph/write/flows.py reads to make flows anew is enough: all into an activity, all out of one."""
    done = made(reports)
    for start, end in {(r.start, r.end) for r in reports}:
        around = [
            r
            for r in reports
            if (r.start, r.end) == (start, end)
            or (end.isupper() and r.end == end)
            or (start.isupper() and r.start == start)
        ]
        again = made(around)
        assert [f for f in again.flows if (f.provider, f.receiver) == (start, end)] == [
            f for f in done.flows if (f.provider, f.receiver) == (start, end)
        ]
