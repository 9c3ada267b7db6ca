"""The entry point of the command line; it imports only what the help page needs."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import TYPE_CHECKING

from connector.cli import registry
from connector.cli.output import process_exit, stdio

if TYPE_CHECKING:
    from collections.abc import Sequence

_GC_THRESHOLD = 100_000  # objects; most live until the command ends, and looking at them again is a third of lint


def run(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; never raises.

    `argv` defaults to the process's arguments; then the process waits for a token that is being renewed, but not for
    pages that are read ahead.
    """
    if argv is None:
        process_exit.handle_signals()
        gc.set_threshold(_GC_THRESHOLD)
    args = [_to_utf8(arg) for arg in (sys.argv[1:] if argv is None else argv)]
    code: int | None = None
    try:
        sys.stdout = stdio.tag_stdout_errors(stdio.make_printable(sys.stdout))
        sys.stderr = stdio.make_printable(sys.stderr)
        code = _dispatch(args)
        sys.stdout.flush()
    except KeyboardInterrupt as interrupt:
        code = _handle_interrupt(interrupt, args)
    except BrokenPipeError as error:
        stdio.discard_output()
        code = code or stdio.get_known_code(error)  # a reader who left is no failure, and undoes none
    except OSError as error:
        code = _handle_stdout_error(error, code)
    if argv is None:
        code = process_exit.settle_tokens(code)
        process_exit.exit_without_waiting(code)
        process_exit.let_exit_code_stand()
        gc.freeze()  # what is alive goes with the process; looking at it once more is a twelfth of a dry run
    return code


def _to_utf8(arg: str) -> str:
    """Return an argument decoded as UTF-8 if the locale could not decode it."""
    try:
        arg.encode()
    except UnicodeEncodeError:
        with contextlib.suppress(UnicodeError):
            return os.fsencode(arg).decode()
    return arg


def _dispatch(args: list[str]) -> int:
    if not os.environ.get(registry.COMPLETION_VARIABLE):
        asks_help = not args or (args[0] in registry.HELP_FLAGS and len(args) == 1)
        if asks_help and not os.environ.get(registry.CONNECTOR_VARIABLE):
            from connector.cli.help.root_page import format_root_page

            sys.stdout.write(f"{format_root_page()}\n")
            return 0
        if args[0] == registry.VERSION_FLAG:
            from connector import __version__

            sys.stdout.write(f"connector {__version__}\n")
            return 0
    from connector.cli.app import execute

    return execute(args)


def _handle_interrupt(interrupt: KeyboardInterrupt, args: Sequence[str]) -> int:
    """Return 130 after Ctrl-C, 143 after SIGTERM, even if the reader of the pipe is gone; 0 of a server that starts."""
    try:
        sys.stdout.flush()
    except OSError:
        stdio.discard_output()
    if registry.is_server(args):
        return 0
    stdio.print_stderr("Interrupted.", level="error")
    return process_exit.exit_code_of(interrupt)


def _handle_stdout_error(error: OSError, code: int | None) -> int:
    """Report that stdout cannot be written, for example because the disk is full, and what the command did.

    `code` is the command's own exit code; None when the error ended it.
    """
    stdio.discard_output()
    notes = getattr(error, "__notes__", [])
    if code is not None:
        notes = ["The command itself was done." if code == 0 else f"The command itself ended with exit code {code}."]
    text = f"stdout: {error.strerror or error}. Free some space, or redirect the output."
    stdio.print_stderr(" ".join((text, *notes)), level="error")
    return code or stdio.get_known_code(error) or 1
