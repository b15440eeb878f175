"""Several readings into one claim, several descriptions into one entity: whatever the order they come in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph import identity, names
from graph.model import Time
from graph.records import Value
from graph.write.readings import Description, Reading, Settled, claim_properties, project, readings_of, settle


def reading(dataset: str, locator: str = "", **values: Value) -> Reading:
    return Reading(dataset=dataset, locator=locator, digest=identity.digest(values), values=values)


def test_one_reading() -> None:
    only = reading("a", "line 2", amount=100, certainty="stated")
    assert settle([only]) == Settled(
        digest=only.digest, values=only.values, locator="line 2", datasets=["a"], locators=["line 2"], others=[]
    )


def test_readings_that_agree_are_one_and_the_first_dataset_locates_it() -> None:
    settled = settle([reading("b", "line 9", amount=100), reading("a", "line 2", amount=100)])
    assert (settled.datasets, settled.locators, settled.locator) == (["a", "b"], ["line 2", "line 9"], "line 2")
    assert settled.others == []


@pytest.mark.parametrize(
    ("first", "second", "winner"),
    [
        ({}, {}, "a"),
        ({"confidence": "medium"}, {"confidence": "high"}, "b"),
        ({"confidence": "low"}, {}, "b"),  # unknown is better than low
        ({}, {"confidence": "medium"}, "b"),
        ({"certainty": "derived"}, {"certainty": "implied"}, "b"),
        ({"certainty": "implied"}, {"certainty": "stated"}, "b"),
        ({"confidence": "high", "certainty": "derived"}, {"confidence": "medium", "certainty": "stated"}, "a"),
    ],
)
def test_the_better_reading_counts_and_the_other_is_kept(
    first: dict[str, Value], second: dict[str, Value], winner: str
) -> None:
    a, b = reading("a", "x", amount=1, **first), reading("b", "y", amount=2, **second)
    settled = settle([a, b])
    best, other = (a, b) if winner == "a" else (b, a)
    assert (settled.values, settled.digest, settled.locator) == (best.values, best.digest, best.locator)
    assert settled.datasets == ["a", "b"]
    assert settled.others == [identity.encode({"dataset": other.dataset, "values": identity.encode(other.values)})]


texts = st.text(st.characters(codec="utf-8"), max_size=4)
value = texts | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.lists(texts, max_size=2)
said = st.fixed_dictionaries(
    {},
    optional={
        "amount": value,
        "note": texts,
        "confidence": st.sampled_from(["high", "medium", "low"]),
        "certainty": st.sampled_from(["stated", "implied", "derived"]),
    },
)
several = st.dictionaries(st.sampled_from("abcde"), st.tuples(texts, said), min_size=1).map(
    lambda found: [reading(dataset, locator, **values) for dataset, (locator, values) in found.items()]
)


@given(several, st.randoms(use_true_random=False))
def test_settling_is_independent_of_order_and_can_be_undone(readings: list[Reading], random) -> None:
    settled = settle(readings)
    random.shuffle(readings)
    assert settle(readings) == settled
    back = readings_of(settled.digest, settled.values, settled.datasets, settled.locators, settled.others)
    assert back == {one.dataset: one for one in readings}
    for gone in list(back):  # and a dataset can go as if it had never been
        rest = [one for one in readings if one.dataset != gone]
        if rest:
            left = {dataset: one for dataset, one in back.items() if dataset != gone}
            assert settle(left.values()) == settle(rest)


def test_claim_properties_hold_the_days_they_lie_between() -> None:
    said: dict[str, Value] = {"valid_from": "2016-10-27", "valid_to": "2021", "valid_to_basis": "derived"}
    assert claim_properties(Time.STATE, said) == {
        **said,
        "earliest_from": "2016-10-27",
        "latest_from": "2016-10-27",
        "earliest_to": "2021-01-01",
        "latest_to": "2022-01-01",
        "open_end": False,
        "standing": 6,
    }
    seen = claim_properties(Time.STATE, {"valid_from": "2016-10-27", "seen_until": "2019-06"})
    assert (seen["earliest_to"], seen["latest_to"], seen["open_end"]) == ("2019-06-02", "9999", True)


def description(source: str, confidence: str = "", certainty: str = "stated", **values: Value) -> Description:
    return Description(
        source=source,
        id=identity.claim_id(source, source, 1),
        confidence=confidence,
        certainty=certainty,
        values=identity.encode(values),
    )


def test_the_best_source_gives_each_property_and_a_name_that_loses_becomes_an_alias() -> None:
    weak = description(
        "source:a", "low", name="宁蒗县", name_en="Ninglang", code="530724", aliases=["小凉山", "宁蒗县"]
    )
    good = description("source:b", "high", name="宁蒗彝族自治县", short_name="宁蒗")
    entity = project("cn:530724", "County", "cn:530724", [weak, good])
    expected = {
        "id": "cn:530724",
        "type": "County",
        "canonical": "cn:530724",
        "name": "宁蒗彝族自治县",
        "name_en": "Ninglang",
        "short_name": "宁蒗",
        "code": "530724",
        "aliases": ["宁蒗县", "小凉山"],
    }
    expected |= names.derived(dict(expected))
    assert entity == {**expected, "digest": identity.digest(expected)}


def test_identifiers_are_those_of_all_sources() -> None:
    some = [description(source, "", name="A", identifiers=given) for source, given in
            (("source:a", ["uscc:2", "uscc:1"]), ("source:b", ["org-id:X", "uscc:1"]), ("source:c", []))]  # fmt: skip
    assert project("org:a", "Organization", "org:a", some)["identifiers"] == ["org-id:X", "uscc:1", "uscc:2"]
    assert "identifiers" not in project("org:a", "Organization", "org:a", some[2:])


def test_equal_sources_are_taken_in_the_order_of_their_ids() -> None:
    entity = project(
        "org:x", "Company", "org:x", [description("source:b", name="乙"), description("source:a", name="甲")]
    )
    assert (entity["name"], entity["aliases"]) == ("甲", ["乙"])


def test_an_own_name_is_no_alias_of_itself() -> None:
    entity = project("org:x", "Company", "org:x", [description("source:a", name="甲公司", aliases=["甲公司"])])
    assert "aliases" not in entity


def test_the_address_of_a_page_is_its_url_and_nothing_is_its_title() -> None:
    page = project("https://example.org/a", "Source", "https://example.org/a", [])
    assert (page["url"], "title" in page) == ("https://example.org/a", False)
    assert "url" not in project("source:a", "Source", "source:a", [])


names_said = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["宁蒗县", "宁蒗彝族自治县", "Ninglang"]),
        "name_en": st.sampled_from(["Ninglang", "Ninglang County"]),
        "short_name": st.sampled_from(["宁蒗", "宁蒗县"]),
        "aliases": st.lists(st.sampled_from(["甲", "乙", "宁蒗"]), min_size=1, max_size=3),
        "code": st.sampled_from(["530724", "5307"]),
    },
)
described = st.dictionaries(
    st.sampled_from("abcd"),
    st.tuples(st.sampled_from(["", "high", "medium", "low"]), st.sampled_from(["stated", "derived"]), names_said),
    min_size=1,
).map(lambda found: [description(f"source:{s}", c, t, **values) for s, (c, t, values) in found.items()])


@given(described, st.randoms(use_true_random=False))
def test_projecting_is_independent_of_order(descriptions: list[Description], random) -> None:
    entity = project("cn:530724", "County", "cn:530724", descriptions)
    random.shuffle(descriptions)
    assert project("cn:530724", "County", "cn:530724", descriptions) == entity
    assert entity["digest"] == identity.digest({name: v for name, v in entity.items() if name != "digest"})
    aliases = entity.get("aliases", [])
    assert isinstance(aliases, list)
    assert aliases == sorted(set(aliases))
    assert not {entity.get("name"), entity.get("name_en"), entity.get("short_name")} & set(aliases)
