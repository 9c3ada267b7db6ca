"""Collect the inputs of a new connection: from -i, the environment, the store or a prompt."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from connector.cli.calls import file_args, item_values
from connector.cli.output import stdio
from connector.core.invalid_value import InvalidValue
from connector.core.redaction import preview
from connector.errors import InputError, Problem
from connector.runtime.auth import env_connection
from connector.runtime.auth.connection import Connection
from connector.runtime.auth.connection_inputs import spell_inputs, unknown_input_problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.definition.connection_type import ConnectionType
    from connector.definition.fields import FormField
    from connector.definition.loader import Connector


def collect_inputs(
    connector: Connector, kind: str, items: Sequence[str], known_inputs: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the inputs of a connection: `-i` items, then `known_inputs`, then prompts on a terminal.

    Raises InputError with every problem and without secrets.
    """
    connection_type = connector.manifest.connections[kind]
    typed_inputs, problems = _parse_items(connection_type, kind, items)
    inputs = {**known_inputs, **typed_inputs}
    missing_keys = [key for key, field in connection_type.inputs.items() if _is_missing(field, inputs.get(key))]
    if missing_keys and not problems and stdio.can_prompt():
        inputs |= {key: _prompt_for(key, connection_type.inputs[key]) for key in missing_keys}
    reported_keys = {problem.field for problem in problems}
    unreported_keys = [key for key in missing_keys if not inputs.get(key) and key not in reported_keys]
    problems += [_build_missing_problem(connector, key, connection_type.inputs[key]) for key in unreported_keys]
    problems += _validate_inputs(connector, kind, inputs, reported_keys | set(missing_keys))
    if problems:
        raise InputError.from_problems(f"connect {kind}", problems)
    return inputs


def read_environment_inputs(connector: Connector, kind: str) -> dict[str, Any]:
    """Return the inputs of a kind in the environment. Raises InputError for an unreadable file."""
    return env_connection.read_env_connection(connector, kind, os.environ)[1]


def _parse_items(
    connection_type: ConnectionType, kind: str, items: Sequence[str]
) -> tuple[dict[str, Any], list[Problem]]:
    spellings = spell_inputs(connection_type.inputs)
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for position, item in enumerate(items, 1):
        name, separator, value = item_values.split_item(item)
        key = spellings.get(name)
        if not separator or not name:
            problems.append(Problem(f"-i number {position}", "no key=value", "key=value", "put a key before the ="))
        elif key is None:
            problems.append(unknown_input_problem(name, kind, connection_type.inputs))
        elif key in values:
            problems.append(Problem(key, "two values", "one", "remove one"))
        else:
            _parse_value(connection_type.inputs[key], key, (separator, value), (values, problems))
    return values, problems


def _parse_value(
    field: FormField, key: str, separator_and_value: tuple[str, str], results: tuple[dict[str, Any], list[Problem]]
) -> None:
    values, problems = results
    separator, value = separator_and_value
    try:
        if field.secret:
            values[key] = item_values.read_secret(key, separator, value)
        elif separator == ":=":
            values[key] = item_values.read_json(key, value, is_public=True)
        else:
            values[key] = file_args.read_text(value[1:]) if value.startswith("@") else value
    except InvalidValue as invalid:
        problems.append(Problem(key, preview(value, is_secret=field.secret), invalid.expected, invalid.fix))


def _is_missing(field: FormField, value: Any) -> bool:
    return field.required and not field.has_default and value in (None, "")


def _prompt_for(key: str, field: FormField) -> str:
    """Prompt for an input; a secret is hidden."""
    note = "; input is hidden" if field.secret else ""
    answer: str = click.prompt(
        f"{field.label} ({key}: {field.help.rstrip('.')}{note})", hide_input=field.secret, err=True
    )
    return answer.strip()


def _build_missing_problem(connector: Connector, key: str, field: FormField) -> Problem:
    variable = connector.manifest.environment_variable(key)
    example = f"-i {key}=@FILE or {key}=env:NAME" if field.secret else f"-i {key}=VALUE"
    return Problem(key, "nothing", f"a value: {field.help}", f"write {example}, or set {variable}")


def _validate_inputs(
    connector: Connector, kind: str, inputs: Mapping[str, Any], reported_keys: set[str]
) -> list[Problem]:
    """Return the problems of the values, so that all are reported at once."""
    try:
        Connection(connector, kind, inputs)
    except InputError as error:
        return [problem for problem in error.problems if problem.field not in reported_keys]
    return []
