"""Cursors and page sizes."""

import pytest

from api.errors import BadUserInput
from api.pagination import checked_first, cursor, page, position


def test_a_cursor_is_the_id_of_its_row() -> None:
    assert position(cursor("cn:530724")) == "cn:530724"
    assert position(None) == ""


@pytest.mark.parametrize("forged", ["", "x", "===", "é", "LTE", "bad cursor", "Y246NTMwNzI0Zg", "\ud800"])
def test_a_forged_cursor_is_refused(forged: str) -> None:
    with pytest.raises(BadUserInput, match="no cursor of this list"):
        position(forged)


@pytest.mark.parametrize("first", [0, -1, 501, 10_000])
def test_a_page_has_bounds(first: int) -> None:
    with pytest.raises(BadUserInput, match="between 1 and 500"):
        checked_first(first)


def test_a_page_says_whether_there_is_more() -> None:
    rows = [("a", "A"), ("b", "B"), ("c", "C")]
    some = page(rows, 2, None)
    assert [edge.node for edge in some.edges] == ["A", "B"]
    assert (some.page_info.has_next_page, some.page_info.has_previous_page) == (True, False)
    assert position(some.page_info.end_cursor) == "b"
    rest = page(rows[2:], 2, cursor("b"))
    assert (rest.page_info.has_next_page, rest.page_info.has_previous_page) == (False, True)
