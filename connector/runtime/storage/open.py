"""Where tokens are kept: the store of a process's memory, and opening any other by its URL."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.errors import UsageError
from connector.runtime.auth import env_connection
from connector.runtime.files.locks import ThreadLocks
from connector.runtime.storage.record_codec import dump_json
from connector.runtime.storage.store import Store, StoredRecord, build_conflict_error

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from connector.runtime.storage.encryption import Keyring

__all__ = ["MemoryStore", "Store", "StoredRecord", "open_store"]

STORE_VARIABLE = "CONNECTOR_STORE"
_KNOWN_URLS = "file:PATH, sqlite:///PATH, postgresql://USER:PASSWORD@HOST/DATABASE or memory:"
_STORE_NAME = "memory"


class MemoryStore:
    """Keeps records in this process, and forgets them with it."""

    def __init__(self) -> None:
        self._records: dict[str, tuple[str, int]] = {}
        self._locks = ThreadLocks(_STORE_NAME)
        self._write_locks = ThreadLocks(_STORE_NAME)

    def __repr__(self) -> str:
        return "MemoryStore()"

    def read(self, key: str) -> StoredRecord | None:
        """Return the record, or None."""
        stored = self._records.get(key)
        return None if stored is None else StoredRecord(json.loads(stored[0]), stored[1])

    def write(self, key: str, data: Mapping[str, Any], *, version: int | None = None) -> int:
        """Keep data; with `version` only over that one (0: none yet)."""
        text = dump_json(data)
        with self._write_locks.hold(key, float("inf")):
            current_version = self._records.get(key, ("", 0))[1]
            if version is not None and version != current_version:
                raise build_conflict_error(_STORE_NAME, key, version)
            self._records[key] = (text, current_version + 1)
        return current_version + 1

    def remove(self, key: str) -> bool:
        """Forget a record; return whether there was one."""
        with self._write_locks.hold(key, float("inf")):
            return self._records.pop(key, None) is not None

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys that begin with a text, sorted."""
        return sorted(key for key in list(self._records) if key.startswith(prefix))

    def lock(self, key: str, timeout: float) -> AbstractContextManager[None]:
        """Hold a key alone among the threads of this process."""
        return self._locks.hold(key, timeout)

    def prepare(self, key: str, size: int = 16_384) -> None:
        """Do nothing: memory that runs out ends the process anyway."""


def open_store(url: str | None = None, *, keys: Keyring | None = None) -> Store:
    """Return the store that a URL names; None is the environment's CONNECTOR_STORE, else the folder of this user.

    `memory:`, `file:PATH`, `sqlite:///PATH` or `postgresql://...`. Records are sealed with `keys`, or else with
    those of the environment (CONNECTOR_KEY, CONNECTOR_KEY_FILE); without any they are kept in clear, and a sealed
    record is refused. Raises UsageError for a URL that names no store, StoreError for a place that is not private.
    """
    from connector.runtime.storage.encryption import EncryptedStore, Keyring, PlaintextStore  # noqa: PLC0415  a client with a plain token needs neither

    store = _open_by_url(url or env_connection.read_env_value(os.environ, STORE_VARIABLE) or "file:")
    if isinstance(store, MemoryStore):
        return store
    keyring = keys if keys is not None else Keyring.from_env(os.environ)
    return PlaintextStore(store) if keyring is None else EncryptedStore(store, keyring)


def _open_by_url(url: str) -> Store:
    scheme, colon, location = url.partition(":")
    scheme = scheme.lower()
    if url == "memory:":
        return MemoryStore()
    if scheme == "file" and colon:
        from connector.runtime.storage.file_store import FileStore  # noqa: PLC0415  only the store that is asked for

        return FileStore(_parse_path(location))
    if colon and scheme.partition("+")[0] in ("sqlite", "postgresql", "postgres"):
        from connector.runtime.storage.sql_store import SqlStore  # noqa: PLC0415  only the store that is asked for

        return SqlStore(url)
    raise UsageError("The URL names no known store.", hint=f"Known are {_KNOWN_URLS}.")


def _parse_path(location: str) -> Path | None:
    if location.startswith("//"):
        host, slash, location = location[2:].partition("/")
        if host not in ("", "localhost") or not slash:
            raise UsageError("A file: URL names a folder of this machine.", hint="Write file:/PATH.")
        location = f"/{location}"
    return Path(location) if location else None
