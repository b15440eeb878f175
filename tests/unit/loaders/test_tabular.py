"""CSV files as they come: encodings, delimiters, broken rows, and files that are none."""

import codecs
import gzip
import hashlib
import os
import re
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from loaders.tabular import BadRow, Row, UnreadableFile, open_table, sha256

CHINESE = "编号,名称,金额\n1,上海市帮扶云南省宁蒗县,1200\n2,福建省协作宁夏西吉县,900\n"
CHINESE_ROWS = [
    (2, {"编号": "1", "名称": "上海市帮扶云南省宁蒗县", "金额": "1200"}),
    (3, {"编号": "2", "名称": "福建省协作宁夏西吉县", "金额": "900"}),
]


posix = pytest.mark.skipif(os.name != "posix", reason="FIFOs, /dev and replacing open files are POSIX")


def write(tmp_path: Path, content: bytes | str, name: str = "table.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path: Path, encoding: str | None = None) -> list[Row | BadRow]:
    with open_table(path, encoding) as table:
        return list(table.rows())


def good(rows: list[Row | BadRow]) -> list[tuple[int, dict[str, str]]]:
    return [(row.line, row.values) for row in rows if isinstance(row, Row)]


def bad(rows: list[Row | BadRow]) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in rows if isinstance(row, BadRow)]


def refuse(path: Path, why: str, encoding: str | None = None) -> None:
    with pytest.raises(UnreadableFile, match=re.escape(why)) as caught:
        read(path, encoding)
    assert str(caught.value) == caught.value.reason
    assert caught.value.reason.startswith(str(path))


# --- encodings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "asked", "encoding"),
    [
        (CHINESE.encode(), None, "utf-8"),
        (CHINESE.encode("utf-8-sig"), None, "utf-8"),
        (CHINESE.encode("gb18030"), None, "gb18030"),
        (CHINESE.encode("gb2312"), "gb2312", "gb18030"),
        (codecs.BOM_UTF16_LE + CHINESE.encode("utf-16-le"), None, "utf-16-le"),
        (codecs.BOM_UTF16_BE + CHINESE.encode("utf-16-be"), None, "utf-16-be"),
        (codecs.BOM_UTF16_BE + CHINESE.encode("utf-16-be"), "utf-16", "utf-16-be"),
        (CHINESE.encode("utf-16-le"), "UTF-16-LE", "utf-16-le"),
    ],
)
def test_the_encoding_is_found_or_followed(tmp_path: Path, content: bytes, asked: str | None, encoding: str):
    with open_table(write(tmp_path, content), asked) as table:
        assert (table.encoding, table.header, table.header_line) == (encoding, ("编号", "名称", "金额"), 1)
        rows = list(table.rows())
    assert good(rows) == CHINESE_ROWS


def test_gb18030_with_characters_of_four_bytes(tmp_path: Path):
    text = CHINESE + "3,㛃溪村𠮷家寨合作社帮扶资金,5\n"
    assert len("㛃𠮷".encode("gb18030")) == 8
    assert good(read(write(tmp_path, text.encode("gb18030"))))[2] == (
        4,
        {"编号": "3", "名称": "㛃溪村𠮷家寨合作社帮扶资金", "金额": "5"},
    )


def test_an_encoding_asked_for_is_used(tmp_path: Path):
    path = write(tmp_path, "name,city\nÉdouard,Besançon\n".encode("cp1252"))
    assert good(read(path, "windows-1252")) == [(2, {"name": "Édouard", "city": "Besançon"})]
    assert good(read(write(tmp_path, "名稱,金額\n臺灣,5\n".encode("big5")), "big5")) == [
        (2, {"名稱": "臺灣", "金額": "5"})
    ]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("name,city\nÉdouard,Besançon\nAmélie,Orléans\n", "cp1252"),
        ("id,name\n1,créé\n", "cp1252"),
        ("id,name\n1,Übergrößenträger\n", "latin-1"),
        ("id,name\n1,Cooperación Española\n2,ÑÑ\n", "latin-1"),
        ("id,name\n1,Česká rozvojová agentura\n", "cp1250"),
        ("id,name\n1,臺北\n", "big5"),
        ("id,name\n1,昆明\n", "gbk"),
        ("id,name\n1,臺灣省澎湖縣政府補助款\n2,國際合作發展基金會\n", "gbk"),
        ("id,name\n1,대한민국 한국국제협력단\n2,서울특별시\n3,무상원조 사업\n", "euc_kr"),
        ("id,name\n1,国際協力機構\n2,東京都の支援\n", "shift_jis"),
        ("id,name\n1,国際協力機構による支援\n2,東京都の支援\n", "euc_jp"),
        ("id,name\n1,Министерство иностранных дел\n", "cp1251"),
        ("id,name\n1,Министерство иностранных дел\n", "koi8-r"),
        ("id,name\n1,Υπουργείο Εξωτερικών\n", "cp1253"),
    ],
)
def test_other_encodings_are_refused_and_never_read_as_gb18030(tmp_path: Path, text: str, encoding: str):
    refuse(write(tmp_path, text.encode(encoding, "ignore")), "--encoding")


