"""What commands share: the error line with its exit code, the version, the progress bar, an open graph."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

INTERRUPTED = 130


def version() -> str:
    from importlib.metadata import version as installed

    return installed("aidgraph")


@contextmanager
def failing() -> Iterator[None]:
    """Turns what the packages refuse into one line on standard error and an exit code; no trace, no password."""
    try:
        yield
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    except BrokenPipeError:
        sys.stderr.close()  # the reader of a pipe has gone: nothing is wrong
        raise SystemExit(0) from None
    except Exception as error:
        code = exit_code(error)
        if code is None:
            raise
        print(f"aidgraph: {error}", file=sys.stderr)
        raise SystemExit(code) from None


def exit_code(error: Exception) -> int | None:
    """Exit code of an error that is meant for the user; None for a fault of ours."""
    from graph.errors import GraphError
    from loaders.records import LoadError
    from loaders.tabular import UnreadableFile

    if isinstance(error, GraphError):
        return error.exit_code
    if isinstance(error, LoadError | UnreadableFile | OSError):
        return 1
    return None


@asynccontextmanager
async def opened() -> "AsyncIterator[object]":
    """The graph of the environment, with its schema."""
    from graph import schema_ddl
    from graph.engine import open_graph
    from graph.settings import from_environment

    async with open_graph(from_environment()) as graph:
        await schema_ddl.apply(graph)
        yield graph


@contextmanager
def progress_bar() -> "Iterator[Callable[[str, str, int, int], None]]":
    """A progress bar on standard error, and a callback (what, stage, done, total) that moves it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<34}"), BarColumn(24), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=False) as progress:
        tasks: dict[str, int] = {}

        def tell(what: str, stage: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=None)
            progress.update(tasks[what], description=f"{what}: {stage}", completed=done, total=total or None)  # pyright: ignore[reportArgumentType]

        yield tell
