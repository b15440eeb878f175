"""What activities name beside themselves: organizations, countries, regions, places, sectors. Their ids and entities."""

import re

import msgspec

from graph import identity
from graph.records import Claim, Entity, Value
from loaders import countries, values
from loaders.iati import codelists, texts
from loaders.iati.reader import Element

#: Entities that are remembered as told of; told of again they do no harm.
_REMEMBERED = 500_000
NO_COUNTRY = "is no country code of ISO 3166; write two letters such as SN"
_STATED: dict[str, Value] = {"certainty": "stated"}
#: Of what an organization says of itself: who names it as a party of theirs does not rename it.
OWN: dict[str, Value] = {**_STATED, "confidence": "high"}
_IMPLIED: dict[str, Value] = {"certainty": "implied"}
#: Short names of the vocabularies of sectors, as 2.0x numbers and 1.0x names them, with the codelist that has names.
SECTORS = {
    "1": "dac-5", "2": "dac-3", "3": "cofog", "4": "nace", "5": "ntee", "6": "aiddata", "7": "sdg-goal",
    "8": "sdg-target", "9": "sdg-indicator", "10": "humanitarian-cluster", "11": "naics", "12": "un-function",
    "DAC": "dac-5", "DAC-5": "dac-5", "DAC-3": "dac-3", "COFOG": "cofog", "NACE": "nace", "NTEE": "ntee",
    "ADT": "aiddata", "WB": "world-bank",
}  # fmt: skip
_SECTOR_NAMES = {"dac-5": "Sector", "dac-3": "SectorCategory", "sdg-goal": "UNSDG-Goals"}
_REGIONS = {"1": "dac", "2": "un"}
#: Gazetteers: 2.0x, then the names of 1.0x.
_GEONAMES = ("G1", "GEO", "1")
_OPEN_STREET_MAP = ("G2", "OSM", "3")
_ISO = "A4"


class Organization(msgspec.Struct, frozen=True, kw_only=True):
    """An organization as an element names it: any of it may be empty."""

    ref: str
    names: dict[str, Value]
    kind: str
    line: int


def organization(element: Element, language: str) -> Organization:
    code = texts.attribute(element, "type")
    return Organization(
        ref=texts.attribute(element, "ref"),
        names=texts.names(texts.narratives(element, language)),
        kind=codelists.name("OrganisationType", code),
        line=element.sourceline,
    )


def is_country(code: str) -> bool:
    return code.upper() in codelists.names("Country")


