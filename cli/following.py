"""Questions about money from the command to what is printed: documents, names made into ids, files that are written."""

import asyncio
import csv
import io
import json
import re
import shutil
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from cli import money_telling, sankey
from cli.answering import put as printed
from cli.asking import Asker, Question, period
from cli.console import CommandError, opened
from cli.telling import rendered
from graph.engine import Graph
from graph.model import MONEY_CLASS
from graph.rates import named
from graph.settings import from_environment
from graph.sources.accounts import STANDINGS
from graph.sources.flows import GROUPS
from graph.sources.tracing import CLASS_NAMES, MONEYS, RULES
from graph.tracing.rates import Tables

_NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?")
_WHO = "{ id name }"
_TIMES = "$asOf: String, $during: Period, $knownOn: String"
_ASKED = "asOf: $asOf, during: $during, knownOn: $knownOn"
_RATES = "conversions { currency day ofValueDate rate rateDays source original amount flows priceFactor }"
TRACE = f"""query ($from: ID, $to: ID, $rule: TraceRule!, $money: TracedMoney, $class: FlowClass, $currency: String,
  $constantPrices: Int, $maxDepth: Int, $minShare: Float!, $paths: Int!, {_TIMES}) {{
  trace(from: $from, to: $to, rule: $rule, money: $money, class: $class, currency: $currency, constantPrices: $constantPrices,
    maxDepth: $maxDepth, minShare: $minShare, paths: $paths, {_ASKED}) {{
    from {_WHO} to {_WHO} rule money class classes {{ class flows }} currency amount
    lines {{ kind entity {_WHO} paidTo {_WHO} amount share parts }}
    nodes {{ entity {_WHO} throughput inflow outflow endUse held unknownOrigin depth }}
    edges {{ provider {_WHO} receiver {_WHO} amount used }}
    paths {{ entities {_WHO} amount share }}
    remainder {{ kind amount }}
    corrections {{ effect provider {_WHO} receiver {_WHO} amount }}
    closedCycles {{ entities {_WHO} }}
    leftOut {{ reason provider {_WHO} receiver {_WHO} amount currency claim }} leftOutCount
    {_RATES} check {{ amount lines paths agrees }} truncated missing explainId
  }}
}}"""
_MEASURE = (
    f"amount added subtracted leftOutCount leftOut {{ reason id provider {_WHO} receiver {_WHO} amount currency }}"
)
TOTALS = f"""query ($of: ID!, $class: FlowClass, $currency: String, $constantPrices: Int, {_TIMES}) {{
  totals(of: $of, class: $class, currency: $currency, constantPrices: $constantPrices, {_ASKED}) {{
    of {_WHO} class currency nodes
    gross {{ {_MEASURE} }} netSpend {{ {_MEASURE} }} netNew {{ {_MEASURE} }} endUse {{ {_MEASURE} }}
    newMoney held passedOn corrections {{ effect provider {_WHO} receiver {_WHO} amount }} {_RATES} missing explainId
  }}
}}"""
RECONCILIATION = f"""query ($of: ID, $from: ID, $to: ID, $class: FlowClass, $tolerance: Float!,
  $only: [ReconciliationStanding!], $limit: Int!, {_TIMES}) {{
  reconciliation(of: $of, from: $from, to: $to, class: $class, tolerance: $tolerance, only: $only, limit: $limit, {_ASKED}) {{
    both differing providerOnly receiverOnly othersOnly tolerance truncated explainId
    rows {{
      id standing provider {_WHO} receiver {_WHO} class currency first last providerSays receiverSays othersSay used usedOf
      gap gapShare exchange matchedBy daysApart claims
    }}
  }}
}}"""
FLOWS = f"""query ($groupBy: [FlowGroup!]!, $from: ID, $to: ID, $classes: [MoneyClass!], $currency: String, $first: Int!,
  {_TIMES}) {{
  flows(groupBy: $groupBy, from: $from, to: $to, classes: $classes, currency: $currency, first: $first, {_ASKED}) {{
    totalCount
    nodes {{
      helper {_WHO} helperOpen recipient {_WHO} recipientOpen helperProvince {_WHO} recipientProvince {_WHO} programme {_WHO}
      sector {_WHO} sectorOpen year quarter type class basis currency counted perYear helperLevel recipientLevel sum facts added
      withoutAmount notAdded explainId
    }}
  }}
}}"""
QUALITY = f"""query ($limit: Int!) {{
  quality(limit: $limit) {{
    flows followable faults {{ kind count examples {{ project {_WHO} value about }} }}
    cycles {{ kind currency amount entities {_WHO} }} cyclesCount truncated
  }}
}}"""
EXPLAIN = """query ($id: String!) { explain(id: $id) { file } }"""

#: Option and codes of the variables that take them.
_CODES: dict[str, tuple[str, Collection[str]]] = {
    "rule": ("--rule", RULES),
    "money": ("--money", MONEYS),
    "class": ("--class", CLASS_NAMES),
    "only": ("--only", STANDINGS),
    "groupBy": ("--by", GROUPS),
    "classes": ("--class", tuple(code.name for code in MONEY_CLASS)),
}
_ENDS = ("PLACE", "PLACE_GROUP", "ORGANIZATION", "PROJECT")
#: Arguments that are entities, by question, and those that are codes, one or several of them.
QUESTIONS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "trace": (TRACE, ("from", "to"), ("rule", "money", "class"), ()),
    "totals": (TOTALS, ("of",), ("class",), ()),
    "reconciliation": (RECONCILIATION, ("of", "from", "to"), ("class",), ("only",)),
    "flows": (FLOWS, ("from", "to"), (), ("groupBy", "classes")),
    "quality": (QUALITY, (), (), ()),
}


