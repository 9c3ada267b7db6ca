"""Did-you-mean suggestions for misspelt words."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAX_WORD_LENGTH = 200  # characters; a longer text is no misspelt word


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """Return ` Did you mean 'x'?` with the closest candidate, or an empty text when none is close."""
    match = closest(word, candidates)
    return f" Did you mean {match!r}?" if match else ""


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word closest to `word`, or None when none is close."""
    if len(word) > _MAX_WORD_LENGTH:
        return None
    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)), None)
