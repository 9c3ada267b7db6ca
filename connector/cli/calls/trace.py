"""`--debug`, `--har` and `--curl`: log lines, a HAR file and a command, without secrets."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import sys
from dataclasses import field
from typing import TYPE_CHECKING, Any

from connector.cli.output import logs
from connector.cli.output.stdio import print_stderr
from connector.core.exchange import tracing
from connector.core.exchange.asks import SendRequest
from connector.core.response.reply import Failure
from connector.core.response.trace import Trace
from connector.errors import StoreError
from connector.first_use import dataclass
from connector.runtime.files.named_output import check_output, write_output

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connector.core.request.builder import Request
    from connector.core.request.credential import Credential


@dataclass(slots=True)
class TraceCollector:
    """Collects the traces of a command's calls."""

    har_path: Path | None = None
    curl: bool = False
    traces: list[Trace] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.har_path is not None:
            _check_writable(self.har_path)

    @property
    def is_enabled(self) -> bool:
        """Whether the calls must be traced."""
        return self.har_path is not None or self.curl

    def add(self, trace: Any) -> None:
        """Add the trace of a result or an error; with `curl`, print the command of its last request."""
        if not isinstance(trace, Trace):
            return
        self.traces.append(trace)
        if self.curl and trace.curl():
            print_stderr(trace.curl(), is_wrapped=False)

    def write_har(self) -> None:
        """Write the HAR file. Raises StoreError."""
        if self.har_path is None:
            return
        merged = Trace([entry for trace in self.traces for entry in trace.entries])
        content = json.dumps(merged.har(), ensure_ascii=False, indent=2, default=str).encode()
        try:
            write_output(self.har_path, content)
        except OSError as error:
            raise _build_error(self.har_path, error) from None


def trace_unsent_request(request: Request, credential: Credential) -> Trace:
    """Return the trace of a request that is not sent, signed as a connection would."""
    trace = Trace()
    tracing.record(
        trace, SendRequest(request, credential, 0.0), 0.0, 0.0, Failure("dry_run", "not sent", sent="nothing")
    )
    return trace


@contextlib.contextmanager
def print_debug_lines(*, enabled: bool) -> Iterator[None]:
    """Print the log lines of debugged calls on stderr."""
    logger = logging.getLogger("connector.debug")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logs.build_formatter("%(message)s"))
    previous = logger.level, logger.propagate
    if enabled:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(previous[0])
        logger.propagate = previous[1]


def _check_writable(path: Path) -> None:
    """Check before anything is sent that a file can be written. Raises StoreError."""
    if path.is_dir():
        raise StoreError(f"{path} is a folder.", path=str(path), hint="Name a file in it.")
    try:
        check_output(path)
    except OSError as error:
        raise _build_error(path, error) from None


def _build_error(path: Path, error: OSError) -> StoreError:
    folder = path.parent
    if not folder.is_dir():
        hint = f"Create it first: mkdir -p {folder}"
    elif error.errno not in (errno.EACCES, errno.EPERM):
        hint = "Name another file with --har"
    elif os.access(path, os.F_OK):
        hint = f"Check its permissions: chmod u+w {path}"
    else:
        hint = f"Check the folder {folder} (mode {folder.stat().st_mode & 0o7777:04o}): chmod u+wx {folder}"
    return StoreError(f"{path} cannot be written: {error.strerror}.", path=str(path), hint=f"{hint}.")
