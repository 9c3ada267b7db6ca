"""AsyncClient: drives the exchange for the tasks of an event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from connector.runtime.calls.call_file import CallSpec, load_calls
from connector.runtime.calls.call_options import CallOptions
from connector.runtime.calls.factory import build_raw_inputs
from connector.runtime.client.choice_lists import join_choices
from connector.runtime.client.task_driver import TaskDriver
from connector.runtime.process.extras import loading_modules

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from connector.core.inputs.choices import Choice
    from connector.core.response.result import Result
    from connector.runtime.calls.call_file import CallSource
    from connector.runtime.client.async_items import AsyncItems


class AsyncClient(TaskDriver):
    """As Client, awaited; safe to share among the tasks of one event loop."""

    async def run(
        self,
        action: str,
        given: Mapping[str, Any] | None = None,
        *,
        timeout: float | str | None = None,  # noqa: ASYNC109
        retry: Mapping[str, Any] | str | None = None,
        debug: bool = False,
        limit: int | None = None,
        account: str | None = None,
        idempotency_key: str | None = None,
        connection: str | None = None,
        page_size: int | None = None,
        no_wait: bool = False,
        max_age: float | str | None = None,
        stale_if_error: bool = False,
    ) -> Result:
        """As Client.run."""
        return await self.execute(
            action,
            given,
            CallOptions.parse(
                timeout=timeout,
                retry=retry,
                debug=debug,
                limit=limit,
                page_size=page_size,
                account=account,
                idempotency_key=idempotency_key,
                connection=connection,
                no_wait=no_wait,
                max_age=max_age,
                stale_if_error=stale_if_error,
            ),
        )

    @overload
    async def run_file(
        self,
        call: str | os.PathLike[str] | Mapping[str, Any],
        *,
        journal: str | os.PathLike[str] | None = None,
        settle: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
    ) -> Result: ...
    @overload
    async def run_file(self, call: Sequence[Mapping[str, Any]]) -> AsyncIterator[Result]: ...
    async def run_file(
        self,
        call: CallSource,
        *,
        journal: str | os.PathLike[str] | None = None,
        settle: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
    ) -> Any:
        """As Client.run_file; the iterator of several calls is asynchronous."""
        with loading_modules():
            from connector.runtime.chain.client_chain import load_steps, run_chain_in_tasks
        chain = load_steps(call, self.connector, journal=journal, settle=settle, inputs=inputs)
        if chain is not None:
            return await run_chain_in_tasks(self, chain, journal, settle)
        calls = load_calls(call)
        if isinstance(calls, CallSpec):
            return await self.execute(calls.action, calls.given, calls.options)
        self._check_calls(calls)
        return (await self.execute(one.action, one.given, one.options) for one in calls)

    async def request(
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
        connection: str | None = None,
        paginate: bool = False,
        items: str | None = None,
        limit: int | None = None,
        page_size: int | None = None,
    ) -> Result:
        """As Client.request."""
        given = build_raw_inputs(method, path, query, headers, {"data": data, "form": form, "files": files})
        options = CallOptions.parse(
            timeout=timeout,
            retry=retry,
            debug=debug,
            paginate=paginate,
            items=items,
            limit=limit,
            page_size=page_size,
            account=account,
            idempotency_key=idempotency_key,
            connection=connection,
        )
        return await self.execute(None, {**given, "response_type": response_type}, options)

    async def choices(
        self,
        action: str,
        input: str,
        given: Mapping[str, Any] | None = None,
        *,
        search: str | None = None,
        connection: str | None = None,
    ) -> list[Choice]:
        """As Client.choices."""
        query = self._choice_lists.ask(action, input, given, connection, search)
        live = self._choice_lists.find(query)
        if live is None:
            result = await self.execute(query.listing, query.given, query.options)
            live = self._choice_lists.keep(query, result)
        return join_choices(query, live, search)

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
        connection: str | None = None,
        page_size: int | None = None,
    ) -> AsyncItems:
        """As Client.items, for `async for`."""
        options = CallOptions.parse(
            timeout=timeout,
            retry=retry,
            debug=debug,
            limit=limit,
            page_size=page_size,
            account=account,
            connection=connection,
        )
        return self.stream(action, given, options)

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
        with loading_modules():
            from connector.runtime.downloads.download import DownloadRequest

        request = DownloadRequest.from_arguments(
            url, path, overwrite=overwrite, token=token, connection=connection, on_progress=progress
        )
        return await self.execute_download(request, CallOptions.parse(timeout=timeout, retry=retry, debug=debug))

    async def download_all(
        self,
        action: str,
        given: Mapping[str, Any] | None = None,
        folder: str | os.PathLike[str] = ".",
        *,
        concurrency: int = 4,
        overwrite: bool = False,
        timeout: float | str | None = None,  # noqa: ASYNC109
        retry: Mapping[str, Any] | str | None = None,
        debug: bool = False,
        limit: int | None = None,
        account: str | None = None,
        connection: str | None = None,
        progress: Callable[[int, int | None], None] | None = None,
    ) -> Result:
        """As Client.download_all."""
        with loading_modules():
            from connector.runtime.downloads.batch import DownloadBatch

        batch = DownloadBatch.from_arguments(
            self.connector,
            action,
            folder,
            concurrency=concurrency,
            overwrite=overwrite,
            on_progress=progress,
            limit=limit,
        )
        options = CallOptions.parse(timeout=timeout, retry=retry, debug=debug, account=account, connection=connection)
        return await self.execute_batch(batch, given, options)
