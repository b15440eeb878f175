"""Which entities are one node that money moves between."""

from hypothesis import given
from hypothesis import strategies as st

from graph.sources.nodes import joined, of_text

_ids = st.sampled_from(["cn:1", "cn:1@2000", "cn:22", "org:a", "org:bb", "org:ccc"])


def test_the_shortest_code_stands_for_all_but_what_a_person_chose_comes_first() -> None:
    found = joined({"org:a": "org:long", "org:long": "org:long"}, [("cn:330102@2021", "cn:330102")])
    assert (found.of("cn:330102@2021"), found.of("org:a"), found.of("org:x")) == ("cn:330102", "org:long", "org:x")
    assert found.members == {"cn:330102": ("cn:330102", "cn:330102@2021"), "org:long": ("org:a", "org:long")}
    assert found.under(["org:a", "org:x"]) == ["org:a", "org:long", "org:x"]


def test_the_text_tells_whether_nodes_changed() -> None:
    one = joined({}, [("cn:1", "cn:2")])
    assert one.text == joined({"x": "x"}, [("cn:2", "cn:1")]).text != joined({}, []).text == "{}"


@given(st.lists(st.tuples(_ids, _ids)))
def test_nodes_do_not_depend_on_the_order(pairs: list[tuple[str, str]]) -> None:
    found = joined({}, pairs)
    assert found == joined({}, [(b, a) for a, b in reversed(pairs)])
    assert of_text(found.text) == found
    for a, b in pairs:
        assert found.of(a) == found.of(b) and found.under([a]) == found.under([b])
    for node, members in found.members.items():
        assert {found.of(member) for member in members} == {node} and node in members
