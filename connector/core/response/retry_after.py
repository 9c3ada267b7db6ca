"""Parse Retry-After (seconds, also with a fraction, HTTP-date or ISO-8601) and rate-limit reset headers."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from connector.core.response.reply import Reply

_UNITS_PER_SECOND = {"s": 1, "ms": 1000}
_MAX_NUMBER = 1e15  # milliseconds since 1970, and no more
MAX_RETRY_AFTER = 30 * 86_400  # seconds ahead; a later time is treated as a mistake


def parse_retry_at(reply: Reply, now: float) -> float | None:
    """Return the epoch second at which a reply allows the next request, or None.

    A time in the past, or more than 30 days ahead, is ignored.
    """
    for name, parse in (
        ("retry-after", _parse_retry_after),
        ("x-ratelimit-reset", _parse_reset),
        ("ratelimit-reset", _parse_retry_after),
    ):
        text = reply.header(name)
        retry_at = parse(text.strip(), now) if text else None
        if retry_at is not None and now < retry_at <= now + MAX_RETRY_AFTER:
            return retry_at
    return None


def parse_declared(value: Any, unit: Literal["s", "ms"], now: float) -> float | None:
    """Return the epoch second that a reply's own field says: the time until then, or a date as epoch time or text.

    A value that is none of these, in the past, or more than 30 days ahead, is ignored.
    """
    seconds = _to_number(value)
    if seconds is None:
        retry_at = _parse_date(value.strip()) if isinstance(value, str) else None
    else:
        seconds /= _UNITS_PER_SECOND[unit]
        retry_at = seconds if seconds > now else now + seconds
    return retry_at if retry_at is not None and now < retry_at <= now + MAX_RETRY_AFTER else None


def _to_number(value: Any) -> float | None:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,9})?", value.strip(), re.ASCII):
        return float(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _MAX_NUMBER
    return float(value) if is_number else None


def _parse_retry_after(text: str, now: float) -> float | None:
    seconds = _to_number(text)
    return _parse_date(text) if seconds is None else now + seconds


def _parse_reset(text: str, now: float) -> float | None:
    seconds = _to_number(text)
    if seconds is None:
        return _parse_date(text)
    return seconds if seconds > now else now + seconds


def _parse_date(text: str) -> float | None:
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            parsed = parse(text)
            return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def to_utc_datetime(timestamp: float) -> datetime:
    """Return an epoch second as an aware UTC datetime."""
    return datetime.fromtimestamp(timestamp, UTC)


def next_midnight(now: float) -> float:
    """Return the next 00:00 UTC, when daily limits reset."""
    today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today + timedelta(days=1)).timestamp()
