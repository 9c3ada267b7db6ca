"""The sandbox in process: a connection and an HTTP seam for a client, and no socket."""

from __future__ import annotations

import asyncio
import contextlib
import time
from email.encoders import encode_base64
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from platformdirs import user_state_path

from connector.core.request.body import opened
from connector.core.response.parser import Failure, Reply
from connector.errors import UsageError
from connector.runtime.http.transport import Source, SourceError, wire
from connector.sandbox.data.state import State
from connector.sandbox.events.emitter import Emitter
from connector.sandbox.http.faults import Fault, parse
from connector.sandbox.oauth.credentials import Visitor
from connector.sandbox.oauth.endpoints import IN_PROCESS
from connector.sandbox.service import Service

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from connector.core.exchange.exchange import Signed
    from connector.core.request.body import Part
    from connector.core.request.builder import Request
    from connector.definition.loader import Connector
    from connector.runtime.clock import Clock
    from connector.sandbox.data.issued_tokens import Terms
    from connector.sandbox.http.responses import Answer

_EVENTS_TIME = 10.0  # seconds


def state_path(connector: Connector) -> Path:
    """Return the file that a connector's sandbox remembers its things in, for this user."""
    return user_state_path("connector", appauthor=False) / "sandbox" / f"{connector.name}.json"


class Sandbox:
    """A stand-in service, ready to use: `Client(connector, box.connection, http=box.http)`, or AsyncClient.

    `path` is the file of its state (None: memory); `faults` are texts such as "429:3", or what `faults.parse` returns;
    `kind` is the kind of connection it plays, the plainest by default; `clock` is for tests; `terms` say how tokens
    are given; with a `plan` of the manifest its rates are kept. Events of what changes go to `events_to`, a URL (https,
    or http on this machine), signed with `sender.stand_in_secret(connector)`; `settle()` waits for them.
    """

    def __init__(
        self,
        connector: Connector,
        path: str | os.PathLike[str] | None = None,
        faults: Iterable[str | Fault] = (),
        *,
        kind: str | None = None,
        clock: Clock | None = None,
        terms: Terms | None = None,
        events_to: str | None = None,
        plan: str | None = None,
    ) -> None:
        armed = [parse(fault) if isinstance(fault, str) else fault for fault in faults]
        self.connector = connector
        self.state = State(None if path is None else Path(path))
        emitter = None if events_to is None else Emitter(connector, events_to, clock=clock)
        self.service = Service(connector, self.state, armed, clock, terms=terms, emitter=emitter, plan=plan)
        self.connection = Visitor(connector, kind)
        self.http = InProcess(self.service)

    def oauth(self, kind: str = "oauth2") -> dict[str, Any]:
        """Return the inputs of a connection that gets its tokens here, without a socket.

        `Connection(connector, kind, http=box.http, **box.oauth(kind))`; also for `begin_sign_in`. Raises UsageError
        for a kind that the connector has not.
        """
        return self.service.authority.inputs(kind, IN_PROCESS)

    def consent(self, url: str) -> str:
        """Consent where a sign-in sends its person, as a browser would; return the callback's URL.

        Raises UsageError for a URL that nobody is sent back from.
        """
        parts = urlsplit(url)
        answer = self.service.handle("GET", f"{parts.path}?{parts.query}", [], b"")
        back = dict(answer.headers).get("location")
        if back is None:
            hint = "Give the URL of a sign-in that began with the inputs of `oauth()`."
            raise UsageError("The sandbox sends nobody back from this URL.", hint=hint)
        return back

    def settle(self, timeout: float | None = None) -> bool:
        """Wait until the events of all changes were sent, or for so many seconds; return whether they were."""
        emitter = self.service.emitter
        return emitter is None or emitter.settle(timeout)

    def reset(self) -> None:
        """Forget everything: what was there from the start is there again."""
        self.state.reset()


class InProcess:
    """The seam to a service in the same process."""

    stand_in = True  # which has no rates that an account would have to keep to

    def __init__(self, service: Service) -> None:
        self._service = service

    def send(self, request: Request, token: Signed, until: float, sink: Any, stop: Any) -> Reply | Failure:
        """Hand one request to the service; `until` is the deadline by `time.monotonic`.

        Nobody waits for a slow answer: it is here at once, or it is lost when it would come after the deadline.
        Raises StoreError when the state cannot be kept.
        """
        if stop is not None and stop.is_set():
            return Failure("stopped", "the client was closed", sent="nothing", final=True)
        made = wire(request, token)
        headers, content = list(made.headers), made.content
        if request.body is not None and request.body.kind == "multipart":
            try:
                media, content = _multipart(request.body.value)
            except SourceError as error:
                return Failure("file", str(error), sent="nothing", final=True)
            headers.append(("Content-Type", media))
        headers.append(("Host", urlsplit(request.base).netloc))
        whole = request.may_leave or request.base in self._service.authority.endpoints.origins
        target = ("" if whole else self._service.base_path) + made.url.removeprefix(request.base)
        answer = self._service.handle(request.method, target, headers, content or b"")
        self._service.tell(answer)
        if answer.fate == "refused":
            return Failure("refused", "the connection was refused", sent="nothing")
        if answer.delay and time.monotonic() + answer.delay >= until:
            return Failure("read_timeout", "no reply in time")
        if answer.fate == "lost":
            return Failure("read", "the connection broke while the reply was awaited")
        return Reply(answer.status, answer.headers, answer.body) if sink is None else _poured(answer, sink)

    def close(self) -> None:
        """Wait a while for events that are under way; nothing else is open."""
        if self._service.emitter is not None:
            self._service.emitter.settle(_EVENTS_TIME)

    async def aclose(self) -> None:
        """Wait a while likewise."""
        await asyncio.to_thread(self.close)


def _poured(answer: Answer, sink: Any) -> Reply | Failure:
    """Let a sink take the body, if it wants this one."""
    headers, body = (*answer.headers, ("content-length", str(len(answer.body)))), answer.body
    try:
        if sink.takes(answer.status, headers):
            sink.write(body)
            body = b""
    except OSError as error:
        return Failure("file", f"what came could not be kept ({error.strerror or type(error).__name__})", final=True)
    return Reply(answer.status, headers, body)


def _multipart(parts: list[Part]) -> tuple[str, bytes]:
    """Put a multipart form together: its content type and its bytes."""
    form = MIMEMultipart("form-data")
    for part in parts:
        one = MIMEBase("application", "octet-stream")
        one.set_payload(_bytes(part.data))
        encode_base64(one)  # bytes stay what they are, whatever line ends they hold
        one.add_header("Content-Disposition", "form-data", **_names(part))
        form.attach(one)
    body = form.as_bytes().partition(b"\n\n")[2]
    return f'multipart/form-data; boundary="{form.get_boundary()}"', body


def _names(part: Part) -> dict[str, str]:
    return {"name": part.name} if part.file_name is None else {"name": part.name, "filename": part.file_name}


def _bytes(data: Any) -> bytes:
    """Read the data of a part, from its beginning. Raises SourceError."""
    if isinstance(data, str):
        return data.encode()
    file = opened(data)
    if not hasattr(file, "read"):
        return bytes(file)
    with contextlib.closing(file) if file is not data else contextlib.nullcontext():
        return Source(file).read()
