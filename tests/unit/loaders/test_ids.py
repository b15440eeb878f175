"""Names as parts of ids: what is one name, and what stays apart."""

import pytest

from loaders import ids


@pytest.mark.parametrize(
    ("name", "same"), [("Société Générale", "societe  generale"), ("A. B. Ltd", "a-b ltd"), ("ＡＢＣ", "abc")]
)
def test_writings_of_one_name_are_one(name: str, same: str) -> None:
    assert ids.slug(name) == ids.slug(same)


@pytest.mark.parametrize(
    ("name", "other"),
    [("दाल", "दिल"), ("が", "か"), ("พี", "พุ"), ("ministry of " + "x" * 120 + " a", "ministry of " + "x" * 120 + " b")],
    ids=["vowel signs", "voiced", "vowel above and below", "long"],
)
def test_names_that_differ_stay_apart(name: str, other: str) -> None:
    assert ids.slug(name) != ids.slug(other)


def test_a_long_name_keeps_its_bound() -> None:
    assert ids.slug("é" * 120) == "e" * 120
    long = ids.slug("e" * 121)
    assert (len(long), long[:104]) == (120, "e" * 103 + "-")
