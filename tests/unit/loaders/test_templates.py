"""Templates: what stands in them, that their example rows load as they are, and that Chinese headers mean one thing."""

import csv
import io

import pytest

from graph.model import MODEL, NAMES, PROVENANCE, SOURCING
from graph.records import Claim, Entity
from graph.sources.directory import Named
from loaders import mappers, template_tables
from loaders.directory import Directory
from loaders.records import LoadError
from loaders.rows import RowBuilder
from loaders.templates import as_csv, example_ends, explain, links, template, types

NAMES_OF_TYPES = sorted(types())
RELATIONSHIPS = sorted(name for name in types() if name in MODEL.relationship)
ENTITIES = sorted(name for name in types() if name in MODEL.node)


def directory() -> Directory:
    """Knows every id the examples use: those of the labels, and of the ends of relationships."""
    known = {node.id_example: node.label for node in MODEL.nodes if not node.internal}
    for name in RELATIONSHIPS:
        relationship = MODEL.relationship[name]
        for id_, label in zip(example_ends(relationship), (relationship.start[0], relationship.end[0]), strict=True):
            known.setdefault(id_, "County" if label in ("Place", "Entity") else label)
    return Directory(
        Named(id=id_, type=label, name=f"{label} {id_}", names=(), code=id_[3:9] if id_.startswith("cn:") else "")
        for id_, label in known.items()
    )


def load(text: str) -> list[Entity | Claim]:
    header, row = csv.reader(io.StringIO(text))
    mapper = mappers.choose(tuple(header), None)
    assert mapper.name == "template"
    builder = RowBuilder(directory(), "source:dataset:test")
    made = mapper.records(dict(zip(header, row, strict=True)), 2, builder)
    assert {record.source for record in made} == {"https://example.org/notice"}
    return [record for record in made if getattr(record, "id", "") != record.source]  # the source itself left out


@pytest.mark.parametrize("chinese", [False, True], ids=["names", "chinese"])
@pytest.mark.parametrize("name", RELATIONSHIPS)
def test_example_of_a_claim_loads_as_it_is(name: str, chinese: bool) -> None:
    relationship = MODEL.relationship[name]
    (claim,) = load(as_csv(template(name, chinese=chinese)))
    assert isinstance(claim, Claim)
    assert (claim.type, (claim.start, claim.end)) == (name, example_ends(relationship))
    assert claim.values["programme"] == "programme:east-west-2016"
    assert claim.row_id == "r1"
    assert ("amount" in claim.values) is relationship.money
    if relationship.help_when:
        assert relationship.help_when[0] in claim.values


@pytest.mark.parametrize("chinese", [False, True], ids=["names", "chinese"])
@pytest.mark.parametrize("name", ENTITIES)
def test_example_of_an_entity_loads_as_it_is(name: str, chinese: bool) -> None:
    entity, *claims = load(as_csv(template(name, chinese=chinese)))
    assert isinstance(entity, Entity)
    assert (entity.label, entity.id) == (name, MODEL.node[name].id_example)
    assert entity.values["name"]
    assert len(claims) == (name == "County")


def test_both_languages_say_the_same() -> None:
    for name in NAMES_OF_TYPES:
        assert load(as_csv(template(name))) == load(as_csv(template(name, chinese=True)))


def test_pairing_is_hangzhou_and_qiandongnan() -> None:
    table = template("PAIRED_WITH")
    assert table.headers[:7] == ("relationship", "from", "from_name", "from_within", "to", "to_name", "to_within")
    assert table.example[:7] == ("PAIRED_WITH", "cn:330100", "", "", "cn:522600", "", "")
    own = tuple(p.name for p in (*MODEL.claim_properties("PAIRED_WITH"), *SOURCING))
    assert table.headers[7:] == own


def test_labour_goes_the_other_way() -> None:
    assert template("SENDS_WORKERS_TO").example[1:5:3] == ("cn:522600", "cn:330100")


