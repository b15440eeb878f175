"""Errors of the API: one table from what went wrong to the code a client sees. Nothing internal leaks."""

import logging
import traceback
import uuid
from collections.abc import Sequence
from pathlib import Path

from graphql import GraphQLError, Node

from graph.errors import EngineUnavailable, GraphError, QuestionRefused, TimedOut

log = logging.getLogger("aidgraph.api")
#: Characters of a message, which may quote what was sent.
LONGEST = 500


class BadUserInput(GraphQLError):
    """An argument that cannot be used; the message says what would do."""

    def __init__(self, message: str, nodes: Sequence[Node] | None = None) -> None:
        super().__init__(message, nodes, extensions={"code": "BAD_USER_INPUT"})


class NotFound(GraphQLError):
    """A field is about an entity that is not there."""

    def __init__(self, id_: str, nodes: Sequence[Node] | None = None, path: list[str | int] | None = None) -> None:
        said = printable(f"there is no entity {id_[:100]!r}: search finds ids by name")
        super().__init__(said, nodes, path=path, extensions={"code": "NOT_FOUND"})


def printable(text: str) -> str:
    """One line without control characters and half characters."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def refused(error: GraphQLError, code: str) -> GraphQLError:
    """An error in the question itself."""
    return _with(error, printable(error.message)[:LONGEST], {"code": code})


def internal(cause: Exception, error: GraphQLError | None = None) -> GraphQLError:
    """What a client may know of a failure; the log has the rest, under the same request id."""
    error = error or GraphQLError("")
    if isinstance(cause, TimedOut):
        return _with(error, "the question took too long: ask for less", {"code": "TIMEOUT"})
    if isinstance(cause, QuestionRefused):
        return refused(GraphQLError(str(cause), error.nodes, path=error.path), "BAD_USER_INPUT")
    if isinstance(cause, EngineUnavailable):
        return _with(error, "the graph is not available at the moment", {"code": "SERVICE_UNAVAILABLE"})
    request = uuid.uuid4().hex[:12]
    kind = "graph" if isinstance(cause, GraphError) else "unexpected"
    said = printable(f"{type(cause).__name__}: {cause}")[:LONGEST]
    log.error("request %s: %s error: %s%s", request, kind, said, _place(cause))
    return _with(error, "internal error", {"code": "INTERNAL_SERVER_ERROR", "request": request})


def broken(errors: Sequence[GraphQLError]) -> list[GraphQLError]:
    """Values that the schema does not allow, found in one answer: one line in the log and one request id."""
    request = uuid.uuid4().hex[:12]
    first, more = errors[0], f", and {len(errors) - 1} more" if len(errors) > 1 else ""
    where = ".".join(map(str, first.path or []))
    log.error(
        "request %s: the graph breaks the schema: %s at %s%s", request, printable(first.message)[:LONGEST], where, more
    )
    return [_with(e, "internal error", {"code": "INTERNAL_SERVER_ERROR", "request": request}) for e in errors]


def translated(error: GraphQLError) -> GraphQLError:
    """An error of graphql-core's execution as a client may see it."""
    cause = error.original_error
    if isinstance(error, BadUserInput | NotFound) or isinstance(cause, BadUserInput | NotFound):
        return error
    return internal(cause or error, error)


def _place(cause: Exception) -> str:
    """Where in the code it was raised."""
    frames = traceback.extract_tb(cause.__traceback__)
    return f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""


def _with(error: GraphQLError, message: str, extensions: dict[str, str]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )
