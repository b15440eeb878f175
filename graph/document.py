"""docs/graph-model.md, generated: the vocabulary with the rules of dates and identity, in the words of the code.

Pure text. A test compares the committed file with what is generated here; `make docs` writes it.
"""

from collections.abc import Iterable, Sequence

from graph.dates import ALWAYS, NEVER, Bounds, bounds, period_key
from graph.model import (
    DERIVED_NAMES,
    FIGURES,
    INDICATORS,
    MODEL,
    MONEY,
    NAMES,
    PROGRAMME,
    PROVENANCE,
    SOURCING,
    VALIDITY,
    Help,
    NodeType,
    Property,
    RelationshipType,
    Time,
    Vocabulary,
)

INTRODUCTION = """\
# The graph

<!-- Generated from graph/model.py, graph/dates.py and graph/identity.py by `make docs`. Edit those, not this file. -->

## How to read it

Everything in the graph is an **entity** (a node) or a **claim** (a relationship): somebody says that one entity stands
in some relation to another. A claim always has a source, and dates where they are known. Nothing is overwritten: what
changes is closed and written anew, so one can ask what was true on a day, and what was known on a day.

* Every node has the label `Entity`, the labels of its type from the general to the fine (`Entity:Place:County`), and in
  `type` the finest of them.
* Relationships point from the giver to the receiver, and read in both directions: Hangzhou *is paired to help*
  Qiandongnan; Qiandongnan *is helped in a pairing by* Hangzhou. The column *help* says who helps whom.
* A **state** is true on each day from its start to its end; an **event** happens within its period.
* *Key*: what makes two claims speak of one fact, beside the two ends and the programme.
* A property that is unknown is absent. Tables for loading have the same names as headers, or the Chinese ones:
  `aidgraph template TYPE` prints one.
"""

#: What the writer adds to the values of a claim; see graph/write/claims.py and graph/write/readings.py.
STORED: tuple[tuple[str, str, str], ...] = (
    ("fact", "text", "What is spoken of; the same in every claim about it. See Identity."),
    ("id", "text", "The claim: this fact as this source states it. Versions of a claim share it."),
    ("version", "text", "This version; unique. At most one version of a claim is open."),
    ("digest", "text", "Hash of the values: tells changed from unchanged."),
    ("source", "text", "Id of the source the claim stands in; the dataset itself where its rows cite no other."),
    ("locator", "text", "Where in the source, as read by the dataset whose reading counts: line, page, row, XPath."),
    ("datasets", "list of texts", "Names of the datasets that support the claim, in order."),
    ("locators", "list of texts", "The locator each of the datasets gives, in the same order."),
    (
        "others",
        "list of texts",
        "Readings that differ, as JSON {dataset, values}: several datasets read one place differently. The values kept "
        "are those of the reading with the best confidence, then certainty, then of the first dataset by name. "
        "Absent where all agree.",
    ),
    ("recorded_at", "epoch ms", "When this graph learned of it: the time of its load run."),
    (
        "retracted_at",
        "epoch ms",
        "When it was closed, because its values changed or no dataset holds it any more; absent: it is open.",
    ),
    ("earliest_from", "ISO day", f"First day it may have begun; `{ALWAYS!r}` where nothing is known."),
    ("latest_from", "ISO day", f"Day by which it had begun; `{NEVER}` where nothing is known."),
    ("earliest_to", "ISO day", "First day on which it may no longer hold: it certainly holds before."),
    ("latest_to", "ISO day", f"First day on which it certainly does not hold; `{NEVER}` with an unknown end."),
    (
        "standing",
        "whole number",
        "How well the claim stands, 0 is best: by confidence (high, medium, none given, low), then certainty. The best one "
        "speaks for its fact, among equals the first by id.",
    ),
    ("open_end", "yes or no", "No source says that it ended: after `earliest_to` it is last known, not certain."),
)

STORED_OF_ENTITIES: tuple[tuple[str, str, str], ...] = (
    ("id", "text", "Readable, unique over all labels; once given it never changes."),
    ("type", "text", "The finest label."),
    (
        "canonical",
        "text",
        "Id of the entity that stands for it: its own id, unless a person decided that it is one with another.",
    ),
    (
        "merged",
        "list of texts",
        "Of an entity that stands for others: their ids, in order. Absent where it stands for itself alone.",
    ),
    ("search", "text", "All its names in all scripts, for full-text search."),
    ("digest", "text", "Hash of the properties: tells changed from unchanged."),
)

