"""Transfers put together: netting, flows back, end uses reduced, nodes that give what they are not known to have."""

from hypothesis import given
from hypothesis import strategies as st

from graph.tracing.attribution import Correction, Effect, Ignored
from graph.tracing.components import closed_cycles
from graph.tracing.network import Network, build
from graph.tracing.terms import Kind, Transfer
from tests.transfers import GOLDEN, flows, networks, shuffled


def edges(network: Network) -> dict[str, int]:
    ids = network.ids
    rows = zip(network.provider, network.receiver, network.amount, strict=True)
    return {f"{ids[provider]}>{ids[receiver]}": amount for provider, receiver, amount in rows}


def columns(network: Network) -> dict[str, tuple[int, ...]]:
    lists = (
        network.inflow,
        network.own,
        network.outflow,
        network.end_use,
        network.through,
        network.unknown,
        network.held,
    )
    return dict(zip(network.ids, zip(*lists, strict=True), strict=True))


def test_golden() -> None:
    assert columns(build(flows(GOLDEN))) == {  # in, own, out, end use, X, unknown, held
        "A": (30, 100, 100, 0, 130, 0, 30),
        "B": (150, 0, 120, 20, 150, 0, 10),
        "C": (90, 0, 0, 90, 90, 0, 0),
        "D": (0, 50, 50, 0, 50, 0, 0),
    }


def test_amounts_of_an_edge_are_netted_and_what_is_below_zero_flows_back() -> None:
    network = build(flows("A>B 100, A>B -30, B>C 10, B>C -25 @2020-02-01, B>C -1 @2020-01-01, C>B 4, A>A 7"))
    assert edges(network) == {"A>B": 70, "C>B": 20}
    assert network.corrections == (
        Correction(effect=Effect.FLOW_BACK, provider="B", receiver="C", other="", amount=16),
    )
    assert [(flow.id, flow.day, flow.provider, flow.receiver, flow.amount) for flow in network.back] == [
        ("f003", "2020-02-01", "C", "B", 16)
    ]
    assert network.ignored == (Ignored(id="f006", node="A", amount=7),)
    assert columns(network)["C"] == (0, 0, 20, 0, 20, 20, 0)


def test_an_end_use_below_zero_reduces_the_others_the_largest_first() -> None:
    network = build(flows("A spends 50 p, A spends 20 q, A spends -60 r, B spends -5, C own 10, C own -12"))
    assert {network.ids[node]: uses for node, uses in network.end_uses.items()} == {"A": {"q": 10}, "C": {"": 2}}
    assert {(c.effect, c.provider, c.other, c.amount) for c in network.corrections} == {
        (Effect.END_USE_REDUCED, "A", "p", 50),
        (Effect.END_USE_REDUCED, "A", "q", 10),
        (Effect.NOT_APPLIED, "B", "", 5),
        (Effect.OWN_GIVEN_BACK, "C", "", 2),
    }
    assert columns(network)["C"] == (0, 0, 0, 2, 2, 2, 0)


def test_an_end_use_is_paid_to_its_payee_or_receiver() -> None:
    paid = Transfer(id="1", provider="A", receiver="S", amount=5, kind=Kind.END_USE)
    named = Transfer(id="2", provider="A", receiver="S", amount=6, kind=Kind.END_USE, payee="P")
    network = build([paid, named])
    assert (network.ids, network.end_uses) == (["A"], {0: {"P": 6, "S": 5}})


def test_links_are_of_the_part_that_is_linked() -> None:
    network = build(
        flows("A>B 10 linked, A>B 5, B>C 10 linked, B>C -4 linked, C>D 3 linked, C>D -2, D>E 5, D>E -7 linked")
    )
    assert dict(zip(edges(network), network.linked, strict=True)) == {"A>B": 10, "B>C": 6, "C>D": 1, "E>D": 2}


def test_closed_cycles_are_those_that_nothing_enters_or_leaves() -> None:
    closed, fed, leaking = "A>B 5, B>A 5", "D>E 7, E>D 5, S own 2, S>D 2", "F>G 5, G>F 4"
    network = build(flows(f"{closed}, {fed}, {leaking}, H>I 1, I>J 1, J>H 1"))
    found = [[network.ids[node] for node in members] for members in closed_cycles(network)]
    assert found == [["A", "B"], ["H", "I", "J"]]


@given(networks(), st.integers(0, 5))
def test_whatever_came_is_given_on_spent_or_held(transfers: list[Transfer], seed: int) -> None:
    network = build(transfers)
    for inflow, own, out, use, through, unknown, held in columns(network).values():
        assert inflow + own + unknown == through == out + use + held
        assert min(inflow, own, out, use, unknown, held) >= 0 and not (unknown and held)
    assert sum(network.inflow) == sum(network.outflow) == sum(network.amount)
    again = build(shuffled(transfers, seed))
    assert (again.ids, edges(again), columns(again)) == (network.ids, edges(network), columns(network))
    assert (again.corrections, again.ignored, again.linked) == (network.corrections, network.ignored, network.linked)