def put(
    question: str, given: dict[str, Any], times: tuple[str | None, str | None, str | None], rates: str | None, *,
    as_json: bool, as_csv: bool, svg: Path | None, explain: Path | None,
) -> None:  # fmt: skip
    """Asks and prints; writes the drawing and the explanation where they are wanted."""
    if as_json and as_csv:
        raise CommandError("--json and --csv are both given: choose one", 2)
    variables = variables_of(question, given, times)
    tables = named(from_environment(), rates)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    text, more = asyncio.run(
        _answered(question, variables, tables, as_json=as_json, as_csv=as_csv, svg=svg, explain=explain, width=width)
    )
    for path, content in more:
        path.write_text(content, encoding="utf-8")
        print(f"wrote {path}", file=sys.stderr)
    printed(text, utf8=as_json or as_csv)


def variables_of(
    question: str, given: dict[str, Any], times: tuple[str | None, str | None, str | None]
) -> dict[str, Any]:  # fmt: skip
    """Variables of the question's document; raises CommandError for a code that there is none of."""
    _, _, codes, lists = QUESTIONS[question]
    said: dict[str, Any] = {}
    for name, value in given.items():
        if value is None:
            continue
        if name in codes:
            said[name] = _code(name, value)
        elif name in lists:
            said[name] = [_code(name, part) for part in value.split(",") if part.strip()]
        else:
            said[name] = value
    as_of, during, known_on = times
    times_ = {"asOf": as_of, "during": period(during), "knownOn": known_on}
    return said | {name: value for name, value in times_.items() if value is not None}


def _code(name: str, text: str) -> str:
    option, codes = _CODES[name]
    code = text.strip().lower().replace("-", "_")
    if code not in codes:
        raise CommandError(f"{option} is {text.strip()[:40]!r}: give one of {', '.join(codes)}", 2)
    return code.upper()


async def _answered(
    question: str, variables: dict[str, Any], tables: Tables, *, as_json: bool, as_csv: bool, svg: Path | None,
    explain: Path | None, width: int | None,
) -> tuple[str, list[tuple[Path, str]]]:  # fmt: skip
    async with opened() as graph:
        return await answered(
            graph, question, variables, tables, as_json=as_json, as_csv=as_csv, svg=svg, explain=explain, width=width
        )


async def answered(
    graph: Graph, question: str, variables: dict[str, Any], tables: Tables, *, as_json: bool = False, as_csv: bool = False,
    svg: Path | None = None, explain: Path | None = None, width: int | None = None,
) -> tuple[str, list[tuple[Path, str]]]:  # fmt: skip
    """The answer as it is printed, and the files that are to be written with it."""
    data, file = await asked(graph, question, variables, tables, explain=explain is not None)
    more: list[tuple[Path, str]] = []
    if svg is not None:
        more.append((svg, drawn(data)))
    if explain is not None:
        more.append((explain, file))
    if as_json:
        return json.dumps({question: data}, ensure_ascii=False, indent=2) + "\n", more
    if as_csv:
        return table(money_telling.records(question, data)), more
    return rendered(money_telling.answer(question, data), width=width), more


async def asked(
    graph: Graph, question: str, variables: dict[str, Any], tables: Tables, *, explain: bool = False
) -> tuple[Any, str]:
    """The data of the answer, and its explanation if it is wanted."""
    asker = await _asker(graph, tables)
    document, ends, _, _ = QUESTIONS[question]
    finding = Question(name=question, document=document, types=_ENDS)
    for end in ends:
        if variables.get(end):
            variables[end] = await asker.id_of(variables[end], finding)
    data = (await asker.data(document, variables))[question]
    if not explain:
        return data, ""
    return data, (await asker.data(EXPLAIN, {"id": data["explainId"]}))["explain"]["file"]


async def explained(graph: Graph, id_: str, tables: Tables) -> str:
    """The file of an explanation."""
    return (await (await _asker(graph, tables)).data(EXPLAIN, {"id": id_}))["explain"]["file"]


async def _asker(graph: Graph, tables: Tables) -> Asker:
    return await Asker.over(graph, lambda line: print(line, file=sys.stderr), tables)


def table(records: list[dict[str, Any]]) -> str:
    """Records as CSV with a header; '' for none."""
    out = io.StringIO()
    if records:
        writer = csv.DictWriter(out, fieldnames=list(records[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in record.items()} for record in records)
    return out.getvalue()


def _cell(value: Any) -> Any:
    """A cell that a spreadsheet will not take for a formula; a number below 0 stays one."""
    if not isinstance(value, str) or not value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return value
    return value if _NUMBER.fullmatch(value) else f"'{value}"


def drawn(data: Any) -> str:
    """A trace as a Sankey diagram: what stays with a node, or is spent there, is a band of its own."""
    shown = money_telling.sankey_of(data)
    return sankey.drawn(*shown)
