"""Parse JSON texts with msgspec, where it is installed and a process has read many of them.

It accepts no text that the other parser refuses, and gives the same data; what it refuses, the other one judges.
"""

from __future__ import annotations

from functools import cache
from types import GenericAlias
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

WAITING_BYTES = 1_000_000  # loading msgspec takes what it saves in 4 MB, and a process that has read one reads more
MAX_DEPTH = 6  # lists and mappings within each other; each level doubles what is built for the types


class FastJsonParser:
    """Parses the texts of a process after its first ones; a text that was refused makes it wait again.

    So what it cannot read, such as data that is nested deeper, is seldom read twice.
    """

    def __init__(self) -> None:
        self._waiting_bytes = WAITING_BYTES

    def parse(self, text: bytes) -> Any:
        """Return the data; None where it was not parsed, and for null."""
        if self._waiting_bytes > 0:
            self._waiting_bytes -= len(text)
            return None
        parse = load_msgspec()
        try:
            return None if parse is None else parse(text)
        except (ValueError, RecursionError):
            self._waiting_bytes = WAITING_BYTES
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
