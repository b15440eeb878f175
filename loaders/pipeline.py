"""read → map → check → write → report. The only module of the loaders that writes to the graph.

Everything is read and checked before the first row is written; rejected rows are named and kept in a rejects file.
"""

import gc
import hashlib
import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from graph import write
from graph.engine import Graph
from graph.model import MODEL, Vocabulary
from graph.staging import Staging
from graph.write import bulk as bulk_files
from graph.write import runs
from loaders import tabular
from loaders.checking import Progress, Reading
from loaders.options import Options, Passport
from loaders.records import LoadError, Report
from loaders.rejects import Rejects

__all__ = ["Options", "Passport", "Progress", "Report", "bulk", "dataset_name", "load"]


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
    rejects = _rejects(options, files, report)
    try:
        with Staging(vocabulary) as staging, _rare_collections():
            reading = Reading(graph, staging, options, report, rejects, vocabulary, progress)
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
    rejects = _rejects(options, files, report)
    try:
        with (
            Staging(vocabulary) as staging,
            _rare_collections(),
            tempfile.TemporaryDirectory(dir=out.parent, prefix=f"{out.name}.part-") as part,
        ):
            reading = Reading(bulk_files.Nothing(), staging, options, report, rejects, vocabulary, progress)
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


def _rejects(options: Options, files: Sequence[Path], report: Report) -> Rejects:
    return Rejects(options.rejects, [*files, *([Path(options.mapping)] if options.mapping else [])], report)


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
