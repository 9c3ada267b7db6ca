"""The end of the process: signals, tokens that are not stored yet, and threads that need not end."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

from connector.cli.output import stdio

if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

EXIT_SIGN_IN = 3  # a token was lost with the process
_STAKES_MODULE = "connector.runtime.auth.unsaved_tokens"  # without it no token can be at stake


def handle_signals() -> None:
    """Let SIGTERM and SIGHUP end the command as Ctrl-C does, unless they are ignored or handled already."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)


def _interrupt(number: int, _: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt(number)


def exit_code_of(interrupt: KeyboardInterrupt) -> int:
    """Return the exit code of an interrupted command, by its signal."""
    number = interrupt.args[0] if interrupt.args else signal.SIGINT
    return 128 + int(number)


def let_exit_code_stand() -> None:
    """Reset what makes Python end a module by SIGINT, whatever the exit code is.

    It remembers a Ctrl-C that met a text run as code, as dataclasses and named tuples are made, until it runs another.
    """
    exec("")  # noqa: S102


def settle_tokens(code: int) -> int:
    """Wait until every new token is stored; return the exit code, which says if one was lost."""
    if _STAKES_MODULE not in sys.modules:
        return code
    from connector.runtime.auth import unsaved_tokens

    try:
        losses = unsaved_tokens.settle(stdio.print_stderr)
    except KeyboardInterrupt:
        losses = [
            f"connection {refresh.context.key}: cut off while its token was renewed; "
            f"it may need a new sign-in. {refresh.context.sign_in_hint}"
            for refresh in unsaved_tokens.list_at_stake()
        ]
        unsaved_tokens.forget_all()
    for message in losses:
        stdio.print_stderr(message)
    return code or (EXIT_SIGN_IN if losses else 0)


def exit_without_waiting(code: int) -> None:
    """Exit now if a thread, such as one that reads pages ahead, would delay the exit."""
    blocking_threads = [
        thread for thread in threading.enumerate() if thread is not threading.main_thread() and not thread.daemon
    ]
    if blocking_threads:
        stdio.discard_output()
        os._exit(code)
