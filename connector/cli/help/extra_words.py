"""Words of a command line that stand where none is expected: why they do, and how they are written.

No word is shown: it may be a secret.
"""

from __future__ import annotations

from itertools import pairwise, takewhile
from typing import TYPE_CHECKING

import click

from connector.definition.case import to_flag_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_DASHES = ("\N{EM DASH}", "\N{EN DASH}", "\N{MINUS SIGN}")
_QUOTES = "\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}"
_OF_SHELLS = ("|", ">", ">>", "<", "&&", "||", "2>&1", "&")
_WITHOUT_BODY = ("GET", "HEAD", "DELETE", "OPTIONS")


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


def list_given_flags(args: Sequence[str], options: Mapping[str, click.Option]) -> list[tuple[str, click.Option]]:
    """Return the flags among the arguments as they are written, each with its option."""
    before_end = takewhile(lambda arg: arg != "--", args)
    flags = (arg.partition("=")[0] for arg in before_end if arg.startswith("--"))
    return [(flag, options[_fold(flag)]) for flag in flags if _fold(flag) in options]


def explain_extra_words(args: Sequence[str], extra: Sequence[str], options: Mapping[str, click.Option]) -> str:
    """Return how the extra words are written, as a sentence; an empty text where nothing tells."""
    first = extra[0]
    typed = _explain_typography(args)
    if typed:
        return typed
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
    if first[:1] in ("{", "[") and "--file" in options:
        return "Inputs as JSON are read from a file: -f FILE.json; -i KEY:=JSON gives one of them."
    if "-q" in options and "-d" in options:
        is_query = "==" in first or args[0].upper() in _WITHOUT_BODY
        body = "" if is_query else """, a body -d '{"NAME": "VALUE"}'"""
        return f"A part of the query is -q NAME=VALUE{body}."
    option = options.get(_fold(args[index - 2])) if index > 1 else None
    if option is not None and getattr(option.type, "takes_many", False):
        return f"Repeat the flag for each value: {option.opts[0]} A {option.opts[0]} B."
    if option is not None and not option.is_flag:
        return f"Put a value with spaces in quotes: {_find_flag(option)} '...'"
    return ""


def _explain_typography(args: Sequence[str]) -> str:
    """Return how to write what a text program has made of quotes and dashes, or what only a shell reads."""
    if not {*args}.isdisjoint(_OF_SHELLS):
        return "Words such as | and > are for a shell: write them outside of quotes, and start the command by a shell."
    if any(arg[:1] in _DASHES for arg in args):
        return "A flag begins with two hyphens (--); the dash here is one of a text program, as of a page or a mail."
    if any(mark in arg for arg in args for mark in _QUOTES):
        return """Use straight quotes, ' or ": curly ones are letters to a shell, as they come from a page or a mail."""
    return ""


def _find_flag(option: click.Option) -> str:
    return next((name for name in option.opts if name.startswith("--")), option.opts[0])


def _fold(flag: str) -> str:
    return f"--{to_flag_name(flag[2:])}" if flag.startswith("--") else flag
