"""What a store keeps of a connection, checked when it is read: another thing in its place is told, not guessed at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from connector.core.auth.token_set import TokenSet
from connector.core.response import retry_after
from connector.errors import StoreError
from connector.runtime.storage.store import describe_store

if TYPE_CHECKING:
    from connector.core.auth.oauth import TokenFailure
    from connector.runtime.storage.store import Store, StoredRecord


@dataclass(frozen=True, slots=True, repr=False)
class RefreshIntent:
    at: float
    pid: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class RevokedCredential:
    at: float
    why: str
    of: str


@dataclass(frozen=True, slots=True, repr=False)
class ConnectionRecord:
    """A connection: `grant` is its token.

    `intent` stands while a refresh token was sent and its answer is not known; `dead` says when and why the service
    ended a credential, and which.
    """

    kind: str
    inputs: dict[str, Any]
    grant: TokenSet | None = None
    intent: RefreshIntent | None = None
    dead: RevokedCredential | None = None


_RECORD_ADAPTER = TypeAdapter(ConnectionRecord)


def read_record(store: Store, key: str) -> StoredRecord | None:
    """Return the record of a connection, or None where there is none. Raises StoreError, for another's record too."""
    stored = store.read(key)
    if stored is None:
        return None
    try:
        _RECORD_ADAPTER.validate_python(stored.data)
    except ValidationError as error:
        invalid_field = (
            ".".join(map(str, error.errors(include_input=False, include_context=False)[0]["loc"])) or "all of it"
        )
    else:
        return stored
    raise StoreError(
        f"What {describe_store(store)} keeps as {key!r} is no connection: {invalid_field} has another shape. It stays where it is.",
        hint="Put a good copy in its place, or sign in again.",
        path=describe_store(store),
    )


def read_fresh_token(store: Store, key: str, rejected_token: str | None, now: float) -> TokenSet | None:
    """Return the grant of a store when it is good; no lock is taken, since a renewal that hangs may hold it."""
    stored = read_record(store, key)
    token_set = token_set_of(stored)
    if stored is None or token_set is None or stored.data.get("dead") or token_set.access_token == rejected_token:
        return None
    return token_set if token_set.is_fresh(now) else None


def token_set_of(stored: StoredRecord | None) -> TokenSet | None:
    """Return the token of a record that was read here."""
    token_data = stored.data.get("grant") if stored else None
    return TokenSet.from_dict({"scopes": None, **token_data}) if token_data else None


def format_time(epoch: float) -> str:
    """Return a moment of a record as text."""
    return retry_after.to_utc_datetime(epoch).isoformat(timespec="seconds")


def revocation_reason(answer: TokenFailure, intent: dict[str, Any] | None) -> str:
    """Say why a credential has ended; `unanswered` is the intent of an earlier sending whose answer never came."""
    if answer.category != "grant" or not intent:
        return answer.message
    cause = (
        "the reply of the token endpoint was lost, and with it a token that the service issued and we never received"
    )
    return f"interrupted refresh at {format_time(intent['at'])}: {cause} ({answer.code})"
