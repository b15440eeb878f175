"""One question of `aidgraph ask` from the open graph to standard output."""

import asyncio
import json
import os
import shutil
import sys

from cli.asking import QUESTIONS, Asker, Options
from cli.console import opened
from cli.telling import answer, rendered
from graph.engine import Graph


def ask(question: str, names: tuple[str, ...], options: Options, *, as_json: bool) -> None:
    options.variables(QUESTIONS[question])  # what is typed wrong is refused before the engine starts
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    put(asyncio.run(_asked(question, names, options, as_json=as_json, width=width)), utf8=as_json)


async def _asked(question: str, names: tuple[str, ...], options: Options, *, as_json: bool, width: int | None) -> str:
    async with opened() as graph:
        return await asked(graph, question, names, options, as_json=as_json, width=width)


async def asked(
    graph: Graph,
    question: str,
    names: tuple[str, ...],
    options: Options,
    *,
    as_json: bool = False,
    width: int | None = None,
) -> str:
    """The answer as it is printed; what a name was taken for is said on standard error."""
    asker = await Asker.over(graph, lambda line: print(line, file=sys.stderr))
    data = await asker.ask(QUESTIONS[question], names, options)
    if as_json:
        return json.dumps(data, ensure_ascii=False, indent=2) + "\n"
    return rendered(answer(question, data, [asker.meant.get(name, name) for name in names], options), width=width)


def put(text: str, *, utf8: bool) -> None:
    """Writes to standard output, as UTF-8 or as the terminal has it; quiet where the reader has gone, which typer would
    call a failure."""
    try:
        if utf8:
            sys.stdout.buffer.write(text.encode("utf-8", "replace"))
        else:
            sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left is flushed there at the end
