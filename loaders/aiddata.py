"""AidData's China data: the geocoded release (projects, transactions, locations) and the tables 1.x, by their headers.

A project is `aiddata:<id>` in all of them. Money goes from the donor to the recipient country, about the project; where
several recipients are named it goes to them as a group, once. Amounts are nominal as given.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from graph.records import Claim, Entity
from loaders import ids, values
from loaders.countries import country
from loaders.making import Maker
from loaders.records import RowError
from loaders.rows import RowBuilder

#: AidData's own identifier as an organization: the publisher whose names of organizations these are.
PUBLISHER: Final = "US-501c3-522318905"
_SHARED: Final = "aiddata"
_AFRICA: Final = "group:1-298"  # "Africa, regional", of the regions of the DAC
_UNKNOWN_CODES: Final = frozenset({"", "XR", "AFRICA, REGIONAL", "UNSET"})
_PLEDGE: Final = "pipeline: pledge"

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """Whom the money of a project comes from and goes to; `note` says where several stand for one."""

    start: str
    end: str
    note: str


def project_id(row: Row) -> str:
    text = _number(row, "project_id")
    if not text:
        raise RowError("is empty: it names the project", column="project_id")
    return f"aiddata:{ids.encoded(text)}"


def _text(row: Row, column: str) -> str:
    try:
        return values.clean(row.get(column, ""))
    except ValueError as error:
        raise RowError(str(error), column=column) from None


_DAMAGE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def _number(row: Row, column: str) -> str:
    """A whole number without the .0 that tables made of it."""
    return re.sub(r"(?<=[0-9])\.0+\Z", "", _text(row, column))


def _parts(text: str, separator: str) -> list[str]:
    return list(dict.fromkeys(part for part in (one.strip() for one in text.split(separator)) if part))


def add_organization(text: str, maker: Maker, column: str) -> str:
    """An organization as "name, type"; its id is made of the whole text, as other files of the publisher write it."""
    id_ = ids.named_organization(PUBLISHER, text)
    name, comma, kind = text.rpartition(",")
    texts = {"name": name.strip(), "kind": kind.strip()} if comma and name.strip() else {"name": text}
    maker.entity("Organization", id_, texts, {"id": column, "name": column})
    return id_


def add_sectors(codes: list[str], names: list[str], project: str, maker: Maker, column: str) -> None:
    """Sectors of AidData's own coding scheme."""
    for n, code in enumerate(codes):
        id_ = f"sector:aiddata:{ids.encoded(code)}"
        name = names[n] if len(names) == len(codes) else ""
        maker.entity("Sector", id_, {"name": name, "vocabulary": "aiddata", "code": code}, {"code": column})
        maker.claim("HAS_SECTOR", project, id_)


def add_recipients(codes: list[str], names: list[str], project: str, maker: Maker) -> str:
    """Adds where the project is; returns what its money goes to: a country, a group of several, "" where none is said.

    `codes`: ISO 3166, or what stands for all of Africa; `names` as the file has them, used where they match one to one.
    """
    lands = [land for code in codes if (land := country(code)) is not None]
    unknown = [code for code in codes if country(code) is None and code.upper() not in _UNKNOWN_CODES]
    if unknown:
        raise RowError("is no country code of ISO 3166", column="recipients", value=unknown[0])
    called = names[0] if len(names) == 1 == len(lands) else ""
    for land in lands:
        land.add(maker, called)
        maker.claim("LOCATED_IN", project, land.id)
    regional = len(lands) < len(codes) and any(code.upper() in _UNKNOWN_CODES - {"", "UNSET"} for code in codes)
    if regional or (codes and not lands and any("regional" in name for name in names)):
        maker.entity("PlaceGroup", _AFRICA, {"name": "Africa, regional", "aliases": "非洲区域"})
        maker.claim("LOCATED_IN", project, _AFRICA)
        regional = True
    if len(lands) == 1 and not regional:
        return lands[0].id
    if not lands:
        return _AFRICA if regional else ""
    group = "group:aiddata-" + "-".join(sorted(land.code for land in lands)) + ("-regional" if regional else "")
    shown = "; ".join(sorted(land.name for land in lands)) + ("; Africa, regional" if regional else "")
    count = len(lands) + regional
    maker.entity("PlaceGroup", group, {"name": shown, "members": str(count)})
    for land in lands:
        maker.claim("MEMBER_OF", land.id, group)
    return group


