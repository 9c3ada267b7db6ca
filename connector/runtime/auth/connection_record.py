"""The record of a connection in a store, validated when it is read."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic_core import ValidationError

from connector.core.auth.token_set import TokenSet  # noqa: TC001  its validator reads it
from connector.core.response import retry_after
from connector.errors import SignInError, StoreError
from connector.first_use import dataclass
from connector.runtime.files.stored_data import build_validator
from connector.runtime.storage.store import describe_store

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic_core import SchemaValidator

    from connector.core.auth.oauth import TokenFailure
    from connector.definition.loader import Connector
from connector.runtime.storage.store import Store

_STORED_NAMES = {"token_set": "grant", "revocation": "dead"}


@dataclass(frozen=True, slots=True, repr=False)
class RefreshIntent:
    """A refresh token was sent at `at` (epoch seconds) by process `pid`, and the reply is not known."""

    at: float
    pid: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class RevokedCredential:
    """The service ended a credential: when (epoch seconds), why, and the fingerprint `of` that credential."""

    at: float
    why: str
    of: str


@dataclass(frozen=True, slots=True, repr=False)
class ConnectionRecord:
    """A stored connection; `version` is that of the store's record, 0 for one that is not stored yet.

    `hosts` are those of the connector that stored it; a record of an earlier version has none.
    """

    kind: str
    inputs: dict[str, Any]
    token_set: TokenSet | None = None
    intent: RefreshIntent | None = None
    revocation: RevokedCredential | None = None
    hosts: tuple[str, ...] = ()
    version: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON-safe data of the record, secrets included: for a store, never for a log."""
        data = asdict(self)
        del data["version"]
        return {_STORED_NAMES.get(name, name): value for name, value in data.items()}


@cache
def _get_validator() -> SchemaValidator:
    return build_validator(ConnectionRecord, _STORED_NAMES, strict=False)


def store_key(connector: Connector, name: str) -> str:
    """Return the key of a connection in a store."""
    return f"connection:{connector.name}:{name}"


def read_own_record(store: Store, connector: Connector, name: str) -> ConnectionRecord | None:
    """Return the record of a connector's connection, or None; see `check_owner`. Raises SignInError, StoreError."""
    record = read_record(store, store_key(connector, name))
    check_owner(record, connector.manifest.own_hosts, name)
    return record


def check_owner(record: ConnectionRecord | None, hosts: Iterable[str], name: str) -> None:
    """Raise SignInError for a record of another connector of the same name, whose secrets must not go to these hosts.

    A connector is known by its hosts, of which one that changes keeps some.
    """
    if record is None or not record.hosts or not set(record.hosts).isdisjoint(hosts):
        return
    raise SignInError(
        f"The connection {name!r} was stored by another connector of the same name, for {', '.join(record.hosts)}; "
        f"this one sends to {', '.join(hosts)}. Nothing was sent.",
        hint="Sign in under another name, or in another store: --store.",
    )


def read_record(store: Store, key: str) -> ConnectionRecord | None:
    """Return the record of a connection, or None if there is none. Raises StoreError, also for an invalid record."""
    stored = store.read(key)
    if stored is None:
        return None
    try:
        record: ConnectionRecord = _get_validator().validate_python(stored.data)
        return replace(record, version=stored.version)
    except ValidationError as error:
        location = error.errors(include_input=False, include_context=False)[0]["loc"]
        invalid_field = ".".join(map(str, location)) or "all of it"
    store_name = describe_store(store)
    message = f"The record {key!r} in {store_name} is not a connection: {invalid_field} is invalid."
    raise StoreError(
        f"{message} It was left unchanged.", hint="Replace it with a good copy, or sign in again.", path=store_name
    )


def find_fresh_token(record: ConnectionRecord | None, rejected_token: str | None, now: float) -> TokenSet | None:
    """Return the token of a record if it is fresh; without the lock, which a hanging refresh may hold."""
    token_set = record.token_set if record else None
    if record is None or token_set is None or record.revocation or token_set.access_token == rejected_token:
        return None
    return token_set if token_set.is_fresh(now) else None


def format_time(epoch: float) -> str:
    """Return epoch seconds as ISO 8601 text in UTC."""
    return retry_after.to_utc_datetime(epoch).isoformat(timespec="seconds")


def revocation_reason(answer: TokenFailure, intent: RefreshIntent | None) -> str:
    """Return why a credential has ended; `intent` is an earlier refresh whose reply was lost."""
    if answer.category != "grant" or intent is None:
        return answer.message
    cause = (
        "the reply of the token endpoint was lost, and with it a token that the service issued and we never received"
    )
    return f"interrupted refresh at {format_time(intent.at)}: {cause} ({answer.code})"
