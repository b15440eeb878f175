"""The schema: Query composed of the nouns. schema.graphql is generated from it."""

import strawberry
from graphql import GraphQLError
from strawberry.extensions import MaxTokensLimiter
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from api.context import Info
from api.entities import Entity, Node, Registry, to_graphql
from api.facts import FactQuery
from api.places import PlaceQuery
from graph.sources import places as source

TOKENS = 2_000


@strawberry.type(description="What one can ask.")
class Query(PlaceQuery, FactQuery):
    @strawberry.field(description="Any entity by its id; null where there is none.")
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        row = await source.node(info.context.graph, id)
        return to_graphql(row) if row else None


class Schema(strawberry.Schema):
    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Errors are logged where they are translated, one line each, not with traceback and source."""


def make_schema() -> Schema:
    types = Registry.complete()
    return Schema(
        Query,
        types=[Entity, *types],
        config=StrawberryConfig(disable_field_suggestions=True),
        extensions=[lambda: MaxTokensLimiter(max_token_count=TOKENS)],
    )
