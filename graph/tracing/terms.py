"""The words of tracing: stages of money, what is reported, the flows made of it, and transfers that are followed."""

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What a flow is to who provides it."""

    TRANSFER = "transfer"  #: goes on to the receiver
    END_USE = "end_use"  #: spent by the provider; the receiver is who was paid, or the provider itself where not named
    OWN = "own"  #: money of the node's own, whose giver is not named: provider and receiver are the node


class Rule(StrEnum):
    """Whose figure of a flow is used."""

    PROVIDER = "provider"
    RECEIVER = "receiver"
    OTHERS = "others"  #: neither side reports; a third party does


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One claim of money, as stored. Texts are '' where nothing is said; amounts in minor units of the currency.

    `stated_activity`: what its source gives for the other side's activity, where no end has that id.
    """

    claim: str
    fact: str
    type: str
    start: str
    start_type: str
    end: str
    end_type: str
    money_class: str
    basis: str
    currency: str
    amount: int | None
    standing: int
    official: bool
    valid_from: str
    valid_to: str
    earliest_from: str
    latest_to: str
    value_date: str
    reported_by: str
    provider: str
    receiver: str
    transaction: str
    part_of: str
    measure: str
    programme: str
    source: str
    per_year: bool
    stated_activity: str = ""


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """What moved between two nodes in one class, currency and period; amounts in minor units, None: not reported.

    `first` and `last`: days of the period, '' not known. `gap` is provider's less receiver's figure where both report.
    `payer` and `payee`: organizations, '' not known. `linked`: a claim of it names the other side's activity.
    `claims`: ids of the claims it is made of, those used first.
    """

    id: str
    provider: str
    receiver: str
    kind: Kind
    flow_class: str
    currency: str
    first: str
    last: str
    value_date: str
    provider_says: int | None
    receiver_says: int | None
    others_say: int | None
    used: int
    rule: Rule
    gap: int | None
    payer: str
    payee: str
    linked: bool
    claims: tuple[str, ...]


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """A flow as it is followed, in one currency. `amount` in minor units, below 0 for a correction; `day` is its last."""

    id: str
    provider: str
    receiver: str
    amount: int
    kind: Kind = Kind.TRANSFER
    day: str = ""
    linked: bool = False
    payee: str = ""
