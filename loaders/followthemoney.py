"""FollowTheMoney: entities as JSON lines, whole sets and deltas. Which schemata are read is followthemoney.toml.

A file is read twice: who may be loaded depends on links that may stand before or behind them. Persons are entities only
in a public role, or as directors of an organization; what is kept of them is their name and that role.
"""

import re
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from loaders import ids, jsontext
from loaders.countries import country
from loaders.ftm_index import DIRECTOR, OCCUPANCY, PERSON, Index, Proxy, is_public, label_of, read, subset
from loaders.jsontext import BadValue
from loaders.making import Maker
from loaders.reading import How, Part, Unit
from loaders.records import RowError
from loaders.rows import RowBuilder

NAME: Final = "followthemoney"


def _id(identifier: str) -> str:
    return f"ftm:{ids.encoded(identifier)}"


class EntitiesPart:
    """A file of entities, or of changes to them."""

    name = ""
    mapping = "FollowTheMoney"
    brings_entities = True

    def __init__(self, path: Path, how: How) -> None:
        self._path, self._how = path, how
        self._share: float | None = None
        self._skipped: Counter[str] = Counter()
        self._joint = 0

    def notes(self) -> list[str]:
        told = [f"{count:,} {what} skipped" for what, count in sorted(self._skipped.items())]
        if self._joint:
            told.append(
                f"{self._joint:,} Payment of several payers or beneficiaries: its sum stands once, and is not split"
            )
        return [f"{self._path.name}: {one}" for one in told]

    def header_of(self, name: str) -> str:
        return name

    def share(self) -> float | None:
        return self._share

    def units(self, builder: RowBuilder) -> Iterator[Unit]:
        index = Index(self._path, self._how)
        try:
            with jsontext.open_text(self._path, self._how.encoding) as stream:
                for item in jsontext.lines(self._path, stream):
                    self._share = jsontext.share(stream)
                    yield self._unit(item, index, builder)
        finally:
            index.close()

    def _unit(self, item: jsontext.Item, index: Index, builder: RowBuilder) -> Unit:
        maker = Maker(builder, item.line)
        change: dict[str, Any] = {}
        try:
            proxy = read(item.text)
            maker = Maker(builder, item.line, _locator(proxy.id))
            if proxy.op and not index.is_last(proxy.id, item.line):
                self._skipped["change of what a later line changes again"] += 1
                return Unit(line=item.line, replaces="")
            if proxy.op != "DEL":
                self._records(proxy, index, maker)
            change = _change(proxy, index) if proxy.op else {}
        except BadValue as error:
            maker.fault(str(error), "line")
        except RowError as error:
            maker.faults.append(error)
        if maker.faults:
            return Unit(line=item.line, faults=maker.faults)
        return Unit(line=item.line, records=maker.records, **change)

    def _records(self, proxy: Proxy, index: Index, maker: Maker) -> None:
        label = label_of(proxy)
        if proxy.schema in subset()["links"]:
            self._link(proxy, index, maker)
        elif label == PERSON:
            # what else makes a person an official comes with that, and goes with it
            if is_public(proxy):
                _official(proxy, maker)
            elif not index.is_official(proxy.id):
                self._skipped["Person without a public role or a directorship"] += 1
        elif label == "Project":
            _project(proxy, maker)
        elif label is not None:
            _organization(proxy, label, maker)
        elif proxy.schema in subset()["entities"]:
            self._skipped[f"{proxy.schema} that may be a person"] += 1
        else:
            self._skipped[proxy.schema] += 1

    def _link(self, proxy: Proxy, index: Index, maker: Maker) -> None:
        rule: dict[str, Any] = subset()["links"][proxy.schema]
        if proxy.schema == OCCUPANCY:
            for holder in proxy.all(rule["from"]):
                if (person := index.person(holder)) is not None:
                    _official(person, maker, f"holder of {_locator(proxy.id)}")
            return
        starts, ends = proxy.all(rule["from"]), proxy.all(rule["to"])
        if not starts or not ends:
            self._skipped[f"{proxy.schema} without both its ends"] += 1
            return
        texts = self._texts(proxy, rule, index)
        if texts is None:
            return
        pairs = [(a, b) for a in starts for b in ends if not self._is_left_out(proxy, rule["type"], a, b, index)]
        if "amount" in texts and len(starts) * len(ends) > 1:
            self._joint += bool(pairs)
            funders = [start for start in starts if index.label(start) != "Project"]
            _jointly(proxy, pairs, (starts, ends), funders, texts, maker)
            return
        for start, end in pairs:
            if rule["type"] == "HOLDS_POST" and (director := index.person(start)) is not None:
                _official(director, maker, f"director by {_locator(proxy.id)}")
            maker.claim(rule["type"], _id(start), _id(end), texts, {"from": rule["from"], "to": rule["to"]})

    def _is_left_out(self, proxy: Proxy, type_: str, start: str, end: str, index: Index) -> bool:
        if why := _left_out(type_, start, end, index):
            self._skipped[f"{proxy.schema} {why}"] += 1
        return bool(why)

    def _texts(self, proxy: Proxy, rule: dict[str, Any], index: Index) -> dict[str, str | None] | None:
        """The properties of a claim; None where the link cannot be one."""
        texts: dict[str, str | None] = {}
        for name, target in rule.get("texts", {}).items():
            texts[target] = "; ".join(proxy.all(name))
        for name, target in rule.get("numbers", {}).items():
            given = proxy.all(name)
            texts[target] = given[0].removesuffix("%").strip() if len(given) == 1 else None
        if "role" in rule:
            role = " ".join(proxy.all(rule["role"])).casefold()
            found = {code for word, code in subset()["roles"].items() if word in role}
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
    def _money(proxy: Proxy, rule: dict[str, Any], index: Index) -> dict[str, str | None]:
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


