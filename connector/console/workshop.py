"""The folder of a connector under work: what lint finds in it, and whether its files have changed."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from connector.runtime.process.fork_safety import ForkSafeLock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.errors import Finding

_SUFFIXES = (".yaml", ".yml", ".json")
_CONTEXT_LINES = 2  # of a file, before and after the one with a mistake


@dataclass(frozen=True, slots=True)
class Mistake:
    """A finding with the lines of its file around it, each with its number."""

    finding: Finding
    lines: tuple[tuple[int, str], ...]


class Workshop:
    """A connector's folder; `loaded_state` is that of the files that the console works with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.loaded_state = self.read_state()
        self._linted: tuple[str, list[Mistake]] | None = None
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

    def find_mistakes(self) -> list[Mistake]:
        """Return what lint finds, errors first; the files are read once for each state of theirs."""
        from connector.authoring.lint import lint

        state = self.read_state()
        with self._lock:
            if self._linted is None or self._linted[0] != state:
                self._linted = state, [Mistake(one, _read_lines(one)) for one in lint(self.folder)]
            return self._linted[1]


def _describe_files(folder: Path) -> Iterator[str]:
    """Yield a line for each file of a connector: those beside the manifest, and in the folders that it has."""
    inner = (one for name in ("actions", "schemas") for one in (folder / name).rglob("*") if one.suffix in _SUFFIXES)
    for path in (*folder.glob("*.yaml"), *inner):
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
