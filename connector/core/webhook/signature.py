"""Verify and sign webhook deliveries; the time and the secrets are arguments.

The manifest describes how a service signs: the header and format of the digest, the signed payload, how old a delivery
may be, and the challenge that checks whether the receiver knows the secret.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from connector.core.json_path import get_at_path
from connector.core.webhook.event import Challenge, Event, EventParser, build_webhook_error, parse_json_object
from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from connector.definition.trigger import Signature, Trigger

__all__ = ["Challenge", "Event", "Headers", "WebhookVerifier"]

MAX_TIMESTAMP_SKEW = 300.0  # seconds that a delivery's timestamp may be ahead of this machine's clock
MAX_TOKEN_LENGTH = 128  # characters of a challenge's token
MIN_SECRET_LENGTH = 8  # characters, or decoded bytes of a Base64 secret
_TOKEN_PATTERN = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_TOKEN_LENGTH}}}\Z")
_SECONDS_PATTERN = re.compile(r"[0-9]{1,11}\Z")
_ID_PATTERN = re.compile(r"[!-~]+\Z")
_PAYLOAD_FIELD = re.compile(r"\{(timestamp|id|body)\}")
_REPLY_FIELD = re.compile(r"\{(read|hex)\}")
_MAX_HEADER_LENGTH = 4096

Headers = Mapping[str, str] | Iterable[tuple[str, str]] | Iterable[tuple[bytes, bytes]]


class _DeliveryHeaders(NamedTuple):
    """The digests, the timestamp as signed, and the ID in a delivery's headers."""

    digests: list[bytes]
    timestamp: str
    id: str


class WebhookVerifier:
    """Verifies, signs and parses the deliveries of one trigger; compiles its manifest once."""

    def __init__(self, name: str, trigger: Trigger) -> None:
        self.name = name
        self.trigger = trigger
        self._signature = signature = trigger.signature
        self._payload_parts = _split_template(signature.payload)
        self._signature_pattern = _compile_signature_pattern(signature)
        self._event_parser = EventParser(name, trigger)
        locations = self._timestamp_location, self._id_location = (
            _parse_location(signature.timestamp),
            _parse_location(signature.id),
        )
        own_headers = [header_name for kind, header_name in locations if kind == "header"]
        header_names = {name.lower() for name in (signature.header, *own_headers)} | self._event_parser.header_names
        self._header_names: dict[str | bytes, str] = {
            spelling: name for name in header_names for spelling in (name, name.encode())
        }

    def verify(
        self, secrets: Sequence[str], headers: Headers, body: bytes, now: float, max_age: float | None = None
    ) -> Event | Challenge:
        """Return the Event or Challenge of a delivery. Raises WebhookError, which contains nothing of the delivery.

        Compares every secret and digest in constant time, and parses the body only after one matches. `now` is epoch
        seconds, `max_age` seconds (default: the manifest's).
        """
        keys = [self.decode_secret(secret) for secret in secrets]
        header_values = self._select_headers(headers)
        delivery = self._parse_delivery_headers(header_values)
        signer = self._find_signing_secret(keys, delivery, body)
        if signer is None:
            raise build_webhook_error(
                "signature", "The signature does not match the body, the timestamp and the secret."
            )
        self._check_age(delivery.timestamp, now, self.trigger.max_age if max_age is None else max_age)
        data = parse_json_object(body)
        name = self._event_parser.read_name(data, header_values)
        if self.trigger.challenge is not None and name == self.trigger.challenge.event:
            return self._answer_challenge(signer, data)
        return self._event_parser.parse_event(body, data, name, header_values)

    def decode_secret(self, text: str) -> bytes:
        """Return the signing key of a secret. Raises UsageError for an invalid one, without its text."""
        if not text or text != text.strip() or not text.isprintable():
            raise self._build_secret_error("is empty, or has surrounding spaces or control characters")
        secret: bytes | None = text.encode()
        if self._signature.secret == "base64":  # noqa: S105  an encoding
            secret = _decode_base64(text.removeprefix(self._signature.secret_prefix or ""))
        if secret is None:
            raise self._build_secret_error("is not Base64")
        if len(secret) < MIN_SECRET_LENGTH:
            raise self._build_secret_error(f"is shorter than {MIN_SECRET_LENGTH} characters, which is easy to guess")
        return secret

    def sign(self, secret: str, timestamp: int, body: bytes, id_: str = "") -> dict[str, str]:
        """Return the headers that the service would send with a body."""
        delivery = _DeliveryHeaders([], str(timestamp), id_)
        digest = self._compute_digest(self.decode_secret(secret), delivery, body).decode()
        parts = [self._signature.format.replace(f"{{{self._signature.digest}}}", digest)]
        headers = {}
        for (kind, header_name), value in ((self._timestamp_location, delivery.timestamp), (self._id_location, id_)):
            if kind == "header":
                headers[header_name] = value
            elif kind == "part":
                parts.insert(0, f"{header_name}={value}")
        return {**headers, self._signature.header: (self._signature.separator or "").join(parts)}

    def restore_event(self, body: bytes, name: str, key: str, headers: Mapping[str, str] | None = None) -> Event:
        """Rebuild a verified event from what an inbox keeps of it. Raises WebhookError."""
        return self._event_parser.parse_stored(body, name, key, headers or {})

    def _build_secret_error(self, reason: str) -> UsageError:
        help_text = next((field.help for field in self.trigger.inputs.values() if field.secret and field.help), "")
        return UsageError(f"The webhook's secret {reason}.", hint=f"Copy it again. {help_text}".rstrip())

    def _select_headers(self, headers: Headers) -> dict[str, list[str]]:
        """Return all values of the headers that the trigger reads, by lower-case name. Raises UsageError."""
        items = getattr(headers, "items", None)
        pairs: Any = headers if items is None else items()
        header_values: dict[str, list[str]] = {}
        try:
            for name, value in pairs:
                header_name = self._header_names.get(name.lower())
                if header_name is not None:  # servers pass values as text or bytes (RFC 9110, 5.5)
                    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                    header_values.setdefault(header_name, []).append(text)
        except (TypeError, ValueError, AttributeError):
            hint = "Pass them as the server provides them."
            raise UsageError("The headers must be a mapping or pairs.", hint=hint) from None
        return header_values

    def _parse_delivery_headers(self, header_values: Mapping[str, list[str]]) -> _DeliveryHeaders:
        """Parse the signature headers. Raises WebhookError."""
        signature = self._signature
        header = _single_header_value(header_values, signature.header)
        parts = [part.strip() for part in header.split(signature.separator)] if signature.separator else [header]
        digests = [match[1].encode() for part in parts if (match := self._signature_pattern.fullmatch(part))]
        if not digests:
            raise build_webhook_error("unsigned", f"{signature.header} has no signature in the expected format.")
        timestamp = _value_at(self._timestamp_location, header_values, parts)
        if signature.timestamp and not _SECONDS_PATTERN.match(timestamp):
            raise build_webhook_error("timestamp", "The timestamp must be a number of seconds.")
        id_ = _value_at(self._id_location, header_values, parts)
        if signature.id and not _ID_PATTERN.match(id_):
            raise build_webhook_error("unsigned", "The delivery's ID is missing or is not printable ASCII.")
        return _DeliveryHeaders(digests, timestamp, id_)

    def _compute_digest(self, secret: bytes, delivery: _DeliveryHeaders, body: bytes) -> bytes:
        values = {"timestamp": delivery.timestamp.encode(), "id": delivery.id.encode(), "body": body}
        payload = [values[part] if isinstance(part, str) else part for part in self._payload_parts]
        digest = hmac.digest(secret, b"".join(payload), "sha256")
        return digest.hex().encode() if self._signature.digest == "hex" else base64.b64encode(digest)

    def _find_signing_secret(self, secrets: list[bytes], delivery: _DeliveryHeaders, body: bytes) -> bytes | None:
        """Return the secret that matches a digest, after trying all of them."""
        signer = None
        for secret in secrets:
            expected = self._compute_digest(secret, delivery, body)
            for digest in delivery.digests:
                if hmac.compare_digest(digest, expected):
                    signer = secret
        return signer

    def _check_age(self, timestamp: str, now: float, max_age: float | None) -> None:
        if not timestamp or max_age is None:
            return
        age = now - int(timestamp)
        if age > max_age:
            raise build_webhook_error("age", f"The delivery is older than {max_age:g} s.")
        if age < -MAX_TIMESTAMP_SKEW:
            raise build_webhook_error(
                "age", f"The delivery is more than {MAX_TIMESTAMP_SKEW:g} s ahead of this machine's clock."
            )

    def _answer_challenge(self, signer: bytes, data: dict[str, Any]) -> Challenge:
        assert self.trigger.challenge is not None
        token = get_at_path(data, self.trigger.challenge.read)
        if not isinstance(token, str) or not _TOKEN_PATTERN.match(token):
            message = f"The challenge's token must be 1 to {MAX_TOKEN_LENGTH} letters, digits, - or _."
            raise build_webhook_error("challenge", message, status=400)
        values = {"read": token, "hex": hmac.digest(signer, token.encode(), hashlib.sha256).hex()}
        reply = self.trigger.challenge.reply
        return Challenge({key: _REPLY_FIELD.sub(lambda match: values[match[1]], text) for key, text in reply.items()})


