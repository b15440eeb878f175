"""Writing under trouble: another writer, a batch that fails, a statement that takes too long, a lost answer."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from graph import write
from graph.dump import dump_hash
from graph.engine import Graph
from graph.errors import GraphError, LockLost, TimedOut, WriterBusy
from graph.write import Counts, lock
from graph.write.claims import ClaimWriter
from graph.write.lock import LEASE, writer
from tests.checks import Table, claims, entities, load, load_places, unchanged, wipe

HEADER = ("relationship", "from", "to", "measure", "amount", "currency", "class", "valid_from")
COMPANIES = "entity,id,name\n" + "".join(f"Company,org:c{n},公司{n}\n" for n in range(5))


def sums(*amounts: tuple[str, object]) -> Table:
    return HEADER, [["FUNDS", "org:c0", "530000", name, amount, "CNY", "budget", "2019"] for name, amount in amounts]


#: A dataset and what became of it: of its sums one changes, two go, three come.
BEFORE = {"a.csv": COMPANIES, "b.csv": sums(*((f"m{n}", n + 1) for n in range(12)))}
AFTER = {
    "a.csv": COMPANIES.replace("公司1", "公司一"),
    "b.csv": sums(("m0", "99"), *((f"m{n}", n + 1) for n in (*range(1, 10), 20, 21, 22))),
}
DONE = Counts(new=3, changed=2, unchanged=14, retracted=2, entities_changed=1)


@pytest.fixture
async def placed(graph: Graph, tmp_path: Path) -> Graph:
    await load_places(graph, tmp_path)
    return graph


@pytest.fixture(autouse=True)
def batches_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(write.load.__kwdefaults__, "batch", 3)


async def runs(graph: Graph) -> list[list[Any]]:
    """(id, state, rows done) of the load runs, in their order; those of the places left out."""
    found = "MATCH (r:LoadRun) WHERE r.dataset <> 'places' RETURN r.id, r.state, r.rows_done ORDER BY r.sequence"
    return await graph.rows(found)


async def hold(graph: Graph, owner: str, lease: int = LEASE) -> None:
    """Somebody else holds the right to write."""
    cypher = """
    MERGE (l:Lock {id: 'writer'})
    SET l.owner = $p.owner, l.dataset = 'theirs', l.since = timestamp(), l.until = timestamp() + $p.lease RETURN 1
    """
    await graph.write(lambda transaction: transaction.rows(cypher, {"owner": owner, "lease": lease}))


async def holder(graph: Graph) -> str | None:
    return await graph.value("MATCH (l:Lock {id: 'writer'}) RETURN l.owner")


# --- one writer at a time ---------------------------------------------------------------------------------------------


async def test_a_second_load_is_told_who_is_writing(placed: Graph, tmp_path: Path) -> None:
    async with writer(placed, "first"), unchanged(placed):
        with pytest.raises(WriterBusy) as busy:
            await load(placed, tmp_path, BEFORE, "second")
    assert f"process {os.getpid()} on {socket.gethostname()} is loading first since 2" in str(busy.value)
    assert "--wait SECONDS" in str(busy.value)
    assert busy.value.exit_code == 5
    assert (await load(placed, tmp_path, BEFORE, "second")).written
    assert await holder(placed) is None


async def test_a_load_waits_for_its_turn(placed: Graph, tmp_path: Path) -> None:
    told: list[str] = []
    heard = asyncio.Event()

    def hear(who: str) -> None:
        told.append(who)
        heard.set()

    async with writer(placed, "first"):
        began = time.monotonic()
        with pytest.raises(WriterBusy):
            await load(placed, tmp_path, BEFORE, "second", wait=0.3)
        assert time.monotonic() - began >= 0.3
        waiting = asyncio.create_task(load(placed, tmp_path, BEFORE, "second", wait=30.0, on_wait=hear))
        await heard.wait()
        assert await claims(placed, "FUNDS", "measure") == set()
    assert (await waiting).written
    assert f"process {os.getpid()} on " in told[0]


async def test_two_loads_at_once_write_one_after_the_other(placed: Graph, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    await load(placed, tmp_path, COMPANIES, "companies")
    both = (
        load(placed, tmp_path, sums(("a", 1), ("b", 2), ("c", 3), ("d", 4)), "one", wait=60.0),
        load(placed, tmp_path / "x", sums(("e", 1), ("f", 2), ("g", 3), ("h", 4)), "two", wait=60.0),
    )
    for report in await asyncio.gather(*both):
        assert report.counts == Counts(new=5, entities_new=1)
    assert {row[2] for row in await claims(placed, "FUNDS", "measure")} == set("abcdefgh")
    when = "MATCH (r:LoadRun) RETURN count(DISTINCT r.recorded_at), count(DISTINCT r.sequence), count(r)"
    assert await placed.rows(when) == [[4, 4, 4]]


@pytest.fixture
def ended() -> str:
    """The owner of a lock whose process has ended."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        started = psutil.Process(process.pid).create_time()
    return f"{lock._machine()}|{process.pid}|{started:.2f}|0000"


