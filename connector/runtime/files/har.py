"""Recorded calls of a HAR file, as `run --har`, recordings of tests and browsers write it."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.core.response.reply import Failure, Reply
from connector.definition.loader import read_bytes
from connector.errors import DefinitionError, Finding
from connector.first_use import dataclass

if TYPE_CHECKING:
    from pathlib import Path

_RESENT_HEADERS = ("content-length", "content-encoding", "transfer-encoding")  # of the body as it was on the wire


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One request, with the reply that it got; `number` counts from 1.

    `parts` are the names and texts of a multipart form. A call without a reply has the status 0, and its `failure`
    where a Recording wrote it. `started_at` is in epoch seconds.
    """

    number: int
    method: str
    url: str
    body: Any
    reply: Reply
    parts: tuple[tuple[str, str], ...] = ()
    failure: Failure | None = None
    started_at: float | None = None


def read_har(path: Path) -> list[RecordedCall]:
    """Return the calls of a HAR file that were answered. Raises DefinitionError that names what is wrong."""
    return [call for call in read_all_calls(path) if call.reply.status]


def read_all_calls(path: Path) -> list[RecordedCall]:
    """Return the calls of a HAR file, also those without a reply. Raises as `read_har`."""
    try:
        data = json.loads(read_bytes(path))
        entries = data["log"]["entries"]
        return [_read_entry(number, entry) for number, entry in enumerate(entries, 1)]
    except (ValueError, RecursionError) as error:
        position = getattr(error, "lineno", 1), getattr(error, "colno", 1)
        raise _build_error(path, f"this is not a HAR file: {error}.", *position) from None
    except KeyError as error:
        raise _build_error(path, f"this is not a HAR file: it has no '{error.args[0]}'.") from None
    except (TypeError, AttributeError):
        raise _build_error(
            path, "this is not a HAR file: a part of it has another shape than the format says."
        ) from None


def _build_error(path: Path, message: str, line: int = 1, column: int = 1) -> DefinitionError:
    return DefinitionError.from_findings([Finding(str(path), line, column, "har", message)])


def _read_entry(number: int, entry: dict[str, Any]) -> RecordedCall:
    request, response = entry["request"], entry["response"]
    content = response.get("content") or {}
    headers = [(str(item["name"]).lower(), str(item["value"])) for item in response.get("headers") or ()]
    raw = _read_content(content)
    kept = [(name, value) for name, value in headers if name not in _RESENT_HEADERS]
    urlsplit(str(request["url"]))  # raises ValueError for what is no URL
    reply = Reply(int(response["status"]), (*kept, ("content-length", str(len(raw)))), raw)
    failure = response.get("_failure")
    return replace(
        read_request(request),
        number=number,
        reply=reply,
        failure=Failure(**failure) if failure is not None else None,
        started_at=_parse_time(entry.get("startedDateTime")),
    )


def _parse_time(text: Any) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except (TypeError, ValueError):
        return None


def read_request(request: dict[str, Any]) -> RecordedCall:
    """Return the call of a request in HAR, without a reply."""
    posted = request.get("postData") or {}
    parts = tuple((str(part["name"]), str(part.get("value", ""))) for part in posted.get("params") or ())
    return RecordedCall(
        0, str(request["method"]).upper(), str(request["url"]), _read_posted(posted), Reply(0, (), b""), parts
    )


def _read_content(content: dict[str, Any]) -> bytes:
    text = content.get("text") or ""
    if content.get("encoding") != "base64":
        return str(text).encode()
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"a body that is no base64: {error}") from None


def _read_posted(posted: dict[str, Any]) -> Any:
    """Return a request's body: JSON as data, anything else as text."""
    text = posted.get("text")
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text