def _split_template(template: str) -> list[str | bytes]:
    """Split a template into its own text as bytes, and the names in braces as str."""
    parts = _PAYLOAD_FIELD.split(template)
    return [part.encode() if number % 2 == 0 else part for number, part in enumerate(parts) if part]


def _compile_signature_pattern(signature: Signature) -> re.Pattern[str]:
    """Return the pattern of one signature in the header; its group is the digest."""
    digest = "([0-9a-f]{64})" if signature.digest == "hex" else "([A-Za-z0-9+/]{43}=)"
    before, _, after = signature.format.partition(f"{{{signature.digest}}}")
    return re.compile(f"{re.escape(before)}{digest}{re.escape(after)}")


def _decode_base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _parse_location(location: str | None) -> tuple[str, str]:
    """Parse the location of a timestamp or ID: its own header (header.X) or a part of the signature's (part.x)."""
    kind, _, name = (location or "").partition(".")
    return kind, name


def _value_at(location: tuple[str, str], header_values: Mapping[str, list[str]], parts: list[str]) -> str:
    """Return the value at a location, empty if it is missing or ambiguous. Raises WebhookError for a header."""
    kind, name = location
    if kind == "header":
        return _single_header_value(header_values, name)
    values = [part[len(name) + 1 :] for part in parts if part.startswith(f"{name}=")]
    return values[0] if kind == "part" and len(values) == 1 else ""


def _single_header_value(header_values: Mapping[str, list[str]], name: str) -> str:
    """Return the value of a header that appears once. Raises WebhookError."""
    values = header_values.get(name.lower(), [])
    if len(values) != 1 or len(values[0]) > _MAX_HEADER_LENGTH:
        problem = "is missing" if not values else "appears twice" if len(values) > 1 else "is too long"
        raise build_webhook_error("unsigned", f"The header {name} {problem}.")
    return values[0].strip()
