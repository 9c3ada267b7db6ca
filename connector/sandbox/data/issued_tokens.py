"""What has been given out: codes, and tokens in families that end together. Digests are kept, never the texts."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

CODE_LIFETIME = 300.0  # seconds
TOKEN_PREFIX = "sandboxed-"  # noqa: S105  what every code and every token begins with


class OAuthError(Exception):
    """A request that is refused: OAuth's word for it, and a sentence that says why. It never leaves the room."""

    def __init__(self, error: str, reason: str) -> None:
        super().__init__(reason)
        self.error, self.reason = error, reason


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """How tokens are given: seconds that an access token lives, how refresh tokens rotate, what a reply says.

    With `strict` rotation a refresh token is good once; with `lenient` until a token that came in its place is used.
    `scope` None stands for what the connector's actions need; `api_url` None is left out of replies.
    """

    expires_in: int = 3600
    rotation: Literal["strict", "lenient"] = "strict"
    scope: str | None = None
    api_url: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class CodeProof:
    """What the holder of a code shows: who it is, where the code was sent, and the verifier of its challenge."""

    client: str
    redirect_uri: str
    verifier: str


@dataclass(frozen=True, slots=True, repr=False)
class IssuedTokens:
    """New tokens: the access token, and the refresh token where there is one."""

    access_token: str
    refresh_token: str | None
    scope: str


class _RegistryModel(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AuthorizationCode(_RegistryModel):
    """A consent; with `family` its tokens have been fetched. `until` is in epoch seconds."""

    client: str
    redirect_uri: str
    challenge: str
    scope: str
    expires_at: float
    family: str | None = None


class TokenFamily(_RegistryModel):
    """The tokens of one consent, or of one request of an application: whose they are, and what they may do."""

    client: str
    scope: str


class AccessToken(_RegistryModel):
    """An access token; `refresh` is what came with it."""

    family: str
    expires_at: float
    refresh_digest: str | None = None


class RefreshToken(_RegistryModel):
    """A refresh token; `replaces` is the one it came for, `spent` says that it is no longer good."""

    family: str
    replaces_digest: str | None = None
    spent: bool = False


class TokenRegistry(_RegistryModel):
    """Everything that was given out and may still matter, by digest; families by name."""

    codes: dict[str, AuthorizationCode] = {}
    families: dict[str, TokenFamily] = {}
    access_tokens: dict[str, AccessToken] = {}
    refresh_tokens: dict[str, RefreshToken] = {}

    def add_code(self, code: AuthorizationCode) -> str:
        """Keep a consent, and return its code."""
        code_text = _generate_token("code")
        self.codes[_hash_token(code_text)] = code
        return code_text

    def redeem_code(self, code_text: str, proof: CodeProof, now: float) -> str:
        """Begin the family of a code and return its name; a code that comes twice ends it. Raises Refused."""
        code = self.codes.get(_hash_token(code_text))
        if code is None or code.client != proof.client:
            raise OAuthError("invalid_grant", "The code is not known, or was given to another client.")
        if code.family is not None:
            self.end_family(code.family)
            raise OAuthError("invalid_grant", "The code was used before; what came of it has ended.")
        if code.expires_at <= now:
            raise OAuthError("invalid_grant", "The code is too old.")
        if code.redirect_uri != proof.redirect_uri:
            raise OAuthError("invalid_grant", "The redirect_uri is not the one that the code was asked for with.")
        if not hmac.compare_digest(compute_challenge(proof.verifier), code.challenge):
            raise OAuthError("invalid_grant", "The code_verifier does not fit the code_challenge.")
        code.family = self.start_family(code.client, code.scope)
        return code.family

    def start_family(self, client: str, scope: str) -> str:
        """Begin a family, and return its name."""
        family_name = secrets.token_hex(8)
        self.families[family_name] = TokenFamily(client=client, scope=scope)
        return family_name

    def issue_tokens(
        self, family_name: str, policy: TokenPolicy, now: float, *, renewable: bool, replaces_digest: str | None = None
    ) -> IssuedTokens:
        """Return new tokens of a family."""
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
        """Return what comes in the place of a refresh token; one that is spent ends its family. Raises Refused."""
        digest = _hash_token(token)
        entry = self.refresh_tokens.get(digest)
        family = self.families.get(entry.family) if entry else None
        if entry is None or family is None or family.client != client:
            raise OAuthError("invalid_grant", "The refresh token is not known, has ended, or is another client's.")
        if entry.spent:
            self.end_family(entry.family)
            raise OAuthError("invalid_grant", "The refresh token was used before; every token of its family has ended.")
        self._spend_previous(digest)
        entry.spent = policy.rotation == "strict"
        return self.issue_tokens(entry.family, policy, now, renewable=True, replaces_digest=digest)

    def is_valid(self, token: str, now: float) -> bool:
        """Whether an access token is good."""
        entry = self.access_tokens.get(_hash_token(token))
        return entry is not None and now < entry.expires_at and entry.family in self.families

    def is_unconfirmed(self, token: str) -> bool:
        """Whether nobody has shown yet that this access token arrived, and an older refresh token waits for that."""
        entry = self.access_tokens.get(_hash_token(token))
        previous = self._find_previous(entry.refresh_digest) if entry else None
        return previous is not None and not previous.spent

    def confirm(self, token: str) -> None:
        """Note that an access token is in use: the refresh token before its own is spent."""
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
        """End the family of a token; one that is not known has ended already. Raises Refused."""
        digest = _hash_token(token)
        entry = self.access_tokens.get(digest) or self.refresh_tokens.get(digest)
        family = self.families.get(entry.family) if entry else None
        if entry is None or family is None:
            return
        if family.client != client:
            raise OAuthError("invalid_grant", "The token was given to another client.")
        self.end_family(entry.family)

    def end_family(self, family_name: str) -> None:
        """End a family: none of its tokens is good any more."""
        self.families.pop(family_name, None)

    def purge(self, now: float) -> None:
        """Drop what can no longer matter."""
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
