"""An action described for whoever shows it: the form's JSON Schema, a tool, the page's rows, the flags.

Everything is read off the one description of each input; nothing is written twice.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.definition import field_schema
from connector.definition.field_schema import measure
from connector.definition.fields import kebab, snake

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.definition.action import Action, AnyOf
    from connector.definition.fields import FormField, Input
    from connector.definition.loader import Connector

RUN_FLAGS = frozenset(
    "--" + name
    for name in (
        "account", "at-once", "base-url", "connection", "connector", "curl", "debug", "dry-run", "events-to", "fault",
        "file", "har", "help", "idempotency-key", "input", "journal", "keep-going", "limit", "map", "output", "query",
        "quiet", "restart", "retry", "retry-failed", "rows", "sandbox", "settle", "store", "timeout", "version",
    )
)  # fmt: skip
CONNECTION = ("connection", "Connection", "The connection to run it with, by name.")
DEBUG = ("debugRequest", "Debug Request", "Log the request, the reply and every attempt, without secrets.")

_FEW = 25
_EMPTY = '""'


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an action's table: every cell a text; `default` shows a suggestion too, `notes` says which."""

    key: str
    label: str
    type: str
    required: bool
    default: str
    notes: str
    example: str


@dataclass(frozen=True, slots=True)
class Flag:
    """One input as a flag of a command: `name` such as --user-id; `repeats` for lists and pairs."""

    key: str
    name: str
    aliases: tuple[str, ...]
    type: str
    help: str
    choices: list[str]
    secret: bool
    repeats: bool
    required: bool


def form(connector: Connector, action: Action) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of what is given to an action, keys and values spelled plainly.

    `x-suggest` is what a form shows but does not send unless it is chosen. Raises DefinitionError when a file of
    choices is missing.
    """
    properties = {key: _property(connector, spec) for key, spec in action.inputs.items()}
    key, label, text = CONNECTION
    properties[key] = {"title": label, "description": text, "type": "string", "x-kinds": _kinds(connector, action)}
    key, label, text = DEBUG
    properties[key] = {"title": label, "description": text, "type": "boolean", "default": False}
    made = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": action.label,
        "description": action.summary,
        **_object(action, properties),
    }
    conditions = list(field_schema.conditions(action))
    return {**made, "allOf": conditions} if conditions else made


def tool(connector: Connector, action: Action) -> dict[str, Any]:
    """Return an action as a tool that a language model may call: name, description, input_schema.

    The schema is flat, for models that take no conditions: rules between inputs stand in the descriptions.
    """
    shown = {key: spec for key, spec in action.inputs.items() if not spec.hidden}
    properties = {key: _tool_property(connector, action, key, spec) for key, spec in shown.items()}
    returned = f" Returns: {action.returns.help}" if action.returns.help else ""
    return {
        "name": snake(action.action),
        "description": action.summary + returned,
        "input_schema": _object(action, properties),
    }


def rows(connector: Connector, action: Action) -> list[Row]:
    """Return the rows of an action's table in the order of the file, then connection and debugRequest."""
    found = [row(connector, key, spec, list(_relations(action, key, spec))) for key, spec in action.inputs.items()]
    found.append(Row(CONNECTION[0], CONNECTION[1], "connection", True, "", CONNECTION[2], ""))  # noqa: FBT003
    found.append(Row(DEBUG[0], DEBUG[1], "boolean", False, "false", DEBUG[2], ""))  # noqa: FBT003
    return found


def row(connector: Connector, key: str, spec: FormField, more: list[str] | None = None) -> Row:
    """Return the row of one field, of an action, a connection or a trigger; `more` are further notes."""
    shown = spec.default if spec.has_default else spec.suggest
    return Row(
        key=key,
        label=spec.label,
        type=spec.type,
        required=spec.required,
        default=_plain(shown),
        notes=" ".join([*_notes(connector, spec), *(more or [])]),
        example=_plain(spec.example),
    )


def flags(action: Action) -> list[Flag]:
    """Return the flags of an action, in the order of the file; a run option's name gives way: --input-timeout."""
    return [
        Flag(
            key=key,
            name=_flag(key),
            aliases=tuple(_flag(alias) for alias in spec.aliases),
            type=spec.type,
            help=spec.help,
            choices=[_plain(value) for value in spec.options],
            secret=spec.secret,
            repeats=spec.is_list or spec.type in ("pairs", "map of string"),
            required=spec.required,
        )
        for key, spec in action.inputs.items()
    ]


