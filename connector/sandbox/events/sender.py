"""Sign and send events as the trigger describes."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from connector.core.json_path import set_at_path
from connector.core.request.credential import Credential
from connector.core.webhook.body import dump_json
from connector.core.webhook.delivery import Delivery, add_query
from connector.core.webhook.times import format_time
from connector.definition.json_path import HEADER, parse_reply_path
from connector.definition.suggest import did_you_mean
from connector.errors import UsageError, WebhookError
from connector.first_use import dataclass
from connector.runtime.clock import SystemClock
from connector.runtime.http.transport import load_transport
from connector.runtime.webhooks.forwarders import check_forward_url, post_request
from connector.runtime.webhooks.verify import verifier_for
from connector.sandbox.events import keys
from connector.sandbox.events.samples import EventSamples

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.core.response.reply import Failure, Reply
    from connector.core.webhook.event import Challenge, Event
    from connector.definition.loader import Connector
    from connector.definition.trigger import ChallengeFormat
    from connector.runtime.clock import Clock

SEND_TIMEOUT = 10.0  # seconds for one delivery
_SANDBOX_ACCOUNT = "account-of-the-sandbox"  # where a header says the account


@dataclass(frozen=True, slots=True)
class SignedDelivery:
    """A request as the service sends it."""

    url: str
    headers: dict[str, str]
    body: bytes
    method: str = "POST"


def get_sandbox_secret(connector: Connector, trigger: str | None = None) -> str:
    """Return the public placeholder secret that the sandbox signs with, in the trigger's format.

    Where the service signs with a private key, it is the public key that belongs to the sandbox's.
    """
    return keys.get_secret(verifier_for(connector, trigger).trigger)


def get_sandbox_secrets(connector: Connector, trigger: str | None = None) -> dict[str, str]:
    """Return the placeholder secrets of the sandbox by input, for a trigger whose challenge has one of its own too."""
    verifier = verifier_for(connector, trigger)
    secrets = dict.fromkeys(verifier.trigger.key_inputs, keys.PLACEHOLDER)
    return {**secrets, verifier.key_name: get_sandbox_secret(connector, trigger)}


class EventSender:
    """Signs and sends the events of a trigger to one URL.

    Raises UsageError for a URL that is neither https nor http on this machine, for an invalid secret, and where only
    the service can sign: with a public key that is not the sandbox's.
    """

    def __init__(
        self,
        connector: Connector,
        url: str,
        secret: str | Mapping[str, str],
        *,
        trigger: str | None = None,
        http: Any = None,
        clock: Clock | None = None,
        seed: str | None = None,
    ) -> None:
        self.url = check_forward_url(url)
        self.clock: Clock = clock or SystemClock()
        self._verifier = verifier_for(connector, trigger)
        inputs = self._verifier.trigger.key_inputs or [self._verifier.key_name]
        self._secrets = dict.fromkeys(inputs, secret) if isinstance(secret, str) else dict(secret)
        for key, text in self._secrets.items():
            self._verifier.decode_secret(text, key)
        self._secret, self._seed = self._secrets[self._verifier.key_name], seed
        self._signing_key = self._find_signing_key(get_sandbox_secret(connector, trigger))
        self._http = http if http is not None else load_transport(None, asynchronous=False)
        self._owns_http = http is None

    def send(self, event_name: str, event: dict[str, Any], timestamp: float | None = None) -> Reply | Failure:
        """Send an event, signed at `timestamp` (epoch seconds; default: now)."""
        return self.post(self.build_delivery(event_name, event, timestamp))

    def post(self, delivery: SignedDelivery) -> Reply | Failure:
        """Send a delivery as it is."""
        request = post_request(delivery.url, delivery.body, delivery.headers)
        content_type = self._verifier.body_format.content_type
        body = replace(request.body, content_type=content_type or None) if request.body and delivery.body else None
        request = replace(request, method=delivery.method, body=body)
        reply_or_failure: Reply | Failure = self._http.send(
            request, Credential(""), time.monotonic() + SEND_TIMEOUT, None, None
        )
        return reply_or_failure

    def build_delivery(
        self, event_name: str, event: dict[str, Any], timestamp: float | None = None, *, raw: bytes | None = None
    ) -> SignedDelivery:
        """Return the delivery of an event, or of the challenge of this name, signed at `timestamp`.

        `raw` is the body to send as it is; the event is encoded otherwise, with what its delivery has in the body.
        """
        challenge = self._verifier.trigger.challenge
        if challenge is not None and event_name == challenge.name and not challenge.is_signed:
            return self._build_unsigned_challenge(challenge)
        signed_at = self.clock.time() if timestamp is None else timestamp
        if raw is None:
            event = self._verifier.complete_event(event, self._secret, signed_at)
            is_challenge = challenge is not None and event_name == challenge.name
            raw = dump_json(event) if is_challenge else self._verifier.body_format.encode(event)
        url = self._verifier.complete_url(self.url, self._secret)
        return SignedDelivery(url, self.build_headers(event_name, raw, signed_at), raw)

    def build_headers(self, event_name: str, body: bytes, timestamp: float | None = None) -> dict[str, str]:
        """Return the headers of a body, signature included: all that the trigger reads.

        The delivery's id is a new one each time; with a seed it is the same for the same event.
        """
        signed_at = self.clock.time() if timestamp is None else timestamp
        basis = os.urandom(16) if self._seed is None else f"{self._seed} {event_name} ".encode() + body
        delivery_id = f"msg_{hashlib.blake2b(basis, digest_size=16).hexdigest()}"
        url = self._verifier.complete_url(self.url, self._secret)
        headers = self._verifier.sign(self._signing_key, signed_at, body, delivery_id, url=url)
        for name, value in self._list_event_headers(event_name, signed_at, delivery_id):
            if name.lower() not in map(str.lower, headers):
                headers[name] = value
        return headers

    def build_challenge(self) -> dict[str, Any]:
        """Return the body of a signed challenge."""
        assert self._verifier.challenge is not None
        data: dict[str, Any] = {}
        time_path = self._verifier.trigger.event.at
        if time_path is not None and parse_reply_path(time_path).header is None:
            data = set_at_path(data, time_path, format_time(self._verifier.trigger.event.unit, self.clock.time()))
        return self._fill_challenge(data, {}, {})

    def _build_unsigned_challenge(self, challenge: ChallengeFormat) -> SignedDelivery:
        """Return a challenge that is not signed."""
        query, headers = dict[str, str](), dict[str, str]()
        data = self._fill_challenge({}, query, headers)
        body = dump_json(data) if data else b""
        return SignedDelivery(add_query(self.url, query), headers, body, challenge.method)

    def _fill_challenge(self, data: dict[str, Any], query: dict[str, str], headers: dict[str, str]) -> dict[str, Any]:
        responder, challenge = self._verifier.challenge, self._verifier.trigger.challenge
        assert responder is not None
        assert challenge is not None
        token = self._secrets[challenge.token.input] if challenge.token else ""
        text = self._secret if challenge.keep_as else os.urandom(12).hex()
        filled: dict[str, Any] = responder.add_to_sample(data, query, headers, text, token)
        return filled

    def _find_signing_key(self, sandbox_secret: str) -> str:
        """Return the secret, or the private key of the sandbox. Raises UsageError where only the service has it."""
        signature = self._verifier.trigger.signature
        if signature is None or not signature.has_public_key:
            return self._secret
        if self._secret != sandbox_secret:
            hint = "Use --sandbox: its receiver has the sandbox's public key."
            raise UsageError("Only the service has the private key that its deliveries are signed with.", hint=hint)
        return keys.get_private_key(signature.algorithm)

    def _list_event_headers(self, event_name: str, signed_at: float, delivery_id: str) -> Iterator[tuple[str, str]]:
        """Yield the headers that the trigger reads an event from."""
        trigger = self._verifier.trigger
        fields = trigger.event
        ids = [(path, delivery_id) for path in (*trigger.identity.id, *trigger.subject_paths)]
        sent_at = str(format_time(fields.unit, signed_at))
        for path, value in (
            (fields.name, event_name), (fields.at, sent_at), (fields.account, _SANDBOX_ACCOUNT), *ids,
        ):  # fmt: skip
            if path is not None and parse_reply_path(path).header is not None:
                yield path.removeprefix(f"{HEADER}."), value

    def read(self, delivery: SignedDelivery, timestamp: float | None = None) -> list[Event] | Challenge:
        """Return what a receiver reads from a delivery; nothing of what it refuses."""
        now = self.clock.time() if timestamp is None else timestamp
        keys = self._verifier.decode_secrets({key: [text] for key, text in self._secrets.items()})
        received = Delivery(delivery.headers, delivery.body, delivery.method, delivery.url)
        try:
            return self._verifier.verify_delivery(keys, received, now)
        except WebhookError:
            return []

    def close(self) -> None:
        """Close the connections."""
        if self._owns_http:
            self._http.close()


@lru_cache(maxsize=8)
def get_samples(connector: Connector, trigger: str | None = None, seed: str | None = None) -> EventSamples:
    """Return the sample bodies of a trigger, built once. Raises DefinitionError, UsageError."""
    return EventSamples(connector, verifier_for(connector, trigger).trigger, seed)


def build_signed_delivery(
    connector: Connector,
    event: str,
    *,
    secret: str | None = None,
    now: float | None = None,
    count: int = 1,
    seed: str | None = None,
    trigger: str | None = None,
    url: str = "http://127.0.0.1/",
) -> tuple[dict[str, str], bytes]:
    """Return the headers and body of a signed event, to test a receiver with.

    `event` is a name in `connector.events`; `secret` is the sandbox's by default; `now` is in epoch seconds; another
    `count` gives another event, as does another process unless it has the same `seed`; `url` is the one that the
    service sends to. Raises UsageError for an unknown event.
    """
    event_kind = connector.events.get(event)
    if event_kind is None:
        raise UsageError(f"{connector.name} has no event {event!r}.{did_you_mean(event, connector.events)}")
    sender = EventSender(connector, url, secret or get_sandbox_secrets(connector, trigger), trigger=trigger, seed=seed)
    try:
        timestamp = sender.clock.time() if now is None else now
        body = get_samples(connector, trigger, seed).build_body(event_kind, timestamp, count)
        delivery = sender.build_delivery(event, body, timestamp)
        content_type = verifier_for(connector, trigger).body_format.content_type
        return {**delivery.headers, **({"content-type": content_type} if content_type else {})}, delivery.body
    finally:
        sender.close()
