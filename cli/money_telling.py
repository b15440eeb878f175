"""Answers about money as text, as records, and as the nodes and bands of a diagram. Pure functions."""

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from api.errors import printable
from cli.sankey import Band, Node
from cli.telling import named, number, table_of, words
from graph.sources.accounts import CYCLES, FAULTS, STANDINGS
from graph.sources.accounts import REASONS as LEFT
from graph.sources.totals import REASONS as NOT_ADDED
from graph.sources.tracing import EFFECTS, REMAINDERS

Row = Mapping[str, Any]
_SHOWN = 10
_FIGURES = ("amount", "share", "count", "flows", "facts", "gap", "provider says", "receiver says", "sum")


def answer(question: str, data: Any) -> Iterator[RenderableType]:
    """What the answer says, in the order it is read."""
    return {
        "trace": _trace, "totals": _totals, "reconciliation": _reconciliation, "flows": _flows, "quality": _quality
    }[question](data)  # fmt: skip


def money(amount: str | None, currency: str | None) -> str:
    return "not known" if amount is None else f"{number(amount)} {currency or ''}".rstrip()


def who(entity: Row | None) -> str:
    return named(entity) if entity else ""


def share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def _table(headers: tuple[str, ...], rows: list[tuple[str, ...]]) -> RenderableType:
    return Padding(table_of(rows, *headers, figures=_FIGURES), (0, 0, 0, 2), expand=False)


def _trace(found: Row) -> Iterator[RenderableType]:
    currency = found["currency"]
    start, end = found["from"], found["to"]
    if start and end:
        title = f"What of the money of {who(start)} reached {who(end)}"
    else:
        title = f"Where the money of {who(start)} went" if start else f"Where the money of {who(end)} came from"
    yield Text(title, style="bold")
    kind = f", {words(found['money'])} money" if found["money"] else ""
    yield Text(f"  {words(found['class'])}{kind}, {words(found['rule'])}: {money(found['amount'], currency)}")
    lines = [
        (
            words(one["kind"]),
            who(one["entity"]) or f"{one['parts']:,} others",
            who(one["paidTo"]),
            money(one["amount"], currency),
            share(one["share"]),
        )
        for one in found["lines"]
    ]
    yield _table(("what", "where", "paid to", "amount", "share"), lines[: 3 * _SHOWN])
    if len(lines) > 3 * _SHOWN:
        yield Text(f"  … and {len(lines) - 3 * _SHOWN:,} lines more: --csv has all")
    if found["paths"]:
        yield Text("Ways it took", style="bold")
        ways = [
            (
                " → ".join(one["name"] or one["id"] for one in path["entities"]),
                money(path["amount"], currency),
                share(path["share"]),
            )
            for path in found["paths"]
        ]
        ways += [(REMAINDERS[one["kind"].lower()], money(one["amount"], currency), "") for one in found["remainder"]]
        yield _table(("way", "amount", "share"), ways)
    yield from _corrections(found)
    yield from _rates(found)
    for cycle in found["closedCycles"]:
        yield Text(f"  a closed cycle, not followed: {' → '.join(map(who, cycle['entities']))}")
    for said in found["missing"]:
        yield Text(printable(f"  missing: {said}"))
    if found["truncated"]:
        yield Text(f"  not all is listed: {', '.join(found['truncated'])}")
    if found["amount"] is None:
        return
    check = found["check"]
    agrees = "the parts add up to it" if check["agrees"] else f"the parts add up to {number(check['lines'])}"
    yield Text(f"  check: {money(check['amount'], currency)} asked about; {agrees}")


def _rates(found: Row) -> Iterator[RenderableType]:
    for one in found["conversions"][:_SHOWN]:
        said = (
            f"{money(one['original'], one['currency'])} of {one['day']} are {money(one['amount'], found['currency'])}"
        )
        rate = (
            f"{one['rate']} of {' and '.join(dict.fromkeys(one['rateDays']))} ({one['source']})"
            if one["rateDays"]
            else ""
        )
        prices = f"prices × {one['priceFactor']}" if one["priceFactor"] else ""
        yield Text(f"  {said} at {', '.join(filter(None, (rate, prices)))}")
    if (more := len(found["conversions"]) - _SHOWN) > 0:
        yield Text(f"  … and {more:,} rates more: --json has them")


_MEASURES = (
    ("gross", "gross", "all that goes out"),
    ("netSpend", "net spend", "disbursements and expenditure less incoming funds"),
    ("netNew", "net new money", "what exceeds that which came in, paid or promised"),
    ("endUse", "end use", "what is spent, or is to be"),
)


