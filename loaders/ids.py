"""Ids made of what files give: identifiers as published, made safe, and short names where there is no identifier."""

import re
import unicodedata
from urllib.parse import quote

from loaders import values

#: Characters of an identifier that may stand in an id as they are; others are percent-encoded.
_SAFE = "!$&'()*+,-./:;=@_~"
_SLUG = 120  # characters of a name in an id


def encoded(identifier: str) -> str:
    """An identifier as published, with spaces and what is not ASCII percent-encoded; refuses control characters."""
    return quote(values.clean(identifier), safe=_SAFE)


def slug(name: str) -> str:
    """A name in small letters and digits with hyphens between; other scripts stay, percent-encoded."""
    plain = unicodedata.normalize("NFKD", values.clean(name)).casefold()
    kept = "".join(char for char in plain if not unicodedata.combining(char))
    return quote(re.sub(r"[\W_]+", "-", unicodedata.normalize("NFC", kept)).strip("-")[:_SLUG], safe="-") or "-"


def organization(identifier: str) -> str:
    """By its identifier: the same form whatever the format, so that equal identifiers are one organization."""
    return f"org:{encoded(identifier)}"


def named_organization(publisher: str, name: str) -> str:
    """By its name, as one publisher uses it: never joined with those of others."""
    return f"org:{encoded(publisher)}:{slug(name)}"
