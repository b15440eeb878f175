"""Names in four scripts: short forms, traditional characters, pinyin, initials, and one text to search in."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# opencc and pypinyin have no types

import re
from collections.abc import Callable
from functools import cache
from typing import Any

_PEOPLES = (
    "蒙古族|回族|藏族|维吾尔族|维吾尔|苗族|彝族|壮族|布依族|朝鲜族|满族|侗族|瑶族|白族|土家族|哈尼族|哈萨克族|哈萨克|傣族|黎族|傈僳族|"
    "佤族|畲族|高山族|拉祜族|水族|东乡族|纳西族|景颇族|柯尔克孜族|柯尔克孜|土族|达斡尔族|仫佬族|羌族|布朗族|撒拉族|毛南族|仡佬族|"
    "锡伯族|锡伯|阿昌族|普米族|塔吉克族|塔吉克|怒族|乌孜别克族|俄罗斯族|鄂温克族|德昂族|保安族|裕固族|京族|塔塔尔族|独龙族|鄂伦春族|"
    "赫哲族|门巴族|珞巴族|基诺族|各族|蒙古"
)
_AUTONOMOUS = re.compile(rf"^(?P<stem>.{{2,}}?)(?:{_PEOPLES})*自治(?P<level>[县州旗区])$")
_PLAIN = re.compile(r"^(?P<stem>.{2,}?)(?:特别行政区|市辖区|地区|省|市|县|区|盟|旗|州)$")

# Readings pypinyin gets wrong in place names.
_READINGS = {
    "什邡": [["shí"], ["fāng"]],
    "郫都": [["pí"], ["dū"]],
    "郫县": [["pí"], ["xiàn"]],
    "单县": [["shàn"], ["xiàn"]],
    "洪洞": [["hóng"], ["tóng"]],
    "朝阳": [["cháo"], ["yáng"]],
    "重庆": [["chóng"], ["qìng"]],
    "长沙": [["cháng"], ["shā"]],
    "六安": [["lù"], ["ān"]],
    "铅山": [["yán"], ["shān"]],
    "台州": [["tāi"], ["zhōu"]],
    "丽水": [["lí"], ["shuǐ"]],
    "番禺": [["pān"], ["yú"]],
    "蚌埠": [["bèng"], ["bù"]],
    "东阿": [["dōng"], ["ē"]],
    "莘县": [["shēn"], ["xiàn"]],
    "亳州": [["bó"], ["zhōu"]],
    "歙县": [["shè"], ["xiàn"]],
    "黟县": [["yī"], ["xiàn"]],
    "涡阳": [["guō"], ["yáng"]],
    "乐清": [["yuè"], ["qīng"]],
    "乐亭": [["lào"], ["tíng"]],
    "蔚县": [["yù"], ["xiàn"]],
    "尉犁": [["yù"], ["lí"]],
    "大埔": [["dà"], ["bù"]],
    "都江堰": [["dū"], ["jiāng"], ["yàn"]],
    "宁蒗": [["níng"], ["làng"]],
    "长治": [["cháng"], ["zhì"]],
    "长宁": [["cháng"], ["níng"]],
    "漯河": [["luò"], ["hé"]],
    "昌都": [["chāng"], ["dū"]],
    "武都": [["wǔ"], ["dū"]],
    "珲春": [["hún"], ["chūn"]],
    "崆峒": [["kōng"], ["tóng"]],
    "闵行": [["mǐn"], ["háng"]],
    "红寺堡": [["hóng"], ["sì"], ["bǔ"]],
}


def short_names(name: str) -> tuple[str, ...]:
    """Shorter forms in use, longest first: 宁蒗彝族自治县 → 宁蒗县, 宁蒗. A stem of one character is not one."""
    match = _AUTONOMOUS.match(name)
    if match:
        stem, level = match["stem"], match["level"]
        stem = stem.removesuffix("族") if len(stem) > 2 else stem  # 东乡族自治县
        return (stem,) if level == "区" else (stem + level, stem)
    match = _PLAIN.match(name)
    return (match["stem"],) if match else ()


@cache
def _pinyin() -> Callable[[str], list[str]]:
    """Loaded late: it takes a tenth of a second."""
    from pypinyin import Style, lazy_pinyin, load_phrases_dict

    load_phrases_dict(_READINGS)
    options: Any = {"style": Style.NORMAL, "errors": lambda run: run.split()}  # pyright: ignore[reportUnknownLambdaType, reportUnknownMemberType]

    def read(text: str) -> list[str]:
        return lazy_pinyin(text, **options)

    return read


@cache
def _converter(direction: str) -> Callable[[str], str]:
    from opencc import OpenCC

    converter: Any = OpenCC(direction)
    return converter.convert


def pinyin(name: str) -> str:
    """Syllables in lower case, separated by a space; other scripts as they are."""
    return " ".join(syllable.lower() for syllable in _pinyin()(name) if syllable.strip())


def initials(syllables: str) -> str:
    return "".join(syllable[0] for syllable in syllables.split())


def traditional(name: str) -> str:
    return _converter("s2t")(name)


def simplified(name: str) -> str:
    return _converter("t2s")(name) if has_han(name) else name


def has_han(text: str) -> bool:
    return any("㐀" <= character <= "鿿" for character in text)


def derived(values: dict[str, object]) -> dict[str, str]:
    """name_hant, pinyin, initials and the text full-text search looks in, from the names of an entity."""
    name = str(values.get("name", ""))
    aliases = values.get("aliases")
    others = [str(values[key]) for key in ("short_name", "name_en", "code") if values.get(key)]
    others += [str(alias) for alias in aliases] if isinstance(aliases, list) else []  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if not has_han(name):
        plain = " ".join(dict.fromkeys([name, *others]))
        return {"search": plain, "pinyin": name.lower()} if name else {"pinyin": ""}  # lists by pinyin hold it too
    full = pinyin(name)
    words = [name, traditional(name), simplified(name), full, full.replace(" ", ""), initials(full)]
    for short in (*short_names(name), *(other for other in others if has_han(other))):
        syllables = pinyin(short)
        words += [short, traditional(short), syllables.replace(" ", ""), initials(syllables)]
    return {
        "name_hant": traditional(name),
        "pinyin": full,
        "initials": initials(full),
        "search": " ".join(dict.fromkeys(word for word in [*words, *others] if word)),
    }
