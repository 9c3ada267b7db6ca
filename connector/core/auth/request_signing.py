"""Sign each request with a secret, over the words of its definition: the time, the method, the query, the body."""

from __future__ import annotations

import base64
import hmac
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.core.request.body import to_wire_text
from connector.core.request.builder import add_query
from connector.definition.connection_type import PLACEHOLDER, REQUEST_FIELDS
from connector.errors import UsageError
from connector.first_use import dataclass, prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.request.builder import Request
    from connector.core.request.credential import Credential
    from connector.definition.connection_type import ConnectionType, RequestSignature

DIGEST_FIELD = prepare_pattern(r"\{(hex|base64)\}")


@dataclass(frozen=True, slots=True, repr=False)
class RequestSigning:
    """Signs the requests of one connection, each at the moment when it is sent."""

    signature: RequestSignature
    key: bytes
    inputs: tuple[tuple[str, str], ...] = ()  # name in braces -> value

    @classmethod
    def of(cls, connection_type: ConnectionType, secret: str, values: Mapping[str, Any]) -> RequestSigning:
        """Return the signing of a connection. Raises ValueError for a secret that is not Base64 where it should be."""
        signature = connection_type.signature
        assert signature is not None
        names = {name: connection_type.find_input(name) for name in PLACEHOLDER.findall(signature.payload)}
        inputs = {
            name: to_wire_text(values[key])
            for name, key in names.items()
            if name not in REQUEST_FIELDS and key is not None and values.get(key) is not None
        }
        return cls(signature, decode_secret(signature, secret), tuple(inputs.items()))

    def __call__(self, request: Request, credential: Credential, now: float) -> Credential:
        """Return the credential with the time and the signature of a request, which comes last."""
        timestamp = ""
        if self.signature.timestamp is not None:
            timestamp = _write_time(now, self.signature.timestamp.unit)
            credential = _place(credential, self.signature.timestamp.to, timestamp)
        digest = hmac.digest(self.key, self.build_payload(request, credential, timestamp), self.signature.hash)
        written = {"hex": digest.hex(), "base64": base64.b64encode(digest).decode()}
        text = DIGEST_FIELD.sub(lambda match: written[match[1]], self.signature.format)
        return _place(credential, self.signature.to, text)

    def build_payload(self, request: Request, credential: Credential, timestamp: str = "") -> bytes:
        """Return the bytes that are signed: of the request as it will be sent. Raises UsageError."""
        body = b""
        if request.body is not None and "body" in PLACEHOLDER.findall(self.signature.payload):
            if request.body.kind == "multipart":
                message = "The body of this request has parts, whose bytes are not known before they are sent."
                raise UsageError(message, hint="A signature over the body needs a body of another type.")
            request.ensure_replayable()
            body = request.body.to_bytes()
        parts = urlsplit(add_query(request.base_url + request.path, (*request.query, *credential.query)))
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        fields = {
            "timestamp": timestamp,
            "method": request.method,
            "path": parts.path,
            "query": parts.query,
            "target": target,
            "url": f"{parts.scheme}://{parts.netloc}{target}",
            "host": parts.netloc,
            **dict(self.inputs),
        }
        pieces = PLACEHOLDER.split(self.signature.payload)
        return b"".join(
            body if index % 2 and piece == "body" else (fields.get(piece, "") if index % 2 else piece).encode()
            for index, piece in enumerate(pieces)
        )


def decode_secret(signature: RequestSignature, secret: str) -> bytes:
    """Return the key of a secret. Raises ValueError for one that is not Base64 where it should be."""
    return base64.b64decode(secret, validate=True) if signature.has_encoded_secret else secret.encode()


def _write_time(now: float, unit: str) -> str:
    if unit == "iso":
        return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return str(int(now * 1000) if unit == "ms" else int(now))


def _place(credential: Credential, place: str, value: str) -> Credential:
    part, _, name = place.partition(".")
    if part == "header":
        return replace(credential, headers=(*credential.headers, (name, value)))
    return replace(credential, query=(*credential.query, (name, value)))
