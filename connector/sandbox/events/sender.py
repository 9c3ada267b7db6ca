"""Sends events as the service does: a body of JSON, signed as the trigger says."""

from __future__ import annotations

import base64
import json
import time
import uuid
from typing import TYPE_CHECKING, Any

from connector.core.exchange.exchange import Signed
from connector.core.webhook.signature import Challenge
from connector.definition.suggest import did_you_mean
from connector.errors import UsageError, WebhookError
from connector.runtime.clock import SystemClock
from connector.runtime.http.transport import choose
from connector.runtime.webhooks.forwarders import posting, sendable
from connector.runtime.webhooks.verify import scheme_of
from connector.sandbox.events.samples import Samples

if TYPE_CHECKING:
    from connector.core.response.parser import Failure, Reply
    from connector.definition.loader import Connector
    from connector.runtime.clock import Clock

SEND_TIMEOUT = 10.0  # seconds for one delivery
_STAND_IN = b"stand-in-secret-of-the-sandbox"


def stand_in_secret(connector: Connector, trigger: str | None = None) -> str:
    """Return the secret that the sandbox signs with, in the form of a trigger's own; it is no secret."""
    signature = scheme_of(connector, trigger).trigger.signature
    if signature.secret == "text":  # noqa: S105  how it is written
        return _STAND_IN.decode()
    return f"{signature.secret_prefix or ''}{base64.b64encode(_STAND_IN).decode()}"


class Sender:
    """Signs and sends the events of a trigger to one URL.

    Raises UsageError for a URL that is neither https nor http on this machine, and for a secret that cannot be one.
    """

    def __init__(
        self,
        connector: Connector,
        url: str,
        secret: str,
        *,
        trigger: str | None = None,
        http: Any = None,
        clock: Clock | None = None,
    ) -> None:
        self.url = sendable(url)
        self.clock: Clock = clock or SystemClock()
        self._scheme = scheme_of(connector, trigger)
        self._scheme.secret(secret)
        self._secret = secret
        self._http = http if http is not None else choose(None, asynchronous=False)
        self._owns_http = http is None

    def send(self, name: str, body: bytes, at: float | None = None) -> Reply | Failure:
        """Send a body that brings an event of this name, signed at a time (epoch seconds; default: now)."""
        request = posting(self.url, body, self.signed(name, body, at))
        found: Reply | Failure = self._http.send(request, Signed(""), time.monotonic() + SEND_TIMEOUT, None, None)
        return found

    def signed(self, name: str, body: bytes, at: float | None = None) -> dict[str, str]:
        """Return the headers that a body is sent with."""
        signed_at = int(self.clock.time() if at is None else at)
        headers = self._scheme.sign(self._secret, signed_at, body, f"msg_{uuid.uuid4().hex}")
        place = self._scheme.trigger.event.name
        if place.startswith("header."):
            headers[place.removeprefix("header.")] = name
        return headers

    def challenge(self, body: bytes) -> dict[str, str] | None:
        """Return what a body wants to be answered with when it is the service's challenge; else None."""
        now = self.clock.time()
        try:
            found = self._scheme.verify([self._secret], self.signed("", body, now), body, now)
        except WebhookError:
            return None
        return found.reply if isinstance(found, Challenge) else None

    def close(self) -> None:
        """Close the connections."""
        if self._owns_http:
            self._http.close()


def samples_of(connector: Connector, trigger: str | None = None) -> Samples:
    """Return what makes the bodies of a trigger's events, made once. Raises DefinitionError, UsageError."""
    scheme = scheme_of(connector, trigger)
    made: Samples | None = connector.compiled.get(f"samples:{scheme.name}")
    if made is None:
        made = connector.compiled[f"samples:{scheme.name}"] = Samples(connector, scheme.trigger)
    return made


def written(body: Any) -> bytes:
    """Return a body as the bytes that are signed and sent."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def delivery(
    connector: Connector, event: str, *, secret: str | None = None, now: float | None = None, count: int = 1
) -> tuple[dict[str, str], bytes]:
    """Return headers and body of a signed event, to test a receiver with; another `count` is another event.

    `event` is a name of `connector.events`; `secret` the stand-in's by default; `now` epoch seconds. Raises UsageError
    for an event that the connector does not have.
    """
    kind = connector.events.get(event)
    if kind is None:
        raise UsageError(f"{connector.name} has no event {event!r}.{did_you_mean(event, connector.events)}")
    sender = Sender(connector, "http://127.0.0.1/", secret or stand_in_secret(connector))
    try:
        at = sender.clock.time() if now is None else now
        body = written(samples_of(connector).body(kind, at, count))
        return {**sender.signed(event, body, at), "content-type": "application/json"}, body
    finally:
        sender.close()
