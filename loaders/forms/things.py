"""The forms whose rows are things of their own: projects, officials, agreements."""

from loaders.forms.columns import (
    ABOUT,
    CLAIM,
    CURRENCY,
    FROM_HELPER,
    HELPER,
    LAST,
    PERIOD,
    RECIPIENT,
    STATE,
    TO_RECIPIENT,
    UNDER,
    count_column,
    dates,
    money_column,
    organization_column,
    place_column,
    text_column,
)
from loaders.forms.declare import Column, Form, Holds, Rule

PROJECTS = Form(
    key="projects",
    zh="项目",
    en="Projects",
    purpose="Projects: one a row. Other sheets name a project by its number or its name.",
    label="Project",
    identity=(("number", "name"),),
    apart=(("place_code", "place"),),
    rank=1,
    columns=(
        text_column("number", "项目编号", "Project number", "Its number, where it has one.", "QDN-2024-01"),
        text_column("name", "项目名称", "Project name", "Its name.", "茶叶加工厂", required=True),
        *place_column(
            "place",
            "项目地点",
            "Location",
            "The place it is in.",
            required=False,
            example="黔东南苗族侗族自治州",
            code="522600",
        ),
        organization_column(
            "unit",
            "实施单位",
            "Implemented by",
            "Who carries it out; several with ; between them.",
            "州农业农村局",
            several=True,
            of="place",
        ),
        money_column("total", "总投资", "Total investment", "Its total investment.", "1200"),
        CURRENCY,
        text_column("status", "状态", "Status", "How far it is.", "在建"),
        text_column("about", "项目说明", "Description", "What it is about.", "年加工干茶200吨"),
        *dates("2024-03", ""),
        *LAST,
    ),
    rules=(
        Rule(
            type="Project",
            fill={
                "id": "@self",
                "name": "name",
                "identifier": "number",
                "total_investment": "total",
                "currency": "currency",
                "status": "status",
                "description": "about",
                **PERIOD,
                **ABOUT,
            },
        ),
        Rule(
            type="LOCATED_IN",
            fill={"from": "@self", "to": "place_code", "to_name": "place", "source": "source"},
            when=("place",),
        ),
        Rule(
            type="LOCATED_IN",
            fill={"from": "@self", "to": "place_code", "source": "source"},
            when=("place_code",),
            unless=("place",),
        ),
        Rule(
            type="PARTICIPATES_IN",
            fill={"from": "unit", "to": "@self", "role": "=implementing", "source": "source"},
            each="unit",
        ),
        UNDER,
    ),
)

POSTINGS = Form(
    key="postings",
    zh="挂职干部",
    en="Postings",
    purpose="Officials posted for a time: one posting of one official a row.",
    label="Official",
    identity=(("name",), ("unit", "sender", "sender_code"), ("recipient_code", "recipient")),
    rank=2,
    columns=(
        Column(
            key="name",
            zh="姓名",
            en="Name",
            meaning="Name of the official; no private persons.",
            holds=Holds.PERSON,
            required=True,
            example="张某",
        ),
        *place_column(
            "sender", "派出地", "Sent from", "The place that sends.", required=False, example="杭州市", code="330100"
        ),
        organization_column(
            "unit",
            "派出单位",
            "Sent by",
            "The organization that sends, where it is known.",
            "杭州市纪委监委",
            of="sender",
        ),
        *RECIPIENT,
        organization_column(
            "at", "挂职单位", "Posted at", "The organization the post is in.", "州乡村振兴局", of="recipient"
        ),
        text_column("title", "挂职职务", "Post", "The post held there.", "副局长"),
        text_column("batch", "批次", "Batch", "Batch of posted officials.", "第十一批"),
        text_column("duties", "职责", "Duties", "What the official is in charge of.", "消费帮扶"),
        *dates("2023-05", "2025-05", state=True),
        *LAST,
    ),
    at_least_one=(("sender", "sender_code", "unit"),),
    rules=(
        Rule(type="Official", fill={"id": "@self", "name": "name", "role": "=posted official", **ABOUT}),
        Rule(type="SENT_BY", fill={"from": "@self", "to": "unit", "batch": "batch", **STATE, **CLAIM}, when=("unit",)),
        Rule(
            type="LOCATED_IN",
            fill={"from": "unit", "to": "sender_code", "to_name": "sender", "source": "source"},
            when=("unit", "sender"),
        ),
        Rule(
            type="LOCATED_IN",
            fill={"from": "unit", "to": "sender_code", "source": "source"},
            when=("unit", "sender_code"),
            unless=("sender",),
        ),
        Rule(
            type="SENT_BY",
            fill={"from": "@self", "to": "sender_code", "to_name": "sender", "batch": "batch", **STATE, **CLAIM},
            unless=("unit",),
        ),
        Rule(
            type="POSTED_TO",
            fill={
                "from": "@self",
                **TO_RECIPIENT,
                "title": "title",
                "batch": "batch",
                "duties": "duties",
                "at": "at",
                **STATE,
                **CLAIM,
            },
        ),
    ),
)

