"""Sign and send events as the trigger describes."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from connector.core.request.credential import Credential
from connector.definition.json_path import HEADER, parse_reply_path
from connector.definition.suggest import did_you_mean
from connector.errors import UsageError, WebhookError
from connector.runtime.clock import SystemClock
from connector.runtime.http.transport import load_transport
from connector.runtime.webhooks.forwarders import check_forward_url, post_request
from connector.runtime.webhooks.verify import verifier_for
from connector.sandbox.events.samples import EventSamples, format_event_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.core.response.reply import Failure, Reply
    from connector.core.webhook.signature import Challenge, Event
    from connector.definition.loader import Connector
    from connector.runtime.clock import Clock

SEND_TIMEOUT = 10.0  # seconds for one delivery
_SANDBOX_ACCOUNT = "account-of-the-sandbox"  # where a header says the account
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
        seed: str | None = None,
    ) -> None:
        self.url = check_forward_url(url)
        self.clock: Clock = clock or SystemClock()
        self._verifier = verifier_for(connector, trigger)
        self._verifier.decode_secret(secret)
        self._secret, self._seed = secret, seed
        self._http = http if http is not None else load_transport(None, asynchronous=False)
        self._owns_http = http is None

    def send(self, event_name: str, body: bytes, timestamp: float | None = None) -> Reply | Failure:
        """Send an event body, signed at `timestamp` (epoch seconds; default: now)."""
        return self.post(self.build_headers(event_name, body, timestamp), body)

    def post(self, headers: Mapping[str, str], body: bytes) -> Reply | Failure:
        """Send a delivery as it is."""
        request = post_request(self.url, body, headers)
        reply_or_failure: Reply | Failure = self._http.send(
            request, Credential(""), time.monotonic() + SEND_TIMEOUT, None, None
        )
        return reply_or_failure

    def build_headers(self, event_name: str, body: bytes, timestamp: float | None = None) -> dict[str, str]:
        """Return the headers of a body, signature included: all that the trigger reads.

        The delivery's id is a new one each time; with a seed it is the same for the same event.
        """
        signed_at = self.clock.time() if timestamp is None else timestamp
        basis = os.urandom(16) if self._seed is None else f"{self._seed} {event_name} ".encode() + body
        delivery_id = f"msg_{hashlib.blake2b(basis, digest_size=16).hexdigest()}"
        headers = self._verifier.sign(self._secret, int(signed_at), body, delivery_id)
        for name, value in self._list_event_headers(event_name, signed_at, delivery_id):
            if name.lower() not in map(str.lower, headers):
                headers[name] = value
        return headers

    def _list_event_headers(self, event_name: str, signed_at: float, delivery_id: str) -> Iterator[tuple[str, str]]:
        """Yield the headers that the trigger reads an event from."""
        trigger = self._verifier.trigger
        fields = trigger.event
        ids = [(path, delivery_id) for path in (*trigger.identity.id, *trigger.subject_paths)]
        sent_at = str(format_event_time(fields.unit, signed_at))
        for path, value in (
            (fields.name, event_name), (fields.at, sent_at), (fields.account, _SANDBOX_ACCOUNT), *ids,
        ):  # fmt: skip
            if path is not None and parse_reply_path(path).header is not None:
                yield path.removeprefix(f"{HEADER}."), value

    def read(self, headers: Mapping[str, str], body: bytes, timestamp: float | None = None) -> Event | Challenge | None:
        """Return what a receiver reads from a delivery; None for what it refuses."""
        try:
            now = self.clock.time() if timestamp is None else timestamp
            return self._verifier.verify([self._secret], headers, body, now)
        except WebhookError:
            return None

    def close(self) -> None:
        """Close the connections."""
        if self._owns_http:
            self._http.close()


@lru_cache(maxsize=8)
def get_samples(connector: Connector, trigger: str | None = None, seed: str | None = None) -> EventSamples:
    """Return the sample bodies of a trigger, built once. Raises DefinitionError, UsageError."""
    return EventSamples(connector, verifier_for(connector, trigger).trigger, seed)


def dump_json(body: Any) -> bytes:
    """Encode a body as the bytes to sign and send."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def build_signed_delivery(
    connector: Connector,
    event: str,
    *,
    secret: str | None = None,
    now: float | None = None,
    count: int = 1,
    seed: str | None = None,
) -> tuple[dict[str, str], bytes]:
    """Return the headers and body of a signed event, to test a receiver with.

    `event` is a name in `connector.events`; `secret` is the sandbox's by default; `now` is in epoch seconds; another
    `count` gives another event, as does another process unless it has the same `seed`. Raises UsageError for an unknown
    event.
    """
    event_kind = connector.events.get(event)
    if event_kind is None:
        raise UsageError(f"{connector.name} has no event {event!r}.{did_you_mean(event, connector.events)}")
    sender = EventSender(connector, "http://127.0.0.1/", secret or get_sandbox_secret(connector), seed=seed)
    try:
        timestamp = sender.clock.time() if now is None else now
        body = dump_json(get_samples(connector, seed=seed).build_body(event_kind, timestamp, count))
        return {**sender.build_headers(event, body, timestamp), "content-type": "application/json"}, body
    finally:
        sender.close()
