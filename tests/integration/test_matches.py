"""Bodies with several ids: proposed, decided by a person, answered as one, and apart again as if nothing had been."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from api.schema import own_schema
from graph import matching, write
from graph.dump import dump_hash
from graph.engine import Graph
from graph.write import merging
from loaders import decisions, pipeline
from loaders.records import Report
from tests.checks import claims, entities, load, same_on_both
from tests.questions import Answering, Question, answer, answering

ENTITIES = """\
entity,id,name,name_en,aliases,identifiers,code,valid_to,PART_OF,LOCATED_IN
Province,cn:310000,上海市,Shanghai,,,310000,,,
County,cn:310108,闸北区,Zhabei,,,310108,2015-11,,
County,cn:310106,静安区,Jing'an,,,310106,,cn:310000,
Province,cn:530000,云南省,Yunnan,,,530000,,,
Province,cn:520000,贵州省,Guizhou,,,520000,,,
Agency,org:a1,云南省扶贫开发办公室,Yunnan Poverty Office,,,,,,cn:530000
Organization,org:a22,云南省扶贫开发办公室,,,,,,,cn:530000
Organization,org:a333,Yunnan Sheng Fupin Kaifa Bangongshi,,,,,,,
Agency,org:g1,贵州省扶贫开发办公室,,,,,,,cn:520000
Organization,org:XM-1,World Relief Fund,,,org-id:XM-1,,,,
Organization,org:named:world-relief,W.R.F.,,,org-id:xm-1,,,,
Organization,org:p1,Ministry of Health of Kenya,,,,,,,
Organization,org:p2,Ministry of Health of Uganda,,,,,,,
Official,official:a:zhang-wei,张伟,,,,,,,
Official,official:b:zhang-wei,张伟,,,,,,,
Official,official:c:li-na,李娜,,,,,,,
Official,official:d:li-na,李娜,,,,,,,
Project,project:road,公路,,,,,,,cn:530000
"""
CLAIMS = """\
relationship,from,to,amount,currency,class,valid_from,valid_to,valid_to_basis,extent
FUNDS,org:a1,project:road,100,CNY,disbursement,2019,2019,period,
FUNDS,org:a22,project:road,100,CNY,disbursement,2019,2019,period,
FUNDS,org:a333,project:road,7,CNY,disbursement,2020,2020,period,
FUNDS,cn:310108,cn:530000,5,CNY,disbursement,2014,2014,period,
FUNDS,cn:310106,cn:530000,6,CNY,disbursement,2017,2017,period,
SUCCEEDS,cn:310106,cn:310108,,,,2015-11,,,whole
HOLDS_POST,official:a:zhang-wei,org:a1,,,,,,,
HOLDS_POST,official:b:zhang-wei,org:g1,,,,,,,
HOLDS_POST,official:c:li-na,org:g1,,,,,,,
HOLDS_POST,official:d:li-na,org:g1,,,,,,,
"""
#: What is asked before, while and after entities are one.
ASKED = (
    """
query ($id: ID!) {
  node(id: $id) { id ... on Organization { canonical merged { id } fundingGiven { totalCount } } }
  nodes(ids: [$id, "org:none", "org:a1"]) { id }
  helpers(of: "cn:530000") { totalCount nodes { helper { id } factsCount totals { sum notAdded { nodes { reason } } } } }
  rolled: helpers(of: "cn:530000", rollUp: true) { nodes { helper { id } factsCount
    through { nodes { helper { id } factsCount } } } }
  recipients(of: $id) { totalCount nodes { helper { id } recipient { id } factsCount } }
  help(from: $id, to: "cn:530000") { helper { id } factsCount }
}
""",
    """
