"""`connector webhook serve`: a receiver until Ctrl-C; each event goes to stdout, a command or a URL."""

from __future__ import annotations

import logging
import os
import shlex
import signal
import sys
from typing import TYPE_CHECKING, Any

import click

from connector.cli.commands.webhook.context import Desk, inbox_options
from connector.cli.groups import Command, shared
from connector.cli.output import errors as failure
from connector.core import redaction as redact
from connector.core.url_policy import loopback
from connector.errors import UsageError

if TYPE_CHECKING:
    from connector.core.webhook.signature import Event
    from connector.runtime.webhooks.forwarders import Lines
    from connector.runtime.webhooks.handlers import Handler

_HELP = """Receive the service's events until Ctrl-C, and hand each one on: as a line of JSON on stdout, to a
command, or to a URL.

An event is kept before its sender is answered, and is handed on at least once: it comes again, later each time, until
the line is written, the command ends with 0, or the URL answers 2xx. Its key is the same each time.
"""


@click.command("serve", cls=Command, help=_HELP)
@click.option("--host", default="127.0.0.1", metavar="HOST", help="The address to listen on (default: 127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, help="The port (default: 8080; 0: any free one).")
@click.option("--path", default="/", metavar="PATH", help="The path that events come to (default: /).")
@click.option("--exec", "command", metavar="CMD", help="Run this for each event: JSON on its stdin; 0 means done.")
@click.option("--to", "url", metavar="URL", help="Post each event there as JSON; 2xx means done.")
@click.option("--only", multiple=True, metavar="PATTERN", help="Hand on these alone, such as 'meeting.*'; repeatable.")
@click.option("--ordered", is_flag=True, help="Hand on what is about the same thing one after another.")
@click.option("--reveal", is_flag=True, help="Show secrets in the lines on stdout, download tokens among them.")
@inbox_options
@shared
@click.pass_context
def serve_command(context: click.Context, /, host: str, port: int, path: str, **how: Any) -> int:
    """Serve a receiver."""
    desk = Desk(context, trigger=how["trigger"], sandbox=how["sandbox"], inbox=how["inbox"])
    if desk.sandbox and not loopback(host):
        hint = "Everybody knows the stand-in's secret: take 127.0.0.1, or a secret of your own."
        raise UsageError(f"With --sandbox the receiver does not listen on {host}.", hint=hint)
    target = _target(desk, how["command"], how["url"], reveal=how["reveal"])
    secrets = desk.secrets()
    from connector.runtime.webhooks.forwarders import Forward, only
    from connector.runtime.webhooks.receiver import Receiver
    from connector.runtime.webhooks.server import serve

    receiver = Receiver(desk.connector, secrets, inbox=desk.inbox_url, trigger=desk.scheme.name, ordered=how["ordered"])
    receiver.on()(only(how["only"], target))
    _log_to_stderr()

    def ready(url: str) -> None:
        if not desk.quiet:
            failure.say(_introduction(desk, f"{url}{path}", host))

    try:
        serve(receiver, host, port, path=path, ready=ready)
    finally:
        receiver.inbox.close()
        if isinstance(target, Forward):
            target.close()
    return failure.DONE


def _target(desk: Desk, command: str | None, url: str | None, *, reveal: bool) -> Handler:
    """Return where events go. Raises UsageError for two places, and for one that cannot be."""
    from connector.runtime.webhooks.forwarders import Command as Run
    from connector.runtime.webhooks.forwarders import Forward, Lines

    if command is not None and url is not None:
        raise UsageError("--exec and --to name two places.", hint="Leave one out, or serve twice.")
    if command is not None:
        try:
            return Run(shlex.split(command))
        except ValueError as error:
            raise UsageError(f"--exec cannot be read: {error}.", hint="Close every quote.") from None
    if url is not None:
        return Forward(url)
    return _Output(Lines(sys.stdout, None if reveal else redact.of(desk.connector)))


class _Output:
    """Lines on stdout; when nobody reads them any more, the receiver stops and keeps what it has."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def __call__(self, event: Event) -> None:
        try:
            self._lines(event)
        except BrokenPipeError:
            os.kill(os.getpid(), signal.SIGTERM)
            raise


def _introduction(desk: Desk, url: str, host: str) -> str:
    """Return what is said when the receiver listens."""
    lines = [f"Receiving the events of {desk.label} at {url}. Ctrl-C ends it."]
    if desk.sandbox:
        lines.append("Signed with the stand-in's secret, which everybody knows: for this machine alone.")
        emits = desk.connector.manifest.sandbox.emits.values()
        event = next((name for one in emits for names in one.changes.values() for name in names), "EVENT")
        lines.append(f"Try it: connector webhook send {event} --sandbox --to {url}")
    elif loopback(host):
        lines.append(f"{desk.label} reaches it once a tunnel or a proxy with https leads here; give it that address.")
    else:
        lines.append(f"{desk.label} sends to https alone: put a proxy with a certificate before it.")
    lines.append(f"Events are kept in {redact.plain().url(desk.inbox_url)}; 'connector webhook events' lists them.")
    return "\n".join(lines)


def _log_to_stderr() -> None:
    """Let the receiver's warnings be read: what was refused, and what failed."""
    log = logging.getLogger("connector.webhook")
    if not log.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%dT%H:%M:%S"))
        log.addHandler(handler)
        log.propagate = False
