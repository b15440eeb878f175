"""One field, one statement: the same bindings as graph/plan.py, read the plain way.

Slow (a statement for each value), without a plan to go wrong: what execution falls back to, and what the compiled path is
compared with. A row is remembered by references to what its variables stand for, and found again for each field.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graph.bindings import ROLES, Calling, Computed, Inner, Maybe, Means, Role, Rows, Shape, Value
from graph.engine import Graph
from graph.plan import MISSING, render

Reference = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row: its stored type, and a reference for each of its roles. `keys`: its cursor, in a page."""

    stored: str = ""
    references: Mapping[str, Reference] = field(default_factory=dict[str, Reference])
    keys: Sequence[Any] = ()


#: Statements of one question that run beside each other.
AT_ONCE = 4
#: The row that root fields are read from.
ROOT = Row()

_REFERENCE = {
    Role.NODE: "{0}.id",
    Role.CLAIM: "[startNode({0}).id, {0}.version]",
    Role.CLAIMS: "CASE size({0}) WHEN 0 THEN ['', []] ELSE [startNode({0}[0]).id, [z IN {0} | z.version]] END",
    Role.HELP: "[g IN {0} | [g[0].id, [startNode(g[1][0]).id, [z IN g[1] | z.version]], [z IN g[2] | "
    "[startNode(z).id, z.version]], g[3].id, g[4].id]]",
    Role.PATHS: "[g IN {0} | [z IN g | z.id]]",
    Role.NODES: "[z IN {0} | z.id]",
    Role.SCALAR: "{0}",
}
_FOUND = {
    Role.NODE: "OPTIONAL MATCH ({0}:Entity {{id: $p.r{0}}})",
    Role.CLAIM: "OPTIONAL MATCH ({0}s:Entity {{id: $p.r{0}[0]}})-[{0}]->() WHERE {0}.version = $p.r{0}[1]",
    Role.CLAIMS: "OPTIONAL MATCH ({0}s:Entity {{id: $p.r{0}[0]}})-[{0}c]->() WHERE {0}c.version IN $p.r{0}[1] "
    "WITH {1}collect({0}c) AS {0}",
    Role.HELP: "CALL () {{ UNWIND range(0, size($p.r{0}) - 1) AS n MATCH (t:Entity {{id: $p.r{0}[n][0]}}) "
    "MATCH (s:Entity {{id: $p.r{0}[n][1][0]}})-[c]->() WHERE c.version IN $p.r{0}[n][1][1] "
    "MATCH (h:Entity {{id: $p.r{0}[n][3]}}) MATCH (q:Entity {{id: $p.r{0}[n][4]}}) WITH n, t, h, q, collect(c) AS e "
    "CALL (n) {{ UNWIND $p.r{0}[n][2] AS w MATCH (o:Entity {{id: w[0]}})-[d]->() WHERE d.version = w[1] "
    "RETURN collect(d) AS f }} "
    "WITH n, t, h, q, e, f ORDER BY n RETURN collect([t, e, f, h, q]) AS {0} }}",
    Role.PATHS: "UNWIND range(0, size($p.r{0}) - 1) AS {0}n UNWIND range(0, size($p.r{0}[{0}n]) - 1) AS {0}i "
    "MATCH ({0}v:Entity {{id: $p.r{0}[{0}n][{0}i]}}) WITH {1}{0}n, {0}i, {0}v ORDER BY {0}n, {0}i "
    "WITH {1}{0}n, collect({0}v) AS {0}l ORDER BY {0}n WITH {1}collect({0}l) AS {0}",
    Role.NODES: "UNWIND range(0, size($p.r{0}) - 1) AS {0}n MATCH ({0}v:Entity {{id: $p.r{0}[{0}n]}}) "
    "WITH {1}{0}n, {0}v ORDER BY {0}n WITH {1}collect({0}v) AS {0}",
    Role.SCALAR: "WITH {1}$p.r{0} AS {0}",
}