DATES = """\
Dates are ISO texts with the precision of their source. A month, a year or a span (`2020-04-17..2020-05-31`) is the set
of days it may be. From the four dates of a claim follow four bounds, and from those whether it holds on a day:
*certainly*, *possibly*, *last known* or *not*.

For a state:

* `valid_from` is the first day it holds. A year or month is one of its days: the state possibly holds from the first of
  them, and certainly by the last. Without `valid_from` it may always have held.
* `valid_to` is the first day it no longer holds, and a year or month one of its days. With the basis `handover_year` or
  `derived` the state ended some day in that year or month, and may have held through its last day.
* `table_period`: it holds through the last day of `valid_to`, where the table ends; the pairing may go on.
* Without `valid_to` the end is unknown: certain up to `seen_until`, and last known after.
* `seen_until` is the last time a source shows that it still held: it certainly held on the first day that may be meant,
  and had begun by the last.

* Where neither an end nor `seen_until` is known, it certainly held on the day it began, and is last known after.

For an event the dates are its period: with both it begins with the first day of `valid_from` and ends with the last day of
`valid_to`. With one date alone it happens some day of that day, month or year.

A fact holds by all its claims together: certainly where one is certain and none denies it, not where one denies it and none
is certain, possibly where they contradict each other.
"""

IDENTITY = """\
Three ids, each a hash (BLAKE2b, 96 bits), are made of the values of a row; its file and the time do not enter.

| id | made of |
| --- | --- |
| `fact` | type, ids of start and end, programme, the properties of the type's key; of sums the period too |
| `id` of the claim | fact, source, and a running number from 1 among claims of that fact in that source |
| `version` | id of the claim, digest of its values, and how many earlier versions had the same values |

* So a page that two tables cite is one claim, supported by two datasets; two pages that say the same are two claims of
  one fact; a total adds at most one claim a fact.
* A state that one source says twice alike is one claim. An event is as many claims as it is written: real files hold
  transactions that are identical in every field.
* The period of a sum is its year, where it covers just that; else its one date as written; else its start and `/`, so
  that a running total reported twice speaks of one fact:
  {periods}.
* A changed row closes a version (`retracted_at`) and opens another. A value that comes back is a version of its own.
"""


