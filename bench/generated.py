"""A generated graph for `reads`: 20,000 entities and 200,000 funding claims as graph/write would have stored them.

Places in three levels, projects located in them, organizations; funding among all of them, out of 50 sources. A dense
set of companies fund each other, 24 facts each, so that a page of 20 in a page of 20 is full.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from graph import identity, names, schema_ddl
from graph.engine import Engine, Graph, Transaction
from graph.model import MODEL, RelationshipType
from graph.records import Claim, Value
from graph.write import claims, entities
from graph.write.readings import claim_properties

SEED = 20261123
ENTITIES, CLAIMS, BATCH = 20_000, 200_000, 5_000
PROVINCES, PREFECTURES, COUNTIES, PROJECTS, SOURCES = 31, 11, 8, 4_000, 50
DENSE, DEGREE = 420, 24
#: Organizations with 26 to 44 facts each, of which at least 20 are not retracted; the others have a few.
FUNDERS, FACTS = 3_000, (26, 44)
SECOND, RETRACTED = 0.1, 0.03
RECORDED = 1_760_000_000_000
CLASSES = ("budget", "commitment", "disbursement", "expenditure", "reported_total")
BASES = ("reported", "planned", "done")
_CHARACTERS = (
    "宁蒗云黔贵川渝湘鄂赣闽粤桂琼蒙疆藏青甘陕晋冀鲁豫苏浙沪皖吉辽黑京津安平永定兴昌远长新和江河山海东西南北中林"
)
_AWAIT_INDEXES = "CALL db.awaitIndexes(600)"

Row = dict[str, Value]
Related = list[Any]


@dataclass(slots=True)
class Generated:
    """Rows to store, and ids to ask about."""

    entities: dict[str, list[Row]] = field(default_factory=dict[str, list[Row]])
    claims: dict[str, list[Related]] = field(default_factory=dict[str, list[Related]])
    places: list[str] = field(default_factory=list[str])
    projects: list[str] = field(default_factory=list[str])
    organizations: list[str] = field(default_factory=list[str])
    dense: list[str] = field(default_factory=list[str])
    sources: list[str] = field(default_factory=list[str])
    funders: list[str] = field(default_factory=list[str])  # organizations with 20 facts or more

    @property
    def asked(self) -> list[str]:
        return self.places + self.projects + self.organizations + self.dense


def generate(seed: int = SEED) -> Generated:
    """The same graph for the same seed."""
    made, rng = Generated(), random.Random(seed)
    namer = _Namer(rng)
    _sources(made)
    _places(made, namer)
    _others(made, namer)
    _located(made, rng)
    _funding(made, rng)
    return made


class _Namer:
    """Names with what graph.names derives from them, put together of characters: deriving each takes half a minute."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._of = {c: (names.traditional(c), names.pinyin(c)) for c in _CHARACTERS + "省州县司局项目"}

    def row(self, label: str, id_: str, suffix: str, **more: Value) -> Row:
        name = "".join(self._rng.sample(_CHARACTERS, 3)) + suffix
        hant, syllables = ("".join(self._of[c][0] for c in name), " ".join(self._of[c][1] for c in name))
        row: Row = {
            "id": id_, "type": label, "canonical": id_, "name": name, "name_hant": hant, "pinyin": syllables,
            "initials": names.initials(syllables), "search": f"{name} {hant} {syllables}", **more,
        }  # fmt: skip
        return {**row, "digest": identity.digest(row)}


def _sources(made: Generated) -> None:
    for n in range(SOURCES):
        id_ = f"https://example.org/report/{n}"
        row: Row = {"id": id_, "type": "Source", "canonical": id_, "url": id_, "name": f"Report {n}", "pinyin": ""}
        row |= {"title": f"Report {n}", "publisher": "Example", "published": "2024-05", "language": "zh"}
        made.entities.setdefault("Source", []).append({**row, "digest": identity.digest(row)})
        made.sources.append(id_)


def _places(made: Generated, namer: _Namer) -> None:
    def place(label: str, code: str, suffix: str, above: str) -> str:
        id_ = f"cn:{code}"
        where: Row = {"code": code, "longitude": 100 + int(code[2:4]) / 10, "latitude": 20 + int(code[4:]) / 10}
        made.entities.setdefault(label, []).append(namer.row(label, id_, suffix, **where))
        made.places.append(id_)
        if above:
            values: Row = {"valid_from": "2000-01-01", "certainty": "stated", "confidence": "high"}
            _store(made, "PART_OF", id_, above, made.sources[0], values)
        return id_

    for province in range(11, 11 + PROVINCES):
        top = place("Province", f"{province}0000", "省", "")
        for prefecture in range(1, 1 + PREFECTURES):
            middle = place("Prefecture", f"{province}{prefecture:02}00", "州", top)
            for county in range(21, 21 + COUNTIES):
                place("County", f"{province}{prefecture:02}{county}", "县", middle)


