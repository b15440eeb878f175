"""Answers of `aidgraph ask` as text: totals, tables of facts, chains of paths. Pure functions; nothing is asked here."""

import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from api.errors import printable
from cli.asking import Options, within
from graph.declare import Help
from graph.model import MODEL
from graph.sources.totals import REASONS

#: Columns where the output is no terminal: enough that no line is broken and no id cut.
WIDE = 10_000
#: Where a fact stands: so many places are named.
PLACES = 3
#: What a total of a measure adds up of a fact, and its name for one and for several.
_MEASURES = {
    "AMOUNT": ("amount", "", ""),
    "PEOPLE": ("people", "person", "people"),
    "WORKERS": ("workers", "worker", "workers"),
    "PROJECTS": ("projects", "project", "projects"),
}
_MOST = 100
Row = Mapping[str, Any]


def rendered(parts: Iterable[RenderableType], *, width: int | None = None) -> str:
    """The parts as text; `width` of the terminal, None where there is none."""
    console = Console(
        file=io.StringIO(), width=width or WIDE, force_terminal=width is not None, markup=False, emoji=False,
        highlight=False,
    )  # fmt: skip
    for part in parts:
        console.print(part, overflow="fold")
    text = console.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]
    return "\n".join(line.rstrip() for line in text.split("\n"))


def answer(question: str, data: Any, names: Sequence[str], options: Options) -> Iterator[RenderableType]:
    """What the answer says, in the order it is read."""
    if question in ("helpers", "recipients"):
        return _lists(question, data[question], names[0], options)
    if question == "help":
        return _help(data["help"], names, options)
    if question == "path":
        return _paths(data["paths"], names, options)
    if question == "supervision":
        return _supervision(data["supervision"], names[0], options)
    return _search(data["search"], names[0], options)


# words


def words(code: str | None) -> str:
    """A code of the API, such as LAST_KNOWN, as words."""
    return (code or "").lower().replace("_", " ")


def reading(type_: str, *, forward: bool = True) -> str:
    """A type of fact read from its start, or from its end."""
    declared = MODEL.relationship[type_]
    return declared.forward if forward else declared.backward


def helping(type_: str) -> str:
    """A kind of help read from the helper, who of some is the end."""
    return reading(type_, forward=MODEL.relationship[type_].help is not Help.BACKWARD)


def number(value: Any) -> str:
    return f"{Decimal(value):,f}"


def named(entity: Row, *, english: bool = False) -> str:
    also = f" {entity['nameEn']}" if english and entity.get("nameEn") else ""
    return printable(f"{entity['name'] or '?'}{also} ({entity['id']})")


def when(fact: Row) -> str:
    start, end = fact["validFrom"], fact["validTo"]
    if start and end:
        return start if start == end else f"{start} – {end}"
    return f"since {start}" if start else f"until {end}" if end else ""


def figure(fact: Row) -> str:
    """The figures of a fact with their stage; empty where it has none."""
    parts: list[str] = []
    for name, one, many in _MEASURES.values():
        if (value := _value(fact, name)) is not None:
            parts.append(_counted(value, one, many, fact.get("currency")))
    if not parts:
        return f"not known ({printable(fact['raw'])})" if fact.get("raw") else ""
    kind = words(fact.get("staffKind") or fact.get("personClass"))
    said = _bounded(", ".join(parts), fact.get("bound")) + (f" ({kind})" if kind else "")
    if fact.get("perYear"):
        said += " a year"
    return said + _stage(fact.get("basis"), fact.get("class"))


def _value(fact: Row, name: str) -> Any:
    """A figure of a fact; how many projects a batch holds may be said of the batch alone."""
    if name == "projects" and fact.get("projects") is None and fact.get("measure") == "projects":
        return fact["to"].get("count")
    return fact.get(name)


def _counted(value: Any, one: str, many: str, currency: str | None) -> str:
    noun = (one if Decimal(value) == 1 else many) if many else currency or ""
    return f"{number(value)} {noun}".rstrip()


def _bounded(said: str, bound: str | None) -> str:
    return said if bound in (None, "EXACT") else f"{words(bound)} {said}"


def _stage(basis: str | None, class_: str | None) -> str:
    """`planned, reported total`; that a total of a report is reported is not said twice."""
    first = "" if basis is None or (basis == "REPORTED" and class_ == "REPORTED_TOTAL") else f" {words(basis)}"
    return first + (f", {words(class_)}" if class_ else "")


