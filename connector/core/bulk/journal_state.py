"""What the lines of a journal come to: for each row whether it was begun, ended, or may have been done.

A line is one of: what the journal is of (the first), `{"begin": 17, "line": 18}` (with `key` its idempotency key, with
`again` where it may be sent twice), a result `{"row": 17, "outcome": ...}`, and `{"undo": 17}`: not sent after all.
"""

from __future__ import annotations

import json
from array import array
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

NEW, BEGUN, OPEN, DONE, FAILED, UNCERTAIN = range(6)  # OPEN: begun, and may be sent again by itself
FARTHEST = 1 << 31  # no file has so many rows; a number beyond it is damage


class Damaged(Exception):
    """The lines are not a journal's; the text says where."""


class Story:
    """The state of each row, by its number from 1; nine bytes a row. `of` is the first line, `size` the good bytes."""

    def __init__(self) -> None:
        self.of: dict[str, Any] | None = None
        self.size = 0
        self._states = bytearray(1)
        self._places = array("Q", [0])
        self._keys: dict[int, str] = {}

    @property
    def rows(self) -> int:
        """The highest number that was named."""
        return len(self._states) - 1

    def numbers(self) -> Iterator[int]:
        """Yield the number of every row up to the highest that was named."""
        return iter(range(1, len(self._states)))

    def state(self, number: int) -> int:
        """Return how it stands with a row."""
        return self._states[number] if number < len(self._states) else NEW

    def place(self, number: int) -> int:
        """Return the offset of a row's last line."""
        return self._places[number]

    def key(self, number: int) -> str | None:
        """Return the idempotency key that a row was begun with and may be sent again with."""
        return self._keys.get(number)

    def read(self, lines: Iterable[bytes]) -> None:
        """Take the lines of a journal as it is found.

        What a cut left at its end is passed over: a line without an end, or bytes that never reached the disk. Nothing
        was sent because of them, since what is about to be sent is waited for. Raises Damaged for anything else.
        """
        torn, place = 0, 0
        for number, raw in enumerate(lines, 1):
            good = self._read(raw, place)
            cut = (not raw.endswith(b"\n") or b"\0" in raw) and (self.of is not None or begins(raw))
            if not good and not cut:
                raise Damaged(f"line {number} cannot be read")
            if good and torn:
                raise Damaged(f"line {torn} cannot be read")
            if good:
                self.size = place + len(raw)
            else:
                torn = torn or number
            place += len(raw)

    def _read(self, raw: bytes, place: int) -> bool:
        """Take a line; return whether it could be read."""
        try:
            data = json.loads(raw) if raw.endswith(b"\n") else None
            if isinstance(data, dict):
                self.take(data, place)
                return True
        except (ValueError, KeyError, TypeError, RecursionError):
            pass
        return False

    def take(self, data: Mapping[str, Any], place: int) -> None:
        """Take one line, which stands at an offset. Raises KeyError, TypeError or ValueError for what is no line."""
        if self.of is None:
            if "journal" not in data:
                raise ValueError("the first line")
            self.of = dict(data)
        elif "begin" in data:
            self._put(data["begin"], OPEN if data.get("again") else BEGUN, place)
            if data.get("key"):
                self._keys[data["begin"]] = str(data["key"])
        elif "undo" in data:
            self._put(data["undo"], NEW, place)
        else:
            state = _ENDS[data["outcome"]]
            self._put(data["row"], state, place)
            if state != UNCERTAIN:
                self._keys.pop(data["row"], None)

    def _put(self, number: Any, state: int, place: int) -> None:
        if type(number) is not int or not 0 < number < FARTHEST:
            raise ValueError("a row's number")
        missing = number + 1 - len(self._states)
        if missing > 0:
            self._states.extend(bytes(missing))
            self._places.extend(array("Q", bytes(8 * missing)))
        self._states[number], self._places[number] = state, place


def begins(raw: bytes) -> bool:
    """Whether a file that begins so is a journal, of which a cut may have left no more than its first bytes."""
    return bool(raw) and _FIRST.startswith(raw[: len(_FIRST)])


_FIRST = b'{"journal":'
_ENDS = {"done": DONE, "not_sent": FAILED, "rejected": FAILED, "uncertain": UNCERTAIN}
