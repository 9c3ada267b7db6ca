"""Read how far a shared bulk run is, and its results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from connector.first_use import dataclass
from connector.runtime.bulk.shared_tables import ROW_OUTCOMES, ROW_RUNNING, ROW_WAITING, ROWS, now_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection

    from connector.runtime.bulk.shared_journal import SharedJournal
    from connector.runtime.bulk.shared_tables import SharedRun

_READ_AT_ONCE = 500  # rows
_RATE_WINDOW = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class RunCounts:
    """The rows of a run by state; how many finished within the last minute, and since when (epoch seconds)."""

    by_state: dict[str, int]
    recent: int
    recent_since: float
    now: float

    @property
    def open(self) -> int:
        """Rows without a result."""
        return self.by_state[ROW_WAITING] + self.by_state[ROW_RUNNING]

    @property
    def rate(self) -> float:
        """Results a second, of late."""
        return self.recent / max(1.0, self.now - self.recent_since)


def count_rows(journal: SharedJournal, run: SharedRun) -> RunCounts:
    """Return the rows of a run by state; rows that are not stored yet wait too."""

    def count(connection: Connection) -> RunCounts:
        now = float(connection.scalar(select(now_of(connection.dialect.name))) or 0.0)
        by_state: dict[str, int] = dict.fromkeys((ROW_WAITING, ROW_RUNNING, *ROW_OUTCOMES), 0)
        states = select(ROWS.c.state, func.count()).where(ROWS.c.run == run.id).group_by(ROWS.c.state)
        by_state.update((state, number) for state, number in connection.execute(states))
        by_state[ROW_WAITING] += run.count - sum(by_state.values())
        recent = (ROWS.c.run == run.id) & (ROWS.c.finished_at > now - _RATE_WINDOW)
        done, first = connection.execute(select(func.count(), func.min(ROWS.c.finished_at)).where(recent)).one()
        return RunCounts(by_state, done, first or now, now)

    return journal.run(count)


def iter_results(
    journal: SharedJournal, run: SharedRun, outcomes: Sequence[str] = ROW_OUTCOMES
) -> Iterator[dict[str, Any]]:
    """Yield the results of a run in row order, a few hundred read at once."""
    number, found = 0, [0]
    while found:
        found = _select_numbers(journal, run, (ROWS.c.number > number) & ROWS.c.state.in_(outcomes))
        yield from read_results(journal, run, found)
        number = found[-1] if found else number


def _select_numbers(journal: SharedJournal, run: SharedRun, condition: ColumnElement[bool]) -> list[int]:
    query = select(ROWS.c.number).where((ROWS.c.run == run.id) & condition).order_by(ROWS.c.number).limit(_READ_AT_ONCE)
    return journal.run(lambda connection: list(connection.scalars(query)))


def find_finished(journal: SharedJournal, run: SharedRun, since: float) -> list[tuple[int, float]]:
    """Return the numbers of the rows that finished since a time (epoch seconds), with their times, in that order."""
    condition = (ROWS.c.run == run.id) & (ROWS.c.finished_at >= since) & ROWS.c.state.in_(ROW_OUTCOMES)
    query = select(ROWS.c.number, ROWS.c.finished_at).where(condition).order_by(ROWS.c.finished_at, ROWS.c.number)
    return journal.run(lambda connection: [(row.number, row.finished_at) for row in connection.execute(query)])


def read_results(journal: SharedJournal, run: SharedRun, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """Return the results of at most a few hundred rows, in the given order."""
    condition = (ROWS.c.run == run.id) & ROWS.c.number.in_(numbers) & ROWS.c.result.is_not(None)
    query = select(ROWS.c.number, ROWS.c.result).where(condition)
    found = journal.run(lambda connection: {row.number: row.result for row in connection.execute(query)})
    codec = journal.codec_of(run.id)
    return [codec.decode(number, found[number]) for number in numbers if number in found]
