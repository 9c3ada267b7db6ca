"""What a store is: the records it keeps, what is asked of it, and the errors that every store raises alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from connector.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager


@dataclass(frozen=True, slots=True, repr=False)
class StoredRecord:
    """A record as it was read: its JSON-safe data, and its version, which grows by one with each write from 1."""

    data: dict[str, Any]
    version: int

    def __repr__(self) -> str:
        return f"<Kept version {self.version}>"


class Store(Protocol):
    """A place that keeps small records under keys such as `connection:work`; any text may be a key.

    Every method raises StoreError, which says where, what is safe and what to do.
    """

    def read(self, key: str) -> StoredRecord | None:
        """Return the record, or None where there is none. A damaged record is an error, never None."""

    def write(self, key: str, data: Mapping[str, Any], *, version: int | None = None) -> int:
        """Keep JSON-safe data and return its version; when it returns, a crash or kill -9 cannot undo it.

        With `version`, only if that is the version in the store (0: none yet); else StoreError with `conflict`.
        Raises UsageError for what JSON cannot hold.
        """

    def remove(self, key: str) -> bool:
        """Forget the record; return whether there was one."""

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys that begin with a text, sorted."""

    def lock(self, key: str, timeout: float) -> AbstractContextManager[None]:
        """Hold a key alone among threads, processes and, for a server's database, hosts.

        It is freed at once when its holder dies. Two keys never wait for each other, and reading and writing need
        no lock. Not re-entrant. `timeout` is seconds; then StoreError names the holder.
        """

    def prepare(self, key: str, size: int = 16_384) -> None:
        """Raise StoreError when a write of `size` bytes would fail now: a full disk, a missing permission."""


def describe_store(store: object) -> str:
    """Return how a store is called in a message: the place itself, without what seals it."""
    return repr(getattr(store, "store", store))


def build_conflict_error(store_name: str, key: str, version: int) -> StoreError:
    """Return the error of a write that came too late."""
    expected = f"at version {version}" if version else "still missing"
    return StoreError(
        f"{key!r} in {store_name} is not {expected}: somebody else has written it. What they wrote is untouched.",
        hint="Read it again.",
        path=store_name,
        conflict=True,
    )
