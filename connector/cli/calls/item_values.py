"""The value of an argument KEY=VALUE: JSON, a file, a variable of the environment, a prompt."""

from __future__ import annotations

import os
import re
import shlex
import sys
from typing import Any

from connector.cli.calls import file_args
from connector.core.inputs.coerce import to_json_value
from connector.core.invalid_value import InvalidValue
from connector.first_use import prepare_pattern

_VARIABLE_PREFIX = "env:"
_VARIABLE_NAME = prepare_pattern(r"[A-Za-z_]\w*", re.ASCII)
_JSON_BEGINS = ("{", "[", '"', "'", "\\")  # also as shells leave it that take no quotes off
_MAX_SHOWN = 60  # characters of a value in the spelling that is told
SECRET_FIX = "write {key}=@FILE, {key}=env:NAME or {key}=? for a prompt"  # noqa: S105  a hint


def split_item(item: str) -> tuple[str, str, str]:
    """Return key, separator and value; the separator is =, := or empty."""
    key, equals, value = item.partition("=")
    return (key[:-1], ":=", value) if equals and key.endswith(":") else (key, equals, value)


def read_json(key: str, text: str, *, takes_text: bool = True, is_public: bool = False) -> Any:
    """Return the JSON of KEY:=JSON or KEY:=@FILE. Raises InvalidValue.

    Where a text was written and the input `takes_text`, the spelling of one is told, with a value that `is_public`.
    """
    if text.startswith("@"):
        return to_json_value(file_args.read_text(text[1:]))
    try:
        return to_json_value(text)
    except InvalidValue:
        if not takes_text or text.lstrip().startswith(_JSON_BEGINS):
            raise
    shown = text if is_public and len(text) <= _MAX_SHOWN else "VALUE"
    item = shlex.quote(f"{key}={shown}")
    raise InvalidValue(f"JSON behind {key}:=", f"write {item}, with = alone, for a text") from None


def read_secret(key: str, separator: str, value: str) -> str:
    """Return a secret from a file, the environment or a prompt. Raises InvalidValue for a literal."""
    if separator == "=" and value.startswith("@"):
        return file_args.read_text(value[1:])
    if separator == "=" and value.startswith(_VARIABLE_PREFIX):
        return read_variable(value.removeprefix(_VARIABLE_PREFIX))
    if separator == "=" and value == "?":
        return _prompt_secret(key)
    raise InvalidValue("a secret from elsewhere than the command line", SECRET_FIX.format(key=key))


def find_variable(value: str) -> str | None:
    """Return the name of the variable that a value of `-i` stands for, or None; "env: staging" is a text."""
    name = value.removeprefix(_VARIABLE_PREFIX)
    return name if name != value and _VARIABLE_NAME.fullmatch(name) else None


def read_variable(name: str) -> str:
    """Return the value of an environment variable. Raises InvalidValue where it is not set, or empty."""
    value = os.environ.get(name)
    if not value:
        raise InvalidValue("a variable that is set", f"{name or 'NAME'} is not set; export it first")
    return value


def _prompt_secret(key: str) -> str:
    if not sys.stdin.isatty():
        raise InvalidValue("a terminal for the prompt", f"write {key}=@FILE or {key}=env:NAME")
    import click

    answer: str = click.prompt(key, hide_input=True, err=True)
    return answer