class Reader:
    """Reads the fields of rows, a statement each. `parameters`: the values that the templates' $names stand for."""

    def __init__(self, graph: Graph, timeout: float | None = None) -> None:
        self._graph = graph
        self._timeout = timeout
        self._turn = asyncio.Semaphore(AT_ONCE)  # a list of rows has hundreds of fields, all asked for at once

    async def _record(self, cypher: str, p: Mapping[str, Any]) -> Any:
        async with self._turn:
            return (await self._graph.record(cypher, p, timeout=self._timeout))[0]

    async def value(self, row: Row, binding: Value, parameters: Mapping[str, Any], means: Means) -> Any:
        found = await self._ask(row, parameters, lambda text: ("", text(binding.cypher)))
        return binding.made(found, means)

    async def inner(self, row: Row, binding: Inner, tag: str, parameters: Mapping[str, Any]) -> Row | None:
        """The object within the row; None where it is not given."""

        def statement(text: Callable[[str], str]) -> tuple[str, str]:
            columns = _columns({role: text(name) for role, name in binding.roles.items()}, tag)
            given = text(binding.given)
            return "", f"CASE WHEN {given} THEN {columns} END" if given else columns

        found = await self._ask(row, parameters, statement)
        return None if found is None else _row(found, list(binding.roles))

    async def computed(self, binding: Computed, shape: Shape, parameters: Mapping[str, Any], means: Means) -> Any:
        """The answer of a computed field, which its fragment takes as $answer."""
        calling = Calling(graph=self._graph, shape=shape, parameters=parameters, means=means, timeout=self._timeout)
        return await binding.answered(calling)

    async def rows(
        self, row: Row, binding: Rows, tag: str, shape: Shape, parameters: Mapping[str, Any]
    ) -> list[Row | None]:
        """The rows of a fragment in their order; None for one without the entity, where the binding allows it."""

        def statement(text: Callable[[str], str]) -> tuple[str, str]:
            fragment = binding.fragment(shape)
            match, binds = text(fragment.match), ", ".join(map(text, fragment.binds))
            keys = [text(key) for key in fragment.keys]
            direction = " DESC" if fragment.descending else ""
            order = f" ORDER BY {', '.join(key + direction for key in keys)}" if keys else ""
            limit = f" LIMIT {text('$limit')}" if fragment.limited else ""
            roles = {role: text(name) for role, name in binding.roles.items()}
            columns = _columns(roles, tag, keys)
            if isinstance(binding, Maybe):
                columns = f"[CASE WHEN {next(iter(roles.values()))} IS NULL THEN null ELSE {columns} END]"
            return f"{match} WITH {binds}{order}{limit}", f"collect({columns})"

        found = await self._ask(row, parameters, statement)
        roles = list(binding.roles)
        if isinstance(binding, Maybe):
            return [None if one[0] is None else _row(one[0], roles) for one in found]
        return [_row(one, roles) for one in found]

    async def total(self, row: Row, binding: Rows, shape: Shape, parameters: Mapping[str, Any]) -> int:
        def statement(text: Callable[[str], str]) -> tuple[str, str]:
            clauses, _, counted = text(binding.fragment(shape).total).rpartition(" RETURN ")
            return clauses, counted

        return await self._ask(row, parameters, statement)

    async def missing(self, ids: Sequence[str]) -> list[str]:
        """Those of the ids that no entity has."""
        cypher = f"{MISSING.format('$p.ids')} RETURN missing"
        return await self._record(cypher, {"ids": list(ids)})

    async def _ask(
        self,
        row: Row,
        parameters: Mapping[str, Any],
        statement: Callable[[Callable[[str], str]], tuple[str, str]],
    ) -> Any:
        count = 0
        scope = {role: f"row_{role}" for role in row.references}
        local: dict[str, str] = {}

        def number() -> int:
            nonlocal count
            count += 1
            return count

        clauses, result = statement(lambda template: render(template, scope, local, str, number))
        found = _finding(scope)
        references = {f"r{scope[role]}": reference for role, reference in row.references.items()}
        if clauses:
            imports = ", ".join(scope.values())
            cypher = f"{found} CALL ({imports}) {{ {clauses} RETURN {result} AS y }} RETURN y AS r"
        else:
            cypher = f"{found} RETURN {result} AS r"
        return await self._record(cypher, {**parameters, **references})


def _finding(scope: Mapping[str, str]) -> str:
    """Clauses that find again what a row's references stand for."""
    clauses: list[str] = []
    carried = ""
    for role, name in scope.items():
        clauses.append(_FOUND[ROLES.get(role, Role.SCALAR)].format(name, carried))
        carried += f"{name}, "
    return " ".join(clauses)


def _columns(roles: Mapping[str, str], tag: str, keys: Sequence[str] = ()) -> str:
    """[stored type, keys, a reference for each role]."""
    references = [_REFERENCE[ROLES.get(role, Role.SCALAR)].format(name) for role, name in roles.items()]
    typed = render(tag, roles, {}, str, int) if tag else "''"
    return f"[{typed}, [{', '.join(keys)}], {', '.join(references) or 'null'}]"


def _row(columns: Sequence[Any], roles: Sequence[str]) -> Row:
    stored, keys, *references = columns
    return Row(stored=stored, keys=keys, references=dict(zip(roles, references, strict=False)))
