"""Test certificates and the authority that issues them."""

from __future__ import annotations

import datetime as dt
import ssl
import warnings
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from pathlib import Path

_PEM = serialization.Encoding.PEM
_DAY = dt.timedelta(days=1)


class Issuer:
    """A certificate authority; `pem` is the file to trust, `server` creates a server's TLS context."""

    def __init__(self, folder: Path, name: str = "Test authority") -> None:
        self.folder = folder
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._signed(self.name, self.key.public_key(), (-1, 1), ca=True)
        self.pem = folder / f"{name}.pem"
        self.pem.write_bytes(self.certificate.public_bytes(_PEM))

    def server(self, *hosts: str, days: tuple[int, int] = (-1, 1), own: bool = False) -> ssl.SSLContext:
        """Return a server's context for hosts, valid between two days from now; `own` is self-signed."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = (subject, key) if own else (self.name, self.key)
        made = self._signed(subject, key.public_key(), days, hosts=hosts, issuer=issuer)
        both = self.folder / f"{hosts[0]}.pem"
        private = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        both.write_bytes(private + made.public_bytes(_PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(both)
        return context

    def _signed(self, subject, public, days, *, hosts=(), issuer=None, ca=False):
        name, key = issuer or (self.name, self.key)
        now = dt.datetime.now(dt.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + days[0] * _DAY)
            .not_valid_after(now + days[1] * _DAY)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        )
        if ca:  # required from Python 3.13 on
            made = made.add_extension(_usage(), critical=True)
        if hosts:
            made = made.add_extension(x509.SubjectAlternativeName([_name(host) for host in hosts]), critical=False)
        return made.sign(key, hashes.SHA256())


def _usage() -> x509.KeyUsage:
    """Allow signing certificates, and nothing else."""
    others = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
              "crl_sign", "encipher_only", "decipher_only")  # fmt: skip
    return x509.KeyUsage(key_cert_sign=True, **dict.fromkeys(others, False))


def _name(host: str) -> x509.GeneralName:
    import ipaddress

    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def only_tls_1_0(context: ssl.SSLContext) -> ssl.SSLContext:
    """Limit a server's context to TLS 1.0."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context
