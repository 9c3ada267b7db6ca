"""Records over named texts: versions, checksums and damaged records, for every place that keeps texts."""

from __future__ import annotations

import contextlib
import heapq
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from connector.errors import StoreError
from connector.runtime.files.key_names import decode_key, encode_key
from connector.runtime.storage import record_codec
from connector.runtime.storage.record_codec import CorruptRecord, UnsupportedRecord
from connector.runtime.storage.store import build_conflict_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from contextlib import AbstractContextManager

    from connector.runtime.storage.store import StoredRecord

MAX_WRITE_ATTEMPTS = 100  # of a write without version, against faster writers
LEFT_IN_PLACE = "It stays where it is."


class RecordStore(ABC):
    """Implements `Store`; a subclass reads and writes the texts, and locks."""

    location: str  # the store's name in messages

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.location!r})"

    @abstractmethod
    def lock(self, key: str, timeout: float) -> AbstractContextManager[None]:
        """Hold a key exclusively; see `Store.lock`."""

    @abstractmethod
    def prepare(self, key: str, size: int = 16_384) -> None:
        """Raise StoreError when a write of `size` bytes would fail now."""

    @abstractmethod
    def _get_text(self, name: str) -> tuple[str | bytes | None, int | None]:
        """Return a text, and its version where one is stored beside it; None where there is no text."""

    @abstractmethod
    def _put_text(self, name: str, version: int, text: str) -> bool:
        """Store the text of a version; return False when another writer was faster."""

    @abstractmethod
    def _delete_text(self, name: str) -> bool:
        """Delete a text; return whether there was one."""

    @abstractmethod
    def _list_names(self) -> Iterable[str]:
        """Return the names of all records."""

    @abstractmethod
    def _quarantine(self, name: str, text: str | bytes) -> str:
        """Move a damaged text aside; return a sentence that says where it is."""

    @abstractmethod
    def _hold_writers(self, key: str) -> AbstractContextManager[None]:
        """Keep other writers of a key out, where `_put_text` itself does not."""

    def _describe_record(self, key: str) -> tuple[str, str]:
        """Return what a message calls a record, and the path of its error."""
        return f"{key!r} in {self.location}", self.location

    def read(self, key: str) -> StoredRecord | None:
        """Return the record, or None. Raises StoreError for a damaged one, which is moved aside."""
        try:
            return _decode_text(key, *self._get_text(encode_key(key)))
        except UnsupportedRecord as error:
            raise self._build_read_error(key, error) from None
        except CorruptRecord as error:
            with contextlib.ExitStack() as stack:
                try:
                    stack.enter_context(self._hold_writers(key))
                except StoreError:
                    raise self._build_read_error(key, error) from None
                return self._load_or_quarantine(key)  # a writer may have replaced it meanwhile

    def write(self, key: str, data: Mapping[str, Any], *, version: int | None = None) -> int:
        """Store data durably and return its version. With `version` only over that one (0: none yet)."""
        record_codec.dump_json(data)
        current_version = 0
        with self._hold_writers(key):
            for _ in range(MAX_WRITE_ATTEMPTS):
                current = self._load_or_quarantine(key)
                current_version = current.version if current else 0
                if version is not None and version != current_version:
                    break
                text = record_codec.encode_record(key, current_version + 1, data)
                if self._put_text(encode_key(key), current_version + 1, text):
                    return current_version + 1
        raise build_conflict_error(self.location, key, current_version if version is None else version)

    def remove(self, key: str) -> bool:
        """Remove a record; return whether there was one."""
        with self._hold_writers(key):
            return self._delete_text(encode_key(key))

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys that begin with a prefix, sorted."""
        keys = (self._read_key(name) for name in self._list_names())
        return sorted(key for key in keys if key is not None and key.startswith(prefix))

    def first_keys(self, prefix: str, limit: int) -> list[str]:
        """Return the first keys that begin with a prefix, in the order of their names, at most `limit`."""
        keys = map(self._read_key, self._list_first_names(encode_key(prefix), limit))
        return [key for key in keys if key is not None]

    def session(self) -> AbstractContextManager[None]:
        """Use one connection for all work of this thread in a with block, where there are connections."""
        return contextlib.nullcontext()

    def _list_first_names(self, prefix: str, limit: int) -> list[str]:
        return heapq.nsmallest(limit, (name for name in self._list_names() if name.startswith(prefix)))

    def _read_key(self, name: str) -> str | None:
        """Return the key of a name, from the record if the name is cut; None when that is gone or damaged."""
        key = decode_key(name)
        if key is not None:
            return key
        try:
            return record_codec.read_key(self._get_text(name)[0] or "")
        except CorruptRecord:  # reported when the key itself is read
            return None

    def _load_or_quarantine(self, key: str) -> StoredRecord | None:
        name = encode_key(key)
        text, version = self._get_text(name)
        try:
            return _decode_text(key, text, version)
        except UnsupportedRecord as error:
            raise self._build_read_error(key, error) from None
        except CorruptRecord as error:
            raise self._build_read_error(key, error, self._quarantine(name, text or "")) from None

    def _build_read_error(self, key: str, error: CorruptRecord, text_location: str = LEFT_IN_PLACE) -> StoreError:
        record, path = self._describe_record(key)
        is_newer = isinstance(error, UnsupportedRecord)
        hint = (
            "Use the program that wrote it, or another store." if is_newer else "Restore a good copy, or sign in again."
        )
        return StoreError(f"{record} cannot be read: {error}. {text_location}", hint=hint, path=path)


def _decode_text(key: str, text: str | bytes | None, version: int | None) -> StoredRecord | None:
    if text is None:
        return None
    record = record_codec.decode_record(text, key)
    if version not in (None, record.version):
        raise CorruptRecord("its version does not match its row")
    return record
