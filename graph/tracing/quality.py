"""Links of activities that cannot be followed, and reports that do not fit: what a publisher can mend.

The kinds are those a chain of activities breaks by; each link is counted under the first kind that it is of.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Set

import msgspec

from graph.tracing.choosing import class_of, side
from graph.tracing.reconciling import Side, Tolerance
from graph.tracing.terms import Flow, Kind, Report

#: What can be wrong, in the order in which a link is judged.
KINDS = {
    "self_link": "A transaction names its own activity as the other side.",
    "organization_id": "The id of an organization stands where that of an activity belongs.",
    "malformed_id": "The id of an activity is not made as ids are: an agency, a hyphen and a number, without / & | ? or spaces.",
    "unknown_prefix": "The id of an activity begins with the id of no organization known here.",
    "unknown_id": "An activity is named that no file loaded here describes; its publisher is known.",
    "provider_without_incoming": "An activity names who funds it, and reports no incoming funds.",
    "receiver_without_outgoing": "An activity names who implements it, and reports no outgoing funds.",
    "one_side": "Of a transfer between two activities that both are described here, one reports it and the other does not.",
    "amounts_differ": "Both sides report a transfer, and their amounts differ by more than the tolerance.",
    "closed_cycle": "Money goes round among activities: none of it comes in from outside, or leaves.",
}
_IATI = "iati:"
_ORGANIZATION = "org:"
_MALFORMED = re.compile(r"[/&|?\s]|%[0-9A-Fa-f]{2}")


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What the graph holds of the activities and organizations that reports name.

    `described`: projects of which a source says more than their id. `organizations`: ids of organizations.
    `funders` and `implementers`: of a project, organizations that take part so, but for who reports it.
    """

    described: Set[str]
    organizations: Set[str]
    funders: Mapping[str, Set[str]]
    implementers: Mapping[str, Set[str]]


