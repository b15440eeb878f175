"""Names of codes, from the codelists as published in third_party/iati."""

from functools import lru_cache
from pathlib import Path

from graph.records import Entity
from loaders.iati.reader import SAFE, etree

STANDARD = Path(__file__).parents[2] / "third_party" / "iati"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@lru_cache
def names(codelist: str) -> dict[str, dict[str, str]]:
    """By code, its names by language (en always)."""
    root = etree.parse(str(STANDARD / "codelists" / f"{codelist}.xml"), etree.XMLParser(**SAFE)).getroot()
    found: dict[str, dict[str, str]] = {}
    for item in root.iter("codelist-item"):
        narratives = item.iterfind("name/narrative")
        found[item.findtext("code").strip()] = {
            narrative.get(_LANG, "en"): " ".join(narrative.text.split()) for narrative in narratives if narrative.text
        }
    return found


def name(codelist: str, code: str) -> str:
    """English name of a code, empty where the list does not have it."""
    return names(codelist).get(code, {}).get("en", "")


def source(codelist: str) -> Entity:
    """The codelist as the source of what is said by it."""
    id_ = f"source:iati-codelist:{codelist}"
    said = {"title": f"IATI codelist {codelist}", "publisher": "IATI", "licence": "CC BY 4.0", "language": "en"}
    return Entity(label="Source", id=id_, source=id_, values={**said}, provenance={"certainty": "stated"})
