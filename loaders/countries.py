"""Countries by ISO 3166 code: what a file names by a code alone becomes an entity with names one can search for.

Hong Kong, Macao and Taiwan have codes of their own in ISO 3166; here they are the provincial divisions they are in the
list of China's divisions. The names and regions are the project's own table, countries.csv.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from loaders.making import Maker

_DIVISIONS: Final = {"HK": "810000", "MO": "820000", "TW": "710000"}
#: Regions of the UN's M49, the vocabulary 2 of IATI's regions.
_REGIONS: Final = {
    "002": ("Africa", "非洲"),
    "009": ("Oceania", "大洋洲"),
    "019": ("Americas", "美洲"),
    "142": ("Asia", "亚洲"),
    "150": ("Europe", "欧洲"),
}
_M49: Final = {
    "source": "source:un-m49",
    "source_title": "Standard country or area codes for statistical use (M49)",
    "source_publisher": "United Nations Statistics Division",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """`code`: ISO 3166-1 alpha-2; `region`: code of M49, empty where it is in none."""

    code: str
    name: str
    name_zh: str
    region: str

    @property
    def id(self) -> str:
        division = _DIVISIONS.get(self.code)
        return f"cn:{division}" if division else f"iso:{self.code}"

    @property
    def label(self) -> str:
        return "Province" if self.code in _DIVISIONS else "Country"

    @property
    def own_code(self) -> str:
        """The code it has as a place: of the list of China's divisions, or ISO 3166."""
        return _DIVISIONS.get(self.code, self.code)

    @property
    def is_home(self) -> bool:
        """Whether its name is written in Chinese, as those of all places of the home domain."""
        return self.code == "CN" or self.code in _DIVISIONS

    def add(self, maker: Maker, called: str = "") -> None:
        """Adds the country, which the file may call by a name of its own, and that it is in its region. What is not in
        the file, but follows from the code, is implied."""
        names = {
            "name": self.name_zh if self.is_home else self.name,
            "name_en": self.name,
            "aliases": ";".join(filter(None, (self.name_zh, called))),
        }
        texts = {
            **names,
            "code": self.own_code,
            "certainty": "implied",
            "locator": f"country code {self.code}",
        }
        maker.entity(self.label, self.id, texts)
        if self.region:
            name, name_zh = _REGIONS[self.region]
            group = f"group:un-{self.region}"
            about = {**_M49, "locator": f"region {self.region}"}
            maker.entity("PlaceGroup", group, {"name": name, "name_en": name, "aliases": name_zh, **about})
            maker.claim("MEMBER_OF", self.id, group, about)


@cache
def _countries() -> dict[str, Country]:
    text = (resources.files("loaders") / "countries.csv").read_text("utf-8")
    found: dict[str, Country] = {}
    for row in csv.DictReader(text.splitlines()):
        made = Country(code=row["alpha_2"], name=row["name_en"], name_zh=row["name_zh"], region=row["region"])
        found[row["alpha_2"]] = found[row["alpha_3"]] = made
    return found


def country(code: str) -> Country | None:
    """By alpha-2 or alpha-3 code, in capitals or not; None where it is no such code."""
    return _countries().get(code.strip().upper())
