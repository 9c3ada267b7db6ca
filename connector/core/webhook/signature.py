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

from connector.core.json_path import dig
from connector.core.webhook.event import Challenge, Event, EventReader, parsed, refused
from connector.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from connector.definition.manifest import Signature, Trigger

__all__ = ["Challenge", "Event", "Headers", "Scheme"]

AHEAD = 300.0  # seconds that a delivery's clock may be ahead of ours
LONGEST_TOKEN = 128  # characters that a challenge may ask to sign
SHORTEST_SECRET = 8  # characters, or bytes of one that is written in Base64
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST_TOKEN}}}\Z")
_SECONDS = re.compile(r"[0-9]{1,11}\Z")
_ID = re.compile(r"[!-~]+\Z")
_SIGNED = re.compile(r"\{(timestamp|id|body)\}")
_REPLIED = re.compile(r"\{(read|hex)\}")
_LONGEST_HEADER = 4096

Headers = Mapping[str, str] | Iterable[tuple[str, str]] | Iterable[tuple[bytes, bytes]]


class _Given(NamedTuple):
    """What a delivery's headers bring: the digests, the timestamp as it is signed, the id."""

    digests: list[bytes]
    timestamp: str
    id: str


class Scheme:
    """The signature, challenge and event of one trigger, worked out once."""

    def __init__(self, name: str, trigger: Trigger) -> None:
        self.name = name
        self.trigger = trigger
        self._signature = signature = trigger.signature
        self._signs = _split(signature.signs)
        self._looks = _looks(signature)
        self._reader = EventReader(name, trigger)
        self._timestamp, self._id = _standing(signature.timestamp), _standing(signature.id)
        own = [word for kind, word in (self._timestamp, self._id) if kind == "header"]
        read = {name.lower() for name in (signature.header, *own)} | self._reader.headers
        self._read: dict[str | bytes, str] = {one: name for name in read for one in (name, name.encode())}

    def verify(
        self, secrets: Sequence[str], headers: Headers, body: bytes, now: float, max_age: float | None = None
    ) -> Event | Challenge:
        """Return what a delivery is. Raises WebhookError with `reason`, `status` and nothing of the delivery.

        Every secret and every digest is compared in constant time; nothing of the body is read before one fits.
        """
        keys = [self.secret(one) for one in secrets]
        named = self._named(headers)
        given = self._given(named)
        signer = self._signer(keys, given, body)
        if signer is None:
            raise refused("signature", "The signature does not fit the body, the timestamp and the secret.")
        self._judge_age(given.timestamp, now, self.trigger.max_age if max_age is None else max_age)
        data = parsed(body)
        found = self._reader.found(data, named)
        name = self._reader.name(found)
        if self.trigger.challenge is not None and name == self.trigger.challenge.event:
            return self._answered(signer, data)
        return self._reader.event(body, data, name, found)

    def secret(self, text: str) -> bytes:
        """Return a secret as the bytes that sign. Raises UsageError for one that cannot be one; it is not shown."""
        if not text or text != text.strip() or not text.isprintable():
            raise self._no_secret("is empty, or has spaces or line ends around it")
        secret: bytes | None = text.encode()
        if self._signature.secret == "base64":  # noqa: S105  how it is written
            secret = _decoded(text.removeprefix(self._signature.secret_prefix or ""))
        if secret is None:
            raise self._no_secret("is not Base64")
        if len(secret) < SHORTEST_SECRET:
            raise self._no_secret(f"is shorter than {SHORTEST_SECRET} characters, so anybody could guess it")
        return secret

    def sign(self, secret: str, timestamp: int, body: bytes, id_: str = "") -> dict[str, str]:
        """Return the headers of a delivery that this service would send."""
        given = _Given([], str(timestamp), id_)
        digest = self._digest(self.secret(secret), given, body).decode()
        parts = [self._signature.looks.replace(f"{{{self._signature.digest}}}", digest)]
        headers = {}
        for (kind, word), value in ((self._timestamp, given.timestamp), (self._id, id_)):
            if kind == "header":
                headers[word] = value
            elif kind == "part":
                parts.insert(0, f"{word}={value}")
        return {**headers, self._signature.header: (self._signature.many or "").join(parts)}

    def event(self, body: bytes, name: str, key: str) -> Event:
        """Return an event that was verified before, of its kept body, name and key. Raises WebhookError."""
        return self._reader.again(body, name, key)

    def _no_secret(self, why: str) -> UsageError:
        helped = next((spec.help for spec in self.trigger.inputs.values() if spec.secret and spec.help), "")
        return UsageError(f"The webhook's secret {why}.", hint=f"Copy it anew. {helped}".rstrip())

    def _named(self, headers: Headers) -> dict[str, list[str]]:
        """Return the headers that are read, by lower-case name, each with all its values. Raises UsageError."""
        pairs = headers.items() if hasattr(headers, "items") else headers
        named: dict[str, list[str]] = {}
        try:
            for name, value in pairs:
                known = self._read.get(name.lower())
                if known is not None:  # servers have values as text, or as bytes (RFC 9110, 5.5)
                    told = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                    named.setdefault(known, []).append(told)
        except (TypeError, ValueError, AttributeError):
            hint = "Give them as the server has them."
            raise UsageError("The headers are neither a mapping nor pairs.", hint=hint) from None
        return named

    def _given(self, named: Mapping[str, list[str]]) -> _Given:
        """Read what the headers bring. Raises WebhookError."""
        signature = self._signature
        header = _one(named, signature.header)
        parts = [part.strip() for part in header.split(signature.many)] if signature.many else [header]
        digests = [found[1].encode() for part in parts if (found := self._looks.fullmatch(part))]
        if not digests:
            raise refused("unsigned", f"{signature.header} holds no signature of the known kind.")
        timestamp = _placed(self._timestamp, named, parts)
        if signature.timestamp and not _SECONDS.match(timestamp):
            raise refused("timestamp", "The timestamp is no number of seconds.")
        id_ = _placed(self._id, named, parts)
        if signature.id and not _ID.match(id_):
            raise refused("unsigned", "The delivery's id is missing, or is not written in printable ASCII.")
        return _Given(digests, timestamp, id_)

    def _digest(self, secret: bytes, given: _Given, body: bytes) -> bytes:
        held = {"timestamp": given.timestamp.encode(), "id": given.id.encode(), "body": body}
        signed = [held[part] if isinstance(part, str) else part for part in self._signs]
        digest = hmac.digest(secret, b"".join(signed), "sha256")
        return digest.hex().encode() if self._signature.digest == "hex" else base64.b64encode(digest)

    def _signer(self, secrets: list[bytes], given: _Given, body: bytes) -> bytes | None:
        """Return the secret that signed, after all were tried."""
        signer = None
        for secret in secrets:
            expected = self._digest(secret, given, body)
            for digest in given.digests:
                if hmac.compare_digest(digest, expected):
                    signer = secret
        return signer

    def _judge_age(self, timestamp: str, now: float, max_age: float | None) -> None:
        if not timestamp or max_age is None:
            return
        age = now - int(timestamp)
        if age > max_age:
            raise refused("age", f"The delivery is older than {max_age:g} s.")
        if age < -AHEAD:
            raise refused("age", f"The delivery is more than {AHEAD:g} s ahead of this machine's clock.")

    def _answered(self, signer: bytes, data: dict[str, Any]) -> Challenge:
        assert self.trigger.challenge is not None
        token = dig(data, self.trigger.challenge.read)
        if not isinstance(token, str) or not _TOKEN.match(token):
            message = f"The challenge is not up to {LONGEST_TOKEN} letters, digits, - and _."
            raise refused("challenge", message, status=400)
        shown = {"read": token, "hex": hmac.digest(signer, token.encode(), hashlib.sha256).hex()}
        reply = self.trigger.challenge.reply
        return Challenge({key: _REPLIED.sub(lambda one: shown[one[1]], text) for key, text in reply.items()})


