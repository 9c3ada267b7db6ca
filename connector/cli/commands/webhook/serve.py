"""`connector webhook serve`: receive events, and forward each to stdout, a command or a URL."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from typing import TYPE_CHECKING, Any

import click

from connector.cli.commands.webhook.admin import admin_options, build_admin, take_bound_sockets
from connector.cli.commands.webhook.context import WebhookContext, inbox_options
from connector.cli.commands.webhook.handshake import OPTION, SecretFile
from connector.cli.context.config_file import LOG_FORMATS
from connector.cli.context.context import open_records
from connector.cli.groups import StrictCommand, global_options
from connector.cli.output import logs
from connector.cli.output.exit_codes import EXIT_DONE
from connector.cli.output.stdio import print_stderr
from connector.core import redaction
from connector.core.url_policy import is_loopback_host
from connector.errors import UsageError
from connector.runtime.webhooks import service_manager

if TYPE_CHECKING:
    from connector.core.webhook.event import Event
    from connector.runtime.webhooks.forwarders import JsonLinesForwarder
    from connector.runtime.webhooks.handlers import Handler
    from connector.runtime.webhooks.receiver import Receiver
    from connector.runtime.webhooks.verify import Secret

_HELP = """Receive the service's events until Ctrl-C, and forward each one: as a line of JSON on stdout, to a
command, or to a URL.

