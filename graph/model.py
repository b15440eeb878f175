"""The vocabulary as data: node types, relationship types, properties, and nothing else.

Constraints, upserts, loader checks, CSV templates, GraphQL enums and docs/graph-model.md derive from `MODEL`.
To add a type, add it here; imports nothing of ours but graph/declare.py, does no I/O.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, LiteralString

from graph.declare import Code, Help, Kind, NodeType, Property, RelationshipType, Time


def _codes(*rows: tuple[LiteralString, LiteralString, LiteralString]) -> tuple[Code, ...]:
    return tuple(Code(name=name, zh=zh, description=description) for name, zh, description in rows)


CERTAINTY = _codes(
    ("stated", "明示", "the source says it"),
    ("implied", "暗示", "follows from what the source says"),
    ("derived", "推导", "computed or concluded from several statements"),
)
CONFIDENCE = _codes(
    ("high", "高", "an official or press page, or its copy"),
    ("medium", "中", "one weaker page, or our reading"),
    ("low", "低", "a weak or machine-written page"),
)
END_BASIS = _codes(
    ("stated", "明示", "a source says the end: the first day it no longer holds"),
    ("superseded", "取代", "a later list replaced it on this day"),
    ("handover_year", "交接年", "it ended some day in this period"),
    ("derived", "推导", "concluded from a later list or a term: it ended some day in this period"),
    ("table_period", "表期", "the table's period ends, holds through it; the pairing may go on"),
    ("period", "期间", "the last day, month or year of the period of an event, included"),
)
BASIS = _codes(
    ("reported", "报告", "a figure of a report; the stage is not said"),
    ("planned", "计划", "planned or allotted"),
    ("agreed", "协议", "agreed between the parties"),
    ("expected", "预期", "expected of a project"),
    ("done", "完成", "received, paid, carried out, posted"),
)
BOUND = _codes(
    ("exact", "准确", "the figure itself"),
    ("about", "约", "about the figure, or nearly"),
    ("at_least", "至少", "the figure or more"),
    ("more_than", "超过", "more than the figure"),
)
MONEY_CLASS = _codes(
    ("budget", "预算", "planned or budgeted"),
    ("commitment", "承诺", "firmly promised"),
    ("disbursement", "拨付", "paid to a receiver who goes on with it"),
    ("expenditure", "支出", "spent on goods and services"),
    ("investment", "投资", "put into a company or project"),
    ("donation", "捐赠", "given by society, in cash or kind"),
    ("purchase", "采购", "paid for goods"),
    ("reported_total", "报告合计", "a total of a report; its stage is not said"),
    ("incoming_funds", "收入", "received from the start, as the end reports it"),
    ("incoming_commitment", "收入承诺", "promised by the start, as the end reports it"),
    ("planned_disbursement", "计划拨付", "a payment that is planned, beside the budget"),
    ("pledge", "认捐", "promised, not firmly"),
    ("incoming_pledge", "收入认捐", "promised by the start, not firmly, as the end reports it"),
    ("reimbursement", "报销", "paid back for what the receiver spent before"),
    ("interest", "利息", "interest paid on a loan; no aid"),
    ("loan_repayment", "还贷", "paid back of a loan; no aid"),
    ("equity_purchase", "购买股权", "paid for shares"),
    ("equity_sale", "出售股权", "received for shares"),
    ("guarantee", "担保", "a credit guaranteed, paid only if it fails"),
)

VALIDITY = (
    Property(
        name="valid_from",
        kind=Kind.DATE,
        zh="开始日期",
        example="2016-10-27",
        description="First day it holds, or start of the period; a month or year is some day in it.",
    ),
    Property(
        name="valid_to",
        kind=Kind.DATE,
        zh="结束日期",
        example="2021",
        description="First day it no longer holds, read by valid_to_basis; of an event, the end of its period, included.",
    ),
    Property(
        name="valid_to_basis",
        kind=Kind.CODE,
        zh="结束依据",
        codes=END_BASIS,
        example="handover_year",
        description="What kind of end valid_to is; empty with an unknown end.",
    ),
    Property(
        name="seen_until",
        kind=Kind.DATE,
        zh="最近见于",
        example="2019-06",
        description="The last date on which a source shows that it still held; certain up to it, last known after.",
    ),
)
PROVENANCE = (
    Property(
        name="certainty",
        kind=Kind.CODE,
        zh="确定性",
        codes=CERTAINTY,
        example="stated",
        description="Whether the source says it, implies it, or it was concluded.",
    ),
    Property(
        name="confidence",
        kind=Kind.CODE,
        zh="可信度",
        codes=CONFIDENCE,
        example="high",
        description="How far the source can be relied on.",
    ),
    Property(
        name="note",
        kind=Kind.TEXT,
        zh="备注",
        example="first notice of the year",
        description="What the reader of the figure must know.",
    ),
)
FIGURES = (
    Property(
        name="basis", kind=Kind.CODE, zh="口径", codes=BASIS, example="reported", description="Stage of the figure."
    ),
    Property(
        name="bound",
        kind=Kind.CODE,
        zh="界限",
        codes=BOUND,
        example="exact",
        description="How the figure bounds the true value; empty is exact.",
    ),
    Property(
        name="low", kind=Kind.NUMBER, zh="下限", example="", description="Least possible value, where it is lost."
    ),
    Property(name="high", kind=Kind.NUMBER, zh="上限", example="", description="Greatest possible value."),
    Property(
        name="per_year",
        kind=Kind.BOOLEAN,
        zh="每年",
        example="no",
        description="The figure is for each year of the period, not for all of it.",
    ),
    Property(
        name="measure",
        kind=Kind.TEXT,
        zh="统计内容",
        example="province_budget",
        description="Short code for what exactly is counted where the type does not say; tells apart parts of one sum.",
    ),
    Property(
        name="part_of",
        kind=Kind.TEXT,
        zh="包含于",
        example="",
        description="row_id, in the same load, of the figure this one is included in; kept as that fact. Not added up with it.",
    ),
    Property(
        name="part_of_certainty",
        kind=Kind.CODE,
        zh="包含确定性",
        codes=CERTAINTY,
        description="Certainty of part_of.",
    ),
    Property(
        name="raw",
        kind=Kind.TEXT,
        zh="原文",
        example="",
        description="The figure as the source writes it, where it is lost or doubtful.",
    ),
)
MONEY = (
    Property(
        name="amount",
        kind=Kind.MONEY,
        zh="金额",
        unit="units of currency; stored in minor units (fen, cents), half-even",
        example="55000000",
        description="The sum of money.",
    ),
    Property(
        name="currency", kind=Kind.CURRENCY, zh="币种", example="CNY", description="Currency of amount, as reported."
    ),
    Property(
        name="value_date", kind=Kind.DAY, zh="计值日期", example="", description="Day whose exchange rate applies."
    ),
    Property(
        name="class",
        kind=Kind.CODE,
        zh="资金类别",
        codes=MONEY_CLASS,
        example="reported_total",
        description="What stage of money it is; sums of different classes are never added.",
    ),
    Property(
        name="reported_by",
        kind=Kind.ENTITY,
        zh="报告方",
        example="",
        description="Which of the two sides reports the transfer.",
    ),
)
PROGRAMME = Property(
    name="programme",
    kind=Kind.ENTITY,
    entity="Programme",
    zh="协作机制",
    example="programme:east-west-2016",
    description="Programme the claim stands under: its id or its name.",
)
#: Kept with every claim beside what its type declares: where the row says it stands.
SOURCING = (
    Property(
        name="source",
        kind=Kind.TEXT,
        zh="来源",
        example="https://example.org/notice",
        description="Address of the page, or id of a source; empty: the file itself.",
    ),
    Property(
        name="source_title", kind=Kind.TEXT, zh="来源标题", example="Notice of 2016", description="Title of the source."
    ),
    Property(
        name="source_publisher",
        kind=Kind.TEXT,
        zh="来源发布者",
        example="State Council",
        description="Who published the source.",
    ),
    Property(
        name="locator",
        kind=Kind.TEXT,
        zh="位置",
        example="line 16",
        description="Where in the source: line, page, row, XPath. Empty where the source is the file: its line.",
    ),
    Property(
        name="row_id",
        kind=Kind.TEXT,
        zh="行号",
        example="r1",
        description="Your own name for this row, for part_of of another row.",
    ),
)

NAMES = (
    Property(
        name="name", kind=Kind.TEXT, zh="名称", example="宁蒗彝族自治县", description="Name as its source writes it."
    ),
    Property(
        name="name_en",
        kind=Kind.TEXT,
        zh="英文名称",
        example="Ninglang Yi Autonomous County",
        description="English name.",
    ),
    Property(
        name="short_name", kind=Kind.TEXT, zh="简称", example="宁蒗县", description="Short name, where it is in use."
    ),
    Property(name="aliases", kind=Kind.TEXTS, zh="别名", example="宁蒗", description="Other names it is found under."),
)
#: Computed from the names when an entity is written, never read from a file.
DERIVED_NAMES = (
    Property(
        name="name_hant", kind=Kind.TEXT, zh="繁体名称", description="Name in traditional characters (OpenCC s2t)."
    ),
    Property(
        name="pinyin", kind=Kind.TEXT, zh="拼音", description="Pinyin of the name, syllables separated by a space."
    ),
    Property(name="initials", kind=Kind.TEXT, zh="首字母", description="First letters of the pinyin syllables."),
)

_STAGE = _codes(
    ("announced", "宣布", "announced"),
    ("launched", "启动", "launched"),
    ("under_way", "进行中", "under way"),
    ("fed_back", "反馈", "findings fed back to those inspected"),
    ("rectified", "整改完成", "findings rectified"),
)


def _count(
    name: LiteralString,
    zh: LiteralString,
    description: LiteralString,
    unit: LiteralString = "",
    example: LiteralString = "",
) -> Property:
    return Property(name=name, kind=Kind.INTEGER, zh=zh, description=description, unit=unit, example=example)


def _text(name: LiteralString, zh: LiteralString, description: LiteralString, example: LiteralString = "") -> Property:
    return Property(name=name, kind=Kind.TEXT, zh=zh, description=description, example=example)


def _code(
    name: LiteralString,
    zh: LiteralString,
    description: LiteralString,
    codes: tuple[Code, ...],
    example: LiteralString = "",
) -> Property:
    return Property(name=name, kind=Kind.CODE, zh=zh, description=description, codes=codes, example=example)


#: Who decided that two entities are one, or are not, and when.
_DECIDED = (
    _text("decided_by", "判定人", "Who decided it."),
    Property(
        name="decided_on",
        kind=Kind.DAY,
        zh="判定日期",
        example="2024-03-01",
        description="Day of the decision: the latest on a pair counts; empty: the day it was loaded.",
    ),
)


def _place(
    label: LiteralString, zh: LiteralString, description: LiteralString, example: LiteralString, *more: Property
) -> NodeType:
    return NodeType(
        label=label,
        zh=zh,
        description=description,
        parent="Place",
        prefixes=("cn:", "iso:"),
        id_example=example,
        properties=more,
    )


def _organization(label: LiteralString, zh: LiteralString, description: LiteralString) -> NodeType:
    return NodeType(
        label=label,
        zh=zh,
        description=description,
        parent="Organization",
        prefixes=("org:", "ftm:"),
        id_example="org:cn:520500:bijie-discipline-organs",
    )


NODES: tuple[NodeType, ...] = (
    NodeType(
        label="Place",
        zh="地方",
        description="An administrative place.",
        prefixes=("cn:", "iso:"),
        id_example="cn:530724",
        abstract=True,
        properties=(
            _text(
                "code", "代码", "Code of GB/T 2260 (six digits) or ISO 3166; empty for a unit without one.", "530724"
            ),
            Property(
                name="longitude", kind=Kind.COORDINATE, zh="经度", description="Of the centroid.", example="100.850833"
            ),
            Property(
                name="latitude", kind=Kind.COORDINATE, zh="纬度", description="Of the centroid.", example="27.282222"
            ),
            *VALIDITY[:3],
        ),
    ),
    _place("Country", "国家", "A country.", "iso:CN"),
    _place(
        "Province", "省级", "A province, autonomous region, municipality or special administrative region.", "cn:530000"
    ),
    _place("Prefecture", "地级", "A prefecture, autonomous prefecture, league or city at that level.", "cn:530700"),
    _place("County", "县级", "A county, district, county-level city or banner.", "cn:530724"),
    _place("Township", "乡级", "A town, township or street.", "cn:530724+yongning"),
    _place("Village", "村", "A village or community.", "cn:530724+yongning+tuozhi"),
    _place(
        "Zone",
        "区域",
        "A unit that is no division of GB/T 2260: a development zone, a statistical zone.",
        "cn:370100+jinan-hitech",
        _code(
            "kind",
            "类别",
            "What kind of zone.",
            _codes(
                ("development_zone", "开发区", "a development zone"),
                ("new_area", "新区", "a new area"),
                ("xpcc_division", "兵团师", "a division of the Xinjiang Production and Construction Corps"),
                ("town_cluster", "镇组团", "a cluster of towns that work together"),
                ("statistical", "统计区", "a code used in statistics only"),
            ),
        ),
    ),
    NodeType(
        label="Locality",
        zh="地点",
        description="A place of a gazetteer, or a point, that is no division here: a town, a region, a site.",
        parent="Place",
        prefixes=("geonames:", "locality:"),
        id_example="geonames:2475741",
        properties=(
            _text("kind", "类别", "What it is, as its gazetteer says.", "first-order administrative division"),
        ),
    ),
    NodeType(
        label="PlaceGroup",
        zh="地方组",
        description="A set of places a source speaks of as one; its figures are never split over its members.",
        prefixes=("group:",),
        id_example="group:east8-2021",
        properties=(_count("members", "成员数", "How many members the source counts.", "places"),),
    ),
    NodeType(
        label="Organization",
        zh="组织",
        description="Who acts: a body, a company, a school, a group.",
        prefixes=("org:", "ftm:"),
        id_example="org:cn:520500:bijie-discipline-organs",
        properties=(
            _text("kind", "类别", "What it is, in a word: discipline_inspection, government, company …", "government"),
            _text("level", "层级", "Level of the organization where the name does not say it.", "enterprise"),
            Property(
                name="collective",
                kind=Kind.BOOLEAN,
                zh="集合",
                example="no",
                description="Whether the source names a body of bodies (all discipline organs of a city).",
            ),
            Property(
                name="identifiers",
                kind=Kind.TEXTS,
                zh="标识",
                description="Identifiers with their scheme: uscc:…, org-id:….",
            ),
            _code("name_certainty", "名称确定性", "Certainty of the name.", CERTAINTY),
            *VALIDITY[:3],
        ),
    ),
    _organization("Company", "企业", "A company."),
    _organization("Agency", "机关", "A government or party body."),
    _organization("Ngo", "社会组织", "A non-governmental organization."),
    _organization("School", "学校", "A school."),
    _organization("Hospital", "医院", "A hospital."),
    _organization("InspectionGroup", "检查组", "A group formed for an inspection."),
    NodeType(
        label="Official",
        zh="干部",
        description="A person in a public role that a source names. Private persons are never entities.",
        prefixes=("official:", "ftm:"),
        id_example="official:yangpu-discipline:xu-min",
        properties=(_text("role", "身份", "The public role, in a word.", "posted official"),),
    ),
    NodeType(
        label="Project",
        zh="项目",
        description="A project, an IATI activity, or a counted batch of projects.",
        prefixes=("project:", "iati:", "360g:", "aiddata:", "ftm:"),
        id_example="project:lihe-extraction-base",
        properties=(
            _text("identifier", "项目编号", "Identifier its publisher gives it."),
            _text("status", "状态", "Status, as read.", "under construction"),
            _text("description", "项目说明", "What it is about, as its source says."),
            _text("hierarchy", "项目层级", "Level in its publisher's own hierarchy; 1 is the highest.", "1"),
            Property(
                name="secondary",
                kind=Kind.BOOLEAN,
                zh="转报",
                example="",
                description="Whether who publishes it reproduces what others reported.",
            ),
            Property(
                name="planned_start",
                kind=Kind.DAY,
                zh="计划开始",
                example="",
                description="Day it was planned to start; valid_from is when it did.",
            ),
            Property(
                name="planned_end",
                kind=Kind.DAY,
                zh="计划结束",
                example="",
                description="Last day as planned; valid_to is when it ended.",
            ),
            _count("count", "数量", "How many projects, where it is a batch; empty: unknown.", "projects", "20"),
            _code("count_bound", "数量界限", "How count bounds the true number.", BOUND),
            _code("basis", "口径", "Stage of the batch.", BASIS),
            Property(
                name="total_investment",
                kind=Kind.MONEY,
                zh="总投资",
                unit="units of currency; stored in minor units",
                description="Total investment of the project.",
            ),
            Property(
                name="currency",
                kind=Kind.CURRENCY,
                zh="币种",
                description="Currency of total_investment.",
                example="CNY",
            ),
            Property(
                name="key_project", kind=Kind.BOOLEAN, zh="重点项目", description="Whether it is a key local project."
            ),
            *VALIDITY[:3],
        ),
    ),
    NodeType(
        label="Programme",
        zh="协作机制",
        description="A programme of aid or cooperation that pairings and sums stand under.",
        prefixes=("programme:",),
        id_example="programme:east-west-2016",
        properties=VALIDITY[:3],
    ),
    NodeType(
        label="Sector",
        zh="行业",
        description="A sector of a vocabulary.",
        prefixes=("sector:",),
        id_example="sector:dac-5:15110",
        properties=(
            _text("vocabulary", "分类法", "Vocabulary of the code.", "dac-5"),
            _text("code", "代码", "Code in the vocabulary.", "15110"),
        ),
    ),
    NodeType(
        label="Inspection",
        zh="监督检查",
        description="A supervision, check, inspection tour or stock-taking.",
        prefixes=("inspection:",),
        id_example="inspection:bijie-funds-2020",
        properties=(
            _code(
                "kind",
                "类别",
                "What kind of inspection.",
                _codes(
                    ("supervision", "监督", "supervision"),
                    ("special_check", "专项检查", "special check"),
                    ("inspection_tour", "巡察", "inspection tour of the party committees"),
                    ("acceptance_check", "验收", "acceptance check"),
                    ("stock_taking", "梳理", "stock-taking of all projects"),
                    ("audit", "审计", "audit"),
                ),
            ),
            _code("stage", "阶段", "How far it is.", _STAGE),
            _text("mode", "方式", "How it is done.", "remote video"),
            _text("topic", "主题", "What it looks at.", "management of project funds"),
            _text("outcome", "结果", "What came of it, where no figures are given."),
            _count("inspections", "检查次数", "Inspections made.", "inspections"),
            _count("inspectors", "检查人数", "Inspectors.", "persons"),
            _count("problems_found", "发现问题", "Problems found.", "problems"),
            _count("rectified", "已整改", "Problems rectified.", "problems"),
            _count("clues", "线索", "Clues handed on.", "clues"),
            _count("cases", "立案", "Cases filed.", "cases"),
            _count("persons_disciplined", "处分人数", "Persons disciplined.", "persons"),
            Property(
                name="recovered",
                kind=Kind.MONEY,
                zh="追回资金",
                description="Money recovered.",
                unit="units of currency",
            ),
            Property(name="currency", kind=Kind.CURRENCY, zh="币种", description="Currency of recovered."),
            Property(
                name="scope_open",
                kind=Kind.BOOLEAN,
                zh="范围未尽",
                description="Whether it covers or is by more than named.",
            ),
            Property(name="as_of", kind=Kind.DATE, zh="截至", description="Date of the figures."),
            *VALIDITY[:3],
        ),
    ),
    NodeType(
        label="Mechanism",
        zh="工作机制",
        description="A standing arrangement for the cooperation or its supervision.",
        prefixes=("mechanism:",),
        id_example="mechanism:ninglang-weekly-reports",
        properties=(
            _code(
                "kind",
                "类别",
                "What kind of mechanism.",
                _codes(
                    ("fund_tracking", "资金跟踪问效", "tracking of project funds"),
                    ("post_completion_evaluation", "完成后评估", "evaluation after completion"),
                    ("weekly_reports", "周报", "weekly project reports"),
                    ("joint_supervision", "协同监督", "joint supervision"),
                    ("green_channel", "绿色通道", "green channel for labour"),
                    ("working_group", "工作专班", "special working group"),
                    ("coordination_channel", "协作渠道", "coordination channel"),
                    ("annual_agreement", "年度协议", "annual agreement"),
                ),
            ),
            _text("stage", "阶段", "How far it is, as read."),
            _text("purpose", "目的", "What it is for."),
            Property(
                name="parties_open",
                kind=Kind.BOOLEAN,
                zh="参与方未尽",
                description="Whether more take part than are named.",
            ),
            *VALIDITY[:3],
        ),
    ),
    NodeType(
        label="ProgressReport",
        zh="项目周报",
        description="One weekly report of a project.",
        prefixes=("report:",),
        id_example="report:ninglang-road:2020-W17",
        properties=(
            _text("week", "周", "ISO week.", "2020-W17"),
            _text("state", "进展情况", "State of the project, as read."),
            Property(name="progress", kind=Kind.NUMBER, zh="进度", unit="percent", description="Physical progress."),
            Property(name="spent", kind=Kind.MONEY, zh="支出", unit="units of currency", description="Spent so far."),
            Property(name="currency", kind=Kind.CURRENCY, zh="币种", description="Currency of spent."),
            _text("problems", "问题", "Problems met."),
        ),
    ),
    NodeType(
        label="Observation",
        zh="观测",
        description="A dated figure or grade about one or more entities.",
        prefixes=("observation:",),
        id_example="observation:poverty-rate:cn:530724:2020",
        properties=(
            Property(
                name="indicator",
                kind=Kind.TEXT,
                zh="指标",
                example="poverty_rate",
                required=True,
                description="What is observed: a code of the indicator list in docs/graph-model.md or your own.",
            ),
            Property(name="value", kind=Kind.NUMBER, zh="数值", description="The figure.", example="2.03"),
            _text("value_code", "等次", "Grade, where it is one.", "good"),
            _text("unit", "单位", "Unit of value.", "percent"),
            Property(name="as_of", kind=Kind.DATE, zh="截至", description="Date of the figure."),
            _count("of", "总数", "Whole that value is counted out of."),
            *FIGURES[:5],
            FIGURES[8],
            *VALIDITY[:3],
        ),
    ),
    NodeType(
        label="Source",
        zh="来源",
        description="A document a claim stands in.",
        prefixes=("source:", "http://", "https://"),
        id_example="source:ccdi-2020-east-west-supervision",
        properties=(
            _text("title", "标题", "Title; empty where not known, never made from the host's name."),
            _text("publisher", "发布者", "Who published it; empty where not known."),
            Property(name="url", kind=Kind.URL, zh="网址", description="Its address."),
            _text("author", "作者", "Who wrote it."),
            _text("language", "语言", "ISO 639 code of its language.", "zh"),
            _text("licence", "许可", "Licence it may be used under."),
            Property(
                name="published", kind=Kind.DATE, zh="发布日期", description="When it was published, at the earliest."
            ),
            Property(
                name="published_by", kind=Kind.DATE, zh="最迟发布", description="When it was published, at the latest."
            ),
            Property(name="retrieved", kind=Kind.DAY, zh="获取日期", description="When it was fetched."),
            _text("sha256", "校验和", "SHA-256 of the document as read."),
            Property(
                name="is_mirror", kind=Kind.BOOLEAN, zh="镜像", description="Whether it is a copy on another's site."
            ),
        ),
    ),
    NodeType(
        label="Dataset",
        zh="数据集",
        description="What is loaded and replaced as one: a file or several that belong together.",
        prefixes=("dataset:",),
        id_example="dataset:seed-pairings",
        internal=True,
    ),
    NodeType(
        label="LoadRun",
        zh="加载记录",
        description="One run of a loader over the files of a dataset.",
        prefixes=("run:",),
        id_example="run:1:seed-pairings",
        internal=True,
    ),
)

_LEVEL = _codes(
    ("province", "省级", "province"),
    ("prefecture", "地级", "prefecture"),
    ("county", "县级", "county, county-level city, banner"),
    ("district", "市辖区", "district"),
    ("township", "乡级", "town or township"),
    ("village", "村", "village"),
    ("development_zone", "开发区", "development zone"),
    ("new_area", "新区", "new area"),
    ("town_cluster", "镇组团", "cluster of towns"),
    ("enterprise", "企业", "enterprise"),
    ("school", "学校", "school"),
    ("hospital", "医院", "hospital"),
)
_PLACES = ("Place", "PlaceGroup")
_MONEY_KEY = ("class", "basis", "currency", "measure")
_ABOUT = Property(name="about", kind=Kind.ENTITY, entity="Project", zh="关于", description="The project it is about.")


def _organization_of(name: LiteralString, zh: LiteralString, description: LiteralString) -> Property:
    return Property(name=name, kind=Kind.ENTITY, entity="Organization", zh=zh, example="", description=description)


def _topic(example: LiteralString) -> Property:
    return _text("topic", "主题", "What it is about.", example)


RELATIONSHIPS: tuple[RelationshipType, ...] = (
    RelationshipType(
        name="PAIRED_WITH",
        zh="结对",
        description="A pairing: who was told, or chose, to help whom.",
        start=("Place", "PlaceGroup", "Organization"),
        end=("Place", "PlaceGroup", "Organization"),
        forward="is paired to help",
        backward="is helped in a pairing by",
        noun="Pairing",
        outgoing="pairings_given",
        incoming="pairings_received",
        help=Help.FORWARD,
        time=Time.STATE,
        properties=(
            _code(
                "level", "结对层级", "The finer end's level; at the same rank the recipient's.", _LEVEL, "prefecture"
            ),
            _text("as_called", "原文称谓", "The source's own word for the pairing.", "对口帮扶"),
        ),
    ),
    RelationshipType(
        name="FUNDS",
        zh="资助",
        description="Money given, promised or planned; from a project to itself where its payee or its payer is not named.",
        start=("Place", "PlaceGroup", "Organization", "Project"),
        end=("Project", "Place", "PlaceGroup", "Organization"),
        forward="funds",
        backward="is funded by",
        noun="Funding",
        outgoing="funding_given",
        incoming="funding_received",
        help=Help.FORWARD,
        time=Time.EVENT,
        key=_MONEY_KEY,
        period_in_key=True,
        money=True,
        figures=True,
        loops=("Project",),
        optional_key=("transaction",),
        properties=(
            _count("projects", "项目数", "Projects the sum is for.", "projects", "10"),
            _ABOUT,
            _organization_of("provider", "提供方", "Organization that gives, where the start is a project."),
            _organization_of("receiver", "接收方", "Organization that is paid, where the end is a project."),
            _text(
                "transaction",
                "交易",
                "What tells a transaction from others of the same ends, class and day; empty for a sum of a period.",
            ),
            _text(
                "stated_activity",
                "所写活动编号",
                "Id its source gives for the activity on the other side, where it is of no end: its own, or an organization's.",
            ),
            _text("flow_type", "流量类型", "Kind of flow, as read: ODA, other official flow, private …"),
            _text("finance_type", "融资类型", "Grant, loan …, as read."),
            _text("aid_type", "援助类型", "Type of aid, as read."),
            Property(
                name="place",
                kind=Kind.ENTITY,
                zh="用于地方",
                example="",
                description="Country or region the money is for, where the transaction itself says so.",
            ),
            Property(
                name="sectors",
                kind=Kind.TEXTS,
                zh="用于行业",
                example="",
                description="Ids of the sectors the money is for, one of each vocabulary, where the transaction itself says so.",
            ),
            Property(
                name="official",
                kind=Kind.BOOLEAN,
                zh="官方资金",
                example="",
                description="Whether it is an official flow; one that is not is left out of totals. Empty: not said.",
            ),
        ),
    ),
    RelationshipType(
        name="DONATES_TO",
        zh="捐赠",
        description="A donation in cash or kind, never added to fiscal aid.",
        start=("Place", "PlaceGroup", "Organization"),
        end=("Place", "PlaceGroup", "Organization", "Project"),
        forward="donates to",
        backward="receives donations from",
        noun="Donation",
        outgoing="donations_given",
        incoming="donations_received",
        help=Help.FORWARD,
        time=Time.EVENT,
        key=_MONEY_KEY,
        period_in_key=True,
        money=True,
        figures=True,
    ),
    RelationshipType(
        name="INVESTS_IN",
        zh="投资",
        description="An investment; it has an amount only where the source names the payer.",
        start=("Place", "Organization"),
        end=("Project", "Organization", "Place"),
        forward="invests in",
        backward="receives investment from",
        noun="Investment",
        outgoing="investments_made",
        incoming="investments_received",
        help=Help.FORWARD,
        time=Time.EVENT,
        key=_MONEY_KEY,
        period_in_key=True,
        money=True,
        figures=True,
        properties=(_text("role", "角色", "What else the investor does for it.", "responsible for construction"),),
    ),
    RelationshipType(
        name="SENDS_STAFF_TO",
        zh="选派人员",
        description="Officials, teachers, doctors or specialists sent, counted and unnamed.",
        start=_PLACES,
        end=_PLACES,
        forward="sends staff to",
        backward="receives staff from",
        noun="StaffTransfer",
        outgoing="staff_sent",
        incoming="staff_received",
        help=Help.FORWARD,
        time=Time.EVENT,
        key=("kind", "direction", "basis", "measure"),
        period_in_key=True,
        figures=True,
        properties=(
            _count("people", "选派人数", "People sent.", "persons", "31"),
            _code(
                "kind",
                "人员类别",
                "Who is sent.",
                _codes(
                    ("officials", "干部", "officials"),
                    ("teachers", "教师", "teachers"),
                    ("doctors", "医生", "doctors"),
                    ("specialists", "专业技术人才", "specialists, teachers and doctors among them"),
                    ("officials_and_specialists", "干部和人才", "officials and specialists together"),
                ),
                "officials",
            ),
            _code(
                "direction",
                "方向",
                "Whether the figure is one way or both ways together (互派).",
                _codes(("one_way", "单向", "from start to end"), ("both", "双向", "both ways together")),
                "one_way",
            ),
        ),
    ),
    RelationshipType(
        name="SUPPORTS",
        zh="支持",
        description="Help of one organization to another that is neither money nor people.",
        start=("Organization",),
        end=("Organization",),
        forward="supports",
        backward="is supported by",
        noun="Support",
        outgoing="support_given",
        incoming="support_received",
        help=Help.FORWARD,
        time=Time.EVENT,
        key=("topic",),
        properties=(_topic("business environment"),),
    ),
    RelationshipType(
        name="BUYS_FROM",
        zh="采购",
        description="Goods bought; help only where it is consumption assistance (消费帮扶).",
        start=("Place", "PlaceGroup", "Company"),
        end=_PLACES,
        forward="buys from",
        backward="sells to",
        noun="Purchase",
        outgoing="purchases",
        incoming="sales",
        help=Help.CONDITION,
        help_when=("kind", "consumption_assistance"),
        time=Time.EVENT,
        key=("kind", *_MONEY_KEY),
        period_in_key=True,
        money=True,
        figures=True,
        properties=(
            _code(
                "kind",
                "采购类别",
                "What kind of purchase.",
                _codes(
                    ("consumption_assistance", "消费帮扶", "purchase as help"),
                    ("ordinary", "一般贸易", "ordinary trade"),
                ),
                "consumption_assistance",
            ),
            _text("goods", "商品", "What is bought.", "Sichuan pepper"),
        ),
    ),
    RelationshipType(
        name="SENDS_WORKERS_TO",
        zh="劳务输出",
        description="Labour transfer: workers go to jobs; who takes them helps.",
        start=_PLACES,
        end=("Place", "PlaceGroup", "Company"),
        forward="sends workers to",
        backward="takes workers from",
        noun="LabourTransfer",
        outgoing="workers_sent",
        incoming="workers_received",
        help=Help.BACKWARD,
        time=Time.EVENT,
        key=("person_class", "purpose", "destination_scope", "basis", "measure"),
        period_in_key=True,
        figures=True,
        properties=(
            _count("workers", "劳务人数", "Workers.", "persons", "4180"),
            _code(
                "person_class",
                "劳动者类别",
                "Who the workers are.",
                _codes(
                    ("registered_poor", "建档立卡", "registered poor"),
                    ("poor", "贫困群众", "poor, as the source says"),
                    ("out_of_poverty", "脱贫劳动力", "out of poverty"),
                    ("rural", "农村劳动力", "rural workers"),
                ),
            ),
            _code(
                "purpose",
                "目的",
                "New jobs or the way back to a job.",
                _codes(("new", "新增就业", "new jobs"), ("return", "返岗", "return to work")),
            ),
            _code(
                "destination_scope",
                "去向范围",
                "Where the workers of the figure went.",
                _codes(
                    ("end", "对端", "all to the end of the relationship"),
                    ("east", "东部", "to the East, the end among it"),
                    ("any", "不限", "to jobs anywhere, credited to the end"),
                ),
                "end",
            ),
            _code("destination_certainty", "去向确定性", "Certainty that they went to the end.", CERTAINTY),
            _text("mode", "方式", "How they travelled.", "chartered bus"),
        ),
    ),
    RelationshipType(
        name="SENT_BY",
        zh="派出",
        description="Who sent an official out.",
        start=("Official",),
        end=("Organization", "Place"),
        forward="is sent by",
        backward="sends",
        noun="Dispatch",
        outgoing="dispatched_by",
        incoming="officials_dispatched",
        help=Help.CHAIN,
        time=Time.STATE,
        key=("batch",),
        properties=(_text("batch", "批次", "Batch of posted officials.", "第十一批"),),
    ),
    RelationshipType(
        name="POSTED_TO",
        zh="挂职",
        description="A temporary posting (挂职); the home post goes on.",
        start=("Official",),
        end=("Place", "Organization"),
        forward="is posted to",
        backward="hosts",
        noun="Posting",
        outgoing="postings",
        incoming="postings_hosted",
        help=Help.CHAIN,
        time=Time.STATE,
        key=("batch",),
        properties=(
            _text("title", "职务", "Post held there.", "deputy head of the poverty office"),
            _text("batch", "批次", "Batch of posted officials."),
            _text("duties", "职责", "What the official is in charge of."),
            Property(
                name="at",
                kind=Kind.ENTITY,
                entity="Organization",
                zh="所在单位",
                description="Organization the post is in.",
            ),
        ),
    ),
    RelationshipType(
        name="HOLDS_POST",
        zh="任职",
        description="A post in an organization.",
        start=("Official",),
        end=("Organization",),
        forward="holds a post in",
        backward="has as an official",
        noun="Post",
        outgoing="posts",
        incoming="office_holders",
        help=Help.CHAIN,
        time=Time.STATE,
        key=("title",),
        properties=(
            _text("title", "职务", "Title of the post.", "deputy head"),
            _code(
                "kind",
                "任职类别",
                "A home post or a temporary one.",
                _codes(("home", "本职", "home post"), ("temporary", "挂职", "held for the time of a posting")),
            ),
        ),
    ),
    RelationshipType(
        name="PARTICIPATES_IN",
        zh="参与项目",
        description="Part an organization has in a project.",
        start=("Organization",),
        end=("Project",),
        forward="takes part in",
        backward="has as a participant",
        noun="Participation",
        outgoing="participations",
        incoming="participants",
        help=Help.CONDITION,
        help_when=("role", "funding"),
        time=Time.STATE,
        key=("role",),
        properties=(
            _code(
                "role",
                "角色",
                "The part it has.",
                _codes(
                    ("funding", "出资", "funding"),
                    ("accountable", "负责", "accountable"),
                    ("extending", "转拨", "extending"),
                    ("implementing", "实施", "implementing"),
                    ("reporting", "报告", "publishes it"),
                ),
                "implementing",
            ),
            Property(
                name="activity",
                kind=Kind.ENTITY,
                entity="Project",
                zh="自有项目",
                example="",
                description="The organization's own project that it takes part through.",
            ),
        ),
    ),
    RelationshipType(
        name="PART_OF",
        zh="隶属",
        description="A place in the place above it, an organization in its parent.",
        start=("Place", "Organization"),
        end=("Place", "Organization"),
        forward="is part of",
        backward="contains",
        noun="Inclusion",
        outgoing="part_of",
        incoming="parts",
        help=Help.NEVER,
        time=Time.STATE,
        key=("kind",),
        properties=(
            _code(
                "kind",
                "隶属类别",
                "How an organization belongs to its parent.",
                _codes(
                    ("part", "组成", "a part"),
                    ("dispatched", "派驻", "dispatched by it"),
                    ("branch", "分支", "a branch"),
                ),
            ),
        ),
    ),
    RelationshipType(
        name="MEMBER_OF",
        zh="成员",
        description="Member of a group of places or of an organization.",
        start=("Place", "Organization"),
        end=("PlaceGroup", "Organization"),
        forward="is a member of",
        backward="has as a member",
        noun="Membership",
        outgoing="memberships",
        incoming="members_named",
        help=Help.NEVER,
        time=Time.STATE,
    ),
    RelationshipType(
        name="SUCCEEDS",
        zh="接替",
        description="Came in the place of another: a renamed, upgraded or merged division or body.",
        start=("Place", "Organization"),
        end=("Place", "Organization"),
        forward="succeeds",
        backward="is succeeded by",
        noun="Succession",
        outgoing="predecessors",
        incoming="successors",
        help=Help.NEVER,
        time=Time.EVENT,
        properties=(
            _code(
                "extent",
                "范围",
                "Whether all of the old one became all of the new one.",
                _codes(("whole", "整体", "the same territory or body"), ("part", "部分", "a part of either")),
                "whole",
            ),
        ),
    ),
    RelationshipType(
        name="BORDERS",
        zh="相邻",
        description="Two places touch.",
        start=("Place",),
        end=("Place",),
        forward="borders",
        backward="borders",
        noun="Border",
        outgoing="borders",
        incoming="bordered_by",
        help=Help.NEVER,
        time=Time.STATE,
    ),
    RelationshipType(
        name="FORMED_BY",
        zh="组成方",
        description="Places that formed a group.",
        start=("Organization", "PlaceGroup"),
        end=("Place", "Organization"),
        forward="is formed by",
        backward="forms",
        noun="Formation",
        outgoing="formed_by",
        incoming="forms",
        help=Help.NEVER,
        time=Time.STATE,
    ),
    RelationshipType(
        name="LOCATED_IN",
        zh="位于",
        description="Where something is.",
        start=("Project", "Organization", "Mechanism", "Inspection"),
        end=_PLACES,
        forward="is located in",
        backward="is the place of",
        noun="Location",
        outgoing="locations",
        incoming="located_here",
        help=Help.NEVER,
        time=Time.STATE,
        properties=(
            Property(name="share", kind=Kind.NUMBER, zh="占比", unit="percent", description="Share of it there."),
        ),
    ),
    RelationshipType(
        name="HAS_SECTOR",
        zh="所属行业",
        description="Sector of a project.",
        start=("Project",),
        end=("Sector",),
        forward="is in the sector",
        backward="is the sector of",
        noun="SectorShare",
        outgoing="sectors",
        incoming="projects_in_sector",
        help=Help.NEVER,
        time=Time.STATE,
        properties=(
            Property(
                name="percentage", kind=Kind.NUMBER, zh="行业占比", unit="percent", description="Share in the sector."
            ),
        ),
    ),
    RelationshipType(
        name="RELATED_TO",
        zh="相关",
        description="A project related to another.",
        start=("Project",),
        end=("Project",),
        forward="is related to",
        backward="is related to",
        noun="ProjectRelation",
        outgoing="related_projects",
        incoming="related_from",
        help=Help.NEVER,
        time=Time.STATE,
        key=("type",),
        properties=(
            _code(
                "type",
                "关联类型",
                "What the end is to the start.",
                _codes(
                    ("parent", "上级", "parent"),
                    ("child", "下级", "child"),
                    ("sibling", "同级", "sibling"),
                    ("co_funded", "共同出资", "co-funded"),
                    ("third_party", "第三方报告", "reported by a third party"),
                ),
            ),
        ),
    ),
    RelationshipType(
        name="OWNS",
        zh="持有",
        description="Ownership of an organization.",
        start=("Organization", "Place", "Official"),
        end=("Organization",),
        forward="owns",
        backward="is owned by",
        noun="Ownership",
        outgoing="holdings",
        incoming="owners",
        help=Help.NEVER,
        time=Time.STATE,
        properties=(Property(name="share", kind=Kind.NUMBER, zh="持股", unit="percent", description="Share held."),),
    ),
    RelationshipType(
        name="CONDUCTS",
        zh="实施检查",
        description="Who carries out an inspection.",
        start=("Organization", "Official", "Place"),
        end=("Inspection",),
        forward="conducts",
        backward="is conducted by",
        noun="InspectionRole",
        outgoing="inspections_conducted",
        incoming="conducted_by",
        help=Help.NEVER,
        time=Time.EVENT,
        key=("role",),
        properties=(
            _code(
                "role",
                "角色",
                "What part in it.",
                _codes(
                    ("conducts", "实施", "carries it out"),
                    ("leads", "牵头", "leads it"),
                    ("sends", "派出", "sends the inspectors"),
                    ("speaks", "说明", "tells of it in the source"),
                ),
            ),
        ),
    ),
    RelationshipType(
        name="COVERS",
        zh="检查对象",
        description="What an inspection covers; money through its batch of projects.",
        start=("Inspection",),
        end=("Entity",),
        forward="covers",
        backward="is covered by",
        noun="Coverage",
        outgoing="covers",
        incoming="covered_by",
        help=Help.NEVER,
        time=Time.EVENT,
        key=("role",),
        properties=(
            _code(
                "role",
                "角色",
                "Whether it was looked at or told to mend.",
                _codes(("covered", "检查", "looked at"), ("ordered", "责令整改", "told to rectify")),
            ),
        ),
    ),
    RelationshipType(
        name="PROMOTES",
        zh="推动",
        description="Who promotes, urges or sets up a mechanism.",
        start=("Organization", "Official", "Place"),
        end=("Mechanism",),
        forward="promotes",
        backward="is promoted by",
        noun="Promotion",
        outgoing="mechanisms_promoted",
        incoming="promoted_by",
        help=Help.NEVER,
        time=Time.STATE,
        key=("role",),
        properties=(
            _code(
                "role",
                "角色",
                "What it does for the mechanism.",
                _codes(("promotes", "推动", "promotes"), ("urges", "督促", "urges"), ("sets_up", "建立", "sets up")),
                "sets_up",
            ),
        ),
    ),
    RelationshipType(
        name="TAKES_PART_IN",
        zh="参与机制",
        description="Who takes part in a mechanism.",
        start=("Organization", "Official", "Place"),
        end=("Mechanism",),
        forward="takes part in",
        backward="has as a party",
        noun="MechanismRole",
        outgoing="mechanisms",
        incoming="parties",
        help=Help.NEVER,
        time=Time.STATE,
        key=("role",),
        properties=(
            _code(
                "role",
                "角色",
                "As what.",
                _codes(("member", "成员", "member"), ("liaison", "对接", "liaison"), ("user", "使用", "user")),
            ),
        ),
    ),
    RelationshipType(
        name="REQUESTS",
        zh="商请",
        description="One organization asks another for something.",
        start=("Organization",),
        end=("Organization",),
        forward="asks",
        backward="is asked by",
        noun="Request",
        outgoing="requests_made",
        incoming="requests_received",
        help=Help.NEVER,
        time=Time.EVENT,
        key=("topic",),
        properties=(_topic("business environment"), _ABOUT),
    ),
    RelationshipType(
        name="OBSERVED_AT",
        zh="观测对象",
        description="Whom an observation is about, or whom it credits.",
        start=("Observation",),
        end=("Entity",),
        forward="is observed at",
        backward="has the observation",
        noun="ObservationRole",
        outgoing="observed_at",
        incoming="observations",
        help=Help.NEVER,
        time=Time.STATE,
        key=("role",),
        properties=(
            _code(
                "role",
                "角色",
                "Part of the entity in it.",
                _codes(
                    ("subject", "对象", "the figure is about it"),
                    ("helper", "帮扶方", "credited with it"),
                    ("recipient", "受援方", "gains by it"),
                ),
                "subject",
            ),
        ),
    ),
    RelationshipType(
        name="REPORTS_ON",
        zh="报告项目",
        description="Project of a progress report.",
        start=("ProgressReport",),
        end=("Project",),
        forward="reports on",
        backward="is reported on by",
        noun="ReportSubject",
        outgoing="reports_on",
        incoming="progress_reports",
        help=Help.NEVER,
        time=Time.STATE,
    ),
    RelationshipType(
        name="UNDER",
        zh="属于机制",
        description="Programme that something stands under.",
        start=("Entity",),
        end=("Programme",),
        forward="is under",
        backward="has under it",
        noun="ProgrammeShare",
        outgoing="under_programmes",
        incoming="under_it",
        help=Help.NEVER,
        time=Time.STATE,
    ),
    RelationshipType(
        name="DESCRIBED_IN",
        zh="载于",
        description="Source that describes an entity, with the values as read.",
        start=("Entity",),
        end=("Source",),
        forward="is described in",
        backward="describes",
        noun="Description",
        outgoing="described_in",
        incoming="describes",
        help=Help.NEVER,
        time=Time.STATE,
        loops=("Source",),
        properties=(_text("values", "所读值", "The values as read, as JSON, keys in order."),),
    ),
    RelationshipType(
        name="SAME_AS",
        zh="同一",
        description="Decided by a person: two entities are one, unless a later decision says otherwise.",
        start=("Entity",),
        end=("Entity",),
        forward="is the same as",
        backward="is the same as",
        noun="Identity",
        outgoing="same_as",
        incoming="same_from",
        help=Help.NEVER,
        time=Time.STATE,
        properties=(
            *_DECIDED,
            Property(
                name="kept",
                kind=Kind.ENTITY,
                zh="保留编号",
                description="Which of the two ids stands for both, where the person named one.",
            ),
        ),
    ),
    RelationshipType(
        name="DIFFERENT_FROM",
        zh="不同",
        description="Decided by a person: two entities are not one.",
        start=("Entity",),
        end=("Entity",),
        forward="is not",
        backward="is not",
        noun="Distinction",
        outgoing="different_from",
        incoming="distinguished_from",
        help=Help.NEVER,
        time=Time.STATE,
        properties=_DECIDED,
    ),
)

#: Indicators the seed and the built-in mappings use; an observation may have one of its own.
INDICATORS: tuple[tuple[LiteralString, LiteralString, LiteralString, Literal["stock", "flow"]], ...] = (
    ("poverty_rate", "share of registered poor", "percent", "stock"),
    ("delisted", "whether a county is off the list of poor counties (yes, no)", "", "stock"),
    ("poor_villages_delisted", "villages off the list of poor villages", "village", "stock"),
    ("poor_counties_not_delisted", "counties still on the list of poor counties", "county", "stock"),
    ("counties_out_of_poverty", "counties taken off the list in the period", "county", "flow"),
    ("assessment", "grade in the yearly assessment: good, fairly_good, fair, poor", "", "flow"),
    ("enterprises", "enterprises guided to settle", "enterprise", "flow"),
    ("investment_received", "investment by enterprises, received; the payers are not named", "CNY", "flow"),
    ("guided_investment", "investment by enterprises newly guided; not money of the helper", "CNY", "flow"),
    ("parks", "industrial parks run together", "park", "stock"),
    ("labour_trained", "people trained for work", "person", "flow"),
    ("schools_paired", "schools paired", "school", "stock"),
    ("county_pairs", "pairs of counties", "pair", "stock"),
    ("town_pairs", "pairs of towns", "pair", "stock"),
    ("village_pairs", "pairs of villages", "pair", "stock"),
    ("output", "goods made or worked", "tonne", "flow"),
    ("output_value", "value of goods made", "CNY", "flow"),
    ("jobs", "jobs", "person", "stock"),
    ("households", "households with more income", "household", "stock"),
    ("buying_trip", "length of one buying trip, one way", "day", "stock"),
    ("total_budget", "budget of an organization, for all that it does", "a currency", "flow"),
    ("total_expenditure", "spending of an organization, for all that it does", "a currency", "flow"),
    ("rectification_open", "problems found and not yet rectified", "problem", "stock"),
)


@dataclass(frozen=True)
class Vocabulary:
    """Node and relationship types with what follows from them; `MODEL` is the one in use."""

    nodes: tuple[NodeType, ...]
    relationships: tuple[RelationshipType, ...]

    @cached_property
    def node(self) -> dict[str, NodeType]:
        return {node.label: node for node in self.nodes}

    @cached_property
    def relationship(self) -> dict[str, RelationshipType]:
        return {relationship.name: relationship for relationship in self.relationships}

    def labels(self, label: str) -> tuple[LiteralString, ...]:
        """All labels of a node of this type, from Entity down."""
        node = self.node[label]
        return (*(self.labels(node.parent) if node.parent else ("Entity",)), node.label)

    def is_a(self, label: str, ancestor: str) -> bool:
        return ancestor in self.labels(label)

    def most_refined(self, first: str, second: str) -> str | None:
        """The label that refines the other (or both the same), None where neither does."""
        if self.is_a(first, second):
            return first
        return second if self.is_a(second, first) else None

    def concrete(self, label: str) -> tuple[NodeType, ...]:
        """Types a node of `label` may have, in the order of the vocabulary."""
        return tuple(n for n in self.nodes if not n.abstract and (label == "Entity" or self.is_a(n.label, label)))

    def node_properties(self, label: str) -> tuple[Property, ...]:
        """Properties a row may give a node of this type: names first, then inherited, then its own."""

        def own(node: NodeType) -> Iterator[Property]:
            if node.parent:
                yield from own(self.node[node.parent])
            yield from node.properties

        return (*NAMES, *own(self.node[label]))

    def claim_properties(self, name: str) -> tuple[Property, ...]:
        """Properties a row may give a claim of this type, in the order of its template."""
        relationship = self.relationship[name]
        return (
            PROGRAMME,
            *relationship.properties,
            *(MONEY if relationship.money else ()),
            *(FIGURES if relationship.figures else ()),
            *VALIDITY,
            *PROVENANCE,
        )

    def with_relationship(self, relationship: RelationshipType) -> "Vocabulary":
        return replace(self, relationships=(*self.relationships, relationship))


MODEL = Vocabulary(NODES, RELATIONSHIPS)
