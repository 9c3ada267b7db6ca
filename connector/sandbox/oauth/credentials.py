"""Credentials that the sandbox accepts, and the placeholders that its own connections use."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote_plus

from pydantic_core import from_json

from connector.core.auth.signing import DEFAULT_SCHEME, Signer, add_scheme, find_main_input, find_main_place
from connector.core.json_path import get_at_path
from connector.core.request.credential import Credential
from connector.definition.case import to_kebab_case
from connector.sandbox.data.issued_tokens import OAuthError
from connector.sandbox.oauth import jwts
from connector.sandbox.oauth.jwts import REJECTED_VALUES, SANDBOX_SECRET

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.definition.action import Action
    from connector.definition.connection_type import ConnectionInput, ConnectionType
    from connector.definition.loader import Connector
    from connector.sandbox.http.request import SandboxRequest

PLACEHOLDER = "sandbox"  # public
_PLACEHOLDERS = {"host": "sandbox.example.com", "email": "sandbox@example.com"}  # by format
_REQUEST_PARTS = ("header.", "query.", "body.")
_STATIC_KINDS = ("bearer", "api_key", "basic")


def is_authenticated(connector: Connector, request: SandboxRequest, now: float) -> bool:
    """Whether a request carries an accepted credential of one of the connector's types."""
    connection_types = connector.manifest.connections.values()
    if not all(jwts.may_be_sent(item, read_bearer_token(request), now) for item in connection_types):
        return False
    return not connection_types or any(
        _has_credential(connection_type, request) for connection_type in connection_types
    )


def is_sign_in(connector: Connector, method: str, path: str) -> bool:
    """Whether a request is that of an action that signs in, which has no credential yet."""
    logins = (item.login for item in connector.manifest.connections.values() if item.login is not None)
    return any(
        (action.method, action.path) == (method, path) for action in (connector.action(x.action) for x in logins)
    )


def read_bearer_token(request: SandboxRequest) -> str:
    """Return the bearer token of a request, or an empty text."""
    return _strip_scheme(DEFAULT_SCHEME, request.headers.get("authorization", ""))


def read_token(connector: Connector, request: SandboxRequest) -> str:
    """Return the token of a request, from where a connection type sends it, or an empty text."""
    types = [item for item in connector.manifest.connections.values() if item.kind != "basic"]
    return next(filter(None, (_read_place(*find_main_place(item), request) for item in types)), "")


def _read_place(place: str, scheme: str | None, request: SandboxRequest) -> str:
    """Return the value at a place of a request, without its scheme, or an empty text."""
    part, _, name = place.partition(".")
    if part == "header":
        return _strip_scheme(scheme, request.headers.get(name.lower(), ""))
    if part == "query":
        return dict(request.query).get(name, "")
    return str(get_at_path(_read_body(request), name) or "")


def _strip_scheme(scheme: str | None, value: str) -> str:
    """Return a header's value without its scheme; a word is followed by a space, and its case does not matter."""
    prefix = add_scheme(scheme, "")
    return value[len(prefix) :].strip() if value[: len(prefix)].lower() == prefix.lower() else ""


def _read_body(request: SandboxRequest) -> Any:
    try:
        return from_json(request.body)
    except ValueError:
        return dict(parse_qsl(request.body.decode("utf-8", "replace")))


def _has_credential(connection_type: ConnectionType, request: SandboxRequest) -> bool:
    if connection_type.kind == "basic":
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        user_and_password = _decode_basic(value.strip()) if scheme.lower() == "basic" else None
        return (
            user_and_password is not None
            and any(user_and_password)
            and not any(text in REJECTED_VALUES[1:] for text in user_and_password)
        )
    if connection_type.kind == "api_key" and find_main_input(connection_type) is None:
        places = [(field.to, field.scheme) for field in connection_type.inputs.values() if field.to and field.required]
        values = [_read_place(place, scheme, request) for place, scheme in places if place.startswith(_REQUEST_PARTS)]
        return not any(value in REJECTED_VALUES for value in values)
    return _read_place(*find_main_place(connection_type), request) not in REJECTED_VALUES


def _decode_basic(encoded: str) -> tuple[str, str] | None:
    """Decode Basic credentials into user and password; None when they are malformed."""
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return None
    return (user, password) if colon else None


