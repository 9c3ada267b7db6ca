"""The folder of a connector under work: what lint finds in it, and whether its files have changed."""

from __future__ import annotations

import contextlib
import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from connector.cli.authoring.kept_findings import MIN_FILES, find_findings, list_files
from connector.first_use import dataclass
from connector.runtime.process.fork_safety import ForkSafeLock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.errors import Finding

_SUFFIXES = (".yaml", ".yml", ".json")
_CONTEXT_LINES = 2  # of a file, before and after the one with a mistake
_MAX_WAIT_SECONDS = 1.0  # seconds that a page waits for what lint finds in a large folder


@dataclass(frozen=True, slots=True)
class Mistake:
    """A finding with the lines of its file around it, each with its number."""

    finding: Finding
    lines: tuple[tuple[int, str], ...]


@dataclass(slots=True)
class LintRun:
    """One state of the files as lint checks it: how far it is, and what it found in the end."""

    state: str
    findings: Future[list[Finding]] = field(init=False)
    is_outdated: bool = False
    _last_report: str = "begun"

    @property
    def progress(self) -> str:
        """How far it is; empty at the end."""
        return "" if self.findings.done() else self._last_report

    def report(self, what: str, done: int, total: int) -> None:
        """Note how far it is. Raises _OutdatedError when nobody waits for it any more."""
        if self.is_outdated:
            raise _OutdatedError
        self._last_report = f"{done:,} of {total:,} files {what}"


class _OutdatedError(Exception):
    """Ends a check that nobody waits for."""


class Workshop:
    """A connector's folder; `loaded_state` is that of the files that the console works with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.loaded_state = self.read_state()
        self._check: LintRun | None = None
        self._checker = ThreadPoolExecutor(1, "connector-lint")
        self._lock = ForkSafeLock()

    @property
    def is_changed(self) -> bool:
        """Whether the files are others than the console works with."""
        return self.read_state() != self.loaded_state

    def read_state(self) -> str:
        """Return a text that changes with the files."""
        digest = hashlib.blake2b(digest_size=12)
        for line in sorted(_describe_files(self.folder)):
            digest.update(line.encode("utf-8", "surrogatepass"))
        return digest.hexdigest()

    def read_news(self) -> str:
        """Return a text that changes with the files, and with how far lint is."""
        check = self._check
        return f"{self.read_state()} {check.progress if check is not None else ''}".strip()

    def check(self) -> LintRun:
        """Return what lint finds in the files as they are; of a large folder, perhaps how far it is with them."""
        state = self.read_state()
        with self._lock:
            if self._check is None or self._check.is_outdated or self._check.state != state:
                self._give_up()
                self._check = LintRun(state)
                self._check.findings = self._checker.submit(find_findings, self.folder, self._check.report)
            check = self._check
        is_large = len(list_files(self.folder)) >= MIN_FILES
        with contextlib.suppress(TimeoutError, _OutdatedError):
            check.findings.result(_MAX_WAIT_SECONDS if is_large else None)
        return self.check() if check.is_outdated else check

    def close(self) -> None:
        """End a check that is at work."""
        self._give_up()
        self._checker.shutdown(wait=False)

    def _give_up(self) -> None:
        if self._check is not None:
            self._check.is_outdated = True


def read_mistakes(findings: Iterable[Finding]) -> list[Mistake]:
    """Return findings with the lines around them."""
    return [Mistake(one, _read_lines(one)) for one in findings]


def _describe_files(folder: Path) -> Iterator[str]:
    """Yield a line for each file of a connector: those beside the manifest, and in the folders that it has."""
    for path in list_files(folder):
        if path.suffix in _SUFFIXES:
            with contextlib.suppress(OSError):  # removed meanwhile
                status = path.stat()
                yield f"{path} {status.st_mtime_ns} {status.st_size}\n"


def _read_lines(finding: Finding) -> tuple[tuple[int, str], ...]:
    """Return the lines around a finding; none of a file that is no text."""
    path = Path(finding.file)
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return ()
    first = max(0, finding.line - 1 - _CONTEXT_LINES)
    return tuple(enumerate(lines[first : finding.line + _CONTEXT_LINES], first + 1))
