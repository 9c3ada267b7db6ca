"""The keys of signatures: secrets of an HMAC, and public keys, which need the package cryptography."""

from __future__ import annotations

import base64
import binascii
import hmac
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connector.definition.trigger import Algorithm, Signature

MIN_SECRET_LENGTH = 8  # characters, or decoded bytes of a Base64 secret
MIN_RSA_BITS = 2048
_ED25519_BYTES = 32


class InvalidKey(ValueError):
    """A text that is no key; the message says what is wrong, and nothing of the text."""


def decode_key(signature: Signature | None, text: str) -> bytes:
    """Return the bytes of a secret or a public key; of a shared token, without a signature. Raises InvalidKey."""
    if signature is not None and signature.key_form == "pem":
        key: bytes | None = text.strip().encode()
    else:
        if not text or text != text.strip() or not text.isprintable():
            raise InvalidKey("is empty, or has surrounding spaces or control characters")
        key = _decode_text(signature, text)
    if key is None:
        raise InvalidKey("is not Base64" if signature and signature.key_form == "base64" else "is not hexadecimal")
    if signature is not None and signature.has_public_key:
        _load_public_key(signature.algorithm, key)
    elif len(key) < MIN_SECRET_LENGTH:
        raise InvalidKey(f"is shorter than {MIN_SECRET_LENGTH} characters, which is easy to guess")
    return key


def is_signed_by(signature: Signature, key: bytes, payload: bytes, digest: bytes) -> bool:
    """Whether a digest, as it is written in the header, is the key's over a payload; in constant time."""
    if not signature.has_public_key:
        return hmac.compare_digest(digest, encode_digest(signature, compute_hmac(signature, key, payload)))
    try:
        raw = bytes.fromhex(digest.decode()) if signature.digest == "hex" else base64.b64decode(digest)
    except ValueError:
        return False
    return _verify(signature.algorithm, _load_public_key(signature.algorithm, key), raw, payload)


def sign(signature: Signature, key: bytes, payload: bytes) -> bytes:
    """Return the digest of a payload as it is written; for public keys, `key` is the private key as PEM."""
    if not signature.has_public_key:
        return encode_digest(signature, compute_hmac(signature, key, payload))
    from cryptography.hazmat.primitives import serialization

    private_key: Any = serialization.load_pem_private_key(key, None)
    return encode_digest(signature, private_key.sign(payload, *_list_parameters(signature.algorithm)))


def compute_hmac(signature: Signature, key: bytes, payload: bytes) -> bytes:
    """Return the bytes of an HMAC."""
    return hmac.digest(key, payload, signature.hash)


def encode_digest(signature: Signature, digest: bytes) -> bytes:
    """Return a digest as it is written."""
    return digest.hex().encode() if signature.digest == "hex" else base64.b64encode(digest)


def _decode_text(signature: Signature | None, text: str) -> bytes | None:
    """Return the bytes of a key that is written on one line; None if it is written otherwise."""
    if signature is None or signature.key_form == "text":
        return text.encode()
    text = text.removeprefix(signature.secret_prefix or "")
    try:
        return bytes.fromhex(text) if signature.key_form == "hex" else base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


@lru_cache(maxsize=64)
def _load_public_key(algorithm: Algorithm, key: bytes) -> Any:
    """Return a public key: of 32 bytes, or as DER or PEM. Raises InvalidKey."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    try:
        if algorithm == "ed25519" and len(key) == _ED25519_BYTES:
            return ed25519.Ed25519PublicKey.from_public_bytes(key)
        is_pem = key.startswith(b"-----")
        public_key = serialization.load_pem_public_key(key) if is_pem else serialization.load_der_public_key(key)
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidKey("is no public key") from None
    if algorithm == "ed25519" and isinstance(public_key, ed25519.Ed25519PublicKey):
        return public_key
    if algorithm == "rsa_sha256" and isinstance(public_key, rsa.RSAPublicKey):
        if public_key.key_size >= MIN_RSA_BITS:
            return public_key
        raise InvalidKey(f"is shorter than {MIN_RSA_BITS} bits")
    if algorithm == "ecdsa_sha256" and isinstance(public_key, ec.EllipticCurvePublicKey):
        if isinstance(public_key.curve, ec.SECP256R1):
            return public_key
        raise InvalidKey("is not of the curve P-256")
    raise InvalidKey(f"is no public key for {algorithm}")


def _verify(algorithm: Algorithm, public_key: Any, digest: bytes, payload: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        public_key.verify(digest, payload, *_list_parameters(algorithm))
    except InvalidSignature:
        return False
    return True


def _list_parameters(algorithm: Algorithm) -> tuple[Any, ...]:
    """Return what a key of this algorithm signs with, beside the payload."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding

    if algorithm == "rsa_sha256":
        return padding.PKCS1v15(), hashes.SHA256()
    return (ec.ECDSA(hashes.SHA256()),) if algorithm == "ecdsa_sha256" else ()
