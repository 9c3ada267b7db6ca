"""The transports of a recording: they send and write down, or replay."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connector.core.response.reply import Failure, Reply
from connector.runtime.http.transport import load_transport
from connector.sandbox.sandbox import write_to_sink
from connector.testing.har_entry import build_har_entry

if TYPE_CHECKING:
    from connector.core.request.builder import Request
    from connector.core.request.credential import Credential
    from connector.testing.replay import Replay


class Recorder:
    """A transport for threads that writes down what it sends and receives.

    `library` is the name of an HTTP library, whose connections are closed after each request, or a transport.
    """

    def __init__(self, library: object, entries: list[dict[str, Any]]) -> None:
        self._library = library
        self._entries = entries

    def send(
        self, request: Request, credential: Credential, deadline: float, sink: Any, cancel: Any
    ) -> Reply | Failure:
        """Send a request, and write it down with its reply."""
        transport = load_transport(self._library, asynchronous=False)
        started_at, tee = time.time(), _SinkTee.wrap(sink)
        try:
            outcome: Reply | Failure = transport.send(request, credential, deadline, tee, cancel)
        finally:
            if transport is not self._library:
                transport.close()
        whole, times = _restore_body(outcome, tee), (started_at, time.time())
        self._entries.append(build_har_entry(request, credential, whole, times))
        return outcome


class AsyncRecorder:
    """A transport for tasks, as Recorder is for threads."""

    def __init__(self, library: object, entries: list[dict[str, Any]]) -> None:
        self._library = library
        self._entries = entries

    async def send(
        self, request: Request, credential: Credential, deadline: float, sink: Any, cancel: Any
    ) -> Reply | Failure:
        """Send a request, and write it down with its reply."""
        transport = load_transport(self._library, asynchronous=True)
        started_at, tee = time.time(), _SinkTee.wrap(sink)
        try:
            pending = transport.send(request, credential, deadline, tee, cancel)
            outcome: Reply | Failure = await pending if hasattr(pending, "__await__") else pending
        finally:
            if transport is not self._library:
                await transport.aclose()
        whole, times = _restore_body(outcome, tee), (started_at, time.time())
        self._entries.append(build_har_entry(request, credential, whole, times))
        return outcome


class Replayer:
    """A transport for threads and tasks that answers from a recording."""

    is_sandbox = True  # calls through it need no rate budget

    def __init__(self, replay: Replay) -> None:
        self._replay = replay

    def send(
        self,
        request: Request,
        credential: Credential,  # noqa: ARG002  the signature of a transport
        deadline: float,  # noqa: ARG002
        sink: Any,
        cancel: Any,
    ) -> Reply | Failure:
        """Return the recorded reply. Raises UsageError for a request that was not recorded."""
        if cancel is not None and cancel.is_set():
            return Failure("stopped", "the client was closed", sent="nothing", final=True)
        outcome = self._replay.take(request)
        return write_to_sink(outcome, sink) if sink is not None and isinstance(outcome, Reply) else outcome


class _SinkTee:
    """A sink that keeps what it passes on."""

    def __init__(self, sink: Any) -> None:
        self._sink = sink
        self.content = bytearray()

    @classmethod
    def wrap(cls, sink: Any) -> _SinkTee | None:
        return None if sink is None else cls(sink)

    def write(self, chunk: bytes) -> None:
        """Take the next bytes of the body."""
        self._sink.write(chunk)
        self.content += chunk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sink, name)


def _restore_body(outcome: Reply | Failure, tee: _SinkTee | None) -> Reply | Failure:
    """Return a reply with the body that a sink took."""
    if isinstance(outcome, Reply) and tee is not None and tee.content:
        return replace(outcome, body=bytes(tee.content))
    return outcome