def _day(proxy: Proxy, name: str) -> str:
    """The earliest of the dates of a property, without a time of day."""
    return re.sub(r"(?<=[0-9])[T ].*", "", proxy.first(name))


def _left_out(type_: str, start: str, end: str, index: Index) -> str:
    """Why a link is none here: an end that is not read. Ends that the file does not hold may be in the graph."""
    if start == end:
        return "from an entity to itself"
    for identifier, is_start in ((start, True), (end, False)):
        label = index.label(identifier)
        if label is None:
            continue
        if label == PERSON:
            if not (is_start and (type_ == "HOLDS_POST" or (type_ == "OWNS" and index.is_official(identifier)))):
                return "of a person"
        elif label not in subset()["entities"].values() or (type_ == "HOLDS_POST" and is_start):
            return "of what is not read"
    return ""


def _named(proxy: Proxy, rule: dict[str, Any]) -> dict[str, str | None]:
    """Name and aliases: the caption first, else the first of the names in their order."""
    names = proxy.several(rule["names"])
    name = proxy.caption or next(iter(sorted(names)), "")
    others = [one.replace(";", ",") for one in (*names, *proxy.several(rule["aliases"])) if one != name]
    return {"name": name, "aliases": ";".join(dict.fromkeys(sorted(others)))}


def _organization(proxy: Proxy, label: str, maker: Maker) -> None:
    rule = subset()["organization"]
    known = [
        f"{scheme}:{ids.encoded(number)}" for name, scheme in rule["identifiers"].items() for number in proxy.all(name)
    ]
    maker.entity(label, _id(proxy.id), {**_named(proxy, rule), "identifiers": ";".join(sorted(known))})
    lands = {land.id: land for code in proxy.several(rule["countries"]) if (land := country(code)) is not None}
    for id_, land in sorted(lands.items()):
        land.add(maker)
        maker.claim("LOCATED_IN", _id(proxy.id), id_)


def _project(proxy: Proxy, maker: Maker) -> None:
    rule = subset()["project"]
    texts = {**_named(proxy, rule)}
    texts |= {target: "; ".join(proxy.all(name)) for name, target in rule["texts"].items()}
    start, end = _day(proxy, "startDate"), _day(proxy, "endDate")
    texts |= {"valid_from": start, "valid_to": end, "valid_to_basis": "stated" if end else ""}
    maker.entity("Project", _id(proxy.id), texts)


def _official(proxy: Proxy, maker: Maker, why: str = "") -> None:
    """A person with what the public role is, and nothing else of them. `why`: what makes an official of who is none by the
    person's own entity; each such ground describes the official anew, so that what is known goes with the last of them."""
    role = "; ".join(sorted(proxy.all("position")))
    maker.entity("Official", _id(proxy.id), {**_named(proxy, subset()["person"]), "role": role, "note": why})


def _jointly(
    proxy: Proxy,
    pairs: list[tuple[str, str]],
    sides: tuple[list[str], list[str]],
    funders: list[str],
    texts: dict[str, str | None],
    maker: Maker,
) -> None:
    """The sum of several payers or beneficiaries stands once, at the payment as a project of its own: nothing is split."""
    if not pairs:
        return
    payers, payees = sides
    joint = _id(proxy.id)
    maker.entity("Project", joint, {"identifier": proxy.id, "description": texts.get("note")})
    start = _id(payers[0]) if len(payers) == 1 else joint
    end = _id(payees[0]) if len(payees) == 1 else joint
    maker.claim("FUNDS", start, end, texts)
    raw = f"{texts['amount']} {texts['currency']}: {len(payers)} payer(s), {len(payees)} beneficiaries, not split"
    alone = {name: text for name, text in texts.items() if name not in ("amount", "currency")} | {"raw": raw}
    for payer in dict.fromkeys(payer for payer, _ in pairs if payer in funders):
        maker.claim("PARTICIPATES_IN", _id(payer), joint, {"role": "funding"})
    for payer, payee in pairs:
        maker.claim("FUNDS", _id(payer), _id(payee), alone)


def _change(proxy: Proxy, index: Index) -> dict[str, Any]:
    """What a change replaces: what stood at the entity, and what describes it elsewhere.

    A person who is no official by this file may be one by another, and stays as that made it. Who is made an official by
    a link, and is not in this file, stays described by it.
    """
    is_known = proxy.op == "DEL" or proxy.schema != PERSON or index.is_official(proxy.id)
    makes_officials = proxy.op != "DEL" and proxy.schema in (OCCUPANCY, DIRECTOR)
    persons = proxy.all(subset()["links"][proxy.schema]["from"]) if makes_officials else []
    keeps = tuple(_id(one) for one in persons if index.person(one) is None)
    return {"replaces": _locator(proxy.id), "forgets": _id(proxy.id) if is_known else "", "keeps": keeps}


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
