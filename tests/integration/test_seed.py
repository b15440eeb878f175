"""The seed as loaded, and against the data it was made from where that is at hand."""

import csv
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from graph.engine import Graph
from loaders import pipeline, seed
from tests.checks import SHARED

needs_pairings = pytest.mark.skipif(
    not (SHARED / "pairings").is_dir(), reason="the tables of pairings the seed was made from are not at hand"
)
needs_divisions = pytest.mark.skipif(
    not (SHARED / "gb2260").is_dir(), reason="the list of divisions the seed was made from is not at hand"
)
needs_article = pytest.mark.skipif(
    not (SHARED / "article").is_dir(), reason="the facts of the article the seed was made from are not at hand"
)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def seed_rows(pattern: str) -> list[dict[str, str]]:
    return [row for path in sorted(seed.folder().glob(pattern)) for row in table(path)]


async def test_every_row_is_loaded(seeded: Graph) -> None:
    runs = await seeded.rows("MATCH (r:LoadRun) RETURN r.dataset, r.state, r.rejected ORDER BY r.sequence")
    assert runs == [[dataset.options.dataset, "done", 0] for dataset in seed.datasets()]
    counted = {d.options.dataset: sum(len(table(f)) for f in d.files) for d in seed.datasets()}
    assert counted == {d.options.dataset: d.options.passport.rows for d in seed.datasets()}


async def test_loading_again_changes_nothing(seeded: Graph) -> None:
    reports = await seed.load(seeded)
    assert [report.unchanged_files for report in reports] == [True] * len(reports)


async def test_places_by_level(seeded: Graph) -> None:
    counts = dict(await seeded.rows("MATCH (e:Place) RETURN e.type, count(e)"))
    expected = Counter(row["entity"] for row in seed_rows("places.csv"))
    assert counts == dict(expected)
    assert (counts["Country"], counts["Province"]) == (1, 34)
    statistical = await seeded.value("MATCH (e:Zone) WHERE e.kind = 'statistical' RETURN count(e)")
    assert statistical == 123  # of 124: one is a development zone that the pairings name
    assert await seeded.value("MATCH (e:Place) WHERE e.name IN ['市辖区', '县'] RETURN count(e)") == 0
    assert await seeded.value("MATCH (e:Place)-[:PART_OF]->(u) WHERE e.id = u.id RETURN count(e)") == 0
    assert await seeded.value("MATCH (e:Place) WHERE NOT EXISTS { (e)-[:PART_OF]->() } RETURN collect(e.id)") == [
        "iso:CN"
    ]


async def test_every_entity_id_is_unique(seeded: Graph) -> None:
    nodes, ids = (await seeded.rows("MATCH (e:Entity) RETURN count(e), count(DISTINCT e.id)"))[0]
    assert nodes == ids


async def test_every_claim_has_a_source_that_is_there(seeded: Graph) -> None:
    claims = {row[0] for row in await seeded.rows("MATCH ()-[c]->() WHERE type(c) <> 'FLOW' RETURN DISTINCT c.source")}
    sources = {row[0] for row in await seeded.rows("MATCH (s:Source) RETURN s.id")}
    assert claims <= sources


async def test_a_seed_with_a_row_missing_is_refused(graph: Graph, tmp_path: Path) -> None:
    dataset = seed.datasets()[1]
    short = tmp_path / dataset.files[0].name
    short.write_text("\n".join(dataset.files[0].read_text("utf-8").splitlines()[:-1]), "utf-8")
    with pytest.raises(pipeline.LoadError, match="has 55 rows and should have 56: nothing was written"):
        await pipeline.load(graph, [short, dataset.files[1]], dataset.options)
    assert await graph.value("MATCH (e:Entity) RETURN count(e)") == 0


@needs_divisions
async def test_every_division_of_2023_is_there(seeded: Graph) -> None:
    areas = table(SHARED / "gb2260" / "areas.csv")
    cities = table(SHARED / "gb2260" / "cities.csv")
    provinces = table(SHARED / "gb2260" / "provinces.csv")
    stored = dict(
        await seeded.rows("MATCH (e:Place) WHERE e.code IS NOT NULL AND e.valid_to IS NULL RETURN e.code, e.name")
    )
    placeholders = {"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"}
    named = [(row["code"].ljust(6, "0"), row["name"]) for row in (*provinces, *cities, *areas)]
    missing = {code: name for code, name in named if name not in placeholders and stored.get(code) != name}
    assert missing == {"620201": "嘉峪关市"}  # the placeholder of a city without counties, by another name


