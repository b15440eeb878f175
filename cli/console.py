"""What commands share: the error line with its exit code, the version, the progress bar, an open graph."""

import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

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


class Bar:
    """Lines of a progress display, one for reading and one for writing of each thing: rows, rate, time left."""

    def __init__(self, progress: "Progress") -> None:
        self._progress = progress
        self._tasks: dict[tuple[str, bool], TaskID] = {}

    def __call__(self, what: str, stage: str, done: int, total: int) -> None:
        """`total` is 0 where it is not known; that of reading is an estimate until all is read."""
        reading = stage == "reading"
        if (what, reading) not in self._tasks:
            self._tasks[what, reading] = self._progress.add_task(what, total=None, rows="")
        about = "about " if reading and done < total else ""
        rows = f"{done:,} of {about}{total:,}" if total else f"{done:,}"
        self._progress.update(
            self._tasks[what, reading],
            description=f"{what}: {stage}",
            completed=done,
            total=total or None,  # pyright: ignore[reportArgumentType]
            rows=rows,
        )

    def of(self, what: str) -> Callable[[str, int, int], None]:
        """A callback (stage, done, total) that moves the lines of one thing."""
        return lambda stage, done, total: self(what, stage, done, total)


@contextmanager
def progress_bar() -> Iterator[Bar]:
    """A progress display on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text(f"{speed:,.0f} rows/s" if speed else "")

    columns = (
        TextColumn("{task.description:<34}"),
        BarColumn(24),
        TextColumn("{task.fields[rows]}"),
        Rate(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=Console(stderr=True), transient=False) as progress:
        yield Bar(progress)
