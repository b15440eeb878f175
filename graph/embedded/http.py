"""The embedded server's address, and its HTTP endpoint for what its Cypher cannot say."""

import http.client
import json
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.errors import EngineUnavailable, GraphError

# A proxy of the environment must not see what goes to the loopback address.
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the server answers and how to log in."""

    bolt_uri: str
    http_uri: str
    username: str
    password: str = field(repr=False)
    database: str


def sql(address: Address, statement: str, *, timeout: float = 60.0) -> Any:
    """Run one statement of ArcadeDB's SQL over HTTP and answer its rows; full-text indexes have no Cypher."""
    reply = _post(address, f"/api/v1/command/{address.database}", {"language": "sql", "command": statement}, timeout)
    return reply.get("result")


def server_command(address: Address, command: str, **options: Any) -> Any:
    """Run one command of the server, such as `list queries`, which no query language has."""
    return _post(address, "/api/v1/server", {"command": command, **options}, 5.0).get("result")


def _post(address: Address, path: str, body: Mapping[str, Any], timeout: float) -> dict[str, Any]:
    login = b64encode(f"{address.username}:{address.password}".encode()).decode()
    headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
    data = json.dumps(body).encode()
    request = urllib.request.Request(address.http_uri + path, data, headers)  # noqa: S310 - our own address
    try:
        with direct.open(request, timeout=timeout) as reply:
            return json.load(reply)
    except urllib.error.HTTPError as error:
        with error:
            raise GraphError(f"the embedded engine refused a statement: {_detail(error)}") from None
    except (OSError, http.client.HTTPException) as error:
        raise EngineUnavailable(f"the embedded engine does not answer at {address.http_uri}: {error}") from None


def _detail(error: urllib.error.HTTPError) -> str:
    try:
        answer: dict[str, str] = json.load(error)
    except ValueError:
        return f"HTTP {error.code}"
    return " ".join((answer.get("detail") or answer.get("error") or f"HTTP {error.code}").split())[:300]
