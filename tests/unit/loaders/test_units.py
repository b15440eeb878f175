"""Units in headers, titles and cells: those that are read, those that are noticed, and what is none."""

import time
from collections.abc import Callable

import pytest

from loaders import units


@pytest.mark.parametrize(
    ("header", "read"),
    [
        ("金额(万元)", ("金额", 10_000)),
        ("金额[亿元]", ("金额", 10**8)),
        ("金额【万元】", ("金额", 10_000)),
        ("金额(单位:万元)", ("金额", 10_000)),
        ("金额(单位: 元)", ("金额", 1)),
        ("金额(元)", ("金额", 1)),
        ("万企兴万村资金", ("万企兴万村资金", 1)),
        ("千村示范(试点)", ("千村示范(试点)", 1)),
        ("kilometres (km)", ("kilometres (km)", 1)),
        ("modem", ("modem", 1)),
        ("(万元)", ("(万元)", 1)),
    ],
)
def test_a_unit_in_a_header_is_read(header: str, read: tuple[str, int]) -> None:
    assert units.header_unit(header) == read
    assert header == "(万元)" or not units.unread_unit(header)


@pytest.mark.parametrize(
    "header",
    ["金额/万元", "金额 万元", "金额(万美元)", "金额(10万元)", "金额(人民币万元)", "金额(万元、人民币)",
     "合计(兆)", "人数(万人)", "人数(百人)", "投资额亿元", "USD million", "amount in thousands", "amount (USD m)", "amount (k)"],
)  # fmt: skip
def test_a_unit_that_is_not_read_is_noticed(header: str) -> None:
    assert units.header_unit(header) == (header, 1)
    assert units.unread_unit(header)


@pytest.mark.parametrize(
    ("title", "header"),
    [
        ("单位：万美元", "金额(万)"),
        ("单位:千美元", "金额(千)"),
        ("单位：万", "金额(万)"),
        ("（金额：万元）", "金额(万元)"),
        ("(万元)", "金额(万元)"),
        ("单位：人民币 万元", "金额(万元)"),
        ("计量单位：人民币万元", "金额(万元)"),
        ("某县资金表 单位：万元 2024年", "金额(万元)"),
        ('"单位：万元\n2024",,', "金额(万元)"),
        (",,万元,,,,", "金额(万元)"),
        ("单位：人、万元", "金额(万元)"),
        ("金额单位为万元", "金额(万元)"),
        ("以万元为单位", "金额(万元)"),
        ("单位：亿元", "金额(亿元)"),
        ("单位：10万元", ""),
        ("单位:10,000元", ""),
        ("单位：兆元", ""),
        ("Amounts in USD million", "金额(百万)"),
        ("in thousands", "金额(千)"),
        ("Unit: RMB million", "金额(百万)"),
        ("millions of dollars", "金额(百万)"),
        ("USD '000", "金额(千)"),
        ("USD billion", ""),
        ("单位∶万元", "金额(万元)"),
        ("说明：1.金额单位为万元。2.人数为实有人数。", "金额(万元)"),
        ("单位：人民币（万元）", "金额(万元)"),
        ("单位－万元", "金额(万元)"),
        ("单位=万元", "金额(万元)"),
        ("單位：萬元", "金额(万元)"),
        ("金额以万元计", "金额(万元)"),
        ("表中金额均以万元计", "金额(万元)"),
        ("单位:1万元", ""),
        ("Amount in 10,000 yuan", ""),
        ("unit: RMB 10,000", ""),
        ("in tens of thousands", ""),
        ("ten thousand yuan", ""),
    ],
)
def test_a_title_tells_a_unit_of_money(title: str, header: str) -> None:
    unit, *_ = units.told(title)
    assert (unit.money, unit.header("金额")) == (True, header)


@pytest.mark.parametrize(
    ("title", "times", "foreign"),
    [
        ("单位：元", 1, False),
        ("单位：人民币元", 1, False),
        ("单位：美元", 1, True),
        ("单位：人民币（万元）", 10_000, False),
        ("单位：十万元", 10**5, False),
        ("单位:1万元", 10_000, False),
        ("Unit: 10k RMB", 10_000, False),
        ("In hundred millions", 10**8, False),
        ("USD billion", 10**9, True),
        ("單位：新臺幣萬元", 10_000, True),
        ("单位：兆元", 0, False),
    ],
)
def test_how_many_of_which_currency_a_title_tells(title: str, times: int, foreign: bool) -> None:
    (unit,) = units.told(title)
    assert (unit.times, unit.foreign) == (times, foreign)


def test_a_title_tells_units_of_what_is_counted() -> None:
    assert [(unit.text, unit.money, unit.counts) for unit in units.told("单位：万元、万人")] == [
        ("万元", True, False),
        ("万人", False, True),
    ]
    assert [(unit.money, unit.counts) for unit in units.told("单位：万")] == [(True, True)]


@pytest.mark.parametrize(
    "title",
    ["填报单位：县乡村振兴局", "填报单位：万州区扶贫办", "单位：千阳县", "百 色 市 资 金 表", "2024年投入1200万元资金使用表",
     "单位：人", "千人计划项目表", "币种：人民币", "填报单位：元谋县", "投资500万元以上项目表", "（目标：亿元）",
     "注册资本：千万", "(百亿)工程", "《千万》", "Project in M", "Unit: M2", "Class of '000",
     "总投资 3000 万元", "A million trees project", "5 million USD in 2019",
     "万企兴万村资金", "Kunming in May", "", "Grants in Mali"],
)  # fmt: skip
def test_other_titles_tell_no_unit(title: str) -> None:
    assert units.told(title) == []


@pytest.mark.parametrize(
    ("header", "how"),
    [
        ("Amount (CNY)", "write Amount, and the currency into a column 币种"),
        ("金额(人民币万元)", "write 金额(万元), and the currency into a column 币种"),
        ("金额万元", "write 金额(万元)"),
        ("金额/万元", "write 金额(万元)"),
        ("金额(百元)", "write 金额, and its figures out"),
        ("Amount (million CNY)", "write Amount(百万), and the currency into a column 币种"),
        ("金额(W)", "write 金额, or as 金额(万元) with its unit"),
        ("劳务人数(万人)", "write 劳务人数, and its figures out"),
        ("劳务人数(其中女)", ""),
        ("金额类别", ""),
        ("金额", ""),
        ("备注(万元)", ""),
    ],
)
def test_what_to_write_in_the_place_of_an_odd_header(header: str, how: str) -> None:
    assert units.odd(header, {"金额", "Amount", "劳务人数"}, {"金额", "Amount"}) == how


@pytest.mark.parametrize("read", [units.told, units.unread_unit, units.header_unit, units.whole])
@pytest.mark.parametrize(
    "piece", ["单位", "单位:", "单位 ", "(", "[万 ", "万", "万元", "人民币", "人 ", "in ", "USD ", " ", "1", "1,"]
)
def test_long_texts_cost_no_more_than_their_length(read: Callable[[str], object], piece: str) -> None:
    began = time.process_time()
    read(piece * 40_000)
    read(piece * 40_000 + ")")
    assert time.process_time() - began < 1.5
