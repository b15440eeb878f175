"""Texts that may name a private person."""

import pytest

from loaders.persons import may_name


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("Grant to Li Wu", "Li Wu"),
        ("资助王小明读书", "王小明"),
        ("小明助学", "王小明"),
        ("김민수 장학금", "김민수"),
        ("Grant to Jose", "José Ñ. Alvarez"),
        ("GRANT TO JOSÉ", "jose"),
        ("Help for Søren", "Soren K."),
        ("Support for M. Ng", "M. Ng"),
        ("The Smiths' garden", "A. Smith"),
        ("OBrien bursary", "Mary O'Brien"),
        ("Chris learns to sail", "Christopher Roe"),
        ("Bursary", ""),
        ("Bursary", "…"),
    ],
)
def test_texts_that_may(text: str, person: str) -> None:
    assert may_name(text, person)


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("Books for a school", "Li Wu"),
        ("助学金", "王小明"),
        ("장학금", "박철수"),
        ("Учёба", "Юра Ким"),
        ("", "Li Wu"),
        ("", ""),
    ],
)
def test_texts_that_do_not(text: str, person: str) -> None:
    assert not may_name(text, person)
