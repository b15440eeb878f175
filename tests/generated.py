"""Questions made at random from the schema, over ids that the seed has: small, varied, and the same for one seed.

hypothesis-graphql draws from a schema too, but neither ids that are there nor within the limits of api/limits.py; here
every choice follows from `random.Random(seed)`, so that the number of a question is all it takes to ask it again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from api.arguments import PageArguments
from graph.engine import Graph
from tests.questions import SEAL, Question

Composite = GraphQLObjectType | GraphQLInterfaceType

#: Levels of fields with selections, and fields in one selection.
DEEP, WIDE = 4, 4
DAYS = ("2008-06-01", "2013-02-28", "2016-10-27", "2018-06-30", "2020-04-30", "2021-01-01", "2024-08-24", "2099-12-31")
PERIODS = (("2008", "2010"), ("2016-06", "2017"), ("2019-01-01", "2019-12-31"), ("2020", "2021"), ("2090", "2091"))
KNOWN = ("2001-01-01", "2999-12-31", "2999-12-31T00:00:00Z")
TEXTS = {
    "currency": ("CNY", "CNY", "USD"), "status": ("planned", "trial production succeeded", "none"),
    "publisher": ("中央纪委国家监委网站", "nobody"), "code": ("530724", "520500", "440100", "310000", "610000", "CN", "999999"),
    "text": ("宁蒗", "朝阳", "宁", "ninglang", "nlx", "扶贫办", "Yunnan", "AND OR", "*", "毕节 2020"),
}  # fmt: skip
#: Cursors of lists of facts stand on days and ids of facts; of lists of entities, on ids and pinyin.
KEYS = ("", "cn:44", "guang", "2016-06-01", "2020-01-01", "fact:8", "~", "shang", "zhe")

IDS = """
MATCH (e:Entity)-[c]-() WHERE type(c) <> 'PART_OF' AND type(c) <> 'DESCRIBED_IN'
WITH DISTINCT e.id AS id, e.type AS type ORDER BY id RETURN id, type
"""


@dataclass(frozen=True)
class Pool:
    """Ids of entities that facts hang on, with their types."""

    types: Mapping[str, str]

    @classmethod
    async def of(cls, graph: Graph) -> "Pool":
        return cls(dict(await graph.rows(IDS)))

    def some(self, random: Random) -> str:
        """One of a random type, so that the many places do not hide the others; now and then one that is not there."""
        if random.random() < 0.04:
            return "cn:000000"
        type_ = random.choice(sorted(set(self.types.values())))
        return random.choice([id_ for id_, own in self.types.items() if own == type_])


@dataclass
class Written:
    """A document while it is written."""

    random: Random
    schema: GraphQLSchema
    pool: Pool
    variables: dict[str, Any] = field(default_factory=dict[str, Any])
    declared: list[str] = field(default_factory=list[str])
    fragments: list[str] = field(default_factory=list[str])
    arguments: dict[str, str] = field(
        default_factory=dict[str, str]
    )  # of a field without an alias, the same everywhere
    aliases: int = 0
    directives: int = 0

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    # selections

    def selection(self, type_: Composite, depth: int, likely: str = "") -> str:
        """Fields of a type; `likely`: the type that the row probably has."""
        leaves = [name for name, one in type_.fields.items() if is_leaf_type(get_named_type(one.type))]
        deep = [name for name in type_.fields if name not in leaves]
        parts = [self.leaf(name) for name in self.random.sample(leaves, min(len(leaves), self.random.randint(1, WIDE)))]
        if depth > 0 and deep:
            wanted = 1 if self.chance(0.8) else 2
            parts += [self.deep(type_, name, depth) for name in self.random.sample(deep, min(len(deep), wanted))]
        if self.chance(0.2):
            parts.append("__typename")
        if isinstance(type_, GraphQLInterfaceType) and self.chance(0.9):
            parts += [self.inline(one, depth - (one != likely)) for one in self.narrower(type_, likely)]
        if self.chance(0.06):
            parts.append(
                f"...{self.directive()} {{ {self.leaf(self.random.choice(leaves)) if leaves else '__typename'} }}"
            )
        self.random.shuffle(parts)
        return " ".join(parts) or "__typename"

    def narrower(self, type_: GraphQLInterfaceType, likely: str) -> Sequence[str]:
        possible = sorted(one.name for one in self.schema.get_possible_types(type_))
        named = [name for name in ("Place", "Organization", "Entity", "MonetaryFact") if name != type_.name]
        fitting = [name for name in named if self.overlap(type_, name)]
        chosen = [likely] if likely in possible else []
        return (*chosen, *self.random.sample((*possible, *fitting * 3), self.random.randint(0, 2)))

    def overlap(self, type_: GraphQLInterfaceType, name: str) -> bool:
        ours, theirs = (set(self.schema.get_possible_types(one)) for one in (type_, self.schema.type_map[name]))
        return bool(ours & theirs)

    def inline(self, name: str, depth: int) -> str:
        body = self.selection(self.schema.type_map[name], depth)  # pyright: ignore[reportArgumentType]
        if self.chance(0.2) and len(self.fragments) < 5:
            fragment = f"F{len(self.fragments)}"
            self.fragments.append(f"fragment {fragment} on {name} {{ {body} }}")
            return f"...{fragment}{self.directive()}"
        return f"... on {name}{self.directive()} {{ {body} }}"

    def leaf(self, name: str) -> str:
        return f"{self.alias()}{name}{self.directive()}"

    def deep(self, type_: Composite, name: str, depth: int) -> str:
        definition = type_.fields[name]
        alias = self.alias()
        if alias:
            arguments = self.given(definition)
        else:
            same = f"{name}:{sorted(definition.args)}"
            if same not in self.arguments:
                self.arguments[same] = self.given(definition)
            arguments = self.arguments[same]
        target = get_named_type(definition.type)
        body = self.below(target, depth)
        text = f"{alias}{name}{arguments}{self.directive()} {{ {body} }}"
        if self.chance(0.05) and not alias:  # once more, to be merged
            text += f" {name}{arguments} {{ {self.below(target, depth)} }}"
        return text

    def below(self, target: Any, depth: int, likely: str = "") -> str:
        if not target.name.endswith("Connection"):
            return self.selection(target, depth - 1, likely)
        row = get_named_type(target.fields["nodes"].type)
        parts = [f"nodes {{ {self.selection(row, depth - 1)} }}"]
        if self.chance(0.25):
            parts.append(
                f"edges {{ {'cursor ' if self.chance(0.5) else ''}node {{ {self.selection(row, depth - 1)} }} }}"
            )
        if self.chance(0.35):
            parts.append("totalCount")
        if self.chance(0.3):
            parts.append("pageInfo { hasNextPage hasPreviousPage startCursor endCursor }")
        self.random.shuffle(parts)
        return " ".join(parts)

    def alias(self) -> str:
        if self.aliases >= 25 or not self.chance(0.12):
            return ""
        self.aliases += 1
        return f"a{self.aliases}: "

    def directive(self) -> str:
        if self.directives >= 15 or not self.chance(0.05):
            return ""
        self.directives += 1
        name, value = self.random.choice(("include", "skip")), self.chance(0.5)
        if self.chance(0.5):
            return f" @{name}(if: {json.dumps(value)})"
        return f" @{name}(if: {self.variable('Boolean!', value)})"

    # arguments

    def given(self, definition: GraphQLField) -> str:
        declared = definition.extensions["declared"].arguments
        found: dict[str, str] = {}
        for name, argument in definition.args.items():
            chance = {"first": 1.0, "where": 0.25, "orderBy": 0.3, "within": 0.25, "level": 0.4, "via": 0.3}.get(
                name, 0.12
            )
            if name in ("during", "after") and ("asOf" in found or self.chance(0.5)):
                continue
            if is_required_argument(argument) or self.chance(chance):
                value = self.cursor(declared, found) if name == "after" else self.value(name, argument.type)
                found[name] = self.maybe_variable(argument, value)
        return f"({', '.join(f'{name}: {value}' for name, value in found.items())})" if found else ""

    def maybe_variable(self, argument: GraphQLArgument, value: Any) -> str:
        type_ = str(argument.type)
        if self.chance(0.2):
            if not type_.endswith("!") and self.chance(0.15):
                value = None
            return self.variable(type_, value)
        return literal(value, argument.type)

    def variable(self, type_: str, value: Any) -> str:
        name = f"v{len(self.declared)}"
        self.declared.append(f"${name}: {type_}")
        if value is not None or self.chance(0.5) or type_.endswith("!"):
            self.variables[name] = value
        return f"${name}"

    def cursor(self, declared: PageArguments, found: Mapping[str, str]) -> str:
        """A cursor of the list, though perhaps of no row of it."""
        order = found.get("orderBy", "").lower()
        if order not in declared.orders:
            order = next(iter(declared.orders)) if not order else ""
        if not order:  # chosen by a variable
            order = str(self.variables.get(found["orderBy"][1:]) or next(iter(declared.orders))).lower()
        keys = [
            self.random.randint(-3, 10**10) if isinstance(key, int) else self.random.choice(KEYS)
            for key in declared.orders[order]
        ]
        return SEAL.sealed(f"{declared.listing}:{order}", keys)

    def value(self, name: str, type_: Any) -> Any:
        """A value of JSON for an argument."""
        if isinstance(type_, GraphQLNonNull):
            return self.value(name, type_.of_type)
        if isinstance(type_, GraphQLList):
            return [self.value(name, type_.of_type) for _ in range(self.random.randint(1, 3))]
        if isinstance(type_, GraphQLEnumType):
            return self.random.choice(sorted(type_.values))
        if name == "during":
            return dict(zip(("from", "to"), self.random.choice(PERIODS), strict=True))
        if isinstance(type_, GraphQLInputObjectType):
            some = self.random.sample(sorted(type_.fields), self.random.randint(0, min(2, len(type_.fields))))
            return {key: self.value(key, type_.fields[key].type) for key in some}
        if name == "first":
            return self.random.randint(1, 3)
        if name in ("atLeast", "atMost"):
            return self.random.randint(1, 3)
        if name == "rollUp":
            return self.chance(0.5)
        if name == "maxHops":
            return self.random.randint(1, 3)
        if name == "within":
            return self.random.choice(("cn:530000", "cn:530700", "cn:520500", "iso:CN", "cn:310000", "cn:500101"))
        if name == "programme":
            return self.random.choice([id_ for id_, own in self.pool.types.items() if own == "Programme"])
        if name in ("asOf", "knownOn"):
            return self.random.choice(DAYS if name == "asOf" else KNOWN)
        return self.random.choice(TEXTS[name]) if name in TEXTS else self.pool.some(self.random)

    # documents

    def root(self, name: str) -> str:
        query = self.schema.query_type
        assert query
        definition = query.fields[name]
        likely = ""
        if name != "node":
            arguments = self.given(definition)
        else:
            id_ = self.pool.some(self.random)
            likely = self.pool.types.get(id_, "")
            arguments = f"(id: {self.maybe_variable(definition.args['id'], id_)}"
            arguments += f", asOf: {json.dumps(self.random.choice(DAYS))})" if self.chance(0.3) else ")"
        body = self.below(get_named_type(definition.type), DEEP - self.random.randint(0, 2), likely)
        return f"r{self.random.randrange(10**6)}: {name}{arguments} {{ {body} }}"


def literal(value: Any, type_: Any) -> str:
    """A value as GraphQL writes it."""
    if isinstance(type_, GraphQLNonNull):
        return literal(value, type_.of_type)
    if isinstance(value, list):
        return f"[{', '.join(literal(one, type_.of_type) for one in value)}]"
    if isinstance(value, dict):
        pairs = (f"{key}: {literal(one, type_.fields[key].type)}" for key, one in value.items())
        return f"{{{', '.join(pairs)}}}"
    return str(value) if isinstance(type_, GraphQLEnumType) else json.dumps(value, ensure_ascii=False)


#: Root fields, by how often they are asked.
ROOTS = ("node",) * 12 + ("place",) * 4 + ("nodes", "helpers", "helpers") + (
    "places", "placeGroups", "organizations", "companies", "agencies", "officials", "projects", "programmes",
    "inspections", "mechanisms", "sources", "datasets", "paths", "overview", "sectors", "search",
    "timeline", "timeline", "supervision", "coverage", "flows", "largest",
)  # fmt: skip


def question(number: int, schema: GraphQLSchema, pool: Pool) -> Question:
    """The question of a number: always the same."""
    random = Random(number)
    written = Written(random, schema, pool)
    roots = [written.root(random.choice(ROOTS)) for _ in range(random.choice((1, 1, 1, 2)))]
    declared = f"({', '.join(written.declared)}) " if written.declared else ""
    query = "\n".join((f"query {declared}{{ {' '.join(roots)} }}", *written.fragments))
    return Question(name=f"generated {number}", query=query, variables=written.variables)


def filled(said: Any) -> bool:
    """Whether an answer says something of something."""
    if isinstance(said, dict):
        return any(filled(value) for key, value in said.items() if key not in ("__typename", "pageInfo", "totalCount"))
    if isinstance(said, list):
        return any(map(filled, said))
    return said is not None and said is not False and said != 0
