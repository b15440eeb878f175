"""Flows in the graph: stored, made anew for what runs touched, and made of claims for other times, to the same end."""

import random
from pathlib import Path
from typing import Any

import pytest

from graph import schema_ddl
from graph.dump import dump_hash
from graph.engine import Graph
from graph.errors import GraphError
from graph.sources.nodes import nodes
from graph.sources.reports import NOW, Time
from graph.sources.stored_flows import is_built
from graph.sources.transfers import Expanded, expanded, left_out, scope
from graph.tracing.measures import measures
from graph.tracing.reconciling import Step
from graph.write import conflicts, flows, now, undo
from graph.write.flows import Renewed
from tests.checks import load, wipe

ENTITIES = """\
entity,id,name
Project,project:a,A
Project,project:b,B
Project,project:c,C
Project,project:d,D
"""
#: The golden example, each transfer reported by both sides.
GOLDEN = """\
relationship,from,to,amount,currency,class,basis,valid_from,transaction
FUNDS,project:a,project:a,1000000,CNY,incoming_funds,reported,2020-01-01,own a
FUNDS,project:d,project:d,500000,CNY,incoming_funds,reported,2020-01-01,own d
FUNDS,project:a,project:b,1000000,CNY,disbursement,reported,2020-02-01,ab
FUNDS,project:a,project:b,1000000,CNY,incoming_funds,reported,2020-02-03,ab
FUNDS,project:d,project:b,500000,CNY,disbursement,reported,2020-02-01,db
FUNDS,project:d,project:b,500000,CNY,incoming_funds,reported,2020-02-03,db
FUNDS,project:b,project:c,900000,CNY,disbursement,reported,2020-03-01,bc
FUNDS,project:b,project:c,900000,CNY,incoming_funds,reported,2020-03-03,bc
FUNDS,project:b,project:a,300000,CNY,disbursement,reported,2020-03-01,ba
FUNDS,project:b,project:a,300000,CNY,incoming_funds,reported,2020-03-03,ba
FUNDS,project:c,project:c,900000,CNY,expenditure,reported,2020-04-01,c
FUNDS,project:b,project:b,200000,CNY,expenditure,reported,2020-04-01,b
"""


async def stored(graph: Graph) -> set[tuple[Any, ...]]:
    """Every stored flow with all its properties."""
    rows = await graph.rows("MATCH (a)-[f:FLOW]->(b) RETURN a.id, b.id, properties(f)")
    return {(a, b, *sorted((n, tuple(v) if isinstance(v, list) else v) for n, v in p.items())) for a, b, p in rows}


async def same_as_rebuilt(graph: Graph) -> set[tuple[Any, ...]]:
    """What is stored after an incremental renewal, which must be what making all of it anew gives."""
    before = await stored(graph)
    done = await flows.renew(graph, rebuild=True)
    assert (done.whole, done.written) == (True, len(before))
    assert await stored(graph) == before
    return before


def edges(found: Expanded) -> set[tuple[str, str, str, int | None, int | None]]:
    return {(f.provider[-1], f.receiver[-1], f.kind, f.provider_says, f.receiver_says) for f in found.flows}


async def test_the_golden_example(graph: Graph, tmp_path: Path) -> None:
    await load(graph, tmp_path, ENTITIES, "entities")
    await load(graph, tmp_path, GOLDEN, "golden")
    assert not await is_built(graph)
    on_demand = await expanded(graph, ["project:a"])
    dumped = await dump_hash(graph, history=True)
    done = await flows.renew(graph)
    assert done == Renewed(whole=True, pairs=8, written=8, removed=0)
    assert await is_built(graph) and await flows.renew(graph) == Renewed()
    assert await dump_hash(graph, history=True) == dumped
    kept = await expanded(graph, ["project:a"])
    assert (kept.stored, on_demand.stored) == (True, False)
    assert kept.flows == on_demand.flows
    assert edges(kept) == {
        ("a", "a", "own", None, 100_000_000),
        ("a", "b", "transfer", 100_000_000, 100_000_000),
        ("d", "b", "transfer", 50_000_000, 50_000_000),
        ("b", "c", "transfer", 90_000_000, 90_000_000),
        ("b", "a", "transfer", 30_000_000, 30_000_000),
        ("c", "c", "end_use", 90_000_000, None),
        ("b", "b", "end_use", 20_000_000, None),
    }
    assert kept.reached == {f"project:{x}" for x in "abc"} and not kept.truncated
    back = await expanded(graph, ["project:c"], "to")
    assert back.reached == {f"project:{x}" for x in "abcd"}
    found = measures(back.flows, back.reached)
    assert [one.amount for one in (found.gross, found.net_spend, found.net_new, found.end_use)] == [
        380_000_000, 110_000_000, 120_000_000, 110_000_000,
    ]  # fmt: skip
    assert (found.new_money, found.held) == (150_000_000, 40_000_000)
    assert {how.step for how in kept.matched.values()} == {Step.AMOUNT} and kept.matched == on_demand.matched
    header, *_ = GOLDEN.partition("\n")
    unknown = f"{header}\nFUNDS,project:a,project:b,,CNY,disbursement,reported,2020-06-01,no amount\n"
    await load(graph, tmp_path, unknown, "unknown")
    assert await flows.renew(graph) == Renewed(pairs=4, written=0, removed=0)  # into b and out of a, as they were
    again = await expanded(graph, ["project:a"])
    assert again.flows == kept.flows and again.stored and not again.left
    (left,) = await left_out(graph, again)
    assert (left.provider, left.receiver, left.reason) == ("project:a", "project:b", "value_unknown")


