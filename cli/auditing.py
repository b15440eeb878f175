"""`aidgraph explain`: a figure recomputed from its file alone, or explained from the graph."""

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import typer

from cli.console import CommandError
from graph.money import decimal_text
from graph.rates import named
from graph.settings import from_environment
from graph.sources.asking import said
from graph.sources.explaining import FORMAT, Again, File, answered, digest


def explain(what: str, *, as_json: bool) -> None:
    if _is_file(path := Path(what)):
        recomputed(path, as_json=as_json)
    elif len(what) > 40 and "." not in what and "/" not in what:
        _asked(what)
    else:
        raise CommandError(f"{what} is no file, and no explainId: write one with --explain FILE", 2)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # an explainId may be longer than a name can be
        return False


def recomputed(path: Path, *, as_json: bool) -> None:
    """Says whether the file's claims give the file's answer; ends with 1 where they do not."""
    file = read(path)
    again = _again(path, file)
    same, intact = plain(again.answer) == plain(file.answer), digest(file) == file.digest
    if as_json:
        said = {"question": file.question, "agrees": same and intact, "amount": _amount(again)}
        typer.echo(json.dumps(said, indent=2))
    else:
        for line in told(file, again, same=same):
            typer.echo(line)
    if not same:
        raise CommandError(
            f"{path}: the claims in it do not give the answer in it: it was changed, or the rules were", 1
        )
    if not intact:
        raise CommandError(
            f"{path}: it was changed since it was written: what it says of claims, documents or rates", 1
        )


def _again(path: Path, file: File) -> Again:
    """The figure; what a changed file lacks, or gives in no form that can be read, is said of the file."""
    try:
        return answered(file)
    except (LookupError, TypeError, ValueError, ArithmeticError) as error:
        said = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise CommandError(f"{path}: nothing can be recomputed, for it was changed: {said}", 1) from None


def read(path: Path) -> File:
    try:
        file = msgspec.json.decode(path.read_bytes(), type=File)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} is no explanation: {error}", 2) from None
    if file.format != FORMAT:
        raise CommandError(f"{path} is of the format {file.format[:60]!r}; this aidgraph reads {FORMAT!r}", 2)
    return file


def plain(answer: Any) -> Any:
    """An answer as JSON has it, so that two can be compared."""
    return json.loads(msgspec.json.encode(answer))


def _amount(again: Again) -> str | None:
    return None if again.amount is None else decimal_text(again.amount, again.currency or "XXX")


def told(file: File, again: Again, *, same: bool) -> list[str]:
    lines = [
        f"{file.question}({said(file.arguments)})",
        f"  {_many(file.claims, 'claim')} in {_many(len(file.documents), 'document')}",
    ]
    for id_, (title, publisher, url) in sorted(file.documents.items()):
        lines.append(f"    {title or publisher or url or id_}")
    used = {claim for flow in again.flows for claim in flow.claims}
    if file.summed:
        lines.append(f"  {_many(len(file.summed), 'fact')}, each added once")
    else:
        lines.append(f"  {_many(len(again.flows), 'flow')} of {_many(len(used), 'claim')}")
    reasons: dict[str, int] = {}
    for reason in again.left.values():
        reasons[reason] = reasons.get(reason, 0) + 1
    lines += [f"  left out: {count:,} ({reason.replace('_', ' ')})" for reason, count in sorted(reasons.items())]
    if again.conversions:
        lines.append(f"  {len(again.conversions):,} amounts converted, by {file.rates_name}")
    if (amount := _amount(again)) is not None:
        lines.append(f"  recomputed: {amount} {again.currency}")
    lines.append(
        "  the claims give the answer of the file" if same else "  the claims do NOT give the answer of the file"
    )
    return lines


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _asked(id_: str) -> None:
    from cli import following
    from cli.console import opened

    tables = named(from_environment())

    async def file() -> str:
        async with opened() as graph:
            return await following.explained(graph, id_, tables)

    typer.echo(asyncio.run(file()))