def _split(template: str) -> list[str | bytes]:
    """Return a template taken apart: its own text as bytes, and the names that stand in braces."""
    parts = _SIGNED.split(template)
    return [part.encode() if number % 2 == 0 else part for number, part in enumerate(parts) if part]


def _looks(signature: Signature) -> re.Pattern[str]:
    """Return the pattern of one signature in the header, its digest in a group."""
    digest = "([0-9a-f]{64})" if signature.digest == "hex" else "([A-Za-z0-9+/]{43}=)"
    before, _, after = signature.looks.partition(f"{{{signature.digest}}}")
    return re.compile(f"{re.escape(before)}{digest}{re.escape(after)}")


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _standing(place: str | None) -> tuple[str, str]:
    """Return where a word of a delivery stands: in a header of its own, header.X, or in the signature's: part.x."""
    kind, _, name = (place or "").partition(".")
    return kind, name


def _placed(place: tuple[str, str], named: Mapping[str, list[str]], parts: list[str]) -> str:
    """Return what stands at a place, nothing where that is missing or ambiguous. Raises WebhookError for a header."""
    kind, name = place
    if kind == "header":
        return _one(named, name)
    found = [part[len(name) + 1 :] for part in parts if part.startswith(f"{name}=")]
    return found[0] if kind == "part" and len(found) == 1 else ""


def _one(named: Mapping[str, list[str]], name: str) -> str:
    """Return the one value of a header. Raises WebhookError."""
    found = named.get(name.lower(), [])
    if len(found) != 1 or len(found[0]) > _LONGEST_HEADER:
        how = "is missing" if not found else "came twice" if len(found) > 1 else "is too long"
        raise refused("unsigned", f"The header {name} {how}.")
    return found[0].strip()
