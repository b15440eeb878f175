"""Taking back a load: the graph is what it would be without it, what was known meanwhile stays known; on both engines."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from graph import schema_ddl, write
from graph.dump import dump_hash
from graph.engine import Engine, Graph
from graph.errors import GraphError, LockLost, UndoRefused, WriterBusy
from graph.write import Counts, runs
from graph.write.claims import ClaimWriter
from graph.write.runs import State
from tests.checks import Table, claims, entities, load, load_places, unchanged, wipe

PAGE = "https://example.org/a"
#: Later than any clock of the machine the tests run on: runs are ordered by when they were recorded.
T = 4_000_000_000_000
HEADER = ("relationship", "from", "to", "measure", "amount", "currency", "class", "valid_from", "source", "confidence")
COMPANIES = "entity,id,name\n" + "".join(f"Company,org:c{n},公司{n}\n" for n in range(4))


def sums(*rows: tuple[object, ...]) -> Table:
    """(measure, amount, source, confidence), the last two may be left out."""
    filled = [(*row, "", "")[:4] for row in rows]
    return HEADER, [
        ["FUNDS", "310000", "530724", m, amount, "CNY", "budget", "2019", s, c] for m, amount, s, c in filled
    ]


@pytest.fixture
async def placed(graph: Graph, tmp_path: Path) -> Graph:
    await load_places(graph, tmp_path)
    return graph


@pytest.fixture(autouse=True)
def batches_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(write.load.__kwdefaults__, "batch", 3)
    monkeypatch.setitem(write.undo.__kwdefaults__, "batch", 3)


async def undo(graph: Graph, name: str, now: int = T) -> write.Undone:
    return await write.undo(graph, name, clock=lambda: now)


async def searched(graph: Graph, text: str) -> set[str]:
    """Ids of what the full-text index finds."""
    await asyncio.sleep(0.2 if graph.kind is Engine.NEO4J else 0)  # it follows a moment after the write there
    cypher = "CALL db.index.fulltext.queryNodes($p.index, $p.text) YIELD node RETURN node.id"
    rows = await graph.rows(cypher, {"index": schema_ddl.SEARCH_INDEX[graph.kind], "text": text})
    return {id_ for (id_,) in rows}


async def newest(graph: Graph, dataset: str) -> str:
    return [run.id for run in await runs.listed(graph) if run.dataset == dataset and not run.undoes][-1]


async def known_on(graph: Graph, type_: str, moment: int, *names: str) -> set[tuple[Any, ...]]:
    where = f"c.recorded_at <= {moment} AND (c.retracted_at IS NULL OR c.retracted_at > {moment})"
    return await claims(graph, type_, *names, where=where)


#: A dataset and what became of it: rows change, go, come, and those that stay stand on other lines.
BEFORE = {"a.csv": COMPANIES, "b.csv": sums(*((f"m{n}", n + 1) for n in range(7)))}
AFTER = {
    "a.csv": COMPANIES.replace("公司1", "公司一").replace("Company,org:c3,公司3\n", ""),
    "b.csv": sums(("new", 5), ("m0", 99), *((f"m{n}", n + 1) for n in (1, 2, 3, 4))),
}


async def test_a_first_load_is_taken_back_and_what_was_known_stays_known(placed: Graph, tmp_path: Path) -> None:
    before = await dump_hash(placed)
    await load(placed, tmp_path, BEFORE, clock=lambda: T)
    undone = await undo(placed, "run:2:data", T + 10)
    assert (undone.run.id, undone.by, undone.already) == ("run:2:data", "run:3:data", False)
    assert undone.counts == Counts(retracted=12)  # seven sums, four companies, the file itself
    assert await dump_hash(placed) == before
    assert len(await known_on(placed, "FUNDS", T + 9, "measure")) == 7
    assert await known_on(placed, "FUNDS", T + 10, "measure") == set()
    listed = [(run.id, run.state, run.undoes, run.undone_by) for run in await runs.listed(placed)]
    assert listed[1:] == [("run:2:data", State.UNDONE, "", "run:3:data"), ("run:3:data", State.DONE, "run:2:data", "")]
    async with unchanged(placed):
        again = await undo(placed, "2")
    assert (again.already, again.by, again.counts) == (True, "run:3:data", Counts())
    loaded = await load(placed, tmp_path, BEFORE)  # the very files are no longer "loaded already"
    assert (loaded.unchanged_files, loaded.counts.new) == (False, 12)


async def test_a_change_is_taken_back_with_the_places_where_it_was_read(placed: Graph, tmp_path: Path) -> None:
    await load(placed, tmp_path, BEFORE, clock=lambda: T)
    before = await dump_hash(placed)
    then = await known_on(placed, "FUNDS", T, "measure", "amount_text")
    changed = await load(placed, tmp_path, AFTER, clock=lambda: T + 10)
    assert changed.counts == Counts(new=1, changed=2, unchanged=7, retracted=3, entities_changed=1)
    meanwhile = await known_on(placed, "FUNDS", T + 10, "measure", "amount_text")
    undone = await undo(placed, "run:3:data", T + 20)
    # the sums m1 to m4 and org:c2 stood on other lines; org:c1 has its name again
    assert undone.counts == Counts(new=3, changed=2, unchanged=4, retracted=1, entities_changed=1)
    assert await dump_hash(placed) == before
    assert await known_on(placed, "FUNDS", T + 5, "measure", "amount_text") == then
    assert await known_on(placed, "FUNDS", T + 19, "measure", "amount_text") == meanwhile
    assert await known_on(placed, "FUNDS", T + 20, "measure", "amount_text") == then
    assert {row[1:] for row in await entities(placed, "Company", "name", "pinyin") if row[0] == "org:c1"} == {
        ("公司1", "gong si 1")
    }
    first = await undo(placed, "run:2:data", T + 30)
    assert first.counts.retracted == 12
    assert await claims(placed, "FUNDS", "measure") == set()


A1, A2 = [("m", 1, PAGE), ("k", 1)], [("m", 2, PAGE, "high"), ("k", 1), ("n", 7, PAGE)]
ONLY_K, MOVED = [("k", 1)], [("k", 1), ("m", 1, PAGE)]
B1, B2 = [("m", 3, PAGE), ("n", 7, PAGE), ("b", 1)], [("m", 1, PAGE), ("b", 1)]


@pytest.mark.soak_on_neo4j
@pytest.mark.parametrize(
    ("former", "undone", "other"),
    [
        ([], A1, B1),
        ([], A1, B2),
        (A1, A2, B1),
        pytest.param(A1, A2, B2, marks=pytest.mark.soak),
        (A1, ONLY_K, B2),
        pytest.param(A2, ONLY_K, B1, marks=pytest.mark.soak),
        pytest.param(ONLY_K, A2, B1, marks=pytest.mark.soak),
        (A1, MOVED, B2),
        pytest.param(A2, A1, B1, marks=pytest.mark.soak),
    ],
    ids=["first", "first-agrees", "better", "better-agrees", "dropped", "best-dropped", "comes", "moved", "worse"],
)
async def test_what_another_dataset_reads_of_the_same_page_stays_before_and_after(
    placed: Graph, tmp_path: Path, former: list[tuple[object, ...]], undone: list[tuple[object, ...]], other: Any
) -> None:
    async def sequence(*steps: tuple[str, list[tuple[object, ...]]]) -> str:
        await wipe(placed)
        await load_places(placed, tmp_path)
        for dataset, rows in steps:
            if rows:
                await load(placed, tmp_path, sums(*rows), dataset, allow_retract=True)
        return await dump_hash(placed)

    async def without_last_of_a() -> str:
        await undo(placed, await newest(placed, "a"))
        return await dump_hash(placed)

    expected = await sequence(("a", former), ("b", other))
    await sequence(("a", former), ("a", undone), ("b", other))
    assert await without_last_of_a() == expected
    await sequence(("a", former), ("b", other), ("a", undone))
    assert await without_last_of_a() == expected
    await sequence(("b", other), ("a", former), ("a", undone), ("b", [*other, ("late", 1)]), ("b", other))
    assert await without_last_of_a() == expected


async def test_an_entity_is_again_what_it_was_before(placed: Graph, tmp_path: Path) -> None:
    plain = "entity,id,name\nOrganization,org:x,机构\n"
    named = (("relationship", "from", "to"), [["SUPPORTS", "org:y", "org:x"]])
    stub = "entity,id,name,LOCATED_IN\nOrganization,org:y,别的机构,530724\n"
    await load(placed, tmp_path, {"a.csv": plain, "c.csv": stub, "b.csv": named}, "a")
    before = await dump_hash(placed)
    finer = "entity,id,name,name_en,confidence\nCompany,org:x,公司,Some Company,high\nCompany,org:new,新公司,,\n"
    await load(placed, tmp_path, finer, "b")
    assert ("org:x", "Company", "公司", "Some Company") in await entities(placed, "Company", "type", "name", "name_en")
    await undo(placed, "run:3:b")
    assert await dump_hash(placed) == before
    assert await entities(placed, "Company", "name") == {
        ("org:new", "新公司")
    }  # nothing is said of it, no row names it
    search = await placed.value("MATCH (e:Organization {id: 'org:x'}) RETURN e.search")
    assert "公司" not in search and "机构" in search
    # somebody has named it as a company since: the finer label stays
    await load(placed, tmp_path, finer, "b")
    assert await searched(placed, "公司") == {"org:x", "org:new"}
    await load(placed, tmp_path, "entity,id,name_en\nCompany,org:x,X Ltd\n", "c")
    await undo(placed, await newest(placed, "b"))
    assert ("org:x", "Company", "机构", "X Ltd") in await entities(placed, "Company", "type", "name", "name_en")


async def test_what_was_only_named_before_is_only_named_again(placed: Graph, tmp_path: Path) -> None:
    await load(placed, tmp_path, "entity,id,name\nCompany,org:x,公司\n", "names", clock=lambda: T)
    row = {"a.csv": (HEADER, [["FUNDS", "org:x", "530724", "m", 1, "CNY", "budget", "2019", "", ""]])}
    await load(placed, tmp_path, row, "a", clock=lambda: T + 1)
    await load(
        placed, tmp_path, "entity,id,name\nCompany,org:y,别的\n", "names", clock=lambda: T + 2, allow_retract=True
    )
    kept = await dump_hash(placed)  # described no more, it keeps its name
    await load(placed, tmp_path, "entity,id,name\nCompany,org:x,新公司\n", "more", clock=lambda: T + 3)
    await undo(placed, "run:5:more", T + 4)
    assert await dump_hash(placed) == kept
    assert ("org:x", "公司") in await entities(placed, "Company", "name")
    await undo(placed, "run:4:names", T + 5)
    await undo(placed, "run:2:names", T + 6)  # what was never described but by loads that are undone is a bare id
    assert ("org:x", None) in await entities(placed, "Company", "name")


async def test_conflicts_are_found_anew(placed: Graph, tmp_path: Path) -> None:
    async def open_conflicts() -> int:
        return await placed.value("MATCH (k:Conflict) WHERE k.gone_at IS NULL RETURN count(k)")

    await load(placed, tmp_path, sums(("m", 1, PAGE)), "a")
    await load(placed, tmp_path, sums(("m", 2, "https://example.org/b")), "b")
    assert await open_conflicts() == 1
    await undo(placed, "run:3:b")
    assert await open_conflicts() == 0


async def test_what_cannot_be_undone_is_refused_with_the_reason(placed: Graph, tmp_path: Path) -> None:
    await load(placed, tmp_path, BEFORE)
    await load(placed, tmp_path, AFTER)
    await load(placed, tmp_path, BEFORE, force=True)
    async with unchanged(placed):
        with pytest.raises(UndoRefused, match="no run run:9:data"):
            await undo(placed, "run:9:data")
        with pytest.raises(UndoRefused, match="loaded again since; first undo run:4:data, then run:3:data"):
            await undo(placed, "run:2:data")
        async with write.writer(placed, "other"):
            with pytest.raises(WriterBusy):
                await undo(placed, "run:4:data")
    await undo(placed, "run:4:data")
    async with unchanged(placed):
        with pytest.raises(UndoRefused, match="run:5:data is itself an undo, of run:4:data"):
            await undo(placed, "run:5:data")
    await undo(placed, "run:3:data")
    await placed.write(lambda t: t.rows("MATCH (r:LoadRun {id: 'run:2:data'}) SET r.logged = null RETURN 1"))
    with pytest.raises(UndoRefused, match="older aidgraph"):
        await undo(placed, "run:2:data")


# --- an undo, or the load it takes back, that is broken off -----------------------------------------------------------


class Broken(GraphError):
    pass


@pytest.fixture
def break_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], None]:
    """Makes the n-th call of a method of the writer of claims fail after its work, before it is committed; 0: none."""
    state = {"method": "", "left": 0}

    def failing(name: str, original: Callable[..., Awaitable[Counts]]) -> Callable[..., Awaitable[Counts]]:
        async def fail(self: ClaimWriter, *arguments: Any, **more: Any) -> Counts:
            counts = await original(self, *arguments, **more)
            if state["method"] == name:
                state["left"] -= 1
                if state["left"] == 0:
                    raise Broken(name)
            return counts

        return fail

    for name in ("write", "withdraw", "restore"):
        monkeypatch.setattr(ClaimWriter, name, failing(name, getattr(ClaimWriter, name)))
    return lambda method, n: state.update(method=method, left=n)


@pytest.mark.soak_on_neo4j
async def test_an_undo_broken_at_any_batch_goes_on_where_it_stopped(
    placed: Graph, tmp_path: Path, break_at: Callable[[str, int], None]
) -> None:
    async def start_over() -> None:
        await wipe(placed)
        await load_places(placed, tmp_path)
        await load(placed, tmp_path, BEFORE)
        await load(placed, tmp_path, AFTER)

    await start_over()
    undisturbed = await undo(placed, "run:3:data")
    expected = await dump_hash(placed, history=True)
    for n in range(1, 100):
        await start_over()
        break_at("restore", n)
        try:
            await undo(placed, "run:3:data")
        except Broken:
            assert [run.state for run in await runs.listed(placed)][-2:] == [State.DONE, State.BROKEN_OFF]
            break_at("", 0)
            if n == 2:  # another dataset comes in between: the undo begins anew, as a run of its own
                await load(placed, tmp_path, COMPANIES.replace("org:c", "org:d"), "other")
                assert (await undo(placed, "run:3:data")).by == "run:6:data"
                await undo(placed, "run:5:other")
                continue
            again = await undo(placed, "run:3:data")
            assert (again.by, again.counts) == (undisturbed.by, undisturbed.counts)
            assert await dump_hash(placed, history=True) == expected
        else:
            break
    assert n > 4


async def test_a_load_that_was_broken_off_can_be_taken_back(
    placed: Graph, tmp_path: Path, break_at: Callable[[str, int], None]
) -> None:
    await load(placed, tmp_path, BEFORE)
    before = await dump_hash(placed)
    for method, n in (("write", 2), ("write", 4), ("withdraw", 1)):
        break_at(method, n)
        with pytest.raises(Broken):
            await load(placed, tmp_path, AFTER)
        break_at("", 0)
        await undo(placed, await newest(placed, "data"))
        assert await dump_hash(placed) == before
    loaded = await load(placed, tmp_path, AFTER)
    assert loaded.counts == Counts(new=1, changed=2, unchanged=7, retracted=3, entities_changed=1)


async def test_an_undo_that_has_lost_its_lock_stops(placed: Graph, tmp_path: Path, monkeypatch: Any) -> None:
    await load(placed, tmp_path, BEFORE)
    commit = write.undoing.Undoing._commit

    async def stolen(self: Any, *arguments: Any) -> None:
        await placed.write(lambda t: t.rows("MATCH (l:Lock) SET l.owner = 'another-machine|1|1.00|0000' RETURN 1"))
        await commit(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(write.undoing.Undoing, "_commit", stolen)
        with pytest.raises(LockLost):
            await undo(placed, "run:2:data")
    assert len(await claims(placed, "FUNDS", "measure")) == 7
