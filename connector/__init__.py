"""Low-code integration connectors: a folder of YAML becomes a running client.

The public names are loaded when they are first used; importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from connector._version import __version__

if TYPE_CHECKING:
    from connector import errors as errors
    from connector.core.event import Challenge as Challenge
    from connector.core.event import Event as Event
    from connector.core.request import Request as Request
    from connector.core.response import Result as Result
    from connector.definition.load import Connector as Connector
    from connector.edge.async_client import AsyncClient as AsyncClient
    from connector.edge.client import Client as Client
    from connector.edge.connection import Connection as Connection
    from connector.edge.items import Items as Items
    from connector.edge.kept import Store as Store
    from connector.edge.receiver import Receiver as Receiver
    from connector.edge.sign_in import begin_sign_in as begin_sign_in
    from connector.edge.sign_in import finish_sign_in as finish_sign_in
    from connector.edge.store import open_store as open_store
    from connector.edge.webhook import verify_webhook as verify_webhook

BUNDLED = "zoom"  # the folder of the connector that comes with the package

_HOMES = {
    "AsyncClient": "connector.edge.async_client",
    "Challenge": "connector.core.event",
    "Client": "connector.edge.client",
    "Connection": "connector.edge.connection",
    "Connector": "connector.definition.load",
    "Event": "connector.core.event",
    "Items": "connector.edge.items",
    "Receiver": "connector.edge.receiver",
    "Request": "connector.core.request",
    "Result": "connector.core.response",
    "Store": "connector.edge.kept",
    "begin_sign_in": "connector.edge.sign_in",
    "finish_sign_in": "connector.edge.sign_in",
    "open_store": "connector.edge.store",
    "verify_webhook": "connector.edge.webhook",
}

__all__ = [
    "AsyncClient",
    "Challenge",
    "Client",
    "Connection",
    "Connector",
    "Event",
    "Items",
    "Receiver",
    "Request",
    "Result",
    "Store",
    "__version__",
    "begin_sign_in",
    "errors",
    "finish_sign_in",
    "open_store",
    "verify_webhook",
]


def __getattr__(name: str) -> Any:
    if name == "errors":
        return import_module("connector.errors")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
