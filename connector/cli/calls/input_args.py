"""What is given to an action on the command line: `-i key=value` and flags -> the mapping that the core checks.

Texts stay texts; their types are the core's to judge. Every mistake of the words themselves is told at once.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connector.cli.calls import file_args as upload
from connector.core.inputs.coerce import Bad, structure
from connector.core.redaction import HIDDEN, shown
from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.definition.action import Action
    from connector.definition.fields import Input
    from connector.definition.loader import Connector

RUN_OPTIONS = {"connection": "connection", "debugRequest": "debugRequest", "debug_request": "debugRequest"}
SECRET_FIX = "write {key}=@FILE, {key}=env:NAME or {key}=? to be asked"  # noqa: S105  how to give one, not one
_PAIR = re.compile(r"(?P<name>[^=:\s][^=:]*)=(?P<value>.*)\Z", re.DOTALL)


@dataclass(slots=True)
class _Reading:
    """One command line's inputs as they are read."""

    action: Action
    given: dict[str, Any] = field(default_factory=dict)
    origin: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def put(self, key: str, value: Any, origin: str) -> None:
        """Keep a value; a list grows, anything else is given once."""
        spec = self.action.inputs.get(key)
        if key not in self.given:
            self.given[key], self.origin[key] = value, origin
        elif spec is not None and _grows(spec) and isinstance(value, list | dict) and _alike(value, self.given[key]):
            self.given[key] = [*self.given[key], *value] if isinstance(value, list) else self.given[key] | value
        else:
            got = f"two values: with {self.origin[key]} and with {origin}"
            self.problems.append(Problem(key, got, "one", "leave one out"))

    def refuse(self, key: str, got: str, bad: Bad) -> None:
        self.problems.append(Problem(bad.field or key, got, bad.expected, bad.fix))


def read(
    connector: Connector, action: Action, items: Sequence[str], flags: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """Return what `-i` items (`key=value`, `key:=json`, `key=@file`) and flags, by input key, give to an action.

    Raises InputError with every problem of the words, and of the values that could be read beside them.
    """
    reading = _Reading(action)
    for key, values in flags.items():
        for value in values:
            _take_flag(reading, key, value)
    for place, item in enumerate(items, 1):
        _take_item(reading, item, place)
    if reading.problems:
        raise InputError.of(action.action, [*reading.problems, *_more(connector, reading)])
    return reading.given


def _more(connector: Connector, reading: _Reading) -> list[Problem]:
    """Return what the core finds wrong with the rest, so that all is told at once."""
    from connector.core.exchange.plan import plan

    told = {problem.field for problem in reading.problems}
    rest = {key: value for key, value in reading.given.items() if key not in RUN_OPTIONS}
    try:
        plan(connector, reading.action.action).check(rest)
    except InputError as error:
        return [problem for problem in error.problems if problem.field not in told]
    return []


def _alike(one: Any, other: Any) -> bool:
    return type(one) is type(other)


def _take_flag(reading: _Reading, key: str, value: str) -> None:
    spec = reading.action.inputs[key]
    try:
        taken = _from_file(spec, value[1:]) if value.startswith("@") and _takes_file(spec) else _texts(spec, value)
    except Bad as bad:
        reading.refuse(key, shown(value), bad)
        return
    reading.put(key, taken, "its flag")


def _take_item(reading: _Reading, item: str, place: int) -> None:
    key, sign, value = split(item)
    name = RUN_OPTIONS.get(key) or reading.action.names.get(key, key)
    spec = reading.action.inputs.get(name)
    try:
        if not sign or not key:
            raise _no_sign(key)
        taken = _taken(spec, name, sign, value)
    except Bad as bad:
        secret = spec is None or spec.secret
        reading.refuse(name if sign and key else f"-i number {place}", _got(item, sign, secret=secret), bad)
        return
    reading.put(name, taken, f"-i {key}")


def split(item: str) -> tuple[str, str, str]:
    """Return key, sign and value; the sign is =, := or nothing."""
    key, equals, value = item.partition("=")
    return (key[:-1], ":=", value) if equals and key.endswith(":") else (key, equals, value)


def _got(item: str, sign: str, *, secret: bool) -> str:
    if not sign:
        return shown(item) if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,40}", item) else "no ="
    return HIDDEN if secret else shown(item.partition("=")[2])


def _no_sign(key: str) -> Bad:
    if not key:
        return Bad("key=value", "there is no key before the = at position 1")
    return Bad("key=value", f"put = and a value at the end, after position {len(key)}")


def _taken(spec: Input | None, key: str, sign: str, value: str) -> Any:
    """Return what one item gives. Raises Bad."""
    if spec is not None and spec.secret:
        return secret_value(key, sign, value)
    if sign == "=" and value.startswith("="):
        place = len(key) + 2
        raise Bad(f"one = after {key}", f"take out the second = at position {place}; as a value write {key}:='\"=\"'")
    if sign == ":=":
        return structure(upload.text(value[1:]) if value.startswith("@") else value)
    if value.startswith("@"):
        return _from_file(spec, value[1:]) if spec is not None else upload.text(value[1:])
    return value if spec is None else _texts(spec, value)


def _from_file(spec: Input, path: str) -> Any:
    """Return a file as its input takes it: bytes for a file, a pair for a file of a form, else its text."""
    if spec.type == "file":
        return upload.named(path)
    if str(spec.place) == "raw.file":
        file = upload.named(path)
        return [{"key": file.name, "value": file}]
    if str(spec.place) == "raw.body":
        return upload.body(path)
    return _texts(spec, upload.text(path))


def _takes_file(spec: Input) -> bool:
    return spec.type in ("file", "json") or str(spec.place) in ("raw.file", "raw.body")


def _texts(spec: Input, value: str) -> Any:
    """Return a text as its input takes it: one item of a list, one pair, or itself."""
    if value.lstrip().startswith(("[", "{")) and _grows(spec):
        return structure(value)
    if spec.type == "pairs":
        return [_pair(value, files=str(spec.place) == "raw.file")]
    if spec.type == "map of string":
        name, sign, text = value.partition("=")
        return {name: text} if sign else value
    if spec.is_list and not (spec.join and spec.join in value):
        return [value]
    return value


def _pair(value: str, *, files: bool) -> Any:
    """Return `name=value`, or `name=@file` where a form takes files; `Name: value` passes as it is."""
    match = _PAIR.match(value)
    if match is None:
        return value
    if files and match["value"].startswith("@"):
        return {"key": match["name"], "value": upload.named(match["value"][1:])}
    return {"key": match["name"], "value": match["value"]}


def _grows(spec: Input) -> bool:
    return spec.is_list or spec.type in ("pairs", "map of string")


def secret_value(key: str, sign: str, value: str) -> str:
    """Return a secret from where it may come: a file, the environment, or a person. Raises Bad for a literal."""
    fix = SECRET_FIX.format(key=key)
    if sign == "=" and value.startswith("@"):
        return upload.text(value[1:])
    if sign == "=" and value.startswith("env:"):
        held = os.environ.get(value[4:])
        if not held:
            raise Bad("a variable that is set", f"{value[4:] or 'NAME'} is not set; export it first")
        return held
    if sign == "=" and value == "?":
        return _asked(key)
    raise Bad("a secret that does not stand on the command line", fix)


def _asked(key: str) -> str:
    if not sys.stdin.isatty():
        raise Bad("a terminal to ask on", f"write {key}=@FILE or {key}=env:NAME")
    import click

    answer: str = click.prompt(key, hide_input=True, err=True)
    return answer
