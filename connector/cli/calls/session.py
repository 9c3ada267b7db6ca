"""The clients of a command: one for each connection, or the sandbox's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from connector.cli.calls.watch import CommandObserver
from connector.cli.context import connection_names
from connector.cli.context.connection_context import ConnectionContext
from connector.cli.context.context import open_records, open_run_log
from connector.cli.output.error_output import to_connector_error
from connector.cli.output.stdio import is_stdout_error, print_stderr
from connector.definition.lazy import cached_property
from connector.errors import ConnectorError
from connector.runtime.auth.shared_work import run_within
from connector.runtime.calls.call_options import parse_timeout
from connector.runtime.calls.prepared import DEFAULT_TIMEOUT
from connector.runtime.client.client import Client

if TYPE_CHECKING:
    from connector.cli.context.run_options import RunOptions
    from connector.cli.context.settings import Settings
    from connector.definition.loader import Connector
    from connector.errors import TransportError
    from connector.runtime.auth.credentials import Credentials
    from connector.runtime.calls.observer import Observer
    from connector.runtime.records.records import Records
    from connector.runtime.run_log.run_log import RunLog


class Session:
    """The clients of one command, opened when first needed, closed together.

    Their calls are kept in the log of runs; with `has_trace`, their requests and replies too. What they
    tell of records is kept in `records`, or in the copy that the settings name.
    """

    def __init__(
        self,
        connector: Connector,
        settings: Settings,
        options: RunOptions,
        *,
        has_trace: bool = True,
        records: Records | None = None,
    ) -> None:
        self.connector = connector
        self.settings = settings
        self.options = options
        self._clients: dict[str | None, Client] = {}
        self._observer = CommandObserver(self.note)
        self._has_trace = has_trace
        self._given_records = records

    def get_client(self, connection: str | None) -> Client:
        """Return the client of the flag's connection, else of this one, else of the setting's.

        Raises SignInError, InputError or UsageError if there is no such connection.
        """
        name = (
            self.options.connection or connection or (None if self.options.sandbox else self._default_connection_name())
        )
        if name not in self._clients:
            self._clients[name] = self._open_client(name)
        return self._clients[name]

    def open_anonymous_client(self) -> Client:
        """Return a client without a connection, for a download with its own token."""
        self._clients[None] = self._create_client(None)
        return self._clients[None]

    def _default_connection_name(self) -> str | None:
        name: str | None = self.settings.get("connection").value
        return name

    @cached_property
    def _context(self) -> ConnectionContext:
        options = self.options
        context = ConnectionContext(
            self.connector,
            self.settings,
            sandbox=options.sandbox,
            faults=options.faults,
            quiet=options.quiet,
            webhook_url=options.webhook_url,
        )
        if context.sandbox_instance is not None:  # opened first: an unknown fault is then the only message
            self.note(context.sandbox_notice)
        return context

    def _open_client(self, name: str | None) -> Client:
        context = self._context
        if context.sandbox_instance is None:
            connection: Credentials = self._resolve_connection(name)
        else:
            stored_connection = context.load_connection(name) if name else None
            if stored_connection is None and self._is_unknown_name(name):
                raise connection_names.build_unknown_error(context, str(name))
            connection = stored_connection or context.sandbox_instance.connection
        return self._create_client(connection)

    def _resolve_connection(self, name: str | None) -> Credentials:
        """Read a connection from the store, which may be slow, within the time of a call."""
        timeout = self.settings.get("timeout").value
        seconds = DEFAULT_TIMEOUT if timeout is None else parse_timeout(timeout)
        message = f"The connection was not read from its store within {seconds:.1f} s."
        context = self._context
        return run_within(lambda: connection_names.resolve_connection(context, name), seconds, message)

    def _is_unknown_name(self, name: str | None) -> bool:
        """Whether --connection names no kind; in a call file, names are those of the service."""
        return name == self.options.connection and name not in (None, *self.connector.manifest.connections)

    @cached_property
    def _run_log(self) -> RunLog | None:
        return open_run_log(self.connector, self.settings, sandbox=self.options.sandbox)

    @cached_property
    def _records(self) -> Records | None:
        """The copy of records: the command's own, else the user's, if the settings name one or flags need it."""
        is_used = self.options.needs_records or self.settings.get("records").is_set
        if self._given_records is not None or not is_used:
            return self._given_records
        return open_records(self.connector, self.settings, sandbox=self.options.sandbox)

    def _list_observers(self) -> list[Observer]:
        if self._run_log is None:
            return [self._observer]
        return [self._observer, self._run_log.observe("cli", is_durable=True, has_trace=self._has_trace)]

    def _create_client(self, connection: Credentials | None) -> Client:
        context = self._context
        return Client(
            self.connector, connection, http=context.transport, base_url=context.base_url, rate_limit=context.budget,
            observe=self._list_observers(), records=self._records,
        )  # fmt: skip

    def note(self, text: str) -> None:
        """Print a line on stderr that --quiet leaves out."""
        if not self.options.quiet:
            print_stderr(text, "hint")

    def build_interruption(self) -> TransportError:
        """Return the error of what was interrupted."""
        return self._observer.build_interruption()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        try:
            for client in self._clients.values():
                client.close()
            if self._clients and self._context.transport is not None:  # the sandbox sends its last events
                self._context.transport.close()
            if self._clients and self._run_log is not None:
                self._run_log.close()
            if self._clients and self._records is not None and self._given_records is None:
                self._records.close()
        except Exception as close_error:  # noqa: BLE001  the calls were made, whatever fails now
            raise self.to_call_error(close_error) from None
        if error is None or isinstance(error, ConnectorError) or not isinstance(error, Exception):
            return
        if not is_stdout_error(error):
            raise self.to_call_error(error) from None
        if self._observer.outcome != "not_sent":
            error.add_note(f"The outcome of the call: {self._observer.outcome}.")

    def begin_call(self) -> None:
        """Begin a call, whose outcome is told if something fails after it."""
        self._observer.begin_call()

    def to_call_error(self, error: Exception) -> ConnectorError:
        """Return an error that came after the last call, or in its middle, with what is known of that call."""
        call_error = to_connector_error(error, self._observer.outcome)
        self._observer.complete_error(call_error)
        return call_error
