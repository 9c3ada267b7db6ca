"""The inputs of a connection, checked against its type in the manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.core.inputs.field_checks import compile_field_check
from connector.core.invalid_value import InvalidValue
from connector.core.redaction import preview
from connector.definition.case import to_snake_case
from connector.definition.suggest import did_you_mean
from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.definition.fields import FormField
    from connector.definition.loader import Connector


def check_inputs(connector: Connector, kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the checked inputs by key, with defaults. Raises InputError with every problem."""
    fields = connector.manifest.connections[kind].inputs
    key_by_spelling = {spelling: key for key in fields for spelling in (key, to_snake_case(key))}
    values: dict[str, Any] = {key: field.default for key, field in fields.items() if field.has_default}
    problems: list[Problem] = []
    for spelling, value in given.items():
        key = key_by_spelling.get(spelling)
        if key is None:
            problems.append(unknown_input_problem(spelling, kind, fields))
            continue
        try:
            checked = compile_field_check(fields[key], connector.choices)(value)
            values[key] = _check_secret(checked) if fields[key].secret else _check_text(checked)
        except InvalidValue as invalid:
            given_text = preview(value, is_secret=fields[key].secret)
            problems.append(Problem(key, given_text, invalid.expected, invalid.fix))
    present = values.keys() | {problem.field for problem in problems}
    for key, field in fields.items():
        if field.required and key not in present:
            variable = f"{connector.name}_{to_snake_case(key)}".upper()
            problems.append(Problem(key, "nothing", f"a value: {field.help}", f"give {key}, or set {variable}"))
    if problems:
        raise InputError.from_problems(f"connection {kind}", problems)
    return values


def unknown_input_problem(name: str, kind: str, fields: Mapping[str, FormField]) -> Problem:
    """Return the problem of a name that is no input of a connection type."""
    fix = did_you_mean(name, fields).strip() or f"the inputs are {', '.join(fields)}"
    return Problem(f"{name:.40}", "an unknown input", f"an input of {kind}", fix)


def _check_text(value: Any) -> Any:
    """Reject a blank text, and one pasted with spaces or line ends around it."""
    if isinstance(value, str) and (not value or value != value.strip()):
        if not value.strip():
            raise InvalidValue("a value that is not blank")
        position = 1 if value[0].isspace() else len(value.rstrip()) + 1
        raise InvalidValue("a value without spaces or line ends around it", f"look at position {position}")
    return value


def _check_secret(secret: str) -> str:
    """Reject a secret pasted with spaces, quotes or line ends; never show it."""
    for position, char in enumerate(secret, 1):
        if char.isspace() or not char.isprintable() or char in "\"'" or not char.isascii():
            raise InvalidValue("a secret without spaces, quotes or line ends", f"look at position {position}")
    if not secret:
        raise InvalidValue("a secret that is not empty")
    return secret
