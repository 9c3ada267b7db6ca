"""The store in this process's memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.runtime.files.locks import ThreadLocks
from connector.runtime.storage.record_store import LEFT_IN_PLACE, RecordStore

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class MemoryStore(RecordStore):
    """Stores records in this process, until it ends."""

    location = "memory"

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._locks = ThreadLocks(self.location)
        self._write_locks = ThreadLocks(self.location)

    def __repr__(self) -> str:
        return "MemoryStore()"

    def lock(self, key: str, timeout: float) -> AbstractContextManager[None]:
        """Hold a key exclusively among the threads of this process."""
        return self._locks.hold(key, timeout)

    def prepare(self, key: str, size: int = 16_384) -> None:
        """Do nothing: a process that runs out of memory ends anyway."""

    def _get_text(self, name: str) -> tuple[str | None, None]:
        return self._texts.get(name), None

    def _put_text(self, name: str, version: int, text: str) -> bool:  # noqa: ARG002
        self._texts[name] = text
        return True

    def _delete_text(self, name: str) -> bool:
        return self._texts.pop(name, None) is not None

    def _list_names(self) -> list[str]:
        return list(self._texts)

    def _quarantine(self, name: str, text: str | bytes) -> str:  # noqa: ARG002
        return LEFT_IN_PLACE

    def _hold_writers(self, key: str) -> AbstractContextManager[None]:
        return self._write_locks.hold(key, float("inf"))
