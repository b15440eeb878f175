"""`aidgraph load` and `aidgraph check`."""

import asyncio
import re
from glob import glob, has_magic
from pathlib import Path

import typer

from cli.console import opened, progress_bar, version
from graph.write import flows
from graph.write.bulk import COMMAND, README, THEN
from loaders import formats, pipeline
from loaders.reading import How
from loaders.records import LoadError, Report

LOADED_WITH_REJECTS = 3
REJECTS = ".rejects.csv"
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/", re.I)
#: Bytes of a dataset's name, which becomes the name of a file.
LONGEST = 120
#: Files left out of a folder that are named.
LEFT_OUT = 10
#: Issues printed; all of them are in the rejects file.
SHOWN = 20


def expanded(paths: list[Path], how: How) -> list[Path]:
    """The files meant, each once, in order of name: folders replaced by their tables, patterns that no shell expanded by
    what fits."""
    files: list[Path] = []
    for path in paths:
        if not str(path).isprintable():
            raise LoadError(f"{str(path)!r}: the name of the file holds characters that cannot be printed: rename it")
        if path.is_dir():
            files += _inside(path, how)
        elif path.exists():
            files.append(path)
        elif found := sorted(glob(str(path), recursive=True)) if has_magic(str(path)) else []:
            files += expanded([Path(one) for one in found], how)
        elif ADDRESS.match(str(path)):
            raise LoadError(f"{path}: addresses are not fetched: download the file, and give its path")
        else:
            raise LoadError(f"{path}: there is no such file")
    once: dict[Path, Path] = {}
    for file in files:
        once.setdefault(file.resolve(), file)
    return list(once.values())


def _inside(folder: Path, how: How) -> list[Path]:
    """The tables of a folder, without hidden files, those that an office program keeps while one is open, and rejects.

    What else there is, is named: a text that is no table, and files of kinds that are not read.
    """
    inside: list[Path] = []
    others: list[str] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "~$")) or path.name.endswith(REJECTS):
            continue
        if why := formats.why_not(path, how):
            others.append(f"{path.name} ({why})")
        else:
            inside.append(path)
    more = f" and {len(others) - LEFT_OUT:,} more" if len(others) > LEFT_OUT else ""
    left_out = f"not read: {'; '.join(others[:LEFT_OUT])}{more}" if others else ""
    if not inside:
        said = f"; {left_out}" if left_out else ""
        raise LoadError(
            f"{folder}: the folder holds no table in a file ending in {', '.join(formats.suffixes())}{said}"
        )
    if left_out:
        typer.echo(f"{folder}: {left_out}", err=True)
    return inside


def dataset_of(paths: list[Path], files: list[Path], dataset: str | None) -> str:
    """The dataset's name as given, or that of the file or folder; it becomes part of ids and of names of files."""
    whole = paths[0].resolve().name if len(paths) == 1 and paths[0].is_dir() else ""
    name = (whole or pipeline.dataset_name(files)) if dataset is None else dataset
    if not name.strip() or any(c.isspace() or ord(c) < 32 for c in name):
        raise LoadError(
            f"the dataset name {name!r} is empty or holds spaces: give another with --dataset, such as funds-2024"
        )
    return name


def load(
    paths: list[Path],
    *,
    mapping: str | None,
    dataset: str | None,
    rejects: Path | None,
    encoding: str | None,
    format: str | None = None,
    validate: bool = False,
    sheet: str | None = None,
    dry_run: bool,
    append: bool = False,
    allow_retract: bool = False,
    force: bool = False,
    wait: float = 0.0,
) -> None:
    files = expanded(paths, How(format=format, mapping=mapping, encoding=encoding))
    name = dataset_of(paths, files, dataset)
    typer.echo(f"{'checking' if dry_run else 'loading'} {len(files)} file(s) as dataset {name}", err=True)
    options = pipeline.Options(
        dataset=name,
        mapping=mapping,
        encoding=encoding,
        format=format,
        validate=validate,
        sheet=sheet,
        dry_run=dry_run,
        append=append,
        allow_retract=allow_retract,
        force=force,
        wait=wait,
        rejects=rejects or Path(f"{name}{REJECTS}"),
        version=version(),
    )
    report = asyncio.run(_load(files, options))
    show(report, dry_run=dry_run)
    show_sums(report)
    end(report)


