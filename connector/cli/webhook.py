"""`connector webhook`: receive a service's events, check one delivery, send one, list and deliver again."""

from __future__ import annotations

import difflib
from importlib import import_module

import click

from connector.cli.group import Command, shared

_HELP = """Receive the service's events, check one delivery, send a signed test event, list what came, deliver again.

The secret that signs is never typed as an option: it comes from the environment, from a file, or is asked for.
"""
_PARTS = {
    "serve": ("webhook_serve", "Receive events until Ctrl-C, and hand each one on."),
    "send": ("webhook_send", "Send a signed event, as the service would."),
    "verify": ("webhook_verify", "Say what a saved delivery is, or exactly why it is refused."),
    "events": ("webhook_inbox", "List the events that came, or show one."),
    "replay": ("webhook_inbox", "Deliver events again."),
}


class _Group(click.Group):
    """Commands whose modules are imported when they are named."""

    command_class = Command

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Return the names, as the help page has them."""
        return list(_PARTS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        if cmd_name not in _PARTS:
            return None
        found: click.Command = getattr(import_module(f"connector.cli.{_PARTS[cmd_name][0]}"), f"{cmd_name}_command")
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name the nearest."""
        if args[0] not in _PARTS and not ctx.resilient_parsing:
            near = difflib.get_close_matches(args[0], _PARTS, n=1)
            fix = f"Did you mean '{near[0]}'?" if near else f"The commands are {', '.join(_PARTS)}."
            raise click.UsageError(f"There is no command 'webhook {args[0]:.40}'. {fix}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write what the commands do, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _PARTS.items()])


@click.group("webhook", cls=_Group, help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@shared
def webhook_command() -> None:
    """Receive and send events."""
