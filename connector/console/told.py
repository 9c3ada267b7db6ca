"""Sentences about what was done, each for the one page that its form leads to."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from connector.runtime.process.fork_safety import ForkSafeLock

if TYPE_CHECKING:
    from connector.console.visit import Redirect

TOLD_FIELD = "told"  # of the query of that page
_MAX_KEPT = 50  # sentences that no page has asked for


class Told:
    """The sentences of redirects; each is shown once, by the page that was asked for with its key."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Redirect] = OrderedDict()
        self._lock = ForkSafeLock()

    def keep(self, redirect: Redirect) -> str:
        """Keep the sentence of a redirect, and return the address that shows it."""
        key = secrets.token_urlsafe(6)
        with self._lock:
            self._kept[key] = redirect
            while len(self._kept) > _MAX_KEPT:
                self._kept.popitem(last=False)
        parts = urlsplit(redirect.to)
        return parts._replace(query="&".join(filter(None, (parts.query, f"{TOLD_FIELD}={key}")))).geturl()

    def take(self, key: str) -> list[Redirect]:
        """Return the sentence of a key, which is shown only once."""
        with self._lock:
            found = self._kept.pop(key, None)
        return [] if found is None else [found]
