"""Client: the actions of a connector for threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from connector.runtime.calls.call_file import CallSpec, load_calls
from connector.runtime.calls.call_options import CallOptions
from connector.runtime.calls.factory import build_raw_inputs
from connector.runtime.client.choice_lists import join_choices
from connector.runtime.client.thread_driver import ThreadDriver
from connector.runtime.process.extras import loading_modules

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from connector.core.inputs.choices import Choice
    from connector.core.response.result import Result
    from connector.runtime.calls.call_file import CallSource
    from connector.runtime.client.items import Items


class Client(ThreadDriver):
    """Runs the actions of a connector; safe to share among threads.

    `Client(connector, connection)`, where the connection may be the name of one in `store` (default: the user's own
    store). Without a connection each call names its own, as `connection`; one that the program names cannot be
    replaced by the inputs. `resolve_connection` loads a named one from elsewhere than the store. `base_url` replaces
    the manifest's (https, or http on loopback); `rate_limit` is the name of the account's plan, the URL of a budget
    that processes share, or a mapping of both (`plan`, `at`), False for none; `http` is "httpx", "httpx2", "pyreqwest"
    or a transport; `observe` sees the asks and answers of every call; `records` is the URL of a copy of what the
    service keeps (sqlite:///PATH or postgresql://...), or Records; `clock` is for tests. Raises SignInError for an
    unknown name.
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
        connection: str | None = None,
        page_size: int | None = None,
        no_wait: bool = False,
        max_age: float | str | None = None,
        stale_if_error: bool = False,
    ) -> Result:
        """Run an action; the pages of a listing are merged. Raises ConnectorError.

        `timeout` seconds for the whole call (60; 600 for a listing); `retry` None, "engine" (never wait: raise with
        `retry_at`) or a mapping of maxRetries, retryDelayMS, useExponentialBackoff, retryAllErrors; `limit` the maximum
        items of a listing and `page_size` how many a page has; `account` the sub-account to act on; `connection` the
        name of the connection; `idempotency_key` the key of a write: "if-known:KEY" is ignored where the service takes
        none, and "if-known" is a key of its own. An action that starts a job waits for it, and has its results;
        with `no_wait` it has the started job. With the client's `records`, a read of one record is answered from the
        copy if that is no older than `max_age`, such as "5m"; with `stale_if_error`, from a copy of any age where the
        service cannot answer. The result says so: `from_records`, `age`.
        """
        return self.execute(
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
    def run_file(
        self,
        call: str | os.PathLike[str] | Mapping[str, Any],
        *,
        journal: str | os.PathLike[str] | None = None,
        settle: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
    ) -> Result: ...
    @overload
    def run_file(self, call: Sequence[Mapping[str, Any]]) -> Iterator[Result]: ...
    def run_file(
        self,
        call: CallSource,
        *,
        journal: str | os.PathLike[str] | None = None,
        settle: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run a call file, or the same as a mapping: action, inputs and options, or `steps`. Raises as `run`.

        A file with several calls, or a list of mappings, is checked whole and gives an iterator of results: each call
        is made when its result is asked for, and the first that fails ends it. (A type checker, which cannot look into
        a file, takes it for one with one call.)

        The data of a chain of steps are what it keeps. With the file of a `journal`, the same call goes on where an
        earlier one ended, and makes no call twice; `settle` says of uncertain steps whether they are "done" or
        "not-done", or gives the data of their replies. `inputs` take the place of those that the file has.
        """
        with loading_modules():
            from connector.runtime.chain.client_chain import load_steps, run_chain
        chain = load_steps(call, self.connector, journal=journal, settle=settle, inputs=inputs)
        if chain is not None:
            return run_chain(self, chain, journal, settle)
        calls = load_calls(call)
        if isinstance(calls, CallSpec):
            return self.execute(calls.action, calls.given, calls.options)
        self._check_calls(calls)
        return (self.execute(one.action, one.given, one.options) for one in calls)

    def request(
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
        connection: str | None = None,
        paginate: bool = False,
        items: str | None = None,
        limit: int | None = None,
        page_size: int | None = None,
    ) -> Result:
        """Send any request below the base URL, signed by the connection. Raises as `run`.

        `query`, `headers`, `form` take a mapping or pairs; `files` maps a key to bytes, an open file, or
        (name, either); `response_type` is json, text, binary or document (the same as binary). With `paginate`, every
        page of the list at `items` (the reply's only list, when absent) is read and merged, as the manifest pages;
        `limit` and `page_size` as in `run`.
        """
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
        return self.execute(None, {**given, "response_type": response_type}, options)

    def choices(
        self,
        action: str,
        input: str,
        given: Mapping[str, Any] | None = None,
        *,
        search: str | None = None,
        connection: str | None = None,
    ) -> list[Choice]:
        """Return the choices of an input as (value, label): of its definition, its file, and the action that lists it.

        `given` are the inputs that are chosen already; those that the listing takes too are passed to it. `search`
        keeps the choices whose value or label contains a text, or that the service finds for it. Live choices are read
        once a minute for each
        connection. Raises as `run`.
        """
        query = self._choice_lists.ask(action, input, given, connection, search)
        live = self._choice_lists.find(query)
        if live is None:
            live = self._choice_lists.keep(query, self.execute(query.listing, query.given, query.options))
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
    ) -> Items:
        """Stream the items of a listing, reading one page ahead; `timeout` is for each page, `page_size` its items."""
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
        """Download a file atomically; `data` has path, size, sha256 and content_type.

        A path that ends with / is a folder, where the file gets its own name. An interrupted download resumes, also
        in a later call. `token` replaces the connection's; `timeout` is for the whole download in seconds (None: it
        ends when nothing arrives for 30 s); `progress` is called with the bytes received and the size or None. Raises
        as `run`, InputError for a URL outside the manifest's allowed_hosts or an existing name, StoreError.
        """
        with loading_modules():
            from connector.runtime.downloads.download import DownloadRequest

        request = DownloadRequest.from_arguments(
            url, path, overwrite=overwrite, token=token, connection=connection, on_progress=progress
        )
        return self.execute_download(request, CallOptions.parse(timeout=timeout, retry=retry, debug=debug))

    def download_all(
        self,
        action: str,
        given: Mapping[str, Any] | None = None,
        folder: str | os.PathLike[str] = ".",
        *,
        concurrency: int = 4,
        overwrite: bool = False,
        timeout: float | str | None = None,
        retry: Mapping[str, Any] | str | None = None,
        debug: bool = False,
        limit: int | None = None,
        account: str | None = None,
        connection: str | None = None,
        progress: Callable[[int, int | None], None] | None = None,
    ) -> Result:
        """Run an action and download the files that it lists into a folder, `concurrency` of them at a time.

        A file that exists with the right size is skipped. `data` has `files`, each with path and size, and the counts
        `downloaded`, `skipped` and `failed` (each with its `error`; `complete` is False then). `timeout` is for the
        action and for each file; `limit` is the maximum number of files. Raises as `run`, and SignInError or
        StoreError, which every file would meet.
        """
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
        return self.execute_batch(batch, given, options)
