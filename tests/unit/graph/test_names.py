"""Names in four scripts: what is derived from a name, and under what it is found."""

import pytest

from graph import names


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("宁蒗彝族自治县", ("宁蒗县", "宁蒗")),
        ("东乡族自治县", ("东乡县", "东乡")),
        ("积石山保安族东乡族撒拉族自治县", ("积石山县", "积石山")),
        ("双江拉祜族佤族布朗族傣族自治县", ("双江县", "双江")),
        ("鄂温克族自治旗", ("鄂温克旗", "鄂温克")),
        ("黔东南苗族侗族自治州", ("黔东南州", "黔东南")),
        ("克孜勒苏柯尔克孜自治州", ("克孜勒苏州", "克孜勒苏")),
        ("巴音郭楞蒙古自治州", ("巴音郭楞州", "巴音郭楞")),
        ("龙胜各族自治县", ("龙胜县", "龙胜")),
        ("内蒙古自治区", ("内蒙古",)),
        ("新疆维吾尔自治区", ("新疆",)),
        ("广西壮族自治区", ("广西",)),
        ("香港特别行政区", ("香港",)),
        ("什邡市", ("什邡",)),
        ("朝阳区", ("朝阳",)),
        ("大兴安岭地区", ("大兴安岭",)),
        ("单县", ()),  # a stem of one character is no name
        ("郊区", ()),
        ("Ninglang", ()),
        ("", ()),
    ],
)
def test_short_names(name: str, short: tuple[str, ...]) -> None:
    assert names.short_names(name) == short


@pytest.mark.parametrize(
    ("name", "pinyin"),
    [
        ("什邡市", "shi fang shi"),
        ("朝阳区", "chao yang qu"),
        ("北京市朝阳区", "bei jing shi chao yang qu"),
        ("郫都区", "pi du qu"),
        ("单县", "shan xian"),
        ("洪洞县", "hong tong xian"),
        ("重庆市", "chong qing shi"),
        ("六安市", "lu an shi"),
        ("宁蒗彝族自治县", "ning lang yi zu zi zhi xian"),
        ("内蒙古自治区", "nei meng gu zi zhi qu"),
        ("都江堰市", "du jiang yan shi"),
    ],
)
def test_pinyin(name: str, pinyin: str) -> None:
    assert names.pinyin(name) == pinyin


def test_initials_and_scripts() -> None:
    assert names.initials("ning lang yi zu zi zhi xian") == "nlyzzzx"
    assert names.traditional("宁蒗彝族自治县") == "寧蒗彝族自治縣"
    assert names.simplified("寧蒗彝族自治縣") == "宁蒗彝族自治县"
    assert [names.has_han(text) for text in ("宁蒗", "Ninglang", "", "a縣")] == [True, False, False, True]


def test_what_ninglang_is_found_under() -> None:
    derived = names.derived({"name": "宁蒗彝族自治县", "name_en": "Ninglang Yi Autonomous County", "code": "530724"})
    assert derived["name_hant"] == "寧蒗彝族自治縣"
    assert derived["pinyin"] == "ning lang yi zu zi zhi xian"
    assert derived["initials"] == "nlyzzzx"
    words = derived["search"]
    for wanted in (
        "宁蒗彝族自治县",
        "宁蒗县",
        "寧蒗縣",
        "寧蒗",
        "ninglangxian",
        "530724",
        "Ninglang Yi Autonomous County",
    ):
        assert wanted in words, wanted
    assert {"nlx", "nl", "nlyzzzx", "ninglang"} <= set(words.split())


def test_what_others_are_found_under() -> None:
    assert {"东乡县", "dxx", "dongxiang"} <= set(names.derived({"name": "东乡族自治县"})["search"].split())
    assert {"shifang", "sf", "什邡"} <= set(names.derived({"name": "什邡市"})["search"].split())
    assert {"chaoyang", "cy", "朝陽"} <= set(names.derived({"name": "朝阳区"})["search"].split())
    assert {"内蒙古", "內蒙古", "neimenggu", "nmg"} <= set(names.derived({"name": "内蒙古自治区"})["search"].split())
    aliased = names.derived({"name": "广西壮族自治区", "aliases": ["桂", "Kwangsi"], "short_name": "广西"})[
        "search"
    ].split()
    assert {"桂", "gui", "Kwangsi", "广西", "gx"} <= set(aliased)
    assert len(aliased) == len(set(aliased))  # no word twice
    traditional = names.derived({"name": "寧蒗彝族自治縣"})
    assert "宁蒗彝族自治县" in traditional["search"].split()


def test_names_in_other_scripts() -> None:
    assert names.derived({}) == {"pinyin": ""}
    derived = names.derived({"name": "Save the Children", "aliases": ["SCF", "Save the Children"]})
    assert derived == {"search": "Save the Children SCF", "pinyin": "save the children"}
