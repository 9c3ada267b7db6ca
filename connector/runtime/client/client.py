"""Client: the driver of the exchange for threads, and what both clients are."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Self

from connector.core.exchange.exchange import RETRY_QUOTA, AcquireSlot, GetToken, SendRequest, Sleep, YieldPage
from connector.errors import UsageError
from connector.runtime.auth.connection_resolver import ConnectionResolver
from connector.runtime.calls.call_file import load_call
from connector.runtime.calls.factory import CallFactory, CallOptions, build_raw_inputs
from connector.runtime.calls.retry_quota import RetryQuota
from connector.runtime.http.transport import load_transport

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from connector.core.exchange.exchange import Ask, Steps
    from connector.core.request.builder import Request
    from connector.core.response.parser import Result
    from connector.definition.loader import Connector
    from connector.runtime.auth.connection import Connection
    from connector.runtime.auth.connection_resolver import ResolveConnection
    from connector.runtime.calls.prepared import PreparedCall
    from connector.runtime.client.items import Items
    from connector.runtime.clock import Clock
    from connector.runtime.downloads.download import DownloadRequest
    from connector.runtime.storage.store import Store

    Observer = Callable[[PreparedCall, Steps], Steps]  # sees the asks of a call, and their answers


class BaseClient:
    """What both clients are: who calls, through which HTTP library, and whether it is closed."""

    _is_async = False

    def __init__(
        self,
        connector: Connector,
        connection: Connection | str | None = None,
        *,
        base_url: str | None = None,
        store: Store | None = None,
        resolve: ResolveConnection | None = None,
        budget: object = None,
        http: object = None,
        clock: Clock | None = None,
    ) -> None:
        connection_resolver = ConnectionResolver(connector, connection, store, resolve)
        self.connector = connector
        self.connection = connection_resolver.default
        self._call_factory = CallFactory(connector, connection_resolver, base_url, clock)
        self._transport = load_transport(http, asynchronous=self._is_async)
        self._owns_transport = self._transport is not http
        self._call_factory.set_budget(budget, self._transport)
        self._retry_quota = RetryQuota()
        self._stop_event = threading.Event()

    def dry_run(self, action: str, given: Mapping[str, Any] | None = None, *, account: str | None = None) -> Request:
        """Return the request that a run would send first, redacted when printed; nothing is sent.

        Needs no connection. Raises InputError with every problem.
        """
        options = CallOptions(account=account)
        return self._call_factory.prepare(
            action, {} if given is None else given, options, resolve_connection=False
        ).build_first_request()

    def _prepare(self, action: str | None, given: Mapping[str, Any] | None, options: CallOptions) -> PreparedCall:
        if closed_error := self._closed_error():
            raise closed_error
        return self._call_factory.prepare(action, {} if given is None else given, options)

    def _get_cached_credential(self, call: PreparedCall, ask: GetToken) -> Any:
        """Answer a Token ask that needs no waiting, else None."""
        return self._closed_error() or call.get_credential(ask)

    def _closed_error(self) -> UsageError | None:
        """Return what a call on a closed client meets."""
        if not self._stop_event.is_set():
            return None
        return UsageError("The client is closed.", hint="Make a new one, or use it inside its with block.")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.connector.name} {self.connection!r}>"


class Client(BaseClient):
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
        return self._run(action, given, CallOptions(timeout, retry, debug, limit, account, idempotency_key))

    def call(self, call: str | os.PathLike[str] | Mapping[str, Any]) -> Result:
        """Run a call file, or the same as a mapping: action, inputs, and how to run it."""
        call_spec = load_call(call)
        return self._run(call_spec.action, call_spec.arguments, call_spec.options)

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
        given = build_raw_inputs(method, path, query, headers, {"data": data, "form": form, "files": files})
        options = CallOptions(timeout, retry, debug, None, account, idempotency_key)
        return self._run(None, {**given, "response_type": response_type}, options)

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

        call = self._prepare(action, given, CallOptions(timeout, retry, debug, limit, account))
        return Items(call, call.build_page_steps(), self._drive)

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
        from connector.runtime.downloads.download import DownloadRequest  # noqa: PLC0415  loaded when something is downloaded

        download_request = DownloadRequest.from_arguments(
            url, path, overwrite=overwrite, token=token, connection=connection, on_progress=progress
        )
        return self._download(download_request, CallOptions(timeout, retry, debug))

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
        from connector.runtime.downloads.batch import DownloadBatch, download_in_threads  # noqa: PLC0415

        batch_options = {"concurrency": at_once, "overwrite": overwrite, "on_progress": progress, "limit": limit}
        batch = DownloadBatch.from_arguments(self.connector, action, folder, **batch_options)
        options = CallOptions(timeout, retry, debug, batch.max_items, account)
        batch.load_listing(self._run(action, given, options))
        download_in_threads(
            batch, lambda download_request: self._download(download_request, CallOptions(timeout, retry, debug))
        )
        return batch.build_result()

    def _download(self, download_request: DownloadRequest, options: CallOptions) -> Result:
        from connector.runtime.downloads.download import Download  # noqa: PLC0415

        if closed_error := self._closed_error():
            raise closed_error
        call = Download.prepare(self._call_factory, download_request, options)
        try:
            call.open()
            result = self._drive(call, call.build_steps(), first=True)
            self._retry_quota.release(result)
            return call.finish(result)
        finally:
            call.close()

    def _run(
        self, action: str | None, given: Mapping[str, Any] | None, options: CallOptions, observe: Observer | None = None
    ) -> Result:
        call = self._prepare(action, given, options)
        steps = call.build_steps()
        result = self._drive(call, steps if observe is None else observe(call, steps), first=True)
        self._retry_quota.release(result)
        return call.finish(result)

    def _drive(self, call: PreparedCall, steps: Steps, *, first: bool) -> Any:
        """Drive a run to its next page or its end; returns a Page or a Result."""
        answer = call.begin(first=first)
        try:
            while type(ask := steps.send(answer)) is not YieldPage:
                answer = call.answer(ask, self._perform(call, ask))
        except StopIteration as end:
            return end.value
        except BaseException as error:
            steps.close()
            call.annotate_error(error)
            raise
        return ask

    def _perform(self, call: PreparedCall, ask: Ask) -> Any:
        if isinstance(ask, SendRequest):
            return self._transport.send(
                ask.request, ask.credential, call.to_monotonic(ask.deadline), ask.sink, self._stop_event
            )
        if isinstance(ask, GetToken):
            return self._get_credential(call, ask)
        if isinstance(ask, AcquireSlot):
            return self._retry_quota.acquire() if ask.rates == RETRY_QUOTA else call.acquire_slot(ask)
        assert isinstance(ask, Sleep)  # a page is answered by the caller
        clock = call.factory.clock
        clock.wait_or_stop(ask.min_delay + ask.jitter * clock.jitter(), self._stop_event)
        return self._closed_error()

    def _get_credential(self, call: PreparedCall, ask: GetToken) -> Any:
        cached = self._get_cached_credential(call, ask)
        if cached is not None:
            return cached
        credential = call.get_token_source().wait(
            ask.rejected_token, call.factory.clock, ask.deadline - call.now(), self._stop_event
        )
        return self._closed_error() or call.with_base_url(credential)

    def close(self) -> None:
        """End every wait and close the connections; calls after this raise UsageError."""
        self._stop_event.set()
        if self._owns_transport:
            self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
