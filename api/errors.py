"""Errors of the API: one table from what went wrong to the code a client sees. Nothing internal leaks."""

import logging
import uuid

from graphql import GraphQLError

from graph.errors import EngineUnavailable, GraphError, TimedOut

log = logging.getLogger("aidgraph.api")


class BadUserInput(GraphQLError):
    """An argument that cannot be used; the message says what would do."""

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"code": "BAD_USER_INPUT"})


def _printable(text: str) -> str:
    return text.encode("unicode_escape").decode("ascii")


def translated(error: GraphQLError) -> GraphQLError:
    """The error as a client may see it."""
    cause = error.original_error
    if isinstance(cause, GraphQLError) and cause.extensions:
        return error
    if not error.path or cause is None:
        return _with(error, error.message, _code_of_question(error))
    if isinstance(cause, ValueError) and "integer string" in str(cause):  # a literal of thousands of digits
        return _with(error, "a number is too long", "BAD_USER_INPUT")
    if isinstance(cause, TimedOut):
        return _with(error, "the question took too long: ask for less", "TIMEOUT")
    if isinstance(cause, EngineUnavailable):
        return _with(error, "the graph is not available at the moment", "SERVICE_UNAVAILABLE")
    request = uuid.uuid4().hex[:12]
    kind = "graph" if isinstance(cause, GraphError) else "unexpected"
    log.error("request %s: %s error: %s", request, kind, _printable(f"{type(cause).__name__}: {cause}")[:500])
    return _with(error, f"internal error, request {request}", "INTERNAL_SERVER_ERROR")


def _code_of_question(error: GraphQLError) -> str:
    """Code of an error in the question itself, found before or while its arguments were read."""
    if error.message.startswith("Syntax Error"):
        return "GRAPHQL_PARSE_FAILED"
    if error.path or error.message.startswith("Variable"):
        return "BAD_USER_INPUT"
    return "GRAPHQL_VALIDATION_FAILED"


def _with(error: GraphQLError, message: str, code: str) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={"code": code},
    )
