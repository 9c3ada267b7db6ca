"""Sentences about what was done, each for the one page that its form leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from connector.console.recent import Recent

if TYPE_CHECKING:
    from connector.console.visit import Redirect

TOLD_FIELD = "told"  # of the query of that page
_MAX_KEPT = 50  # sentences that no page has asked for


class Told:
    """The sentences of redirects; each is shown once, by the page that was asked for with its key."""

    def __init__(self) -> None:
        self._redirects: Recent[Redirect] = Recent(_MAX_KEPT)

    def keep(self, redirect: Redirect) -> str:
        """Keep the sentence of a redirect, and return the address that shows it."""
        parts, key = urlsplit(redirect.to), self._redirects.keep(redirect)
        return parts._replace(query="&".join(filter(None, (parts.query, f"{TOLD_FIELD}={key}")))).geturl()

    def take(self, key: str) -> list[Redirect]:
        """Return the sentence of a key, which is shown only once."""
        found = self._redirects.take(key)
        return [] if found is None else [found]
