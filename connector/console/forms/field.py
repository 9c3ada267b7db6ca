"""A field of a form, as a template draws it and as its values are read."""

from __future__ import annotations

import json
from typing import Any, Literal

from connector.first_use import dataclass

Control = Literal["text", "number", "password", "area", "lines", "json", "select", "checks", "many", "file", "group"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A value to choose, and what a person calls it."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One input of a form.

    `name` is that of its control, such as `settings.host`, and `names` its parts. `empty` says what happens when
    nothing is entered: a default, or nothing. `options` are the values to choose from, in a select or in boxes, or
    those that a text may be picked from. A `group` has `members` in place of a value; what is written as JSON may
    have a secret in it.
    """

    names: tuple[str, ...]
    label: str
    help: str
    control: Control
    heading: str = ""
    required: bool = False
    hidden: bool = False
    empty: str = ""
    options: tuple[Option, ...] = ()
    is_deprecated: bool = False
    has_secret: bool = False
    type: str = "string"
    members: tuple[Field, ...] = ()

    @property
    def name(self) -> str:
        """The name of its control."""
        return ".".join(self.names)

    @property
    def id(self) -> str:
        """What its elements are called in the page."""
        return "-".join(self.names)

    @property
    def is_write_only(self) -> bool:
        """Whether what was entered must not be shown again."""
        return self.control == "password" or self.has_secret


def write_value(value: Any) -> str:
    """Return a value as it stands in a form."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
