"""The calls of one command."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.cli.calls.call import CallTask
    from connector.cli.calls.download_task import DownloadTask


@dataclass(frozen=True, slots=True)
class CallList:
    """The calls of a command in order, perhaps of a call file; with `keep_going`, an error does not end them."""

    calls: Sequence[CallTask | DownloadTask]
    file: str | None = None
    keep_going: bool = False

    @property
    def from_file(self) -> bool:
        """Whether they stand in a call file."""
        return self.file is not None

    def without_wait(self) -> CallList:
        """Return the calls so that none waits for the job that it starts."""
        calls = [replace(task, options=replace(task.options, no_wait=True)) for task in self.calls]
        return replace(self, calls=calls)

    @property
    def several(self) -> bool:
        """Whether there is not exactly one call."""
        return len(self.calls) != 1