def total(one: Row, facts: Iterable[Row] = ()) -> str:
    """`55,000,000 CNY planned, reported total (2020)`; the time is that of `facts` if they are those added up."""
    _, single, many = _MEASURES[one["measure"]]
    if one["sum"] is None:
        said = f"none of {many or 'money in ' + (one['unit'] or 'no currency')}"
    else:
        said = _bounded(_counted(one["sum"], single, many, one["unit"]), one["bound"])
    if one["kinds"]:
        said += f" ({', '.join(words(kind) for kind in one['kinds'])})"
    if one["perYear"]:
        said += " a year"
    said += _stage(one["basis"], one["class"])
    # of batches of projects the code would only repeat the unit
    if one["counted"] and one["counted"] != _MEASURES[one["measure"]][0]:
        said += f", {words(one['counted'])}"
    return said + (f" ({time})" if (time := _time_of(one, facts)) else "")


def _time_of(one: Row, facts: Iterable[Row]) -> str:
    added = [fact for fact in facts if _adds(one, fact)]
    if len(added) != one["added"]:
        return ""
    times = sorted({when(fact) for fact in added})
    return "; ".join(times) if all(times) and len(times) <= 4 else ""


def _adds(one: Row, fact: Row) -> bool:
    """Whether a fact is of those that a total adds up."""
    if fact["type"] != one["type"] or _value(fact, _MEASURES[one["measure"]][0]) is None:
        return False
    money = one["measure"] == "AMOUNT"
    if money and (fact["class"], fact["currency"]) != (one["class"], one["unit"]):
        return False
    kind = fact.get("staffKind") or fact.get("personClass")
    if kind and kind.lower() not in one["kinds"]:
        return False
    left_out = {left["fact"]["id"] for left in one["notAdded"]["nodes"]}
    return (fact["basis"], fact["measure"]) == (one["basis"], one["counted"]) and fact["id"] not in left_out


def left_out(one: Row) -> Iterator[str]:
    """What a total leaves out, and why."""
    shown = one["notAdded"]["nodes"]
    for left in shown:
        fact = left["fact"]
        what = ", ".join(filter(None, (figure(fact), when(fact)))) or "a fact"
        reason = REASONS[left["reason"].lower()].rstrip(".")
        yield f"not added: {what}: {reason[0].lower()}{reason[1:]}"
    if (more := one["notAdded"]["totalCount"] - len(shown)) > 0:
        yield f"not added: {more:,} more"


def evidence(stated: Sequence[Row]) -> str:
    """Where a fact stands: publisher, else address, and the place in it."""
    said: list[str] = []
    for one in stated:
        source = one["source"]
        where = source["publisher"] or unquote(source["url"] or source["id"])
        said.append(printable(", ".join(filter(None, (where, one["locator"])))))
    said = list(dict.fromkeys(said))
    more = f"; {len(said) - PLACES} more" if len(said) > PLACES else ""
    return "; ".join(said[:PLACES]) + more


def _time(options: Options) -> str:
    said = ""
    if options.as_of:
        said += f" on {options.as_of}"
    if options.during:
        said += f" during {options.during}"
    return said + (f", as known on {options.known_on}" if options.known_on else "")


def _more(shown: int, of: int) -> Iterator[Text]:
    if of > shown:
        hint = f"--first {min(of, _MOST)}" if shown < _MOST else "narrow the question to see them"
        yield Text(f"… and {of - shown:,} more, {hint}")


def table_of(rows: Sequence[Sequence[str]], *headers: str, figures: Collection[str] = ()) -> Table:
    """A table without the columns that are empty in every row; those named `figures` stand to the right."""
    made = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    filled = [n for n in range(len(headers)) if any(row[n] for row in rows)]
    for n in filled:
        made.add_column(headers[n], overflow="fold", justify="right" if headers[n] in figures else "left")
    for row in rows:
        made.add_row(*(Text(printable(row[n])) for n in filled))
    return made


def _in(part: RenderableType, by: int) -> Padding:
    return Padding(part, (0, 0, 0, by), expand=False)


# questions


