"""Keyset pages: a cursor is the id of the last row, never an offset."""

import base64
import binascii
from typing import Generic, TypeVar

import strawberry
from strawberry.relay import PageInfo

from api.errors import BadUserInput

T = TypeVar("T")

PAGE, MOST = 20, 500


@strawberry.type(description="One row of a page.")
class Edge(Generic[T]):
    node: T = strawberry.field(description="The row.")
    cursor: str = strawberry.field(description="Where the row stands; pass it as `after` to go on behind it.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The rows of the page, in order.")
    page_info: PageInfo = strawberry.field(description="Whether there is more.")


def checked_first(first: int) -> int:
    if not 1 <= first <= MOST:
        raise BadUserInput(f"first is {first}: it must lie between 1 and {MOST}")
    return first


def cursor(id_: str) -> str:
    return base64.urlsafe_b64encode(id_.encode()).decode()


def position(after: str | None) -> str:
    """The id behind which a page begins; empty for the first page."""
    if after is None:
        return ""
    try:
        decoded = base64.urlsafe_b64decode(after.encode("ascii")).decode("utf-8")
    except (binascii.Error, UnicodeError):
        raise BadUserInput("after is no cursor of this list: pass the cursor of an edge") from None
    if cursor(decoded) != after or not decoded:
        raise BadUserInput("after is no cursor of this list: pass the cursor of an edge")
    return decoded


def page(rows: list[tuple[str, T]], first: int, after: str | None) -> Connection[T]:
    """A connection out of (id, row), one more than `first` where there is more."""
    edges = [Edge(node=row, cursor=cursor(id_)) for id_, row in rows[:first]]
    return Connection(
        edges=edges,
        page_info=PageInfo(
            has_next_page=len(rows) > first,
            has_previous_page=after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
    )
