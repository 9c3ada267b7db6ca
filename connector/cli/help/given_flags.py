"""The flags of a command that the commands named in its messages need too: where things are kept, and the sandbox."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SETTING_FLAGS = {
    "connector": "--connector",
    "profile": "--profile",
    "store": "--store",
    "store_key_file": "--store-key-file",
    "inbox": "--inbox",
    "bulk": "--on",
}
SANDBOX_FLAG = "--sandbox"


def find_given_flags(ctx: click.Context, meta_prefix: str) -> dict[str, Any]:
    """Return the values of these flags by flag: True for --sandbox, None for one that was not given."""
    by_flag = {flag: param for param in ctx.command.get_params(ctx) for flag in param.opts}
    values = {**ctx.meta, **{f"{meta_prefix}{name}": value for name, value in ctx.params.items()}}
    known = [flag for flag in (*SETTING_FLAGS.values(), SANDBOX_FLAG) if flag in by_flag]
    return {flag: values.get(f"{meta_prefix}{by_flag[flag].name}") for flag in known}


def format_command(root: click.Group, given: Mapping[str, Any], words: Sequence[str]) -> str:
    """Return a command line of these words, with those of the given flags that its command takes."""
    flags = {flag: value for flag, value in given.items() if value}
    taken = _list_flags(root, words) if flags else set()
    added = [
        word
        for flag, value in flags.items()
        if flag in taken.difference(words)
        for word in ([flag] if value is True else [flag, str(value)])
    ]
    return shlex.join(["connector", *words, *added])


def _list_flags(root: click.Group, words: Sequence[str]) -> set[str]:
    """Return the flags of the command that these words begin with."""
    command: click.Command = root
    ctx = click.Context(root)
    for word in words:
        following = command.get_command(ctx, word) if isinstance(command, click.Group) else None
        if following is None:
            break
        command = following
    return {flag for param in command.params for flag in param.opts}
