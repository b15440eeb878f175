"""The forms of facts between two places, or a place and an organization: pairings, money, people, goods."""

from loaders.forms.columns import (
    BASIS,
    CLAIM,
    CURRENCY,
    FROM_HELPER,
    HELPER,
    LAST,
    MAY_HELP,
    MAY_RECEIVE,
    PERIOD,
    RECIPIENT,
    STATE,
    TO_RECIPIENT,
    code_column,
    count_column,
    dates,
    money_column,
    organization_column,
    place_column,
    project_column,
    text_column,
)
from loaders.forms.declare import Form, Rule

PAIRINGS = Form(
    key="pairings",
    zh="结对关系",
    en="Pairings",
    purpose="Who is paired to help whom: one pair a row.",
    columns=(
        *HELPER,
        *RECIPIENT,
        code_column("level", "结对层级", "Level", ("PAIRED_WITH", "level"), "The finer side's level.", "地级"),
        text_column("as_called", "原文称谓", "As called", "The word the notice uses.", "对口帮扶"),
        *dates("2013-02", "2021", state=True),
        *LAST,
    ),
    rules=(
        Rule(
            type="PAIRED_WITH",
            fill={**FROM_HELPER, **TO_RECIPIENT, "level": "level", "as_called": "as_called", **STATE, **CLAIM},
        ),
    ),
)

_GIVES = {
    "from": ("helper_code", "giver"),
    "from_name": "helper",
    "amount": "amount",
    "currency": "currency",
    "class": "class",
    "basis": "basis",
    "measure": "item",
    "projects": "projects",
    **PERIOD,
    **CLAIM,
}
FUNDS = Form(
    key="funds",
    zh="帮扶资金",
    en="Funds",
    purpose="Money given, promised or planned: one sum a row, to a place or to a project.",
    columns=(
        *MAY_HELP,
        organization_column("giver", "出资单位", "Giver", "The organization that gives, where it is not the place."),
        *MAY_RECEIVE,
        project_column(),
        money_column(
            "amount",
            "金额",
            "Amount",
            "The sum; write the unit of the whole column into the header.",
            "5500",
            required=True,
        ),
        CURRENCY,
        code_column(
            "class", "资金类别", "Class", ("FUNDS", "class"), "What stage of money it is.", "拨付", required=True
        ),
        BASIS,
        text_column(
            "item", "资金科目", "Item", "What tells it from other sums of the year, such as 省级财政.", "省级财政"
        ),
        count_column("projects", "项目数", "Number of projects", "Projects the sum is for.", "10"),
        *dates(),
        *LAST,
    ),
    one_of=(("helper", "helper_code", "giver"),),
    at_least_one=(("recipient", "recipient_code", "project"),),
    rules=(
        Rule(type="FUNDS", fill={**_GIVES, "to": "project"}, when=("project",), unless=("recipient", "recipient_code")),
        Rule(type="FUNDS", fill={**_GIVES, **TO_RECIPIENT, "about": "project"}, when=("recipient",)),
        Rule(
            type="FUNDS",
            fill={**_GIVES, **TO_RECIPIENT, "about": "project"},
            when=("recipient_code",),
            unless=("recipient",),
        ),
    ),
)

STAFF = Form(
    key="staff",
    zh="选派人员",
    en="Staff",
    purpose="Officials, teachers, doctors and specialists sent, counted: one figure a row.",
    columns=(
        *HELPER,
        *RECIPIENT,
        code_column(
            "kind", "人员类别", "Kind of staff", ("SENDS_STAFF_TO", "kind"), "Who is sent.", "干部", required=True
        ),
        count_column("people", "选派人数", "People", "How many.", "31", required=True),
        code_column(
            "direction", "方向", "Direction", ("SENDS_STAFF_TO", "direction"), "One way, or both ways together.", "单向"
        ),
        BASIS,
        *dates(),
        *LAST,
    ),
    rules=(
        Rule(
            type="SENDS_STAFF_TO",
            fill={
                **FROM_HELPER,
                **TO_RECIPIENT,
                "kind": "kind",
                "people": "people",
                "direction": "direction",
                "basis": "basis",
                **PERIOD,
                **CLAIM,
            },
        ),
    ),
)

