"""Texts as people type them, cut into terms of the full-text index."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.model import MODEL
from graph.search import EQUIVALENT, LEFT_OUT, TERMS, wanted
from graph.sources import search

#: Quoted phrases and words, some with a star, joined by AND; variants of a phrase in brackets.
TERM = r'(?:"[^\W_]{2,}"|[^\W_]+\*?|\("[^\W_]+"(?: OR "[^\W_]+")+\))'
QUERY = re.compile(rf"(?:{TERM}(?: AND {TERM})*)?")


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("宁蒗", '"宁蒗"'),
        ("寧蒗", '"宁蒗"'),
        ("宁", "宁*"),
        ("ninglang", "ninglang*"),
        (" Ning  LANG ", "ning* AND lang*"),
        ("ＮＬＸ", "nlx*"),
        ("光伏电站12", '"光伏电站" AND 12*'),
        ("8省市", '8 AND "省市"'),
        ("上城区·鹤峰县", '"上城区" AND "鹤峰县"'),
        ("x_y", "x AND y"),
        ("foo:bar", "foo* AND bar*"),
        ("(a+)+b/", "b"),
        ("AND OR", "and* AND or*"),
        ("Bank of China", "bank* AND china*"),
        ("a", "a"),
        ("宁蒗 宁蒗", '"宁蒗"'),
        ("Zürich Škoda", "zürich* AND škoda*"),
        ("サハリン", '"サハリン"'),
        ("", ""),
        ("*", ""),
        ('"\\', ""),
        ("&& || ! - ~ ^ [ ] { }", ""),
        ("\0\u200b\u202e", ""),
        ("1 2 3 4 5 6 7 8 9", "1 AND 2 AND 3 AND 4 AND 5 AND 6 AND 7 AND 8"),
    ],
)
def test_terms(text: str, query: str) -> None:
    assert wanted(text).query == query


def test_offices_that_were_renamed_are_asked_for_by_each_of_their_names() -> None:
    (names,) = EQUIVALENT
    assert set(names) == {"扶贫办", "扶贫办公室", "扶贫开发办公室", "乡村振兴局"}
    for name in names:
        query = wanted(f"万州区{name}").query
        assert query.startswith(f'("万州区{name}" OR ')
        assert set(re.findall(r'"([^"]+)"', query)) == {f"万州区{other}" for other in names}
    assert wanted("扶貧辦").query == wanted("扶贫办").query


def test_longer_names_come_before_those_they_hold() -> None:
    for names in EQUIVALENT:
        for n, name in enumerate(names):
            assert not any(name in later for later in names[n + 1 :])


def test_what_is_compared_with_names() -> None:
    asked = wanted("  寧蒗  Yi ")
    assert (asked.texts, asked.joined, asked.han) == (("寧蒗 yi", "宁蒗 yi"), "宁蒗yi", True)
    asked = wanted("Ning Lang")
    assert (asked.texts, asked.joined, asked.han) == (("ning lang",), "ninglang", False)


@given(st.text(max_size=60) | st.text(alphabet='+-&|!(){}[]^"~*?:\\/ aAND宁蒗一', max_size=40))
def test_nothing_but_terms_reaches_the_index(text: str) -> None:
    query = wanted(text).query
    assert QUERY.fullmatch(query), query
    assert query.count(" AND ") < TERMS
    assert len(query) <= 12 * len(text) * len(EQUIVALENT[0]) + 40


def test_words_the_index_leaves_out_hide_nothing() -> None:
    assert all(word.isascii() and word.islower() for word in LEFT_OUT)
    assert wanted("Commission of the Bijie").query == "commission* AND bijie*"
    assert wanted("to").query == "to*"


def test_levels() -> None:
    cases = dict(re.findall(r"WHEN '(\w+)' THEN (\d)", search.level()))
    order = ["Country", "Province", "Prefecture", "County", "Zone", "Agency", "Official", "Project", "Programme"]
    assert [cases[label] for label in order] == [str(n) for n in range(9)]
    assert {node.label for node in MODEL.nodes} - cases.keys() == {
        "Sector", "Inspection", "Mechanism", "ProgressReport", "Observation", "Source", "Dataset", "LoadRun",
    }  # fmt: skip
    assert cases["PlaceGroup"] == cases["Township"] == "4" and cases["Company"] == cases["InspectionGroup"] == "5"
