"""An OAuth token set: expiry, scopes, refresh token."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from connector.core.redaction import MASK, describe_type, preview
from connector.core.response import retry_after
from connector.definition.case import to_snake_case
from connector.definition.suggest import closest
from connector.errors import InputError, Problem
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_LEEWAY = 120.0  # seconds before its expiry that a token is renewed, at most a tenth of its lifetime
REFRESH_COOLDOWN = 60.0  # seconds; a younger token is never renewed, whatever its expiry
NO_EXPIRY = 253_402_300_799.0  # the end of the year 9999, for a token without expiry: used until it is rejected
_MAX_GIVEN_TIMESTAMP = 1e11  # epoch seconds; a larger number is in milliseconds
_TOKEN_KEYS = (
    "access_token", "refresh_token", "expires_at", "expires_in", "obtained_at",
    "scope", "scopes", "api_url", "token_type",
)  # fmt: skip
_SLIP_RATIO = 0.85  # likeness of a misspelled key to the right one
_PROOF_TYPES = ("mac", "dpop", "pop", "hawk")  # each of their requests carries a proof of a key
_SECRET_KEYS = ("access_token", "refresh_token")


@dataclass(frozen=True, slots=True, repr=False)
class TokenSet:
    """An access token, when it was obtained and expires (epoch seconds), and the refresh token for the next."""

    access_token: str
    expires_at: float
    obtained_at: float = 0.0
    refresh_token: str | None = None
    scopes: tuple[str, ...] | None = None
    api_url: str | None = None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TokenSet:
        """Return the token set of a mapping from `to_dict`."""
        scopes = data["scopes"]
        return cls(**{**data, "scopes": None if scopes is None else tuple(scopes)})

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-safe data, secrets included: for a store, never for a log."""
        return asdict(self)

    def is_fresh(self, now: float) -> bool:
        """Whether the token may be used without renewal: not near its expiry, or too young to renew."""
        leeway = min(MAX_LEEWAY, (self.expires_at - self.obtained_at) / 10)
        return now < self.expires_at - leeway or self.is_in_cooldown(now)

    def is_in_cooldown(self, now: float) -> bool:
        """Whether the token is too young to renew; one from the future has an unknown age."""
        return 0.0 <= now - self.obtained_at < REFRESH_COOLDOWN

    def __repr__(self) -> str:
        return f"<TokenSet until {retry_after.to_utc_datetime(self.expires_at).isoformat()}>"


def is_header_safe(token: object) -> bool:
    """Whether a value can be sent as a token in a header."""
    return isinstance(token, str) and bool(token) and all("!" <= char <= "~" for char in token)


def is_proof_type(token_type: object) -> bool:
    """Whether a token type is one whose requests need a proof that is not made here; any other is sent as a bearer."""
    return isinstance(token_type, str) and token_type.strip().lower() in _PROOF_TYPES


def split_scopes(value: object) -> tuple[str, ...] | None:
    """Return scopes from text with spaces or commas, or from a list; None for anything else."""
    if isinstance(value, str):
        return tuple(value.replace(",", " ").split())
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return tuple(scope for item in value for scope in item.replace(",", " ").split())
    return None


def parse_token(token: Mapping[str, Any]) -> TokenSet:
    """Return the token set of a mapping that a program passes, such as a reply that it stored.

    Keys: access_token, refresh_token (at least one of them), expires_at (epoch seconds; without it the token is used
    until the service rejects it), or obtained_at and expires_in, scope or scopes (text or list), api_url; None counts
    as missing, and other keys of a reply are ignored. Raises InputError with every problem.
    """
    if not hasattr(token, "keys"):
        expected = "a mapping with access_token, refresh_token, expires_at"
        raise InputError.from_problems("token", [Problem("token", describe_type(token), expected)])
    given = {str(key): value for key, value in dict(token).items() if value is not None}
    given = {key: value for key, value in given.items() if key not in _SECRET_KEYS or value != ""}
    problems = list(_find_problems(given))
    if problems:
        raise InputError.from_problems("token", problems)
    scopes = given.get("scopes", given.get("scope"))
    return TokenSet(
        access_token=given.get("access_token", ""),
        expires_at=_find_expiry(given) if "access_token" in given else 0.0,
        obtained_at=float(given.get("obtained_at", 0.0)),
        refresh_token=given.get("refresh_token"),
        scopes=split_scopes(scopes),
        api_url=given.get("api_url"),
    )


def _find_expiry(given: Mapping[str, Any]) -> float:
    """Return the end of a given token; a lifetime counts only from a known beginning."""
    if "expires_at" in given:
        return float(given["expires_at"])
    lifetime = given.get("expires_in")
    if "obtained_at" in given and _is_timestamp(lifetime):
        return float(given["obtained_at"]) + float(lifetime)  # type: ignore[arg-type]  # a timestamp is a number
    return NO_EXPIRY


def _find_problems(given: Mapping[str, Any]) -> Iterable[Problem]:
    for key, value in given.items():
        if key not in _TOKEN_KEYS and (known_key := _find_misspelled_key(key)):
            yield Problem(key, "an unknown key", f"one of {', '.join(_TOKEN_KEYS)}", f"did you mean {known_key}?")
        elif key in _SECRET_KEYS and not is_header_safe(value):
            yield Problem(key, MASK, "printable ASCII without spaces")
        elif key in ("expires_at", "obtained_at") and not _is_timestamp(value):
            yield Problem(key, preview(value), "epoch seconds, such as 1800000000")
        elif key in ("scope", "scopes") and split_scopes(value) is None:
            yield Problem(key, preview(value), "text or a list of scopes")
        elif key == "api_url" and not isinstance(value, str):
            yield Problem(key, preview(value), "a URL")
        elif key == "token_type" and is_proof_type(value):
            yield Problem(key, preview(value), "bearer")
    if not any(key in given for key in _SECRET_KEYS):
        yield Problem("access_token", "nothing", "a token, or a refresh_token to get one with")


def _find_misspelled_key(key: str) -> str | None:
    """Return the key that an unknown one is a slip of, such as refreshToken; None for what a reply has besides."""
    if (snake_key := to_snake_case(key)) in _TOKEN_KEYS:
        return snake_key
    return closest(key, (*_SECRET_KEYS, "expires_at"), _SLIP_RATIO)


def _is_timestamp(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and (0 <= value < _MAX_GIVEN_TIMESTAMP or value == NO_EXPIRY)  # type: ignore[arg-type,operator]


def find_lost_scopes(token_set: TokenSet, previous: TokenSet | None) -> tuple[str, ...]:
    """Return the scopes of the previous token set that this one lacks."""
    if previous is None or previous.scopes is None or token_set.scopes is None:
        return ()
    return tuple(scope for scope in previous.scopes if scope not in token_set.scopes)
