"""`aidgraph`: the commands. Packages are imported where they are used, so that --help answers at once."""

import io
import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from cli import ask, money

app = typer.Typer(
    name="aidgraph",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="A knowledge graph of aid relationships: who helps whom, with what, since when, by which source.\n\n"
    "Start with `aidgraph demo`. The graph is the embedded engine's store in your user data folder (AIDGRAPH_HOME), or "
    "the Neo4j that NEO4J_URI names. Exit codes: 0 done, 1 failed, 2 usage, 3 loaded with rejects, 4 engine not "
    "reachable or store in use, 5 another load is running.",
)

app.add_typer(ask.app, name="ask")

Files = Annotated[list[Path], typer.Argument(help="Files, or folders whose tables are meant.", show_default=False)]
Mapping = Annotated[
    Optional[str],  # noqa: UP045 - typer reads it at run time
    typer.Option("--mapping", "-m", help="How columns become records: template, pairings, or a .toml file. "
                 "Default: what the header fits."),
]  # fmt: skip
Dataset = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--dataset", "-d", help="Name of what is loaded and replaced as one. Default: the name of the file, "
                 "or of the folder of several files."),
]  # fmt: skip
Rejects = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--rejects", help="Where rejected rows are listed. Default: DATASET.rejects.csv beside the command."),
]
Encoding = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--encoding", help="Encoding of the files, where it cannot be told: utf-8, gb18030, big5, …"),
]
Format = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--format", help="Format of the files, where their content does not tell: csv, xlsx, xls, ods, iati …"
    ),
]
Validate = Annotated[
    bool,
    typer.Option("--validate", help="Check against the published schema too (IATI 2.0x): what it refuses is rejected."),
]
Sheet = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--sheet", help="The one sheet of a workbook that is meant. Default: those that are tables."),
]
Wait = Annotated[
    float, typer.Option("--wait", min=0, help="Seconds to wait for another load, or another owner of the store.")
]
Port = Annotated[int, typer.Option("--port", "-p", min=1, max=65535, help="Port on 127.0.0.1.")]


@app.command()
def demo(port: Port = 8000) -> None:
    """Load the seed, serve the API, and show what to ask.

    Example: `aidgraph demo --port 8001`
    """
    from cli import serving

    serving.demo(port)


@app.command()
def serve(port: Port = 8000) -> None:
    """Serve the GraphQL API over what is loaded, at http://127.0.0.1:PORT/graphql.

    Example: `aidgraph serve --port 8001`
    """
    from cli import serving

    serving.serve(port)


@app.command()
def seed() -> None:
    """Load the seed into the graph: places, pairings, flows and the founding article. Again: nothing changes.

    Example: `NEO4J_URI=bolt://127.0.0.1:7687 NEO4J_PASSWORD=… aidgraph seed`
    """
    from cli import serving

    serving.seed_only()


@app.command()
def load(
    files: Files,
    mapping: Mapping = None,
    dataset: Dataset = None,
    rejects: Rejects = None,
    encoding: Encoding = None,
    format: Format = None,
    validate: Validate = False,
    sheet: Sheet = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check only, write nothing.")] = False,
    append: Annotated[bool, typer.Option("--append", help="Never retract what the files no longer hold.")] = False,
    allow_retract: Annotated[
        bool, typer.Option("--allow-retract", help="Let the load retract more than a fifth of its dataset.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Load again even if these very files are loaded.")] = False,
    wait: Wait = 0.0,
) -> None:
    """Load files into the graph as one dataset. Loading the same again changes nothing.

    What the dataset's newest load no longer holds is retracted, never removed. Rejected rows are listed with file,
    line, column, value and reason; the others are loaded (exit code 3).

    Examples: `aidgraph load pairs.csv` · `aidgraph load county/ --dataset ninglang-2024 --dry-run`
    """
    from cli import loading

    loading.load(
        files,
        mapping=mapping,
        dataset=dataset,
        rejects=rejects,
        encoding=encoding,
        format=format,
        validate=validate,
        sheet=sheet,
        dry_run=dry_run,
        append=append,
        allow_retract=allow_retract,
        force=force,
        wait=wait,
    )


@app.command()
def check(
    files: Files,
    mapping: Mapping = None,
    dataset: Dataset = None,
    rejects: Rejects = None,
    encoding: Encoding = None,
    format: Format = None,
    validate: Validate = False,
    sheet: Sheet = None,
) -> None:
    """Read and check files against the graph, write nothing; print rows, claims, exact sums and every fault.

    Example: `aidgraph check pairs.csv`
    """
    from cli import loading

    loading.load(
        files,
        mapping=mapping,
        dataset=dataset,
        rejects=rejects,
        encoding=encoding,
        format=format,
        validate=validate,
        sheet=sheet,
        dry_run=True,
    )


@app.command()
def bulk(
    files: Files,
    out: Annotated[Path, typer.Option("--out", "-o", help="A folder, new or empty, for the files.")],
    mapping: Mapping = None,
    dataset: Dataset = None,
    rejects: Rejects = None,
    encoding: Encoding = None,
    format: Format = None,
    sheet: Sheet = None,
) -> None:
    """Write files for `neo4j-admin database import full`, which fills an empty Neo4j many times faster than a load.

    Everything is checked as by a load into an empty graph; what the files name must be in them. No graph is opened.

    Example: `aidgraph bulk iati/*.xml --dataset iati --out import`
    """
    from cli import loading

    loading.bulk(
        files, out, mapping=mapping, dataset=dataset, rejects=rejects, encoding=encoding, format=format, sheet=sheet
    )


