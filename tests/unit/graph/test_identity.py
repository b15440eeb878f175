"""What makes two claims one fact, one claim, one version; ids are kept in graphs, so some are written out here."""

import re

from graph import identity
from graph.model import MODEL
from graph.records import Claim, Value

RELATIONSHIP = MODEL.relationship
_SAID: dict[str, Value] = {"class": "budget", "basis": "reported", "currency": "CNY", "valid_from": "2019"}


def fact(type_: str = "FUNDS", start: str = "cn:310000", end: str = "cn:530000", **values: Value) -> str:
    said = {**_SAID, **values} if type_ == "FUNDS" else values
    return identity.fact_id(
        RELATIONSHIP[type_], Claim(type=type_, start=start, end=end, source="source:s", values=said)
    )


def test_ids_are_what_graphs_already_hold() -> None:
    assert fact() == "fact:9ca70262caec82601741640e"
    assert identity.claim_id("fact:a", "source:s", 1) == "claim:672de74660de133bc9b26121"
    assert identity.version_id("claim:a", "d", 0) == "4a4d4d698b22d8e2b20a2840"
    assert identity.digest({"b": 1, "a": "x"}) == "05dc766a5054c6047f6489d9"


def test_what_a_fact_is_made_of() -> None:
    same = fact()
    for values in ({"amount": 5}, {"note": "n"}, {"certainty": "derived"}, {"valid_to": "2019"}, {"bound": "about"}):
        assert fact(**values) == same, values
    others = [
        fact("DONATES_TO", "cn:310000", "cn:530000"),
        fact(start="cn:530000", end="cn:310000"),
        fact(end="cn:530700"),
        fact(programme="programme:hu-dian"),
        fact(basis="planned"),
        fact(currency="USD"),
        fact(measure="province_budget"),
        fact(valid_from="2020"),
        fact(valid_from="2019", valid_to="2021-05"),
        fact(**{"class": "disbursement"}),
    ]
    assert len({same, *others}) == len(others) + 1


def test_the_period_is_part_of_sums_only() -> None:
    paired = [fact("PAIRED_WITH", valid_from=start) for start in ("2016-10-27", "2013", "2021")]
    assert len(set(paired)) == 1
    running = [fact(valid_from="2016", valid_to=end) for end in ("2020-11", "2021-05")]
    assert len(set(running)) == 1  # a running total reported twice
    assert fact(valid_from="2019-01-01", valid_to="2019-12-31") == fact(valid_from="2019")
    assert fact(valid_from="2019-07") != fact(valid_from="2019-08")


def test_keys_cannot_run_into_each_other() -> None:
    assert fact(start="a", end="bc") != fact(start="ab", end="c")
    assert fact("SUPPORTS", topic="", programme="p") != fact("SUPPORTS", topic="p")


def test_claims_and_versions() -> None:
    one = identity.claim_id("fact:a", "source:s", 1)
    assert len({one, identity.claim_id("fact:a", "source:s", 2), identity.claim_id("fact:a", "source:t", 1)}) == 3
    digest = identity.digest({"amount": 1})
    versions = {identity.version_id(one, digest, n) for n in range(3)} | {identity.version_id(one, "other", 0)}
    assert len(versions) == 4


def test_digests_tell_values_apart_and_not_their_order() -> None:
    assert identity.encode({"b": [1, "x"], "a": "寧蒗"}) == '{"a":"寧蒗","b":[1,"x"]}'
    assert identity.digest({"a": 1, "b": 2}) == identity.digest({"b": 2, "a": 1})
    values: list[dict[str, Value]] = [{"a": 1}, {"a": "1"}, {"a": True}, {"a": 1.5}, {"a": ["1"]}, {"b": 1}, {}]
    assert len({identity.digest(v) for v in values}) == len(values)
    assert re.fullmatch("[0-9a-f]{24}", identity.digest({}))
