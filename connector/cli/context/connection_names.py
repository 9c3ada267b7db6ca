"""Resolve and complete names of connections."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from connector.errors import ConnectorError, SignInError
from connector.runtime.auth import env_connection

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

    from connector.cli.context.connection_context import ConnectionContext
    from connector.definition.loader import Connector
    from connector.runtime.auth.connection import Connection


def resolve_connection(context: ConnectionContext, name: str | None) -> Connection:
    """Return the stored connection of a name, or one of the environment; without a name, the default.

    Raises SignInError that names the command to sign in with, InputError for missing inputs of a kind.
    """
    if name is None:
        return _resolve_default(context)
    connection = context.load_connection(name)
    if connection is not None:
        return connection
    if name in context.connector.manifest.connections:
        return _open_environment_connection(context, name)
    raise build_unknown_error(context, name)


def build_unknown_error(context: ConnectionContext, name: str) -> SignInError:
    """Return the error for an unknown name."""
    from connector.definition.suggest import did_you_mean

    kinds, stored = list(context.connector.manifest.connections), context.list_names()
    suggestion = did_you_mean(name, [*stored, *kinds])
    return SignInError(
        f"Unknown connection {name!r}.{suggestion} Stored: {', '.join(stored) or 'none'}. "
        f"Kinds that the environment can configure: {', '.join(kinds)}.",
        hint=f"Run: {context.format_command('connect', name)}",
    )


def _open_environment_connection(context: ConnectionContext, kind: str) -> Connection:
    if needs_sign_in(context.connector, kind):
        stored = ", ".join(context.list_names()) or "none"
        message = f"No connection of kind {kind!r} is signed in. Stored: {stored}."
        raise SignInError(message, hint=f"Run: {context.format_command('connect')}")
    from connector.runtime.auth.connection import Connection

    return Connection.from_env(context.connector, kind)


def _resolve_default(context: ConnectionContext) -> Connection:
    """Return the connection of the environment; if it configures none, the only stored one."""
    try:
        kind, _ = env_connection.read_env_connection(context.connector, None, os.environ)
    except SignInError as error:
        return _resolve_only_stored(context, error)
    connection = context.load_connection(kind) if needs_sign_in(context.connector, kind) else None
    return connection or _open_environment_connection(context, kind)


def needs_sign_in(connector: Connector, kind: str) -> bool:
    """Whether a user has to sign in to a kind of connection."""
    return connector.manifest.connections[kind].needs_person


def _resolve_only_stored(context: ConnectionContext, error: SignInError) -> Connection:
    names = context.list_names()
    if len(names) == 1 and not _has_environment_connection(context):
        connection = context.load_connection(names[0])
        if connection is not None:
            return connection
    if not names:
        raise error.with_hint(f"Or sign in: {context.format_command('connect')}") from None
    message = f"{error.args[0]} Stored: {', '.join(names)}."
    raise SignInError(message, hint=f"Name one with --connection. {error.hint}") from None


def _has_environment_connection(context: ConnectionContext) -> bool:
    """Whether any variable of a connection is set; then a stored one would be a surprise."""
    variables = context.connector.manifest.environment_variables
    return any(os.environ.get(name) or os.environ.get(f"{name}_FILE") for name in variables)


def complete_names(context: ConnectionContext, incomplete: str, *, kinds: bool = True) -> list[CompletionItem]:
    """Complete the names of stored connections, then of kinds."""
    from click.shell_completion import CompletionItem

    connection_types = context.connector.manifest.connections
    try:
        stored = context.list_names()
    except ConnectorError:  # a store that cannot be read must not hide the kinds
        stored = []
    help_by_name = {
        **{name: connection_type.label for name, connection_type in connection_types.items() if kinds},
        **dict.fromkeys(stored, "stored"),
    }
    return [CompletionItem(name, help=text) for name, text in help_by_name.items() if name.startswith(incomplete)]


def complete_stored_names(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name of a stored connection."""
    from connector.cli.context.connection_context import ConnectionContext

    sandbox = bool(ctx.params.get("sandbox"))
    context = ConnectionContext.from_click(ctx, sandbox=sandbox, store=ctx.params.get("store"))
    return complete_names(context, incomplete, kinds=False)
