"""The credential that signs a request."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, repr=False)
class Credential:
    """Headers and query parameters that sign a request, their secret, and the token's base URL and scopes.

    `renewable`: there may be another one after the service rejected this one. `scopes_renewed_at` is when (epoch
    seconds) a token that needs no person is requested anew for a scope that this one lacks; None for other tokens.
    """

    secret: str
    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    base_url: str | None = None
    renewable: bool = False
    scopes: tuple[str, ...] | None = None
    scopes_renewed_at: float | None = None

    def __repr__(self) -> str:
        return f"<Credential in {', '.join(name for name, _ in (*self.headers, *self.query)) or 'nothing'}>"
