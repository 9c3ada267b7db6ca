"""The connections of a server that wait for their clients, and which of them to give up under pressure.

Nobody has proved anything yet when a server holds a connection, half a head or half a body. So all of them together get
a number of connections and an amount of memory, and whoever has made it wait the longest pays for what is beyond that.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

Stage = Literal["head", "body", "answer"]  # what the client is to send, or to read
_Group = tuple[str, Stage]  # an address, and the stage
MAX_HELD_BYTES = 3 << 20  # bytes of all requests that are not complete, or wait for the one before them


class WaitingConnection(Protocol):
    """What a registry has to know of a connection."""

    peer: str

    def abort(self) -> None:
        """Close it at once."""


class ConnectionRegistry:
    """Keeps the number of connections, and what incomplete requests hold, below a limit; one event loop's.

    Those that wait at the same stage for the same address are one group, and the largest group makes room. So neither
    stalled bodies nor idle connections shut the others out.
    """

    def __init__(self, max_connections: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_connections, self._clock = max_connections, clock
        self._groups: dict[_Group, dict[WaitingConnection, float]] = {}  # since when they wait, the oldest first
        self._group_of: dict[WaitingConnection, _Group] = {}
        self._held: dict[WaitingConnection, int] = {}
        self._held_bytes = 0

    def start_waiting(self, connection: WaitingConnection, stage: Stage) -> None:
        """Note that it is the client's turn: it may be given up from now on."""
        group = (connection.peer, stage)
        if self._group_of.get(connection) != group:
            self.stop_waiting(connection)
            self._group_of[connection] = group
            self._groups.setdefault(group, {})[connection] = self._clock()

    def stop_waiting(self, connection: WaitingConnection) -> None:
        """Note that a request is complete: it will be answered."""
        group = self._group_of.pop(connection, None)
        if group is not None:
            self._groups[group].pop(connection)
            if not self._groups[group]:
                del self._groups[group]

    def forget(self, connection: WaitingConnection) -> None:
        """Forget a closed connection."""
        self.stop_waiting(connection)
        self._held_bytes -= self._held.pop(connection, 0)

    def hold(self, connection: WaitingConnection, size: int) -> None:
        """Set how many bytes a connection holds; above the limit, give up those that hold most for longest."""
        self._held_bytes += size - self._held.pop(connection, 0)
        if size:
            self._held[connection] = size
        if self._held_bytes > MAX_HELD_BYTES:
            for victim in self._list_holders():
                if self._held_bytes <= MAX_HELD_BYTES * 3 // 4:  # some room, so that not each piece is a reason to look
                    break
                self._give_up(victim)

    def make_room(self, count: int) -> None:
        """Give up a connection if there are more than the limit: the oldest of the largest group."""
        if count > self._max_connections and self._groups:
            largest = max(self._groups.values(), key=lambda group: (len(group), -next(iter(group.values()))))
            self._give_up(next(iter(largest)))

    def _list_holders(self) -> list[WaitingConnection]:
        """Return the waiting connections that hold something: first whose bytes took most memory for most time."""
        now = self._clock()
        costs = {
            connection: self._held[connection] * (now - since)
            for group in self._groups.values()
            for connection, since in group.items()
            if connection in self._held
        }
        return sorted(costs, key=lambda connection: costs[connection], reverse=True)

    def _give_up(self, connection: WaitingConnection) -> None:
        self.forget(connection)
        connection.abort()
