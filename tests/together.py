"""Runs the tests in two processes beside each other: those marked `writes`, and the others.

`python -m tests.together -m "not soak" …`: arguments are pytest's. The first write to the graph they share, or load long into
graphs of their own, so that both take about as long; the others read the seed, or need no graph. What the first print comes
when the others are through.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from tests.neo4j_server import QUICK_JAVA

#: pytest says so where an expression leaves it no test.
NO_TESTS = 5


def _command(given: Sequence[str], which: str) -> list[str]:
    arguments = list(given)
    if "-m" in arguments:
        place = arguments.index("-m") + 1
        arguments[place] = f"({arguments[place]}) and {which}"
    else:
        arguments += ["-m", which]
    return [sys.executable, "-m", "pytest", *arguments]


def main(given: Sequence[str]) -> int:
    environment = {**os.environ, "AIDGRAPH_JAVA_OPTIONS": " ".join(QUICK_JAVA)}
    with tempfile.TemporaryFile() as said:
        writing = subprocess.Popen(_command(given, "writes"), stdout=said, stderr=subprocess.STDOUT, env=environment)
        try:
            codes = [
                subprocess.run(_command(given, "not writes"), check=False, env=environment).returncode,
                writing.wait(),
            ]
        finally:
            if writing.poll() is None:
                writing.terminate()
                writing.wait()
            said.seek(0)
            sys.stdout.buffer.write(said.read())
            sys.stdout.flush()
    if set(codes) == {NO_TESTS}:
        return NO_TESTS
    return next((code for code in codes if code not in (0, NO_TESTS)), 0)  # of one that was killed it is negative


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
