"""One organisation of an organisations file: its names, the budgets it plans for others, its totals."""

from collections.abc import Iterator

from graph.records import Claim, Entity, Value
from loaders import values
from loaders.iati import flows, named, texts
from loaders.iati.context import Context
from loaders.iati.reader import Element
from loaders.reading import Unit
from loaders.records import RowError

#: Budgets for others, by their element: what it names that gets them.
_BUDGETS = {
    "recipient-org-budget": "recipient-org",
    "recipient-country-budget": "recipient-country",
    "recipient-region-budget": "recipient-region",
}
_TOTALS = {"total-budget": "total_budget", "total-expenditure": "total_expenditure"}
MANY = 500_000
KEPT = 5_000


class _Budget:
    """The texts of a budget or a total."""

    def __init__(self, element: Element, language: str) -> None:
        self.kind, self.line = str(element.tag), element.sourceline
        self.flow = flows.read(element, 0, language)
        self.organization: named.Organization | None = None
        self.code = self.vocabulary = ""
        self.names: dict[str, Value] = {}
        for child in element:
            if child.tag == _BUDGETS.get(self.kind):
                self.organization = named.organization(child, language)
                self.code, self.vocabulary = texts.attribute(child, "code"), texts.attribute(child, "vocabulary")
                self.names = self.organization.names