def _joined(donors: list[str], home: str, recipient: str, project: str) -> Parties:
    """`home`: the country of the donors, which stands for them where there are several, or none is named."""
    notes = ["nominal as given"]
    if len(donors) > 1:
        notes.append(f"jointly funded by {len(donors)} organizations, not split")
    if recipient.startswith("group:aiddata-"):
        notes.append("several recipients, not split")
    start = donors[0] if len(donors) == 1 else home or project
    return Parties(start=start, end=recipient or project, note="; ".join(notes))


class _Mapper:
    """What the tables have in common. `needs`: columns that tell the table from others."""

    needs: frozenset[str] = frozenset()
    name: str = ""
    brings_entities: bool = True

    def __init__(self, header: tuple[str, ...]) -> None:
        self._left_out: Counter[str] = Counter()

    @classmethod
    def fits(cls, header: tuple[str, ...]) -> bool:
        return cls.needs <= set(header)

    @property
    def rank(self) -> int:
        return 0

    @property
    def money_columns(self) -> list[str]:
        return []  # their units are the standard's

    def is_example(self, row: Mapping[str, str]) -> bool:
        return False

    def header_of(self, name: str) -> str:
        return {"id": "project_id", "from": "donors", "to": "recipients"}.get(name, name)

    def notes(self) -> list[str]:
        return [f"{count:,} {what}" for what, count in sorted(self._left_out.items())]

    def records(self, row: Row, line: int, builder: RowBuilder) -> list[Entity | Claim]:
        maker = Maker(builder, line)
        self.make(row, maker, builder)
        maker.raise_any()
        return maker.records

    def make(self, row: Row, maker: Maker, builder: RowBuilder) -> None:
        raise NotImplementedError

    def _said(self, row: Row, column: str) -> str:
        """A text for people: what an earlier conversion damaged in it is left out, and counted."""
        text = row.get(column, "")
        if _DAMAGE.search(text):
            self._left_out[f"texts of {column} with control characters, which are left out"] += 1
            return _text({column: _DAMAGE.sub("", text)}, column)
        return _text(row, column)

    def _period(self, start: str, end: str) -> dict[str, str]:
        """The dates of a project; both are left out, and counted, where they contradict each other."""
        if start and end and end < start[: len(end)]:
            self._left_out["projects that end before they begin: their dates are left out"] += 1
            return {}
        return {"valid_from": start, "valid_to": end, "valid_to_basis": "period" if end else ""}


def _shared(builder: RowBuilder) -> dict[str, Parties]:
    """Parties by project, of the projects read in this load."""
    return cast("dict[str, Parties]", builder.shared.setdefault(_SHARED, {}))


class ProjectsMapper(_Mapper):
    """projects.csv of a geocoded release."""

    name = "aiddata-projects"
    needs = frozenset(
        {"project_id", "project_title", "donors", "donors_iso3", "recipients", "recipients_iso3", "status"}
    )

    def make(self, row: Row, maker: Maker, builder: RowBuilder) -> None:
        id_ = project_id(row)
        texts = {
            "name": self._said(row, "project_title"),
            "identifier": _number(row, "project_id"),
            "status": _text(row, "status"),
            **self._period(_text(row, "start_actual_isodate"), _text(row, "end_actual_isodate")),
        }
        columns = {"id": "project_id", "valid_from": "start_actual_isodate", "valid_to": "end_actual_isodate"}
        maker.entity("Project", id_, texts, {**columns, "name": "project_title"})
        homes = [country(code) for code in _parts(_text(row, "donors_iso3"), "|")]
        home = homes[0] if len(homes) == 1 else None
        donors = [add_organization(one, maker, "donors") for one in _parts(self._said(row, "donors"), "|")]
        if home is not None:
            home.add(maker)
        for donor in donors:
            maker.claim("PARTICIPATES_IN", donor, id_, {"role": "funding"})
            if home is not None:
                maker.claim("LOCATED_IN", donor, home.id)
        names, codes = _parts(_text(row, "recipients"), "|"), _parts(_text(row, "recipients_iso3"), "|")
        recipient = add_recipients(codes, names, id_, maker)
        codes = _parts(_text(row, "ad_sector_codes"), "|")
        add_sectors(codes, _parts(_text(row, "ad_sector_names"), "|"), id_, maker, "ad_sector_codes")
        _shared(builder)[id_] = _joined(donors, home.id if home else "", recipient, id_)


