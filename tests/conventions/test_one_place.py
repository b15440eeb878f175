"""The test the project lives by: a relationship type added to the model in one place comes out at every end.

Its upsert on both engines is tests/integration/test_one_place.py.
"""

import csv
import io

import pytest
from graphql import build_schema

from api.schema import make_schema
from graph import identity, schema_ddl
from graph.document import model_markdown
from graph.model import MODEL, Code, Help, Kind, Property, RelationshipType, Time
from graph.records import Claim, Entity
from graph.sources.directory import Named
from loaders import mappers, mapping
from loaders.directory import Directory
from loaders.records import LoadError, RowError
from loaders.rows import RowBuilder
from loaders.templates import as_csv, template

LENDS_TO = RelationshipType(
    name="LENDS_TO",
    zh="借给",
    description="A thing lent for a time.",
    start=("Place", "Organization"),
    end=("Place", "Organization"),
    forward="lends to",
    backward="borrows from",
    help=Help.FORWARD,
    time=Time.STATE,
    key=("lent",),
    properties=(
        Property(
            name="lent",
            kind=Kind.CODE,
            zh="借出物",
            description="What is lent.",
            example="machines",
            codes=(
                Code(name="machines", zh="机械", description="machines"),
                Code(name="land", zh="土地", description="land"),
            ),
        ),
        Property(name="pieces", kind=Kind.INTEGER, zh="件数", unit="pieces", description="How many.", example="12"),
    ),
)
VOCABULARY = MODEL.with_relationship(LENDS_TO)
DOCUMENT = "source:dataset:test"


def builder() -> RowBuilder:
    places = [("cn:330100", "杭州市"), ("cn:522600", "黔东南苗族侗族自治州")]
    named = [Named(id=id_, type="Prefecture", name=name, names=(), code=id_[3:]) for id_, name in places]
    return RowBuilder(Directory(named, VOCABULARY), DOCUMENT, VOCABULARY)


def records(**changes: str) -> list[Entity | Claim]:
    """What the example row of the template becomes, with some cells changed."""
    header, example = csv.reader(io.StringIO(as_csv(template("LENDS_TO", vocabulary=VOCABULARY))))
    row = dict(zip(header, example, strict=True)) | {"source": "", "source_title": "", "source_publisher": ""} | changes
    return mappers.choose(tuple(header), None, VOCABULARY).records(row, 2, builder())


def test_the_model_itself_does_not_change() -> None:
    assert "LENDS_TO" not in MODEL.relationship
    assert VOCABULARY.relationship["LENDS_TO"] is LENDS_TO
    with pytest.raises(LoadError, match="there is no type LENDS_TO"):
        template("LENDS_TO")


def test_constraint() -> None:
    added = set(schema_ddl.constraints(VOCABULARY)) - set(schema_ddl.constraints())
    assert added == {
        "CREATE CONSTRAINT lends_to_version IF NOT EXISTS FOR ()-[c:LENDS_TO]-() REQUIRE c.version IS UNIQUE"
    }


def test_template_in_both_languages() -> None:
    table = template("LENDS_TO", vocabulary=VOCABULARY)
    cells = dict(zip(table.headers, table.example, strict=True))
    assert (cells["relationship"], cells["from"], cells["to"]) == ("LENDS_TO", "cn:330100", "cn:522600")
    assert (cells["lent"], cells["pieces"]) == ("machines", "12")
    chinese = template("借给", chinese=True, vocabulary=VOCABULARY)
    cells = dict(zip(chinese.headers, chinese.example, strict=True))
    assert (cells["关系"], cells["借出物"], cells["件数"]) == ("借给", "机械", "12")


def test_column_of_the_entities_it_starts_at() -> None:
    assert "LENDS_TO" in template("County", vocabulary=VOCABULARY).headers
    assert "LENDS_TO" not in template("Project", vocabulary=VOCABULARY).headers


