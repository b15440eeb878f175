"""FollowTheMoney: which entities and links become what, persons above all, and deltas over what is loaded."""

import json
from pathlib import Path
from typing import Any

import pytest

from graph.dump import dump_hash
from graph.engine import Graph
from loaders import pipeline
from loaders.records import LoadError, Report
from tests.checks import SHARED, claims, entities, unchanged

needs_files = pytest.mark.skipif(
    not (SHARED / "ftm").is_dir(), reason="the entities and deltas of FollowTheMoney are not at hand"
)


def entity(id_: str, schema: str, **properties: str | list[str]) -> dict[str, Any]:
    listed = {name: value if isinstance(value, list) else [value] for name, value in properties.items()}
    return {"id": id_, "schema": schema, "properties": listed}


#: Links stand before and behind what they join.
ENTITIES = [
    entity("d1", "Directorship", director="p-director", organization="co", role="chair", startDate="2019-03-01"),
    entity("co", "Company", name=["Wulian Textiles", "五莲纺织"], alias="WLT", leiCode="5493001KJTIIGC8Y1R12", country="cn"),
    entity("bank", "PublicBody", name="Pearl Development Bank", jurisdiction="zm"),
    entity("fund", "Organization", name="Blue Fund"),
    entity("weir", "Project", name="Weir at Kafue", projectId="W-1", startDate="2018", endDate="2021-06"),
    entity("p-director", "Person", name="Chen Example", birthDate="1970-01-01", email="chen@example.org"),
    entity("p-minister", "Person", name="Mwamba Example", topics="role.pep", position="Minister of Works"),
    entity("p-holder", "Person", name="Holder Example"),
    entity("p-private", "Person", name="Private Example", topics="sanction"),
    entity("occ", "Occupancy", holder="p-holder", post="post-1"),
    entity("post-1", "Position", name="Governor"),
    entity("maybe", "LegalEntity", name="Perhaps A Person"),
    entity("body", "LegalEntity", name="Registered Body", registrationNumber="R 7"),
    entity("pay", "Payment", payer="bank", beneficiary="co", amount="1200000.505", currency="USD", date="2020-05-06",
           project="weir", purpose="first part"),
    entity("pay-2", "Payment", payer="bank", beneficiary="p-private", amount="5", currency="USD", date="2020"),
    entity("own", "Ownership", owner="fund", asset="co", percentage="40", startDate="2015"),
    entity("own-2", "Ownership", owner="p-minister", asset="co", percentage="10"),
    entity("own-3", "Ownership", owner="p-private", asset="co", percentage="50"),
    entity("part", "ProjectParticipant", participant="bank", project="weir", role="Co-financier"),
    entity("part-2", "ProjectParticipant", participant="co", project="weir", role="observer"),
    entity("fam", "Family", person="p-private", relative="p-director"),
]  # fmt: skip


