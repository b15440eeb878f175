"""Broken links: each kind alone, and the order in which a link is judged."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from graph.tracing.flows import made
from graph.tracing.quality import KINDS, Known, components, faults
from graph.tracing.terms import Report
from tests.reports import both, report

A, B = "iati:XM-1-A", "iati:XM-2-B"
ORGANIZATIONS = {"org:XM-1", "org:XM-2", "org:XM-1:named"}


def told(reports: list[Report], described: set[str] | None = None, **known: Any) -> list[tuple[str, str, str]]:
    """(kind, project, value) of the faults."""
    found = faults(
        reports,
        made(reports).flows,
        Known(
            described={A, B} if described is None else described,
            organizations=ORGANIZATIONS,
            **{"funders": {}, "implementers": {}, **known},
        ),
    )
    return sorted(((f.kind, f.project, f.value) for f in found), key=lambda f: (list(KINDS).index(f[0]), f))


def link(start: str, end: str, **said: Any) -> Report:
    return report(start, end, 100, start_type="Project", end_type="Project", **said)


def test_links() -> None:
    reports = [
        link(A, A, stated_activity="XM-1-A", claim="1"),
        link(A, A, stated_activity="XM-2", claim="2"),
        link(A, "iati:XM-2", claim="3"),
        link(A, "iati:XM-2-no%20B", claim="4"),
        link(A, "iati:undisclosed", claim="5"),
        link(A, "iati:XX-9-Z", claim="6"),
        link("iati:XM-2-Z", A, claim="7", money_class="incoming_funds"),
        link("iati:XM-2-Y", A, claim="8", reported_by="press", transaction=""),  # no side's own report
    ]
    assert told(reports) == [
        ("self_link", A, "XM-1-A"),
        ("organization_id", A, "XM-2"),
        ("organization_id", A, "XM-2"),
        ("malformed_id", A, "XM-2-no%20B"),
        ("malformed_id", A, "undisclosed"),
        ("unknown_prefix", A, "XX-9-Z"),
        ("unknown_id", A, "XM-2-Z"),
    ]


def test_named_and_silent() -> None:
    funders, implementers = {A: {"org:XM-2"}, "iati:XM-1-stub": {"org:XM-2"}}, {A: {"org:XM-2"}}
    assert told([], funders=funders, implementers=implementers) == [
        ("provider_without_incoming", A, "org:XM-2"),
        ("receiver_without_outgoing", A, "org:XM-2"),
    ]
    reports = [
        report("org:XM-2", A, 5, end_type="Project", money_class="incoming_funds"),
        report(A, A, 5, start_type="Project", end_type="Project", money_class="expenditure"),
    ]
    assert told(reports, funders=funders, implementers=implementers) == []


def test_one_side_and_other_amounts() -> None:
    year = ("2020", "2020")
    reports = [
        link(A, B, on="2020-02-01"),
        link(A, B, on=year, currency="USD"),
        report(
            A,
            B,
            90,
            on=year,
            currency="USD",
            start_type="Project",
            end_type="Project",
            money_class="incoming_funds",
            claim="r",
        ),
    ]
    assert told(reports) == [("one_side", B, "cash")]  # 100 and 90 cents: within one unit of currency
    much = [r if r.claim != "r" else report(
        A, B, 90_000, on=year, currency="USD", start_type="Project", end_type="Project", money_class="incoming_funds",
    ) for r in reports]  # fmt: skip
    assert told(much) == [("one_side", B, "cash"), ("amounts_differ", B, "1 / 900 USD")]
    assert [kind for kind, _, _ in told(reports, described={A})] == ["unknown_id"] * 2  # who is not here cannot report


def test_closed_cycles() -> None:
    ring = [*both("A", "B", 7), *both("B", "C", 7), *both("C", "A", 7)]
    assert told(ring, described=set()) == [("closed_cycle", "A", "A B C")]
    assert told([*ring, report("C", "C", 1, money_class="expenditure")]) == []
    assert told([*ring, *both("D", "A", 1)]) == []
    assert told([*both("A", "B", 7), *both("B", "A", 6)]) == []  # one of it is held


@given(st.dictionaries(st.sampled_from("abcdef"), st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 9))))
def test_components_are_those_that_reach_each_other(graph: dict[str, dict[str, int]]) -> None:
    def reached(start: str) -> set[str]:
        seen, waiting = {start}, [start]
        while waiting:
            for child in graph.get(waiting.pop(), {}):
                if child not in seen:
                    seen.add(child)
                    waiting.append(child)
        return seen

    nodes = set(graph) | {child for given_ in graph.values() for child in given_}
    found = components(graph)
    assert sorted(node for component in found for node in component) == sorted(nodes)
    for component in found:
        for node in component:
            assert component == {other for other in nodes if other in reached(node) and node in reached(other)}
