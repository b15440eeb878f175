"""Entities as nodes that money moves between: what a person merged, and a territory under several codes, is one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import LiteralString

import msgspec

from graph.engine import Graph
from graph.identity import encode
from graph.sources import decisions
from graph.sources.facts import NOW, was_known

MERGED: LiteralString = "MATCH (m:Merged) MATCH (e:Entity {id: m.of}) RETURN e.id, e.canonical"
CODES: LiteralString = (
    f"MATCH (a)-[c:SUCCEEDS]->(b) WHERE c.extent = 'whole' AND {was_known('c')} "
    "RETURN a.id, coalesce(a.valid_to, '9999'), b.id, coalesce(b.valid_to, '9999')"
)


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
    """By the claims and the decisions of persons known at a moment (epoch ms)."""
    if known >= NOW:
        merged: Mapping[str, str] = {id_: canonical for id_, canonical in await graph.rows(MERGED)}
    else:
        merged = (await decisions.settled(graph, known)).canonical
    pairs = [((a_until, a), (b_until, b)) for a, a_until, b, b_until in await graph.rows(CODES, {"known": known})]
    return joined(merged, pairs)


Code = tuple[str, str]


def joined(merged: Mapping[str, str], pairs: Iterable[tuple[Code, Code]]) -> Nodes:
    """`merged`: what stands for an id. `pairs`: two codes of one territory, each with the first day it no longer was ('9999'
    where it is); the latest stands for all, as in graph/sources/identities.py.
    """
    latest: dict[str, Code] = {}
    groups: dict[str, set[str]] = {}

    def join(a: str, b: str) -> None:
        group = groups.get(a, {a}) | groups.get(b, {b})
        groups.update(dict.fromkeys(group, group))

    for id_, canonical in merged.items():
        join(id_, canonical)
    for a, b in pairs:
        join(a[1], b[1])
        latest |= {a[1]: a, b[1]: b}
    standing = {canonical for id_, canonical in merged.items() if id_ != canonical}
    node: dict[str, str] = {}
    members: dict[str, tuple[str, ...]] = {}
    for group in {id(group): group for group in groups.values()}.values():
        if len(group) > 1:
            codes = [latest[id_] for id_ in group if id_ in latest]
            head = max(codes)[1] if codes else min(group, key=lambda id_: (id_ not in standing, id_))
            head = merged.get(head, head)
            members[head] = tuple(sorted(group))
            node |= dict.fromkeys(group, head)
    return Nodes(node, members)
