"""Rows of the forms without a graph: the ids they make, what they refuse, and that nothing else comes of any row."""

from collections.abc import Mapping

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from graph.model import MODEL
from graph.records import Claim, Entity
from graph.sources.directory import Named
from loaders import values
from loaders.directory import Directory
from loaders.forms import FORMS
from loaders.forms.mapper import FormMapper
from loaders.records import LoadError, RowError
from loaders.rows import RowBuilder

PLACES = (
    ("cn:330100", "Prefecture", "杭州市", "330100"),
    ("cn:522600", "Prefecture", "黔东南苗族侗族自治州", "522600"),
    ("cn:110105", "County", "朝阳区", "110105"),
    ("cn:220104", "County", "朝阳区", "220104"),
    ("cn:522601", "County", "凯里市", "522601"),
    ("cn:522622", "County", "黄平县", "522622"),
    ("programme:hu-dian", "Programme", "沪滇协作", ""),
)
PARTS = {"cn:522601": ("cn:522600",), "cn:522622": ("cn:522600",)}
Records = list[Entity | Claim]


def builder() -> RowBuilder:
    known = Directory(
        Named(id=id_, type=type_, name=name, names=(), code=code, parents=PARTS.get(id_, ()))
        for id_, type_, name, code in PLACES
    )
    return RowBuilder(known, "source:dataset:county")


def made(form: str, *rows: Mapping[str, str]) -> Records:
    """The records of rows by the keys of their columns, all of one load."""
    columns = FORMS[form].by_key
    header = {key: columns[key].zh for row in rows for key in row}
    mapper, building = FormMapper(FORMS[form], tuple(header.values())), builder()
    return [
        record
        for line, row in enumerate(rows, start=2)
        for record in mapper.records({header[k]: row.get(k, "") for k in header}, line, building)
    ]


def ids(records: Records, label: str) -> list[str]:
    return [record.id for record in records if isinstance(record, Entity) and record.label == label]


def test_an_official_is_one_however_the_row_writes_the_places_and_the_sender() -> None:
    to = {"recipient": "黔东南苗族侗族自治州"}
    places = [
        {"name": "张某", "sender": "杭州市", **to},
        {"name": "张某", "sender_code": "330100", "recipient_code": "522600"},
        {"name": "张某", "sender": "cn:330100", "sender_code": "330100", **to, "recipient_code": "522600"},
    ]
    assert ids(made("postings", *places[:2]), "Official") == ["official:county:张某:cn:330100:cn:522600"] * 2
    units = [{"name": "张某", "unit": unit, **to} for unit in ("市纪委", "org:county:市纪委", "org:cn:330100:x")]
    assert ids(made("postings", *units), "Official") == [
        "official:county:张某:市纪委:cn:522600",
        "official:county:张某:市纪委:cn:522600",
        "official:county:张某:org:cn:330100:x:cn:522600",
    ]
    with pytest.raises(RowError, match="330100 is 杭州市, not cn:330100"):
        made("postings", places[2])


PLACE = "黔东南苗族侗族自治州"


def test_offices_of_one_name_are_told_apart_by_the_place_beside_them() -> None:
    rows = [
        {"name": "张伟", "sender": "杭州市", "unit": "教育局", "recipient": PLACE, "at": "一中"},
        {"name": "张伟", "sender_code": "220104", "unit": "教育局", "recipient": PLACE, "at": "医院"},
    ]
    records = made("postings", *rows)
    assert ids(records, "Organization") == [
        "org:county:cn:330100:教育局",
        "org:county:cn:522600:一中",
        "org:county:cn:220104:教育局",
        "org:county:cn:522600:医院",
    ]
    assert ids(records, "Official") == [
        "official:county:张伟:cn:330100:教育局:cn:522600",
        "official:county:张伟:cn:220104:教育局:cn:522600",
    ]
    assert [(r.start, r.end) for r in records if isinstance(r, Claim) and r.type == "LOCATED_IN"] == [
        ("org:county:cn:330100:教育局", "cn:330100"),
        ("org:county:cn:220104:教育局", "cn:220104"),
    ]
    roads = [
        {"name": "路A", "number": "1", "place": "杭州市", "unit": "县交通局"},
        {"name": "路B", "number": "2", "place": PLACE, "unit": "县交通局"},
    ]
    assert ids(made("projects", *roads), "Organization") == [
        "org:county:cn:330100:县交通局",
        "org:county:cn:522600:县交通局",
    ]
    kind = {"name": "检查", "kind": "专项检查", "by": "纪委"}
    assert ids(made("inspections", {**kind, "place": PLACE}, kind), "Organization") == [
        "org:county:cn:522600:纪委",
        "org:county:纪委",
    ]


