"""`connector records forget`: delete what the copy has of an account."""

from __future__ import annotations

import click

from connector.cli.context.context import CommandContext, open_records
from connector.cli.groups import StrictCommand, global_options
from connector.cli.output import stdio
from connector.cli.output.counts import format_count
from connector.errors import UsageError

_HELP = """Delete what the copy has of an account and of its sub-accounts: records, their changes, and whose they were.

The column account of the views names it: by its connection, or by an id of its own.
Nothing changes at the service. After that, another account may have the name.
"""


@click.command("forget", cls=StrictCommand, help=_HELP)
@click.argument("account", metavar="ACCOUNT")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--sandbox", is_flag=True, help="The copy of the sandbox.")
@global_options
@click.pass_context
def forget_command(ctx: click.Context, /, account: str, *, yes: bool, sandbox: bool) -> None:
    """Forget."""
    context = CommandContext.from_click(ctx, sandbox=sandbox)
    if not yes:
        question = f"Delete all records of {account} from the copy?"
        if not stdio.can_prompt():
            raise UsageError(question, hint="Add --yes to do so.")
        click.confirm(question, abort=True, err=True)
    with open_records(context.connector, context.settings, sandbox=sandbox) as records:
        count = records.forget(context.connector.name, account)
    context.note(f"{format_count(count, 'record')} of {account} forgotten.")
