"""`aidgraph runs` and `aidgraph undo`: what was loaded, and taking one load back."""

import asyncio
import json
from dataclasses import asdict
from datetime import UTC, datetime

import typer

from cli.console import opened, progress_bar, version
from graph import write
from graph.write import flows, runs
from graph.write.runs import Listed


def listing(dataset: str | None, *, as_json: bool) -> None:
    found = [run for run in asyncio.run(_listed()) if dataset is None or run.dataset == dataset]
    found.reverse()
    if as_json:
        typer.echo(json.dumps([_plain(run) for run in found], ensure_ascii=False, indent=2))
        return
    if not found:
        typer.echo("nothing was loaded" + (f" as dataset {dataset}" if dataset else ""))
    for run in found:
        _show(run)


async def _listed() -> list[Listed]:
    async with opened() as graph:
        return await runs.listed(graph)


def _plain(run: Listed) -> dict[str, object]:
    said = asdict(run)
    said |= {"state": run.state.value, "recorded_at": _moment(run.recorded_at), "finished_at": _moment(run.finished_at)}
    del said["logged"]
    files = [{"name": name, "sha256": hash_} for name, hash_ in zip(run.files, run.sha256, strict=True)]
    return {**{name: value for name, value in said.items() if name != "sha256"}, "files": files}


def _moment(epoch_ms: int | None) -> str | None:
    """UTC, to the second."""
    return None if epoch_ms is None else datetime.fromtimestamp(epoch_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _show(run: Listed) -> None:
    state = f"{run.state.value} by {run.undone_by}" if run.undone_by else run.state.value
    what = f", takes back {run.undoes}" if run.undoes else ", appended" if run.append else ""
    typer.echo(f"{run.id}: dataset {run.dataset}, {_moment(run.recorded_at)}, {state}{what}")
    typer.echo(f"  {_counts(run.counts)}; {run.rejected:,} rejected rows")
    if not run.undoes:
        for name, hash_ in zip(run.files, run.sha256, strict=True):
            typer.echo(f"  {name}  sha256 {hash_}")


def _counts(counts: write.Counts) -> str:
    supported = f", {counts.supported:,} supported too" if counts.supported else ""
    return (
        f"claims: {counts.new:,} new, {counts.changed:,} changed, {counts.unchanged:,} unchanged, "
        f"{counts.retracted:,} retracted{supported}; "
        f"entities: {counts.entities_new:,} new, {counts.entities_changed:,} changed"
    )


def undo(name: str, *, wait: float) -> None:
    undone = asyncio.run(_undo(name, wait))
    run, counts = undone.run, undone.counts
    if undone.already:
        typer.echo(f"{run.id} was undone already, by {undone.by}: nothing to do")
        return
    typer.echo(
        f"{run.id} is undone, by {undone.by}: {counts.retracted:,} claims closed, {counts.new:,} open again, "
        f"{counts.changed:,} as they were before, {counts.unchanged:,} with their former support or place; "
        f"{counts.entities_changed:,} entities changed"
    )


async def _undo(name: str, wait: float) -> write.Undone:
    async with opened(wait=wait) as graph:
        with progress_bar() as bar:
            undone = await write.undo(
                graph,
                name,
                clock=write.now,
                wait=wait,
                on_wait=lambda holder: typer.echo(f"waiting: {holder}", err=True),
                progress=bar.of(f"undo {name}"),
                version=version(),
            )
            await flows.after_run(graph, progress=bar.of("flows of money"), say=lambda text: typer.echo(text, err=True))
            return undone
