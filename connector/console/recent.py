"""The last things of a kind, each by a key that nobody guesses."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from typing import Generic, TypeVar

from connector.runtime.process.fork_safety import ForkSafeLock

_KEY_BYTES = 12
T = TypeVar("T")


class Recent(Generic[T]):
    """Keeps up to `most` things; the oldest goes first. Safe to share among threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[str, T] = OrderedDict()
        self._lock = ForkSafeLock()

    def keep(self, thing: T) -> str:
        """Keep a thing, and return its key."""
        key = secrets.token_urlsafe(_KEY_BYTES)
        with self._lock:
            self._kept[key] = thing
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return key

    def find(self, key: str) -> T | None:
        """Return the thing of a key, or None."""
        with self._lock:
            return self._kept.get(key)

    def take(self, key: str) -> T | None:
        """Return the thing of a key, or None, and keep it no longer."""
        with self._lock:
            return self._kept.pop(key, None)
