"""What a store keeps of a connection, checked when it is read: another thing in its place is told, not guessed at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from connector.core.auth.token_set import Grant
from connector.core.response import retry_after as waits
from connector.errors import StoreError
from connector.runtime.storage.store import where

if TYPE_CHECKING:
    from connector.core.auth.oauth import Refusal
    from connector.runtime.storage.store import Kept, Store


@dataclass(frozen=True, slots=True, repr=False)
class _Intent:
    at: float
    pid: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class _Dead:
    at: float
    why: str
    of: str


@dataclass(frozen=True, slots=True, repr=False)
class _Record:
    """A connection: `grant` is its token.

    `intent` stands while a refresh token was sent and its answer is not known; `dead` says when and why the service
    ended a credential, and which.
    """

    kind: str
    inputs: dict[str, Any]
    grant: Grant | None = None
    intent: _Intent | None = None
    dead: _Dead | None = None


_SHAPE = TypeAdapter(_Record)


def read(store: Store, key: str) -> Kept | None:
    """Return the record of a connection, or None where there is none. Raises StoreError, for another's record too."""
    kept = store.read(key)
    if kept is None:
        return None
    try:
        _SHAPE.validate_python(kept.data)
    except ValidationError as error:
        wrong = ".".join(map(str, error.errors(include_input=False, include_context=False)[0]["loc"])) or "all of it"
    else:
        return kept
    raise StoreError(
        f"What {where(store)} keeps as {key!r} is no connection: {wrong} has another shape. It stays where it is.",
        hint="Put a good copy in its place, or sign in again.",
        path=where(store),
    )


def good(store: Store, key: str, rejected: str | None, now: float) -> Grant | None:
    """Return the grant of a store when it is good; no lock is taken, since a renewal that hangs may hold it."""
    kept = read(store, key)
    grant = grant_of(kept)
    if kept is None or grant is None or kept.data.get("dead") or grant.access_token == rejected:
        return None
    return grant if grant.fresh(now) else None


def grant_of(kept: Kept | None) -> Grant | None:
    """Return the token of a record that was read here."""
    found = kept.data.get("grant") if kept else None
    return Grant.from_dict({"scopes": None, **found}) if found else None


def when(at: float) -> str:
    """Return a moment of a record as text."""
    return waits.moment(at).isoformat(timespec="seconds")


def why(answer: Refusal, unanswered: dict[str, Any] | None) -> str:
    """Say why a credential has ended; `unanswered` is the intent of an earlier sending whose answer never came."""
    if answer.fault != "grant" or not unanswered:
        return answer.message
    lost = "the reply of the token endpoint was lost, and with it a token that the service issued and we never received"
    return f"interrupted refresh at {when(unanswered['at'])}: {lost} ({answer.code})"
