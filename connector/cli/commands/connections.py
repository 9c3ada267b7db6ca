"""`connector connections`: list, show, test and remove stored connections; make and rotate keys."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import click

from connector.cli.connections import connection_test
from connector.cli.connections.connection_list import COLUMNS, list_connection_rows
from connector.cli.connections.connection_view import ConnectionView, describe_store, format_test_result, wrap_line
from connector.cli.context import connection_names
from connector.cli.context.connection_context import ConnectionContext, store_options
from connector.cli.context.context import load_keyring, load_settings, output_option, store_option
from connector.cli.groups import StrictGroup, global_options
from connector.cli.output import printer
from connector.cli.output.counts import format_count
from connector.cli.output.error_output import print_error
from connector.cli.output.exit_codes import combine_exit_codes, exit_code
from connector.cli.output.rows import print_rows, rows_option
from connector.cli.output.stdio import keeping_code, print_stderr
from connector.errors import ConnectorError, SignInError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.runtime.auth.revocation import RevocationResult

_name_argument = click.argument("name", shell_complete=connection_names.complete_stored_names)


class _ConnectionsGroup(StrictGroup):
    """The group of connections commands."""

    default = "list"


@click.group("connections", cls=_ConnectionsGroup, context_settings={"help_option_names": ["-h", "--help"]})
@global_options
def connections_command() -> None:
    """Manage the stored connections of all connectors; 'connector connect' adds one."""


@connections_command.command("list", help="List the stored connections and the state of their tokens.")
@store_options
@rows_option("connection")
@global_options
@click.pass_context
def list_command(ctx: click.Context, /, output_format: str, **store_flags: Any) -> int:
    """List the stored connections."""
    context = ConnectionContext.for_stored_connections(ctx, **store_flags)
    rows = list_connection_rows(context)
    values = [row.values for row in rows]
    document = {"store": describe_store(context), "connections": values}
    errors = [_tell_sign_in(context, row.values["name"], row.error) for row in rows if row.error is not None]
    with keeping_code(lambda: combine_exit_codes(map(exit_code, errors))):
        print_rows(values, output_format, header=COLUMNS, columns=COLUMNS, document=document)
    if not rows and output_format == "table":
        context.note(
            f"No connections in {describe_store(context)}. Run '{context.format_command('connect')}' to sign in."
        )
    return combine_exit_codes(map(print_error, errors))


def _find_expiry_errors(context: ConnectionContext, view: ConnectionView, now: float) -> list[ConnectorError]:
    """Return the error of a connection that needs a new sign-in, with the command."""
    error = view.build_sign_in_error(context.connector, now)
    return [] if error is None else [_tell_sign_in(context, view.name, error)]


def _tell_sign_in(context: ConnectionContext, name: str, error: ConnectorError) -> ConnectorError:
    """Return the error with the command that signs in again, where that helps."""
    if isinstance(error, SignInError):
        error.hint = f"Run: {context.format_command('connect', name)}"
    return error


@connections_command.command("show", help="Print everything about a connection, secrets as ***.")
@_name_argument
@store_options
@output_option
@global_options
@click.pass_context
def show_command(ctx: click.Context, /, name: str, output_format: str, **store_flags: Any) -> int:
    """Print a connection."""
    context = ConnectionContext.for_stored_connections(ctx, **store_flags)
    record = context.read_record(name)
    if record is None:
        raise connection_names.build_unknown_error(context, name)
    view, now = ConnectionView.from_record(context.build_record_key(name), record), time.time()
    details = {**view.to_dict(context.connector, now), "store": describe_store(context)}
    errors = _find_expiry_errors(context, view, now)
    with keeping_code(lambda: combine_exit_codes(map(exit_code, errors))):
        if output_format == "json":
            printer.write_json(details)
        else:
            printer.write_text("\n".join(_format_lines(details)))
    return combine_exit_codes(map(print_error, errors))


def _format_lines(details: dict[str, Any]) -> Iterable[str]:
    """Yield labels and values in two columns; long lists are wrapped."""
    rows = [(label, value) for label, value in _flatten(details) if value is not None]
    width = max(len(label) for label, _ in rows)
    for label, value in rows:
        first, *continuation = (
            wrap_line(", ".join(map(str, value)), reserved=width + 2) or [""]
            if isinstance(value, list)
            else [_format_value(value)]
        )
        yield f"{label:<{width}}  {first}"
        yield from (f"{'':<{width}}  {part}" for part in continuation)


def _flatten(data: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    """Yield labels and values; those of a mapping as `mapping.label`."""
    for label, value in data.items():
        if isinstance(value, dict):
            yield from ((f"{label}.{inner_label}", inner_value) for inner_label, inner_value in value.items())
        else:
            yield label, value


def _format_value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@connections_command.command("test", help="Make one call that changes nothing, and print the connected account.")
@_name_argument
@store_options
@output_option
@global_options
@click.pass_context
def test_command(ctx: click.Context, /, name: str, output_format: str, **store_flags: Any) -> None:
    """Test a connection."""
    context = ConnectionContext.for_stored_connections(ctx, **store_flags)
    result = connection_test.run_connection_test(context, connection_names.resolve_connection(context, name))
    if output_format == "json":
        printer.write_json({"connection": name, "test": result.to_dict()})
        return
    identity = f" as {result.identity}" if result.identity else ""
    summary = "" if result.action is None else f"{name}: connected{identity}. "
    printer.write_text(f"{summary}{format_test_result(result)}")


@connections_command.command("remove", help="Revoke a connection's tokens at the service, and remove it.")
@_name_argument
@click.option("--no-revoke", is_flag=True, help="Only remove it; do not revoke its tokens.")
@store_options
@output_option
@global_options
@click.pass_context
def remove_command(
    ctx: click.Context, /, name: str, output_format: str, *, no_revoke: bool, **store_flags: Any
) -> None:
    """Remove a connection."""
    context = ConnectionContext.for_stored_connections(ctx, **store_flags)
    if name not in context.list_names():
        raise connection_names.build_unknown_error(context, name)
    with context.lock(name):
        revocations = [] if no_revoke else _revoke_tokens(context, name)
        if not context.store.remove(context.build_record_key(name)):
            raise connection_names.build_unknown_error(context, name)
    if output_format == "json":
        tokens = [
            {"token": revocation.token_kind, "ended": not revocation.error, "said": revocation.error or None}
            for revocation in revocations
        ]
        printer.write_json({"connection": name, "removed": True, "tokens": tokens})
        return
    printer.write_text("\n".join([*map(_format_revocation, revocations), f"{name} was removed."]))


def _revoke_tokens(context: ConnectionContext, name: str) -> list[RevocationResult]:
    """Revoke a connection's tokens. Raises ConnectorError; the connection is then not removed."""
    from connector.runtime.auth.revocation import revoke

    try:
        connection = context.load_connection(name)
        return [] if connection is None else revoke(connection, http=context.transport)
    except ConnectorError as error:
        forget_command = context.format_command("connections", "remove", name, "--no-revoke")
        error.with_hint(f"To remove it without revoking: {forget_command}")
        raise


