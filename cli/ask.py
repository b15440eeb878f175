"""`aidgraph ask`: questions in the terminal, answered without a server. Only the commands; see cli/asking.py."""

from typing import Annotated, Optional

import typer

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Ask the graph in the terminal: who helps whom, since when, by which source. Needs no server.\n\n"
    "NAME is an id (cn:530724), a code of six digits, or a name in Chinese, pinyin, initials or English. A name that several "
    "places or organizations have is refused with exit code 2, and lists them.\n\n"
    "Example: `aidgraph ask helpers 宁蒗 --as-of 2020-04-30`",
)

Name = Annotated[str, typer.Argument(help="Id, code or name.", show_default=False)]
Helper = Annotated[str, typer.Argument(help="Id, code or name of who helps.", show_default=False)]
Recipient = Annotated[str, typer.Argument(help="Id, code or name of who is helped.", show_default=False)]
Start = Annotated[str, typer.Argument(help="Id, code or name of the one.", show_default=False)]
End = Annotated[str, typer.Argument(help="Id, code or name of the other.", show_default=False)]
AsOf = Annotated[
    Optional[str],  # noqa: UP045 - typer reads it at run time
    typer.Option("--as-of", metavar="DAY", help="What held on a day, and what had begun by it, such as 2020-04-30."),
]
During = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--during", metavar="FROM..TO", help="What held or happened in a period, such as 2019..2020-06, or 2019."
    ),
]
KnownOn = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--known-on", metavar="DAY", help="Only what this graph had recorded, and not retracted, by then."),
]
Via = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--via",
        metavar="TYPE,…",
        help="Only facts of these types, such as PAIRED_WITH,FUNDS; `aidgraph template` lists them.",
    ),
]
RollUp = Annotated[
    bool, typer.Option("--roll-up", help="Help of and for places below, too, apart from the direct one.")
]
First = Annotated[
    int, typer.Option("--first", metavar="N", help="Rows at most: helpers, facts, paths, hits; up to 100 (paths 50).")
]
Json = Annotated[bool, typer.Option("--json", help="The data of the API's answer as JSON, and nothing else.")]


@app.command()
def helpers(
    name: Name, as_of: AsOf = None, during: During = None, known_on: KnownOn = None, via: Via = None,
    roll_up: RollUp = False, first: First = 20, json: Json = False,
) -> None:  # fmt: skip
    """Who helps a place, an organization or a project.

    Examples: `aidgraph ask helpers 宁蒗 --as-of 2020-04-30` · `aidgraph ask helpers 云南省 --roll-up --via PAIRED_WITH`
    """
    _ask("helpers", (name,), json, as_of, during, known_on, via, roll_up=roll_up, first=first)


@app.command()
def recipients(
    name: Name, as_of: AsOf = None, during: During = None, known_on: KnownOn = None, via: Via = None,
    roll_up: RollUp = False, first: First = 20, json: Json = False,
) -> None:  # fmt: skip
    """Whom a place or an organization helps.

    Example: `aidgraph ask recipients 广州市 --via FUNDS`
    """
    _ask("recipients", (name,), json, as_of, during, known_on, via, roll_up=roll_up, first=first)


@app.command()
def help(
    helper: Helper, recipient: Recipient, as_of: AsOf = None, during: During = None, known_on: KnownOn = None, via: Via = None,
    roll_up: RollUp = False, first: First = 20, json: Json = False,
) -> None:  # fmt: skip
    """All that one does for another, with totals and evidence.

    Example: `aidgraph ask help 江苏省 陕西省 --during 2019..2019`
    """
    _ask("help", (helper, recipient), json, as_of, during, known_on, via, roll_up=roll_up, first=first)


@app.command()
def path(
    start: Start, end: End, as_of: AsOf = None, during: During = None, known_on: KnownOn = None, via: Via = None,
    max_hops: Annotated[int, typer.Option("--max-hops", metavar="N", help="Steps of a path at most, 1 to 4.")] = 3,
    first: First = 20, json: Json = False,
) -> None:  # fmt: skip
    """How two entities hang together: paths from one to the other, the shortest first.

    Example: `aidgraph ask path 杨浦区 宁蒗 --max-hops 2`
    """
    _ask("path", (start, end), json, as_of, during, known_on, via, max_hops=max_hops, first=first)


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="A name, or some of its words.", show_default=False)],
    first: First = 20,
    json: Json = False,
) -> None:
    """Entities by their names, the best fitting first.

    Example: `aidgraph ask search 乡村振兴局`
    """
    _ask("search", (text,), json, first=first)


@app.command()
def supervision(
    name: Name,
    as_of: AsOf = None,
    during: During = None,
    known_on: KnownOn = None,
    first: First = 20,
    json: Json = False,
) -> None:
    """The inspections of a place, an organization, an official or a project: problems found, rectified, open.

    Example: `aidgraph ask supervision 毕节市`
    """
    _ask("supervision", (name,), json, as_of, during, known_on, first=first)


def _ask(
    question: str, names: tuple[str, ...], json: bool, as_of: str | None = None, during: str | None = None,
    known_on: str | None = None, via: list[str] | None = None, *, roll_up: bool = False, max_hops: int = 3, first: int = 20,
) -> None:  # fmt: skip
    from cli import answering
    from cli.asking import Options

    options = Options(
        as_of=as_of,
        during=during,
        known_on=known_on,
        via=tuple(via or ()),
        roll_up=roll_up,
        max_hops=max_hops,
        first=first,
    )
    answering.ask(question, names, options, as_json=json)
