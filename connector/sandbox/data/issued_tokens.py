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
ISSUED = "sandboxed-"  # what every code and every token begins with


class Refused(Exception):
    """A request that is refused: OAuth's word for it, and a sentence that says why. It never leaves the room."""

    def __init__(self, error: str, reason: str) -> None:
        super().__init__(reason)
        self.error, self.reason = error, reason


@dataclass(frozen=True, slots=True)
class Terms:
    """How tokens are given: seconds that an access token lives, how refresh tokens rotate, what a reply says.

    With `strict` rotation a refresh token is good once; with `lenient` until a token that came in its place is used.
    `scope` None stands for what the connector's actions need; `api_url` None is left out of replies.
    """

    expires_in: int = 3600
    rotation: Literal["strict", "lenient"] = "strict"
    scope: str | None = None
    api_url: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Proof:
    """What the holder of a code shows: who it is, where the code was sent, and the verifier of its challenge."""

    client: str
    redirect_uri: str
    verifier: str


@dataclass(frozen=True, slots=True, repr=False)
class Issued:
    """New tokens: the access token, and the refresh token where there is one."""

    access: str
    refresh: str | None
    scope: str


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Code(_Kept):
    """A consent; with `family` its tokens have been fetched. `until` is in epoch seconds."""

    client: str
    redirect_uri: str
    challenge: str
    scope: str
    until: float
    family: str | None = None


class Family(_Kept):
    """The tokens of one consent, or of one request of an application: whose they are, and what they may do."""

    client: str
    scope: str


class Access(_Kept):
    """An access token; `refresh` is what came with it."""

    family: str
    until: float
    refresh: str | None = None


class Refresh(_Kept):
    """A refresh token; `replaces` is the one it came for, `spent` says that it is no longer good."""

    family: str
    replaces: str | None = None
    spent: bool = False


class Grants(_Kept):
    """Everything that was given out and may still matter, by digest; families by name."""

    codes: dict[str, Code] = {}
    families: dict[str, Family] = {}
    access: dict[str, Access] = {}
    refresh: dict[str, Refresh] = {}

    def consent(self, code: Code) -> str:
        """Keep a consent, and return its code."""
        text = _new("code")
        self.codes[_digest(text)] = code
        return text

    def redeem(self, text: str, proof: Proof, now: float) -> str:
        """Begin the family of a code and return its name; a code that comes twice ends it. Raises Refused."""
        code = self.codes.get(_digest(text))
        if code is None or code.client != proof.client:
            raise Refused("invalid_grant", "The code is not known, or was given to another client.")
        if code.family is not None:
            self.end(code.family)
            raise Refused("invalid_grant", "The code was used before; what came of it has ended.")
        if code.until <= now:
            raise Refused("invalid_grant", "The code is too old.")
        if code.redirect_uri != proof.redirect_uri:
            raise Refused("invalid_grant", "The redirect_uri is not the one that the code was asked for with.")
        if not hmac.compare_digest(challenge(proof.verifier), code.challenge):
            raise Refused("invalid_grant", "The code_verifier does not fit the code_challenge.")
        code.family = self.begin(code.client, code.scope)
        return code.family

    def begin(self, client: str, scope: str) -> str:
        """Begin a family, and return its name."""
        name = secrets.token_hex(8)
        self.families[name] = Family(client=client, scope=scope)
        return name

    def issue(self, name: str, terms: Terms, now: float, *, renewable: bool, replaces: str | None = None) -> Issued:
        """Return new tokens of a family."""
        issued = Issued(_new("access"), _new("refresh") if renewable else None, self.families[name].scope)
        mark = _digest(issued.refresh) if issued.refresh else None
        self.access[_digest(issued.access)] = Access(family=name, until=now + terms.expires_in, refresh=mark)
        if mark:
            self.refresh[mark] = Refresh(family=name, replaces=replaces)
        return issued

    def renew(self, text: str, client: str, terms: Terms, now: float) -> Issued:
        """Return what comes in the place of a refresh token; one that is spent ends its family. Raises Refused."""
        mark = _digest(text)
        held = self.refresh.get(mark)
        family = self.families.get(held.family) if held else None
        if held is None or family is None or family.client != client:
            raise Refused("invalid_grant", "The refresh token is not known, has ended, or is another client's.")
        if held.spent:
            self.end(held.family)
            raise Refused("invalid_grant", "The refresh token was used before; every token of its family has ended.")
        self._arrived(mark)
        held.spent = terms.rotation == "strict"
        return self.issue(held.family, terms, now, renewable=True, replaces=mark)

    def alive(self, text: str, now: float) -> bool:
        """Whether an access token is good."""
        held = self.access.get(_digest(text))
        return held is not None and now < held.until and held.family in self.families

    def unproven(self, text: str) -> bool:
        """Whether nobody has shown yet that this access token arrived, and an older refresh token waits for that."""
        held = self.access.get(_digest(text))
        before = self._before(held.refresh) if held else None
        return before is not None and not before.spent

    def use(self, text: str) -> None:
        """Note that an access token is in use: the refresh token before its own is spent."""
        held = self.access.get(_digest(text))
        if held is not None:
            self._arrived(held.refresh)

    def _before(self, mark: str | None) -> Refresh | None:
        held = self.refresh.get(mark) if mark else None
        return self.refresh.get(held.replaces) if held and held.replaces else None

    def _arrived(self, mark: str | None) -> None:
        before = self._before(mark)
        if before is not None:
            before.spent = True

    def revoke(self, text: str, client: str) -> None:
        """End the family of a token; one that is not known has ended already. Raises Refused."""
        mark = _digest(text)
        held = self.access.get(mark) or self.refresh.get(mark)
        family = self.families.get(held.family) if held else None
        if held is None or family is None:
            return
        if family.client != client:
            raise Refused("invalid_grant", "The token was given to another client.")
        self.end(held.family)

    def end(self, name: str) -> None:
        """End a family: none of its tokens is good any more."""
        self.families.pop(name, None)

    def tidy(self, now: float) -> None:
        """Drop what can no longer matter."""
        self.access = {mark: one for mark, one in self.access.items() if now < one.until}
        used = {one.family for one in self.access.values()} | {one.family for one in self.refresh.values()}
        self.families = {name: one for name, one in self.families.items() if name in used}
        self.access = {mark: one for mark, one in self.access.items() if one.family in self.families}
        self.refresh = {mark: one for mark, one in self.refresh.items() if one.family in self.families}
        self.codes = {
            mark: one
            for mark, one in self.codes.items()
            if (one.family in self.families if one.family else now < one.until)
        }


def challenge(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _new(kind: str) -> str:
    return f"{ISSUED}{kind}-{secrets.token_urlsafe(32)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