class Organisation:
    """Takes the elements of an organisation, in any order, and gives units of records."""

    def __init__(self, record: Element, context: Context) -> None:
        self._context = context
        self._line = record.sourceline
        self._language = texts.attribute(record, texts.LANG)
        self._currency = texts.attribute(record, "default-currency")
        self._identifiers: list[str] = []
        self._names: list[texts.Narrative] = []
        self._reporting: named.Organization | None = None
        self._budgets: list[_Budget] = []
        self._taken = 0

    def take(self, element: Element) -> Iterator[Unit]:
        match element.tag:
            case "organisation-identifier" | "iati-identifier":
                try:
                    self._identifiers.append(texts.own(element))
                except ValueError as error:
                    yield self._context.fault(element.sourceline, str(element.tag), str(error))
            case "name":
                self._names += texts.narratives(element, self._language)
            case "reporting-org":
                self._reporting = self._reporting or named.organization(element, self._language)
            case "document-link":
                pass
            case _:
                self._budgets.append(_Budget(element, self._language))
                self._taken += 1
        if max(self._taken, len(self._names), len(self._identifiers)) > MANY:
            raise self._context.unreadable(
                element.sourceline, f"{self._about()} has more than {MANY:,} budgets or names"
            )
        if len(self._budgets) > KEPT and len(self._identifiers) == 1:
            yield from self._budget_units()

    def identified(self, record: Element) -> str:
        self._identifiers = [c.text or "" for c in record if c.tag in ("organisation-identifier", "iati-identifier")]
        return self._about()

    def _about(self) -> str:
        found = texts.line(self._identifiers[0], 200) if self._identifiers else ""
        return f"organisation {found}" if found else "an organisation without identifier"

    def units(self) -> Iterator[Unit]:
        self._context.count("organisations")
        if len(self._identifiers) != 1 or not self._id():
            fault = "stands twice" if len(self._identifiers) > 1 else "is missing"
            if len(self._identifiers) == 1:
                fault = "is no identifier and there is no name" if self._identifiers[0] else "is empty"
            column, value = "organisation-identifier", self._identifiers[0] if self._identifiers else ""
            yield self._context.fault(self._line, column, f"{fault}: the organisation is left out", value=value)
            return
        yield from self._budget_units()
        said = texts.names(self._names)
        self._owner_id()
        yield from self._context.units(self._line, [self._entity(self._id(), said)])

    def _entity(self, id_: str, said: dict[str, Value]) -> Entity:
        if not said:
            return Entity(label="Organization", id=id_, source=self._context.source, stub=True)
        ref = self._identifiers[0]
        told: dict[str, Value] = {**said, "identifiers": [f"org-id:{texts.line(ref)}"]}
        own = self._reporting is not None and self._reporting.ref == ref
        return Entity(
            label="Organization",
            id=id_,
            source=self._context.source,
            locator=f"line {self._line}",
            values=told,
            provenance=named.OWN if own else {"certainty": "stated"},
        )

    def _id(self) -> str:
        """By its identifier; the file is its own place of it, so that a bare code is taken too."""
        try:
            return texts.organization(self._identifiers[0])
        except ValueError:
            return ""

    def _owner(self) -> str:
        ref = self._reporting.ref if self._reporting else ""
        return texts.identifier(ref) if texts.is_identifier(ref) else self._context.dataset

    def _owner_id(self) -> str:
        if self._reporting is None:
            return ""
        if self._reporting.ref == self._identifiers[0]:
            return self._id()
        return self._context.entities.organization(self._reporting, self._owner(), own=True)

    def _budget_units(self) -> Iterator[Unit]:
        budgets, self._budgets = self._budgets, []
        if not budgets or not self._id():
            return
        reporting = self._owner_id()
        yield from self._context.shared()
        for budget in budgets:
            self._context.count(f"{budget.kind}s")
            try:
                records = self._records(budget, reporting)
            except RowError as error:
                self._context.entities.drop()
                yield self._context.faults(budget.line, [error, *error.more], about=self._about())
                continue
            yield from self._context.units(budget.line, records)

    def _records(self, budget: _Budget, reporting: str) -> list[Entity | Claim]:
        flow = budget.flow
        faults = list(flow.broken)
        said: dict[str, Value] = {"certainty": "stated"}
        flow.kind = budget.kind
        flows.dates(flow, said, faults)
        flows.amount(flow, self._currency, said, faults)
        RowError.raise_any(faults)
        if budget.kind in _TOTALS:
            return self._total(budget, said)
        end = self._end(budget)
        if end == self._id():
            raise RowError("is the organisation itself", column=budget.kind, value=end)
        told: dict[str, Value] = {**said, "class": "budget", "basis": "planned"}
        if reporting:
            told["reported_by"] = reporting
        if flow.note:
            told["note"] = flow.note
        locator = f"line {budget.line}"
        return [
            Claim(type="FUNDS", start=self._id(), end=end, source=self._context.source, locator=locator, values=told)
        ]

    def _end(self, budget: _Budget) -> str:
        entities, column = self._context.entities, f"{budget.kind}/{_BUDGETS[budget.kind]}"
        try:
            if budget.kind == "recipient-country-budget":
                return entities.country(budget.code, budget.line)
            if budget.kind == "recipient-region-budget":
                return entities.region(budget.vocabulary, budget.code, budget.names, self._owner(), budget.line)
        except ValueError as error:
            raise RowError(str(error), column=f"{column}/@code", value=budget.code[:100]) from None
        found = entities.organization(budget.organization, self._owner()) if budget.organization else ""
        if not found:
            raise RowError("names no organization: it has neither a ref nor a name", column=column)
        return found

    def _total(self, budget: _Budget, said: dict[str, Value]) -> list[Entity | Claim]:
        """A total has no other side: it is observed of the organisation."""
        indicator = _TOTALS[budget.kind]
        period = "/".join(str(said[name]) for name in ("valid_from", "valid_to") if name in said)
        id_ = f"observation:{indicator}:{self._id().removeprefix('org:')}:{period}:{said['currency']}"
        told: dict[str, Value] = {
            "indicator": indicator,
            "value": texts.shortened(format(values.number(str(said["amount_text"])), "f")),
            "unit": said["currency"],
            "basis": "planned" if budget.kind == "total-budget" else "done",
            **{name: said[name] for name in ("valid_from", "valid_to", "valid_to_basis") if name in said},
        }
        source, locator = self._context.source, f"line {budget.line}"
        about: dict[str, Value] = {"certainty": "stated"}
        entity = Entity(label="Observation", id=id_, source=source, locator=locator, values=told, provenance=about)
        link = Claim(
            type="OBSERVED_AT",
            start=id_,
            end=self._id(),
            source=source,
            locator=locator,
            values={"role": "subject", "certainty": "stated"},
        )
        return [entity, link]
