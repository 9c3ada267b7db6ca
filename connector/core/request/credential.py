"""The credential that signs a request."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, repr=False)
class Credential:
    """Headers and query parameters that sign a request, their secret, and the token's base URL and scopes."""

    secret: str
    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    base_url: str | None = None
    renewable: bool = False
    scopes: tuple[str, ...] | None = None

    def __repr__(self) -> str:
        return f"<Credential in {', '.join(name for name, _ in (*self.headers, *self.query)) or 'nothing'}>"
