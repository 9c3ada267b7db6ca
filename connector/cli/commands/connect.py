"""`connector connect`: sign in, store the connection, test it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from connector.cli.connections import connection_test, connection_view, consent, credentials, sign_in
from connector.cli.context import connection_names
from connector.cli.context.connection_context import ConnectionContext, store_options
from connector.cli.context.context import output_option
from connector.cli.context.key_values import input_option
from connector.cli.groups import StrictCommand, global_options
from connector.cli.output import stdio
from connector.cli.output.stdio import print_stderr
from connector.errors import ConnectorError, SignInError, UsageError
from connector.first_use import dataclass
from connector.runtime.auth import env_connection
from connector.runtime.storage.memory_store import MemoryStore

if TYPE_CHECKING:
    from connector.runtime.auth.sign_in import SignIn
    from connector.runtime.storage.store import Store

_HELP = """Sign in, and store the connection as NAME (default: its kind); then test it with one call.

OAuth opens a browser, which redirects to this machine; other kinds sign in with their inputs. Inputs come from -i, the
environment, or the stored connection NAME, in this order; a terminal prompts for the rest. Give a secret with
-i KEY=@FILE, KEY=env:NAME or KEY=?.

Connections are encrypted with the key of CONNECTOR_KEY or CONNECTOR_KEY_FILE; 'connector connections key' prints a
new one.
"""


@dataclass(frozen=True, slots=True)
class _ConsentOptions:
    """How to get consent."""

    browser: bool
    redirect_url: str | None
    port: int


@click.command("connect", cls=StrictCommand, help=_HELP)
@click.argument("name", required=False, shell_complete=connection_names.complete_stored_names)
@click.option("--kind", metavar="KIND", help="The kind of connection (default: the environment's, else OAuth).")
@input_option("An input of the kind")
@store_options
@click.option("--no-browser", is_flag=True, help="Print the address to open, and read the redirected one from stdin.")
@click.option("--redirect-url", metavar="URL", help="With --no-browser: the app's redirect URL.")
@click.option("--port", type=click.IntRange(0, 65535), default=0,
              help="The port on 127.0.0.1 for the redirect (default: 0, any free one).")  # fmt: skip
@click.option("--unencrypted", is_flag=True, help="Store it unencrypted if no key is set.")
@output_option
@global_options
@click.pass_context
def connect_command(
    ctx: click.Context, /, name: str | None, kind: str | None, items: tuple[str, ...], output_format: str, **flags: Any
) -> None:
    """Sign in, store, test."""
    consent_options = _ConsentOptions(not flags["no_browser"], flags["redirect_url"], flags["port"])
    if consent_options.redirect_url and consent_options.browser:
        raise UsageError(
            "--redirect-url needs --no-browser.", hint="A browser on this machine is redirected to 127.0.0.1."
        )
    context = ConnectionContext.for_stored_connections(ctx, store=flags["store"], sandbox=flags["sandbox"])
    resolved_kind = _resolve_kind(context, name, kind)
    name = name or resolved_kind
    _check_encryption(context, allow_unencrypted=flags["unencrypted"])
    inputs = credentials.collect_inputs(
        context.connector, resolved_kind, items, _collect_known_inputs(context, name, resolved_kind)
    )
    context.store.prepare(context.build_record_key(name))
    scratch_store = _sign_in(context, (resolved_kind, name, inputs), consent_options)
    sign_in.keep_connection(context, name, scratch_store)
    connection_view.print_connected(context, name, output_format, _test_connection(context, name))


def _resolve_kind(context: ConnectionContext, name: str | None, requested_kind: str | None) -> str:
    """Return the kind to sign in with: requested, stored, of the environment, or the first OAuth one."""
    connection_types = context.connector.manifest.connections
    stored_record = context.read_record(name) if name and requested_kind is None else None
    kind = requested_kind or (stored_record.kind if stored_record else _find_environment_kind(context))
    if kind is not None and kind not in connection_types:
        from connector.definition.suggest import did_you_mean

        message = f"{context.connector.name} has no connection kind {kind!r}.{did_you_mean(kind, connection_types)}"
        raise UsageError(message, hint=f"It has {', '.join(connection_types) or 'none'}.")
    if not connection_types:
        raise UsageError(f"{context.connector.name} needs no connection.", hint="Run its actions without one.")
    oauth_kinds = (key for key, connection_type in connection_types.items() if connection_type.needs_person)
    return kind or next(oauth_kinds, next(iter(connection_types)))


def _find_environment_kind(context: ConnectionContext) -> str | None:
    """Return the kind that the environment configures, or None."""
    if context.sandbox:
        return None
    try:
        return env_connection.read_env_connection(context.connector, None, os.environ)[0]
    except SignInError:
        return None


def _collect_known_inputs(context: ConnectionContext, name: str, kind: str) -> dict[str, Any]:
    """Return the known inputs: the sandbox's, or the environment's over the stored ones."""
    if context.sandbox_instance is not None:
        return context.sandbox_instance.build_oauth_inputs(kind)
    stored_record = context.read_record(name)
    is_same_kind = stored_record is not None and stored_record.kind == kind
    return {
        **(stored_record.inputs if stored_record and is_same_kind else {}),
        **credentials.read_environment_inputs(context.connector, kind),
    }


def _check_encryption(context: ConnectionContext, *, allow_unencrypted: bool) -> None:
    """Check that secrets are encrypted, or that the user wants otherwise. Raises UsageError."""
    from connector.runtime.storage.encryption import KEY_NAMES

    if isinstance(context.store, MemoryStore):
        raise UsageError("memory: stores nothing beyond this command.", hint="Name another store with --store.")
    if allow_unencrypted or sign_in.is_encrypted(context):
        return
    hint = f"Set {KEY_NAMES} ('connector connections key' prints one), or use --unencrypted."
    if not stdio.can_prompt():
        raise UsageError("No key is set, so the connection's secrets would be stored unencrypted.", hint=hint)
    question = (
        f"No key is set ({KEY_NAMES}), so secrets would be stored unencrypted, readable by this user only. Continue?"
    )
    if not click.confirm(question, default=False, err=True):
        raise UsageError("Nothing was stored.", hint=hint)


def _sign_in(
    context: ConnectionContext, target: tuple[str, str, dict[str, Any]], consent_options: _ConsentOptions
) -> MemoryStore:
    """Sign in, and return a store with the connection; nothing is kept before it is complete."""
    kind = target[0]
    scratch_store = MemoryStore()
    if not connection_names.needs_sign_in(context.connector, kind):
        sign_in.sign_in_directly(context, target, scratch_store)
    elif context.connector.manifest.connections[kind].kind == "oauth2_device_code":
        consent.sign_in_with_code(context, target, scratch_store)
    else:
        _sign_in_with_consent(context, target, consent_options, scratch_store)
    return scratch_store


def _sign_in_with_consent(
    context: ConnectionContext,
    target: tuple[str, str, dict[str, Any]],
    consent_options: _ConsentOptions,
    scratch_store: Store,
) -> None:
    """Get consent, and fetch the tokens. Raises SignInError."""
    from connector.runtime.auth.sign_in import begin_sign_in, finish_sign_in

    kind, name, inputs = target

    def start_sign_in(redirect_uri: str) -> SignIn:
        return begin_sign_in(
            context.connector,
            name=name,
            redirect_uri=redirect_uri,
            store=scratch_store,
            inputs=inputs,
            kind=kind,
            http=context.transport,
        )

    finish_sign_in(
        context.connector,
        _get_callback_url(context, start_sign_in, consent_options),
        store=scratch_store,
        http=context.transport,
    )


def _get_callback_url(
    context: ConnectionContext, start_sign_in: consent.StartSignIn, consent_options: _ConsentOptions
) -> str:
    """Return the address that the browser was redirected to."""
    redirect_uri = consent_options.redirect_url or consent.build_paste_redirect_uri(consent_options.port)
    if context.sandbox_instance is not None:
        return context.sandbox_instance.consent(start_sign_in(redirect_uri).url)
    if consent_options.browser:
        return consent.get_callback_via_browser(start_sign_in, consent_options.port, quiet=context.quiet)
    return consent.get_callback_by_paste(start_sign_in, redirect_uri)


def _test_connection(context: ConnectionContext, name: str) -> connection_test.ConnectionTestResult:
    """Test a stored connection. Raises ConnectorError after a note that it is stored."""
    connection = context.load_connection(name)
    assert connection is not None
    try:
        return connection_test.run_connection_test(context, connection)
    except ConnectorError:
        print_stderr(f"{name} is stored, but its test failed:")
        raise
