"""Questions of `aidgraph ask`: their documents, names made into ids, and answers of the API in this process.

How an answer is shown stands in cli/telling.py. No HTTP and no server: the graph that is given is asked.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from api.cursors import Seal
from api.errors import printable
from api.execute import Executor
from api.schema import own_schema
from cli.console import CommandError
from graph import schema_ddl
from graph.engine import Graph
from graph.model import MODEL
from graph.sources.help import kinds
from graph.tracing.rates import NO_TABLES, Tables

#: Seconds an answer may take: whoever waits at a terminal has more patience than a server with many clients.
TIME = 30.0
#: Stands in a document for the rows of its page. The limits count what a number says, and of a variable the most.
ROWS = "ROWS"

EVIDENCE = "evidence { locator source { id publisher url } }"
#: One fact, with whatever figures its type has.
FACT = f"""fragment fact on Fact {{
  id type holds validFrom validTo to {{ id name ... on Project {{ count }} }} {EVIDENCE}
  ... on MonetaryFact {{ amount currency class basis bound perYear measure raw }}
  ... on Funding {{ projects }}
  ... on StaffTransfer {{ people staffKind: kind basis bound perYear measure raw }}
  ... on LabourTransfer {{ workers personClass basis bound perYear measure raw }}
  ... on Posting {{ title }}
}}"""
TOTAL = """fragment total on Total {
  measure type class basis unit counted kinds perYear toProjects sum bound added
  notAdded(first: 3) {
    totalCount
    nodes {
      reason
      fact {
        id validFrom validTo
        ... on MonetaryFact { amount currency bound raw }
        ... on Funding { projects }
        ... on StaffTransfer { people staffKind: kind bound raw }
        ... on LabourTransfer { workers personClass bound raw }
      }
    }
  }
}"""
_TIMES = "$asOf: String, $during: Period, $knownOn: String"
_ASKED = "asOf: $asOf, during: $during, knownOn: $knownOn"
_THROUGH = "totalCount nodes { helper { id name } recipient { id name } kinds since factsCount }"


def _list(root: str) -> str:
    return f"""query ($of: ID!, $via: [RelationshipType!], $rollUp: Boolean!, $after: String, {_TIMES}) {{
  {root}(of: $of, via: $via, rollUp: $rollUp, first: {ROWS}, after: $after, {_ASKED}) {{
    totalCount
    pageInfo {{ hasNextPage endCursor }}
    nodes {{
      helper {{ id name nameEn }} recipient {{ id name nameEn }} kinds since factsCount
      totals {{ ...total }}
      facts(first: 8) {{ nodes {{ certainty means {{ id name }} recipient {{ id name }} fact {{ ...fact }} }} }}
      through(first: 8) @include(if: $rollUp) {{ {_THROUGH} }}
    }}
  }}
}}
{TOTAL}
{FACT}"""


HELPERS = _list("helpers")
RECIPIENTS = _list("recipients")
HELP = f"""query ($from: ID!, $to: ID!, $via: [RelationshipType!], $rollUp: Boolean!, {_TIMES}) {{
  help(from: $from, to: $to, via: $via, rollUp: $rollUp, {_ASKED}) {{
    helper {{ id name nameEn }} recipient {{ id name nameEn }} kinds since factsCount
    totals {{ ...total }}
    facts(first: {ROWS}) {{ nodes {{ certainty means {{ id name }} recipient {{ id name }} fact {{ ...fact }} }} }}
    through(first: {ROWS}) @include(if: $rollUp) {{ {_THROUGH} }}
  }}
}}
{TOTAL}
{FACT}"""
PATHS = f"""query ($from: ID!, $to: ID!, $via: [RelationshipType!], $maxHops: Int!, {_TIMES}) {{
  paths(from: $from, to: $to, via: $via, maxHops: $maxHops, first: {ROWS}, {_ASKED}) {{
    truncated
    more
    paths {{
      length
      nodes {{ id name }}
      steps {{
        from {{ id }}
        facts {{ type holds validFrom validTo from {{ id }} {EVIDENCE} }}
      }}
    }}
  }}
}}"""
SEARCH = f"""query ($text: String!, $types: [EntityType!], $after: String) {{
  search(text: $text, types: $types, first: {ROWS}, after: $after) {{
    totalCount
    pageInfo {{ hasNextPage endCursor }}
    nodes {{
      match
      entity {{
        id type name nameEn
        ... on Place {{ validTo ancestors {{ name }} }}
        ... on Organization {{
          locations(first: 2) {{ nodes {{ to {{ name }} }} }}
          partOf(first: 1) {{ nodes {{ to {{ name }} }} }}
        }}
        ... on Project {{ locations(first: 2) {{ nodes {{ to {{ name }} }} }} }}
        ... on Inspection {{ locations(first: 2) {{ nodes {{ to {{ name }} }} }} }}
        ... on Official {{ posts(first: 2) {{ nodes {{ to {{ name }} }} }} }}
      }}
    }}
  }}
}}"""
SUPERVISION = f"""query ($of: ID!, $after: String, {_TIMES}) {{
  supervision(of: $of, {_ASKED}) {{
    inspectionsCount inspections problemsFound rectified open openCertainty rate
    rows(first: {ROWS}, after: $after) {{
      totalCount
      pageInfo {{ hasNextPage endCursor }}
      nodes {{
        open openCertainty rate
        inspection {{
          id name kind stage asOf validFrom validTo inspectors inspections problemsFound rectified
          conductedBy(first: 3) {{ nodes {{ from {{ id name }} }} }}
          describedIn(first: 2) {{ nodes {{ {EVIDENCE} }} }}
        }}
      }}
    }}
  }}
}}"""
#: Whether there is anything one can ask about.
ANYTHING = (
    "{ places(first: 1) { nodes { id } } organizations(first: 1) { nodes { id } } projects(first: 1) { nodes { id } } }"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A kind of question. `ends`: arguments that are entities, of these `types`; `paged`: way to the list that has pages of
    at most `page` rows, more of which the limits refuse; without it `first` itself is bounded by `page`."""

    name: str
    document: str
    ends: tuple[str, ...] = ("of",)
    takes: tuple[str, ...] = ()
    types: tuple[str, ...] = ("PLACE", "PLACE_GROUP", "ORGANIZATION", "PROJECT")
    paged: tuple[str, ...] = ()
    page: int = 20


