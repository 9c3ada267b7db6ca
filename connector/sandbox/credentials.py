"""Credentials: what the sandbox takes for one, and the stand-in that its own connection signs with."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from connector.core.exchange import Signed
from connector.edge.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.definition.action import Action
    from connector.definition.load import Connector
    from connector.definition.manifest import ConnectionKind
    from connector.sandbox.incoming import Incoming

STAND_IN = "sandbox"  # no secret: everybody may know it
REFUSED = ("", "expired", "invalid")
_DEFAULT_KEY = "header.X-API-Key"
_STATIC = ("bearer", "api_key", "basic")


def accepted(connector: Connector, request: Incoming) -> bool:
    """Whether a request carries a credential of a kind that the connector has, and not one to be refused."""
    kinds = connector.manifest.connections.values()
    return not kinds or any(_fits(kind, request) for kind in kinds)


def _fits(kind: ConnectionKind, request: Incoming) -> bool:
    if kind.kind == "api_key":
        part, _, name = (kind.to or _DEFAULT_KEY).partition(".")
        held = request.headers.get(name.lower(), "") if part == "header" else dict(request.query).get(name, "")
        return held.strip() not in REFUSED
    scheme, _, held = request.headers.get("authorization", "").partition(" ")
    if kind.kind == "basic":
        return scheme.lower() == "basic" and not any(word in REFUSED[1:] for word in _words(held.strip()))
    return scheme.lower() == "bearer" and held.strip() not in REFUSED


def _words(coded: str) -> Iterator[str]:
    """Yield the user and the password of basic credentials; what is no such pair counts as refused."""
    try:
        user, colon, password = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        yield REFUSED[-1]
        return
    if not colon or not (user or password):
        yield REFUSED[-1]
    yield from (user, password)


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

    def secrets(self) -> list[str]:
        """Return nothing: there is no secret."""
        return []

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
