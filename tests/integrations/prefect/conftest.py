"""What tests of Prefect share: a server, the flows and a client of the API."""

from __future__ import annotations

import pytest


@pytest.fixture
def server_of_prefect():
    """A Prefect server, of which this process is a client."""
    from support.processes.engines import prefect_engine

    with prefect_engine.use_server() as server:
        yield server


@pytest.fixture
def face(server_of_prefect):
    """The module under test."""
    from connector.integrations import prefect as face

    return face


@pytest.fixture
def app(server_of_prefect):
    """The flows."""
    from support.processes.engines import prefect_app

    return prefect_app


@pytest.fixture
def api(server_of_prefect):
    """A client of the server's API."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as api:
        yield api
