"""What the sandbox tells of its changes: events, signed as the service's, sent after the answer in the order they came.

A delivery that fails is said once, until one arrives again; it never reaches the call that made the change.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from connector.core.json_path import dig, placed
from connector.errors import ConnectorError
from connector.runtime.webhooks.forwarders import accepted
from connector.sandbox.events.samples import laid
from connector.sandbox.events.sender import Sender, samples_of, stand_in_secret, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from connector.definition.loader import Connector
    from connector.runtime.clock import Clock
    from connector.sandbox.http.responses import Happening

_OLD = "old_object"
_log = logging.getLogger("connector.sandbox")


class Emitter:
    """Sends the events of a sandbox's changes to a URL; `say` is told, once, when they do not arrive.

    Raises UsageError for a URL that is neither https nor http on this machine, and for a connector without a trigger.
    """

    def __init__(
        self,
        connector: Connector,
        url: str,
        *,
        say: Callable[[str], None] = _log.warning,
        http: Any = None,
        clock: Clock | None = None,
    ) -> None:
        self._sender = Sender(connector, url, stand_in_secret(connector), http=http, clock=clock)
        self._connector, self._say = connector, say
        self._waiting: deque[Happening] = deque()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._count = 0
        self._lost = False

    def tell(self, happenings: Iterable[Happening]) -> None:
        """Send the events of changes, from a thread of its own, after those that wait already."""
        with self._lock:
            self._waiting.extend(happenings)
            if self._waiting and self._thread is None:
                self._thread = threading.Thread(target=self._send_all, name="connector-sandbox-events", daemon=True)
                self._thread.start()

    def settle(self, timeout: float | None = None) -> bool:
        """Wait until every event was sent, or for so many seconds; return whether all were."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout)
        return not self._waiting and (thread is None or not thread.is_alive())

    def close(self, timeout: float | None = 10.0) -> None:
        """Wait for what is under way, and close the connections."""
        if self.settle(timeout):
            self._sender.close()

    def body(self, happening: Happening) -> dict[str, Any]:
        """Return the body of an event: a sample with the thing's own values in it. Raises DefinitionError, KeyError."""
        kind = self._connector.events[happening.event]
        self._count += 1
        made = samples_of(self._connector).body(kind, self._sender.clock.time(), self._count)
        place = next(iter(self._connector.manifest.triggers.values())).event.object or "."
        made = _with(kind.body, made, place, happening.about)
        around, dot, _ = place.rpartition(".")
        old = f"{around}{dot}{_OLD}"
        if happening.before is not None:
            made = _with(kind.body, made, old, happening.before)
        return made

    def _send_all(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                happening = self._waiting.popleft()
            self._send(happening)

    def _send(self, happening: Happening) -> None:
        try:
            got = self._sender.send(happening.event, written(self.body(happening)))
            accepted(self._sender.url, got)
        except ConnectorError as error:
            self._fail(happening.event, str(error))
        except KeyError:
            self._fail(happening.event, f"{self._connector.name} has no such event.")
        else:
            self._lost = False

    def _fail(self, event: str, reason: str) -> None:
        if not self._lost:
            self._lost = True
            self._say(f"Sandbox: {event} was not delivered: {reason} The sandbox goes on; it sends an event once.")


def _with(body: Any, made: dict[str, Any], place: str, thing: dict[str, Any]) -> dict[str, Any]:
    """Return a body with a thing where it stands, if the event has that place."""
    shape = dig(body, place)
    if shape is None:
        return made
    found: dict[str, Any] = placed(made, place, laid(shape, dig(made, place), thing))
    return found