TRADITIONAL = "編號,名稱,金額\n1,上海市幫扶雲南省寧蒗縣,1200\n2,臺灣省澎湖縣政府補助款,900\n3,許功蓋,5\n"


def test_big5_is_found_where_it_reads_as_chinese_and_gb18030_does_not(tmp_path: Path):
    path = write(tmp_path, TRADITIONAL.encode("big5"))
    with open_table(path) as table:
        assert (table.encoding, table.header) == ("cp950", ("編號", "名稱", "金額"))
    assert good(read(path)) == [
        (2, {"編號": "1", "名稱": "上海市幫扶雲南省寧蒗縣", "金額": "1200"}),
        (3, {"編號": "2", "名稱": "臺灣省澎湖縣政府補助款", "金額": "900"}),
        (4, {"編號": "3", "名稱": "許功蓋", "金額": "5"}),  # their second bytes are a backslash
    ]
    assert good(read(path, "big5")) == good(read(path))
    cut = write(tmp_path, TRADITIONAL.encode("big5")[:-1] + b"\xa4")
    refuse(cut, "nor Big5; repair the line or pass --encoding")


def test_what_may_be_either_of_two_encodings_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("loaders.encoding._why_not_chinese", lambda _file, _codec: "")
    refuse(write(tmp_path, CHINESE.encode("gb18030")), "pass --encoding gb18030 or --encoding big5")


def test_one_broken_byte_in_utf8_is_named_and_not_read_as_gb18030(tmp_path: Path):
    lines = [f"{number},上海市帮扶云南省宁蒗县的资金".encode() for number in range(1, 5001)]
    lines[2999] = lines[2999][:-1] + b"\xff"
    content = b"id,name\n" + b"\n".join(lines) + b"\n"
    refuse(write(tmp_path, content), f", line 3001: byte {content.index(0xFF) - 1} is not utf-8")
    refuse(write(tmp_path, "id,name\r\n1,Café\r\n2,Olé ".encode() + b"\xe9\r\n"), ", line 3: byte 26 is not utf-8")


def test_a_cut_character_at_the_end_is_named(tmp_path: Path):
    refuse(write(tmp_path, CHINESE.encode() + "3,宁".encode()[:-1]), ", line 4: byte ")
    refuse(write(tmp_path, CHINESE.encode("gb18030") + b"3,\xc4"), "line 4 does not decode")


def test_mixed_encodings_are_refused(tmp_path: Path):
    row = "5,上海市帮扶云南省宁蒗县的资金\n"
    mostly_gb = ("编号,名称\n" + row * 200).encode("gb18030") + row.encode() + (row * 200).encode("gb18030")
    refuse(write(tmp_path, mostly_gb), "line 202 is UTF-8, the file mixes encodings")
    mostly_utf8 = ("编号,名称\n" + row * 200).encode() + row.encode("gb18030") + (row * 200).encode()
    refuse(write(tmp_path, mostly_utf8), ", line 202: byte ")


def test_line_numbers_of_undecodable_bytes_count_every_kind_of_line_end(tmp_path: Path):
    filler = b"x" * ((1 << 20) - 4)
    refuse(write(tmp_path, b"a\r\n\r" + filler[:-1] + b"\r\n\xff\xff"), ", line 4: byte ")
    refuse(write(tmp_path, b"a\rb\rc\n\xff"), ", line 4: byte 7 ")
    refuse(write(tmp_path, codecs.BOM_UTF16_LE + "a\nb\n".encode("utf-16-le") + b"\x00\xd8"), ", line 3: byte 11 ")


