"""Loads that are killed, databases that are killed, disks that fill: a second try comes to what one quiet load does."""

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

from graph import embedded, schema_ddl
from graph.dump import dump_hash
from graph.engine import Graph, open_graph
from graph.errors import EngineUnavailable, GraphError
from graph.settings import Settings
from loaders import pipeline
from tests.checks import table

pytestmark = [pytest.mark.soak, pytest.mark.writes, pytest.mark.timeout(1200)]
T = TypeVar("T")

COMPANIES, SUMS, BATCH = 300, 20_000, 250
#: Loads the files named after the batch size as dataset `data`; tells each batch that was acknowledged.
LOADER = """
import asyncio, sys
from pathlib import Path
from graph import schema_ddl, write
from graph.engine import open_graph
from graph.settings import from_environment
from loaders import pipeline

def tell(stage, done, total):
    if stage != "reading":
        print(done, total, flush=True)

async def main():
    write.load.__kwdefaults__["batch"] = int(sys.argv[1])
    async with open_graph(from_environment()) as graph:
        await schema_ddl.apply(graph)
        files = [Path(name) for name in sys.argv[2:]]
        report = await pipeline.load(graph, files, pipeline.Options(dataset="data", wait=60.0), progress=tell)
        assert not report.issues, report.issues[0]

asyncio.run(main())
"""


#: Takes back the run named after the batch size; tells each batch that was acknowledged.
UNDOER = """
import asyncio, sys
from graph import write
from graph.engine import open_graph
from graph.settings import from_environment

async def main():
    async with open_graph(from_environment()) as graph:
        await write.undo(
            graph, sys.argv[2], clock=write.now, batch=int(sys.argv[1]), wait=60.0,
            progress=lambda stage, done, total: print(done, total, flush=True),
        )

asyncio.run(main())
"""


