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
    ("programme:hu-dian", "Programme", "沪滇协作", ""),
)
Records = list[Entity | Claim]


def builder() -> RowBuilder:
    known = Directory(Named(id=id_, type=type_, name=name, names=(), code=code) for id_, type_, name, code in PLACES)
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