_AGREED = {"basis": "=agreed", **PERIOD, **CLAIM}
AGREEMENTS = Form(
    key="agreements",
    zh="年度协议",
    en="Annual agreements",
    purpose="Agreements of a year between two places, with what they agreed on: one a row.",
    label="Mechanism",
    identity=(("name",),),
    apart=(("helper_code", "helper"), ("recipient_code", "recipient"), ("start",)),
    rank=3,
    columns=(
        text_column(
            "name",
            "协议名称",
            "Agreement",
            "What it is called; with its places and its start it tells it from others of this load.",
            "2024年杭州黔东南协作协议",
            required=True,
        ),
        *HELPER,
        *RECIPIENT,
        text_column("purpose", "协议目的", "Purpose of agreement", "What it is for.", "乡村振兴"),
        text_column("stage", "协议状态", "Stage of agreement", "How far it is.", "已签订"),
        money_column("amount", "协议资金", "Agreed funds", "Money agreed on; write the unit into the header.", "30000"),
        CURRENCY,
        count_column("officials", "协议选派干部", "Agreed officials", "Officials agreed on.", "30"),
        count_column(
            "specialists",
            "协议选派专技人才",
            "Agreed specialists",
            "Specialists (teachers, doctors …) agreed on.",
            "300",
        ),
        count_column(
            "workers", "协议劳务人数", "Agreed workers", "Workers of the recipient to be taken on, agreed on.", "2000"
        ),
        *dates(),
        *LAST,
    ),
    rules=(
        Rule(
            type="Mechanism",
            fill={
                "id": "@self",
                "name": "name",
                "kind": "=annual_agreement",
                "purpose": "purpose",
                "stage": "stage",
                **PERIOD,
                **ABOUT,
            },
        ),
        Rule(
            type="TAKES_PART_IN",
            fill={"from": "helper_code", "from_name": "helper", "to": "@self", "role": "=member", "source": "source"},
        ),
        Rule(
            type="TAKES_PART_IN",
            fill={
                "from": "recipient_code",
                "from_name": "recipient",
                "to": "@self",
                "role": "=member",
                "source": "source",
            },
        ),
        UNDER,
        Rule(
            type="FUNDS",
            fill={
                **FROM_HELPER,
                **TO_RECIPIENT,
                "amount": "amount",
                "currency": "currency",
                "class": "=commitment",
                **_AGREED,
            },
            when=("amount",),
        ),
        Rule(
            type="SENDS_STAFF_TO",
            fill={**FROM_HELPER, **TO_RECIPIENT, "people": "officials", "kind": "=officials", **_AGREED},
            when=("officials",),
        ),
        Rule(
            type="SENDS_STAFF_TO",
            fill={**FROM_HELPER, **TO_RECIPIENT, "people": "specialists", "kind": "=specialists", **_AGREED},
            when=("specialists",),
        ),
        Rule(
            type="SENDS_WORKERS_TO",
            fill={
                "from": "recipient_code",
                "from_name": "recipient",
                "to": "helper_code",
                "to_name": "helper",
                "workers": "workers",
                **_AGREED,
            },
            when=("workers",),
        ),
    ),
)
