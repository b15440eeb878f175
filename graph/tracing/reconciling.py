"""Two reports of one transfer, found again: by amount and day, by period, and where an organization stands for its activity.

What one side says of an edge in a period is a `Said`. The steps of matching are tried in order, the best pair first; what is
matched is one flow, what is left stays the word of one side.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from enum import StrEnum

import msgspec

from graph.money import minor_units
from graph.tracing.terms import Kind

#: Amount in minor units, its currency, the currency wanted, an ISO day; None where no rate is known.
Rate = Callable[[int, str, str, str], int | None]


class Side(StrEnum):
    """Who reports."""

    PROVIDER = "provider"
    RECEIVER = "receiver"
    OTHERS = "others"


class Step(StrEnum):
    """How two reports were found to be of one transfer."""

    AMOUNT = "amount"  #: same two nodes and currency; amounts within the tolerance, days within the window
    PERIOD = "period"  #: same two nodes, currency and period; the amounts differ
    PROVIDER_ORGANIZATION = "provider_organization"  #: the receiver names the provider's organization, not its activity
    RECEIVER_ORGANIZATION = "receiver_organization"  #: the provider names the receiver's organization, not its activity
    EXCHANGED = (
        "exchanged"  #: same two nodes, other currencies; by amount at the rate of the value date, then by period
    )


class Tolerance(msgspec.Struct, frozen=True, kw_only=True):
    """How far two reports of one transfer may differ: parts of 10,000 of the larger, or units of currency; days apart."""

    share: int = 100
    units: int = 1
    days: int = 90

    def allows(self, one: int, other: int, currency: str) -> bool:
        apart = abs(one - other)
        if apart <= self.units * 10 ** minor_units(currency):
            return True
        return (one < 0) == (other < 0) and apart * 10_000 <= self.share * max(abs(one), abs(other))


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What one side says of an edge in a period. `first` and `last`: days, '' not known; `end`: as in `Flow`.

    `at` are ordinals of the days, None where one is not known. `projects`: whether provider, receiver is a project.
    `claims` speak for their `facts`, in the same order; `others` say the same with less standing.
    """

    provider: str
    receiver: str
    projects: tuple[bool, bool]
    side: Side
    kind: Kind
    type: str
    flow_class: str
    currency: str
    measure: str
    first: str
    last: str
    at: tuple[int, int] | None
    value_date: str
    amount: int
    payer: str
    payee: str
    linked: bool
    claims: tuple[str, ...]
    facts: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def edge(self) -> tuple[str, ...]:
        """What two reports of one transfer have in common."""
        return (self.provider, self.receiver, self.type, self.flow_class, self.currency, self.measure)

    @property
    def order(self) -> tuple[str, ...]:
        return (self.first, self.last, self.provider, self.receiver, self.kind, *self.claims)

    @property
    def is_day(self) -> bool:
        return bool(self.first) and self.first == self.last

    @property
    def is_loop(self) -> bool:
        return self.provider == self.receiver


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """Two reports of one transfer. `gap`: provider's less receiver's figure, in the provider's currency; `days` apart.

    `exchange`: what the receiver's figure is worth less by the provider's value date than by its own; 0 in one currency.
    """

    provider: Said
    receiver: Said
    step: Step
    gap: int
    days: int
    exchange: int = 0
    converted: int | None = None  # the receiver's figure in the provider's currency, where that is another


def ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal()


def days_apart(one: Said, other: Said) -> int | None:
    """Days between two periods, 0 where they meet; None where only one of them is known."""
    if one.at is None or other.at is None:
        return 0 if one.at is other.at else None
    return max(0, one.at[0] - other.at[1], other.at[0] - one.at[1])


