"""What commands share: the error line with its exit code, the version, the progress bar, an open graph."""

import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graph.engine import Graph

INTERRUPTED = 130


class CommandError(Exception):
    """What a command refuses, or did not find; its text is meant for the user."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


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

    if isinstance(error, GraphError | CommandError):
        return error.exit_code
    if isinstance(error, LoadError | UnreadableFile | OSError):
        return 1
    return None


@asynccontextmanager
async def opened(*, wait: float = 0.0) -> "AsyncGenerator[Graph]":
    """The graph of the environment, with its schema. `wait`: seconds to wait for another process to leave the store."""
    import asyncio
    import time

    from graph import schema_ddl
    from graph.engine import open_graph
    from graph.errors import StoreInUse
    from graph.settings import from_environment

    settings = from_environment()
    deadline = time.monotonic() + wait
    async with AsyncExitStack() as stack:
        while True:
            try:
                graph = await stack.enter_async_context(open_graph(settings))
                break
            except StoreInUse as error:
                if time.monotonic() >= deadline:
                    raise
                print(f"waiting: {error}", file=sys.stderr)
                await asyncio.sleep(min(2.0, wait))
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
