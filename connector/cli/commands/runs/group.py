"""`connector runs`: what was called, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from connector.cli.groups import LazyGroup, global_options
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

_ID = prepare_pattern(r"[0-9a-f-]{6,36}")  # of a run, or the end of one
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

    def suggest_command(self, word: str, names: Sequence[str]) -> str:
        """Return the command that shows a run, to somebody who names one alone."""
        is_id = _ID.fullmatch(word) is not None
        return f"To see a run: connector runs show {word}" if is_id else super().suggest_command(word, names)


@click.group("runs", cls=_RunsGroup, context_settings={"help_option_names": ["-h", "--help"]})
@global_options
def runs_command() -> None:
    """Show what was called, by whom, and what came of it: those of uncertain outcome first, then the newest.

    Runs are kept for 30 days (CONNECTOR_RUNS_KEEP), without secrets; CONNECTOR_RUNS=off keeps none.
    """
