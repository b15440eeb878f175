"""The seed: small real data that comes with aidgraph, loaded as a user's files are; seed/seed.toml lists it."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from graph.engine import Graph
from graph.write import flows
from loaders import pipeline
from loaders.records import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One dataset of the seed, in load order."""

    files: tuple[Path, ...]
    options: pipeline.Options


def folder() -> Path:
    return Path(str(resources.files("seed") / "seed.toml")).parent


def datasets(version: str = "") -> list[Dataset]:
    listed = tomllib.loads((folder() / "seed.toml").read_text("utf-8"))["dataset"]
    return [
        Dataset(
            files=tuple(folder() / name for name in entry["files"]),
            options=pipeline.Options(
                dataset=entry["name"],
                mapping=entry.get("mapping"),
                version=version,
                passport=pipeline.Passport(
                    title=entry["title"],
                    publisher=entry["publisher"],
                    licence=entry["licence"],
                    url=entry["url"],
                    retrieved=str(entry["retrieved"]),
                    rows=entry["rows"],
                ),
            ),
        )
        for entry in listed
    ]


async def load(
    graph: Graph,
    *,
    progress: Callable[[str, str, int, int], None] = lambda _dataset, _stage, _done, _total: None,
    version: str = "",
) -> list[Report]:
    """Loads what is not loaded yet; `progress` gets dataset, stage, rows done and rows in all (0: not known)."""
    reports: list[Report] = []
    for dataset in datasets(version):
        name = dataset.options.dataset

        def tell(stage: str, done: int, total: int, name: str = name) -> None:
            progress(name, stage, done, total)

        reports.append(await pipeline.load(graph, dataset.files, dataset.options, progress=tell))
    await flows.after_run(graph, progress=lambda stage, done, total: progress("flows of money", stage, done, total))
    return reports
