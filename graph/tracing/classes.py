"""Stages of money that are never mixed, and which side's report a stored class is."""

from typing import Final

#: Stored class of a claim to the class of its flow, and whether it is the receiver (end) who reports by it.
_CLASSES: Final[dict[str, tuple[str, bool]]] = {
    "disbursement": ("cash", False),
    "expenditure": ("cash", False),
    "reimbursement": ("cash", False),
    "incoming_funds": ("cash", True),
    "commitment": ("commitment", False),
    "incoming_commitment": ("commitment", True),
    "pledge": ("pledge", False),
    "incoming_pledge": ("pledge", True),
}
#: Figures that are no more than meant belong to the budget, whatever their class.
_MEANT: Final = frozenset({"planned", "expected"})
_OWN_PLAN: Final = "planned_disbursement"
#: Of claims that name no class.
UNSTATED: Final = "unstated"
_LEAST: Final = ("planned_disbursement", "pledge", "budget", UNSTATED)


def flow_class(money_class: str, basis: str) -> str:
    """The class of the flow that a claim reports; every class not named above is one of its own."""
    if basis in _MEANT and money_class != _OWN_PLAN:
        return "budget"
    if basis == "agreed":
        return "commitment"
    return _CLASSES.get(money_class, (money_class or UNSTATED, False))[0]


def by_receiver(money_class: str) -> bool:
    """Whether the class is that of a report by the receiver."""
    return _CLASSES.get(money_class, ("", False))[1]


def flow_classes(codes: tuple[str, ...]) -> tuple[str, ...]:
    """All classes flows can have, given the stored codes: the firmest first, what is no more than meant last."""
    found = dict.fromkeys(("cash", "reported_total", *(flow_class(code, "") for code in codes)))
    return tuple(name for name in found if name not in _LEAST) + _LEAST