def lines(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


async def load(graph: Graph, folder: Path, text: str | bytes, **more: Any) -> Report:
    path = folder / "entities.ftm.json"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return await pipeline.load(graph, [path], pipeline.Options(dataset="ftm", **more))


def delta(op: str, row: dict[str, Any]) -> dict[str, Any]:
    return {"op": op, "entity": row}


async def test_entities_and_links(graph: Graph, tmp_path: Path) -> None:
    report = await load(graph, tmp_path, lines(*ENTITIES))
    assert (report.rows, report.rejected, report.mapping) == (21, 0, "FollowTheMoney")
    assert report.notes == [
        f"entities.ftm.json: {what} skipped"
        for what in (
            "1 Family",
            "1 LegalEntity that may be a person",
            "1 Ownership of a person",
            "1 Payment of a person",
            "1 Person without a public role or a directorship",
            "1 Position",
            "1 ProjectParticipant with a role that is none of ours",
        )
    ]
    assert await entities(graph, "Organization", "type", "name", "aliases", "identifiers") == {
        ("ftm:co", "Company", "Wulian Textiles", ("WLT", "五莲纺织"), ("lei:5493001KJTIIGC8Y1R12",)),
        ("ftm:bank", "Agency", "Pearl Development Bank", None, None),
        ("ftm:fund", "Organization", "Blue Fund", None, None),
        ("ftm:body", "Organization", "Registered Body", None, ("registration-number:R%207",)),
    }
    assert await entities(graph, "Project", "name", "identifier", "valid_from", "valid_to") == {
        ("ftm:weir", "Weir at Kafue", "W-1", "2018", "2021-06")
    }
    names = ("class", "amount", "amount_text", "currency", "valid_from", "about", "note", "transaction", "locator")
    assert await claims(graph, "FUNDS", *names) == {
        ("ftm:bank", "ftm:co", "disbursement", 120000050, "1200000.505", "USD", "2020-05-06", "ftm:weir", "first part",
         "pay", "entity pay")
    }  # fmt: skip
    assert await claims(graph, "OWNS", "share", "valid_from") == {
        ("ftm:fund", "ftm:co", "40", "2015"),
        ("ftm:p-minister", "ftm:co", "10", None),
    }
    assert await claims(graph, "PARTICIPATES_IN", "role") == {("ftm:bank", "ftm:weir", "funding")}
    assert await claims(graph, "LOCATED_IN") == {("ftm:co", "iso:CN"), ("ftm:bank", "iso:ZM")}
    assert await entities(graph, "Country", "name", "name_en") == {
        ("iso:CN", "中国", "China"),
        ("iso:ZM", "Zambia", "Zambia"),
    }


async def test_persons_are_entities_only_in_a_role(graph: Graph, tmp_path: Path) -> None:
    await load(graph, tmp_path, lines(*ENTITIES))
    assert await entities(graph, "Official", "name", "role") == {
        ("ftm:p-director", "Chen Example", None),
        ("ftm:p-minister", "Mwamba Example", "Minister of Works"),
        ("ftm:p-holder", "Holder Example", None),
    }
    assert await claims(graph, "HOLDS_POST", "title", "valid_from") == {
        ("ftm:p-director", "ftm:co", "chair", "2019-03-01")
    }
    said = await graph.value("MATCH ()-[c:DESCRIBED_IN]->() RETURN collect(c.`values`)")
    assert "Private" not in str(said) and "chen@" not in str(said) and "1970" not in str(said)


async def test_a_director_of_nothing_that_is_loaded_is_no_entity(graph: Graph, tmp_path: Path) -> None:
    rows = [
        entity("p", "Person", name="Chen Example"),
        entity("d", "Directorship", director="p", organization="elsewhere"),
        entity("q", "Person", name="Li Example"),
        entity("e", "Directorship", director="q", organization="hull"),
        entity("hull", "Vessel", name="A ship"),
        entity("fund", "Organization", name="Blue Fund"),
    ]
    report = await load(graph, tmp_path, lines(*rows))
    assert [(issue.line, issue.value) for issue in report.issues] == [(2, "ftm:elsewhere")]
    assert await graph.value("MATCH (e:Official) RETURN count(e)") == 0
    assert "Li Example" not in str(await graph.value("MATCH ()-[c]->() RETURN collect(c.`values`)"))
    assert "entities.ftm.json: 1 Directorship of what is not read skipped" in report.notes


async def test_the_same_entities_again_change_nothing(graph: Graph, tmp_path: Path) -> None:
    await load(graph, tmp_path, lines(*ENTITIES))
    before = await dump_hash(graph)
    report = await load(graph, tmp_path, lines(*reversed(ENTITIES)))
    assert (report.counts.new, report.counts.changed, report.counts.retracted) == (0, 0, 0)
    assert await dump_hash(graph) == before


async def test_a_delta_adds_changes_and_takes_away(graph: Graph, tmp_path: Path) -> None:
    await load(graph, tmp_path, lines(*ENTITIES))
    whole = [row for row in ENTITIES if row["id"] not in ("own", "fund", "pay", "d1", "p-director")]
    changed = [
        entity("fund", "Organization", name="Blue Fund International"),
        entity("pay", "Payment", payer="fund", beneficiary="co", amount="7", currency="USD", date="2020-05-06"),
        entity("new", "Ownership", owner="fund", asset="body", percentage="5"),
    ]
    report = await load(
        graph,
        tmp_path,
        lines(
            delta("MOD", changed[0]),
            delta("MOD", changed[1]),  # another payer: another fact
            delta("ADD", changed[2]),
            delta("DEL", {"id": "own"}),
            delta("DEL", {"id": "d1"}),
            delta("DEL", {"id": "p-director"}),
        ),
    )
    assert (report.rejected, report.written) == (0, True)
    assert report.counts.retracted == 4  # the payment as it was, the ownership, the directorship, who held it
    assert await claims(graph, "FUNDS", "amount_text") == {("ftm:fund", "ftm:co", "7")}
    assert await claims(graph, "OWNS", "share") == {
        ("ftm:p-minister", "ftm:co", "10"),
        ("ftm:fund", "ftm:body", "5"),
    }
    after = await dump_hash(graph)
    report = await load(graph, tmp_path, lines(*whole, *changed))  # the whole set in its new state says the same
    assert (report.counts.new, report.counts.changed, report.counts.retracted) == (0, 0, 0)
    assert await dump_hash(graph) == after


async def test_a_delta_leaves_links_of_the_same_two_alone(graph: Graph, tmp_path: Path) -> None:
    base = [
        entity("a", "Organization", name="A"),
        entity("b", "Organization", name="B"),
        entity("o1", "Ownership", owner="a", asset="b", percentage="10", startDate="2001"),
        entity("o2", "Ownership", owner="a", asset="b", percentage="20", startDate="2002"),
    ]
    await load(graph, tmp_path, lines(*base))
    for number, (row, expected) in enumerate(
        (
            (entity("o2", "Ownership", owner="a", asset="b", percentage="21"), {("10", "2001"), ("21", None)}),
            (
                entity("o3", "Ownership", owner="a", asset="b", percentage="30"),
                {("10", "2001"), ("21", None), ("30", None)},
            ),
        )
    ):
        await load(graph, tmp_path, lines(delta("MOD" if number == 0 else "ADD", row)))
        assert {row[2:] for row in await claims(graph, "OWNS", "share", "valid_from")} == expected
    await load(graph, tmp_path, lines(delta("DEL", {"id": "o1"})))
    assert {row[2] for row in await claims(graph, "OWNS", "share")} == {"21", "30"}


async def test_whole_sets_and_changes_are_not_mixed(graph: Graph, tmp_path: Path) -> None:
    async with unchanged(graph):
        with pytest.raises(LoadError, match="some files are whole, others are changes"):
            await load(graph, tmp_path, lines(ENTITIES[1], delta("DEL", {"id": "x"})))
    one, other = tmp_path / "1.ftm.json", tmp_path / "2.ftm.json"
    for path, name in ((one, "A"), (other, "B")):
        path.write_text(lines(delta("ADD", entity("a", "Organization", name=name))), "utf-8")
    report = await pipeline.load(graph, [one, other], pipeline.Options(dataset="ftm"))
    assert [(i.file, i.line, i.reason) for i in report.issues] == [
        ("2.ftm.json", 1, "is changed before in this load: load one change after the other")
    ]


async def test_the_last_change_of_an_entity_in_a_file_counts(graph: Graph, tmp_path: Path) -> None:
    base = [entity("a", "Organization", name="A"), entity("b", "Organization", name="B")]
    await load(graph, tmp_path, lines(*base))
    changes = [
        delta("DEL", {"id": "a"}),
        delta("ADD", entity("a", "Organization", name="A new")),
        delta("MOD", entity("b", "Organization", name="B new")),
        delta("ADD", entity("p", "Person", name="Ada Example", topics="role.pep")),
        delta("MOD", entity("p", "Person", name="Ada Example")),
        delta("DEL", {"id": "b"}),
    ]
    report = await load(graph, tmp_path, lines(*changes))
    assert (report.rows, report.rejected) == (6, 0)
    assert "entities.ftm.json: 3 change of what a later line changes again skipped" in report.notes
    assert await claims(graph, "DESCRIBED_IN", "values", where="c.retracted_at IS NULL AND a:Organization") == {
        ("ftm:a", "source:dataset:ftm", '{"name":"A new"}')
    }
    assert await graph.value("MATCH (e:Official) RETURN count(e)") == 0


JOINT = [
    *(entity(id_, "Company", name=f"{id_} Co") for id_ in "abc"),
    entity("p", "Person", name="Private Example"),
]


@pytest.mark.parametrize(
    ("payers", "payees", "total", "pairs"),
    [
        ("a", "bc", ("ftm:a", "ftm:pay"), {("ftm:a", "ftm:b"), ("ftm:a", "ftm:c")}),
        ("ab", "c", ("ftm:pay", "ftm:c"), {("ftm:a", "ftm:c"), ("ftm:b", "ftm:c")}),
        ("ab", "ac", ("ftm:pay", "ftm:pay"), {("ftm:a", "ftm:c"), ("ftm:b", "ftm:a"), ("ftm:b", "ftm:c")}),
        ("a", "bp", ("ftm:a", "ftm:pay"), {("ftm:a", "ftm:b")}),
    ],
)
async def test_a_payment_of_several_counts_once(
    graph: Graph, tmp_path: Path, payers: str, payees: str, total: tuple[str, str], pairs: set[tuple[str, str]]
) -> None:
    money = {"amount": "100.50", "currency": "USD", "date": "2020-01-01", "purpose": "rent"}
    pay = entity("pay", "Payment", payer=list(payers), beneficiary=list(payees), **money)
    report = await load(graph, tmp_path, lines(*JOINT, pay))
    assert report.rejected == 0
    raw = f"100.50 USD: {len(payers)} payer(s), {len(payees)} beneficiaries, not split"
    assert await claims(graph, "FUNDS", "amount_text", "raw", "locator") == {
        (*total, "100.50", None, "entity pay"),
        *((*pair, None, raw, "entity pay") for pair in pairs),
    }
    assert {key: str(value) for key, value in report.sums.items()} == {("FUNDS", "disbursement", "USD"): "100.50"}
    told = "1 Payment of several payers or beneficiaries: its sum stands once, and is not split"
    assert f"entities.ftm.json: {told}" in report.notes
    assert await claims(graph, "PARTICIPATES_IN", "role") == {(start, "ftm:pay", "funding") for start, _ in pairs}
    assert await entities(graph, "Project", "identifier", "description") == {("ftm:pay", "pay", "rent")}
    alone = entity("pay", "Payment", payer="a", beneficiary="b", **money)
    await load(graph, tmp_path, lines(delta("MOD", alone)))
    assert await claims(graph, "FUNDS", "amount_text", "raw") == {("ftm:a", "ftm:b", "100.50", None)}
    assert await claims(graph, "PARTICIPATES_IN") == set()


PERSONS = [
    entity("co", "Company", name="Wulian Textiles", registrationNumber="R 1"),
    entity("gone", "Company", name="Ada Example", registrationNumber="R 2"),
    entity("p-two", "Person", name="Two Posts"),
    entity("p-one", "Person", name="One Post"),
    entity("p-pep", "Person", name="Minister Example", topics="role.pep"),
    entity("p-both", "Person", name="Both Example", topics="role.pep"),
    entity("p-holder", "Person", name="Holder Example"),
    entity("d1", "Directorship", director="p-one", organization="co"),
    entity("d2", "Directorship", director="p-two", organization="co", role="chair", startDate="2001"),
    entity("d3", "Directorship", director="p-two", organization="co", role="chair", startDate="2002"),
    entity("d4", "Directorship", director="p-both", organization="co"),
    entity("occ", "Occupancy", holder="p-holder", post="post"),
]
NAMED = {"ftm:p-one", "ftm:p-two", "ftm:p-pep", "ftm:p-both", "ftm:p-holder", "ftm:co", "ftm:gone"}


@pytest.mark.parametrize(
    ("changes", "gone"),
    [
        ([delta("DEL", {"id": "d1"})], {"ftm:p-one"}),
        ([delta("DEL", {"id": "p-one"})], {"ftm:p-one"}),
        ([delta("DEL", {"id": "p-two"})], {"ftm:p-two"}),
        ([delta("DEL", {"id": "d2"})], set[str]()),
        ([delta("DEL", {"id": "d2"}), delta("DEL", {"id": "d3"})], {"ftm:p-two"}),
        ([delta("DEL", {"id": "occ"})], {"ftm:p-holder"}),
        ([delta("DEL", PERSONS[-1])], {"ftm:p-holder"}),
        ([delta("MOD", entity("gone", "Person", name="Ada Example"))], {"ftm:gone"}),
        ([delta("MOD", entity("p-pep", "Person", name="Minister Example"))], {"ftm:p-pep"}),
        ([delta("MOD", entity("p-both", "Person", name="Both Example"))], set[str]()),
        ([delta("MOD", entity("p-one", "Person", name="One Post"))], set[str]()),
        ([delta("MOD", entity("d1", "Directorship", director="p-one", organization="co", role="chair"))], set[str]()),
        ([delta("MOD", entity("d1", "Directorship", director="p-pep", organization="co"))], {"ftm:p-one"}),
        ([delta("MOD", entity("occ", "Occupancy", holder="p-holder", post="another"))], set[str]()),
    ],
    ids=["post", "person", "person of two", "one post of two", "both posts", "occupancy", "occupancy whole", "company",
         "no role", "no role but a post", "person again", "post again", "other director", "occupancy again"],
)  # fmt: skip
async def test_who_is_no_official_any_more_is_not_described(
    graph: Graph, tmp_path: Path, changes: list[dict[str, Any]], gone: set[str]
) -> None:
    await load(graph, tmp_path, lines(*PERSONS))
    report = await load(graph, tmp_path, lines(*changes), allow_retract=True)
    assert report.rejected == 0
    described = await graph.rows("MATCH (e)-[c:DESCRIBED_IN]->() WHERE c.retracted_at IS NULL RETURN DISTINCT e.id")
    assert {row[0] for row in described if row[0].startswith("ftm:")} == NAMED - gone


async def test_broken_lines_are_named_and_the_others_loaded(graph: Graph, tmp_path: Path) -> None:
    sound = entity("a", "Organization", name="A")
    bad = [
        '{"id": "b", "schema": "Organization", "properties": {"name": ["B"]',
        '{"id": "c", "schema": "Organization", "properties": {"name": "C"}}',
        '{"id": "d", "schema": ["Organization"], "properties": {}}',
        '{"schema": "Organization", "properties": {}}',
        '{"id": "e", "schema": "Organization", "id": "f", "properties": {}}',
        '["g"]',
        '{"id": "h", "schema": "Organization", "properties": {"name": [NaN]}}',
        '{"id": "i\\ud800", "schema": "Organization", "properties": {"name": ["I"]}}',
        '{"op": "PUT", "entity": {"id": "j"}}',
        json.dumps(
            entity("k", "Payment", payer="a", beneficiary="a2", amount="1e9", currency="USD", date="05/06/2020")
        ),
    ]
    report = await load(graph, tmp_path, lines(sound, entity("a2", "Company", name="A2")) + "\n".join(bad) + "\n")
    assert [(i.line, i.column) for i in report.issues] == [
        (3, "line"),
        (4, "properties.name"),
        (5, "schema"),
        (6, "id"),
        (7, "line"),
        (8, "entity"),
        (9, "line"),
        (10, "id"),
        (11, "op"),
        (12, "valid_from"),
        (12, "amount"),
    ]
    assert {row[0] for row in await entities(graph, "Organization")} == {"ftm:a", "ftm:a2"}


@needs_files
async def test_real_entities_and_deltas(graph: Graph, tmp_path: Path) -> None:
    report = await load(graph, tmp_path, (SHARED / "ftm" / "t1-entities.ftm.json").read_bytes())
    assert (report.rows, report.rejected) == (7, 0)
    assert await graph.value("MATCH (e:Official) RETURN count(e)") == 0
    assert await graph.value("MATCH (e:Organization) RETURN count(e)") == 2
    deltas = sorted((SHARED / "ftm" / "t2-deltas").glob("*/entities.delta.json"))
    open_ones = "MATCH (e:Organization)-[c:DESCRIBED_IN]->() WHERE c.retracted_at IS NULL RETURN count(DISTINCT e)"
    # the first one is empty; then one added, one added and one moved to another country, one deleted, a person
    for path, retracted, left in zip(deltas[1:], (0, 2, 3, 0), (3, 4, 3, 3), strict=True):
        report = await load(graph, tmp_path, path.read_bytes())
        assert (report.rejected, report.counts.retracted) == (0, retracted), path
        assert await graph.value(open_ones) == left, path
