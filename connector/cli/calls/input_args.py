"""Parse `-i key=value` and the flags of an action into its inputs.

Texts stay texts: the core converts and checks them. Every problem is reported at once.
"""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, Any

from connector.cli.calls import file_args
from connector.cli.calls.item_values import find_variable, read_json, read_secret, read_variable, split_item
from connector.core.inputs.coerce import to_json_value
from connector.core.inputs.objects import find_member, find_overlap, set_member
from connector.core.inputs.typed_text import compile_text_reader
from connector.core.invalid_value import InvalidValue
from connector.core.redaction import MASK, preview
from connector.definition.case import to_flag_name
from connector.definition.json_path import join_path
from connector.errors import InputError, Problem
from connector.first_use import dataclass, prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.core.inputs.typed_text import TextReader
    from connector.definition.action import Action
    from connector.definition.fields import InputField
    from connector.definition.loader import Connector

RUN_OPTION_SPELLINGS = {"connection": "connection", "debugRequest": "debugRequest", "debug_request": "debugRequest"}
_PLACEHOLDER = prepare_pattern(r"<[\w -]{1,40}>|\{\w{1,40}\}")  # as documentation writes a value that one has to know
_PAIR_PATTERN = prepare_pattern(r"(?P<name>[^=:\s][^=:]*)=(?P<value>.*)\Z", re.DOTALL)


@dataclass(slots=True)
class _InputParser:
    """The inputs of one command line while they are parsed."""

    connector: Connector
    action: Action
    given: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def add_value(self, key: str, value: Any, origin: str) -> None:
        """Add a value; a list grows, other inputs are given once."""
        input_field = self.action.inputs.get(self.action.key_by_spelling.get(key, key))
        if (other := find_overlap(key, self.origins)) is not None and other != key:
            self._add_second_value(key, other, origin)
        elif key not in self.given:
            self.given[key], self.origins[key] = value, origin
        elif (
            input_field is not None
            and input_field.takes_many
            and isinstance(value, list | dict)
            and _is_same_type(value, self.given[key])
        ):
            self.given[key] = _merge(self.given[key], value)
        else:
            self._add_second_value(key, key, origin)

    def add_member(self, names: tuple[str, ...], value: Any, origin: str) -> None:
        """Add the value of a member, such as that of attendees.0.email, beside others of its object."""
        name = join_path(*names)
        if (other := find_overlap(name, self.origins)) is not None:
            self._add_second_value(name, other, origin)
            return
        self.given = set_member(self.action.inputs, self.given, names, value)
        self.origins[name] = origin

    def _add_second_value(self, key: str, other: str, origin: str) -> None:
        expected = "one" if key == other else "the whole object, or its members"
        self.problems.append(Problem(key, f"two values: {self.origins[other]} and {origin}", expected, "remove one"))

    def read_text(self, input_field: InputField, value: str) -> Any:
        """Return a text as its input accepts it: an item of a list, a pair, what it means, or the text.

        Raises InvalidValue, for the name of a value in place of one too, where a part of a path would be that name.
        """
        if input_field.location.part == "path" and _PLACEHOLDER.fullmatch(value):
            raise InvalidValue("a value of yours", f"{value} stands for it where you read it; write the value itself")
        return _parse_text(input_field, value, compile_text_reader(input_field, self.connector.choices))

    def add_problem(self, key: str, got: str, invalid: InvalidValue) -> None:
        self.problems.append(Problem(invalid.field or key, got, invalid.expected, invalid.fix))


def parse_inputs(
    connector: Connector,
    action: Action,
    items: Sequence[str],
    flags: Mapping[str, Sequence[tuple[str, str]]] | None = None,
) -> dict[str, Any]:
    """Return the inputs of `-i` items (`key=value`, `key:=json`, `key=@file`) and of flags, by input key.

    A flag is given as it was written, with its value.

    Raises InputError with every problem of the arguments and of the values that could be parsed.
    """
    parser = _InputParser(connector, action)
    for key, given in (flags or {}).items():
        for flag, value in given:
            _parse_flag(parser, key, value, flag)
    for position, item in enumerate(items, 1):
        _parse_item(parser, item, position)
    if parser.problems:
        raise InputError.from_problems(action.action, [*parser.problems, *_find_remaining_problems(connector, parser)])
    return parser.given


def _find_remaining_problems(connector: Connector, parser: _InputParser) -> list[Problem]:
    """Return the problems of the other inputs, so that all are reported at once."""
    from connector.core.exchange.plan import compile_action

    reported_keys = {problem.field for problem in parser.problems}
    remaining = {key: value for key, value in parser.given.items() if key not in RUN_OPTION_SPELLINGS}
    try:
        compile_action(connector, parser.action.action).validate(remaining)
    except InputError as error:
        return [problem for problem in error.problems if problem.field not in reported_keys]
    return []


def _merge(former: Any, value: Any) -> Any:
    """Return a list or mapping with more items or entries; so do lists that entries of the same name have."""
    if isinstance(value, list):
        return [*former, *value]
    added = {
        name: _merge(former[name], item) if isinstance(item, list) and isinstance(former.get(name), list) else item
        for name, item in value.items()
    }
    return {**former, **added}


def _is_same_type(left: Any, right: Any) -> bool:
    return type(left) is type(right)


def _parse_flag(parser: _InputParser, key: str, value: str, flag: str) -> None:
    input_field = parser.action.inputs[parser.action.key_by_spelling[key]]
    try:
        parsed = (
            _read_file_value(parser, input_field, value[1:])
            if value.startswith("@") and _accepts_file(input_field)
            else parser.read_text(input_field, value)
        )
    except InvalidValue as invalid:
        parser.add_problem(key, preview(value), invalid)
        return
    parser.add_value(key, parsed, flag)


