"""The options of `connector run -f CHAIN` alone."""

from __future__ import annotations

from dataclasses import dataclass

from connector.errors import InputError, Problem, UsageError

_WORDS = ("done", "not-done")


@dataclass(frozen=True, slots=True)
class ChainArguments:
    """Whether to go on with an earlier run, and what is said of its uncertain steps."""

    resume: bool = False
    settlements: tuple[str, ...] = ()

    def reject_without_steps(self) -> None:
        """Raise UsageError where the options are given and there are no steps."""
        used_flag = "--resume" if self.resume else "--settle" if self.settlements else None
        if used_flag:
            raise UsageError(f"{used_flag} is for files with steps.", hint="Remove it; rows have --resolve.")

    def parse_settlements(self) -> dict[str, str]:
        """Return "done" or "not-done" by step. Raises InputError."""
        parsed: dict[str, str] = {}
        for item in self.settlements:
            step, _, word = item.rpartition("=")
            if not step or word not in _WORDS or step in parsed:
                got = "two answers for a step" if step in parsed else f"{item:.40}"
                fix = "such as --settle user=done, or --settle meetings.3=not-done for the third of a list"
                raise InputError.from_problems(
                    "options", [Problem("--settle", got, "STEP=done or STEP=not-done, each step once", fix)]
                )
            parsed[step] = word
        return parsed
