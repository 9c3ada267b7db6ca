"""Inputs of a command that runs several actions: KEY=VALUE, for those that have the key."""

from __future__ import annotations

import click

from connector.core.redaction import preview
from connector.errors import InputError, Problem

input_option = click.option(
    "-i", "--input", "items", multiple=True, metavar="KEY=VALUE", help="An input of the lists that have it; repeatable."
)


def read_key_values(items: tuple[str, ...]) -> dict[str, str]:
    """Return the inputs by key. Raises InputError with all that are not KEY=VALUE."""
    pairs = [item.partition("=") for item in items]
    expected, fix = "an input as KEY=VALUE", "write -i owner=octocat"
    problems = [Problem("-i", preview(key), expected, fix) for key, separator, _ in pairs if not (key and separator)]
    if problems:
        raise InputError.from_problems("options", problems, undone="done")
    return {key: value for key, _, value in pairs}
