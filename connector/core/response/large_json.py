"""Parse large JSON texts with msgspec, where it is installed and a process reads many of them.

It accepts no text that the other parser refuses, and gives the same data; what it refuses, the other one judges.
"""

from __future__ import annotations

from functools import cache
from itertools import count
from types import GenericAlias
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

LARGE_BYTES = 32_768  # a page of a list; in a smaller text nothing is gained
FIRST_TEXTS = 30  # of a process: what they would save pays for loading msgspec
MAX_DEPTH = 6  # lists and mappings within each other; each level doubles what is built for the types


class LargeJsonParser:
    """Parses the large texts of a process, after the first of them."""

    def __init__(self) -> None:
        self._texts = count()

    def parse(self, text: bytes) -> Any:
        """Return the data; None where it was not parsed, and for null."""
        if len(text) < LARGE_BYTES or next(self._texts) < FIRST_TEXTS:
            return None
        parse = load_msgspec()
        try:
            return None if parse is None else parse(text)
        except (ValueError, RecursionError):
            return None


@cache
def load_msgspec() -> Callable[[bytes], Any] | None:
    """Return the parser, None where it is not installed. Raises ValueError for too deep a text, as for a broken one.

    The depth is bounded by types: without them msgspec goes on until Python's stack ends.
    """
    try:
        from msgspec.json import Decoder
    except ImportError:
        return None
    scalar: Any = str | int | float | bool | None
    value = scalar
    for _ in range(MAX_DEPTH):
        value = scalar | GenericAlias(list, value) | GenericAlias(dict, (str, value))
    decoder: Decoder[Any] = Decoder(value)
    return decoder.decode
