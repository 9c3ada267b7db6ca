"""Times that should lie ahead: what a result says of one that has passed or is far away; nothing is refused for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.core.inputs.coerce import Values

FAR_FUTURE_SECONDS = 10 * 365.25 * 86_400  # seconds; ten years
_MAX_SECONDS_BEHIND_UTC, _MAX_SECONDS_AHEAD_OF_UTC = 12 * 3600, 14 * 3600  # of any local time


def find_time_warnings(values: Values, keys: Iterable[str], now: float) -> tuple[str, ...]:
    """Return a sentence for each of these inputs that is no time ahead; `now` is epoch seconds.

    A time without a zone is given the benefit of every zone.
    """
    entries = ((key, values[key], _describe_problem(values[key], now)) for key in keys if values.get(key) is not None)
    return tuple(f"{key}: {value} {problem}. It was sent as it is." for key, value, problem in entries if problem)


def _describe_problem(value: str, now: float) -> str:
    timestamp = datetime.fromisoformat(value)
    is_local = timestamp.tzinfo is None
    seconds_ahead = (timestamp.replace(tzinfo=UTC) if is_local else timestamp).timestamp() - now
    if seconds_ahead + (_MAX_SECONDS_BEHIND_UTC if is_local else 0) < 0:
        return "is in the past"
    is_far = seconds_ahead - (_MAX_SECONDS_AHEAD_OF_UTC if is_local else 0) > FAR_FUTURE_SECONDS
    return "is more than ten years ahead" if is_far else ""
