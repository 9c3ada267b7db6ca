"""The commands, their modules (below `connector.cli`; a dot more leads out of it) and summaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS: dict[str, tuple[str, str]] = {
    "list": ("commands.show", "List the actions and triggers, or the installed connectors."),
    "show": ("commands.show", "Show an action: inputs, example calls, example payload."),
    "choices": ("commands.choices", "List what an input of an action takes."),
    "run": ("commands.run", "Run an action, or the calls of a file."),
    "request": ("commands.request", "Send any request below the service's base URL."),
    "runs": ("commands.runs.group", "Show what was called, and what came of it; make a call again."),
    "records": ("commands.records.group", "Keep a copy of what the service has, and look into it."),
    "bulk": ("commands.bulk.group", "Work on bulk runs in a database; show, continue or cancel them."),
    "download": ("commands.download", "Download a file, or every file that an action lists."),
    "connect": ("commands.connect", "Sign in, and store the connection."),
    "connections": ("commands.connections", "List, show, test or remove stored connections; manage their key."),
    "sandbox": ("commands.sandbox", "Serve a sandbox of the service; 'sandbox reset' clears its state."),
    "mcp": ("commands.mcp", "Serve the connector as tools of an agent (Model Context Protocol)."),
    "console": (".console.command", "Work in a browser on this machine: connections, forms, what was called."),
    "webhook": ("commands.webhook.group", "Receive, verify, send, list or replay events."),
    "config": ("commands.config.group", "Show the settings in force, and the source of each; set one."),
    "backup": ("commands.backup.make", "Copy everything that is kept into one file, while it is in use."),
    "restore": ("commands.backup.restore", "Put back what a backup holds, or check it."),
    "doctor": ("commands.doctor", "Look at installation, store, inbox, network and connection; say what to do."),
    "lint": ("commands.authoring.author", "Check every file of a connector."),
    "test": ("commands.authoring.test", "Check a connector's examples, replies and resources, or recorded calls."),
    "docs": ("commands.authoring.author", "Write a connector's pages and schemas, or check that they are up to date."),
    "stubs": ("commands.authoring.stubs", "Write a connector's actions as typed Python."),
    "export": ("commands.authoring.export", "Write the connector as an OpenAPI document."),
    "diff": ("commands.authoring.diff", "Compare two versions of a connector: what breaks its users."),
    "new": ("commands.authoring.new", "Create the folder of a new connector."),
    "new-action": ("commands.authoring.new", "Create the file of a new action."),
    "import": (
        "commands.authoring.importing",
        "Make a connector of API descriptions, or bring it up to date with them.",
    ),
    "completion": ("commands.completion", "Print the completion script for bash, zsh or fish."),
    "help": ("commands.help", "Show the help of a command, or of an action."),
}
COMMAND_ALIASES = {"raw": "request"}
HELP_FLAGS = ("--help", "-h")
VERSION_FLAG = "--version"
CONNECTOR_VARIABLE = "CONNECTOR_PATH"  # which names the connector
OWN_EXAMPLES_MODULE = "connector.cli.catalogue.own_examples"  # of help pages, for other connectors
COMPLETION_VARIABLE = "_CONNECTOR_COMPLETE"  # set by a shell that requests completions
SERVERS = (("webhook", "serve"), ("sandbox",), ("console",), ("mcp",))  # commands that serve until they are ended
_VALUE_FLAGS = ("--connector", "--profile")  # which may stand before a command, with a value behind


def is_server(args: Sequence[str]) -> bool:
    """Whether a command line serves until a signal ends it, which is then no interruption."""
    words = [
        arg
        for before, arg in zip(("", *args), args, strict=False)
        if not arg.startswith("-") and before not in _VALUE_FLAGS
    ]
    return any(tuple(words[: len(server)]) == server for server in SERVERS) and words[-1] != "reset"
