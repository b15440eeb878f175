"""The drawing of a trace: well-formed, as wide as the sums, and its text is text."""

import re
import xml.etree.ElementTree as ET

from cli.sankey import COLUMN, MARGIN, WIDTH, Band, Node, drawn

LONG = "易地扶贫搬迁安置点配套基础设施建设与产业提升工程" * 2
SVG = "{http://www.w3.org/2000/svg}"


def bars(svg: str) -> list[tuple[float, float, float]]:
    root = ET.fromstring(svg)
    return [
        (float(r.attrib["x"]), float(r.attrib["y"]), float(r.attrib["height"]))
        for r in root.findall(f"{SVG}rect")
        if "x" in r.attrib
    ]


def test_bars_and_bands_are_as_wide_as_the_sums() -> None:
    nodes = [
        Node("a", "甲省", "100", 0),
        Node("b", "乙县", "60", 1),
        Node("c", "丙县", "40", 1),
        Node("d", "alone", "", 1),
    ]
    svg = drawn("t", "n", nodes, [Band("a", "b", 60, "60"), Band("a", "c", 40, "40"), Band("a", "x", 9, "")])
    found = bars(svg)
    assert len(found) == 3  # what has no band is left out
    (whole,) = [h for x, _, h in found if x == found[0][0]]
    parts = sorted(h for x, _, h in found if x != found[0][0])
    assert [round(h / whole, 3) for h in parts] == [0.4, 0.6]
    assert sorted(float(w) for w in re.findall(r" v([0-9.]+) C", svg)) == sorted(round(h, 1) for h in parts)
    lower, upper = sorted((y, h) for x, y, h in found if x != found[0][0])
    assert lower[0] + lower[1] < upper[0]  # bars of a column do not overlap


def test_names_are_text() -> None:
    evil = '<script>alert("1")</script>&\x01'
    svg = drawn(evil, evil, [Node("a", evil, "", 0), Node("b", evil, "", 1)], [Band("a", "b", 1, evil)])
    root = ET.fromstring(svg)
    assert root.find(f".//{SVG}script") is None and "<script" not in svg
    assert root.findtext(f"{SVG}title") == evil.replace("\x01", " ")


def test_what_leads_back_is_dashed_and_nothing_is_drawn_of_nothing() -> None:
    nodes = [Node("a", "A", "", 0), Node("b", "B", "", 1)]
    svg = drawn("t", "n", nodes, [Band("a", "b", 10, ""), Band("b", "a", 3, ""), Band("b", "b", 1, "")])
    assert svg.count("stroke-dasharray") == 2
    empty = drawn("t", "nothing", nodes, [])
    assert bars(empty) == [] and ET.fromstring(empty).findtext(f"{SVG}desc") == "nothing"


def test_the_order_of_what_is_given_does_not_matter() -> None:
    nodes = [Node(str(n), str(n), "", n // 4) for n in range(12)]
    given = [Band(str(a), str(b), a + b, "") for a in range(8) for b in range(4, 12) if a // 4 < b // 4]
    assert drawn("t", "n", nodes, given) == drawn("t", "n", nodes[::-1], given[::-1])


def test_labels_keep_to_their_column() -> None:
    nodes = [Node(f"n{c}", LONG, "1,733,333.33", c) for c in range(4)]
    bands = [Band(f"n{c}", f"n{c + 1}", 10 + c, "x") for c in range(3)]
    svg = drawn("t", "n", nodes, bands)
    shown = re.findall(r"<tspan[^>]*>(易地[^<]*)</tspan>", svg)
    assert len(shown) == 4 and all(text.endswith("…") for text in shown)
    step = (WIDTH - 2 * MARGIN - COLUMN) / 3
    assert all(12 * len(text) <= step for text in shown)
    assert 12 * len(shown[-1]) <= COLUMN  # behind which the drawing ends
    assert svg.count(f"{LONG} 1,733,333.33</title>") == 4
