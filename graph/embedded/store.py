"""The folder of an embedded store: who owns it, which engine wrote it, files only this user reads."""

import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from graph.errors import StoreInUse, StoreUnwritable

LEAST_SPACE = 16 * 2**20  # bytes: an empty store takes about 1 MB, its log and write-ahead log some more
HINT_OTHER_FOLDER = "or set AIDGRAPH_HOME to another folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The process that runs a store and its Java process; start times are seconds since 1970."""

    pid: int
    started: float
    java_pid: int
    java_started: float
    bolt_port: int
    http_port: int


def owner_of(store: Path) -> Owner | None:
    """The live process that owns the store; None when nobody does."""
    owner = read_owner(store)
    return owner if owner and process(owner.pid, owner.started) else None


def read_owner(store: Path) -> Owner | None:
    try:
        return Owner(**json.loads((store / "owner.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None


def process(pid: int, started: float) -> psutil.Process | None:
    """The process, if it runs and is the one that started then: pids are used again."""
    try:
        process = psutil.Process(pid)
        alive = process.status() != psutil.STATUS_ZOMBIE
        # The system's clock is set now and then, and start times are counted from it.
        return process if alive and abs(process.create_time() - started) < 2 else None
    except (psutil.Error, ValueError, TypeError):
        return None


def write_private(path: Path, text: str) -> None:
    """Write a file that only this user can read, in one step."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    os.replace(fresh, path)


def version_key(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text))


def in_use(store: Path) -> StoreInUse:
    owner = owner_of(store)
    if owner is None:  # it has not written its name yet
        return StoreInUse(f"the store {store} is in use by another process; stop it, {HINT_OTHER_FOLDER}")
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(owner.started))
    text = f"the store {store} is in use by process {owner.pid} (started {since}); stop it, {HINT_OTHER_FOLDER}"
    return StoreInUse(text, pid=owner.pid)


def unwritable(store: Path, error: OSError) -> StoreUnwritable:
    reason = error.strerror or str(error)
    return StoreUnwritable(f"cannot write to the store {store} ({reason}): make it writable, {HINT_OTHER_FOLDER}")
