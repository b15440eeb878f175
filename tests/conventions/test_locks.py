"""The locks hold what pyproject.toml asks for: a fresh machine installs from the locks alone."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
GROUPS = PROJECT["dependency-groups"]


def name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower().replace("_", "-")


@pytest.mark.parametrize(
    ("lock", "groups"), [("requirements.lock", ("build",)), ("requirements-dev.lock", ("build", "dev"))]
)
def test_a_lock_pins_every_dependency(lock: str, groups: tuple[str, ...]) -> None:
    pinned = {
        name(line) for line in (ROOT / lock).read_text(encoding="utf-8").splitlines() if re.match(r"[a-z0-9].*==", line)
    }
    named = [*PROJECT["project"]["dependencies"]]
    named += [each for group in groups for each in GROUPS[group] if isinstance(each, str)]
    assert len(named) > 20
    assert {name(each) for each in named} - pinned == set(), "run `make lock`"
