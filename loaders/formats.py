"""The table of formats: which reader a file gets, chosen from its content. A new format is a module and one line here."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from loaders import tabular

Opener = Callable[[Path, str | None], AbstractContextManager[tabular.Table]]

#: name → (what it is, how its files begin, opener). Checked in order; CSV takes what is text.
FORMATS: dict[str, tuple[str, bytes, Opener]] = {
    "csv": ("tables as text: comma, semicolon or tab", b"", tabular.open_table),
}


def opener(_path: Path) -> Opener:
    """The opener for a file; a file no reader takes is refused by the last, which says what it is."""
    return FORMATS["csv"][2]
