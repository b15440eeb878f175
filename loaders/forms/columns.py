"""Columns that several forms have, and how columns are declared."""

from collections.abc import Mapping
from typing import Final

from graph.model import MODEL, SOURCING, Code, Property
from loaders.forms.declare import Column, Holds, Rule

_SOURCE_EXAMPLE: Final = next(p.example for p in SOURCING if p.name == "source")


def _property(type_: str, name: str) -> Property:
    declared = MODEL.claim_properties(type_) if type_ in MODEL.relationship else MODEL.node_properties(type_)
    return next(p for p in declared if p.name == name)


def _codes(type_: str, name: str) -> tuple[Code, ...]:
    return _property(type_, name).codes


def place_column(
    key: str,
    zh: str,
    en: str,
    meaning: str,
    *,
    required: bool = True,
    example: str = "",
    code: str = "",
    aliases: tuple[str, ...] = (),
) -> tuple[Column, Column]:
    """A place by its name, and beside it its code for where several have that name."""
    name = Column(
        key=key, zh=zh, en=en, meaning=meaning, holds=Holds.PLACE, required=required, example=example, aliases=aliases
    )
    beside = Column(
        key=f"{key}_code",
        zh=f"{zh}代码",
        en=f"{en} code",
        meaning="Division code of it (six digits), needed where several places have its name. 行政区划代码",
        holds=Holds.PLACE_CODE,
        example=code,
    )
    return name, beside


def text_column(key: str, zh: str, en: str, meaning: str, example: str = "", *, required: bool = False) -> Column:
    return Column(key=key, zh=zh, en=en, meaning=meaning, example=example, required=required)


def count_column(key: str, zh: str, en: str, meaning: str, example: str = "", *, required: bool = False) -> Column:
    return Column(key=key, zh=zh, en=en, meaning=meaning, holds=Holds.NUMBER, example=example, required=required)


def code_column(
    key: str, zh: str, en: str, of: tuple[str, str], meaning: str, example: str = "", *, required: bool = False
) -> Column:
    return Column(
        key=key, zh=zh, en=en, meaning=meaning, holds=Holds.CODE, codes=_codes(*of), example=example, required=required
    )


def money_column(key: str, zh: str, en: str, meaning: str, example: str = "", *, required: bool = False) -> Column:
    return Column(key=key, zh=zh, en=en, meaning=meaning, holds=Holds.MONEY, example=example, required=required)


def organization_column(
    key: str,
    zh: str,
    en: str,
    meaning: str,
    example: str = "",
    *,
    several: bool = False,
    company: bool = False,
    of: str = "",
) -> Column:
    holds = Holds.COMPANY if company else Holds.ORGANIZATION
    return Column(key=key, zh=zh, en=en, meaning=meaning, holds=holds, several=several, of=of, example=example)


def project_column(*, required: bool = False, example: str = "") -> Column:
    return Column(
        key="project",
        zh="项目",
        en="Project",
        meaning="The project: its number or name as on the sheet 项目 Projects.",
        holds=Holds.PROJECT,
        required=required,
        example=example,
        aliases=("项目名称或编号",),
    )


def dates(start: str = "2024", end: str = "2024", *, state: bool = False) -> tuple[Column, Column]:
    last = (
        "First day it no longer holds; empty while it goes on." if state else "Last year, month or day of the period."
    )
    return (
        Column(
            key="start",
            zh="开始日期",
            en="Start",
            meaning="First year, month or day.",
            holds=Holds.DATE,
            example=start,
            aliases=("开始时间", "起始日期", *YEAR),
        ),
        Column(key="end", zh="结束日期", en="End", meaning=last, holds=Holds.DATE, example=end, aliases=("结束时间",)),
    )


#: Headers of a column that gives the whole period, where there is no other.
YEAR = ("年度", "年份", "Year")
_HELPERS = ("援助方", "支援方", "帮扶地区", "帮扶地", "东部地区")
_RECIPIENTS = ("受帮扶方", "受援地区", "受援地", "被帮扶方", "西部地区")
HELPER = place_column(
    "helper",
    "帮扶方",
    "Helper",
    "The place that helps.",
    example="杭州市",
    code="330100",
    aliases=_HELPERS,
)
RECIPIENT = place_column(
    "recipient",
    "受援方",
    "Recipient",
    "The place that is helped.",
    example="黔东南苗族侗族自治州",
    code="522600",
    aliases=_RECIPIENTS,
)
MAY_HELP = place_column(
    "helper",
    "帮扶方",
    "Helper",
    "The place that gives.",
    required=False,
    example="杭州市",
    code="330100",
    aliases=(*_HELPERS, "资金方", "出资方"),
)
MAY_RECEIVE = place_column(
    "recipient",
    "受援方",
    "Recipient",
    "The place that is given to.",
    required=False,
    example="黔东南苗族侗族自治州",
    code="522600",
    aliases=_RECIPIENTS,
)
CURRENCY = text_column("currency", "币种", "Currency", "Currency of the amount: CNY, 人民币, USD …", "CNY")
LAST = (
    text_column("programme", "协作机制", "Programme", "Name or id of the programme it stands under, such as 沪滇协作."),
    text_column("note", "备注", "Note", "What the reader must know."),
    text_column("source", "来源", "Source", "Address of the page it stands on; empty: this file.", _SOURCE_EXAMPLE),
)
ABOUT: Mapping[str, str] = {"note": "note", "source": "source"}
CLAIM: Mapping[str, str] = {**ABOUT, "programme": "programme"}
FROM_HELPER = {"from": "helper_code", "from_name": "helper"}
TO_RECIPIENT = {"to": "recipient_code", "to_name": "recipient"}
PERIOD = {"valid_from": "start", "valid_to": "end", "valid_to_basis": "=period"}
STATE = {"valid_from": "start", "valid_to": "end", "valid_to_basis": "=stated"}
BASIS = code_column("basis", "口径", "Basis", ("FUNDS", "basis"), "Stage of the figure; empty: reported.", "完成")
#: The row's own thing stands under a programme.
UNDER = Rule(type="UNDER", fill={"from": "@self", "to_name": "programme", "source": "source"}, when=("programme",))
