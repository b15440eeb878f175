"""360Giving grants, from JSON or from a table with the standard's column titles: both become the same records.

A grant is a Project; the money goes from the funder to the grantee, about that project. Persons are not read.
"""

import re
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from decimal import Context, Decimal
from pathlib import Path
from typing import Any, Final, cast

from graph.records import Claim, Entity
from loaders import ids, jsontext, values
from loaders.countries import country
from loaders.jsontext import BadValue, Number
from loaders.making import Maker
from loaders.persons import may_name
from loaders.reading import How, Part, Unit
from loaders.records import RowError
from loaders.rows import RowBuilder

NAME: Final = "360giving"
_DIGITS: Final = 15
_NUMBER: Final = re.compile(r"-?([0-9]{1,15})\.[0-9]{1,40}")
_GSS: Final = re.compile(r"[A-Z][0-9]{8}")
#: Titles of columns without spaces and in small letters, by what they stand under.
_TITLES: Final[dict[str, dict[str, str]]] = {
    "": {
        "identifier": "id",
        "recipientorg": "recipientOrganization",
        "fundingorg": "fundingOrganization",
        "recipientind": "recipientIndividual",
    },
    "recipientOrganization": {"identifier": "id"},
    "fundingOrganization": {"identifier": "id"},
    "recipientIndividual": {"identifier": "id"},
    "beneficiaryLocation": {"geographiccode": "geoCode", "geographiccodetype": "geoCodeType"},
}
_ORGANIZATION: Final = ("id", "name", "alternateName", "charityNumber", "companyNumber")
#: What is read of a grant, by key; lists of objects have the keys of their objects.
_READ: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(("id", "title", "description", "currency", "amountAwarded", "amountDisbursed", "awardDate"), ()),
    "recipientOrganization": _ORGANIZATION,
    "fundingOrganization": _ORGANIZATION,
    "recipientIndividual": ("id", "name"),
    "beneficiaryLocation": ("name", "geoCode", "geoCodeType", "countryCode", "latitude", "longitude"),
    "grantProgramme": ("code", "title"),
    "plannedDates": ("startDate", "endDate"),
    "actualDates": ("startDate", "endDate"),
}
_LISTS: Final = frozenset(name for name, keys in _READ.items() if keys) - {"recipientIndividual"}
_NEEDED: Final = {("id",), ("amountAwarded",), ("fundingOrganization", 0, "id")}

Path_ = tuple[str | int, ...]


class _Object:
    """An object of a grant with the names of its parts as the file writes them, for faults."""

    def __init__(self, said: Mapping[str, Any], path: Path_, headers: Mapping[Path_, str], prefix: str) -> None:
        self._said, self._path, self._headers, self._prefix = said, path, headers, prefix

    def column(self, key: str | int) -> str:
        path = (*self._path, key)
        if path in self._headers:
            return self._headers[path]
        shown = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
        return f"{self._prefix}{shown}".lstrip(".")

    def has(self, key: str) -> bool:
        return self._said.get(key) not in (None, "", [], {})

    def text(self, key: str) -> str:
        """The cleaned text of a value; numbers are texts too, where a publisher left the quotes away."""
        value = self._said.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise RowError("must be a text", column=self.column(key), value=str(value)[: values.QUOTED])
        try:
            cleaned = values.clean(value.replace("_x000D_", "\n"))  # a line end of Excel that converters leave as it is
        except ValueError as error:
            raise RowError(str(error), column=self.column(key)) from None
        if "\n" not in cleaned:
            return cleaned
        lines = (line.rstrip(" \t").lstrip() for line in cleaned.split("\n"))
        return "\n".join(line for line in lines if line)

    def number(self, key: str) -> str:
        """A number of JSON, or a text that is one."""
        value = self._said.get(key)
        if value is not None and not isinstance(value, str):
            raise RowError("must be a number", column=self.column(key), value=str(value)[: values.QUOTED])
        return self.text(key)

    def day(self, key: str) -> str:
        """A date without the time of day behind it."""
        return re.sub(r"(?<=[0-9])[T ][0-9].*", "", self.text(key))

    def objects(self, key: str) -> "list[_Object]":
        value = self._said.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise RowError("must be a list of objects", column=self.column(key), value=str(value)[: values.QUOTED])
        return [self._object((*self._path, key, n), one) for n, one in enumerate(cast("list[Any]", value))]

    def object(self, key: str) -> "_Object":
        return self._object((*self._path, key), self._said.get(key))

    def _object(self, path: Path_, value: Any) -> "_Object":
        made = _Object(cast("dict[str, Any]", value), path, self._headers, self._prefix)
        if not isinstance(value, dict):
            name = _Object({}, path[:-1], self._headers, self._prefix).column(path[-1])
            raise RowError("must be an object", column=name, value=str(value)[: values.QUOTED])
        return made


