"""Send signed events for changes, after the response and in order.

The first of several failed deliveries is reported; a failure never affects the call that made the change.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from connector.core.json_path import get_at_path, set_at_path
from connector.definition.json_path import join_path, parse_path
from connector.errors import ConnectorError
from connector.runtime.process.fork_safety import ForkSafeLock
from connector.runtime.webhooks.forwarders import require_success
from connector.sandbox.events.samples import merge_subject
from connector.sandbox.events.sender import EventSender, get_samples, get_sandbox_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from connector.definition.loader import Connector
    from connector.runtime.clock import Clock
    from connector.sandbox.http.responses import ChangeEvent

_OLD_OBJECT_FIELD = "old_object"
_log = logging.getLogger("connector.sandbox")


class EventEmitter:
    """Sends the events of changes to a URL; calls `on_failure` when deliveries start to fail.

    Raises UsageError for a URL that is neither https nor http on this machine, and for a connector without a trigger.
    """

    def __init__(
        self,
        connector: Connector,
        url: str,
        *,
        on_failure: Callable[[str], None] = _log.warning,
        http: Any = None,
        clock: Clock | None = None,
    ) -> None:
        self._sender = EventSender(connector, url, get_sandbox_secrets(connector), http=http, clock=clock)
        self._connector, self._on_failure = connector, on_failure
        self._queue: deque[ChangeEvent] = deque()
        self._lock = ForkSafeLock()
        self._thread: threading.Thread | None = None
        self._event_count = 0
        self._is_failing = False

    def enqueue(self, changes: Iterable[ChangeEvent]) -> None:
        """Queue the events of changes; a background thread sends them in order."""
        with self._lock:
            self._queue.extend(changes)
            if self._queue and self._thread is None:
                self._thread = threading.Thread(target=self._send_all, name="connector-sandbox-events", daemon=True)
                self._thread.start()

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until every event is sent, for at most `timeout` seconds; return whether all were."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout)
        return not self._queue and (thread is None or not thread.is_alive())

    def close(self, timeout: float | None = 10.0) -> None:
        """Wait for queued events, for at most `timeout` seconds, then close the connections."""
        if self.flush(timeout):
            self._sender.close()

    def build_body(self, change: ChangeEvent) -> dict[str, Any]:
        """Build the body of an event: a sample with the record's values. Raises DefinitionError, KeyError."""
        event_kind = self._connector.events[change.event]
        self._event_count += 1
        samples = get_samples(self._connector)
        event_body = sample = samples.build_body(event_kind, self._sender.clock.time(), self._event_count)
        location = next(iter(self._connector.manifest.webhooks.values())).event.object or "."
        event_body = _insert_subject(event_kind.body, event_body, location, change.subject)
        old_location = join_path(*parse_path(location)[:-1], _OLD_OBJECT_FIELD)
        if change.before is not None:
            event_body = _insert_subject(event_kind.body, event_body, old_location, change.before)
        return samples.copy_envelope(sample, event_body)

    def _send_all(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._thread = None
                    return
                change = self._queue.popleft()
            self._send(change)

    def _send(self, change: ChangeEvent) -> None:
        try:
            reply_or_failure = self._sender.send(change.event, self.build_body(change))
            require_success(self._sender.url, reply_or_failure)
        except ConnectorError as error:
            self._report_failure(change.event, str(error))
        except KeyError:
            self._report_failure(change.event, f"{self._connector.name} has no such event.")
        else:
            self._is_failing = False

    def _report_failure(self, event: str, reason: str) -> None:
        if not self._is_failing:
            self._is_failing = True
            self._on_failure(f"Sandbox: {event} was not delivered: {reason} The sandbox does not retry events.")


def _insert_subject(
    body_types: Any, event_body: dict[str, Any], location: str, subject: dict[str, Any]
) -> dict[str, Any]:
    """Put a record at a location of an event body, if the event has it."""
    subject_types = get_at_path(body_types, location)
    if subject_types is None:
        return event_body
    merged: dict[str, Any] = set_at_path(
        event_body, location, merge_subject(subject_types, get_at_path(event_body, location), subject)
    )
    return merged
