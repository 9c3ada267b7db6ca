"""`connector webhook`: receive, verify, send, list and replay events."""

from __future__ import annotations

import click

from connector.cli.groups import LazyGroup, global_options

_HELP = """Receive the service's events, verify a delivery, send a signed test event, list events, deliver them again.

The signing secret is not an option: it comes from the environment, a file or a prompt.
"""
_SUBCOMMANDS = {
    "serve": ("commands.webhook.serve", "Receive events until Ctrl-C, and forward each one."),
    "watch": ("commands.webhook.watch", "Poll what sends no events, and forward each change."),
    "send": ("commands.webhook.send", "Send a signed event, as the service does."),
    "verify": ("commands.webhook.verify", "Verify a saved delivery, or explain why it is rejected."),
    "events": ("commands.webhook.events", "List the received events, or show one."),
    "replay": ("commands.webhook.events", "Deliver events again."),
}


class _WebhookGroup(LazyGroup):
    """The group of webhook commands."""

    subcommands = _SUBCOMMANDS


@click.group("webhook", cls=_WebhookGroup, help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@global_options
def webhook_command() -> None:
    """Receive and send events."""
