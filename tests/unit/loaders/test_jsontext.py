"""JSON: values cut out of a list or of lines, exact, with their place; what is broken is refused and named."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders import jsontext
from loaders.encoding import UnreadableFile
from loaders.jsontext import BadValue, Number


def items(path: Path, content: str | bytes, encoding: str | None = None) -> list[tuple[int, int, str]]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with jsontext.open_text(path, encoding) as stream:
        return [(item.index, item.line, item.text) for item in jsontext.listed(path, stream, "grants")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "grants.json"


def test_values_come_with_their_place(path: Path) -> None:
    text = '{"title": "a \\"] }", "n": -1.5e3,\n "grants": [\n{"a": [1, {}]},\r\n\n  7 , "]"], "more": null}\n'
    assert items(path, text) == [(0, 3, '{"a": [1, {}]}'), (1, 5, "7"), (2, 5, '"]"')]


def test_numbers_keep_their_text() -> None:
    read = jsontext.parse("[1, 1.10, -0.0, 12345678901234567890.123, 1.5e3, 2E-2]")
    assert read == ["1", "1.10", "-0.0", "12345678901234567890.123", "1500", "0.02"]
    assert all(isinstance(number, Number) for number in read)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-8"])
def test_encodings_with_a_mark_or_utf_8(path: Path, encoding: str) -> None:
    assert items(path, '{"grants": ["宁蒗"]}'.encode(encoding)) == [(0, 1, '"宁蒗"')]


def test_utf_16_without_a_mark_is_refused_until_it_is_named(path: Path) -> None:
    with pytest.raises(UnreadableFile, match="NUL character"):
        items(path, '{"grants": [1]}'.encode("utf-16-le"))
    assert items(path, '{"grants": [1]}'.encode("utf-16-le"), "utf-16-le") == [(0, 1, "1")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"grants": [{"id": "a"}, {"id": "b"', "line 1: the file ends in grants\\[1\\]: it is cut"),
        ('{"grants": [1, 2', "line 1: the file ends in grants behind grants\\[1\\]: it is cut"),
        ('{"grants": [1],\n"title": "x', 'line 2: the file ends in the value of "title"'),
        ('{"grants": [1', "the file ends in grants behind grants\\[0\\]"),
        ('{"grants": [1,]}', "a comma stands behind the last of grants"),
        ('{"grants": [[}]}', "'}' closes in grants\\[0\\] what it did not open"),
        ('{"grants": [1]}\n{"grants": []}', "line 2: '{' stands behind the end of the document"),
        ('{"grants": [1], "grants": [2]}', 'the key "grants" stands twice'),
        ('{"grants": {"a": 1}}', 'the value of "grants" must be a list'),
        ('{"grant": []}', 'the document has no key "grants"'),
        ('[{"id": "a"}]', 'the document is a list; an object with the key "grants" is needed'),
        ("{grants: []}", "'g' stands in the document, where \" must"),
        ('{"a" 1}', "'1' stands in the document, where : must"),
        ('{"grants": [:]}', "':' stands in grants\\[0\\], where a value must"),
        ('{"grants": [' + "[" * 65 + "]" * 65 + "]}", "grants\\[0\\] is nested more than 64 deep"),
        ('{"x": ' + '{"a":' * 100_000, "is nested more than 64 deep"),
    ],
)
def test_a_broken_document_is_refused(path: Path, text: str, why: str) -> None:
    with pytest.raises(UnreadableFile, match=why):
        items(path, text)


def test_a_value_without_an_end_is_refused_in_time(path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(UnreadableFile, match="grants\\[0\\] has more than 4,194,304 characters"):
        items(path, '{"grants": ["' + "x" * 8_000_000 + '"]}')
    with pytest.raises(UnreadableFile, match="grants\\[0\\] has more than 4,194,304 characters"):
        items(path, '{"grants": [[' + "[1]," * 2_000_000 + "]]}")
    assert time.monotonic() - began < 8  # two files of 8 MB, on a machine that does other things


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": NaN}', "NaN is no number of JSON"),
        ('{"a": -Infinity}', "-Infinity is no number of JSON"),
        ('{"a": {"b": 1, "b": 1}}', "the key 'b' stands twice"),
        ("{'a': 1}", "is no JSON: Expecting property name"),
        ('{"a": 1e999}', "the number 1e999 has an exponent beyond 38"),
        ('{"a": 01}', "is no JSON"),
        ("", "is no JSON"),
        ("[" * 65 + "]" * 65, "nested more than 64 deep"),
    ],
)
def test_a_broken_value_is_named(text: str, why: str) -> None:
    with pytest.raises(BadValue, match=why):
        jsontext.parse(text)


def test_five_thousand_digits_stay_a_text() -> None:
    digits = "9" * 5_000
    assert jsontext.parse(f"[{digits}]") == [digits]


def test_lines_are_read_one_by_one(path: Path) -> None:
    path.write_text('{"a": 1}\n\n  [2]\n', "utf-8")
    with jsontext.open_text(path) as stream:
        assert [(i.index, i.line, i.text) for i in jsontext.lines(path, stream)] == [(0, 1, '{"a": 1}'), (1, 3, "[2]")]
    path.write_text("x" * (jsontext.MAX_VALUE + 1), "utf-8")
    with jsontext.open_text(path) as stream, pytest.raises(UnreadableFile, match="the line has more than"):
        list(jsontext.lines(path, stream))


@given(st.text(alphabet='{}[]",:\\ \n019eE-.tfnul\ud800a', max_size=60))
def test_whatever_stands_there_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_bytes(b'{"grants": [' + text.encode("utf-8", "surrogatepass"))
    try:
        with jsontext.open_text(path) as stream:
            for item in jsontext.listed(path, stream, "grants"):
                try:
                    jsontext.parse(item.text)
                except BadValue:
                    continue
    except UnreadableFile:
        pass


def test_how_far_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "entities.json"
    path.write_text("".join(f'{{"id": "{n:06}", "pad": "{"x" * 200}"}}\n' for n in range(3_000)), "utf-8")
    with jsontext.open_text(path) as stream:
        shares = [jsontext.share(stream) for _ in jsontext.lines(path, stream)]
    assert shares == sorted(shares) and 0 < shares[0] < 0.5 and shares[-1] == 1.0