def _totals(found: Row) -> Iterator[RenderableType]:
    currency = found["currency"]
    many = f", with {found['nodes'] - 1:,} that lie in it or are part of it" if found["nodes"] > 1 else ""
    yield Text(f"Money of {who(found['of'])}{many}: {words(found['class'])}", style="bold")
    rows: list[tuple[str, ...]] = []
    for key, name, said in _MEASURES:
        one = found[key]
        left = f"{one['leftOutCount']:,} left out" if one["leftOutCount"] else ""
        rows.append((name, money(one["amount"], currency), said, left))
    rows += [
        ("new money", money(found["newMoney"], currency), "from outside: spent, held or passed on", ""),
        ("held", money(found["held"], currency), "came, and is not known to have gone", ""),
        ("passed on", money(found["passedOn"], currency), "went to others", ""),
    ]
    yield _table(("measure", "amount", "what it is", "left out"), rows)
    alike: dict[tuple[str, str], list[str]] = {}
    for key, name, _ in _MEASURES:
        listed = found[key]["leftOut"]
        more = " and more" if len(listed) < found[key]["leftOutCount"] else ""
        for reason, count in Counter(one["reason"] for one in listed).items():
            alike.setdefault((reason, f"{count:,}{more}"), []).append(name)
    for (reason, count), names in alike.items():
        yield Text(f"  {count} left out of {', '.join(names)}: {LEFT[reason.lower()]}")
    yield from _corrections(found)
    yield from _rates(found)
    for said in found["missing"]:
        yield Text(printable(f"  missing: {said}"))


def _corrections(found: Row) -> Iterator[RenderableType]:
    for one in found["corrections"][:_SHOWN]:
        ends = f"{who(one['provider'])} → {who(one['receiver'])}"
        yield Text(
            f"  corrected by {money(one['amount'], found['currency'])}, {ends}: {EFFECTS[one['effect'].lower()]}"
        )


def _reconciliation(found: Row) -> Iterator[RenderableType]:
    yield Text("What the two sides of transfers report", style="bold")
    counts = (("both", "both"), ("differing", "differing"), ("providerOnly", "provider_only"),
              ("receiverOnly", "receiver_only"), ("othersOnly", "others_only"))  # fmt: skip
    yield _table(("flows", "what"), [(f"{found[key]:,}", STANDINGS[code]) for key, code in counts])
    rows = [
        (words(one["standing"]), who(one["provider"]), who(one["receiver"]), _span(one), words(one["class"]),
         money(one["providerSays"], one["currency"]) if one["providerSays"] is not None else "",
         money(one["receiverSays"], one["currency"]) if one["receiverSays"] is not None else "",
         money(one["gap"], one["currency"]) if one["gap"] not in (None, "0") else "", words(one["matchedBy"]))
        for one in found["rows"]
    ]  # fmt: skip
    yield _table(
        ("reported by", "from", "to", "when", "class", "provider says", "receiver says", "gap", "matched by"), rows
    )
    if found["truncated"]:
        yield Text("  there are more flows than were looked at: name one end, or a period")


def _span(one: Row) -> str:
    first, last = one["first"], one["last"]
    return (first or "") if first == last else f"{first or '…'} – {last or '…'}"


_GROUPS = ("helper", "helperProvince", "recipient", "recipientProvince", "programme", "sector")


def _flows(found: Row) -> Iterator[RenderableType]:
    if found is None or not found["nodes"]:
        yield Text("No sums are known of this.")
        return
    rows = [
        (*(_grouped(one, name) for name in _GROUPS), one["quarter"] or one["year"] or "", words(one["type"]), words(one["class"]),
         words(one["basis"]), _counts(one),
         money(one["sum"], one["currency"]) if one["sum"] is not None else "nothing may be added",
         f"{one['added']:,} of {one['facts']:,}", f"{one['withoutAmount']:,}" if one["withoutAmount"] else "")
        for one in found["nodes"]
    ]  # fmt: skip
    yield _table(
        ("helper", "its province", "recipient", "its province", "programme", "sector", "when", "type", "class", "basis",
         "counts", "sum", "facts", "without amount"), rows,
    )  # fmt: skip
    for reason in dict.fromkeys(reason for one in found["nodes"] for reason in one["notAdded"]):
        yield Text(f"  not in a sum: {NOT_ADDED[reason.lower()]}")
    if (more := found["totalCount"] - len(rows)) > 0:
        yield Text(f"  … and {more:,} rows more: --first shows up to 100")


def _counts(one: Row) -> str:
    """What the figures of a row are of; rows that differ in it are not added."""
    return " ".join(filter(None, (words(one["counted"]), "a year" if one["perYear"] else "")))


def _grouped(one: Row, name: str) -> str:
    if entity := one[name]:
        return who(entity)
    return words(one.get(f"{name}Open") or "")


