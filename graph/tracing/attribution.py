"""The words of attribution: what is asked of a network of flows, and what the answer consists of."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec

#: Attributed amounts are whole numbers of 2^-BITS minor units until they are rounded, once, at the end.
BITS: Final = 48
ONE: Final = 1 << BITS
#: Remainders closer than this are a tie, which ids decide; what is computed is far more exact.
_TIE: Final = 20


class Attribution(StrEnum):
    """Which of the money that came to a node is in what it gives on."""

    PRO_RATA = "pro_rata"  #: a part of each, in proportion
    FIFO = "fifo"  #: what came first goes first
    EARMARKED = "earmarked"  #: what is linked, where there is no other


class Money(StrEnum):
    """Which money of the sources is asked about."""

    OWN = "own"  #: what they put in themselves: their own, and what they gave without its being known from where
    ALL = "all"  #: all that came to them or out of them; each unit once, however often it comes back


class LineKind(StrEnum):
    """Where money asked about is, or is from."""

    SPENT = "spent"
    HELD = "held"
    POOLED = "pooled"  #: it came to a node from where it cannot be told apart, under EARMARKED
    ARRIVED = "arrived"  #: it reached a target
    CUT = "cut"  #: given on by a node from which it was not followed, for depth or share
    ORIGIN = "origin"  #: own money of a node, asked for backwards
    UNKNOWN_ORIGIN = "unknown_origin"  #: given by a node that is not known to have had it, asked for backwards


class RemainderKind(StrEnum):
    """What is asked about and on none of the paths listed."""

    THROUGH_CYCLES = "through_cycles"  #: it came back to a node of its path, as far as paths were searched
    BELOW_CUT = "below_cut"  #: on smaller paths, or on those not searched


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Onward from `sources`, back from `targets` if only those are given, or how much of the sources' reached the targets.

    `money` None: OWN where there is any, else ALL; it says nothing about a question back, which is about all that came
    over the targets' boundary, their own and the unknown. From nodes `max_depth` transfers off (the fewest), and from
    those that less than `min_share` (0 to 1) of the amount comes to, money is not followed: what they give on is CUT.
    The limits are of what is listed, never of a sum.
    """

    sources: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()
    money: Money | None = None
    max_depth: int | None = None
    min_share: float = 0.0
    limit_nodes: int = 500
    limit_edges: int = 2_000
    limit_paths: int = 20


class Line(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A part of the amount. `other`: who was paid, '' not known or no one."""

    kind: LineKind
    node: str
    other: str
    amount: int


class NodeRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A node the money asked about was at. `throughput`: how much of it, each time it came; the rest is of all money.

    `outflow` is what went to other nodes. `depth`: fewest transfers from where the question starts.
    """

    id: str
    inflow: int
    own: int
    outflow: int
    end_use: int
    held: int
    unknown: int
    throughput: int
    depth: int


class EdgeRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Money that went from a node to another: `used` in all, `amount` of it asked about, rounded by itself."""

    provider: str
    receiver: str
    amount: int
    used: int


class Path(msgspec.Struct, frozen=True, kw_only=True):
    """Money that took this way and no other, in the order it went, and is (or is from) where the way ends (or begins)."""

    nodes: tuple[str, ...]
    amount: int
    share: float


class Remainder(msgspec.Struct, frozen=True, kw_only=True):
    kind: RemainderKind
    amount: int


class Effect(StrEnum):
    """What became of a negative amount."""

    FLOW_BACK = "flow_back"  #: more came back over an edge than went: a flow from receiver to provider
    END_USE_REDUCED = "end_use_reduced"  #: taken off another end use of the node
    OWN_GIVEN_BACK = "own_given_back"  #: more own money given back than put in: an end use
    NOT_APPLIED = "not_applied"  #: there was nothing to take it off


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """A negative amount that no amount of its own edge makes up for. `other`: of an end use, who was paid for it."""

    effect: Effect
    provider: str
    receiver: str
    other: str
    amount: int


class Ignored(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer from a node to itself, which is no flow."""

    id: str
    node: str
    amount: int


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """Sums of the lines and of the paths with their remainder.

    `missed`: by how many minor units the parts can be wrong in all before they are rounded, a bound that is computed.
    """

    amount: int
    lines: int
    paths: int
    missed: float
    agrees: bool


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """`lines` add up to `amount`, and so do `paths` with `remainder`. `truncated`: which lists are not whole.

    `closed`: cycles of the network that nothing enters and nothing leaves, among nodes joined to those of the question.
    """

    rule: Attribution
    money: Money | None
    amount: int
    lines: tuple[Line, ...]
    nodes: tuple[NodeRow, ...]
    edges: tuple[EdgeRow, ...]
    paths: tuple[Path, ...]
    remainder: tuple[Remainder, ...]
    truncated: tuple[str, ...]
    corrections: tuple[Correction, ...]
    ignored: tuple[Ignored, ...]
    closed: tuple[tuple[str, ...], ...]
    check: Check


def rounded(value: int) -> int:
    """2^-BITS minor units as whole ones, halves up."""
    return (value + (ONE >> 1)) >> BITS


def apportion(amount: int, parts: Sequence[int]) -> list[int]:
    """Whole minor units that add up to the amount, by largest remainder; ties go to who comes first.

    `parts` in 2^-BITS minor units, none below 0, adding up to the amount but for less than a unit.
    """
    whole = [part >> BITS for part in parts]
    missing = amount - sum(whole)
    if missing:
        mask, half = ONE - 1, 1 << (BITS - _TIE - 1)
        rest = [(part & mask) + half >> (BITS - _TIE) for part in parts]
        for i in sorted(range(len(parts)), key=lambda i: (-rest[i], i))[:missing]:
            whole[i] += 1
    return whole
