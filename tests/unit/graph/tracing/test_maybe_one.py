"""Transfers that one side alone reports, beside another of near days that the other side alone reports."""

from typing import Any

from graph.tracing.following import maybe_one
from graph.tracing.terms import Flow, Kind, Rule


def flow(day: str, *, gives: int | None = None, gets: int | None = None, **more: Any) -> Flow:
    said: dict[str, Any] = {
        "id": f"flow:{day}", "provider": "a", "receiver": "b", "kind": Kind.TRANSFER, "flow_class": "cash", "currency": "CNY",
        "first": day, "last": day, "value_date": "", "provider_says": gives, "receiver_says": gets, "others_say": None,
        "used": gives or gets or 0, "rule": next(iter(Rule)), "gap": None, "payer": "", "payee": "", "linked": False,
        "claims": ("claim:1",),
    }  # fmt: skip
    return Flow(**said | more)


def test_near_reports_of_one_side_each_are_counted() -> None:
    given = flow("2021-04-01", gives=600)
    assert maybe_one([given, flow("2021-04-02", gets=550)]) == 1
    assert maybe_one([given, flow("2021-06-30", gets=550)]) == 1  # 90 days
    assert maybe_one([given, flow("2021-07-01", gets=550)]) == 0
    assert maybe_one([given, flow("2021-01-01", gets=550)]) == 1
    assert maybe_one([given, flow("2020-12-31", gets=550)]) == 0


def test_other_edges_and_matched_reports_are_not() -> None:
    given = flow("2021-04-01", gives=600)
    assert maybe_one([given, flow("2021-04-02", gets=90, currency="USD")]) == 1
    for other in (
        {"receiver": "c"},
        {"flow_class": "commitment"},
        {"kind": Kind.END_USE},
        {"first": ""},
    ):
        assert maybe_one([given, flow("2021-04-02", gets=550, **other)]) == 0
    assert maybe_one([given, flow("2021-04-02", gives=550)]) == 0
    assert maybe_one([given, flow("2021-04-02", gives=550, gets=550)]) == 0
