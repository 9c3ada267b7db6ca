"""The driver of threads: answers the asks of calls, each in the thread that made it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from connector.core.exchange.asks import RETRY_QUOTA, AcquireSlot, GetToken, SendRequest, Sleep, YieldPage
from connector.errors import ConnectorError
from connector.runtime.calls.budget_slots import acquire_slot
from connector.runtime.calls.call_options import CallOptions
from connector.runtime.calls.prepared import DEFAULT_TIMEOUT
from connector.runtime.client.base_client import BaseClient, is_page
from connector.runtime.client.items import Items

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.exchange.asks import Ask, Steps
    from connector.core.response.result import Result
    from connector.runtime.calls.prepared import PreparedCall
    from connector.runtime.downloads.batch import DownloadBatch
    from connector.runtime.downloads.download import DownloadRequest


class ThreadDriver(BaseClient):
    """Runs calls with parsed options; `Client` is its face."""

    def execute(self, action: str | None, given: Mapping[str, Any] | None, options: CallOptions) -> Result:
        """Run a call with parsed options; every other method uses this. `action` is None for a raw request."""
        call = self._prepare(action, given, options)
        kept = self._find_kept(call)
        if kept is not None:
            return kept
        try:
            steps = call.build_steps()
            outcome = self._drive(call, steps, first=True)
            while is_page(outcome):
                outcome = self._drive(call, steps, first=False)
        except ConnectorError as error:
            kept = self._find_kept(call, error)
            if kept is None:
                raise
            return kept
        self._retry_quota.release(outcome)
        return call.finish(outcome)

    def stream(self, action: str | None, given: Mapping[str, Any] | None, options: CallOptions) -> Items:
        """Stream a listing with parsed options; `items` uses this."""
        call = self._prepare(action, given, options)
        return Items(call, self._drive)

    def execute_batch(self, batch: DownloadBatch, given: Mapping[str, Any] | None, options: CallOptions) -> Result:
        """Run the action of a batch and download its files; `download_all` uses this."""
        from connector.runtime.downloads.batch import download_in_threads

        clock = self._call_factory.context.clock
        began = clock.monotonic()
        batch.load_listing(self.execute(batch.action, given, replace(options, limit=batch.max_items)))
        file_options = CallOptions(options.timeout, options.retry, options.debug)
        connection = self._choose_connection(batch.action, given, options)
        download_in_threads(
            batch, lambda request: self.execute_download(replace(request, connection=connection), file_options)
        )
        return replace(batch.build_result(), elapsed=clock.monotonic() - began)

    def execute_download(self, download_request: DownloadRequest, options: CallOptions) -> Result:
        """Download with parsed options; `download` uses this."""
        from connector.runtime.downloads.download import Download

        self._check_open()
        waited, timeout = 0.0, options.timeout or DEFAULT_TIMEOUT
        if download_request.token is None:
            waited = self._connections.load(download_request.connection, timeout, self._stop_event)
        self._check_open()
        with Download.prepare(self._call_factory, download_request, options) as download:
            download.call.waited = waited
            download.open()
            result = self._drive(download.call, download.build_steps(), first=True)
            self._retry_quota.release(result)
            return download.finish(result)

    def _prepare(self, action: str | None, given: Mapping[str, Any] | None, options: CallOptions) -> PreparedCall:
        if self._connections.default is not None:
            return self._prepare_loaded(action, given, options, 0.0)
        named = self._choose_connection(action, given, options)
        waited = self._connections.load(named, options.timeout or DEFAULT_TIMEOUT, self._stop_event)
        return self._prepare_loaded(action, given, options, waited)

    def _drive(self, call: PreparedCall, steps: Steps, *, first: bool) -> Any:
        """Drive a call to its next page or its end; return a YieldPage or a Result."""
        ask = None
        if self._kept is not None:
            self._kept.wait_for_room(first=first)
        try:
            answer = call.begin(first=first)
            while type(ask := steps.send(answer)) is not YieldPage:
                if call.observers:
                    call.announce(ask)
                answer = call.answer(ask, self._perform(call, ask))
        except StopIteration as end:
            return end.value
        except BaseException as error:
            call.abort(steps, ask, error)
            raise
        if call.observers:
            call.answer(ask, None)
        return ask

    def _perform(self, call: PreparedCall, ask: Ask) -> Any:
        if isinstance(ask, SendRequest):
            return self._transport.send(
                ask.request, ask.credential, call.to_monotonic(ask.deadline), ask.sink, self._stop_event
            )
        if isinstance(ask, GetToken):
            return self._get_credential(call, ask)
        if isinstance(ask, AcquireSlot):
            if ask.rates == RETRY_QUOTA:
                return self._retry_quota.acquire()
            delay_or_error = acquire_slot(call, ask, self._stop_event)
            return self._closed_error() or delay_or_error
        assert isinstance(ask, Sleep)  # a page is answered by the caller
        clock = call.context.clock
        clock.wait_or_stop(ask.min_delay + ask.jitter * clock.jitter(), self._stop_event)
        return self._closed_error()

    def _get_credential(self, call: PreparedCall, ask: GetToken) -> Any:
        cached = self._closed_error() or call.get_credential(ask)
        if cached is not None:
            return cached
        credential = call.get_credential_source().wait(
            ask.rejected_token,
            call.context.clock,
            ask.deadline - call.now(),
            self._stop_event,
            lacks_scope=ask.lacks_scope,
        )
        return self._closed_error() or call.with_base_url(credential)

    def close(self) -> None:
        """End all waits and close the HTTP connections; later calls raise UsageError."""
        self._stop_event.set()
        if self._owns_transport:
            self._transport.close()
        if self._kept is not None:
            self._kept.finish()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
