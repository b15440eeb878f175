"""FollowTheMoney: entities as JSON lines, whole sets and deltas. Which schemata are read is followthemoney.toml.

A file is read twice: who may be loaded depends on links that may stand before or behind them. Persons are entities only
in a public role, or as directors of an organization; what is kept of them is their name and that role.
"""

import json
import re
import sqlite3
import tempfile
import tomllib
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final, cast

from loaders import ids, jsontext, values
from loaders.countries import country
from loaders.jsontext import BadValue
from loaders.making import Maker
from loaders.reading import How, Part, Unit
from loaders.records import RowError
from loaders.rows import RowBuilder

NAME: Final = "followthemoney"
OPS: Final = ("ADD", "MOD", "DEL")
_PERSON: Final = "Person"
_SCHEMA: Final = """
CREATE TABLE entity (id TEXT PRIMARY KEY, label TEXT, text TEXT) WITHOUT ROWID;
CREATE TABLE role (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE director (id TEXT, organization TEXT, PRIMARY KEY (id, organization)) WITHOUT ROWID;
"""
#: A directorship of what is read; what the file does not hold may be in the graph.
_DIRECTORSHIP: Final = """
SELECT 1 FROM director d LEFT JOIN entity e ON e.id = d.organization
WHERE d.id = ? AND (e.label IS NULL OR e.label IN (SELECT value FROM json_each(?)))
"""


@cache
def _subset() -> dict[str, Any]:
    return tomllib.loads((resources.files("loaders") / "followthemoney.toml").read_text("utf-8"))


class _Proxy:
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


def _read(text: str) -> _Proxy:
    """The entity of a line; raises BadValue or RowError."""
    said = jsontext.parse(text)
    if isinstance(said, dict) and "op" in said:
        delta = cast("dict[str, Any]", said)
        op = delta["op"]
        if op not in OPS:
            raise RowError(f"must be {' or '.join(OPS)}", column="op", value=str(op)[: values.QUOTED])
        return _Proxy(delta.get("entity"), str(op))
    return _Proxy(said, "")


def _id(identifier: str) -> str:
    return f"ftm:{ids.encoded(identifier)}"


def _label(proxy: _Proxy) -> str | None:
    """The label an entity gets by itself; Person where that depends on its links; None where it is not read."""
    if proxy.schema == _PERSON:
        return _PERSON
    if proxy.schema == "LegalEntity" and not proxy.several(_subset()["organization"]["marks"]):
        return None
    return _subset()["entities"].get(proxy.schema)


class _Index:
    """What stands in a file, kept on disk: labels of entities, persons as they were read, who is an official."""

    def __init__(self, path: Path, how: How) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="aidgraph-")
        self._db = sqlite3.connect(Path(self._folder.name) / "index.db")
        self._db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _SCHEMA)
        with jsontext.open_text(path, how.encoding) as stream:
            for item in jsontext.lines(path, stream):
                try:
                    self._add(_read(item.text), item.text)
                except (BadValue, RowError):  # told when the line is read for its records
                    continue

    def close(self) -> None:
        self._db.close()
        self._folder.cleanup()

    def _add(self, proxy: _Proxy, text: str) -> None:
        links: dict[str, Any] = _subset()["links"]
        if proxy.schema == "Occupancy":
            self._db.executemany("INSERT OR IGNORE INTO role VALUES (?)", [(one,) for one in proxy.all("holder")])
        elif proxy.schema == "Directorship":
            rule = links[proxy.schema]
            pairs = [(start, end) for start in proxy.all(rule["from"]) for end in proxy.all(rule["to"])]
            self._db.executemany("INSERT OR IGNORE INTO director VALUES (?, ?)", pairs)
        elif proxy.schema not in links and proxy.op != "DEL":
            label = _label(proxy) or proxy.schema
            kept = text if label == _PERSON else ""
            self._db.execute("INSERT OR REPLACE INTO entity VALUES (?, ?, ?)", (proxy.id, label, kept))
            if label == _PERSON and set(proxy.all("topics")) & set(_subset()["person"]["topics"]):
                self._db.execute("INSERT OR IGNORE INTO role VALUES (?)", (proxy.id,))

    def label(self, identifier: str) -> str | None:
        """The label of an entity of the file; None where the file does not hold it."""
        row = self._db.execute("SELECT label FROM entity WHERE id = ?", (identifier,)).fetchone()
        return row[0] if row else None

    def person(self, identifier: str) -> _Proxy | None:
        row = self._db.execute("SELECT text FROM entity WHERE id = ? AND label = ?", (identifier, _PERSON)).fetchone()
        return _read(row[0]) if row else None

    def has_public_role(self, identifier: str) -> bool:
        return self._db.execute("SELECT 1 FROM role WHERE id = ?", (identifier,)).fetchone() is not None

    def is_official(self, identifier: str) -> bool:
        """Whether the person is read: in a public role, or as a director of an organization that is read."""
        labels = json.dumps(sorted(set(_subset()["entities"].values())))
        found = self._db.execute(_DIRECTORSHIP, (identifier, labels)).fetchone()
        return found is not None or self.has_public_role(identifier)


