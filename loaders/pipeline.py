"""read → map → check → write → report. The only module of the loaders that writes to the graph.

Everything is read and checked before the first row is written; rejected rows are named and kept in a rejects file.
"""

import csv
import gc
import hashlib
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from decimal import Decimal, localcontext
from pathlib import Path
from typing import TypeVar

from graph import memory, write
from graph.engine import Graph
from graph.model import MODEL, Vocabulary
from graph.records import Entity, Value
from graph.sources import directory as known
from graph.staging import DOCUMENT, Repeated, Staging
from graph.write import appending, runs
from graph.write import bulk as bulk_files
from loaders import formats, tabular
from loaders.directory import Directory
from loaders.reading import How, Measured, Part, Ranked, line_of
from loaders.records import Issue, LoadError, Report, RowError
from loaders.rows import RowBuilder

#: Issues kept in memory for the report; all of them are in the rejects file.
SHOWN = 1_000
#: Figures that are named where an appended file replaces them.
NAMED = 20
CHUNK = 5_000
#: Digits that sums are added with: of 38 before and 38 after the point, of any number of figures that there may be.
_EXACT = 100
_COLUMN_OF = {"start": "from", "end": "to"}
_REJECTS = ("file", "line", "column", "value", "reason")

#: Stage, rows done, rows in all; 0 where that is not known. While `reading` it is an estimate.
Progress = Callable[[str, int, int], None]
#: file number, place in it, column, value, reason
Fault = tuple[int, int, str, str, str]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passport:
    """What is known of a dataset as a document, from seed.toml or the options; `rows` is checked when given."""

    title: str = ""
    publisher: str = ""
    licence: str = ""
    url: str = ""
    retrieved: str = ""
    rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    dataset: str
    format: str | None = None
    mapping: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    validate: bool = False
    dry_run: bool = False
    append: bool = False
    allow_retract: bool = False
    rejects: Path | None = None
    wait: float = 0.0
    force: bool = False
    passport: Passport = Passport()
    version: str = ""


class Rejects:
    """The rejects file, made with the first rejected row and put in its place at the end."""

    def __init__(self, options: Options, files: Sequence[Path], report: Report) -> None:
        self._path = options.rejects
        self._report = report
        read = [*files, *([Path(options.mapping)] if options.mapping else [])]
        if self._path and self._path.exists() and any(f.exists() and self._path.samefile(f) for f in read):
            raise LoadError(f"{self._path} is one of the files to be read: name another file with --rejects")
        self._rows: set[tuple[str, int]] = set()
        self._file = None
        self._writer = None

    def add(self, issue: Issue, place: int) -> None:
        """`place` tells rows apart, of which a line may hold several."""
        if (issue.file, place) not in self._rows:
            self._rows.add((issue.file, place))
            self._report.rejected += 1
        if len(self._report.issues) < SHOWN:
            self._report.issues.append(issue)
        if self._path is None:
            return
        if self._writer is None:
            try:
                self._file = self._part.open("w", encoding="utf-8-sig", newline="")
            except OSError as error:
                raise LoadError(
                    f"rows were rejected, and their list cannot be written to {self._path} ({error.strerror}): "
                    "name another file with --rejects"
                ) from None
            self._writer = csv.writer(self._file)
            self._writer.writerow(_REJECTS)
            self._report.rejects = self._path
        cells = (issue.file, issue.line, issue.column, issue.value, issue.reason)
        # a spreadsheet must not run what a cell of the file said
        self._writer.writerow([f"'{c}" if str(c).startswith(("=", "+", "-", "@", "\t", "\r")) else c for c in cells])

    @property
    def _part(self) -> Path:
        assert self._path
        return self._path.with_name(f"{self._path.name}.part")

    def close(self) -> None:
        if self._file is not None and self._path:
            self._file.close()
            self._part.replace(self._path)


def dataset_name(files: Sequence[Path]) -> str:
    """The dataset a load gets where none is named: the name of its file, or of the folder of its files."""
    if len(files) == 1:
        return files[0].stem
    folders = {file.resolve().parent for file in files}
    if len(folders) > 1:
        raise LoadError("the files are of several folders: name what they are together with --dataset NAME")
    return folders.pop().name


