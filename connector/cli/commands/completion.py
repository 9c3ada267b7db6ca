"""`connector completion`: the completion script of a shell."""

from __future__ import annotations

import click

from connector.cli.groups import StrictCommand, global_options, root
from connector.cli.output import printer
from connector.cli.registry import COMPLETION_VARIABLE

_HELP = """Print the completion script of a shell. To use it:

\b
bash:  eval "$(connector completion bash)"     in ~/.bashrc
zsh:   eval "$(connector completion zsh)"      in ~/.zshrc
fish:  connector completion fish | source      in ~/.config/fish/config.fish
"""


@click.command("completion", cls=StrictCommand, help=_HELP)
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(["bash", "zsh", "fish"]))
@global_options
def completion_command(shell: str) -> None:
    """Print a completion script."""
    from click.shell_completion import ShellComplete, get_completion_class

    completer_class = get_completion_class(shell)
    assert completer_class is not None
    completer = completer_class(root, {}, "connector", COMPLETION_VARIABLE)
    printer.write_text(ShellComplete.source(completer))  # BashComplete.source would run bash to check its version
