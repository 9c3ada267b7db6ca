"""The public placeholder secrets and keys that the sandbox signs with."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connector.definition.trigger import Algorithm, Trigger

PLACEHOLDER = "placeholder-secret-of-the-sandbox"
_SECRET = PLACEHOLDER.encode()
_EXPONENT = 65_537
_PRIMES = (
    int(
        "fc54ec8258b31df2ba603f2908aa52450ec7badc35dc60cb5f53e5a518e8563ce723e388bd9cb06b76e529ae5fc88d8c"
        "5048eeb42ba305da911e8354cfef4c074cde9e4a1d1fdfc419915b8cf8cff32f64ba7d555df6cb89eba844f488343c5b"
        "1916e4ab28bb96596dff852a94b34d2bfa900db475feea50f8c9ed39b16ce4bf",
        16,
    ),
    int(
        "ed2da2387cf863cc19bb6f561587ace35ece468cbc9860a40b63edc4852ec606bc6b6292003489ad23545724125ddbf0"
        "6727cf3863df0d23d1c75f3be5d05d7e768bb9328aed523d6590b7bbc11ce992c0175c84e2db8680c97a847862e89878"
        "180f971036f70df568bb7e29da3647d0e8924c19ac0c2645429c74eef1be837b",
        16,
    ),
)  # of an RSA key that is public, as is everything here


def get_secret(trigger: Trigger) -> str:
    """Return the secret that a receiver of the sandbox's events has, in the trigger's format; or the public key."""
    signature = trigger.signature
    if signature is not None and signature.has_public_key:
        return _write_public_key(signature.algorithm, signature.key_form, signature.secret_prefix or "")
    if signature is None or signature.key_form == "text":
        return PLACEHOLDER
    written = _SECRET.hex() if signature.key_form == "hex" else base64.b64encode(_SECRET).decode()
    return f"{signature.secret_prefix or ''}{written}"


@lru_cache(maxsize=4)
def get_private_key(algorithm: Algorithm) -> str:
    """Return the private key of the sandbox as PEM."""
    from cryptography.hazmat.primitives import serialization

    encoding, private_format = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    pem: bytes = _build_private_key(algorithm).private_bytes(encoding, private_format, serialization.NoEncryption())
    return pem.decode()


def _write_public_key(algorithm: Algorithm, form: str, prefix: str) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public_key = _build_private_key(algorithm).public_key()
    if form == "pem":
        return str(public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())
    is_raw = algorithm == "ed25519"
    raw: bytes = (
        public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        if is_raw
        else public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )
    return prefix + (raw.hex() if form == "hex" else base64.b64encode(raw).decode())


def _build_private_key(algorithm: Algorithm) -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    seed = hashlib.sha256(_SECRET).digest()
    if algorithm == "ed25519":
        return ed25519.Ed25519PrivateKey.from_private_bytes(seed)
    if algorithm == "ecdsa_sha256":
        return ec.derive_private_key(int.from_bytes(seed), ec.SECP256R1())
    p, q = _PRIMES
    d = rsa.rsa_recover_private_exponent(_EXPONENT, p, q)
    public_numbers = rsa.RSAPublicNumbers(_EXPONENT, p * q)
    parts = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    return rsa.RSAPrivateNumbers(p, q, d, *parts, public_numbers).private_key()
