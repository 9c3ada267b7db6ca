"""`connector bulk resume` and `connector bulk cancel`."""

from __future__ import annotations

import click

from connector.cli.bulk.options import BulkArguments
from connector.cli.bulk.shared import open_shared_journal
from connector.cli.bulk.shared_change import cancel_run, resume_run
from connector.cli.commands.bulk.options import on_option, run_argument
from connector.cli.context.context import CommandContext
from connector.cli.groups import StrictCommand, global_options
from connector.cli.output import printer

_RESUME_HELP = """Continue a run that was stopped or cancelled: its waiting rows may be sent again.

This command runs no row itself: workers do ('connector bulk work'), or the command that the run was started with.
"""


@click.command("resume", cls=StrictCommand, help=_RESUME_HELP)
@run_argument
@on_option
@click.option("--retry-failed", is_flag=True, help="Run the failed rows again too.")
@click.option("--resolve", "resolutions", multiple=True, metavar="ROW=done|retry",
              help="Resolve an uncertain row: it is done, or is sent again; all=... for every one.")  # fmt: skip
@global_options
@click.pass_context
def resume_command(
    ctx: click.Context, /, name: str | None, on: str | None, *, retry_failed: bool, resolutions: tuple[str, ...]
) -> None:
    """Continue a run."""
    context = CommandContext.from_click(ctx, bulk=on)
    journal = ctx.with_resource(open_shared_journal(context.settings))
    run = journal.choose_run(name)
    arguments = BulkArguments(None, resolutions=resolutions, retry_failed=retry_failed)
    printer.write_text(resume_run(journal, run, arguments))
    if not context.quiet:
        context.note(f"Workers run them: {context.format_command('bulk', 'work')}")


@click.command("cancel", cls=StrictCommand, help="Send no further row of a run; rows in progress finish.")
@run_argument
@on_option
@global_options
@click.pass_context
def cancel_command(ctx: click.Context, /, name: str | None, on: str | None) -> None:
    """Cancel a run."""
    context = CommandContext.from_click(ctx, bulk=on)
    journal = ctx.with_resource(open_shared_journal(context.settings))
    run = journal.choose_run(name)
    printer.write_text(cancel_run(journal, run))
