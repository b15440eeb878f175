"""Links of activities that cannot be followed, and reports that do not fit: what a publisher can mend.

The kinds are those a chain of activities breaks by; each link is counted under the first kind that it is of.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Set

import msgspec

from graph.money import decimal_text
from graph.tracing.choosing import class_of, side
from graph.tracing.cycles import Cycle, cycles
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
    "closed_cycle": "Money goes round among activities: each gives what it gets, and none comes in from outside or leaves.",
}
#: What money that goes round is.
CYCLES = {
    "refund": "Some of it is reported as reimbursed.",
    "closed": "Each gives what it gets, and none comes in from outside or leaves: likely an error of a report.",
    "open": "Other money comes in or leaves; no report says that any is reimbursed.",
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


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """Cash that goes round, by a kind of CYCLES; see graph.tracing.cycles."""

    kind: str
    currency: str
    cycle: Cycle


def faults(
    reports: Iterable[Report], flows: Iterable[Flow], known: Known, *, tolerance: Tolerance | None = None
) -> Iterator[Fault]:
    """All faults; `flows`: what the reports were made into."""
    judge = Judge(known, tolerance)
    found = [judge.of_report(report) for report in {report.claim: report for report in reports}.values()]
    found += [judge.of_flow(flow) for flow in flows]
    yield from (fault for fault in found if fault)
    yield from judge.at_the_end()


class Judge:
    """Looks at each report and flow once, in any order, and keeps no more of them than who reports, and who pays whom."""

    def __init__(self, known: Known, tolerance: Tolerance | None = None) -> None:
        self._known = known
        self._tolerance = tolerance or Tolerance()
        self._prefixes = {org.removeprefix(_ORGANIZATION) for org in known.organizations}
        self._receiving: set[str] = set()
        self._paying: set[str] = set()
        self._given: dict[str, dict[str, dict[str, int]]] = {}  # cash by currency, provider and receiver
        self._reimbursed: set[tuple[str, str, str]] = set()  # currency, provider and receiver
        self._outside: dict[str, set[str]] = {}  # by currency, who has money of its own, or spends it

    def of_report(self, report: Report) -> Fault | None:
        """What is wrong with the activity that a report names on the other side."""
        by = side(report)
        if report.money_class == "reimbursement":
            self._reimbursed.add((report.currency, report.start, report.end))
        if class_of(report) == "cash":
            if by is Side.RECEIVER:
                self._receiving.add(report.end)
            else:
                self._paying.add(report.start)
        if by is Side.OTHERS:
            return None
        own, other, type_ = report.start, report.end, report.end_type
        if by is Side.RECEIVER:
            own, other, type_ = report.end, report.start, report.start_type
        if report.stated_activity:
            is_own = _IATI + "".join(report.stated_activity.split()) == own
            kind = "self_link" if is_own else "organization_id"
            return Fault(kind=kind, project=own, value=report.stated_activity, about=report.claim)
        if type_ == "Project" and own != other and other not in self._known.described and other.startswith(_IATI):
            identifier = other.removeprefix(_IATI)
            return Fault(
                kind=_wrong(identifier, self._prefixes), project=own, value=identifier, about=report.claim
            )  # fmt: skip
        return None

    def of_flow(self, flow: Flow) -> Fault | None:
        """Whether the two sides of a flow fit."""
        if flow.kind is not Kind.TRANSFER:
            if flow.flow_class == "cash":
                self._outside.setdefault(flow.currency, set()).add(flow.provider)
            return None
        if flow.flow_class == "cash":
            to = self._given.setdefault(flow.currency, {}).setdefault(flow.provider, {})
            to[flow.receiver] = to.get(flow.receiver, 0) + flow.used
        given, got = flow.provider_says, flow.receiver_says
        if given is not None and got is not None:
            if self._tolerance.allows(given, got, flow.currency):
                return None
            said = [decimal_text(amount, flow.currency) for amount in (given, got)]
            value = f"{' / '.join(said)} {flow.currency}"
            return Fault(kind="amounts_differ", project=flow.receiver, value=value, about=flow.id)
        if flow.provider in self._known.described and flow.receiver in self._known.described:
            silent = flow.receiver if given is not None else flow.provider
            return Fault(kind="one_side", project=silent, value=flow.flow_class, about=flow.id)
        return None

    def at_the_end(self) -> Iterator[Fault]:
        """What only all reports and flows together tell."""
        yield from self._silent("provider_without_incoming", self._known.funders, self._receiving)
        yield from self._silent("receiver_without_outgoing", self._known.implementers, self._paying)
        for currency, graph in sorted(self._given.items()):
            outside = self._outside.get(currency, set())
            for ring in components(graph):
                if len(ring) > 1 and not ring & outside and _is_closed(ring, graph):
                    members = sorted(ring)
                    yield Fault(kind="closed_cycle", project=members[0], value=" ".join(members), about=currency)

    def rounds(self) -> tuple[list[Round], bool]:
        """Cash that went round, the most first by currency; and whether all of it was found."""
        found: list[Round] = []
        whole = True
        for currency, graph in sorted(self._given.items()):
            outside = self._outside.get(currency, set())
            rings = [ring for ring in components(graph) if len(ring) > 1]
            closed = {node for ring in rings if not ring & outside and _is_closed(ring, graph) for node in ring}
            made, all_found = cycles(graph, rings)
            whole = whole and all_found
            for cycle in made:
                edges = zip(cycle.nodes, (*cycle.nodes[1:], cycle.nodes[0]), strict=True)
                refund = any((currency, a, b) in self._reimbursed for a, b in edges)
                kind = "refund" if refund else "closed" if cycle.nodes[0] in closed else "open"
                found.append(Round(kind=kind, currency=currency, cycle=cycle))
        found.sort(key=lambda one: (one.currency, -one.cycle.amount, one.cycle.nodes))
        return found, whole

    def _silent(self, kind: str, named: Mapping[str, Set[str]], reporting: Set[str]) -> Iterator[Fault]:
        """Activities that name who funds, or implements, them, and report nothing of that money."""
        for project, organizations in named.items():
            if project in self._known.described and project not in reporting:
                for organization in organizations:
                    yield Fault(kind=kind, project=project, value=organization, about=project)


def _wrong(identifier: str, prefixes: Set[str]) -> str:
    """What kind of fault the id of an activity is that no one describes."""
    if identifier in prefixes:
        return "organization_id"
    if _MALFORMED.search(identifier) or "-" not in identifier.strip("-"):
        return "malformed_id"
    heads = (identifier[: match.start()] for match in re.finditer("-", identifier))
    return "unknown_id" if any(head in prefixes for head in heads) else "unknown_prefix"


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
