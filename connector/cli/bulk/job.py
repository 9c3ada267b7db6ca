"""One command over rows: its connector, settings, options and arguments."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.cli.context.connection_context import resolve_base_url
from connector.definition.lazy import cached_property
from connector.first_use import dataclass
from connector.runtime.calls.call_options import CallOptions
from connector.runtime.calls.factory import CallFactory

if TYPE_CHECKING:
    from connector.cli.bulk.options import BulkArguments
    from connector.cli.calls.call import CallTask
    from connector.cli.context.run_options import RunOptions
    from connector.cli.context.settings import Settings
    from connector.definition.loader import Connector
    from connector.runtime.bulk.row_reader import RowReader


@dataclass(frozen=True)
class BulkJob:
    """One command over rows; `task` holds the inputs that all rows share."""

    connector: Connector
    settings: Settings
    options: RunOptions
    arguments: BulkArguments
    task: CallTask

    @property
    def action(self) -> str:
        """The action's key."""
        return str(self.task.action)

    @cached_property
    def call_options(self) -> CallOptions:
        """The options of each row's call."""
        timeout = self.settings.get("timeout")
        return CallOptions.parse(timeout=timeout.value).override(self.options.call_options(timeout))

    @cached_property
    def call_factory(self) -> CallFactory:
        """A factory to check rows without a connection."""
        return CallFactory.without_connections(self.connector, resolve_base_url(self.connector, self.settings))

    @cached_property
    def shared_url(self) -> str | None:
        """The URL of the database that keeps the rows for several workers, or None."""
        url: str | None = self.settings.get("bulk").value
        return url

    @cached_property
    def run_name(self) -> str | None:
        """The name of the run in that database; None for rows from a pipe, unless --journal names it."""
        return None if self.journal_path is None else self.journal_path.name.removesuffix(".journal")

    @cached_property
    def journal_path(self) -> Path | None:
        """The path of the journal; None for rows from a pipe, unless --journal names it."""
        if self.arguments.journal:
            return Path(self.arguments.journal)
        if self.arguments.is_stream:
            return None
        suffix = "sandbox.journal" if self.options.sandbox else "journal"
        return Path(f"{self.arguments.file}.{self.action}.{suffix}")

    def describe_run(self, source: RowReader) -> dict[str, Any]:
        """Return what a run belongs to: its rows, action, columns, values, connection and place."""
        digest = source.compute_digest()
        inputs_json = json.dumps(self.task.given, sort_keys=True, default=str)
        return {
            "connector": self.connector.name,
            "action": self.action,
            "rows": digest,
            "form": source.row_format if source.sheet is None else f"{source.row_format}#{source.sheet}",
            "columns": source.columns.column_map,
            "values": hashlib.sha256(f"{digest}{inputs_json}".encode()).hexdigest(),
            "connection": self.options.connection
            or self.task.options.connection
            or self.settings.get("connection").value,
            "account": self.options.account,
            "place": resolve_place(self.connector, self.settings, sandbox=self.options.sandbox),
        }


def resolve_place(connector: Connector, settings: Settings, *, sandbox: bool) -> str | None:
    """Return where calls go: sandbox, another base URL, or None for the service itself."""
    return "sandbox" if sandbox else resolve_base_url(connector, settings)
