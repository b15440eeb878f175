"""From reports to flows: one for each provider, receiver, class, currency and period, with what each side says of it.

Figures of two sides are never added: the provider's is used, else the receiver's, else that of others.
"""

from collections.abc import Iterable, Sequence

import msgspec

from graph import identity
from graph.tracing.choosing import Left, chosen, overlap
from graph.tracing.reconciling import Match, Rate, Said, Side, Step, Tolerance, by_amount, by_period
from graph.tracing.terms import Flow, Kind, Report, Rule, Transfer


class Matched(msgspec.Struct, frozen=True, kw_only=True):
    """How the two reports of a flow were found to be of one transfer; see `Match`."""

    step: Step
    days: int
    exchange: int = 0
    receiver_currency: str = ""  # as reported, where it is not the flow's
    receiver_amount: int | None = None


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """Flows by id, how those that both sides report were matched (by flow id), and the reports that are in none."""

    flows: tuple[Flow, ...]
    matched: dict[str, Matched]
    left: tuple[Left, ...]


class _Draft(msgspec.Struct, kw_only=True):
    """A flow as it is put together."""

    provider: Said | None = None
    receiver: Said | None = None
    others: Said | None = None
    match: Match | None = None

    @property
    def used(self) -> Said:
        said = self.provider or self.receiver or self.others
        assert said
        return said


def made(reports: Iterable[Report], *, tolerance: Tolerance | None = None, rate: Rate | None = None) -> Made:
    """Flows of all that is reported of some edges, in order of id; the order of the reports is of no matter.

    With a rate, two reports in two currencies may be matched too; the flow is in the provider's.
    """
    tolerance = tolerance or Tolerance()
    said, left = chosen(reports)
    edges: dict[tuple[str, ...], list[Said]] = {}
    for one in said:
        edges.setdefault(one.edge, []).append(one)
    drafts: list[_Draft] = []
    outgoing: list[Said] = []
    incoming: list[Said] = []
    third: list[Said] = []
    for edge in sorted(edges):
        given, got = _of_edge(edges[edge], tolerance, drafts)
        outgoing += given
        incoming += got
        third += [one for one in edges[edge] if one.side is Side.OTHERS]
    outgoing, incoming = _by_organizations(outgoing, incoming, tolerance, drafts)
    if rate is not None:
        outgoing, incoming = _in_two_currencies(outgoing, incoming, tolerance, rate, drafts)
    drafts += [_Draft(provider=one) for one in outgoing]
    _less_weighty(incoming, drafts, left, Side.RECEIVER)
    _less_weighty(third, drafts, left, Side.OTHERS)
    flows, matched = _finished(drafts)
    return Made(flows=flows, matched=matched, left=tuple(sorted(left, key=lambda one: (one.claim, one.reason))))


def _of_edge(
    said: Sequence[Said], tolerance: Tolerance, drafts: list[_Draft]
) -> tuple[list[Said], list[Said]]:  # fmt: skip
    """Matches the reports of two sides of one edge; returns what is left of each. A loop has one side."""
    given = [one for one in said if one.side is Side.PROVIDER]
    got = [one for one in said if one.side is Side.RECEIVER]
    if said[0].is_loop:
        return given, got
    near, given, got = by_amount(given, got, Step.AMOUNT, tolerance)
    same, given, got = by_period(given, got)
    drafts += [_Draft(provider=m.provider, receiver=m.receiver, match=m) for m in (*near, *same)]
    return given, got


