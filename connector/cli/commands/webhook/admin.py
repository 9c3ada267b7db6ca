"""Where a receiver listens beside its port: sockets of the service manager, and an address for health and metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from connector.core.durations import parse_duration
from connector.errors import UsageError
from connector.first_use import dataclass
from connector.runtime.webhooks import service_manager

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from connector.runtime.webhooks.server import Admin

_ADMIN_NAME = "admin"  # FileDescriptorName= of the socket for health and metrics


@dataclass(frozen=True, slots=True)
class BoundSockets:
    """The address that a receiver listens on, and the sockets that the service manager has opened for it."""

    host: str
    sockets: tuple[socket.socket, ...] = ()
    admin: socket.socket | None = None


def take_bound_sockets(host: str) -> BoundSockets:
    """Return the sockets of the service manager, whose address counts instead of `host`. Raises UsageError."""
    passed = service_manager.take_sockets()
    public = tuple(one for name, one in passed if name != _ADMIN_NAME)
    admin = [one for name, one in passed if name == _ADMIN_NAME]
    if passed and not public:
        hint = f"Only the socket for health and metrics has FileDescriptorName={_ADMIN_NAME}."
        raise UsageError("The service manager passed no socket for deliveries.", hint=hint)
    addresses = [one.getsockname() for one in public]
    hosts = [address[0] if isinstance(address, tuple) else "localhost" for address in addresses]
    exposed = next((one for one in hosts if one not in ("127.0.0.1", "::1", "localhost")), None)
    return BoundSockets(exposed or next(iter(hosts), host), public, next(iter(admin), None))


def build_admin(flags: dict[str, Any], bound: BoundSockets) -> Admin | None:
    """Return where health and metrics are served, or None. Raises UsageError for limits without an address."""
    from connector.runtime.webhooks.admin.health import ReadinessLimits
    from connector.runtime.webhooks.server import Admin

    address = bound.admin or flags["admin"]
    max_waiting, max_lateness = flags["ready_max_waiting"], flags["ready_max_lateness"]
    if address is None:
        if max_waiting is not None or max_lateness is not None:
            hint = "Add --admin 127.0.0.1:9090, or remove these options."
            raise UsageError("--ready-max-waiting and --ready-max-lateness need --admin.", hint=hint)
        return None
    given = {
        "max_waiting": max_waiting,
        "max_lateness": None if max_lateness is None else _parse_lateness(max_lateness),
    }
    return Admin(address, ReadinessLimits(**{name: value for name, value in given.items() if value is not None}))


def _parse_lateness(text: str) -> float:
    seconds = parse_duration(text)
    if not seconds or seconds < 1:
        raise UsageError(f"--ready-max-lateness is {text!r}.", hint="Use 1s or more, such as 30s, 10m or 2h.")
    return seconds


def admin_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --admin and the limits of readiness."""
    for option in (
        click.option(
            "--ready-max-lateness",
            metavar="TIME",
            help="/readyz answers 503 when an event is due for longer (default: 10m).",
        ),
        click.option(
            "--ready-max-waiting",
            type=click.IntRange(min=1),
            metavar="N",
            help="/readyz answers 503 when more events wait to be delivered (default: 10000).",
        ),
        click.option(
            "--admin",
            metavar="HOST:PORT",
            help="Serve /healthz, /readyz and /metrics there, such as 127.0.0.1:9090; not for the public.",
        ),
    ):
        command = option(command)
    return command