class Entities:
    """Entities that several activities name. Each is told of once, apart from the activity, whatever becomes of that."""

    def __init__(self, source: str, new_sources: list[Entity]) -> None:
        self.source = source
        self._new_sources = new_sources
        self._told: set[int] = set()
        self._fresh: list[tuple[int, Entity | Claim]] = []

    def take(self) -> list[tuple[int, Entity | Claim]]:
        """(line, record) of what was named since the last call."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def drop(self) -> None:
        """Forgets what was named since the last call of `take`: what named it is not loaded."""
        if self._fresh:
            self._fresh = []
            self._told.clear()

    def stub(self, label: str, id_: str, line: int) -> str:
        if self._is_new(hash(id_)):
            self._fresh.append((line, Entity(label=label, id=id_, source=self.source, stub=True)))
        return id_

    def told(self, label: str, id_: str, said: dict[str, Value], line: int, *, own: bool = False) -> str:
        """An entity with what the file says of it; `own`: it says so itself."""
        if not said:
            return self.stub(label, id_, line)
        if self._is_new(hash((id_, identity.encode(said), own))):
            about = OWN if own else _STATED
            entity = Entity(
                label=label, id=id_, source=self.source, locator=f"line {line}", values=said, provenance=about
            )
            self._fresh.append((line, entity))
        return id_

    def coded(
        self,
        label: str,
        id_: str,
        codelist: str,
        code: str,
        said: dict[str, Value],
        line: int,
        *,
        implied: bool = False,
    ) -> str:
        """An entity with its names as a codelist has them, beside what is `said` of any; `implied`: others know better."""
        if self._is_new(hash((id_, codelist))):
            names = codelists.names(codelist)[code]
            source = codelists.source(codelist)
            described = {"name": names["en"], "name_en": names["en"], **said}
            if others := [name for language, name in names.items() if language != "en" and name != names["en"]]:
                described["aliases"] = others
            entity = Entity(
                label=label, id=id_, source=source.id, locator=f"code {code}", values=described,
                provenance=_IMPLIED if implied else _STATED,
            )  # fmt: skip
            self._new_sources.append(source)
            self._fresh.append((line, entity))
        return id_

    def _is_new(self, key: int) -> bool:
        if key in self._told:
            return False
        if len(self._told) >= _REMEMBERED:
            self._told.clear()
        self._told.add(key)
        return True

    def organization(self, named: Organization, owner: str, *, own: bool = False) -> str:
        """Id of an organization: by its identifier, else by its name among those that `owner` names; empty without.

        `own`: it is the one that reports, and so names itself.
        """
        said = dict(named.names)
        if texts.is_identifier(named.ref):
            id_ = texts.organization(named.ref)
            if said:
                said["identifiers"] = [f"org-id:{named.ref}"]
        elif by_name := texts.slug(str(said.get("name", ""))):
            id_ = f"org:{owner}:{by_name}"
            if texts.is_code(named.ref):
                said["identifiers"] = [f"iati-ref:{texts.line(named.ref)}"]
        else:
            return ""
        if said and named.kind:
            said["kind"] = named.kind
        return self.told("Organization", id_, said, named.line, own=own)

    def country(self, code: str, line: int) -> str:
        iso = code.upper()
        if not is_country(iso):
            raise ValueError(NO_COUNTRY)
        known = countries.country(iso)
        if known is None:
            return self.coded("Country", f"iso:{iso}", "Country", iso, {"code": iso}, line)
        said: dict[str, Value] = {"code": known.own_code, **({"name": known.name_zh} if known.is_home else {})}
        return self.coded(known.label, known.id, "Country", iso, said, line, implied=known.is_home)

    def region(self, vocabulary: str, code: str, names: dict[str, Value], owner: str, line: int) -> str:
        scheme = _REGIONS.get(vocabulary or "1") or (
            owner if vocabulary == "99" else f"iati-{texts.identifier(vocabulary)}"
        )
        id_ = f"group:{scheme}-{texts.identifier(code)}"
        if scheme == "dac" and code in codelists.names("Region"):
            return self.coded("PlaceGroup", id_, "Region", code, {}, line)
        return self.told("PlaceGroup", id_, names, line)

    def sector(self, vocabulary: str, code: str, names: dict[str, Value], owner: str, line: int) -> str:
        scheme = SECTORS.get((vocabulary or "1").upper()) or f"{owner}-{texts.identifier(vocabulary)}"
        code = texts.identifier(code)
        id_ = f"sector:{scheme}:{code}"
        said: dict[str, Value] = {"vocabulary": scheme, "code": code}
        codelist = _SECTOR_NAMES.get(scheme, "")
        if codelist and code in codelists.names(codelist):
            return self.coded("Sector", id_, codelist, code, said, line)
        return self.told("Sector", id_, {**said, **names}, line)

    def location(self, found: "Location", owner: str) -> str:
        """Id of a place, empty where nothing tells which; what it falls in is told with it."""
        line = found.line
        id_ = next((id_ for vocabulary, code in found.codes if (id_ := self._coded_place(vocabulary, code, line))), "")
        if id_.startswith(("iso:", "cn:")):
            return id_
        if not id_:
            if found.point:
                id_ = f"locality:{found.point[0]},{found.point[1]}"
            elif own := texts.slug(str(found.names.get("name", ""))):
                id_ = f"locality:{owner}:{own}"
            else:
                return ""
        said: dict[str, Value] = dict(found.names)
        if found.kind:
            said["kind"] = found.kind
        if found.point:
            said["latitude"], said["longitude"] = float(found.point[0]), float(found.point[1])
        self.told("Locality", id_, said, line)
        for vocabulary, code in found.inside:
            above = self._coded_place(vocabulary, code, line)
            if above and above != id_ and self._is_new(hash((id_, above))):
                link = Claim(
                    type="PART_OF", start=id_, end=above, source=self.source, locator=f"line {line}", values=_STATED
                )
                self._fresh.append((line, link))
        return id_

    def _coded_place(self, vocabulary: str, code: str, line: int) -> str:
        """Id of a place by its code, empty where the code is of no gazetteer that is known here or has not its form."""
        vocabulary = vocabulary.upper()
        if vocabulary in _GEONAMES and re.fullmatch(r"[1-9][0-9]{0,9}", code):
            return self.stub("Locality", f"geonames:{code}", line)
        if vocabulary in _OPEN_STREET_MAP and re.fullmatch(r"(node|way|relation)/[0-9]{1,12}", code):
            return self.stub("Locality", f"locality:osm-{code}", line)
        if vocabulary == _ISO and code.upper() in codelists.names("Country"):
            return self.country(code, line)
        return ""


class Location:
    """What a location element says, in the forms of 2.0x and of 1.0x."""

    def __init__(self, element: Element, language: str) -> None:
        self.line = element.sourceline
        self.names: dict[str, Value] = {}
        self.kind = ""
        self.share = texts.attribute(element, "percentage")
        self.point: tuple[str, str] | None = None
        self.is_nowhere = False  # at 0 0 in the sea, which is written where the position is not known
        self.codes: list[tuple[str, str]] = []
        self.inside: list[tuple[str, str]] = []
        for child in element:
            self._take(child, language)

    def _take(self, child: Element, language: str) -> None:
        get = texts.attribute
        match child.tag:
            case "name":
                self.names = texts.names(texts.narratives(child, language))
            case "location-id":
                self.codes.append((get(child, "vocabulary"), get(child, "code")))
            case "gazetteer-entry":
                self.codes.append((get(child, "gazetteer-ref"), texts.own(child)))
            case "administrative":
                self.inside.append((get(child, "vocabulary"), get(child, "code")))
                self.inside.append((_ISO, get(child, "country")))
            case "location-class":
                self.kind = codelists.name("GeographicLocationClass", get(child, "code"))
            case "coordinates":
                self._stand(f"{get(child, 'latitude')} {get(child, 'longitude')}")
            case "point":
                for position in child:
                    if position.tag == "pos":
                        self._stand(texts.own(position))
            case _:
                pass

    def _stand(self, position: str) -> None:
        point = _point(position)
        if point == ("0", "0"):
            self.is_nowhere = True
        else:
            self.point = point


def _point(text: str) -> tuple[str, str]:
    """Latitude and longitude as plain decimals."""
    parts = text.replace(",", " ").split()
    if len(parts) != 2:
        raise ValueError(f"{text[:100]!r} is no position; write latitude and longitude, such as 14.69 -17.44")
    latitude, longitude = (values.number(part) for part in parts)
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ValueError(f"{text[:100]!r} is no position: latitudes lie within 90 degrees, longitudes within 180")
    return texts.shortened(format(latitude, "f")), texts.shortened(format(longitude, "f"))
