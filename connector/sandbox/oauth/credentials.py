"""Credentials: what the sandbox takes for one, and the stand-ins that its own connections sign with."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from pydantic_core import from_json

from connector.core.exchange.exchange import Signed
from connector.definition.fields import kebab
from connector.runtime.auth.connection import Connection
from connector.sandbox.data.issued_tokens import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.definition.action import Action
    from connector.definition.loader import Connector
    from connector.definition.manifest import ConnectionKind
    from connector.sandbox.http.request import Incoming

STAND_IN = "sandbox"  # no secret: everybody may know it
SECRET = "sandbox-secret"  # noqa: S105  as little one
REFUSED = ("", "expired", "invalid")
_DEFAULT_KEY = "header.X-API-Key"
_STATIC = ("bearer", "api_key", "basic")


def accepted(connector: Connector, request: Incoming, now: float) -> bool:
    """Whether a request carries a credential of a kind that the connector has, and not one to be refused."""
    kinds = connector.manifest.connections.values()
    if any(kind.kind == "jwt_hs256" for kind in kinds) and not _holds(bearer(request), now):
        return False
    return not kinds or any(_fits(kind, request) for kind in kinds)


def bearer(request: Incoming) -> str:
    """Return the bearer token of a request; empty when it has none."""
    scheme, _, held = request.headers.get("authorization", "").partition(" ")
    return held.strip() if scheme.lower() == "bearer" else ""


def _fits(kind: ConnectionKind, request: Incoming) -> bool:
    if kind.kind == "api_key":
        part, _, name = (kind.to or _DEFAULT_KEY).partition(".")
        held = request.headers.get(name.lower(), "") if part == "header" else dict(request.query).get(name, "")
        return held.strip() not in REFUSED
    scheme, _, held = request.headers.get("authorization", "").partition(" ")
    if kind.kind == "basic":
        words = _words(held.strip()) if scheme.lower() == "basic" else None
        return words is not None and any(words) and not any(word in REFUSED[1:] for word in words)
    return bearer(request) not in REFUSED


def _words(coded: str) -> tuple[str, str] | None:
    """Return the user and the password of basic credentials, or None for what is no such pair."""
    try:
        user, colon, password = base64.b64decode(coded, validate=True).decode().partition(":")
    except ValueError:
        return None
    return (user, password) if colon else None


def _holds(token: str, now: float) -> bool:
    """Whether a token is a JWT that was signed with the stand-in secret and is good now, or none that we could check.

    A JWT with another signature is somebody else's access token, and as opaque as any other.
    """
    if _algorithm(token) not in ("HS256", "none"):
        return True
    import jwt as pyjwt  # noqa: PLC0415  loaded when a JWT comes

    options: Any = {f"verify_{claim}": False for claim in ("exp", "iat", "nbf", "aud", "sub", "jti")}
    options["require"] = ["iss", "iat", "exp"]
    key = SECRET.encode().ljust(32, b"\0")  # HMAC fills a short key up like this itself; the library would warn
    try:
        claims = pyjwt.decode(token, key, ["HS256"], options=options)
    except pyjwt.PyJWTError:
        return False
    begins, ends = claims["iat"], claims["exp"]
    timed = all(isinstance(when, int | float) and not isinstance(when, bool) for when in (begins, ends))
    return timed and begins <= now < ends and isinstance(claims["iss"], str) and claims["iss"] not in REFUSED


def _algorithm(token: str) -> Any:
    """Return how a JWT says that it is signed; nothing for what is no JWT."""
    head, *rest = token.split(".")
    if len(rest) != 2:  # noqa: PLR2004  claims and signature
        return None
    try:
        header = from_json(base64.urlsafe_b64decode(f"{head}=="))
    except ValueError:
        return None
    return header.get("alg") if isinstance(header, dict) else None


def client(request: Incoming, form: Mapping[str, str], *, public: bool) -> str:
    """Return the id of the client that asks for tokens, by Basic or in the form (RFC 6749, 2.3.1). Raises Refused.

    `public` says that a client without a secret may ask.
    """
    scheme, _, coded = request.headers.get("authorization", "").partition(" ")
    name, secret = form.get("client_id", ""), form.get("client_secret", "")
    if scheme:
        if secret:
            raise Refused("invalid_request", "The client's secret came in two ways; send it in one.")
        words = _words(coded.strip()) if scheme.lower() == "basic" else None
        claimed, secret = map(unquote_plus, words or ("", ""))
        if name and name != claimed:
            raise Refused("invalid_client", "The client_id is not the one of the Authorization header.")
        name, public = claimed, False
    if not name or REFUSED[-1] in (name, secret) or not (secret or public):
        raise Refused("invalid_client", "The client's id or its secret is not accepted.")
    return name


def stand_ins(kind: ConnectionKind, urls: Mapping[str, str]) -> dict[str, Any]:
    """Return inputs with which a connection of a kind is let in here: the URLs, and what else it must have."""
    found: dict[str, Any] = {}
    for key, spec in kind.inputs.items():
        if key in urls:
            found[key] = urls[key]
        elif spec.secret:
            found[key] = SECRET
        elif key == "clientId" or (spec.required and not spec.has_default):
            found[key] = f"{STAND_IN}-{kebab(key)}" if spec.example is None else spec.example
    return found


class Visitor(Connection):
    """A connection that needs no secret: it signs as one of the connector's kinds would, with a stand-in."""

    def __init__(self, connector: Connector, kind: str | None = None) -> None:
        declared = connector.manifest.connections
        self.connector = connector
        self.kind = kind or _plainest(connector)
        self.name = "sandbox"
        self._values = {}
        if self.kind:
            self._declared = declared[self.kind]

    def may_run(self, action: Action) -> bool:  # noqa: ARG002  the base class's signature
        """Return True: it may run every action."""
        return True

    @property
    def base_url(self) -> str:
        """The manifest's base URL, the stand-in in place of what a connection would fill in."""
        url = self.connector.manifest.base_url
        while "{" in url:
            before, _, rest = url.partition("{")
            url = before + STAND_IN + rest.partition("}")[2]
        return url

    def secrets(self) -> tuple[str, ...]:
        """Return nothing: there is no secret."""
        return ()

    @property
    def tokens(self) -> None:
        """Nothing to renew."""

    def signed(self, rejected: str | None, now: float) -> Signed:  # noqa: ARG002  the base class's signature
        """Return what signs a request; it has no value that would have to be hidden."""
        if not self.kind:
            return Signed("")
        if self._declared.kind == "api_key":
            part, _, name = (self._declared.to or _DEFAULT_KEY).partition(".")
            pair = ((name, STAND_IN),)
            return Signed("", headers=pair) if part == "header" else Signed("", query=pair)
        if self._declared.kind == "basic":
            coded = base64.b64encode(f"{STAND_IN}:{STAND_IN}".encode()).decode()
            return Signed("", headers=(("Authorization", f"Basic {coded}"),))
        return Signed("", headers=(("Authorization", f"Bearer {STAND_IN}"),))

    def __repr__(self) -> str:
        return f"<Connection sandbox: {self.connector.name}>"


def _plainest(connector: Connector) -> str:
    """Return the kind that needs no sign-in and may run everything, else the first; empty when there is none."""
    kinds = connector.manifest.connections
    free = [name for name, kind in kinds.items() if kind.only is None]
    static = [name for name in free if kinds[name].kind in _STATIC]
    return next(iter([*static, *free, *kinds]), "")
