"""FIFO against a ledger of single coins, and what time forbids."""

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from graph.tracing.attribution import Attribution, Money, Question, RemainderKind
from graph.tracing.lots import What, match
from graph.tracing.network import build
from graph.tracing.terms import Kind, Transfer
from graph.tracing.trace import trace
from tests.transfers import FEW, adds_up, asked, flows, lines, networks, shuffled

RULE = Attribution.FIFO


def onward(text: str, source: str, **more: object) -> dict[tuple[str, ...], int]:
    result = trace(flows(text), asked(source, **more), RULE)
    adds_up(result)
    return lines(result)


def test_what_comes_first_goes_first() -> None:
    text = """A own 50 @2020-01-01, D own 50 @2020-01-01, A>B 50 @2020-02-01, D>B 50 @2020-03-01
    B>C 60 @2020-04-01, B spends 30 x @2020-05-01, C spends 60 y @2020-06-01"""
    assert onward(text, "A") == {("spent", "C", "y"): 50}
    assert onward(text, "D") == {("spent", "C", "y"): 10, ("spent", "B", "x"): 30, ("held", "B"): 10}
    back = trace(flows(text), asked(targets="C"), RULE)
    assert lines(back) == {("origin", "A"): 50, ("origin", "D"): 10}
    assert [(path.nodes, path.amount) for path in back.paths] == [(("A", "B", "C"), 50), (("D", "B", "C"), 10)]


def test_what_comes_in_later_never_pays() -> None:
    text = "B>C 40 @2020-01-01, A own 40 @2020-01-01, A>B 40 @2020-01-02, C spends 40 @2020-02-01"
    assert onward(text, "A") == {("held", "B"): 40}
    assert onward(text, "B") == {("spent", "C"): 40}  # its own, of unknown origin
    back = trace(flows(text), asked(targets="C"), RULE)
    assert lines(back) == {("unknown_origin", "B"): 40}
    assert {(n.id, n.held, n.unknown) for n in back.nodes} == {("B", 40, 40), ("C", 0, 0)}


def test_within_a_day_money_comes_in_before_it_goes_out() -> None:
    text = "C spends 5 @2020-01-01, B>C 5 @2020-01-01, A>B 5 @2020-01-01, A own 5 @2020-01-01"
    assert onward(text, "A") == {("spent", "C"): 5}
    # lots of one day by id, from whomever they come: A's is the third, D's the first
    text = "D>B 5 @2020-01-01, E own 5 @2020-01-01, A>B 5 @2020-01-01, E>D 5 @2020-01-01, B spends 5 @2020-01-01"
    assert onward(text, "E") == {("spent", "B"): 5}
    assert onward(text, "A") == {("held", "B"): 5}


def test_cycles_of_a_day_go_by_id_and_before_what_leaves_them() -> None:
    text = "B spends 8 @2020-01-01, A>B 5 @2020-01-01, B>A 3 @2020-01-01, S own 5 @2020-01-01, S>A 5 @2020-01-01"
    assert onward(text, "S") == {("held", "A"): 3, ("spent", "B"): 2}
    assert onward(text, "B") == {("spent", "B"): 6}
    # the other way round in ids, B has nothing yet to give back
    text = "B>A 3 @2020-01-01, A>B 5 @2020-01-01, S own 5 @2020-01-01, S>A 5 @2020-01-01"
    assert onward(text, "B") == {("held", "A"): 3}
    assert onward(text, "S") == {("held", "B"): 5}


def test_what_has_no_day_is_last() -> None:
    assert onward("A own 9, A>B 9 @2020-01-01, A>C 9", "A") == {("held", "B"): 9, ("held", "C"): 9}
    assert lines(trace(flows("A own 9, A>B 9 @2020-01-01"), asked(targets="B"), RULE)) == {("unknown_origin", "A"): 9}


def test_a_correction_cancels_the_latest_of_its_edge() -> None:
    text = """A own 30 @2020-01-01, A>B 10 @2020-01-02, A>B 20 @2020-03-01, B spends 10 @2020-02-01,
    B spends 20 @2020-04-01, A>B -15 @2020-03-02"""
    assert onward(text, "A") == {("held", "A"): 15, ("spent", "B"): 15}
    matching = match(build(flows(text)))
    assert [(lot.day, lot.amount) for lot in matching.lots if lot.what is What.MOVED] == [
        ("2020-01-02", 10),
        ("2020-03-01", 5),
    ]
    # more came back than went: a flow back on the day of the last correction
    text = "B own 9 @2020-01-01, A>B 5 @2020-01-02, A>B -8 @2020-03-01, A spends 3 @2020-04-01"
    assert onward(text, "B") == {("held", "B"): 6, ("spent", "A"): 3}


def test_a_cycle_is_followed_round_and_each_unit_counted_once() -> None:
    text = """A own 10 @2020-01-01, A>B 10 @2020-01-02, B>A 10 @2020-01-03, A>B 10 @2020-01-04, B>A 4 @2020-01-05,
    B spends 6 @2020-01-06"""
    result = trace(flows(text), asked("A"), RULE)
    assert lines(result) == {("held", "A"): 4, ("spent", "B"): 6}
    assert [(line.kind, line.amount) for line in result.remainder] == [(RemainderKind.THROUGH_CYCLES, 10)]
    assert {n.id: n.throughput for n in result.nodes} == {"A": 24, "B": 20}
    everything = trace(flows(text), asked("B", money=Money.ALL), RULE)
    assert everything.amount == 10 and {n.id: n.throughput for n in everything.nodes} == {"A": 14, "B": 20}


