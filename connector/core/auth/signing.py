"""What signs the requests of a connection: its token or secret, and its other values, each in the place it names."""

from __future__ import annotations

import base64
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from connector.core.auth.site import fill_text
from connector.core.redaction import MASK
from connector.core.request.body import to_wire_text
from connector.core.request.credential import Credential
from connector.definition.connection_type import BASIC_PLACES
from connector.definition.json_path import parse_path
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from connector.core.request.credential import ClientCertificate
    from connector.definition.connection_type import ConnectionType

DEFAULT_PLACE = "header.Authorization"
DEFAULT_SCHEME = "Bearer"
MAIN_SECRET_KINDS = ("bearer", "api_key", "jwt", "signed")
_UNSENT = "$TOKEN"
_REQUEST_PARTS = ("header", "query", "body")


def add_scheme(scheme: str | None, value: str) -> str:
    """Return a value behind its scheme; a scheme that is a word is parted from it by a space."""
    if not scheme:
        return value
    return f"{scheme} {value}" if scheme[-1].isalnum() else f"{scheme}{value}"


def find_main_place(connection_type: ConnectionType) -> tuple[str, str | None]:
    """Return the place of a connection type's token or secret, and the scheme before it.

    A key stands alone in its place, in Authorization too: only a token is a bearer's (RFC 6750).
    """
    if connection_type.kind == "signed" and connection_type.signature is not None:
        return connection_type.signature.to, None
    if connection_type.kind == "oauth1":
        return DEFAULT_PLACE, "OAuth"
    place = connection_type.to or DEFAULT_PLACE
    is_token = connection_type.kind != "api_key" and place.lower() == DEFAULT_PLACE.lower()
    is_bearer = connection_type.scheme is None and is_token
    return place, DEFAULT_SCHEME if is_bearer else connection_type.scheme


def find_main_input(connection_type: ConnectionType) -> str | None:
    """Return the input that is the secret of a kind with one: the first secret without a place of its own."""
    if connection_type.kind not in MAIN_SECRET_KINDS:
        return None
    if connection_type.kind == "api_key" and connection_type.to is None:
        return None
    return next((key for key, item in connection_type.inputs.items() if item.secret and item.to is None), None)


@dataclass(frozen=True, slots=True, repr=False)
class Signer:
    """Signs requests of one connection with its token or secret, and with its other values."""

    place: str = DEFAULT_PLACE
    scheme: str | None = DEFAULT_SCHEME
    placed: tuple[tuple[str, Any], ...] = field(default=())  # place -> value, of everything else
    certificate: ClientCertificate | None = None

    @classmethod
    def of(cls, connection_type: ConnectionType, constants: Mapping[str, str], values: Mapping[str, Any]) -> Signer:
        """Return the signer of a connection; `constants` are the manifest's that have inputs in them."""
        place, scheme = find_main_place(connection_type)
        return cls(place, scheme, tuple(_iter_placed(connection_type, constants, values)))

    def sign(self, secret: str, **details: Any) -> Credential:
        """Return the credential with a token or secret in its place."""
        return self._build(secret, [(self.place, add_scheme(self.scheme, secret))], details)

    def sign_basic(self) -> Credential:
        """Return the credential with a user name and a password, each empty where there is none."""
        parts = dict(self.placed)
        encoded = base64.b64encode(":".join(str(parts.get(place, "")) for place in BASIC_PLACES).encode()).decode()
        return self._build(encoded, [(DEFAULT_PLACE, f"Basic {encoded}")], {})

    def sign_without_secret(self) -> Credential:
        """Return the credential of a connection whose values all have places of their own."""
        return self._build("", [], {})

    @staticmethod
    def sign_unsent(connection_type: ConnectionType, constants: Mapping[str, str]) -> Credential:
        """Return what such a connection sends, with $TOKEN for its token or secret and names for other values."""
        values = {key: MASK if item.secret else f"{{{key}}}" for key, item in connection_type.inputs.items()}
        signer = Signer.of(connection_type, constants, values)
        if connection_type.kind == "basic":
            return replace(signer, scheme="Basic").sign(_UNSENT)
        if connection_type.kind == "api_key" and find_main_input(connection_type) is None:
            return signer.sign_without_secret()
        return signer.sign(_UNSENT)

    def _build(self, secret: str, main: Iterable[tuple[str, str]], details: Mapping[str, Any]) -> Credential:
        parts: dict[str, list[Any]] = {part: [] for part in _REQUEST_PARTS}
        for place, value in (*main, *self.placed):
            part, _, name = place.partition(".")
            if part == "body":
                parts[part].append((parse_path(name), value))
            elif part in parts:
                parts[part].append((name, to_wire_text(value)))
        headers, query, body = (tuple(parts[part]) for part in _REQUEST_PARTS)
        return Credential(secret, headers, query, body=body, certificate=self.certificate, **details)


BEARER = Signer()


def _iter_placed(
    connection_type: ConnectionType, constants: Mapping[str, str], values: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    """Yield the places and values of inputs, then of constants."""
    for key, item in connection_type.inputs.items():
        value = values.get(key)
        if item.to is not None and value is not None:
            yield item.to, add_scheme(item.scheme, to_wire_text(value)) if item.to.startswith("header.") else value
    for place, text in {**constants, **connection_type.constants}.items():
        value = fill_text(text, connection_type, values)
        if value is not None:
            yield place, value
