"""Transfers put together to a network: one edge for each provider and receiver, and what each node had and gave."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

from graph.tracing.attribution import Correction, Effect, Ignored
from graph.tracing.terms import Kind, Transfer

#: Provider, receiver, kind, and of an end use who was paid.
Key: TypeAlias = tuple[str, str, Kind, str]
Pair: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Nodes are numbers in order of their ids; edges are in order of provider and receiver, and stand in `first` by provider.

    `moved` and, for own money and end uses, `kept`: what is left of each edge as it was reported; `back`: flows back made
    of corrections, as transfers. All are
    in `amount`, with `linked` of it from transfers that are. The lists by node are in minor units: `through` is the larger of
    what came (with own) and what went (with end uses); what it is larger by is `unknown` or `held`.
    """

    ids: list[str]
    number: dict[str, int]
    provider: list[int]
    receiver: list[int]
    amount: list[int]
    linked: list[int]
    first: list[int]
    end_uses: dict[int, dict[str, int]]
    inflow: list[int]
    own: list[int]
    outflow: list[int]
    end_use: list[int]
    through: list[int]
    unknown: list[int]
    held: list[int]
    moved: dict[Pair, int]
    kept: dict[Key, int]
    back: tuple[Transfer, ...]
    transfers: list[Transfer]
    corrections: tuple[Correction, ...]
    ignored: tuple[Ignored, ...]


def key_of(transfer: Transfer) -> Key:
    """What amounts are netted over. An end use is paid to its payee, or to its receiver where that is another node."""
    if transfer.kind is not Kind.END_USE:
        return transfer.provider, transfer.receiver, transfer.kind, ""
    paid = transfer.payee or (transfer.receiver if transfer.receiver != transfer.provider else "")
    return transfer.provider, transfer.receiver, transfer.kind, paid


@dataclass(slots=True)
class _Read:
    """Transfers summed: what moved by pair of nodes with the part that is linked, own money and end uses by key."""

    moved: dict[Pair, int] = field(default_factory=dict[Pair, int])
    linked: dict[Pair, int] = field(default_factory=dict[Pair, int])
    net: dict[Key, int] = field(default_factory=dict[Key, int])
    #: The last correction of an edge.
    last: dict[Key, Transfer] = field(default_factory=dict[Key, Transfer])
    transfers: list[Transfer] = field(default_factory=list[Transfer])
    ignored: list[Ignored] = field(default_factory=list[Ignored])


def build(transfers: Iterable[Transfer]) -> Network:
    """The network of the transfers, whatever their order. Takes time in proportion to them, and sorts edges and nodes."""
    read = _Read()
    moved, linked, keep, between = read.moved, read.linked, read.transfers.append, Kind.TRANSFER
    for transfer in transfers:
        amount = transfer.amount
        if transfer.kind is between:
            pair = (transfer.provider, transfer.receiver)
            if pair[0] == pair[1]:
                read.ignored.append(Ignored(id=transfer.id, node=pair[0], amount=amount))
                continue
            moved[pair] = moved.get(pair, 0) + amount
            if transfer.linked:
                linked[pair] = linked.get(pair, 0) + amount
        else:
            key = key_of(transfer)
            read.net[key] = read.net.get(key, 0) + amount
        keep(transfer)
        if amount < 0:
            key = key_of(transfer)
            if key not in read.last or _moment(read.last[key]) < _moment(transfer):
                read.last[key] = transfer
    read.ignored.sort(key=lambda loop: (loop.id, loop.amount))
    back, corrections = _settled(read)
    return _laid_out(read, back, corrections)


def _moment(transfer: Transfer) -> tuple[bool, str, str]:
    return not transfer.day, transfer.day, transfer.id


def _settled(read: _Read) -> tuple[list[Transfer], list[Correction]]:
    """Leaves no edge below zero; flows back are as late as the last correction of their edge."""
    back: list[Transfer] = []
    corrections: list[Correction] = []
    uses: defaultdict[str, list[Key]] = defaultdict(list)
    for key in read.net:
        if key[2] is Kind.END_USE:
            uses[key[0]].append(key)
    for key in sorted(read.last):
        provider, receiver, kind, _ = key
        amount = read.moved[provider, receiver] if kind is Kind.TRANSFER else read.net[key]
        if amount >= 0:
            continue
        if kind is Kind.TRANSFER:
            read.moved[provider, receiver] = 0
        else:
            read.net[key] = 0
        if kind is Kind.END_USE:
            corrections += _reduced(read.net, uses[provider], key, -amount)
            continue
        made, use = read.last[key], kind is Kind.OWN
        back.append(
            Transfer(
                id=made.id, provider=receiver, receiver=provider, amount=-amount, day=made.day, linked=made.linked,
                kind=Kind.END_USE if use else Kind.TRANSFER,
            )
        )  # fmt: skip
        corrections.append(_correction(Effect.OWN_GIVEN_BACK if use else Effect.FLOW_BACK, key, -amount))
    return back, corrections