def _others(made: Generated, namer: _Namer) -> None:
    def add(ids: list[str], label: str, id_: str, suffix: str, **more: Value) -> None:
        made.entities.setdefault(label, []).append(namer.row(label, id_, suffix, **more))
        ids.append(id_)

    for n in range(PROJECTS):
        add(made.projects, "Project", f"project:{n}", "项目", status="implementation")
    for n in range(DENSE):
        add(made.dense, "Company", f"org:dense:{n}", "司", level="county")
    for n in range(ENTITIES - len(made.places) - PROJECTS - DENSE - SOURCES):
        label, suffix = ("Company", "司") if n % 2 else ("Agency", "局")
        add(made.organizations, label, f"org:{n}", suffix, level="county")


def _located(made: Generated, rng: random.Random) -> None:
    for id_ in made.projects:
        values: Row = {"certainty": "stated", "confidence": "high"}
        _store(made, "LOCATED_IN", id_, rng.choice(made.places), rng.choice(made.sources), values)


def _funding(made: Generated, rng: random.Random) -> None:
    """Facts of the dense set, of the funders and of others, until there are CLAIMS claims."""
    pairs = [(start, end) for start in made.dense for end in rng.sample([d for d in made.dense if d != start], DEGREE)]
    for n, (start, end) in enumerate(pairs):
        _fact(made, rng, n, start, end, retracted=0.0)
    funders = rng.sample(made.organizations, FUNDERS)
    starts = [start for start in funders for _ in range(rng.randint(*FACTS))]
    others = made.asked[: -len(made.dense)]
    ends = (made.places, made.places, made.projects, made.organizations)
    open_facts: Counter[str] = Counter()
    while len(made.claims["FUNDS"]) < CLAIMS:
        n = len(made.claims["FUNDS"])
        start, end = starts.pop() if starts else rng.choice(others), rng.choice(rng.choice(ends))
        if start != end:
            open_facts[start] += _fact(made, rng, len(pairs) + n, start, end, retracted=RETRACTED)
    del made.claims["FUNDS"][CLAIMS:]
    made.funders = [id_ for id_ in funders if open_facts[id_] >= 20]


def _fact(made: Generated, rng: random.Random, n: int, start: str, end: str, *, retracted: float) -> bool:
    """One fact by one source or two; whether a claim of it stands."""
    year = rng.randint(2016, 2023)
    minor = rng.randint(1, 9_000_000) * 100
    values: Row = {
        "amount": minor, "amount_text": str(minor // 100), "currency": "CNY" if rng.random() < 0.9 else "USD",
        "class": rng.choice(CLASSES), "basis": rng.choice(BASES), "measure": f"m{n}", "valid_from": str(year),
        "valid_to": str(year), "valid_to_basis": "period", "certainty": "stated", "confidence": "high",
    }  # fmt: skip
    first, second = rng.sample(made.sources, 2)
    stands = rng.random() >= retracted
    _store(made, "FUNDS", start, end, first, values, retracted=not stands)
    if rng.random() < SECOND:
        values = {**values, "confidence": "medium"}
        _store(made, "FUNDS", start, end, second, values)
        stands = True
    return stands


def _store(
    made: Generated, name: str, start: str, end: str, source: str, values: Row, *, retracted: bool = False
) -> None:
    """A claim as graph/write/claims.py stores it."""
    relationship: RelationshipType = MODEL.relationship[name]
    rows = made.claims.setdefault(name, [])
    locator = f"line {len(rows) % 500 + 1}"
    fact = identity.fact_id(
        relationship, Claim(type=name, start=start, end=end, source=source, locator=locator, values=values)
    )
    id_, digest = identity.claim_id(fact, source, 1), identity.digest(values)
    kept = claim_properties(relationship.time, values) | {
        "locator": locator, "datasets": ["generated"], "locators": [locator], "id": id_, "fact": fact, "source": source,
        "digest": digest, "version": identity.version_id(id_, digest, 0), "recorded_at": RECORDED,
    }  # fmt: skip
    if retracted:
        kept["retracted_at"] = RECORDED + 1_000
    rows.append([start, end, kept])


async def store(graph: Graph, made: Generated) -> None:
    """Writes it all into an empty graph, in batches, and waits until the indexes can be used."""
    await schema_ddl.apply(graph)
    for label, rows in made.entities.items():
        await _write(graph, entities.create(MODEL.labels(label)), rows)
    for name, related in made.claims.items():
        # in order of the starts, so that a batch meets few of them
        await _write(graph, claims.create(MODEL.relationship[name].name), sorted(related, key=lambda row: row[0]))
    if graph.kind is Engine.NEO4J:
        await graph.rows(_AWAIT_INDEXES)


async def _write(graph: Graph, statement: Any, rows: list[Any]) -> None:
    for batch in _batches(rows):

        async def work(transaction: Transaction, batch: list[Any] = batch) -> int:
            return await transaction.value(statement, {"rows": batch})

        written = await graph.write(work)
        assert written == len(batch), f"{written} of {len(batch)} rows were written"
        await asyncio.sleep(0)


def _batches(rows: list[Any]) -> Iterator[list[Any]]:
    for first in range(0, len(rows), BATCH):
        yield rows[first : first + BATCH]


def facts_of(made: Generated, starts: Iterable[str]) -> Counter[str]:
    """How many facts with a claim that stands start at each, for checks."""
    wanted = set(starts)
    standing = {(s, p["fact"]) for s, _, p in made.claims["FUNDS"] if s in wanted and "retracted_at" not in p}
    return Counter(start for start, _ in standing)
