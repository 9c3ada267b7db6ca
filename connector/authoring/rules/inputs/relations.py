"""Rules between inputs: `requires`, `conflicts_with`, `any_of`, `choices_from`, unique keys, and successors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.authoring.draft import Violation
from connector.authoring.rules.fields import FieldRef, iter_groups
from connector.authoring.rules.inputs.values import coerce_value
from connector.core.invalid_value import InvalidValue
from connector.definition.case import to_kebab_case, to_snake_case
from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.action import Action
    from connector.definition.fields import Deprecation, InputField
    from connector.definition.parsers.strict_yaml import NodePath


def check_named_inputs(file: ParsedFile[Action], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that inputs named by others exist, and can have the values that these require."""
    yield from check_named_members(file, folder)
    for path, key in _iter_named_inputs(file):
        yield from _check_exists(path, key, file.model.inputs)
    for index, rule in enumerate(file.model.any_of):
        for other, values in rule.when.items():
            yield from _check_possible_values(
                file.model.inputs, folder, ("any_of", index, "when", other), (other, values)
            )


def check_named_members(file: ParsedFile[Any], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check the inputs that others of their group name, of an action, a type or an object."""
    for group in iter_groups(file):
        for owner, path, key in _iter_related_keys(group.path, group.inputs):
            yield from _check_exists(path, key, group.visible)
            if key == owner:
                yield Violation(path, "requires-exist", f"{key!r} names itself.")
        for key, field in group.inputs.items():
            for other, values in field.requires.items() if isinstance(field.requires, dict) else ():
                path = (*group.path, key, "requires", other)
                yield from _check_possible_values(group.visible, folder, path, (other, values))


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


def _check_possible_values(
    inputs: Mapping[str, InputField], folder: ConnectorFolder, path: NodePath, requirement: tuple[str, list[Any]]
) -> Iterator[Violation]:
    key, values = requirement
    for index, value in enumerate(values):
        yield from _check_possible_value(inputs, folder, (*path, index), (key, value))


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


def check_conflicts_mutual(file: ParsedFile[Any], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that conflicts are declared on both sides, and not required at the same time."""
    for path, inputs, _ in iter_groups(file):
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
    listings = folder.models_by_key
    for key, field in file.model.inputs.items():
        if field.choices_from is None:
            continue
        name, path = field.choices_from.action, ("inputs", key, "choices_from", "action")
        if name not in folder.action_keys:
            yield Violation(
                path, "choices-from", f"there is no action {name!r}.{did_you_mean(name, folder.action_keys)}"
            )
        if name in listings:
            for inside, message in _find_listing_problems(file.model, key, listings[name]):
                yield Violation((*path[:-1], *inside), "choices-from", message)


def _find_listing_problems(action: Action, key: str, listing: Action) -> Iterator[tuple[NodePath, str]]:
    """Yield what is wrong with the inputs that an action of live choices is run with, and where."""
    source, name = action.inputs[key].choices_from, listing.action
    assert source is not None
    if not listing.is_read:
        yield ("action",), f"{name!r} may change something; choices are listed by an action that reads."
    for word, places in (("inputs", dict(source.inputs)), ("search", [source.search] if source.search else [])):
        for other in places:
            if other not in listing.inputs:
                inside: NodePath = ("inputs", other) if word == "inputs" else ("search",)
                yield inside, f"{name!r} has no input {other!r}.{did_you_mean(other, listing.inputs)}"
    for other, form_key in source.form_inputs.items():
        if form_key == key or form_key not in action.inputs:
            message = f"there is no other input {form_key!r} here.{did_you_mean(form_key, action.inputs)}"
            yield ("inputs", other), message
    if source.search is not None and source.search in source.inputs:
        yield ("search",), f"{source.search!r} has a value in `inputs`; it can have one or the other."
    if source.search in listing.inputs and listing.inputs[source.search].type not in ("string", "text"):
        yield ("search",), f"{source.search!r} takes no text to search for."
    named = {*source.inputs, *({source.search} if source.search else ())}
    for other, needed in listing.inputs.items():
        if needed.required and other not in named and (other == key or other not in action.inputs):
            message = f"{name!r} requires {other!r}, which no other input here is named; say it in `inputs`."
            yield ("action",), message


def check_unique_keys(file: ParsedFile[Any], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that keys, aliases and earlier keys differ in snake_case, which Python and the command line use."""
    options = {"connection": ("", "the run option connection"), "debug_request": ("", "the run option debugRequest")}
    for path, inputs, _ in iter_groups(file):
        yield from _check_unique_keys_of(file, path, inputs, dict(options) if path == ("inputs",) else {})


def _check_unique_keys_of(
    file: ParsedFile[Any], group_path: NodePath, inputs: Mapping[str, InputField], seen: dict[str, tuple[str, str]]
) -> Iterator[Violation]:
    for key, field in inputs.items():
        paths: list[tuple[NodePath, str]] = [((*group_path, key), key)]
        paths += [((*group_path, key, "aliases", index), alias) for index, alias in enumerate(field.aliases)]
        paths += [((*group_path, key, "was", index), earlier) for index, earlier in enumerate(field.was)]
        for path, spelling in paths:
            folded = to_snake_case(spelling)
            if folded in seen:
                other, place = seen[folded]
                message = f"{spelling!r} is {folded} in snake_case, and so is {place}."
                if spelling == other:
                    message = f"{spelling!r} stands twice: it is {place} too; leave one out."
                yield Violation(path, "keys-fold", message, key=path[-1] == key)
            line = file.document.find_position(path, key=True).line
            seen.setdefault(folded, (spelling, f"{spelling!r} at line {line}"))


def check_deprecated(file: ParsedFile[Action], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that what `deprecated.use` names exists, and that no call must have a deprecated input."""
    yield from _check_use((), file.model.deprecated, file.model.action, folder.action_keys, "action")
    for path, inputs, _ in iter_groups(file):
        for key, field in inputs.items():
            yield from _check_use((*path, key), field.deprecated, key, inputs, "input")
            if field.deprecated and field.required and not field.has_default:
                message = f"{key!r} is required, so every call would be warned; make it optional first."
                yield Violation((*path, key, "deprecated"), "deprecated", message)


def _check_use(
    path: NodePath, deprecation: Deprecation | None, key: str, known: Collection[str], noun: str
) -> Iterator[Violation]:
    use = deprecation.use if deprecation else None
    if use is None:
        return
    if use == key:
        yield Violation((*path, "deprecated", "use"), "deprecated", f"{key!r} is to be used in place of itself.")
    elif use not in known:
        message = f"there is no {noun} {use!r}.{did_you_mean(use, known)}"
        yield Violation((*path, "deprecated", "use"), "deprecated", message)


def check_earlier_keys(file: ParsedFile[Action], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that an earlier key of an action is neither a key of today nor an earlier one of another action."""
    earlier = [to_kebab_case(key) for key in file.model.was]
    for index, (key, stem) in enumerate(zip(file.model.was, earlier, strict=True)):
        others = [other for other in folder.derive(_index_earlier_keys).get(stem, ()) if other is not file]
        if stem in folder.derive(_index_keys):
            message = f"{key!r} is the key of an action today, so it cannot mean {file.model.action!r}."
        elif others:
            message = f"{key!r} was {others[-1].model.action!r} too ({others[-1].format_location(('was',))})."
        elif stem in earlier[:index]:
            message = f"{key!r} is listed twice."
        else:
            continue
        yield Violation(("was", index), "earlier-key", message)


def _index_keys(folder: ConnectorFolder) -> frozenset[str]:
    """Return the keys of today, in kebab-case."""
    return frozenset(map(to_kebab_case, folder.action_keys))


def _index_earlier_keys(folder: ConnectorFolder) -> dict[str, list[ParsedFile[Action]]]:
    """Return the actions that had a key earlier, by it, in kebab-case."""
    files: dict[str, list[ParsedFile[Action]]] = {}
    for file in folder.actions:
        for key in file.model.was:
            files.setdefault(to_kebab_case(key), []).append(file)
    return files