_WORKS = {
    "from": "origin_code",
    "from_name": "origin",
    "to": ("destination_code", "company"),
    "to_name": "destination",
    "workers": "workers",
    "person_class": "person_class",
    "purpose": "purpose",
    "destination_scope": "scope",
    "mode": "mode",
    "basis": "basis",
    **PERIOD,
    **CLAIM,
}
LABOUR = Form(
    key="labour",
    zh="劳务输出",
    en="Labour transfer",
    purpose="Workers who went to jobs, counted: one figure a row. Who takes them helps.",
    columns=(
        *place_column(
            "origin",
            "输出地",
            "Workers from",
            "Where the workers come from.",
            example="黔东南苗族侗族自治州",
            code="522600",
        ),
        *place_column(
            "destination",
            "输入地",
            "Workers to",
            "Where they went, or who is credited.",
            required=False,
            example="杭州市",
            code="330100",
            aliases=("吸纳地",),
        ),
        organization_column(
            "company", "用工企业", "Company", "The company that takes them, where it is one.", company=True
        ),
        count_column("workers", "劳务人数", "Workers", "How many.", "4180", required=True),
        code_column(
            "person_class",
            "劳动者类别",
            "Class of workers",
            ("SENDS_WORKERS_TO", "person_class"),
            "Who they are.",
            "脱贫劳动力",
        ),
        code_column(
            "purpose",
            "目的",
            "Purpose",
            ("SENDS_WORKERS_TO", "purpose"),
            "New jobs, or the way back to one.",
            "新增就业",
        ),
        code_column(
            "scope",
            "去向范围",
            "Scope",
            ("SENDS_WORKERS_TO", "destination_scope"),
            "Where the workers of the figure went.",
            "对端",
        ),
        text_column("mode", "方式", "Mode", "How they travelled.", "包车"),
        BASIS,
        *dates(),
        *LAST,
    ),
    one_of=(("destination", "destination_code", "company"),),
    rules=(Rule(type="SENDS_WORKERS_TO", fill=_WORKS),),
)

PURCHASES = Form(
    key="purchases",
    zh="消费帮扶",
    en="Purchases",
    purpose="Goods bought: one sum a row. It is help where its kind is 消费帮扶.",
    columns=(
        *place_column(
            "buyer", "采购方", "Buyer", "The place that buys.", required=False, example="杭州市", code="330100"
        ),
        organization_column(
            "company", "采购企业", "Buying company", "The company that buys, where it is one.", company=True
        ),
        *place_column(
            "seller",
            "产地",
            "Bought from",
            "Where the goods come from.",
            example="黔东南苗族侗族自治州",
            code="522600",
            aliases=("销售方",),
        ),
        code_column(
            "kind",
            "采购类别",
            "Kind of purchase",
            ("BUYS_FROM", "kind"),
            "Whether it is help.",
            "消费帮扶",
            required=True,
        ),
        text_column("goods", "商品", "Goods", "What is bought.", "茶叶"),
        money_column(
            "amount",
            "采购金额",
            "Amount of purchase",
            "What was paid; write the unit into the header.",
            "860",
            required=True,
        ),
        CURRENCY,
        BASIS,
        *dates(),
        *LAST,
    ),
    one_of=(("buyer", "buyer_code", "company"),),
    rules=(
        Rule(
            type="BUYS_FROM",
            fill={
                "from": ("buyer_code", "company"),
                "from_name": "buyer",
                "to": "seller_code",
                "to_name": "seller",
                "kind": "kind",
                "goods": "goods",
                "amount": "amount",
                "currency": "currency",
                "class": "=purchase",
                "basis": "basis",
                **PERIOD,
                **CLAIM,
            },
        ),
    ),
)
