"""The entry of the command line; what the help page needs is all that loads with it."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from connector.cli import registry as commands
from connector.cli.output import stdio as streams

if TYPE_CHECKING:
    from collections.abc import Sequence

UNCERTAIN, INTERRUPTED = 5, 130  # a write that may have happened counts more than a lost reader


def run(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; never raises.

    Without `argv` it is the process's own; then a page that is still being read ahead does not hold up the end.
    """
    words = [_typed(word) for word in (sys.argv[1:] if argv is None else argv)]
    code = 0
    try:
        sys.stdout = streams.named(streams.printable(sys.stdout))
        sys.stderr = streams.printable(sys.stderr)
        code = _answered(words)
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = _interrupted()
    except BrokenPipeError:
        streams.give_up()
        code = UNCERTAIN if code == UNCERTAIN else 0
    except OSError as error:
        code = UNCERTAIN if code == UNCERTAIN else _failed(error)
    if argv is None:
        streams.leave(code)
    return code


def _typed(word: str) -> str:
    """Return a word as UTF-8 where the locale could not read its bytes."""
    try:
        word.encode()
    except UnicodeEncodeError:
        with contextlib.suppress(UnicodeError):
            return os.fsencode(word).decode()
    return word


def _answered(words: list[str]) -> int:
    if not os.environ.get(commands.COMPLETION):
        if not words or words[0] in commands.HELP:
            sys.stdout.write(commands.help_text())
            return 0
        if words[0] == commands.VERSION:
            from connector import __version__

            sys.stdout.write(f"connector {__version__}\n")
            return 0
    from connector.cli.app import execute

    return execute(words)


def _interrupted() -> int:
    """End as a shell expects after Ctrl-C, also when the other end of the pipe is gone already."""
    try:
        sys.stdout.flush()
        sys.stderr.write("Interrupted.\n")
    except OSError:
        streams.give_up()
    return INTERRUPTED


def _failed(error: OSError) -> int:
    """End when stdout cannot take what is written: a full disk, for one."""
    streams.give_up()
    sys.stderr.write(f"stdout: {error.strerror or error}. Give the output a place that can hold it.\n")
    return 1
