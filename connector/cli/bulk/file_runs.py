"""Runs of rows whose journal is a file: how far each is, and its uncertain rows settled."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

import filelock

from connector.cli.bulk.shared_change import describe_settled
from connector.core.bulk.journal_state import (
    ROW_DONE,
    ROW_FAILED,
    ROW_REPEATABLE,
    ROW_STARTED,
    ROW_UNCERTAIN,
    CorruptJournal,
    JournalState,
    is_journal_header,
)
from connector.first_use import dataclass
from connector.runtime.bulk.journal import Journal
from connector.runtime.bulk.row_result import interrupted_result

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from connector.cli.bulk.options import BulkArguments

_SUFFIX = ".journal"
_MAX_HEADER = 65_536  # bytes
_OWN_WORDS = ("journal", "count", "program")  # of the header, beside what the run belongs to
_NAMES = {ROW_DONE: "done", ROW_FAILED: "failed", ROW_UNCERTAIN: "uncertain"}
FILE_OUTCOMES = ("done", "failed", "uncertain")


@dataclass(frozen=True, slots=True)
class FileRun:
    """A run as its journal has it. `state` is `running`, `stopped` or `done`; of a damaged one, `why` says it."""

    path: Path
    header: dict[str, Any]
    journal: JournalState = field(repr=False)
    state: str
    why: str = ""

    @property
    def name(self) -> str:
        """The name of the run: that of its file, without its end."""
        return self.path.name.removesuffix(_SUFFIX)

    def count_rows(self) -> dict[str, int]:
        """Return the rows by state."""
        states = Counter(_name_state(self, number) for number in self.journal.row_numbers())
        known = {name: states[name] for name in ("running", *FILE_OUTCOMES)}
        return {"waiting": max(0, self.header.get("count", 0) - sum(known.values())), **known}

    def describe(self) -> dict[str, Any]:
        """Return how far it is, in the words of runs that are in a database."""
        return {
            "run": self.name,
            "action": self.header["action"],
            "state": self.state,
            "reason": {"message": self.why} if self.why else None,
            "rows": self.header.get("count", 0),
            **self.count_rows(),
            "rate": 0.0,
            "seconds_left": None,
        }

    def find_command(self) -> list[str]:
        """Return the words of the command that goes on with it, as far as the journal and its name tell."""
        action = str(self.header["action"])
        rows = self.name.removesuffix(".sandbox").removesuffix(f".{action}")
        words = ["run", action, "-f", rows]
        return [*words, "--sandbox"] if self.header.get("place") == "sandbox" else words

    def iter_results(self, outcomes: Collection[str]) -> Iterator[dict[str, Any]]:
        """Yield the results of rows in their order; a row that was being sent is uncertain where its run has ended."""
        with self.path.open("rb") as file:
            for number in self.journal.row_numbers():
                if _name_state(self, number) not in outcomes:
                    continue
                file.seek(self.journal.offset_of(number))
                line: dict[str, Any] = json.loads(file.readline())
                is_begun = "begin" in line
                yield interrupted_result(number, line["line"]) if is_begun else line

    def settle(self, arguments: BulkArguments) -> str:
        """Settle uncertain rows, and say what came of it. Raises UsageError, StoreError where the run is at work."""
        header = {name: value for name, value in self.header.items() if name not in _OWN_WORDS}
        with Journal(self.path, header, lambda: 0) as journal:
            resolutions = arguments.choose_resolutions(list(journal.iter_uncertain()), journal.row_count)
            for row, resolution in resolutions.items():
                journal.resolve_row(row, resolution)
        return describe_settled(self.name, resolutions)


class FileRuns:
    """The runs whose journals are in a folder; a journal that has not changed is not read again."""

    def __init__(self, folder: Path, connector: str) -> None:
        self.folder = folder
        self._connector = connector
        self._read: dict[Path, tuple[tuple[int, int], FileRun]] = {}

    def list_runs(self) -> list[FileRun]:
        """Return the runs of this connector, the newest last."""
        found, paths = [], [*self.folder.glob(f"*{_SUFFIX}")]
        for gone in self._read.keys() - set(paths):
            self._read.pop(gone, None)  # a page in another thread may have been first
        for path in paths:
            try:
                status = path.stat()
                run = self._find(path, (status.st_mtime_ns, status.st_size))
            except OSError:  # removed meanwhile, or not for this user
                continue
            if run is not None:
                found.append((status.st_mtime_ns, run))
        return [run for _, run in sorted(found, key=lambda one: (one[0], one[1].name))]

    def find_run(self, name: str) -> FileRun | None:
        """Return the run of a name, or None."""
        return next((run for run in self.list_runs() if run.name == name), None)

    def _find(self, path: Path, stamp: tuple[int, int]) -> FileRun | None:
        known = self._read.get(path)
        if known is not None and known[0] == stamp and known[1].state != "running":
            return known[1]
        if not path.is_file() or (header := _read_header(path)) is None:
            return None
        if header.get("connector") != self._connector or "rows" not in header:
            return None
        run = _read_run(path, header)
        self._read[path] = stamp, run
        return run


def _read_header(path: Path) -> dict[str, Any] | None:
    """Return the header of a journal of rows; None of any other file."""
    with path.open("rb") as file:
        raw = file.readline(_MAX_HEADER)
    if not is_journal_header(raw) or not raw.endswith(b"\n"):
        return None
    try:
        header = json.loads(raw)
    except ValueError:
        return None
    is_known = (
        isinstance(header, dict) and isinstance(header.get("action"), str) and isinstance(header.get("count"), int)
    )
    return header if is_known else None


def _read_run(path: Path, header: dict[str, Any]) -> FileRun:
    journal, why = JournalState(), ""
    try:
        with path.open("rb") as file:
            journal.replay(file)
    except CorruptJournal as error:
        why = f"Its journal is damaged: {error}."
    run = FileRun(path, header, journal, "stopped", why)
    counts = run.count_rows()
    begun = sum(journal.state_of(number) == ROW_STARTED for number in journal.row_numbers())
    if (counts["waiting"] or begun) and _is_locked(path):
        return replace(run, state="running")
    return run if counts["waiting"] else replace(run, state="done")


def _is_locked(path: Path) -> bool:
    """Whether a run is at work with a journal."""
    handle = os.open(path, os.O_RDWR)
    try:
        return not filelock.lock_descriptor(handle, blocking=False)
    except OSError:
        return False
    finally:
        os.close(handle)


def _name_state(run: FileRun, number: int) -> str:
    state = run.journal.state_of(number)
    if state == ROW_STARTED:
        return "running" if run.state == "running" else "uncertain"
    if state == ROW_REPEATABLE:
        return "running" if run.state == "running" else "waiting"
    return _NAMES.get(state, "waiting")