class EntitiesPart:
    """A file of entities, or of changes to them."""

    name = ""
    mapping = "FollowTheMoney"
    brings_entities = True

    def __init__(self, path: Path, how: How) -> None:
        self._path, self._how = path, how
        self._share: float | None = None
        self._skipped: Counter[str] = Counter()

    def notes(self) -> list[str]:
        return [f"{self._path.name}: {count:,} {what} skipped" for what, count in sorted(self._skipped.items())]

    def header_of(self, name: str) -> str:
        return name

    def share(self) -> float | None:
        return self._share

    def units(self, builder: RowBuilder) -> Iterator[Unit]:
        index = _Index(self._path, self._how)
        try:
            with jsontext.open_text(self._path, self._how.encoding) as stream:
                for item in jsontext.lines(self._path, stream):
                    self._share = jsontext.share(stream)
                    yield self._unit(item, index, builder)
        finally:
            index.close()

    def _unit(self, item: jsontext.Item, index: _Index, builder: RowBuilder) -> Unit:
        maker = Maker(builder, item.line)
        replaces: str | None = None
        try:
            proxy = _read(item.text)
            maker = Maker(builder, item.line, _locator(proxy.id))
            if proxy.op != "DEL":
                self._records(proxy, index, maker)
            if proxy.op:
                # a person who is no official by this file may be a director by another one, and stays as it was
                stays = proxy.op == "MOD" and proxy.schema == _PERSON and not maker.records
                replaces = "" if stays else _locator(proxy.id)
        except BadValue as error:
            maker.fault(str(error), "line")
        except RowError as error:
            maker.faults.append(error)
        if maker.faults:
            return Unit(line=item.line, faults=maker.faults)
        return Unit(line=item.line, records=maker.records, replaces=replaces)

    def _records(self, proxy: _Proxy, index: _Index, maker: Maker) -> None:
        label = _label(proxy)
        if proxy.schema in _subset()["links"]:
            self._link(proxy, index, maker)
        elif label == _PERSON:
            # a person who is only a director comes with the directorship: without its organization there is no entity
            if index.has_public_role(proxy.id):
                _official(proxy, maker)
            elif not index.is_official(proxy.id):
                self._skipped["Person without a public role or a directorship"] += 1
        elif label == "Project":
            _project(proxy, maker)
        elif label is not None:
            _organization(proxy, label, maker)
        elif proxy.schema in _subset()["entities"]:
            self._skipped[f"{proxy.schema} that may be a person"] += 1
        else:
            self._skipped[proxy.schema] += 1

    def _link(self, proxy: _Proxy, index: _Index, maker: Maker) -> None:
        rule: dict[str, Any] = _subset()["links"][proxy.schema]
        if "type" not in rule:  # it only makes an official
            return
        starts, ends = proxy.all(rule["from"]), proxy.all(rule["to"])
        if not starts or not ends:
            self._skipped[f"{proxy.schema} without both its ends"] += 1
            return
        texts = self._texts(proxy, rule, index)
        if texts is None:
            return
        for start in starts:
            for end in ends:
                if why := _left_out(rule["type"], start, end, index):
                    self._skipped[f"{proxy.schema} {why}"] += 1
                    continue
                if rule["type"] == "HOLDS_POST" and (director := index.person(start)) is not None:
                    _official(director, maker)
                maker.claim(rule["type"], _id(start), _id(end), texts, {"from": rule["from"], "to": rule["to"]})

    def _texts(self, proxy: _Proxy, rule: dict[str, Any], index: _Index) -> dict[str, str | None] | None:
        """The properties of a claim; None where the link cannot be one."""
        texts: dict[str, str | None] = {}
        for name, target in rule.get("texts", {}).items():
            texts[target] = "; ".join(proxy.all(name))
        for name, target in rule.get("numbers", {}).items():
            given = proxy.all(name)
            texts[target] = given[0].removesuffix("%").strip() if len(given) == 1 else None
        if "role" in rule:
            role = " ".join(proxy.all(rule["role"])).casefold()
            found = {code for word, code in _subset()["roles"].items() if word in role}
            if len(found) != 1:
                self._skipped[f"{proxy.schema} with a role that is none of ours"] += 1
                return None
            texts["role"] = found.pop()
        start, end = (_day(proxy, name) for name in ("startDate", "endDate"))
        texts["valid_from"] = start or _day(proxy, "date")
        if end:
            texts |= {"valid_to": end, "valid_to_basis": "period" if rule["type"] == "FUNDS" else "stated"}
        if rule["type"] == "FUNDS":
            texts |= self._money(proxy, rule, index)
        return texts

    @staticmethod
    def _money(proxy: _Proxy, rule: dict[str, Any], index: _Index) -> dict[str, str | None]:
        amounts, currencies = proxy.all(rule["amount"]), proxy.all(rule["currency"])
        said: dict[str, str | None] = {"class": rule["class"], "transaction": proxy.id}
        if len(amounts) == 1 and len(currencies) == 1:
            said |= {"amount": amounts[0], "currency": currencies[0]}
        elif amounts:
            said["raw"] = f"{'; '.join(amounts)} {'; '.join(currencies)}".strip()
        projects = [one for one in proxy.all(rule["about"]) if index.label(one) == "Project"]
        if len(projects) == 1:
            said["about"] = _id(projects[0])
        return said


