"""What is said about the value of an option that takes it from a list, or takes none or a number."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

import click

from connector.definition.case import to_flag_name
from connector.definition.suggest import closest

if TYPE_CHECKING:
    from collections.abc import Collection

_FORMAT_OPTION = "--output"


def describe_bad_value(error: click.BadOptionUsage | click.BadParameter, known: Collection[str]) -> str:
    """Return the message for a value that an option does not take; `known` are the flags of the command."""
    message = error.format_message()
    if isinstance(error, click.BadOptionUsage):
        return _describe_bad_usage(error, message)
    kind = getattr(error.param, "type", None)
    if error.param is not None and isinstance(kind, click.Choice):
        name, value = _find_name(error.param), _read_value(error.message)
        hint = _suggest_choice(name, value, [str(choice) for choice in kind.choices], known)
        return f"{message.rstrip('.')}. {hint}" if hint else message
    if error.param is not None and isinstance(kind, click.IntRange):
        limits = [f"at least {kind.min:,}"] if kind.min is not None else []
        limits += [f"at most {kind.max:,}"] if kind.max is not None else []
        limit = f" of {' and '.join(limits)}" if limits else ""
        return f"Invalid value for '{_find_name(error.param)}': it takes a whole number{limit}, written with digits"
    return message


def _describe_bad_usage(error: click.BadOptionUsage, message: str) -> str:
    """Return the message for an option with a value that takes none, or without one that it needs."""
    name = error.option_name
    if error.ctx is None:
        return message
    option = next((param for param in error.ctx.command.get_params(error.ctx) if name in param.opts), None)
    if isinstance(option, click.Option) and option.is_flag:
        return f"{name} takes no value: {name} alone switches it on, and without it it is off"
    if option is not None:
        return f"{name} has no value: write {name} {option.make_metavar(error.ctx)}"
    return message


def _suggest_choice(name: str, value: str, choices: list[str], known: Collection[str]) -> str:
    """Return what somebody means by a value that is none of the choices, as a sentence; empty where nobody can say."""
    if name == _FORMAT_OPTION and PurePath(value).suffix:
        form = PurePath(value).suffix.removeprefix(".").lower()
        form = form if form in choices else {"yml": "yaml", "jsonl": "lines", "txt": "text"}.get(form, "csv")
        return f"It names a format; to write a file: {name} {form} > {value}"
    match = closest(value.lower(), choices)
    if match:
        return f"Did you mean '{match}'?"
    flag = f"--{to_flag_name(value)}"
    return f"Did you mean {flag}, without {name}?" if flag in known else ""


def _find_name(param: click.Parameter) -> str:
    return max(param.opts, key=len) if isinstance(param, click.Option) else param.human_readable_name


def _read_value(message: str) -> str:
    """Return the value in click's message about a choice, which says that it is not one of these."""
    return message.partition(" is not one of ")[0].strip("'\"")