def authenticate_client(request: SandboxRequest, form: Mapping[str, str], *, allow_public: bool) -> str:
    """Return the client id, from Basic or the form (RFC 6749, 2.3.1). Raises OAuthError.

    With `allow_public` a client without a secret is accepted.
    """
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    if scheme:
        if secret:
            raise OAuthError("invalid_request", "The client secret was sent twice; use either Basic or the form.")
        user_and_password = _decode_basic(encoded.strip()) if scheme.lower() == "basic" else None
        header_client_id, secret = map(unquote_plus, user_and_password or ("", ""))
        if client_id and client_id != header_client_id:
            raise OAuthError("invalid_client", "The client_id does not match the Authorization header.")
        client_id, allow_public = header_client_id, False
    if not client_id or REJECTED_VALUES[-1] in (client_id, secret) or not (secret or allow_public):
        raise OAuthError("invalid_client", "Invalid client id or secret.")
    return client_id


def build_sandbox_inputs(connection_type: ConnectionType, urls: Mapping[str, str]) -> dict[str, Any]:
    """Return connection inputs that the sandbox accepts: URLs and required inputs."""
    inputs: dict[str, Any] = {}
    for key, field in connection_type.inputs.items():
        if key in urls:
            inputs[key] = urls[key]
        elif field.secret:
            is_main = key == find_main_input(connection_type)
            inputs[key] = jwts.build_secret(connection_type) if is_main else SANDBOX_SECRET
        elif key == "clientId" or (field.required and not field.has_default):
            inputs[key] = build_placeholder(key, field)
    return inputs


def build_placeholder(key: str, field: ConnectionInput) -> Any:
    """Return a value for an input of a connection to the sandbox."""
    if field.example is not None:
        return field.example
    return _PLACEHOLDERS.get(field.format or "", f"{PLACEHOLDER}-{to_kebab_case(key)}")


class SandboxConnection:
    """Credentials without a secret: a placeholder signs as one of the connection types would."""

    token_source = None  # there is nothing to refresh
    allowed_hosts = None
    credential_source = None

    def __init__(self, connector: Connector, kind: str | None = None) -> None:
        self.connector = connector
        self.kind = kind or _choose_default_kind(connector)
        self.name = "sandbox"

    def can_run(self, action: Action) -> bool:  # noqa: ARG002  the protocol's signature
        """Return True: it may run every action."""
        return True

    def inputs(self) -> dict[str, Any]:
        """Return nothing: it is made without inputs."""
        return {}

    @property
    def base_url(self) -> str:
        """The manifest's base URL, with a placeholder for what a connection would fill in."""
        return self.find_url(None)

    def find_url(self, server: str | None) -> str:
        """Return the URL of a server, or the base URL for none, with a placeholder for what a connection fills in."""
        url = self.connector.manifest.find_url(server)
        while "{" in url:
            prefix, _, suffix = url.partition("{")
            url = prefix + PLACEHOLDER + suffix.partition("}")[2]
        return url

    def secrets(self) -> tuple[str, ...]:
        """Return nothing: there is no secret."""
        return ()

    def credential(self, rejected_token: str | None, now: float) -> Credential:  # noqa: ARG002  the protocol's signature
        """Return what signs a request; it has no value that would have to be hidden."""
        if not self.kind:
            return Credential("")
        manifest = self.connector.manifest
        settings = manifest.connections[self.kind]
        values = {key: PLACEHOLDER for key, field in settings.inputs.items() if field.required or field.secret}
        signer = Signer.of(settings, manifest.filled_constants, values)
        if settings.kind == "basic":
            credential = signer.sign_basic()
        elif settings.kind == "api_key" and find_main_input(settings) is None:
            credential = signer.sign_without_secret()
        else:
            credential = signer.sign(PLACEHOLDER)
        return replace(credential, secret="")

    def __repr__(self) -> str:
        return f"<Connection sandbox: {self.connector.name}>"


def _choose_default_kind(connector: Connector) -> str:
    """Return a type without sign-in or restrictions, else the first; empty without any."""
    connection_types = connector.manifest.connections
    unrestricted = [
        name for name, connection_type in connection_types.items() if connection_type.allowed_actions is None
    ]
    static_names = [name for name in unrestricted if connection_types[name].kind in _STATIC_KINDS]
    return next(iter([*static_names, *unrestricted, *connection_types]), "")
