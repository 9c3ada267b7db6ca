"""The in-process sandbox: a connection and a transport for a client, without a socket."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from platformdirs import user_state_path

from connector.core.response.reply import Failure, Reply
from connector.errors import UsageError
from connector.runtime.http.transport import UploadReadError, prepare_request
from connector.sandbox.data.state import SandboxState
from connector.sandbox.http.faults import Fault, parse_fault
from connector.sandbox.oauth.credentials import SandboxConnection
from connector.sandbox.oauth.endpoints import IN_PROCESS_ORIGIN
from connector.sandbox.service import SandboxService

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    from connector.core.request.builder import Request
    from connector.core.request.credential import Credential
    from connector.definition.loader import Connector
    from connector.runtime.client.async_client import AsyncClient
    from connector.runtime.client.client import Client
    from connector.runtime.clock import Clock
    from connector.sandbox.data.issued_tokens import TokenPolicy
    from connector.sandbox.events.emitter import EventEmitter
    from connector.sandbox.http.responses import SandboxResponse
    from connector.sandbox.request_log import ReceivedRequest

_EVENTS_TIMEOUT = 10.0  # seconds


def get_state_path(connector: Connector) -> Path:
    """Return the state file of a connector's sandbox, for this user."""
    return user_state_path("connector", appauthor=False) / "sandbox" / f"{connector.name}.json"


