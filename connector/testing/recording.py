"""Record the requests and replies of a test in a HAR file, and replay them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from connector.errors import StoreError
from connector.runtime.clock import SystemClock
from connector.runtime.files.named_output import write_output
from connector.sandbox.oauth.credentials import SandboxConnection
from connector.testing.clock import ManualClock
from connector.testing.har_entry import build_har
from connector.testing.recording_transports import AsyncRecorder, Recorder, Replayer
from connector.testing.replay import Replay

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from connector.definition.loader import Connector
    from connector.runtime.auth.credentials import Credentials
    from connector.runtime.client.async_client import AsyncClient
    from connector.runtime.client.client import Client
    from connector.runtime.clock import Clock


class Recording:
    """The requests and replies of a test, in a HAR file: replayed, or with `record` sent and written.

    A replay answers each request by the first reply that was recorded for its method, path, query and body and has not
    been used; the host and the credential do not count. Any other request raises UsageError, which names the nearest.
    With `record`, `library` is the HTTP library or transport that sends; secrets are masked in the file, which is
    written by `close`, or at the end of a with block. Raises UsageError when there is no file to replay,
    DefinitionError for one that is no HAR.
    """

    def __init__(self, path: str | os.PathLike[str], *, record: bool = False, library: object = None) -> None:
        self.path = Path(path)
        self.is_recording = record
        self._entries: list[dict[str, Any]] = []
        self._library = library
        self._replay = None if record else Replay.read(self.path)
        self.clock: Clock = SystemClock() if self._replay is None else ManualClock(self._replay.started_at)

    @property
    def http(self) -> Any:
        """A transport for Client."""
        return Recorder(self._library, self._entries) if self._replay is None else Replayer(self._replay)

    @property
    def async_http(self) -> Any:
        """A transport for AsyncClient."""
        return AsyncRecorder(self._library, self._entries) if self._replay is None else Replayer(self._replay)

    def open_client(self, connector: Connector, connect: Callable[[], Credentials], **options: Any) -> Client:
        """Return a Client that is recorded or replayed; `connect` returns its connection and is called to record alone.

        A replay needs no connection, and its waits take no time.
        """
        from connector.runtime.client.client import Client

        return Client(connector, **self._complete_options(connector, connect, {"http": self.http, **options}))

    def open_async_client(
        self, connector: Connector, connect: Callable[[], Credentials], **options: Any
    ) -> AsyncClient:
        """Return an AsyncClient, as `open_client` does."""
        from connector.runtime.client.async_client import AsyncClient

        options = {"http": self.async_http, **options}
        return AsyncClient(connector, **self._complete_options(connector, connect, options))

    def _complete_options(
        self, connector: Connector, connect: Callable[[], Credentials], options: dict[str, Any]
    ) -> dict[str, Any]:
        connection = connect() if self.is_recording else SandboxConnection(connector)
        return {"connection": connection, "clock": self.clock, **options}

    @property
    def unused(self) -> list[str]:
        """The recorded requests that have not been replayed: method and URL."""
        return self._replay.list_unused() if self._replay is not None else []

    def close(self) -> None:
        """Write what was recorded. Raises StoreError."""
        if not self.is_recording:
            return
        content = json.dumps(build_har(self._entries), ensure_ascii=False, indent=2).encode()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_output(self.path, content + b"\n")
        except OSError as error:
            reason = error.strerror or type(error).__name__
            hint = "Make the folder writable, or record elsewhere."
            raise StoreError(f"{self.path} cannot be written: {reason}.", path=str(self.path), hint=hint) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Recording {self.path}: {'recorded' if self.is_recording else 'replayed'}>"