An event is stored before its sender gets a reply, and is forwarded at least once: attempts are repeated with growing
delays until the line is written, the command exits with 0, or the URL replies 2xx. Its key stays the same.
"""


@click.command("serve", cls=StrictCommand, help=_HELP)
@click.option("--host", default="127.0.0.1", metavar="HOST", help="The address to listen on (default: 127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, help="The port (default: 8080; 0: any free one).")
@click.option("--path", default="/", metavar="PATH", help="The path for events (default: /).")
@click.option(
    "--exec",
    "command",
    metavar="CMD",
    help="Run this command for each event, with JSON on stdin; exit code 0 means done.",
)
@click.option("--to", "url", metavar="URL", help="Post each event to this URL as JSON; 2xx means done.")
@click.option(
    "--event",
    "event_patterns",
    multiple=True,
    metavar="PATTERN",
    help="Forward only these events, such as 'meeting.*'; repeatable.",
)
@click.option(
    "--public-url", metavar="URL", help="The URL that the service sends to, where it is signed; without its query."
)
@click.option(
    OPTION,
    "secret_file",
    metavar="FILE",
    help="Take the secret that the service hands over unsigned, once, unless FILE has it; save it there.",
)
@click.option("--ordered", is_flag=True, help="Forward the events of one subject one after another.")
@click.option("--records", "keeps_records", is_flag=True, help="Keep what events tell of records in the local copy.")
@click.option("--account", metavar="NAME", help="The account whose records these are (default: as the events say).")
@click.option("--reveal", is_flag=True, help="Show secrets on stdout, such as download tokens.")
@admin_options
@click.option(
    "--log-format",
    type=click.Choice(LOG_FORMATS),
    help="Notes and log records on stderr: text (default), or json, one object a line.",
)
@inbox_options
@global_options
@click.pass_context
def serve_command(ctx: click.Context, /, host: str, port: int, path: str, **flags: Any) -> int:
    """Run a receiver."""
    context = WebhookContext(
        ctx,
        trigger=flags["trigger"],
        sandbox=flags["sandbox"],
        inbox=flags["inbox"],
        log_format=flags["log_format"],
    )
    logs.configure(context.settings.get("log_format").value)
    bound = take_bound_sockets(host)
    if context.sandbox and not is_loopback_host(bound.host):
        hint = "The sandbox's secret is public: use 127.0.0.1, or set your own secret."
        raise UsageError(f"With --sandbox, the receiver does not listen on {bound.host}.", hint=hint)
    forwarder = make_forwarder(context, flags["command"], flags["url"], reveal=flags["reveal"])
    handshake = SecretFile(context, flags["secret_file"]) if flags["secret_file"] else None
    secrets: Secret = context.read_secrets() if handshake is None else handshake.read()
    public_url = flags["public_url"]
    if context.sandbox and public_url is None:
        public_url = f"http://{host}:{port}{path}"
    receiver = _build_receiver(context, secrets, handshake, public_url, ordered=flags["ordered"])
    from connector.runtime.webhooks.forwarders import UrlForwarder, filter_events
    from connector.runtime.webhooks.server import serve

    if flags["keeps_records"]:
        receiver.on()(_open_event_keeper(ctx, context, flags["account"]))
    receiver.on()(filter_events(flags["event_patterns"], forwarder))
    logs.print_records("connector.webhook")

    def announce(url: str, admin_url: str = "") -> None:
        service_manager.notify("READY=1")
        if context.sandbox and flags["public_url"] is None:
            receiver.public_url = f"{url}{path}"  # with the port that was free
        if not context.quiet:
            print_stderr(_format_startup_message(context, f"{url}{path}", bound.host))
            if handshake is not None and not secrets:
                print_stderr(handshake.describe())
            if admin_url:
                print_stderr(f"Health and metrics are at {admin_url}: /healthz, /readyz and /metrics.")

    try:
        serve(
            receiver, host, port, path=path, sockets=bound.sockets, admin=build_admin(flags, bound), on_ready=announce
        )
    finally:
        receiver.inbox.close()
        if isinstance(forwarder, UrlForwarder):
            forwarder.close()
    return EXIT_DONE


def _build_receiver(
    context: WebhookContext, secrets: Secret, handshake: SecretFile | None, public_url: str | None, *, ordered: bool
) -> Receiver:
    from connector.runtime.webhooks.receiver import Receiver

    return Receiver(
        context.connector,
        secrets,
        inbox=context.inbox_url,
        save_secret=None if handshake is None else handshake.save,
        trigger=context.verifier.name,
        public_url=public_url,
        ordered=ordered,
    )


def make_forwarder(context: WebhookContext, command: str | None, url: str | None, *, reveal: bool) -> Handler:
    """Return the forwarder of events. Raises UsageError for two targets, or an invalid one."""
    from connector.runtime.webhooks.forwarders import CommandForwarder, JsonLinesForwarder, UrlForwarder

    if command is not None and url is not None:
        raise UsageError("--exec and --to cannot be combined.", hint="Remove one of them, or run two receivers.")
    if command is not None:
        try:
            return CommandForwarder(shlex.split(command))
        except ValueError as error:
            raise UsageError(f"--exec is not a valid command: {error}.", hint="Close every quote.") from None
    if url is not None:
        return UrlForwarder(url)
    return _StdoutForwarder(
        JsonLinesForwarder(sys.stdout, None if reveal else redaction.redactor_for(context.connector))
    )


def _open_event_keeper(ctx: click.Context, context: WebhookContext, account: str | None) -> Handler:
    """Return the handler that keeps records; its copy is closed with the command."""
    from connector.runtime.records.event_keeper import EventKeeper
    from connector.sandbox.sandbox import Sandbox

    own = Sandbox(context.connector).connection.name if context.sandbox else None
    records = open_records(context.connector, context.settings, sandbox=context.sandbox, account=account or own)
    return EventKeeper(ctx.with_resource(records), context.connector)


class _StdoutForwarder:
    """Writes lines to stdout; if the pipe breaks, the receiver stops and keeps its events."""

    def __init__(self, forwarder: JsonLinesForwarder) -> None:
        self._forwarder = forwarder

    def __call__(self, event: Event) -> None:
        try:
            self._forwarder(event)
        except BrokenPipeError:
            os.kill(os.getpid(), signal.SIGTERM)
            raise


def _find_event_name(context: WebhookContext) -> str:
    """Return the name of an event to try: one that a resource causes, else the first that is described."""
    emits = [resource.events for resource in context.connector.manifest.resources.values() if resource.events]
    caused = (name for emitted in emits for names in emitted.event_names_by_change.values() for name in names)
    return next(caused, None) or next(iter(context.connector.events), "EVENT")


def _format_startup_message(context: WebhookContext, url: str, host: str) -> str:
    """Return the message for when the receiver listens."""
    lines = [f"Receiving events of {context.label} at {url}. Press Ctrl-C to stop."]
    if context.sandbox:
        lines.append("Events are signed with the sandbox's public secret: use it on this machine only.")
        lines.append(f"Try it: {context.format_command('webhook', 'send', _find_event_name(context))} --to {url}")
    elif is_loopback_host(host):
        lines.append(
            f"{context.label} needs an https URL: forward a tunnel or a proxy to this receiver, and register its URL."
        )
    else:
        lines.append(f"{context.label} sends to https only: put a proxy with a certificate in front of it.")
    inbox_url = redaction.default_redactor().redact_url(context.inbox_url)
    lines.append(f"Events are stored in {inbox_url}; '{context.events_command}' lists them.")
    return "\n".join(lines)