class Sandbox:
    """A sandbox for a client: `Client(connector, sandbox.connection, http=sandbox.http)`, or AsyncClient.

    `path` is its state file (None: memory); `faults` are texts such as "429:3", or results of `parse_fault`; `kind` is
    the connection type that it signs with (default: one that needs no sign-in); `clock` is for tests; `token_policy`
    says how tokens are issued; a `plan` of the manifest enforces its rate limits. Events of changes go to
    `webhook_url` (https, or http on this machine), signed with `get_sandbox_secret(connector)`; `wait_for_events()`
    waits for them. Raises UsageError for an invalid fault, plan, kind or URL.
    """

    def __init__(
        self,
        connector: Connector,
        path: str | os.PathLike[str] | None = None,
        faults: Iterable[str | Fault] = (),
        *,
        kind: str | None = None,
        clock: Clock | None = None,
        token_policy: TokenPolicy | None = None,
        webhook_url: str | None = None,
        plan: str | None = None,
    ) -> None:
        parsed_faults = [parse_fault(fault) if isinstance(fault, str) else fault for fault in faults]
        self.connector = connector
        self.state = SandboxState(None if path is None else Path(path))
        emitter = None if webhook_url is None else _open_emitter(connector, webhook_url, clock)
        self.service = SandboxService(
            connector, self.state, parsed_faults, clock, token_policy=token_policy, emitter=emitter, plan=plan
        )
        self.connection = SandboxConnection(connector, kind)
        self.http = InProcessTransport(self.service)

    def build_oauth_inputs(self, kind: str = "oauth2") -> dict[str, Any]:
        """Return the inputs of a connection that gets its tokens here, without a socket.

        `Connection(connector, kind, http=sandbox.http, **sandbox.build_oauth_inputs(kind))`; also for `begin_sign_in`.
        Raises UsageError for a kind that the connector does not have.
        """
        return self.service.authorization_server.build_connection_inputs(kind, IN_PROCESS_ORIGIN)

    def consent(self, url: str) -> str:
        """Consent at a sign-in URL, as a browser would; return the callback URL.

        Raises UsageError for a URL that does not redirect back.
        """
        parts = urlsplit(url)
        response = self.service.handle("GET", f"{parts.path}?{parts.query}", [], b"")
        callback_url = dict(response.headers).get("location")
        if callback_url is None:
            hint = "Use the URL of a sign-in that began with the inputs of build_oauth_inputs()."
            raise UsageError("The sandbox does not redirect back from this URL.", hint=hint)
        return callback_url

    def wait_for_events(self, timeout: float | None = None) -> bool:
        """Wait until all events are sent, for at most `timeout` seconds; return whether all were."""
        emitter = self.service.emitter
        return emitter is None or emitter.flush(timeout)

    @property
    def requests(self) -> list[ReceivedRequest]:
        """What was sent, in order: `method`, `path`, `query`, `headers`, `body`, `action`, `inputs` and `status`."""
        return self.service.request_log.to_list()

    @property
    def clock(self) -> Clock:
        """The clock that dates records and tokens, and delays slow replies."""
        return self.service.clock

    def reply(
        self,
        action_or_path: str,
        *,
        status: int = 200,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        times: int | None = 1,
    ) -> None:
        """Answer the next request (or `times`, or None for every one) of an action, or to a path, with this.

        A path is "/users/{userId}" or "DELETE /users/{userId}", below the base URL. `body` is JSON data, a text or
        bytes. Without one, the reply is the service's own error of this status, or the action's example ({} to a path).
        The state does not change. Raises InputError for an unknown action, UsageError.
        """
        self.service.canned_replies.add_reply(action_or_path, status=status, body=body, headers=headers, times=times)

    def drop_reply(self, action_or_path: str, *, times: int | None = 1) -> None:
        """Process the next request of an action, or to a path, but lose its reply. Raises as `reply`."""
        self.service.canned_replies.add_lost_reply(action_or_path, times)

    def add_fault(self, fault: str | Fault) -> None:
        """Add a fault such as "429:3", behind those that are left. Raises UsageError."""
        self.service.faults.add(parse_fault(fault) if isinstance(fault, str) else fault)

    def seed(self, resource: str, records: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Add records to a resource of the manifest; return them as the service shows them, with their ids.

        A record has any fields, may have its id, and has the id of its `parent` where the resource has one. Raises
        UsageError.
        """
        return self.service.seed(resource, records)

    def find_requests(self, action: str, /, **inputs: Any) -> list[ReceivedRequest]:
        """Return the requests of an action that have these inputs. Raises InputError, UsageError for unknown ones."""
        return self.service.request_log.find(action, inputs)

    def assert_called(self, action: str, /, **inputs: Any) -> None:
        """Raise AssertionError unless a request of an action has these inputs; it may have others."""
        __tracebackhide__ = True
        self.service.request_log.assert_called(action, inputs)

    def assert_not_called(self, action: str, /, **inputs: Any) -> None:
        """Raise AssertionError if a request of an action has these inputs."""
        __tracebackhide__ = True
        self.service.request_log.assert_not_called(action, inputs)

    def open_client(self, **options: Any) -> Client:
        """Return a Client of this sandbox; `options` are those of Client."""
        from connector.runtime.client.client import Client

        return Client(self.connector, **self._complete_options(options))

    def open_async_client(self, **options: Any) -> AsyncClient:
        """Return an AsyncClient of this sandbox; `options` are those of AsyncClient."""
        from connector.runtime.client.async_client import AsyncClient

        return AsyncClient(self.connector, **self._complete_options(options))

    def _complete_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        return {"connection": self.connection, "http": self.http, "clock": self.clock, **options}

    def reset(self) -> None:
        """Return to the initial records; forget the requests, the canned replies and the faults."""
        self.service.reset()


class InProcessTransport:
    """The transport to a sandbox service in the same process."""

    is_sandbox = True  # calls through it need no rate budget

    def __init__(self, service: SandboxService) -> None:
        self._service = service

    def send(
        self, request: Request, credential: Credential, deadline: float, sink: Any, cancel: Any
    ) -> Reply | Failure:
        """Pass one request to the service; `deadline` is a time of `time.monotonic`.

        A slow response returns at once, or is lost when its delay exceeds the deadline. Raises StoreError when the
        state cannot be read or saved.
        """
        if cancel is not None and cancel.is_set():
            return Failure("stopped", "the client was closed", sent="nothing", final=True)
        prepared = prepare_request(request, credential)
        headers, content = list(prepared.headers), prepared.content
        if request.body is not None and request.body.kind == "multipart":
            from connector.sandbox.http.multipart import encode_multipart

            try:
                content_type, content = encode_multipart(request.body.value)
            except UploadReadError as error:
                return Failure("file", str(error), sent="nothing", final=True)
            headers.append(("Content-Type", content_type))
        headers.append(("Host", urlsplit(request.base_url).netloc))
        has_full_path = request.keeps_url or request.base_url in self._service.authorization_server.endpoints.origins
        target = (
            "" if has_full_path else self._service.servers.find_path(request.base_url)
        ) + prepared.url.removeprefix(request.base_url)
        response = self._service.handle(request.method, target, headers, content or b"")
        self._service.emit_events(response)
        if response.delivery == "refused":
            return Failure("refused", "the connection was refused", sent="nothing")
        if response.delay and time.monotonic() + response.delay >= deadline:
            return Failure("read_timeout", "no reply in time")
        if response.delivery == "lost":
            return Failure("read", "the connection broke while the reply was awaited")
        if sink is not None:
            return write_to_sink(response, sink)
        return Reply(response.status, response.headers, response.body)

    def close(self) -> None:
        """Wait up to 10 seconds for queued events."""
        if self._service.emitter is not None:
            self._service.emitter.flush(_EVENTS_TIMEOUT)

    async def aclose(self) -> None:
        """Do as `close`, without blocking the event loop."""
        import asyncio

        await asyncio.to_thread(self.close)


def write_to_sink(response: SandboxResponse | Reply, sink: Any) -> Reply | Failure:
    """Write the body to a sink, if it accepts the response."""
    headers, body = (*response.headers, ("content-length", str(len(response.body)))), response.body
    try:
        if sink.accepts(response.status, headers):
            sink.write(body)
            body = b""
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return Failure("file", f"the response body could not be saved ({reason})", final=True)
    return Reply(response.status, headers, body)


def _open_emitter(connector: Connector, webhook_url: str, clock: Clock | None) -> EventEmitter:
    from connector.sandbox.events.emitter import EventEmitter

    return EventEmitter(connector, webhook_url, clock=clock)
