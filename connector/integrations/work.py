"""What workflow engines share: one attempt of an action, and whether and when another one is worth it.

The engine owns the repeats: `run_once` never waits, and `seconds_until_retry` says what an error means for the engine.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import time
from dataclasses import field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.core.exchange.retry import RetryOverrides
from connector.core.request.idempotency import takes_key
from connector.core.response.api_errors import CHECK_BEFORE_RETRY
from connector.core.response.outcomes import may_change_state
from connector.definition.loader import Connector
from connector.errors import ConnectorError, InputError, Problem, TransportError
from connector.first_use import dataclass
from connector.runtime.auth.connection import Connection
from connector.runtime.calls.call_options import CallOptions
from connector.runtime.calls.factory import SOFT_KEY
from connector.runtime.client.client import Client
from connector.runtime.process.fork_safety import ForkSafeLock
from connector.runtime.webhooks.forwarders import event_payload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.core.response.result import Result
    from connector.core.webhook.event import Event

    ClientFactory = Callable[[], Client]
    Folder = str | os.PathLike[str] | None

MAX_ATTEMPTS = 5
LONGEST_WAIT = 86_400.0  # seconds: what has to wait longer than a day fails
_DEFAULT_WAIT = 1.0  # seconds, where an error does not say when
_MAX_KEY_LENGTH = 200  # services take keys of up to 255 characters; a header takes ASCII alone
_UNSAID = ("headers", "debug")  # of a result: nothing that a history should keep


@dataclass(frozen=True, slots=True)
class _ClientKey:
    """Which client a call needs: a fork has others than its parent, and a call that names no connection its own."""

    process: int
    folder: str | None
    has_named_connection: bool


@dataclass(slots=True)
class _Clients:
    """The clients of this process, made when they are first needed and closed when it ends."""

    by_key: dict[_ClientKey, Client] = field(default_factory=dict)
    factories: dict[str | None, ClientFactory] = field(default_factory=dict)
    lock: ForkSafeLock = field(default_factory=ForkSafeLock)

    def get(self, folder: Folder, *, has_named_connection: bool) -> Client:
        """Return the client of a connector's folder. Raises SignInError, DefinitionError."""
        place = _resolve(folder)
        key = _ClientKey(os.getpid(), place, has_named_connection or place in self.factories)
        make = self.factories.get(place) or partial(_open_client, place, has_named_connection=has_named_connection)
        return self._get_or_make(key, make)

    def keep(self, name: str, make: ClientFactory) -> Client:
        """Return the client of a name, made by `make()` when it is first needed."""
        return self._get_or_make(_ClientKey(os.getpid(), name, has_named_connection=False), make)

    def _get_or_make(self, key: _ClientKey, make: ClientFactory) -> Client:
        with self.lock:
            if key not in self.by_key:
                self.by_key[key] = make()
            return self.by_key[key]

    def close(self) -> None:
        """Close those of this process; a parent's belong to the parent."""
        with self.lock:
            clients, self.by_key = self.by_key, {}
        for key, client in clients.items():
            if key.process == os.getpid():
                client.close()


_CLIENTS = _Clients()


def _resolve(folder: Folder) -> str | None:
    return None if folder is None else str(Path(folder).resolve())


def _open_client(folder: str | None, *, has_named_connection: bool) -> Client:
    connector = Connector.open(folder)
    if has_named_connection or not connector.manifest.connections:
        return Client(connector)
    return Client(connector, Connection.from_env(connector))


@atexit.register
def close_clients() -> None:
    """Close the clients of this process; the next call makes new ones."""
    _CLIENTS.close()


def set_client_factory(make: ClientFactory, folder: Folder = None) -> None:
    """Let each process make its client of a connector's folder by `make()`, such as one with a vault or a rate limit.

    Call it in the module that every worker imports. Without it, connections are found by name in the store that
    CONNECTOR_STORE names, and a call that names none has that of the environment.
    """
    close_clients()
    _CLIENTS.factories[_resolve(folder)] = make


def keep_client(name: str, make: ClientFactory) -> Client:
    """Return this process's client of a name, made by `make()` when it is first needed and closed when it ends.

    A name is anything but the absolute path of a connector's folder.
    """
    return _CLIENTS.keep(name, make)


def run_once(
    action: str,
    given: Mapping[str, Any] | None = None,
    *,
    connection: str | None = None,
    key: str | None = None,
    folder: Folder = None,
    client: Client | None = None,
    retry: Mapping[str, Any] | None = None,
    **options: Any,
) -> Result:
    """Run an action in one attempt, without waiting; `connection` is the name of a stored one.

    `key` is the idempotency key where the service takes one, the same for each attempt of one piece of work; `folder`
    the connector's (default: the bundled one), unless there is a `client`. `options` are timeout, account, limit
    and page_size of a call; `retry` says when an error is worth another attempt, as in a call file. Raises
    ConnectorError: `seconds_until_retry` says what to do.
    """
    client = client or _CLIENTS.get(folder, has_named_connection=connection is not None)
    soft_key = None if key is None else f"{SOFT_KEY}:{_fit_header(key)}"
    parsed = CallOptions.parse(connection=connection, idempotency_key=soft_key, retry=retry or "engine", **options)
    overrides = RetryOverrides() if parsed.retry is None else parsed.retry
    return client.execute(action, given, replace(parsed, retry=replace(overrides, engine_retries=True)))


