"""AsyncClient: the driver of the exchange for the tasks of an event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from connector.core.exchange.exchange import RETRY, Acquire, Page, Send, Token, Wait
from connector.runtime.calls.call_file import one_call
from connector.runtime.calls.factory import Choices, raw_given
from connector.runtime.client.client import AnyClient

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from connector.core.exchange.exchange import Ask, Steps
    from connector.core.response.parser import Result
    from connector.runtime.calls.prepared import Started
    from connector.runtime.client.items import AsyncItems
    from connector.runtime.downloads.download import Wanted


class AsyncClient(AnyClient):
    """As Client, awaited; safe to share among the tasks of one event loop."""

    _asynchronous = True

    async def run(
        self,
        action: str,
        given: Mapping[str, Any] | None = None,
        *,
        timeout: float | str | None = None,  # noqa: ASYNC109  the deadline of the call, as in Client
        retry: Mapping[str, Any] | str | None = None,
        debug: bool = False,
        limit: int | None = None,
        account: str | None = None,
        idempotency_key: str | None = None,
    ) -> Result:
        """As Client.run."""
        return await self._run(action, given, Choices(timeout, retry, debug, limit, account, idempotency_key))

    async def call(self, call: str | os.PathLike[str] | Mapping[str, Any]) -> Result:
        """As Client.call."""
        asked = one_call(call)
        return await self._run(asked.action, asked.options_and_given, asked.how)

    async def raw(
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
        timeout: float | str | None = None,  # noqa: ASYNC109
        retry: Mapping[str, Any] | str | None = None,
        debug: bool = False,
        account: str | None = None,
        idempotency_key: str | None = None,
    ) -> Result:
        """As Client.raw."""
        given = raw_given(method, path, query, headers, {"data": data, "form": form, "files": files})
        how = Choices(timeout, retry, debug, None, account, idempotency_key)
        return await self._run(None, {**given, "response_type": response_type}, how)

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
    ) -> AsyncItems:
        """As Client.items, for `async for`."""
        from connector.runtime.client.items import AsyncItems  # noqa: PLC0415

        started = self._start(action, given, Choices(timeout, retry, debug, limit, account))
        return AsyncItems(started, started.stream(), self._step)

    async def download(
        self,
        url: str,
        path: str | os.PathLike[str],
        *,
        token: str | None = None,
        connection: str | None = None,
        overwrite: bool = False,
        timeout: float | str | None = None,  # noqa: ASYNC109
        retry: Mapping[str, Any] | str | None = None,
        debug: bool = False,
        progress: Callable[[int, int | None], None] | None = None,
    ) -> Result:
        """As Client.download."""
        from connector.runtime.downloads.download import Wanted  # noqa: PLC0415

        wanted = Wanted.of(url, path, overwrite=overwrite, token=token, connection=connection, told=progress)
        return await self._download(wanted, Choices(timeout, retry, debug))

    async def download_all(
        self,
        action: str,
        given: Mapping[str, Any] | None = None,
        folder: str | os.PathLike[str] = ".",
        *,
        at_once: int = 4,
        overwrite: bool = False,
        timeout: float | str | None = None,  # noqa: ASYNC109
        retry: Mapping[str, Any] | str | None = None,
        debug: bool = False,
        limit: int | None = None,
        account: str | None = None,
        progress: Callable[[int, int | None], None] | None = None,
    ) -> Result:
        """As Client.download_all."""
        from connector.runtime.downloads.batch import Batch, in_tasks  # noqa: PLC0415

        asked = {"at_once": at_once, "overwrite": overwrite, "progress": progress, "limit": limit}
        batch = Batch.of(self.connector, action, folder, **asked)
        how = Choices(timeout, retry, debug, batch.most_items, account)
        batch.take(await self._run(action, given, how))
        await in_tasks(batch, lambda wanted: self._download(wanted, Choices(timeout, retry, debug)))
        return batch.result()

    async def _download(self, wanted: Wanted, how: Choices) -> Result:
        from asyncio import to_thread  # noqa: PLC0415

        from connector.runtime.downloads.download import Download  # noqa: PLC0415

        if closed := self._closed():
            raise closed
        started = Download.of(self._caller, wanted, how)
        try:
            await to_thread(started.open)  # what waits for the disk does not hold up the loop
            result = await self._step(started, started.steps(), first=True)
            self._quota.give(result)
            return await to_thread(started.finished, result)
        finally:
            await to_thread(started.close)

    async def _run(self, action: str | None, given: Mapping[str, Any] | None, how: Choices) -> Result:
        started = self._start(action, given, how)
        result = await self._step(started, started.steps(), first=True)
        self._quota.give(result)
        return started.finished(result)

    async def _step(self, started: Started, run: Steps, *, first: bool) -> Any:
        answer = started.begun(first=first)
        try:
            while type(ask := run.send(answer)) is not Page:
                answer = started.answered(ask, await self._answer(started, ask))
        except StopIteration as end:
            return end.value
        except BaseException as error:
            run.close()
            started.failed(error)
            raise
        return ask

    async def _answer(self, started: Started, ask: Ask) -> Any:
        if isinstance(ask, Send):
            got = self._http.send(ask.request, ask.token, started.until(ask.until), ask.sink, self._stop)
            return await got if hasattr(got, "__await__") else got
        if isinstance(ask, Token):
            return await self._token(started, ask)
        if isinstance(ask, Acquire):
            return self._quota.take() if ask.what == RETRY else await started.slot_async(ask)
        assert isinstance(ask, Wait)  # a page is answered by the caller
        clock = started.caller.clock
        await clock.sleep(ask.least + ask.spread * clock.jitter())
        return self._closed()

    async def _token(self, started: Started, ask: Token) -> Any:
        at_hand = self._at_hand(started, ask)
        if at_hand is not None:
            return at_hand
        seconds = ask.until - started.now()
        waited = await started.tokens().wait_async(ask.rejected, started.caller.clock, seconds, self._stop)
        return self._closed() or started.based(waited)

    async def aclose(self) -> None:
        """Close the connections; calls after this raise UsageError."""
        self._stop.set()
        if self._owns_http:
            await self._http.aclose()

    close = aclose

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