def test_an_office_whose_name_says_its_place_or_its_level_is_one() -> None:
    named = [
        {"name": "路A", "number": "1", "place": place, "unit": unit}
        for unit in ("杭州市交通局", "朝阳区交通局", "org:x", "州林业局", "县林业局")
        for place in ("杭州市", PLACE, "凯里市", "黄平县")
    ]
    assert ids(made("projects", *named), "Organization") == [
        *["org:county:杭州市交通局"] * 4,  # the full name of a place that alone has it
        *[f"org:county:{place}:朝阳区交通局" for place in ("cn:330100", "cn:522600", "cn:522601", "cn:522622")],
        "org:county:cn:330100:州林业局",
        *["org:county:cn:522600:州林业局"] * 3,  # of the prefecture, whichever of its counties the row names
        *[f"org:county:{place}:县林业局" for place in ("cn:330100", "cn:522600", "cn:522601", "cn:522622")],
    ]


def test_names_of_persons_are_without_the_spaces_that_pad_them() -> None:
    names = ("张伟", "张　伟", " 张  伟 ", "Li Wei", "阿卜杜拉 Karim")
    records = made("postings", *({"name": n, "sender": "杭州市", "recipient": PLACE} for n in names))
    assert [str(r.values["name"]) for r in records if isinstance(r, Entity)] == [
        *["张伟"] * 3,
        "Li Wei",
        "阿卜杜拉 Karim",
    ]
    assert ids(records, "Official")[:3] == ["official:county:张伟:cn:330100:cn:522600"] * 3


def test_things_of_one_name_are_told_apart_by_place_and_start() -> None:
    projects = [{"name": "茶厂", "place": place, "total": "5", "currency": "CNY"} for place in ("杭州市", PLACE)]
    assert ids(made("projects", *projects), "Project") == [
        "project:county:茶厂:cn:330100",
        "project:county:茶厂:cn:522600",
    ]
    assert ids(made("projects", {"name": "茶厂", "number": "N1", "place": PLACE}), "Project") == ["project:county:N1"]
    checks = [
        ("330100", "2024-01", "3"),
        ("330100", "2024年2月", "4"),
        ("522600", "2024-01", "5"),
        ("330100", "2024年1月", "3"),
    ]
    rows = [
        {"name": "专项检查", "kind": "专项检查", "place_code": code, "start": start, "problems": problems}
        for code, start, problems in checks
    ]
    assert ids(made("inspections", *rows), "Inspection") == [
        "inspection:county:专项检查:cn:330100:2024-01",
        "inspection:county:专项检查:cn:330100:2024-02",
        "inspection:county:专项检查:cn:522600:2024-01",
        "inspection:county:专项检查:cn:330100:2024-01",
    ]
    pairs = [("杭州市", PLACE, "2023"), ("杭州市", PLACE, "2024"), (PLACE, "杭州市", "")]
    agreed = [{"name": "协作协议", "helper": h, "recipient": r, "start": start} for h, r, start in pairs]
    assert ids(made("agreements", *agreed), "Mechanism") == [
        "mechanism:county:协作协议:cn:330100:cn:522600:2023",
        "mechanism:county:协作协议:cn:330100:cn:522600:2024",
        "mechanism:county:协作协议:cn:522600:cn:330100",
    ]


