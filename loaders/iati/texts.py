"""Texts, names, dates and ids of IATI elements. Pure functions; what cannot be read raises ValueError."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote

import msgspec

from graph.records import Value
from loaders import ids, values
from loaders.iati.reader import Element

LANG = "{http://www.w3.org/XML/1998/namespace}lang"
MAX_NAME, MAX_TEXT, MAX_VALUE = 1_000, 20_000, 2_000
#: Characters of each of the up to three parts of an id.
MAX_ID = 600
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
#: A date of XML Schema, whose time zone does not change the day, or a point of time in its place.
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?", re.ASCII)
#: Forms of identifiers that are one's own the world over: a register (of a country, or of XI, XM …) and a number in it,
#: a number of the country's own, those of 360Giving and the DAC, and the code of a multilateral.
_IDENTIFIER = re.compile(
    r"[A-Z]{2}-[^\s-]+-\S.*|(?:[A-Z]{2}|DAC)-[A-Z0-9_]+|360G-\S+|[a-z]{2}-(?:[a-z0-9]+-\S*)?[0-9]\S*|4\d{4}", re.ASCII
)
#: Numbers that are none, and codes of a kind of organizations: 47000 is any other multilateral.
_OF_NONE = re.compile(r"(?:.*-)?0+|(?:(?:XM-)?DAC-)?[1-9]\d000", re.ASCII)
#: What is written where there is no identifier, X and 0 of any number aside.
_NOTHING = ("n", "a", "na", "no", "not", "none", "null", "applicable", "available", "tba", "tbc", "tbd", "unknown")
_ENGLISH = ("en", "eng")


class Narrative(msgspec.Struct, frozen=True):
    """A text and the language that is stated for it, or for its activity; may be empty."""

    text: str
    language: str


def line(text: str, longest: int = MAX_NAME) -> str:
    """Text on one line, without control characters, cut where it is longer."""
    plain = unicodedata.normalize("NFC", " ".join(_CONTROL.sub("", text).split()))
    return plain if len(plain) <= longest else f"{plain[: longest - 1]}…"


def own(element: Element) -> str:
    """The text of an element as far as a value may reach: what is longer is refused wherever it is read.

    Raises ValueError where it holds other elements than narratives: what stands before them is not the value.
    """
    markup = next((child for child in element if child.tag != "narrative"), None)
    if markup is not None:
        raise ValueError(f"holds the element <{str(markup.tag)[:100]}>: write its text without markup")
    return (element.text or "").strip()[:MAX_VALUE]


def attribute(element: Element, name: str) -> str:
    """Likewise of an attribute; empty where there is none."""
    return (element.get(name) or "").strip()[:MAX_VALUE]


def narratives(element: Element, language: str, longest: int = MAX_NAME) -> list[Narrative]:
    """The texts of an element, whole where markup stands in them: its narratives, or in files of 1.0x its own text."""
    found: list[Narrative] = []
    inherited = attribute(element, LANG) or language
    for child in element:
        if child.tag == "narrative" and (text := line("".join(child.itertext()), longest)):
            found.append(Narrative(text, (attribute(child, LANG) or inherited).lower()))
    if not found and (text := line("".join(element.itertext()), longest)):
        found.append(Narrative(text, inherited.lower()))
    return found


def names(found: Iterable[Narrative]) -> dict[str, Value]:
    """name is the first text, name_en the first in English, aliases the others."""
    texts = list(found)
    if not texts:
        return {}
    said: dict[str, Value] = {"name": texts[0].text}
    if english := next((n.text for n in texts if n.language.split("-")[0] in _ENGLISH), ""):
        said["name_en"] = english
    others = dict.fromkeys(n.text for n in texts if n.text not in said.values())
    return {**said, "aliases": list(others)} if others else said


@lru_cache(maxsize=8_192)  # days repeat
def day(text: str) -> str:
    """An ISO day; a time zone or a time of day beside it is left out."""
    match = _DAY.fullmatch(text.strip())
    return values.day(match[1] if match else text)


def is_identifier(text: str) -> bool:
    """Whether a ref can be an identifier of one organization: not a bare code that each list has of its own, nor N/A."""
    if len(text) > MAX_ID or not text.isprintable():
        return False
    return _IDENTIFIER.fullmatch(text) is not None and not is_placeholder(text)


def is_placeholder(text: str) -> bool:
    """Whether a ref says only that there is none, or of what kind the organization is."""
    parts = slug(text).split("-")
    return _OF_NONE.fullmatch(text.upper()) is not None or all(p in _NOTHING or not p.strip("x0") for p in parts)


def is_code(text: str) -> bool:
    """Whether a ref can be a code of its publisher's own: not a name that was put there."""
    return bool(text) and not is_placeholder(text) and (text.isalnum() or any(char.isdigit() for char in text))


def identifier(text: str) -> str:
    """An identifier as part of an id: white space encoded; refuses control characters and excessive length."""
    cleaned = values.clean(text)
    if not cleaned:
        raise ValueError("is empty")
    if len(cleaned) > MAX_ID:
        raise ValueError(f"has more than {MAX_ID:,} characters; an identifier is needed")
    return re.sub(r"\s", lambda white: quote(white[0]), cleaned)


def organization(text: str) -> str:
    """The id of the organization of an identifier: the one that other formats give it; refuses what `identifier` does."""
    identifier(text)
    return ids.organization(text)


def slug(name: str) -> str:
    """A name as part of an id: letters and digits of any script in lower case, hyphens between; may be empty."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return ids.hyphenated(folded, MAX_ID)


def shortened(number: str) -> str:
    """A plain decimal without zeros at its end."""
    return number.rstrip("0").rstrip(".") if "." in number else number
