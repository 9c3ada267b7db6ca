"""When a service says to come back: Retry-After as seconds, HTTP-date or ISO-8601, and rate-limit headers."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connector.core.response.parser import Reply

FARTHEST = 30 * 86_400  # seconds ahead; what lies farther is taken for a mistake


def at(reply: Reply, now: float) -> float | None:
    """Return the epoch second at which a reply says to come back, or None when it does not say.

    A moment that has passed, or lies more than 30 days ahead, is no answer.
    """
    for name, read in (("retry-after", _after), ("x-ratelimit-reset", _reset), ("ratelimit-reset", _after)):
        text = reply.header(name)
        when = read(text.strip(), now) if text else None
        if when is not None and now < when <= now + FARTHEST:
            return when
    return None


def _after(text: str, now: float) -> float | None:
    if re.fullmatch(r"[0-9]{1,9}", text, re.ASCII):
        return now + int(text)
    return _date(text)


def _reset(text: str, now: float) -> float | None:
    if re.fullmatch(r"[0-9]{1,12}", text, re.ASCII):
        return float(text) if int(text) > now else now + int(text)
    return _date(text)


def _date(text: str) -> float | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            when = read(text)
            return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def moment(when: float) -> datetime:
    """Return an epoch second as an aware UTC datetime."""
    return datetime.fromtimestamp(when, UTC)


def next_midnight(now: float) -> float:
    """Return the next 00:00 UTC, when daily limits begin anew."""
    today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today + timedelta(days=1)).timestamp()
