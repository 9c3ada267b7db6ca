"""Handlers that forward events: to a stream as JSON lines, to a command, to a URL.

All three send the same JSON: `trigger`, `event` (its name), `at`, `account`, `key` and `data`. An event may be sent
more than once, with the same key each time.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import os
import time
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.core import redaction
from connector.core.request.body import Body
from connector.core.request.builder import Request
from connector.core.request.credential import Credential
from connector.core.response.reply import Reply
from connector.core.url_policy import is_loopback_url
from connector.errors import ConnectorError, TransportError, UsageError
from connector.runtime.http.transport import load_transport
from connector.runtime.process.fork_safety import ForkSafeLock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TextIO

    from connector.core.redaction import Redactor
    from connector.core.response.reply import Failure
    from connector.core.webhook.event import Event
    from connector.runtime.webhooks.handlers import Handler

KEY_VARIABLE = "CONNECTOR_EVENT_KEY"
KEY_HEADER = "Idempotency-Key"
SEND_TIMEOUT = 30.0  # seconds for one request
_JSON = "application/json; charset=utf-8"


def event_payload(event: Event) -> dict[str, Any]:
    """Return an event as JSON data, with its whole body in `data`."""
    return {
        "trigger": event.trigger,
        "event": event.name,
        "at": event.at.isoformat() if event.at else None,
        "account": event.account,
        "key": event.key,
        "data": event.data,
    }


def redacted_payload(data: Any, redactor: Redactor) -> Any:
    """Return JSON data with secret fields, and secrets in URLs, replaced by ***."""
    if isinstance(data, dict):
        return {
            name: redaction.MASK
            if item not in (None, "") and redactor.is_secret_field(name, item)
            else redacted_payload(item, redactor)
            for name, item in data.items()
        }
    if isinstance(data, list):
        return [redacted_payload(item, redactor) for item in data]
    return redactor.redact_url(data) if isinstance(data, str) else data


def filter_events(patterns: Sequence[str], handler: Handler) -> Handler:
    """Wrap a handler so that it gets the events whose name matches a pattern; without patterns, all events."""
    if not patterns:
        return handler

    def is_match(event: Event) -> bool:
        return any(fnmatchcase(event.name, pattern) for pattern in patterns)

    async def forward_async(event: Event) -> None:
        if is_match(event):
            await handler(event)

    def forward(event: Event) -> None:
        if is_match(event):
            handler(event)

    is_async = inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(type(handler).__call__)
    return forward_async if is_async else forward


class JsonLinesForwarder:
    """Writes each event to a stream as a line of JSON and flushes it; `redactor` removes secrets."""

    def __init__(self, stream: TextIO, redactor: Redactor | None = None) -> None:
        self._stream, self._redactor = stream, redactor
        self._lock = ForkSafeLock()

    def __call__(self, event: Event) -> None:
        """Write a line. Raises OSError when the stream fails."""
        data = event_payload(event)
        line = json.dumps(data if self._redactor is None else redacted_payload(data, self._redactor))
        with self._lock:
            self._stream.write(f"{line}\n")
            self._stream.flush()


class CommandForwarder:
    """Runs a command for each event: JSON on standard input, the key in CONNECTOR_EVENT_KEY; exit code 0 is success.

    `args` are the program and its arguments, run without a shell. Raises UsageError when empty.
    """

    def __init__(self, args: Sequence[str]) -> None:
        if not args:
            raise UsageError("The command is empty.", hint="Give a program and its arguments.")
        self._args = list(args)

    async def __call__(self, event: Event) -> None:
        """Run the command to its end. Raises ConnectorError when it cannot start or its exit code is not 0."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._args,
                stdin=asyncio.subprocess.PIPE,
                env={**os.environ, KEY_VARIABLE: event.key},
                start_new_session=True,  # Ctrl-C stops the receiver only; the command may finish
            )
        except OSError as error:
            raise ConnectorError(f"{self._args[0]} cannot be run: {error.strerror}.") from None
        stdin = process.stdin
        assert stdin is not None  # it is a pipe
        try:
            # a command need not read its input: its exit code alone counts. uvloop tells a closed pipe as RuntimeError
            with contextlib.suppress(OSError, RuntimeError):
                stdin.write(json.dumps(event_payload(event)).encode())
                await stdin.drain()
                stdin.close()
            await process.wait()
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise
        if process.returncode:
            raise ConnectorError(f"{self._args[0]} ended with {process.returncode}.")


class UrlForwarder:
    """Posts each event to a URL as JSON, with its key in the header Idempotency-Key; any 2xx is success.

    Raises UsageError for a URL that is neither https nor http on this machine. Redirects are not followed. `http` is a
    transport of your own; else `close()` closes the connections.
    """

    def __init__(self, url: str, http: Any = None) -> None:
        self._url = check_forward_url(url)
        self._owns_http = http is None
        self._http = load_transport(http, asynchronous=False)

    def __call__(self, event: Event) -> None:
        """Post an event. Raises TransportError without a reply, ConnectorError for any status but 2xx."""
        request = post_request(self._url, json.dumps(event_payload(event)).encode(), {KEY_HEADER: event.key})
        reply_or_failure = self._http.send(request, Credential(""), time.monotonic() + SEND_TIMEOUT, None, None)
        require_success(self._url, reply_or_failure)

    def close(self) -> None:
        """Close the connections."""
        if self._owns_http:
            self._http.close()


def check_forward_url(url: str) -> str:
    """Return a URL that events may be sent to: https, or http on this machine. Raises UsageError."""
    hint = "Use https://HOST/PATH, or http:// on this machine (127.0.0.1)."
    display_url = redaction.default_redactor().redact_url(url)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise UsageError(f"{display_url} is not a URL.", hint=hint) from None
    if not host or parts.scheme not in ("http", "https"):
        raise UsageError(f"Events cannot be sent to {display_url}.", hint=hint)
    if parts.username is not None or parts.fragment or not url.isprintable() or " " in url:
        raise UsageError(f"{display_url} must have no user, # or spaces.", hint=hint)
    if parts.scheme == "http" and not is_loopback_url(url):
        raise UsageError(f"{display_url}: an event must not be sent unencrypted.", hint=hint)
    return url


def post_request(url: str, body: bytes, headers: Mapping[str, str]) -> Request:
    """Build the request that posts a JSON body to a URL."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    base_url = f"{parts.scheme}://{parts.netloc}"
    return Request("POST", path, headers=tuple(headers.items()), body=Body("binary", body, _JSON), base_url=base_url)


def require_success(url: str, reply_or_failure: Reply | Failure) -> Reply:
    """Return a reply with a 2xx status. Raises TransportError or ConnectorError, without the body."""
    display_url = redaction.default_redactor().redact_url(url)
    if not isinstance(reply_or_failure, Reply):
        raise TransportError(f"{display_url}: {reply_or_failure.message}.", kind=reply_or_failure.kind)
    if not HTTPStatus.OK <= reply_or_failure.status < HTTPStatus.MULTIPLE_CHOICES:
        raise ConnectorError(f"{display_url} answered {reply_or_failure.status}.")
    return reply_or_failure
