"""The references say what the code does, and everything in the vocabulary is described and well named."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph import document, settings
from graph.model import (
    DERIVED_NAMES,
    FIGURES,
    INDICATORS,
    MODEL,
    MONEY,
    NAMES,
    PROGRAMME,
    PROVENANCE,
    SOURCING,
    VALIDITY,
    Kind,
    Property,
)
from graph.records import PreparedClaim
from graph.write.claims import ClaimWriter, Stamp
from graph.write.readings import Reading, settle

ROOT = Path(__file__).parents[2]


def properties() -> Iterator[tuple[str, Property]]:
    """Every property with where it is declared."""
    for shared in (NAMES, DERIVED_NAMES, VALIDITY, PROVENANCE, FIGURES, MONEY, (PROGRAMME,), SOURCING):
        yield from (("shared", declared) for declared in shared)
    for node in MODEL.nodes:
        yield from ((node.label, declared) for declared in node.properties)
    for relationship in MODEL.relationships:
        yield from ((relationship.name, declared) for declared in relationship.properties)


def test_graph_model_is_what_the_model_says() -> None:
    written = (ROOT / "docs" / "graph-model.md").read_text("utf-8")
    assert written == document.model_markdown(), "docs/graph-model.md is out of date: make docs"


def test_graph_model_names_every_stored_property_of_a_claim() -> None:
    writer = ClaimWriter(MODEL.relationship["FUNDS"], Stamp(dataset="d", now=1))
    reading = Reading(dataset="d", locator="line 2", digest="x", values={"certainty": "stated"})
    claim = PreparedClaim(
        type="FUNDS", start="a", end="b", id="claim:1", fact="f", source="s", locator="", digest="x", values={}
    )
    stored = writer._row(claim, settle([reading]), [])[2]
    named = {name for name, _, _ in document.STORED}
    assert set(stored) - {"certainty"} <= named
    assert named - set(stored) <= {"others", "retracted_at"}


def test_every_type_and_indicator_is_in_the_document() -> None:
    text = document.model_markdown()
    for node in MODEL.nodes:
        assert f"### {node.label} {node.zh}\n" in text
    for relationship in MODEL.relationships:
        assert f"### {relationship.name} {relationship.zh}\n" in text
    for name, *_ in INDICATORS:
        assert f"`{name}`" in text
    assert text.endswith("\n") and not text.endswith("\n\n")


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs" / "settings.md").read_text("utf-8")
    assert re.findall(r"^\| `(\w+)` \|", text, re.M) == list(settings.VARIABLES)


def test_every_setting_that_is_read_is_listed() -> None:
    files = [path for folder in ("api", "cli", "graph", "loaders") for path in (ROOT / folder).rglob("*.py")]
    read = {
        name for path in files for name in re.findall(r'"((?:AIDGRAPH|NEO4J)_[A-Z0-9_]+)"', path.read_text("utf-8"))
    }
    assert read == set(settings.VARIABLES)


@pytest.mark.parametrize("type_", [*MODEL.nodes, *MODEL.relationships], ids=lambda type_: type_.zh)
def test_every_type_is_described_in_both_languages(type_) -> None:
    assert type_.description.endswith(".") and re.search("[一-鿿]", type_.zh)


def test_every_property_and_code_is_described_in_both_languages() -> None:
    for where, declared in properties():
        assert declared.description.strip() and re.search("[一-鿿]", declared.zh), (where, declared.name)
        assert bool(declared.codes) is (declared.kind is Kind.CODE), (where, declared.name)
        for code in declared.codes:
            assert code.description.strip() and re.search("[一-鿿]", code.zh), (where, declared.name, code.name)


def test_every_relationship_reads_both_ways() -> None:
    for relationship in MODEL.relationships:
        assert relationship.forward and relationship.backward, relationship.name
        assert set(relationship.start) | set(relationship.end) <= {"Entity", *MODEL.node}, relationship.name
        declared = {p.name for p in MODEL.claim_properties(relationship.name)}
        assert set(relationship.key) <= declared, relationship.name
        assert not relationship.help_when or relationship.help_when[0] in declared


def test_names_are_written_in_their_style() -> None:
    assert [n.label for n in MODEL.nodes if not re.fullmatch(r"([A-Z][a-z0-9]*)+", n.label)] == []
    assert [r.name for r in MODEL.relationships if not re.fullmatch(r"[A-Z]+(_[A-Z]+)*", r.name)] == []
    snake = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
    assert [(where, p.name) for where, p in properties() if not snake.fullmatch(p.name)] == []
    assert [(p.name, c.name) for _, p in properties() for c in p.codes if not snake.fullmatch(c.name)] == []
    assert [name for name, *_ in INDICATORS if not snake.fullmatch(name)] == []


def test_names_are_given_once() -> None:
    types = [*(node.label for node in MODEL.nodes), *(r.name for r in MODEL.relationships)]
    assert len(set(types)) == len(types)
    for type_ in MODEL.nodes:
        names = [p.name for p in MODEL.node_properties(type_.label)]
        assert len(set(names)) == len(names), type_.label
    for type_ in MODEL.relationships:
        names = [p.name for p in MODEL.claim_properties(type_.name)]
        assert len(set(names)) == len(names), type_.name
    for where, declared in properties():
        for names in ([c.name for c in declared.codes], [c.zh for c in declared.codes]):
            assert len(set(names)) == len(names), (where, declared.name)


def test_examples_of_ids_begin_as_their_type_says() -> None:
    assert [node.label for node in MODEL.nodes if not node.id_example.startswith(node.prefixes)] == []
