"""Spellings of a key: snake_case, kebab-case and camelCase."""

from __future__ import annotations

import re


def to_snake_case(key: str) -> str:
    """Return a key in snake_case, an acronym as one word: usePMI -> use_pmi."""
    separated = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", key)
    return separated.lower()


def to_kebab_case(key: str) -> str:
    """Return a key in kebab-case, as file names and flags have it: usePMI -> use-pmi."""
    return to_snake_case(key).replace("_", "-")


def to_flag_name(name: str) -> str:
    """Return a flag, without its dashes, as flags are declared: userId and user_id -> user-id; -H stays -H."""
    return to_kebab_case(name).replace("_", "-") if len(name) > 1 else name


def to_camel_case(stem: str) -> str:
    """Return the key that a file name in kebab-case stands for: create-meeting -> createMeeting."""
    first, *rest = stem.split("-")
    return first + "".join(word.capitalize() for word in rest)
