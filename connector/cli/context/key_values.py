"""Inputs as KEY=VALUE: the option of every command, and how those of several actions are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from connector.core.redaction import preview
from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def input_option(what: str) -> Callable[..., Any]:
    """Return the option -i; `what` says which input it is."""
    return click.option("-i", "--input", "items", multiple=True, metavar="KEY=VALUE", help=f"{what}; repeatable.")


def read_key_values(items: Sequence[str], field: str = "-i") -> dict[str, str]:
    """Return the inputs by key; `field` is what a command calls one. Raises InputError with all that are none."""
    pairs = [(key.strip(), separator, value) for key, separator, value in (item.partition("=") for item in items)]
    expected, fix = "an input as KEY=VALUE", "such as owner=octocat"
    problems = [Problem(field, preview(key), expected, fix) for key, separator, _ in pairs if not (key and separator)]
    if problems:
        raise InputError.from_problems("options", problems, undone="done")
    return {key: value for key, _, value in pairs}