def _flag(key: str) -> str:
    name = f"--{kebab(key).replace('_', '-')}"
    return f"--input-{name[2:]}" if name in RUN_FLAGS else name


def _kinds(connector: Connector, action: Action) -> list[str]:
    known = connector.manifest.connections
    allowed = action.connections or list(known)
    return [kind for kind in allowed if kind in known and action.action in (known[kind].only or [action.action])]


def _object(action: Action, properties: Mapping[str, Any]) -> dict[str, Any]:
    required = [key for key, spec in action.inputs.items() if spec.required and key in properties]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _property(connector: Connector, spec: Input) -> dict[str, Any]:
    options = _options(connector, spec)
    made: dict[str, Any] = {"title": spec.label, "description": spec.help, **field_schema.shape(spec, options)}
    if spec.has_default:
        made["default"] = spec.default
    if spec.suggest is not None:
        made["x-suggest"] = spec.suggest
    if spec.example is not None and not spec.secret:
        made["examples"] = [spec.example]
    if spec.group:
        made["x-group"] = spec.group
    if spec.hidden:
        made["x-hidden"] = True
    if spec.choices_from:
        made["x-choices-from"] = spec.choices_from.model_dump()
    return made


def _options(connector: Connector, spec: FormField) -> dict[Any, str]:
    return {**spec.options, **(connector.choices(spec.choices_file) if spec.choices_file else {})}


def _tool_property(connector: Connector, action: Action, key: str, spec: Input) -> dict[str, Any]:
    options = _options(connector, spec)
    made = {word: value for word, value in field_schema.shape(spec, {}).items() if not word.startswith("x-")}
    if options and not spec.choices_open:
        (made["items"] if spec.is_list else made)["enum"] = list(options)
    if spec.has_default:
        made["default"] = spec.default
    return {"description": " ".join([*_notes(connector, spec), *_relations(action, key, spec)]), **made}


def _notes(connector: Connector, spec: FormField) -> Iterator[str]:
    """Yield what a reader of the form must know: help, choices, limits, how a suggestion works."""
    yield spec.help
    options = _options(connector, spec)
    if 0 < len(options) <= _FEW:
        each = ", ".join(f"{_plain(value) or _EMPTY} ({title})" for value, title in options.items())
        yield f"{'Such as' if spec.choices_open else 'One of'} {each}."
    elif options:
        where = f", listed in schemas/choices/{spec.choices_file}.json" if spec.choices_file else ""
        yield f"{'Such as one' if spec.choices_open else 'One'} of {len(options)} choices{where}."
    if spec.min is not None or spec.max is not None:
        yield _limits(spec)
    if spec.suggest is not None:
        yield "Suggested; sent only when given."
    if spec.hidden:
        yield "Hidden unless asked for."


def _limits(spec: FormField) -> str:
    unit = {"list": " items", "map": " entries", "text": " characters"}.get(measure(spec), "")
    if spec.min is None:
        return f"At most {spec.max}{unit}."
    return f"At least {spec.min}{unit}." if spec.max is None else f"From {spec.min} to {spec.max}{unit}."


def _relations(action: Action, key: str, spec: Input) -> Iterator[str]:
    for other, wanted in spec.needed.items():
        each = " or ".join(map(_plain, wanted or ()))
        yield f"Only when {other} is {each}." if wanted else f"Only together with {other}."
    if spec.excluded:
        yield f"Not together with {' or '.join(spec.excluded)}."
    yield from (_any_of(rule) for rule in action.any_of if key in rule.of)
    if spec.aliases:
        yield f"Also taken as {', '.join(spec.aliases)}."


def _any_of(rule: AnyOf) -> str:
    when = " and ".join(f"{key} is {' or '.join(map(_plain, values))}" for key, values in rule.when.items())
    asked = f"{rule.of[0]} is needed" if len(rule.of) == 1 else f"At least one of {', '.join(rule.of)} is needed"
    return f"{asked}{f' when {when}' if when else ''}."


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
