"""A connector's connections: their store, and the service or its sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from connector.cli.context.context import CommandContext, load_keyring, reject_store_with_sandbox, store_option
from connector.cli.context.locations import find_url
from connector.definition.lazy import cached_property
from connector.runtime.auth import connection_record
from connector.runtime.auth.connection_record import store_key
from connector.runtime.rate_budget.budget import is_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from connector.cli.context.settings import Settings
    from connector.definition.loader import Connector
    from connector.runtime.auth.connection import Connection
    from connector.runtime.auth.connection_record import ConnectionRecord
    from connector.runtime.client.client import Client
    from connector.runtime.storage.store import Store
    from connector.sandbox.sandbox import Sandbox


class ConnectionContext(CommandContext):
    """The store and transport of a command's connections; with `sandbox`, the sandbox's own."""

    def __init__(
        self,
        connector: Connector,
        settings: Settings,
        *,
        sandbox: bool = False,
        quiet: bool = False,
        faults: tuple[str, ...] = (),
        webhook_url: str | None = None,
    ) -> None:
        super().__init__(connector, settings, sandbox=sandbox, quiet=quiet)
        self._faults = faults
        self._webhook_url = webhook_url

    @classmethod
    def for_stored_connections(cls, ctx: click.Context, *, store: str | None, sandbox: bool) -> ConnectionContext:
        """Open the context of a command that reads or writes connections. Raises UsageError for two stores."""
        reject_store_with_sandbox(store, sandbox=sandbox)
        context = cls.from_click(ctx, sandbox=sandbox, store=store)
        if sandbox:
            context.note(context.sandbox_notice)
        return context

    @property
    def sandbox_notice(self) -> str:
        """The line that says that a sandbox is used."""
        return f"Sandbox: a simulated {self.connector.manifest.label}. Nothing leaves this machine."

    @cached_property
    def sandbox_instance(self) -> Sandbox | None:
        """The sandbox, or None for the service."""
        if not self.sandbox:
            return None
        from connector.sandbox.http.faults import parse_fault
        from connector.sandbox.sandbox import Sandbox, get_state_path

        faults = tuple(map(parse_fault, self._faults))
        return Sandbox(self.connector, get_state_path(self.connector), faults, webhook_url=self._webhook_url)

    @cached_property
    def store(self) -> Store:
        """The store of the settings; the sandbox has a folder of its own."""
        from connector.runtime.storage.open import open_store

        url = find_url("store", self.connector, self.settings, sandbox=self.sandbox)
        return open_store(url, keys=load_keyring(self.settings))

    @property
    def transport(self) -> Any:
        """The transport of the sandbox; None for the default one. Raises UsageError for a folder without trust."""
        self.require_trust()
        return self.sandbox_instance.http if self.sandbox_instance else None

    @property
    def base_url(self) -> str | None:
        """The base URL that replaces the manifest's, or None."""
        if self.sandbox:
            return self.connector.manifest.base_url  # settings do not apply: nothing is sent
        return resolve_base_url(self.connector, self.settings)

    @property
    def budget(self) -> Any:
        """The rate budget of the account: by its plan and where it is shared; none for the sandbox."""
        if self.sandbox:
            return False
        prefix = self.connector.name.upper()
        plan = self.settings.get("plan", f"{prefix}_PLAN").value
        store = self.settings.get("budget", f"{prefix}_BUDGET").value
        is_limited = plan is not None or not is_sandbox(self.base_url, None)
        if store is None and is_limited:  # workers that share rows share the budget too
            store = self.settings.get("bulk").value
        return {"plan": plan, "store": store}

    def build_record_key(self, name: str) -> str:
        """Return the store's key of a connection."""
        return store_key(self.connector, name)

    def list_names(self) -> list[str]:
        """Return the names of the connector's stored connections, sorted."""
        prefix = self.build_record_key("")
        return [key.removeprefix(prefix) for key in self.store.keys(prefix)]

    def read_record(self, name: str) -> ConnectionRecord | None:
        """Return the record of a connection, or None. Raises StoreError, SignInError for another connector's."""
        return connection_record.read_own_record(self.store, self.connector, name)

    def lock(self, name: str) -> AbstractContextManager[None]:
        """Lock a connection's record, so that no token refresh overwrites a change."""
        from connector.runtime.auth.token_refresh import LOCK_TIMEOUT

        return self.store.lock(self.build_record_key(name), LOCK_TIMEOUT)

    def load_connection(self, name: str) -> Connection | None:
        """Return the stored connection of a name, or None. Raises StoreError, UsageError."""
        if self.read_record(name) is None:
            return None
        from connector.runtime.auth.connection import Connection

        return Connection.load(self.connector, name, store=self.store, http=self.transport)

    def open_client(self, connection: Connection) -> Client:
        """Return a client of a connection."""
        from connector.runtime.client.client import Client

        return Client(self.connector, connection, http=self.transport, base_url=self.base_url, rate_limit=self.budget)


def resolve_base_url(connector: Connector, settings: Settings) -> str | None:
    """Return the base URL of the settings, or None for the manifest's."""
    url: str | None = settings.get("base_url", f"{connector.name}_BASE_URL".upper()).value
    return url


def store_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --store and --sandbox."""
    sandbox_option = click.option(
        "--sandbox", is_flag=True, help="Use the sandbox's connections, which are stored separately."
    )
    return store_option(sandbox_option(command))
