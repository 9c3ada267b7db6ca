"""API JWTs: signed tokens that a connection issues itself."""

from __future__ import annotations

from typing import Any

from connector.core.auth.token_set import TokenSet

JWT_LIFETIME = 3600.0
JWT_BACKDATE_SECONDS = 30.0  # for a service whose clock is behind ours


def build_api_jwt(api_key: str, secret: str, now: float, lifetime: float = JWT_LIFETIME) -> TokenSet:
    """Return an API JWT (HS256) with iss, iat and exp, as a grant."""
    import jwt as pyjwt  # noqa: PLC0415  loaded for this kind only

    issued = int(now - JWT_BACKDATE_SECONDS)
    claims: dict[str, Any] = {"iss": api_key, "iat": issued, "exp": int(now + lifetime - JWT_BACKDATE_SECONDS)}
    signing_key = secret.encode().ljust(32, b"\0")  # HMAC fills a short key up like this itself; the library would warn
    return TokenSet(pyjwt.encode(claims, signing_key, algorithm="HS256"), expires_at=claims["exp"], obtained_at=now)
