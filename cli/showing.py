"""Commands that print: templates, the dump, the doctor, the schema, the model."""

import asyncio
import sys
from pathlib import Path

import typer

from cli.console import opened
from loaders.records import LoadError


def template(name: str | None, *, chinese: bool, out: Path | None) -> None:
    from rich.console import Console
    from rich.table import Table

    from graph.model import MODEL
    from loaders import templates

    if name is None:
        for type_ in templates.types():
            declared = MODEL.relationship.get(type_) or MODEL.node[type_]
            typer.echo(f"{type_:<18}{declared.zh}  {declared.description}")
        return
    made = templates.template(name, chinese=chinese)
    text = templates.as_csv(made)
    if out:
        try:
            with out.open("x", encoding="utf-8-sig", newline="") as file:  # the mark lets spreadsheets show Chinese
                file.write(text)
        except FileExistsError:
            raise LoadError(f"{out} is there already: name another file, or remove it first") from None
        typer.echo(f"wrote {out}", err=True)
    else:
        sys.stdout.write(text)
        sys.stdout.flush()
    table = Table("column", "meaning", box=None, header_style="bold")
    for row in templates.explain(made):
        table.add_row(*row)
    Console(stderr=True).print(table)


def forms(names: str, *, name: str | None, out: Path | None) -> None:
    from loaders.forms import workbook

    if name is not None:
        raise LoadError(f"--xlsx writes forms, not the template {name}: leave one of them out")
    path = out or Path("aidgraph-forms.xlsx")
    workbook.write(path, workbook.chosen(names))
    typer.echo(f"wrote {path}", err=True)


def dump(out: Path | None, *, history: bool, only_hash: bool) -> None:
    asyncio.run(_dump(out, history=history, only_hash=only_hash))


async def _dump(out: Path | None, *, history: bool, only_hash: bool) -> None:
    import hashlib

    from graph.dump import dump as lines

    total = hashlib.sha256()
    async with opened() as graph:
        target = out.open("wb") if out and not only_hash else None
        try:
            async for line in lines(graph, history=history):
                total.update(line + b"\n")
                if target:
                    target.write(line + b"\n")
                elif not only_hash:
                    sys.stdout.buffer.write(line + b"\n")
        finally:
            if target:
                target.close()
    sys.stdout.flush()
    typer.echo(total.hexdigest() if only_hash else f"sha256 {total.hexdigest()}", err=not only_hash)


def doctor() -> None:
    from rich.console import Console
    from rich.markup import escape

    from graph.doctor import examine
    from graph.settings import from_environment

    console = Console()
    findings = asyncio.run(examine(from_environment()))
    marks = {True: "[green]ok  [/]", False: "[red]no  [/]", None: "[yellow]mind[/]"}
    for finding in findings:
        console.print(f"{marks[finding.ok]}  {escape(finding.name)}: {escape(finding.says)}", soft_wrap=True)
        if finding.ok is not True and finding.mend:
            console.print(f"      → {escape(finding.mend)}", soft_wrap=True)
    if any(finding.ok is False for finding in findings):
        raise SystemExit(1)


def schema() -> None:
    from api.schema import make_schema

    typer.echo(make_schema().as_str())


def model() -> None:
    from graph.document import model_markdown

    sys.stdout.write(model_markdown())
