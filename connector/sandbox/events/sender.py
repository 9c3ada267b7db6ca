"""Sign and send events as the trigger describes."""

from __future__ import annotations

import base64
import json
import time
import uuid
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from connector.core.request.credential import Credential
from connector.core.webhook.signature import Challenge
from connector.definition.suggest import did_you_mean
from connector.errors import UsageError, WebhookError
from connector.runtime.clock import SystemClock
from connector.runtime.http.transport import load_transport
from connector.runtime.webhooks.forwarders import check_forward_url, post_request
from connector.runtime.webhooks.verify import verifier_for
from connector.sandbox.events.samples import EventSamples

if TYPE_CHECKING:
    from connector.core.response.reply import Failure, Reply
    from connector.definition.loader import Connector
    from connector.runtime.clock import Clock

SEND_TIMEOUT = 10.0  # seconds for one delivery
_PLACEHOLDER_SECRET = b"placeholder-secret-of-the-sandbox"


def get_sandbox_secret(connector: Connector, trigger: str | None = None) -> str:
    """Return the public placeholder secret that the sandbox signs with, in the trigger's format."""
    signature = verifier_for(connector, trigger).trigger.signature
    if signature.secret == "text":  # noqa: S105  an encoding
        return _PLACEHOLDER_SECRET.decode()
    return f"{signature.secret_prefix or ''}{base64.b64encode(_PLACEHOLDER_SECRET).decode()}"


class EventSender:
    """Signs and sends the events of a trigger to one URL.

    Raises UsageError for a URL that is neither https nor http on this machine, and for an invalid secret.
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
        self.url = check_forward_url(url)
        self.clock: Clock = clock or SystemClock()
        self._verifier = verifier_for(connector, trigger)
        self._verifier.decode_secret(secret)
        self._secret = secret
        self._http = http if http is not None else load_transport(None, asynchronous=False)
        self._owns_http = http is None

    def send(self, event_name: str, body: bytes, timestamp: float | None = None) -> Reply | Failure:
        """Send an event body, signed at `timestamp` (epoch seconds; default: now)."""
        request = post_request(self.url, body, self.build_headers(event_name, body, timestamp))
        reply_or_failure: Reply | Failure = self._http.send(
            request, Credential(""), time.monotonic() + SEND_TIMEOUT, None, None
        )
        return reply_or_failure

    def build_headers(self, event_name: str, body: bytes, timestamp: float | None = None) -> dict[str, str]:
        """Return the headers of a body, signature included."""
        signed_at = int(self.clock.time() if timestamp is None else timestamp)
        headers = self._verifier.sign(self._secret, signed_at, body, f"msg_{uuid.uuid4().hex}")
        location = self._verifier.trigger.event.name
        if location.startswith("header."):
            headers[location.removeprefix("header.")] = event_name
        return headers

    def find_challenge_reply(self, body: bytes) -> dict[str, str] | None:
        """Return the expected reply when a body is the service's challenge, else None."""
        now = self.clock.time()
        try:
            verified = self._verifier.verify([self._secret], self.build_headers("", body, now), body, now)
        except WebhookError:
            return None
        return verified.reply if isinstance(verified, Challenge) else None

    def close(self) -> None:
        """Close the connections."""
        if self._owns_http:
            self._http.close()


@lru_cache(maxsize=8)
def get_samples(connector: Connector, trigger: str | None = None) -> EventSamples:
    """Return the sample bodies of a trigger, built once. Raises DefinitionError, UsageError."""
    return EventSamples(connector, verifier_for(connector, trigger).trigger)


def dump_json(body: Any) -> bytes:
    """Encode a body as the bytes to sign and send."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def build_signed_delivery(
    connector: Connector, event: str, *, secret: str | None = None, now: float | None = None, count: int = 1
) -> tuple[dict[str, str], bytes]:
    """Return the headers and body of a signed event, to test a receiver with.

    `event` is a name in `connector.events`; `secret` is the sandbox's by default; `now` is in epoch seconds; another
    `count` gives another event. Raises UsageError for an unknown event.
    """
    event_kind = connector.events.get(event)
    if event_kind is None:
        raise UsageError(f"{connector.name} has no event {event!r}.{did_you_mean(event, connector.events)}")
    sender = EventSender(connector, "http://127.0.0.1/", secret or get_sandbox_secret(connector))
    try:
        timestamp = sender.clock.time() if now is None else now
        body = dump_json(get_samples(connector).build_body(event_kind, timestamp, count))
        return {**sender.build_headers(event, body, timestamp), "content-type": "application/json"}, body
    finally:
        sender.close()
