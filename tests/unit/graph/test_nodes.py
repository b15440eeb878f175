"""Which entities are one node that money moves between."""

from hypothesis import given
from hypothesis import strategies as st

from graph.sources.nodes import joined, of_text

_codes = st.sampled_from([("2000", "cn:1"), ("9999", "cn:1@2000"), ("9999", "cn:22"), ("1990-05", "cn:33")])


def test_the_latest_code_stands_for_all_and_what_a_person_chose_for_it() -> None:
    former, today = ("2021", "cn:330102"), ("9999", "cn:330102@2021")
    found = joined({"org:a": "org:long"}, [(today, former)])
    assert (found.of("cn:330102"), found.of("org:a"), found.of("org:x")) == ("cn:330102@2021", "org:long", "org:x")
    assert found.members == {"cn:330102@2021": ("cn:330102", "cn:330102@2021"), "org:long": ("org:a", "org:long")}
    assert found.under(["org:a", "org:x"]) == ["org:a", "org:long", "org:x"]
    chosen = joined({"cn:330102@2021": "cn:hangzhou"}, [(today, former)])
    assert {chosen.of(id_) for id_ in ("cn:330102", "cn:330102@2021", "cn:hangzhou")} == {"cn:hangzhou"}


def test_the_text_tells_whether_nodes_changed() -> None:
    one = joined({}, [(("9999", "cn:1"), ("9999", "cn:2"))])
    assert one.text == joined({"x": "x"}, [(("9999", "cn:2"), ("9999", "cn:1"))]).text != joined({}, []).text == "{}"


@given(st.lists(st.tuples(_codes, _codes)))
def test_nodes_do_not_depend_on_the_order(pairs: list[tuple[tuple[str, str], tuple[str, str]]]) -> None:
    found = joined({}, pairs)
    assert found == joined({}, [(b, a) for a, b in reversed(pairs)])
    assert of_text(found.text) == found
    for (_, a), (_, b) in pairs:
        assert found.of(a) == found.of(b) and found.under([a]) == found.under([b])
    for node, members in found.members.items():
        assert {found.of(member) for member in members} == {node} and node in members