def _by_organizations(
    outgoing: list[Said], incoming: list[Said], tolerance: Tolerance, drafts: list[_Draft]
) -> tuple[list[Said], list[Said]]:
    """Matches reports of which one names an organization where the other names its activity: the flow is the activity's."""
    # from an activity of D to B, by D; from D to B, by B
    for given, got in _put_together(
        (((s.receiver, s.payer), s) for s in outgoing if all(s.projects) and s.payer and not s.is_loop),
        (((s.receiver, s.provider), s) for s in incoming if s.projects == (False, True)),
    ):
        pairs, _, _ = by_amount(given, got, Step.PROVIDER_ORGANIZATION, tolerance)
        drafts += [_Draft(provider=m.provider, receiver=m.receiver, match=m) for m in pairs]
    outgoing, incoming = _without(outgoing, drafts), _without(incoming, drafts)
    # from A to an activity of R, by R; from A to R, by A
    for given, got in _put_together(
        (((s.provider, s.receiver), s) for s in outgoing if s.projects == (True, False)),
        (((s.provider, s.payee), s) for s in incoming if all(s.projects) and s.payee and not s.is_loop),
    ):
        pairs, _, _ = by_amount(given, got, Step.RECEIVER_ORGANIZATION, tolerance)
        drafts += [_Draft(provider=m.provider, receiver=m.receiver, match=m) for m in pairs]
    return _without(outgoing, drafts), _without(incoming, drafts)


def _in_two_currencies(
    outgoing: list[Said], incoming: list[Said], tolerance: Tolerance, rate: Rate, drafts: list[_Draft]
) -> tuple[list[Said], list[Said]]:
    def ends(said: Said) -> tuple[str, ...]:
        return (said.provider, said.receiver)

    for given, got in _put_together(
        ((ends(s), s) for s in outgoing if not s.is_loop),
        ((ends(s), s) for s in incoming if not s.is_loop),
        same_currency=False,
    ):
        near, given_left, got_left = by_amount(given, got, Step.EXCHANGED, tolerance, rate)
        same, _, _ = by_period(given_left, got_left, Step.EXCHANGED, rate)
        drafts += [_Draft(provider=m.provider, receiver=m.receiver, match=m) for m in (*near, *same)]
    return _without(outgoing, drafts), _without(incoming, drafts)


def _put_together(
    given: Iterable[tuple[tuple[str, ...], Said]],
    got: Iterable[tuple[tuple[str, ...], Said]],
    *,
    same_currency: bool = True,
) -> list[tuple[list[Said], list[Said]]]:
    """What the two sides say under one key, of one type, class, measure and (if told) currency; in order of the keys."""
    groups: dict[tuple[str, ...], tuple[list[Said], list[Said]]] = {}
    for place, side in enumerate((given, got)):
        for key, said in side:
            whole = (*key, said.type, said.flow_class, said.measure, said.currency if same_currency else "")
            groups.setdefault(whole, ([], []))[place].append(said)
    return [groups[key] for key in sorted(groups) if all(groups[key])]


def _without(said: list[Said], drafts: list[_Draft]) -> list[Said]:
    taken = {id(one) for draft in drafts for one in (draft.provider, draft.receiver) if one is not None}
    return [one for one in said if id(one) not in taken]


def _less_weighty(said: Sequence[Said], drafts: list[_Draft], left: list[Left], side: Side) -> None:
    """What a side says that has no match: beside another's figure of the same period, or a flow of its own.

    It is left out where its period overlaps that of a figure used of the same edge: it would be the same money again.
    """
    on_edge: dict[tuple[str, ...], list[_Draft]] = {}
    of_period: dict[tuple[str, ...], list[_Draft]] = {}
    for draft in drafts:
        used = draft.used
        # of two days each is a transfer: days are not looked through for a day
        for key in ((*used.edge, "any"), *(() if used.is_day else ((*used.edge, "longer"),))):
            on_edge.setdefault(key, []).append(draft)
        of_period.setdefault((*used.edge, used.first, used.last), []).append(draft)
    for one in sorted(said, key=lambda s: s.order):
        stronger = [] if one.is_loop else on_edge.get((*one.edge, "longer" if one.is_day else "any"), [])
        alike = of_period.get((*one.edge, one.first, one.last), [])
        if side is Side.OTHERS and not one.is_loop and (beside := next((d for d in alike if d.others is None), None)):
            beside.others = one
            continue
        clash = next((d for d in stronger if overlap(_period(one), _period(d.used))), None)
        if clash is None:
            drafts.append(_Draft(receiver=one) if side is Side.RECEIVER else _Draft(others=one))
            continue
        left += [
            Left(
                claim=claim,
                fact=fact,
                provider=one.provider,
                receiver=one.receiver,
                flow_class=one.flow_class,
                currency=one.currency,
                amount=one.amount if len(one.claims) == 1 else None,
                reason="periods_overlap",
                instead=clash.used.claims[0],
            )
            for claim, fact in zip(one.claims, one.facts, strict=True)
        ]