async def load(
    graph: Graph,
    files: Sequence[Path],
    options: Options,
    *,
    progress: Progress = lambda _stage, _done, _total: None,
    on_wait: Callable[[str], None] | None = None,
    clock: Callable[[], int] = write.now,
    vocabulary: Vocabulary = MODEL,
) -> Report:
    """Loads files as one dataset, or with `dry_run` only checks them. Raises LoadError, UnreadableFile, GraphError."""
    before = [tabular.state(file) for file in files]
    origin = _origin(files, options)
    report = Report(dataset=options.dataset, mapping="")
    if not options.dry_run and not options.force and await runs.loaded_before(graph, origin):
        report.unchanged_files = True
        return report
    rejects = Rejects(options, files, report)
    try:
        with Staging(vocabulary) as staging, _rare_collections():
            reading = _Reading(graph, staging, options, report, rejects, vocabulary, progress)
            await reading.all(files)
            _refuse_changed(files, before)
            if options.dry_run:
                await reading.check()
                await reading.tell_replaced()
                reading.sum()
                report.would_retract = await write.foreseen_retractions(
                    graph, staging, options.dataset, append=options.append, allow_retract=options.allow_retract
                )
                return report
            # what is checked must still be so when it is written
            async with write.writer(graph, options.dataset, wait=options.wait, on_wait=on_wait) as lock:
                await reading.check()
                if report.rejected and report.rejected >= report.rows:
                    return report
                await reading.tell_replaced()
                reading.sum()
                report.counts = await write.load(
                    graph,
                    staging,
                    origin,
                    lock,
                    append=options.append,
                    allow_retract=options.allow_retract,
                    rejected=report.rejected,
                    progress=progress,
                    vocabulary=vocabulary,
                    version=options.version,
                    clock=clock,
                )
            report.written = True
            return report
    finally:
        rejects.close()


async def bulk(
    files: Sequence[Path],
    options: Options,
    out: Path,
    *,
    progress: Progress = lambda _stage, _done, _total: None,
    clock: Callable[[], int] = write.now,
    vocabulary: Vocabulary = MODEL,
) -> Report:
    """Writes files for the import into an empty Neo4j to the folder `out`, which is new or empty.

    All is checked as by `load` into an empty graph; the folder is there whole or not at all.
    """
    _make_room(out)
    before = [tabular.state(file) for file in files]
    origin = _origin(files, options)
    report = Report(dataset=options.dataset, mapping="")
    rejects = Rejects(options, files, report)
    try:
        with (
            Staging(vocabulary) as staging,
            _rare_collections(),
            tempfile.TemporaryDirectory(dir=out.parent, prefix=f"{out.name}.part-") as part,
        ):
            reading = _Reading(bulk_files.Nothing(), staging, options, report, rejects, vocabulary, progress)
            await reading.all(files)
            _refuse_changed(files, before)
            await reading.check()
            if report.rejected and report.rejected == report.rows:
                return report
            whole = Path(part, "whole")
            report.counts = bulk_files.write(
                staging,
                origin,
                whole,
                now=clock(),
                rejected=report.rejected,
                version=options.version,
                vocabulary=vocabulary,
                progress=progress,
            )
            _put(whole, out)
        report.written = True
        return report
    finally:
        rejects.close()


def _make_room(out: Path) -> None:
    """The folder that `out` is to stand in; refuses an `out` that holds something."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise LoadError(f"{out} is there already and not an empty folder: name another with --out")
    out.parent.mkdir(parents=True, exist_ok=True)


def _put(folder: Path, out: Path) -> None:
    if out.exists():
        out.rmdir()
    folder.rename(out)


@contextmanager
def _rare_collections() -> Generator[None]:
    """Lets the garbage collector look seldom: rows make many objects and no cycles, and it took a fifth of a load."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _origin(files: Sequence[Path], options: Options) -> write.Origin:
    hashes = [tabular.sha256(file) for file in files]
    own = Path(options.mapping) if options.mapping and options.mapping.endswith(".toml") else None
    parts = [
        *hashes,
        tabular.sha256(own) if own and own.is_file() else str(options.mapping),
        str(options.append),
        str(options.format),
        str(options.encoding),
        str(options.validate),
        str(options.sheet),
        repr(asdict(options.passport)),
        options.version,
    ]
    plan = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return write.Origin(dataset=options.dataset, files=[file.name for file in files], sha256=hashes, plan=plan)


def _refuse_changed(files: Sequence[Path], before: Sequence[tuple[int, int] | None]) -> None:
    """A file that changed between its hash and its reading would be known by the hash of what was not loaded."""
    for file, state in zip(files, before, strict=True):
        if tabular.state(file) != state:
            raise LoadError(f"{file}: has changed while it was read; load it again when it is complete")


def _size(file: Path) -> int:
    return file.stat().st_size


class _Reading:
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
