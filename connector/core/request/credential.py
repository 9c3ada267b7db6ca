"""The credential that signs a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.core.request.builder import Request


@dataclass(frozen=True, slots=True, repr=False)
class ClientCertificate:
    """A certificate with its private key, in PEM form: what a connection shows in the TLS handshake.

    `fingerprint` tells it from others, so that no connection is shared with another one.
    """

    pem: bytes
    fingerprint: str

    def __repr__(self) -> str:
        return f"<ClientCertificate {self.fingerprint}>"


@dataclass(frozen=True, slots=True, repr=False)
class Credential:
    """What signs a request: headers, query parameters and fields of its body; their secret; a token's URL and scopes.

    `renewable`: there may be another one after the service rejected this one. `scopes_renewed_at` is when (epoch
    seconds) a token that needs no person is requested anew for a scope that this one lacks; None for other tokens. A
    field of the `body` is the names of its path, and its value. `signing` signs each request when it is sent.
    """

    secret: str
    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    base_url: str | None = None
    renewable: bool = False
    scopes: tuple[str, ...] | None = None
    scopes_renewed_at: float | None = None
    body: tuple[tuple[tuple[str, ...], Any], ...] = ()
    signing: Callable[[Request, Credential, float], Credential] | None = None
    certificate: ClientCertificate | None = None

    def sign(self, request: Request, now: float) -> Credential:
        """Return the credential of one request that is sent now (epoch seconds). Raises UsageError."""
        return self if self.signing is None else self.signing(request, self, now)

    def __repr__(self) -> str:
        names = [name for name, _ in (*self.headers, *self.query)] + [".".join(path) for path, _ in self.body]
        return f"<Credential in {', '.join(names) or 'nothing'}>"
