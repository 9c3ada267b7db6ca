"""Names of connections: what is stored under one, else a kind that the environment describes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from connector.errors import ConnectorError, SignInError
from connector.runtime.auth import env_connection as environment
from connector.runtime.auth.connection import Connection

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

    from connector.cli.context.connection_context import Desk
    from connector.definition.loader import Connector


def resolve(desk: Desk, name: str | None) -> Connection:
    """Return the connection of a name: the stored one, else a kind of the environment; without one, what there is.

    Raises SignInError with the command that signs in, InputError for what a kind still asks for.
    """
    if name is None:
        return _only_one(desk)
    found = desk.stored(name)
    if found is not None:
        return found
    if name in desk.connector.manifest.connections:
        return _of_environment(desk, name)
    raise unknown(desk, name)


def unknown(desk: Desk, name: str) -> SignInError:
    """Return the error of a name that nothing is kept under."""
    from connector.definition.suggest import did_you_mean

    kinds, stored = list(desk.connector.manifest.connections), desk.names()
    near = did_you_mean(name, [*stored, *kinds])
    return SignInError(
        f"There is no connection {name!r}.{near} Stored: {', '.join(stored) or 'none'}. "
        f"Kinds that the environment may describe: {', '.join(kinds)}.",
        hint=f"Run: {desk.command('connect', name)}",
    )


def _of_environment(desk: Desk, kind: str) -> Connection:
    if consents(desk.connector, kind):
        stored = ", ".join(desk.names()) or "none"
        message = f"Nobody has signed in to a connection {kind!r} yet. Stored: {stored}."
        raise SignInError(message, hint=f"Run: {desk.command('connect')}")
    return Connection.from_env(desk.connector, kind)


def _only_one(desk: Desk) -> Connection:
    """Return the connection that the environment describes; when it says nothing at all, the only one that is kept."""
    try:
        kind, _ = environment.connection(desk.connector, None, os.environ)
    except SignInError as error:
        return _only_stored(desk, error)
    found = desk.stored(kind) if consents(desk.connector, kind) else None
    return found or _of_environment(desk, kind)


def consents(connector: Connector, kind: str) -> bool:
    """Whether a person signs in to a kind of connection."""
    return connector.manifest.connections[kind].kind == "oauth2"


def _only_stored(desk: Desk, error: SignInError) -> Connection:
    names = desk.names()
    if len(names) == 1 and not _describes(desk):
        found = desk.stored(names[0])
        if found is not None:
            return found
    if not names:
        raise SignInError(str(error.args[0]), hint=f"{error.hint} Or sign in: {desk.command('connect')}") from None
    said = f"{error.args[0]} Stored: {', '.join(names)}."
    raise SignInError(said, hint=f"Name one with --connection. {error.hint}") from None


def _describes(desk: Desk) -> bool:
    """Whether the environment says anything of a connection: then a stored one in its place would surprise."""
    known = desk.connector.manifest.variables
    return any(os.environ.get(name) or os.environ.get(f"{name}_FILE") for name in known)


def complete(desk: Desk, incomplete: str, *, kinds: bool = True) -> list[CompletionItem]:
    """Return the names that begin with a text: stored ones, then kinds."""
    from click.shell_completion import CompletionItem

    declared = desk.connector.manifest.connections
    try:
        stored = desk.names()
    except ConnectorError:  # a store that cannot be read must not hide the kinds
        stored = []
    found = {**{name: one.label for name, one in declared.items() if kinds}, **dict.fromkeys(stored, "stored")}
    return [CompletionItem(name, help=text) for name, text in found.items() if name.startswith(incomplete)]


def stored_names(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name of a stored connection."""
    from connector.cli.context.connection_context import Desk
    from connector.cli.context.run_options import connector_of, settings

    known = settings(context, store=context.params.get("store"))
    desk = Desk(connector_of(known), known, sandbox=bool(context.params.get("sandbox")))
    return complete(desk, incomplete, kinds=False)
