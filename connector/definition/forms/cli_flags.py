"""The inputs of an action as command-line flags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.definition.case import to_flag_name
from connector.definition.forms.sentences import format_value
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection

    from connector.definition.action import Action


@dataclass(frozen=True, slots=True)
class CliFlag:
    """One input as a command-line flag: `name` such as --user-id; `repeats` for lists and pairs.

    `given_as` is the key that its value is given by: the input's own, or an earlier one, which help does not show.
    """

    key: str
    given_as: str
    name: str
    aliases: tuple[str, ...]
    type: str
    help: str
    choices: list[str]
    secret: bool
    repeats: bool
    required: bool


def build_cli_flags(action: Action, reserved: Collection[str]) -> list[CliFlag]:
    """Return the flags of an action, in the order of the file; a reserved one such as --timeout is --input-timeout."""
    return [
        CliFlag(
            key=key,
            given_as=spelling,
            name=_build_flag_name(spelling, reserved),
            aliases=() if spelling != key else tuple(_build_flag_name(alias, reserved) for alias in field.aliases),
            type=field.type,
            help=field.help,
            choices=[format_value(value) for value in field.typed_choices],
            secret=field.secret,
            repeats=field.takes_many,
            required=field.required,
        )
        for key, field in action.inputs.items()
        for spelling in (key, *field.was)
    ]


def _build_flag_name(key: str, reserved: Collection[str]) -> str:
    name = f"--{to_flag_name(key)}"
    return f"--input-{name[2:]}" if name in reserved else name
