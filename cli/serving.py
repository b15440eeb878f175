"""`aidgraph demo` and `aidgraph serve`: the API over an open graph, until Ctrl-C."""

import asyncio
import gc
import json
import os
import socket
import time
import urllib.request
from collections.abc import Awaitable, Callable, Coroutine
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import typer
import uvicorn
from starlette.types import ASGIApp

from api.app import create_app
from cli.console import opened, progress_bar, version
from graph import rates
from graph.engine import Graph
from graph.errors import EngineUnavailable
from graph.settings import from_environment
from loaders import seed
from loaders.records import Report

HOST = "127.0.0.1"

HELPERS = """query Helpers($of: ID!, $asOf: String) {
  helpers(of: $of, asOf: $asOf) {
    nodes {
      helper { id name nameEn }
      facts {
        nodes {
          certainty
          means { name }
          fact {
            type holds validFrom validTo
            ... on MonetaryFact { amount currency basis }
            ... on Funding { projects }
            ... on StaffTransfer { people basis }
            ... on Posting { title }
            evidence { source { id publisher url } locator }
          }
        }
      }
    }
  }
}"""
PLACE = """query Place($code: String!) {
  place(code: $code) { id name validTo parent { name } successors { nodes { from { id name } } } }
}"""


def bound(port: int, command: str) -> socket.socket:
    """A socket that has the port from now on; `command` shows how to choose another."""
    taken = socket.socket(proto=socket.IPPROTO_TCP)  # else asyncio leaves Nagle's delay on: 45 ms an answer
    if os.name == "posix":
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((HOST, port))
        taken.listen()
    except OSError:
        taken.close()
        raise EngineUnavailable(
            f"port {port} of {HOST} is taken by another program: choose another, as in {command.format(port + 1)}"
        ) from None
    return taken


def serve(port: int) -> None:
    with bound(port, "aidgraph serve --port {}") as taken:
        _until_interrupted(_serve(taken))


def demo(port: int) -> None:
    with bound(port, "make demo PORT={}") as taken:
        _until_interrupted(_demo(taken))


def seed_only() -> None:
    asyncio.run(_seed_only())


async def _seed_only() -> None:
    begun = time.monotonic()
    async with opened() as graph:
        with progress_bar() as tell:
            reports = await seed.load(graph, progress=tell, version=version())
        _say_loaded(reports, time.monotonic() - begun)


def _until_interrupted(work: Coroutine[Any, Any, None]) -> None:
    try:
        run(work)
    except KeyboardInterrupt:
        typer.echo("\nstopped", err=True)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Runs a server's work in the fastest loop there is: uvloop, where it can be had."""
    try:
        import uvloop
    except ImportError:  # Windows
        asyncio.run(work)
    else:
        uvloop.run(work)


def server(graph: Graph, around: Callable[[ASGIApp], ASGIApp] = lambda app: app) -> uvicorn.Server:
    """The server of the API; `around` may put something around the application.

    What is there when it starts is never garbage: the collector leaves it alone from now on, and looks seldom, since an
    answer of a thousand rows would set it off several times and leave nothing behind.
    """
    app = around(create_app(graph, tables=rates.named(from_environment())))
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1_000)
    return uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=5))


async def _serve(taken: socket.socket) -> None:
    async with opened() as graph:
        await _run(graph, taken, _say_where)


ASK = """curl -s http://{host}:{port}/graphql -H 'Content-Type: application/json' \\
  -d '{{"query": "{{ helpers(of: \\"cn:530724\\") {{ nodes {{ helper {{ id name }} kinds since }} }} }}"}}'"""


async def _say_where(port: int) -> None:
    typer.echo("Ask it yourself:")
    typer.echo(ASK.format(host=HOST, port=port))
    typer.echo(
        f"GraphQL at http://{HOST}:{port}/graphql, schema at http://{HOST}:{port}/schema.graphql; Ctrl-C stops it"
    )


async def _run(graph: Graph, taken: socket.socket, started: Callable[[int], Awaitable[None]]) -> None:
    serving = server(graph)

    async def tell() -> None:
        while not serving.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.02)
        await started(taken.getsockname()[1])

    telling = asyncio.create_task(tell())
    try:
        await serving.serve(sockets=[taken])
    finally:
        telling.cancel()


