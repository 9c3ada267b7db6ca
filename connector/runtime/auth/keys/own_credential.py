"""The credential that a connection makes itself: a constant, a JWT of its own, or a signature of each request."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connector.core.auth.oauth1 import OAuth1Signing
from connector.core.auth.request_signing import RequestSigning

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.core.auth.jwt import JwtIssuer
    from connector.core.auth.signing import Signer
    from connector.core.auth.token_set import TokenSet
    from connector.core.request.credential import Credential
    from connector.definition.connection_type import ConnectionType


class OwnCredential:
    """Makes the credential of a connection whose type needs no sign-in; `secret` is its main one, if it has any."""

    def __init__(
        self,
        connection_type: ConnectionType,
        signer: Signer,
        values: Mapping[str, Any],
        secret: str | None,
        issuer: JwtIssuer | None,
    ) -> None:
        self._type, self._signer, self._values, self._secret, self._issuer = (
            connection_type, signer, values, secret, issuer,
        )  # fmt: skip
        self._constant: Credential | None = None
        self._jwt: tuple[TokenSet, Credential] | None = None

    def get(self, now: float) -> Credential:
        """Return the credential at a time in epoch seconds; the same object while it stays the same."""
        if self._issuer is not None:
            return self._get_jwt(self._issuer, now)
        self._constant = self._constant or self._build_constant()
        return self._constant

    def _get_jwt(self, issuer: JwtIssuer, now: float) -> Credential:
        """Return the last JWT, or a new one if it expires soon or the clock was set back."""
        if self._jwt is None or not issuer.is_usable(self._jwt[0], now):
            token_set = issuer.issue(now)
            self._jwt = token_set, self._signer.sign(token_set.access_token)
        return self._jwt[1]

    def _build_constant(self) -> Credential:
        if self._type.kind == "basic":
            return self._signer.sign_basic()
        if self._type.kind == "oauth1":
            oauth1 = OAuth1Signing.of(self._type, self._values, lambda: secrets.token_hex(16))
            return replace(self._signer.sign_without_secret(), secret=oauth1.consumer_secret, signing=oauth1)
        if self._secret is None:
            return self._signer.sign_without_secret()
        if self._type.kind == "signed":
            signing = RequestSigning.of(self._type, self._secret, self._values)
            return replace(self._signer.sign_without_secret(), secret=self._secret, signing=signing)
        return self._signer.sign(self._secret)
