"""`connector connect`: sign in, keep the connection, test it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from connector.cli.connections import connection_test as probe
from connector.cli.connections import consent, credentials, telling
from connector.cli.context import connection_names as names
from connector.cli.context.connection_context import Desk, place_options
from connector.cli.context.run_options import as_form
from connector.cli.groups import Command, kept, shared
from connector.cli.output import errors as failure
from connector.cli.output import stdio as streams
from connector.errors import ConnectorError, SignInError, UsageError
from connector.runtime.auth import env_connection as environment
from connector.runtime.auth.connection import Connection
from connector.runtime.storage.open import MemoryStore

if TYPE_CHECKING:
    from connector.runtime.auth.sign_in import SignIn
    from connector.runtime.storage.open import Store

_HELP = """Sign in, and keep the connection under NAME (default: its kind); then test it with one call.

OAuth opens a browser, which comes back to this machine; other kinds sign in with what they are given. Inputs come from
-i, from the environment, or from what is kept under NAME, in this order; a terminal is asked for the rest. A secret is
given with -i KEY=@FILE, KEY=env:NAME or KEY=?.

What is kept is sealed with the key in CONNECTOR_KEY; 'connector connections key' makes one.
"""


@dataclass(frozen=True, slots=True)
class _Ways:
    """How consent is had."""

    browser: bool
    redirect_url: str | None
    port: int
    quiet: bool


@click.command("connect", cls=Command, help=_HELP)
@click.argument("name", required=False, shell_complete=names.stored_names)
@click.option("--kind", metavar="KIND", help="The kind of connection (default: the environment's, else OAuth).")
@click.option("-i", "--input", "items", multiple=True, metavar="KEY=VALUE", help="An input of the kind; repeatable.")
@place_options
@click.option("--no-browser", is_flag=True, help="Print the address to open, and take the one it leads to from stdin.")
@click.option("--redirect-url", metavar="URL", help="With --no-browser: the redirect URL that the app has.")
@click.option("--port", type=click.IntRange(0, 65535), default=0,
              help="The port on 127.0.0.1 that a browser comes back to (default: 0, any that is free).")  # fmt: skip
@click.option("--plain", is_flag=True, help="Keep it unencrypted where no key is set.")
@as_form
@shared
@click.pass_context
def connect_command(
    context: click.Context, /, name: str | None, kind: str | None, items: tuple[str, ...], shape: str, **found: Any
) -> None:
    """Sign in, keep, test."""
    ways = _Ways(not found["no_browser"], found["redirect_url"], found["port"], bool(kept(context, "quiet")))
    if ways.redirect_url and ways.browser:
        raise UsageError("--redirect-url goes with --no-browser.", hint="A browser here comes back to this machine.")
    desk = Desk.of(context, store=found["store"], sandbox=found["sandbox"])
    chosen = _kind(desk, name, kind)
    name = name or chosen
    _may_keep(desk, plain=found["plain"])
    inputs = credentials.read(desk.connector, chosen, items, _known(desk, name, chosen))
    desk.store.prepare(desk.key(name))
    record = _record(desk, (chosen, name, inputs), ways)
    with desk.alone(name):
        desk.store.write(desk.key(name), record)
    telling.connected(desk, name, shape, _tested(desk, name))


def _kind(desk: Desk, name: str | None, asked: str | None) -> str:
    """Return the kind to sign in with: as asked, as kept, as the environment describes it, or the first OAuth one."""
    declared = desk.connector.manifest.connections
    before = desk.read(name) if name and asked is None else None
    chosen = asked or (str(before.data["kind"]) if before else _described(desk))
    if chosen is not None and chosen not in declared:
        from connector.definition.suggest import did_you_mean

        message = f"{desk.connector.name} has no kind of connection {chosen!r}.{did_you_mean(chosen, declared)}"
        raise UsageError(message, hint=f"It has {', '.join(declared) or 'none'}.")
    if not declared:
        raise UsageError(f"{desk.connector.name} needs no connection.", hint="Run its actions as they are.")
    oauth = (key for key, one in declared.items() if one.kind == "oauth2")
    return chosen or next(oauth, next(iter(declared)))


def _described(desk: Desk) -> str | None:
    """Return the kind that the environment describes, or None."""
    if desk.sandbox:
        return None
    try:
        return environment.connection(desk.connector, None, os.environ)[0]
    except SignInError:
        return None


def _known(desk: Desk, name: str, kind: str) -> dict[str, Any]:
    """Return the inputs that need not be typed: the stand-in's; else the environment's, over those that are kept."""
    if desk.box is not None:
        return desk.box.oauth(kind)
    before = desk.read(name)
    same = before is not None and before.data["kind"] == kind
    return {**(before.data["inputs"] if before and same else {}), **credentials.of_environment(desk.connector, kind)}


def _may_keep(desk: Desk, *, plain: bool) -> None:
    """Make sure that secrets are kept sealed, or that somebody wants them in clear. Raises UsageError."""
    from connector.runtime.storage.encryption import VARIABLE, Sealed

    if isinstance(desk.store, MemoryStore):
        raise UsageError("memory: keeps nothing beyond this command.", hint="Name another store with --store.")
    if desk.sandbox or plain or isinstance(desk.store, Sealed):
        return
    hint = f"Set {VARIABLE} ('connector connections key' makes one), or say --plain to keep it unencrypted."
    if not streams.asking():
        raise UsageError("No key is set, so the connection's secrets would be kept unencrypted.", hint=hint)
    question = f"No key is set ({VARIABLE}), so secrets would be kept in clear, for this user alone. Keep unencrypted?"
    if not click.confirm(question, default=False, err=True):
        raise UsageError("Nothing was kept.", hint=hint)


def _record(desk: Desk, wanted: tuple[str, str, dict[str, Any]], ways: _Ways) -> dict[str, Any]:
    """Sign in, and return what is to be kept: nothing of it is in the store before all of it is there."""
    kind, name, inputs = wanted
    aside = MemoryStore()
    if names.consents(desk.connector, kind):
        _consented(desk, wanted, ways, aside)
    else:
        made = Connection(desk.connector, kind, name=name, store=aside, http=desk.http, **inputs)
        if made.tokens is None:
            made.keep()
        else:
            probe.get_token(made)
    found = aside.read(desk.key(name))
    assert found is not None
    return found.data


def _consented(desk: Desk, wanted: tuple[str, str, dict[str, Any]], ways: _Ways, aside: Store) -> None:
    """Have a person consent, and fetch the tokens. Raises SignInError."""
    from connector.runtime.auth.sign_in import begin_sign_in, finish_sign_in

    kind, name, inputs = wanted

    def begin(redirect_uri: str) -> SignIn:
        return begin_sign_in(
            desk.connector, name=name, redirect_uri=redirect_uri, store=aside, inputs=inputs, kind=kind
        )

    finish_sign_in(desk.connector, _came_back(desk, begin, ways), store=aside, http=desk.http)


def _came_back(desk: Desk, begin: consent.Begin, ways: _Ways) -> str:
    """Return the address that a browser came back to."""
    redirect = ways.redirect_url or consent.paste_redirect(ways.port)
    if desk.box is not None:
        return desk.box.consent(begin(redirect).url)
    if ways.browser:
        return consent.in_browser(begin, ways.port, quiet=ways.quiet)
    return consent.pasted(begin, redirect)


def _tested(desk: Desk, name: str) -> probe.Tested:
    """Test a connection that was kept a moment ago. Raises ConnectorError, after it said that it is kept."""
    connection = desk.stored(name)
    assert connection is not None
    try:
        return probe.run(desk, connection)
    except ConnectorError:
        failure.say(f"{name} is kept; its test failed:")
        raise
