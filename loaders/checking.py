"""Reads files into a staging, and checks what they say against the graph, before any of it is written."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import asdict
from decimal import Decimal, localcontext
from pathlib import Path
from typing import TypeVar

from graph import memory
from graph.engine import Graph
from graph.model import Vocabulary
from graph.records import Entity, Value
from graph.sources import directory as known
from graph.staging import DOCUMENT, Repeated, Staging
from graph.write import appending
from loaders import formats
from loaders.directory import Directory
from loaders.options import Options
from loaders.reading import How, Measured, Part, Ranked, line_of
from loaders.records import Issue, LoadError, Report, RowError
from loaders.rejects import Rejects
from loaders.rows import RowBuilder

#: Figures that are named where an appended file replaces them, and names that are read in other characters.
NAMED = 20
CHUNK = 5_000
#: Digits that sums are added with: of 38 before and 38 after the point, of any number of figures that there may be.
_EXACT = 100
_COLUMN_OF = {"start": "from", "end": "to"}

#: Stage, rows done, rows in all; 0 where that is not known. While `reading` it is an estimate.
Progress = Callable[[str, int, int], None]
#: file number, place in it, column, value, reason
Fault = tuple[int, int, str, str, str]
T = TypeVar("T")


def _size(file: Path) -> int:
    return file.stat().st_size


class Reading:
    """Reads files into a staging and checks what they say against the graph."""

    def __init__(
        self,
        graph: Graph,
        staging: Staging,
        options: Options,
        report: Report,
        rejects: Rejects,
        vocabulary: Vocabulary,
        progress: Progress,
    ) -> None:
        self._graph = graph
        self._staging = staging
        self._options = options
        self._report = report
        self._rejects = rejects
        self._vocabulary = vocabulary
        self._progress = progress
        self._how = How(
            format=options.format,
            mapping=options.mapping,
            encoding=options.encoding,
            sheet=options.sheet,
            validate=options.validate,
            vocabulary=vocabulary,
        )
        self._bytes = self._bytes_read = self._piece = 0.0  # of all files; read; of what is being read
        self._names: list[str] = []  # of the parts, by number
        self._whole = False  # whether units were no changes to the dataset, but all of it
        self._parts: list[Part] = []  # as they were read; kept for the headers that faults name

    async def all(self, files: Sequence[Path]) -> None:
        directory = Directory(await known.named(self._graph), self._vocabulary)
        builder = RowBuilder(directory, f"source:dataset:{self._options.dataset}", self._vocabulary)
        self._describe_document()
        short = {file: file.name for file in files}
        if len(set(short.values())) < len(files):
            short = {file: str(file) for file in files}
        # entities first: what a claim names must not depend on the order of the files
        in_order = self._in_order(files)
        pieces = Counter(file for file, _ in in_order)
        self._bytes = sum(_size(file) for file in files)
        for file, index in in_order:
            self._piece = _size(file) / pieces[file]
            with formats.opener(file, self._how)(file, self._how) as parts:
                for part in sorted(parts, key=_turn) if index is None else [parts[index]]:
                    self._read(f"{short[file]}, sheet {part.name}" if part.name else short[file], part, builder)
            self._bytes_read += self._piece
        self._tell_converted(directory)
        if self._report.rows >= CHUNK:
            self._progress("reading", self._report.rows, self._report.rows)
        if self._staging.is_change and self._whole:
            raise LoadError(
                "some files are whole, others are changes: load the whole first, then each change by itself"
            )
        wanted = self._options.passport.rows
        if wanted is not None and self._report.rows != wanted:
            raise LoadError(
                f"{self._options.dataset} has {self._report.rows:,} rows and should have {wanted:,}: nothing was written"
            )

    def _tell_converted(self, directory: Directory) -> None:
        """A name in traditional characters may be that of another place in simplified ones: which it was taken for is told."""
        if not directory.converted:
            return
        told = [f"{name} is read as {directory.told(id_)}" for name, id_ in sorted(directory.converted.items())]
        more = f"; and {len(told) - NAMED:,} more" if len(told) > NAMED else ""
        self._report.notes.append(f"names in traditional characters: {'; '.join(told[:NAMED])}{more}")

    def _in_order(self, files: Sequence[Path]) -> list[tuple[Path, int | None]]:
        """Files and which part of each to read, None for all of it: those that bring entities first."""
        if len(files) == 1:
            return [(files[0], None)]
        listed: list[tuple[tuple[bool, int], Path, int | None]] = []
        for file in files:
            with formats.opener(file, self._how)(file, self._how) as parts:
                turns = [_turn(part) for part in parts]
            if len(set(turns)) == 1:
                listed.append((turns[0], file, None))
            else:
                listed += [(turn, file, index) for index, turn in enumerate(turns)]
        return [(file, index) for _, file, index in sorted(listed, key=lambda entry: entry[0])]

    async def check(self) -> None:
        """Checks what was read against the graph, and settles what is left."""
        await self._check()
        self._tell(self._staging.settle())
        self._report.entities, self._report.claims = self._staging.counts()

    def _tell(self, repeated: Repeated) -> None:
        if repeated.figures:
            places = " and ".join(f"{self._names[file]}, line {line_of(place)}" for file, place in repeated.first)
            self._report.notes.append(
                f"{repeated.figures:,} figure(s) stand more than once, with the same parties, class, time and source: all are "
                "kept, and in sums over the graph each counts once; sums apart need a measure or a transaction of their "
                f"own; the first: {places}"
            )

    async def tell_replaced(self) -> None:
        """Names the figures of the dataset that an appended file would put others in the place of."""
        if not self._options.append or self._staging.is_change:
            return
        named: list[str] = []
        async for one in appending.replaced(self._graph, self._staging, self._options.dataset, self._vocabulary):
            self._report.replaced += 1
            if len(named) < NAMED:
                place = f"{self._names[one.file]}, line {line_of(one.line)}"
                named.append(f"{place}: {one.amount or 'no amount'} in the place of {one.former} {one.currency}")
        if named:
            more = f"; and {self._report.replaced - NAMED:,} more" if self._report.replaced > NAMED else ""
            self._report.notes.append(
                f"{self._report.replaced:,} figure(s) take the place of others that the dataset holds for the same parties, "
                "class, time and source: a fact has one figure. Where both are to stand, give each a transaction or a measure "
                f"of its own, or load the file as another dataset: {'; '.join(named)}{more}"
            )

    def _describe_document(self) -> None:
        """The dataset as a source of its own, for rows that cite no other."""
        passport = self._options.passport
        said: dict[str, Value] = {
            name: text
            for name, text in asdict(passport).items()
            if isinstance(text, str) and text and name in ("title", "publisher", "licence", "url", "retrieved")
        }
        said.setdefault("title", self._options.dataset)
        id_ = f"source:dataset:{self._options.dataset}"
        record = Entity(label="Source", id=id_, source=id_, values=said, provenance={"certainty": "stated"})
        self._staging.add(record, file=DOCUMENT, line=0)

    def _read(self, name: str, part: Part, builder: RowBuilder) -> None:
        number = len(self._parts)
        self._parts.append(part)
        self._names.append(name)
        self._report.mapping = part.mapping
        builder.sheet = part.name
        for unit in part.units(builder):
            self._report.rows += unit.row
            if unit.row and self._report.rows % CHUNK == 0:
                self._progress("reading", self._report.rows, self._rows_in_all(part))
            faults = unit.faults
            if unit.replaces is not None and not self._staging.replace(
                unit.replaces, keeps=unit.keeps, forgets=unit.forgets
            ):
                faults = [
                    RowError("is changed before in this load: load one change after the other", value=unit.replaces)
                ]
            self._whole = self._whole or (unit.replaces is None and bool(unit.records))
            place = unit.place
            for fault in faults:
                self._issue(name, place, fault.column, fault.value, fault.reason)
            if not faults:
                for record in unit.records:
                    self._staging.add(record, file=number, line=place)
            while builder.new_sources:
                self._staging.add_source(builder.new_sources.pop())
        self._report.notes += part.notes()

    def _rows_in_all(self, part: Part) -> int:
        """How many rows the files may have, by the share of their bytes that is read; 0 where it cannot be told."""
        share = part.share() if isinstance(part, Measured) else None
        if share is None:
            return 0
        read = self._bytes_read + share * self._piece
        return max(self._report.rows, round(self._report.rows * self._bytes / read)) if read else 0

    def _issue(self, file: str, place: int, column: str, value: str, reason: str) -> None:
        self._rejects.add(Issue(file=file, line=line_of(place), column=column, value=value[:200], reason=reason), place)

    def sum(self) -> None:
        """Counts and exact sums of what is to be written; a figure that is part of another is not added to it."""
        with localcontext(prec=_EXACT):
            for type_, money in self._staging.money():
                if money.amount_text and not money.part_of:
                    key = (type_, money.class_, money.currency)
                    self._report.figures[key] = self._report.figures.get(key, 0) + 1
                    self._report.sums[key] = self._report.sums.get(key, Decimal(0)) + Decimal(money.amount_text)

    async def _check(self) -> None:
        """Every id that a row names exists, of a type that may stand there; rows that fail are taken out, again and
        again until no row depends on one that was."""
        while True:
            faults: list[Fault] = [
                *((file, line, "part_of", id_, why) for file, line, id_, why in self._staging.resolve_parts()),
                *[fault async for fault in self._label_faults()],
                *[fault async for fault in self._mention_faults()],
            ]
            if not faults:
                return
            for file, place, column, value, reason in faults:
                header = self._parts[file].header_of(column) if file >= 0 else column
                self._issue(self._names[file] if file >= 0 else "", place, header, value, reason)
                self._staging.reject(file, place)

    async def _label_faults(self) -> AsyncIterator[Fault]:
        for chunk in _chunks(self._staging.entity_rows()):
            ids = {row[0] for row in chunk}
            stored = await known.types(self._graph, ids)
            mine = self._staging.labels(ids)
            for id_, label, file, line in chunk:
                others = {*mine[id_], *([stored[id_]] if id_ in stored else [])} - {label}
                clash = next((o for o in sorted(others) if self._vocabulary.most_refined(label, o) is None), None)
                if clash:
                    yield file, line, "id", id_, f"is a {clash} already and cannot be a {label} too: give it another id"

    async def _mention_faults(self) -> AsyncIterator[Fault]:
        for chunk in _chunks(self._staging.mentioned()):
            ids = {row[0] for row in chunk}
            found = {id_: {label} for id_, label in (await known.types(self._graph, ids)).items()}
            for id_, labels in self._staging.labels(ids).items():
                found.setdefault(id_, set()).update(labels)
            for id_, allowed, what, type_ in chunk:
                if reason := self._fault(allowed, found.get(id_)):
                    column = _COLUMN_OF.get(what, what)
                    for file, line in self._staging.rows_that_mention(id_, what, type_):
                        yield file, line, column, id_, reason

    def _fault(self, allowed: tuple[str, ...], labels: set[str] | None) -> str:
        if not labels:
            return "is not in the graph and not in these files: correct it, or load it first"
        if "Entity" in allowed or any(self._vocabulary.is_a(label, a) for label in labels for a in allowed):
            return ""
        return f"is a {' and a '.join(sorted(labels))}; here must stand a {' or a '.join(allowed)}"


def _turn(part: Part) -> tuple[bool, int]:
    """What parts are read in the order of: those that bring entities first, and of forms those that others name."""
    return not part.brings_entities, part.rank if isinstance(part, Ranked) else 0


def _chunks(rows: Iterator[T]) -> Iterator[list[T]]:
    """Rows in lists, each for a question to the graph, whose ids and answers stay in cycles of the driver until collected."""
    chunk: list[T] = []
    for n, row in enumerate(rows, start=1):
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
        if n % memory.ROWS == 0:
            memory.give_back()
    if chunk:
        yield chunk
