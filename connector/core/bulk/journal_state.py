"""Replay a bulk journal into the state of each row.

A line is one of: the header (first), `{"begin": 17, "line": 18}` (`again` that it may be sent twice; `key` is its
idempotency key, `at` the epoch seconds of its start), a result `{"row": 17, "outcome": ...}`, `{"undo": 17}`: not
sent after all, and `{"end": true}`: the run had nothing left to do.
"""

from __future__ import annotations

import json
from array import array
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# ROW_REPEATABLE: started, and safe to send again.
ROW_NEW, ROW_STARTED, ROW_REPEATABLE, ROW_DONE, ROW_FAILED, ROW_UNCERTAIN = range(6)
MAX_ROW_NUMBER = 1 << 31  # a larger number means damage


class CorruptJournal(Exception):
    """The lines are not those of a journal; the message says where."""


class JournalState:
    """The state of each row, by its number from 1, in nine bytes; `valid_bytes` is the length that was replayed.

    `is_ended` is whether the run was brought to its end, and no row was started since.
    """

    def __init__(self) -> None:
        self.header: dict[str, Any] | None = None
        self.valid_bytes = 0
        self.is_ended = False
        self._states = bytearray(1)
        self._offsets = array("Q", [0])
        self._keys: dict[int, tuple[str, float]] = {}

    @property
    def highest_row(self) -> int:
        """The highest row number in the journal."""
        return len(self._states) - 1

    def row_numbers(self) -> Iterator[int]:
        """Yield every row number up to the highest."""
        return iter(range(1, len(self._states)))

    def state_of(self, number: int) -> int:
        """Return the state of a row, one of the ROW_ constants."""
        return self._states[number] if number < len(self._states) else ROW_NEW

    def offset_of(self, number: int) -> int:
        """Return the byte offset of a row's last line."""
        return self._offsets[number]

    def key_of(self, number: int) -> str | None:
        """Return the idempotency key that a row was started with, or None."""
        return self._keys[number][0] if number in self._keys else None

    def sent_at(self, number: int) -> float:
        """Return when a row was first started with its key, in epoch seconds; 0 where nothing tells."""
        return self._keys[number][1] if number in self._keys else 0.0

    def replay(self, lines: Iterable[bytes]) -> None:
        """Replay the lines of a journal.

        An incomplete end is skipped: a line without its line end, or bytes that never reached the disk. Nothing was
        sent because of them, since a start is durable before its row is sent. Raises CorruptJournal otherwise.
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
        """Apply a line; return whether it is valid."""
        try:
            data = json.loads(raw) if raw.endswith(b"\n") else None
            if isinstance(data, dict):
                self.apply(data, offset)
                return True
        except (ValueError, KeyError, TypeError, RecursionError):
            pass
        return False

    def apply(self, data: Mapping[str, Any], offset: int) -> None:
        """Apply one line at a byte offset. Raises KeyError, TypeError or ValueError if it is invalid."""
        if self.header is None:
            if "journal" not in data:
                raise ValueError("the first line")
            self.header = dict(data)
        elif data.get("end") is True:
            self.is_ended = True
        elif "begin" in data:
            self.is_ended = False
            self._set_state(data["begin"], ROW_REPEATABLE if data.get("again") else ROW_STARTED, offset)
            if data.get("key"):
                self._keys.setdefault(data["begin"], (str(data["key"]), float(data.get("at", 0.0))))
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
    """Whether a file with these first bytes is a journal, possibly cut within its header."""
    return bool(raw) and _HEADER_PREFIX.startswith(raw[: len(_HEADER_PREFIX)])


_HEADER_PREFIX = b'{"journal":'
_STATE_BY_OUTCOME = {"done": ROW_DONE, "not_sent": ROW_FAILED, "rejected": ROW_FAILED, "uncertain": ROW_UNCERTAIN}
