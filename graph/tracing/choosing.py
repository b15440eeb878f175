"""Which reports count: each fact once, no part beside its whole, no two figures whose periods overlap.

The rules are those of totals (graph/sources/totals.py), for one edge, class, currency, measure and side.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache

import msgspec

from graph.dates import ALWAYS, NEVER
from graph.model import MODEL
from graph.tracing.classes import by_receiver, flow_class
from graph.tracing.reconciling import Said, Side, ordinal
from graph.tracing.terms import Kind, Report

#: Why a report is in no flow.
REASONS = {
    "value_unknown": "No source gives the figure, or its currency.",
    "not_official": "It is no official flow.",
    "part_of_another": "It is included in another figure.",
    "revised": "A revised budget of the same time takes its place.",
    "periods_overlap": "Its period overlaps that of a figure that is used: one may hold part of the other.",
    "years_unknown": "It is so much a year, and which years is not known.",
    "other_period": "The figure of the other side, which is used, is of a time outside the one asked about.",
    "beyond_period": "Its period goes beyond the one asked about: how much of it falls in is not known.",
}
#: What is counted under this measure is projects, not money.
PROJECTS = "projects"
_SPENT, _PAID, _SOLD = "expenditure", "disbursement", "equity_sale"
_ORIGINAL, _REVISED = "original", "revised"
#: Years that a figure of so much a year is taken apart into, at most.
_YEARS = 100


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """A report that is in no flow, and why, by a key of REASONS; `instead`: the claim that is used, '' where none is."""

    claim: str
    fact: str
    provider: str
    receiver: str
    flow_class: str
    currency: str
    amount: int | None
    reason: str
    instead: str = ""


class _Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A report that speaks for its fact, with who says it and for which time."""

    report: Report
    side: Side
    others: tuple[str, ...]
    amount: int
    begins: str
    ends: str  # first day after it; that of its beginning, of one day

    @property
    def is_event(self) -> bool:
        """Whether it is one of many that may fall together: a transaction, or a figure of one day."""
        return bool(self.report.transaction) or self.begins == self.ends


def side(report: Report) -> Side:
    """Who reports: by its class; else whose id `reported_by` is; else the project that the money leaves."""
    if by_receiver(report.money_class):
        return Side.RECEIVER
    named = report.reported_by
    if named and named in (report.start, report.provider):
        return Side.PROVIDER
    if named and named in (report.end, report.receiver):
        return Side.RECEIVER
    # an activity's file reports what leaves the activity, also where another organization publishes it
    own = report.start_type == "Project" and (report.transaction or not named)
    return Side.PROVIDER if own else Side.OTHERS


def kind(report: Report) -> Kind:
    """What the money is to the start: see Kind. A loop is money whose payer, or payee, is not named."""
    if report.start_type == "Project":
        if report.start == report.end:
            received = by_receiver(report.money_class) or report.money_class == _SOLD
            return Kind.OWN if received else Kind.END_USE
        if report.money_class == _PAID and report.end_type != "Project" and class_of(report) == "cash":
            return Kind.END_USE
    spent = report.money_class == _SPENT and class_of(report) == "cash"
    return Kind.END_USE if spent else Kind.TRANSFER


def class_of(report: Report) -> str:
    return flow_class(report.money_class, report.basis)


def chosen(reports: Iterable[Report]) -> tuple[list[Said], list[Left]]:
    """What each side says of each edge and period, and the reports that do not count; the order of reports is of no matter."""
    left: list[Left] = []
    groups: dict[tuple[str, ...], list[_Figure]] = {}
    for figure in _figures(reports, left):
        report = figure.report
        money = report.money_class if class_of(report) == "cash" else ""
        groups.setdefault((*_key(report), figure.side, money), []).append(figure)
    said: dict[tuple[str, ...], list[_Figure]] = {}
    for key in sorted(groups):
        for figure in _apart(groups[key], left):
            period = (figure.begins, figure.ends)
            said.setdefault((*key[:-1], kind(figure.report), *period), []).append(figure)
    return [_said(key, said[key]) for key in sorted(said)], sorted(
        set(left), key=lambda one: (one.claim, one.reason, one.instead)
    )


def _key(report: Report) -> tuple[str, ...]:
    measure = "" if report.transaction or report.measure in (_ORIGINAL, _REVISED) else report.measure
    return (report.start, report.end, report.type, class_of(report), report.currency, measure)


def _figures(reports: Iterable[Report], left: list[Left]) -> Iterator[_Figure]:
    facts: dict[tuple[str, Side], list[Report]] = {}
    for report in {r.claim: r for r in reports if r.measure != PROJECTS}.values():
        facts.setdefault((report.fact, side(report)), []).append(report)
    speaking = {key: min(claims, key=lambda r: (r.standing, r.claim)) for key, claims in facts.items()}
    counting = {report.fact for report in speaking.values() if not _unusable(report)}
    stored = {(report.start, report.end, report.fact) for report in speaking.values()}
    for key, report in speaking.items():
        reason = _unusable(report)
        # a whole that is not on this edge is taken to count where it is: the part would be the same money again
        on_edge = (report.start, report.end, report.part_of) in stored
        if not reason and report.part_of and (not on_edge or report.part_of in counting):
            reason = "part_of_another"
        years = [] if reason else _years(report)
        if not reason and not years:
            reason = "years_unknown"
        if reason:
            left.append(_left(report, reason))
            continue
        others = tuple(sorted(r.claim for r in facts[key] if r is not report))
        for begins, ends in years:
            yield _Figure(
                report=report, side=key[1], others=others, amount=report.amount or 0, begins=begins, ends=ends
            )