def _lists(question: str, found: Any, name: str, options: Options) -> Iterator[RenderableType]:
    rows = found["nodes"]
    asked, listed = ("recipient", "helper") if question == "helpers" else ("helper", "recipient")
    about = named(rows[0][asked]) if rows else name
    time = _time(options)
    if not rows:
        yield Text(
            f"Nobody is known to help {about}{time}."
            if question == "helpers"
            else f"{about} is not known to help anybody{time}."
        )
        return
    yield Text(f"Who helps {about}{time}" if question == "helpers" else f"Whom {about} helps{time}", style="bold")
    for row in rows:
        yield ""
        yield Text(f"→ {named(row[listed], english=True)}", style="bold")
        yield from _relationship(row, options, alone=False)
    yield from _more(len(rows), found["totalCount"])


def _help(row: Any, names: Sequence[str], options: Options) -> Iterator[RenderableType]:
    if row is None or not (row["factsCount"] or (row.get("through") or {}).get("totalCount")):
        helper, recipient = (named(row["helper"]), named(row["recipient"])) if row else names
        yield Text(f"{helper} is not known to help {recipient}{_time(options)}.")
        return
    yield Text(f"How {named(row['helper'])} helps {named(row['recipient'])}{_time(options)}", style="bold")
    yield from _relationship(row, options, alone=True)


def _relationship(row: Row, options: Options, *, alone: bool) -> Iterator[RenderableType]:
    """What one does for another. `alone`: the question is about these two, so --first is about their facts."""
    facts, count = row["facts"]["nodes"], row["factsCount"]
    recipient = row["recipient"]["id"]
    again = f"aidgraph ask help {row['helper']['id']} {recipient}{options.typed()} --first {_MOST}"
    if count:
        kinds = ", ".join(dict.fromkeys(helping(kind) for kind in row["kinds"]))
        since = f"; since {row['since']}" if row["since"] else ""
        directly = "directly: " if options.roll_up else ""
        yield _in(Text(f"{directly}{kinds}{since}; {count:,} fact{'s' if count > 1 else ''}"), 2)
        for one in row["totals"]:
            yield _in(Text(f"total: {total(one, [f['fact'] for f in facts] if count == len(facts) else ())}"), 4)
            for line in left_out(one):
                yield _in(Text(line), 6)
        table = [_fact(one, recipient) for one in facts]
        yield _in(table_of(table, "help", "figure", "when", "how sure", "to", "stands in"), 4)
        if alone:
            yield from _more(len(facts), count)
        elif count > len(facts):
            yield _in(Text(f"… and {count - len(facts):,} more: {again}"), 4)
    elif options.roll_up:
        yield _in(Text("directly: nothing is known"), 2)
    if (through := row.get("through")) and through["nodes"]:
        many = f"{through['totalCount']:,} pair{'s' if through['totalCount'] > 1 else ''}"
        yield _in(Text(f"through {many}, never added to the direct help:"), 2)
        pairs = [
            (named(one["helper"]), "→", named(one["recipient"]), ", ".join(helping(kind) for kind in one["kinds"]),
             one["since"] or "", f"{one['factsCount']:,}")
            for one in through["nodes"]
        ]  # fmt: skip
        yield _in(table_of(pairs, "helper", "", "recipient", "help", "since", "facts"), 4)
        if alone:
            yield from _more(len(pairs), through["totalCount"])
        elif through["totalCount"] > len(pairs):
            yield _in(Text(f"… and {through['totalCount'] - len(pairs):,} more: {again}"), 4)


def _fact(help_: Row, recipient: str) -> tuple[str, ...]:
    fact = help_["fact"]
    kind = helping(fact["type"])
    if means := help_["means"]:
        kind = ", ".join(filter(None, (f"{means['name']} {kind} {fact['to']['name']}", fact.get("title"))))
    holds = ", ".join(
        filter(None, (words(fact["holds"]), "" if help_["certainty"] == "STATED" else words(help_["certainty"])))
    )
    to = "" if help_["recipient"]["id"] == recipient else named(help_["recipient"])
    return kind, figure(fact), when(fact), holds, to, evidence(fact["evidence"])


def _paths(found: Any, names: Sequence[str], options: Options) -> Iterator[RenderableType]:
    paths = found["paths"]
    if not paths and len(set(names)) == 1:
        yield Text(f"{names[0]} is asked about on both ends: name another one.")
    elif not paths:
        steps = f"{options.max_hops} step{'s' if options.max_hops > 1 else ''}"
        yield Text(f"No way from {names[0]} to {names[1]} in at most {steps}{_time(options)}.")
    for place, path in enumerate(paths):
        if place:
            yield ""
        yield Text(chain(path), style="bold")
        yield _in(table_of(list(_steps(path)), "fact", "when", "holds", "stands in"), 4)
    if found["more"]:
        yield Text(f"There are more than these {len(paths)}: --first, at most 50, shows more")
    if found["truncated"]:
        yield Text("Not all was followed: some entities on the way have too many neighbours")


