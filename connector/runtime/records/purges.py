"""Changes that were kept for long enough are deleted, and a note of the last one stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from connector.runtime.records.tables import CHANGES, FEEDS, PURGED_FEED, write_feed

if TYPE_CHECKING:
    from sqlalchemy import Connection

PURGE_BATCH = 1000  # changes; a small number keeps writers from waiting
_DAY = "day "  # the beginning of the name under which stands the last change of a day's first look
_DAY_SECONDS = 86_400


def purge_changes(connection: Connection, now: float, keep_seconds: float) -> int:
    """Delete some of the changes that were written too long ago, oldest first; return how many.

    Each day has a note of its first number: what tells of a change may be much older than the change.
    """
    query = select(FEEDS.c.name, FEEDS.c.seq).where(FEEDS.c.name.like(f"{_DAY}%"))
    days = {int(name.removeprefix(_DAY)): seq for name, seq in connection.execute(query)}
    if int(now / _DAY_SECONDS) not in days:
        last = connection.scalar(select(func.max(CHANGES.c.seq)))
        write_feed(connection, f"{_DAY}{int(now / _DAY_SECONDS)}", last or 0)
    old = {day: seq for day, seq in days.items() if (day + 1) * _DAY_SECONDS <= now - keep_seconds}
    is_old = CHANGES.c.seq <= max(old.values(), default=0)
    numbers = connection.scalars(select(CHANGES.c.seq).where(is_old).order_by(CHANGES.c.seq).limit(PURGE_BATCH)).all()
    if numbers:
        connection.execute(delete(CHANGES).where(CHANGES.c.seq <= numbers[-1]))
        write_feed(connection, PURGED_FEED, numbers[-1])
    if old and len(numbers) < PURGE_BATCH:
        connection.execute(delete(FEEDS).where(FEEDS.c.name.in_([f"{_DAY}{day}" for day in old])))
    return len(numbers)