def list_once(
    action: str,
    given: Mapping[str, Any] | None = None,
    *,
    connection: str | None = None,
    folder: Folder = None,
    timeout: float | str | None = None,
    limit: int | None = None,
    page_size: int | None = None,
) -> Result:
    """Run an action that returns a list, each page in one attempt; the data of the result are the items, as a list.

    `timeout` is for each page. Raises ConnectorError.
    """
    client = _CLIENTS.get(folder, has_named_connection=connection is not None)
    options: dict[str, Any] = {"timeout": timeout, "limit": limit, "page_size": page_size}
    with client.items(action, given, connection=connection, retry="engine", **options) as items:
        data = list(items)
        assert items.result is not None
        return replace(items.result, data=data, complete=items.complete, pages=items.pages)


def open_connector(folder: Folder = None) -> Connector:
    """Return the connector of a folder, as its calls see it. Raises DefinitionError."""
    return _CLIENTS.get(folder, has_named_connection=True).connector


def is_listing(action: str, folder: Folder = None) -> bool:
    """Whether an action returns a list. Raises InputError for an unknown one."""
    return open_connector(folder).result_action(action).pagination is not None


def find_problems(
    action: str, given: Mapping[str, Any] | None = None, *, folder: Folder = None, **options: Any
) -> list[Problem]:
    """Return every problem of a call and its options, without a connection; nothing is sent.

    Raises DefinitionError where the connector cannot be read.
    """
    problems = list(CallOptions.parse(**options).problems)
    try:
        if not is_listing(action, folder):
            names = [name for name in ("limit", "page_size") if options.get(name) is not None]
            problems += [Problem(name, str(options[name]), f"none: {action} is not a listing") for name in names]
        _CLIENTS.get(folder, has_named_connection=True).dry_run(action, given)
    except InputError as error:
        problems += error.problems
    return problems


def _fit_header(key: str) -> str:
    """Return a key as it is, or a digest where a header cannot take it."""
    fits = key.isascii() and key.isprintable() and key == key.strip() and 0 < len(key) <= _MAX_KEY_LENGTH
    return key if fits else hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def seconds_until_retry(error: ConnectorError, now: datetime | None = None) -> float | None:
    """Return after how many seconds the same call is worth repeating; None means never.

    Never: what may have been done (`uncertain`), and what a person has to mend first, such as an input or a sign-in.
    """
    if not error.retryable or error.outcome == "uncertain":
        return None
    if error.retry_at is None:
        return _DEFAULT_WAIT
    return max(0.0, (error.retry_at - (now or datetime.now(UTC))).total_seconds())


def attempt_call(action: str, given: Mapping[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    """Run an action in one attempt; return `{"result": ...}`, or `{"error": ..., "again": seconds or None}`, as JSON.

    `options` are those of `run_once`.

    A history can keep either: no header of the reply and no secret of the connection is in it.
    """
    try:
        result = run_once(action, given, **options)
    except ConnectorError as error:
        return describe_error(error)
    return {"result": describe_result(result)}


def describe_result(result: Result) -> dict[str, Any]:
    """Return a result as the JSON that a history keeps."""
    return {name: value for name, value in result.to_dict().items() if name not in _UNSAID}


def describe_error(error: ConnectorError) -> dict[str, Any]:
    """Return what an attempt that raised an error returns."""
    return {"error": error.to_dict(), "again": seconds_until_retry(error)}


def may_repeat_blindly(
    action: str,
    given: Mapping[str, Any] | None = None,
    *,
    connection: str | None = None,
    folder: Folder = None,
    client: Client | None = None,
    since: float | None = None,
) -> bool:
    """Whether an attempt that was cut off may be made again: a read, or a write that its key makes the same one.

    Of an upload, the key goes with the first request alone. `since` is when the first attempt began, in epoch seconds:
    a service remembers a key for a limited time. Raises ConnectorError for a call that cannot be made at all.
    """
    client = client or _CLIENTS.get(folder, has_named_connection=connection is not None)
    settings, now = client.connector.manifest.idempotency, time.time()
    definition = client.connector.action(action)
    sends_key = settings is not None and definition.upload is None and takes_key(definition, settings)
    if sends_key and settings is not None and settings.is_remembered(now if since is None else since, now):
        return True
    return is_read(action, given, connection=connection, client=client)


def is_read(
    action: str,
    given: Mapping[str, Any] | None = None,
    *,
    connection: str | None = None,
    folder: Folder = None,
    client: Client | None = None,
) -> bool:
    """Whether a call changes nothing at the service. Raises ConnectorError for a call that cannot be made at all."""
    client = client or _CLIENTS.get(folder, has_named_connection=connection is not None)
    return not may_change_state(client.dry_run(action, given, connection=connection))


def build_cut_off_error(action: str) -> TransportError:
    """Return the error of a write whose worker ended before it could note the reply."""
    message = f"{action}: the worker ended while the call was under way. The write may have succeeded."
    return TransportError(message, kind="interrupted", hint=CHECK_BEFORE_RETRY, outcome="uncertain")


def describe_event(event: Event) -> dict[str, Any]:
    """Return an event as JSON-safe data for the arguments of a workflow."""
    return {**event_payload(event), "subject": event.subject}
