"""Spellings of inputs: what a caller may write for the key of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.definition.case import to_snake_case

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.definition.fields import InputField


def index_spellings(inputs: Mapping[str, InputField]) -> dict[str, str]:
    """Return accepted spelling of an input -> its key: the key, its aliases, earlier keys, and their snake_case."""
    keys: dict[str, str] = {}
    for key, field in inputs.items():
        for spelling in (key, *field.aliases, *field.was):
            keys.setdefault(spelling, key)
            keys.setdefault(to_snake_case(spelling), key)
    return keys


def index_earlier_spellings(inputs: Mapping[str, InputField]) -> dict[str, str]:
    """Return earlier spelling of an input, which no input has today -> its key."""
    today = index_spellings(inputs)
    return {
        spelling: key
        for key, field in inputs.items()
        for old in field.was
        for spelling in (old, to_snake_case(old))
        if today[spelling] == key and spelling not in (key, to_snake_case(key), *field.aliases)
    }
