"""The options of `connector run -f CHAIN` alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from connector.errors import InputError, Problem, UsageError
from connector.first_use import dataclass

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

    def parse_settlements(self) -> dict[str, Any]:
        """Return "done" or "not-done" by step, or the data of its reply. Raises InputError."""
        parsed: dict[str, Any] = {}
        for item in self.settlements:
            step, _, word = item.partition("=")
            if not step or (word not in _WORDS and word[:1] != "@") or step in parsed:
                got = "two answers for a step" if step in parsed else f"{item:.40}"
                fix = "such as --settle user=done, or --settle meetings.3=not-done for the third of a list"
                raise InputError.from_problems(
                    "options", [Problem("--settle", got, "STEP=done, STEP=not-done or STEP=@FILE, each step once", fix)]
                )
            parsed[step] = word if word in _WORDS else _read_reply(Path(word[1:]))
        return parsed


def _read_reply(path: Path) -> Any:
    """Return the JSON of a reply. Raises InputError."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        problem = Problem("--settle", f"@{path}: {error}", "a file with the JSON of the reply")
        raise InputError.from_problems("options", [problem]) from None
    if not isinstance(data, dict | list):
        problem = Problem("--settle", f"@{path}: a single value", "a file with the JSON of the reply, as it came")
        raise InputError.from_problems("options", [problem])
    return data
