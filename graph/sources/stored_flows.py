"""Flows as they are stored, `(:Entity)-[:FLOW]->(:Entity)`, and whether they are whole; see graph/write/flows.py."""

from collections.abc import AsyncIterator, Collection, Container, Sequence
from typing import Any, LiteralString

import msgspec

from graph.engine import Graph
from graph.tracing.flows import Matched
from graph.tracing.reconciling import Step
from graph.tracing.terms import Flow, Kind, Rule

#: Grows when other flows follow from the same claims, or are stored otherwise.
VERSION = 2
#: Up to which moment flows are whole, by which rules, over which nodes; and when the newest run began.
MARK: LiteralString = (
    "MATCH (s:Store {id: 'store'}) OPTIONAL MATCH (r:LoadRun) "
    "RETURN s.flows_until, s.flows_version, s.flows_nodes, max(r.recorded_at)"
)
_FIELDS: tuple[str, ...] = Flow.__struct_fields__
_COLUMNS: LiteralString = ", ".join(f"f.{name}" for name in _FIELDS)  # pyright: ignore[reportAssignmentType]
#: Where the id stands in a row.
_ID, _USED = 2 + _FIELDS.index("id"), 2 + _FIELDS.index("used")
_KINDS, _RULES = {one.value: one for one in Kind}, {one.value: one for one in Rule}
_FILTER: LiteralString = (
    "($p.flow_class = '' OR f.flow_class = $p.flow_class) AND ($p.currency = '' OR f.currency = $p.currency)"
)
#: Flows at entities, both ways, as lists in one record: a driver takes longer for a record than for a list.
#: They say themselves what they lie between: to look at the other end of each would take the engine as long again.
_AT: LiteralString = (
    f"UNWIND $p.ids AS i MATCH (a:Entity {{id: i}})-[f:FLOW]-() WHERE NOT f.provider IN $p.before "
    f"AND NOT f.receiver IN $p.before AND {_FILTER} WITH DISTINCT f "
)
_LISTED: LiteralString = f"LIMIT $p.most RETURN collect([f.step, f.days, {_COLUMNS}])"
AT: LiteralString = f"{_AT}{_LISTED}"
#: The largest first: asked only where there are more than are wanted, since to sort them takes the engine longer than all else.
LARGEST_AT: LiteralString = f"{_AT}ORDER BY abs(f.used) DESC, f.id {_LISTED}"
ALL: LiteralString = f"MATCH ()-[f:FLOW]->() RETURN f.step, f.days, {_COLUMNS}"


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """What the store says of its flows. `until`: whole for all that was recorded by then (epoch ms), None: not at all.

    `built`: whether that is all that is loaded; then `nodes` are the nodes of today, as `Nodes.text`.
    """

    until: int | None = None
    nodes: str = "{}"
    built: bool = False


async def mark(graph: Graph) -> Mark:
    rows = await graph.rows(MARK)
    until, version, found, newest = rows[0] if rows else (None, None, "", None)
    if until is None or version != VERSION:
        return Mark()
    return Mark(until=until, nodes=found, built=newest is None or newest <= until)


async def is_built(graph: Graph) -> bool:
    """Whether the stored flows are those of all that is loaded."""
    return (await mark(graph)).built


async def at(
    graph: Graph, ids: Collection[str], *, flow_class: str = "", currency: str = "", most: int,
    but: Container[str] = (), before: Collection[str] = (),
) -> tuple[list[tuple[Flow, Matched | None]], int]:  # fmt: skip
    """Flows at nodes with how their reports were matched, the largest first, at most so many; and how many were found.

    '' is any class or currency. `but`: ids of flows that are found, and not given; `before`: a few nodes, flows with
    which are not looked for.
    """
    p = {"ids": sorted(ids), "flow_class": flow_class, "currency": currency, "most": most, "before": sorted(before)}
    found: list[list[Any]]
    (found,) = await graph.record(AT, p)
    if len(found) < most:
        found.sort(key=lambda row: (-abs(row[_USED]), row[_ID]))
    else:
        (found,) = await graph.record(LARGEST_AT, p)
    return [_flow(row) for row in found if row[_ID] not in but], len(found)


async def all_of(graph: Graph) -> AsyncIterator[Flow]:
    """Every stored flow, in no order."""
    async for row in graph.stream(ALL):
        yield _flow(row)[0]


def _flow(row: Sequence[Any]) -> tuple[Flow, Matched | None]:
    step, days, *rest = row
    values: dict[str, Any] = dict(zip(_FIELDS, rest, strict=True))
    values["kind"], values["rule"] = _KINDS[values["kind"]], _RULES[values["rule"]]
    values["claims"] = tuple(values["claims"])
    matched = Matched(step=Step(step), days=days) if step else None
    return Flow(**values), matched
