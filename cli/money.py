"""`aidgraph trace`, `totals`, `reconcile`, `flows`, `quality`, `explain`: money in the terminal. Only the commands."""

from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from cli.ask import AsOf, During, Json, KnownOn

Name = Annotated[str, typer.Argument(help="Id, code or name.", show_default=False)]
MaybeName = Annotated[
    Optional[str],  # noqa: UP045 - typer reads it at run time
    typer.Argument(help="Id, code or name.", show_default=False),
]
Class = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--class", metavar="CLASS", help="cash, commitment, budget, reported_total …: what is followed or added. "
                 "Default: cash, or what there is."),
]  # fmt: skip
Currency = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--currency", metavar="CODE", help="Currency of the answer; other amounts are converted. Default: "
                 "that of the flows, which must be one."),
]  # fmt: skip
Rates = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--rates", metavar="FILE", help="Table of exchange rates (CSV: date, currency, rate, base), or ecb. Default: "
                 "AIDGRAPH_RATES."),
]  # fmt: skip
Prices = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option("--prices", metavar="YEAR", help="Amounts in prices of this year, by the table AIDGRAPH_DEFLATORS names."),
]  # fmt: skip
Csv = Annotated[bool, typer.Option("--csv", help="The rows of the answer as CSV.")]
Svg = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--svg", metavar="FILE", help="Draw it as a Sankey diagram."),
]
Save = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--explain", metavar="FILE", help="Write what the figures are made of; `aidgraph explain FILE` recomputes it."),
]  # fmt: skip
First = Annotated[int, typer.Option("--first", metavar="N", min=1, help="Rows at most.")]


def trace(
    name: MaybeName = None,
    to: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--to", metavar="NAME", help="How much of it reached this one. Alone: follow back what it got."),
    ] = None,
    rule: Annotated[str, typer.Option("--rule", help="pro_rata, fifo or earmarked.")] = "pro_rata",
    money: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--money", help="own or all money of the start. Default: the own, or else all."),
    ] = None,
    class_: Class = None, currency: Currency = None, prices: Prices = None,
    max_depth: Annotated[Optional[int], typer.Option("--max-depth", metavar="N", help="Transfers that are followed at most.")] = None,  # noqa: UP045, E501
    min_share: Annotated[float, typer.Option("--min-share", metavar="SHARE", help="Least share that is followed, 0 to 1.")] = 0.0,
    paths: Annotated[int, typer.Option("--paths", metavar="N", help="Paths that are ranked, up to 50.")] = 10,
    as_of: AsOf = None, during: During = None, known_on: KnownOn = None, rates: Rates = None,
    json: Json = False, csv: Csv = False, svg: Svg = None, explain: Save = None,
) -> None:  # fmt: skip
    """Where money went, or where it came from, every unit accounted for.

    Examples: `aidgraph trace 江苏省 --to 陕西省` · `aidgraph trace --to 宁蒗 --rule fifo` ·
    `aidgraph trace 江苏省 --svg jiangsu.svg`
    """
    given = {
        "from": name, "to": to, "rule": rule, "money": money, "class": class_, "currency": currency, "constantPrices": prices,
        "maxDepth": max_depth, "minShare": min_share, "paths": paths,
    }  # fmt: skip
    _answer("trace", given, (as_of, during, known_on), rates, json=json, csv=csv, svg=svg, explain=explain)


def totals(
    name: Name, class_: Class = None, currency: Currency = None, prices: Prices = None, as_of: AsOf = None, during: During = None,
    known_on: KnownOn = None, rates: Rates = None, json: Json = False, csv: Csv = False, explain: Save = None,
) -> None:  # fmt: skip
    """Money of a place, an organization or a project by four measures side by side.

    Example: `aidgraph totals 陕西省 --during 2019..2021`
    """
    given = {"of": name, "class": class_, "currency": currency, "constantPrices": prices}
    _answer("totals", given, (as_of, during, known_on), rates, json=json, csv=csv, explain=explain)


