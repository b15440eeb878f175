"""`aidgraph matches` and `aidgraph decide`: pairs that may be one, and what persons decided of them."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import typer

from cli import loading
from cli.console import CommandError, opened, progress_bar, version
from graph import matching
from graph.canonical import Settled
from graph.matching import Proposal, Proposed
from graph.model import MODEL
from graph.sources import matches as stored
from graph.write import flows, merging
from loaders import decisions, pipeline
from loaders.records import LoadError, Report

_USAGE = 2
#: Pairs shown where no file is written, and vanished or left ones that are named.
SHOWN = 20


def matches(label: str, out: Path | None, *, limit: int, min_score: float) -> None:
    if label not in MODEL.node or MODEL.node[label].internal:
        names = ", ".join(node.label for node in MODEL.nodes if not node.internal)
        raise CommandError(f"there is no type {label}: choose one of {names}", _USAGE)
    kept = [row for row in decisions.read(out) if decisions.decision_of(row)] if out and out.exists() else []
    skip = [decisions.pair_of(row) for row in kept]
    proposed = asyncio.run(_propose(label, limit, min_score, skip))
    if out is None:
        for proposal in proposed.proposals[:SHOWN]:
            _show(proposal)
    else:
        unsure = [row for row in kept if decisions.decision_of(row) == decisions.UNSURE]
        decided = [row for row in kept if decisions.decision_of(row) != decisions.UNSURE]
        decisions.write(out, [*map(_row, proposed.proposals), *unsure, *decided])
    _sum_up(proposed, label, min_score, out, kept)


async def _propose(label: str, limit: int, min_score: float, skip: list[tuple[str, str]]) -> Proposed:
    async with opened() as graph:
        with progress_bar() as bar:
            return await matching.propose(
                graph, label, limit=limit, min_score=min_score, skip=skip, progress=bar.of(f"matches {label}")
            )


def _show(proposal: Proposal) -> None:
    typer.echo(f"{proposal.score:.2f}  {proposal.a.name} ({proposal.a.id}) = {proposal.b.name} ({proposal.b.id})?")
    for reason in proposal.reasons:
        typer.echo(f"      {reason}")


def _row(proposal: Proposal) -> dict[str, str]:
    return {
        "score": f"{proposal.score:.3f}".rstrip("0").rstrip("."),
        "reasons": "; ".join(proposal.reasons),
        "id": proposal.a.id,
        "name": proposal.a.name,
        "place": "; ".join(proposal.a_places),
        "other_id": proposal.b.id,
        "other_name": proposal.b.name,
        "other_place": "; ".join(proposal.b_places),
    }


def _sum_up(proposed: Proposed, label: str, min_score: float, out: Path | None, kept: list[dict[str, str]]) -> None:
    shown = len(proposed.proposals) if out else min(len(proposed.proposals), SHOWN)
    typer.echo(
        f"{proposed.fitting:,} pairs score {min_score:g} or more, {shown:,} of them are listed: "
        f"{proposed.entities:,} entities of {label}, {proposed.compared:,} pairs compared",
        err=True,
    )
    if out is None:
        typer.echo("nothing is merged by this; --out FILE writes a table in which to decide", err=True)
        return
    counts = Counter(map(decisions.decision_of, kept))
    for_kept = "".join(f", {count:,} {name}" for name, count in sorted(counts.items()))
    typer.echo(
        f"{out}: {shown:,} to decide{for_kept}. Fill in decision (same, different, unsure) and by, then\n"
        f"  aidgraph decide {out}"
    )


def decide(path: Path, *, dataset: str | None, dry_run: bool, allow_retract: bool, wait: float) -> None:
    if not path.is_file():
        raise LoadError(f"{path}: there is no such file")
    name = loading.dataset_of([path], [path], dataset)
    rows = decisions.read(path)
    today = datetime.now(UTC).date().isoformat()
    if not dry_run and (dated := decisions.complete(path, today)):
        typer.echo(f"{path}: {today} is written into {dated:,} decided rows that had no day")
    options = pipeline.Options(
        dataset=name,
        mapping=decisions.NAME,
        dry_run=dry_run,
        allow_retract=True,  # a decision that is changed or cleared in its row is meant
        wait=wait,
        rejects=Path(f"{name}{loading.REJECTS}"),
        version=version(),
    )
    pairs = {decisions.pair_of(row) for row in rows}
    report, settled = asyncio.run(_decide(path, options, pairs, allow_retract=allow_retract))
    loading.show(report, dry_run=dry_run)
    if not dry_run:
        _tell(settled, pairs)
    loading.end(report)


async def _decide(
    path: Path, options: pipeline.Options, pairs: set[tuple[str, str]], *, allow_retract: bool
) -> tuple[Report, Settled]:
    async with opened(wait=options.wait) as graph:
        gone = sorted(await stored.decided(graph, options.dataset) - pairs)
        if gone and not allow_retract:
            named = ", ".join(" and ".join(pair) for pair in gone[:3])
            raise LoadError(
                f"{path} no longer holds {len(gone):,} pairs that {options.dataset} decides on, as {named}: nothing was "
                "written. If these decisions are to be withdrawn, add --allow-retract; if they stand, name another --dataset"
            )
        with progress_bar() as bar:
            report = await pipeline.load(
                graph,
                [path],
                options,
                progress=bar.of(options.dataset),
                on_wait=lambda holder: typer.echo(f"waiting: {holder}", err=True),
            )
            if not options.dry_run:
                await flows.after_run(graph, progress=bar.of("flows of money"))
        return report, await merging.settled(graph)


def _tell(settled: Settled, pairs: set[tuple[str, str]]) -> None:
    """What is one now, and which decisions of the file are not followed."""
    mine = {id_ for pair in pairs for id_ in pair}
    groups = {head: others for head, others in settled.merged().items() if mine & {head, *others}}
    for head, others in sorted(groups.items())[:SHOWN]:
        typer.echo(f"{head} stands for {', '.join(others)}")
    if len(groups) > SHOWN:
        typer.echo(f"and {len(groups) - SHOWN:,} more")
    for left in settled.left:
        if left.decision.pair in pairs:
            typer.echo(f"not followed: {' = '.join(left.decision.pair)}: {left.reason}", err=True)
