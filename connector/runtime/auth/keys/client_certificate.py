"""The certificate that a connection shows in the TLS handshake, from its inputs."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from connector.core.redaction import MASK
from connector.core.request.credential import ClientCertificate
from connector.definition.connection_type import TLS_PLACES
from connector.errors import InputError, Problem
from connector.runtime.process.extras import require

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.definition.connection_type import ConnectionType


def build_certificate(connection_type: ConnectionType, values: Mapping[str, Any]) -> ClientCertificate | None:
    """Return the certificate of a connection, its key without a password; None without one.

    Raises InputError for a key that cannot be read or is that of another certificate, UsageError.
    """
    keys = {field.to: key for key, field in connection_type.inputs.items() if field.to in TLS_PLACES}
    texts = {place: str(values[key]) for place, key in keys.items() if place and values.get(key)}
    chain = texts.get(TLS_PLACES[0])
    if chain is None:
        return None
    require("crypto", "cryptography")
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    encoding, key_form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    key_text, password = texts.get(TLS_PLACES[1], chain), texts.get(TLS_PLACES[2])
    key_input = keys.get(TLS_PLACES[1], keys[TLS_PLACES[0]])
    try:
        certificates = x509.load_pem_x509_certificates(chain.encode())
    except ValueError:
        raise _build_error(keys[TLS_PLACES[0]], "a certificate that can be read", "copy the whole file again") from None
    try:
        key = serialization.load_pem_private_key(key_text.encode(), password.encode() if password else None)
    except TypeError:
        expected = "a private key with a password" if password else "the password of the private key"
        raise _build_error(keys.get(TLS_PLACES[2], key_input), expected, "give both, or neither") from None
    except (ValueError, UnsupportedAlgorithm):
        fix = "check the password" if password else "copy the whole file again"
        raise _build_error(key_input, "a private key that can be read", fix) from None
    public_key = key.public_key().public_bytes(encoding, key_form)
    if certificates[0].public_key().public_bytes(encoding, key_form) != public_key:
        raise _build_error(key_input, "the private key of the certificate", "the first certificate is the connection's")
    private_form, no_password = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    parts = [
        key.private_bytes(encoding, private_form, no_password),
        *(one.public_bytes(encoding) for one in certificates),
    ]
    pem = b"".join(parts)
    return ClientCertificate(pem, hashlib.sha256(pem).hexdigest()[:16])


def _build_error(key: str, expected: str, fix: str) -> InputError:
    return InputError.from_problems("connection", [Problem(key, MASK, expected, fix)])
