"""Money of an activity: transactions, budgets and planned disbursements, each one claim of FUNDS."""

import msgspec

from graph.records import Claim, Value
from loaders import values
from loaders.iati import named, texts
from loaders.iati.named import Organization
from loaders.iati.reader import Element
from loaders.records import RowError

TRANSACTION, BUDGET, PLANNED = "transaction", "budget", "planned-disbursement"

#: Types of transactions by the codes of 2.0x and of 1.0x: class, and whether the activity receives the money.
TYPES: dict[str, tuple[str, bool]] = {
    **dict.fromkeys(("1", "IF"), ("incoming_funds", True)),
    **dict.fromkeys(("2", "C"), ("commitment", False)),
    **dict.fromkeys(("3", "D"), ("disbursement", False)),
    **dict.fromkeys(("4", "E"), ("expenditure", False)),
    **dict.fromkeys(("5", "IR"), ("interest", False)),
    **dict.fromkeys(("6", "LR"), ("loan_repayment", False)),
    **dict.fromkeys(("7", "R"), ("reimbursement", False)),
    **dict.fromkeys(("8", "QP"), ("equity_purchase", False)),
    **dict.fromkeys(("9", "QS"), ("equity_sale", True)),
    **dict.fromkeys(("10", "CG"), ("guarantee", False)),
    "11": ("incoming_commitment", True),
    "12": ("pledge", False),
    "13": ("incoming_pledge", True),
}
_PERIODIC = {BUDGET: "budget", PLANNED: "planned_disbursement"}
_MEASURES = {"1": "original", "2": "revised", "original": "original", "revised": "revised"}
_STATUS = {"1": "indicative", "2": "committed"}
_NOTE = 1_000
_REF = 200


class Party(msgspec.Struct, frozen=True):
    """Provider or receiver: the organization, and the id given for its activity; either may be empty."""

    organization: Organization
    activity: str


class Flow(msgspec.Struct, kw_only=True):
    """The texts of one transaction, budget or planned disbursement; `number` counts those of a kind in an activity."""

    kind: str
    number: int
    line: int
    type: str = ""
    ref: str = ""
    start: str = ""
    end: str = ""
    amount: str | None = None
    currency: str = ""
    value_date: str = ""
    provider: Party | None = None
    receiver: Party | None = None
    countries: list[str] = []
    regions: list[tuple[str, str]] = []
    sectors: list[tuple[str, str, dict[str, Value]]] = []
    codes: dict[str, str] = {}
    note: str = ""
    places: list[str] = []  # ids, once it is made a claim: several, where nothing says how much is whose
    broken: list[RowError] = []  # what cannot be read at all: an element that may stand once and stands twice, markup


class Terms(msgspec.Struct, kw_only=True):
    """What an activity says that its flows are read by. `owner`: whose own names and vocabularies it uses."""

    id: str
    owner: str
    currency: str
    codes: dict[str, str]
    reporting: str  # id of the reporting organization, may be empty
    is_provider: bool  # whether it is the provider, and the receiver, where none is stated
    organizations: set[str]  # identifiers of those that take part or report


_ONCE = ("transaction-type", "transaction-date", "value", "provider-org", "receiver-org", "period-start", "period-end")


def read(element: Element, number: int, language: str) -> Flow:
    """The texts of an element, none of them judged."""
    get = texts.attribute
    flow = Flow(kind=str(element.tag), number=number, line=element.sourceline, ref=get(element, "ref"))
    flow.countries, flow.regions, flow.sectors, flow.codes, flow.broken = [], [], [], {}, []
    if flow.kind != TRANSACTION:
        flow.type = get(element, "type")
        flow.note = _STATUS.get(get(element, "status"), "")
    met: set[str] = set()
    for child in element:
        column = f"{flow.kind}/{child.tag}"
        if child.tag in _ONCE and child.tag in met:
            flow.broken.append(RowError("stands twice, and may stand once", column=column))
        met.add(child.tag)
        try:
            _take(flow, child, language)
        except ValueError as error:
            flow.broken.append(RowError(str(error), column=column))
    return flow


def _take(flow: Flow, child: Element, language: str) -> None:
    get = texts.attribute
    match child.tag:
        case "transaction-type":
            flow.type = get(child, "code")
        case "transaction-date" | "period-start":
            flow.start = get(child, "iso-date") or texts.own(child)
        case "period-end":
            flow.end = get(child, "iso-date") or texts.own(child)
        case "value":
            flow.amount = texts.own(child)
            flow.currency, flow.value_date = get(child, "currency"), get(child, "value-date")
        case "provider-org":
            flow.provider = Party(named.organization(child, language), get(child, "provider-activity-id"))
        case "receiver-org":
            flow.receiver = Party(named.organization(child, language), get(child, "receiver-activity-id"))
        case _:
            _take_detail(flow, child, language)


