"""Durations as text: a number and a unit, such as 500ms, 10s, 90m, 2h or 7d."""

from __future__ import annotations

import re

from connector.first_use import prepare_pattern

DAY_SECONDS = 86_400.0
UNIT_SECONDS = {
    "ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": DAY_SECONDS, "day": DAY_SECONDS,
}  # fmt: skip
_DURATION_PATTERN = prepare_pattern(rf"([0-9]{{1,9}}(?:\.[0-9]{{1,6}})?)\s*({'|'.join(UNIT_SECONDS)})?\Z", re.ASCII)


def parse_duration(text: str) -> float | None:
    """Return a duration in seconds, or None for a text that is none; a number without a unit is in seconds."""
    match = _DURATION_PATTERN.match(text.strip())
    return float(match[1]) * UNIT_SECONDS[match[2] or "s"] if match else None
