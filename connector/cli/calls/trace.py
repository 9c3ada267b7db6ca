"""What `--debug`, `--har` and `--curl` show of the calls: log lines, a HAR file, a command. All without secrets."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.cli.output import errors as failure
from connector.core.exchange.exchange import Send, Signed
from connector.core.response.parser import Failure
from connector.core.response.trace import Records
from connector.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.core.request.builder import Request


@dataclass(slots=True)
class Trace:
    """Gathers the records of a command's calls."""

    har: Path | None = None
    curl: bool = False
    records: list[Records] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.har is not None:
            _writable(self.har)

    @property
    def wanted(self) -> bool:
        """Whether the calls have to keep records."""
        return self.har is not None or self.curl

    def add(self, records: Any) -> None:
        """Take the records of a result or an error; print the command of its last request when asked to."""
        if not isinstance(records, Records):
            return
        self.records.append(records)
        if self.curl and records.curl():
            failure.say(records.curl())

    def end(self) -> None:
        """Write the HAR file. Raises StoreError."""
        if self.har is None:
            return
        whole = Records([entry for one in self.records for entry in one.entries])
        write_private(self.har, json.dumps(whole.har(), ensure_ascii=False, indent=2, default=str).encode())


def unsent(request: Request) -> Records:
    """Return the records of a request that is only shown."""
    records = Records()
    token = Signed("$TOKEN", headers=(("Authorization", "Bearer $TOKEN"),))
    records.tap(Send(request, token, 0.0), 0.0, 0.0, Failure("dry_run", "not sent", sent="nothing"))
    return records


@contextlib.contextmanager
def debug_lines(*, wanted: bool) -> Iterator[None]:
    """Print the records of debugged calls on stderr as they are made."""
    log = logging.getLogger("connector.debug")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    before = log.level, log.propagate
    if wanted:
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        log.propagate = False
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(before[0])
        log.propagate = before[1]


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all. Raises StoreError."""
    try:
        held, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _refused(path, error) from None
    try:
        with os.fdopen(held, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError as error:
        raise _refused(path, error) from None
    finally:
        Path(name).unlink(missing_ok=True)


def _writable(path: Path) -> None:
    """Find out before anything is sent whether a file can be written at a path. Raises StoreError."""
    if path.is_dir():
        raise StoreError(f"{path} is a folder.", path=str(path), hint="Name a file in it.")
    try:
        held, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _refused(path, error) from None
    os.close(held)
    Path(name).unlink()


def _refused(path: Path, error: OSError) -> StoreError:
    folder = path.parent
    mode = f" (mode {folder.stat().st_mode & 0o7777:04o})" if folder.is_dir() else ""
    hint = f"Check the folder {folder}{mode}: chmod u+wx {folder}" if mode else f"Make it first: mkdir -p {folder}"
    return StoreError(f"{path} cannot be written: {error.strerror}.", path=str(path), hint=f"{hint}.")