@needs_pairings
async def test_every_pair_of_the_tables_is_a_claim(seeded: Graph) -> None:
    rows = await seeded.rows(
        "MATCH (a)-[c:PAIRED_WITH]->(b) RETURN a.name, b.name, c.source, c.certainty, c.confidence"
    )
    stored = {tuple(row) for row in rows}
    read = [row for path in SHARED.glob("pairings/pairs_*.csv") for row in table(path)]
    assert len(read) == 222
    # names of today where a row has the name of its time; the code decides, and was checked when it was loaded
    today = dict(await seeded.rows("MATCH (e:Place) WHERE e.code IS NOT NULL RETURN e.id, e.name"))
    for row in read:
        donor = today.get(f"cn:{row['donor_code']}", row["donor_name"])
        recipient = today.get(f"cn:{row['recipient_code']}", row["recipient_name"])
        assert (donor, recipient, row["source_url"], row["certainty"], row["confidence"]) in stored
    datasets = await seeded.value("MATCH ()-[c:PAIRED_WITH]->() WHERE 'seed-pairings' IN c.datasets RETURN count(c)")
    assert datasets == 222


@needs_pairings
def test_every_flow_is_a_row_with_its_figures() -> None:
    ours = {row["row_id"]: row for row in seed_rows("flows.csv")}
    entities = {row["id"]: row for row in seed_rows("flow_entities.csv")}
    for flow in table(SHARED / "pairings" / "facts_flows.csv"):
        row = ours[flow["fact_id"]]
        observed = entities.get(row["from"], {}) | entities.get(row["to"], {})
        assert flow["source_url"] in (row["source"], observed.get("source"))
        assert flow["confidence"] == row["confidence"]
        figures = {row[n] for n in ("amount", "people", "workers") if row.get(n)} | {
            observed[n] for n in ("count", "value", "value_code") if observed.get(n)
        }
        expected = {"好": "good"}.get(flow["value"], flow["value"])
        assert expected in figures or Decimal(expected) in {Decimal(f) for f in figures if f.isdigit()}, flow["fact_id"]
        bound = {"at least": "at_least", "more than": "more_than"}.get(flow["unit"].partition("(")[2].rstrip(")"), "")
        assert bound in ("", row.get("bound"), observed.get("bound"), observed.get("count_bound")), flow["fact_id"]
        assert flow["part_of"] == row["part_of"]
        if row["relationship"] == "SENDS_STAFF_TO":
            assert flow["direction"] == row["direction"]


@needs_article
async def test_every_fact_of_the_article_is_a_claim(seeded: Graph) -> None:
    import re

    text = (SHARED / "article" / "facts.yaml").read_text("utf-8")
    facts = re.findall(r"- \{id: (a\d\d), para: ([\d-]+)", text)
    assert len(facts) == 54
    named = {row["row_id"] for row in seed_rows("article_claims.csv")}
    assert {fact for fact, _ in facts} <= {name[:3] for name in named}
    locators = {row["locator"] for row in seed_rows("article_claims.csv")}
    for _, line in facts:
        assert locators & {f"line {line}", f"lines {line}"}
    source = "source:ccdi-2020-east-west-supervision"
    count = await seeded.value("MATCH ()-[c]->() WHERE c.source = $p.source RETURN count(c)", {"source": source})
    described = [row for row in seed_rows("article_entities.csv") if row["source"] == source]
    assert count >= len(named) + len(described)


@needs_article
def test_no_sentence_of_the_article_is_carried_over() -> None:
    """Names and short quoted terms are facts; a run of Chinese text as long as a sentence is not."""
    import re

    for row in seed_rows("article_*.csv"):
        for column, cell in row.items():
            if column in ("name", "aliases", "from_name", "to_name"):
                continue
            assert all(len(run) <= 20 for run in re.findall(r"[\u4e00-\u9fff，。、：；]+", cell or "")), (column, cell)