def test_what_comes_back_from_a_target_is_not_counted_again() -> None:
    text = "A own 10 @2020-01-01, A>B 10 @2020-01-02, B>T 10 @2020-01-03, T>B 10 @2020-01-04, B spends 10 @2020-01-05"
    result = trace(flows(text), asked("B", "T", money=Money.ALL), RULE)
    assert (result.amount, lines(result)) == (10, {("arrived", "T"): 10})
    cut = trace(flows(text), asked("B", money=Money.ALL, max_depth=0), RULE)
    assert (cut.amount, lines(cut)) == (10, {("cut", "B"): 10})


def test_closed_cycles_have_an_answer() -> None:
    text = "A>B 5 @2020-01-01, B>A 5 @2020-01-02"
    result = trace(flows(text), asked("A"), RULE)
    assert lines(result) == {("held", "A"): 5} and result.closed == (("A", "B"),)


@dataclass
class Coins:
    """A ledger in which each unit is a coin that remembers where it was."""

    queues: dict[str, deque[list[str]]] = field(default_factory=lambda: defaultdict(deque))
    spent: list[tuple[str, list[str]]] = field(default_factory=list[tuple[str, list[str]]])

    def run(self, transfers: list[Transfer]) -> None:
        for t in sorted(transfers, key=lambda t: t.day):
            for _ in range(t.amount):
                if t.kind is Kind.OWN:
                    self.queues[t.provider].append(["own", t.provider])
                    continue
                queue = self.queues[t.provider]
                coin = queue.popleft() if queue else ["unknown", t.provider]
                if t.kind is Kind.END_USE:
                    self.spent.append((t.payee, coin))
                else:
                    self.queues[t.receiver].append([*coin, t.receiver])

    def ends(self) -> list[tuple[tuple[str, ...], list[str]]]:
        held = [(("held", node), coin) for node, queue in self.queues.items() for coin in queue]
        return held + [(("spent", coin[-1], *([payee] if payee else [])), coin) for payee, coin in self.spent]


def dated(transfers: list[Transfer]) -> list[Transfer]:
    """Each on a day of its own, without corrections and transfers of a node to itself."""
    return [
        Transfer(
            id=t.id, provider=t.provider, receiver=t.receiver, amount=t.amount, kind=t.kind, payee=t.payee,
            day=f"2020-01-{n + 1:02}",
        )
        for n, t in enumerate(transfers)
        if t.amount > 0 and (t.provider != t.receiver or t.kind is not Kind.TRANSFER)
    ]  # fmt: skip


@FEW
@given(networks(dated=True), st.sampled_from("ABCDEF"))
def test_as_coins_go(transfers: list[Transfer], node: str) -> None:
    transfers = dated(transfers)
    coins = Coins()
    coins.run(transfers)
    of_node = [(end, coin) for end, coin in coins.ends() if coin[1] == node]
    result = trace(transfers, asked(node, money=Money.OWN, limit_paths=1000), RULE)
    adds_up(result)
    assert result.amount == len(of_node)
    assert lines(result) == Counter(end for end, _ in of_node)
    assert {n.id: n.throughput for n in result.nodes} == Counter(at for _, coin in of_node for at in coin[1:])
    ways = Counter(tuple(coin[1:]) for _, coin in of_node if len(set(coin[1:])) == len(coin[1:]))
    assert {path.nodes: path.amount for path in result.paths} == ways
    all_of_it = [coin for _, coin in coins.ends() if node in coin[1:]]
    assert trace(transfers, asked(node, money=Money.ALL), RULE).amount == len(all_of_it)
    back = trace(transfers, asked(targets=node), RULE)
    adds_up(back)
    came = Counter[tuple[str, str]]()
    for coin in all_of_it:
        came["origin" if coin[0] == "own" else "unknown_origin", coin[1]] += coin[1:].count(node)
    assert lines(back) == came


@FEW
@given(
    networks(dated=True), st.sets(st.sampled_from("ABCDEF"), min_size=1), st.sets(st.sampled_from("ABCDEF")), st.data()
)
def test_parts_add_up_and_order_does_not_matter(
    transfers: list[Transfer], sources: set[str], targets: set[str], data: st.DataObject
) -> None:
    bounds = {
        "max_depth": data.draw(st.sampled_from([None, None, 0, 1, 2])),
        "min_share": data.draw(st.sampled_from([0.0, 0.0, 0.2])),
        "limit_paths": data.draw(st.sampled_from([1, 20])),
    }
    onward = Question(
        sources=frozenset(sources),
        targets=frozenset(targets - sources),
        money=data.draw(st.sampled_from([None, *Money])),
        **bounds,
    )
    for question in (onward, Question(targets=frozenset(sources), **bounds)):
        result = trace(transfers, question, RULE)
        adds_up(result)
        assert trace(shuffled(transfers, 2), question, RULE) == result
        whole = Question(sources=question.sources, targets=question.targets, money=question.money)
        assert trace(transfers, whole, RULE).amount == result.amount


@FEW
@given(networks(dated=True))
def test_every_lot_is_paid_from_earlier_ones_in_full(transfers: list[Transfer]) -> None:
    matching = match(build(transfers))
    paid, taken = Counter[int](), Counter[int]()
    for link in matching.links:
        old, new = matching.lots[link.old], matching.lots[link.new]
        assert (not old.day, old.day) <= (not new.day, new.day) and old.taker == new.giver
        assert link.new_at == paid[link.new] and link.old_at == taken[link.old] and link.length > 0
        paid[link.new] += link.length
        taken[link.old] += link.length
    for n, lot in enumerate(matching.lots):
        assert paid[n] == (lot.amount if lot.giver >= 0 else 0)
        assert taken[n] == (matching.kept.get(n, lot.amount) if lot.taker >= 0 else 0)
