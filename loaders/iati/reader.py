"""A streaming reader of IATI files: one element below an activity or an organisation at a time, gone once it is used.

What an element means is not decided here. Files with a document type are refused: entities and external files are what
attacks on XML are made of, and IATI has no use for them.
"""

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, cast

import msgspec
from lxml import etree as _etree  # pyright: ignore[reportMissingTypeStubs, reportAttributeAccessIssue, reportUnknownVariableType]

from loaders import tabular
from loaders.encoding import UnreadableFile
from loaders.records import LoadError

etree: Any = cast("Any", _etree)  # it comes without types
_SyntaxError = cast("type[Exception]", etree.XMLSyntaxError)

ACTIVITIES, ORGANISATIONS = "iati-activities", "iati-organisations"
#: Root elements and the records below them.
RECORDS: Final = {ACTIVITIES: "iati-activity", ORGANISATIONS: "iati-organisation"}
_LISTED: Final = {
    ACTIVITIES: """
        iati-identifier reporting-org title description participating-org other-identifier activity-status activity-date
        contact-info activity-scope recipient-country recipient-region location sector tag country-budget-items
        humanitarian-scope policy-marker collaboration-type default-flow-type default-finance-type default-aid-type
        default-tied-status planned-disbursement budget capital-spend transaction document-link activity-website
        related-activity legacy-data conditions result crs-add fss
    """,
    ORGANISATIONS: """
        organisation-identifier iati-identifier name reporting-org total-budget recipient-org-budget
        recipient-region-budget recipient-country-budget total-expenditure document-link
    """,
}
#: Elements below a record. Others (extensions of publishers) are passed over.
ELEMENTS: Final = {root: listed.split() for root, listed in _LISTED.items()}
#: Deeper elements that may be many; they are dropped where they end.
_DROPPED: Final = ("indicator",)
#: Bytes in which an element must have ended. What is open takes some thirty times that in memory.
MAX_OPEN: Final = 2 << 20
#: Byte-order marks that the parser does not know.
_UTF_32: Final = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
#: What the parser says of texts that are not in the encoding they claim.
_OF_ENCODINGS: Final = ("encoding", "not proper UTF", "Invalid bytes", "Start tag expected")
#: How files are parsed: no entities, no network, libxml2's own limits (10 MB of one text, a depth of 256).
SAFE: Final[dict[str, Any]] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}


class Element(Protocol):
    """What is used of lxml's elements."""

    tag: Any
    text: str | None
    sourceline: int

    def get(self, key: str) -> str | None: ...
    def getparent(self) -> "Element | None": ...
    def getprevious(self) -> "Element | None": ...
    def remove(self, element: "Element") -> None: ...
    def clear(self, keep_tail: bool = False) -> None: ...
    def itertext(self) -> Iterator[str]: ...
    def __iter__(self) -> Iterator["Element"]: ...


class Event(msgspec.Struct, frozen=True):
    """An element of a record, or the end of the record where `element` is None."""

    record: Element
    element: Element | None


