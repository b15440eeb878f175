"""What a run has to remember of millions of rows: tables in a temporary file."""

import sqlite3
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self


class Scratch:
    """An SQLite database that is gone with the block it is used in; nothing of it needs to survive.

    `schema` may begin with PRAGMAs of its own. `one_thread`: it is used by the thread that makes it alone.
    """

    def __init__(self, schema: str, *, one_thread: bool = True) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="aidgraph-")
        self._db = sqlite3.connect(Path(self._folder.name) / "scratch.db", check_same_thread=one_thread)
        # what is read again stays in a cache of 16 MB, so that memory stays flat
        self._db.executescript(f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-16000; {schema}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()
        self._folder.cleanup()
