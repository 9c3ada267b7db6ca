"""API JWTs: tokens that a connection signs itself."""

from __future__ import annotations

from typing import Any

from connector.core.auth.token_set import TokenSet

JWT_LIFETIME = 3600.0  # seconds
JWT_BACKDATE_SECONDS = 30.0  # seconds, for a service whose clock is behind ours


def build_api_jwt(api_key: str, secret: str, now: float, lifetime: float = JWT_LIFETIME) -> TokenSet:
    """Return an API JWT (HS256) with iss, iat and exp; `now` and `lifetime` are seconds."""
    import jwt as pyjwt

    issued = int(now - JWT_BACKDATE_SECONDS)
    claims: dict[str, Any] = {"iss": api_key, "iat": issued, "exp": int(now + lifetime - JWT_BACKDATE_SECONDS)}
    signing_key = secret.encode().ljust(32, b"\0")  # HMAC pads a short key alike; the library would warn
    return TokenSet(pyjwt.encode(claims, signing_key, algorithm="HS256"), expires_at=claims["exp"], obtained_at=now)