def test_entity_template_has_its_properties_links_and_sources() -> None:
    table = template("County")
    names = ("entity", "id", *(p.name for p in MODEL.node_properties("County")))
    assert table.headers[: len(names)] == names
    assert {"PART_OF", "PAIRED_WITH", "UNDER"} <= set(table.headers)
    assert not {"FUNDS", "BUYS_FROM", "DESCRIBED_IN", "SAME_AS", "row_id"} & set(table.headers)
    assert table.headers[-7:] == tuple(p.name for p in (*PROVENANCE, *SOURCING[:-1]))
    assert [r.name for r in links(MODEL.node["ProgressReport"])] == ["REPORTS_ON", "UNDER"]


@pytest.mark.parametrize("name", NAMES_OF_TYPES)
def test_no_column_twice_and_every_column_explained(name: str) -> None:
    for table in (template(name), template(name, chinese=True)):
        assert len(set(table.headers)) == len(table.headers)
        assert all(column.meaning and column.zh for column in table.columns)
    required = [column.name for column in template(name).columns if column.required]
    assert required[:2] == (["relationship", "from"] if name in MODEL.relationship else ["entity", "id"])


def test_csv_has_two_lines() -> None:
    text = as_csv(template("FUNDS"))
    assert text.endswith("\n") and len(text.splitlines()) == 2


def test_explain_names_unit_codes_and_the_other_language() -> None:
    rows = dict(explain(template("FUNDS")))
    assert "stored in minor units" in rows["amount  金额"] and rows["amount  金额"].endswith("Example: 55000000")
    assert "One of: budget, commitment, disbursement" in rows["class  资金类别"]
    assert rows["from  起点"].startswith("Required. ") and not rows["note  备注"].startswith("Required")
    assert {"金额  amount", "起点  from"} <= dict(explain(template("FUNDS", chinese=True))).keys()


@pytest.mark.parametrize(
    ("name", "found"), [("funds", "FUNDS"), ("结对", "PAIRED_WITH"), ("sends-staff to", "SENDS_STAFF_TO"),
                        ("county", "County"), ("place group", "PlaceGroup"), ("行业", "Sector")]
)  # fmt: skip
def test_types_are_found_by_any_of_their_names(name: str, found: str) -> None:
    assert template(name).type == found


def test_unknown_type_lists_what_there_is_and_what_is_near() -> None:
    with pytest.raises(LoadError, match="Did you mean PAIRED_WITH") as refusal:
        template("PAIRD_WITH")
    assert all(name in str(refusal.value) for name in NAMES_OF_TYPES)
    with pytest.raises(LoadError, match="choose one of Country, Province"):
        template("Place")
    with pytest.raises(LoadError, match="a load writes it itself"):
        template("DESCRIBED_IN")
    with pytest.raises(LoadError, match="there is no type LoadRun"):
        template("LoadRun")


def test_chinese_headers_mean_one_property() -> None:
    """Over the whole vocabulary, since a header is looked up before the type of the row is known."""
    names: dict[str, set[str]] = {}
    for node in MODEL.nodes:
        for declared in (*NAMES, *node.properties):
            names.setdefault(declared.zh, set()).add(declared.name)
    for relationship in MODEL.relationships:
        for declared in (*MODEL.claim_properties(relationship.name), *SOURCING):
            names.setdefault(declared.zh, set()).add(declared.name)
    for name, zh in (*template_tables.END_COLUMNS.items(), *template_tables.KIND_COLUMNS.items()):
        names.setdefault(zh, set()).add(name)
    assert {zh: sorted(meant) for zh, meant in names.items() if len(meant) > 1} == {}
    assert not names.keys() & {r.zh for r in MODEL.relationships}, "a property and a relationship share a name"
    known = template_tables.known_columns()
    assert {zh: known[zh] for zh in names} == {zh: next(iter(meant)) for zh, meant in names.items()}


def test_chinese_names_of_types_are_their_own() -> None:
    zh = [type_.zh for type_ in (*MODEL.nodes, *MODEL.relationships)]
    assert sorted(name for name in set(zh) if zh.count(name) > 1) == []
