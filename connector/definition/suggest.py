"""Did-you-mean suggestions for misspelt words."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """Return ` Did you mean 'x'?` with the closest candidate, or an empty text when none is close."""
    match = closest(word, candidates)
    return f" Did you mean {match!r}?" if match else ""


def closest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the known word closest to `word`, or None when none is close; `cutoff` 1 means equal."""
    return next(iter(difflib.get_close_matches(word[:_MAX_LENGTH], list(known), n=1, cutoff=cutoff)), None)


_MAX_LENGTH = 100  # a longer text is no misspelt word, and comparing takes time by the square of its length