@pytest.fixture
def zombie() -> Iterator[str]:
    """The owner of a lock whose process has ended, and whose parent has not looked."""
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    started = psutil.Process(process.pid).create_time()
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    yield f"{lock._machine()}|{process.pid}|{started:.2f}|0000"
    process.wait()


async def test_the_lock_of_a_dead_process_is_taken_over(placed: Graph, tmp_path: Path, ended: str, zombie: str) -> None:
    own = psutil.Process()
    another_before_with_our_pid = f"{lock._machine()}|{own.pid}|{own.create_time() - 100:.2f}|0000"
    for dataset, owner in (("a", ended), ("b", zombie), ("c", another_before_with_our_pid)):
        await hold(placed, owner)
        assert (await load(placed, tmp_path, COMPANIES, dataset)).written, owner
        assert await holder(placed) is None


async def test_a_lease_that_has_run_out_is_taken_over_and_no_other(placed: Graph, tmp_path: Path) -> None:
    elsewhere = "another-machine|1|1.00|0000"
    await hold(placed, elsewhere)
    with pytest.raises(WriterBusy, match="process 1 on another-machine is loading theirs"):
        await load(placed, tmp_path, COMPANIES)
    await hold(placed, elsewhere, lease=-1)
    assert (await load(placed, tmp_path, COMPANIES)).written


async def test_a_living_process_keeps_its_lock_when_the_clock_is_set(placed: Graph, tmp_path: Path) -> None:
    other = psutil.Process().parent()
    assert other
    await hold(placed, f"{lock._machine()}|{other.pid}|{other.create_time() + 1.5:.2f}|0000")
    with pytest.raises(WriterBusy, match=f"process {other.pid} "):
        await load(placed, tmp_path, COMPANIES)


