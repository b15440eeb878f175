"""What every resolver gets: the open graph of the application."""

from dataclasses import dataclass

from strawberry.types import Info as StrawberryInfo

from graph.engine import Graph


@dataclass(frozen=True, slots=True)
class Context:
    graph: Graph


Info = StrawberryInfo[Context, None]