@pytest.mark.parametrize(
    ("form", "rows", "column", "value", "reason"),
    [
        (
            "projects",
            [{"number": "1", "name": "路A"}, {"number": "1", "name": "路B"}],
            "项目名称", "路B",
            "line 2 has the same 项目编号 and another 项目名称: if they are two, "
            "give each a 项目编号 of its own, else make them agree",
        ),
        (
            "projects",
            [{"name": "路A", "place": PLACE, "total": t, "currency": "CNY"} for t in ("5", "5.0", "6")],
            "总投资", "6",
            "line 2 has the same 项目名称 and 项目地点 and another 总投资: if they are two, give each a 项目编号 of its own, "
            "else make them agree",
        ),
        (
            "weekly",
            [{"project": "N1", "week": week, "progress": p} for week, p in (("2024-W17", "65"), ("2024-04-24", "70%"))],
            "进度(%)", "70%",
            "line 2 has the same 项目 and 周 and another 进度(%): if they are two, "
            "give each a 周 of its own, else make them agree",
        ),
        (
            "inspections",
            [{"name": "检查", "kind": kind} for kind in ("专项检查", "审计")],
            "检查类别", "审计",
            "line 2 has the same 检查名称 and another 检查类别: if they are two, "
            "give each a 检查名称 of its own, else make them agree",
        ),
    ],
)  # fmt: skip
def test_rows_that_say_otherwise_of_the_same_thing_are_refused_with_both_lines(
    form: str, rows: list[dict[str, str]], column: str, value: str, reason: str
) -> None:
    with pytest.raises(RowError) as refused:
        made(form, *rows)
    assert (refused.value.column, refused.value.value, refused.value.reason) == (column, value, reason)


def test_rows_of_the_same_thing_may_add_to_each_other() -> None:
    rows = [
        {"number": "1", "name": "路A", "place": "杭州市", "note": "a", "status": "在建"},
        {"number": "1", "name": "路A", "place": PLACE, "note": "b", "total": "5", "currency": "CNY"},
    ]
    assert ids(made("projects", *rows), "Project") == ["project:county:1"] * 2
    with pytest.raises(RowError, match=r"^line 3 has the same 项目编号 and another 总投资"):
        made("projects", *rows, {"number": "1", "name": "路A", "total": "6", "currency": "CNY"})


@pytest.mark.parametrize("progress", ["165", "100.1%", "-1"])
def test_progress_lies_between_nothing_and_all(progress: str) -> None:
    with pytest.raises(RowError, match="a percentage lies between 0 and 100") as refused:
        made("weekly", {"project": "N1", "week": "2024-W17", "progress": progress})
    assert refused.value.column == "进度(%)"
    for sound in ("0", "100", "0.65"):
        made("weekly", {"project": "N1", "week": "2024-W17", "progress": sound})


def test_names_with_colons_do_not_run_into_one_another() -> None:
    to = {"recipient_code": "522600"}
    officials = ids(
        made("postings", {"name": "A：B", "unit": "C", **to}, {"name": "A", "unit": "B:C", **to}), "Official"
    )
    assert officials == ["official:county:A%3AB:C:cn:522600", "official:county:A:B%3AC:cn:522600"]
    assert ids(made("projects", {"name": "100%: x"}), "Project") == ["project:county:100%25%3A-x"]


@pytest.mark.parametrize("nothing", ["\u200b", "\ufeff \u2060", "\u200e\u3000"])
def test_a_cell_in_which_nothing_is_seen_is_empty(nothing: str) -> None:
    with pytest.raises(RowError, match="is empty: it is needed"):
        made("projects", {"name": nothing, "number": "N1"})
    records = made("projects", {"name": "茶厂", "number": nothing, "unit": nothing})
    assert ids(records, "Project") == ["project:county:茶厂"]
    assert ids(records, "Organization") == []


