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

ROW_NEW, ROW_STARTED, ROW_REPEATABLE, ROW_DONE, ROW_FAILED, ROW_UNCERTAIN = range(
    6
)  # OPEN: begun, and may be sent again by itself
MAX_ROW_NUMBER = 1 << 31  # no file has so many rows; a number beyond it is damage


class CorruptJournal(Exception):
    """The lines are not a journal's; the text says where."""


class JournalState:
    """The state of each row, by its number from 1; nine bytes a row. `of` is the first line, `size` the good bytes."""

    def __init__(self) -> None:
        self.header: dict[str, Any] | None = None
        self.valid_bytes = 0
        self._states = bytearray(1)
        self._offsets = array("Q", [0])
        self._keys: dict[int, str] = {}

    @property
    def highest_row(self) -> int:
        """The highest number that was named."""
        return len(self._states) - 1

    def row_numbers(self) -> Iterator[int]:
        """Yield the number of every row up to the highest that was named."""
        return iter(range(1, len(self._states)))

    def state_of(self, number: int) -> int:
        """Return how it stands with a row."""
        return self._states[number] if number < len(self._states) else ROW_NEW

    def offset_of(self, number: int) -> int:
        """Return the offset of a row's last line."""
        return self._offsets[number]

    def key_of(self, number: int) -> str | None:
        """Return the idempotency key that a row was begun with and may be sent again with."""
        return self._keys.get(number)

    def replay(self, lines: Iterable[bytes]) -> None:
        """Take the lines of a journal as it is found.

        What a cut left at its end is passed over: a line without an end, or bytes that never reached the disk. Nothing
        was sent because of them, since what is about to be sent is waited for. Raises Damaged for anything else.
        """
        torn_line, offset = 0, 0
        for number, raw in enumerate(lines, 1):
            is_valid = self._apply_line(raw, offset)
            is_cut_off = (not raw.endswith(b"\n") or b"\0" in raw) and (
                self.header is not None or is_journal_header(raw)
            )
            if not is_valid and not is_cut_off:
                raise CorruptJournal(f"line {number} cannot be read")
            if is_valid and torn_line:
                raise CorruptJournal(f"line {torn_line} cannot be read")
            if is_valid:
                self.valid_bytes = offset + len(raw)
            else:
                torn_line = torn_line or number
            offset += len(raw)

    def _apply_line(self, raw: bytes, offset: int) -> bool:
        """Take a line; return whether it could be read."""
        try:
            data = json.loads(raw) if raw.endswith(b"\n") else None
            if isinstance(data, dict):
                self.apply(data, offset)
                return True
        except (ValueError, KeyError, TypeError, RecursionError):
            pass
        return False

    def apply(self, data: Mapping[str, Any], offset: int) -> None:
        """Take one line, which stands at an offset. Raises KeyError, TypeError or ValueError for what is no line."""
        if self.header is None:
            if "journal" not in data:
                raise ValueError("the first line")
            self.header = dict(data)
        elif "begin" in data:
            self._set_state(data["begin"], ROW_REPEATABLE if data.get("again") else ROW_STARTED, offset)
            if data.get("key"):
                self._keys[data["begin"]] = str(data["key"])
        elif "undo" in data:
            self._set_state(data["undo"], ROW_NEW, offset)
        else:
            state = _STATE_BY_OUTCOME[data["outcome"]]
            self._set_state(data["row"], state, offset)
            if state != ROW_UNCERTAIN:
                self._keys.pop(data["row"], None)

    def _set_state(self, number: Any, state: int, offset: int) -> None:
        if type(number) is not int or not 0 < number < MAX_ROW_NUMBER:
            raise ValueError("a row's number")
        missing = number + 1 - len(self._states)
        if missing > 0:
            self._states.extend(bytes(missing))
            self._offsets.extend(array("Q", bytes(8 * missing)))
        self._states[number], self._offsets[number] = state, offset


def is_journal_header(raw: bytes) -> bool:
    """Whether a file that begins so is a journal, of which a cut may have left no more than its first bytes."""
    return bool(raw) and _HEADER_PREFIX.startswith(raw[: len(_HEADER_PREFIX)])


_HEADER_PREFIX = b'{"journal":'
_STATE_BY_OUTCOME = {"done": ROW_DONE, "not_sent": ROW_FAILED, "rejected": ROW_FAILED, "uncertain": ROW_UNCERTAIN}
