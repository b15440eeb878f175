"""Exchange rates and price indexes: which one applies, and what a sum is in another currency or in the prices of a year.

The rule: the last rate on or before the value date, at most 7 days old; between two currencies of which the table has no rate,
over the euro; at full precision, rounded once, half to even. Without such a rate nothing is converted, and the reason is said.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from hashlib import sha256
from typing import Protocol

from graph.money import minor_units

#: Days that a rate may be older than the day it is asked for.
OLDEST = 7
#: What cross rates go over.
BETWEEN = "EUR"


@dataclass(frozen=True, slots=True)
class Leg:
    """One rate as the table has it: units of `currency` for one unit of `base`, of a day."""

    base: str
    currency: str
    day: str
    rate: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Units of `currency` for one unit of `of`; `legs` are the rates of `table` it is made of, none for one currency."""

    of: str
    currency: str
    value: Fraction
    table: str = ""
    legs: tuple[Leg, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRate:
    """Why a sum is not converted."""

    reason: str


class Table(Protocol):
    """A table of rates with the name that answers give as the source."""

    @property
    def name(self) -> str: ...

    def state(self, until: str = "") -> str:
        """The last day of the table, or of what it has up to a day, with a mark of all rates up to it; '' where it has none."""
        ...

    def on(self, base: str, currency: str, day: date) -> tuple[date, Fraction] | None:
        """The last rate on or before a day, at most OLDEST days old: units of `currency` for one of `base`."""
        ...


@dataclass(slots=True)
class Listed:
    """A table held in memory."""

    name: str
    _days: dict[tuple[str, str], list[date]] = field(default_factory=dict[tuple[str, str], list[date]])
    _rates: dict[tuple[str, str], list[Fraction]] = field(default_factory=dict[tuple[str, str], list[Fraction]])
    _states: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, name: str, rates: Iterable[tuple[date, str, str, Fraction]]) -> "Listed":
        """`rates`: day, base, currency, rate. Raises ValueError where a day has two rates of a pair."""
        made = cls(name)
        for day, base, currency, rate in sorted(rates, key=lambda row: row[:3]):
            days = made._days.setdefault((base, currency), [])
            if days and days[-1] == day:
                raise ValueError(f"{base}/{currency} has two rates on {day}")
            days.append(day)
            made._rates.setdefault((base, currency), []).append(rate)
        return made

    def state(self, until: str = "") -> str:
        if until not in self._states:
            rows = sorted(
                (day.isoformat(), *pair, str(rate))
                for pair, days in self._days.items()
                for day, rate in zip(days, self._rates[pair], strict=True)
                if not until or day.isoformat() <= until
            )
            self._states[until] = _state(rows)
        return self._states[until]

    def on(self, base: str, currency: str, day: date) -> tuple[date, Fraction] | None:
        days = self._days.get((base, currency), [])
        place = bisect_right(days, day) - 1
        if place < 0 or day - days[place] > timedelta(days=OLDEST):
            return None
        return days[place], self._rates[base, currency][place]


def _state(rows: Sequence[tuple[str, ...]]) -> str:
    """The first field of the last of sorted rows, and a mark of all of them."""
    if not rows:
        return ""
    mark = sha256("\n".join("\t".join(row) for row in rows).encode()).hexdigest()
    return f"{rows[-1][0]} {mark[:16]}"


def still(table: "Table | Deflators", state: str) -> bool:
    """Whether a table has what it had when this was its state; it may have grown by later days or years."""
    return table.state(state.partition(" ")[0]) == state


def rate(table: Table | None, of: str, currency: str, day: str) -> Rate | NoRate:
    """The rate that applies on an ISO day."""
    if of == currency:
        return Rate(of=of, currency=currency, value=Fraction(1))
    if table is None:
        return NoRate(reason=f"no table of rates is given, and {of} is not {currency}")
    try:
        when = date.fromisoformat(day)
    except ValueError:
        return NoRate(reason="no day is known whose rate applies")
    direct = _leg(table, of, currency, when)
    if direct is not None:
        return _made(table, of, currency, (direct,))
    first, second = _leg(table, of, BETWEEN, when), _leg(table, BETWEEN, currency, when)
    if first is None or second is None:
        lacking = of if first is None and of != BETWEEN else currency
        return NoRate(reason=f"{table.name} has no rate of {lacking} from {OLDEST} days before {day} to it")
    return _made(table, of, currency, (first, second))


def _leg(table: Table, of: str, currency: str, when: date) -> Leg | None:
    for base, other in ((of, currency), (currency, of)):
        if (found := table.on(base, other, when)) is not None:
            return Leg(base, other, found[0].isoformat(), found[1])
    return None


def _made(table: Table, of: str, currency: str, legs: tuple[Leg, ...]) -> Rate:
    value, at = Fraction(1), of
    for leg in legs:
        value, at = (value * leg.rate, leg.currency) if leg.base == at else (value / leg.rate, leg.base)
    return Rate(of=of, currency=currency, value=value, table=table.name, legs=legs)


def converted(amount: int, applied: Rate) -> int:
    """Minor units of the one currency in minor units of the other, rounded once, half to even."""
    places = minor_units(applied.currency) - minor_units(applied.of)
    return round(amount * applied.value * Fraction(10) ** places)


@dataclass(frozen=True, slots=True)
class Deflators:
    """Price indexes by currency and year, as a user's table gives them."""

    name: str
    indexes: Mapping[tuple[str, int], Fraction]

    def state(self, until: str = "") -> str:
        """As that of a table of rates, with years in the place of days."""
        rows = sorted((f"{year:04}", currency, str(index)) for (currency, year), index in self.indexes.items())
        return _state([row for row in rows if not until or row[0] <= until])

    def factor(self, currency: str, year: int, prices_of: int) -> Fraction | NoRate:
        """What a sum of one year is to be multiplied by, to be in prices of the other."""
        for wanted in (year, prices_of):
            if (currency, wanted) not in self.indexes:
                return NoRate(reason=f"{self.name} has no index of {currency} for {wanted}")
        return self.indexes[currency, prices_of] / self.indexes[currency, year]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """What amounts are made comparable with; `prices_of`: the year whose prices they are to be in, 0 for those of their own."""

    rates: Table | None = None
    deflators: Deflators | None = None
    prices_of: int = 0


NO_TABLES = Tables()
