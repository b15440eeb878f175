"""Which entities are compared at all: those that share a key which few have. Kept in a temporary SQLite file.

Of a hundred thousand names every two would be five thousand million comparisons.
"""

import hashlib
from collections.abc import Iterable, Iterator

from graph.scratch import Scratch

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


class Candidates(Scratch):
    """Entities by number, with their keys. Add all, then read the pairs."""

    def __init__(self) -> None:
        super().__init__("PRAGMA page_size=16384; CREATE TABLE key (k INT, n INT);")
        self._kept: list[tuple[int, int]] = []
        self._highest = -1

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
