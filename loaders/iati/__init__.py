"""IATI activity and organisation files as the pipeline reads them. What maps to what is told in docs/howto-iati.md."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from loaders.iati.parts import ActivitiesPart, OrganisationsPart
from loaders.iati.reader import ACTIVITIES, open_document
from loaders.iati.validation import Schema
from loaders.reading import How, Part

_XML = re.compile(rb"[\xef\xbb\xbf\xff\xfe\s]*<[?!A-Za-z]")


def fits(head: bytes) -> bool:
    """Whether the first bytes are of XML, in an encoding that keeps ASCII or pads it with zeros."""
    return _XML.match(head.replace(b"\0", b"")) is not None


@contextmanager
def open_file(path: Path, how: How) -> Generator[list[Part]]:
    with open_document(path, how.encoding) as document:
        schema = Schema(document) if how.validate else None
        part = ActivitiesPart if document.root == ACTIVITIES else OrganisationsPart
        yield [part(document, schema)]