def reconcile(
    name: MaybeName = None,
    to: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--to", metavar="NAME", help="Only what the first gave to this one."),
    ] = None,
    tolerance: Annotated[float, typer.Option("--tolerance", metavar="SHARE", help="By which share two may differ.")] = 0.01,
    only: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--only", metavar="WHAT,…", help="both, differing, provider_only, receiver_only, others_only."),
    ] = None,
    class_: Class = None, as_of: AsOf = None, during: During = None, known_on: KnownOn = None, rates: Rates = None,
    first: First = 50, json: Json = False, csv: Csv = False, explain: Save = None,
) -> None:  # fmt: skip
    """Where the two sides of transfers agree, differ, or only one reports: of one, between two, or of all.

    Examples: `aidgraph reconcile --only differing --tolerance 0.05` · `aidgraph reconcile 江苏省 --to 陕西省`
    """
    ends = {"from": name, "to": to} if to else {"of": name}
    given = {**ends, "tolerance": tolerance, "only": only, "class": class_, "limit": first}
    _answer("reconciliation", given, (as_of, during, known_on), rates, json=json, csv=csv, explain=explain)


def flows(
    by: Annotated[str, typer.Option("--by", metavar="WHAT,…", help="helper, recipient, helper_province, recipient_province, "
                                    "programme, class, year, quarter, sector, currency.")] = "helper,recipient",
    giver: Annotated[Optional[str], typer.Option("--from", metavar="NAME", help="Only what this one gives.")] = None,  # noqa: UP045
    to: Annotated[Optional[str], typer.Option("--to", metavar="NAME", help="Only what this one gets.")] = None,  # noqa: UP045
    class_: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--class", metavar="CLASS,…", help="Only these stages of money, such as disbursement."),
    ] = None,
    currency: Annotated[Optional[str], typer.Option("--currency", metavar="CODE", help="Only this currency.")] = None,  # noqa: UP045
    as_of: AsOf = None, during: During = None, known_on: KnownOn = None, first: First = 20, json: Json = False, csv: Csv = False,
) -> None:  # fmt: skip
    """Sums of money by who gives, who gets, when and for what.

    Example: `aidgraph flows --by helper_province,year --class reported_total --during 2018..2021`
    """
    given = {"groupBy": by, "from": giver, "to": to, "classes": class_, "currency": currency, "first": first}
    _answer("flows", given, (as_of, during, known_on), None, json=json, csv=csv)


def quality(first: Annotated[int, typer.Option("--first", metavar="N", min=1, max=50, help="Examples of each kind.")] = 5,
            json: Json = False, csv: Csv = False) -> None:  # fmt: skip
    """Links between projects that cannot be followed, and reports that do not fit together.

    Example: `aidgraph quality`
    """
    _answer("quality", {"limit": first}, (None, None, None), None, json=json, csv=csv)


def explain(
    what: Annotated[str, typer.Argument(help="A file written with --explain, or an explainId.", show_default=False)],
    json: Json = False,
) -> None:  # fmt: skip
    """What is behind a figure. Of a file: recomputes it from the file alone, without a graph.

    Examples: `aidgraph trace 江苏省 --explain trace.json` then `aidgraph explain trace.json` ·
    `aidgraph flows --from 福建省 --json`, then `aidgraph explain ID` with an explainId of it
    """
    from cli import auditing

    auditing.explain(what, as_json=json)


def _answer(
    question: str, given: dict[str, Any], times: tuple[str | None, str | None, str | None], rates: str | None, *,
    json: bool, csv: bool, svg: Path | None = None, explain: Path | None = None,
) -> None:  # fmt: skip
    from cli import following

    following.put(question, given, times, rates, as_json=json, as_csv=csv, svg=svg, explain=explain)


COMMANDS = (trace, totals, reconcile, flows, quality, explain)
