"""Verify and sign webhook deliveries; the time and the secrets are arguments.

The manifest describes how a service signs: the header and format of the digest, the signed payload, how old a delivery
may be, or the token that it sends instead, and the challenge by which it checks a receiver.
"""

from __future__ import annotations

import hmac
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from connector.core.json_path import set_at
from connector.core.webhook import keys
from connector.core.webhook.challenge import MAX_UNSIGNED_BYTES, ChallengeResponder
from connector.core.webhook.delivery import Delivery, ReceivedDelivery, add_query, parse_query, select_headers
from connector.core.webhook.errors import build_webhook_error
from connector.core.webhook.event import Challenge, Event, EventParser
from connector.core.webhook.signature import SignatureScheme, is_equal
from connector.definition.json_path import parse_delivery_place
from connector.errors import UsageError, WebhookError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.core.webhook.delivery import Headers
    from connector.definition.trigger import Trigger

Keys = dict[str, list[bytes]]  # the decoded secrets, by the key of their input


class WebhookVerifier:
    """Verifies, signs and parses the deliveries of one trigger; compiles its manifest once."""

    def __init__(self, name: str, trigger: Trigger) -> None:
        self.name = name
        self.trigger = trigger
        self.key_name = trigger.key_input[0] if trigger.key_input else ""  # of the input that verifies deliveries
        self.scheme = SignatureScheme(trigger.signature) if trigger.signature else None
        self._token_place = parse_delivery_place(trigger.token) if trigger.token else None
        self.challenge = ChallengeResponder(trigger) if trigger.challenge else None
        self._event_parser = EventParser(name, trigger)
        self.body_format = self._event_parser.body_format
        header_names = set(self._event_parser.header_names)
        header_names |= self.scheme.header_names if self.scheme else set()
        header_names |= self.challenge.header_names if self.challenge else set()
        header_names |= {self._token_place.header} if self._token_place and self._token_place.header else set()
        self._header_names: dict[str | bytes, str] = {
            spelling: name for name in header_names for spelling in (name, name.encode())
        }
        self.methods = {"POST", self.challenge.method} if self.challenge else {"POST"}

    def verify(
        self, secrets: Sequence[str], headers: Headers, body: bytes, now: float, max_age: float | None = None
    ) -> Event | Challenge:
        """Return the Event or Challenge of a posted delivery, as `verify_delivery` does for a trigger without `each`.

        Raises WebhookError, and UsageError where a delivery may have several events.
        """
        keys_by_input = self.decode_secrets({self.key_name: secrets})
        verified = self.verify_delivery(keys_by_input, Delivery(headers, body), now, max_age)
        return verified if isinstance(verified, Challenge) else self.get_single(verified)

    def decode_secrets(self, secrets: Mapping[str, Sequence[str]]) -> Keys:
        """Return what deliveries are verified with. Raises UsageError for an invalid secret, without its text."""
        return {key: [self.decode_secret(text, key) for text in texts] for key, texts in secrets.items()}

    def verify_delivery(
        self, keys_by_input: Keys, delivery: Delivery, now: float, max_age: float | None = None
    ) -> list[Event] | Challenge:
        """Return the events or the Challenge of a delivery. Raises WebhookError, which contains nothing of it.

        What the service sent, but is no event as the manifest describes it, is an event with an `error`.

        `keys_by_input` is of `decode_secrets`. Compares every secret and digest in constant time, and parses the body
        only after one matches, unless the body has the secret. `now` is epoch seconds, `max_age` seconds (default: the
        manifest's). Where there is no secret, the Challenge that hands it over has it.
        """
        received = self._read(delivery)
        if (unsigned := self._answer_unsigned(received, keys_by_input)) is not None:
            return unsigned
        if delivery.method != "POST":
            raise build_webhook_error("method", "The request is no delivery.", HTTPStatus.METHOD_NOT_ALLOWED)
        signer, received = self._authenticate(keys_by_input.get(self.key_name, ()), received, now, max_age)
        try:
            received = received if received.data is not None else self._parse_body(received)
        except WebhookError as error:
            return [self._event_parser.build_unreadable(received.body, None, received.headers, error)]
        if self.challenge is not None and self.challenge.is_signed_challenge(received):
            return self.challenge.answer(received, signer, keys_by_input)
        return self._event_parser.parse_events(received.body, received.data, received.headers)

    def get_single(self, events: Sequence[Event]) -> Event:
        """Return the event of a delivery that has one.

        Raises UsageError where a delivery may have several, WebhookError where it is none.
        """
        if self.trigger.event.each is not None:
            hint = "Use verify_webhook_events, which returns a list of them."
            raise UsageError(f"A delivery of {self.name} has several events.", hint=hint)
        if events[0].error is not None:
            raise events[0].error
        return events[0]

    def find_signing_time(self, delivery: Delivery) -> float | None:
        """Return when a delivery says that it was signed, in epoch seconds; nothing of it is verified."""
        return None if self.scheme is None else self.scheme.find_claimed_time(self._read(delivery), self.body_format)

    def decode_secret(self, text: str, key: str | None = None) -> bytes:
        """Return the key of a secret: of an input, by default of the one that deliveries are verified with.

        Raises UsageError for an invalid one, without its text.
        """
        key = self.key_name if key is None else key
        try:
            return keys.decode_key(self.trigger.signature if key == self.key_name else None, text)
        except keys.InvalidKey as error:
            field = self.trigger.inputs.get(key)
            is_public = self.trigger.signature is not None and self.trigger.signature.has_public_key
            kind = "public key" if is_public and key == self.key_name else "secret"
            hint = f"Copy it again. {field.help if field else ''}".rstrip()
            raise UsageError(f"The webhook's {kind} {error}.", hint=hint) from None

    def sign(self, secret: str, timestamp: float, body: bytes, id_: str = "", *, url: str = "") -> dict[str, str]:
        """Return the headers that the service would send with a body.

        With a public key, `secret` is the private key that belongs to it, as PEM.
        """
        if self.scheme is not None and self.trigger.signature is not None:
            key = secret.encode() if self.trigger.signature.has_public_key else self.decode_secret(secret)
            return self.scheme.sign(key, timestamp, Delivery({}, body, "POST", url), id_)
        place = self._token_place
        return {(self.trigger.token or "").partition(".")[2]: secret} if place is not None and place.header else {}

    def complete_event(self, event: Any, secret: str, signed_at: float) -> Any:
        """Return the data of an event with what its delivery has in the body: the shared token, the signed time."""
        if self.scheme is not None:
            return self.scheme.add_time(event, signed_at)
        place = self._token_place
        return set_at(event, place.segments, secret) if place and not place.header and not place.query else event

    def complete_url(self, url: str, secret: str) -> str:
        """Return a URL with the shared token, where deliveries have it in their query."""
        place = self._token_place
        return add_query(url, {place.query: secret}) if place is not None and place.query else url

    def restore_event(self, body: bytes, name: str, key: str, headers: Mapping[str, str] | None = None) -> Event:
        """Rebuild a verified event from what an inbox keeps of it. Raises WebhookError."""
        return self._event_parser.parse_stored(body, name, key, headers or {})

    def parse_own(self, body: bytes) -> Event:
        """Return the event of a body that this program made itself. Raises WebhookError."""
        [event] = self._event_parser.parse_events(body, self.body_format.parse(body), {})
        if event.error is not None:
            raise event.error
        return event

    def _answer_unsigned(self, received: ReceivedDelivery, keys_by_input: Keys) -> Challenge | None:
        """Return the answer to a challenge that proves nothing; None for any other delivery. Raises WebhookError."""
        challenge = self.challenge
        if challenge is None or challenge.is_signed or (received.method == "POST" and self._has_proof(received)):
            return None
        if challenge.is_in_body:
            if len(received.body) > MAX_UNSIGNED_BYTES:
                return None
            try:
                received = self._parse_body(received)
            except WebhookError:  # it is refused as what is not signed
                return None
        if not challenge.is_challenge(received):
            return None
        answer = challenge.answer(received, b"", keys_by_input)
        return self._check_handover(answer, keys_by_input.get(self.key_name, ())) if answer.secret else answer

    def _check_handover(self, answer: Challenge, known: Sequence[bytes]) -> Challenge:
        """Return the answer to what hands over a secret, without it if it is known. Raises WebhookError for another.

        So a secret that is known is never replaced, and who did not get an answer may ask again.
        """
        try:
            key = self.decode_secret(answer.secret)
        except UsageError:
            raise build_webhook_error("challenge", "What is handed over is no secret.", status=400) from None
        if not known:
            return answer
        if sum(hmac.compare_digest(key, other) for other in known) == 0:  # all are compared
            raise build_webhook_error("challenge", "A secret is known already, and another one is not taken.")
        return replace(answer, secret="")

    def _has_proof(self, received: ReceivedDelivery) -> bool:
        """Whether a delivery has a signature, or a token beside its body; it may be a wrong one."""
        if self.trigger.signature is not None:
            return self.trigger.signature.header.lower() in received.headers
        place = self._token_place
        return place is not None and not place.segments and received.read(place) is not None

    def _read(self, delivery: Delivery) -> ReceivedDelivery:
        headers = select_headers(delivery.headers, self._header_names)
        query = parse_query(delivery.url) if delivery.url else {}
        return ReceivedDelivery(headers, query, delivery.body, delivery.method, delivery.url)

    def _authenticate(
        self, all_keys: Sequence[bytes], received: ReceivedDelivery, now: float, max_age: float | None
    ) -> tuple[bytes, ReceivedDelivery]:
        """Return the key of a delivery, and the delivery, with its data where that was needed. Raises WebhookError."""
        limit = self.trigger.max_age if max_age is None else max_age
        if self.scheme is None:
            return self._check_token(all_keys, received)
        signer, signed_at = self.scheme.find_key(all_keys, received)
        if limit is not None and not self.scheme.is_time_in_body:
            self.scheme.check_age(signed_at, now, limit)
        if limit is not None and self.scheme.is_time_in_body:
            received = self._parse_body(received)
            self.scheme.check_age(self.scheme.read_time(received), now, limit)
        return signer, received

    def _check_token(self, all_keys: Sequence[bytes], received: ReceivedDelivery) -> tuple[bytes, ReceivedDelivery]:
        """Compare the shared token, in each event where the body has it. Raises WebhookError."""
        assert self._token_place is not None
        place = self._token_place
        if place.header is not None or place.query is not None:
            given = [received.read(place)]
        else:
            received = self._parse_body(received)
            given = [received.read(place, event) for _, event in self.body_format.list_events(b"", received.data)]
        matches = [[is_equal(text, key) for key in all_keys] for text in given]
        if not given or not all(map(any, matches)):
            raise build_webhook_error("signature", "The delivery does not have the expected token.")
        return b"", received

    def _parse_body(self, received: ReceivedDelivery) -> ReceivedDelivery:
        data = self.body_format.parse(received.body)
        return ReceivedDelivery(received.headers, received.query, received.body, received.method, received.url, data)
