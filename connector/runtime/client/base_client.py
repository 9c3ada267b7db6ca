"""The common part of both clients: connection, transport, and whether it is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.core.exchange.asks import YieldPage
from connector.errors import InputError, UsageError
from connector.runtime.auth.connection_resolver import ConnectionResolver
from connector.runtime.calls.call_options import CallOptions
from connector.runtime.calls.factory import CallFactory
from connector.runtime.calls.first_request import build_first_request
from connector.runtime.calls.prepared import DEFAULT_TIMEOUT
from connector.runtime.calls.retry_quota import RetryQuota
from connector.runtime.client.choice_lists import ChoiceLists
from connector.runtime.http.transport import load_transport
from connector.runtime.process.argument_types import require_method
from connector.runtime.process.extras import loading_modules
from connector.runtime.process.fork_safety import ForkSafeEvent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.core.request.builder import Request
    from connector.core.response.result import Result
    from connector.definition.loader import Connector
    from connector.errors import ConnectorError, Problem
    from connector.runtime.auth.connection_resolver import ResolveConnection
    from connector.runtime.auth.credentials import Credentials
    from connector.runtime.calls.call_file import CallSpec
    from connector.runtime.calls.observer import Observer
    from connector.runtime.calls.prepared import PreparedCall
    from connector.runtime.clock import Clock
    from connector.runtime.records.answers import KeptAnswers
    from connector.runtime.records.records import Records
    from connector.runtime.storage.store import Store


class BaseClient:
    """The common part of both clients; each drives the steps of a call in its own way."""

    _is_async = False

    def __init__(
        self,
        connector: Connector,
        connection: Credentials | str | None = None,
        *,
        base_url: str | None = None,
        store: Store | None = None,
        resolve_connection: ResolveConnection | None = None,
        rate_limit: object = None,
        http: object = None,
        records: object = None,
        observe: Observer | Sequence[Observer] | None = None,
        clock: Clock | None = None,
    ) -> None:
        connection_resolver = ConnectionResolver(connector, connection, store, resolve_connection)
        self.connector = connector
        self._call_factory = CallFactory(connector, connection_resolver, base_url, clock)
        self._kept = None if records is None else _open_records(records)
        recording = () if self._kept is None else (self._kept.records.observe(),)
        self._call_factory.observers = (*_list_observers(observe), *recording)
        self._transport = load_transport(http, asynchronous=self._is_async)
        self._owns_transport = self._transport is not http
        self._call_factory.set_budget(rate_limit, self._transport)
        self._choice_lists = ChoiceLists(self._call_factory)
        self._retry_quota = RetryQuota()
        self._stop_event = ForkSafeEvent()
        self._connections = connection_resolver
        if not self._is_async:  # a task must not wait here
            connection_resolver.load_default_early()

    @property
    def connection(self) -> Credentials | None:
        """The client's own connection, or None. One that no call has needed yet is read from its store now."""
        self._connections.load(None, DEFAULT_TIMEOUT)
        return self._connections.default

    @property
    def records(self) -> Records | None:
        """The copy of what the service keeps, or None."""
        return None if self._kept is None else self._kept.records

    def dry_run(
        self,
        action: str,
        given: Mapping[str, Any] | None = None,
        *,
        account: str | None = None,
        connection: str | None = None,
    ) -> Request:
        """Return the first request that a run would send, redacted when printed; nothing is sent.

        It needs no connection. Raises InputError with every problem.
        """
        options = CallOptions.parse(account=account, connection=connection)
        return build_first_request(self._prepare_shown(action, given, options))

    def _find_kept(self, call: PreparedCall, error: ConnectorError | None = None) -> Result | None:
        """Return the answer of the copy that a call allows: a young one, or one of any age in place of an error."""
        options = call.options
        if options.max_age is None and not options.stale_if_error:
            return None
        if self._kept is None:
            hint = "Open the client with records=, such as sqlite:///records.db; or set CONNECTOR_RECORDS."
            raise UsageError("max_age and stale_if_error need a copy of the records.", hint=hint)
        if error is None:
            return None if options.max_age is None else self._kept.find(call, options.max_age)
        if not options.stale_if_error or not error.retryable:
            return None
        return self._kept.find(call, None, f"The service did not answer: {error.args[0]}")

    def _choose_connection(self, action: str | None, given: Mapping[str, Any] | None, options: CallOptions) -> Any:
        """Return what an open client's call names as its connection, or None. Raises InputError, UsageError."""
        self._check_open()
        return self._call_factory.choose_connection(action, {} if given is None else given, options)

    def _prepare_loaded(
        self, action: str | None, given: Mapping[str, Any] | None, options: CallOptions, waited: float
    ) -> PreparedCall:
        """Prepare a call whose connection is loaded; the seconds that this took count as the call's."""
        self._check_open()
        call = self._call_factory.prepare(action, {} if given is None else given, options)
        call.waited = waited
        return call

    def _prepare_shown(self, action: str | None, given: Mapping[str, Any] | None, options: CallOptions) -> PreparedCall:
        """Prepare a call that is only validated or shown; it needs no connection."""
        return self._call_factory.prepare(action, {} if given is None else given, options, is_shown_only=True)

    def _check_calls(self, calls: Sequence[CallSpec]) -> None:
        """Check the calls of a file before the first is made. Raises InputError with the problems of all."""
        problems: list[Problem] = []
        for one in calls:
            try:
                self._prepare_shown(one.action, one.given, one.options).build_steps()
            except InputError as error:
                problems += map(one.locate, error.problems)
        if problems:
            raise InputError.from_problems("the calls", problems)

    def _check_open(self) -> None:
        if closed_error := self._closed_error():
            raise closed_error

    def _closed_error(self) -> UsageError | None:
        """Return the error of a call on a closed client, or None."""
        if not self._stop_event.is_set():
            return None
        return UsageError("The client is closed.", hint="Create a new one, or use it inside its with block.")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.connector.name} {self._connections.default!r}>"


def _list_observers(observe: Observer | Sequence[Observer] | None) -> tuple[Observer, ...]:
    if observe is None:
        return ()
    observers: tuple[Any, ...] = tuple(observe) if isinstance(observe, list | tuple | set | frozenset) else (observe,)
    for observer in observers:
        require_method("observe", observer, "before", "Pass an instance of a subclass of Observer, or a list of them.")
    return observers


def _open_records(records: object) -> KeptAnswers:
    with loading_modules():
        from connector.runtime.records.answers import KeptAnswers
        from connector.runtime.records.records import open_records

    opened = open_records(records)
    return KeptAnswers(opened, is_own=opened is not records)


def is_page(outcome: Any) -> bool:
    """Whether the steps of a call stopped at a page, and continue after it."""
    return type(outcome) is YieldPage