class TransactionsMapper(_Mapper):
    """transactions.csv of a geocoded release; donors and recipients stand with its projects."""

    name = "aiddata-transactions"
    brings_entities = False
    needs = frozenset({"transaction_id", "project_id", "transaction_value_code", "transaction_currency"})
    _classes: Final = {"C": "commitment", "D": "disbursement"}

    def header_of(self, name: str) -> str:
        return "project_id" if name in ("from", "to", "about") else name

    def make(self, row: Row, maker: Maker, builder: RowBuilder) -> None:
        id_ = project_id(row)
        parties = _shared(builder).get(id_)
        if parties is None:
            reason = "is no project of this load, which says who gives and who receives: load projects.csv with it"
            raise RowError(reason, column="project_id", value=id_)
        code = _text(row, "transaction_value_code")
        if code not in self._classes:
            raise RowError("must be C (commitment) or D (disbursement)", column="transaction_value_code", value=code)
        day, year = _text(row, "transaction_isodate"), _number(row, "transaction_year")
        texts = {
            "class": self._classes[code],
            "amount": _number(row, "transaction_value"),
            "currency": _text(row, "transaction_currency"),
            "valid_from": day or year,
            "valid_to": "" if day else year,
            "valid_to_basis": "" if day or not year else "period",
            "about": id_,
            "transaction": _text(row, "transaction_id"),
            "note": parties.note,
        }
        columns = {"amount": "transaction_value", "currency": "transaction_currency"}
        columns |= {"valid_from": "transaction_isodate" if day else "transaction_year", "about": "project_id"}
        maker.claim("FUNDS", parties.start, parties.end, texts, columns)


class LocationsMapper(_Mapper):
    """locations.csv of a geocoded release: places of GeoNames, and which project is in them."""

    name = "aiddata-locations"

    def header_of(self, name: str) -> str:
        return "project_id" if name == "from" else name

    needs = frozenset({"project_id", "project_location_id", "geoname_id", "place_name", "precision_code"})

    def make(self, row: Row, maker: Maker, builder: RowBuilder) -> None:
        project, code = project_id(row), _number(row, "geoname_id")
        if not code.isdigit():
            raise RowError("must be a number of GeoNames", column="geoname_id", value=code)
        id_ = f"geonames:{code}"
        texts: dict[str, str | None] = {
            "name": self._said(row, "place_name"),
            "kind": _text(row, "location_type_name"),
            "latitude": _degrees(row, "latitude"),
            "longitude": _degrees(row, "longitude"),
        }
        maker.entity("Locality", id_, texts, {"id": "geoname_id", "name": "place_name"})
        above = _parts(_text(row, "gazetteer_adm_code"), "|")
        lands = [land for code in above if not code.isdigit() and (land := country(code)) is not None]
        if lands:
            lands[0].add(maker)
            maker.claim("PART_OF", id_, lands[0].id)
        maker.claim("LOCATED_IN", project, id_, {}, {"from": "project_id"})


def _degrees(row: Row, column: str) -> str:
    text = _text(row, column)
    if text and not re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]+)?", text):
        raise RowError("is no coordinate in degrees", column=column, value=text[: values.QUOTED])
    return text[:20]  # more digits than a coordinate can mean


