"""Test a program that uses a connector: a sandbox, recorded replies, a clock, and pytest fixtures.

The names are loaded when they are first used, so that the pytest plugin costs other test suites next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connector.runtime.http.network_guard import refusing_other_machines as refusing_other_machines
    from connector.sandbox.http_server import serve as serve
    from connector.sandbox.oauth.credentials import SandboxConnection as SandboxConnection
    from connector.sandbox.request_log import ReceivedRequest as ReceivedRequest
    from connector.sandbox.sandbox import Sandbox as Sandbox
    from connector.testing.clock import ManualClock as ManualClock
    from connector.testing.recording import Recording as Recording

_MODULES_BY_NAME = {
    "ManualClock": "connector.testing.clock",
    "ReceivedRequest": "connector.sandbox.request_log",
    "Recording": "connector.testing.recording",
    "Sandbox": "connector.sandbox.sandbox",
    "SandboxConnection": "connector.sandbox.oauth.credentials",
    "refusing_other_machines": "connector.runtime.http.network_guard",
    "serve": "connector.sandbox.http_server",
}

__all__ = [
    "ManualClock",
    "ReceivedRequest",
    "Recording",
    "Sandbox",
    "SandboxConnection",
    "refusing_other_machines",
    "serve",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES_BY_NAME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULES_BY_NAME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
