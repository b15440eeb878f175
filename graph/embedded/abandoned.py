"""Ends the statements whose client has gone: the engine's Bolt sees a closed connection only when its statement is over.

It lists what runs with the port of each client; what belongs to no open connection is ended, and nothing else can be.
A statement ends between two rows. One expression that loops, as `reduce` does, cannot be ended, not even by
`command.timeout`: statements of ours must not loop in one without a bound.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator

from graph.embedded.http import Address, server_command
from graph.errors import GraphError

#: Seconds between a client's leaving and the first look: its socket closes with the next turn of its event loop.
CLOSING = 0.02
#: Seconds between the looks after that, in sum the engine's queryQueueTimeout: a statement that waits there is listed
#: only when its turn comes.
LOOKS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.5)


class Sweeper:
    """A thread that sleeps until `wake`; a crowd of clients that go costs one look, not one each."""

    def __init__(self, address: Callable[[], Address], clients: Callable[[], set[int] | None]) -> None:
        """`address` is the server's now, `clients` the ports of its open connections, None when that cannot be seen."""
        self._address = address
        self._clients = clients
        self._wanted = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """A client has gone. Does not wait; to be called by one thread, that of the event loop."""
        self._wanted.set()
        if self._thread is None and not self._stopping.is_set():
            self._thread = threading.Thread(target=self._run, name="embedded-engine-sweeper", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread; can be called again."""
        self._stopping.set()
        self._wanted.set()
        if self._thread:
            self._thread.join()

    def _run(self) -> None:
        looks: Iterator[float] = iter(())
        while True:
            if self._wanted.wait(next(looks, None)):
                self._wanted.clear()
                if self._stopping.wait(CLOSING):
                    return
                looks = iter(LOOKS)
            with contextlib.suppress(GraphError):  # ended, or being started again: then nothing runs in it
                end_abandoned(self._address(), self._clients)


def end_abandoned(address: Address, clients: Callable[[], set[int] | None]) -> int:
    """End what runs for no open connection; answers how many statements that were."""
    running = [query for query in server_command(address, "list queries") if query["protocol"] == "bolt"]
    connected = clients() if running else None  # after the list: a connection made in between has nothing in it
    if connected is None:
        return 0
    gone = [query["id"] for query in running if int(query["clientAddress"].rpartition(":")[2]) not in connected]
    for name in gone:
        server_command(address, f"terminate query {name}", wait=0)  # milliseconds to wait for its end
    return len(gone)
