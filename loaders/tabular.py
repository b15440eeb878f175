"""A streaming reader of CSV files: rows with the line they stand on, broken rows with a reason, or `UnreadableFile`.

What a cell means is not decided here (`values.py`), nor which columns a source has (mappings).
Encoding and delimiter are decided from the file or refused, never guessed.
"""

import codecs
import csv
import hashlib
import io
import os
import re
import stat
import unicodedata
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, TextIO

from loaders import values

MAX_COLUMNS: Final = 1_000
MAX_FIELD: Final = 131_072  # characters; also the csv module's own default
MAX_LINE: Final = 1 << 20  # characters; a longer physical line is no table
MAX_RECORD: Final = 1 << 21  # characters of one record over all its lines
_RAW: Final = 1_000  # characters of an unparsed line kept in a `BadRow`
_CHUNK: Final = 1 << 20
_SKIPPED: Final = "the row is left out"

_MAGIC: Final = (
    (b"PK\x03\x04", "a ZIP or XLSX file"),
    (b"PK\x05\x06", "an empty ZIP file"),
    (b"\x1f\x8b", "a gzip file"),
    (b"%PDF-", "a PDF file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel (XLS) file"),
    (b"\xfd7zXZ\x00", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z file"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"PAR1\x15", "a Parquet file"),
    (b"\x89PNG", "a PNG image"),
    (b"<?xml", "an XML file"),
    (b"<!doctype", "an HTML page"),
    (b"<html", "an HTML page"),
)
_BOMS: Final = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
# What `encoding` may name, by the canonical name of Python's codec, and the codec that is used.
_ENCODINGS: Final = {
    "utf-8": "utf-8",
    "utf-8-sig": "utf-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    **{
        name: name for name in ("gb18030", "utf-16-le", "utf-16-be", "big5", "big5hkscs", "cp950", "shift_jis", "cp932")
    },
    **{name: name for name in ("euc_jp", "euc_kr", "cp949", "koi8-r", "koi8-u", "mac-roman", "cp437", "cp850")},
    **{f"cp{page}": f"cp{page}" for page in range(1250, 1259)},
    **{f"iso8859-{part}": f"iso8859-{part}" for part in range(1, 17)},
}


