"""Progress of long work on stderr: how much, how fast, how long still; only on a terminal, gone when done."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from rich.progress import Progress as Drawn
    from rich.progress import Task

_MIN_STEPS = 2  # steps from which on work counts as long


class ProgressBar:
    """Counts units of work; drawn from the second step on, since short work needs none.

    `unit` names what is counted, `total` how many there will be where that is known, `step` what brings them.
    """

    def __init__(self, unit: str, *, total: int | None = None, step_name: str = "", enabled: bool = True) -> None:
        self.enabled = enabled and sys.stderr.isatty()
        self.unit, self.total, self.step_name = unit, total, step_name
        self.completed, self.step_count = 0, 0
        self._progress: Drawn | None = None

    def advance(self, count: int = 1) -> None:
        """Note a step that brought so many units."""
        if not self.enabled:
            return
        self.completed += count
        self.step_count += 1
        if self.step_count < _MIN_STEPS:
            return
        if self._progress is None:
            self._progress = _start_progress(self.total)
        self._progress.update(self._progress.task_ids[0], completed=self.completed, description=self._describe())

    def _describe(self) -> str:
        of_total = f" of {self.total}" if self.total is not None else ""
        step_text = f"{self.step_count} {self.step_name}, " if self.step_name else ""
        return f"{step_text}{self.completed}{of_total} {self.unit}"

    def close(self) -> None:
        """Clear what is drawn."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _start_progress(total: int | None) -> Drawn:
    from rich.console import Console
    from rich.progress import Progress as Drawn
    from rich.progress import ProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.text import Text

    class SpeedColumn(ProgressColumn):
        """Units a second."""

        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.1f}/s" if task.speed else "")

    time_column: Any = TimeRemainingColumn() if total is not None else TimeElapsedColumn()
    progress = Drawn(
        TextColumn("{task.description}"), SpeedColumn(), time_column, console=Console(stderr=True), transient=True,
        redirect_stdout=sys.stdout.isatty(),  # or what is meant for a file would be drawn on the terminal
    )  # fmt: skip
    progress.add_task("", total=total)
    progress.start()
    return progress
