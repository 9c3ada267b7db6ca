"""What a new connection is made with: typed, from the environment, kept before, or asked for on a terminal."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from connector.cli.calls import file_args as upload
from connector.cli.calls import input_args as given
from connector.cli.output import stdio as streams
from connector.core.inputs.coerce import Bad, structure
from connector.core.redaction import shown
from connector.definition.fields import snake
from connector.errors import InputError, Problem
from connector.runtime.auth import env_connection as environment
from connector.runtime.auth.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.definition.fields import FormField
    from connector.definition.loader import Connector
    from connector.definition.manifest import ConnectionKind


def read(connector: Connector, kind: str, items: Sequence[str], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of a connection of a kind: those of `-i` items over `known` ones.

    What is still missing is asked for on a terminal. Raises InputError with every problem; no secret is in it.
    """
    declared = connector.manifest.connections[kind]
    typed, problems = _typed(declared, kind, items)
    found = {**known, **typed}
    missing = [key for key, spec in declared.inputs.items() if _lacks(spec, found.get(key))]
    if missing and not problems and streams.asking():
        found |= {key: _asked(key, declared.inputs[key]) for key in missing}
    told = {problem.field for problem in problems}
    unsaid = [key for key in missing if not found.get(key) and key not in told]
    problems += [_missing(connector, key, declared.inputs[key]) for key in unsaid]
    problems += _judged(connector, kind, found, told | set(missing))
    if problems:
        raise InputError.of(f"connect {kind}", problems)
    return found


def of_environment(connector: Connector, kind: str) -> dict[str, Any]:
    """Return what the environment says of a kind. Raises InputError for a file that cannot be read."""
    return environment.connection(connector, kind, os.environ)[1]


def _typed(declared: ConnectionKind, kind: str, items: Sequence[str]) -> tuple[dict[str, Any], list[Problem]]:
    spellings = {spelling: key for key in declared.inputs for spelling in (key, snake(key))}
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for place, item in enumerate(items, 1):
        name, sign, value = given.split(item)
        key = spellings.get(name)
        if not sign or not name:
            problems.append(Problem(f"-i number {place}", "no key=value", "key=value", "put the key before a ="))
        elif key is None:
            problems.append(_unknown(name, kind, declared))
        elif key in values:
            problems.append(Problem(key, "two values", "one", "leave one out"))
        else:
            _take(declared.inputs[key], key, (sign, value), (values, problems))
    return values, problems


def _take(spec: FormField, key: str, said: tuple[str, str], into: tuple[dict[str, Any], list[Problem]]) -> None:
    values, problems = into
    sign, value = said
    try:
        if spec.secret:
            values[key] = given.secret_value(key, sign, value)
        elif sign == ":=":
            values[key] = structure(value)
        else:
            values[key] = upload.text(value[1:]) if value.startswith("@") else value
    except Bad as bad:
        problems.append(Problem(key, shown(value, secret=spec.secret), bad.expected, bad.fix))


def _unknown(name: str, kind: str, declared: ConnectionKind) -> Problem:
    from connector.definition.suggest import did_you_mean

    near = did_you_mean(name, declared.inputs).strip() or f"the inputs are {', '.join(declared.inputs)}"
    return Problem(f"{name:.40}", "an unknown input", f"an input of {kind}", near)


def _lacks(spec: FormField, value: Any) -> bool:
    return spec.required and not spec.has_default and value in (None, "")


def _asked(key: str, spec: FormField) -> str:
    """Ask a person; a secret does not show while it is typed."""
    told = "; it does not show while you type" if spec.secret else ""
    answer: str = click.prompt(f"{spec.label} ({key}: {spec.help.rstrip('.')}{told})", hide_input=spec.secret, err=True)
    return answer.strip()


def _missing(connector: Connector, key: str, spec: FormField) -> Problem:
    variable = f"{connector.name}_{snake(key)}".upper()
    way = f"-i {key}=@FILE or {key}=env:NAME" if spec.secret else f"-i {key}=VALUE"
    return Problem(key, "nothing", f"a value: {spec.help}", f"write {way}, or set {variable}")


def _judged(connector: Connector, kind: str, found: Mapping[str, Any], told: set[str]) -> list[Problem]:
    """Return what is wrong with the values themselves, so that all is told at once."""
    try:
        Connection(connector, kind, **found)
    except InputError as error:
        return [problem for problem in error.problems if problem.field not in told]
    return []
