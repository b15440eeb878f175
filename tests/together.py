"""Runs the tests in two processes beside each other: those that read the seed or need no graph, and the others.

`python -m tests.together -m "not soak" …`: arguments are pytest's. The first read a graph of each engine, or none; the others
write to such graphs, or start databases of their own. What the others print comes when the first are through.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence

#: For databases that live for seconds: half of the CPU of their start goes to compiling what is never hot.
SHORT_LIVED = {"AIDGRAPH_JAVA_OPTIONS": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"}
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
    with tempfile.TemporaryFile() as said:
        others = subprocess.Popen(
            _command(given, "not reads"), stdout=said, stderr=subprocess.STDOUT, env={**os.environ, **SHORT_LIVED}
        )
        try:
            codes = [subprocess.run(_command(given, "reads"), check=False).returncode, others.wait()]
        finally:
            if others.poll() is None:
                others.terminate()
                others.wait()
            said.seek(0)
            sys.stdout.buffer.write(said.read())
            sys.stdout.flush()
    if set(codes) == {NO_TESTS}:
        return NO_TESTS
    return next((code for code in codes if code not in (0, NO_TESTS)), 0)  # of one that was killed it is negative


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