def _reduced(net: dict[Key, int], uses: list[Key], key: Key, amount: int) -> list[Correction]:
    """Takes the amount off the node's end uses, the largest first."""
    found: list[Correction] = []
    for use in sorted(uses, key=lambda use: (-net[use], use)):
        taken = min(amount, max(net[use], 0))
        if taken:
            net[use] -= taken
            amount -= taken
            found.append(_correction(Effect.END_USE_REDUCED, use, taken))
    if amount:
        found.append(_correction(Effect.NOT_APPLIED, key, amount))
    return found


def _correction(effect: Effect, key: Key, amount: int) -> Correction:
    return Correction(effect=effect, provider=key[0], receiver=key[1], other=key[3], amount=amount)


def _laid_out(read: _Read, back: list[Transfer], corrections: list[Correction]) -> Network:
    """Numbers the nodes and sorts the edges; who is paid for an end use is no node for that."""
    edges, linked = read.moved, read.linked
    if back or min(edges.values(), default=1) <= 0:
        edges = {pair: amount for pair, amount in edges.items() if amount > 0}
        linked = {pair: min(max(linked.get(pair, 0), 0), amount) for pair, amount in edges.items()}
    elif linked:
        linked = {pair: min(max(amount, 0), edges[pair]) for pair, amount in linked.items()}
    uses: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for (provider, _, kind, paid), amount in read.net.items():
        if kind is Kind.END_USE and amount > 0:
            uses[provider][paid] = uses[provider].get(paid, 0) + amount
    for flow in back:
        pair = (flow.provider, flow.receiver)
        if flow.kind is Kind.TRANSFER:
            edges[pair] = edges.get(pair, 0) + flow.amount
            linked[pair] = linked.get(pair, 0) + (flow.amount if flow.linked else 0)
        else:
            uses[flow.provider][""] = uses[flow.provider].get("", 0) + flow.amount
    ids = sorted({id_ for pair in read.moved for id_ in pair} | {key[0] for key in read.net})
    return _summed(ids, edges, linked, uses, read, back, corrections)


def _summed(
    ids: list[str],
    edges: dict[Pair, int],
    linked: dict[Pair, int],
    uses: dict[str, dict[str, int]],
    read: _Read,
    back: list[Transfer],
    corrections: list[Correction],
) -> Network:
    size, number = len(ids), {id_: n for n, id_ in enumerate(ids)}
    places = sorted(
        [(number[provider] * size + number[receiver], (provider, receiver)) for provider, receiver in edges]
    )
    providers, receivers = [place // size for place, _ in places], [place % size for place, _ in places]
    amounts = [edges[pair] for _, pair in places]
    own, inflow, outflow, first = [0] * size, [0] * size, [0] * size, [0] * (size + 1)
    for start, end, amount in zip(providers, receivers, amounts, strict=True):
        outflow[start] += amount
        inflow[end] += amount
        first[start + 1] += 1
    for before, node in pairwise(range(size + 1)):
        first[node] += first[before]
    for key, amount in read.net.items():
        if key[2] is Kind.OWN:
            own[number[key[0]]] += amount
    end_use = [sum(uses[id_].values()) if id_ in uses else 0 for id_ in ids]
    came = [a + b for a, b in zip(inflow, own, strict=True)]
    went = [a + b for a, b in zip(outflow, end_use, strict=True)]
    return Network(
        ids=ids,
        number=number,
        provider=providers,
        receiver=receivers,
        amount=amounts,
        linked=[linked.get(pair, 0) for _, pair in places],
        first=first,
        end_uses={number[id_]: dict(sorted(paid.items())) for id_, paid in sorted(uses.items())},
        inflow=inflow,
        own=own,
        outflow=outflow,
        end_use=end_use,
        through=[max(a, b) for a, b in zip(came, went, strict=True)],
        unknown=[max(0, b - a) for a, b in zip(came, went, strict=True)],
        held=[max(0, a - b) for a, b in zip(came, went, strict=True)],
        moved=read.moved,
        kept=read.net,
        back=tuple(back),
        transfers=read.transfers,
        corrections=tuple(corrections),
        ignored=tuple(read.ignored),
    )
