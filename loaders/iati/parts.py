"""The parts of IATI files: activities and organisations, each a stream of units."""

from collections.abc import Iterator

from loaders.iati.activity import Activity
from loaders.iati.context import Context
from loaders.iati.organisation import Organisation
from loaders.iati.reader import Document, Element
from loaders.iati.validation import Schema
from loaders.reading import Unit
from loaders.records import RowError
from loaders.rows import RowBuilder


class _Part:
    name = ""
    brings_entities = True
    _record: type[Activity] | type[Organisation]

    def __init__(self, document: Document, schema: Schema | None) -> None:
        self._document, self._schema = document, schema
        self._context: Context | None = None

    @property
    def mapping(self) -> str:
        return f"iati {self._document.version}".rstrip()

    def notes(self) -> list[str]:
        return self._context.notes() if self._context else []

    def header_of(self, name: str) -> str:
        return name

    def share(self) -> float:
        return self._document.share()

    def units(self, builder: RowBuilder) -> Iterator[Unit]:
        self._context = context = Context(self._document, builder)
        record: Activity | Organisation | None = None
        for event in self._document.events(whole=self._schema is not None):
            record = record or self._record(event.record, context)
            if event.element is not None:
                yield from record.take(event.element)
                continue
            if self._schema is not None:
                yield from self._validated(self._schema, event.record, record, context)
            else:
                yield from record.units()
            record = None

    @staticmethod
    def _validated(
        schema: Schema, element: Element, record: Activity | Organisation, context: Context
    ) -> Iterator[Unit]:
        if invalid := schema.faults(element):
            told = [RowError(f"the schema 2.03 refuses it, line {fault.line}: {fault.reason}") for fault in invalid]
            yield context.faults(element.sourceline, told, about=record.identified(element))
            return
        for child in element:
            yield from record.take(child)
        yield from record.units()


class ActivitiesPart(_Part):
    _record = Activity


class OrganisationsPart(_Part):
    _record = Organisation
