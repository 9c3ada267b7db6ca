"""The folder of a connector under work: what lint finds in it, and whether its files have changed."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from connector.cli.authoring.kept_findings import MIN_FILES, find_findings, list_files
from connector.runtime.process.fork_safety import ForkSafeLock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.errors import Finding

_SUFFIXES = (".yaml", ".yml", ".json")
_CONTEXT_LINES = 2  # of a file, before and after the one with a mistake
_PATIENCE = 1.0  # seconds that a page waits for what lint finds in a large folder


@dataclass(frozen=True, slots=True)
class Mistake:
    """A finding with the lines of its file around it, each with its number."""

    finding: Finding
    lines: tuple[tuple[int, str], ...]


@dataclass(slots=True)
class Check:
    """One state of the files as lint checks it: how far it is, then what it found."""

    state: str
    progress: str = "begun"  # empty at the end
    findings: list[Finding] = field(default_factory=list)
    error: Exception | None = None
    is_outdated: bool = False
    ended: threading.Event = field(default_factory=threading.Event)

    def report(self, what: str, done: int, total: int) -> None:
        """Note how far it is. Raises _OutdatedError when the files have changed since."""
        if self.is_outdated:
            raise _OutdatedError
        self.progress = f"{done:,} of {total:,} files {what}"


class _OutdatedError(Exception):
    """Ends a check that nobody waits for."""


class Workshop:
    """A connector's folder; `loaded_state` is that of the files that the console works with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.loaded_state = self.read_state()
        self._check: Check | None = None
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

    def check(self) -> Check:
        """Return what lint finds in the files as they are; of a large folder, perhaps how far it is with them."""
        state = self.read_state()
        with self._lock:
            if self._check is None or self._check.state != state:
                if self._check is not None:
                    self._check.is_outdated = True
                self._check = Check(state)
                threading.Thread(target=self._run, args=(self._check,), name="connector-lint", daemon=True).start()
            check = self._check
        is_large = len(list_files(self.folder)) >= MIN_FILES
        check.ended.wait(_PATIENCE if is_large else None)
        if check.error is not None:
            raise check.error
        return check

    def _run(self, check: Check) -> None:
        try:
            check.findings = find_findings(self.folder, check.report)
        except Exception as error:  # noqa: BLE001  the page raises it
            check.error = error
        finally:
            check.progress = ""
            check.ended.set()


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
