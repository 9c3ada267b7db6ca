"""Inputs of a command that runs several actions: KEY=VALUE, for those that have the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from connector.core.redaction import preview
from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

input_option = click.option(
    "-i", "--input", "items", multiple=True, metavar="KEY=VALUE", help="An input of the lists that have it; repeatable."
)


def read_key_values(items: Sequence[str], field: str = "-i") -> dict[str, str]:
    """Return the inputs by key; `field` is what a command calls one. Raises InputError with all that are none."""
    pairs = [(key.strip(), separator, value) for key, separator, value in (item.partition("=") for item in items)]
    expected, fix = "an input as KEY=VALUE", "such as owner=octocat"
    problems = [Problem(field, preview(key), expected, fix) for key, separator, _ in pairs if not (key and separator)]
    if problems:
        raise InputError.from_problems("options", problems, undone="done")
    return {key: value for key, _, value in pairs}
