"""Reports of money as tests write them."""

from typing import Any

from graph.dates import bounds
from graph.model import Time
from graph.tracing.terms import Report


def report(start: str, end: str, amount: int | None, **said: Any) -> Report:
    """A claim; ids in capitals are projects, others organizations. `on`: its day, or (from, to) of its period."""
    on = said.pop("on", "2020-03-01")
    first, last = on if isinstance(on, tuple) else (on, on)
    span = bounds(Time.EVENT, first or None, last or None)
    claim = said.pop("claim", f"{start}>{end} {said.get('money_class', 'disbursement')} {amount} {first}")
    values: dict[str, Any] = {
        "claim": claim, "fact": said.pop("fact", f"fact {claim}"), "type": "FUNDS", "start": start,
        "start_type": "Project" if start.isupper() else "Organization", "end": end,
        "end_type": "Project" if end.isupper() else "Organization", "money_class": "disbursement", "basis": "reported",
        "currency": "EUR", "amount": amount, "standing": 0, "official": True, "valid_from": first, "valid_to": last,
        "earliest_from": span.earliest_from, "latest_to": span.latest_to, "value_date": "", "reported_by": "",
        "provider": "", "receiver": "", "transaction": claim if isinstance(on, str) else "", "part_of": "", "measure": "",
        "programme": "", "source": "s", "per_year": False,
    }  # fmt: skip
    return Report(**{**values, **said})


def both(start: str, end: str, amount: int, **said: Any) -> list[Report]:
    """A transfer that both sides report."""
    return [report(start, end, amount, **said), report(start, end, amount, money_class="incoming_funds", **said)]