def _take_detail(flow: Flow, child: Element, language: str) -> None:
    get = texts.attribute
    match child.tag:
        case "recipient-country":
            flow.countries += [code] if (code := get(child, "code")) else []
        case "recipient-region":
            flow.regions += [(get(child, "vocabulary"), code)] if (code := get(child, "code")) else []
        case "sector":
            names = texts.names(texts.narratives(child, language))
            flow.sectors.append((get(child, "vocabulary"), get(child, "code"), names))
        case "flow-type" | "finance-type":
            flow.codes[child.tag.replace("-", "_")] = get(child, "code")
        case "aid-type":
            if get(child, "vocabulary") in ("", "1"):
                flow.codes["aid_type"] = get(child, "code")
        case "description":
            found = texts.narratives(child, language, _NOTE)
            flow.note = flow.note or (found[0].text if found else "")
        case _:
            pass


def dates(flow: Flow, said: dict[str, Value], faults: list[RowError]) -> None:
    """Puts the day or the period of a flow into what is said."""
    day = flow.kind == TRANSACTION
    read_ = (("valid_from", flow.start, "period-start"), ("valid_to", flow.start if day else flow.end, "period-end"))
    for name, text, column in read_:
        if flow.kind == PLANNED and name == "valid_to" and not text:
            continue
        try:
            said[name] = texts.day(text)
        except ValueError as error:
            where = f"{flow.kind}/{'transaction-date' if day else column}/@iso-date"
            faults.append(RowError(str(error), column=where, value=text[:100]))
            return
    if "valid_to" in said:
        said["valid_to_basis"] = "period"
        if str(said["valid_to"]) < str(said["valid_from"]):
            reason = f"lies before the start {said['valid_from']}"
            faults.append(RowError(reason, column=f"{flow.kind}/period-end/@iso-date", value=flow.end))


def amount(flow: Flow, default: str, said: dict[str, Value], faults: list[RowError]) -> None:
    """Puts the sum of a flow into what is said; `default` is the currency where it gives none."""
    column = f"{flow.kind}/value"
    currency = flow.currency or default
    if flow.amount is None:
        if all(fault.column != column for fault in faults):
            faults.append(RowError("is missing", column=column))
        return
    if not currency:
        faults.append(RowError("is missing, and there is no default-currency", column=f"{column}/@currency"))
        return
    try:
        code = values.currency(currency)
    except ValueError as error:
        where = f"{column}/@currency" if flow.currency else "@default-currency"
        faults.append(RowError(str(error), column=where, value=currency[:100]))
        return
    try:
        said["amount"], said["amount_text"], said["currency"] = values.money(flow.amount, code)
    except ValueError as error:
        faults.append(RowError(str(error), column=column, value=flow.amount[:100]))
        return
    if flow.value_date:
        try:
            said["value_date"] = texts.day(flow.value_date)
        except ValueError:  # the sum stands; what is lost is the day of its rate
            lost = f"value-date as read: {texts.line(flow.value_date, 100)!r}, which is no day"
            flow.note = f"{lost}; {flow.note}" if flow.note else lost


def not_countries(flow: Flow) -> list[str]:
    """Its codes of countries that are none."""
    return [code for code in flow.countries if not named.is_country(code)]


