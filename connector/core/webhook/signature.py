"""Check and make the signatures of one trigger's deliveries; the time and the keys are arguments."""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.core.json_path import set_at
from connector.core.webhook import keys
from connector.core.webhook.body import parse_form
from connector.core.webhook.errors import build_webhook_error
from connector.core.webhook.times import format_time, to_epoch_seconds
from connector.definition.json_path import parse_delivery_place
from connector.errors import WebhookError
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connector.core.webhook.body import BodyFormat
    from connector.core.webhook.delivery import Delivery, ReceivedDelivery
    from connector.definition.json_path import DeliveryPlace
    from connector.definition.trigger import Signature

MAX_TIMESTAMP_SKEW = 300.0  # seconds that a delivery's timestamp may be ahead of this machine's clock
_ID_PATTERN = prepare_pattern(r"[!-~]+\Z")
_DIGEST_BYTES = {"sha1": 20, "sha256": 32, "sha512": 64}
_ED25519_DIGEST_BYTES = 64
_DIGESTS_BY_ALGORITHM = {  # of those that differ in length
    "rsa_sha256": {"hex": "(?:[0-9a-f]{2}){256,1024}", "base64": "[A-Za-z0-9+/]{342,1366}={0,2}"},
    "ecdsa_sha256": {"hex": "(?:[0-9a-f]{2}){8,72}", "base64": "[A-Za-z0-9+/]{10,96}={0,2}"},  # two numbers as DER
}


class _SignedHeaders(NamedTuple):
    """The digests, the timestamp as it is written, the ID in a delivery's headers, and the time in epoch seconds."""

    digests: list[bytes]
    timestamp: str
    id: str
    signed_at: float | None = None


class SignatureScheme:
    """How a service signs its deliveries; compiles the manifest's `signature` once."""

    def __init__(self, signature: Signature) -> None:
        self._signature = signature
        self._payload_parts = _split_template(signature.payload)
        self._pattern = _compile_pattern(signature)
        self._timestamp_place = parse_delivery_place(signature.timestamp) if signature.timestamp else None
        self._id_place = parse_delivery_place(signature.id) if signature.id else None
        self.is_time_in_body = self._timestamp_place is not None and _is_in_body(self._timestamp_place)
        places = (self._timestamp_place, self._id_place)
        self.header_names = {signature.header.lower(), *(place.header for place in places if place and place.header)}

    def find_key(self, all_keys: Sequence[bytes], delivery: ReceivedDelivery) -> tuple[bytes, float | None]:
        """Return the key that signed a delivery, and when, in epoch seconds, where the headers have it.

        Every key and every digest is compared. Raises WebhookError when none of them fits.
        """
        signed = self._parse_headers(delivery)
        payload = self._build_payload(signed, delivery)
        signer = None
        for key in all_keys:
            for digest in signed.digests:
                if keys.is_signed_by(self._signature, key, payload, digest):
                    signer = key
        if signer is None:
            covered = "the body, the timestamp and the secret"
            if "url" in self._payload_parts:
                covered = f"the URL, {covered}"
            raise build_webhook_error("signature", f"The signature does not match {covered}.")
        return signer, signed.signed_at

    def check_age(self, signed_at: float | None, now: float, max_age: float) -> None:
        """Raise WebhookError for a delivery that is too old; one without a time is not."""
        if signed_at is None:
            return
        age = now - signed_at
        if age > max_age:
            raise build_webhook_error("age", f"The delivery is older than {max_age:g} s.")
        if age < -MAX_TIMESTAMP_SKEW:
            raise build_webhook_error(
                "age", f"The delivery is more than {MAX_TIMESTAMP_SKEW:g} s ahead of this machine's clock."
            )

    def read_time(self, delivery: ReceivedDelivery, data: Any = None) -> float:
        """Return when a delivery was signed that has the time in its body, in epoch seconds. Raises WebhookError."""
        assert self._timestamp_place is not None
        return self._to_time(delivery.read(self._timestamp_place, data))

    def find_claimed_time(self, delivery: ReceivedDelivery, body_format: BodyFormat) -> float | None:
        """Return when a delivery says that it was signed, or None; nothing of it is verified."""
        try:
            signed_at = self._parse_headers(delivery).signed_at
            return self.read_time(delivery, body_format.parse(delivery.body)) if self.is_time_in_body else signed_at
        except WebhookError:
            return None

    def sign(self, secret: bytes, signed_at: float, delivery: Delivery, id_: str) -> dict[str, str]:
        """Return the headers that the service would send with a delivery."""
        timestamp = str(format_time(self._signature.unit, signed_at))
        payload = self._build_payload(_SignedHeaders([], timestamp, id_), delivery)
        digest = keys.sign(self._signature, secret, payload).decode()
        parts = [self._signature.format.replace(f"{{{self._signature.digest}}}", digest)]
        headers = {}
        for location, place, value in (
            (self._signature.timestamp, self._timestamp_place, timestamp), (self._signature.id, self._id_place, id_),
        ):  # fmt: skip
            if place is not None and place.header is not None:
                headers[(location or "").partition(".")[2]] = value
            elif place is not None and place.part is not None:
                parts.insert(0, f"{place.part}={value}")
        return {**headers, self._signature.header: (self._signature.separator or "").join(parts)}

    def add_time(self, data: Any, signed_at: float) -> Any:
        """Return the data of a body with the time of its signature, where the body has it."""
        if not self.is_time_in_body or self._timestamp_place is None:
            return data
        return set_at(data, self._timestamp_place.segments, format_time(self._signature.unit, signed_at))

    def _parse_headers(self, delivery: ReceivedDelivery) -> _SignedHeaders:
        """Parse the signature's headers. Raises WebhookError."""
        signature = self._signature
        header = delivery.get_header(signature.header)
        parts = [part.strip() for part in header.split(signature.separator)] if signature.separator else [header]
        digests = [match[1].encode() for part in parts if (match := self._pattern.fullmatch(part))]
        if not digests:
            raise build_webhook_error("unsigned", f"{signature.header} has no signature in the expected format.")
        timestamp = _read_from_headers(self._timestamp_place, delivery, parts)
        is_in_headers = self._timestamp_place is not None and not self.is_time_in_body
        signed_at = self._to_time(timestamp) if is_in_headers else None
        id_ = _read_from_headers(self._id_place, delivery, parts)
        if signature.id and not _ID_PATTERN.match(id_):
            raise build_webhook_error("unsigned", "The delivery's ID is missing or is not printable ASCII.")
        return _SignedHeaders(digests, timestamp, id_, signed_at)

    def _to_time(self, written: Any) -> float:
        """Return a timestamp in epoch seconds. Raises WebhookError."""
        signed_at = to_epoch_seconds(written, self._signature.unit)
        if signed_at is None:
            expected = {"s": "a number of seconds", "ms": "a number of milliseconds", "iso": "a time in ISO 8601"}
            raise build_webhook_error("timestamp", f"The timestamp must be {expected[self._signature.unit]}.")
        return signed_at

    def _build_payload(self, signed: _SignedHeaders, delivery: ReceivedDelivery | Delivery) -> bytes:
        """Return the bytes that are signed."""
        return b"".join(
            [
                part if isinstance(part, bytes) else _PAYLOAD_VALUES[part](signed, delivery)
                for part in self._payload_parts
            ]
        )


