"""`connector completion`: the script that lets a shell complete commands, actions, flags and choices."""

from __future__ import annotations

import click

from connector.cli.groups import Command, root, shared
from connector.cli.output import printer as output
from connector.cli.registry import COMPLETION

_HELP = """Print the completion script of a shell. To use it:

\b
bash:  eval "$(connector completion bash)"     in ~/.bashrc
zsh:   eval "$(connector completion zsh)"      in ~/.zshrc
fish:  connector completion fish | source      in ~/.config/fish/config.fish
"""


@click.command("completion", cls=Command, help=_HELP)
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(["bash", "zsh", "fish"]))
@shared
def completion_command(shell: str) -> None:
    """Print a completion script."""
    from click.shell_completion import ShellComplete, get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    made = kind(root, {}, "connector", COMPLETION)
    output.write_text(ShellComplete.source(made))  # without bash's look at its own version, which runs a program
