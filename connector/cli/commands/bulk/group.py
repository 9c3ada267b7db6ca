"""`connector bulk`: work on runs that are kept in a database, show, continue or cancel them."""

from __future__ import annotations

import click

from connector.cli.groups import LazyGroup, global_options
from connector.runtime.process.extras import require

_HELP = """Work on the rows that 'connector run ACTION -f ROWS --on URL' has put into a database.

The other commands show, continue or cancel a run.
"""
_SUBCOMMANDS = {
    "work": ("commands.bulk.work", "Run rows until Ctrl-C, beside all other workers."),
    "status": ("commands.bulk.show", "Show the rows of each run by state, the rate and the time left."),
    "results": ("commands.bulk.show", "Print the results of a run."),
    "resume": ("commands.bulk.change", "Continue a run that was stopped or cancelled."),
    "cancel": ("commands.bulk.change", "Send no further row of a run."),
}


class _BulkGroup(LazyGroup):
    """The group of bulk commands."""

    subcommands = _SUBCOMMANDS

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command. Raises UsageError without the package that all of them import."""
        require("dbos", "sqlalchemy")
        return super().get_command(ctx, cmd_name)


@click.group("bulk", cls=_BulkGroup, help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@global_options
def bulk_command() -> None:
    """Work on shared bulk runs."""
