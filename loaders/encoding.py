"""The encoding of a text file, decided from its bytes or refused: never a guess that gives mojibake."""

import codecs
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path
from typing import BinaryIO, Final

from graph import names

MAX_LINE: Final = 1 << 20  # characters; a longer physical line is no table
_CHUNK: Final = 1 << 20

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


class _Undecodable(Exception):
    def __init__(self, line: int, offset: int, why: str) -> None:
        self.line, self.offset, self.why = line, offset, why
        super().__init__(why)


def decide(path: Path, file: BinaryIO, encoding: str | None) -> str:
    """The codec in which the whole file is text: the one asked for, the mark's, UTF-8, else GB18030 or Big5 (cp950)
    where it reads as Chinese in one of the two only."""
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
            return _chinese(path, file, error)
    except OSError as error:
        raise UnreadableFile(path, f"cannot be read: {error.strerror}") from None
    return asked or marked or "utf-8"


def _chinese(path: Path, file: BinaryIO, error: _Undecodable) -> str:
    """The one of the two encodings of Chinese in which the file makes sense; refused where neither or both do."""
    why = {codec: _why_not_chinese(file, codec) for codec in _CHINESE}
    possible = [codec for codec in _CHINESE if not why[codec]]
    if len(possible) == 1:
        return possible[0]
    reason = f"{error.why}; not GB18030 either ({why['gb18030']}), nor Big5; repair the line or pass --encoding"
    if possible:
        reason = f"{error.why}; it may be GB18030 or Big5: pass --encoding gb18030 or --encoding big5"
    raise UnreadableFile(path, reason, error.line)


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
#: Encodings of Chinese without a mark, by codec: where its standard has the common characters (GB 2312 in the rows B0
#: to D7, Big5 in A4 to C6).
_CHINESE: Final = {"gb18030": ("gb2312", b"\xb0", b"\xd7"), "cp950": ("big5", b"\xa4", b"\xc6")}
_MAX_DISTINCT: Final = 30_000  # distinct characters; more is no text, and would make the count large


@cache
def _common(codec: str) -> frozenset[str]:
    """The commonest characters of texts in this codec."""
    return _COMMON if codec == "gb18030" else frozenset(names.traditional(char) for char in _COMMON) | _COMMON


def _why_not_chinese(file: BinaryIO, codec: str) -> str:
    """Why the file is not Chinese in this codec, or "" where it plausibly is. Others often decode by accident."""
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
            text = line.decode(codec)
        except UnicodeDecodeError:
            return f"line {number} does not decode"
        if _reads_as_utf8(line, text, codec):
            return f"line {number} is UTF-8, the file mixes encodings"
        seen.update(text)
        if len(seen) > _MAX_DISTINCT:
            return "it holds too many different characters"
    return _why_implausible(seen, codec)


def _reads_as_utf8(line: bytes, read: str, codec: str) -> bool:
    """Whether a line that decodes both ways makes more sense as UTF-8."""
    try:
        as_utf8 = line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    common = _common(codec)
    return _common_share(Counter(as_utf8), common) > _common_share(Counter(read), common)


def _common_share(seen: Counter[str], common: frozenset[str]) -> float:
    hanzi = sum(count for char, count in seen.items() if char >= "\u3400")
    return sum(count for char, count in seen.items() if char in common) / hanzi if hanzi else 0.0


def _why_implausible(seen: Counter[str], codec: str) -> str:
    """Why characters with their counts are not those of a Chinese text, or ""."""
    common, (plain_codec, first, last) = _common(codec), _CHINESE[codec]
    hanzi = plain = odd = 0
    for char, count in seen.items():
        kind = unicodedata.category(char)
        if kind in ("Co", "Cn", "Cc") and char not in "\t\n\r":
            return f"it would hold U+{ord(char):04X}, a character without a meaning"
        if "\u3400" <= char <= "\u9fff" or char >= "\U00020000":
            hanzi += count
            plain += count if _in_rows(char, plain_codec, first, last) else 0
        elif kind[0] == "L" and not char.isascii() and not "\uff00" <= char <= "\uff5f":
            odd += count  # kana, Cyrillic, Greek: in tables of another encoding, hardly in Chinese ones
    if not hanzi or plain < 0.7 * hanzi or odd > 0.1 * hanzi:
        return "it would hold mostly rare characters"
    if _common_share(seen, common) < 0.2 + 0.8 / hanzi**0.5:  # the fewer characters, the easier an accident
        return "it would hold hardly any common Chinese character"
    return ""


def _in_rows(char: str, codec: str, first: bytes, last: bytes) -> bool:
    """Whether the character stands in these rows of the standard that the codec encodes."""
    try:
        return first <= char.encode(codec)[:1] <= last
    except UnicodeEncodeError:
        return False
