"""Fixtures of the sandbox tests: clients in process and over HTTP, and a second connector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.sandboxes.consents import OAuthTester
from support.sandboxes.shop import make_shop

from connector import Client, Connection, Connector
from connector.sandbox.http_server import SandboxServer, serve
from connector.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.servers import GivenClock


@pytest.fixture
def sandbox(zoom: Connector) -> Sandbox:
    """The bundled connector's sandbox, in memory."""
    return Sandbox(zoom)


@pytest.fixture
def in_process_client(zoom: Connector, sandbox: Sandbox) -> Iterator[Client]:
    """A client of the sandbox, in process."""
    with Client(zoom, sandbox.connection, http=sandbox.http) as one:
        yield one


@pytest.fixture
def sandbox_server(sandbox: Sandbox) -> Iterator[SandboxServer]:
    """The same sandbox over HTTP."""
    with serve(sandbox.service, "127.0.0.1", 0) as one:
        yield one


@pytest.fixture
def http_client(zoom: Connector, sandbox_server: SandboxServer, clock: GivenClock) -> Iterator[Client]:
    """A client of the sandbox, over HTTP, with any token."""
    with Client(
        zoom, Connection(zoom, "accessToken", accessToken="t"), base_url=sandbox_server.url, clock=clock
    ) as one:
        yield one


@pytest.fixture
def tester(zoom: Connector, clock: GivenClock) -> OAuthTester:
    """An OAuth tester of the bundled connector's sandbox, with a fake clock."""
    return OAuthTester(Sandbox(zoom, clock=clock))


@pytest.fixture
def shop(tmp_path: Path) -> Connector:
    """A connector that differs from the bundled one in every setting of the manifest."""
    return make_shop(tmp_path / "shop")
