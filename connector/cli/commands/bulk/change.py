"""`connector bulk resume` and `connector bulk cancel`."""

from __future__ import annotations

import click

from connector.cli.bulk.options import BulkArguments
from connector.cli.bulk.shared import LOAD_TIMEOUT, open_shared_journal, resolve_rows
from connector.cli.commands.bulk.options import on_option, run_argument
from connector.cli.context.context import CommandContext
from connector.cli.groups import StrictCommand, global_options
from connector.cli.output import printer
from connector.cli.output.counts import format_count
from connector.runtime.bulk.shared_judgement import judge_run
from connector.runtime.bulk.shared_results import count_rows
from connector.runtime.bulk.shared_tables import ROW_RUNNING, ROW_WAITING, RUN_CANCELLED

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
    from connector.integrations.dbos_bulk import enqueue_batches

    with journal.hold_run(run.name, LOAD_TIMEOUT):  # a command that still stores its rows enqueues them for one turn
        resolve_rows(journal, run, BulkArguments(None, resolutions=resolutions))
        if retry_failed:
            journal.reset_failed(run)
        run = journal.start_again(run)
        enqueue_batches(journal, run, journal.list_open_batches(run))
    printer.write_text(f"{run.name}: {format_count(count_rows(journal, run).open, 'row')} may be sent.")
    if not context.quiet:
        context.note(f"Workers run them: {context.format_command('bulk', 'work', flags=('connector', 'bulk'))}")


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
    journal.stop_run(run.id, RUN_CANCELLED)
    judge_run(journal, run)
    states = count_rows(journal, run).by_state
    waiting, running = format_count(states[ROW_WAITING], "row"), format_count(states[ROW_RUNNING], "row")
    printer.write_text(f"{run.name}: {waiting} will not be sent; {running} in progress will finish.")
