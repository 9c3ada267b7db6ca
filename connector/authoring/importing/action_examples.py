"""Examples of inputs, and the one example of an action that lint can run: inputs, and the request that they send."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from connector.authoring.importing.evidence.made_texts import make_number, make_text
from connector.authoring.rules.examples import prepare_inputs
from connector.core.exchange.plan import compile_action
from connector.core.inputs.validate import compile_check
from connector.core.invalid_value import InvalidValue
from connector.definition.action import SAFE_METHODS
from connector.definition.fields import Input
from connector.definition.loader import Connector
from connector.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from connector.core.exchange.plan import CompiledAction
    from connector.core.inputs.field_checks import ValueCheck
    from connector.core.request.builder import Request
    from connector.definition.action import Action
    from connector.definition.fields import Member
    from connector.definition.manifest import Manifest

_MADE = {
    "boolean": True, "datetime": "2026-03-02T09:00:00Z", "date": "2026-03-02", "file": "example.txt",
    "scalar": "abc123", "list of boolean": [True], "map of string": {"name": "value"}, "pairs": {"name": "value"},
    "map of integer": {"name": 1}, "map of number": {"name": 1}, "map of boolean": {"name": True},
    "map of scalar": {"name": "value"}, "map of list of string": {"name": ["value"]},
}  # fmt: skip
_MOST_ENTRIES = 100  # of a list that is made; a longer one shows nothing more
_JSON_CANDIDATES: tuple[Any, ...] = ({"name": "value"}, ["example"], "example", 1)


def choose_input_example(words: Mapping[str, Any], offered: Iterable[Any] = (), *, name: str = "") -> Any:
    """Return an example that the words of an input accept: the first of those offered that fits, else a made one.

    None where nothing is found; a file's example is its name.
    """
    try:
        field = Input.model_validate(dict(words))
    except ValidationError:
        return None
    return _choose(field, [value for value in offered if value is not None], name)


def iter_action_examples(manifest: Manifest, action: Action) -> Iterator[dict[str, Any]]:
    """Yield the words of examples, the fullest first: `inputs` that are valid, and their `request`.

    Given are the inputs that are required and those that a rule asks for; of a write first also those with an example.
    What is optional of a read is a filter, which would hide what is there.
    """
    compiled = compile_alone(manifest, action)
    given = choose_inputs(action)
    required = {key: value for key, value in given.items() if action.inputs[key].required}
    for inputs in (given, {**required, **_list_needed(action)}, required):
        example = state_example(compiled, action, inputs)
        if example is not None:
            yield example


def choose_inputs(action: Action) -> dict[str, Any]:
    """Return a value for each input that is given in an example, as far as there is a valid one."""
    given = {}
    for key, field in action.inputs.items():
        if field.required or (field.example is not None and action.method not in SAFE_METHODS):
            value = _choose(field, [] if field.example is None else [field.example], key, action.method)
            if value is not None:
                given[key] = value
    return given


def compile_alone(manifest: Manifest, action: Action) -> CompiledAction:
    """Return an action compiled beside a manifest and no other action."""
    return compile_action(Connector(Path(), manifest, actions=[action], choices={}), action.action)


def state_example(compiled: CompiledAction, action: Action, inputs: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the words of an example with these inputs, and the request that they send; None where they are invalid."""
    try:
        request = compiled.build_request(compiled.validate(prepare_inputs(action, inputs)))
    except InputError:
        return None
    return {"inputs": dict(inputs), "request": _state_request(request)}


def _list_needed(action: Action) -> dict[str, Any]:
    """Return a value for the first input of each rule that one of several must be given."""
    needed = {}
    for rule in action.any_of or ():
        key = rule.of[0]
        value = _choose(action.inputs[key], [], key, action.method)
        if value is not None:
            needed[key] = value
    return needed


def _choose(
    field: Input | Member, offered: list[Any], name: str, method: str = "", within: tuple[Input | Member, ...] = ()
) -> Any:
    """Return the first value that fits; one is made where none is given, but not of a member `within` itself."""
    if field.type == "file":
        return next((value for value in offered if isinstance(value, str) and value), _MADE["file"])
    check = compile_check(field, lambda _: {}, method)
    says_nothing: list[Any] = [None, []] if field.required else [None]  # an empty list is not sent in a query
    given = [value for value in (*offered, field.example, field.suggest) if value not in says_nothing]
    is_endless = any(outer is field for outer in within)
    made = () if is_endless else (value for value in _iter_made(field, name, (*within, field)) if value is not None)
    return next((value for value in chain(given, made) if _is_valid(check, value)), None)


def _is_valid(check: ValueCheck, value: Any) -> bool:
    try:
        check(value)
    except InvalidValue:
        return False
    return True


def _iter_made(field: Input | Member, name: str, within: tuple[Input | Member, ...]) -> Iterator[Any]:
    """Yield values that probably fit an input, the likeliest first; nothing is made before it is asked for."""
    listed = list(field.typed_choices)
    if field.members:
        required = {key: member for key, member in field.members.items() if member.required}
        entry = {key: _choose(member, [], key, within=within) for key, member in required.items()}
        if not entry:
            entry = _choose_member(field.members)
        yield {"object": entry, "list of object": [entry]}.get(field.type, {"name": entry})
    elif field.is_list:
        kind = field.type.removeprefix("list of ")
        count = max(int(field.min or 1), 1)
        if count <= _MOST_ENTRIES:
            entries = listed or _list_scalars(field.model_copy(update={"min": None, "max": None}), kind, name)
            yield (entries * count)[:count] if len(entries) < count else entries[:count]
    else:
        yield from listed[:1] or _list_scalars(field, field.type, name)


def _choose_member(members: Mapping[str, Member]) -> dict[str, Any]:
    """Return one of several optional members with its value: an object without any says nothing, or is not sent.

    A plain one is first, and then one that has an example: to make one, a member of its own kind would never end.
    """
    options = sorted(members.items(), key=lambda item: bool(item[1].members))
    values = ((key, member.example if member.members else _choose(member, [], key)) for key, member in options)
    return next(({key: value} for key, value in values if value), {})


def _list_scalars(field: Input | Member, kind: str, name: str) -> list[Any]:
    if kind in ("integer", "number"):
        limits = {"minimum": field.min, "maximum": field.max}
        numbers = [make_number(limits, is_integer=kind == "integer"), field.min, field.max]
        return [number for number in numbers if number is not None]
    if kind in ("string", "text", "password"):
        words = {
            "minLength": field.min, "maxLength": field.max, "pattern": field.pattern, "format": field.format,
        }  # fmt: skip
        return [text for text in (make_text(name, words), make_text("", words)) if text]
    return list(_JSON_CANDIDATES) if kind == "json" else [_MADE[kind]] if kind in _MADE else []


def _state_request(request: Request) -> dict[str, Any]:
    """Return the words of `request` for what is sent."""
    words: dict[str, Any] = {"path": request.path}
    if request.query:
        words["query"] = _group(request.query)
    if request.headers:
        words["headers"] = dict(request.headers)
    body = request.body
    if body is None:
        return words
    if body.kind == "multipart":
        words["form"] = [
            [part.name, part.file_name if part.file_name is not None else part.data] for part in body.value
        ]
    elif body.kind == "form":
        words["form"] = [list(pair) for pair in body.value]
    else:
        words["body"] = body.value.decode() if isinstance(body.value, bytes) else body.value
    return words


def _group(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in grouped.items()}
