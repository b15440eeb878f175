"""Which rate applies, what is rounded, and what is said where there is none."""

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from graph.rates import TableRefused, opened, read, read_deflators
from graph.tracing.rates import Deflators, Listed, NoRate, Rate, converted, rate, still

TABLE = Listed.of(
    "test rates",
    [
        (date(2021, 3, 26), "EUR", "USD", Fraction("1.1782")),
        (date(2021, 3, 31), "EUR", "USD", Fraction("1.1725")),
        (date(2021, 3, 31), "EUR", "CNY", Fraction("7.6812")),
        (date(2021, 3, 31), "USD", "XOF", Fraction("559.2")),
    ],
)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("2021-03-31,EUR,1.1,EUR", "base and currency are both EUR"),
        ("2021-03-31,EUR,5,USD", "line 3: USD/EUR has a rate on 2021-03-31, and line 2 has one of EUR/USD"),
        ("2021-03-31,CNY,1_1,EUR", "rate is '1_1': give a number above 0"),
    ],
)
def test_rates_that_make_no_sense_are_refused(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "rates.csv"
    file.write_text(f"date,currency,rate,base\n2021-03-31,USD,1.1,EUR\n{line}\n", "utf-8")
    with pytest.raises(TableRefused, match=said):
        read(file)


def test_a_table_that_grew_still_has_what_it_had() -> None:
    rows = [(date(2021, 3, d), "EUR", "USD", Fraction(d)) for d in (1, 2)]
    was = Listed.of("a", rows).state()
    assert was.startswith("2021-03-02 ") and still(
        Listed.of("b", [*rows, (date(2021, 3, 3), "EUR", "USD", Fraction(9))]), was
    )
    assert not still(Listed.of("a", rows[:1]), was)
    assert not still(Listed.of("a", [rows[0], (date(2021, 3, 2), "EUR", "USD", Fraction(9))]), was)
    assert Listed.of("a", []).state() == ""
    indexes = Deflators("i", {("USD", 2020): Fraction(100), ("USD", 2021): Fraction(108)})
    assert still(Deflators("i", {**indexes.indexes, ("USD", 2022): Fraction(110)}), indexes.state())
    assert not still(Deflators("i", {**indexes.indexes, ("USD", 2020): Fraction(99)}), indexes.state())


def found(of: str, currency: str, day: str) -> Rate:
    made = rate(TABLE, of, currency, day)
    assert isinstance(made, Rate)
    return made


def test_the_last_rate_before_the_day_counts_for_seven_days() -> None:
    assert found("EUR", "USD", "2021-03-30").value == Fraction("1.1782")
    assert found("EUR", "USD", "2021-03-31").value == Fraction("1.1725")
    assert found("EUR", "USD", "2021-04-07").legs[0].day == "2021-03-31"
    gone = rate(TABLE, "EUR", "USD", "2021-04-08")
    assert gone == NoRate(reason="test rates has no rate of USD from 7 days before 2021-04-08 to it")
    assert isinstance(rate(TABLE, "EUR", "USD", "2021-03-25"), NoRate)


def test_cross_rates_go_over_the_euro_at_full_precision_and_are_rounded_once() -> None:
    cross = found("USD", "CNY", "2021-03-31")
    assert cross.value == Fraction("7.6812") / Fraction("1.1725")
    assert [(leg.base, leg.currency) for leg in cross.legs] == [("EUR", "USD"), ("EUR", "CNY")]
    assert converted(10_000_00, cross) == 65_511_30  # 10,000 × 7.6812 / 1.1725 = 65,511.3006…
    assert found("XOF", "USD", "2021-04-01").value == 1 / Fraction("559.2")  # the inverse of what the table has
    assert converted(559_200, found("XOF", "USD", "2021-04-01")) == 1_000_00  # XOF has no minor unit


def test_halves_are_rounded_to_even() -> None:
    half = Rate(of="EUR", currency="USD", value=Fraction(1, 2))
    assert [converted(n, half) for n in (1, 3, 5, -1, -3)] == [0, 2, 2, 0, -2]


def test_nothing_is_converted_without_a_rate() -> None:
    assert rate(None, "USD", "USD", "") == Rate(of="USD", currency="USD", value=Fraction(1))
    assert rate(None, "USD", "CNY", "2021-03-31") == NoRate(reason="no table of rates is given, and USD is not CNY")
    assert rate(TABLE, "USD", "CNY", "") == NoRate(reason="no day is known whose rate applies")
    lacking = rate(TABLE, "GBP", "CNY", "2021-03-31")
    assert isinstance(lacking, NoRate) and "GBP" in lacking.reason


def test_constant_prices() -> None:
    table = Deflators("prices", {("USD", 2015): Fraction(90), ("USD", 2021): Fraction(100)})
    factor = table.factor("USD", 2015, 2021)
    assert (
        isinstance(factor, Fraction)
        and factor == Fraction(10, 9)
        and converted(9_00, Rate(of="USD", currency="USD", value=factor)) == 10_00
    )
    assert table.factor("USD", 2016, 2021) == NoRate(reason="prices has no index of USD for 2016")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("day,currency,rate\n", "line 1: there is no column date"),
        ("date,currency,rate\n2021-3-31,USD,1\n", "line 2: date is '2021-3-31'"),
        ("date,currency,rate\n2021-03-31,usd,1\n", "line 2: currency is 'usd'"),
        ("date,currency,rate\n2021-03-31,USD,1\n2021-04-01,USD,-2\n", "line 3: rate is '-2'"),
        ("date,currency,rate\n2021-03-31,USD,1\n2021-03-31,USD,2\n", "two rates on 2021-03-31"),
    ],
)
def test_a_broken_table_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "rates.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TableRefused, match=r"rates\.csv") as refused:
        read(path)
    assert said in str(refused.value)


def test_tables_of_a_user(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text("date,base,currency,rate\n2021-03-31,USD,CNY,6.55\n2021-03-31,,USD,1.1725\n", encoding="utf-8-sig")
    table = opened(str(path))
    made = rate(table, "CNY", "USD", "2021-04-02")
    assert isinstance(made, Rate) and made.value == 1 / Fraction("6.55")
    assert opened("") is None
    prices = tmp_path / "prices.csv"
    prices.write_text("currency,year,index\nUSD,2015,90\nUSD,2021,100\n", encoding="utf-8")
    deflators = read_deflators(str(prices))
    assert deflators is not None and deflators.factor("USD", 2015, 2021) == Fraction(10, 9)
    prices.write_text("currency,year,index\nUSD,2015,90\nUSD,2015,91\n", encoding="utf-8")
    with pytest.raises(TableRefused, match="line 3: USD 2015 stands twice"):
        read_deflators(str(prices))


def test_the_reference_rates_of_the_european_central_bank() -> None:
    table = opened("ecb")
    assert table is not None
    # as published for 3 January 2011, a Monday: 1 EUR = 1.3348 USD = 8.7998 CNY
    assert table.on("EUR", "USD", date(2011, 1, 3)) == (date(2011, 1, 3), Fraction("1.3348"))
    saturday = rate(table, "USD", "CNY", "2011-01-08")
    assert isinstance(saturday, Rate) and saturday.legs[0].day == "2011-01-07"
    assert isinstance(rate(table, "USD", "CNY", "1998-01-01"), NoRate)