def end(report: Report) -> None:
    if report.rejected:
        nothing = report.rejected == report.rows
        raise SystemExit(1 if nothing else LOADED_WITH_REJECTS)


def bulk(
    paths: list[Path],
    out: Path,
    *,
    mapping: str | None,
    dataset: str | None,
    rejects: Path | None,
    encoding: str | None,
    format: str | None = None,
    sheet: str | None = None,
) -> None:
    files = expanded(paths, How(format=format, mapping=mapping, encoding=encoding))
    name = dataset_of(paths, files, dataset)
    options = pipeline.Options(
        dataset=name,
        mapping=mapping,
        encoding=encoding,
        format=format,
        sheet=sheet,
        rejects=rejects or Path(f"{name}{REJECTS}"),
        version=version(),
    )
    with progress_bar() as bar:
        report = asyncio.run(pipeline.bulk(files, options, out, progress=bar.of(name)))
    show(report, dry_run=False)
    if report.written:
        typer.echo(
            f"the files are in {out}. Stop the empty Neo4j they are for, and in that folder run\n  {COMMAND}\n"
            f"start it, and run\n  {THEN}\n{README} there says more"
        )
    end(report)


async def _load(files: list[Path], options: pipeline.Options) -> Report:
    async with opened(wait=options.wait) as graph:
        with progress_bar() as bar:
            report = await pipeline.load(
                graph,
                files,
                options,
                progress=bar.of(options.dataset),
                on_wait=lambda holder: typer.echo(f"waiting: {holder}", err=True),
            )
            if not options.dry_run:
                await flows.after_run(
                    graph, progress=bar.of("flows of money"), say=lambda text: typer.echo(text, err=True)
                )
            return report


def show(report: Report, *, dry_run: bool) -> None:
    if report.unchanged_files:
        typer.echo(f"{report.dataset}: these very files are loaded already, nothing to do (--force loads them again)")
        return
    typer.echo(
        f"{report.dataset}: {report.rows:,} rows, {report.entities:,} entities, {report.claims:,} claims, "
        f"{report.rejected:,} rejected rows"
    )
    if report.written:
        c = report.counts
        supported = f", {c.supported:,} supported by this dataset too" if c.supported else ""
        replaced = f" ({report.replaced:,} with another amount)" if report.replaced else ""
        typer.echo(
            f"claims: {c.new:,} new, {c.changed:,} changed{replaced}, {c.unchanged:,} unchanged, "
            f"{c.retracted:,} retracted{supported}; "
            f"entities: {c.entities_new:,} new, {c.entities_changed:,} changed"
        )
    elif dry_run:
        gone = f"; loading would retract {report.would_retract:,} claims" if report.would_retract else ""
        typer.echo(f"nothing was written{gone}")
    elif report.rejected:
        typer.echo("no row could be used: nothing was written")
    for note in report.notes:
        typer.echo(note, err=True)
    for issue in report.issues[:SHOWN]:
        typer.echo(str(issue), err=True)
    if report.rejected:
        more = " and more;" if len(report.issues) > SHOWN else ""
        typer.echo(f"{report.rejected:,} rows were rejected:{more} every fault is listed in {report.rejects}", err=True)
    if report.rejected and report.counts.retracted:
        typer.echo(
            f"{report.counts.retracted:,} claims were retracted: where that was for a rejected row, mend it and load again",
            err=True,
        )


def show_sums(report: Report) -> None:
    for (type_, class_, currency), total in sorted(report.sums.items()):
        n = report.figures[type_, class_, currency]
        typer.echo(f"{type_} {class_} {currency} {total:f} ({n:,} claims)")
