"""Replay recorded calls: find the reply of a request, or say what was recorded instead."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from connector.core.redaction import preview
from connector.core.response.reply import Failure
from connector.errors import UsageError
from connector.runtime.files.har import RecordedCall, read_all_calls, read_request
from connector.runtime.process.fork_safety import ForkSafeLock
from connector.testing.har_entry import build_har_request

if TYPE_CHECKING:
    from pathlib import Path

    from connector.core.request.builder import Request
    from connector.core.response.reply import Reply

_MAX_COMPARED_LENGTH = 2_000  # comparing takes time by the square of a text's length
_RECORD_HINT = "To record it again: pytest --record, or Recording(path, record=True)."


class _RequestKey(NamedTuple):
    """What tells recorded requests apart; the host does not."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: Any
    parts: tuple[tuple[str, str], ...]

    @classmethod
    def from_call(cls, call: RecordedCall) -> _RequestKey:
        url = urlsplit(call.url)
        query = sorted(parse_qsl(url.query, keep_blank_values=True))
        return cls(call.method, url.path, tuple(query), call.body, call.parts)

    def __str__(self) -> str:
        query = "&".join(f"{name}={value}" for name, value in self.query)
        return f"{self.method} {self.path}{'?' if query else ''}{query}"


class Replay:
    """The calls of one recording, each replayed once, in their order. Thread-safe."""

    def __init__(self, path: Path, calls: list[RecordedCall]) -> None:
        self._path = path
        self._calls = [(_RequestKey.from_call(call), call) for call in calls]
        self._used: set[int] = set()
        self._lock = ForkSafeLock()

    @classmethod
    def read(cls, path: Path) -> Replay:
        """Read a HAR file. Raises UsageError where there is none, DefinitionError."""
        if not path.is_file():
            raise UsageError(f"There is no recording {path}.", hint=_RECORD_HINT)
        return cls(path, read_all_calls(path))

    @property
    def started_at(self) -> float | None:
        """When the first request was recorded, in epoch seconds."""
        return self._calls[0][1].started_at if self._calls else None

    def take(self, request: Request) -> Reply | Failure:
        """Return the next recorded reply of a request. Raises UsageError when there is none."""
        key = _RequestKey.from_call(read_request(build_har_request(request)))
        with self._lock:
            for index, (recorded, call) in enumerate(self._calls):
                if recorded == key and index not in self._used:
                    self._used.add(index)
                    return call.failure or (call.reply if call.reply.status else Failure("read", "no reply came"))
        raise self._build_error(key)

    def list_unused(self) -> list[str]:
        """Return the method and URL of the calls that have not been replayed."""
        return [f"{call.method} {call.url}" for index, (_, call) in enumerate(self._calls) if index not in self._used]

    def _build_error(self, key: _RequestKey) -> UsageError:
        count = sum(recorded == key for recorded, _ in self._calls)
        if count:
            times = "once" if count == 1 else f"{count} times"
            message = f"{key} was recorded {times} in {self._path}, and sent once more."
        else:
            message = f"{key} was not recorded in {self._path}. {self._describe_nearest(key)}"
        return UsageError(message, hint=_RECORD_HINT)

    def _describe_nearest(self, key: _RequestKey) -> str:
        """Return the recorded request that is most like one that was not, and where they differ."""
        if not self._calls:
            return "The recording is empty."
        text = _to_text(key)
        ratios = [difflib.SequenceMatcher(None, _to_text(recorded), text).ratio() for recorded, _ in self._calls]
        recorded, call = self._calls[ratios.index(max(ratios))]
        return f"The nearest is call {call.number}, {recorded}: {'; '.join(_find_differences(recorded, key))}."


def _to_text(key: _RequestKey) -> str:
    return f"{key} {key.body} {key.parts}"[:_MAX_COMPARED_LENGTH]


def _find_differences(recorded: _RequestKey, sent: _RequestKey) -> list[str]:
    differences = []
    for name in ("method", "path"):
        before, now = getattr(recorded, name), getattr(sent, name)
        if before != now:
            differences.append(f"its {name} is {before}, not {now}")
    differences += _compare_members("query", dict(recorded.query), dict(sent.query))
    differences += _compare_members("form", dict(recorded.parts), dict(sent.parts))
    if isinstance(recorded.body, dict) and isinstance(sent.body, dict):
        differences += _compare_members("body", recorded.body, sent.body)
    elif recorded.body != sent.body:
        differences.append(f"its body is {preview(recorded.body)}, not {preview(sent.body)}")
    return differences or ["the order of repeated values differs"]


def _compare_members(place: str, recorded: dict[str, Any], sent: dict[str, Any]) -> list[str]:
    """Return the members that differ."""
    differences = []
    for name in {**recorded, **sent}:
        if name not in sent:
            differences.append(f"its {place} has {name}={preview(recorded[name])}")
        elif name not in recorded:
            differences.append(f"its {place} has no {name}={preview(sent[name])}")
        elif recorded[name] != sent[name]:
            differences.append(f"its {place} has {name}={preview(recorded[name])}, not {preview(sent[name])}")
    return differences
