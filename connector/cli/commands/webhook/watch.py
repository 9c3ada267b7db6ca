"""`connector webhook watch`: poll what the service sends no events of, and forward each change as an event."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING, Any

import click

from connector.cli.calls.session import Session
from connector.cli.commands.webhook.context import WebhookContext, inbox_options
from connector.cli.commands.webhook.serve import make_forwarder
from connector.cli.context.context import open_records, store_option
from connector.cli.context.key_values import input_option, read_key_values
from connector.cli.context.run_options import RunOptions
from connector.cli.groups import StrictCommand, global_options
from connector.cli.output import logs
from connector.cli.output.counts import format_count
from connector.cli.output.exit_codes import EXIT_DONE, EXIT_REFUSED
from connector.errors import UsageError

if TYPE_CHECKING:
    from connector.runtime.sync.watcher import Watcher
    from connector.runtime.webhooks.inbox import Backlog

_HELP = """Read the lists of a trigger that is polled again and again until Ctrl-C, and forward what was added,
changed or deleted, as 'connector webhook serve' forwards events: as JSON lines, to a command, or to a URL.

What is there at the first reading is no news. What is read is kept in the copy of records ('connector records').
"""


@click.command("watch", cls=StrictCommand, help=_HELP)
@click.option("--exec", "command", metavar="CMD",
              help="Run this command for each event, with JSON on stdin; exit code 0 means done.")  # fmt: skip
@click.option("--to", "url", metavar="URL", help="Post each event to this URL as JSON; 2xx means done.")
@click.option("--event", "event_patterns", multiple=True, metavar="PATTERN",
              help="Forward only these events, such as 'orders.*'; repeatable.")  # fmt: skip
@input_option("An input of the lists that have it")
@click.option("--every", metavar="TIME", help="How long after a reading the next one begins, such as 10m.")
@click.option("--once", is_flag=True, help="Read once, deliver what is due, and end: for cron.")
@click.option("--no-poll", is_flag=True, help="Read nothing: forward what calls, syncs and webhooks of this copy tell.")
@click.option("--ordered", is_flag=True, help="Forward the events of one subject one after another.")
@click.option("--reveal", is_flag=True, help="Show secrets on stdout.")
@click.option("--connection", metavar="NAME", help="The connection to use.")
@store_option
@click.option("--base-url", metavar="URL", help="The base URL to send to: https, or http on loopback.")
@inbox_options
@global_options
@click.pass_context
def watch_command(ctx: click.Context, /, items: tuple[str, ...], **flags: Any) -> int:
    """Watch."""
    from connector.runtime.sync.watcher import Watcher, find_watch
    from connector.runtime.webhooks.forwarders import UrlForwarder, filter_events

    if flags["once"] and flags["every"]:
        raise UsageError("--once and --every cannot be combined.", hint="Remove one of them.")
    words = {name: flags[name] for name in ("connection", "store", "sandbox", "base_url")}
    options = RunOptions.from_flags(ctx, words)
    given = read_key_values(items)
    context = WebhookContext(
        ctx, trigger=flags["trigger"], sandbox=flags["sandbox"], inbox=flags["inbox"], find_verifier=find_watch
    )
    settings = options.load_settings(ctx, inbox=flags["inbox"])
    forwarder = make_forwarder(context, flags["command"], flags["url"], reveal=flags["reveal"])
    logs.print_records("connector.webhook")
    with (
        open_records(context.connector, settings, sandbox=context.sandbox) as records,
        Session(context.connector, settings, options, records=records) as session,
    ):
        watcher = Watcher(
            session.get_client(None), inbox=context.inbox_url, trigger=flags["trigger"], polls=not flags["no_poll"],
            given=given, every=flags["every"], ordered=flags["ordered"],
        )  # fmt: skip
        watcher.on()(filter_events(flags["event_patterns"], forwarder))
        try:
            if flags["once"]:
                return _tell_rest(asyncio.run(watcher.run_once()), session)
            watcher.poll()
            session.note(f"Watching {', '.join(watcher.resources)} of {context.label}. Press Ctrl-C to stop.")
            asyncio.run(_watch_until_stopped(watcher))
        finally:
            watcher.inbox.close()
            if isinstance(forwarder, UrlForwarder):
                forwarder.close()
    return EXIT_DONE


def _tell_rest(rest: Backlog, session: Session) -> int:
    """Tell what could not be delivered, and return the exit code."""
    if rest.dead:
        session.note(f"{format_count(rest.dead, 'event')} given up: connector webhook events --status dead")
    if rest.pending:
        session.note(f"{format_count(rest.pending, 'event')} not delivered yet; the next run tries those that are due.")
    return EXIT_REFUSED if rest.pending or rest.dead else EXIT_DONE


async def _watch_until_stopped(watcher: Watcher) -> None:
    """Watch until Ctrl-C or SIGTERM."""
    stop_event, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, RuntimeError):  # Windows, or a thread: Ctrl-C raises there
            loop.add_signal_handler(number, stop_event.set)
    async with watcher.lifespan():
        await stop_event.wait()