def _unusable(report: Report) -> str:
    if report.amount is None or not report.currency:
        return "value_unknown"
    return "" if report.official else "not_official"


def _left(report: Report, reason: str, instead: str = "") -> Left:
    return Left(
        claim=report.claim,
        fact=report.fact,
        provider=report.start,
        receiver=report.end,
        flow_class=class_of(report),
        currency=report.currency,
        amount=report.amount,
        reason=reason,
        instead=instead,
    )


def _years(report: Report) -> list[tuple[str, str]]:
    """The period of a figure, or each year that it is for; empty where these are not known."""
    begins, ends = report.earliest_from, report.latest_to
    one_day = len(report.valid_from) == 10 and report.valid_to in ("", report.valid_from)
    if not report.per_year:
        return [(begins, begins if one_day else ends)]
    if not (begins.endswith("-01-01") and ends.endswith("-01-01")):
        return []
    first, after = int(begins[:4]), int(ends[:4])
    if not 0 < after - first <= _YEARS:
        return []
    return [(f"{year:04}-01-01", f"{year + 1:04}-01-01") for year in range(first, after)]


def _apart(figures: list[_Figure], left: list[Left]) -> Iterator[_Figure]:
    """Figures of which no two overlap: the best standing first, then the longest; events do not overlap each other, but
    what is planned anew takes the place of what was planned for the time."""
    events: list[_Figure] = []
    anew: list[_Figure] = []
    sums: list[_Figure] = []
    for figure in sorted(figures, key=_preference):
        report, period = figure.report, (figure.begins, figure.ends)
        others = sums if figure.is_event else [*sums, *events]
        if figure.is_event and report.measure == _ORIGINAL:
            others = [*sums, *anew]
        clash = next((other for other in others if overlap(period, (other.begins, other.ends))), None)
        if clash is None:
            (events if figure.is_event else sums).append(figure)
            if figure.is_event and report.measure == _REVISED:
                anew.append(figure)
            yield figure
            continue
        revised = report.measure == _ORIGINAL and clash.report.measure == _REVISED
        left.append(_left(report, "revised" if revised else "periods_overlap", clash.report.claim))


def _preference(figure: _Figure) -> tuple[bool, bool, int, int, str, str]:
    report = figure.report
    undated = figure.begins == ALWAYS or figure.ends == NEVER
    length = 0 if undated else ordinal(figure.ends) - ordinal(figure.begins)
    original = report.measure == _ORIGINAL
    return (undated, original, report.standing, -length, figure.begins, f"{report.fact} {report.claim}")


def overlap(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether two periods share a day: (first day, first day after it), the same twice for one day."""
    return one[0] < _after(other) and other[0] < _after(one)


def _after(period: tuple[str, str]) -> str:
    return f"{period[0]}~" if period[0] == period[1] else period[1]


@lru_cache(maxsize=4096)
def day_before(day: str) -> str:
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def _said(key: tuple[str, ...], figures: list[_Figure]) -> Said:
    start, end, type_, class_, currency, measure, side_, kind_, begins, ends = key
    first = "" if begins == ALWAYS else begins
    last = "" if ends == NEVER else ends if begins == ends else day_before(ends)
    figures = sorted(figures, key=lambda f: (f.report.standing, f.report.claim))
    reports = [figure.report for figure in figures]
    claims = tuple(report.claim for report in reports)
    projects = (reports[0].start_type == "Project", reports[0].end_type == "Project")
    return Said(
        provider=start,
        receiver=end,
        projects=projects,
        side=Side(side_),
        kind=Kind(kind_),
        type=type_,
        flow_class=class_,
        currency=currency,
        measure=measure,
        first=first,
        last=last,
        at=(ordinal(first), ordinal(last)) if first and last else None,
        value_date=_only(report.value_date for report in reports),
        amount=sum(figure.amount for figure in figures),
        payer=_only(r.provider or _organization(r.start, r.start_type) for r in reports),
        payee=_only(r.receiver or _organization(r.end, r.end_type) for r in reports),
        linked=start != end and _links(Side(side_), projects),
        claims=claims,
        facts=tuple(report.fact for report in reports),
        others=tuple(sorted({other for figure in figures for other in figure.others} - set(claims))),
    )


def _links(side_: Side, projects: tuple[bool, bool]) -> bool:
    """Whether a report of this side names the activity of the other: its own, it need not name."""
    if side_ is Side.OTHERS:
        return any(projects)
    return projects[1] if side_ is Side.PROVIDER else projects[0]


def _organization(id_: str, type_: str) -> str:
    return id_ if type_ in MODEL.node and MODEL.is_a(type_, "Organization") else ""


def _only(values: Iterable[str]) -> str:
    found = set(values)
    return found.pop() if len(found) == 1 else ""
