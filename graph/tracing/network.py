"""Transfers put together to a network: one edge for each provider and receiver, and what each node had and gave."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from graph.tracing.attribution import Correction, Effect, Ignored
from graph.tracing.terms import Kind, Transfer

#: Provider, receiver, kind, and of an end use who was paid.
Key: TypeAlias = tuple[str, str, Kind, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Nodes are numbers in order of their ids; edges are in order of provider and receiver, and stand in `first` by provider.

    `kept`: what is left of each edge as it was reported; `back`: flows back made of corrections, as transfers. Both are
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


def build(transfers: Iterable[Transfer]) -> Network:
    """The network of the transfers, whatever their order. Takes time in proportion to them, and sorts edges and nodes."""
    read: list[Transfer] = []
    ignored: list[Ignored] = []
    net: defaultdict[Key, int] = defaultdict(int)
    linked: defaultdict[Key, int] = defaultdict(int)
    own_loop, last = Kind.TRANSFER, dict[Key, Transfer]()
    for transfer in transfers:
        if transfer.kind is own_loop:
            if transfer.provider == transfer.receiver:
                ignored.append(Ignored(id=transfer.id, node=transfer.provider, amount=transfer.amount))
                continue
            key: Key = (transfer.provider, transfer.receiver, own_loop, "")
        else:
            key = key_of(transfer)
        read.append(transfer)
        net[key] += transfer.amount
        if transfer.linked:
            linked[key] += transfer.amount
        if transfer.amount < 0 and (key not in last or _moment(last[key]) < _moment(transfer)):
            last[key] = transfer
    back, corrections = _settled(net, last)
    return _laid_out(net, linked, back, read, corrections, sorted(ignored, key=lambda loop: (loop.id, loop.amount)))


def _moment(transfer: Transfer) -> tuple[bool, str, str]:
    return not transfer.day, transfer.day, transfer.id


def _settled(net: dict[Key, int], last: dict[Key, Transfer]) -> tuple[list[Transfer], list[Correction]]:
    """Leaves no edge below zero; flows back are as late as the last correction of their edge."""
    back: list[Transfer] = []
    corrections: list[Correction] = []
    uses: defaultdict[str, list[Key]] = defaultdict(list)
    for key in net:
        if key[2] is Kind.END_USE:
            uses[key[0]].append(key)
    for key in sorted(key for key, amount in net.items() if amount < 0):
        provider, receiver, kind, other = key
        amount, net[key] = -net[key], 0
        if kind is Kind.END_USE:
            corrections += _reduced(net, uses[provider], key, amount)
            continue
        made = last[key]
        use = kind is Kind.OWN
        back.append(
            Transfer(
                id=made.id, provider=receiver, receiver=provider, amount=amount, day=made.day, linked=made.linked,
                kind=Kind.END_USE if use else Kind.TRANSFER,
            )
        )  # fmt: skip
        effect = Effect.OWN_GIVEN_BACK if use else Effect.FLOW_BACK
        corrections.append(Correction(effect=effect, provider=provider, receiver=receiver, other=other, amount=amount))
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


def _laid_out(
    net: dict[Key, int],
    linked: dict[Key, int],
    back: list[Transfer],
    transfers: list[Transfer],
    corrections: list[Correction],
    ignored: list[Ignored],
) -> Network:
    # who is paid for an end use is no node for that
    ids = sorted({key[0] for key in net} | {key[1] for key in net if key[2] is not Kind.END_USE})
    number = {id_: n for n, id_ in enumerate(ids)}
    own = [0] * len(ids)
    uses: defaultdict[int, dict[str, int]] = defaultdict(dict)
    moved: dict[tuple[int, int], list[int]] = {}
    for key, amount in net.items():
        if amount > 0:
            start, kind = number[key[0]], key[2]
            if kind is Kind.TRANSFER:
                moved[start, number[key[1]]] = [amount, min(max(linked.get(key, 0), 0), amount)]
            elif kind is Kind.OWN:
                own[start] += amount
            else:
                uses[start][key[3]] = uses[start].get(key[3], 0) + amount
    for flow in back:
        start = number[flow.provider]
        if flow.kind is Kind.TRANSFER:
            edge = moved.setdefault((start, number[flow.receiver]), [0, 0])
            edge[0] += flow.amount
            edge[1] += flow.amount if flow.linked else 0
        else:
            uses[start][""] = uses[start].get("", 0) + flow.amount
    return _summed(ids, number, own, uses, moved, net, back, transfers, corrections, ignored)


def _summed(
    ids: list[str],
    number: dict[str, int],
    own: list[int],
    uses: dict[int, dict[str, int]],
    moved: dict[tuple[int, int], list[int]],
    kept: dict[Key, int],
    back: list[Transfer],
    transfers: list[Transfer],
    corrections: list[Correction],
    ignored: list[Ignored],
) -> Network:
    order = sorted(moved)
    amounts = [moved[edge] for edge in order]
    inflow, outflow, count = [0] * len(ids), [0] * len(ids), [0] * (len(ids) + 1)
    for (start, end), (amount, _) in zip(order, amounts, strict=True):
        outflow[start] += amount
        inflow[end] += amount
        count[start + 1] += 1
    for before, node in pairwise(range(len(count))):
        count[node] += count[before]
    end_use = [sum(uses[node].values()) if node in uses else 0 for node in range(len(ids))]
    came = [a + b for a, b in zip(inflow, own, strict=True)]
    went = [a + b for a, b in zip(outflow, end_use, strict=True)]
    return Network(
        ids=ids,
        number=number,
        provider=[edge[0] for edge in order],
        receiver=[edge[1] for edge in order],
        amount=[amount for amount, _ in amounts],
        linked=[part for _, part in amounts],
        first=count,
        end_uses={node: dict(sorted(uses[node].items())) for node in sorted(uses)},
        inflow=inflow,
        own=own,
        outflow=outflow,
        end_use=end_use,
        through=[max(a, b) for a, b in zip(came, went, strict=True)],
        unknown=[max(0, b - a) for a, b in zip(came, went, strict=True)],
        held=[max(0, a - b) for a, b in zip(came, went, strict=True)],
        kept=kept,
        back=tuple(back),
        transfers=transfers,
        corrections=tuple(corrections),
        ignored=tuple(ignored),
    )
