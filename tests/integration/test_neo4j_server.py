"""The real Neo4j of the tests starts, answers, asks for its password and goes away."""

import os
from collections.abc import Iterator

import pytest
from neo4j import GraphDatabase
from neo4j.exceptions import AuthError, ServiceUnavailable

from tests import neo4j_server


@pytest.fixture(params=["a-test-password"], ids=["password"])
def server(request: pytest.FixtureRequest) -> Iterator[neo4j_server.Neo4jServer]:
    try:
        started = neo4j_server.start(auth=request.param)
    except neo4j_server.Neo4jUnavailable as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no Neo4j: {error}")
    with started:
        yield started


@pytest.mark.timeout(900)  # the first run fetches 120 MB
def test_neo4j_starts_answers_and_stops(server: neo4j_server.Neo4jServer) -> None:
    with GraphDatabase.driver(server.uri, auth=server.auth) as driver:
        answer = driver.execute_query("CALL dbms.components() YIELD versions, edition RETURN versions[0], edition")
        assert [tuple(record) for record in answer.records] == [(neo4j_server.VERSION, "community")]
    if server.auth:
        with GraphDatabase.driver(server.uri, auth=("neo4j", "wrong")) as driver, pytest.raises(AuthError):
            driver.execute_query("RETURN 1")
    server.stop()
    assert not server.home.exists()
    with GraphDatabase.driver(server.uri) as driver, pytest.raises(ServiceUnavailable):
        driver.verify_connectivity()
