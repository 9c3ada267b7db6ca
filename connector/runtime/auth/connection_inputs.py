"""The inputs of a connection, checked against its type in the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from connector.core import url_policy
from connector.core.auth.signing import MAIN_SECRET_KINDS, find_main_input
from connector.core.inputs.field_checks import compile_field_check
from connector.core.invalid_value import InvalidValue
from connector.core.redaction import describe_type, preview
from connector.core.request.body import to_wire_text
from connector.definition.case import to_snake_case
from connector.definition.connection_type import BASIC_PLACES, TLS_PLACES
from connector.definition.suggest import did_you_mean
from connector.errors import DefinitionError, InputError, Problem, UsageError
from connector.runtime.auth.keys.secret_forms import check_main_secret, check_pem, check_word

if TYPE_CHECKING:
    from connector.definition.connection_type import ConnectionInput, ConnectionType
    from connector.definition.loader import Connector

_ARGUMENTS = ("inputs", "name", "store", "token", "http")  # of Connection; an input called so is given in `inputs`
_ANYWHERE = ("basic", "body", "query", "token", "authorize", "tls")  # places that hold any text


def merge_inputs(inputs: Mapping[str, Any] | None, more_inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of a mapping and of keyword arguments. Raises UsageError."""
    if inputs is not None and not isinstance(inputs, Mapping):
        raise UsageError(f"inputs is {describe_type(inputs)}.", hint="Pass a mapping of inputs by key.")
    repeated = sorted((inputs or {}).keys() & more_inputs.keys())
    if repeated:
        raise UsageError(f"{', '.join(repeated)}: given twice, in inputs= and as an argument.", hint="Remove one.")
    return {**(inputs or {}), **more_inputs}


def check_inputs(connector: Connector, kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the checked inputs by key, with defaults. Raises InputError with every problem."""
    connection_type = connector.manifest.connections[kind]
    fields, main_key = connection_type.inputs, find_main_input(connection_type)
    key_by_spelling = spell_inputs(fields)
    values: dict[str, Any] = {key: field.default for key, field in fields.items() if field.has_default}
    problems: list[Problem] = []
    for spelling, value in given.items():
        key = key_by_spelling.get(spelling)
        if key is None:
            problems.append(unknown_input_problem(spelling, kind, fields))
            continue
        try:
            checked = compile_field_check(fields[key], connector.choices)(value)
            if key == main_key:
                values[key] = check_main_secret(connection_type, checked)
            else:
                values[key] = _check_value(fields[key], checked, is_free=connection_type.login is not None)
        except InvalidValue as invalid:
            given_text = preview(value, is_secret=fields[key].secret)
            problems.append(Problem(key, given_text, invalid.expected, invalid.fix))
    present = values.keys() | {problem.field for problem in problems}
    for key, field in fields.items():
        if field.required and key not in present:
            variable = connector.manifest.environment_variable(key)
            way = f"inputs={{{key!r}: ...}}" if key in _ARGUMENTS else key
            problems.append(Problem(key, "nothing", f"a value: {field.help}", f"give {way}, or set {variable}"))
    if problems:
        raise InputError.from_problems(f"connection {kind}", problems)
    return values


def spell_inputs(fields: Mapping[str, ConnectionInput]) -> dict[str, str]:
    """Return the accepted spellings of inputs: in snake_case, and as the manifest has them, which comes first."""
    return {**{to_snake_case(key): key for key in fields}, **{key: key for key in fields}}


def find_main_secret(connector: Connector, kind: str) -> str | None:
    """Return the input that a bearer or api_key sends as its secret, or None for one whose values all have places.

    Raises DefinitionError for a type that does not say where its values go: nothing is guessed.
    """
    connection_type = connector.manifest.connections[kind]
    places = [*(field.to for field in connection_type.inputs.values() if field.to), *connection_type.constants]
    key = find_main_input(connection_type)
    if connection_type.kind == "basic" and not set(places) & set(BASIC_PLACES):
        message = f"The connection {kind} does not say which input is the user name, and which the password."
        raise DefinitionError(message, hint="Write `to: basic.username` and `to: basic.password` at its inputs.")
    is_placed = connection_type.kind == "api_key" and connection_type.has_request_place(connector.manifest.base_url)
    if connection_type.kind in MAIN_SECRET_KINDS and key is None and not is_placed:
        message = f"The connection {kind} does not say what it sends where."
        raise DefinitionError(message, hint="Write `to:` at the connection, or at its input of type password.")
    return key


def list_secrets(connection_type: ConnectionType, values: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the values of secret inputs as texts."""
    return tuple(str(value) for key, value in values.items() if connection_type.inputs[key].secret and value)


def unknown_input_problem(name: str, kind: str, fields: Mapping[str, ConnectionInput]) -> Problem:
    """Return the problem of a name that is no input of a connection type."""
    fix = did_you_mean(name, fields).strip() or f"the inputs are {', '.join(fields)}"
    return Problem(f"{name:.40}", "an unknown input", f"an input of {kind}", fix)


def _check_value(field: ConnectionInput, value: Any, *, is_free: bool = False) -> Any:
    """Return a value that its place can hold; `is_free` is one of an action, which has its own checks."""
    part = (field.to or "").partition(".")[0]
    if field.to in TLS_PLACES[:2]:
        return check_pem(str(value), "a certificate" if field.to == TLS_PLACES[0] else "a private key")
    if field.secret and part not in _ANYWHERE and not (is_free and not part):
        return check_word(value)
    _check_text(value)
    if part == "header" and not url_policy.HEADER_VALUE_PATTERN.match(to_wire_text(value)):
        raise InvalidValue("printable ASCII on one line", "a header cannot hold anything else")
    if part == "basic" and not str(value).isprintable():
        raise InvalidValue("a value without line ends and control characters")
    if field.to == BASIC_PLACES[0] and ":" in str(value):
        raise InvalidValue("a user name without colons", "a colon ends the user name")
    return value


def _check_text(value: Any) -> Any:
    """Reject a blank text, and one pasted with spaces or line ends around it."""
    if isinstance(value, str) and (not value or value != value.strip()):
        if not value.strip():
            raise InvalidValue("a value that is not blank")
        position = 1 if value[0].isspace() else len(value.rstrip()) + 1
        raise InvalidValue("a value without spaces or line ends around it", f"look at position {position}")
    return value