query ($id: ID!) {
  timeline(of: $id, via: [FUNDS]) { totalCount nodes { outgoing fact { from { id } } } }
  search(text: "云南省扶贫开发办公室") { totalCount nodes { match entity { id } } }
  flows(groupBy: [HELPER, RECIPIENT], to: "cn:530000") { nodes { helper { id } helperOpen facts sum } }
  largest(from: $id, currency: "CNY") { nodes { id from { id } } }
  organizations { totalCount nodes { id } }
  paths(from: $id, to: "cn:530000", maxHops: 2) { paths { nodes { id } } }
  helped(level: PROVINCE) { nodes { place { id } othersCount others { id } } }
}
""",
)


@pytest.fixture
async def told(graph: Graph, tmp_path: Path) -> Answering:
    for name, text in (("entities", ENTITIES), ("claims", CLAIMS)):
        report = await load(graph, tmp_path, text, name)
        assert not report.rejected, report.issues
    return answering(graph, own_schema())


async def asked(told: Answering, id_: str) -> dict[str, Any]:
    """The answers to ASKED about an id."""
    found: dict[str, Any] = {}
    for query in ASKED:
        said = await answer(told.compiled, Question(name="matches", query=query, variables={"id": id_}))
        body = json.loads(said)
        assert "errors" not in body, body["errors"]
        found |= body["data"]
    return found


def table(path: Path, *rows: tuple[str, str, str, str], **more: str) -> Path:
    """A table of decisions: (decision, id, other id, day)."""
    listed = [{"decision": d, "by": "检查员", "id": a, "other_id": b, "on": day, **more} for d, a, b, day in rows]
    decisions.write(path, listed)
    return path


async def decide(graph: Graph, path: Path, dataset: str = "decisions") -> Report:
    report = await pipeline.load(graph, [path], pipeline.Options(dataset=dataset, allow_retract=True))
    assert not report.rejected, report.issues
    return report


async def canonical(graph: Graph) -> dict[str, str]:
    return {id_: canonical for id_, canonical in await entities(graph, "Organization", "canonical") if id_ != canonical}


@pytest.mark.soak_on_neo4j
async def test_one_answers_for_all_and_undoing_gives_the_former_answers_back(
    graph: Graph, told: Answering, tmp_path: Path
) -> None:
    before = {id_: await asked(told, id_) for id_ in ("org:a1", "org:a22")}
    # a place under an abolished code stands under the code of now, and is lifted by it
    codes = {row["helper"]["id"]: row["factsCount"] for row in before["org:a1"]["helpers"]["nodes"]}
    assert codes == {"cn:310106": 2, "org:a1": 1, "org:a22": 1, "org:a333": 1}
    rolled = {row["helper"]["id"]: row for row in before["org:a1"]["rolled"]["nodes"]}
    assert rolled["cn:310000"]["through"]["nodes"] == [{"helper": {"id": "cn:310106"}, "factsCount": 2}]
    hash_before = await same_on_both(graph, "matches")
    same = table(
        tmp_path / "m.csv", ("same", "org:a22", "org:a1", "2024-01-01"), ("same", "org:a22", "org:a333", "2024-01-02")
    )
    await decide(graph, same)
    assert await claims(graph, "SAME_AS", "decided_by", "decided_on") == {
        ("org:a1", "org:a22", "检查员", "2024-01-01"),
        ("org:a22", "org:a333", "检查员", "2024-01-02"),
    }
    assert await canonical(graph) == {"org:a22": "org:a1", "org:a333": "org:a1"}
    merged = await asked(told, "org:a22")
    assert merged["node"] == {
        "id": "org:a1", "canonical": "org:a1", "merged": [{"id": "org:a22"}, {"id": "org:a333"}],
        "fundingGiven": {"totalCount": 1}
    }  # fmt: skip
    assert merged["nodes"] == [{"id": "org:a1"}, None, {"id": "org:a1"}]
    rows = {row["helper"]["id"]: row for row in merged["helpers"]["nodes"]}
    assert merged["helpers"]["totalCount"] == 2 and rows["org:a1"]["factsCount"] == 3
    # the same money of 2019 told under two ids is not added twice; that of 2020 is
    assert [total["sum"] for total in rows["org:a1"]["totals"]] == ["7"]
    assert rows["org:a1"]["totals"][0]["notAdded"]["nodes"] == 2 * [{"reason": "PERIODS_OVERLAP"}]
    assert merged["recipients"]["nodes"] == [
        {"helper": {"id": "org:a1"}, "recipient": {"id": "cn:530000"}, "factsCount": 3}
    ]
    assert merged["help"] == {"helper": {"id": "org:a1"}, "factsCount": 3}
    assert sorted(one["fact"]["from"]["id"] for one in merged["timeline"]["nodes"]) == ["org:a1", "org:a22", "org:a333"]
    assert all(one["outgoing"] for one in merged["timeline"]["nodes"])
    assert merged["search"] == {"totalCount": 1, "nodes": [{"match": "NAME", "entity": {"id": "org:a1"}}]}
    assert [
        (r["helper"]["id"], r["facts"], r["sum"]) for r in merged["flows"]["nodes"] if r["helper"]["id"] == "org:a1"
    ] == [("org:a1", 3, "7")]
    assert len(merged["largest"]["nodes"]) == 3
    assert merged["organizations"]["totalCount"] == before["org:a1"]["organizations"]["totalCount"] - 2
    assert not {"org:a22", "org:a333"} & {one["id"] for one in merged["organizations"]["nodes"]}
    steps = [[node["id"] for node in path["nodes"]] for path in merged["paths"]["paths"]]
    assert steps[0] == ["org:a1", "cn:530000"] and ["org:a1", "org:a22", "cn:530000"] in steps  # a decision is a step
    helped = {row["place"]["id"]: row for row in merged["helped"]["nodes"]}
    assert helped["cn:530000"]["others"] == [{"id": "cn:310106"}, {"id": "org:a1"}]
    assert await asked(told, "org:a333") == await asked(told, "org:a1") == merged
    run = await graph.value("MATCH (r:LoadRun) RETURN max(r.sequence)")
    again = await decide(graph, same)
    assert again.unchanged_files
    await write.undo(graph, str(run), clock=write.now)
    assert {id_: await asked(told, id_) for id_ in before} == before
    assert await dump_hash(graph) == hash_before


@pytest.mark.soak_on_neo4j
async def test_other_decisions_chains_and_datasets_that_are_withdrawn(
    graph: Graph, told: Answering, tmp_path: Path
) -> None:
    for name, pair in (
        ("one", ("org:a1", "org:a22")),
        ("two", ("org:a333", "org:a22")),
        ("late", ("org:a22", "org:a1")),
    ):
        await decide(graph, table(tmp_path / f"{name}.csv", ("", *pair, "")), name)  # nothing is decided yet
    before = await dump_hash(graph)
    apart = await asked(told, "org:a22")
    one = table(tmp_path / "one.csv", ("same", "org:a1", "org:a22", "2024-01-01"))
    two = table(tmp_path / "two.csv", ("same", "org:a333", "org:a22", "2024-01-02"), keep="org:a333")
    await decide(graph, one, "one")
    first = await dump_hash(graph)
    await decide(graph, two, "two")
    assert await canonical(graph) == {"org:a1": "org:a333", "org:a22": "org:a333"}
    both = await dump_hash(graph)
    # a chain falls apart at the link that is decided otherwise, in whatever order its decisions came
    await decide(graph, table(tmp_path / "late.csv", ("different", "org:a22", "org:a1", "2024-02-01")), "late")
    assert await canonical(graph) == {"org:a22": "org:a333"}
    await decide(graph, table(tmp_path / "late.csv", ("unsure", "org:a22", "org:a1", "")), "late")
    assert await dump_hash(graph) == both
    await decide(graph, table(tmp_path / "two.csv", ("", "org:a333", "org:a22", "")), "two")
    assert await dump_hash(graph) == first and await canonical(graph) == {"org:a22": "org:a1"}
    await decide(graph, table(tmp_path / "one.csv", ("different", "org:a1", "org:a22", "2024-01-01")), "one")
    assert await canonical(graph) == {} and await claims(graph, "DIFFERENT_FROM") == {("org:a1", "org:a22")}
    assert await asked(told, "org:a22") == apart
    await decide(graph, table(tmp_path / "one.csv", ("unsure", "org:a1", "org:a22", "")), "one")
    assert await dump_hash(graph) == before
    # what its sources say of one goes on to be told of it, and its canonical stays when it is described anew
    await decide(graph, table(two, ("same", "org:a333", "org:a22", "2024-01-02"), keep="org:a333"), "two")
    await load(graph, tmp_path, ENTITIES.replace("云南省扶贫开发办公室,,", "云南省乡村振兴局,,"), "entities")
    assert await canonical(graph) == {"org:a22": "org:a333"}
    assert await entities(graph, "Organization", "merged") >= {("org:a333", ("org:a22",))}


async def test_a_decision_that_cannot_be_followed_is_left_with_its_reason(
    graph: Graph, told: Answering, tmp_path: Path
) -> None:
    rows = (
        ("same", "org:a1", "org:a22", "2024-01-01"),
        ("same", "org:a22", "org:a333", "2024-01-02"),
        ("different", "org:a1", "org:a333", "2024-01-03"),
        ("same", "org:a1", "official:a:zhang-wei", "2024-01-03"),
    )
    await decide(graph, table(tmp_path / "m.csv", *rows))
    assert await canonical(graph) == {"org:a22": "org:a1"}
    left = {one.decision.pair: one.reason for one in (await merging.settled(graph)).left}
    assert set(left) == {("org:a22", "org:a333"), ("official:a:zhang-wei", "org:a1")}
    # the claim stands, but nothing reads it as if it held
    paths = '{ paths(from: "org:a22", to: "org:a333", maxHops: 1) { paths { nodes { id } } } }'
    assert b'"paths":[]' in await answer(told.compiled, Question(name="left", query=paths))


async def test_rows_that_cannot_be_used_are_named(graph: Graph, told: Answering, tmp_path: Path) -> None:
    rows = [
        {"decision": "maybe", "by": "x", "on": "2024-01-01", "id": "org:a1", "other_id": "org:a22"},
        {"decision": "same", "by": "", "on": "2024-01-01", "id": "org:a1", "other_id": "org:g1"},
        {"decision": "same", "by": "x", "on": "", "id": "org:a1", "other_id": "org:p1"},
        {"decision": "same", "by": "x", "on": "2024-01-01", "id": "org:p1", "other_id": "org:p2", "keep": "org:a1"},
        {"decision": "same", "by": "x", "on": "2024-01-01", "id": "org:a1", "other_id": "org:nowhere"},
        {"decision": "不同", "by": "x", "on": "2024-01-01", "id": "org:a22", "other_id": "org:a333"},
        {"decision": "same", "by": "x", "on": "2024-01-01", "id": "org:a333", "other_id": "org:a22"},
    ]
    decisions.write(tmp_path / "m.csv", rows)
    report = await pipeline.load(graph, [tmp_path / "m.csv"], pipeline.Options(dataset="m"))
    assert [(issue.line, issue.column) for issue in sorted(report.issues, key=lambda i: i.line)] == [
        (2, "decision"), (3, "by"), (4, "on"), (5, "keep"), (6, "other_id"), (8, "id"),
    ]  # fmt: skip
    assert await claims(graph, "DIFFERENT_FROM") == {("org:a22", "org:a333")} and not await claims(graph, "SAME_AS")


async def test_proposals_say_why_and_leave_out_what_is_decided(graph: Graph, told: Answering, tmp_path: Path) -> None:
    proposed = await matching.propose(graph)
    found = {(p.a.id, p.b.id): (p.score, p.reasons) for p in proposed.proposals}
    assert set(found) == {
        ("org:XM-1", "org:named:world-relief"), ("org:a1", "org:a22"), ("org:a1", "org:a333"), ("org:a22", "org:a333"),
    }  # fmt: skip
    score, reasons = found["org:XM-1", "org:named:world-relief"]
    assert score == 1.0 and reasons[0] == "same identifier: org-id:xm-1"
    score, reasons = found["org:a1", "org:a22"]
    assert score == 0.98 and reasons == (
        "same name: 云南省扶贫开发办公室",
        "same place: 云南省",
        "money with the same: 公路",
    )
    assert found["org:a1", "org:a333"][1][0].startswith("pinyin of the name:")
    rows = (("same", "org:a1", "org:a22", "2024-01-01"), ("different", "org:a22", "org:a333", "2024-01-02"))
    await decide(graph, table(tmp_path / "m.csv", *rows))
    left = await matching.propose(graph, skip=[("org:named:world-relief", "org:XM-1")])
    assert left.proposals == () and left.entities == proposed.entities
    assert await canonical(graph) == {"org:a22": "org:a1"}


async def test_officials_of_one_name_stay_apart_unless_more_than_the_name_is_common(
    graph: Graph, told: Answering
) -> None:
    assert {row[1] for row in await entities(graph, "Official", "canonical")} == {
        "official:a:zhang-wei", "official:b:zhang-wei", "official:c:li-na", "official:d:li-na",
    }  # fmt: skip
    proposed = await matching.propose(graph, "Official")
    assert [(p.a.id, p.b.id) for p in proposed.proposals] == [("official:c:li-na", "official:d:li-na")]
    low = await matching.propose(graph, "Official", min_score=0.1)
    (homonyms,) = [p for p in low.proposals if p.a.id == "official:a:zhang-wei"]
    assert homonyms.score <= 0.6 and any(reason.startswith("against: ") for reason in homonyms.reasons)
    assert await claims(graph, "SAME_AS") == set()


def test_the_table_keeps_what_people_wrote_and_runs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    decisions.write(
        path,
        [{"decision": "unsure", "note": "问县里", "id": "org:a", "other_id": "org:b", "name": "=1+1", "mine": "x"}],
    )
    with path.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["name"], row["note"], row["mine"]) == ("'=1+1", "问县里", "x")
    assert decisions.complete(path, "2024-05-01") == 0  # nothing is decided
    decisions.write(path, [{**row, "decision": "same"}, {**row, "decision": "same", "on": "2024-01-01", "id": "org:c"}])
    assert decisions.complete(path, "2024-05-01") == 1
    assert [row["on"] for row in decisions.read(path)] == ["2024-05-01", "2024-01-01"]


async def test_a_table_that_is_written_again_decides_the_same(graph: Graph, told: Answering, tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    row = {
        "decision": "same",
        "by": "@li",
        "on": "2024-01-01",
        "note": "- by phone",
        "id": "org:a1",
        "other_id": "org:a22",
    }
    rows = [row, {**row, "by": "'@li", "note": "''=x", "id": "org:p1", "other_id": "org:p2"}]
    decisions.write(path, rows)
    await pipeline.load(graph, [path], pipeline.Options(dataset="m"))
    before = await dump_hash(graph)
    assert await claims(graph, "SAME_AS", "decided_by", "note") == {
        ("org:a1", "org:a22", "@li", "- by phone"),
        ("org:p1", "org:p2", "'@li", "''=x"),
    }
    decisions.write(path, decisions.read(path))
    decisions.write(path, decisions.read(path))
    report = await pipeline.load(graph, [path], pipeline.Options(dataset="m", force=True))
    assert (report.counts.new, report.counts.changed) == (0, 0)
    assert await dump_hash(graph) == before


async def test_a_decision_in_the_future_is_refused(graph: Graph, told: Answering, tmp_path: Path) -> None:
    row = {"decision": "same", "by": "x", "id": "org:a1", "other_id": "org:a22"}
    decisions.write(tmp_path / "m.csv", [{**row, "on": "2099-01-01"}, {**row, "on": "2024-01-01", "id": "org:a333"}])
    report = await pipeline.load(graph, [tmp_path / "m.csv"], pipeline.Options(dataset="m"))
    assert [(i.line, i.column, i.value) for i in report.issues] == [(2, "on", "2099-01-01")]
    assert report.issues[0].reason.startswith("lies in the future, behind ")
    plain = "relationship,from,to,decided_by,decided_on\nSAME_AS,org:a1,org:a22,x,2099-01-01\n"
    report = await load(graph, tmp_path, plain, "plain")
    assert [(i.line, i.column, i.value) for i in report.issues] == [(2, "decided_on", "2099-01-01")]
    assert await claims(graph, "SAME_AS") == {("org:a22", "org:a333")}


async def test_an_import_holds_what_is_decided_in_its_files(tmp_path: Path) -> None:
    bodies = tmp_path / "bodies.csv"
    bodies.write_text("entity,id,name\nOrganization,org:a,甲\nOrganization,org:bb,乙\nOrganization,org:c,丙\n", "utf-8")
    decided = table(
        tmp_path / "m.csv", ("same", "org:a", "org:bb", "2024-01-01"), ("different", "org:a", "org:c", "2024-01-01")
    )
    report = await pipeline.bulk([bodies, decided], pipeline.Options(dataset="all"), tmp_path / "out")
    assert report.written and not report.rejected
    found: dict[str, tuple[str, str]] = {}
    for header in (tmp_path / "out").glob("Entity-Organization.*.header.csv"):
        names = [name.partition(":")[0] for name in header.read_text("utf-8").strip().split(",")]
        rows = header.with_name(header.name.replace(".header", "")).read_text("utf-8").splitlines()
        for row in csv.DictReader(rows, names):
            found[row["id"]] = (row["canonical"], row.get("merged", ""))
    assert found == {"org:a": ("org:a", "org:bb"), "org:bb": ("org:a", ""), "org:c": ("org:c", "")}
    (merged,) = (tmp_path / "out").glob("Merged.1.csv")
    assert merged.read_text("utf-8") == '"merged:org:bb","org:bb"\n'
