"""Files of FollowTheMoney as they stand: entities as read, and an index of a file on disk. What they become is
followthemoney.py; which schemata are read is followthemoney.toml."""

import json
import sqlite3
import tempfile
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final, cast

from loaders import jsontext, values
from loaders.jsontext import BadValue
from loaders.reading import How
from loaders.records import RowError

OPS: Final = ("ADD", "MOD", "DEL")
PERSON: Final = "Person"
OCCUPANCY: Final = "Occupancy"
DIRECTOR: Final = "Directorship"
_SCHEMA: Final = """
CREATE TABLE entity (id TEXT PRIMARY KEY, label TEXT, text TEXT) WITHOUT ROWID;
CREATE TABLE role (id TEXT, said TEXT, PRIMARY KEY (id, said)) WITHOUT ROWID;
CREATE TABLE director (id TEXT, organization TEXT, said TEXT, PRIMARY KEY (id, organization, said)) WITHOUT ROWID;
CREATE TABLE last (id TEXT PRIMARY KEY, line INT) WITHOUT ROWID;
CREATE INDEX role_said ON role (said);
CREATE INDEX director_said ON director (said);
"""
#: A directorship of what is read; what the file does not hold may be in the graph.
_DIRECTORSHIP: Final = """
SELECT 1 FROM director d LEFT JOIN entity e ON e.id = d.organization
WHERE d.id = ? AND (e.label IS NULL OR e.label IN (SELECT value FROM json_each(?)))
"""


@cache
def subset() -> dict[str, Any]:
    return tomllib.loads((resources.files("loaders") / "followthemoney.toml").read_text("utf-8"))


class Proxy:
    """An entity of FollowTheMoney: its id, its schema, and its properties, each a list of texts."""

    def __init__(self, said: Any, op: str) -> None:
        if not isinstance(said, dict):
            raise RowError("must be an object", column="entity", value=str(said)[: values.QUOTED])
        given = cast("dict[str, Any]", said)
        self.op = op
        self.id = self._one(given.get("id"), "id")
        if not self.id:
            raise RowError("is empty: an entity needs its id", column="id")
        self.schema = self._one(given.get("schema"), "schema")
        if not self.schema and op != "DEL":
            raise RowError("is empty: an entity needs its schema", column="schema")
        properties = given.get("properties", {})
        if not isinstance(properties, dict):
            raise RowError("must be an object of lists", column="properties", value=str(properties)[: values.QUOTED])
        self._properties = cast("dict[str, Any]", properties)
        self.caption = self._one(given.get("caption"), "caption")

    @staticmethod
    def _one(value: Any, column: str) -> str:
        if value is not None and not isinstance(value, str):
            raise RowError("must be a text", column=column, value=str(value)[: values.QUOTED])
        return _cleaned(value or "", column)

    def all(self, name: str) -> list[str]:
        value = self._properties.get(name, [])
        column = f"properties.{name}"
        if not isinstance(value, list):
            raise RowError("must be a list of texts", column=column, value=str(value)[: values.QUOTED])
        return list(dict.fromkeys(filter(None, (self._one(one, column) for one in cast("list[Any]", value)))))

    def first(self, name: str) -> str:
        return next(iter(sorted(self.all(name))), "")

    def several(self, names: Iterable[str]) -> list[str]:
        return list(dict.fromkeys(text for name in names for text in self.all(name)))


def _cleaned(text: str, column: str) -> str:
    try:
        return values.clean(text)
    except ValueError as error:
        raise RowError(str(error), column=column) from None


def read(text: str) -> Proxy:
    """The entity of a line; raises BadValue or RowError."""
    said = jsontext.parse(text)
    if isinstance(said, dict) and "op" in said:
        delta = cast("dict[str, Any]", said)
        op = delta["op"]
        if op not in OPS:
            raise RowError(f"must be {' or '.join(OPS)}", column="op", value=str(op)[: values.QUOTED])
        return Proxy(delta.get("entity"), str(op))
    return Proxy(said, "")


def label_of(proxy: Proxy) -> str | None:
    """The label an entity gets by itself; Person where that depends on its links; None where it is not read."""
    if proxy.schema == PERSON:
        return PERSON
    if proxy.schema == "LegalEntity" and not proxy.several(subset()["organization"]["marks"]):
        return None
    return subset()["entities"].get(proxy.schema)


def is_public(person: Proxy) -> bool:
    return bool(set(person.all("topics")) & set(subset()["person"]["topics"]))


class Index:
    """What stands in a file, kept on disk: labels of entities, persons as they were read, who is an official.

    Of the changes of one entity the last counts: `said` is the entity that gives a person a role.
    """

    def __init__(self, path: Path, how: How) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="aidgraph-")
        self._db = sqlite3.connect(Path(self._folder.name) / "index.db")
        self._db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _SCHEMA)
        with jsontext.open_text(path, how.encoding) as stream:
            for item in jsontext.lines(path, stream):
                try:
                    self._add(read(item.text), item)
                except (BadValue, RowError):  # told when the line is read for its records
                    continue

    def close(self) -> None:
        self._db.close()
        self._folder.cleanup()

    def _add(self, proxy: Proxy, item: jsontext.Item) -> None:
        links: dict[str, Any] = subset()["links"]
        if proxy.op:
            self._db.execute("INSERT OR REPLACE INTO last VALUES (?, ?)", (proxy.id, item.line))
            for table, column in (("entity", "id"), ("role", "said"), ("director", "said")):
                self._db.execute(f"DELETE FROM {table} WHERE {column} = ?", (proxy.id,))  # noqa: S608
        if proxy.op == "DEL":
            return
        if proxy.schema == OCCUPANCY:
            self._add_roles(proxy.all(links[proxy.schema]["from"]), proxy.id)
        elif proxy.schema == DIRECTOR:
            rule = links[proxy.schema]
            rows = [(start, end, proxy.id) for start in proxy.all(rule["from"]) for end in proxy.all(rule["to"])]
            self._db.executemany("INSERT OR IGNORE INTO director VALUES (?, ?, ?)", rows)
        elif proxy.schema not in links:
            label = label_of(proxy) or proxy.schema
            kept = item.text if label == PERSON else ""
            self._db.execute("INSERT OR REPLACE INTO entity VALUES (?, ?, ?)", (proxy.id, label, kept))
            if label == PERSON and is_public(proxy):
                self._add_roles([proxy.id], proxy.id)

    def _add_roles(self, persons: list[str], said: str) -> None:
        self._db.executemany("INSERT OR IGNORE INTO role VALUES (?, ?)", [(one, said) for one in persons])

    def is_last(self, identifier: str, line: int) -> bool:
        """Whether no later line of the file changes the entity."""
        return self._db.execute("SELECT line FROM last WHERE id = ?", (identifier,)).fetchone() == (line,)

    def label(self, identifier: str) -> str | None:
        """The label of an entity of the file; None where the file does not hold it."""
        row = self._db.execute("SELECT label FROM entity WHERE id = ?", (identifier,)).fetchone()
        return row[0] if row else None

    def person(self, identifier: str) -> Proxy | None:
        row = self._db.execute("SELECT text FROM entity WHERE id = ? AND label = ?", (identifier, PERSON)).fetchone()
        return read(row[0]) if row else None

    def is_official(self, identifier: str) -> bool:
        """Whether the person is read: in a public role, or as a director of an organization that is read."""
        labels = json.dumps(sorted(set(subset()["entities"].values())))
        found = self._db.execute(_DIRECTORSHIP, (identifier, labels)).fetchone()
        return (found or self._db.execute("SELECT 1 FROM role WHERE id = ?", (identifier,)).fetchone()) is not None
