"""Ids made of what files give: identifiers as published, made safe, and short names where there is no identifier."""

import hashlib
import re
import unicodedata
from urllib.parse import quote

from loaders import values

#: Characters of an identifier that may stand in an id as they are; others are percent-encoded.
_SAFE = "!$&'()*+,-./:;=@_~"
_SLUG = 120  # characters of a name in an id
_ACCENTED = "\u0530"  # behind Latin, Greek and Cyrillic


def encoded(identifier: str) -> str:
    """An identifier as published, with spaces and what is not ASCII percent-encoded; refuses control characters."""
    return quote(values.clean(identifier), safe=_SAFE)


def slug(name: str) -> str:
    """A name in small letters and digits with hyphens between; other scripts stay, percent-encoded."""
    kept = unicodedata.normalize("NFC", _unaccented(unicodedata.normalize("NFKD", values.clean(name)).casefold()))
    return quote(hyphenated(kept, _SLUG), safe="-") or "-"


def hyphenated(text: str, most: int) -> str:
    """Letters, digits and the marks that belong to them, with hyphens between; of a text that is longer than `most`
    characters its beginning and a hash, so that long texts that begin alike stay apart."""
    signs = (char if char.isalnum() or unicodedata.category(char)[0] == "M" else "-" for char in text)
    joined = re.sub("-+", "-", "".join(signs)).strip("-")
    if len(joined) <= most:
        return joined
    digest = hashlib.blake2b(joined.encode(), digest_size=8).hexdigest()
    return f"{joined[: most - len(digest) - 1]}-{digest}"


def _unaccented(decomposed: str) -> str:
    """Without the accents of Latin, Greek and Cyrillic letters; the vowels and sounds that other scripts write as
    marks tell words apart."""
    kept: list[str] = []
    base = ""
    for char in decomposed:
        if not unicodedata.combining(char):
            base = char
        elif base < _ACCENTED:
            continue
        kept.append(char)
    return "".join(kept)


def organization(identifier: str) -> str:
    """By its identifier: the same form whatever the format, so that equal identifiers are one organization."""
    return f"org:{encoded(identifier)}"


def named_organization(publisher: str, name: str) -> str:
    """By its name, as one publisher uses it: never joined with those of others."""
    return f"org:{encoded(publisher)}:{slug(name)}"
