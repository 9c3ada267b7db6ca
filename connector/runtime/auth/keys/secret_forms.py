"""The forms of secrets: one word, Base64, or a key in PEM form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.core.auth.request_signing import decode_secret
from connector.core.invalid_value import InvalidValue
from connector.runtime.process.extras import require

if TYPE_CHECKING:
    from connector.definition.connection_type import ConnectionType

_PEM_START = "-----BEGIN "


def check_main_secret(connection_type: ConnectionType, secret: str) -> str:
    """Return the secret that signs what a connection sends. Raises InvalidValue, which never shows it, UsageError."""
    if connection_type.kind == "jwt" and connection_type.algorithm != "HS256":
        return _check_signing_key(connection_type.algorithm, check_pem(secret, "a private key"))
    check_word(secret)
    if connection_type.signature is not None:
        try:
            decode_secret(connection_type.signature, secret)
        except ValueError:
            raise InvalidValue("a secret in Base64", "copy it again") from None
    return secret


def check_word(secret: str) -> str:
    """Reject a secret pasted with spaces, quotes or line ends; never show it."""
    for position, char in enumerate(secret, 1):
        if char.isspace() or not char.isprintable() or char in "\"'" or not char.isascii():
            raise InvalidValue("a secret without spaces, quotes or line ends", f"look at position {position}")
    if not secret:
        raise InvalidValue("a secret that is not empty")
    return secret


def check_pem(text: str, what: str) -> str:
    """Return a text in PEM form; in an environment variable its line ends may be written as a backslash and an n."""
    pem = text.replace("\\n", "\n").strip()
    if not pem.startswith(_PEM_START) or not pem.isascii():
        raise InvalidValue(f"{what} in PEM form", f"give all of its file, which begins with {_PEM_START.strip()}")
    return f"{pem}\n"


def _check_signing_key(algorithm: str, pem: str) -> str:
    """Return a private key that signs with an algorithm of JWTs."""
    require("crypto", "cryptography")
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except TypeError:
        raise InvalidValue("a private key without a password", "remove the password with openssl pkey") from None
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidValue("a private key that can be read", "copy the whole file again") from None
    is_rsa = isinstance(key, rsa.RSAPrivateKey)
    is_p256 = isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1)
    if not (is_rsa if algorithm == "RS256" else is_p256):
        name = "an RSA key" if algorithm == "RS256" else "a key of the curve P-256"
        raise InvalidValue(f"{name}, which {algorithm} needs")
    return pem
