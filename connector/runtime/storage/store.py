"""The Store protocol, its record type and shared errors."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Protocol

from connector.errors import StoreError
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager


@dataclass(frozen=True, slots=True, repr=False)
class StoredRecord:
    """A record: its JSON-safe data, and its version, which starts at 1 and grows by 1 with each write."""

    data: dict[str, Any]
    version: int

    def __repr__(self) -> str:
        return f"<StoredRecord version {self.version}>"


class Store(Protocol):
    """Stores small records under keys such as `connection:work`; any text may be a key.

    Every method raises StoreError, which names the place, the state of the data, and the fix.
    """

    def read(self, key: str) -> StoredRecord | None:
        """Return the record, or None if there is none. A damaged record is an error, never None."""
        ...

    def write(self, key: str, data: Mapping[str, Any], *, version: int | None = None) -> int:
        """Store JSON-safe data durably and return its version; a crash or kill -9 after that cannot undo it.

        With `version`, only if that is the version in the store (0: none yet); else StoreError with `conflict`.
        Raises UsageError for data that is not JSON-safe.
        """
        ...

    def remove(self, key: str) -> bool:
        """Remove the record; return whether there was one."""
        ...

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys that begin with a prefix, sorted."""
        ...

    def lock(self, key: str, timeout: float) -> AbstractContextManager[None]:
        """Hold a key exclusively among threads, processes and, with a database server, hosts.

        The lock is released at once when its holder dies. Two keys never wait for each other, and reading and writing
        need no lock. Not re-entrant. After `timeout` seconds StoreError names the holder.
        """
        ...

    def prepare(self, key: str, size: int = 16_384) -> None:
        """Raise StoreError if a write of `size` bytes would fail now: disk full, permission missing."""


def hold_session(store: Store) -> AbstractContextManager[None]:
    """Use one connection to a store for several operations of this thread, where it has connections."""
    session: AbstractContextManager[None] = getattr(store, "session", contextlib.nullcontext)()
    return session


def list_first_keys(store: Store, prefix: str, limit: int) -> list[str]:
    """Return the first keys that begin with a prefix, at most `limit` of them."""
    first_keys = getattr(store, "first_keys", None)
    keys: list[str] = store.keys(prefix)[:limit] if first_keys is None else first_keys(prefix, limit)
    return keys


def describe_store(store: object) -> str:
    """Return where a store keeps its records, for a message: a path or URL; of one that has neither, what it is."""
    stored_in = getattr(store, "store", store)
    return str(getattr(stored_in, "location", None) or repr(stored_in))


def build_conflict_error(store_name: str, key: str, version: int) -> StoreError:
    """Return the error of a write over another version than expected."""
    expected = f"version {version}" if version else "no record"
    return StoreError(
        f"{key!r} in {store_name} was changed by another writer: expected {expected}. The stored data is unchanged.",
        hint="Read it again.",
        path=store_name,
        conflict=True,
    )