class TableMapper(_Mapper):
    """A sheet of the tables 1.x: each of its flow class, official or not as its rows say."""

    name = "aiddata-1"
    needs = frozenset({"project_id", "donor", "title", "flow_class", "is_official_finance", "recipient_iso2", "amount"})

    def header_of(self, name: str) -> str:
        known = {"id": "project_id", "name": "title", "from": "funding_agency", "to": "all_recipients"}
        return known.get(name, name)

    def make(self, row: Row, maker: Maker, builder: RowBuilder) -> None:
        id_ = project_id(row)
        start, end = (
            self._day(row, f"{which}_actual") or self._day(row, f"{which}_planned") for which in ("start", "end")
        )
        texts = {
            "name": self._said(row, "title"),
            "identifier": _number(row, "project_id"),
            "description": self._said(row, "description"),
            "status": _text(row, "status"),
            **self._period(start, end),
        }
        maker.entity("Project", id_, texts, {"id": "project_id", "name": "title"})
        home = country("CN") if _text(row, "donor") == "China" else None
        if home is None:
            raise RowError("must be China: other donors are not read", column="donor", value=_text(row, "donor"))
        home.add(maker)
        donors = [
            add_organization(one, maker, "funding_agency") for one in _parts(self._said(row, "funding_agency"), ";")
        ]
        for donor in donors:
            maker.claim("PARTICIPATES_IN", donor, id_, {"role": "funding"})
        for one in _parts(self._said(row, "implementing_agency"), ";"):
            maker.claim(
                "PARTICIPATES_IN", add_organization(one, maker, "implementing_agency"), id_, {"role": "implementing"}
            )
        codes = [code.strip() for code in _text(row, "recipient_iso2").split(";")]
        recipient = add_recipients(list(dict.fromkeys(codes)), [_text(row, "recipient_condensed")], id_, maker)
        sector = _number(row, "crs_sector_code")
        add_sectors([sector] if sector else [], [_text(row, "crs_sector_name")], id_, maker, "crs_sector_code")
        cofinanced = _text(row, "is_cofinanced").lower() in ("true", "1")
        parties = _joined(donors, "" if cofinanced else home.id, recipient, id_)
        self._money(row, id_, parties, maker)

    def _day(self, row: Row, column: str) -> str:
        """A date without a time of day; one that is none is counted and left out."""
        text = re.sub(r"[T ][0-9:.]+\Z", "", _text(row, column))
        try:
            return values.partial_date(text) if text else ""
        except ValueError:
            self._left_out[f"dates of {column} that are none"] += 1
            return ""

    def _money(self, row: Row, project: str, parties: Parties, maker: Maker) -> None:
        amounts = [_plain(one) for one in _text(row, "amount").split(";") if one.strip()]
        currencies = [one.strip() for one in _text(row, "currency").split(";") if one.strip()]
        official = _number(row, "is_official_finance")
        if official not in ("0", "1"):
            raise RowError("must be 0 or 1", column="is_official_finance", value=official)
        year = _number(row, "year")
        note = parties.note
        if _text(row, "year_uncertain").lower() in ("true", "1"):
            note += "; the year is uncertain"
        said = {
            "class": "pledge" if _text(row, "status").lower() == _PLEDGE else "commitment",
            "valid_from": year,
            "valid_to": year,
            "valid_to_basis": "period" if year else "",
            "about": project,
            "flow_type": _text(row, "flow_class"),
            "aid_type": _text(row, "flow"),
            "official": "yes" if official == "1" else "no",
            "note": note,
        }
        columns = {"valid_from": "year", "flow_type": "flow_class", "aid_type": "flow"}
        if len(amounts) != len(currencies):
            if not amounts:
                return
            self._left_out["amounts whose currency is not said: kept as text"] += 1
            maker.claim(
                "FUNDS",
                parties.start,
                parties.end,
                {**said, "transaction": project, "raw": f"{'; '.join(amounts)} {'; '.join(currencies)}".strip()},
                columns,
            )
            return
        pairs: Counter[tuple[str, str]] = Counter()
        for amount, currency in zip(amounts, currencies, strict=True):
            pairs[amount, currency] += 1
            # the sums of a project are told apart by what they are: their order is not the same in every release
            mark = f"{project}:{amount}:{currency}:{pairs[amount, currency]}" if len(amounts) > 1 else project
            texts = {**said, "transaction": mark, "amount": amount, "currency": currency}
            maker.claim("FUNDS", parties.start, parties.end, texts, columns)


def _plain(text: str) -> str:
    """A number without the exponent and the .0 of a table's floating-point cell."""
    return re.sub(r"(?<=[0-9])\.0+\Z", "", text.strip())


MAPPERS: Final[tuple[type[Any], ...]] = (ProjectsMapper, TransactionsMapper, LocationsMapper, TableMapper)