class Document:
    """An open file: its root, the version it states (may be empty), and its records, one pass at a time."""

    def __init__(self, path: Path, stream: BinaryIO, encoding: str | None) -> None:
        self.path = path
        self._stream = stream
        self._encoding = encoding or ("UTF-32" if stream.read(4) in _UTF_32 else None)
        self._opened = os.fstat(stream.fileno())
        root = self._root()
        self.root: str = root.tag
        self.attributes: dict[str, str] = dict(root.attrib)
        self.version = (root.get("version") or "").strip()[:20]

    def _root(self) -> Any:
        """The root element, read no further than its first bytes."""
        self._stream.seek(0)
        parsed = self._parse(_Bounded(self), events=("start",))
        try:
            _, root = next(parsed)
        except StopIteration:
            raise UnreadableFile(self.path, "holds no element: it is empty or cut") from None
        except _SyntaxError as error:
            raise self._broken(error, parsed) from None
        if root.getroottree().docinfo.doctype:
            raise self._typed(root.tag)
        if root.tag not in RECORDS:
            what = (
                "it is an HTML page: download the file itself"
                if str(root.tag).lower().endswith("html")
                else (
                    f"its root is <{str(root.tag)[:100]}>; IATI files begin with <iati-activities> or <iati-organisations>"
                )
            )
            raise UnreadableFile(self.path, f"is no IATI file: {what}", root.sourceline)
        return root

    def _typed(self, root: str) -> UnreadableFile:
        if root.lower() == "html":
            return UnreadableFile(self.path, "is no IATI file: it is an HTML page: download the file itself")
        return UnreadableFile(
            self.path,
            "has a document type (<!DOCTYPE …>), which may hide an attack and which IATI does not use: remove it",
        )

    def _parse(self, source: "_Bounded", **more: Any) -> Any:
        try:
            return etree.iterparse(source, encoding=self._encoding, **SAFE, **more)
        except LookupError:
            raise LoadError(f"there is no encoding {self._encoding}: give another with --encoding") from None

    def _broken(self, error: Any, parsed: Any) -> UnreadableFile:
        self._stream.seek(0)
        if b"<!DOCTYPE" in self._stream.read(MAX_OPEN).replace(b"\0", b""):
            return self._typed("")
        first = next(iter(parsed.error_log), None) if parsed is not None else None
        why = str(first.message if first is not None else error.msg).split(", line ")[0].strip()
        if any(sign in why for sign in _OF_ENCODINGS):
            why += "; name the encoding that it is written in with --encoding"
        line = first.line if first is not None else error.lineno
        return UnreadableFile(self.path, f"is broken XML: {why}; nothing of it is read", line or 0)

    def events(self, *, whole: bool = False) -> Iterator[Event]:
        """The elements below each record and its end, in the order of the file, each call from its start.

        With `whole` only the ends, with all that is below the record. An element is valid until the next is asked for.
        """
        self._stream.seek(0)
        source = _Bounded(self)
        parsed: Any = None
        record_tag = RECORDS[self.root]
        tags = [record_tag] if whole else [record_tag, *ELEMENTS[self.root], *_DROPPED]
        try:
            parsed = self._parse(source, events=("end",), tag=tags)
            for _, element in parsed:
                parent = element.getparent()
                if parent is None:
                    continue
                if element.tag == record_tag:
                    if parent.getparent() is None:
                        yield Event(element, None)
                        source.ended = source.read_bytes
                        _forget(element, parent)
                elif parent.tag == record_tag and _is_record(parent):
                    yield Event(parent, element)
                    source.ended = source.read_bytes
                    _forget(element, parent)
                elif element.tag in _DROPPED:
                    source.ended = source.read_bytes
                    _forget(element, parent)
        except _SyntaxError as error:
            raise self._broken(error, parsed) from None
        self._check_unchanged()

    def share(self) -> float:
        """How much of the file has been read, from 0 to 1."""
        return min(1.0, self._stream.tell() / max(1, self._opened.st_size))

    def _check_unchanged(self) -> None:
        try:
            states = os.fstat(self._stream.fileno()), os.stat(self.path)
        except OSError:
            raise UnreadableFile(self.path, "was removed while it was read; load it again") from None
        before = self._opened.st_size, self._opened.st_mtime_ns
        if any((state.st_size, state.st_mtime_ns) != before for state in states):
            raise UnreadableFile(self.path, "has changed while it was read; load it again when it is complete")

    def read(self, size: int) -> bytes:
        try:
            return self._stream.read(size)
        except OSError as error:
            raise UnreadableFile(self.path, f"cannot be read: {error.strerror}") from None


def _is_record(element: Element) -> bool:
    root = element.getparent()
    return root is not None and root.getparent() is None


def _forget(element: Element, parent: Element) -> None:
    """Frees an element and all before it; its own node is left to the parser, which may still add a text to it."""
    element.clear(keep_tail=True)
    while (previous := element.getprevious()) is not None:
        parent.remove(previous)


class _Bounded:
    """The bytes of a document, as long as elements end in them."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.read_bytes = self.ended = 0

    def read(self, size: int) -> bytes:
        if self.read_bytes - self.ended > MAX_OPEN:
            raise UnreadableFile(
                self._document.path,
                f"holds an element of more than {MAX_OPEN >> 20} MB, or what is no IATI: such a file is not read",
            )
        data = self._document.read(size)
        self.read_bytes += len(data)
        return data


@contextmanager
def open_document(path: Path, encoding: str | None = None) -> Generator[Document]:
    """An IATI file, its root checked; raises `UnreadableFile`."""
    with tabular.open_file(path) as stream:
        yield Document(path, stream, encoding)
