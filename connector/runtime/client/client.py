"""Client: the driver of the exchange for threads, and what both clients are."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Self

from connector.core.exchange.exchange import RETRY, Acquire, Page, Send, Token, Wait
from connector.errors import UsageError
from connector.runtime.auth.connection_resolver import Connections
from connector.runtime.calls.call_file import one_call
from connector.runtime.calls.factory import Caller, Choices, raw_given
from connector.runtime.calls.retry_quota import Quota
from connector.runtime.http.transport import choose

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from connector.core.exchange.exchange import Ask, Steps
    from connector.core.request.builder import Request
    from connector.core.response.parser import Result
    from connector.definition.loader import Connector
    from connector.runtime.auth.connection import Connection
    from connector.runtime.auth.connection_resolver import Resolve
    from connector.runtime.calls.prepared import Started
    from connector.runtime.client.items import Items
    from connector.runtime.clock import Clock
    from connector.runtime.downloads.download import Wanted
    from connector.runtime.storage.store import Store

    Through = Callable[[Started, Steps], Steps]  # sees the asks of a call, and their answers


class AnyClient:
    """What both clients are: who calls, through which HTTP library, and whether it is closed."""

    _asynchronous = False

    def __init__(
        self,
        connector: Connector,
        connection: Connection | str | None = None,
        *,
        base_url: str | None = None,
        store: Store | None = None,
        resolve: Resolve | None = None,
        budget: object = None,
        http: object = None,
        clock: Clock | None = None,
    ) -> None:
        connections = Connections(connector, connection, store, resolve)
        self.connector = connector
        self.connection = connections.own
        self._caller = Caller(connector, connections, base_url, clock)
        self._http = choose(http, asynchronous=self._asynchronous)
        self._owns_http = self._http is not http
        self._caller.budgeted(budget, self._http)
        self._quota = Quota()
        self._stop = threading.Event()

    def dry_run(self, action: str, given: Mapping[str, Any] | None = None, *, account: str | None = None) -> Request:
        """Return the request that a run would send first, redacted when printed; nothing is sent.

        Needs no connection. Raises InputError with every problem.
        """
        how = Choices(account=account)
        return self._caller.prepare(action, {} if given is None else given, how, find=False).dry()

    def _start(self, action: str | None, given: Mapping[str, Any] | None, how: Choices) -> Started:
        if closed := self._closed():
            raise closed
        return self._caller.prepare(action, {} if given is None else given, how)

    def _at_hand(self, started: Started, ask: Token) -> Any:
        """Answer a Token ask that needs no waiting, else None."""
        return self._closed() or started.signed(ask)

    def _closed(self) -> UsageError | None:
        """Return what a call on a closed client meets."""
        if not self._stop.is_set():
            return None
        return UsageError("The client is closed.", hint="Make a new one, or use it inside its with block.")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.connector.name} {self.connection!r}>"


class Client(AnyClient):
    """Runs the actions of a connector; safe to share among threads.

    `Client(connector, connection)`, where the connection may be the name of one that `store` keeps (default: the
    user's own store). Without a connection each call names its own, as `connection`; `resolve` finds a named one where
    the store is not the place. `base_url` replaces the manifest's (https, or http on loopback); `budget` is the name of
    the account's plan, a URL of what processes share, or a mapping of both (`plan`, `at`), False for none; `http` is
    "httpx", "httpx2", "pyreqwest" or any object with the seam's `send`; `clock` is for tests. Raises SignInError for a
    name that nothing is kept under.
    """

    def run(
        self,
        action: str,
        given: Mapping[str, Any] | None = None,
        *,
        timeout: float | str | None = None,
        retry: Mapping[str, Any] | str | None = None,
        debug: bool = False,
        limit: int | None = None,
        account: str | None = None,
        idempotency_key: str | None = None,
    ) -> Result:
        """Run an action; a listing brings every page, merged. Raises ConnectorError.

        `timeout` seconds for the whole call (60; 600 for a listing); `retry` None, "engine" (never wait: raise with
        `retry_at`) or a mapping of maxRetries, retryDelayMS, useExponentialBackoff, retryAllErrors; `limit` items of a
        listing; `account` the sub-account to act on.
        """
        return self._run(action, given, Choices(timeout, retry, debug, limit, account, idempotency_key))

    def call(self, call: str | os.PathLike[str] | Mapping[str, Any]) -> Result:
        """Run a call file, or the same as a mapping: action, inputs, and how to run it."""
        asked = one_call(call)
        return self._run(asked.action, asked.options_and_given, asked.how)

    def raw(
        self,
        method: str,
        path: str,
        *,
        query: Any = None,
        headers: Any = None,
        data: Any = None,
        form: Any = None,
        files: Any = None,
        response_type: str = "json",
        timeout: float | str | None = None,
        retry: Mapping[str, Any] | str | None = None,
        debug: bool = False,
        account: str | None = None,
        idempotency_key: str | None = None,
    ) -> Result:
        """Send any request below the base URL; host and credentials stay ours. Raises as `run`.

        `query`, `headers`, `form` take a mapping or pairs; `files` maps a key to bytes, an open file, or
        (name, either); `response_type` is json, text, binary or document (the same as binary).
        """
        given = raw_given(method, path, query, headers, {"data": data, "form": form, "files": files})
        how = Choices(timeout, retry, debug, None, account, idempotency_key)
        return self._run(None, {**given, "response_type": response_type}, how)

    def items(
        self,
        action: str,
        given: Mapping[str, Any] | None = None,
        *,
        timeout: float | str | None = None,
        retry: Mapping[str, Any] | str | None = None,
        debug: bool = False,
        limit: int | None = None,
        account: str | None = None,
    ) -> Items:
        """Stream the items of a listing, one page read ahead, memory flat; `timeout` is for each page."""
        from connector.runtime.client.items import Items  # noqa: PLC0415  loaded when something is streamed

        started = self._start(action, given, Choices(timeout, retry, debug, limit, account))
        return Items(started, started.stream(), self._step)

    def download(
        self,
        url: str,
        path: str | os.PathLike[str],
        *,
        token: str | None = None,
        connection: str | None = None,
        overwrite: bool = False,
        timeout: float | str | None = None,
        retry: Mapping[str, Any] | str | None = None,
        debug: bool = False,
        progress: Callable[[int, int | None], None] | None = None,
    ) -> Result:
        """Bring a file of the service to disk, whole or not at all; `data` has path, size, sha256 and content_type.

        A path that ends with / is a folder, where the file gets its own name. A download that was cut goes on, also
        when it is called again. `token` takes the place of the connection's; `timeout` seconds bound the whole (none:
        it ends when nothing comes for 30 s); `progress` is called with the bytes there and the size or None. Raises
        as `run`, InputError for a URL elsewhere than the manifest's hosts and a name that is taken, StoreError.
        """
        from connector.runtime.downloads.download import Wanted  # noqa: PLC0415  loaded when something is downloaded

        wanted = Wanted.of(url, path, overwrite=overwrite, token=token, connection=connection, told=progress)
        return self._download(wanted, Choices(timeout, retry, debug))

    def download_all(
        self,
        action: str,
        given: Mapping[str, Any] | None = None,
        folder: str | os.PathLike[str] = ".",
        *,
        at_once: int = 4,
        overwrite: bool = False,
        timeout: float | str | None = None,
        retry: Mapping[str, Any] | str | None = None,
        debug: bool = False,
        limit: int | None = None,
        account: str | None = None,
        progress: Callable[[int, int | None], None] | None = None,
    ) -> Result:
        """Run an action and download the files that it lists into a folder, `at_once` of them at a time.

        A file that is there with the right size is skipped. `data` has `files`, each with path and size, and how many
        were `downloaded`, `skipped`, and `failed` (each with its `error`; `complete` is False then). `timeout` is for
        the action and for each file; `limit` is how many files at most. Raises as `run`, and what no file would get
        past: SignInError, StoreError.
        """
        from connector.runtime.downloads.batch import Batch, in_threads  # noqa: PLC0415

        asked = {"at_once": at_once, "overwrite": overwrite, "progress": progress, "limit": limit}
        batch = Batch.of(self.connector, action, folder, **asked)
        how = Choices(timeout, retry, debug, batch.most_items, account)
        batch.take(self._run(action, given, how))
        in_threads(batch, lambda wanted: self._download(wanted, Choices(timeout, retry, debug)))
        return batch.result()

    def _download(self, wanted: Wanted, how: Choices) -> Result:
        from connector.runtime.downloads.download import Download  # noqa: PLC0415

        if closed := self._closed():
            raise closed
        started = Download.of(self._caller, wanted, how)
        try:
            started.open()
            result = self._step(started, started.steps(), first=True)
            self._quota.give(result)
            return started.finished(result)
        finally:
            started.close()

    def _run(
        self, action: str | None, given: Mapping[str, Any] | None, how: Choices, through: Through | None = None
    ) -> Result:
        started = self._start(action, given, how)
        steps = started.steps()
        result = self._step(started, steps if through is None else through(started, steps), first=True)
        self._quota.give(result)
        return started.finished(result)

    def _step(self, started: Started, run: Steps, *, first: bool) -> Any:
        """Drive a run to its next page or its end; returns a Page or a Result."""
        answer = started.begun(first=first)
        try:
            while type(ask := run.send(answer)) is not Page:
                answer = started.answered(ask, self._answer(started, ask))
        except StopIteration as end:
            return end.value
        except BaseException as error:
            run.close()
            started.failed(error)
            raise
        return ask

    def _answer(self, started: Started, ask: Ask) -> Any:
        if isinstance(ask, Send):
            return self._http.send(ask.request, ask.token, started.until(ask.until), ask.sink, self._stop)
        if isinstance(ask, Token):
            return self._token(started, ask)
        if isinstance(ask, Acquire):
            return self._quota.take() if ask.what == RETRY else started.slot(ask)
        assert isinstance(ask, Wait)  # a page is answered by the caller
        clock = started.caller.clock
        clock.wait(ask.least + ask.spread * clock.jitter(), self._stop)
        return self._closed()

    def _token(self, started: Started, ask: Token) -> Any:
        at_hand = self._at_hand(started, ask)
        if at_hand is not None:
            return at_hand
        waited = started.tokens().wait(ask.rejected, started.caller.clock, ask.until - started.now(), self._stop)
        return self._closed() or started.based(waited)

    def close(self) -> None:
        """End every wait and close the connections; calls after this raise UsageError."""
        self._stop.set()
        if self._owns_http:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