class Grants:
    """Makes records of grants, and counts what is left out of them."""

    def __init__(self) -> None:
        self._left_out: Counter[str] = Counter()

    def notes(self) -> list[str]:
        return [f"{count:,} {what}" for what, count in sorted(self._left_out.items())]

    def records(self, grant: _Object, maker: Maker) -> None:
        """Adds the records of a grant; RowError, or the faults of the maker, say what cannot be used."""
        identifier = grant.text("id")
        if not identifier:
            raise RowError("is empty: a grant needs its identifier", column=grant.column("id"))
        project = f"360g:{ids.encoded(identifier)}"
        # who publishes its grants knows its own name: one grant to it under another's number does not give it that name
        funders = [self._organization(one, maker, confidence="high") for one in grant.objects("fundingOrganization")]
        if not funders:
            raise RowError("is empty: a grant needs its funder", column=grant.column("fundingOrganization"))
        grantees = [self._organization(one, maker) for one in grant.objects("recipientOrganization")]
        individual = grant.has("recipientIndividual")
        if not grantees and not individual:
            raise RowError("is empty: a grant needs its recipient", column=grant.column("recipientOrganization"))
        self._project(grant, project, identifier, maker)
        for funder in dict.fromkeys(funders):
            maker.claim("PARTICIPATES_IN", funder, project, {"role": "funding"})
        self._programmes(grant, project, funders[0], maker)
        for place in grant.objects("beneficiaryLocation"):
            self._place(place, project, maker)
        self._money(grant, project, funders, grantees, maker)

    @staticmethod
    def _organization(said: _Object, maker: Maker, confidence: str = "") -> str:
        identifier, name = said.text("id"), said.text("name")
        if not identifier:
            raise RowError("is empty: an organization needs its identifier", column=said.column("id"), value=name)
        id_ = ids.organization(identifier)
        known = [f"org-id:{identifier}", _charity(said.text("charityNumber")), _company(said.text("companyNumber"))]
        texts = {
            "name": name,
            "aliases": said.text("alternateName").replace(";", ","),
            "identifiers": ";".join(dict.fromkeys(one for one in known if one)),
            "confidence": confidence,
        }
        maker.entity("Organization", id_, texts, {"id": said.column("id"), "name": said.column("name")})
        return id_

    def _project(self, grant: _Object, project: str, identifier: str, maker: Maker) -> None:
        title, description = grant.text("title"), grant.text("description")
        if grant.has("recipientIndividual"):
            self._left_out["grants to individuals: the persons are not read, nor what describes their grants"] += 1
            title = "" if may_name(title, grant.object("recipientIndividual").text("name")) else title
            description = ""
        texts = {"name": title, "identifier": identifier, "description": description}
        columns = {"id": grant.column("id"), "name": grant.column("title"), "description": grant.column("description")}
        dates = next((one for key in ("actualDates", "plannedDates") for one in grant.objects(key)), None)
        if dates is not None:
            texts |= {"valid_from": dates.day("startDate"), "valid_to": dates.day("endDate")}
            columns |= {"valid_from": dates.column("startDate"), "valid_to": dates.column("endDate")}
            texts["valid_to_basis"] = "period" if texts["valid_to"] else ""
        maker.entity("Project", project, texts, columns)

    @staticmethod
    def _programmes(grant: _Object, project: str, funder: str, maker: Maker) -> None:
        for one in grant.objects("grantProgramme"):
            if name := one.text("title") or one.text("code"):
                id_ = f"programme:{funder.removeprefix('org:')}:{ids.slug(name)}"
                maker.entity("Programme", id_, {"name": name}, {"name": one.column("title")})
                maker.claim("UNDER", project, id_)

    def _place(self, place: _Object, project: str, maker: Maker) -> None:
        code, land = place.text("geoCode"), country(place.text("countryCode"))
        if place.has("countryCode") and land is None:
            self._left_out["beneficiary locations with a country code that is none"] += 1
        if land is not None:
            land.add(maker)
        if code:
            scheme = "gss" if _GSS.fullmatch(code) else ids.slug(place.text("geoCodeType") or "code")
            id_ = f"locality:{scheme}:{ids.encoded(code)}"
            texts = {"name": place.text("name"), "kind": place.text("geoCodeType"), "code": code}
            columns = {"latitude": place.column("latitude"), "longitude": place.column("longitude")}
            if place.has("latitude") and place.has("longitude"):
                texts |= {"latitude": place.number("latitude"), "longitude": place.number("longitude")}
            maker.entity("Locality", id_, texts, columns)
            if land is not None:
                maker.claim("PART_OF", id_, land.id)
            maker.claim("LOCATED_IN", project, id_)
        elif land is not None:
            maker.claim("LOCATED_IN", project, land.id)
        else:
            self._left_out["beneficiary locations without a code: a name alone is no place"] += 1

    def _amount(self, text: str) -> str:
        """An amount in the one form that it has in JSON, in a spreadsheet and as a text: 5000 of 5,000.00.

        More than the 15 digits that spreadsheets keep are what their arithmetic made of a shorter one.
        """
        try:
            text = format(values.number(text), "f")
        except ValueError:  # told, or read, as an amount with its currency
            return text
        if (
            "." in text
            and len(re.sub(r"[^0-9]", "", text).lstrip("0")) > _DIGITS
            and (number := _NUMBER.fullmatch(text))
        ):
            self._left_out[f"amounts with more than {_DIGITS} digits, as of floating point: rounded to these"] += 1
            places = max(0, _DIGITS - len(number[1].lstrip("0")))
            rounded = Decimal(text).quantize(Decimal(1).scaleb(-places), context=Context(prec=60))
            text = format(rounded, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text

    def _money(self, grant: _Object, project: str, funders: list[str], grantees: list[str], maker: Maker) -> None:
        """From the funder to the grantee; where there are several of a kind, the sum stands once, at the grant.

        So it does where the grantee is a person, or the funder itself."""
        pairs = dict.fromkeys((a, b) for a in funders for b in grantees if a != b)
        start = funders[0] if len(funders) == 1 else project
        end = grantees[0] if len(grantees) == 1 and grantees != funders else project
        said = {"transaction": grant.text("id"), "valid_from": grant.day("awardDate"), "about": project}
        columns = {"valid_from": grant.column("awardDate"), "currency": grant.column("currency")}
        currency = grant.text("currency")
        for key, class_ in (("amountAwarded", "commitment"), ("amountDisbursed", "disbursement")):
            amount = self._amount(grant.number(key))
            if not amount and class_ == "disbursement":
                continue
            texts = {**said, "class": class_, "amount": amount, "currency": currency}
            maker.claim("FUNDS", start, end, texts, {**columns, "amount": grant.column(key)})
            joint = f"{amount} {currency}: {len(funders)} funder(s), {len(grantees)} grantee(s), not split".strip()
            for funder, grantee in pairs:
                if (funder, grantee) != (start, end):
                    maker.claim("FUNDS", funder, grantee, {**said, "class": class_, "raw": joint}, columns)


def _charity(number: str) -> str:
    """A charity number as an identifier of org-id.guide, by the register its letters name."""
    number = number.upper().replace(" ", "")
    if re.fullmatch(r"SC0?[0-9]+", number):
        return f"org-id:GB-SC-{number}"
    if match := re.fullmatch(r"NIC?([0-9]+)", number):
        return f"org-id:GB-NIC-{match[1]}"
    return f"org-id:GB-CHC-{number}" if re.fullmatch(r"[0-9]{6,7}(-[0-9]+)?", number) else ""


def _company(number: str) -> str:
    number = number.upper().replace(" ", "")
    if (match := re.fullmatch(r"([A-Z]{0,2})([0-9]{4,8})", number)) is None:
        return ""
    letters, digits = match.groups()
    return f"org-id:GB-COH-{letters}{digits.zfill(8 - len(letters))}"


class GrantsPart:
    """The grants of a JSON document."""

    name = ""
    mapping = "360Giving JSON"
    brings_entities = True

    def __init__(self, path: Path, how: How) -> None:
        self._path, self._how = path, how
        self._share: float | None = None
        self._grants = Grants()

    def notes(self) -> list[str]:
        return [f"{self._path.name}: {note}" for note in self._grants.notes()]

    def header_of(self, name: str) -> str:
        return {"from": "fundingOrganization", "to": "recipientOrganization"}.get(name, name)

    def share(self) -> float | None:
        return self._share

    def units(self, builder: RowBuilder) -> Iterator[Unit]:
        with jsontext.open_text(self._path, self._how.encoding) as stream:
            for item in jsontext.listed(self._path, stream, "grants"):
                self._share = jsontext.share(stream)
                yield self._unit(item, builder)

    def _unit(self, item: jsontext.Item, builder: RowBuilder) -> Unit:
        where = f"grants[{item.index}]"
        maker = Maker(builder, item.line, where)
        try:
            said = jsontext.parse(item.text)
            if not isinstance(said, dict):
                raise RowError("must be an object", column=where, value=str(said)[: values.QUOTED])
            self._grants.records(_Object(cast("dict[str, Any]", said), (), {}, where), maker)
        except BadValue as error:
            maker.fault(str(error), where)
        except RowError as error:
            maker.faults.append(error)
        return Unit(line=item.line, records=[] if maker.faults else maker.records, faults=maker.faults)


@contextmanager
def open_json(path: Path, how: How) -> Generator[list[Part]]:
    yield [GrantsPart(path, how)]


def fits(head: bytes) -> bool:
    """Any document of JSON: what it lacks to be grants is said when it is read."""
    return re.match(r'\{\s*["}]|\[\s*[\[{\]"]', jsontext.head_text(head)) is not None


class GrantsMapper:
    """Tables with the titles of the standard as columns (`Recipient Org:Identifier`), or its paths."""

    name = NAME
    brings_entities = True

    def __init__(self, header: tuple[str, ...]) -> None:
        self._paths = paths(header)
        self._headers = {path: column for column, path in self._paths.items()}
        self._grants = Grants()

    @property
    def rank(self) -> int:
        return 0

    @property
    def money_columns(self) -> list[str]:
        return []  # their units are the standard's

    def is_example(self, row: Mapping[str, str]) -> bool:
        return False

    def header_of(self, name: str) -> str:
        wanted = {"from": ("fundingOrganization", 0, "id"), "to": ("recipientOrganization", 0, "id")}.get(name)
        return self._headers.get(wanted, name) if wanted else name

    def notes(self) -> list[str]:
        return self._grants.notes()

    def records(self, row: Mapping[str, str], line: int, builder: RowBuilder) -> list[Entity | Claim]:
        maker = Maker(builder, line)
        said: dict[str, Any] = {}
        for column, path in self._paths.items():
            if text := row.get(column, "").strip():
                _put(said, path, Number(text))
        self._grants.records(_Object(said, (), self._headers, ""), maker)
        maker.raise_any()
        return maker.records


def _put(said: dict[str, Any], path: Path_, text: str) -> None:
    key = str(path[0])
    if len(path) == 1:
        said[key] = text
    elif len(path) == 2:
        said.setdefault(key, {})[path[1]] = text
    else:
        listed: list[dict[str, Any]] = said.setdefault(key, [])
        while len(listed) <= int(path[1]):
            listed.append({})
        listed[int(path[1])][str(path[2])] = text


def paths(header: tuple[str, ...]) -> dict[str, Path_]:
    """The columns that are read, each with where its values stand in a grant; the first of two for one place."""
    found: dict[str, Path_] = {}
    for column in header:
        path = _path(column)
        if path and path not in found.values():
            found[column] = path
    return found


def _path(column: str) -> Path_ | None:
    steps = [re.sub(r"\s+", "", step).casefold() for step in re.split(r"[:/]", column)]
    top = _named(steps[0], "", _READ)
    if top is None:
        return None
    if not _READ[top]:
        return (top,) if len(steps) == 1 else None
    index = int(steps.pop(1)) if len(steps) == 3 and steps[1].isdecimal() and len(steps[1]) < 3 else 0
    if len(steps) != 2 or (key := _named(steps[1], top, _READ[top])) is None:
        return None
    return (top, index, key) if top in _LISTS else (top, key)


def _named(step: str, under: str, keys: Any) -> str | None:
    """The key that a step of a column's title names."""
    title = _TITLES.get(under, {}).get(step)
    return title or next((key for key in keys if key.casefold() == step), None)


def fits_header(header: tuple[str, ...]) -> bool:
    return set(paths(header).values()) >= _NEEDED
