"""The embedded engine: an ArcadeDB server run as a child process, watched, restarted and owned by one process.

server.py   the server and the one claim to its store     store.py  the store's folder and who owns it
child.py    the Java process and how it is started        http.py   its HTTP endpoint, for what Cypher cannot say
guard.py    a process that ends Java when its owner is gone

What is asked of the database lives in engine.py. The wheel `arcadedb-embedded` is only looked up, never imported: its
import would start a JVM inside this process.
"""

from graph.embedded.child import DATABASE, LOOPBACK, QUERIES, WHEEL, java, unsupported_reason, wheel_folder
from graph.embedded.http import Address, sql
from graph.embedded.server import EmbeddedServer
from graph.embedded.store import HINT_OTHER_FOLDER, LEAST_SPACE, Owner, owner_of, version_key

__all__ = [
    "DATABASE",
    "HINT_OTHER_FOLDER",
    "LEAST_SPACE",
    "LOOPBACK",
    "QUERIES",
    "WHEEL",
    "Address",
    "EmbeddedServer",
    "Owner",
    "java",
    "owner_of",
    "sql",
    "unsupported_reason",
    "version_key",
    "wheel_folder",
]
