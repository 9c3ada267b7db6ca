"""Low-code integration connectors: a folder of YAML becomes a running client.

The public names are loaded when they are first used; importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from connector._version import __version__

if TYPE_CHECKING:
    from connector import errors as errors
    from connector.core.request.builder import Request as Request
    from connector.core.response.result import Result as Result
    from connector.core.webhook.event import Challenge as Challenge
    from connector.core.webhook.event import Event as Event
    from connector.definition.loader import Connector as Connector
    from connector.runtime.auth.connection import Connection as Connection
    from connector.runtime.auth.device_sign_in import begin_device_sign_in as begin_device_sign_in
    from connector.runtime.auth.sign_in import begin_sign_in as begin_sign_in
    from connector.runtime.auth.sign_in import finish_sign_in as finish_sign_in
    from connector.runtime.calls.observer import Observer as Observer
    from connector.runtime.client.async_client import AsyncClient as AsyncClient
    from connector.runtime.client.async_items import AsyncItems as AsyncItems
    from connector.runtime.client.client import Client as Client
    from connector.runtime.client.items import Items as Items
    from connector.runtime.storage.open import open_store as open_store
    from connector.runtime.storage.store import Store as Store
    from connector.runtime.sync.watcher import Watcher as Watcher
    from connector.runtime.webhooks.receiver import Receiver as Receiver
    from connector.runtime.webhooks.verify import accept_handshake as accept_handshake
    from connector.runtime.webhooks.verify import verify_webhook as verify_webhook
    from connector.runtime.webhooks.verify import verify_webhook_events as verify_webhook_events

_MODULES_BY_NAME = {
    "AsyncClient": "connector.runtime.client.async_client",
    "AsyncItems": "connector.runtime.client.async_items",
    "Challenge": "connector.core.webhook.event",
    "Client": "connector.runtime.client.client",
    "Connection": "connector.runtime.auth.connection",
    "Connector": "connector.definition.loader",
    "Event": "connector.core.webhook.event",
    "Items": "connector.runtime.client.items",
    "Observer": "connector.runtime.calls.observer",
    "Receiver": "connector.runtime.webhooks.receiver",
    "Request": "connector.core.request.builder",
    "Result": "connector.core.response.result",
    "Store": "connector.runtime.storage.store",
    "Watcher": "connector.runtime.sync.watcher",
    "accept_handshake": "connector.runtime.webhooks.verify",
    "begin_device_sign_in": "connector.runtime.auth.device_sign_in",
    "begin_sign_in": "connector.runtime.auth.sign_in",
    "finish_sign_in": "connector.runtime.auth.sign_in",
    "open_store": "connector.runtime.storage.open",
    "verify_webhook": "connector.runtime.webhooks.verify",
    "verify_webhook_events": "connector.runtime.webhooks.verify",
}

__all__ = [
    "AsyncClient",
    "AsyncItems",
    "Challenge",
    "Client",
    "Connection",
    "Connector",
    "Event",
    "Items",
    "Observer",
    "Receiver",
    "Request",
    "Result",
    "Store",
    "Watcher",
    "__version__",
    "accept_handshake",
    "begin_device_sign_in",
    "begin_sign_in",
    "errors",
    "finish_sign_in",
    "open_store",
    "verify_webhook",
    "verify_webhook_events",
]


def __getattr__(name: str) -> Any:
    if name == "errors":
        return import_module("connector.errors")
    if name not in _MODULES_BY_NAME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULES_BY_NAME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
