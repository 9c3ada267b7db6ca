"""A service that workers call, and the engines: what asks for one runs for every engine that is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.processes.engines import INSTALLED
from support.processes.engines.recorded_sandbox import RecordedSandbox
from support.servers import TOKEN

from connector import Connection, Connector, open_store
from connector.integrations import work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def service(
    zoom: Connector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., RecordedSandbox]]:
    """Serve a sandbox with faults; connections of the environment and of a store lead to it."""
    served: list[RecordedSandbox] = []

    def serve_with(*faults: str, retry_after: int | None = None) -> RecordedSandbox:
        served.append(RecordedSandbox(zoom, *faults, retry_after=retry_after))
        monkeypatch.setenv("ZOOM_BASE_URL", served[-1].url)
        return served[-1]

    monkeypatch.setenv("ZOOM_ACCESS_TOKEN", TOKEN)
    monkeypatch.setenv("CONNECTOR_STORE", f"file:{tmp_path}/store")
    (tmp_path / "store").mkdir(mode=0o700)
    Connection(zoom, "accessToken", name="acme", store=open_store(), accessToken=TOKEN).save()
    yield serve_with
    work.close_clients()
    for one in served:
        one.__exit__()


@pytest.fixture(params=INSTALLED, ids=str)
def make_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Any]]:
    """Start the engine, after the service that its workers call."""
    started: list[Any] = []

    def start() -> Any:
        folder = tmp_path / "engine"
        folder.mkdir()
        started.append(request.param.start(folder))
        return started[-1]

    yield start
    for engine in started:
        engine.close()
