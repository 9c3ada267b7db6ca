"""Deliveries of a webhook: from the service or not. The time and the secrets are arguments.

How a service signs stands in the manifest: which header holds the digest and how it looks there, what is signed, how
old a delivery may be, how the service asks whether the receiver knows the secret.
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

    from connector.definition.manifest import Signature, Trigger

__all__ = ["Challenge", "Event", "Headers", "WebhookVerifier"]

MAX_TIMESTAMP_SKEW = 300.0  # seconds that a delivery's clock may be ahead of ours
MAX_TOKEN_LENGTH = 128  # characters that a challenge may ask to sign
MIN_SECRET_LENGTH = 8  # characters, or bytes of one that is written in Base64
_TOKEN_PATTERN = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_TOKEN_LENGTH}}}\Z")
_SECONDS_PATTERN = re.compile(r"[0-9]{1,11}\Z")
_ID_PATTERN = re.compile(r"[!-~]+\Z")
_PAYLOAD_FIELD = re.compile(r"\{(timestamp|id|body)\}")
_REPLY_FIELD = re.compile(r"\{(read|hex)\}")
_MAX_HEADER_LENGTH = 4096

Headers = Mapping[str, str] | Iterable[tuple[str, str]] | Iterable[tuple[bytes, bytes]]


class _DeliveryHeaders(NamedTuple):
    """What a delivery's headers bring: the digests, the timestamp as it is signed, the id."""

    digests: list[bytes]
    timestamp: str
    id: str


class WebhookVerifier:
    """The signature, challenge and event of one trigger, worked out once."""

    def __init__(self, name: str, trigger: Trigger) -> None:
        self.name = name
        self.trigger = trigger
        self._signature = signature = trigger.signature
        self._payload_parts = _split_template(signature.payload)
        self._signature_pattern = _compile_signature_pattern(signature)
        self._event_parser = EventParser(name, trigger)
        self._timestamp_location, self._id_location = (
            _parse_location(signature.timestamp),
            _parse_location(signature.id),
        )
        own_headers = [
            location_name for kind, location_name in (self._timestamp_location, self._id_location) if kind == "header"
        ]
        header_names = {name.lower() for name in (signature.header, *own_headers)} | self._event_parser.header_names
        self._header_names: dict[str | bytes, str] = {
            spelling: name for name in header_names for spelling in (name, name.encode())
        }

    def verify(
        self, secrets: Sequence[str], headers: Headers, body: bytes, now: float, max_age: float | None = None
    ) -> Event | Challenge:
        """Return what a delivery is. Raises WebhookError with `reason`, `status` and nothing of the delivery.

        Every secret and every digest is compared in constant time; nothing of the body is read before one fits.
        """
        keys = [self.decode_secret(secret) for secret in secrets]
        header_values = self._select_headers(headers)
        delivery = self._parse_delivery_headers(header_values)
        signer = self._find_signing_secret(keys, delivery, body)
        if signer is None:
            raise build_webhook_error("signature", "The signature does not fit the body, the timestamp and the secret.")
        self._check_age(delivery.timestamp, now, self.trigger.max_age if max_age is None else max_age)
        data = parse_json_object(body)
        fields = self._event_parser.read_fields(data, header_values)
        name = self._event_parser.read_name(fields)
        if self.trigger.challenge is not None and name == self.trigger.challenge.event:
            return self._answer_challenge(signer, data)
        return self._event_parser.parse_event(body, data, name, fields)

    def decode_secret(self, text: str) -> bytes:
        """Return a secret as the bytes that sign. Raises UsageError for one that cannot be one; it is not shown."""
        if not text or text != text.strip() or not text.isprintable():
            raise self._build_secret_error("is empty, or has spaces or line ends around it")
        secret: bytes | None = text.encode()
        if self._signature.secret == "base64":  # noqa: S105  how it is written
            secret = _decode_base64(text.removeprefix(self._signature.secret_prefix or ""))
        if secret is None:
            raise self._build_secret_error("is not Base64")
        if len(secret) < MIN_SECRET_LENGTH:
            raise self._build_secret_error(f"is shorter than {MIN_SECRET_LENGTH} characters, so anybody could guess it")
        return secret

    def sign(self, secret: str, timestamp: int, body: bytes, id_: str = "") -> dict[str, str]:
        """Return the headers of a delivery that this service would send."""
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

    def restore_event(self, body: bytes, name: str, key: str) -> Event:
        """Return an event that was verified before, of its kept body, name and key. Raises WebhookError."""
        return self._event_parser.parse_stored(body, name, key)

    def _build_secret_error(self, reason: str) -> UsageError:
        help_text = next((field.help for field in self.trigger.inputs.values() if field.secret and field.help), "")
        return UsageError(f"The webhook's secret {reason}.", hint=f"Copy it anew. {help_text}".rstrip())

    def _select_headers(self, headers: Headers) -> dict[str, list[str]]:
        """Return the headers that are read, by lower-case name, each with all its values. Raises UsageError."""
        pairs = headers.items() if hasattr(headers, "items") else headers
        header_values: dict[str, list[str]] = {}
        try:
            for name, value in pairs:
                header_name = self._header_names.get(name.lower())
                if header_name is not None:  # servers have values as text, or as bytes (RFC 9110, 5.5)
                    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                    header_values.setdefault(header_name, []).append(text)
        except (TypeError, ValueError, AttributeError):
            hint = "Give them as the server has them."
            raise UsageError("The headers are neither a mapping nor pairs.", hint=hint) from None
        return header_values

    def _parse_delivery_headers(self, header_values: Mapping[str, list[str]]) -> _DeliveryHeaders:
        """Read what the headers bring. Raises WebhookError."""
        signature = self._signature
        header = _single_header_value(header_values, signature.header)
        parts = [part.strip() for part in header.split(signature.separator)] if signature.separator else [header]
        digests = [match[1].encode() for part in parts if (match := self._signature_pattern.fullmatch(part))]
        if not digests:
            raise build_webhook_error("unsigned", f"{signature.header} holds no signature of the known kind.")
        timestamp = _value_at(self._timestamp_location, header_values, parts)
        if signature.timestamp and not _SECONDS_PATTERN.match(timestamp):
            raise build_webhook_error("timestamp", "The timestamp is no number of seconds.")
        id_ = _value_at(self._id_location, header_values, parts)
        if signature.id and not _ID_PATTERN.match(id_):
            raise build_webhook_error("unsigned", "The delivery's id is missing, or is not written in printable ASCII.")
        return _DeliveryHeaders(digests, timestamp, id_)

    def _compute_digest(self, secret: bytes, delivery: _DeliveryHeaders, body: bytes) -> bytes:
        values = {"timestamp": delivery.timestamp.encode(), "id": delivery.id.encode(), "body": body}
        payload = [values[part] if isinstance(part, str) else part for part in self._payload_parts]
        digest = hmac.digest(secret, b"".join(payload), "sha256")
        return digest.hex().encode() if self._signature.digest == "hex" else base64.b64encode(digest)

    def _find_signing_secret(self, secrets: list[bytes], delivery: _DeliveryHeaders, body: bytes) -> bytes | None:
        """Return the secret that signed, after all were tried."""
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
            message = f"The challenge is not up to {MAX_TOKEN_LENGTH} letters, digits, - and _."
            raise build_webhook_error("challenge", message, status=400)
        values = {"read": token, "hex": hmac.digest(signer, token.encode(), hashlib.sha256).hex()}
        reply = self.trigger.challenge.reply
        return Challenge({key: _REPLY_FIELD.sub(lambda match: values[match[1]], text) for key, text in reply.items()})