class Flows:
    """Makes claims of the flows of one activity, in the order of the file."""

    def __init__(self, entities: named.Entities, old: bool) -> None:
        self._entities = entities
        self._old = old  # 1.0x, where a transaction may have no date
        self._alike: dict[int, int] = {}

    def claim(self, flow: Flow, terms: Terms) -> Claim:
        """The claim of a flow; RowError tells everything in it that cannot be used."""
        faults = list(flow.broken)
        said: dict[str, Value] = {"certainty": "stated"}
        class_, incoming = self._kind(flow, said, faults)
        if flow.start or flow.kind != TRANSACTION or not self._old:
            dates(flow, said, faults)
        amount(flow, terms.currency, said, faults)
        start, end = terms.id, terms.id
        try:
            start, end = self._ends(flow, terms, incoming, said)
            self._details(flow, terms, said)
        except ValueError as error:
            faults.append(error if isinstance(error, RowError) else RowError(str(error), column=flow.kind))
        RowError.raise_any(faults)
        if flow.kind != BUDGET:  # of budgets there is one a period: another is another value of it
            said["transaction"] = self._told_apart(flow, said, (start, end, class_))
        if terms.reporting:
            said["reported_by"] = terms.reporting
        locator = f"line {flow.line}, {flow.kind} {flow.number}"
        return Claim(type="FUNDS", start=start, end=end, source=self._entities.source, locator=locator, values=said)

    @staticmethod
    def _kind(flow: Flow, said: dict[str, Value], faults: list[RowError]) -> tuple[str, bool]:
        if flow.kind != TRANSACTION:
            class_ = _PERIODIC[flow.kind]
            said |= {"class": class_, "basis": "planned"}
            if flow.type.lower() in _MEASURES:
                said["measure"] = _MEASURES[flow.type.lower()]
            elif flow.type:
                faults.append(
                    RowError(
                        "is neither 1 (original) nor 2 (revised)", column=f"{flow.kind}/@type", value=flow.type[:100]
                    )
                )
            return class_, False
        found = TYPES.get(flow.type.upper())
        if found is None:
            reason = (
                "is no type of transactions; IATI has 1 to 13"
                if flow.type
                else "is empty; a code from 1 to 13 is needed"
            )
            faults.append(RowError(reason, column="transaction/transaction-type/@code", value=flow.type[:100]))
            return "", False
        said |= {"class": found[0], "basis": "reported"}
        return found

    def _ends(self, flow: Flow, terms: Terms, incoming: bool, said: dict[str, Value]) -> tuple[str, str]:
        """Where the money comes from and goes to; the activity itself stands for who is not named."""
        own = terms.reporting if terms.is_provider else ""
        provider, provider_activity = self._party(flow.provider, terms, flow.line)
        receiver, receiver_activity = self._party(flow.receiver, terms, flow.line)
        received = incoming or (provider_activity not in ("", terms.id) and flow.kind == PLANNED)
        other, link = (flow.provider, provider_activity) if received else (flow.receiver, receiver_activity)
        if other and other.activity and link in ("", terms.id):
            said["stated_activity"] = texts.line(other.activity, texts.MAX_ID)
        if received:
            if receiver := receiver or (own if incoming else ""):
                said["receiver"] = receiver
            if provider_activity or not provider:
                if provider:
                    said["provider"] = provider
                return provider_activity or terms.id, terms.id
            return provider, terms.id
        if provider := provider or ("" if flow.kind == BUDGET else own):
            said["provider"] = provider
        if receiver_activity or not receiver:
            if receiver:
                said["receiver"] = receiver
            return terms.id, receiver_activity or terms.id
        return terms.id, receiver

    def _party(self, party: Party | None, terms: Terms, line: int) -> tuple[str, str]:
        """Ids of an organization and of its activity. An identifier of an organization in the place of an activity's is
        read as what it is."""
        if party is None:
            return "", ""
        named_, activity = party.organization, party.activity
        if activity and (activity in terms.organizations or activity == named_.ref) and f"iati:{activity}" != terms.id:
            if not texts.is_identifier(named_.ref):
                named_ = msgspec.structs.replace(named_, ref=activity)
            activity = ""
        organization = self._entities.organization(named_, terms.owner)
        if not activity:
            return organization, ""
        return organization, self._entities.stub("Project", f"iati:{texts.identifier(activity)}", line)

    def _details(self, flow: Flow, terms: Terms, said: dict[str, Value]) -> None:
        """What the money is for, and codes as read; what cannot be read of these does not lose the sum."""
        for name, code in {**terms.codes, **{n: c for n, c in flow.codes.items() if c}}.items():
            said[name] = texts.line(code, 100)
        flow.places = self._places(flow, terms.owner)
        if len(flow.places) == 1:
            said["place"] = flow.places[0]
        sectors = dict.fromkeys(
            self._entities.sector(vocabulary, code, names, terms.owner, flow.line)
            for vocabulary, code, names in flow.sectors
            if code
        )
        if sectors:
            said["sectors"] = list(sectors)
        notes = [f"for several places: {', '.join(flow.places)}"] if len(flow.places) > 1 else []
        notes += [f"recipient-country as read: {', '.join(codes)}"] if (codes := not_countries(flow)) else []
        if note := "; ".join([*notes, *([flow.note] if flow.note else [])]):
            said["note"] = texts.line(note, _NOTE)

    def _places(self, flow: Flow, owner: str) -> list[str]:
        """The countries a flow is for, as far as their codes are some; without any, its regions."""
        line = flow.line
        countries = [self._entities.country(code, line) for code in flow.countries if named.is_country(code)]
        found = countries or [self._entities.region(*region, {}, owner, line) for region in flow.regions]
        return list(dict.fromkeys(found))

    def _told_apart(self, flow: Flow, said: dict[str, Value], ends: tuple[str, str, str]) -> str:
        """What tells a transaction from others: it does not change when others are added before or after."""
        amount = texts.shortened(str(said["amount_text"]))
        parts = (texts.line(flow.ref, _REF), str(said.get("valid_from", "")), f"{amount} {said['currency']}")
        key = hash((*ends, *parts))
        self._alike[key] = self._alike.get(key, 0) + 1
        return "; ".join((*(part for part in parts if part), str(self._alike[key])))
