"""`aidgraph ask`: what it says of the seed, value by value, on both engines; and as whole processes on the embedded one."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.answering import asked
from cli.asking import QUESTIONS, Asker, Options
from cli.console import CommandError
from graph.engine import Graph
from tests.integration.test_cli import COMMAND, one_line, run

Asking = Callable[..., Any]


@pytest.fixture(scope="module")
def ask(seeded: Graph) -> Asking:
    """Lines of an answer as it is printed where there is no terminal."""

    async def lines(question: str, *names: str, **options: Any) -> list[str]:
        return (await asked(seeded, question, names, Options(**options))).splitlines()

    return lines


@pytest.fixture(scope="module")
def data(seeded: Graph) -> Asking:
    async def answer(question: str, *names: str, **options: Any) -> Any:
        return json.loads(await asked(seeded, question, names, Options(**options), as_json=True))

    return answer


def row_of(lines: list[str], *words: str) -> str:
    """The one line that has all the words."""
    (found,) = [line for line in lines if all(word in line for word in words)]
    return found


async def test_helpers_of_ninglang(ask: Asking, capsys: pytest.CaptureFixture[str]) -> None:
    lines = await ask("helpers", "宁蒗", as_of="2020-04-30")
    assert capsys.readouterr().err == "宁蒗 → 宁蒗彝族自治县 (cn:530724)\n"
    assert lines[:8] == [
        "Who helps 宁蒗彝族自治县 (cn:530724) on 2020-04-30",
        "",
        "→ 上海市 Shanghai (cn:310000)",
        "  funds, is posted to; since 2017; 4 facts",
        "    total: 55,000,000 CNY planned, reported total (2020)",
        "    total: 20 projects done (2017 – 2019-07)",
        "    total: 10 projects planned (2020)",
        lines[7],
    ]
    money = row_of(lines, "55,000,000 CNY, 10 projects planned, reported total", "2020", "certainly")
    assert money.endswith("中央纪委国家监委网站, line 23")
    yangpu = lines.index("→ 杨浦区 Yangpu District (cn:310110)")
    posted = "徐敏 is posted to 宁蒗彝族自治县, 扶贫办副主任（挂职）"
    assert row_of(lines[:yangpu], posted, "since 2019-07", "last known").endswith("中央纪委国家监委网站, line 19")
    assert row_of(lines[yangpu:], posted, "last known, implied")


@pytest.mark.soak_on_neo4j
async def test_recipients_of_guangzhou(ask: Asking) -> None:
    lines = await ask("recipients", "广州市", via=("funds", "sends_workers_to"))
    assert lines[:6] == [
        "Whom 广州市 (cn:440100) helps",
        "",
        "→ 毕节市 Bijie (cn:520500)",
        "  funds, takes workers from; since 2019; 2 facts",
        "    total: 383,500,000 CNY, reported total (2019)",
        "    total: 4,180 workers (east) reported (2019)",
    ]


async def test_help_of_jiangsu_for_shaanxi(ask: Asking) -> None:
    lines = await ask("help", "江苏省", "陕西省", during="2019..2019")
    assert lines[0] == "How 江苏省 (cn:320000) helps 陕西省 (cn:610000) during 2019..2019"
    assert "    total: 2,278,000,000 CNY, reported total (2019)" in lines
    assert "    total: 1,526 projects reported (2019)" in lines
    assert row_of(lines, "2,278,000,000 CNY, reported total", "certainly").endswith("中央纪委国家监委网站, line 16")


@pytest.mark.soak_on_neo4j
async def test_what_is_not_added_is_said(ask: Asking) -> None:
    lines = await ask("help", "浙江省", "四川省")
    at = lines.index("    total: none of money in CNY, reported total")
    assert {line.partition(":")[2].partition(":")[0].strip() for line in lines[at + 1 : at + 3]} == {
        "5,278,800,000 CNY, 2016 – 2021-06",
        "3,405,000,000 CNY, 2021",
    }
    assert "periods of figures of the same overlap" in lines[at + 1]


@pytest.mark.soak_on_neo4j
async def test_roll_up_keeps_direct_and_through_apart(ask: Asking) -> None:
    lines = await ask("helpers", "530000", roll_up=True, as_of="2020-04-30", via=("PAIRED_WITH",))
    assert "  directly: is paired to help; since 2001; 3 facts" in lines
    assert "  directly: nothing is known" in lines
    assert "  through 21 pairs, never added to the direct help:" in lines
    assert row_of(lines, "杨浦区 (cn:310110)", "→", "丽江市 (cn:530700)", "is paired to help", "2017")
    again = "aidgraph ask help cn:310000 cn:530000 --as-of 2020-04-30 --via PAIRED_WITH --roll-up --first 100"
    assert f"    … and 13 more: {again}" in lines


@pytest.mark.soak_on_neo4j
async def test_paths(ask: Asking) -> None:
    lines = await ask("path", "杨浦区", "宁蒗", max_hops=2)
    assert "杨浦区 –[is paired to help; sends staff to]→ 丽江市 –[contains]→ 宁蒗彝族自治县" in lines
    assert "杨浦区 –[is part of]→ 上海市 –[funds]→ 宁蒗彝族自治县" in lines
    assert row_of(lines, "上海市 (cn:310000) funds 宁蒗彝族自治县 (cn:530724)", "2020").endswith("网站, line 23")
    cut = await ask("path", "杨浦区", "宁蒗", first=1)
    assert cut[-1] == "There are more than these 1: --first, at most 50, shows more"
    assert await ask("path", "杨浦区", "宁蒗", max_hops=1) == [
        "No way from 杨浦区 (cn:310110) to 宁蒗彝族自治县 (cn:530724) in at most 1 step."
    ]


async def test_search(ask: Asking) -> None:
    head, *rows = await ask("search", "乡村振兴局")
    assert head.split() == ["name", "English", "type", "id", "lies", "in", "found", "by"]
    assert len(rows) == 2
    assert row_of(rows, "万州区扶贫办", "agency", "org:cn:500101:wanzhou-poverty-office", "万州区", "part")
    lines = await ask("search", "朝阳", first=3)
    assert row_of(lines, "朝阳县", "county", "cn:211321", "朝阳市, 辽宁省", "other name")
    assert lines[-1] == "… and 1 more, --first 4"


@pytest.mark.soak_on_neo4j
async def test_supervision_of_bijie(ask: Asking) -> None:
    lines = await ask("supervision", "毕节市")
    assert [line.split() for line in lines[1:6]] == [
        ["inspections", "made", "184"],
        ["problems", "found", "128"],
        ["rectified", "63"],
        ["open", "65", "(derived)"],
        ["rate", "of", "rectification", "49.2%"],
    ]
    row = row_of(lines, "inspection:bijie-funds-2020", "毕节市纪检监察机关", "2020-04-17..2020-05-31")
    assert "184   128    63         65 (derived)" in row and row.endswith("中央纪委国家监委网站, line 17")
    unknown = await ask("supervision", "530724")
    assert [line.split()[-2:] for line in unknown[1:5]] == [["not", "known"]] * 4


@pytest.mark.soak_on_neo4j
async def test_nothing_known_is_said(ask: Asking) -> None:
    assert await ask("helpers", "东城区") == ["Nobody is known to help 东城区 (cn:110101)."]
    assert await ask("recipients", "cn:110101", during="2019") == [
        "cn:110101 is not known to help anybody during 2019."
    ]
    assert await ask("help", "110101", "110102") == ["cn:110101 is not known to help cn:110102."]
    assert await ask("supervision", "110101") == ["No inspection is known that has to do with cn:110101."]
    assert await ask("search", "什么都没有") == ["Nothing is found for '什么都没有'."]


async def test_pages_become_one_answer(data: Asking, seeded: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of more rows than one document may ask for: the same as in one page."""
    whole = await data("search", "省", first=20)
    asker = await Asker.over(seeded, print)
    pages: list[int] = []
    once = Asker.data

    async def counted(self: Asker, document: str, variables: Any, rows: int = 1) -> Any:
        pages.append(rows)
        return await once(self, document, variables, rows)

    monkeypatch.setattr(Asker, "data", counted)
    small = type(QUESTIONS["search"])(name="search", document=QUESTIONS["search"].document, ends=(), takes=("text",),
                                      paged=("search",), page=12)  # fmt: skip
    found = await asker.ask(small, ("省",), Options(first=20))
    assert found == whole and len(found["search"]["nodes"]) == 20 and pages == [12, 8]


