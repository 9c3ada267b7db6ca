"""The entry of the command line; what the help page needs is all that loads with it."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from connector.cli import registry
from connector.cli.output import stdio

if TYPE_CHECKING:
    from collections.abc import Sequence

EXIT_UNCERTAIN, EXIT_INTERRUPTED = 5, 130  # a write that may have happened counts more than a lost reader


def run(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; never raises.

    Without `argv` it is the process's own; then a page that is still being read ahead does not hold up the end.
    """
    args = [_to_utf8(arg) for arg in (sys.argv[1:] if argv is None else argv)]
    code = 0
    try:
        sys.stdout = stdio.tag_stdout_errors(stdio.make_printable(sys.stdout))
        sys.stderr = stdio.make_printable(sys.stderr)
        code = _dispatch(args)
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = _handle_interrupt()
    except BrokenPipeError:
        stdio.discard_output()
        code = EXIT_UNCERTAIN if code == EXIT_UNCERTAIN else 0
    except OSError as error:
        code = EXIT_UNCERTAIN if code == EXIT_UNCERTAIN else _handle_stdout_error(error)
    if argv is None:
        stdio.exit_without_waiting(code)
    return code


def _to_utf8(arg: str) -> str:
    """Return a word as UTF-8 where the locale could not read its bytes."""
    try:
        arg.encode()
    except UnicodeEncodeError:
        with contextlib.suppress(UnicodeError):
            return os.fsencode(arg).decode()
    return arg


def _dispatch(args: list[str]) -> int:
    if not os.environ.get(registry.COMPLETION_VARIABLE):
        if not args or args[0] in registry.HELP_FLAGS:
            sys.stdout.write(registry.format_help_page())
            return 0
        if args[0] == registry.VERSION_FLAG:
            from connector import __version__

            sys.stdout.write(f"connector {__version__}\n")
            return 0
    from connector.cli.app import execute

    return execute(args)


def _handle_interrupt() -> int:
    """End as a shell expects after Ctrl-C, also when the other end of the pipe is gone already."""
    try:
        sys.stdout.flush()
        sys.stderr.write("Interrupted.\n")
    except OSError:
        stdio.discard_output()
    return EXIT_INTERRUPTED


def _handle_stdout_error(error: OSError) -> int:
    """End when stdout cannot take what is written: a full disk, for one."""
    stdio.discard_output()
    sys.stderr.write(f"stdout: {error.strerror or error}. Give the output a place that can hold it.\n")
    return 1