class UnreadableFile(Exception):
    """A file that is not read, or not read to its end; `reason` names the path, and the line where there is one."""

    def __init__(self, path: Path, why: str, line: int = 0) -> None:
        self.path, self.why, self.line = path, why, line
        shown = str(path).encode("utf-8", "backslashreplace").decode("utf-8")
        self.reason = f"{shown}, line {line}: {why}" if line else f"{shown}: {why}"
        super().__init__(self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One record: the physical line it starts on (from 1) and its raw cells by header name."""

    line: int
    values: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A record that is left out: where, why, and its cells as far as they were read."""

    line: int
    column: str
    value: str
    reason: str
    raw: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    names: tuple[str, ...]  # of every column; "" where a column has no name
    line: int
    last_line: int
    delimiter: str


class _Lines:
    """The physical lines of a stream, counted; keeps those of the record being read."""

    def __init__(self, path: Path, stream: TextIO) -> None:
        self._path, self._stream = path, stream
        self.number = 0
        self.record: list[str] = []
        self._size = 0

    def start_record(self) -> None:
        self.record.clear()
        self._size = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if self._size > MAX_RECORD:
            raise csv.Error(f"record larger than {MAX_RECORD:,} characters")
        line = self.read()
        if not line:
            raise StopIteration
        self.record.append(line)
        self._size += len(line)
        return line

    def read(self) -> str:
        """The next line with its end, or "" after the last one."""
        try:
            line = self._stream.readline(MAX_LINE)
        except UnicodeError:
            raise UnreadableFile(self._path, "has changed while it was read", self.number + 1) from None
        except OSError as error:
            raise UnreadableFile(self._path, f"cannot be read: {error.strerror}", self.number + 1) from None
        if line:
            self.number += 1
        if len(line) == MAX_LINE:
            raise UnreadableFile(self._path, f"the line has more than {MAX_LINE - 1:,} characters", self.number)
        return line


class Table:
    """An open file: its header, what it is written in, and its rows, one pass at a time."""

    def __init__(self, path: Path, stream: TextIO, encoding: str, opened: os.stat_result) -> None:
        self.path, self.encoding = path, encoding
        self._stream, self._opened = stream, opened
        self._columns = _read_header(path, _Lines(path, stream))
        self.header = tuple(name for name in self._columns.names if name)
        self.header_line, self.delimiter = self._columns.line, self._columns.delimiter

    def rows(self) -> Iterator[Row | BadRow]:
        """The records after the header in the order of the file, each call from its start; blank ones are skipped."""
        self._stream.seek(0)
        lines = _Lines(self.path, self._stream)
        while lines.number < self._columns.last_line and lines.read():
            pass
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        while True:
            lines.start_record()
            start = lines.number + 1
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                yield _broken(lines, start, self.delimiter, str(error))
                continue
            if any(cells) and not (len(cells) == 1 and not cells[0].strip()):
                yield self._row(start, cells)
        self._check_unchanged()

    def _row(self, line: int, cells: list[str]) -> Row | BadRow:
        names = self._columns.names
        if len(cells) == len(names) == len(self.header):
            return Row(line=line, values=dict(zip(names, cells, strict=True)))
        for index, cell in enumerate(cells):
            if cell.strip() and index < len(names) and not names[index]:
                why = f"column {_letters(index)} has data ({cell[:100]!r}) but no name in the header; name it"
                raise UnreadableFile(self.path, why, line)
        width = max(index for index, name in enumerate(names) if name) + 1
        if len(cells) < width:
            reason = f"cut line: {len(cells)} of {width} columns; {_SKIPPED}"
            return BadRow(line=line, column=names[len(cells)], value="", reason=reason, raw=tuple(cells))
        if len(cells) > len(names):
            reason = f"too many cells: {len(cells)} for {len(names)} columns (a {self.delimiter!r} without quotes?)"
            return BadRow(line=line, column="", value=cells[len(names)], reason=reason, raw=tuple(cells))
        return Row(line=line, values={name: cell for name, cell in zip(names, cells, strict=False) if name})

    def _check_unchanged(self) -> None:
        try:
            now = os.fstat(self._stream.fileno()), os.stat(self.path)
        except OSError:
            raise UnreadableFile(self.path, "was removed while it was read; load it again") from None
        before = _fingerprint(self._opened)
        if any(_fingerprint(state) != before for state in now):
            raise UnreadableFile(self.path, "has changed while it was read; load it again when it is complete")


def _fingerprint(state: os.stat_result) -> tuple[int, int]:
    return state.st_size, state.st_mtime_ns


@contextmanager
def open_table(path: Path, encoding: str | None = None) -> Generator[Table]:
    """A CSV file, checked to its end to be text, with its header read; raises `UnreadableFile`."""
    with _open(path) as file:
        opened = os.fstat(file.fileno())
        codec = _decide(path, file, encoding)
        file.seek(0)
        reading = {"utf-8": "utf-8-sig"}.get(codec, codec)
        if codec.startswith("utf-16") and file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            reading = "utf-16"  # of the codecs the one that reads the mark instead of handing it on
        file.seek(0)
        csv.field_size_limit(MAX_FIELD)
        with io.TextIOWrapper(file, encoding=reading, errors="strict", newline="") as stream:
            yield Table(path, stream, codec, opened)


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with _open(path) as file:
        try:
            digest = hashlib.sha256()
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
            return digest.hexdigest()
        except OSError as error:
            raise UnreadableFile(path, f"cannot be read: {error.strerror}") from None


def _open(path: Path) -> BinaryIO:
    """A regular file opened for reading; a FIFO put in its place meanwhile does not block."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise UnreadableFile(path, "is not a regular file; save the table as a file first")
        flags = os.O_RDONLY | int(getattr(os, "O_NONBLOCK", 0)) | int(getattr(os, "O_BINARY", 0))
        file = os.fdopen(os.open(path, flags), "rb")
    except OSError as error:
        raise UnreadableFile(path, f"cannot be opened: {error.strerror}") from None
    except ValueError:  # a NUL in the path
        raise UnreadableFile(path, "is no file name") from None
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise UnreadableFile(path, "is not a regular file; save the table as a file first")
    return file


# --- encoding ---------------------------------------------------------------------------------------------------------


class _Undecodable(Exception):
    def __init__(self, line: int, offset: int, why: str) -> None:
        self.line, self.offset, self.why = line, offset, why
        super().__init__(why)


def _decide(path: Path, file: BinaryIO, encoding: str | None) -> str:
    """The name of the codec in which the whole file is text: the one asked for, the mark's, UTF-8 or GB18030."""
    try:
        head = file.read(64)
        if not head:
            raise UnreadableFile(path, "the file is empty")
        bare = head.removeprefix(codecs.BOM_UTF8).lstrip().lower()
        for magic, what in _MAGIC:
            if head.startswith(magic) or bare.startswith(magic):
                raise UnreadableFile(path, f"this is {what} named {path.suffix or path.name}, not CSV")
        marked = next((name for mark, name in _BOMS if head.startswith(mark)), None)
        if marked == "utf-32":
            raise UnreadableFile(path, "is UTF-32, which is not read; save it as UTF-8")
        asked = _named(path, encoding, marked)
        try:
            _scan(file, asked or marked or "utf-8")
        except _Undecodable as error:
            if asked or marked or error.why.startswith("NUL"):
                raise UnreadableFile(path, f"{error.why}; --encoding names another one", error.line) from None
            if why := _why_not_chinese(file):
                reason = f"{error.why}; not GB18030 either ({why}); repair the line or pass --encoding"
                raise UnreadableFile(path, reason, error.line) from None
            return "gb18030"
    except OSError as error:
        raise UnreadableFile(path, f"cannot be read: {error.strerror}") from None
    return asked or marked or "utf-8"


def _named(path: Path, encoding: str | None, marked: str | None) -> str | None:
    """The codec of an encoding asked for; refuses unknown ones and those the file's byte-order mark contradicts."""
    if encoding is None:
        return None
    try:
        name = codecs.lookup(encoding).name
    except (LookupError, ValueError):
        name = ""
    if name == "utf-16":
        if marked not in ("utf-16-le", "utf-16-be"):
            raise UnreadableFile(path, "has no byte-order mark; pass --encoding utf-16-le or utf-16-be")
        return marked
    if name not in _ENCODINGS:
        raise UnreadableFile(path, f"unknown encoding {encoding[:100]!r}; write utf-8, gb18030, utf-16, big5, cp1252 …")
    if marked not in (None, _ENCODINGS[name]):
        raise UnreadableFile(path, f"begins with the byte-order mark of {marked}, so it is not {encoding}")
    return _ENCODINGS[name]


def _scan(file: BinaryIO, codec: str) -> None:
    """Decodes the whole file a piece at a time; raises `_Undecodable` at the first byte that is no text."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(codec)("strict")
    lines, after_return, offset = 1, False, 0
    while True:
        chunk = file.read(_CHUNK)
        offset += len(chunk)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            good = bytes(error.object[: error.start]).decode(codec, "ignore")
            at = offset - len(error.object) + error.start
            raise _Undecodable(lines + _ends(good, after_return), at, f"byte {at + 1} is not {codec}") from None
        if (nul := text.find("\0")) >= 0:
            why = "NUL character, so this is no text (UTF-16 without a byte-order mark?)"
            raise _Undecodable(lines + _ends(text[:nul], after_return), offset, why)
        lines += _ends(text, after_return)
        after_return = text.endswith("\r") if text else after_return
        if not chunk:
            return


def _ends(text: str, after_return: bool) -> int:
    """How many line ends (CR, LF, CRLF) the text holds; a LF that completes a CR counted before is none."""
    return text.count("\n") + text.count("\r") - text.count("\r\n") - (after_return and text.startswith("\n"))


# The commonest characters of Chinese tables about aid. Text of another encoding read as GB18030 holds few of them:
# bytes fall on any of 20,000 characters, these are 450.
_COMMON: Final = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经"
    "十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形"
    "相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展"
    "五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别手角期根论运农指几九区强放决西被干做必战先"
    "回则任取据处南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术交受联什认六共权收证改清己美再采转更单风切打白教速花"
    "带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观越"
    "省市县州镇乡村街旗区项额币亿单位编码协助帮扶贫困东西部援捐赠款资金责任机构企业学校医院职务姓名称备注来源日期类型始终止"
    "北京津河山西内蒙古辽宁吉林黑龙江上海苏浙安徽福建东南湖广重庆四川贵云藏陕甘肃青夏新疆"
)
_MAX_DISTINCT: Final = 30_000  # distinct characters; more is no text, and would make the count large


def _why_not_chinese(file: BinaryIO) -> str:
    """Why the file is not Chinese in GB18030, or "" where it plausibly is. Other encodings often decode by accident."""
    file.seek(0)
    seen: Counter[str] = Counter()
    number = 0
    while line := file.readline(4 * MAX_LINE):
        number += 1
        if len(line) == 4 * MAX_LINE:
            return f"line {number} is too long"
        if b"\0" in line:
            return f"line {number} holds a NUL"
        if line.isascii():
            continue
        try:
            text = line.decode("gb18030")
        except UnicodeDecodeError:
            return f"line {number} does not decode"
        if _reads_as_utf8(line, text):
            return f"line {number} is UTF-8, the file mixes encodings"
        seen.update(text)
        if len(seen) > _MAX_DISTINCT:
            return "it holds too many different characters"
    return _why_implausible(seen)


def _reads_as_utf8(line: bytes, as_gb: str) -> bool:
    """Whether a line that decodes both ways makes more sense as UTF-8."""
    try:
        as_utf8 = line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return _common_share(Counter(as_utf8)) > _common_share(Counter(as_gb))


def _common_share(seen: Counter[str]) -> float:
    hanzi = sum(count for char, count in seen.items() if char >= "\u3400")
    return sum(count for char, count in seen.items() if char in _COMMON) / hanzi if hanzi else 0.0


def _why_implausible(seen: Counter[str]) -> str:
    """Why characters with their counts are not those of a Chinese text, or ""."""
    hanzi = plain = odd = 0
    for char, count in seen.items():
        kind = unicodedata.category(char)
        if kind in ("Co", "Cn", "Cc") and char not in "\t\n\r":
            return f"it would hold U+{ord(char):04X}, a character without a meaning"
        if "\u3400" <= char <= "\u9fff" or char >= "\U00020000":
            hanzi += count
            plain += count if _in_first_level(char) else 0
        elif kind[0] == "L" and not char.isascii() and not "\uff00" <= char <= "\uff5f":
            odd += count  # kana, Cyrillic, Greek: in tables of another encoding, hardly in Chinese ones
    if not hanzi or plain < 0.7 * hanzi or odd > 0.1 * hanzi:
        return "it would hold mostly rare characters"
    if _common_share(seen) < 0.2 + 0.8 / hanzi**0.5:  # the fewer characters, the easier an accident
        return "it would hold hardly any common Chinese character"
    return ""


def _in_first_level(char: str) -> bool:
    """Whether it is one of the 3,755 common characters of GB 2312, which fill the rows B0 to D7."""
    try:
        return b"\xb0" <= char.encode("gb2312")[:1] <= b"\xd7"
    except UnicodeEncodeError:
        return False


# --- header and broken records ----------------------------------------------------------------------------------------


def _read_header(path: Path, lines: _Lines) -> _Header:
    """The first record that is not blank, its delimiter, and its names made NFKC."""
    line = ""
    while not line.strip():
        lines.start_record()
        if (line := next(lines, "")) == "":
            raise UnreadableFile(path, "holds blank lines only; a header line is needed")
    start = lines.number
    text = line
    while text.count('"') % 2:
        if len(text) > MAX_LINE or (line := next(lines, "")) == "":
            raise UnreadableFile(path, "a quote opened in the header line is never closed", start)
        text += line
    delimiter = _delimiter(path, text, start)
    try:
        cells = next(csv.reader(lines.record, delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise UnreadableFile(path, f"the header is broken: {error}", start) from None
    names = _names(path, cells, start)
    return _Header(names=names, line=start, last_line=lines.number, delimiter=delimiter)


def _delimiter(path: Path, header: str, line: int) -> str:
    """Tab, comma or semicolon, whichever stands outside quotes; a comma for a table of one column."""
    outside = "".join(header.split('"')[::2])
    if "\t" in outside:
        return "\t"
    if "," in outside and ";" in outside:
        why = "the header holds commas and semicolons, so the delimiter is not clear; put names that hold one in quotes"
        raise UnreadableFile(path, why, line)
    return ";" if ";" in outside else ","


def _names(path: Path, cells: list[str], line: int) -> tuple[str, ...]:
    names: list[str] = []
    for index, cell in enumerate(cells):
        try:
            cleaned = values.clean(unicodedata.normalize("NFKC", cell))
        except ValueError as error:
            raise UnreadableFile(path, f"header of column {_letters(index)}: {error}", line) from None
        names.append(re.sub(r"\s+", " ", cleaned))
    if not any(names):
        raise UnreadableFile(path, "the header line names no column", line)
    if (count := max(index for index, name in enumerate(names) if name) + 1) > MAX_COLUMNS:
        raise UnreadableFile(path, f"has {count:,} columns; at most {MAX_COLUMNS:,} are read", line)
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if name and first.setdefault(name, index) != index:
            where = f"columns {_letters(first[name])} and {_letters(index)}"
            raise UnreadableFile(path, f"two columns are named {name[:100]!r}: {where}; rename one", line)
    return tuple(names)


def _letters(index: int) -> str:
    """A column's letters as spreadsheets show them: 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _broken(lines: _Lines, start: int, delimiter: str, error: str) -> BadRow:
    """The record that the csv module gave up on, with all lines up to where its open quote closes skipped."""
    raw = "".join(lines.record)[:_RAW]
    opened, line_number = 0, start
    for line in lines.record:
        opened = _open_quote(line, delimiter, line_number, opened)
        line_number += 1
    while opened and (line := lines.read()):
        opened = _open_quote(line, delimiter, lines.number, opened)
    span = f"line {start}" if lines.number == start else f"lines {start} to {lines.number}"
    if opened:
        reason = f"a quote opened in line {opened} is never closed; {span} are left out"
    elif error.startswith("field larger"):
        reason = f"a cell has more than {MAX_FIELD:,} characters; {span} left out"
    else:
        reason = f"{error}; {span} left out"
    return BadRow(line=start, column="", value="", reason=reason, raw=(raw,))


def _open_quote(line: str, delimiter: str, number: int, opened: int) -> int:
    """The line in which the quote open at the end of this line was opened, or 0: only a cell's first quote opens."""
    at = 0
    while (at := line.find('"', at)) >= 0:
        if not opened:
            opened = number if at == 0 or line[at - 1] == delimiter else 0
        elif line.startswith('""', at):
            at += 1
        else:
            opened = 0
        at += 1
    return opened
