"""Parse Retry-After (seconds, HTTP-date or ISO-8601) and rate-limit reset headers."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connector.core.response.parser import Reply

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


def _parse_retry_after(text: str, now: float) -> float | None:
    if re.fullmatch(r"[0-9]{1,9}", text, re.ASCII):
        return now + int(text)
    return _parse_date(text)


def _parse_reset(text: str, now: float) -> float | None:
    if re.fullmatch(r"[0-9]{1,12}", text, re.ASCII):
        return float(text) if int(text) > now else now + int(text)
    return _parse_date(text)


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
