"""Validation against the published schema, record by record, so that one that it refuses does not hide the others."""

from functools import lru_cache
from typing import Any

import msgspec

from loaders.encoding import UnreadableFile
from loaders.iati.codelists import STANDARD
from loaders.iati.reader import ACTIVITIES, SAFE, Document, Element, etree
from loaders.records import LoadError

_FILES = {True: "iati-activities-schema.xsd", False: "iati-organisations-schema.xsd"}
#: Faults told of one record.
SHOWN = 5


class Invalid(msgspec.Struct, frozen=True):
    line: int
    reason: str


@lru_cache
def _compiled(file: str) -> Any:
    return etree.XMLSchema(etree.parse(str(STANDARD / "schemas" / file), etree.XMLParser(**SAFE)))


class Schema:
    """The schema 2.03 for the root of a document; LoadError where its version is another than 2.0x."""

    def __init__(self, document: Document) -> None:
        if not document.version.startswith("2.0"):
            stated = document.version or "none"
            raise LoadError(f"{document.path}: --validate is for IATI 2.0x; the file states the version {stated}")
        self._schema = _compiled(_FILES[document.root == ACTIVITIES])
        root = etree.Element(document.root, dict(document.attributes))
        # without its records it has another fault too, which is not its own
        if faults := [f for f in self.faults(root) if "Missing child element" not in f.reason]:
            raise UnreadableFile(document.path, f"the schema 2.03 refuses <{document.root}>: {faults[0].reason}")

    def faults(self, record: Element) -> list[Invalid]:
        if self._schema.validate(record):
            return []
        return [Invalid(error.line, error.message) for error in list(self._schema.error_log)[:SHOWN]]
