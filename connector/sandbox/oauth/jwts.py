"""JWTs as the sandbox takes them, and the secrets that its own connections sign with."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from connector.runtime.process.extras import require

if TYPE_CHECKING:
    from connector.definition.connection_type import ConnectionType

SANDBOX_SECRET = "sandbox-secret"  # noqa: S105  public
REJECTED_VALUES = ("", "expired", "invalid")
_CHECKED_BY_LIBRARY = ("exp", "iat", "nbf", "aud", "sub", "jti")


def may_be_sent(connection_type: ConnectionType, token: str, now: float) -> bool:
    """Whether a token may come with a type: any but a broken JWT of its own that is sent as it is.

    A JWT with another algorithm is an access token of another issuer, accepted like any opaque token.
    """
    if connection_type.kind != "jwt" or connection_type.is_exchanged or connection_type.algorithm != "HS256":
        return True
    if _read_algorithm(token) not in ("HS256", "none"):
        return True
    import jwt as pyjwt

    required = [name for name in ("iss",) if name in connection_type.claims]
    options: Any = {**_skip_checks(), "require": [*required, "iat", "exp"]}
    key = SANDBOX_SECRET.encode().ljust(32, b"\0")  # as HMAC pads a short key; PyJWT warns about one
    try:
        claims = pyjwt.decode(token, key, ["HS256"], options=options)
    except pyjwt.PyJWTError:
        return False
    are_texts = all(isinstance(claims[name], str) and claims[name] not in REJECTED_VALUES for name in required)
    return are_texts and _is_timely(claims, now)


def has_valid_times(assertion: str, now: float) -> bool:
    """Whether a text is a JWT, of whatever key, that is valid now."""
    import jwt as pyjwt

    options: Any = {**_skip_checks(), "verify_signature": False}
    try:
        claims = pyjwt.decode(assertion, options=options)
    except pyjwt.PyJWTError:
        return False
    return _is_timely(claims, now)


def build_secret(connection_type: ConnectionType) -> str:
    """Return the main secret of a connection to the sandbox, in the form that its kind takes."""
    if connection_type.kind == "jwt" and connection_type.algorithm != "HS256":
        return _generate_key(connection_type.algorithm)
    if connection_type.signature is not None and connection_type.signature.has_encoded_secret:
        return base64.b64encode(SANDBOX_SECRET.encode()).decode()
    return SANDBOX_SECRET


def _skip_checks() -> dict[str, Any]:
    """Return the options of a decoder that leaves the times, which are those of the sandbox's clock, to us."""
    return {f"verify_{claim}": False for claim in _CHECKED_BY_LIBRARY}


def _is_timely(claims: dict[str, Any], now: float) -> bool:
    issued_at, expires_at = claims.get("iat"), claims.get("exp")
    if not isinstance(issued_at, int | float) or not isinstance(expires_at, int | float):
        return False
    return not isinstance(issued_at, bool) and not isinstance(expires_at, bool) and issued_at <= now < expires_at


def _read_algorithm(token: str) -> Any:
    """Return the algorithm in the header of a JWT; None for any other token."""
    try:
        encoded_header, _claims, _signature = token.split(".")
        header = from_json(base64.urlsafe_b64decode(f"{encoded_header}=="))
    except ValueError:
        return None
    return header.get("alg") if isinstance(header, dict) else None


def _generate_key(algorithm: str) -> str:
    require("crypto", "cryptography")
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    is_rsa = algorithm == "RS256"
    key = rsa.generate_private_key(65537, 2048) if is_rsa else ec.generate_private_key(ec.SECP256R1())
    encoding, no_password = serialization.Encoding.PEM, serialization.NoEncryption()
    return key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, no_password).decode()
