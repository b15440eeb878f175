"""Names behind the names of parents, and texts that are no names: found at once or refused at once."""

import time

import pytest

from graph.sources.directory import Named
from loaders.directory import Directory
from loaders.records import RowError

PLACES = (
    ("cn:440000", "Province", "广东省", "440000", ""),
    ("cn:440100", "Prefecture", "广州市", "440100", "cn:440000"),
    ("cn:440106", "County", "天河区", "440106", "cn:440100"),
    ("cn:220104", "County", "朝阳区", "220104", "cn:220000"),
    ("cn:110105", "County", "朝阳区", "110105", "cn:110000"),
    ("cn:110000", "Province", "北京市", "110000", ""),
)
DIRECTORY = Directory(
    Named(id=id_, type=type_, name=name, names=(), code=code, parents=(parent,) if parent else ())
    for id_, type_, name, code, parent in PLACES
)


def find(name: str) -> str:
    return DIRECTORY.find(("Place",), name=name)


@pytest.mark.parametrize(
    ("name", "id_"),
    [
        ("广东省广州市天河区", "cn:440106"),
        ("广东省 天河区", "cn:440106"),
        ("广州市天河区", "cn:440106"),
        ("广东省广州市", "cn:440100"),
        ("北京市朝阳区", "cn:110105"),
        ("cn:440106", "cn:440106"),
    ],
)
def test_a_place_behind_its_parents_and_an_id_in_the_place_of_a_name(name: str, id_: str) -> None:
    assert find(name) == id_


@pytest.mark.parametrize("name", ["广东省朝阳区", "天河区广州市", "2024年度资金", "20广东省", "²²²²²"])
def test_what_is_no_place_behind_its_parents_is_refused_for_itself(name: str) -> None:
    with pytest.raises(RowError, match="no place, group or programme of this name") as refused:
        find(name)
    assert refused.value.value == name


@pytest.mark.parametrize("text", ["注：本表数据来源于省乡村振兴局" * 3, "广东省" * 33, "甲" * 100_000])
def test_a_remark_in_the_place_of_a_name_costs_no_time(text: str) -> None:
    before = time.process_time()
    with pytest.raises(RowError, match="no place, group or programme"):
        find(text)
    assert time.process_time() - before < 1  # every split of it tried would take longer than the world is old


@pytest.mark.parametrize(
    ("given", "id_"),
    [
        ({"name": "廣東省廣州市天河區"}, "cn:440106"),
        ({"name": "朝陽區", "within": "北京市"}, "cn:110105"),
        ({"name": "朝阳区", "within": "北京市"}, "cn:110105"),
        ({"name": "廣州市", "code": "440100"}, "cn:440100"),
        ({"name": "乾县"}, "cn:610424"),
        ({"name": "乾縣"}, "cn:610424"),
    ],
)
def test_names_in_traditional_characters_are_those_in_simplified_ones_and_told(given: dict[str, str], id_: str) -> None:
    known = Directory(
        Named(id=id_, type=type_, name=name, names=(), code=code, parents=(parent,) if parent else ())
        for id_, type_, name, code, parent in (*PLACES, ("cn:610424", "County", "乾县", "610424", ""))
    )
    assert known.find(("Place",), **given) == id_
    told = {} if given["name"] in ("朝阳区", "乾县") or "code" in given else {given["name"]: id_}
    assert known.converted == told
    assert known.told("cn:440106") == "cn:440106 天河区 (广州市)"
    assert known.begins_with_place("廣州市農業局") and known.of_level("cn:440106", "市") == "cn:440100"