@app.command("runs")
def list_runs(
    dataset: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--dataset", "-d", help="Only those of this dataset."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """List what was loaded, newest first: dataset, files with their SHA-256, state, counts, rejected rows.

    Examples: `aidgraph runs` · `aidgraph runs --dataset ninglang-2024 --json`
    """
    from cli import runs

    runs.listing(dataset, as_json=as_json)


@app.command()
def undo(
    run: Annotated[str, typer.Argument(help="Id of the run, or its number, as `aidgraph runs` lists it.")],
    wait: Wait = 0.0,
) -> None:
    """Take back what one run brought; its dataset is as it was before, and what was known meanwhile stays known.

    Where the dataset was loaded again since, that load must be undone first. What other datasets brought stays.

    Example: `aidgraph undo run:12:ninglang-2024`
    """
    from cli import runs

    runs.undo(run, wait=wait)


@app.command()
def matches(
    label: Annotated[
        str, typer.Option("--label", "-l", help="Type of the entities: Organization, Company, Place …")
    ] = "Organization",
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--out", "-o", help="Write a table to decide in. What is decided in it already stays."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Pairs to propose, at most.")] = 1_000,
    min_score: Annotated[float, typer.Option("--min-score", min=0, max=1, help="The least score of a pair.")] = 0.75,
) -> None:
    """Propose pairs of entities that may be one, with a score and reasons. Nothing is merged by it.

    A person decides: fill in `decision` (same, different, unsure) and `by` of the rows, and load them by
    `aidgraph decide`. Pairs that are decided on are not proposed again.

    Examples: `aidgraph matches` · `aidgraph matches --label Official --min-score 0.6` ·
    `aidgraph matches --out matches.csv --limit 200`
    """
    from cli import matching

    matching.matches(label, out, limit=limit, min_score=min_score)


@app.command()
def decide(
    file: Annotated[Path, typer.Argument(help="The table that `aidgraph matches --out` wrote, filled in.")],
    dataset: Dataset = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check only, write nothing.")] = False,
    allow_retract: Annotated[
        bool, typer.Option("--allow-retract", help="Withdraw decisions whose rows are no longer in the file.")
    ] = False,
    wait: Wait = 0.0,
) -> None:
    """Load what persons decided of pairs: entities that are one are found, and answer, under one id.

    Nothing else of them changes; another decision, or `aidgraph undo`, gives back what was before. The file loads into
    another graph as well. Rows decided without a day get today's.

    Examples: `aidgraph decide matches.csv` · `aidgraph decide matches.csv --dataset decisions-2024 --dry-run`
    """
    from cli import matching

    matching.decide(file, dataset=dataset, dry_run=dry_run, allow_retract=allow_retract, wait=wait)


@app.command()
def template(
    name: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(
            help="A relationship type or an entity type, such as PAIRED_WITH or Company.", show_default=False
        ),
    ] = None,
    chinese: Annotated[bool, typer.Option("--chinese", "-c", help="Chinese headers.")] = False,
    xlsx: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--xlsx",
            help="Write a workbook of forms: all, or some of pairings, funds, projects, postings, "
            "staff, labour, purchases, inspections, weekly, agreements, with commas.",
        ),
    ] = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--out", "-o", help="Write the table to this new file, so that spreadsheets show its Chinese."),
    ] = None,
) -> None:
    """Print the columns of a table that loads as it is: headers, an example row, and what each column means.

    With --xlsx, write a workbook to fill in instead: a sheet for each kind of fact, with lists to choose from.

    Without a name, lists the types. The table goes to standard output, the meanings beside it to standard error.

    Examples: `aidgraph template PAIRED_WITH` · `aidgraph template FUNDS --chinese --out funds.csv` ·
    `aidgraph template --xlsx all --out county.xlsx`
    """
    from cli import showing

    if xlsx:
        showing.forms(xlsx, name=name, out=out)
    else:
        showing.template(name, chinese=chinese, out=out)


@app.command()
def dump(
    out: Annotated[Optional[Path], typer.Option("--out", "-o", help="Write to this file.")] = None,  # noqa: UP045
    history: Annotated[bool, typer.Option("--history", help="Closed versions too.")] = False,
    only_hash: Annotated[bool, typer.Option("--hash", help="Print the SHA-256 of the dump only.")] = False,
) -> None:
    """Print what the graph holds as sorted JSON lines: the same on both engines and in any load order.

    Examples: `aidgraph dump --out graph.jsonl` · `aidgraph dump --hash`
    """
    from cli import showing

    showing.dump(out, history=history, only_hash=only_hash)


@app.command()
def doctor() -> None:
    """Check platform, engine, ports, disk, store and Neo4j settings, and say how to mend what is wrong.

    Example: `aidgraph doctor`
    """
    from cli import showing

    showing.doctor()


@app.command()
def schema() -> None:
    """Print the GraphQL schema.

    Example: `aidgraph schema > schema.graphql`
    """
    from cli import showing

    showing.schema()


@app.command()
def model() -> None:
    """Print the graph model as Markdown.

    Example: `aidgraph model > graph-model.md`
    """
    from cli import showing

    showing.model()


@app.command()
def version() -> None:
    """Print the version."""
    from cli.console import version as number

    typer.echo(number())


for command in money.COMMANDS:
    app.command()(command)


def run() -> None:
    """Entry point of the command; errors become one line and an exit code."""
    from cli.console import failing

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Chinese must not end the command
    with failing():
        app()