def _parse_item(parser: _InputParser, item: str, position: int) -> None:
    key, separator, value = split_item(item)
    if separator and key != key.strip() and _find_key(parser.action, key.strip()) in parser.action.inputs:
        blanks = InvalidValue("KEY=VALUE as one word", f"write {key.strip()}=VALUE without blanks around the =")
        parser.add_problem(_find_key(parser.action, key.strip()), "blanks before the =", blanks)
        return
    name = RUN_OPTION_SPELLINGS.get(key) or _find_key(parser.action, key)
    input_field: InputField | None = parser.action.inputs.get(name)
    if key in parser.action.key_by_earlier_spelling:
        name = key  # so that the call says that it is called otherwise now
    member = find_member(parser.action.inputs, key) if "." in key else None
    if member is not None:
        name, input_field = join_path(*member[0]), member[1]
    try:
        if not separator or not key:
            raise _build_separator_error(parser.action.action, key)
        parsed = _parse_value(parser, input_field, name, separator, value)
    except InvalidValue as invalid:
        is_secret = input_field is None or input_field.secret
        parser.add_problem(
            name if separator and key else f"-i number {position}",
            _describe_item(item, separator, is_secret=is_secret),
            invalid,
        )
        return
    if member is not None:
        parser.add_member(member[0], parsed, f"-i {key}")
    else:
        parser.add_value(name, parsed, f"-i {key}")


def _find_key(action: Action, key: str) -> str:
    """Return the input of a spelling, as a flag may have it too: user-id, UserId; an unknown one unchanged."""
    found = action.key_by_spelling.get(key) or action.key_by_spelling.get(to_flag_name(key).replace("-", "_"))
    return found or key


def _describe_item(item: str, separator: str, *, is_secret: bool) -> str:
    if not separator:
        return preview(item) if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,40}", item) else "no ="
    return MASK if is_secret else preview(item.partition("=")[2])


def _build_separator_error(action: str, key: str) -> InvalidValue:
    if not key:
        return InvalidValue("key=value", "put a key before the = at position 1")
    if key.startswith("@"):
        return InvalidValue("key=value", f"'connector run {action} -f {key[1:]}' reads all inputs from that file")
    if key.startswith(("{", "[")):
        return InvalidValue("key=value", f"put this JSON into a file: connector run {action} -f FILE.json")
    if ":" in key:
        return InvalidValue("key=value", f"write = for the : at position {key.index(':') + 1}")
    return InvalidValue("key=value", f"add = and a value after position {len(key)}")


def _parse_value(parser: _InputParser, input_field: InputField | None, key: str, separator: str, value: str) -> Any:
    """Return the value of one item. Raises InvalidValue."""
    if input_field is not None and input_field.secret:
        return read_secret(key, separator, value)
    if separator == "=" and value.startswith("="):
        position = len(key) + 2
        raise InvalidValue(
            f"one = after {key}",
            f"remove the second = at position {position}; for a value that begins with =, write {key}:='\"=\"'",
        )
    if separator == ":=":
        takes_text = input_field is None or not (input_field.takes_many or input_field.type in ("object", "json"))
        return read_json(key, value, takes_text=takes_text, is_public=input_field is not None)
    variable = find_variable(value)
    if variable is not None:
        text = read_variable(variable)
        return text if input_field is None else parser.read_text(input_field, text)
    if value.startswith("@"):
        path = value[1:]
        return file_args.read_text(path) if input_field is None else _read_file_value(parser, input_field, path)
    return value if input_field is None else parser.read_text(input_field, value)


def _read_file_value(parser: _InputParser, input_field: InputField, path: str) -> Any:
    """Return a file as its input accepts it: a file, a pair of a form, a body, or its text."""
    if input_field.type == "file":
        return file_args.open_file_argument(path)
    if str(input_field.location) == "raw.file":
        file = file_args.open_file_argument(path)
        return [{"key": file.name, "value": file}]
    if str(input_field.location) == "raw.body":
        return file_args.read_body(path)
    return parser.read_text(input_field, file_args.read_text(path))


def _accepts_file(input_field: InputField) -> bool:
    return input_field.type in ("file", "json") or str(input_field.location) in ("raw.file", "raw.body")


def _parse_text(input_field: InputField, value: str, read: TextReader) -> Any:
    if value.lstrip().startswith(("[", "{")) and (input_field.takes_many or input_field.type == "object"):
        parsed = to_json_value(value)
        return [parsed] if input_field.is_list and isinstance(parsed, dict) else parsed
    if input_field.type == "pairs":
        return [_parse_pair(value, accepts_files=str(input_field.location) == "raw.file")]
    if input_field.is_map:
        name, separator, text = value.partition("=")
        entry = [text] if input_field.type == "map of list of string" else text
        return {name: entry} if separator else value
    meant = read(value)
    if input_field.is_list and not (input_field.join and input_field.join in value):
        return [meant]
    return meant


def _parse_pair(value: str, *, accepts_files: bool) -> Any:
    """Return the pair of `name=value`, or of `name=@file` in a form; `Name: value` is returned unchanged."""
    match = _PAIR_PATTERN.match(value)
    if match is None:
        return value
    if accepts_files and match["value"].startswith("@"):
        return {"key": match["name"], "value": file_args.open_file_argument(match["value"][1:])}
    return {"key": match["name"], "value": match["value"]}