def _locator(identifier: str) -> str:
    return f"entity {identifier}"


def _day(proxy: _Proxy, name: str) -> str:
    """The earliest of the dates of a property, without a time of day."""
    return re.sub(r"(?<=[0-9])[T ].*", "", proxy.first(name))


def _left_out(type_: str, start: str, end: str, index: _Index) -> str:
    """Why a link is none here: an end that is not read. Ends that the file does not hold may be in the graph."""
    if start == end:
        return "from an entity to itself"
    for identifier, is_start in ((start, True), (end, False)):
        label = index.label(identifier)
        if label is None:
            continue
        if label == _PERSON:
            if not (is_start and (type_ == "HOLDS_POST" or (type_ == "OWNS" and index.is_official(identifier)))):
                return "of a person"
        elif label not in _subset()["entities"].values() or (type_ == "HOLDS_POST" and is_start):
            return "of what is not read"
    return ""


def _named(proxy: _Proxy, rule: dict[str, Any]) -> dict[str, str | None]:
    """Name and aliases: the caption first, else the first of the names in their order."""
    names = proxy.several(rule["names"])
    name = proxy.caption or next(iter(sorted(names)), "")
    others = [one.replace(";", ",") for one in (*names, *proxy.several(rule["aliases"])) if one != name]
    return {"name": name, "aliases": ";".join(dict.fromkeys(sorted(others)))}


def _organization(proxy: _Proxy, label: str, maker: Maker) -> None:
    rule = _subset()["organization"]
    known = [
        f"{scheme}:{ids.encoded(number)}" for name, scheme in rule["identifiers"].items() for number in proxy.all(name)
    ]
    maker.entity(label, _id(proxy.id), {**_named(proxy, rule), "identifiers": ";".join(sorted(known))})
    lands = {land.id: land for code in proxy.several(rule["countries"]) if (land := country(code)) is not None}
    for id_, land in sorted(lands.items()):
        land.add(maker)
        maker.claim("LOCATED_IN", _id(proxy.id), id_)


def _project(proxy: _Proxy, maker: Maker) -> None:
    rule = _subset()["project"]
    texts = {**_named(proxy, rule)}
    texts |= {target: "; ".join(proxy.all(name)) for name, target in rule["texts"].items()}
    start, end = _day(proxy, "startDate"), _day(proxy, "endDate")
    texts |= {"valid_from": start, "valid_to": end, "valid_to_basis": "stated" if end else ""}
    maker.entity("Project", _id(proxy.id), texts)


def _official(proxy: _Proxy, maker: Maker) -> None:
    """A person with what the public role is, and nothing else of them."""
    role = "; ".join(sorted(proxy.all("position")))
    texts = {**_named(proxy, _subset()["person"]), "role": role, "locator": _locator(proxy.id)}
    maker.entity("Official", _id(proxy.id), texts)


@contextmanager
def open_lines(path: Path, how: How) -> Generator[list[Part]]:
    yield [EntitiesPart(path, how)]


def fits(head: bytes) -> bool:
    """Lines of entities, or of changes to them."""
    text = jsontext.head_text(head)
    if re.match(r'\{\s*"op"\s*:\s*"', text):
        return True
    first = text.partition("\n")[0]
    return first.startswith("{") and '"schema"' in first and ('"properties"' in first or len(text) == len(first))
