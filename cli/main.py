"""Placeholder of the command line."""


def run() -> None:
    raise SystemExit("not yet")
