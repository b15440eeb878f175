"""Pairs among a hundred thousand organizations, in minutes and bounded memory; and the commands, from table to table."""

import csv
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from graph.names import pinyin, traditional

pytestmark = pytest.mark.soak

MANY, PLANTED = 100_000, 600
#: Loads organizations, and finds pairs in the same process: says how long that took, its memory in MB, and the pairs.
MATCHER = """
import asyncio, json, sys, time
from pathlib import Path
from graph import matching, schema_ddl
from graph.engine import open_graph
from graph.settings import Settings
from loaders import pipeline
from tests.peak import peak_mb

async def main(home, table):
    async with open_graph(Settings(home=Path(home))) as graph:
        await schema_ddl.apply(graph)
        if table:
            await pipeline.load(graph, [Path(table)], pipeline.Options(dataset="organizations"))
            return
        begun = time.monotonic()
        found = await matching.propose(graph, limit=5_000)
    pairs = [[p.a.id, p.b.id] for p in found.proposals]
    took = time.monotonic() - begun
    figures = {"entities": found.entities, "compared": found.compared, "peak": peak_mb(), "took": took}
    print(json.dumps({**figures, "pairs": pairs}))

asyncio.run(main(*sys.argv[1:]))
"""
KINDS = (
    "Foundation",
    "Trust",
    "Society",
    "Institute",
    "Council",
    "Ministry",
    "University",
    "Hospital",
    "Agency",
    "Fund",
)
OFFICES = ("扶贫开发办公室", "教育局", "人民医院", "第一中学", "第二中学", "农业农村局", "乡村振兴局", "实业有限公司")
HAN = "云贵川湘鄂沪京津冀晋蒙辽吉黑苏浙皖闽赣鲁豫粤桂琼渝藏陕甘青宁新州东西南北山水江河湖海平安和兴华"


def english(rng: random.Random, words: list[str]) -> str:
    own = " ".join(rng.choices(words, k=rng.choice((2, 3))))
    return f"{own} {rng.choice(KINDS)} of {rng.choice(words)}".title()


def chinese(rng: random.Random) -> str:
    return "".join(rng.choices(HAN, k=4)) + rng.choice("省市县区") + rng.choice(OFFICES)


def misspelt(name: str) -> str:
    """Two letters of the longest word exchanged."""
    word = max(name.split(), key=len)
    at = len(word) // 2
    return name.replace(word, word[:at] + word[at + 1] + word[at] + word[at + 2 :])


#: How one name becomes another of the same body.
OTHER_NAMES: tuple[Callable[[str], str], ...] = (
    lambda name: f"The {name}, Ltd.",
    lambda name: " ".join(reversed(name.replace(" Of ", " ").split())),
    lambda name: name.replace("a", "á").replace("o", "ö").upper(),
    misspelt,
)
OTHER_HAN: tuple[Callable[[str], str], ...] = (traditional, pinyin, lambda name: f"{name}有限公司")


def make(path: Path) -> set[tuple[str, str]]:
    """A table of organizations; returns the pairs of ids that are one."""
    rng = random.Random(7)
    syllables = [a + b for a in "bcdfghklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "en", "on", "ar", "el")]
    words = ["".join(rng.choices(syllables, k=3)) for _ in range(20_000)]
    names = [chinese(rng) if n % 5 == 0 else english(rng, words) for n in range(MANY - PLANTED)]
    planted: set[tuple[str, str]] = set()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("entity", "id", "name"))
        writer.writerows(("Organization", f"org:n{n:06}", name) for n, name in enumerate(names))
        for n in range(PLANTED):
            of = 7 * n
            ways = OTHER_HAN if of % 5 == 0 else OTHER_NAMES
            writer.writerow(("Organization", f"org:other{n:06}", ways[n % len(ways)](names[of])))
            planted.add((f"org:n{of:06}", f"org:other{n:06}"))
    return planted


@pytest.mark.timeout(1200)
def test_a_hundred_thousand_organizations(tmp_path: Path) -> None:
    table = tmp_path / "organizations.csv"
    planted = make(table)
    said = ""
    for what in (str(table), ""):
        arguments = [sys.executable, "-c", MATCHER, str(tmp_path / "home"), what]
        said = subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=1000).stdout
    result = json.loads(said)
    found = {(a, b) for a, b in result["pairs"]}
    missed = sorted(planted - found)
    print(
        f"{result['compared']:,} pairs compared in {result['took']:.0f} s, {result['peak']:.0f} MB; "
        f"{len(found):,} proposed, {len(missed)} of {len(planted)} missed: {missed[:5]}"
    )
    assert result["entities"] == MANY
    assert len(missed) < 0.02 * PLANTED
    assert len(found - planted) < 0.2 * PLANTED  # few that are none
    assert result["peak"] < 400 and result["took"] < 600


BODIES = """\
entity,id,name
Organization,org:a,Relief Fund of Ninglang
Organization,org:bb,Relief Fund of Ninglang Ltd
Organization,org:ccc,The Ninglang Relief Fund
Organization,org:d,Another Body
"""


def test_the_commands_from_a_proposal_to_a_decision(tmp_path: Path) -> None:
    def run(*words: str, code: int = 0) -> str:
        environment = {**os.environ, "AIDGRAPH_HOME": str(tmp_path / "home")}
        command = [sys.executable, "-c", "from cli.main import run; run()", *words]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=120)
        assert done.returncode == code, done
        return done.stdout + done.stderr

    bodies, table = tmp_path / "bodies.csv", tmp_path / "matches.csv"
    bodies.write_text(BODIES, "utf-8")
    run("load", str(bodies))
    assert "org:a) = Relief Fund of Ninglang Ltd (org:bb)?" in run("matches")
    assert "3 to decide" in run("matches", "--out", str(table))
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["id"], row["other_id"]) for row in rows] == [
        ("org:a", "org:bb"),
        ("org:a", "org:ccc"),
        ("org:bb", "org:ccc"),
    ]
    rows[0] |= {"decision": "same", "by": "me"}
    rows[1] |= {"decision": "unsure", "note": "ask them"}
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    said = run("decide", str(table))
    assert "is written into 1 decided rows" in said and "org:a stands for org:bb" in said
    assert "these very files are loaded already" in run("decide", str(table))
    # what is unsure stays; its body, now of two ids, is not proposed under the other one
    assert "1 same, 1 unsure" in run("matches", "--out", str(table))
    with table.open(encoding="utf-8-sig", newline="") as file:
        assert [(row["decision"], row["other_id"], row["note"]) for row in csv.DictReader(file)] == [
            ("unsure", "org:ccc", "ask them"), ("same", "org:bb", ""),
        ]  # fmt: skip
    table.write_text("decision,by,on,id,other_id\nsame,me,2024-01-01,org:a,org:d\n", "utf-8")
    assert "no longer holds 1 pairs that matches decides on, as org:a and org:bb" in run("decide", str(table), code=1)
    assert "org:a stands for org:d" in run("decide", str(table), "--allow-retract")
    assert "no table of decisions" in run("decide", str(bodies), code=1)
    assert "there is no type Nobody" in run("matches", "--label", "Nobody", code=2)
