"""Times that should lie ahead: what a result says of one that has passed or is far away; nothing is refused for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.core.inputs.validate import Values

FAR = 10 * 365.25 * 86_400  # seconds; ten years
_BEHIND, _BEFORE = 12 * 3600, 14 * 3600  # seconds that local time is behind UTC or before it, at the most


def warnings(values: Values, keys: Iterable[str], now: float) -> tuple[str, ...]:
    """Return a sentence for each of these inputs that is no time ahead; `now` is epoch seconds.

    A time without a zone is given the benefit of every zone.
    """
    found = ((key, values[key], _what(values[key], now)) for key in keys if values.get(key) is not None)
    return tuple(f"{key}: {value} {what}. It was sent as it is." for key, value, what in found if what)


def _what(value: str, now: float) -> str:
    moment = datetime.fromisoformat(value)
    local = moment.tzinfo is None
    at = (moment.replace(tzinfo=UTC) if local else moment).timestamp() - now
    if at + (_BEHIND if local else 0) < 0:
        return "is in the past"
    return "is more than ten years ahead" if at - (_BEFORE if local else 0) > FAR else ""
