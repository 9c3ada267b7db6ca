"""Places in a text, and what to show instead of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "***"


class Span(NamedTuple):
    """A secret's place in a text, and what is shown instead."""

    start: int
    end: int
    shown: str = MASK


def replace_spans(text: str, spans: Iterable[Span]) -> str:
    """Return a text with its spans replaced; where some overlap, the first one's replacement stands for all."""
    pieces: list[str] = []
    position, covered = 0, 0  # where the next piece begins, and where the last span ends
    for start, end, shown in sorted(spans, key=lambda span: (span.start, -span.end)):
        if start >= covered:
            pieces += (text[position:start], shown)
        position = covered = max(covered, end)
    return "".join((*pieces, text[position:]))
