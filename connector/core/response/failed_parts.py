"""What failed of several things, in a reply of success: each is told, with its position where the reply has one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.core.json_path import get_at_path, has_path
from connector.core.response.error_texts import FieldMessage, find_reason, read_code, read_field_messages
from connector.definition.replies.error_format import to_json_text
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.definition.replies.partial_failure import PartialFailure

_NO_REASON = "no reason given"
_MAX_TOLD = 20  # different failures that a text tells
_MAX_LENGTH = 200  # characters of each


@dataclass(frozen=True, slots=True)
class FailedParts:
    """The failures that a reply tells: what each says, and its position, None where the reply has none.

    `count` is how many things there were, None where the reply does not say. `is_all` when nothing was done.
    """

    failures: tuple[tuple[int | None, str], ...]
    codes: tuple[str | int | None, ...]
    count: int | None = None
    is_all: bool = False

    @property
    def code(self) -> str | int | None:
        """The code of the first failure that has one."""
        return next((code for code in self.codes if code is not None), None)

    @property
    def is_of_one_kind(self) -> bool:
        """Whether all failures have the same code."""
        return len(set(self.codes)) == 1

    def describe(self, redact: Callable[[str, int], str]) -> str:
        """Return the failures as a text; those that say the same are told together."""
        positions: dict[str, list[int | None]] = {}
        for position, text in self.failures:
            positions.setdefault(text, []).append(position)
        told = [_describe(text, found, redact) for text, found in list(positions.items())[:_MAX_TOLD]]
        untold = sum(len(found) for found in list(positions.values())[_MAX_TOLD:])
        more = f" and {untold} more" if untold else ""
        return f"{self._begin()}: {' '.join(told)}{more}"

    def _begin(self) -> str:
        number = len(self.failures)
        if self.count is not None:
            return f"All {number} failed" if self.is_all and number > 1 else f"{number} of {self.count} failed"
        return "All of it failed" if self.is_all else "A part failed"


def read_failed_parts(words: PartialFailure | None, data: Any) -> FailedParts | None:
    """Return the failures that data tells; None where it tells none."""
    listed = None if words is None else get_at_path(data, words.list_path)
    if words is None or not listed:
        return None
    if words.items is None:
        is_none_done = words.done is not None and has_path(data, words.done) and not get_at_path(data, words.done)
        return _read_list(words, listed, is_all=is_none_done)
    entries = listed if isinstance(listed, list) else [listed]  # some services write a list of one as its entry
    failed = [(index, entry) for index, entry in enumerate(entries) if _has_failed(words, entry)]
    if not failed:
        return None
    codes = tuple(_read_code(words, entry) for _, entry in failed)
    failures = tuple((index, _read_failure(words, entry)) for index, entry in failed)
    return FailedParts(failures, codes, len(entries), is_all=len(failed) == len(entries))


def _read_list(words: PartialFailure, listed: Any, *, is_all: bool) -> FailedParts:
    """Return the failures of a list of them, or of anything else that stands in its place."""
    entries = listed if isinstance(listed, list) else [listed]
    if words.code is None and words.message is None:
        texts = [" ".join(map(str, read_field_messages([entry]))) or _NO_REASON for entry in entries]
    else:
        texts = [f"[{_read_failure(words, entry)}]" for entry in entries]
    failures = tuple((None, text) for text in texts)
    return FailedParts(failures, tuple(_read_code(words, entry) for entry in entries), is_all=is_all)


def _has_failed(words: PartialFailure, entry: Any) -> bool:
    if isinstance(words.failed, str):
        return bool(get_at_path(entry, words.failed))
    return any(
        to_json_text(value) in texts
        for path, texts in words.failed_texts.items()
        if has_path(entry, path) and not isinstance(value := get_at_path(entry, path), dict | list)
    )


def _read_code(words: PartialFailure, entry: Any) -> str | int | None:
    return read_code(get_at_path(entry, words.code))


def _read_failure(words: PartialFailure, entry: Any) -> str:
    """Return what an entry says: its code, and its messages."""
    value = entry if words.message is None else get_at_path(entry, words.message)
    messages = [find_reason(entry)] if words.message is None else map(_to_text, read_field_messages(value))
    text = " ".join(filter(None, messages))
    code = _read_code(words, entry)
    return ", ".join(str(part) for part in (code, text) if part not in (None, "")) or _NO_REASON


def _to_text(message: FieldMessage) -> str:
    return message.text if not message.name or message.name in message.text else f"{message.name}: {message.text}"


def _describe(text: str, positions: list[int | None], redact: Callable[[str, int], str]) -> str:
    shown = redact(text, _MAX_LENGTH)
    numbers = [position for position in positions if position is not None]
    if numbers:
        return f"[{_join_positions(numbers)}: {shown}]"
    return shown if len(positions) == 1 else f"{shown} ({len(positions)} times)"


def _join_positions(numbers: list[int]) -> str:
    """Return positions as a text: 0, 2-5."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