@dataclass(frozen=True)
class Files:
    """A dataset, and what becomes of it: a tenth of its sums go, a third change, a tenth come."""

    before: list[Path]
    after: list[Path]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("files")
    place = "entity,id,name,code\nProvince,cn:530000,云南省,530000\n"
    companies = "entity,id,name\n" + "".join(f"Company,org:c{n},公司{n}\n" for n in range(COMPANIES))
    header = ("relationship", "from", "to", "measure", "amount", "currency", "class", "valid_from")

    def sums(name: str, first: int, changed: int) -> Path:
        rows = (
            (
                "FUNDS",
                f"org:c{n % COMPANIES}",
                "cn:530000",
                f"m{n}",
                n + changed * (n % 3 == 0),
                "CNY",
                "budget",
                "2019",
            )
            for n in range(first, first + SUMS)
        )
        return table(folder / name, (header, rows))

    entities = [table(folder / "place.csv", place), table(folder / "companies.csv", companies)]
    return Files([*entities, sums("before.csv", 0, 0)], [*entities, sums("after.csv", SUMS // 10, 1)])


@dataclass(frozen=True, kw_only=True)
class Expected:
    """Hashes, with closed versions, after the first and the second load where nothing is in the way."""

    before: str
    after: str


@pytest.fixture(scope="module")
async def expected(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Expected:
    async with open_graph(Settings(home=tmp_path_factory.mktemp("quiet"), heap="512m")) as graph:
        await schema_ddl.apply(graph)
        hashes: list[str] = []
        for some in (files.before, files.after):
            await pipeline.load(graph, some, pipeline.Options(dataset="data"))
            hashes.append(await dump_hash(graph, history=True))
    return Expected(before=hashes[0], after=hashes[1])


@pytest.fixture
def chance() -> random.Random:
    seed = int(os.environ.get("AIDGRAPH_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
    print(f"\nAIDGRAPH_SEED={seed}")
    return random.Random(seed)


@dataclass
class Loader:
    """Runs the loader as a process of its own."""

    settings: Settings
    outcomes: list[int] = field(default_factory=list[int])

    def start(self, some: Sequence[object], script: str = LOADER) -> "subprocess.Popen[str]":
        environment = {**os.environ, "AIDGRAPH_HOME": str(self.settings.home), "AIDGRAPH_HEAP": "512m"}
        environment |= {"NEO4J_URI": self.settings.neo4j_uri, "NEO4J_PASSWORD": self.settings.neo4j_password}
        return subprocess.Popen(
            [sys.executable, "-c", script, str(BATCH), *map(str, some)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(
        self, some: Sequence[object], act: Callable[[float], None] = lambda _done: None, script: str = LOADER
    ) -> tuple[int, str]:
        """(exit status, what it said); `act` gets the share that is done, after each batch."""
        said: list[str] = []
        with self.start(some, script) as process:
            assert process.stdout
            for line in process.stdout:
                said.append(line)
                numbers = line.split()
                if len(numbers) == 2 and all(number.isdigit() for number in numbers):
                    act(int(numbers[0]) / int(numbers[1]))
        self.outcomes.append(process.returncode)
        return process.returncode, "".join(said[-40:])

    def run_and_kill(self, some: Sequence[object], share: float, delay: float, script: str = LOADER) -> None:
        """Kills the loader `delay` seconds after it has told that this share is done."""
        with self.start(some, script) as process:
            assert process.stdout
            for line in process.stdout:
                numbers = line.split()
                assert len(numbers) == 2, line
                if int(numbers[0]) >= share * int(numbers[1]):
                    break
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
        self.outcomes.append(process.returncode)

    def look(self, ask: Callable[[Graph], Awaitable[T]]) -> T:
        async def main() -> T:
            async with open_graph(self.settings) as graph:
                return await ask(graph)

        return asyncio.run(main())

    def history(self) -> str:
        return self.look(lambda graph: dump_hash(graph, history=True))

    def runs(self) -> list[list[object]]:
        return self.look(lambda graph: graph.rows("MATCH (r:LoadRun) RETURN r.id, r.state, r.new ORDER BY r.sequence"))


@pytest.fixture(params=["embedded", "neo4j"])
def loader(request: pytest.FixtureRequest, tmp_path: Path, neo4j_settings: Callable[[], Settings]) -> Loader:
    return Loader(neo4j_settings() if request.param == "neo4j" else Settings(home=tmp_path / "home", heap="512m"))


def test_a_loader_killed_ten_times_comes_to_what_one_load_does(
    loader: Loader, files: Files, expected: Expected, chance: random.Random
) -> None:
    shares = sorted(chance.random() for _ in range(5))
    for some, hash_, times in ((files.before, expected.before, 1), (files.after, expected.after, 2)):
        for share in shares:
            loader.run_and_kill(some, share, chance.uniform(0, 0.2))
        status, said = loader.run(some)
        assert status == 0, said
        assert loader.history() == hash_
        assert len(loader.runs()) == times  # each try went on with the same run
    print(loader.outcomes)
    assert loader.outcomes.count(-signal.SIGKILL) >= 8  # the rest had ended before the signal came
    new = [row[2] for row in loader.runs()]
    assert new == [SUMS + COMPANIES + 2, SUMS // 10]


def test_an_undo_killed_five_times_comes_to_what_was_before(
    loader: Loader, files: Files, expected: Expected, chance: random.Random
) -> None:
    assert loader.run(files.before)[0] == 0
    before = loader.look(dump_hash)
    assert loader.run(files.after)[0] == 0
    for share in sorted(chance.random() for _ in range(5)):
        loader.run_and_kill(["run:2:data"], share, chance.uniform(0, 0.2), UNDOER)
    status, said = loader.run(["run:2:data"], script=UNDOER)
    assert status == 0, said
    assert loader.outcomes.count(-signal.SIGKILL) >= 3  # the rest had ended before the signal came
    assert loader.look(dump_hash) == before
    assert [row[:2] for row in loader.runs()] == [[f"run:{n}:data", "done"] for n in (1, 2, 3)]


def kill_java(store: Path) -> bool:
    owner = embedded.owner_of(store)
    if owner is None:
        return False
    try:
        psutil.Process(owner.java_pid).kill()
    except psutil.NoSuchProcess:
        return False
    return True


def test_a_database_killed_five_times_during_a_load(
    files: Files, expected: Expected, chance: random.Random, tmp_path: Path
) -> None:
    loader = Loader(Settings(home=tmp_path / "home", heap="512m"))
    shares = sorted(chance.uniform(0.02, 0.98) for _ in range(5))
    kills = tries = 0

    def act(done: float) -> None:
        nonlocal kills
        if shares and done >= shares[0]:
            time.sleep(chance.uniform(0, 0.1))
            if kill_java(loader.settings.store):
                kills += 1
                shares.pop(0)

    status, said = 1, ""
    while status and tries < 8:
        tries += 1
        status, said = loader.run(files.before, act)
        print(f"try {tries}: {(said.splitlines() or [''])[-1]}")
    print(f"{kills} kills, {tries} tries, {loader.outcomes}")
    assert (status, kills) == (0, 5), said
    assert loader.history() == expected.before
    assert len(loader.runs()) == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)]
    if not (shutil.which("mount") and subprocess.run(command, capture_output=True, check=False).returncode == 0):
        pytest.skip("a small disk cannot be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


async def test_a_full_disk_is_told_and_a_load_goes_on_when_there_is_room(
    files: Files, expected: Expected, small_disk: Path
) -> None:
    settings = Settings(home=small_disk / "home", heap="512m")
    (small_disk / "ballast").write_bytes(bytes(36 * 2**20))
    options = pipeline.Options(dataset="data")
    loaded = 0

    def tell(stage: str, done: int, _total: int) -> None:
        nonlocal loaded
        loaded = done if stage != "reading" else 0

    async def load() -> None:
        async with open_graph(settings) as graph:
            await schema_ddl.apply(graph)
            await pipeline.load(graph, files.before, options, progress=tell)

    began = time.monotonic()
    with pytest.raises(GraphError) as full:
        await load()
    print(f"full after {loaded} rows and {time.monotonic() - began:.0f} s: {full.value}")
    assert "is full: free some space" in str(full.value)
    assert "Traceback" not in str(full.value)
    assert 0 < loaded < SUMS
    try:  # a full disk stays full
        await load()
    except (EngineUnavailable, GraphError) as error:
        assert "full" in str(error)

    grow = ["mount", "-o", "remount,size=512m", str(small_disk)]
    await asyncio.to_thread(subprocess.run, grow, check=True)
    async with open_graph(settings) as graph:
        kept = await graph.value("MATCH ()-[c:FUNDS]->() RETURN count(c)")
        done = await graph.value("MATCH (r:LoadRun) RETURN r.rows_done")
    assert done >= loaded
    assert kept == max(0, done - (COMPANIES + 2) - 1)  # exactly what was acknowledged
    await load()
    async with open_graph(settings) as graph:
        assert await dump_hash(graph, history=True) == expected.before
        assert await graph.value("MATCH (r:LoadRun) RETURN count(r)") == 1