async def test_json_is_the_data_of_the_answer(data: Asking) -> None:
    found = await data("supervision", "毕节市")
    assert list(found) == ["supervision"]
    assert {key: found["supervision"][key] for key in ("inspections", "problemsFound", "rectified", "open")} == {
        "inspections": 184, "problemsFound": 128, "rectified": 63, "open": 65,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("question", "names", "options", "exit_code", "says"),
    [
        ("helpers", ("什么都没有",), {}, 1, "nothing that can be asked about is named '什么都没有'"),
        ("helpers", ("扶贫办",), {}, 1, "`ask search 扶贫办` lists 2 whose names hold it"),
        ("helpers", ("cn:999999",), {}, 1, "there is no entity 'cn:999999'"),
        ("path", ("杨浦区", "999999"), {}, 1, "there is no entity 'cn:999999'"),
        ("helpers", ("530724",), {"as_of": "2020-13"}, 2, "--as-of is '2020-13': give a day"),
        ("helpers", ("530724",), {"as_of": "2020-01-01", "during": "2019"}, 2, "--as-of and --during are both given"),
        ("helpers", ("530724",), {"during": "2019..2020-13"}, 2, "--during.to is '2020-13'"),
        ("helpers", ("530724",), {"known_on": "soon"}, 2, "--known-on is 'soon'"),
        ("helpers", ("530724",), {"first": 101}, 2, "--first is 101: it must lie between 1 and 100"),
        ("path", ("310110", "530724"), {"first": 51}, 2, "--first is 51: it must lie between 1 and 50"),
        ("path", ("310110", "530724"), {"max_hops": 5}, 2, "--max-hops is 5: it must lie between 1 and 4"),
        ("helpers", ("nlx",), {}, 2, "cn:340223  南陵县, county in 芜湖市, 安徽省"),
        ("path", ("杨浦区", "朝阳区"), {}, 2, "朝阳区 is the name of 2"),
    ],
)
async def test_refusals(
    ask: Asking, question: str, names: tuple[str, ...], options: dict[str, Any], exit_code: int, says: str
) -> None:
    with pytest.raises(CommandError) as refused:
        await ask(question, *names, **options)
    assert says in str(refused.value) and refused.value.exit_code == exit_code


