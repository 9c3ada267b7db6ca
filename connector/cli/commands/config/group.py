"""`connector config`: the settings in force; set one, and trust the folder of a project file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from connector.cli.context.context import output_option
from connector.cli.groups import LazyGroup, global_options

if TYPE_CHECKING:
    from collections.abc import Sequence

_HELP = """Print the settings in force, and the source of each.

Precedence: flag, environment, file named by NAME_FILE, profile, project file (connector.yaml in this folder or above),
config file, default. An empty variable counts as unset. Errors of the plan, the budget or the HTTP library are printed
on stderr.
"""


class _ConfigGroup(LazyGroup):
    """Prints the settings without a subcommand."""

    subcommands = {
        "set": ("commands.config.edit", "Set a value in the project file, or in your own config file."),
        "trust": ("commands.config.edit", "Let the project file of this folder say where credentials are sent."),
    }

    def suggest_command(self, word: str, names: Sequence[str]) -> str:
        """Return how settings are read, to somebody who wants to: the command itself prints them."""
        is_read = word.lower() in ("get", "list", "show", "ls", "view")
        return "To see the settings: connector config" if is_read else super().suggest_command(word, names)


@click.group("config", cls=_ConfigGroup, help=_HELP, invoke_without_command=True,
             context_settings={"help_option_names": ["-h", "--help"]})  # fmt: skip
@output_option
@global_options
@click.pass_context
def config_command(ctx: click.Context, output_format: str) -> int | None:
    """Print the settings in force."""
    if ctx.invoked_subcommand is not None:
        return None
    from connector.cli.commands.config.view import print_settings

    return print_settings(ctx, output_format)
