"""The errors of the graph package. Each message is one line: what is wrong and how to mend it, never a password."""


class GraphError(Exception):
    """Anything the graph package refuses or fails at; `exit_code` is what the CLI ends with."""

    exit_code = 1


class EngineUnavailable(GraphError):
    """The database engine cannot be started or reached."""

    exit_code = 4


class StoreUnwritable(EngineUnavailable):
    """The folder of the embedded store cannot be written to."""


class StoreInUse(GraphError):
    """Another process owns the embedded store; `pid` is that process, or None when it has not said yet."""

    exit_code = 4

    def __init__(self, message: str, *, pid: int | None = None) -> None:
        super().__init__(message)
        self.pid = pid


class WriterBusy(GraphError):
    """Another load is writing; the message says who, where and since when."""

    exit_code = 5


class RetractionRefused(GraphError):
    """A run would retract more than its dataset should lose at once; `--allow-retract` lets it."""


class UndoRefused(GraphError):
    """A run cannot be taken back; the message says what stands on it, or why it is none that can be."""


class NotAidgraph(GraphError):
    """The database holds something else, or was written by a newer aidgraph."""


class TimedOut(GraphError):
    """The engine ended a statement that took too long; a smaller batch may pass."""


class QuestionRefused(GraphError):
    """A question that has no answer as it is asked; the message says why and what to ask instead."""

    exit_code = 2


class LockLost(GraphError):
    """Another load took over the right to write, because this one had not been heard of for too long."""

    exit_code = 5


class TraceRefused(QuestionRefused):
    """A question about where money went that has no answer; `members` are ids of the nodes it fails at."""

    def __init__(self, message: str, members: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.members = members


class ClosedCycle(TraceRefused):
    """The question starts in a cycle that no money enters and none leaves."""
