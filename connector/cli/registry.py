"""What the command line has: each command's module, and the line that says what it does."""

from __future__ import annotations

COMMANDS: dict[str, tuple[str, str]] = {
    "list": ("commands.show", "The actions and triggers, with one line each."),
    "show": ("commands.show", "One action: inputs, an example call, the example payload."),
    "run": ("commands.run", "Run an action, or the calls of a file."),
    "request": ("commands.request", "Send any request below the service's base URL."),
    "download": ("commands.download", "A file of the service to disk, or every file that an action lists."),
    "connect": ("commands.connect", "Sign in, and keep the connection."),
    "connections": ("commands.connections", "The connections that are kept: list, show, test, remove; their key."),
    "sandbox": ("commands.sandbox", "Serve a stand-in of the service; 'sandbox reset' forgets its state."),
    "webhook": ("commands.webhook.group", "Receive events, check a delivery, send a test event, list, deliver again."),
    "config": ("commands.config", "The settings in force, and where each came from."),
    "lint": ("commands.author", "Check every file of a connector."),
    "docs": ("commands.author", "Write a connector's pages and schemas, or check that they are fresh."),
    "new": ("commands.author", "Make the folder of a new connector."),
    "completion": ("commands.completion", "The script that completes words in bash, zsh or fish."),
}
COMMAND_ALIASES = {"raw": "request"}
HELP_FLAGS = ("--help", "-h")
VERSION_FLAG = "--version"
COMPLETION_VARIABLE = "_CONNECTOR_COMPLETE"  # the variable with which a shell asks for completions

_GLOBAL_OPTIONS = {
    "--connector PATH": "The connector's folder (default: the bundled one).",
    "--quiet": "No notes and no progress on stderr.",
    "--version": "Print the version and leave.",
    "-h, --help": "Print this and leave.",
}


def format_help_page() -> str:
    """Return the page that `connector --help` prints."""
    commands = {name: line for name, (_, line) in COMMANDS.items()}
    return (
        "Usage: connector [OPTIONS] COMMAND [ARGS]...\n\n"
        "  Run the actions of a connector: a folder of YAML that describes an API.\n"
        "  Data goes to stdout, everything else to stderr.\n\n"
        f"Options:\n{_format_columns(_GLOBAL_OPTIONS)}\n\n"
        f"Commands:\n{_format_columns(commands)}\n\n"
        "  'connector COMMAND --help' tells more; 'connector run ACTION --help' tells an action's inputs.\n"
    )


def _format_columns(rows: dict[str, str]) -> str:
    width = max(map(len, rows))
    return "\n".join(f"  {name:<{width}}  {line}" for name, line in rows.items())