def test_nul_is_refused_with_its_line(tmp_path: Path):
    refuse(write(tmp_path, b"a,b\n1,2\n3,\x004\n"), ", line 3: NUL character")
    refuse(write(tmp_path, "a,b\n1,2\n".encode("utf-16-le")), ", line 1: NUL character")
    refuse(write(tmp_path, codecs.BOM_UTF16_LE + "a\n\0".encode("utf-16-le")), ", line 2: NUL character")
    refuse(write(tmp_path, CHINESE.encode("gb18030") + b"\0"), "line 4 holds a NUL")
    refuse(write(tmp_path, codecs.BOM_UTF32_LE + "a,b".encode("utf-32-le")), "is UTF-32")


def test_an_encoding_that_cannot_be_is_refused(tmp_path: Path):
    path = write(tmp_path, CHINESE)
    for name in ("nonsense", "", "rot13", "zip", "idna", "unicode_escape", "a\0b", "\ud800"):
        refuse(path, "unknown encoding", name)
    refuse(path, "has no byte-order mark", "utf-16")
    refuse(write(tmp_path, CHINESE.encode("utf-8-sig")), "byte-order mark of utf-8", "gb18030")
    refuse(write(tmp_path, CHINESE.encode("gb18030")), ", line 1: byte 1 is not utf-8; --encoding", "utf-8")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (gzip.compress(CHINESE.encode()), "this is a gzip file named .csv, not CSV"),
        (b"PK\x03\x04\x14\x00[Content_Types].xml", "this is a ZIP or XLSX file named .csv"),
        (b"%PDF-1.7\n", "this is a PDF file named .csv"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "this is an old Excel (XLS) file named .csv"),
        (b"\n<!DOCTYPE html><html>", "this is an HTML page named .csv"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>", "this is an XML file named .csv"),
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf", "holds blank lines only"),
        (b"\n\r\n  \n", "holds blank lines only"),
    ],
)
def test_what_is_no_csv_is_called_by_its_name(tmp_path: Path, content: bytes, what: str):
    refuse(write(tmp_path, content), what)


# --- header -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "delimiter", "header"),
    [
        ("a,b\n", ",", ("a", "b")),
        ("a;b\n", ";", ("a", "b")),
        ("a\tb, c; d\n", "\t", ("a", "b, c; d")),
        ('"a, b";c\n', ";", ("a, b", "c")),
        ("alone\n", ",", ("alone",)),
        ('"two\nlines",b\n', ",", ("two lines", "b")),
        ("Ｉｄ,金额（万元）\n", ",", ("Id", "金额(万元)")),
        (" a , b,,\n", ",", ("a", "b")),
        ("ID,id\n", ",", ("ID", "id")),
        ("a,b", ",", ("a", "b")),
        (",".join(f"c{number}" for number in range(1000)) + "\n", ",", tuple(f"c{number}" for number in range(1000))),
    ],
)
def test_header_only_has_names_and_no_rows(tmp_path: Path, content: str, delimiter: str, header: tuple[str, ...]):
    with open_table(write(tmp_path, content)) as table:
        assert (table.delimiter, table.header, list(table.rows())) == (delimiter, header, [])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("id,name,ID,name \n1,2,3,4\n", ", line 1: two columns are named 'name': columns B and D; rename one"),
        ("\n\na,ａ\n", ", line 3: two columns are named 'a': columns A and B"),
        (",".join(["x"] * 27 + ["y"]), "columns A and B"),
        (",".join(f"c{number}" for number in range(10_000)), "has 10,000 columns; at most 1,000 are read"),
        (",,\n1,2,3\n", "names no column"),
        ("a,b;c\n", "holds commas and semicolons"),
        ('a,"b\n1,2\n', ", line 1: a quote opened in the header line is never closed"),
        ('a,"b"c\n1,2\n', ", line 1: the header is broken"),
        ("a,b\x07\n", "header of column B: 'b\\x07': holds the control character U+0007"),
        ("a,,c\n1,,3\n1,2,3\n", ", line 3: column B has data ('2') but no name in the header"),
        (",a\n0,1\n", ", line 2: column A has data ('0') but no name in the header"),
        ("a,\n1,\n2,x\n", ", line 3: column B has data ('x') but no name in the header"),
    ],
)
def test_a_header_that_misleads_is_refused(tmp_path: Path, content: str, why: str):
    refuse(write(tmp_path, content), why)