def _period(said: Said) -> tuple[str, str]:
    return said.first, f"{said.last}~" if said.last else "9999"


def _finished(drafts: Sequence[_Draft]) -> tuple[tuple[Flow, ...], dict[str, Matched]]:
    keyed: dict[tuple[str, ...], list[_Draft]] = {}
    for draft in drafts:
        keyed.setdefault(_key(draft), []).append(draft)
    flows: list[Flow] = []
    matched: dict[str, Matched] = {}
    for key, alike in keyed.items():
        for n, draft in enumerate(sorted(alike, key=lambda d: (d.match is None, d.used.side, d.used.order)), start=1):
            flow = _flow(identity.flow_id(key, n), key, draft)
            flows.append(flow)
            if draft.match:
                matched[flow.id] = _how(draft.match)
    return tuple(sorted(flows, key=lambda flow: flow.id)), matched


def _key(draft: _Draft) -> tuple[str, ...]:
    """What a flow is of: the nodes, of activities where one side names them, and what the used figure says."""
    used = draft.used
    provider, receiver = used.provider, used.receiver
    if draft.match and draft.match.step is Step.RECEIVER_ORGANIZATION:
        receiver = draft.match.receiver.receiver
    kind = Kind.TRANSFER if draft.match else used.kind
    first, last = used.first, used.last
    return (provider, receiver, kind, used.flow_class, used.currency, used.type, used.measure, first, last)


def _flow(id_: str, key: tuple[str, ...], draft: _Draft) -> Flow:
    used = draft.used
    provider, receiver, others, match = draft.provider, draft.receiver, draft.others, draft.match
    got = receiver.amount if receiver else None
    if match and match.converted is not None:
        got = match.converted
    sides = [said for said in (provider, receiver, others) if said]
    claims = [claim for said in sides for claim in said.claims]
    claims += [claim for said in sides for claim in said.others]
    return Flow(
        id=id_,
        provider=key[0],
        receiver=key[1],
        kind=Kind(key[2]),
        flow_class=used.flow_class,
        currency=used.currency,
        first=used.first,
        last=used.last,
        value_date=used.value_date,
        provider_says=provider.amount if provider else None,
        receiver_says=got,
        others_say=others.amount if others else None,
        used=used.amount,
        rule=Rule(used.side),
        gap=provider.amount - got if provider and got is not None else None,
        payer=next((said.payer for said in sides if said.payer), ""),
        payee=next((said.payee for said in sides if said.payee), ""),
        linked=any(said.linked for said in sides),
        claims=tuple(dict.fromkeys(claims)),
    )


def _how(match: Match) -> Matched:
    other = match.receiver
    foreign = other.currency != match.provider.currency
    return Matched(
        step=match.step,
        days=match.days,
        exchange=match.exchange,
        receiver_currency=other.currency if foreign else "",
        receiver_amount=other.amount if foreign else None,
    )


def transfer(flow: Flow) -> Transfer:
    """A flow as it is followed: by the figure that is used."""
    return Transfer(
        id=flow.id,
        provider=flow.provider,
        receiver=flow.receiver,
        amount=flow.used,
        kind=flow.kind,
        day=flow.last,
        linked=flow.linked,
        payee=flow.payee,
    )
