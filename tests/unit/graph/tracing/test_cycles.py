"""Money that goes round: each unit is in one cycle, and no more turns than each flow of it holds."""

from hypothesis import given

from graph.tracing.cycles import Cycle, cycles
from graph.tracing.quality import components
from graph.tracing.terms import Kind, Transfer
from tests.transfers import FEW, networks


def found(amounts: dict[str, dict[str, int]], **more: int) -> tuple[list[Cycle], bool]:
    return cycles(amounts, [ring for ring in components(amounts) if len(ring) > 1], **more)


def test_the_shortest_come_first_and_take_what_they_hold() -> None:
    amounts = {"A": {"B": 100}, "B": {"C": 90, "A": 30}, "C": {"A": 50}, "D": {"A": 7}}
    assert found(amounts) == ([Cycle(nodes=("A", "B"), amount=30), Cycle(nodes=("A", "B", "C"), amount=50)], True)


def test_what_is_taken_back_is_no_flow() -> None:
    assert found({"A": {"B": 5, "A": 9}, "B": {"A": -3}}) == ([], True)


def test_too_much_work_is_said() -> None:
    nodes = [str(n) for n in range(30)]
    amounts = {a: {b: 1 for b in nodes if a != b} for a in nodes}
    made, whole = found(amounts)
    assert whole and sum(cycle.amount * len(cycle.nodes) for cycle in made) == 30 * 29
    assert found(amounts, work=500)[1] is False


@given(networks(nodes="ABCD"))
@FEW
def test_nothing_goes_round_when_the_cycles_are_taken_off(network: list[Transfer]) -> None:
    amounts: dict[str, dict[str, int]] = {}
    for one in network:
        if one.kind is Kind.TRANSFER:
            to = amounts.setdefault(one.provider, {})
            to[one.receiver] = to.get(one.receiver, 0) + one.amount
    made, whole = found(amounts)
    assert whole
    rest = {a: {b: amount for b, amount in to.items() if amount > 0 and a != b} for a, to in amounts.items()}
    for cycle in made:
        for a, b in zip(cycle.nodes, (*cycle.nodes[1:], cycle.nodes[0]), strict=True):
            rest[a][b] -= cycle.amount
            assert rest[a][b] >= 0 and cycle.amount > 0
    left = {a: {b: amount for b, amount in to.items() if amount} for a, to in rest.items()}
    assert all(len(ring) == 1 for ring in components(left))