def test_a_header_is_found_below_titles(tmp_path: Path):
    text = '某县资金表,,\n"单位：万元\n2024",,\n\n名称;备注\na,b,c\n1,2,3\n'
    with open_table(write(tmp_path, text), None, [lambda names: "b" in names]) as table:
        assert (table.header, table.header_line, table.delimiter) == (("a", "b", "c"), 6, ",")
        assert table.titles == ((1, "某县资金表,,"), (2, '"单位：万元\n2024",,'), (5, "名称;备注"))
        assert good(list(table.rows())) == good(list(table.rows())) == [(7, {"a": "1", "b": "2", "c": "3"})]
    with open_table(write(tmp_path, text), None, [lambda names: "z" in names, lambda names: "备注" in names]) as table:
        assert (table.header, table.header_line, table.delimiter) == (("名称", "备注"), 5, ";")
    with open_table(write(tmp_path, "\n" * 19 + "x,y\n" + "a,b\n"), None, [lambda names: "b" in names]) as table:
        assert table.header == ("x", "y")  # the header is looked for among the first 20 records only


def test_columns_without_name_and_data_are_left_out(tmp_path: Path):
    path = write(tmp_path, "a,,c,,\n1,,3,,\n4, ,6\n7,,8,\n")
    assert good(read(path)) == [(2, {"a": "1", "c": "3"}), (3, {"a": "4", "c": "6"}), (4, {"a": "7", "c": "8"})]


def test_rows_in_which_nothing_stands_are_skipped(tmp_path: Path):
    path = write(tmp_path, "a,b\n1,\n , \n\t,\u3000\n,2\n")
    assert good(read(path)) == [(2, {"a": "1", "b": ""}), (5, {"a": "", "b": "2"})]


# --- rows -------------------------------------------------------------------------------------------------------------


