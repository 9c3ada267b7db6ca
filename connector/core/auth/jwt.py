"""JWTs that a connection signs itself: sent as they are, or exchanged for a token (RFC 7523)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.core.auth.site import fill_text
from connector.core.auth.token_set import TokenSet
from connector.definition.connection_type import find_placeholders
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.definition.connection_type import ConnectionType

DEFAULT_JWT_LIFETIME = 3600.0  # seconds
JWT_BACKDATE_SECONDS = 30.0  # seconds, for a service whose clock is behind ours
MAX_MARGIN = 120.0  # seconds of validity left when a JWT is used, at most half of its lifetime
_MIN_KEY_LENGTH = 32  # bytes
_NOT_GIVEN = object()


@dataclass(frozen=True, slots=True, repr=False)
class JwtIssuer:
    """Issues the JWTs of one connection."""

    algorithm: str
    key: str
    claims: tuple[tuple[str, Any], ...] = ()
    key_id: str | None = None
    lifetime: float = DEFAULT_JWT_LIFETIME

    @classmethod
    def of(cls, connection_type: ConnectionType, key: str, values: Mapping[str, Any]) -> JwtIssuer | None:
        """Return the issuer of a connection that makes its own JWTs, else None.

        A claim with an input that was not given is left out.
        """
        if connection_type.kind != "jwt":
            return None
        filled = ((name, _fill(claim, connection_type, values)) for name, claim in connection_type.claims.items())
        key_id = connection_type.key_id and fill_text(connection_type.key_id, connection_type, values)
        return cls(
            connection_type.algorithm,
            key,
            tuple((name, claim) for name, claim in filled if claim is not _NOT_GIVEN),
            key_id,
            float(connection_type.lifetime or DEFAULT_JWT_LIFETIME),
        )

    def issue(self, now: float) -> TokenSet:
        """Return a JWT that is valid from a little before `now` (epoch seconds)."""
        import jwt as pyjwt

        issued_at = int(now - JWT_BACKDATE_SECONDS)
        claims = {**dict(self.claims), "iat": issued_at, "exp": int(now + self.lifetime - JWT_BACKDATE_SECONDS)}
        key: str | bytes = self.key
        if self.algorithm.startswith("HS"):
            key = self.key.encode().ljust(_MIN_KEY_LENGTH, b"\0")  # HMAC pads a short key alike; the library would warn
        headers = {"kid": self.key_id} if self.key_id else None
        token = pyjwt.encode(claims, key, algorithm=self.algorithm, headers=headers)
        return TokenSet(token, expires_at=claims["exp"], obtained_at=now)

    def is_usable(self, token_set: TokenSet, now: float) -> bool:
        """Whether a JWT is valid for long enough, and was not issued before the clock was set back."""
        return min(MAX_MARGIN, self.lifetime / 4) <= token_set.expires_at - now <= self.lifetime


def _fill(claim: Any, connection_type: ConnectionType, values: Mapping[str, Any]) -> Any:
    """Return a claim with the values of inputs; an input that is all of it keeps its type."""
    if isinstance(claim, dict):
        members = {name: _fill(member, connection_type, values) for name, member in claim.items()}
        return {name: member for name, member in members.items() if member is not _NOT_GIVEN}
    if isinstance(claim, list):
        items = (_fill(item, connection_type, values) for item in claim)
        return [item for item in items if item is not _NOT_GIVEN]
    if not isinstance(claim, str):
        return claim
    names = find_placeholders(claim)
    if len(names) == 1 and claim == f"{{{names[0]}}}":
        key = connection_type.find_input(names[0])
        value = values.get(key) if key else claim
        return _NOT_GIVEN if value is None else value
    text = fill_text(claim, connection_type, values)
    return _NOT_GIVEN if text is None else text
