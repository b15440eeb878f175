"""Every kind of value: what is read, exactly, and what is refused, with the reason."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from graph.money import CURRENCIES, minor_units
from loaders import values

INT64 = 2**63 - 1


def check_table(function: Callable[[str], object], read: dict[str, object], refused: dict[str, str]) -> None:
    for text, value in read.items():
        found = function(text)
        assert (found, type(found)) == (value, type(value)), repr(text)
    for text, why in refused.items():
        with pytest.raises(ValueError, match=re.escape(why)):
            function(text)


def test_clean():
    check_table(
        values.clean,
        {
            "": "",
            "  a b ": "a b",
            "\u3000宁蒗县\u00a0": "宁蒗县",
            "\ufeffid": "id",
            "\u200b\ufeff a \u200b": "a",
            "e\u0301": "é",
            "a\tb\r\nc\rd": "a\tb\nc\nd",
            "１２Ａ": "１２Ａ",
            "½²": "½²",
            "𠮷": "𠮷",
        },
        {
            "a\0b": "holds a NUL",
            "a\x1fb": "the control character U+001F",
            "a\x1b[31m": "the control character U+001B",
            "caf\x82": "the control character U+0082",
            "a\ud800": "the control character U+D800",
            "a\x7f": "the control character U+007F",
        },
    )


def test_number():
    check_table(
        values.number,
        {
            "1,200,000.50": Decimal("1200000.50"),
            "１，２００．５": Decimal("1200.5"),
            "-500": Decimal(-500),
            "−500": Decimal(-500),
            "－５００": Decimal(-500),
            "+5": Decimal(5),
            "0": Decimal(0),
            "-0.00": Decimal("0.00"),
            ".5": Decimal("0.5"),
            "007": Decimal(7),
            " 12 ": Decimal(12),
            "9" * 38: Decimal("9" * 38),
            "0" * 50 + "1": Decimal(1),
        },
        {
            "": "is empty",
            "NaN": "is no number",
            "Inf": "is no number",
            "-Infinity": "is no number",
            "1e400": "exponent",
            "1E5": "exponent",
            "12万": "the unit 万 belongs in the header; or write 120000",
            "1.2亿": "the unit 亿 belongs in the header; or write 120000000",
            "３千万元": "the unit 千万 belongs in the header; or write 30000000",
            "5 million": "the unit million belongs in the header; or write the number without it",
            "5k": "the unit k belongs in the header",
            "(500)": "is ambiguous: a refund or a negative number?",
            "（500）": "is ambiguous: a refund or a negative number?",
            "1,20": "commas or points",
            "1200,500": "commas or points",
            "0,500": "commas or points",
            "1.200,50": "commas or points",
            "1.200.000": "commas or points",
            "5.": "commas or points",
            "-": "is no number",
            "--5": "is no number",
            "1 200": "is no number",
            "10²": "is no number",
            "½": "is no number",
            "٣": "is no number",
            "一百": "is no number",
            "0x10": "is no number",
            "1_000": "is no number",
            "9" * 39: "more than 38 digits",
            "0." + "0" * 38 + "1": "more than 38 digits",
            "1" * 5000: "more than 100 characters",
        },
    )


def test_a_message_quotes_at_most_100_characters():
    with pytest.raises(ValueError, match=r"^'1{100}'…: has more than 100 characters; a number is needed$"):
        values.number("1" * 5000)


def test_integer():
    check_table(
        values.integer,
        {
            "1,200": 1200,
            "１２": 12,
            "-3": -3,
            "-0": 0,
            "9223372036854775807": INT64,
            "-9223372036854775808": -INT64 - 1,
        },
        {
            "12.0": "has decimals",
            "12.5": "has decimals",
            "9223372036854775808": f"is beyond {INT64}",
            "-9223372036854775809": f"is beyond {INT64}",
            "1,2": "commas or points",
            "12人": "is no number",
            "": "is empty",
        },
    )


@pytest.mark.parametrize(
    ("text", "currency", "read"),
    [
        ("￥１,２００.50", "CNY", (120050, "1200.50", "CNY")),
        ("¥1200", "CNY", (120000, "1200", "CNY")),
        ("¥1200", "JPY", (1200, "1200", "JPY")),
        ("CNY 1200", "CNY", (120000, "1200", "CNY")),
        ("1200 cny", "CNY", (120000, "1200", "CNY")),
        ("1200元", "人民币", (120000, "1200", "CNY")),
        ("人民币1200元", "RMB", (120000, "1200", "CNY")),
        ("1,200 KRW", "KRW", (1200, "1200", "KRW")),
        ("-¥500", "CNY", (-50000, "-500", "CNY")),
        ("¥-500", "CNY", (-50000, "-500", "CNY")),
        ("+500", "CNY", (50000, "500", "CNY")),
        ("-0", "CNY", (0, "0", "CNY")),
        ("US$ 1,000,000", "USD", (100000000, "1000000", "USD")),
        ("$5", "AUD", (500, "5", "AUD")),
        ("€0.005", "EUR", (0, "0.005", "EUR")),
        ("0.015", "EUR", (2, "0.015", "EUR")),
        ("0.025", "EUR", (2, "0.025", "EUR")),
        ("-0.015", "EUR", (-2, "-0.015", "EUR")),
        ("0.5", "JPY", (0, "0.5", "JPY")),
        ("1.5", "JPY", (2, "1.5", "JPY")),
        ("1.2345", "KWD", (1234, "1.2345", "KWD")),
        ("1.23456", "CLF", (12346, "1.23456", "CLF")),
        ("1000", "DEM", (100000, "1000", "DEM")),
        ("92233720368547758.07", "CNY", (INT64, "92233720368547758.07", "CNY")),
        ("1." + "0" * 37, "CNY", (100, "1." + "0" * 37, "CNY")),
    ],
)
def test_money(text: str, currency: str, read: tuple[int, str, str]):
    assert values.money(text, currency) == read


@pytest.mark.parametrize(
    ("text", "currency", "why"),
    [
        ("$1200", "CNY", "'$' does not agree with the currency CNY"),
        ("￥1200", "USD", "'¥' does not agree with the currency USD"),
        ("1200元", "JPY", "'元' does not agree with the currency JPY"),
        ("USD 1200", "CNY", "'USD' does not agree with the currency CNY"),
        ("about 1200", "CNY", "'about' does not agree"),
        ("12万", "CNY", "the unit 万 belongs in the header; or write 120000"),
        ("12万元", "CNY", "the unit 万 belongs in the header; or write 120000"),
        ("CNY 12万", "CNY", "the unit 万 belongs in the header; or write 120000"),
        ("5 million", "USD", "the unit million belongs in the header"),
        ("(500)", "CNY", "is ambiguous"),
        ("500-", "CNY", "'-' does not agree"),
        ("1200", "XXX", "means no currency or a test"),
        ("1200", "", "is empty; an ISO 4217 code"),
        ("1200", "¥", "may be CNY or JPY"),
        ("", "CNY", "is empty; a number is needed"),
        ("NaN", "CNY", "is no number"),
        ("1e400", "CNY", "exponent"),
        ("1,2", "CNY", "commas or points"),
        ("92233720368547758.08", "CNY", f"is beyond {INT64} minor units of CNY"),
        ("9223372036854775808", "JPY", f"is beyond {INT64} minor units of JPY"),
    ],
)
def test_money_refused(text: str, currency: str, why: str):
    with pytest.raises(ValueError, match=re.escape(why)):
        values.money(text, currency)


@pytest.mark.parametrize(
    ("text", "factor", "read"),
    [
        ("￥１２０万", 1, (120_000_000, "1200000")),
        ("12.5万元", 1, (12_500_000, "125000")),
        ("CNY 3亿", 1, (30_000_000_000, "300000000")),
        ("-3千", 1, (-300_000, "-3000")),
        ("120", 10_000, (120_000_000, "1200000")),
        ("1,200,000.50", 1, (120_000_050, "1200000.50")),
    ],
)
def test_units_of_amounts(text: str, factor: int, read: tuple[int, str]):
    assert values.scaled(text, "CNY", factor) == read


@pytest.mark.parametrize(
    ("text", "factor", "why"),
    [
        ("120万", 10_000, "has the unit 万, and the header gives one too; write 120"),
        ("3亿", 10_000, "has the unit 亿, and the header gives one too; write 30000"),
        ("￥120万", 10_000, "has the unit 万, and the header gives one too; leave it out"),
        ("5 million", 1, "the unit million belongs in the header"),
        ("12万美元", 1, "'美元' does not agree with the currency CNY"),
        ("(12万)", 1, "is ambiguous"),
    ],
)
def test_units_of_amounts_refused(text: str, factor: int, why: str):
    with pytest.raises(ValueError, match=re.escape(why)):
        values.scaled(text, "CNY", factor)


def test_currency():
    check_table(
        values.currency,
        {
            **{code: code for code in ("CNY", "USD", "XAF", "XDR", "ZWG", "DEM", "FRF", "ITL", "NLG", "BEF", "STD")},
            **dict.fromkeys(("cny", "ＣＮＹ", "RMB", "rmb", "人民币", "元", "CN¥", " CNY "), "CNY"),
            **{"US$": "USD", "美元": "USD", "欧元": "EUR", "€": "EUR", "英镑": "GBP", "日元": "JPY"},
            **{"港元": "HKD", "港币": "HKD", "HK$": "HKD", "新台币": "TWD"},
        },
        {
            "": "is empty",
            "XXX": "no currency or a test",
            "XTS": "no currency or a test",
            "¥": "may be CNY or JPY",
            "￥": "may be CNY or JPY",
            "$": "write the ISO 4217 code",
            "£": "write the ISO 4217 code",
            "XAU": "is no ISO 4217 currency",
            "ABC": "is no ISO 4217 currency",
            "156": "is no ISO 4217 currency",
            "马克": "is no ISO 4217 currency",
        },
    )


def test_currencies_are_well_formed_and_their_places_are_known():
    assert all(re.fullmatch("[A-Z]{3}", code) for code in CURRENCIES)
    assert len(CURRENCIES) > 250
    zero = "JPY KRW VND CLP ISK UGX XAF XOF XPF RWF PYG KMF GNF DJF BIF VUV UYI".split()  # noqa: SIM905
    assert {code for code in CURRENCIES if minor_units(code) == 0} == set(zero)
    assert {code for code in CURRENCIES if minor_units(code) == 3} == {
        "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND",
    }  # fmt: skip
    assert {code for code in CURRENCIES if minor_units(code) == 4} == {"CLF", "UYW"}


def test_partial_date():
    check_table(
        values.partial_date,
        {
            "2019": "2019",
            "２０１９": "2019",
            "1000": "1000",
            "2999": "2999",
            "2019-07": "2019-07",
            "2019-07-03": "2019-07-03",
            "2019-7-3": "2019-07-03",
            "2019/7/3": "2019-07-03",
            "2019.7.3": "2019-07-03",
            "２０１９．７．３": "2019-07-03",
            "2019年": "2019",
            "2019年7月": "2019-07",
            "2019年度": "2019",
            "2019年7月份": "2019-07",
            "2019年7月3日": "2019-07-03",
            "2019 年 12 月 31 日": "2019-12-31",
            "20190703": "2019-07-03",
            "2020-02-29": "2020-02-29",
        },
        {
            "": "is empty",
            "2019-02-30": "no day or month of the calendar",
            "2019/2/30": "no day or month of the calendar",
            "2019年2月30日": "no day or month of the calendar",
            "2019-13": "no day or month of the calendar",
            "2019-00": "no day or month of the calendar",
            "2019-00-10": "no day or month of the calendar",
            "2019年0月": "no day or month of the calendar",
            "2019年1月0日": "no day or month of the calendar",
            "20190230": "no day or month of the calendar",
            "03/04/2019": "is ambiguous (day, month and year)",
            "3.4.19": "is ambiguous (day, month and year)",
            "7/2019": "is no ISO date; write 2019-07",
            "2019/7": "is ambiguous (a month, or a span of years)",
            "2010.1": "is ambiguous (a month, or a span of years)",
            "2019-7": "is ambiguous (a month, or a span of years)",
            "43525": "looks like the number that Excel keeps for 2019-03-01; format the cells as text, and write 2019-03-01",
            "43525.5": "looks like the number that Excel keeps for 2019-03-01",
            "0000-01-01": "year outside 1000 to 2999",
            "0999": "year outside 1000 to 2999",
            "3000": "year outside 1000 to 2999",
            "19": "is no date",
            "19年7月": "is no date",
            "201907": "is no date",
            "2019-07-03T00:00:00Z": "has a time of day",
            "2019-07-03 00:00": "has a time of day",
            "2019-7/3": "is no date",
            "July 2019": "is no date",
            "二〇一九年": "is no date",
            "-2019": "is no date",
            "٢٠١٩": "is no date",
        },
    )


def test_day():
    check_table(
        values.day,
        {"2019-07-03": "2019-07-03", "2019年7月3日": "2019-07-03"},
        {"2019": "a day such as 2019-07-03 is needed", "2019-07": "a day such as", "2019-02-30": "calendar"},
    )


def test_boolean():
    check_table(
        values.boolean,
        dict.fromkeys(("true", "TRUE", "Yes", "y", "1", "１", "是"), True)
        | dict.fromkeys(("false", "no", "N", "0", "否", " no "), False),
        {"": "is neither true nor false", "2": "neither", "√": "neither", "maybe": "neither"},
    )


def test_code():
    planned = {"计划": "planned", "plan": "planned", "done": "done"}
    check_table(
        lambda text: values.code(text, planned),
        {"计划": "planned", " plan ": "planned", "planned": "planned", "done": "done"},
        {"Done": "is not one of done, planned", "": "is not one of done, planned"},
    )
    check_table(lambda text: values.code(text, {"1", "2"}), {"1": "1"}, {"3": "is not one of 1, 2", "12": "is not"})
    with pytest.raises(
        ValueError, match="'x': is not one of 00, 01, 02, 03, 04, 05, 06, 07, 08, 09, 10, 11 and 8 more"
    ):
        values.code("x", [f"{number:02}" for number in range(20)])


def test_place_code():
    check_table(
        values.place_code,
        {
            "530724": "530724",
            "５３０７２４": "530724",
            "530724000000": "530724",
            "53": "530000",
            "5307": "530700",
            "110228": "110228",
            "710000": "710000",
        },
        {
            "53O724": "(the letter O for a zero?)",
            "530724.0": "is no division code;",
            "53072": "has 5 digits",
            "530724100": "has 9 digits",
            "530724100000": "has 12 digits",
            "2019": "begins with 20, which is no province",
            "000000": "begins with 00",
            "": "is no division code",
        },
    )


def test_url():
    check_table(
        values.url,
        {
            "https://example.org/a?b=c#d": "https://example.org/a?b=c#d",
            " http://例子.中国:8080/扶贫 ": "http://例子.中国:8080/扶贫",
            "https://example.org/e\u0301": "https://example.org/e\u0301",
        },
        {
            "": "is empty",
            "javascript:alert(1)": "is no web address",
            "ftp://example.org": "is no web address",
            "//example.org": "is no web address",
            "example.org": "is no web address",
            "https://": "no valid host or port",
            "https:///path": "no valid host or port",
            "https://[::1/": "no valid host or port",
            "https://example.org:99999/": "no valid host or port",
            "https://user:word@example.org/": "remove what stands before @",
            "https://example.org/a b": "holds a space",
            "https://example.org/a\nb": "holds a space",
            "https://example.org/\u202egnp.exe": "an invisible character",
            'https://example.org/"onclick=': "a quote",
            "https://example.org\\@evil.org": "a backslash",
            "https://example.org/" + "a" * 2000: "longer than 2000 characters",
        },
    )


def test_percent():
    check_table(
        values.percent,
        {"12.5": Decimal("12.5"), "12.5%": Decimal("12.5"), "１２．５ ％": Decimal("12.5"), "-3%": Decimal(-3)},
        {"": "is no percentage", "%": "is no percentage", "5‰": "is no percentage", "5%%": "is no percentage"},
    )


# --- properties -------------------------------------------------------------------------------------------------------

exact = st.builds(
    lambda sign, digits, places: Decimal((sign, tuple(digits), -places)),
    st.integers(0, 1),
    st.lists(st.integers(0, 9), min_size=1, max_size=38),
    st.integers(0, 38),
)
numeric = st.text("0123456789０１９,，.-−+()¥￥$元万eE%/年月日 \u3000", max_size=40)


@given(exact)
def test_a_number_written_out_reads_back_exactly(value: Decimal):
    read = values.number(format(value, "f"))
    assert read == value
    assert read.as_tuple().exponent == value.as_tuple().exponent


@given(exact, st.sampled_from(sorted(CURRENCIES)))
def test_money_keeps_the_exact_text_and_rounds_by_less_than_one_minor_unit(value: Decimal, currency: str):
    text = format(value, "f")
    scaled = abs(values.number(text)) * 10 ** minor_units(currency)
    if INT64 - 1 <= scaled <= INT64 + 1:
        return
    if scaled > INT64:
        with pytest.raises(ValueError, match="minor units"):
            values.money(text, currency)
        return
    minor, amount_text, code = values.money(text, currency)
    assert (Decimal(amount_text), code) == (value, currency)
    assert abs(Decimal(minor) - value * 10 ** minor_units(currency)) <= Decimal("0.5")


@given(st.integers(-(2**63), INT64))
def test_an_integer_with_thousands_commas_reads_back(value: int):
    assert values.integer(f"{value:,}") == value
    assert values.integer(str(value)) == value


@given(st.dates(min_value=date(1000, 1, 1), max_value=date(2999, 12, 31)))
def test_every_day_of_the_calendar_reads_back(value: date):
    forms = (
        value.isoformat(),
        f"{value.year}年{value.month}月{value.day}日",
        f"{value.year}/{value.month}/{value.day}",
    )
    assert {values.day(form) for form in forms} == {value.isoformat()}


def check_any_text(text: str, other: str) -> None:
    functions: tuple[Callable[[str], object], ...] = (
        values.clean, values.integer, values.number, values.percent, values.currency, values.partial_date, values.day,
        values.boolean, values.place_code, values.url,
        lambda cell: values.money(cell, "CNY"), lambda cell: values.money("5", cell),
        lambda cell: values.code(cell, {other}), lambda cell: values.code(cell, {other: "1"}),
    )  # fmt: skip
    for function in functions:
        try:
            value = function(text)
        except ValueError as error:
            message = str(error)
            assert len(message) < 2000
            message.encode()  # no lone surrogate: it can be printed and stored
        else:
            assert value is not None
            if function is values.clean:
                assert values.clean(str(value)) == value


any_text = st.one_of(st.text(max_size=60), numeric, st.text(st.characters(codec=None), max_size=20))


@given(any_text, st.text(max_size=3))
@example("\ud800", "")
@example("https://[\ud800]/", "")
@example("1" * 10_000, "")
def test_any_text_gives_a_value_or_a_value_error(text: str, other: str):
    check_any_text(text, other)


@pytest.mark.soak
@settings(max_examples=50_000, deadline=None)
@given(any_text, st.text(max_size=3))
def test_very_many_texts_give_a_value_or_a_value_error(text: str, other: str):
    check_any_text(text, other)