def test_cells_are_raw_and_lines_are_physical(tmp_path: Path):
    path = write(tmp_path, '\n\nid,text\n1," a ""b"", c "\n\n2,"x\n\ny"\n   \n,\n3,5" pipe\n')
    with open_table(path) as table:
        assert table.header_line == 3
        assert list(table.rows()) == [
            Row(line=4, values={"id": "1", "text": ' a "b", c '}),
            Row(line=6, values={"id": "2", "text": "x\n\ny"}),
            Row(line=11, values={"id": "3", "text": '5" pipe'}),
        ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end(tmp_path: Path, end: str):
    path = write(tmp_path, end.join(["a,b", "1,2", f'3,"x{end}y"', "5,6", "7"]))
    rows = read(path)
    assert good(rows) == [(2, {"a": "1", "b": "2"}), (3, {"a": "3", "b": f"x{end}y"}), (5, {"a": "5", "b": "6"})]
    assert bad(rows) == [(6, "cut line: 1 of 2 columns; the row is left out")]


def test_ragged_rows_are_named_and_the_rest_is_read(tmp_path: Path):
    path = write(tmp_path, "a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,12\n13,1")
    assert read(path) == [
        Row(line=2, values={"a": "1", "b": "2", "c": "3"}),
        BadRow(line=3, column="c", value="", reason="cut line: 2 of 3 columns; the row is left out", raw=("4", "5")),
        BadRow(
            line=4,
            column="",
            value="9",
            reason="too many cells: 4 for 3 columns (a ',' without quotes?)",
            raw=("6", "7", "8", "9"),
        ),
        Row(line=5, values={"a": "10", "b": "11", "c": "12"}),
        BadRow(line=6, column="c", value="", reason="cut line: 2 of 3 columns; the row is left out", raw=("13", "1")),
    ]


def test_the_delimiter_of_the_header_holds_for_all_rows(tmp_path: Path):
    rows = read(write(tmp_path, "a;b\n1;2,5\n3,4\n"))
    assert good(rows) == [(2, {"a": "1", "b": "2,5"})]
    assert bad(rows) == [(3, "cut line: 1 of 2 columns; the row is left out")]


def test_a_quote_never_closed_is_named_where_it_opened(tmp_path: Path):
    rows = read(write(tmp_path, 'a,b\n1,2\n3,"x\n5,6\n7,8\n'))
    assert good(rows) == [(2, {"a": "1", "b": "2"})]
    assert rows[1:] == [
        BadRow(
            line=3,
            column="",
            value="",
            reason="a quote opened in line 3 is never closed; lines 3 to 5 are left out",
            raw=('3,"x\n5,6\n7,8\n',),
        )
    ]


def test_a_long_file_behind_an_open_quote_is_left_out_and_reported(tmp_path: Path):
    lines = ["a,b", "1,2", '"first\ncell","open'] + [f"{number},text of some length" for number in range(100_000)]
    rows = read(write(tmp_path, "\n".join(lines)))
    assert good(rows) == [(2, {"a": "1", "b": "2"})]
    assert bad(rows) == [(3, "a quote opened in line 4 is never closed; lines 3 to 100004 are left out")]


def test_a_stray_quote_costs_its_record_only(tmp_path: Path):
    rows = read(write(tmp_path, 'a,b\n1,"x\n2,"y"\n3,4\n5,"6"7\n8,9\n'))
    assert good(rows) == [(4, {"a": "3", "b": "4"}), (6, {"a": "8", "b": "9"})]
    assert bad(rows) == [
        (2, "',' expected after '\"'; lines 2 to 3 left out"),
        (5, "',' expected after '\"'; line 5 left out"),
    ]


def test_a_huge_cell_costs_its_record_only(tmp_path: Path):
    long, limit = "x" * 900_000, "y" * 131_072
    split = "\n".join(["z" * 1000] * 3000)
    path = write(tmp_path, f'a,b\n1,{long}\n2,"{long}"\n3,{limit}\n4,{limit}y\n5,"{split}"\n6,7\n')
    rows = read(path)
    assert [(line, len(row["b"])) for line, row in good(rows)] == [(4, 131_072), (3006, 1)]
    assert bad(rows) == [
        (2, "a cell has more than 131,072 characters; line 2 left out"),
        (3, "a cell has more than 131,072 characters; line 3 left out"),
        (5, "a cell has more than 131,072 characters; line 5 left out"),
        (6, "a cell has more than 131,072 characters; lines 6 to 3005 left out"),
    ]
    assert {len(row.raw[0]) for row in rows if isinstance(row, BadRow)} == {1000}


def test_a_record_of_very_many_lines_costs_itself_only(tmp_path: Path):
    cell = '"' + "\n".join(["z" * 1000] * 130) + '"'
    names = ",".join(f"c{number}" for number in range(20))
    rows = read(write(tmp_path, f"{names}\n{','.join([cell] * 20)}\n{','.join('1' * 20)}\n"))
    assert bad(rows) == [(2, "record larger than 2,097,152 characters; lines 2 to 2582 left out")]
    assert [line for line, _ in good(rows)] == [2583]


def test_a_line_that_never_ends_is_refused(tmp_path: Path):
    refuse(write(tmp_path, "a,b\n1,2\n" + "x" * (1 << 20)), ", line 3: the line has more than 1,048,575 characters")


def test_rows_can_be_read_twice(tmp_path: Path):
    with open_table(write(tmp_path, CHINESE.encode("utf-16"))) as table:
        assert good(list(table.rows())) == good(list(table.rows())) == CHINESE_ROWS


# --- files ------------------------------------------------------------------------------------------------------------


@posix
def test_only_regular_files_are_read(tmp_path: Path):
    refuse(tmp_path / "missing.csv", "cannot be opened: No such file or directory")
    refuse(tmp_path, "is not a regular file")
    refuse(Path("/dev/zero"), "is not a regular file")
    with pytest.raises(UnreadableFile, match="is no file name"):
        read(tmp_path / "a\0b")
    os.mkfifo(tmp_path / "fifo.csv")
    refuse(tmp_path / "fifo.csv", "is not a regular file")
    (tmp_path / "link.csv").symlink_to(write(tmp_path, "a\n1\n"))
    assert good(read(tmp_path / "link.csv")) == [(2, {"a": "1"})]
    for name in ("-", "-rf.csv", "=cmd.csv"):
        assert good(read(write(tmp_path, "a\n1\n", name))) == [(2, {"a": "1"})]
    with pytest.raises(UnreadableFile, match="is not a regular file"):
        sha256(tmp_path / "fifo.csv")


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path):
    path = write(tmp_path, "a\n1\n2\n")
    with open_table(path) as table:
        rows = table.rows()
        assert next(rows) == Row(line=2, values={"a": "1"})
        with path.open("a") as file:
            file.write("3\n")
        with pytest.raises(UnreadableFile, match="has changed while it was read"):
            list(rows)


