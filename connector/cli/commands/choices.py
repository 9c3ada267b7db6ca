"""`connector choices`: list what an input of an action takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from connector.cli.context.connection_context import ConnectionContext, store_options
from connector.cli.context.context import output_option
from connector.cli.context.key_values import read_key_values
from connector.cli.groups import StrictCommand, global_options
from connector.cli.output import printer, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.runtime.client.client import Client

_HELP = """List the choices of INPUT of ACTION: those of its definition, and those that the service lists.

NAME=VALUE are inputs that are chosen already, on which the choices may depend, such as: connector choices createIssue
stateId teamId=t1
"""


@click.command("choices", cls=StrictCommand, help=_HELP)
@click.argument("action", metavar="ACTION")
@click.argument("name", metavar="INPUT")
@click.argument("chosen", metavar="[NAME=VALUE]...", nargs=-1)
@click.option("--search", metavar="TEXT", help="Only choices that have this text, or that the service finds for it.")
@click.option("--connection", metavar="NAME", help="The connection whose choices to list.")
@store_options
@output_option
@global_options
@click.pass_context
def choices_command(
    ctx: click.Context, /, action: str, name: str, chosen: Sequence[str], output_format: str, **flags: Any
) -> None:
    """List the choices of an input."""
    search, connection = flags.pop("search"), flags.pop("connection")
    given = read_key_values(chosen, "NAME=VALUE")
    context = ConnectionContext.for_stored_connections(ctx, **flags)
    with _open_client(context, connection, needs_connection=_is_live(context, action, name)) as client:
        choices = client.choices(action, name, given, search=search)
    if output_format == "json":
        printer.write_json([choice._asdict() for choice in choices])
    elif choices:
        table.print_table(("value", "label"), [(str(value), label) for value, label in choices])
    else:
        context.note(f"{name} has no choices{' for this text' if search else ''}.")


def _is_live(context: ConnectionContext, action: str, name: str) -> bool:
    """Whether the service is asked for the choices; an unknown input is told later."""
    definition = context.connector.action(action)
    field = definition.inputs.get(definition.key_by_spelling.get(name, ""))
    return field is not None and field.choices_from is not None


def _open_client(context: ConnectionContext, connection: str | None, *, needs_connection: bool) -> Client:
    from connector.cli.context import connection_names
    from connector.runtime.client.client import Client

    if not needs_connection:
        return Client(context.connector)
    if context.sandbox_instance is not None and connection is None:
        return context.sandbox_instance.open_client()
    name = connection or context.settings.get("connection").value
    return context.open_client(connection_names.resolve_connection(context, name))