def _format_revocation(revocation: RevocationResult) -> str:
    if not revocation.error:
        return f"The {revocation.token_kind} was revoked at the service."
    return f"The {revocation.token_kind} was not revoked at the service: {revocation.error}."


@connections_command.command("key", help="Print a new key for CONNECTOR_KEY.")
@global_options
def key_command() -> None:
    """Print a new key."""
    from connector.runtime.storage.encryption import generate_key

    printer.write_text(generate_key())


@connections_command.command("rotate", help="Encrypt everything in the store with the first key of CONNECTOR_KEY.")
@store_option
@global_options
@click.pass_context
def rotate_command(ctx: click.Context, store: str | None) -> None:
    """Encrypt the store with another key."""
    from connector.runtime.storage.encryption import KEY_VARIABLE, EncryptedStore, list_plaintext_keys, rotate
    from connector.runtime.storage.open import open_store

    settings = load_settings(ctx, store=store)
    target_store = open_store(settings.get("store").value, keys=load_keyring(settings))
    if not isinstance(target_store, EncryptedStore) or target_store.keyring is None:
        raise UsageError("No key is set.", hint=f"Set {KEY_VARIABLE} to the new key, a comma, and the old key.")
    plaintext_keys = list_plaintext_keys(target_store)
    count = rotate(target_store)
    printer.write_text(f"{format_count(count, 'record')} encrypted with key {target_store.keyring.fingerprints[0]}.")
    if plaintext_keys:
        print_stderr(f"Not encrypted before; make sure that they are yours: {', '.join(plaintext_keys)}.")
