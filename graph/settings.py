"""Settings, read once from the environment; nothing changes while running."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from graph.errors import GraphError


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Which graph to use. `neo4j_uri` empty: the embedded engine, with its store below `home`."""

    home: Path
    neo4j_uri: str = ""
    neo4j_username: str = "neo4j"
    neo4j_password: str = field(default="", repr=False)
    neo4j_database: str = ""
    heap: str = "1g"
    rates: str = ""
    deflators: str = ""

    @property
    def store(self) -> Path:
        return self.home / "store"


#: Every variable read here, with what it does; docs/settings.md is compared with it.
VARIABLES: dict[str, str] = {
    "NEO4J_URI": "Address of a Neo4j (bolt://, neo4j://, neo4j+s://). Unset: the embedded engine.",
    "NEO4J_USERNAME": "User name for it; default neo4j.",
    "NEO4J_PASSWORD": "Password for it.",
    "NEO4J_DATABASE": "Database in it; default: the server's own default.",
    "AIDGRAPH_HOME": "Folder of the embedded engine's store; default: aidgraph in the platform's folder for user data.",
    "AIDGRAPH_HEAP": "Memory of the embedded engine's Java heap, such as 512m or 4g; default 1g.",
    "AIDGRAPH_JAVA_OPTIONS": "Further options of the embedded engine's Java, such as -XX:+UseSerialGC; default none.",
    "AIDGRAPH_RATES": "Table of exchange rates: a CSV file with columns date, currency, rate and, if it likes, base; or ecb.",
    "AIDGRAPH_DEFLATORS": "Table of price indexes: a CSV file with columns currency, year, index.",
    "AIDGRAPH_ENGINE_MODE": "production (default), or development: the embedded engine then explains its errors.",
}


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    from platformdirs import user_data_path

    uri = environment.get("NEO4J_URI", "").strip()
    schemes = ("bolt://", "bolt+s://", "bolt+ssc://", "neo4j://", "neo4j+s://", "neo4j+ssc://")
    if uri and not uri.startswith(schemes):
        raise GraphError(f"NEO4J_URI is {uri.split('@')[-1][:100]!r}: it must begin with one of {', '.join(schemes)}")
    if "@" in uri:
        raise GraphError("NEO4J_URI holds a user name or password: put them into NEO4J_USERNAME and NEO4J_PASSWORD")
    heap = environment.get("AIDGRAPH_HEAP", "").strip() or "1g"
    if not re.fullmatch(r"[1-9][0-9]*[kmgKMG]", heap):
        raise GraphError(f"AIDGRAPH_HEAP is {heap[:40]!r}: write it like 512m or 4g")
    mode = environment.get("AIDGRAPH_ENGINE_MODE", "production")
    if mode not in ("production", "development"):
        raise GraphError(f"AIDGRAPH_ENGINE_MODE is {mode[:40]!r}: choose production or development")
    home = environment.get("AIDGRAPH_HOME", "")
    if "${" in home or not home.isprintable():  # the engine would expand the one, and Java cannot open the other
        raise GraphError(f"AIDGRAPH_HOME is {home[:100]!r}: name a folder without ${{ and unprintable characters")
    try:
        folder = Path(home).expanduser().absolute() if home else user_data_path("aidgraph", appauthor=False)
    except RuntimeError:
        raise GraphError(f"AIDGRAPH_HOME is {home[:100]!r}: there is no such user") from None
    return Settings(
        home=folder,
        neo4j_uri=uri,
        neo4j_username=environment.get("NEO4J_USERNAME", "neo4j"),
        neo4j_password=environment.get("NEO4J_PASSWORD", ""),
        neo4j_database=environment.get("NEO4J_DATABASE", ""),
        heap=heap,
        rates=environment.get("AIDGRAPH_RATES", "").strip(),
        deflators=environment.get("AIDGRAPH_DEFLATORS", "").strip(),
    )
