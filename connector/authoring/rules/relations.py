"""Rules between inputs: `requires`, `conflicts_with`, `any_of`, `choices_from`, and unique keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.authoring.draft import Violation
from connector.authoring.rules.fields import FieldRef, iter_groups
from connector.authoring.rules.values import coerce_value
from connector.core.invalid_value import InvalidValue
from connector.definition.case import to_snake_case
from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.action import Action
    from connector.definition.fields import InputField
    from connector.definition.parsers.strict_yaml import NodePath


def check_named_inputs(file: ParsedFile[Action], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that inputs named by others exist, and can have the values that these require."""
    for group_path, inputs in iter_groups(file.model):
        for owner, path, key in _iter_related_keys(group_path, inputs):
            yield from _check_exists(path, key, inputs)
            if key == owner:
                yield Violation(path, "requires-exist", f"{key!r} names itself.")
    for path, key in _iter_named_inputs(file):
        yield from _check_exists(path, key, file.model.inputs)
    for path, inputs, key, values in _iter_required_values(file):
        for index, value in enumerate(values):
            yield from _check_possible_value(inputs, folder, (*path, index), (key, value))


def _check_exists(path: NodePath, key: str, inputs: Mapping[str, InputField]) -> Iterator[Violation]:
    if key not in inputs:
        message = f"there is no input {key!r}.{did_you_mean(key, inputs)}"
        yield Violation(path, "requires-exist", message, key=path[-1] == key)


def _iter_related_keys(path: NodePath, inputs: Mapping[str, InputField]) -> Iterator[tuple[str, NodePath, str]]:
    """Yield owner, path and key of every input named by `requires` or `conflicts_with` of another."""
    for key, field in inputs.items():
        for word, value in (("requires", field.requires), ("conflicts_with", field.conflicts_with)):
            yield from ((key, named_path, named) for named_path, named in _iter_keys((*path, key, word), value))


def _iter_named_inputs(file: ParsedFile[Action]) -> Iterator[tuple[NodePath, str]]:
    """Yield path and key of every input named by `any_of` or an example."""
    for index, rule in enumerate(file.model.any_of):
        yield from _iter_keys(("any_of", index, "of"), rule.of)
        yield from _iter_keys(("any_of", index, "when"), rule.when)
    for name, example in file.model.examples.items():
        for spelling in example.inputs:
            key = file.model.key_by_spelling.get(spelling, spelling)
            yield ("examples", name, "inputs", spelling), key


def _iter_keys(path: NodePath, value: Any) -> Iterator[tuple[NodePath, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        yield from (((*path, key), key) for key in value)
    else:
        yield from (((*path, index), key) for index, key in enumerate(value or ()))


def _iter_required_values(
    file: ParsedFile[Action],
) -> Iterator[tuple[NodePath, Mapping[str, InputField], str, list[Any]]]:
    for path, inputs in iter_groups(file.model):
        for key, field in inputs.items():
            for other, values in field.requires.items() if isinstance(field.requires, dict) else ():
                yield (*path, key, "requires", other), inputs, other, values
    for index, rule in enumerate(file.model.any_of):
        for other, values in rule.when.items():
            yield ("any_of", index, "when", other), file.model.inputs, other, values


def _check_possible_value(
    inputs: Mapping[str, InputField], folder: ConnectorFolder, path: NodePath, requirement: tuple[str, Any]
) -> Iterator[Violation]:
    """Report a value that the other input can never have."""
    key, value = requirement
    field = inputs.get(key)
    if field is None or not FieldRef((), key, field).is_checkable:
        return
    try:
        coerced = coerce_value(FieldRef((), key, field), value, folder)
    except InvalidValue as error:
        yield Violation(path, "requires-exist", f"{key!r} is never {value!r}; it must be {error.expected}.")
        return
    if type(coerced) is not type(value) and not field.is_list:
        yield Violation(path, "requires-exist", f"{key!r} is never {value!r}; write {coerced!r}.")


def check_conflicts_mutual(file: ParsedFile[Action], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that conflicts are declared on both sides, and not required at the same time."""
    for path, inputs in iter_groups(file.model):
        for key, field in inputs.items():
            place = (*path, key, "conflicts_with")
            for other in field.conflicting_inputs:
                if other in inputs and other != key and key not in inputs[other].conflicting_inputs:
                    message = f"{other!r} at line {file.find_line((*path, other))} has no `conflicts_with: {key}`."
                    yield Violation(place, "conflicts-mutual", message, key=True)
                if other in field.required_inputs:
                    message = f"{key!r} requires {other!r} and conflicts with it."
                    yield Violation(place, "conflicts-mutual", message, key=True)


def check_choices_from(file: ParsedFile[Action], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that actions of live choices exist, and that the inputs they require are inputs here too."""
    listings = folder.derive(_index_actions)
    for key, field in file.model.inputs.items():
        if field.choices_from is None:
            continue
        name, path = field.choices_from.action, ("inputs", key, "choices_from", "action")
        if name not in folder.action_keys:
            yield Violation(
                path, "choices-from", f"there is no action {name!r}.{did_you_mean(name, folder.action_keys)}"
            )
        required = (
            [other for other, needed in listings[name].inputs.items() if needed.required] if name in listings else []
        )
        for other in required:
            if other == key or other not in file.model.inputs:
                message = f"{name!r} requires {other!r}, which no other input here is named; so it cannot be listed."
                yield Violation(path, "choices-from", message)


def check_unique_keys(file: ParsedFile[Action], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that keys and aliases differ in snake_case, which Python and the command line use."""
    options = {"connection": "the run option connection", "debug_request": "the run option debugRequest"}
    for path, inputs in iter_groups(file.model):
        yield from _check_unique_keys_of(file, path, inputs, dict(options) if path == ("inputs",) else {})


def _check_unique_keys_of(
    file: ParsedFile[Action], group_path: NodePath, inputs: Mapping[str, InputField], seen: dict[str, str]
) -> Iterator[Violation]:
    for key, field in inputs.items():
        paths: list[tuple[NodePath, str]] = [((*group_path, key), key)]
        paths += [((*group_path, key, "aliases", index), alias) for index, alias in enumerate(field.aliases)]
        for path, spelling in paths:
            folded = to_snake_case(spelling)
            if folded in seen:
                message = f"{spelling!r} is {folded} in snake_case, and so is {seen[folded]}."
                yield Violation(path, "keys-fold", message, key=path[-1] == key)
            seen.setdefault(folded, f"{spelling!r} at line {file.document.find_position(path, key=True).line}")


def _index_actions(folder: ConnectorFolder) -> dict[str, Action]:
    return {file.model.action: file.model for file in folder.actions}