async def test_an_empty_graph_says_how_to_fill_it(graph: Graph) -> None:
    for question, names in (("helpers", ("宁蒗",)), ("path", ("cn:1", "cn:2")), ("search", ("宁蒗",))):
        with pytest.raises(CommandError, match=r"the graph is empty: load the seed with `aidgraph seed`") as refused:
            await asked(graph, question, names, Options())
        assert refused.value.exit_code == 1


# whole processes


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("家 ask")
    assert run("seed", home=folder).returncode == 0
    return folder


@pytest.mark.soak
def test_a_process_answers_without_a_server(home: Path) -> None:
    result = run("ask", "helpers", "宁蒗", "--as-of", "2020-04-30", home=home)
    assert result.returncode == 0
    assert "total: 55,000,000 CNY planned, reported total (2020)" in result.stdout and "徐敏" in result.stdout
    assert result.stderr == "宁蒗 → 宁蒗彝族自治县 (cn:530724)\n"
    data = run("ask", "supervision", "毕节市", "--json", home=home, PYTHONIOENCODING="ascii")
    assert json.loads(data.stdout)["supervision"]["open"] == 65 and "毕节市纪检监察机关" in data.stdout


@pytest.mark.soak
def test_a_name_of_several_ends_with_2_and_lists_them(home: Path) -> None:
    result = run("ask", "helpers", "朝阳区", home=home)
    assert result.returncode == 2 and result.stdout == ""
    assert "朝阳区 is the name of 2" in one_line(result)
    assert result.stderr.splitlines()[1:] == [
        "  cn:110105  朝阳区, county in 北京市",
        "  cn:220104  朝阳区, county in 长春市, 吉林省",
    ]


@pytest.mark.soak
def test_a_reader_that_has_gone_is_no_error(home: Path) -> None:
    code = (
        "import os, subprocess, sys; r, w = os.pipe(); os.close(r);"
        "sys.exit(subprocess.run(sys.argv[1:], stdout=w, stderr=2).returncode)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *COMMAND, "ask", "recipients", "广州市"],
        env={**os.environ, "AIDGRAPH_HOME": str(home), "NEO4J_URI": ""},
        cwd=home,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "广州市 → 广州市 (cn:440100)\n")


def test_what_is_typed_wrong_is_refused_before_the_engine_starts(tmp_path: Path) -> None:
    result = run("ask", "helpers", "宁蒗", "--via", "helps", home=tmp_path)
    assert result.returncode == 2 and "--via is 'helps': it is none of BUYS_FROM" in one_line(result)
    assert list(tmp_path.iterdir()) == []
    assert run("ask", "path", "宁蒗", home=tmp_path).returncode == 2


@pytest.mark.parametrize("command", ["", "helpers", "recipients", "help", "path", "search", "supervision"])
def test_help_has_an_example(command: str, tmp_path: Path) -> None:
    result = run("ask", *filter(None, [command]), "--help", home=tmp_path)
    assert result.returncode == 0 and "Example" in result.stdout
