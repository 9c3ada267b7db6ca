"""`connector sandbox`: the stand-in service over HTTP on loopback; `sandbox reset` forgets its state."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any, Self

import click

from connector.cli.context.run_options import connector_of, settings
from connector.cli.groups import Command, kept, shared
from connector.cli.output import errors as failure
from connector.cli.output import printer as output

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from connector.definition.loader import Connector
    from connector.sandbox.events.emitter import Emitter

_HELP = """Serve a stand-in of the service on loopback until Ctrl-C, and print the base URL to give as --base-url.

It is built from the connector's definitions: it checks requests, keeps what is created, and misbehaves on request.
"""
_EVENTS = "\nEvents of what changes go to {url}, signed with the stand-in's secret."


class _Group(click.Group):
    """Serves when no word follows; options before `reset` are the server's own."""

    command_class = Command


@click.group("sandbox", cls=_Group, help=_HELP, invoke_without_command=True,
             context_settings={"help_option_names": ["-h", "--help"]})  # fmt: skip
@click.option("--host", default="127.0.0.1", metavar="HOST", help="The address to listen on (default: 127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port (default: 0, any that is free).")
@click.option("--fault", multiple=True, metavar="FAULT", help="Misbehave, such as 429:3 or drop-reply; repeatable.")
@click.option("--plan", metavar="PLAN", help="Keep the rates of this plan, and answer 429 to what is beyond them.")
@click.option("--events-to", metavar="URL", help="Send a signed event there for each change: https, or http here.")
@shared
@click.pass_context
def sandbox_command(
    context: click.Context, *, host: str, port: int, fault: tuple[str, ...], plan: str | None, events_to: str | None
) -> int | None:
    """Serve the stand-in service."""
    if context.invoked_subcommand is not None:
        return None
    from connector.sandbox.data.state import State
    from connector.sandbox.http.faults import parse
    from connector.sandbox.http_server import serve
    from connector.sandbox.sandbox import state_path
    from connector.sandbox.service import Service

    connector = connector_of(settings(context))
    emitter = emitter_to(connector, events_to)
    faults = tuple(parse(text) for text in fault)
    service = Service(connector, State(state_path(connector)), faults, emitter=emitter, plan=plan)
    with _Ended() as ended:
        server = serve(service, host, port)
        try:
            output.write_text(server.url)
            output.flush()
            if not kept(context, "quiet"):
                failure.say(
                    f"Sandbox: a stand-in for {connector.manifest.label}, at {server.url}. Ctrl-C ends it.\n"
                    f"Use it with --base-url {server.url}" + (_EVENTS.format(url=events_to) if emitter else "")
                )
            ended.wait()
        finally:
            server.shutdown()
            if emitter is not None:
                emitter.close()
    return failure.DONE


def emitter_to(connector: Connector, url: str | None) -> Emitter | None:
    """Return what sends events to a URL; None without one. Raises UsageError."""
    if url is None:
        return None
    from connector.sandbox.events.emitter import Emitter

    return Emitter(connector, url, say=failure.say)


@sandbox_command.command("reset", help="Forget everything that the stand-in service was told.")
@shared
@click.pass_context
def reset_command(context: click.Context) -> None:
    """Forget the state."""
    from connector.sandbox.data.state import State
    from connector.sandbox.sandbox import state_path

    connector = connector_of(settings(context))
    State(state_path(connector)).reset()
    if not kept(context, "quiet"):
        failure.say(f"Sandbox: the stand-in for {connector.manifest.label} is as new.")


class _Ended:
    """Waits for Ctrl-C or SIGTERM; gives the signals back afterwards."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._before: dict[int, Any] = {}

    def wait(self) -> None:
        """Wait for the end."""
        self._event.wait()

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._event.set()

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            handler: Callable[[int, FrameType | None], None] = self._end
            self._before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