def by_amount(
    provider: Sequence[Said], receiver: Sequence[Said], step: Step, tolerance: Tolerance, rate: Rate | None = None
) -> tuple[list[Match], list[Said], list[Said]]:
    """Pairs by amount and day, the best first, and what is left of both sides in order.

    All are taken to be of transfers that may be one: the caller has put together who may have dealt with whom.
    """
    kept = _alike(provider, receiver, step)
    taken = {id(end) for match in kept for end in (match.provider, match.receiver)}
    found = [
        match
        for one, other in _near(_left(provider, taken), _left(receiver, taken), tolerance.days)
        if (match := _compared(one, other, step, tolerance, rate))
    ]
    found.sort(key=lambda m: (abs(m.gap), m.days, m.provider.order, m.receiver.order))
    for match in found:
        ends = {id(match.provider), id(match.receiver)}
        if not ends & taken:
            taken |= ends
            kept.append(match)
    return kept, _left(provider, taken), _left(receiver, taken)


def _alike(provider: Sequence[Said], receiver: Sequence[Said], step: Step) -> list[Match]:
    """Pairs of one period and amount: no other is better, and most are such."""
    waiting: dict[tuple[str, str, str, int], list[Said]] = {}
    for other in sorted(receiver, key=_order, reverse=True):
        waiting.setdefault((other.first, other.last, other.currency, other.amount), []).append(other)
    kept: list[Match] = []
    for one in sorted(provider, key=_order):
        if others := waiting.get((one.first, one.last, one.currency, one.amount)):
            kept.append(Match(provider=one, receiver=others.pop(), step=step, gap=0, days=0))
    return kept


def by_period(
    provider: Sequence[Said], receiver: Sequence[Said], step: Step = Step.PERIOD, rate: Rate | None = None
) -> tuple[list[Match], list[Said], list[Said]]:
    """Pairs of one period whose amounts differ; a period has at most one report of a side and kind.

    Of two currencies, only what there is a rate for can be told to be one.
    """
    waiting: dict[tuple[str, str], list[Said]] = {}
    for one in sorted(receiver, key=_order):
        waiting.setdefault((one.first, one.last), []).append(one)
    kept: list[Match] = []
    taken: set[int] = set()
    for one in sorted(provider, key=_order):
        others = waiting.get((one.first, one.last), [])
        match = next((m for other in others if (m := _match(one, other, step, rate))), None)
        if match:
            others.remove(match.receiver)
            taken |= {id(one), id(match.receiver)}
            kept.append(match)
    return kept, _left(provider, taken), _left(receiver, taken)


def _order(said: Said) -> tuple[str, ...]:
    return said.order


def _left(all_: Iterable[Said], taken: set[int]) -> list[Said]:
    return sorted((said for said in all_ if id(said) not in taken), key=_order)


def _near(provider: Sequence[Said], receiver: Sequence[Said], window: int) -> Iterable[tuple[Said, Said]]:
    """Pairs whose days are within the window."""
    days = sorted(((s.at[0], n) for n, s in enumerate(receiver) if s.at is not None))
    starts = [day for day, _ in days]
    longest = max((s.at[1] - s.at[0] for s in receiver if s.at is not None), default=0)
    undated = [s for s in receiver if s.at is None]
    for one in provider:
        if one.at is None:
            yield from ((one, other) for other in undated)
            continue
        first = bisect_left(starts, one.at[0] - window - longest)
        for _, n in days[first : bisect_right(starts, one.at[1] + window)]:
            apart = days_apart(one, receiver[n])
            if apart is not None and apart <= window:
                yield one, receiver[n]


def _compared(one: Said, other: Said, step: Step, tolerance: Tolerance, rate: Rate | None) -> Match | None:
    match = _match(one, other, step, rate)
    return match if match and tolerance.allows(one.amount, one.amount - match.gap, one.currency) else None


def _match(one: Said, other: Said, step: Step, rate: Rate | None) -> Match | None:
    """The two as one transfer, whatever their amounts; None where these cannot be compared."""
    days = days_apart(one, other) or 0
    if one.currency == other.currency:
        return Match(provider=one, receiver=other, step=step, gap=one.amount - other.amount, days=days)
    if rate is None:
        return None
    here, there = (s.value_date or s.last for s in (one, other))
    own = rate(other.amount, other.currency, one.currency, there) if there else None
    if own is None:
        return None
    then = rate(other.amount, other.currency, one.currency, here) if here else None
    exchange = own - then if then is not None else 0
    return Match(
        provider=one, receiver=other, step=step, gap=one.amount - own, days=days, exchange=exchange, converted=own
    )