@pytest.mark.parametrize("several", [" ; ", "；", ";\u200b;"])
def test_separators_alone_name_nobody(several: str) -> None:
    with pytest.raises(RowError, match="names nobody") as refused:
        made("projects", {"name": "茶厂", "unit": several})
    assert refused.value.column == "实施单位"


@pytest.mark.parametrize("programme", ["沪滇协作", "programme:hu-dian"])
def test_a_programme_goes_by_its_name_or_its_id(programme: str) -> None:
    records = made("projects", {"name": "茶厂", "programme": programme})
    assert [(r.type, r.end) for r in records if isinstance(r, Claim)] == [("UNDER", "programme:hu-dian")]


ODD = (
    "", " ", ";", "；;", "\u200b", "\u200e", "\0", "\x85", "a\nb", ":", "::", "%3A", "-", "0", "-1", "1e999", "NaN", "12万",
    "(500)", "65%", "9" * 40, "1,2", "2024", "2024-13", "2024-W60", "2024年第17周", "03/04/2019", "43525", "2020..2019", "朝阳区",
    "杭州市", "330100", "999999", "cn:330100", "cn:", "org:", "org:x", "project:county:x", "programme:hu-dian", "沪滇协作",
    "甲" * 300, "干部", "拨付", "CNY", "XXX", "$5", "https://example.org/a", "https://example.org/notice", "javascript:x",
    "²", "٣", "ﷺ" * 20, "´", "\ud800", "=1+1", "x; y", "专项检查", "完成", "消费帮扶",
)  # fmt: skip
CELLS = st.one_of(st.sampled_from(ODD), st.text(max_size=8))
ROWS = st.sampled_from(sorted(FORMS)).flatmap(
    lambda key: st.tuples(
        st.just(key),
        st.sampled_from((0, 1, 2)),
        st.lists(st.dictionaries(st.sampled_from([c.key for c in FORMS[key].columns]), CELLS), min_size=1, max_size=4),
    )
)


def check_any_rows(key: str, language: int, changes: list[dict[str, str]]) -> None:
    """Rows of a form, examples with cells changed, give sound records or the loader's own refusal of a cell."""
    form = FORMS[key]
    headers = {column.key: column.headers[language] for column in form.columns}
    try:
        mapper = FormMapper(form, tuple(headers.values()))
    except LoadError:
        pytest.fail(f"the headers of {key} are its own")
    building = builder()
    for line, change in enumerate(changes, start=2):
        row = {header: change.get(k, form.by_key[k].example) for k, header in headers.items()}
        try:
            records = mapper.records(row, line, building)
        except RowError as refused:
            assert all(fault.reason for fault in (refused, *refused.more))
            continue
        assert records
        for record in records:
            check_record(record)


def check_record(record: Entity | Claim) -> None:
    if isinstance(record, Claim):
        assert record.start and record.end and record.type in MODEL.relationship
        return
    assert record.id.startswith(MODEL.node[record.label].prefixes)
    assert not record.id.endswith(":") and not any(c.isspace() for c in record.id)
    assert not values.blank(str(record.values["name"]))


@settings(max_examples=150)
@given(ROWS)
@example(("projects", 0, [{"unit": ";"}]))
@example(("projects", 1, [{"number": "\u200b", "name": "\u200b"}]))
@example(("postings", 2, [{"name": "´", "sender_code": "999999"}]))
def test_any_row_of_a_form_gives_records_or_a_row_error(rows: tuple[str, int, list[dict[str, str]]]) -> None:
    check_any_rows(*rows)


@pytest.mark.soak
@settings(max_examples=20_000)
@given(ROWS)
def test_very_many_rows_of_forms_give_records_or_a_row_error(rows: tuple[str, int, list[dict[str, str]]]) -> None:
    check_any_rows(*rows)
