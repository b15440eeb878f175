"""Cursors: what a list gave out opens for that list in that order, and nothing else does."""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from api.cursors import LONGEST, SIGNED, Seal
from api.errors import BadUserInput

KEY = b"k" * 32
SEAL = Seal(KEY)
LISTING = "Place:id_asc"
CURSOR = SEAL.sealed(LISTING, ["cn:530724"])

keys = st.lists(st.text(max_size=30) | st.integers(-(2**53), 2**53), min_size=1, max_size=3)
names = st.sampled_from(["Place:id_asc", "Place:id_desc", "Source:id_asc", "FUNDS>:began_desc", "help:began_desc", ""])


def refusal(cursor: str, listing: str = LISTING, types: Sequence[type] = (str,), seal: Seal = SEAL) -> str:
    with pytest.raises(BadUserInput) as raised:
        seal.opened(listing, cursor, types)
    assert raised.value.extensions == {"code": "BAD_USER_INPUT"}
    return raised.value.message


def signed(said: bytes, key: bytes = KEY) -> str:
    """A cursor of whatever content by one who has the key."""
    return base64.urlsafe_b64encode(hmac.digest(key, said, hashlib.sha256)[:SIGNED] + said).decode()


@given(names, keys)
def test_what_is_given_out_is_accepted(listing: str, row: list[Any]) -> None:
    assert SEAL.opened(listing, SEAL.sealed(listing, row), [type(key) for key in row]) == row


@given(names, names, keys)
def test_only_its_list_in_its_order_accepts_it(listing: str, other: str, row: list[Any]) -> None:
    assume(listing != other)
    refusal(SEAL.sealed(listing, row), other, [type(key) for key in row])


@given(keys, keys)
def test_rows_have_cursors_of_their_own(row: list[Any], other: list[Any]) -> None:
    assume(row != other)
    assert SEAL.sealed(LISTING, row) != SEAL.sealed(LISTING, other)


@given(st.text())
def test_any_text_is_refused(text: str) -> None:
    refusal(text)


def test_it_outlasts_a_restart_and_no_other_store_takes_it() -> None:
    assert Seal(KEY).opened(LISTING, CURSOR, (str,)) == ["cn:530724"]
    refusal(CURSOR, seal=Seal(b"x" * 32))
    refusal(Seal(b"x" * 32).sealed(LISTING, ["cn:530724"]))


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "\0",
        CURSOR + "\0",
        "\0" + CURSOR,
        f" {CURSOR}",
        f"{CURSOR}\n",
        CURSOR.replace("=", ""),
        CURSOR + "=",
        base64.b64encode(b"-1").decode(),
        base64.b64encode(b"0' OR 1=1 //").decode(),
        base64.b64encode(json.dumps({"offset": -1}).encode()).decode(),
        base64.b64encode(json.dumps([LISTING, "cn:530724"]).encode()).decode(),
        base64.b64encode(b"\0" * 9).decode(),
        "A" * 100_000,
        "ä" * 20,
        "\ud800",
        signed(json.dumps([LISTING, "a"]).encode(), b"another key"),
    ],
)
def test_forged(cursor: str) -> None:
    assert refusal(cursor).endswith("pass a cursor that the same list gave, unchanged")


def test_truncated_or_with_a_flipped_bit() -> None:
    for length in range(len(CURSOR)):
        refusal(CURSOR[:length])
    raw = CURSOR.encode()
    for at in range(len(raw)):
        for bit in range(8):
            flipped = bytes(byte ^ (1 << bit) if n == at else byte for n, byte in enumerate(raw))
            refusal(flipped.decode("latin-1"))
    said = base64.urlsafe_b64decode(CURSOR)
    for at in range(len(said)):
        for bit in range(8):
            flipped = bytes(byte ^ (1 << bit) if n == at else byte for n, byte in enumerate(said))
            refusal(base64.urlsafe_b64encode(flipped).decode())


def test_another_spelling_of_the_same_bytes_is_refused() -> None:
    """So that a cursor is its bytes, and a cache or a log never has two of one."""
    cursor = next(made for n in range(100) if "-" in (made := SEAL.sealed(LISTING, [f"cn:{n}"])))
    assert base64.b64decode(cursor, altchars=b"-_") == base64.b64decode(cursor.replace("-", "+"), altchars=b"-_")
    refusal(cursor.replace("-", "+"))


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"1",
        b'"Place:id_asc"',
        b'["Place:id_asc"]',
        b'["Place:id_asc", "a", "b"]',
        b'["Place:id_asc", 1]',
        b'["Place:id_asc", null]',
        b'["Place:id_asc", ["a"]]',
        b'["Place:id_asc", "\xff"]',
        b'{"Place:id_asc": "a"}',
    ],
)
def test_of_other_keys_even_if_signed(said: bytes) -> None:
    """What an older version may have given out for a list whose keys were others."""
    refusal(signed(said))


def test_the_longest_row_fits() -> None:
    """Ids and names are at most 1,000 characters; the cursor of such a row must not be refused as too long."""
    row = ["宁" * 500, "e" * 1_000]
    cursor = SEAL.sealed(LISTING, row)
    assert len(cursor) < LONGEST
    assert SEAL.opened(LISTING, cursor, (str, str)) == row
