"""Units of figures: in the header of a column, in titles above a table, in cells of their own.

What is read multiplies amounts (`header_unit`); all else is only noticed, so that no figure is told too small in silence.
Headers and titles are text of strangers: every search takes time in proportion to their length.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator
from enum import Enum
from functools import lru_cache
from typing import Final

import msgspec

from graph.names import simplified

SIZES: Final = {"十": 10, "百": 100, "千": 1_000, "万": 10_000, "百万": 10**6, "千万": 10**7, "亿": 10**8}
#: Units that a header may give, behind its name and in brackets.
_READ: Final = frozenset(("千", "百万", "千万", "万", "亿"))
_BRACKETS: Final = {")": "(", "]": "[", "】": "【", "〕": "〔"}
_ENGLISH: Final = {"thousand": "千", "k": "千", "million": "百万", "mn": "百万", "m": "百万", "billion": "", "bn": ""}
_MONEY_ZH: Final = "人民币|美元|美金|欧元|英镑|日元|日圆|港元|港币|澳元|加元|新台币|瑞士法郎|韩元|元"
_MONEY_EN: Final = r"US\$|[$€£¥￥]|RMB|CNY|USD|EUR|GBP|JPY|HKD|AUD|CAD|CHF|yuan|dollars?|euros?|renminbi"
_CURRENCY: Final = f"{_MONEY_ZH}|{_MONEY_EN}"
_COUNTED: Final = "人次|人|名|户|亩|公顷|吨|公斤|斤|个|家|件|次|平方米|公里|只|头|株|套|台"
_SIZE: Final = "十万|百万|千万|百亿|千亿|万亿|十|百|千|万|亿|兆"
#: A unit and nothing else: 万元, 人民币万元, 万美元, 万人.
_WHOLE: Final = re.compile(
    rf"(?:以|按|为|是|均为|统一为)?(?:(?:{_CURRENCY})[\s/·-]?)*(?P<size>{_SIZE})\s?(?P<of>(?:(?:{_CURRENCY}|{_COUNTED})[\s/·-]?)*)"
    r"(?:整|计|为单位)?",
    re.I,
)
#: Of money in yuan; any other word of _CURRENCY is of another currency.
_YUAN: Final = frozenset(("元", "人民币", "rmb", "cny", "yuan", "renminbi", "￥", "¥"))
#: A currency and nothing else, which is a unit behind 单位: 元, 人民币元.
_BARE: Final = re.compile(rf"(?:为|是|以)?(?P<of>(?:(?:{_CURRENCY})[\s/·-]?)*(?<=元|n|r|o|s))(?:整|计|为单位)?", re.I)
#: What a unit stands behind, with a colon.
_LABEL: Final = re.compile(r"(?:单位|金额|资金|数额|经费|(?<![a-z])(?:units?|amounts?|figures?|values?))\s*$", re.I)
#: At the end of a piece of a title: 金额以万元计, 金额均为万元.
_COUNTED_IN: Final = re.compile(
    rf"(?:以|按|为)(?P<unit>(?:(?:{_CURRENCY})[\s/·-]?){{0,2}}(?:{_SIZE})\s?(?:{_CURRENCY}))(?:为单位|计)?$", re.I
)
_WORDS: Final = r"thousand|million|billion|mn|bn"
_SAYS_OF_WHAT: Final = re.compile(f"{_CURRENCY}|{_COUNTED}|{_WORDS}", re.I)
_MORE: Final = {"ten": 10, "hundred": 100}
#: English words of size beside a currency, or behind "in": in thousands, USD million, millions of dollars; '000.
_IN_ENGLISH: Final = re.compile(
    rf"(?:(?<![a-z])(?:in|unit|units)|(?<![a-z])(?:{_CURRENCY}))[\s:,(/]{{0,3}}(?:(?:{_CURRENCY})[\s,(/]{{1,3}})?"
    rf"(?:(?P<more>ten|hundred)s?\s{{1,3}}(?:of\s{{1,3}})?)?(?P<word>(?:{_WORDS})s?)(?![a-z0-9])"
    rf"|(?<![a-z])(?:units?|{_CURRENCY})[\s:,(/]{{0,3}}(?:(?:{_CURRENCY})[\s,(/]{{1,3}})?(?P<letter>[km])(?![a-z0-9²³])"
    rf"|(?<![0-9a-z])(?<![0-9]\s)(?:(?P<many>ten|hundred)\s{{1,3}})?(?P<before>(?:{_WORDS})s?)\s{{1,3}}(?:of\s{{1,3}})?"
    rf"(?:{_CURRENCY})(?![a-z])"
    rf"|(?:^|[(:]|(?<![a-z])(?:in|units?)|{_CURRENCY})\s{{0,3}}(?P<zeros>['’]000)(?![0-9])",
    re.I,
)
#: A number as the unit: 单位：10万元, 单位:10,000元, in 10,000 yuan.
_TIMES: Final = re.compile(
    rf"(?:单位|units?)[\s:(]{{0,3}}(?:(?:{_CURRENCY})\s?)?(?P<times>1[0,]{{1,12}}k?(?:{_SIZE})?|1(?:{_SIZE}))"
    rf"|(?<![a-z])in\s{{1,3}}(?P<number>1[0,]{{1,12}}k?)\s?(?:{_CURRENCY})",
    re.I,
)
_SEGMENTS: Final = re.compile(r"[,;\t\n\r\"()\[\]{}<>|【】〔〕《》。]")
_AMONG: Final = re.compile(r"[、/和与及]")
#: What tells of a unit in a header, in brackets or behind a slash; at its end; as an English word.
_IN_BRACKETS: Final = re.compile(r"[(\[/【〔]([^()\[\]/【】〔〕]*)")
_HINT: Final = re.compile(r"[万亿兆]|[百千]\s?[元人]|(?<![a-z])(?:k|m|mn|bn)(?![a-z])", re.I)
_AT_END: Final = re.compile(r"[万亿]\s?(?:[元人]|美元|欧元|英镑|日元|港元|港币|人民币)*$")
_ENGLISH_WORD: Final = re.compile(r"(?<![a-z])(?:thousand|million|billion)s?(?![a-z])", re.I)
_MOST: Final = 200  # characters of a header of which is made out what is meant


class Told(msgspec.Struct, frozen=True):
    """A unit as a text tells it. `size`: as it may stand in a header, empty where it may not; of money, of what is
    counted, or of either where neither is said. `times`: how many it is, 0 where that is not made out; `foreign`: of
    another currency than yuan."""

    text: str
    size: str
    money: bool = True
    counts: bool = False
    times: int = 0
    foreign: bool = False

    def header(self, column: str) -> str:
        """The header that gives a column this unit; empty where there is none."""
        yuan = (
            "元"
            if re.fullmatch(rf"(?:人民币|\s)*(?:{_SIZE})\s?元?(?:人民币)?.?", self.text) and "元" in self.text
            else ""
        )
        return f"{column}({self.size}{yuan})" if self.size else ""


@lru_cache(maxsize=1_024)  # a table has few
def header_unit(header: str) -> tuple[str, int]:
    """A column header without the unit in its brackets, and the factor of the unit: 金额(万元) → 金额, 10,000."""
    opening = _BRACKETS.get(header[-1:])
    at = header.rfind(opening) if opening else -1
    if at < 1 or not (name := header[:at].rstrip()):
        return header, 1
    inner = simplified(header[at + 1 : -1].strip())
    if (after := inner.removeprefix("单位").lstrip()) != inner and after.startswith(":"):
        inner = after[1:].strip()
    size = inner.removesuffix("元")
    if size in _READ:
        return name, SIZES[size]
    return (name, 1) if inner == "元" else (header, 1)


def own_factor(header: str) -> int | None:
    """The factor of the unit in a header, 1 of 金额(元); None where it gives none."""
    name, factor = header_unit(header)
    return None if name == header else factor


def in_yuan(header: str) -> bool:
    """Whether the unit that `header_unit` reads is one of yuan: 金额(万元), and not 金额(万)."""
    return header_unit(header) != (header, 1) and header[:-1].rstrip().endswith("元")


def unread_unit(header: str) -> bool:
    """Whether a column header seems to give a unit in a way that `header_unit` does not read: 金额(万美元), USD million."""
    if header_unit(header) != (header, 1):
        return False
    header = simplified(header)
    return (
        any(_HINT.search(inner) for inner in _IN_BRACKETS.findall(header))
        or _AT_END.search(header[-_MOST:]) is not None
        or _ENGLISH_WORD.search(header) is not None
    )


def whole(text: str) -> Told | None:
    """The unit that a text is, and nothing else: 万元, (人民币万元), 万人; None for any other text, also 12万."""
    plain = _plain(text).strip(" \n()[]【】〔〕") if len(text) <= _MOST else ""
    match = _WHOLE.fullmatch(plain)
    if match is None:
        english = _IN_ENGLISH.fullmatch(plain)
        return _english(english) if english else None
    money, counted = re.search(_CURRENCY, plain, re.I), re.search(_COUNTED, match["of"])
    shown = re.sub(r"^(?:以|按|为|是|均为|统一为)|(?:整|计|为单位)$", "", plain)
    size = match["size"]
    return Told(
        shown, size if size in _READ else "", not counted or bool(money), not money, _times(size), _is_foreign(plain)
    )


def _times(size: str) -> int:
    """How many a word of size is: 十万 is 100,000; 0 of 兆, which is several."""
    return SIZES.get(size) or SIZES.get(size[:1], 0) * SIZES.get(size[1:], 0)


def _is_foreign(text: str) -> bool:
    return any(found.lower() not in _YUAN for found in re.findall(_CURRENCY, text, re.I))


def told(text: str) -> list[Told]:
    """The units of figures that a title tells: 单位：万元, (金额：万元), Amounts in USD million. Empty where it tells none."""
    text = _plain(text)
    parts = dict.fromkeys(part for segment in _SEGMENTS.split(text) for part in _parts(segment))
    found = dict.fromkeys(unit for part, how in parts if (unit := _meant(part, how)))
    if not found and (match := _TIMES.search(text)):
        return [_number(match["times"] or match["number"], _is_foreign(match[0]))]
    if not found and (match := _IN_ENGLISH.search(text)):
        return [_english(match)]
    return list(found)


def _number(text: str, foreign: bool) -> Told:
    """A number as the unit: digits with commas, then k or a word of size, or both."""
    size = text.lstrip("0123456789,")
    times = int(text[: len(text) - len(size)].replace(",", ""))
    word = size.lstrip("kK")
    return Told(text, "", times=times * (1_000 if word != size else 1) * (_times(word) if word else 1), foreign=foreign)


#: Colons that are none to NFKC.
_COLONS: Final = str.maketrans("∶︰﹕꞉ː", ":::::")


def _plain(text: str) -> str:
    return simplified(unicodedata.normalize("NFKC", text.translate(_COLONS)))


class _How(Enum):
    """How a piece of a title stands there: behind 单位, behind another word for figures, or by itself."""

    UNIT = 1
    LABELLED = 2
    ALONE = 3


def _meant(part: str, how: _How) -> Told | None:
    """The unit that a part is: 万 alone may be a name, and 元 is a unit only where it is said to be one."""
    if unit := whole(part):
        named = how is not _How.ALONE or _SAYS_OF_WHAT.search(part) is not None
        return unit if named else None
    if how is _How.UNIT and len(part) <= _MOST and (match := _BARE.fullmatch(part.strip())):
        return Told(match["of"].strip(), "", times=1, foreign=_is_foreign(match["of"]))
    return None


def _parts(segment: str) -> Iterator[tuple[str, _How]]:
    """Of a piece of a title what may be a unit: the whole; what follows 单位 or a colon behind a word for figures; what
    figures are said to be counted in; a word of money alone."""
    yield segment, _How.ALONE
    if match := _COUNTED_IN.search(segment[-_MOST:]):
        yield match["unit"], _How.UNIT
    if behind := _labelled(segment):
        rest, how = behind
        yield behind
        for one in _AMONG.split(rest):
            yield one, how
    words = segment.split()
    for before, word in zip(["", *words], words, strict=False):
        if behind := _labelled(word):
            yield behind
        elif re.search(_MONEY_ZH, word) and not before[-1:].isdigit():  # 3000 万元 is an amount
            yield word, _How.ALONE


def _labelled(text: str) -> tuple[str, _How] | None:
    """What follows the last 单位, or the last colon where it stands behind a word for figures; None where neither does."""
    before, colon, rest = text.rpartition(":")
    if (unit := text.rfind("单位")) >= len(before):  # also where there is no colon
        return text[unit + len("单位") :].strip(" :=·-—–"), _How.UNIT
    if colon and (match := _LABEL.search(before[-_MOST:])):
        is_unit = match[0].lower().startswith(("单位", "unit"))
        return rest.strip(), _How.UNIT if is_unit else _How.LABELLED
    return None


def _english(match: "re.Match[str]") -> Told:
    word = (match["word"] or match["letter"] or match["before"] or "").lower()
    size = "千" if match["zeros"] else _ENGLISH.get(word, _ENGLISH.get(word.removesuffix("s"), ""))
    shown = re.sub(r"^(?:in|units?)(?![a-z])", "", match[0], flags=re.I).strip(" :,(/")
    times = SIZES.get(size, 10**9 if word.startswith("b") else 0)
    if more := match["more"] or match["many"]:
        size, times = "", times * _MORE[more.lower()]
    return Told(shown, size, times=times, foreign=_is_foreign(shown))


def odd(header: str, names: Collection[str], money: Collection[str]) -> str:
    """What to write in the place of a header that is one of the names with a currency or a unit that is not read beside
    it, as in 金额(人民币万元) or Amount (CNY); empty where it is no such header."""
    header = simplified(header[:_MOST])
    at = next((end for end in range(len(header) - 1, 0, -1) if header[:end].rstrip() in names), 0)
    name, rest = header[:at].rstrip(), header[at:].strip(" ()[]【】〔〕/:、,_-单位")
    if not name or not rest:
        return ""
    unit = _beside(rest)
    currency = re.search(_CURRENCY.replace("|元", ""), rest, re.I)
    if unit is None and not re.fullmatch(_CURRENCY, rest, re.I):
        in_brackets = header[at:].lstrip()[:1] in ("(", "[", "【", "〔")
        return f"write {name}, or as {name}(万元) with its unit" if in_brackets and name in money else ""
    if name not in money:
        return f"write {name}, and its figures out" if unit else ""
    shown = (unit.header(name) or f"{name}, and its figures out") if unit else name
    return f"write {shown}{', and the currency into a column 币种' if currency else ''}"


def _beside(rest: str) -> Told | None:
    """The unit in what stands beside a name: alone, told in words, one of several words, or an English word alone."""
    words = re.split(r"[/、,\s]", rest)
    if (
        found := whole(rest)
        or next((unit for word in words if (unit := whole(word))), None)
        or next(iter(told(rest)), None)
    ):
        return found
    english = _ENGLISH.get(rest.lower()) or _ENGLISH.get(rest.lower().removesuffix("s"))
    return None if english is None else Told(rest, english)
