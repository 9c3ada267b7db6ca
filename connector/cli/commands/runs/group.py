"""`connector runs`: what was called, and what came of it."""

from __future__ import annotations

import click

from connector.cli.groups import LazyGroup, global_options

_SUBCOMMANDS = {
    "list": ("commands.runs.view", "List runs: those of uncertain outcome first, then the newest."),
    "show": ("commands.runs.show", "Print everything about a run: requests, replies and waits, without secrets."),
    "tail": ("commands.runs.view", "Print the last runs; with -f, go on as others end."),
    "again": ("commands.runs.again", "Make the call of a run again."),
}


class _RunsGroup(LazyGroup):
    """The group of runs commands."""

    subcommands = _SUBCOMMANDS
    default = "list"


@click.group("runs", cls=_RunsGroup, context_settings={"help_option_names": ["-h", "--help"]})
@global_options
def runs_command() -> None:
    """Show what was called, by whom, and what came of it: those of uncertain outcome first, then the newest.

    Runs are kept for 30 days (CONNECTOR_RUNS_KEEP), without secrets; CONNECTOR_RUNS=off keeps none.
    """