def is_equal(given: Any, expected: bytes) -> bool:
    """Whether a shared token is the expected one; in constant time."""
    return isinstance(given, str) and hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected)


def _join_form(body: bytes) -> bytes:
    """Return the names and values of a form without anything between them, sorted; each value of a name once."""
    try:
        fields = parse_form(body)
    except WebhookError as error:  # nothing is known of the sender yet
        raise build_webhook_error("signature", str(error)) from None
    texts = []
    for name, value in sorted(fields.items()):
        texts += [f"{name}{item}" for item in (sorted(set(value)) if isinstance(value, list) else [value])]
    return "".join(texts).encode("utf-8", "surrogatepass")


_PAYLOAD_VALUES: dict[str, Callable[[_SignedHeaders, ReceivedDelivery | Delivery], bytes]] = {
    "timestamp": lambda signed, _: signed.timestamp.encode(),
    "id": lambda signed, _: signed.id.encode(),
    "body": lambda _, delivery: delivery.body,
    "method": lambda _, delivery: delivery.method.encode(),
    "url": lambda _, delivery: delivery.url.encode(),
    "form": lambda _, delivery: _join_form(delivery.body),
}
_PAYLOAD_FIELD = prepare_pattern(rf"\{{({'|'.join(_PAYLOAD_VALUES)})\}}")


def _split_template(template: str) -> list[str | bytes]:
    """Split a template into its own text as bytes, and the names in braces as str."""
    parts = _PAYLOAD_FIELD.split(template)
    return [part.encode() if number % 2 == 0 else part for number, part in enumerate(parts) if part]


def _compile_pattern(signature: Signature) -> re.Pattern[str]:
    """Return the pattern of one signature in the header; its group is the digest."""
    if signature.algorithm in _DIGESTS_BY_ALGORITHM:
        digest = _DIGESTS_BY_ALGORITHM[signature.algorithm][signature.digest]
    else:
        is_hmac = signature.algorithm == "hmac"
        size = _DIGEST_BYTES[signature.hash] if is_hmac else _ED25519_DIGEST_BYTES
        padding = -size % 3
        written = f"[A-Za-z0-9+/]{{{(size * 4 + 2) // 3}}}{'=' * padding}"
        digest = f"[0-9a-f]{{{size * 2}}}" if signature.digest == "hex" else written
    before, _, after = signature.format.partition(f"{{{signature.digest}}}")
    return re.compile(f"{re.escape(before)}({digest}){re.escape(after)}")


def _is_in_body(place: DeliveryPlace) -> bool:
    return place.header is None and place.query is None and place.part is None


def _read_from_headers(place: DeliveryPlace | None, delivery: ReceivedDelivery, parts: list[str]) -> str:
    """Return the value at a place of the headers, empty if it is missing or ambiguous. Raises WebhookError."""
    if place is None:
        return ""
    if place.header is not None:
        return delivery.get_header(place.header)
    values = [part[len(place.part) + 1 :] for part in parts if place.part and part.startswith(f"{place.part}=")]
    return values[0] if len(values) == 1 else ""
