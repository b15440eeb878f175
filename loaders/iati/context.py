"""What the activities of one file share: where their records go, what is told once, counts and notes."""

from collections.abc import Iterator

from graph.records import Claim, Entity
from loaders.encoding import UnreadableFile
from loaders.iati.named import Entities
from loaders.iati.reader import Document
from loaders.reading import Unit
from loaders.records import RowError
from loaders.rows import RowBuilder

_DATASET = "source:dataset:"
#: Identifiers that are remembered, to tell of those that come again.
_MET = 2_000_000


class Context:
    """`old`: a version before 2.01."""

    def __init__(self, document: Document, builder: RowBuilder) -> None:
        self.source = builder.document
        self.dataset = builder.document.removeprefix(_DATASET)
        self.old = not document.version.startswith("2.")
        self.entities = Entities(builder.document, builder.new_sources)
        self._document = document
        self._met = builder.met
        self._n = 0
        self._counts: dict[str, int] = {}
        self._notes: dict[str, tuple[int, str]] = {}

    def repeats(self, id_: str) -> bool:
        """Whether an activity of this id was met before, in this file or in another of the load."""
        key = hash(id_)
        if key in self._met:
            return True
        if len(self._met) < _MET:
            self._met.add(key)
        return False

    def count(self, what: str) -> None:
        self._counts[what] = self._counts.get(what, 0) + 1

    def note(self, what: str, where: str) -> None:
        """Something that the reader of the report must know: it is told how often, and where first."""
        times, first = self._notes.get(what, (0, where))
        self._notes[what] = times + 1, first

    def notes(self) -> list[str]:
        name = self._document.path.name
        counted = ", ".join(f"{n:,} {what}" for what, n in self._counts.items()) or "nothing"
        told = [f"{name}: IATI {self._document.version or 'without a version'}: {counted}"]
        if self.old:
            told.append(f"{name}: a version before 2.01, or none: read as far as it maps to 2.03")
        elif self._document.version not in ("2.01", "2.02", "2.03"):
            told.append(f"{name}: the version {self._document.version} is not known here: read as 2.03")
        return told + [f"{name}: {times:,} {what}; the first: {first}" for what, (times, first) in self._notes.items()]

    def units(self, line: int, records: list[Entity | Claim]) -> Iterator[Unit]:
        """What the records name, each by itself, and then the records as one row."""
        yield from self.shared()
        yield Unit(line=line, n=self._next(), records=records)

    def shared(self) -> Iterator[Unit]:
        for line, record in self.entities.take():
            yield Unit(line=line, n=self._next(), row=False, records=[record])

    def fault(self, line: int, column: str, reason: str, *, value: str = "", about: str = "") -> Unit:
        return self.faults(line, [RowError(reason, column=column, value=value[:100])], about=about)

    def faults(self, line: int, errors: list[RowError], *, about: str) -> Unit:
        told = [
            RowError(f"{e.reason} ({about})" if about else e.reason, column=e.column, value=e.value) for e in errors
        ]
        return Unit(line=line, n=self._next(), faults=told)

    def unreadable(self, line: int, why: str) -> UnreadableFile:
        return UnreadableFile(self._document.path, why, line)

    def _next(self) -> int:
        self._n += 1
        return self._n
