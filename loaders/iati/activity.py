"""One activity: what its elements say is kept as texts until it ends, and then made records of."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

from graph.records import Claim, Entity, Value
from loaders.iati import codelists, flows, named, texts
from loaders.iati.context import Context
from loaders.iati.flows import Flow, Flows, Terms
from loaders.iati.named import SECTORS, Location, Organization
from loaders.iati.reader import Element
from loaders.iati.shares import Shares
from loaders.reading import Unit
from loaders.records import RowError

#: Flows kept until the activity ends; with more, they are handed on by what is known of the activity so far.
KEPT = 5_000
#: Elements of an activity of any one kind that are kept; flows, which are counted only.
MANY, MANY_FLOWS = 10_000, 500_000
_ROLES = {
    **dict.fromkeys(("1", "funding"), "funding"),
    **dict.fromkeys(("2", "accountable"), "accountable"),
    **dict.fromkeys(("3", "extending"), "extending"),
    **dict.fromkeys(("4", "implementing"), "implementing"),
}
_RELATIONS = {"1": "parent", "2": "child", "3": "sibling", "4": "co_funded", "5": "third_party"}
_DATES = {
    "1": "planned_start", "2": "valid_from", "3": "planned_end", "4": "valid_to",
    "start-planned": "planned_start", "start-actual": "valid_from", "end-planned": "planned_end", "end-actual": "valid_to",
}  # fmt: skip
_TRUE = ("1", "true")


class Activity:
    """Takes the elements of an activity, in any order, and gives units of records."""

    def __init__(self, record: Element, context: Context) -> None:
        self._context = context
        self._line = record.sourceline
        self._language = texts.attribute(record, texts.LANG)
        self._currency = texts.attribute(record, "default-currency")
        self._said: dict[str, Value] = {}
        if hierarchy := texts.attribute(record, "hierarchy"):
            self._said["hierarchy"] = texts.line(hierarchy, 20)
        self._identifiers: list[str] = []
        self._reporting: list[tuple[Organization, str]] = []
        self._participants: list[tuple[Organization, str, str]] = []
        self._titles: list[texts.Narrative] = []
        self._description = ""
        self._is_general = False  # other kinds of descriptions (objectives, target groups) stand in where it is missing
        self._dates: list[tuple[str, str, int]] = []
        self._places: list[tuple[str, str, str, dict[str, Value], int]] = []
        self._sectors: list[tuple[str, str, str, dict[str, Value], int]] = []
        self._locations: list[Location] = []
        self._related: list[tuple[str, str, int]] = []
        self._codes: dict[str, str] = {}
        self._pending: list[Flow] = []
        self._numbers: dict[str, int] = {}
        self._flows = Flows(context.entities, context.old)
        self._implied_places: set[str] = set()
        self._implied_sectors: set[str] = set()
        self._kept = (
            self._identifiers,
            self._reporting,
            self._participants,
            self._titles,
            self._dates,
            self._places,
            self._sectors,
            self._locations,
            self._related,
        )
        self._takers: dict[str, Callable[[Element], None]] = {
            "iati-identifier": lambda e: self._identifiers.append(texts.own(e)),
            "reporting-org": self._take_reporting,
            "title": lambda e: self._titles.extend(texts.narratives(e, self._language)),
            "description": self._take_description,
            "participating-org": self._take_participant,
            "activity-status": self._take_status,
            "activity-date": self._take_date,
            "recipient-country": lambda e: self._places.append(("", *self._coded(e))),
            "recipient-region": lambda e: self._places.append(
                (texts.attribute(e, "vocabulary") or "1", *self._coded(e))
            ),
            "sector": lambda e: self._sectors.append((texts.attribute(e, "vocabulary") or "1", *self._coded(e))),
            "location": lambda e: self._locations.append(Location(e, self._language)),
            "related-activity": self._take_related,
            "default-flow-type": lambda e: self._take_default("flow_type", e),
            "default-finance-type": lambda e: self._take_default("finance_type", e),
            "default-aid-type": lambda e: self._take_default("aid_type", e),
            flows.TRANSACTION: self._take_flow,
            flows.BUDGET: self._take_flow,
            flows.PLANNED: self._take_flow,
        }

    def take(self, element: Element) -> Iterator[Unit]:
        """Keeps what an element says; gives units where it cannot be used, or flows that are too many to be kept."""
        if (taker := self._takers.get(element.tag)) is None:
            return
        try:
            taker(element)
        except ValueError as error:
            yield self._context.fault(element.sourceline, str(element.tag), str(error), about=self._about())
        if element.tag in self._numbers:
            yield from self._handed_on(element)
        elif any(len(many) > MANY for many in self._kept):
            raise self._context.unreadable(
                element.sourceline, f"{self._about()} has more than {MANY:,} of {element.tag}"
            )

    def _handed_on(self, element: Element) -> Iterator[Unit]:
        if len(self._pending) > KEPT:
            if sum(self._numbers.values()) > MANY_FLOWS:
                raise self._context.unreadable(
                    element.sourceline,
                    f"{self._about()} has more than {MANY_FLOWS:,} transactions and budgets: split it",
                )
            yield from self._flow_units()

    def identified(self, record: Element) -> str:
        """What a whole activity is called in faults."""
        self._identifiers = [child.text or "" for child in record if child.tag == "iati-identifier"]
        return self._about()

    # --- what elements say ---------------------------------------------------------------------------------------------

    def _coded(self, element: Element) -> tuple[str, str, dict[str, Value], int]:
        names = texts.names(texts.narratives(element, self._language))
        return texts.attribute(element, "code"), texts.attribute(element, "percentage"), names, element.sourceline

    def _take_reporting(self, element: Element) -> None:
        organization = named.organization(element, self._language)
        self._reporting.append((organization, texts.attribute(element, "secondary-reporter").lower()))

    def _take_description(self, element: Element) -> None:
        found = texts.narratives(element, self._language, texts.MAX_TEXT)
        general = texts.attribute(element, "type") in ("", "1")
        if found and (not self._description or (general and not self._is_general)):
            self._description, self._is_general = found[0].text, general

    def _take_participant(self, element: Element) -> None:
        role = texts.attribute(element, "role")
        if role.lower() not in _ROLES:
            raise ValueError(
                f"{role[:100]!r} is no role: IATI has 1 funding, 2 accountable, 3 extending, 4 implementing"
            )
        organization = named.organization(element, self._language)
        if not organization.ref and not organization.names:
            raise ValueError("names no organization: it has neither a ref nor a name")
        self._participants.append((organization, _ROLES[role.lower()], texts.attribute(element, "activity-id")))

    def _take_status(self, element: Element) -> None:
        code = texts.attribute(element, "code")
        status = codelists.name("ActivityStatus", code) or texts.line(texts.own(element) or code, 100)
        if status:
            self._said.setdefault("status", status)

    def _take_date(self, element: Element) -> None:
        name = _DATES.get(texts.attribute(element, "type").lower())
        text = texts.attribute(element, "iso-date") or texts.own(element)
        if name is None:
            raise ValueError(f"{texts.attribute(element, 'type')[:100]!r} is no type of dates: IATI has 1 to 4")
        if text:
            self._dates.append((name, texts.day(text), element.sourceline))

    def _take_related(self, element: Element) -> None:
        relation = _RELATIONS.get(texts.attribute(element, "type"))
        if relation is None:
            raise ValueError(f"{texts.attribute(element, 'type')[:100]!r} is no type of relations: IATI has 1 to 5")
        self._related.append((texts.identifier(texts.attribute(element, "ref")), relation, element.sourceline))

    def _take_default(self, name: str, element: Element) -> None:
        if texts.attribute(element, "vocabulary") in ("", "1") and (code := texts.attribute(element, "code")):
            self._codes.setdefault(name, code)

    def _take_flow(self, element: Element) -> None:
        kind = str(element.tag)
        self._numbers[kind] = self._numbers.get(kind, 0) + 1
        self._pending.append(flows.read(element, self._numbers[kind], self._language))

    # --- what is made of it --------------------------------------------------------------------------------------------

    def _about(self) -> str:
        found = texts.line(self._identifiers[0], 200) if self._identifiers else ""
        return f"activity {found}" if found else "an activity without identifier"

    def units(self) -> Iterator[Unit]:
        """At the end of the activity: its flows as far as they are kept, then itself with its relations."""
        self._context.count("activities")
        if fault := self._identifier_fault():
            more = sum(self._numbers.values())
            reason = f"{fault}: the activity is left out" + (
                f", with its {more:,} transactions and budgets" if more else ""
            )
            value = self._identifiers[0] if self._identifiers else ""
            yield self._context.fault(self._line, "iati-identifier", reason, value=value)
            return
        yield from self._flow_units()
        records, faults = self._records()
        yield from self._context.units(self._line, records)
        yield from faults

    def _identifier_fault(self) -> str:
        if len(self._identifiers) != 1:
            return "stands twice" if self._identifiers else "is missing"
        try:
            texts.identifier(self._identifiers[0])
        except ValueError as error:
            return str(error)
        return ""

    @property
    def _id(self) -> str:
        return f"iati:{texts.identifier(self._identifiers[0])}"

    def _owner(self) -> str:
        """Whose own names and vocabularies the activity uses: who reports it, else the dataset."""
        ref = self._reporting[0][0].ref if self._reporting else ""
        return texts.identifier(ref) if texts.is_identifier(ref) else self._context.dataset

    def _terms(self) -> Terms:
        entities, owner = self._context.entities, self._owner()
        reporting, secondary = self._reporting[0] if self._reporting else (None, "")
        organizations = {o.ref for o, _, _ in self._participants if texts.is_identifier(o.ref)}
        takes_part = not self._participants or (
            reporting is not None
            and any(
                o.ref == reporting.ref if o.ref else o.names.get("name") == reporting.names.get("name")
                for o, _, _ in self._participants
            )
        )
        if reporting is not None and texts.is_identifier(reporting.ref):
            organizations.add(reporting.ref)
        return Terms(
            id=self._id,
            owner=owner,
            currency=self._currency,
            codes=self._codes,
            reporting=entities.organization(reporting, owner, own=secondary not in _TRUE) if reporting else "",
            # who is no party to it gives nothing: then the data is of others, whether that is said or not
            is_provider=secondary not in _TRUE and takes_part,
            organizations=organizations,
        )

    def _flow_units(self) -> Iterator[Unit]:
        if not self._pending:
            return
        pending, self._pending = self._pending, []
        if self._identifier_fault():
            return  # told at the end of the activity
        terms = self._terms()
        yield from self._context.shared()
        for flow in pending:
            self._context.count(f"{flow.kind}s")
            try:
                claim = self._flows.claim(flow, terms)
            except RowError as error:
                self._context.entities.drop()
                yield self._context.faults(flow.line, [error, *error.more], about=self._about())
                continue
            yield from self._placed(flow)
            sectors = claim.values.get("sectors")
            self._implied_sectors.update(sectors if isinstance(sectors, list) else ())
            yield from self._context.units(flow.line, [claim])

    def _placed(self, flow: Flow) -> Iterator[Unit]:
        """The places of a flow are its activity's: those of several are not split. Codes that are none are told."""
        self._implied_places.update(flow.places)
        if len(flow.places) > 1:
            what = f"{flow.kind}s for several countries or regions; not split"
            self._context.note(what, f"{self._about()}, line {flow.line}")
        for code in flows.not_countries(flow):
            reason = f"{named.NO_COUNTRY}; its sum is loaded without it"
            column = f"{flow.kind}/recipient-country/@code"
            yield self._context.fault(flow.line, column, reason, value=code, about=self._about())

    def _records(self) -> tuple[list[Entity | Claim], list[Unit]]:
        context, terms = self._context, self._terms()
        faults: list[Unit] = []
        records: list[Entity | Claim] = []

        def relate(type_: str, start: str, end: str, line: int, **said: Value) -> None:
            told: dict[str, Value] = {"certainty": "stated", **said}
            records.append(
                Claim(type=type_, start=start, end=end, source=context.source, locator=f"line {line}", values=told)
            )

        self._describe(terms, records, faults)
        if terms.reporting:
            relate("PARTICIPATES_IN", terms.reporting, terms.id, self._reporting[0][0].line, role="reporting")
        for organization, role, activity in self._participants:
            id_ = ""
            with self._told(faults, organization.line, "participating-org/@ref", organization.ref):
                id_ = context.entities.organization(organization, terms.owner)
            if not id_:
                what = "participating organizations with neither a name nor an identifier of their own; left out"
                context.note(what, f"{self._about()}, line {organization.line}")
                continue
            said: dict[str, Value] = {"role": role}
            if activity and activity not in terms.organizations:
                with self._told(faults, organization.line, "participating-org/@activity-id", activity):
                    own = f"iati:{texts.identifier(activity)}"
                    said["activity"] = context.entities.stub("Project", own, organization.line)
            relate("PARTICIPATES_IN", id_, terms.id, organization.line, **said)
        for ref, relation, line in self._related:
            if (other := context.entities.stub("Project", f"iati:{ref}", line)) != terms.id:
                relate("RELATED_TO", terms.id, other, line, type=relation)
            else:
                context.note("activities that are related to themselves; left out", f"{self._about()}, line {line}")
        records += self._located(terms, faults)
        records += self._in_sectors(terms, faults)
        return records, faults

    def _describe(self, terms: Terms, records: list[Entity | Claim], faults: list[Unit]) -> None:
        said: dict[str, Value] = {**self._said, **texts.names(self._titles)}
        said["identifier"] = texts.line(self._identifiers[0], texts.MAX_ID)
        if self._description:
            said["description"] = self._description
        if self._reporting and (secondary := self._reporting[0][1]):
            said["secondary"] = secondary in _TRUE
        for name, day, line in self._dates:
            if said.setdefault(name, day) != day:
                self._context.note("dates given twice, of which the first is read", f"{self._about()}, line {line}")
        for first, last in (("valid_from", "valid_to"), ("planned_start", "planned_end")):
            if first in said and last in said and str(said[last]) < str(said[first]):
                line = next(line for name, _, line in self._dates if name == last)
                reason = f"lies before the start {said[first]}"
                faults.append(
                    self._context.fault(line, "activity-date", reason, value=str(said.pop(last)), about=self._about())
                )
        if "valid_to" in said:
            said["valid_to_basis"] = "period"
        context = self._context
        if context.repeats(terms.id):
            context.note(
                "activities with an identifier that another has too; both are kept as said of one activity",
                f"{self._about()}, line {self._line}",
            )
        about: dict[str, Value] = {"certainty": "stated"}
        records.append(
            Entity(
                label="Project",
                id=terms.id,
                source=context.source,
                locator=f"line {self._line}",
                values=said,
                provenance=about,
            )
        )

    @contextmanager
    def _told(self, faults: list[Unit], line: int, column: str, value: str = "") -> Generator[None]:
        """What cannot be used is a fault of its own: the column and the value are those of the error, if it has any."""
        try:
            yield
        except ValueError as error:
            fault = error if isinstance(error, RowError) else RowError(str(error), column=column, value=value[:100])
            faults.append(self._context.faults(line, [fault], about=self._about()))

    def _located(self, terms: Terms, faults: list[Unit]) -> list[Claim]:
        entities, shares = self._context.entities, Shares("LOCATED_IN", "share")
        for vocabulary, code, percentage, names, line in self._places:
            element = "recipient-region" if vocabulary else "recipient-country"
            with self._told(faults, line, f"{element}/@code", code):
                id_ = (
                    entities.region(vocabulary, code, names, terms.owner, line)
                    if vocabulary
                    else entities.country(code, line)
                )
                scheme = "countries and regions" if vocabulary in ("", "1") else f"regions of {vocabulary}"
                shares.add(id_, scheme, percentage, line, element)
        for location in self._locations:
            where = f"{self._about()}, line {location.line}"
            if location.is_nowhere:
                self._context.note("positions of 0 0, which stand for none; left out", where)
            with self._told(faults, location.line, "location"):
                if id_ := entities.location(location, terms.owner):
                    shares.add(id_, "locations", location.share, location.line, "location")
                else:
                    self._context.note("locations without code, point and name; left out", where)
        shares.imply(self._implied_places, self._line)
        self._note_excess(shares)
        return shares.claims(terms.id, self._context.source)

    def _in_sectors(self, terms: Terms, faults: list[Unit]) -> list[Claim]:
        shares = Shares("HAS_SECTOR", "percentage")
        for vocabulary, code, percentage, names, line in self._sectors:
            with self._told(faults, line, "sector/@code", code):
                id_ = self._context.entities.sector(vocabulary, code, names, terms.owner, line)
                scheme = f"sectors of {SECTORS.get(vocabulary.upper(), vocabulary)}"
                shares.add(id_, scheme, percentage, line, "sector")
        shares.imply(self._implied_sectors, self._line)
        self._note_excess(shares)
        return shares.claims(terms.id, self._context.source)

    def _note_excess(self, shares: Shares) -> None:
        for scheme, total in shares.excess():
            self._context.note(
                "activities with percentages of more than 101 in all; kept as read",
                f"{self._about()}, line {self._line}: {scheme}, {total:f}",
            )
