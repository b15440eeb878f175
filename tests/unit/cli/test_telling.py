"""Answers as text: figures, totals and what they leave out, chains, and tables that stay straight under wide characters."""

from typing import Any

import pytest
from rich.cells import cell_len
from rich.text import Text

from cli import telling
from cli.asking import Options
from cli.telling import chain, evidence, figure, helping, left_out, reading, rendered, total, when


def one_total(**changes: Any) -> dict[str, Any]:
    return {
        "measure": "AMOUNT", "type": "FUNDS", "class": "REPORTED_TOTAL", "basis": "PLANNED", "unit": "CNY", "counted": None,
        "kinds": [], "perYear": False, "toProjects": False, "sum": "55000000", "bound": "EXACT", "added": 1,
        "notAdded": {"totalCount": 0, "nodes": []}, **changes,
    }  # fmt: skip


def fact(**changes: Any) -> dict[str, Any]:
    return {
        "id": "fact:1", "type": "FUNDS", "holds": "CERTAINLY", "validFrom": "2020", "validTo": "2020", "to": {"id": "cn:530724"},
        "evidence": [], "amount": "55000000", "currency": "CNY", "class": "REPORTED_TOTAL", "basis": "PLANNED", "bound": None,
        "perYear": None, "measure": None, "raw": None, "projects": None, **changes,
    }  # fmt: skip


PROJECTS = {"measure": "PROJECTS", "class": None, "unit": "project", "counted": "projects"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "55,000,000 CNY planned, reported total"),
        ({"basis": "REPORTED"}, "55,000,000 CNY, reported total"),
        ({"sum": "0.5", "unit": "USD", "class": "COMMITMENT", "basis": None}, "0.5 USD, commitment"),
        ({"bound": "MORE_THAN"}, "more than 55,000,000 CNY planned, reported total"),
        ({"perYear": True}, "55,000,000 CNY a year planned, reported total"),
        ({"counted": "province_budget"}, "55,000,000 CNY planned, reported total, province budget"),
        ({**PROJECTS, "sum": "20", "basis": "DONE"}, "20 projects done"),
        ({**PROJECTS, "sum": "1", "basis": "DONE"}, "1 project done"),
        (
            {
                "measure": "PEOPLE",
                "class": None,
                "unit": "person",
                "sum": "1966",
                "basis": "REPORTED",
                "kinds": ["one_way"],
            },
            "1,966 people (one way) reported",
        ),
        ({"sum": None, "bound": None, "added": 0}, "none of money in CNY planned, reported total"),
        ({**PROJECTS, "sum": None, "basis": "DONE"}, "none of projects done"),
    ],
)
def test_total(changes: dict[str, Any], said: str) -> None:
    assert total(one_total(**changes)) == said


def test_total_has_the_time_of_the_facts_it_adds() -> None:
    said = "55,000,000 CNY planned, reported total"
    assert total(one_total(), [fact()]) == f"{said} (2020)"
    assert total(one_total(), [fact(), fact(id="fact:2", basis="DONE", validFrom="2019")]) == f"{said} (2020)"
    assert total(one_total(added=2), [fact(), fact(validFrom="2019", validTo="2019")]) == f"{said} (2019; 2020)"
    assert total(one_total(added=2), [fact()]) == said, "not all of them are there"
    assert total(one_total(), [fact(validFrom=None, validTo=None)]) == said
    batch = fact(amount=None, basis="DONE", measure="projects", to={"id": "project:1", "count": 20})
    assert total(one_total(**PROJECTS, sum="20", basis="DONE"), [batch]) == "20 projects done (2020)"


def test_what_is_not_added_and_why() -> None:
    nodes = [{"reason": "PERIODS_OVERLAP", "fact": fact(validFrom="2016", validTo="2021-06")}]
    assert list(left_out(one_total(notAdded={"totalCount": 4, "nodes": nodes}))) == [
        "not added: 55,000,000 CNY planned, reported total, 2016 – 2021-06: periods of figures of the same overlap, its own or "
        "others': one may hold part of the other",
        "not added: 3 more",
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"projects": 10}, "55,000,000 CNY, 10 projects planned, reported total"),
        ({"amount": None, "projects": 1, "class": None}, "1 project planned"),
        ({"amount": None, "measure": "projects", "to": {"count": 1343}, "class": None}, "1,343 projects planned"),
        ({"bound": "ABOUT"}, "about 55,000,000 CNY planned, reported total"),
        ({"amount": None, "raw": "约5亿"}, "not known (约5亿)"),
        ({"amount": None}, ""),
        ({"amount": "12345678901234567890.05", "class": None, "basis": None}, "12,345,678,901,234,567,890.05 CNY"),
    ],
)
def test_figure(changes: dict[str, Any], said: str) -> None:
    assert figure(fact(**changes)) == said


