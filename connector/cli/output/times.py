"""Times as people write them: ISO 8601, epoch seconds, or how long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from connector.core.redaction import shown
from connector.errors import InputError, Problem

_AGO = re.compile(r"([0-9]+(?:\.[0-9]+)?)(s|m|h|d)\Z")
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_EPOCH = re.compile(r"[0-9]{1,11}\Z")


def moment(text: str, now: float, option: str) -> float:
    """Return epoch seconds: of 2030-01-31T09:00:00Z, of 1896080400, or of 90m, which is that long before `now`.

    Raises InputError that names the option.
    """
    word = text.strip()
    ago = _AGO.match(word)
    if ago:
        return now - float(ago[1]) * _UNITS[ago[2]]
    if _EPOCH.match(word):
        return float(word)
    try:
        found = datetime.fromisoformat(word)
    except ValueError:
        expected = "a time such as 2030-01-31T09:00:00Z, or how long ago: 30s, 90m, 2h, 3d"
        raise InputError.of("webhook", [Problem(option, shown(text), expected)]) from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def told(at: float) -> str:
    """Return epoch seconds as a time in UTC."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def lasting(seconds: float) -> str:
    """Return a duration in the two largest units that it has, such as 3 h 5 min."""
    left = round(abs(seconds))
    parts = []
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, length)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"
