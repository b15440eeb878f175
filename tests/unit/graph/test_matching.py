"""How alike names are, which are compared at all, and what else speaks for or against two entities' being one."""

import pytest

from graph.matching import names, scoring
from graph.matching.candidates import MOST, Candidates
from graph.matching.names import Rarity, folded, keys, likeness
from graph.matching.scoring import Subject
from graph.sources.matches import Ties

RARITY = Rarity({"ministry": 50, "health": 20}, 1_000)


def subject(
    id_: str, *named: str, reading: str = "", identifiers: tuple[str, ...] = (), type_: str = "Organization"
) -> Subject:
    written = tuple(map(folded, named))
    return Subject(
        id=id_, type=type_, name=named[0] if named else id_, stands_for=id_, names=written,
        readings=(reading,) * len(written), identifiers=identifiers, person=type_ == "Official",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "as_compared"),
    [
        ("The Société Générale, S.A. Ltd", "societe generale s"),
        ("Save & Care (Int'l) Limited", "save care intl"),
        ("雲南省扶貧辦", "云南省扶贫办"),
        ("宁蒗 农业（集团）有限公司", "宁蒗农业"),
        ("Of The", "of the"),
        ("…", ""),
    ],
)
def test_folding(name: str, as_compared: str) -> None:
    assert folded(name) == as_compared


@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    [
        ("Kenya Red Cross Society", "Society, Kenya Red Cross", 1.0, 1.0),
        ("Ninglang Relief Fund", "Ninglnag Relief Fund", 0.85, 0.99),
        ("Ministry of Health of Kenya", "Ministry of Health of Uganda", 0.0, 0.6),
        ("Lihe School No 5", "Lihe School No 6", 0.0, 0.5),
        ("云南省扶贫开发办公室", "贵州省扶贫开发办公室", 0.5, 0.82),
        ("丽江市第一中学", "丽江市第二中学", 0.0, 0.5),
    ],
)
def test_likeness(one: str, other: str, least: float, most: float) -> None:
    assert least <= likeness(folded(one), folded(other), RARITY) <= most
    assert likeness(folded(one), folded(other), RARITY) == pytest.approx(likeness(folded(other), folded(one), RARITY))


def test_names_that_are_alike_share_a_key() -> None:
    def of(name: str, reading: str = "") -> set[str]:
        return set(keys(folded(name), reading, RARITY))

    assert of("World Relief Fund") & of("WRF")
    assert of("Ninglang Poverty Office") & of("The Poverty Office, Ninglnag")
    assert of("上海市慈善基金会", "shanghaishicishanjijinhui") & of("Shanghai Shi Cishan Jijinhui")
    assert not of("World Relief Fund") & of("上海市慈善基金会", "shanghaishicishanjijinhui")


def test_a_key_of_too_many_joins_none() -> None:
    with Candidates() as few:
        for number in range(3):
            few.add(number, ["a", f"own{number}", "a"])
        assert list(few.pairs()) == [(0, 1), (0, 2), (1, 2)]
    with Candidates() as many:
        for number in range(MOST + 1):
            many.add(number, ["a", "b"] if number < 2 else ["a"])
        assert list(many.pairs()) == [(0, 1)]


def total(one: Subject, other: Subject, **ties: Ties) -> scoring.Score:
    named = scoring.of_names(one, other, RARITY)
    return scoring.score(one, other, named, {"org:a": ties.get("a", Ties()), "org:b": ties.get("b", Ties())})


def test_what_speaks_for_and_against() -> None:
    a, b = subject("org:a", "Relief Fund"), subject("org:b", "Relief Fund")
    here, there = frozenset({"cn:1"}), frozenset({"cn:2"})
    assert total(a, b).value == 0.9
    assert total(a, b, a=Ties(places=here), b=Ties(places=here)).value == 0.96
    apart = total(a, b, a=Ties(places=here), b=Ties(places=there))
    assert apart.value == 0.65 and apart.reasons[-1] == "against: in cn:1, and in cn:2"
    assert total(a, b, a=Ties(places=here), b=Ties(places=there, above=here)).value == 0.9
    assert total(a, b, a=Ties(parties=frozenset({">x"})), b=Ties(parties=frozenset({">x"}))).value == 0.92
    assert total(a, b, a=Ties(parties=frozenset({"<x"})), b=Ties(parties=frozenset({">x"}))).value == 0.9
    assert total(a, b, a=Ties(parties=frozenset({">org:b"}))).value == 0.7
    numbers = (
        subject("org:a", "Relief Fund", identifiers=("uscc:1",)),
        subject("org:b", "Relief", identifiers=("uscc:1",)),
    )
    assert total(*numbers).value == 1.0 and total(*numbers).reasons[0] == "same identifier: uscc:1"
    others = (
        subject("org:a", "Relief Fund", identifiers=("org-id:gb-chc-1",)),
        subject("org:b", "Relief Fund", identifiers=("org-id:gb-chc-2",)),
    )
    assert total(*others).value == 0.6
    one_name = subject("org:a", "张伟", type_="Official"), subject("org:b", "张伟", type_="Official")
    assert total(*one_name).value == 0.6
    assert total(*one_name, a=Ties(places=here), b=Ties(places=here)).value == 0.96


def test_pinyin_and_initials_are_names_too() -> None:
    written, spoken = (
        subject("org:a", "宁蒗县扶贫办", reading="ninglangxianfupinban"),
        subject("org:b", "Ninglang Xian Fupin Ban"),
    )
    found = scoring.of_names(written, spoken, RARITY)
    assert (found.value, found.reasons) == (0.95, ["pinyin of the name: 宁蒗县扶贫办 / ninglang xian fupin ban"])
    short = scoring.of_names(subject("org:a", "World Relief Fund"), subject("org:b", "WRF"), RARITY)
    assert (short.value, short.reasons) == (0.8, ["initials of the name: world relief fund / wrf"])
    assert names.acronym(folded("Relief Fund")) == ""