def test_kinds_are_read_from_the_helper() -> None:
    assert helping("PAIRED_WITH") == "is paired to help" and helping("SENDS_WORKERS_TO") == "takes workers from"
    assert (reading("PART_OF"), reading("PART_OF", forward=False)) == ("is part of", "contains")


def test_when() -> None:
    def said(start: str | None, end: str | None) -> str:
        return when({"validFrom": start, "validTo": end})

    assert [said("2020", "2020"), said("2017", "2019-07"), said("2021", None), said(None, "2010"), said(None, None)] == [
        "2020", "2017 – 2019-07", "since 2021", "until 2010", "",
    ]  # fmt: skip


def test_evidence_names_the_publisher_else_the_address() -> None:
    def stated(publisher: str | None, url: str | None, locator: str | None) -> dict[str, Any]:
        return {"locator": locator, "source": {"id": "source:1", "publisher": publisher, "url": url}}

    known, page, bare = (
        stated("网站", "https://a", "line 23"),
        stated(None, "https://a/%E6%9D%A8", None),
        stated(None, None, "row 2"),
    )
    assert evidence([known, known, page, bare]) == "网站, line 23; https://a/杨; source:1, row 2"
    assert evidence([stated(f"p{n}", None, None) for n in range(5)]) == "p0; p1; p2; 2 more"
    assert evidence([]) == ""


def step(start: str, *facts: tuple[str, str]) -> dict[str, Any]:
    return {"from": {"id": start}, "facts": [{"type": type_, "from": {"id": from_}} for type_, from_ in facts]}


def test_chain_is_read_in_the_direction_of_the_path() -> None:
    names = {"cn:310110": "杨浦区", "cn:530700": "丽江市", "cn:530724": "宁蒗彝族自治县"}
    path = {
        "nodes": [{"id": id_, "name": name} for id_, name in names.items()],
        "steps": [
            step(
                "cn:310110", ("PAIRED_WITH", "cn:310110"), ("SENDS_STAFF_TO", "cn:310110"), ("PAIRED_WITH", "cn:310110")
            ),
            step("cn:530700", ("PART_OF", "cn:530724")),
        ],
    }
    assert chain(path) == "杨浦区 –[is paired to help; sends staff to]→ 丽江市 –[contains]→ 宁蒗彝族自治县"


def hits(*names: str) -> dict[str, Any]:
    nodes = [
        {"match": "NAME", "entity": {"id": f"company:{'x' * 60}:{n}", "type": "COMPANY", "name": name, "nameEn": None}}
        for n, name in enumerate(names)
    ]
    return {"search": {"totalCount": len(names) + 12, "nodes": nodes}}


def shown(data: Any, width: int | None = None) -> list[str]:
    return rendered(telling.answer("search", data, ["x"], Options()), width=width).splitlines()


def test_columns_stay_straight_under_wide_characters() -> None:
    _, *rows, more = shown(hits("宁蒗彝族自治县", "Ninglang", "ab宁蒗", "[bold]:smile: 挂职[/bold]"))
    assert len({cell_len(row[: row.index("company:")]) for row in rows}) == 1
    assert "[bold]:smile: 挂职[/bold]" in rows[-1], "names are no markup"
    assert more == "… and 12 more, --first 16"


def test_without_a_terminal_no_line_is_broken_and_no_id_cut() -> None:
    lines = shown(hits("长" * 300, "b"))
    assert len(lines) == 4 and all(f"company:{'x' * 60}:{n}" in lines[n + 1] for n in (0, 1))
    assert all(line == line.rstrip() and "\x1b" not in line for line in lines)


def test_in_a_narrow_terminal_ids_are_folded_and_not_cut() -> None:
    lines = [Text.from_ansi(line).plain for line in shown(hits("宁蒗"), width=50)]
    assert all(cell_len(line) <= 50 for line in lines) and "…" not in "".join(lines[:-1])
    assert sum(line.count("x") for line in lines) == 60


def test_control_characters_of_a_name_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in "".join(shown(hits("a\x1b]0;title\x07b\nc")))
