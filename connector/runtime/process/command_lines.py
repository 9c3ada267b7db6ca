"""The command lines that errors name: the command line adds the flags that a person gave to it."""

from __future__ import annotations

import contextlib
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_formatters: list[Callable[..., str]] = [lambda *words: shlex.join(["connector", *words])]


def format_command(*words: str) -> str:
    """Return a command line such as `connector connect work`, which does what it says where it is pasted."""
    return _formatters[-1](*words)


@contextlib.contextmanager
def format_commands_with(formatter: Callable[..., str]) -> Iterator[None]:
    """Let this process's command lines be made by a function of their words, in every thread."""
    _formatters.append(formatter)
    try:
        yield
    finally:
        _formatters.remove(formatter)
