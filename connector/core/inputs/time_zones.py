"""Names of time zones: whether the machine's zone data knows one, and which names keep the same time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from connector.definition.forms.field_schema import TIMEZONE_PATTERN
from connector.definition.suggest import closest
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

ZONE_NAME = prepare_pattern(TIMEZONE_PATTERN)
_FIRST_YEAR, _LAST_YEAR = 1970, 2037  # the years that zone data lists one by one
_SPELLING_CUTOFF = 0.85  # letters alone say where a zone is only when nearly all of them agree


def has_zone_data() -> bool:
    """Whether this machine has zone data; a slim container or Windows may have none."""
    return is_zone("Europe/London")


@lru_cache(maxsize=1024)
def is_zone(name: str) -> bool:
    """Whether the machine's zone data has a zone of this name."""
    from zoneinfo import ZoneInfo  # here and below, as few calls name a zone

    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # missing (a KeyError), a folder, no name of a file
        return False
    return True


def find_same_zone(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that is the same zone by another name, else one with the same offsets all year, or None."""
    known = [candidate for candidate in candidates if is_zone(candidate)]
    same_year = [one for one in known if _offsets(one, _LAST_YEAR) == _offsets(name, _LAST_YEAR)]
    same_history = (one for one in same_year if _history(one) == _history(name))
    return next(same_history, None) or next(iter(same_year), None)


def suggest_zone(text: str, candidates: Iterable[str] = ()) -> str | None:
    """Return the zone that a misspelt text means, or None where it could mean another place."""
    from zoneinfo import available_timezones

    spellings = {name.lower(): name for name in (*available_timezones(), *candidates) if ZONE_NAME.fullmatch(name)}
    match = closest(text.strip().lower().replace(" ", "_"), spellings, _SPELLING_CUTOFF)
    return None if match is None else spellings[match]


def _history(name: str) -> tuple[tuple[timedelta | None, ...], ...]:
    return tuple(_offsets(name, year) for year in range(_FIRST_YEAR, _LAST_YEAR + 1))


@lru_cache(maxsize=4096)
def _offsets(name: str, year: int) -> tuple[timedelta | None, ...]:
    """Return the offsets of a zone in a year, week by week: no clock changes for less than that."""
    from zoneinfo import ZoneInfo

    start, zone = datetime(year, 1, 1, 12, tzinfo=UTC), ZoneInfo(name)
    return tuple((start + timedelta(weeks=week)).astimezone(zone).utcoffset() for week in range(52))
