"""The pytest plugin: fixtures for programs that use a connector. What they need is imported when they are used."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.definition.loader import Connector
    from connector.runtime.client.client import Client
    from connector.sandbox.sandbox import Sandbox
    from connector.testing.recording import Recording

_MARKER = (
    "connector(folder=None, network=False, faults=(), kind=None, plan=None, webhook_url=None): "
    "settings of the fixtures connector_sandbox, connector_client and connector_recording."
)
_SANDBOX_OPTIONS = ("faults", "kind", "plan", "webhook_url", "token_policy")
_OPTIONS = ("folder", "network", *_SANDBOX_OPTIONS)
_REASON = (
    "the fixture {fixture} of this test keeps requests on this machine "
    "(@pytest.mark.connector(network=True), or connector_network = true in pytest's settings, lets them out)"
)
_CONNECTORS = pytest.StashKey[dict[str, Any]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option and the settings."""
    parser.getgroup("connector").addoption(
        "--record",
        action="store_true",
        dest="connector_record",
        help="Send the requests of tests with the fixture connector_recording, and record them.",
    )
    parser.addini("connector_folder", "The connector's folder, from pytest's root; the bundled connector by default.")
    parser.addini("connector_network", "Whether other clients may reach other machines.", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", _MARKER)


def _read_options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return the arguments of a test's markers; those of the nearest count most."""
    options: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers("connector"))):
        unknown = [*map(repr, marker.args), *(name for name in marker.kwargs if name not in _OPTIONS)]
        if unknown:
            message = f"The marker connector has no {', '.join(unknown)}; it takes {', '.join(_OPTIONS)}, by name."
            raise pytest.UsageError(message)
        options |= marker.kwargs
    return options


def _open_connector(request: pytest.FixtureRequest, folder: Any) -> Connector:
    """Open the connector of a test; each folder is read once."""
    from connector.definition.loader import Connector

    config = request.config
    path = folder or config.getini("connector_folder") or None
    absolute = config.rootpath / path if path is not None else None
    connectors = config.stash.setdefault(_CONNECTORS, {})
    key = str(absolute)
    if key not in connectors:
        connectors[key] = Connector.open(absolute)
    opened: Connector = connectors[key]
    return opened


@contextlib.contextmanager
def _guarding_network(request: pytest.FixtureRequest) -> Iterator[None]:
    """Keep requests on this machine, unless the test or the settings let them out, or the test is recorded."""
    is_recorded = request.config.getoption("connector_record") and "connector_recording" in request.fixturenames
    if is_recorded or _read_options(request).get("network", request.config.getini("connector_network")):
        yield
        return
    from connector.runtime.http.network_guard import refusing_other_machines

    with refusing_other_machines(_REASON.format(fixture=request.fixturename)):
        yield


@pytest.fixture
def connector_sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A fresh sandbox in memory, whose clock moves only when somebody waits; other machines cannot be reached."""
    from connector.sandbox.sandbox import Sandbox
    from connector.testing.clock import ManualClock

    options = _read_options(request)
    sandbox_options = {name: value for name, value in options.items() if name in _SANDBOX_OPTIONS}
    connector = _open_connector(request, options.get("folder"))
    with _guarding_network(request):
        yield Sandbox(connector, clock=ManualClock(), **sandbox_options)


@pytest.fixture
def connector_client(connector_sandbox: Sandbox) -> Iterator[Client]:
    """A client of `connector_sandbox`."""
    with connector_sandbox.open_client() as client:
        yield client


@pytest.fixture
def connector_recording(request: pytest.FixtureRequest) -> Iterator[Recording]:
    """The recording of this test, replayed; with --record it is made: recordings/FILE.TEST.har beside the test."""
    from connector.testing.recording import Recording

    name = re.sub(r"[^\w.-]+", "-", request.node.name).strip("-")
    path = request.path.parent / "recordings" / f"{request.path.stem}.{name}.har"
    is_recorded = bool(request.config.getoption("connector_record"))
    with _guarding_network(request), Recording(path, record=is_recorded) as recording:
        yield recording
