"""What signs a request: headers and query parameters to add, and the secret in them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, repr=False)
class Credential:
    """What a connection signs requests with: headers and query to add, its secret, the base URL and scopes it names."""

    secret: str
    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    base_url: str | None = None
    renewable: bool = False
    scopes: tuple[str, ...] | None = None

    def __repr__(self) -> str:
        return f"<Credential in {', '.join(name for name, _ in (*self.headers, *self.query)) or 'nothing'}>"
