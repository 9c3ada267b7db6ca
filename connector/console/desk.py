"""What the pages work with: a connector, its connections and clients, and what was called."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from connector.cli.bulk.file_runs import FileRuns
from connector.cli.context import connection_names
from connector.cli.context.context import open_records, open_run_log
from connector.console.background.signing_in import SignIns
from connector.console.background.syncing import Syncs
from connector.console.inbox import EventDesk
from connector.console.outcome import Outcomes
from connector.console.workshop import Workshop
from connector.definition.lazy import cached_property
from connector.errors import ConnectorError
from connector.runtime.process.fork_safety import ForkSafeLock
from connector.runtime.run_log.recorder import RunRecorder

if TYPE_CHECKING:
    from connector.cli.context.connection_context import ConnectionContext
    from connector.definition.loader import Connector
    from connector.runtime.auth.credentials import Credentials
    from connector.runtime.client.client import Client
    from connector.runtime.records.records import Records
    from connector.runtime.run_log.run import Run
    from connector.runtime.run_log.run_log import RunLog

DOOR = "console"  # of the log of runs


class Desk:
    """A connector at work in a console; safe to share among threads. What is opened here is closed with it."""

    def __init__(self, context: ConnectionContext, *, read_only: bool = False, journals: Path | None = None) -> None:
        self.context = context
        self.read_only = read_only
        self.file_runs = FileRuns(journals or Path.cwd(), context.connector.name)
        self.outcomes = Outcomes()
        self.sign_ins = SignIns(context)
        self.syncs = Syncs()
        self.events = EventDesk(context)
        self.workshop = Workshop(context.connector.folder)
        self._end = threading.Event()
        self._own = threading.local()  # of each thread that makes calls
        self._opened = contextlib.ExitStack()
        self._clients: dict[str | None, Client] = {}
        self._lock = ForkSafeLock()

    @property
    def connector(self) -> Connector:
        """The connector."""
        return self.context.connector

    @cached_property
    def log(self) -> RunLog | None:
        """The log of runs; None where the settings keep none."""
        return open_run_log(self.connector, self.context.settings, sandbox=self.context.sandbox)

    @cached_property
    def records(self) -> Records:
        """The copy of records; calls feed it where the settings name one, and what is synced does always."""
        opened = open_records(self.connector, self.context.settings, sandbox=self.context.sandbox)
        return self._opened.enter_context(opened)

    def get_client(self, name: str | None = None) -> Client:
        """Return the client of a connection; without a name, of the default one.

        Raises SignInError, InputError or UsageError if there is no such connection.
        """
        with self._lock:
            if name not in self._clients:
                is_fed = self.context.settings.get("records").is_set
                self._clients[name] = self.open_client(name, self.records if is_fed else None)
            return self._clients[name]

    def list_connections(self) -> list[tuple[str, str]]:
        """Return the connections that a call may name, each with what it is called; an empty name is the default."""
        default = self.context.settings.get("connection").value
        first = f"Default ({default})" if default else "The sandbox's own" if self.context.sandbox else "Default"
        return [("", first), *((name, name) for name in self.context.list_names())]

    def find_kind(self, name: str) -> str | None:
        """Return the kind of a connection, or of what the default would be; None for a connector without any."""
        kinds = self.connector.manifest.connections
        record = self.context.read_record(name) if name else None
        if record is not None:
            return record.kind
        try:
            client = self.get_client(name or None)
        except ConnectorError:
            return next(iter(kinds), None)
        kind = getattr(client.connection, "kind", None)
        return kind if kind in kinds else next(iter(kinds), None)

    def forget_client(self, name: str) -> None:
        """Close the clients of a connection that was changed, and those of the default, which may be the same."""
        with self._lock:
            forgotten = [self._clients.pop(one) for one in (name, None) if one in self._clients]
        for client in forgotten:
            client.close()

    def reload(self) -> None:
        """Work with the connector as its files are now; raises DefinitionError, and nothing changes then."""
        state, old = self.workshop.read_state(), self.context
        connector = type(self.connector).open(self.connector.folder)
        context = type(old)(connector, old.settings, sandbox=old.sandbox, quiet=old.quiet)
        events, sign_ins = EventDesk(context), SignIns(context)
        with self._lock:
            clients, self._clients = self._clients, {}
            self.context = context
            self.events, events = events, self.events
            self.sign_ins, sign_ins = sign_ins, self.sign_ins
            self.workshop.loaded_state = state
        sign_ins.close()
        for client in clients.values():
            client.close()
        events.close()

    def wait_for_end(self, seconds: float) -> bool:
        """Wait for some time; return whether the console ends."""
        return self._end.wait(seconds)

    def end_waits(self) -> None:
        """End what waits: streams of open pages, sign-ins, and a sync."""
        self._end.set()
        self.sign_ins.close()
        self.syncs.close()
        self.workshop.close()

    def close(self) -> None:
        """Close what was opened, and end what waits."""
        self.end_waits()
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()
            if self.context.sandbox_instance is not None:
                self.context.sandbox_instance.http.close()
        self.events.close()
        if self.log is not None:
            self.log.close()
        self._opened.close()

    def open_client(self, name: str | None, records: Records | None) -> Client:
        """Return a new client of a connection, which keeps records of what its calls tell. Raises as `get_client`."""
        from connector.runtime.client.client import Client

        context = self.context
        self.events.follow_sandbox()
        recorder = RunRecorder(self._write_run, DOOR, is_durable=True, has_trace=True)
        observers = () if self.log is None else (recorder,)
        return Client(
            self.connector, self._find_connection(name), http=context.transport, base_url=context.base_url,
            rate_limit=context.budget, observe=observers, records=records,
        )  # fmt: skip

    def take_run(self) -> Run | None:
        """Return the last run that a call of this thread has put into the log, and forget it."""
        run: Run | None = getattr(self._own, "run", None)
        self._own.run = None
        return run

    def _write_run(self, run: Run, *, wait: bool = False) -> None:
        self._own.run = run
        if self.log is not None:
            self.log.write(run, wait=wait)

    def _find_connection(self, name: str | None) -> Credentials:
        sandbox, context = self.context.sandbox_instance, self.context
        if sandbox is None:
            chosen = name or context.settings.get("connection").value
            return connection_names.resolve_connection(context, chosen)
        stored = context.load_connection(name) if name else None
        if stored is None and name and name not in self.connector.manifest.connections:
            raise connection_names.build_unknown_error(context, name)
        return stored or sandbox.connection