async def _demo(taken: socket.socket) -> None:
    begun = time.monotonic()
    typer.echo(f"aidgraph {version()}: starting the graph …")
    async with opened() as graph:
        with progress_bar() as tell:
            reports = await seed.load(graph, progress=tell, version=version())
        _say_loaded(reports, time.monotonic() - begun)

        async def started(port: int) -> None:
            await asyncio.to_thread(_show_questions, port)
            typer.echo("")
            await _say_where(port)

        await _run(graph, taken, started)


def _say_loaded(reports: list[Report], seconds: float) -> None:
    fresh = [report for report in reports if not report.unchanged_files]
    if not fresh:
        typer.echo(f"The seed is loaded already ({len(reports)} datasets); ready after {seconds:.1f} s.")
        return
    rows, claims = sum(r.rows for r in fresh), sum(r.counts.new + r.counts.changed for r in fresh)
    rejected = sum(r.rejected for r in fresh)
    typer.echo(f"Loaded {rows:,} rows as {claims:,} claims, {rejected:,} rejected; ready after {seconds:.1f} s.")


def ask(port: int, query: str, variables: dict[str, Any]) -> Any:
    """Data of an answer of the server that has just been started."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(
        f"http://{HOST}:{port}/graphql", data=body, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
        return json.load(response)["data"]


def _show_questions(port: int) -> None:
    typer.echo("\n1. Who helps Ninglang 宁蒗 (cn:530724) on 2020-04-30?")
    typer.echo('   { helpers(of: "cn:530724", asOf: "2020-04-30") { nodes { helper { name } facts { … } } } }')
    _show_helpers(ask(port, HELPERS, {"of": "cn:530724", "asOf": "2020-04-30"}))
    typer.echo("\n2. Who helps Qiandongnan 黔东南 (cn:522600) on 2021-03-01, in the year of the handover?")
    typer.echo('   { helpers(of: "cn:522600", asOf: "2021-03-01") { nodes { helper { name } facts { … } } } }')
    _show_helpers(ask(port, HELPERS, {"of": "cn:522600", "asOf": "2021-03-01"}))
    typer.echo("\n3. Which place is code 510124, which the Wenchuan list of 2008 uses?")
    typer.echo('   { place(code: "510124") { name validTo successors { nodes { from { id name } } } } }')
    _show_place(ask(port, PLACE, {"code": "510124"})["place"])


def _show_helpers(data: Any) -> None:
    for row in data["helpers"]["nodes"]:
        helper = row["helper"]
        english = f" {helper['nameEn']}" if helper["nameEn"] else ""
        typer.echo(f"   → {helper['name']}{english} ({helper['id']})")
        for help_ in row["facts"]["nodes"]:
            typer.echo(f"       {fact_line(help_)}")


def fact_line(help_: Any) -> str:
    """One fact of help in one line: what, how much, when, how sure, where it stands."""
    fact = help_["fact"]
    words = [fact["type"]]
    if help_["means"]:
        words.append(f"{help_['means']['name']} {fact.get('title') or ''}".strip())
    if fact.get("amount"):
        words.append(f"{Decimal(fact['amount']):,f} {fact['currency']}")
    words += [f"{fact[name]} {name}" for name in ("projects", "people") if fact.get(name) is not None]
    if fact.get("basis") not in (None, "REPORTED"):
        words.append(fact["basis"].lower())
    if fact["validFrom"]:
        end = f"–{fact['validTo']}" if fact["validTo"] and fact["validTo"] != fact["validFrom"] else ""
        words.append(f"{fact['validFrom']}{end}")
    words.append(fact["holds"].lower().replace("_", " "))
    if help_["certainty"] != "STATED":
        words.append(help_["certainty"].lower())
    evidence = fact["evidence"][0]
    source = evidence["source"]["publisher"] or unquote(evidence["source"]["url"] or evidence["source"]["id"])
    return f"{', '.join(words)}  [{', '.join(filter(None, (source, evidence['locator'])))}]"


def _show_place(place: Any) -> None:
    now = ", ".join(f"{s['from']['name']} ({s['from']['id']})" for s in place["successors"]["nodes"])
    parent = place["parent"]["name"] if place["parent"] else "?"
    typer.echo(f"   → {place['name']} ({place['id']}) in {parent}, until {place['validTo']}; now {now}")