def model_markdown(vocabulary: Vocabulary = MODEL) -> str:
    """The whole document, ending with one newline."""
    parts = [
        INTRODUCTION,
        *_nodes(vocabulary),
        *_relationships(vocabulary),
        *_claims(),
        *_dates(),
        *_indicators(),
        "## Identity\n",
        IDENTITY.replace("{periods}", _periods()),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").strip()


def _names(texts: Iterable[str]) -> str:
    return ", ".join(f"`{text}`" for text in texts)


def _properties(properties: Iterable[Property]) -> str:
    head = ("property", "Chinese", "kind", "unit", "description")
    return _table(head, ((f"`{p.name}`", p.zh, p.kind.value, p.unit, _described(p)) for p in properties))


def _described(declared: Property) -> str:
    codes = "; ".join(f"`{code.name}` {code.zh}: {code.description}" for code in declared.codes)
    needed = " Required." if declared.required else ""
    return declared.description + needed + (f" Codes: {codes}." if codes else "")


def _nodes(vocabulary: Vocabulary) -> Iterable[str]:
    yield "## Nodes\n"
    yield "Names, which every entity may have:\n"
    yield _properties(NAMES)
    yield "Made of the names when an entity is written:\n"
    yield _properties(DERIVED_NAMES)
    yield "And beside them:\n"
    yield _table(("property", "kind", "description"), ((f"`{n}`", kind, text) for n, kind, text in STORED_OF_ENTITIES))
    for node in vocabulary.nodes:
        yield from _node(node, vocabulary)


def _node(node: NodeType, vocabulary: Vocabulary) -> Iterable[str]:
    yield f"### {node.label} {node.zh}\n"
    if node.abstract:
        remark = " No node has this label alone."
    else:
        remark = " Written by load runs, not by rows of a file." if node.internal else ""
    yield f"{node.description}{remark}\n"
    rows = [
        ("labels", _names(vocabulary.labels(node.label))),
        ("refines", f"`{node.parent}`, whose properties it has too" if node.parent else "`Entity`"),
        ("ids begin with", _names(node.prefixes)),
        ("for example", f"`{node.id_example}`"),
    ]
    yield _table((node.label, node.zh), rows)
    if node.properties:
        yield _properties(node.properties)


def _relationships(vocabulary: Vocabulary) -> Iterable[str]:
    yield "## Relationships\n"
    head = ("type", "Chinese", "from → to", "reads", "reads backward", "help", "dates", "key")
    yield _table(head, (_overview(r) for r in vocabulary.relationships))
    for relationship in vocabulary.relationships:
        yield f"### {relationship.name} {relationship.zh}\n"
        alone = "" if relationship.properties else " No properties of its own."
        shared = _shared(relationship)
        start, end = (_camel(name) for name in (relationship.outgoing, relationship.incoming))
        api = f"In the API: `{relationship.noun}`, at its start `{start}`, at its end `{end}`."
        yield f"{relationship.description}{alone} With {shared}. {api}\n"
        if relationship.properties:
            yield _properties(relationship.properties)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _overview(relationship: RelationshipType) -> tuple[str, ...]:
    help_ = relationship.help.value
    if relationship.help is Help.CONDITION and relationship.help_when:
        name, value = relationship.help_when
        help_ = f"{help_}: `{name}` = `{value}`"
    key = _names(relationship.key) + (", the period" if relationship.period_in_key else "")
    if relationship.optional_key:
        key += f", {_names(relationship.optional_key)} where given"
    return (
        f"`{relationship.name}`",
        relationship.zh,
        f"{', '.join(relationship.start)} → {', '.join(relationship.end)}",
        relationship.forward,
        relationship.backward,
        help_,
        relationship.time.name.lower(),
        key or "the ends alone",
    )


def _shared(relationship: RelationshipType) -> str:
    shared = ["programme", "dates", "provenance"]
    if relationship.figures:
        shared.insert(1, "figures")
    if relationship.money:
        shared.insert(1, "money")
    return f"{', '.join(shared[:-1])} and {shared[-1]}"


def _claims() -> Iterable[str]:
    yield "## Properties every claim carries\n"
    yield "Kept by the writer, of any type:\n"
    yield _table(("property", "kind", "description"), ((f"`{name}`", kind, text) for name, kind, text in STORED))
    parts = (
        ("Programme and dates", (PROGRAMME, *VALIDITY)),
        ("Provenance", PROVENANCE),
        ("Money, where the type has it; `amount_text` keeps the decimal as read", MONEY),
        ("Figures, where the type has them", FIGURES),
        ("Columns of a row that say where it stands", SOURCING),
    )
    for title, properties in parts:
        yield f"{title}:\n"
        yield _properties(properties)


#: (what it shows, time, valid_from, valid_to, valid_to_basis, seen_until, days asked about)
_Example = tuple[str, Time, str | None, str | None, str | None, str | None, tuple[str, ...]]
EXAMPLES: tuple[_Example, ...] = (
    ("a pairing that a later list replaced on a day", Time.STATE, "2016-10-27", "2021-03-30", "superseded", None,
     ("2016-10-26", "2016-10-27", "2021-03-29", "2021-03-30")),
    ("a pairing handed over some day in 2021", Time.STATE, "2016", "2021", "handover_year", None,
     ("2016-06-30", "2020-12-31", "2021-06-30", "2022-01-01")),
    ("a pairing without an end, seen in June 2019", Time.STATE, "2013", None, None, "2019-06",
     ("2013-07-01", "2019-06-01", "2019-07-01", "2026-01-01")),
    ("a pairing in a table of 2016 to 2020", Time.STATE, "2016", "2020", "table_period", None,
     ("2018-01-01", "2020-12-31", "2021-01-01")),
    ("money of the years 2016 to 2020", Time.EVENT, "2016", "2020", "period", None,
     ("2015-12-31", "2016-06-30", "2018-01-01", "2020-06-30", "2021-01-01")),
)  # fmt: skip


def _dates() -> Iterable[str]:
    yield "## Dates\n"
    yield DATES
    yield "Five examples:\n"
    head = ("what", "dates", "first day between", "first day no longer between", "holds")
    yield _table(head, (_example(example) for example in EXAMPLES))


def _example(example: _Example) -> tuple[str, ...]:
    what, time, valid_from, valid_to, basis, seen_until, days = example
    found = bounds(time, valid_from, valid_to, basis, seen_until)
    given = {"valid_from": valid_from, "valid_to": valid_to, "valid_to_basis": basis, "seen_until": seen_until}
    return (
        what,
        ", ".join(f"`{name}` {value}" for name, value in given.items() if value),
        f"{found.earliest_from or 'always'} and {found.latest_from}",
        f"{found.earliest_to} and {_last(found)}",
        "; ".join(f"{day} {found.on(day).value}" for day in days),
    )


def _last(found: Bounds) -> str:
    return "an unknown day" if found.latest_to == NEVER else found.latest_to


def _periods() -> str:
    given = (("2019", None), ("2019-01-01", "2019-12-31"), ("2019-07", None), ("2016", "2020"), ("2016", "2021-06"))
    return "; ".join(f"{start}{f' to {end}' if end else ''} is `{period_key(start, end)}`" for start, end in given)


def _indicators() -> Iterable[str]:
    yield "## Indicators\n"
    yield (
        "What observations are of. An indicator of your own may stand in `indicator` too. A *stock* is counted on a "
        "day, a *flow* over a period; stocks of different days are never added.\n"
    )
    rows = ((f"`{name}`", description, unit, kind) for name, description, unit, kind in INDICATORS)
    yield _table(("indicator", "what it is", "unit", "stock or flow"), rows)
