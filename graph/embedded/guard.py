"""Runs one command and ends it when the process that started this guard is gone, however that ended.

Started as `python -I -S guard.py COMMAND...` with a pipe on stdin whose other end the owner holds, and a pipe on
stdout that gets the command's pid. A file of its own with a few light imports: it lives as long as the database does.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading

GRACE = 10.0  # seconds between the polite signal and the kill
PR_SET_PDEATHSIG = 1


def spawn(command: list[str]) -> "subprocess.Popen[bytes]":
    """Start the command; on Linux the kernel ends it too when this guard is killed."""
    if sys.platform != "linux":
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    prctl, guard = ctypes.CDLL(None).prctl, os.getpid()

    def die_with_guard() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != guard:  # the guard went before the line above
            os._exit(1)

    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        preexec_fn=die_with_guard,  # noqa: PLW1509 - safe here, no other thread runs yet
    )


def end(child: "subprocess.Popen[bytes]") -> None:
    """Ask the child to end, then make it."""
    child.terminate()
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        child.kill()


def main(command: list[str]) -> int:
    """Guard the command until it ends or its owner does; answers its exit status as a shell would."""
    owner, over = os.getppid(), threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the owner's to decide on
    signal.signal(signal.SIGTERM, lambda _signal, _frame: over.set())
    os.umask(0o077)
    try:
        child = spawn(command)
    except OSError as error:
        print(f"cannot run {command[0]}: {error.strerror}", file=sys.stderr)
        return 127

    def watch_owner() -> None:
        os.read(0, 1)  # nothing is ever written: this returns when the owner closes the pipe or ends
        over.set()

    def watch_child() -> None:
        child.wait()
        over.set()

    threading.Thread(target=watch_owner, daemon=True).start()
    threading.Thread(target=watch_child, daemon=True).start()
    try:
        os.write(1, f"{child.pid}\n".encode())
    except OSError:  # the owner is gone already
        over.set()
    # A process forked from the owner can hold the pipe open after the owner's end, so the parent is looked at too.
    while not over.wait(1.0) and os.getppid() == owner:
        pass
    if child.poll() is None:
        end(child)
    status = child.wait()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