def _quality(found: Row) -> Iterator[RenderableType]:
    yield Text(
        f"{found['flows']:,} flows, {found['followable']:,} of them lead from one entity to another", style="bold"
    )
    yield _table(
        ("count", "what is wrong"),
        [(f"{one['count']:,}", FAULTS[one["kind"].lower()]) for one in found["faults"] if one["count"]]
        or [("0", "Nothing was found.")],
    )
    for one in found["faults"]:
        if one["examples"]:
            yield Text(FAULTS[one["kind"].lower()], style="bold")
            yield _table(
                ("project", "value", "about"), [(who(e["project"]), e["value"], e["about"]) for e in one["examples"]]
            )

    if found["cycles"]:
        yield Text(f"Money that went round: {found['cyclesCount']:,} cycles", style="bold")
        rounds = [
            (" → ".join(who(e) for e in (*one["entities"], one["entities"][0])), money(one["amount"], one["currency"]),
             CYCLES[one["kind"].lower()])
            for one in found["cycles"]
        ]  # fmt: skip
        yield _table(("round", "amount", "what it is"), rounds)
    if found["truncated"]:
        yield Text("  there is more than was looked at: not all cycles are counted")


# records


def records(question: str, data: Any) -> list[dict[str, Any]]:
    """The rows of an answer, all with the same columns."""
    if question == "trace":
        return list(_trace_records(data))
    if question == "totals":
        return [
            {"measure": name, "amount": data[key]["amount"], "currency": data["currency"], "added": data[key]["added"],
             "subtracted": data[key]["subtracted"], "left_out": data[key]["leftOutCount"]}
            for key, name, _ in _MEASURES
        ]  # fmt: skip
    if question == "reconciliation":
        return [_flat(one) for one in data["rows"]]
    if question == "flows":
        return [_flat(one) for one in data["nodes"]]
    return [{"kind": one["kind"].lower(), "count": one["count"]} for one in data["faults"]]


def _flat(one: Row) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in one.items():
        if isinstance(value, dict):
            flat |= {name: value["id"], f"{name}Name": value["name"]}
        elif isinstance(value, list):
            flat[name] = " ".join(map(str, value))
        elif value is None and name in (*_GROUPS, "provider", "receiver"):
            flat |= {name: "", f"{name}Name": ""}
        else:
            flat[name] = value
    return flat


def _trace_records(found: Row) -> Iterator[dict[str, Any]]:
    def record(
        part: str, what: str, first: Row | None, second: Row | None, amount: str, way: str = ""
    ) -> dict[str, Any]:
        return {
            "part": part, "what": what, "entity": (first or {}).get("id", ""), "name": (first or {}).get("name", ""),
            "to": (second or {}).get("id", ""), "to_name": (second or {}).get("name", ""), "way": way, "amount": amount,
            "currency": found["currency"],
        }  # fmt: skip

    for one in found["lines"]:
        yield record("line", one["kind"].lower(), one["entity"], one["paidTo"], one["amount"])
    for one in found["edges"]:
        yield record("edge", "", one["provider"], one["receiver"], one["amount"])
    for one in found["paths"]:
        ends = one["entities"]
        yield record("path", "", ends[0], ends[-1], one["amount"], " ".join(e["id"] for e in ends))
    for one in found["remainder"]:
        yield record("remainder", one["kind"].lower(), None, None, one["amount"])


# drawing


def sankey_of(found: Row) -> tuple[str, str, list[Node], list[Band]]:
    """Title, note, nodes and bands of a trace; what is spent or stays is a band to the last column."""
    currency = found["currency"]
    scale = 10 ** max([0, *(-Decimal(e["amount"]).as_tuple().exponent for e in (*found["edges"], *found["lines"]))])  # pyright: ignore[reportOperatorIssue]

    def units(amount: str) -> int:
        return int(Decimal(amount) * scale)

    last = max((one["depth"] for one in found["nodes"]), default=0) + 1
    nodes = [
        Node(
            one["entity"]["id"],
            one["entity"]["name"] or one["entity"]["id"],
            money(one["throughput"], currency),
            one["depth"],
        )
        for one in found["nodes"]
        if one["entity"]
    ]
    bands = [
        Band(one["provider"]["id"], one["receiver"]["id"], units(one["amount"]), money(one["amount"], currency))
        for one in found["edges"]
        if one["provider"] and one["receiver"]
    ]
    backwards = not found["from"]
    sums: dict[str, int] = {}
    label: dict[str, str] = {}
    for one in found["lines"]:
        end = f"end:{one['kind']}"
        if paid := one["paidTo"]:
            end = f"end:{paid['id']}"
        label[end] = f"paid to {paid['name'] or paid['id']}" if paid else words(one["kind"])
        if one["entity"]:
            sums[end] = sums.get(end, 0) + units(one["amount"])
            ends = (end, one["entity"]["id"]) if backwards else (one["entity"]["id"], end)
            bands.append(Band(*ends, units(one["amount"]), f"{words(one['kind'])}: {money(one['amount'], currency)}"))
    for end, amount in sums.items():
        nodes.append(Node(end, label[end], money(str(Decimal(amount) / scale), currency), last))
    if backwards:  # depth counts from where the question starts: the money comes from the left
        nodes = [Node(n.id, n.label, n.value, last - n.column) for n in nodes]
    start = who(found["from"]) or who(found["to"])
    title = f"Money of {start}: {money(found['amount'], currency)}"
    return title, f"{words(found['class'])}, {words(found['rule'])}", nodes, bands