_ANY = ("PLACE", "PLACE_GROUP", "ORGANIZATION", "OFFICIAL", "PROJECT", "PROGRAMME", "INSPECTION", "MECHANISM")
_HELPING = ("via", "rollUp")
QUESTIONS = {
    one.name: one
    for one in (
        Question(name="helpers", document=HELPERS, takes=_HELPING, paged=("helpers",)),
        Question(name="recipients", document=RECIPIENTS, takes=_HELPING, paged=("recipients",)),
        Question(name="help", document=HELP, ends=("from", "to"), takes=_HELPING, page=100),
        Question(name="path", document=PATHS, ends=("from", "to"), takes=("via", "maxHops"), types=_ANY, page=50),
        Question(name="search", document=SEARCH, ends=(), takes=("text",), paged=("search",), page=100),
        Question(name="supervision", document=SUPERVISION, types=_ANY, paged=("supervision", "rows"), page=100),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is asked for besides the names, as it was typed."""

    as_of: str | None = None
    during: str | None = None
    known_on: str | None = None
    via: tuple[str, ...] = ()
    roll_up: bool = False
    max_hops: int = 3
    first: int = 20

    def typed(self) -> str:
        """The options as they are typed again for a question about the same, but for `first`."""
        given = [("--as-of", self.as_of), ("--during", self.during), ("--known-on", self.known_on)]
        said = "".join(f" {option} {value}" for option, value in given if value)
        said += f" --via {','.join(self.via)}" if self.via else ""
        return said + (" --roll-up" if self.roll_up else "")

    def variables(self, question: Question) -> dict[str, Any]:
        """Variables of the question's document but for its ends. Raises CommandError."""
        said: dict[str, Any] = {}
        if "text" not in question.takes:
            times = {"asOf": self.as_of, "during": period(self.during), "knownOn": self.known_on}
            said = {name: value for name, value in times.items() if value is not None}
        if "via" in question.takes and (types := relationship_types(self.via, help_only="rollUp" in question.takes)):
            said["via"] = types
        if "rollUp" in question.takes:
            said["rollUp"] = self.roll_up
        if "maxHops" in question.takes:
            said["maxHops"] = self.max_hops
        return said


def period(text: str | None) -> dict[str, str] | None:
    """`2019..2020-06`, or a single year, month or day."""
    if text is None:
        return None
    start, dots, end = (part.strip() for part in text.partition(".."))
    if not start or (dots and not end):
        raise CommandError(f"--during is {text!r}: give both ends, such as 2019..2020-06, or one year", 2)
    return {"from": start, "to": end or start}


def relationship_types(given: Iterable[str], *, help_only: bool = False) -> list[str]:
    """Types of the vocabulary, or those of them that are help, separated by commas, in whichever case."""
    allowed = kinds() if help_only else [r.name for r in MODEL.relationships]
    wanted = [one.strip() for text in given for one in text.split(",") if one.strip()]
    found = [one.upper().replace("-", "_") for one in wanted]
    for typed, name in zip(wanted, found, strict=True):
        if name not in allowed:
            raise CommandError(f"--via is {typed!r}: it is none of {', '.join(allowed)}", 2)
    return list(dict.fromkeys(found))


# names


class Missing(CommandError):
    """What was asked about is not there."""

    def __init__(self, message: str) -> None:
        super().__init__(message, 1)


def as_id(text: str) -> str | None:
    """The id the text is; None where it is a name."""
    text = text.strip()
    if len(text) == 6 and text.isascii() and text.isdigit():
        return f"cn:{text}"
    return text if ":" in text else None


#: Matches that say: this is what it is called.
EXACT = ("NAME", "OTHER_NAME", "READING")
#: Hits looked at: no name of the country is borne by so many.
LOOKED_AT = 50


def candidates(hits: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Hits that fit a name best and exactly; of these places alone, else organizations alone, where there are any."""
    exact = [hit for hit in hits if hit["match"] in EXACT]
    if not exact:
        return []
    best = min(EXACT.index(hit["match"]) for hit in exact)
    fitting = [hit for hit in exact if hit["match"] == EXACT[best]]
    foremost = min(_group(hit["entity"]["type"]) for hit in fitting)
    return [hit for hit in fitting if _group(hit["entity"]["type"]) == foremost]


def _group(type_: str) -> int:
    label = "".join(part.capitalize() for part in type_.split("_"))
    if MODEL.is_a(label, "Place") or label == "PlaceGroup":
        return 0
    return 1 if MODEL.is_a(label, "Organization") else 2


def within(entity: Mapping[str, Any]) -> str:
    """Where an entity lies, or the body it is part of or a post of; empty where the graph does not say."""
    if above := entity.get("ancestors"):
        # the country says nothing unless it is all there is
        return ", ".join(one["name"] for one in (above[:-1] or above))
    for connection in ("locations", "partOf", "posts"):
        if nodes := (entity.get(connection) or {}).get("nodes"):
            return ", ".join(name for node in nodes if (name := node["to"]["name"]))
    return ""


def ambiguous(name: str, found: list[Mapping[str, Any]]) -> CommandError:
    """Names all that is meant by a name, and how to say which."""
    first = found[0]["entity"]["id"]
    lines = [
        f"{printable(name)} is the name of {len(found)}: give the id of the one meant in its place, such as {first}"
    ]
    for hit in found:
        entity = hit["entity"]
        until = f", until {entity['validTo']}" if entity.get("validTo") else ""
        lies = f" in {where}" if (where := within(entity)) else ""
        kind = entity["type"].lower().replace("_", " ")
        lines.append(printable(f"  {entity['id']}  {entity['name']}, {kind}{lies}{until}"))
    return CommandError("\n".join(lines), 2)


# asking

#: Exit codes by the code of an error of the API; 1 of all others.
_CODES = {
    "BAD_USER_INPUT": 2, "COST_LIMIT_EXCEEDED": 2, "GRAPHQL_VALIDATION_FAILED": 2, "GRAPHQL_PARSE_FAILED": 2,
    "SERVICE_UNAVAILABLE": 4,
}  # fmt: skip
_OPTIONS = {
    "asOf": "--as-of",
    "maxDepth": "--max-depth",
    "minShare": "--min-share",
    "constantPrices": "--prices",
    "paths": "--paths",
    "limit": "--first",
    "currency": "--currency",
    "tolerance": "--tolerance",
    "knownOn": "--known-on",
    "maxHops": "--max-hops",
    "during": "--during",
    "first": "--first",
}


def refusal(errors: list[Mapping[str, Any]]) -> CommandError:
    """The first error of an answer, in the words of the command."""
    message, code = errors[0]["message"], errors[0].get("extensions", {}).get("code")
    for argument, option in _OPTIONS.items():
        for form in (
            f"{argument} is ",
            f"{argument}.from is ",
            f"{argument}.to is ",
            f"{argument} and ",
            f"{argument} needs ",
        ):
            if message.startswith(form):
                message = option + message.removeprefix(argument)
    message = (
        message.replace(" and during are both", " and --during are both")
        .replace("search finds", "`ask search` finds")
        .replace("name one as currency", "name one with --currency")
    )
    return Missing(message) if code == "NOT_FOUND" else CommandError(message, _CODES.get(code, 1))


@dataclass(slots=True)
class Asker:
    """Asks the API over a graph. `say` is told which entity a name was taken for; `meant` keeps it."""

    executor: Executor
    say: Callable[[str], None]
    meant: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    async def over(cls, graph: Graph, say: Callable[[str], None], tables: Tables = NO_TABLES) -> "Asker":
        seal = Seal(await schema_ddl.seal_key(graph))
        return cls(Executor(own_schema(), graph, seal, timeout=TIME, tables=tables), say)

    async def data(self, document: str, variables: Mapping[str, Any], rows: int = 1) -> Any:
        answer = await self.executor.answer(document.replace(ROWS, str(rows)), variables, None)
        body = json.loads(answer.body)
        if body.get("errors"):
            raise refusal(body["errors"])
        return body["data"]

    async def ask(self, question: Question, names: tuple[str, ...], options: Options) -> Any:
        """Data of the answer; of a list as many pages as it takes, as one."""
        if not 1 <= options.first <= 100 or (not question.paged and options.first > question.page):
            most = 100 if question.paged else question.page
            raise CommandError(f"--first is {options.first}: it must lie between 1 and {most}", 2)
        variables = options.variables(question)
        if not question.ends:
            variables["text"] = names[0]
        try:
            for end, name in zip(question.ends, names, strict=False):
                variables[end] = await self.id_of(name, question)
            return await self._pages(question, variables, options.first)
        except Missing:
            if await self.empty():
                raise Missing(EMPTY) from None
            raise

    async def _pages(self, question: Question, variables: dict[str, Any], first: int) -> Any:
        if not question.paged:
            return await self.data(question.document, variables, first)
        data = await self.data(question.document, variables, min(first, question.page))
        page = _at(data, question.paged)
        while page and page["pageInfo"]["hasNextPage"] and len(page["nodes"]) < first:
            after = page["pageInfo"]["endCursor"]
            rows = min(first - len(page["nodes"]), question.page)
            more = _at(await self.data(question.document, {**variables, "after": after}, rows), question.paged)
            page["nodes"] += more["nodes"]
            page["pageInfo"] = more["pageInfo"]
        if not (page and page["nodes"]) and await self.empty():
            raise Missing(EMPTY)
        return data

    async def id_of(self, name: str, question: Question) -> str:
        """The id a name or a code stands for. Raises CommandError where it stands for none or for several."""
        if (id_ := as_id(name)) is not None:
            self.meant[name] = printable(id_)
            return id_
        variables = {"text": name, "types": list(question.types)}
        found = (await self.data(SEARCH, variables, LOOKED_AT))["search"]
        chosen = candidates(found["nodes"])
        if len(chosen) > 1:
            raise ambiguous(name, chosen)
        if not chosen:
            similar = found["totalCount"]
            hint = f": `ask search {name}` lists {similar:,} whose names hold it" if similar else ""
            raise Missing(printable(f"nothing that can be asked about is named {name!r}{hint}"))
        entity = chosen[0]["entity"]
        self.meant[name] = printable(f"{entity['name']} ({entity['id']})")
        self.say(f"{printable(name)} → {self.meant[name]}")
        return entity["id"]

    async def empty(self) -> bool:
        return not any(found["nodes"] for found in (await self.data(ANYTHING, {})).values())


EMPTY = "the graph is empty: load the seed with `aidgraph seed`, or data of your own with `aidgraph load`"


def _at(data: Any, way: tuple[str, ...]) -> Any:
    for name in way:
        data = data and data[name]
    return data
