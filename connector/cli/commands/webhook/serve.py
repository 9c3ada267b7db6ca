"""`connector webhook serve`: a receiver until Ctrl-C; each event goes to stdout, a command or a URL."""

from __future__ import annotations

import logging
import os
import shlex
import signal
import sys
from typing import TYPE_CHECKING, Any

import click

from connector.cli.commands.webhook.context import WebhookContext, inbox_options
from connector.cli.groups import StrictCommand, global_options
from connector.cli.output.exit_codes import EXIT_DONE
from connector.cli.output.stdio import print_stderr
from connector.core import redaction
from connector.core.url_policy import is_loopback_host
from connector.errors import UsageError

if TYPE_CHECKING:
    from connector.core.webhook.signature import Event
    from connector.runtime.webhooks.forwarders import JsonLinesForwarder
    from connector.runtime.webhooks.handlers import Handler

_HELP = """Receive the service's events until Ctrl-C, and hand each one on: as a line of JSON on stdout, to a
command, or to a URL.

An event is kept before its sender is answered, and is handed on at least once: it comes again, later each time, until
the line is written, the command ends with 0, or the URL answers 2xx. Its key is the same each time.
"""


@click.command("serve", cls=StrictCommand, help=_HELP)
@click.option("--host", default="127.0.0.1", metavar="HOST", help="The address to listen on (default: 127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, help="The port (default: 8080; 0: any free one).")
@click.option("--path", default="/", metavar="PATH", help="The path that events come to (default: /).")
@click.option("--exec", "command", metavar="CMD", help="Run this for each event: JSON on its stdin; 0 means done.")
@click.option("--to", "url", metavar="URL", help="Post each event there as JSON; 2xx means done.")
@click.option(
    "--event",
    "event_patterns",
    multiple=True,
    metavar="PATTERN",
    help="Hand on these alone, such as 'meeting.*'; repeatable.",
)
@click.option("--ordered", is_flag=True, help="Hand on what is about the same thing one after another.")
@click.option("--reveal", is_flag=True, help="Show secrets in the lines on stdout, download tokens among them.")
@inbox_options
@global_options
@click.pass_context
def serve_command(ctx: click.Context, /, host: str, port: int, path: str, **flags: Any) -> int:
    """Serve a receiver."""
    context = WebhookContext(ctx, trigger=flags["trigger"], sandbox=flags["sandbox"], inbox=flags["inbox"])
    if context.sandbox and not is_loopback_host(host):
        hint = "Everybody knows the stand-in's secret: take 127.0.0.1, or a secret of your own."
        raise UsageError(f"With --sandbox the receiver does not listen on {host}.", hint=hint)
    forwarder = _make_forwarder(context, flags["command"], flags["url"], reveal=flags["reveal"])
    secrets = context.read_secrets()
    from connector.runtime.webhooks.forwarders import UrlForwarder, filter_events
    from connector.runtime.webhooks.receiver import Receiver
    from connector.runtime.webhooks.server import serve

    receiver = Receiver(
        context.connector, secrets, inbox=context.inbox_url, trigger=context.verifier.name, ordered=flags["ordered"]
    )
    receiver.on()(filter_events(flags["event_patterns"], forwarder))
    _log_to_stderr()

    def announce(url: str) -> None:
        if not context.quiet:
            print_stderr(_format_startup_message(context, f"{url}{path}", host))

    try:
        serve(receiver, host, port, path=path, on_ready=announce)
    finally:
        receiver.inbox.close()
        if isinstance(forwarder, UrlForwarder):
            forwarder.close()
    return EXIT_DONE


def _make_forwarder(context: WebhookContext, command: str | None, url: str | None, *, reveal: bool) -> Handler:
    """Return where events go. Raises UsageError for two places, and for one that cannot be."""
    from connector.runtime.webhooks.forwarders import CommandForwarder, JsonLinesForwarder, UrlForwarder

    if command is not None and url is not None:
        raise UsageError("--exec and --to name two places.", hint="Leave one out, or serve twice.")
    if command is not None:
        try:
            return CommandForwarder(shlex.split(command))
        except ValueError as error:
            raise UsageError(f"--exec cannot be read: {error}.", hint="Close every quote.") from None
    if url is not None:
        return UrlForwarder(url)
    return _StdoutForwarder(
        JsonLinesForwarder(sys.stdout, None if reveal else redaction.redactor_for(context.connector))
    )


class _StdoutForwarder:
    """Lines on stdout; when nobody reads them any more, the receiver stops and keeps what it has."""

    def __init__(self, forwarder: JsonLinesForwarder) -> None:
        self._forwarder = forwarder

    def __call__(self, event: Event) -> None:
        try:
            self._forwarder(event)
        except BrokenPipeError:
            os.kill(os.getpid(), signal.SIGTERM)
            raise


def _format_startup_message(context: WebhookContext, url: str, host: str) -> str:
    """Return what is said when the receiver listens."""
    lines = [f"Receiving the events of {context.label} at {url}. Ctrl-C ends it."]
    if context.sandbox:
        lines.append("Signed with the stand-in's secret, which everybody knows: for this machine alone.")
        emits = [resource.events for resource in context.connector.manifest.resources.values() if resource.events]
        event_name = next(
            (name for emitted in emits for names in emitted.event_names_by_change.values() for name in names), "EVENT"
        )
        lines.append(f"Try it: connector webhook send {event_name} --sandbox --to {url}")
    elif is_loopback_host(host):
        lines.append(
            f"{context.label} reaches it once a tunnel or a proxy with https leads here; give it that address."
        )
    else:
        lines.append(f"{context.label} sends to https alone: put a proxy with a certificate before it.")
    lines.append(
        f"Events are kept in {redaction.default_redactor().redact_url(context.inbox_url)}; 'connector webhook events' lists them."
    )
    return "\n".join(lines)


def _log_to_stderr() -> None:
    """Let the receiver's warnings be read: what was refused, and what failed."""
    logger = logging.getLogger("connector.webhook")
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%dT%H:%M:%S"))
        logger.addHandler(handler)
        logger.propagate = False
