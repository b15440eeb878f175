"""The table of formats: which reader opens a file. A new format is a module and one line here."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from loaders import tabular

#: Path and encoding (None: decide) → table of rows.
Opener = Callable[[Path, str | None], AbstractContextManager[tabular.Table]]

FORMATS: dict[str, Opener] = {"csv": tabular.open_table}


def opener(_path: Path) -> Opener:
    """The opener for a file. So far all are tables as text; what is none is refused by the reader, which says what it is."""
    return FORMATS["csv"]
