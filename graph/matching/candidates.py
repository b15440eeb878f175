"""Which entities are compared at all: those that share a key which few have. Kept in a temporary SQLite file.

Of a hundred thousand names every two would be five thousand million comparisons.
"""

import hashlib
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

#: A key that more entities share tells nothing.
MOST = 40
_CHUNK = 500
#: A key of one entity alone, or of too many, joins nothing.
_BLOCKS = f"""
CREATE TABLE block (k INTEGER PRIMARY KEY) WITHOUT ROWID;
INSERT INTO block SELECT k FROM key GROUP BY k HAVING count(*) BETWEEN 2 AND {MOST};
CREATE TABLE member (k INT, n INT, PRIMARY KEY (k, n)) WITHOUT ROWID;
INSERT INTO member SELECT k, n FROM key WHERE k IN (SELECT k FROM block) ORDER BY k, n;
DROP TABLE key; DROP TABLE block; CREATE INDEX of_number ON member (n, k);
"""  # noqa: S608
_PRAGMAS = "PRAGMA page_size=16384; PRAGMA cache_size=-16000; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"


class Candidates:
    """Entities by number, with their keys. Add all, then read the pairs."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="aidgraph-")
        self._db = sqlite3.connect(Path(self._folder.name) / "keys.db")
        self._db.executescript(f"{_PRAGMAS} CREATE TABLE key (k INT, n INT);")
        self._kept: list[tuple[int, int]] = []
        self._highest = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()
        self._folder.cleanup()

    def add(self, number: int, keys: Iterable[str]) -> None:
        self._highest = max(self._highest, number)
        self._kept += [(_hashed(key), number) for key in set(keys)]
        if len(self._kept) > 10_000:
            self._flush()

    def _flush(self) -> None:
        self._db.executemany("INSERT INTO key VALUES (?, ?)", self._kept)
        self._kept.clear()

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Pairs of numbers that share a key, each once, the lower number first, in order of it."""
        self._flush()
        self._db.executescript(_BLOCKS)
        sql = (
            "SELECT DISTINCT a.n, b.n FROM member a JOIN member b ON b.k = a.k AND b.n > a.n "
            "WHERE a.n >= ? AND a.n < ? ORDER BY 1, 2"
        )
        for first in range(0, self._highest + 1, _CHUNK):
            yield from self._db.execute(sql, (first, first + _CHUNK)).fetchall()


def _hashed(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big", signed=True)
