"""Open the store that a URL or the environment names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from connector.errors import UsageError
from connector.runtime.process.argument_types import require_type
from connector.runtime.process.env import read_env_value
from connector.runtime.storage.memory_store import MemoryStore

if TYPE_CHECKING:
    from connector.runtime.storage.encryption import Keyring
    from connector.runtime.storage.store import Store

STORE_VARIABLE = "CONNECTOR_STORE"
_KNOWN_URLS = "file:PATH, sqlite:///PATH, postgresql://USER:PASSWORD@HOST/DATABASE or memory:"


def open_store(url: str | None = None, *, keys: Keyring | None = None) -> Store:
    """Return the store of a URL; None means the environment's CONNECTOR_STORE, else this user's folder.

    `memory:`, `file:PATH`, `sqlite:///PATH` or `postgresql://...`. Records are sealed with `keys`, or else with
    those of the environment (CONNECTOR_KEY, CONNECTOR_KEY_FILE); without any they are stored unencrypted, and a sealed
    record is refused. Raises UsageError for an unknown URL, StoreError for a place that is not private.
    """
    from connector.runtime.storage.encryption import EncryptedStore, Keyring

    if url is not None:
        require_type("The URL of a store", url, (str,), "a text", f"Use {_KNOWN_URLS}.")
    if keys is not None:
        require_type("keys", keys, (Keyring,), "a Keyring", "Omit it, and set CONNECTOR_KEY or CONNECTOR_KEY_FILE.")
    store = _open_by_url(url or read_env_value(os.environ, STORE_VARIABLE) or "file:")
    if isinstance(store, MemoryStore):
        return store
    return EncryptedStore(store, keys if keys is not None else Keyring.from_env(os.environ))


def _open_by_url(url: str) -> Store:
    scheme, colon, location = url.partition(":")
    scheme = scheme.lower()
    if url == "memory:":
        return MemoryStore()
    if scheme == "file" and colon:
        from connector.runtime.storage.file_store import FileStore

        return FileStore(_parse_path(location))
    if colon and scheme.partition("+")[0] in ("sqlite", "postgresql", "postgres"):
        from connector.runtime.storage.sql_store import SqlStore

        return SqlStore(url)
    raise UsageError("The URL does not name a known store.", hint=f"Use {_KNOWN_URLS}.")


def _parse_path(location: str) -> Path | None:
    if location.startswith("//"):
        host, slash, location = location[2:].partition("/")
        if host not in ("", "localhost") or not slash:
            raise UsageError("A file: URL must name a folder on this machine.", hint="Use file:/PATH.")
        location = f"/{location}"
    return Path(location) if location else None
