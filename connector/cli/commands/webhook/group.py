"""`connector webhook`: receive a service's events, check one delivery, send one, list and deliver again."""

from __future__ import annotations

import click

from connector.cli.groups import LazyGroup, global_options

_HELP = """Receive the service's events, check one delivery, send a signed test event, list what came, deliver again.

The secret that signs is never typed as an option: it comes from the environment, from a file, or is asked for.
"""
_SUBCOMMANDS = {
    "serve": ("commands.webhook.serve", "Receive events until Ctrl-C, and hand each one on."),
    "send": ("commands.webhook.send", "Send a signed event, as the service would."),
    "verify": ("commands.webhook.verify", "Say what a saved delivery is, or exactly why it is refused."),
    "events": ("commands.webhook.events", "List the events that came, or show one."),
    "replay": ("commands.webhook.events", "Deliver events again."),
}


class _WebhookGroup(LazyGroup):
    """The commands of webhooks."""

    subcommands = _SUBCOMMANDS


@click.group("webhook", cls=_WebhookGroup, help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@global_options
def webhook_command() -> None:
    """Receive and send events."""
