"""Entities as nodes that money moves between: what a person merged, and a territory under several codes, is one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import LiteralString

import msgspec

from graph.engine import Graph
from graph.identity import encode

#: What was recorded and not retracted by `$p.known`.
_KNOWN: LiteralString = "c.recorded_at <= $p.known AND (c.retracted_at IS NULL OR c.retracted_at > $p.known)"
MERGED: LiteralString = "MATCH (a)-[c:SAME_AS]->(b) RETURN a.id, a.canonical, b.id, b.canonical"
CODES: LiteralString = f"MATCH (a)-[c:SUCCEEDS]->(b) WHERE c.extent = 'whole' AND {_KNOWN} RETURN a.id, b.id"


@dataclass(frozen=True, slots=True)
class Nodes:
    """The node of each entity that is not a node by itself."""

    node: Mapping[str, str] = field(default_factory=dict[str, str])
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    def of(self, id_: str) -> str:
        return self.node.get(id_, id_)

    def under(self, ids: Iterable[str]) -> list[str]:
        """The entities that the nodes of these ids stand for, in order."""
        found: set[str] = set()
        for id_ in ids:
            node = self.of(id_)
            found.update(self.members.get(node, (node,)))
        return sorted(found)

    @property
    def text(self) -> str:
        """The same text for the same nodes, of which `of_text` makes them again."""
        return encode({id_: node for id_, node in self.node.items() if id_ != node})


def of_text(text: str) -> Nodes:
    return joined(msgspec.json.decode(text, type=dict[str, str]), [])


async def nodes(graph: Graph, known: int) -> Nodes:
    """By the claims known at a moment (epoch ms); by what stands for merged entities today."""
    merged: dict[str, str] = {}
    for a, a_node, b, b_node in await graph.rows(MERGED):
        merged |= {a: a_node or a, b: b_node or b}
    return joined(merged, [(a, b) for a, b in await graph.rows(CODES, {"known": known})])


def joined(merged: Mapping[str, str], pairs: Iterable[tuple[str, str]]) -> Nodes:
    """`merged`: what stands for an id; `pairs`: two that are one territory. Of several codes the shortest stands for all."""
    groups: dict[str, set[str]] = {}

    def join(a: str, b: str) -> None:
        group = groups.get(a, {a}) | groups.get(b, {b})
        groups.update(dict.fromkeys(group, group))

    for id_, canonical in merged.items():
        join(id_, canonical)
    for a, b in pairs:
        join(a, b)
    standing = {canonical for id_, canonical in merged.items() if id_ != canonical}
    node: dict[str, str] = {}
    members: dict[str, tuple[str, ...]] = {}
    for group in {id(group): group for group in groups.values()}.values():
        if len(group) > 1:
            head = min(group, key=lambda id_: (id_ not in standing, len(id_), id_))
            members[head] = tuple(sorted(group))
            node |= dict.fromkeys(group, head)
    return Nodes(node, members)