class Fault(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One thing that is wrong. `about`: a claim, flow or project; `project`: whose publisher can mend it; `value`: what is."""

    kind: str
    project: str
    value: str
    about: str


def faults(
    reports: Iterable[Report], flows: Iterable[Flow], known: Known, *, tolerance: Tolerance | None = None
) -> list[Fault]:
    """All faults, in the order of KINDS, then by project, value and id. `flows`: what the reports were made into."""
    reports = {report.claim: report for report in reports}.values()
    flows = list(flows)
    found = {
        *_links(reports, known),
        *_silent(reports, known),
        *_unequal(flows, known, tolerance or Tolerance()),
        *_cycles(flows),
    }
    order = list(KINDS)
    return sorted(found, key=lambda fault: (order.index(fault.kind), fault))


def counted(found: Iterable[Fault]) -> dict[str, int]:
    """How many faults of each kind, also of those that there are none of."""
    counts = dict.fromkeys(KINDS, 0)
    for fault in found:
        counts[fault.kind] += 1
    return counts


def _links(reports: Iterable[Report], known: Known) -> Iterator[Fault]:
    prefixes = {org.removeprefix(_ORGANIZATION) for org in known.organizations}
    for report in reports:
        by = side(report)
        if by is Side.OTHERS:
            continue
        own, other, type_ = report.start, report.end, report.end_type
        if by is Side.RECEIVER:
            own, other, type_ = report.end, report.start, report.start_type
        if report.stated_activity:
            is_own = _IATI + "".join(report.stated_activity.split()) == own
            kind = "self_link" if is_own else "organization_id"
            yield Fault(kind=kind, project=own, value=report.stated_activity, about=report.claim)
        elif type_ == "Project" and own != other and other not in known.described and other.startswith(_IATI):
            identifier = other.removeprefix(_IATI)
            yield Fault(kind=_wrong(identifier, prefixes), project=own, value=identifier, about=report.claim)


def _wrong(identifier: str, prefixes: Set[str]) -> str:
    """What kind of fault the id of an activity is that no one describes."""
    if identifier in prefixes:
        return "organization_id"
    if _MALFORMED.search(identifier) or "-" not in identifier.strip("-"):
        return "malformed_id"
    heads = (identifier[: match.start()] for match in re.finditer("-", identifier))
    return "unknown_id" if any(head in prefixes for head in heads) else "unknown_prefix"


def _silent(reports: Iterable[Report], known: Known) -> Iterator[Fault]:
    """Activities that name who funds or implements them, and report nothing of that money."""
    receiving: set[str] = set()
    paying: set[str] = set()
    for report in reports:
        if class_of(report) == "cash":
            (receiving if side(report) is Side.RECEIVER else paying).add(
                report.end if side(report) is Side.RECEIVER else report.start
            )
    for kind, named, reporting in (
        ("provider_without_incoming", known.funders, receiving),
        ("receiver_without_outgoing", known.implementers, paying),
    ):
        for project, organizations in named.items():
            if project in known.described and project not in reporting:
                for organization in organizations:
                    yield Fault(kind=kind, project=project, value=organization, about=project)


def _unequal(flows: Iterable[Flow], known: Known, tolerance: Tolerance) -> Iterator[Fault]:
    for flow in flows:
        if flow.kind is not Kind.TRANSFER or flow.provider == flow.receiver:
            continue
        given, got = flow.provider_says, flow.receiver_says
        if given is not None and got is not None:
            if not tolerance.allows(given, got, flow.currency):
                value = f"{given} {got} {flow.currency}"
                yield Fault(kind="amounts_differ", project=flow.receiver, value=value, about=flow.id)
        elif flow.provider in known.described and flow.receiver in known.described:
            silent = flow.receiver if given is not None else flow.provider
            yield Fault(kind="one_side", project=silent, value=flow.flow_class, about=flow.id)


def _cycles(flows: Iterable[Flow]) -> Iterator[Fault]:
    """Rings of which each node gets from the others just what it gives them, and nothing else comes in or goes out."""
    cash: dict[str, dict[str, dict[str, int]]] = {}
    closed_to: dict[str, set[str]] = {}
    for flow in flows:
        if flow.flow_class != "cash":
            continue
        if flow.kind is not Kind.TRANSFER:
            closed_to.setdefault(flow.currency, set()).add(flow.provider)
            continue
        given = cash.setdefault(flow.currency, {}).setdefault(flow.provider, {})
        given[flow.receiver] = given.get(flow.receiver, 0) + flow.used
    for currency, graph in sorted(cash.items()):
        outside = closed_to.get(currency, set())
        for ring in components(graph):
            if len(ring) > 1 and not ring & outside and _is_closed(ring, graph):
                members = sorted(ring)
                yield Fault(kind="closed_cycle", project=members[0], value=" ".join(members), about=currency)


def _is_closed(ring: Set[str], graph: Mapping[str, Mapping[str, int]]) -> bool:
    balance = dict.fromkeys(ring, 0)
    for provider, given in graph.items():
        for receiver, amount in given.items():
            if (provider in ring) != (receiver in ring):
                return False
            if provider in ring:
                balance[provider] -= amount
                balance[receiver] += amount
    return not any(balance.values())


def components(graph: Mapping[str, Mapping[str, int]]) -> list[set[str]]:
    """Strongly connected components, by Tarjan's algorithm without recursion, in an order that is always the same."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[set[str]] = []
    for root in sorted(graph):
        if root in index:
            continue
        work: list[tuple[str, Iterator[str]]] = [(root, iter(sorted(graph.get(root, {}))))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, children = work[-1]
            child = next((c for c in children if c not in index or c in on_stack), None)
            if child is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    found.append(_popped(stack, on_stack, node))
            elif child in index:
                low[node] = min(low[node], index[child])
            else:
                index[child] = low[child] = len(index)
                stack.append(child)
                on_stack.add(child)
                work.append((child, iter(sorted(graph.get(child, {})))))
    return found


def _popped(stack: list[str], on_stack: set[str], node: str) -> set[str]:
    component: set[str] = set()
    while True:
        last = stack.pop()
        on_stack.discard(last)
        component.add(last)
        if last == node:
            return component