def test_good_row_gives_a_claim() -> None:
    assert records() == [
        Claim(
            type="LENDS_TO",
            start="cn:330100",
            end="cn:522600",
            source=DOCUMENT,
            locator="line 16",
            row_id="r1",
            values={
                "programme": "programme:east-west-2016",
                "lent": "machines",
                "pieces": 12,
                "valid_from": "2016-10-27",
                "valid_to": "2021",
                "valid_to_basis": "handover_year",
                "seen_until": "2019-06",
                "certainty": "stated",
                "confidence": "high",
                "note": "first notice of the year",
            },
        )
    ]
    assert records(lent="土地")[0].values["lent"] == "land"


@pytest.mark.parametrize(
    ("cells", "column", "value", "reason"),
    [
        ({"lent": "money"}, "lent", "money", "is not one of land, machines"),
        ({"pieces": "twelve"}, "pieces", "twelve", "is no number"),
        ({"pieces": "-1"}, "pieces", "-1", "lies between 0 and"),
        ({"relationship": "LENDS"}, "relationship", "LENDS", "is not one of"),
        ({"to": "cn:330100"}, "to", "cn:330100", "cannot go from cn:330100 to itself"),
    ],
)
def test_bad_row_gives_an_issue(cells: dict[str, str], column: str, value: str, reason: str) -> None:
    with pytest.raises(RowError, match=reason) as refusal:
        records(**cells)
    assert (refusal.value.column, refusal.value.value) == (column, value)


def test_property_of_it_is_refused_for_others() -> None:
    with pytest.raises(RowError, match="PAIRED_WITH has no such property"):
        records(relationship="PAIRED_WITH")


def test_fact_follows_its_key() -> None:
    def fact(**cells: str) -> str:
        claim = records(**cells)[0]
        assert isinstance(claim, Claim)
        return identity.fact_id(LENDS_TO, claim)

    assert fact() == fact(pieces="13") == fact(valid_from="2017")
    assert len({fact(), fact(lent="land"), fact(programme="")}) == 3


def test_mapping_of_a_table_may_name_it() -> None:
    text = """columns = ["giver", "taker", "thing"]
[[record]]
relationship = "LENDS_TO"
fill = {from = "giver", to = "taker", lent = "thing"}
"""
    row = {"giver": "330100", "taker": "522600", "thing": "land"}
    (claim,) = mapping.parse(text, "own", VOCABULARY).records(row, 2, builder())
    assert (claim.values["lent"], isinstance(claim, Claim)) == ("land", True)
    with pytest.raises(LoadError, match="needs a relationship or an entity of the model, not 'LENDS_TO'"):
        mapping.parse(text, "own")


def test_graphql_type_with_connections_in_both_directions() -> None:
    sdl = make_schema(VOCABULARY).as_str()
    assert '"""The start lends to the end. A thing lent for a time."""\n  LENDS_TO\n' in sdl
    assert "type LendsTo implements Fact {" in sdl and "enum LendsToLent {" in sdl
    schema = build_schema(sdl)
    fact, county = schema.type_map["LendsTo"], schema.type_map["County"]
    assert (str(fact.fields["pieces"].type), fact.fields["pieces"].description) == ("Int", "How many. Unit: pieces.")
    assert str(county.fields["lendsTo"].type) == str(county.fields["lendsToFrom"].type) == "LendsToConnection!"
    assert "lendsTo" not in schema.type_map["Project"].fields
    assert "LENDS_TO" not in make_schema().as_str()


def test_document() -> None:
    text = model_markdown(VOCABULARY)
    assert "### LENDS_TO 借给\n" in text
    overview = next(line for line in text.splitlines() if line.startswith("| `LENDS_TO` |"))
    assert overview == (
        "| `LENDS_TO` | 借给 | Place, Organization → Place, Organization | lends to | borrows from | "
        "the start helps the end | state | `lent` |"
    )
    assert (
        "| `lent` | 借出物 | one of a list |  | What is lent. Codes: `machines` 机械: machines; `land` 土地: land. |"
        in text
    )
    assert "LENDS_TO" not in model_markdown()
