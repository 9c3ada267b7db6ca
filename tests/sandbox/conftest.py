"""What the tests of the sandbox share: a client in process, the bundled one over HTTP, and a second connector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.sandboxes.consents import Asker
from support.sandboxes.shop import make_shop

from connector import Client, Connection, Connector
from connector.sandbox.http_server import SandboxServer, serve
from connector.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.servers import GivenClock


@pytest.fixture
def box(zoom: Connector) -> Sandbox:
    """The bundled connector's sandbox, in memory."""
    return Sandbox(zoom)


@pytest.fixture
def inside(zoom: Connector, box: Sandbox) -> Iterator[Client]:
    """A client of it, in process."""
    with Client(zoom, box.connection, http=box.http) as one:
        yield one


@pytest.fixture
def served(box: Sandbox) -> Iterator[SandboxServer]:
    """The same sandbox over HTTP."""
    with serve(box.service, "127.0.0.1", 0) as one:
        yield one


@pytest.fixture
def outside(zoom: Connector, served: SandboxServer, clock: GivenClock) -> Iterator[Client]:
    """A client of it, over HTTP, with a token like any other."""
    with Client(zoom, Connection(zoom, "accessToken", accessToken="t"), base_url=served.url, clock=clock) as one:
        yield one


@pytest.fixture
def asker(zoom: Connector, clock: GivenClock) -> Asker:
    """One who asks for tokens at a sandbox of the bundled connector, by a given clock."""
    return Asker(Sandbox(zoom, clock=clock))


@pytest.fixture
def shop(tmp_path: Path) -> Connector:
    """A connector that is unlike the bundled one in everything that a manifest can say."""
    return make_shop(tmp_path / "shop")
