"""`connector help`: the help of a command, as its own --help."""

from __future__ import annotations

import click

from connector.cli.groups import StrictCommand, global_options, root

_HELP = "Show the help of COMMAND, such as 'webhook serve'; of 'run ACTION'; or of all commands."


@click.command("help", cls=StrictCommand, help=_HELP)
@click.argument("words", metavar="[COMMAND]...", nargs=-1)
@global_options
def help_command(words: tuple[str, ...]) -> None:
    """Show a help page."""
    with root.make_context("connector", [*words, "--help"]) as ctx:
        root.invoke(ctx)
