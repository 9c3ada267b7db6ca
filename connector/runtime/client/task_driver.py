"""The driver of tasks: answers the asks of calls in the event loop that made them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from connector.core.exchange.asks import RETRY_QUOTA, AcquireSlot, GetToken, SendRequest, Sleep, YieldPage
from connector.errors import ConnectorError
from connector.runtime.calls.budget_slots import acquire_slot_async
from connector.runtime.calls.call_options import CallOptions
from connector.runtime.calls.prepared import DEFAULT_TIMEOUT
from connector.runtime.client.async_items import AsyncItems
from connector.runtime.client.base_client import BaseClient, is_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.exchange.asks import Ask, Steps
    from connector.core.response.result import Result
    from connector.runtime.calls.prepared import PreparedCall
    from connector.runtime.downloads.batch import DownloadBatch
    from connector.runtime.downloads.download import DownloadRequest


class TaskDriver(BaseClient):
    """Runs calls with parsed options; `AsyncClient` is its face."""

    _is_async = True

    async def execute(self, action: str | None, given: Mapping[str, Any] | None, options: CallOptions) -> Result:
        """As Client.execute."""
        call = await self._prepare(action, given, options)
        may_be_kept = options.max_age is not None or options.stale_if_error
        kept = await asyncio.to_thread(self._find_kept, call) if may_be_kept else None
        if kept is not None:
            return kept
        try:
            steps = call.build_steps()
            outcome = await self._drive(call, steps, first=True)
            while is_page(outcome):
                outcome = await self._drive(call, steps, first=False)
        except ConnectorError as error:
            kept = await asyncio.to_thread(self._find_kept, call, error) if may_be_kept else None
            if kept is None:
                raise
            return kept
        self._retry_quota.release(outcome)
        return call.finish(outcome)

    def stream(self, action: str | None, given: Mapping[str, Any] | None, options: CallOptions) -> AsyncItems:
        """As Client.stream."""
        self._check_open()
        self._prepare_shown(action, given, options).build_page_steps().close()
        return AsyncItems(lambda: self._prepare(action, given, options), self._drive)

    async def _prepare(self, action: str | None, given: Mapping[str, Any] | None, options: CallOptions) -> PreparedCall:
        if self._connections.default is not None:
            return self._prepare_loaded(action, given, options, 0.0)
        named = self._choose_connection(action, given, options)
        waited = await self._connections.load_async(named, options.timeout or DEFAULT_TIMEOUT, self._stop_event)
        return self._prepare_loaded(action, given, options, waited)

    async def execute_batch(
        self, batch: DownloadBatch, given: Mapping[str, Any] | None, options: CallOptions
    ) -> Result:
        """As Client.execute_batch."""
        from connector.runtime.downloads.batch import download_in_tasks

        clock = self._call_factory.context.clock
        began = clock.monotonic()
        batch.load_listing(await self.execute(batch.action, given, replace(options, limit=batch.max_items)))
        file_options = CallOptions(options.timeout, options.retry, options.debug)
        connection = self._choose_connection(batch.action, given, options)
        await download_in_tasks(
            batch, lambda request: self.execute_download(replace(request, connection=connection), file_options)
        )
        return replace(batch.build_result(), elapsed=clock.monotonic() - began)

    async def execute_download(self, download_request: DownloadRequest, options: CallOptions) -> Result:
        """As Client.execute_download."""
        from asyncio import to_thread

        from connector.runtime.downloads.download import Download

        self._check_open()
        waited, timeout = 0.0, options.timeout or DEFAULT_TIMEOUT
        if download_request.token is None:
            waited = await self._connections.load_async(download_request.connection, timeout, self._stop_event)
        self._check_open()
        download = Download.prepare(self._call_factory, download_request, options)
        download.call.waited = waited
        try:
            await to_thread(download.open)  # disk access must not block the loop
            result = await self._drive(download.call, download.build_steps(), first=True)
            self._retry_quota.release(result)
            return await to_thread(download.finish, result)
        except BaseException as error:
            download.annotate_error(error)
            raise
        finally:
            await to_thread(download.close)

    async def _drive(self, call: PreparedCall, steps: Steps, *, first: bool) -> Any:
        ask = None
        if self._kept is not None:
            await self._kept.wait_for_room_async(first=first)
        try:
            answer = call.begin(first=first)
            while type(ask := steps.send(answer)) is not YieldPage:
                if call.observers:
                    call.announce(ask)
                answer = call.answer(ask, await self._perform(call, ask))
        except StopIteration as end:
            return end.value
        except BaseException as error:
            call.abort(steps, ask, error)
            raise
        if call.observers:
            call.answer(ask, None)
        return ask

    async def _perform(self, call: PreparedCall, ask: Ask) -> Any:
        if isinstance(ask, SendRequest):
            pending = self._transport.send(
                ask.request, ask.credential, call.to_monotonic(ask.deadline), ask.sink, self._stop_event
            )
            return await pending if hasattr(pending, "__await__") else pending
        if isinstance(ask, GetToken):
            return await self._get_credential(call, ask)
        if isinstance(ask, AcquireSlot):
            return self._retry_quota.acquire() if ask.rates == RETRY_QUOTA else await acquire_slot_async(call, ask)
        assert isinstance(ask, Sleep)  # a page is answered by the caller
        clock = call.context.clock
        await clock.sleep(ask.min_delay + ask.jitter * clock.jitter())
        return self._closed_error()

    async def _get_credential(self, call: PreparedCall, ask: GetToken) -> Any:
        cached = self._closed_error() or call.get_credential(ask)
        if cached is not None:
            return cached
        max_wait = ask.deadline - call.now()
        credential = await call.get_credential_source().wait_async(
            ask.rejected_token, call.context.clock, max_wait, self._stop_event, lacks_scope=ask.lacks_scope
        )
        return self._closed_error() or call.with_base_url(credential)

    async def aclose(self) -> None:
        """Close the HTTP connections; later calls raise UsageError."""
        self._stop_event.set()
        if self._owns_transport:
            await self._transport.aclose()
        if self._kept is not None:
            await asyncio.to_thread(self._kept.finish)

    close = aclose

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