async def test_a_lock_that_could_not_be_let_go_is_no_hindrance(
    placed: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(self: Graph, work: Any) -> None:
        raise GraphError("the disk is full")

    with pytest.raises(GraphError, match="what broke the load"), monkeypatch.context() as patch:
        async with writer(placed, "first"):
            patch.setattr(Graph, "write", fail)
            raise GraphError("what broke the load")
    assert await holder(placed)
    assert (await load(placed, tmp_path, COMPANIES)).written


async def test_a_load_that_has_lost_its_lock_stops(
    placed: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    thief, commit, calls = "another-machine|1|1.00|0000", write._Loading._commit, 0

    async def stolen(self: Any, *arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 4:
            await hold(placed, thief)
        await commit(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(write._Loading, "_commit", stolen)
        with pytest.raises(LockLost, match="another load has taken over"):
            await load(placed, tmp_path, BEFORE)
    assert await holder(placed) == thief  # what is not ours is not let go
    ((_, state, done),) = await runs(placed)
    assert (state, done) == ("running", 7)  # the source, and six entities with it in two batches
    assert await claims(placed, "FUNDS", "measure") == set()
    await hold(placed, thief, lease=-1)
    assert (await load(placed, tmp_path, BEFORE)).counts == Counts(new=18, entities_new=6)


# --- a load that is broken off ----------------------------------------------------------------------------------------


class Broken(GraphError):
    pass


@pytest.fixture
def break_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Makes the n-th write of claims fail, after it has been made and before it is committed; 0: none."""
    calls = at = 0

    def failing(original: Callable[..., Awaitable[Counts]]) -> Callable[..., Awaitable[Counts]]:
        async def fail(self: ClaimWriter, *arguments: Any, **more: Any) -> Counts:
            nonlocal calls
            counts = await original(self, *arguments, **more)
            calls += 1
            if calls == at:
                raise Broken(f"broken at {at}")
            return counts

        return fail

    def arm(n: int) -> None:
        nonlocal calls, at
        calls, at = 0, n

    monkeypatch.setattr(ClaimWriter, "write", failing(ClaimWriter.write))
    monkeypatch.setattr(ClaimWriter, "withdraw", failing(ClaimWriter.withdraw))
    return arm


async def start_over(graph: Graph, folder: Path) -> None:
    await wipe(graph)
    await load_places(graph, folder)
    await load(graph, folder, BEFORE)


async def undisturbed(graph: Graph, folder: Path) -> str:
    await load(graph, folder, BEFORE)
    report = await load(graph, folder, AFTER)
    assert report.counts == DONE
    return await dump_hash(graph, history=True)


@pytest.mark.soak_on_neo4j
async def test_a_load_broken_at_any_batch_goes_on_where_it_stopped(
    placed: Graph, tmp_path: Path, break_at: Callable[[int], None]
) -> None:
    expected = await undisturbed(placed, tmp_path)
    stopped: list[int] = []
    for n in range(1, 100):
        await start_over(placed, tmp_path)
        before = await dump_hash(placed, history=True)
        break_at(n)
        try:
            await load(placed, tmp_path, AFTER)
        except Broken:
            break_at(0)
        else:
            break
        broken = (await runs(placed))[-1]
        stopped.append(broken[2])
        assert broken[:2] == ["run:3:data", "running"]
        assert await holder(placed) is None
        if n == 1:
            assert await dump_hash(placed, history=True) == before  # nothing of the batch that failed
        report = await load(placed, tmp_path, AFTER)
        assert report.counts == DONE, n
        assert [row[:2] for row in await runs(placed)] == [["run:2:data", "done"], ["run:3:data", "done"]]
        assert await dump_hash(placed, history=True) == expected, n
        learned = await claims(placed, "FUNDS", "measure", "recorded_at", where="c.measure IN ['m0', 'm20', 'm22']")
        assert len({row[3] for row in learned}) == 2  # before the change, and all of the broken run at one moment
    # a source, its two batches of entities, five batches of sums, and the two that went
    assert stopped == [0, 1, 4, 7, 10, 13, 16, 19, 20]


async def test_batches_that_were_acknowledged_stay(
    placed: Graph, tmp_path: Path, break_at: Callable[[int], None]
) -> None:
    break_at(5)  # the source, two batches of companies and one of sums are written
    with pytest.raises(Broken):
        await load(placed, tmp_path, BEFORE)
    break_at(0)
    assert {row[0] for row in await entities(placed, "Company")} == {f"org:c{n}" for n in range(5)}
    assert len(await claims(placed, "FUNDS", "measure")) == 3
    assert await runs(placed) == [["run:2:data", "running", 10]]
    kept = "MATCH (r:LoadRun {id: 'run:2:data'}) RETURN r.new, r.entities_new"
    assert await placed.rows(kept) == [[9, 6]]


@pytest.mark.parametrize("between", ["another run", "other files"])
async def test_a_broken_load_is_not_gone_on_with_when_things_have_changed(
    placed: Graph, tmp_path: Path, break_at: Callable[[int], None], between: str
) -> None:
    expected = await undisturbed(placed, tmp_path)
    await start_over(placed, tmp_path)
    third = {**AFTER, "b.csv": sums(*((f"m{n}", 7) for n in range(30)))}
    break_at(7)
    with pytest.raises(Broken):
        await load(placed, tmp_path, AFTER if between == "another run" else third)
    break_at(0)
    if between == "another run":
        await load(placed, tmp_path, "entity,id,name\nCompany,org:x,x\n", "other")
    report = await load(placed, tmp_path, AFTER)
    assert report.written
    names = [row[0] for row in await runs(placed)]
    assert names[-1] == ("run:5:data" if between == "another run" else "run:4:data")
    assert [row[1] for row in await runs(placed)].count("running") == 1
    await load(placed, tmp_path, "entity,id,name\n", "other", allow_retract=True)
    found = {row[2:] for row in await claims(placed, "FUNDS", "measure", "amount_text")}
    assert found == {("m0", "99"), *((f"m{n}", str(n + 1)) for n in (*range(1, 10), 20, 21, 22))}
    await wipe(placed)
    await load_places(placed, tmp_path)
    assert await undisturbed(placed, tmp_path) == expected


# --- statements that take too long, answers that are lost -------------------------------------------------------------


async def test_a_batch_that_takes_too_long_is_halved(
    placed: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = await undisturbed(placed, tmp_path)
    await wipe(placed)
    await load_places(placed, tmp_path)
    monkeypatch.setitem(write.load.__kwdefaults__, "batch", 5_000)
    original, written = ClaimWriter.write, set[int]()

    async def slow(self: ClaimWriter, transaction: Any, rows: Any, **more: Any) -> Counts:
        if len(rows) > 2:
            raise TimedOut("too long")
        written.add(len(rows))
        return await original(self, transaction, rows, **more)

    monkeypatch.setattr(ClaimWriter, "write", slow)
    first = await load(placed, tmp_path, BEFORE)
    assert (first.counts, written) == (Counts(new=18, entities_new=6), {1, 2})
    assert (await load(placed, tmp_path, AFTER)).counts == DONE
    assert await dump_hash(placed, history=True) == expected
    assert [row[1:] for row in await runs(placed)] == [["done", 19], ["done", 20]]


async def test_a_row_that_takes_too_long_alone_ends_the_load_which_goes_on_later(
    placed: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = ClaimWriter.write

    async def stuck(self: ClaimWriter, transaction: Any, rows: Any, **more: Any) -> Counts:
        if any(row.values.get("measure") == "m5" for row in rows):
            raise TimedOut("too long")
        return await original(self, transaction, rows, **more)

    with monkeypatch.context() as patch:
        patch.setattr(ClaimWriter, "write", stuck)
        with pytest.raises(TimedOut):
            await load(placed, tmp_path, BEFORE)
    report = await load(placed, tmp_path, BEFORE)
    assert report.counts == Counts(new=18, entities_new=6)  # no row is counted twice
    assert len(await claims(placed, "FUNDS", "measure")) == 12
    assert [row[:2] for row in await runs(placed)] == [["run:2:data", "done"]]


async def test_a_batch_whose_answer_is_lost_is_not_written_twice(
    placed: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = await undisturbed(placed, tmp_path)
    await wipe(placed)
    await load_places(placed, tmp_path)
    original = Graph.write

    async def twice(self: Graph, work: Callable[[Any], Awaitable[Any]]) -> Any:
        await original(self, work)
        return await original(self, work)  # what the driver does when it has not heard of the commit

    commit = write._Loading._commit

    async def unheard(self: Any, *arguments: Any) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(Graph, "write", twice)
            await commit(self, *arguments)

    monkeypatch.setattr(write._Loading, "_commit", unheard)
    assert (await load(placed, tmp_path, BEFORE)).counts == Counts(new=18, entities_new=6)
    assert (await load(placed, tmp_path, AFTER)).counts == DONE
    assert await dump_hash(placed, history=True) == expected
