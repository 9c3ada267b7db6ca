"""Progress of a chain on a terminal: the step, and how many of its calls have ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from connector.cli.output.progress import ProgressBar, count_columns

if TYPE_CHECKING:
    from connector.core.chain.chain import Chain
    from connector.core.chain.steps import StepCalls


class ChainProgress:
    """Draws one line, from the second call on."""

    def __init__(self, chain: Chain, *, enabled: bool) -> None:
        self._names = [step.name for step in chain.steps]
        self._note = ""
        self._bar = ProgressBar(count_columns("calls", format_note=lambda: self._note), enabled=enabled)

    def show(self, calls: StepCalls, count: int) -> None:
        """Show that so many calls of a step have ended."""
        name = calls.step.name
        self._note = f" of step {name} ({self._names.index(name) + 1} of {len(self._names)})"
        self._bar.update(count, len(calls.numbers))

    def __enter__(self) -> Self:
        self._bar.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.__exit__(*error)