def chain(path: Row) -> str:
    """`杨浦区 –[is paired to help]→ 丽江市 –[contains]→ 宁蒗彝族自治县`, every step read in the direction of the path."""
    said = printable(path["nodes"][0]["name"] or path["nodes"][0]["id"])
    for step, to in zip(path["steps"], path["nodes"][1:], strict=True):
        read = dict.fromkeys(_read(fact, step) for fact in step["facts"])
        said += f" –[{'; '.join(read)}]→ {printable(to['name'] or to['id'])}"
    return said


def _read(fact: Row, step: Row) -> str:
    return reading(fact["type"], forward=fact["from"]["id"] == step["from"]["id"])


def _steps(path: Row) -> Iterator[tuple[str, ...]]:
    for step, start, to in zip(path["steps"], path["nodes"], path["nodes"][1:], strict=False):
        for fact in step["facts"]:
            said = f"{named(start)} {_read(fact, step)} {named(to)}"
            yield said, when(fact), words(fact["holds"]), evidence(fact["evidence"])


def _search(found: Any, text: str, options: Options) -> Iterator[RenderableType]:
    if not found["nodes"]:
        yield Text(printable(f"Nothing is found for {text!r}."))
        return
    rows: list[tuple[str, ...]] = []
    for hit in found["nodes"]:
        entity = hit["entity"]
        until = f"until {entity['validTo']}" if entity.get("validTo") else ""
        lies = ", ".join(filter(None, (within(entity), until)))
        kind = words(entity["type"])
        rows.append((entity["name"] or "", entity["nameEn"] or "", kind, entity["id"], lies, words(hit["match"])))
    yield table_of(rows, "name", "English", "type", "id", "lies in", "found by")
    yield from _more(len(rows), found["totalCount"])


#: The figures of the inspections of an entity, and their names.
_SUPERVISED = (
    ("inspections", "inspections made"), ("problemsFound", "problems found"), ("rectified", "rectified"), ("open", "open"),
)  # fmt: skip


def _supervision(found: Any, name: str, options: Options) -> Iterator[RenderableType]:
    rows = found["rows"]["nodes"] if found else []
    if not rows:
        yield Text(f"No inspection is known that has to do with {name}{_time(options)}.")
        return
    many = found["inspectionsCount"]
    yield Text(f"Inspections that have to do with {name}{_time(options)}: {many:,} known", style="bold")
    figures: list[tuple[str, ...]] = []
    for key, said in _SUPERVISED:
        figures.append((said, "not known" if found[key] is None else f"{found[key]:,}{_derived(found, key)}"))
    if found["rate"] is not None:
        figures.append(("rate of rectification", f"{found['rate']:.1%}"))
    table = Table.grid(padding=(0, 2, 0, 0))
    for row in figures:
        table.add_row(*(Text(cell) for cell in row))
    yield _in(table, 2)
    yield ""
    headers = (
        "inspection",
        "kind",
        "when",
        "conducted by",
        "inspectors",
        "made",
        "found",
        "rectified",
        "open",
        "stands in",
    )
    yield table_of([_inspection(row) for row in rows], *headers)
    yield from _more(len(rows), found["rows"]["totalCount"])


def _derived(row: Row, key: str) -> str:
    return f" ({words(row['openCertainty'])})" if key == "open" and row["openCertainty"] else ""


def _inspection(row: Row) -> tuple[str, ...]:
    one = row["inspection"]
    by = ", ".join(node["from"]["name"] or node["from"]["id"] for node in one["conductedBy"]["nodes"])
    kind = ", ".join(filter(None, (words(one["kind"]), words(one["stage"]))))
    stands = evidence([stated for node in one["describedIn"]["nodes"] for stated in node["evidence"]])
    counts = [
        "" if one[key] is None else f"{one[key]:,}"
        for key in ("inspectors", "inspections", "problemsFound", "rectified")
    ]
    open_ = "" if row["open"] is None else f"{row['open']:,}{_derived(row, 'open')}"
    return named(one), kind, when(one) or one["asOf"] or "", by, *counts, open_, stands
