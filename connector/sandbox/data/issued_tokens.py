"""Issued codes and tokens, stored as digests; the tokens of one family are revoked together."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import field
from typing import Literal

from connector.first_use import dataclass

CODE_LIFETIME = 300.0  # seconds
TOKEN_PREFIX = "sandboxed-"  # noqa: S105  prefix of every code and token


class OAuthError(Exception):
    """A rejected OAuth request: error code and reason. Internal; oauth/server.py maps it to a response."""

    def __init__(self, error: str, reason: str) -> None:
        super().__init__(reason)
        self.error, self.reason = error, reason


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """How tokens are issued: access-token lifetime (seconds), refresh rotation, scope, API URL.

    With `strict` rotation a refresh token works once; with `lenient` until a token that replaced it is used.
    `scope` None means the scopes that the connector's actions need; `api_url` None is left out of replies.
    """

    expires_in: int = 3600
    rotation: Literal["strict", "lenient"] = "strict"
    scope: str | None = None
    api_url: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class CodeProof:
    """What a client presents with a code: client id, redirect URI and PKCE verifier."""

    client: str
    redirect_uri: str
    verifier: str


@dataclass(frozen=True, slots=True, repr=False)
class IssuedTokens:
    """New tokens: the access token, the refresh token (None without one) and the scope."""

    access_token: str
    refresh_token: str | None
    scope: str


@dataclass
class AuthorizationCode:
    """An authorization code; `family` is set once it is redeemed. `expires_at` is in epoch seconds."""

    client: str
    redirect_uri: str
    challenge: str
    scope: str
    expires_at: float
    family: str | None = None


@dataclass
class TokenFamily:
    """The client and scope of all tokens from one consent or one client grant."""

    client: str
    scope: str


@dataclass
class AccessToken:
    """An access token; `refresh_digest` is the refresh token issued with it."""

    family: str
    expires_at: float
    refresh_digest: str | None = None


@dataclass
class RefreshToken:
    """A refresh token; `replaces_digest` is its predecessor, `spent` marks it as used."""

    family: str
    replaces_digest: str | None = None
    spent: bool = False


@dataclass
class TokenRegistry:
    """Codes and tokens by digest, token families by name."""

    codes: dict[str, AuthorizationCode] = field(default_factory=dict)
    families: dict[str, TokenFamily] = field(default_factory=dict)
    access_tokens: dict[str, AccessToken] = field(default_factory=dict)
    refresh_tokens: dict[str, RefreshToken] = field(default_factory=dict)

    def add_code(self, code: AuthorizationCode) -> str:
        """Store an authorization code, and return its text."""
        code_text = _generate_token("code")
        self.codes[_hash_token(code_text)] = code
        return code_text

    def redeem_code(self, code_text: str, proof: CodeProof, now: float) -> str:
        """Start and return the family of a code; reuse revokes it. Raises OAuthError."""
        code = self.codes.get(_hash_token(code_text))
        if code is None or code.client != proof.client:
            raise OAuthError("invalid_grant", "Unknown code, or issued to another client.")
        if code.family is not None:
            self.end_family(code.family)
            raise OAuthError("invalid_grant", "The code was used before; its tokens are revoked.")
        if code.expires_at <= now:
            raise OAuthError("invalid_grant", "The code has expired.")
        if code.redirect_uri != proof.redirect_uri:
            raise OAuthError("invalid_grant", "The redirect_uri does not match the authorization request.")
        if code.challenge and not hmac.compare_digest(compute_challenge(proof.verifier), code.challenge):
            raise OAuthError("invalid_grant", "The code_verifier does not match the code_challenge.")
        code.family = self.start_family(code.client, code.scope)
        return code.family

    def start_family(self, client: str, scope: str) -> str:
        """Start a family, and return its name."""
        family_name = secrets.token_hex(8)
        self.families[family_name] = TokenFamily(client=client, scope=scope)
        return family_name

    def issue_tokens(
        self, family_name: str, policy: TokenPolicy, now: float, *, renewable: bool, replaces_digest: str | None = None
    ) -> IssuedTokens:
        """Issue new tokens of a family."""
        tokens = IssuedTokens(
            _generate_token("access"),
            _generate_token("refresh") if renewable else None,
            self.families[family_name].scope,
        )
        digest = _hash_token(tokens.refresh_token) if tokens.refresh_token else None
        self.access_tokens[_hash_token(tokens.access_token)] = AccessToken(
            family=family_name, expires_at=now + policy.expires_in, refresh_digest=digest
        )
        if digest:
            self.refresh_tokens[digest] = RefreshToken(family=family_name, replaces_digest=replaces_digest)
        return tokens

    def renew_tokens(self, token: str, client: str, policy: TokenPolicy, now: float) -> IssuedTokens:
        """Exchange a refresh token for new tokens; reuse revokes its family. Raises OAuthError."""
        digest = _hash_token(token)
        entry = self.refresh_tokens.get(digest)
        family = self.families.get(entry.family) if entry else None
        if entry is None or family is None or family.client != client:
            raise OAuthError("invalid_grant", "Unknown or revoked refresh token, or issued to another client.")
        if entry.spent:
            self.end_family(entry.family)
            raise OAuthError("invalid_grant", "The refresh token was used before; its family is revoked.")
        self._spend_previous(digest)
        entry.spent = policy.rotation == "strict"
        return self.issue_tokens(entry.family, policy, now, renewable=True, replaces_digest=digest)

    def is_valid(self, token: str, now: float) -> bool:
        """Whether an access token is valid."""
        entry = self.access_tokens.get(_hash_token(token))
        return entry is not None and now < entry.expires_at and entry.family in self.families

    def is_unconfirmed(self, token: str) -> bool:
        """Whether the use of this access token would spend the previous refresh token."""
        entry = self.access_tokens.get(_hash_token(token))
        previous = self._find_previous(entry.refresh_digest) if entry else None
        return previous is not None and not previous.spent

    def confirm(self, token: str) -> None:
        """Spend the previous refresh token, since this access token is in use."""
        entry = self.access_tokens.get(_hash_token(token))
        if entry is not None:
            self._spend_previous(entry.refresh_digest)

    def _find_previous(self, digest: str | None) -> RefreshToken | None:
        entry = self.refresh_tokens.get(digest) if digest else None
        return self.refresh_tokens.get(entry.replaces_digest) if entry and entry.replaces_digest else None

    def _spend_previous(self, digest: str | None) -> None:
        previous = self._find_previous(digest)
        if previous is not None:
            previous.spent = True

    def revoke_token(self, token: str, client: str) -> None:
        """Revoke the family of a token; an unknown token is ignored. Raises OAuthError."""
        digest = _hash_token(token)
        entry = self.access_tokens.get(digest) or self.refresh_tokens.get(digest)
        family = self.families.get(entry.family) if entry else None
        if entry is None or family is None:
            return
        if family.client != client:
            raise OAuthError("invalid_grant", "The token was issued to another client.")
        self.end_family(entry.family)

    def end_family(self, family_name: str) -> None:
        """Revoke all tokens of a family."""
        self.families.pop(family_name, None)

    def purge(self, now: float) -> None:
        """Drop expired and revoked entries."""
        self.access_tokens = {digest: entry for digest, entry in self.access_tokens.items() if now < entry.expires_at}
        used_families = {entry.family for entry in self.access_tokens.values()} | {
            entry.family for entry in self.refresh_tokens.values()
        }
        self.families = {name: entry for name, entry in self.families.items() if name in used_families}
        self.access_tokens = {
            digest: entry for digest, entry in self.access_tokens.items() if entry.family in self.families
        }
        self.refresh_tokens = {
            digest: entry for digest, entry in self.refresh_tokens.items() if entry.family in self.families
        }
        self.codes = {
            digest: entry
            for digest, entry in self.codes.items()
            if (entry.family in self.families if entry.family else now < entry.expires_at)
        }


def compute_challenge(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _generate_token(kind: str) -> str:
    return f"{TOKEN_PREFIX}{kind}-{secrets.token_urlsafe(32)}"


def _hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
