"""Progress of long work on stderr: count, rate and time left; only on a terminal, cleared at the end."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.progress import Progress, ProgressColumn, Task

    ColumnFactory = Callable[[int | None], Sequence[ProgressColumn]]  # from the total, if known

_MIN_UPDATES = 2  # updates; shorter work needs no bar


class ProgressBar:
    """Draws columns from the second update on; `total` is the number of units, if known."""

    def __init__(self, build_columns: ColumnFactory, *, total: int | None = None, enabled: bool = True) -> None:
        self.enabled = (
            enabled and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        )  # it cannot be cleared there
        self._build_columns = build_columns
        self._total = total
        self._completed = self._update_count = 0
        self._progress: Progress | None = None

    def advance(self, count: int = 1) -> None:
        """Add `count` units."""
        self.update(self._completed + count, self._total)

    def update(self, completed: int, total: int | None) -> None:
        """Set the number of units that are done."""
        if not self.enabled:
            return
        self._completed = completed
        self._update_count += 1
        if self._update_count < _MIN_UPDATES:
            return
        if self._progress is None:
            self._progress = _start_progress(self._build_columns(total), total)
        task_id = self._progress.task_ids[0]
        self._progress.update(task_id, completed=completed, total=total, steps=self._update_count)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()


def _start_progress(columns: Sequence[ProgressColumn], total: int | None) -> Progress:
    from rich.console import Console
    from rich.progress import Progress

    redirect_stdout = sys.stdout.isatty()  # else data for a file would be drawn on the terminal
    progress = Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=redirect_stdout)
    progress.add_task("", total=total, steps=0)
    progress.start()
    return progress


def count_columns(unit: str, step_name: str = "", format_note: Callable[[], str] | None = None) -> ColumnFactory:
    """Return the columns of counted work, such as `3 pages, 900 of 1000 items`, followed by a note."""

    def build_columns(total: int | None) -> Sequence[ProgressColumn]:
        from rich.progress import ProgressColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.text import Text

        class CountColumn(ProgressColumn):
            """Steps, units, total, note and rate."""

            def render(self, task: Task) -> Text:
                steps = f"{task.fields['steps']} {step_name}, " if step_name else ""
                of_total = "" if task.total is None else f" of {task.total}"
                note, rate = format_note() if format_note else "", f" {task.speed:.1f}/s" if task.speed else ""
                return Text(f"{steps}{task.completed}{of_total} {unit}{note}{rate}")

        return CountColumn(), TimeElapsedColumn() if total is None else TimeRemainingColumn()

    return build_columns


def transfer_columns(_total: int | None) -> Sequence[ProgressColumn]:
    """Return the columns of a download: a bar, bytes, rate and time left."""
    from rich.progress import BarColumn, DownloadColumn, TimeRemainingColumn, TransferSpeedColumn

    return BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()