def _split_template(template: str) -> list[str | bytes]:
    """Return a template taken apart: its own text as bytes, and the names that stand in braces."""
    parts = _PAYLOAD_FIELD.split(template)
    return [part.encode() if number % 2 == 0 else part for number, part in enumerate(parts) if part]


def _compile_signature_pattern(signature: Signature) -> re.Pattern[str]:
    """Return the pattern of one signature in the header, its digest in a group."""
    digest = "([0-9a-f]{64})" if signature.digest == "hex" else "([A-Za-z0-9+/]{43}=)"
    before, _, after = signature.format.partition(f"{{{signature.digest}}}")
    return re.compile(f"{re.escape(before)}{digest}{re.escape(after)}")


def _decode_base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _parse_location(location: str | None) -> tuple[str, str]:
    """Return where a word of a delivery stands: in a header of its own, header.X, or in the signature's: part.x."""
    kind, _, name = (location or "").partition(".")
    return kind, name


def _value_at(location: tuple[str, str], header_values: Mapping[str, list[str]], parts: list[str]) -> str:
    """Return what stands at a place, nothing where that is missing or ambiguous. Raises WebhookError for a header."""
    kind, name = location
    if kind == "header":
        return _single_header_value(header_values, name)
    values = [part[len(name) + 1 :] for part in parts if part.startswith(f"{name}=")]
    return values[0] if kind == "part" and len(values) == 1 else ""


def _single_header_value(header_values: Mapping[str, list[str]], name: str) -> str:
    """Return the one value of a header. Raises WebhookError."""
    values = header_values.get(name.lower(), [])
    if len(values) != 1 or len(values[0]) > _MAX_HEADER_LENGTH:
        problem = "is missing" if not values else "came twice" if len(values) > 1 else "is too long"
        raise build_webhook_error("unsigned", f"The header {name} {problem}.")
    return values[0].strip()
