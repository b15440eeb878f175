"""Cursors: the keys of a row, signed, so that what comes back is what was given out."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

import msgspec

from api.errors import BadUserInput

#: Bytes of a signature.
SIGNED = 9
#: Characters of a cursor: two texts of a thousand characters and more fit.
LONGEST = 12_000
BEGIN = "c"
_FORGED = "after is no cursor of this list in this order: pass a cursor that the same list gave, unchanged"


class Seal:
    """Makes and opens cursors with a key that is kept in the store."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sealed(self, listing: str, keys: Sequence[Any]) -> str:
        said = msgspec.json.encode([listing, *keys])
        return _written(self._signature(said) + said)

    def read(self, name: str, text: str) -> list[Any]:
        """What was sealed under a name, of whatever types; BadUserInput where it was not."""
        try:
            return self._parts(name, text)
        except (ValueError, TypeError, msgspec.DecodeError):
            raise BadUserInput(f"id is no {name}Id of this graph: pass one that an answer gave, unchanged") from None

    def opened(self, listing: str, cursor: str, types: Sequence[type]) -> list[Any]:
        """The keys; BadUserInput where the cursor was not given out for this list."""
        try:
            keys = self._parts(listing, cursor)
        except (ValueError, TypeError, msgspec.DecodeError):
            raise BadUserInput(_FORGED) from None
        if len(keys) != len(types) or not all(map(isinstance, keys, types)):
            raise BadUserInput(_FORGED)
        return keys

    def _parts(self, name: str, text: str) -> list[Any]:
        if len(text) > LONGEST:
            raise ValueError
        signed = base64.b64decode(text.removeprefix(BEGIN).encode("ascii"), altchars=b"-_", validate=True)
        said = signed[SIGNED:]
        if not hmac.compare_digest(signed[:SIGNED], self._signature(said)) or _written(signed) != text:
            raise ValueError
        named, *parts = msgspec.json.decode(said)
        if named != name:
            raise ValueError
        return parts

    def _signature(self, said: bytes) -> bytes:
        return hmac.digest(self._key, said, hashlib.sha256)[:SIGNED]


def _written(signed: bytes) -> str:
    """The one spelling of a cursor; base64 itself has several for the same bytes. None begins as an option of a command does."""
    return BEGIN + base64.urlsafe_b64encode(signed).decode()