async def test_bounds_are_told(graph: Graph, tmp_path: Path) -> None:
    paid = ("CNY", "disbursement", "reported", "2020-01-01")
    rows = [["FUNDS", "project:a", f"project:{n:03}", n + 1, *paid, n] for n in range(60)]
    named = "entity,id,name\n" + "".join(f"Project,project:{n:03},{n}\n" for n in range(60))
    header = ("relationship", "from", "to", "amount", "currency", "class", "basis", "valid_from", "transaction")
    await load(graph, tmp_path, {"e.csv": ENTITIES, "n.csv": named, "h.csv": (header, rows)}, "hub")
    await flows.renew(graph)
    found = await expanded(graph, ["project:a"], max_edges=10)
    assert found.truncated and found.cut == {"project:a"} and len(found.flows) == 10
    assert min(flow.used for flow in found.flows) == 51_00
    rest = found.rest["project:a"]
    assert (rest.flows, dict(rest.outgoing), dict(rest.incoming)) == (50, {"CNY": 50 * 51 // 2 * 100}, {})
    whole = await expanded(graph, ["project:a"], max_edges=60)
    assert not whole.truncated and len(whole.flows) == 60 and len(whole.reached) == 61
    shallow = await expanded(graph, ["project:a"], max_depth=0)
    assert len(shallow.flows) == 60 and shallow.reached == {"project:a"} and len(shallow.deeper) == 60
    cut = await expanded(graph, ["project:a"], max_edges=10, from_claims=True)
    assert cut.truncated and len(cut.flows) <= 11 and not cut.rest


MANY = """\
entity,id,name
Organization,org:donor,Donor
Organization,org:ngo,NGO
Organization,org:press,Press
Organization,org:ngo-too,The NGO by another id
Province,cn:530000,云南省
County,cn:530724,宁蒗县
County,cn:530724@2021,宁蒗县 again
""" + "".join(f"Project,project:{x},{x}\n" for x in "abcdef")  # fmt: skip
COLUMNS = (
    "relationship", "from", "to", "amount", "currency", "class", "basis", "valid_from", "valid_to", "transaction",
    "provider", "receiver", "reported_by", "measure",
)  # fmt: skip


def some_money(seed: int, rows: int = 45) -> list[list[object]]:
    """Transactions and sums of few amounts and days, so that many of them match, overlap and compete."""
    chance = random.Random(seed)
    projects = [f"project:{x}" for x in "abcd"]
    starts = [*projects, "org:donor", "org:donor", "cn:530000"]
    ends = [*projects, "org:ngo", "org:ngo", "cn:530724", "cn:530724@2021"]
    found: list[list[object]] = []
    for n in range(rows):
        start, end = chance.choice(starts), chance.choice(ends)
        loop = start == end
        if loop and not start.startswith("project:"):
            continue
        of_year = chance.random() < 0.2
        day = chance.choice(["2020-01-05", "2020-01-20", "2020-07-01", "2021-01-05"])
        money = chance.choice(
            ["disbursement", "disbursement", "incoming_funds", "incoming_funds", "expenditure", "budget"]
        )
        found.append(
            [
                "FUNDS",
                start,
                end,
                chance.choice([100, 100, 100, 101, 250, -50, ""]),
                chance.choice(["CNY", "CNY", "CNY", "USD"]),
                money,
                "planned" if money == "budget" else "reported",
                day[:4] if of_year else day,
                day[:4] if of_year else day,
                "" if of_year else f"{n}",
                chance.choice(["", "org:donor", "org:donor"]) if start.startswith("project:") else "",
                chance.choice(["", "org:ngo"]) if end.startswith("project:") else "",
                chance.choice(["", start, "org:press"]),
                chance.choice(["", "original", "revised"]) if of_year else "",
            ]
        )
    return found


@pytest.mark.soak
async def test_incremental_is_as_rebuilt_in_any_order(graph: Graph, tmp_path: Path) -> None:
    datasets = {name: (COLUMNS, some_money(seed)) for seed, name in enumerate(("one", "two", "three"), 39)}

    async def loaded(name: str, rows: Any, **more: Any) -> None:
        report = await load(graph, tmp_path, {f"{name}.csv": rows}, name, **more)
        assert not report.rejected, report.issues

    await loaded("many", MANY)
    for name, rows in datasets.items():
        await loaded(name, rows)
        assert (await flows.renew(graph)).whole == (name == "one")
    first = await same_as_rebuilt(graph)
    steps = {dict(row[2:]).get("step") for row in first}
    assert steps == {None, "amount", "period", "provider_organization", "receiver_organization"}
    on_demand = await expanded(graph, [row[0] for row in first], flow_class="", from_claims=True)
    at = {flow.id: flow for flow in (await expanded(graph, on_demand.reached, flow_class="")).flows}
    assert at == {flow.id: flow for flow in on_demand.flows} and len(at) == len(first)

    # fewer rows, other rows: claims are retracted and written; then that is taken back
    changed = [row for n, row in enumerate(some_money(40)) if n % 3] + some_money(7, 10)
    await loaded("two", (COLUMNS, changed), allow_retract=True)
    done = await flows.renew(graph)
    assert not done.whole and 0 < done.removed < len(first)
    assert await same_as_rebuilt(graph) != first
    await undo(graph, "5", clock=now)
    assert not await is_built(graph)
    assert not (await flows.renew(graph)).whole
    assert await same_as_rebuilt(graph) == first

    # a territory under two codes is one node from now on
    succession = "relationship,from,to,extent,valid_from\nSUCCEEDS,cn:530724@2021,cn:530724,whole,2021\n"
    await loaded("codes", succession)
    assert (await flows.renew(graph)).whole
    ends = {row[1] for row in await stored(graph)}
    assert "cn:530724@2021" in ends and "cn:530724" not in ends
    await undo(graph, "7", clock=now)
    await flows.renew(graph)
    assert await stored(graph) == first

    await wipe(graph)
    await schema_ddl.apply(graph)
    await loaded("many", MANY)
    for name in reversed(datasets):
        await loaded(name, datasets[name])
        await flows.renew(graph)
    assert await stored(graph) == first


async def test_a_broken_run_leaves_flows_to_the_next(
    graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await load(graph, tmp_path, ENTITIES, "entities")
    await load(graph, tmp_path, GOLDEN, "golden")
    with monkeypatch.context() as broken, pytest.raises(GraphError, match="broken off"):

        async def fail(*_: object) -> None:
            raise GraphError("broken off")

        broken.setattr(flows._Renewing, "_renew", fail)  # pyright: ignore[reportPrivateUsage]
        await flows.renew(graph)
    assert not await is_built(graph) and await stored(graph) == set()
    assert (await flows.renew(graph)).written == 8

    with monkeypatch.context() as broken, pytest.raises(GraphError, match="broken off"):

        async def stop(*_: object) -> None:
            raise GraphError("broken off")

        broken.setattr(conflicts, "renew", stop)
        await load(graph, tmp_path, GOLDEN.replace(",900000,", ",800000,"), "golden", allow_retract=True)
    assert not await is_built(graph)
    assert not (await flows.renew(graph)).whole
    assert not await is_built(graph)  # the run may go on, at the moment at which it began
    found = await expanded(graph, ["project:a"])
    assert not found.stored and ("b", "c", "transfer", 80_000_000, 80_000_000) in edges(found)
    await load(graph, tmp_path, GOLDEN.replace(",900000,", ",800000,"), "golden", allow_retract=True)
    await flows.renew(graph)
    assert await is_built(graph) and len(await same_as_rebuilt(graph)) == 8


async def test_other_times(graph: Graph, tmp_path: Path) -> None:
    await load(graph, tmp_path, ENTITIES, "entities", clock=lambda: 1_000)
    await load(graph, tmp_path, GOLDEN, "golden", clock=lambda: 5_000)
    await load(graph, tmp_path, GOLDEN.replace(",900000,", ",700000,"), "golden", allow_retract=True)
    await flows.renew(graph)
    now_ = await expanded(graph, ["project:b"])
    assert now_.stored and ("b", "c", "transfer", 70_000_000, 70_000_000) in edges(now_)
    before = await expanded(graph, ["project:b"], time=Time(known=6_000))
    assert not before.stored and ("b", "c", "transfer", 90_000_000, 90_000_000) in edges(before)
    in_february = await expanded(graph, ["project:b"], time=Time(first="2020-02-01", last="2020-02-28"))
    assert edges(in_february) == {
        ("a", "b", "transfer", 100_000_000, 100_000_000),
        ("d", "b", "transfer", 50_000_000, 50_000_000),
    }
    by_then = await expanded(graph, ["project:d"], time=Time(last="2020-02-02"))
    assert edges(by_then) == {
        ("d", "d", "own", None, 50_000_000),
        ("d", "b", "transfer", 50_000_000, 50_000_000),  # the receiver's report is of a day later, and of the same
        ("a", "b", "transfer", 100_000_000, 100_000_000),
    }
    year = "relationship,from,to,amount,currency,class,basis,valid_from,valid_to\n"
    year += "FUNDS,project:d,project:a,7,CNY,disbursement,reported,2019-06,2020-06\n"
    await load(graph, tmp_path, year, "long")
    found = await expanded(graph, ["project:d"], time=Time(first="2020-01-01", last="2020-12-31"))
    assert [(left.provider, left.receiver, left.reason) for left in found.left] == [
        ("project:d", "project:a", "beyond_period")
    ]


PLACED = """\
entity,id,name,PART_OF,LOCATED_IN,MEMBER_OF
Province,cn:530000,云南省,,,
County,cn:530724,宁蒗县,cn:530000,,
County,cn:530724@2021,宁蒗县,,,
PlaceGroup,group:west,West,,,
Province,cn:520000,贵州省,,,group:west
Project,project:road,Road,,cn:530724@2021,
Project,project:far,Far,,cn:520000,
Organization,org:donor,Donor,,,
Organization,org:ngo,NGO,,,
Organization,org:the-ngo,The NGO,,,
Project,project:a,A,,,
Project,project:b,B,,,
"""
LINKED = """\
relationship,from,to,amount,currency,class,basis,valid_from,transaction,provider,receiver,extent,role
SUCCEEDS,cn:530724@2021,cn:530724,,,,,2021,,,,whole,
SAME_AS,org:the-ngo,org:ngo,,,,,,,,,,
PARTICIPATES_IN,org:donor,project:a,,,,,,,,,,reporting
PARTICIPATES_IN,org:donor,project:b,,,,,,,,,,funding
FUNDS,project:a,org:the-ngo,100,USD,disbursement,reported,2020-01-01,x,org:donor,,,
FUNDS,project:a,project:b,100,USD,incoming_funds,reported,2020-01-09,x,org:donor,org:ngo,,
FUNDS,cn:530724,project:road,7,CNY,disbursement,reported,2021-01-01,x,,,,
"""


async def test_one_node_under_several_ids(graph: Graph, tmp_path: Path) -> None:
    for name, text in (("placed", PLACED), ("linked", LINKED)):
        report = await load(graph, tmp_path, text, name)
        assert not report.rejected, report.issues
    merge = (
        "MATCH (e:Entity {id: 'org:the-ngo'}) SET e.canonical = 'org:ngo' CREATE (:Merged {id: 'x', of: e.id}) RETURN 1"
    )
    await graph.write(lambda transaction: transaction.rows(merge))
    found = await nodes(graph, NOW)
    assert found.under(["cn:530724@2021", "org:ngo", "x"]) == [
        "cn:530724", "cn:530724@2021", "org:ngo", "org:the-ngo", "x",
    ]  # fmt: skip
    await flows.renew(graph)
    # the organization that the donor paid is, under its other id, the one that runs project b
    (flow,) = (await expanded(graph, ["org:the-ngo", "project:b"], "to")).flows
    assert (flow.provider, flow.receiver, flow.kind, flow.gap, flow.payee) == (
        "project:a", "project:b", "transfer", 0, "org:ngo",
    )  # fmt: skip
    (road,) = (await expanded(graph, ["cn:530724@2021"])).flows
    assert (road.provider, road.receiver, road.used) == ("cn:530724@2021", "project:road", 700)

    yunnan = await scope(graph, "cn:530000")
    assert (yunnan.own, yunnan.inside, yunnan.projects) == (("cn:530000",), ("cn:530724@2021",), ("project:road",))
    assert (await scope(graph, "cn:530724")).ids == ("cn:530724@2021", "project:road")
    assert (await scope(graph, "group:west")).ids == ("cn:520000", "group:west", "project:far")
    assert (await scope(graph, "org:donor")).activities == ("project:a",)  # nothing names the donor of what b pays
    assert (await scope(graph, "org:nobody")).ids == ("org:nobody",)
