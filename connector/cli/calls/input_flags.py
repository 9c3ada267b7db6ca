"""The inputs of an action as flags of a command."""

from __future__ import annotations

import json
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import click

from connector.cli.groups import get_meta, list_run_flags, set_meta
from connector.cli.help.extra_words import index_options, list_given_flags
from connector.definition.inputs.input_group import describe_variants

if TYPE_CHECKING:
    from collections.abc import Sequence

    from click.shell_completion import CompletionItem

    from connector.definition.action import Action
    from connector.definition.fields import Input
    from connector.definition.forms.cli_flags import CliFlag
    from connector.definition.loader import Connector


OPTION_PREFIX = "given_"  # of the parameter names of inputs
_MAX_METAVAR_LENGTH = 30  # characters
_MAX_LISTED_CHOICES = 12  # choices in a help page


class _InputParamType(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.5
    """A text that the core converts; shells complete its choices."""

    def __init__(self, connector: Connector, action: Action, flag: CliFlag) -> None:
        self.name = "true|false" if flag.type == "boolean" else flag.type
        self.takes_many = flag.repeats
        self._connector, self._field, self._flag = connector, action.inputs[flag.key], flag

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        """Complete the choices, each with its label."""
        from click.shell_completion import CompletionItem

        if self._flag.type == "boolean":
            return [CompletionItem(word) for word in ("true", "false") if word.startswith(incomplete)]
        choices = {str(value): label for value, label in self._field.typed_choices.items()}
        if self._field.choices_file:
            choices |= self._connector.choices(self._field.choices_file)
        return [CompletionItem(value, help=label) for value, label in choices.items() if value.startswith(incomplete)]


def describe_unknown_flag(ctx: click.Context, error: click.NoSuchOption) -> click.UsageError:
    """Return the error of an unknown flag; a name that an input takes in its object is told with that input."""
    from connector.core.inputs.input_warnings import find_spread_names
    from connector.definition.case import to_snake_case

    action: Action = get_meta(ctx, "action")
    connector: Connector = get_meta(ctx, "opened")
    flag = error.option_name.partition("=")[0]
    name = to_snake_case(flag.lstrip("-").replace("-", "_"))
    for key, field in action.inputs.items():
        if field.location.spread and name in find_spread_names(connector, action, field):
            example = json.dumps({name: "..."})
            return click.UsageError(f"Unknown option {flag}. Give it in {key}: -i {key}:='{example}'", ctx)
    return error


def list_input_options(ctx: click.Context) -> list[click.Option]:
    """Return a flag for each input that is not secret."""
    action: Action | None = get_meta(ctx, "action")
    input_options: list[click.Option] | None = get_meta(ctx, "flags")
    if action is None or input_options is not None:
        return input_options or []
    from connector.definition.forms.cli_flags import build_cli_flags

    connector: Connector = get_meta(ctx, "opened")
    input_options = [
        _build_option(connector, action, flag) for flag in build_cli_flags(action, list_run_flags()) if not flag.secret
    ]
    set_meta(ctx, "flags", input_options)
    return input_options


def note_args(ctx: click.Context, args: Sequence[str]) -> None:
    """Keep the arguments as they were written, to name a flag as its user does."""
    set_meta(ctx, "args", tuple(args))


def take_input_flags(ctx: click.Context, options: dict[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """Take the flags of inputs out of the options of a command: by key, each as it was written with its value."""
    values = {name: options.pop(name) for name in [*options] if name.startswith(OPTION_PREFIX)}
    values = {name: given for name, given in values.items() if given}
    written: dict[str, list[str]] = {name: [] for name in values}
    for flag, option in list_given_flags(get_meta(ctx, "args"), index_options(ctx)) if values else ():
        if option.name in written:
            written[option.name].append(flag)
    return {
        name.removeprefix(OPTION_PREFIX): [*zip_longest(written[name][: len(given)], given, fillvalue="its flag")]
        for name, given in values.items()
    }


def _build_option(connector: Connector, action: Action, flag: CliFlag) -> click.Option:
    boolean_settings: dict[str, Any] = {"is_flag": False, "flag_value": "true"} if flag.type == "boolean" else {}
    choice_text = "|".join(flag.choices)
    metavar = (
        choice_text
        if choice_text and len(choice_text) <= _MAX_METAVAR_LENGTH
        else "[true|false]"
        if boolean_settings
        else flag.type.upper()
    )
    help_parts = [
        flag.help,
        _describe_choices(action.inputs[flag.key]),
        _describe_members(action.inputs[flag.key]),
        "Without a value: true." if boolean_settings else "",
        "Repeatable." if flag.repeats else "",
        "(required)" if flag.required else "",
    ]
    return click.Option(
        [OPTION_PREFIX + flag.given_as, flag.name, *flag.aliases],
        hidden=flag.given_as != flag.key,
        multiple=True,
        type=_InputParamType(connector, action, flag),
        metavar=metavar,
        help=" ".join(filter(None, help_parts)),
        **boolean_settings,
    )


def _describe_members(field: Input) -> str:
    """Return what an object holds."""
    if not field.members:
        return ""
    if field.declared_variants:
        common = f"{', '.join(field.declared)}, and " if field.declared else ""
        return f"JSON with {common}the members of one of {describe_variants(field)}."
    return f"JSON with {', '.join(field.members)}."


def _describe_choices(field: Input) -> str:
    """Return the choices with their labels, if they are few."""
    options = field.typed_choices
    if not 0 < len(options) <= _MAX_LISTED_CHOICES:
        return ""
    return f"One of {', '.join(f'{value} ({label})' for value, label in options.items())}."