@posix
def test_a_file_replaced_while_it_is_read_is_refused(tmp_path: Path):
    path = write(tmp_path, "a\n1\n2\n")
    with open_table(path) as table:
        os.replace(write(tmp_path, "a\n1\n2\n3\n", "new.csv"), path)
        with pytest.raises(UnreadableFile, match="has changed while it was read"):
            list(table.rows())
        path.unlink()
        with pytest.raises(UnreadableFile, match="was removed while it was read"):
            list(table.rows())


def test_what_the_caller_raises_is_left_alone(tmp_path: Path):
    with pytest.raises(OSError, match="mine"), open_table(write(tmp_path, "a\n1\n")) as table:
        assert table.header == ("a",)
        raise OSError("mine")


def test_sha256(tmp_path: Path):
    content = os.urandom(3_000_000)
    assert sha256(write(tmp_path, content)) == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(("encoding", "count"), [("utf-8", 200_000), ("gb18030", 50_000)])
def test_memory_stays_flat(tmp_path: Path, encoding: str, count: int):
    path = tmp_path / "long.csv"
    with path.open("w", encoding=encoding) as file:
        file.write("编号,名称,金额\n")
        file.writelines(f"{number},上海市帮扶云南省宁蒗县的资金,{number}00\n" for number in range(count))
    tracemalloc.start()
    try:
        with open_table(path) as table:
            assert sum(isinstance(row, Row) for row in table.rows()) == count
        assert sha256(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000


# --- any bytes --------------------------------------------------------------------------------------------------------

pieces = st.lists(
    st.one_of(
        st.sampled_from([b",", b";", b"\t", b'"', b'""', b"\n", b"\r\n", b"\r", b"a", b"1", b" ", b"\0", b"\xff"]),
        st.sampled_from([codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, "宁蒗".encode("gb18030")]),
        st.binary(max_size=6),
        st.text(max_size=6).map(lambda text: text.encode("utf-8", "replace")),
        st.text("省市县帮扶资金的", max_size=6).map(lambda text: text.encode("gb18030")),
    ),
    max_size=40,
).map(b"".join)
encodings = st.sampled_from([None, None, "utf-8", "gb18030", "utf-16", "utf-16-be", "big5", "latin-1", "shift_jis"])


def check_any_bytes(path: Path, content: bytes, encoding: str | None) -> None:
    path.write_bytes(content)
    try:
        with open_table(path, encoding) as table:
            rows = list(table.rows())
    except UnreadableFile as error:
        assert str(path) in error.reason
        return
    starts = [row.line for row in rows]
    assert starts == sorted(set(starts))
    assert all(line > table.header_line for line in starts)
    assert all(tuple(row.values) == table.header for row in rows if isinstance(row, Row))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(pieces, encodings)
@example(b'a,b\n"', None)
@example(b"\x84\x31\x95\x33a,b\n", "gb18030")
def test_any_bytes_give_rows_or_unreadable_file(tmp_path: Path, content: bytes, encoding: str | None):
    check_any_bytes(tmp_path / "any.csv", content, encoding)
    check_any_bytes(tmp_path / "any.csv", b"a,b\n" + content, encoding)


@pytest.mark.soak
@settings(max_examples=30_000, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(pieces, encodings)
def test_very_many_files_give_rows_or_unreadable_file(tmp_path: Path, content: bytes, encoding: str | None):
    check_any_bytes(tmp_path / "any.csv", content, encoding)
    check_any_bytes(tmp_path / "any.csv", "名称,金额\n".encode("gb18030") + content, encoding)


written = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(written, written), max_size=8), st.sampled_from([",", ";", "\t"]))
def test_what_is_written_with_quotes_is_read_back(tmp_path: Path, cells: list[tuple[str, str]], delimiter: str):
    quoted = ['"' + '""'.join(cell.split('"')) + '"' for row in cells for cell in row]
    lines = [delimiter.join(pair) for pair in zip(quoted[::2], quoted[1::2], strict=True)]
    rows = read(write(tmp_path, "\n".join([delimiter.join("ab"), *lines])))
    assert [tuple(values.values()) for _, values in good(rows)] == [row for row in cells if any(map(str.strip, row))]
    assert bad(rows) == []
