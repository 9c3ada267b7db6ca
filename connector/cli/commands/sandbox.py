"""`connector sandbox`: serve the sandbox over HTTP on loopback, or reset its state."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any, Self

import click

from connector.cli.context.context import CommandContext
from connector.cli.groups import StrictCommand, StrictGroup, global_options
from connector.cli.output import printer
from connector.cli.output.exit_codes import EXIT_DONE
from connector.cli.output.stdio import print_stderr

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from connector.definition.loader import Connector
    from connector.sandbox.events.emitter import EventEmitter

_HELP = """Serve a sandbox of the service on loopback until Ctrl-C, and print its URL for --base-url.

It is built from the connector's definitions: it checks requests, keeps state, and simulates faults.
"""
_EVENTS_NOTICE = "\nEvents are sent to {url}, signed with the sandbox's secret."


class _SandboxGroup(StrictGroup):
    """Serves without a subcommand; options before `reset` belong to the server."""

    command_class = StrictCommand


@click.group("sandbox", cls=_SandboxGroup, help=_HELP, invoke_without_command=True,
             context_settings={"help_option_names": ["-h", "--help"]})  # fmt: skip
@click.option("--host", default="127.0.0.1", metavar="HOST", help="The address to listen on (default: 127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port (default: 0, any free one).")
@click.option(
    "--allow-host",
    "allowed_hosts",
    multiple=True,
    metavar="NAME",
    help="Answer to this host name too, beside 127.0.0.1 and localhost; repeatable.",
)
@click.option(
    "--redirect-uri",
    "redirect_uris",
    multiple=True,
    metavar="URL",
    help="Send a sign-in back to this URL too, beside those on this machine; repeatable.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="FAULT",
    help="Simulate a fault, such as 429:3 or drop-reply; repeatable.",
)
@click.option("--plan", metavar="PLAN", help="Enforce the rate limits of this plan with 429 replies.")
@click.option("--webhook-url", metavar="URL", help="Send signed events to this URL: https, or http on loopback.")
@global_options
@click.pass_context
def sandbox_command(
    ctx: click.Context,
    /,
    *,
    host: str,
    port: int,
    faults: tuple[str, ...],
    plan: str | None,
    webhook_url: str | None,
    **names: tuple[str, ...],
) -> int | None:
    """Serve the sandbox."""
    if ctx.invoked_subcommand is not None:
        return None
    from connector.sandbox.data.state import SandboxState
    from connector.sandbox.http.faults import parse_fault
    from connector.sandbox.http_server import serve
    from connector.sandbox.sandbox import get_state_path
    from connector.sandbox.service import SandboxService

    context = CommandContext.from_click(ctx)
    connector = context.connector
    emitter = open_emitter(connector, webhook_url)
    parsed_faults = tuple(map(parse_fault, faults))
    service = SandboxService(
        connector, SandboxState(get_state_path(connector)), parsed_faults, emitter=emitter, plan=plan
    )
    with _SignalWaiter() as signal_waiter:
        server = serve(service, host, port, **names)
        try:
            printer.write_text(server.url)
            printer.flush()
            context.note(
                f"Sandbox: a simulated {connector.manifest.label} at {server.url}. Press Ctrl-C to stop.\n"
                f"Use it with --base-url {server.url}" + (_EVENTS_NOTICE.format(url=webhook_url) if emitter else "")
            )
            signal_waiter.wait()
        finally:
            server.shutdown()
            if emitter is not None:
                emitter.close()
    return EXIT_DONE


def open_emitter(connector: Connector, url: str | None) -> EventEmitter | None:
    """Return the sender of events to a URL, or None without one. Raises UsageError."""
    if url is None:
        return None
    from connector.sandbox.events.emitter import EventEmitter

    return EventEmitter(connector, url, on_failure=print_stderr)


@sandbox_command.command("reset", help="Clear the state of the sandbox.")
@global_options
@click.pass_context
def reset_command(ctx: click.Context) -> None:
    """Clear the state."""
    from connector.sandbox.data.state import SandboxState
    from connector.sandbox.sandbox import get_state_path

    context = CommandContext.from_click(ctx)
    SandboxState(get_state_path(context.connector)).reset()
    context.note(f"Sandbox: the state of the simulated {context.connector.manifest.label} was cleared.")


class _SignalWaiter:
    """Waits for Ctrl-C or SIGTERM; restores the signal handlers afterwards."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._previous_handlers: dict[int, Any] = {}

    def wait(self) -> None:
        """Wait for a signal."""
        self._event.wait()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._event.set()

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            handler: Callable[[int, FrameType | None], None] = self._on_signal
            self._previous_handlers = {
                number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)
            }
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous_handlers.items():
            signal.signal(number, handler)
