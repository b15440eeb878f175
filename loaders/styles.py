"""The styles of an XLSX workbook: how cells of each style are shown. Read in time in proportion to their length."""

import re
from typing import Final
from xml.sax.saxutils import unescape

from loaders import looks

#: Styles of cells, and number formats, that a workbook may have: what spreadsheets allow.
MOST: Final = 65_490
_FORMAT: Final = re.compile(r"<(?:\w+:)?numFmt\s[^<>]*>")
_BEGIN: Final = re.compile(r"<(?:\w+:)?cellXfs[\s>]")
_END: Final = re.compile(r"</(?:\w+:)?cellXfs")
_STYLE: Final = re.compile(r"<(?:\w+:)?xf\s[^<>]*>")


class TooMany(Exception):
    """More styles are declared than a spreadsheet allows."""


def attribute(tag: str, name: str) -> str:
    """The value of an attribute of a tag, empty where it has none."""
    found = re.search(rf"""\b{name}\s*=\s*(?:"([^"]*)"|'([^']*)')""", tag)
    return unescape(found[1] or found[2] or "", {"&quot;": '"', "&apos;": "'"}) if found else ""


def looks_of(styles: str) -> dict[bytes, looks.Look]:
    """The styles, by their numbers as cells give them, that show cells otherwise than they are held. Raises TooMany."""
    begin = _BEGIN.search(styles)
    if begin is None:
        return {}
    end = _END.search(styles, begin.end())
    formats = {
        number: looks.of_format(int(number), attribute(tag, "formatCode"))
        for tag in _tags(_FORMAT, styles[: begin.start()])
        if (number := attribute(tag, "numFmtId")).isdecimal() and len(number) < 10
    }
    found: dict[bytes, looks.Look] = {}
    for n, tag in enumerate(_tags(_STYLE, styles[begin.end() : end.start() if end else None])):
        number = attribute(tag, "numFmtId")
        look = formats.get(number) or (looks.of_format(int(number)) if number in _BUILT_IN else looks.PLAIN)
        if look != looks.PLAIN:
            found[str(n).encode()] = look
    return found


#: Numbers below 164 are formats of the spreadsheet's own.
_BUILT_IN: Final = frozenset(map(str, range(164)))


def _tags(pattern: "re.Pattern[str]", text: str) -> list[str]:
    tags = pattern.findall(text)
    if len(tags) > MOST:
        raise TooMany
    return tags
