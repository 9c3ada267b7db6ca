"""Words of a command line that stand where none is expected: why they do, and how they are written.

No word is shown: it may be a secret.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import click

from connector.definition.case import to_flag_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def index_options(ctx: click.Context) -> dict[str, click.Option]:
    """Return the options of a command by their spellings."""
    params = (param for param in ctx.command.get_params(ctx) if isinstance(param, click.Option))
    return {_fold(name): param for param in params for name in (*param.opts, *param.secondary_opts)}


def find_swallowed_flag(args: Sequence[str], options: Mapping[str, click.Option]) -> tuple[str, str] | None:
    """Return a flag without a value, and the flag behind it that would be taken for one; None where there is none."""
    for arg, following in pairwise(args):
        option = options.get(_fold(arg))
        if arg == "--":
            return None
        if option is None or option.is_flag or isinstance(option.flag_value, str):
            continue  # it may stand alone
        if following.startswith("--") and _fold(following.partition("=")[0]) in options:
            return arg, following.partition("=")[0]
    return None


def explain_extra_words(args: Sequence[str], extra: Sequence[str], options: Mapping[str, click.Option]) -> str:
    """Return how the extra words are written, as a sentence; an empty text where nothing tells."""
    first = extra[0]
    index = list(args).index(first) if first in args else 0
    before = args[index - 1] if index else ""
    if any(word.startswith("=") or word.endswith("=") for word in extra) or before.endswith("="):
        return "Write KEY=VALUE as one word, without blanks around the =; put a value with blanks in quotes."
    name, equals, _ = first.partition("=")
    flag = f"--{to_flag_name(name)}"
    if flag in options:
        return (
            f"Write {flag} VALUE, or -i {name}=VALUE."
            if equals
            else f"Did you mean {flag}? Flags begin with two dashes."
        )
    if any(word[:1] in ("{", "[") and word[-1:] not in ("}", "]") for word in (before, first)):
        return """Put JSON in single quotes, which the shell takes off: '{"name": "value"}'."""
    option = options.get(_fold(args[index - 2])) if index > 1 else None
    if option is not None and option.multiple and not option.is_flag and option.opts[-1].startswith("--"):
        spelling = option.opts[-1] if option.opts[0].startswith("-i") else option.opts[0]
        if getattr(option.type, "takes_many", False):
            return f"Repeat the flag for each value: {spelling} A {spelling} B."
    return ""


def _fold(flag: str) -> str:
    return f"--{to_flag_name(flag[2:])}" if flag.startswith("--") else flag
