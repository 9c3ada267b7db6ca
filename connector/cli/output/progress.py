"""Progress of long work on stderr: how much, how fast, how long still; only on a terminal, gone when done."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from rich.progress import Progress as Drawn
    from rich.progress import Task

_LONG = 2  # steps from which on work counts as long


class Progress:
    """Counts units of work; drawn from the second step on, since short work needs none.

    `unit` names what is counted, `total` how many there will be where that is known, `step` what brings them.
    """

    def __init__(self, unit: str, *, total: int | None = None, step: str = "", wanted: bool = True) -> None:
        self.wanted = wanted and sys.stderr.isatty()
        self.unit, self.total, self.named = unit, total, step
        self.done, self.steps = 0, 0
        self._drawn: Drawn | None = None

    def advance(self, count: int = 1) -> None:
        """Note a step that brought so many units."""
        if not self.wanted:
            return
        self.done += count
        self.steps += 1
        if self.steps < _LONG:
            return
        if self._drawn is None:
            self._drawn = _draw(self.total)
        self._drawn.update(self._drawn.task_ids[0], completed=self.done, description=self._said())

    def _said(self) -> str:
        of = f" of {self.total}" if self.total is not None else ""
        steps = f"{self.steps} {self.named}, " if self.named else ""
        return f"{steps}{self.done}{of} {self.unit}"

    def end(self) -> None:
        """Clear what is drawn."""
        if self._drawn is not None:
            self._drawn.stop()
            self._drawn = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


def _draw(total: int | None) -> Drawn:
    from rich.console import Console
    from rich.progress import Progress as Drawn
    from rich.progress import ProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        """Units a second."""

        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.1f}/s" if task.speed else "")

    timing: Any = TimeRemainingColumn() if total is not None else TimeElapsedColumn()
    drawn = Drawn(
        TextColumn("{task.description}"), Rate(), timing, console=Console(stderr=True), transient=True,
        redirect_stdout=sys.stdout.isatty(),  # or what is meant for a file would be drawn on the terminal
    )  # fmt: skip
    drawn.add_task("", total=total)
    drawn.start()
    return drawn
